"""Whether a body is a request of Cohere's v2 chat, by Cohere's own OpenAPI document."""

from openapi import Document

_document = []


def _asked(request):
    """The ids of the calls that the client's own history has: what it made up is not ours to mend."""
    for m in request.get("messages") or []:
        yield from (c.get("id") for c in m.get("tool_calls") or [])
        parts = m["content"] if isinstance(m.get("content"), list) else []
        yield from (p.get("id") for p in parts if isinstance(p, dict) and p.get("type") == "tool_use")


def _calls(messages, asked):
    """Every result answers a call that stands before it."""
    known = set()
    for i, m in enumerate(messages):
        if m["role"] == "tool" and m["tool_call_id"] not in known and m["tool_call_id"] in asked:
            yield f"messages[{i}]: a result of no call"
        known |= {c["id"] for c in m.get("tool_calls") or []}


def faults(body, request):
    """`request` is the client's: members that nobody knows are passed on as they came."""
    if not _document:
        _document.append(Document("cohere"))
    document = _document[0]
    own = {k: v for k, v in body.items() if k in document.request("/v2/chat")["properties"]
           or k not in request}
    yield from document.faults(document.request("/v2/chat"), own)
    yield from _calls(body.get("messages") or [], set(_asked(request)))
    if body.get("tool_choice") and not body.get("tools"):
        yield "tool_choice without tools"
    if len(body.get("stop_sequences") or []) > 5 and len(request.get("stop") or []) <= 5:
        yield "more than five stop sequences"
