"""What differs between two requests, or two replies: paths, with what each side has there."""

import json
import re
from urllib.parse import parse_qsl, urlsplit

ABSENT = "(absent)"
# Headers that say who asks, and for what; the rest is the client library's business.
HEADERS = ("authorization", "x-api-key", "api-key", "x-goog-api-key", "anthropic-version",
           "anthropic-beta", "content-type", "openai-organization", "x-team", "x-amz-security-token")


def flat(value, path=""):
    """{"messages[0].role": "user", ...}; an empty list or object is a value."""
    if isinstance(value, dict) and value:
        return {k: v for name, inner in value.items()
                for k, v in flat(inner, f"{path}.{name}" if path else name).items()}
    if isinstance(value, list) and value:
        return {k: v for i, inner in enumerate(value) for k, v in flat(inner, f"{path}[{i}]").items()}
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return {path: value}


def differences(ours, theirs):
    a, b = flat(ours), flat(theirs)
    return {path: (a.get(path, ABSENT), b.get(path, ABSENT)) for path in sorted({*a, *b})
            if a.get(path, ABSENT) != b.get(path, ABSENT)}


def class_of(side):
    return side["error"]["class"] if "error" in side else ABSENT


def general(path):
    return re.sub(r"\[\d+\]", "[]", path)


def request_of(request):
    """A recorded request as it is compared. Of a signature, only for whom it is."""
    url = urlsplit(request["url"])
    headers = {k: v for k, v in request["headers"].items() if k in HEADERS}
    signed = re.match(r"AWS4-HMAC-SHA256 Credential=(\w+)/\d+/(\S+?),", headers.get("authorization", ""))
    if signed:
        headers["authorization"] = " ".join(signed.groups())
    if "content-type" in headers:
        headers["content-type"] = headers["content-type"].split(";")[0]
    try:
        body = json.loads(request["body"])
    except ValueError:
        body = request["body"].decode(errors="replace")
    if isinstance(body, dict):
        body = plain(body)
    return {"method": request["method"], "host": url.netloc, "path": url.path,
            "query": dict(parse_qsl(url.query)), "headers": headers, "body": body}


# Whose members are the user's own words, not the language's.
FOREIGN = ("args", "input", "parameters", "parametersJsonSchema", "responseJsonSchema", "schema",
           "inputSchema", "input_schema", "responseSchema", "metadata")


def plain(value, gemini=None):
    """Without what are two spellings of one thing in the language itself: arguments are JSON in a
    string; a text is a list of one part in OpenAI's and Anthropic's; protobuf's JSON takes both
    forms of a name; empty members say nothing."""
    if isinstance(value, list):
        return [plain(v, gemini) for v in value]
    if not isinstance(value, dict):
        return value
    gemini = bool({"contents", "requests", "instances"} & set(value)) if gemini is None else gemini
    out = {}
    for name, inner in value.items():
        if gemini:
            name = re.sub(r"_([a-z])", lambda m: m[1].upper(), name)
        if name in FOREIGN:
            out[name] = inner
        elif name == "arguments" and isinstance(inner, str) and is_json(inner):
            out[name] = json.loads(inner)
        elif name in ("content", "system") and isinstance(inner, str) and not gemini:
            out[name] = [{"type": "text", "text": inner}]
        elif inner not in (None, {}):
            out[name] = plain(inner, gemini)
    return out


def is_json(text):
    try:
        json.loads(text)
        return True
    except ValueError:
        return False


# ---- Replies ----

USAGE = {"prompt": "prompt_tokens", "completion": "completion_tokens", "total": "total_tokens"}
DETAILS = {"cached": ("prompt_tokens_details", "cached_tokens"),
           "written": ("prompt_tokens_details", "cache_creation_tokens"),
           "reasoning": ("completion_tokens_details", "reasoning_tokens")}


def usage_of(usage):
    """Counts that are not zero: to leave one out says as much."""
    if not usage:
        return {}
    said = {name: usage.get(member) for name, member in USAGE.items()}
    for name, (group, member) in DETAILS.items():
        said[name] = (usage.get(group) or {}).get(member)
    said["written"] = said["written"] or usage.get("cache_creation_input_tokens")
    return {k: v for k, v in said.items() if v}


def message_of(message):
    calls = [{"id": c.get("id"), "name": (c.get("function") or {}).get("name"),
              "arguments": parsed((c.get("function") or {}).get("arguments"))}
             for c in message.get("tool_calls") or []]
    legacy = message.get("function_call")
    said = {"content": message.get("content") or None, "refusal": message.get("refusal") or None,
            "reasoning": message.get("reasoning_content") or None, "calls": calls or None,
            "function_call": legacy and {"name": legacy.get("name"),
                                         "arguments": parsed(legacy.get("arguments"))},
            "annotations": len(message.get("annotations") or []) or None,
            "thinking_blocks": [{k: b.get(k) for k in ("type", "thinking", "signature", "data")
                                 if b.get(k)}
                                for b in message.get("thinking_blocks") or []] or None}
    return {k: v for k, v in said.items() if v is not None}


def parsed(text):
    return json.loads(text) if isinstance(text, str) and text and is_json(text) else text or {}


def joined(chunks):
    """A stream's chunks as one reply."""
    choices, usage = {}, None
    for chunk in chunks:
        usage = chunk.get("usage") or usage
        for piece in chunk.get("choices") or []:
            c = choices.setdefault(piece.get("index") or 0, {"message": {}, "calls": {}})
            delta, message = piece.get("delta") or {}, c["message"]
            for name in ("content", "refusal", "reasoning_content"):
                if delta.get(name):
                    message[name] = message.get(name, "") + delta[name]
            for name in ("thinking_blocks", "annotations"):
                if delta.get(name):
                    message.setdefault(name, []).extend(delta[name])
            for call in delta.get("tool_calls") or []:
                add_call(c["calls"].setdefault(call.get("index") or 0, {"function": {}}), call)
            if delta.get("function_call"):
                add_call(message.setdefault("function_call_", {"function": {}}),
                         {"function": delta["function_call"]})
            c["finish_reason"] = piece.get("finish_reason") or c.get("finish_reason")
    for c in choices.values():
        message = c["message"]
        if c["calls"]:
            message["tool_calls"] = [c["calls"][i] for i in sorted(c["calls"])]
        if "function_call_" in message:
            message["function_call"] = message.pop("function_call_")["function"]
        message["thinking_blocks"] = merged(message.get("thinking_blocks") or [])
    return {"choices": [{"index": i, **c} for i, c in sorted(choices.items())], "usage": usage}


def add_call(call, piece):
    call["id"] = call.get("id") or piece.get("id")
    for name in ("name", "arguments"):
        part = (piece.get("function") or {}).get(name)
        if part:
            call["function"][name] = call["function"].get(name, "") + part


def merged(blocks):
    """Pieces of thinking up to a signature are one block."""
    out = []
    for b in blocks:
        open_block = out and out[-1]["type"] == b.get("type") == "thinking" and \
            not out[-1].get("signature")
        if open_block:
            out[-1]["thinking"] = (out[-1].get("thinking") or "") + (b.get("thinking") or "")
            out[-1]["signature"] = b.get("signature")
        else:
            out.append({k: v for k, v in b.items() if v})
    return out
