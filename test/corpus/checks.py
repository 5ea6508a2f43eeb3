"""The checks: one function for each kind of row in the table.

Each is given a record and yields a line for everything that is wrong; nothing when all is well.
"""

import re
import sys
from pathlib import Path

import anthropic_replies
import bedrock_replies
import bedrock_requests
import bedrock_text_replies
import cohere_replies
import completions_replies
import gemini_replies
import generation_replies
import ollama_replies
import openai_replies
import records
import requests_across
import requests_same
import replicate_replies
import responses_replies
import translate
from reply import as_told, differences, unsigned

sys.path.append(str(Path(__file__).resolve().parent.parent / "spec"))
import cohere_requests  # noqa: E402
import gemini_requests  # noqa: E402
import ollama_requests  # noqa: E402
import openapi  # noqa: E402
import responses_requests  # noqa: E402

READERS = {"openai_chat": openai_replies, "anthropic": anthropic_replies}
# Languages of providers only: nobody speaks them to us.
BACKS = {"gemini": gemini_replies, "bedrock_converse": bedrock_replies,
         "cohere_chat": cohere_replies, "ollama_chat": ollama_replies,
         "openai_responses": responses_replies, "replicate": replicate_replies, "openai_completions": completions_replies,
         "tgi": generation_replies, "watsonx_text": generation_replies}
BACKS.update({language: bedrock_text_replies for _, language in bedrock_text_replies.FAMILIES
              if language not in BACKS and language not in READERS})
OTHER = {"openai_chat": "anthropic", "anthropic": "openai_chat"}


# ---- Replies ----

def _reader(language):
    return READERS.get(language) or BACKS[language]


def _read(language, text, framing):
    """A reply as this language says it; None where it is none."""
    if framing in ("sse", "ndjson", "eventstream"):
        events = records.events_of(text, framing)
        if not events or not all(isinstance(e, dict) for e in events):
            return None
        return _reader(language).read_stream(events)
    body = records.parse(text)
    whole = isinstance(body, dict) or (isinstance(body, list) and language == "tgi")
    return _reader(language).read_whole(body) if whole else None


def _reply(binary, record, target, canonical=False):
    out = translate.response(binary, record, target, canonical)
    wanted = as_told(_read(record.language, record.body, record.framing), record.language, target,
                     record.is_stream)
    if not out.ok:
        return [f"refused: {out.error}"]
    got = _read(target, out.text, "sse" if record.is_stream else "json")
    if got and target == "openai_chat":
        got = unsigned(got)
        if target == record.language and not canonical:
            for choice in got.choices.values():  # it passes without a reason: a stream, an error
                choice.finish = choice.finish or "stop"
    return ["what came out cannot be read"] if got is None else differences(wanted, got)


def reply_across(binary, record):
    return _reply(binary, record, OTHER[record.language])


def reply_to(target):
    def check(binary, record):
        return _reply(binary, record, target)
    return check


def reply_anew(binary, record):
    return _reply(binary, record, record.language, canonical=True)


def reply_as_is(binary, record):
    """Within one language nothing may change but the framing, and what OpenAI's clients are used to
    find in another place."""
    if record.framing in ("ndjson", "eventstream"):
        return _reply(binary, record, record.language)
    out = translate.response(binary, record, record.language)
    if not out.ok:
        return [f"refused: {out.error}"]
    if not _is_same(record, out):
        return ["did not pass as it came"]
    if record.language != "openai_chat":
        return []
    return _reply(binary, record, record.language) or list(_strange(record, out))


def _strange(record, out):
    """What a client of OpenAI's stumbles over, who knows no other server."""
    bodies = records.events_of(out.text, "sse") if record.is_stream else [out.json]
    choices = [c for b in bodies if isinstance(b, dict) for c in b.get("choices") or []]
    for message in [c.get("message") or c.get("delta") or {} for c in choices]:
        if not isinstance(message.get("content"), (str, type(None))):
            yield "content is no text"
        if message.get("reasoning") and not message.get("reasoning_content"):
            yield "reasoning_content is missing"
    for call in [t for c in choices for t in (c.get("message") or {}).get("tool_calls") or []]:
        if "function" in call and call["function"].get("arguments") in (None, "", "null"):
            yield "a call without arguments"


def _has_finish(events):
    return any(c.get("finish_reason") for e in events if isinstance(e, dict)
               for c in e.get("choices") or [])


def _is_same(record, out):
    if not record.is_stream:
        pairs = [(records.parse(record.body), out.json)]
    else:
        ours, theirs = (records.events_of(record.body, record.framing),
                        records.events_of(out.text, "sse"))
        failed = any(isinstance(e, dict) and e.get("error") for e in theirs)
        if not _has_finish(ours) and _has_finish(theirs[-1:]):
            theirs = theirs[:-1]  # who never said why it ended
        if len(ours) != len(theirs) and not (failed and len(theirs) < len(ours)):
            return False  # after an error there is nothing to tell
        pairs = zip(ours, theirs)
    return all(_mended(record, was, now) for was, now in pairs)


