"""Whether a body asks for embeddings as its provider has it: by the vendor's own document where there
is one, else by the members that its page lists.
"""

import gemini_requests
import openapi
import shapes  # noqa: F401

TEXTS = {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}}
WORD = {"type": "string"}


def _object(required, **properties):
    return {"type": "object", "required": required.split(), "properties": properties}


def _words(*words):
    return {"type": "string", "enum": list(words)}


def _number(*allowed):
    return {"type": "integer", "enum": list(allowed)} if allowed else {"type": "integer"}


MEDIA = _object("base64String", base64String=WORD)
NOVA_MEDIUM = _object("format source", format=_words("png", "jpeg", "gif", "webp"),
                      source=_object("bytes", bytes=WORD), detailLevel=WORD)
# docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html,
# .../model-parameters-titan-embed-mm.html, .../model-parameters-embed-v3.html,
# .../model-parameters-marengo.html, .../model-parameters-marengo-3.html,
# docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html; docs.voyageai.com/reference;
# api.jina.ai/redoc; docs.nvidia.com/nim/nemo-retriever/text-embedding; docs.perplexity.ai
# /api-reference/embeddings-post; cloud.ibm.com/apidocs/watsonx-ai#text-embeddings; docs.snowflake.com
# cortex-embed; cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api;
# huggingface.github.io/text-embeddings-inference; @sap-ai-sdk/orchestration 2.4 (all 2026).
PAGES = {
    "titan-1": _object("inputText", inputText=WORD),
    "titan-2": _object("inputText", inputText=WORD, dimensions=_number(256, 512, 1024),
                       normalize={"type": "boolean"}, embeddingTypes=TEXTS),
    "titan-image": _object("", inputText=WORD, inputImage=WORD, embeddingConfig=_object(
        "outputEmbeddingLength", outputEmbeddingLength=_number())),
    "bedrock-cohere": _object(
        "input_type", texts=TEXTS, images=TEXTS, inputs={"type": "array"}, input_type=_words(
            "search_document", "search_query", "classification", "clustering", "image"),
        truncate=_words("NONE", "START", "END"), embedding_types=TEXTS, output_dimension=_number()),
    "nova": _object("taskType singleEmbeddingParams", taskType=_words("SINGLE_EMBEDDING"),
                    singleEmbeddingParams=_object(
        "embeddingPurpose", embeddingPurpose=_words(
            "GENERIC_INDEX", "GENERIC_RETRIEVAL", "TEXT_RETRIEVAL", "IMAGE_RETRIEVAL",
            "VIDEO_RETRIEVAL", "DOCUMENT_RETRIEVAL", "AUDIO_RETRIEVAL", "CLASSIFICATION",
            "CLUSTERING"), embeddingDimension=_number(), image=NOVA_MEDIUM, text=_object(
                "truncationMode value", truncationMode=_words("START", "END", "NONE"), value=WORD))),
    "marengo-2": _object("inputType", inputType=_words("text", "image"), inputText=WORD,
                         mediaSource=MEDIA, textTruncate=_words("end", "none")),
    "marengo-3": _object("inputType", inputType=_words("text", "image", "text_image"),
                         text=_object("inputText", inputText=WORD),
                         image=_object("mediaSource", mediaSource=MEDIA)),
    "voyage": _object("input model", input=TEXTS, model=WORD, input_type=_words("query", "document"),
                      truncation={"type": "boolean"}, output_dimension=_number(),
                      output_dtype=WORD, encoding_format=_words("base64")),
    "voyage-multimodal": _object(
        "inputs model", model=WORD, input_type=_words("query", "document"),
        truncation={"type": "boolean"}, output_dimension=_number(), output_encoding=WORD,
        inputs={"type": "array", "items": _object("content", content={
            "type": "array", "minItems": 1, "items": _object(
                "type", type=_words("text", "image_url", "image_base64"), text=WORD,
                image_url=WORD, image_base64=WORD)})}),
    "voyage-context": _object("inputs model", model=WORD, inputs={"type": "array", "items": TEXTS},
                              input_type=_words("query", "document"), output_dimension=_number(),
                              output_dtype=WORD),
    "jina": _object("input model", model=WORD, input={"type": "array"}, task=WORD,
                    embedding_type=WORD, dimensions=_number(), truncate={"type": "boolean"},
                    late_chunking={"type": "boolean"}, normalized={"type": "boolean"}),
    "nim": _object("input model", input=TEXTS, model=WORD, input_type=_words("query", "passage"),
                   encoding_format=_words("float", "base64"), user=WORD, dimensions=_number(),
                   truncate=_words("NONE", "START", "END")),
    "perplexity": _object("input model", input=TEXTS, model=WORD, dimensions=_number(),
                          encoding_format=_words("base64_int8", "base64_binary")),
    "watsonx": _object("inputs model_id", inputs=TEXTS, model_id=WORD, project_id=WORD,
                       space_id=WORD, parameters=_object("", truncate_input_tokens=_number())),
    "cortex": _object("text model", text=TEXTS, model=WORD),
    "vertex": _object("instances", instances={"type": "array", "items": _object(
        "content", content=WORD, title=WORD, task_type=_words(
            "RETRIEVAL_QUERY", "RETRIEVAL_DOCUMENT"))}, parameters=_object(
                "", autoTruncate={"type": "boolean"}, outputDimensionality=_number())),
    "tei": _object("inputs", inputs=TEXTS, truncate={"type": "boolean"}, dimensions=_number(),
                   normalize={"type": "boolean"}, prompt_name=WORD),
    "sap": _object("config input", config=_object("modules", modules=_object(
        "embeddings", embeddings=_object("model", model=_object(
            "name", name=WORD, version=WORD, params=_object("", dimensions=_number()))),
        masking={"type": "object"})), input=_object(
            "text", text=TEXTS, type=_words("text", "document", "query"))),
}
_documents = {}


