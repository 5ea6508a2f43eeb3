"""Whether a body is a request of Ollama's /api/chat, by Ollama's own OpenAPI document."""

import base64

from openapi import Document

# docs.ollama.com/capabilities/tool-calling and thinking (2026) have them, the document does not.
LATER = (("ChatMessage", "thinking"), ("ChatMessage", "tool_name"),
         ("ChatMessage", "tool_call_id"), ("ToolCall", "id"), ("ToolCall", "type"))
_document = []


def _images(messages):
    for i, m in enumerate(messages):
        for image in m.get("images") or []:
            try:
                base64.b64decode(image, validate=True)
            except ValueError:
                yield f"messages[{i}].images: no base64"


def faults(body, request):
    """`request` is the client's: members that nobody knows are passed on as they came."""
    if not _document:
        _document.append(Document("ollama", LATER))
    document = _document[0]
    for fault in document.faults({"$ref": "#/components/schemas/ChatRequest"}, body):
        if not any(fault.startswith(f"body.{name}") for name in ("truncate", "shift")):
            yield fault
    for i, m in enumerate(body.get("messages") or []):
        if m["role"] == "tool" and not m.get("tool_name") and "tool_call_id" not in m:
            yield f"messages[{i}]: a result of no tool"
    if "images" not in str(request):  # what a client sent as an image is its own affair
        yield from _images(body.get("messages") or [])
