"""Whether a body is Converse's, by the service model of the AWS SDKs and by what its page demands."""

from shapes import Model, is_here  # noqa: F401

# What stands in other people's messages: a turn's calls and their results.
_model = []


def _turns(messages):
    """docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Message.html (2026), and what
    Converse was recorded to refuse: turns take turns, and every call is answered by the very next."""
    if messages and messages[0].get("role") != "user":
        yield "messages[0]: the user speaks first"
    called = set()
    for i, m in enumerate(messages):
        parts = m.get("content") or []
        if not parts:
            yield f"messages[{i}]: empty"
        if i and messages[i - 1].get("role") == m.get("role"):
            yield f"messages[{i}]: {m.get('role')} speaks twice"
        answered = {p["toolResult"]["toolUseId"] for p in parts if "toolResult" in p}
        if called != answered:
            yield f"messages[{i}]: results {sorted(answered)} of calls {sorted(called)}"
        called = {p["toolUse"]["toolUseId"] for p in parts if "toolUse" in p}
        if any("text" in p and not p["text"].strip() for p in parts):
            yield f"messages[{i}]: blank text"
        if any("document" in p for p in parts) and not any("text" in p for p in parts):
            yield f"messages[{i}]: a document without a text"


def model():
    if not _model:
        _model.append(Model())
    return _model[0]


def conversation_faults(body):
    """What the model cannot say of messages."""
    messages = body.get("messages") or []
    yield from _turns(messages)
    used = any(set(p) & {"toolUse", "toolResult"} for m in messages for p in m.get("content") or [])
    if used and not body.get("toolConfig"):
        yield "toolConfig: missing, and there are calls"


def faults(body, _):
    yield from model().body_faults("ConverseRequest", body)
    yield from conversation_faults(body)
