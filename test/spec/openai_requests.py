"""Whether a body is a chat completion's, by OpenAI's OpenAPI document or by Mistral's."""

from openapi import Document

# Members of requests that the services take and the documents of that day do not have:
# api.mistral.ai refused neither (recorded 2026).
LATER = {"openai": (), "mistral": ()}
_documents = {}


def _document(name):
    if name not in _documents:
        _documents[name] = Document(name, LATER[name])
    return _documents[name]


def _calls(messages):
    """Recorded refusals: every call is answered by the messages right behind it, and by no other."""
    open_calls = []
    for i, m in enumerate(messages):
        if m.get("role") == "tool":
            if m.get("tool_call_id") not in open_calls:
                yield f"messages[{i}]: a result of no call before it"
            else:
                open_calls.remove(m["tool_call_id"])
            continue
        if open_calls:
            yield f"messages[{i}]: calls {open_calls} have no result"
        open_calls = [c.get("id") for c in m.get("tool_calls") or []]


def _together(body):
    """What goes only with something else (recorded refusals)."""
    for name, needed in (("tool_choice", "tools"), ("parallel_tool_calls", "tools"),
                         ("stream_options", "stream"), ("top_logprobs", "logprobs")):
        if body.get(name) is not None and not body.get(needed):
            yield f"{name} without {needed}"
    if body.get("max_tokens") is not None and body.get("max_completion_tokens") is not None:
        yield "body: two limits"
    if not body.get("messages"):
        yield "no messages"


def faults(body, _):
    """Whose chats make no images, which OpenAI says itself: other services of its language do."""
    document = _document("openai")
    body = {**body, "modalities": None} if "image" in (body.get("modalities") or ()) else body
    yield from document.faults({"$ref": "#/components/schemas/CreateChatCompletionRequest"}, body)
    yield from _calls(body.get("messages") or [])
    yield from _together(body)


# What models that reason refuse (platform.openai.com/docs/guides/reasoning, 2026).
NO_SAMPLING = ("top_p", "presence_penalty", "frequency_penalty", "logprobs", "top_logprobs",
               "logit_bias", "max_tokens", "stop")


def reasoning_faults(body, request):
    yield from faults(body, request)
    for name in NO_SAMPLING:
        if body.get(name) not in (None, 1 if name == "top_p" else None):
            yield f"model that reasons: {name} is refused"
    if body.get("temperature") not in (None, 1):
        yield "model that reasons: its temperature is 1"


def mistral_faults(body, request):
    """A number that the client gave out of bounds is Mistral's to refuse; so is a tool of OpenAI's
    own kind, which goes as it came."""
    asked = request.get("generationConfig", request)
    given = [name for name in ("temperature",) if name in body
             and asked.get(name) == body[name]]
    own = {k: v for k, v in body.items() if k not in given}
    if "tools" in own:
        own["tools"] = [t for t in own["tools"] if t["type"] != "custom"]
    yield from _document("mistral").faults(
        {"$ref": "#/components/schemas/ChatCompletionRequest"}, own)
    yield from _calls(body.get("messages") or [])
    yield from _together({k: v for k, v in body.items() if k != "stream_options"})
