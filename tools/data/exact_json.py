"""JSON whose numbers stay the text they were: prices are decimals, and a float would bend them."""

import json


class Number:
    """A number with a fraction or an exponent, as written."""

    def __init__(self, text):
        self.text = text


def loads(text):
    return json.loads(text, parse_float=Number)


def dumps(value):
    """On one line, without spaces."""
    if isinstance(value, Number):
        return value.text
    if isinstance(value, dict):
        return "{" + ",".join(f"{dumps(key)}:{dumps(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ",".join(dumps(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=False)


def dump_rows(rows):
    """An object with one member a line, so that a change of a model is a change of a line."""
    lines = ",\n".join(f"{dumps(key)}:{dumps(item)}" for key, item in rows.items())
    return "{\n" + lines + "\n}\n"
