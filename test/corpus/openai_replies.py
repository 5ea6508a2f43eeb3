"""Reads chat completions, whole or as chunks, straight from the wire: the provider's, or ours.

Written from OpenAI's API reference and from LiteLLM's additions to it, and from nothing in src/.
"""

import records
from reply import Call, Reply


def _arguments(text):
    value = records.parse(text) if isinstance(text, str) else text
    return text if value is None else value


def _usage(u):
    if not isinstance(u, dict):
        return None
    prompt = u.get("prompt_tokens_details") or {}
    completion = u.get("completion_tokens_details") or {}
    written = prompt.get("cache_creation_tokens")
    if written is None:
        written = prompt.get("cache_write_tokens")
    return {"prompt": u.get("prompt_tokens") or 0, "completion": u.get("completion_tokens") or 0,
            "total": u.get("total_tokens") or 0, "cached": prompt.get("cached_tokens") or 0,
            "written": written or 0, "reasoning": completion.get("reasoning_tokens") or 0}


def _error(body):
    e = body.get("error")
    if not e:
        return None
    return e if isinstance(e, str) else str(e.get("message"))


def _thoughts(message):
    for block in message.get("thinking_blocks") or []:
        if block["type"] == "redacted_thinking":
            yield ("redacted", block["data"])
        else:
            yield ("thinking", block["thinking"], block.get("signature") or "")


def _say(choice, message):
    """What a message, or a delta, adds to a choice; calls aside."""
    choice.text += message.get("content") or ""
    choice.refusal += message.get("refusal") or ""
    choice.spoken += (message.get("audio") or {}).get("transcript") or ""
    choice.reasoning += message.get("reasoning_content") or message.get("reasoning") or ""
    specific = message.get("provider_specific_fields") or {}
    choice.own += specific.get("content_blocks") or []
    for several in specific.get("citations") or []:
        choice.citations += several
    choice.citations += [specific["citation"]] if "citation" in specific else []
    choice.citations += message.get("annotations") or []


def _logprobs(choice, said):
    for kind in ("content", "refusal"):
        choice.logprobs += [(kind, t["token"], t["logprob"]) for t in (said or {}).get(kind) or []]


def _finish(choice):
    """OpenAI's first vision model had a member of its own for it."""
    details = (choice.get("finish_details") or {}).get("type")
    return choice.get("finish_reason") or {"max_tokens": "length"}.get(details, details)


def read_whole(body):
    reply = Reply(body.get("id"), body.get("model"), usage=_usage(body.get("usage")),
                  error=_error(body))
    for c in body.get("choices") or []:
        message = c.get("message") or {}
        choice = reply.choice(c.get("index") or 0)
        _say(choice, message)
        choice.thoughts = list(_thoughts(message))
        _logprobs(choice, c.get("logprobs"))
        choice.finish = _finish(c)
        for call in message.get("tool_calls") or []:
            f = call.get("function") or call["custom"]
            choice.calls.append(
                Call(call["id"], f["name"], f["input"], "custom") if "custom" in call else
                Call(call["id"], f["name"], _arguments(f["arguments"])))
        if message.get("function_call"):
            f = message["function_call"]
            choice.calls.append(Call("", f["name"], _arguments(f["arguments"]), "legacy"))
    return reply


class _Stream:
    def __init__(self):
        self.reply = Reply()
        self.calls = {}  # (choice, index): [id, name, pieces, form]
        self.thoughts = {}  # choice: [[kind, text, signature]]

    def _call(self, key, call, form):
        f = call.get("function") or call.get("custom") or call
        have = self.calls.setdefault(key, ["", "", "", form])
        have[0] = have[0] or call.get("id") or ""
        have[1] = have[1] or f.get("name") or ""
        have[2] += f.get("arguments") or f.get("input") or ""

    def _think(self, index, delta):
        """Blocks come in pieces: text, then the signature that ends the block."""
        have = self.thoughts.setdefault(index, [])
        for kind, text, *signature in _thoughts(delta):
            if kind == "redacted":
                have.append([kind, text])
                continue
            if not have or have[-1][0] != kind or have[-1][2]:
                have.append([kind, "", ""])
            have[-1][1] += text
            have[-1][2] += signature[0]

    def add(self, chunk):
        reply = self.reply
        reply.id = reply.id or chunk.get("id")
        reply.model = reply.model or chunk.get("model")
        reply.usage = _usage(chunk.get("usage")) or reply.usage
        reply.error = reply.error or _error(chunk)
        for c in chunk.get("choices") or []:
            index, delta = c.get("index") or 0, c.get("delta") or {}
            choice = reply.choice(index)
            _say(choice, delta)
            for block in choice.own:  # its place in the list, for clients who put it together
                block.pop("index", None)
            _logprobs(choice, c.get("logprobs"))
            choice.finish = c.get("finish_reason") or choice.finish
            self._think(index, delta)
            for call in delta.get("tool_calls") or []:
                self._call((index, call["index"]), call,
                           "custom" if "custom" in call else "function")
            if delta.get("function_call"):
                self._call((index, -1), delta["function_call"], "legacy")

    def end(self):
        for (index, _), (id_, name, text, form) in sorted(self.calls.items()):
            arguments = text if form == "custom" else _arguments(text)
            self.reply.choice(index).calls.append(Call(id_, name, arguments, form))
        for index, thoughts in self.thoughts.items():
            self.reply.choice(index).thoughts = [tuple(t) for t in thoughts]
        return self.reply


def read_stream(events):
    stream = _Stream()
    for event in events:
        stream.add(event)
    return stream.end()
