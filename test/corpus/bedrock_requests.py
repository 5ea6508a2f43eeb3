"""Whether a body is a ConverseRequest, by the service's own Smithy model.

Every member must be one of its shape, of its type, within its bounds, with a word of its enum; what
is required must be there, and a union has one member. What the service checks beyond the model is
checked as well: who speaks after whom, and that every call of a tool is answered.
"""

import base64
import gzip
import json
import re

from records import FOLDER

MODEL = FOLDER.parent / "specs" / "bedrock" / "bedrock-runtime-service-2.json.gz"
SHAPES = json.loads(gzip.open(MODEL, "rt", encoding="utf-8").read())["shapes"]


def _structure(shape, value, where):
    if not isinstance(value, dict):
        return [f"{where}: no object"]
    found = [f"{where}.{name}: missing" for name in shape.get("required") or []
             if name not in value and shape["members"][name].get("location") != "uri"]
    if shape.get("union") and len(value) != 1:
        found.append(f"{where}: {len(value)} members of a union")
    for name, inner in value.items():
        if name not in shape["members"]:
            found.append(f"{where}.{name}: no such member")
        else:
            found += _any(shape["members"][name]["shape"], inner, f"{where}.{name}")
    return found


def _within(shape, size, where):
    low, high = shape.get("min", size), shape.get("max", size)
    return [] if low <= size <= high else [f"{where}: {size} is not within {low} to {high}"]


def _string(shape, value, where):
    if not isinstance(value, str):
        return [f"{where}: no string"]
    if shape.get("enum") and value not in shape["enum"]:
        return [f"{where}: {value!r} is no word of it"]
    if shape.get("pattern") and not re.fullmatch(shape["pattern"], value):
        return [f"{where}: {value[:40]!r} does not match"]
    return _within(shape, len(value), where)


def _blob(shape, value, where):
    try:
        return _within(shape, len(base64.b64decode(value, validate=True)), where)
    except ValueError:
        return [f"{where}: no base64"]


def _list(shape, value, where):
    if not isinstance(value, list):
        return [f"{where}: no list"]
    found = _within(shape, len(value), where)
    for i, one in enumerate(value):
        found += _any(shape["member"]["shape"], one, f"{where}[{i}]")
    return found


def _number(shape, value, where):
    whole = shape["type"] in ("integer", "long")
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        return [f"{where}: no number"]
    return _within(shape, value, where)


def _boolean(shape, value, where):
    return [] if isinstance(value, bool) else [f"{where}: no boolean"]


def _map(shape, value, where):
    return [f for k, v in value.items() for f in _any(shape["value"]["shape"], v, f"{where}.{k}")]


KINDS = {"structure": _structure, "string": _string, "blob": _blob, "list": _list,
         "integer": _number, "long": _number, "float": _number, "double": _number,
         "boolean": _boolean, "map": _map}


def _any(name, value, where):
    shape = SHAPES[name]
    return [] if shape.get("document") else KINDS[shape["type"]](shape, value, where)


def _turns(messages):
    """The service's own checks: user and assistant in turns, the results of a turn's calls at the
    start of the next, text that is more than white space."""
    calls = []
    for i, message in enumerate(messages):
        where = f"messages[{i}]"
        if i and message["role"] == messages[i - 1]["role"]:
            yield f"{where}: speaks twice"
        results = [b["toolResult"]["toolUseId"] for b in message["content"] if "toolResult" in b]
        kinds = ["toolResult" in b for b in message["content"] if "cachePoint" not in b]
        if kinds != sorted(kinds, reverse=True):
            yield f"{where}: results are not first"
        if any(c not in results for c in calls) and i < len(messages):
            yield f"{where}: calls without results"
        calls = [b["toolUse"]["toolUseId"] for b in message["content"] if "toolUse" in b]
        for block in message["content"]:
            if "text" in block and not block["text"].strip():
                yield f"{where}: blank text"


def _has_tools(messages):
    return any("toolUse" in b or "toolResult" in b for m in messages for b in m["content"])


def _answered(request):
    """Whether the client itself answered each call of its history, one turn at a time: what it left
    open is not ours to close."""
    open_calls, good = set(), True
    for m in request.get("messages") or []:
        parts = m["content"] if isinstance(m.get("content"), list) else []
        closed = {p.get("tool_use_id") for p in parts if p.get("type") == "tool_result"}
        if m.get("role") == "tool":
            closed.add(m.get("tool_call_id"))
        good &= m.get("role") in ("tool", "system", "developer") or not (open_calls - closed)
        open_calls -= closed
        open_calls |= {c.get("id") for c in m.get("tool_calls") or []}
        open_calls |= {p.get("id") for p in parts if p.get("type") == "tool_use"}
    return good


def faults(body, request):
    for fault in _any("ConverseRequest", body, "body"):
        if "topP" not in fault or 0 <= request.get("top_p", 0) <= 1:  # -1 was asked for, and is passed on
            yield fault
    messages = body.get("messages") or []
    for fault in _turns(messages):
        if "without results" not in fault or _answered(request):
            yield fault
    if _has_tools(messages) and not body.get("toolConfig"):
        yield "tools in the history and no toolConfig"