# What clients of OpenAI are used to find in another place, or by another name, may be mended in a
# reply that passes. That it means the same is another check's business: see _reply.
MENDED = re.compile(r"""
    (choices\[\d+\]\.)(
        finish_reason | index
        | (message|delta)\.(
            reasoning_content | content | tool_calls\[\d+\]\.(index|id|type|function\.arguments)
            | (annotations|thinking_blocks|provider_specific_fields).*)
    ) | usage(_breakdown)?(\..*)?""", re.VERBOSE)


def _mended(record, was, now):
    """Whether two bodies differ in nothing but what may be mended."""
    if was == now:
        return True
    return record.language == "openai_chat" and all(
        MENDED.fullmatch(path) for path in requests_same.paths(_given(was), _given(now)))


def _given(value):
    """Without members that are null or empty: a reply with thinking between tags is written anew."""
    if isinstance(value, dict):
        return {k: _given(v) for k, v in value.items() if v is not None and v != []}
    return [_given(v) for v in value] if isinstance(value, list) else value


def reply_damaged(binary, record):
    """What is no reply must end in an error that says so; in its own language it may also pass as
    it came, where it is at least complete."""
    for target in READERS:
        out = translate.response(binary, record, target)
        told = _read(target, out.text, "sse" if record.is_stream else "json")
        if target == record.language and records.is_complete(record) and _is_same(record, out):
            continue
        if out.ok and not (told and told.error):
            return [f"to {target}: taken for a good reply"]
        if not out.ok and not out.error:
            return [f"to {target}: failed without a word"]
    return []


# ---- Errors ----

# Anthropic's types and the status each stands for (docs.anthropic.com/en/api/errors).
ANTHROPIC_STATUS = {
    "invalid_request_error": 400, "authentication_error": 401, "billing_error": 402,
    "permission_error": 403, "not_found_error": 404, "request_too_large": 413,
    "rate_limit_error": 429, "api_error": 500, "timeout_error": 504, "overloaded_error": 529,
}
# Statuses that have a word of their own: it must be that one.
EXACT = (401, 403, 404, 413, 429)


def _message(body):
    """What a provider said, wherever it stands."""
    error = body.get("error", body) if isinstance(body, dict) else body
    return error.get("message") if isinstance(error, dict) else error


def error(binary, record):
    said = _message(records.parse(record.body))
    found = []
    for target in READERS:
        out = translate.response(binary, record, target)
        told = (out.json or {}).get("error") or {}
        if not out.ok or not told.get("message"):
            found.append(f"to {target}: no error came out")
        elif said and said not in told["message"]:
            found.append(f"to {target}: {said!r} became {told['message']!r}")
        elif target == "anthropic":
            status = ANTHROPIC_STATUS.get(told.get("type"), 0)
            content = record.status == 403 and told.get("type") == "invalid_request_error"
            if status // 100 != record.status // 100 or (
                    record.status in EXACT and status != record.status and not content):
                found.append(f"to anthropic: {record.status} became {told.get('type')}")
        elif re.fullmatch("[45]..", str(told.get("code"))) and told["code"] != str(record.status):
            found.append(f"to openai_chat: {record.status} became {told['code']}")
    return found


# ---- Requests ----

# A model that takes what most requests ask, where the record does not name one of its own.
MODELS = {"openai_chat": "openai/gpt-4.1", "anthropic": "anthropic/claude-sonnet-4-5"}


def _written(binary, record, source, model, *options):
    """The request as it would be sent: what was dropped from it, the body, or why there is none."""
    out = translate.request(binary, record.request, source, model, *options)
    sent = out.json
    if not out.ok or not isinstance(sent, dict):
        return [], None, f"refused: {out.refusal}"
    return sent.get("dropped") or [], sent["body"], None


def _request_same(binary, record, same, *options):
    source = record.front
    model = f"{record.provider}/{record.model}" if record.model else MODELS[source]
    _, body, refusal = _written(binary, record, source, model, *options)
    if refusal:  # which is right where the provider refused it too
        return [refusal] if record.status < 400 else []
    return requests_same.differences(same(record.request), same(body))


# Where a row says a thing in its own way, or asks for what is wanted of every reply.
ROWS_OWN = {
    "openrouter": r"usage(\..*)?|messages\[\d+\]\.role",  # what it cost; developer is system
    "snowflake": "stream",
    "deepseek": r"thinking(\..*)?",  # which it wants beside an effort
}