def _check(name, schema, body):
    if name not in _documents:
        _documents[name] = openapi.Document(name)
    return _documents[name].faults(schema, body)


def by_schema(document, schema):
    return lambda body, _: _check(document, {"$ref": f"#/components/schemas/{schema}"}, body)


def cohere_faults(body, _):
    if "cohere" not in _documents:
        _documents["cohere"] = openapi.Document("cohere")
    yield from _check("cohere", _documents["cohere"].request("/v2/embed"), body)
    if len({"texts", "images", "inputs"} & set(body)) != 1:
        yield "one of texts, images and inputs"


def gemini_faults(body, _):
    return gemini_requests.message_faults(gemini_requests.STUDIO, body, "BatchEmbedContentsRequest")


def vertex_content_faults(body, _):
    body = {k: v for k, v in body.items() if k != "model"}
    return gemini_requests.message_faults(gemini_requests.VERTEX, body, "EmbedContentRequest")


def by_page(name):
    return lambda body, _: openapi.Literal(PAGES[name]).faults(PAGES[name], body)


def _has(name):
    return lambda: openapi.is_here(name)


def _always():
    return True


# As matrix.TARGETS.
TARGETS = [
    ("openai_embed", _has("openai"), by_schema("openai", "CreateEmbeddingRequest"),
     ("openai/text-embedding-3-small", "azure/text-embedding-3-small")),
    ("mistral", _has("mistral"), by_schema("mistral", "EmbeddingRequest"),
     ("mistral/mistral-embed",)),
    ("cohere_embed", _has("cohere"), cohere_faults, ("cohere/embed-v4.0",
                                                     "cohere/embed-english-v3.0")),
    ("ollama_embed", _has("ollama"), by_schema("ollama", "EmbedRequest"), ("ollama/all-minilm",)),
    ("gemini_embed", gemini_requests.is_here, gemini_faults, ("gemini/gemini-embedding-001",)),
    ("vertex_embed", gemini_requests.is_here, vertex_content_faults,
     ("vertex_ai/gemini-embedding-2-preview",)),
] + [("a page", _always, by_page(name), (model,)) for name, model in (
    ("titan-1", "bedrock/amazon.titan-embed-text-v1"),
    ("titan-2", "bedrock/amazon.titan-embed-text-v2:0"),
    ("titan-image", "bedrock/amazon.titan-embed-image-v1"),
    ("bedrock-cohere", "bedrock/cohere.embed-english-v3"),
    ("nova", "bedrock/amazon.nova-2-multimodal-embeddings-v1:0"),
    ("marengo-2", "bedrock/twelvelabs.marengo-embed-2-7-v1:0"),
    ("marengo-3", "bedrock/twelvelabs.marengo-embed-3-0-v1:0"),
    ("voyage", "voyage/voyage-3.5"), ("voyage-multimodal", "voyage/voyage-multimodal-3.5"),
    ("voyage-context", "voyage/voyage-context-3"), ("jina", "jina_ai/jina-embeddings-v4"),
    ("nim", "nvidia_nim/nvidia/nv-embedqa-e5-v5"), ("perplexity", "perplexity/pplx-embed-v1-4b"),
    ("watsonx", "watsonx/ibm/slate-125m-english-rtrvr"),
    ("cortex", "snowflake/snowflake-arctic-embed-l-v2.0"),
    ("vertex", "vertex_ai/text-embedding-005"), ("tei", "huggingface/BAAI/bge-small-en-v1.5"),
    ("sap", "sap/text-embedding-3-small"))]
