"""Whether a body is a text completion's, by OpenAI's OpenAPI document, or a fill-in, by Mistral's."""

from openapi import Document

_documents = {}


def _faults(name, schema, body):
    if name not in _documents:
        _documents[name] = Document(name, ())
    return _documents[name].faults({"$ref": f"#/components/schemas/{schema}"}, body)


def faults(body, request):
    yield from _faults("openai", "CreateCompletionRequest", body)


def fim_faults(body, request):
    """A number that the client gave out of bounds is Mistral's to refuse."""
    if body.get("temperature") == request.get("generationConfig", request).get("temperature"):
        body = {k: v for k, v in body.items() if k != "temperature"}
    yield from _faults("mistral", "FIMCompletionRequest", body)