def request_in_place(binary, record):
    """Nothing is lost but what is listed as dropped; what models take only by another of OpenAI's
    endpoints goes there, and is then as that one wants it."""
    generic = record.row not in ("openai", "anthropic") or record.provider != record.row
    nobody = generic and record.provider.split("/")[0] in records.NO_ROWS
    row = "openai_like" if nobody and record.front == "openai_chat" else record.row
    model = f"{row}/{record.model}" if record.model else MODELS[record.front]
    options = ["--api-base", "http://127.0.0.1"] if generic else []
    dropped, body, refusal = _written(binary, record, record.front, model, *options)
    if refusal:  # which is right where the provider refused it too
        return [refusal] if record.status < 400 else []
    if "input" in body and "messages" not in body:
        return list(FAULTS["openai_responses"](body, record.request))
    if "prompt" in body and "messages" in record.request and "messages" not in body:
        said = record.request["messages"][-1]["content"]
        return [] if said in body["prompt"] else [f"{said!r} is not in the prompt"]
    if row == "snowflake" and "claude" in model:  # in Anthropic's language: see request_across
        return [] if "max_tokens" in body else ["not in Anthropic's language"]
    own = re.compile(ROWS_OWN.get(record.row, "$") + "".join(
        "|" + re.escape(d["what"]).replace(r"\*", ".*") + r"(\W.*)?" for d in dropped))
    wanted, got = (requests_same.in_place(b) for b in (record.request, body))
    if all(own.fullmatch(path) for path in requests_same.paths(wanted, got)):
        return []
    return requests_same.differences(wanted, got)


def request_anew(binary, record):
    """Models that are asked by another endpoint, and names that no provider knows, are read there."""
    source = record.front
    if record.status == 404:
        return []
    return _request_same(binary, record, requests_same.LANGUAGES[source], "--canonical")


def request_across(binary, record):
    source = record.front
    target = OTHER[source]
    dropped, body, refusal = _written(binary, record, source, MODELS[target], "--drop-params")
    if refusal:
        return [refusal]
    wanted = requests_across.READERS[source](record.request)
    found = requests_across.differences(wanted, requests_across.READERS[target](body), dropped)
    return found + list(requests_across.unsaid(source, record.request, body, dropped))


# A model of an earlier and of a later kind, for what a body must be like may differ.
BACK_MODELS = {"gemini": ("gemini/gemini-2.5-flash", "gemini/gemini-3-pro-preview"),
               "bedrock_converse": ("bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
                                    "bedrock/us.amazon.nova-2-lite-v1:0"),
               "cohere_chat": ("cohere/command-a-03-2025", "cohere/command-a-reasoning-08-2025"),
               "ollama_chat": ("ollama/llama3.2", "ollama/gpt-oss:20b"),
               "openai_responses": ("openai/responses/gpt-4.1", "openai/gpt-5.1-codex")}
FAULTS = {"gemini": gemini_requests.faults, "bedrock_converse": bedrock_requests.faults}
if openapi.is_here("cohere"):  # which needs PyYAML, too
    FAULTS |= {"cohere_chat": cohere_requests.faults, "ollama_chat": ollama_requests.faults,
               "openai_responses": responses_requests.faults}


def request_to(target):
    """The body is one that the provider's own specification allows."""
    def check(binary, record):
        source = record.front
        model = BACK_MODELS[target][len(record.name) % 2]
        _, body, refusal = _written(binary, record, source, model, "--drop-params")
        return [refusal] if refusal else list(FAULTS[target](body, record.request))
    return check


# ---- Text completions: a language of clients and of providers ----

def text_in_place(binary, record):
    """Nothing changes but the model, and the wish for usage."""
    model = f"text-completion-openai/{record.model or 'gpt-3.5-turbo-instruct'}"
    dropped, body, refusal = _written(binary, record, "openai_completions", model)
    if refusal:
        return [refusal]
    wanted = {**record.request, "model": record.model or "gpt-3.5-turbo-instruct"}
    if wanted.get("stream"):
        wanted["stream_options"] = {**(wanted.get("stream_options") or {}), "include_usage": True}
    found = [f"dropped: {d}" for d in dropped]
    return found + ([] if _given(body) == _given(wanted) else [f"{wanted} became {body}"])


def text_to(target):
    """One prompt is one message; several, or tokens, are refused by name."""
    def check(binary, record):
        prompt = record.request.get("prompt")
        only = prompt[0] if isinstance(prompt, list) and len(prompt) == 1 else prompt
        _, body, refusal = _written(binary, record, "openai_completions", MODELS[target],
                                    "--drop-params")
        if not isinstance(only, str):
            return [] if refusal and "prompt" in refusal else [f"not refused: {body or refusal}"]
        if refusal:
            return [refusal]
        said = body["messages"][0]["content"]
        said = said if isinstance(said, str) else "".join(part["text"] for part in said)
        if len(body["messages"]) != 1 or said != only:
            return [f"{only!r} became {body['messages']}"]
        wanted = record.request.get("max_tokens")
        return [] if wanted in (None, body.get("max_tokens")) else ["max_tokens: lost"]
    return check
