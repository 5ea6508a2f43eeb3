"""A request within its own language: the same JSON, but for what the language calls the same.

Edited in place it is the same to the letter. Read and written anew it means the same, and what is
called the same is all here. In either language: a member that is null, or an empty list, and none;
`stream: false` and none; text as a string and as one part of text; the model's name and
stream_options, which a gateway sets. The rest stands with the function for its language.
"""

import copy

GATEWAYS = ("model", "stream_options")


def _without_empty(members):
    return {k: v for k, v in members.items() if v is not None and v != []}


def _parts(content):
    if isinstance(content, str):
        return [{"type": "text", "text": content}] if content else []
    return [{"type": "text", "text": p} if isinstance(p, str) else _without_empty(p)
            for p in content or []]


def _common(body):
    body = _without_empty(copy.deepcopy(body))
    for name in GATEWAYS:
        body.pop(name, None)
    if body.get("stream") is False:
        del body["stream"]
    for name in ("messages", "tools"):
        if name in body:
            body[name] = [_without_empty(element) for element in body[name]]
    return body


def openai_chat(body):
    """The two names of the token limit; one stop word and a list of one; a URL and an object with
    nothing but it; the place that a call had in a stream, and none."""
    body = _common(body)
    if "max_completion_tokens" in body:
        body["max_tokens"] = body.pop("max_completion_tokens")
    if isinstance(body.get("stop"), str):
        body["stop"] = [body["stop"]]
    for message in body.get("messages") or []:
        message["content"] = _parts(message.get("content"))
        for part in message["content"]:
            if isinstance(part.get("image_url"), str):
                part["image_url"] = {"url": part["image_url"]}
        for call in message.get("tool_calls") or []:
            call.pop("index", None)
            call.update({k: _without_empty(v) for k, v in call.items() if isinstance(v, dict)})
    return body


def _merged(messages):
    """Turns of one role that follow each other are one (API reference, `messages`)."""
    merged = []
    for message in messages:
        if merged and set(message) == {"role", "content"} and message["role"] == merged[-1]["role"]:
            merged[-1]["content"] += message["content"]
        else:
            merged.append(message)
    return merged


def anthropic(body):
    """No description, and an empty one; a result that is no error, and one that does not say; calls
    that may be parallel, and the same; a tool of no type and of type custom; output_format, the old
    name of output_config.format."""
    body = _common(body)
    if "system" in body:
        body["system"] = _parts(body["system"])
        body = _without_empty(body)
    if "output_format" in body:
        body.setdefault("output_config", {})["format"] = body.pop("output_format")
    for tool in body.get("tools") or []:
        if not tool.get("description"):
            tool.pop("description", None)
        if tool.get("type") == "custom":
            del tool["type"]
    if body.get("tool_choice", {}).get("disable_parallel_tool_use") is False:
        del body["tool_choice"]["disable_parallel_tool_use"]
    for message in body.get("messages") or []:
        message["content"] = _parts(message.get("content"))
        for part in message["content"]:
            if part.get("type") == "tool_result":
                part["content"] = _parts(part.get("content"))
                if part.get("is_error") is False:
                    del part["is_error"]
    if "messages" in body:
        body["messages"] = _merged(body["messages"])
    return body


def in_place(body):
    """Nothing is called the same, but the token limit where a model wants the newer name."""
    body = {k: v for k, v in body.items() if k not in GATEWAYS}
    if "max_completion_tokens" not in body and "max_tokens" in body:
        body["max_completion_tokens"] = body.pop("max_tokens")
    return body


LANGUAGES = {"openai_chat": openai_chat, "anthropic": anthropic}


def _short(value):
    text = repr(value)
    return text if len(text) <= 100 else text[:97] + "..."


def differences(wanted, got, where="body"):
    """One line for each place where two JSON values differ."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        found = [f"{where}.{k}: lost, it was {_short(wanted[k])}" for k in wanted if k not in got]
        found += [f"{where}.{k}: came from nowhere, {_short(got[k])}" for k in got
                  if k not in wanted]
        for k in wanted:
            if k in got:
                found += differences(wanted[k], got[k], f"{where}.{k}")
        return found
    if isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        return [line for i, (w, g) in enumerate(zip(wanted, got))
                for line in differences(w, g, f"{where}[{i}]")]
    if wanted == got and isinstance(wanted, bool) == isinstance(got, bool):
        return []
    if isinstance(wanted, list) and isinstance(got, list):
        return [f"{where}: {len(wanted)} elements became {len(got)}"]
    return [f"{where}: {_short(wanted)} became {_short(got)}"]


def paths(a, b, where=""):
    """Where two JSON values differ: choices[0].message.content."""
    if isinstance(a, dict) and isinstance(b, dict):
        inner = [(f"{where}.{k}" if where else k, a.get(k), b.get(k)) for k in sorted({*a, *b})
                 if k not in a or k not in b or a[k] != b[k]]
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        inner = [(f"{where}[{i}]", x, y) for i, (x, y) in enumerate(zip(a, b)) if x != y]
    else:
        return [where]
    return [path for place, x, y in inner for path in paths(x, y, place)]
