"""What clients ask of embeddings, a feature each, with the marks by which it is found again: see
features.py, whose rules hold here, too. OpenAI's is the only language of clients.
"""

from features import IMAGE, Feature, _set

INPUT = f"data:image/png;base64,{IMAGE}"


def _more(*inputs):
    return lambda r: r["input"].extend(inputs)


def _feature(name, step, marks, said=()):
    return Feature(name, step, None, marks, said)


FEATURES = [
    _feature("texts", _more("second mark", "third mark"), ()),
    _feature("image", _more(INPUT), ()),
    _feature("dimensions", _set(dimensions=512), ("512",), ("dimensions",)),
    _feature("floats", _set(encoding_format="float"), ()),
    _feature("base64", _set(encoding_format="base64"), ()),
    _feature("int8", _set(encoding_format="int8"), ("int8",), ("encoding_format",)),
    _feature("user", _set(user="user mark"), ("user mark",), ("user",)),
    _feature("query", _set(input_type="search_query"),
             (("query", "QUERY", "GENERIC_RETRIEVAL"),), ("input_type",)),
    _feature("document", _set(input_type="search_document"),
             (("document", "DOCUMENT", "passage", "GENERIC_INDEX"),), ("input_type",)),
    _feature("another's words", _set(task_type="RETRIEVAL_QUERY"),
             (("query", "QUERY", "GENERIC_RETRIEVAL"),), ("input_type", "task_type")),
    _feature("cut", _set(truncate="END"), (("truncat", "Truncat"),), ("truncate",)),
    _feature("not cut", _set(truncate="NONE"), (("truncat", "Truncat"),), ("truncate",)),
]


def with_features(chosen):
    request = {"model": "any", "input": ["last mark"]}
    for feature in chosen:
        feature.openai_chat(request)
    return request
