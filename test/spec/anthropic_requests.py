"""Whether a body is a message's or a count's, by Anthropic's OpenAPI document and its pages.

Bedrock and Vertex AI take the same with the model in the address: of them, too.
"""

from openapi import Document

ELSEWHERE = ("bedrock-2023-05-31", "vertex-2023-10-16")
_document = []


def _results(messages):
    """docs.claude.com/en/docs/agents-and-tools/tool-use/implement-tool-use (2026): the results of
    a turn's calls come first in the very next turn, all of them."""
    called = set()
    for i, m in enumerate(messages):
        parts = m["content"] if isinstance(m.get("content"), list) else []
        kinds = [p.get("type") for p in parts]
        answered = {p["tool_use_id"] for p in parts if p.get("type") == "tool_result"}
        if called != answered:
            yield f"messages[{i}]: results {sorted(answered)} of calls {sorted(called)}"
        if "tool_result" in kinds[kinds.count("tool_result"):]:
            yield f"messages[{i}]: something stands before a result"
        called = {p["id"] for p in parts if p.get("type") == "tool_use"}


def _turns(messages):
    if not messages or messages[0].get("role") != "user":
        yield "messages[0]: the user speaks first"
    for i, m in enumerate(messages):
        content = m.get("content")
        parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
        if not parts or any(p.get("type") == "text" and not (p.get("text") or "").strip()
                            for p in parts):
            yield f"messages[{i}]: empty or blank text"


def _marks(value):
    """How many cache marks there are anywhere in it."""
    if isinstance(value, list):
        return sum(map(_marks, value))
    if not isinstance(value, dict):
        return 0
    return bool(value.get("cache_control")) + sum(map(_marks, value.values()))


def _cited(messages):
    parts = [p for m in messages for p in (m["content"] if isinstance(m["content"], list) else [])]
    said = {bool((p.get("citations") or {}).get("enabled")) for p in parts
            if p.get("type") == "document"}
    if len(said) > 1:
        yield "some documents are to be cited, some not: it is all or none"


def _thinks(body):
    """docs.claude.com/en/docs/build-with-claude/extended-thinking (2026)."""
    thinking = body.get("thinking") or {}
    if thinking.get("type") not in ("enabled", "adaptive"):
        return
    if thinking.get("budget_tokens", 0) >= body.get("max_tokens", 1 << 30):
        yield "thinking: the budget is no less than max_tokens"
    if body.get("temperature") not in (None, 1):
        yield "temperature: not with thinking"
    if body.get("top_k") is not None:
        yield "top_k: not with thinking"
    if not 0.95 <= body.get("top_p", 1) <= 1:
        yield "top_p: with thinking 0.95 to 1"
    if (body.get("tool_choice") or {}).get("type") in ("any", "tool"):
        yield "tool_choice: none is forced with thinking"
    if (body.get("messages") or [{}])[-1].get("role") == "assistant":
        yield "messages: no prefill with thinking"


def conversation_faults(body):
    """What the document cannot say of messages."""
    messages = body.get("messages") or []
    yield from _turns(messages)
    yield from _results(messages)
    yield from _cited(messages)


def faults(body, _):
    if not _document:
        _document.append(Document("anthropic"))
    if body.get("anthropic_version") in ELSEWHERE:
        body = {"model": "in the address",
                **{k: v for k, v in body.items() if k not in ("anthropic_version", "anthropic_beta")}}
    yield from _document[0].faults({"$ref": "#/components/schemas/BetaCreateMessageParams"}, body)
    yield from conversation_faults(body)
    yield from _thinks(body)
    if body.get("tool_choice") and not body.get("tools"):
        yield "tool_choice without tools"
    if _marks(body) > 4:
        yield "more than four cache marks"
