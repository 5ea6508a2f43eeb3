"""Whether a body is a CreateResponse, or another of the kind, by OpenAI's own OpenAPI document."""

from openapi import Document

_document = []


def faults(body, request, schema="CreateResponse"):
    """`request` is the client's: a number that it gave out of bounds is OpenAI's to refuse."""
    if not _document:
        # Recorded 2026 with status 200: reasoning that comes back encrypted needs no id.
        _document.append(Document("openai", forgiven=[("ReasoningItem", "id")]))
    given = [name for name in ("temperature", "top_p") if name in body
             and request.get(name) == body[name]]
    own = {k: v for k, v in body.items() if k not in given}
    yield from _document[0].faults({"$ref": f"#/components/schemas/{schema}"}, own)
    if not body.get("input") and request.get("messages"):
        yield "body.input: nothing"
