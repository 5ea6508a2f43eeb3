"""Reads Converse's replies and ConverseStream's events, straight from the wire.

Nobody speaks this language to us, so what is read is what a client of OpenAI's language should be
told. Written from the service's Smithy model; from nothing in src/.
"""

import json
import struct
import zlib

from reply import Call, Choice, Reply

FINISH = {"max_tokens": "length", "tool_use": "tool_calls", "guardrail_intervened": "content_filter",
          "content_filtered": "content_filter", "stop_sequence": "stop_sequence",
          "model_context_window_exceeded": "length"}


class Broken(Exception):
    """A frame whose sums or lengths are wrong."""


def frames(data):
    """The events of an AWS event stream, {type: payload}."""
    at = 0
    while at < len(data):
        if len(data) - at < 16:
            raise Broken("cut short")
        total, header_bytes, prelude_sum = struct.unpack_from(">III", data, at)
        message = data[at:at + total]
        if zlib.crc32(message[:8]) != prelude_sum or len(message) < total or total < 16 or \
                zlib.crc32(message[:-4]) != struct.unpack(">I", message[-4:])[0]:
            raise Broken("a sum is wrong")
        headers = dict(_headers(message[12:12 + header_bytes]))
        kind = headers.get(":event-type") or headers.get(":exception-type")
        yield {kind: json.loads(message[12 + header_bytes:-4])}
        at += total


def _headers(data):
    while data:
        n = data[0]
        name, kind, data = data[1:1 + n].decode(), data[1 + n], data[2 + n:]
        if kind != 7:
            raise Broken(f"a header of type {kind}")
        size = struct.unpack_from(">H", data)[0]
        yield name, data[2:2 + size].decode()
        data = data[2 + size:]


def _usage(u):
    """inputTokens leave out what the cache gave and took."""
    if not u:
        return None
    cached = u.get("cacheReadInputTokens") or u.get("cacheReadInputTokenCount") or 0
    written = u.get("cacheWriteInputTokens") or u.get("cacheWriteInputTokenCount") or 0
    u = {"outputTokens": 0, **u}  # a guardrail that stepped in leaves it out
    prompt = u["inputTokens"] + cached + written
    return {"prompt": prompt, "completion": u["outputTokens"], "cached": cached,
            "written": written, "total": prompt + u["outputTokens"]}


def _finish(choice, reason, extra):
    choice.finish = FINISH.get(reason, "stop")
    choice.stop_sequence = extra.get("stop_sequence") if isinstance(extra, dict) else None


def read_whole(body):
    reply, c = Reply(), Choice()
    for block in body["output"]["message"]["content"]:
        tool, reasoning = block.get("toolUse"), block.get("reasoningContent")
        if tool and tool.get("type") != "server_tool_use":
            c.calls.append(Call(tool["toolUseId"], tool["name"], tool["input"]))
        elif reasoning is not None:
            text = reasoning.get("reasoningText")
            if text:
                c.reasoning += text["text"]
                c.thoughts.append(("thinking", text["text"], text.get("signature") or ""))
            elif reasoning:
                c.thoughts.append(("redacted", reasoning["redactedContent"]))
        elif "text" in block:
            c.text += block["text"]
        elif "citationsContent" in block:
            c.text += "".join(p["text"] for p in block["citationsContent"]["content"])
        else:
            c.own.append(block)
    _finish(c, body.get("stopReason"), body.get("additionalModelResponseFields"))
    if not any(t[0] == "redacted" or t[2] for t in c.thoughts):
        c.thoughts = []  # none can go back: told as text only (in a stream that is known too late)
    reply.choices[0] = c
    reply.usage = _usage(body.get("usage"))
    return reply


class _Blocks:
    """Blocks as they grow: [kind, what was said, signature or the tool's start]."""

    def __init__(self):
        self.list, self.open = [], {}

    def grow(self, index, kind):
        block = self.open.get(index)
        if block is None or block[0] not in (kind, "own"):
            block = self.open[index] = [kind, "", ""]
            self.list.append(block)
        return block

    def start(self, index, start):
        tool = start.get("toolUse")
        if not start:  # says nothing: the deltas will
            return
        own = not tool or tool.get("type") == "server_tool_use"
        self.open[index] = ["own" if own else "tool", "", start if own else tool]
        self.list.append(self.open[index])

    def delta(self, index, delta):
        reasoning = delta.get("reasoningContent")
        if "text" in delta:
            self.grow(index, "text")[1] += delta["text"]
        elif "toolUse" in delta:
            self.grow(index, "tool")[1] += delta["toolUse"]["input"]
        elif reasoning and "redactedContent" in reasoning:
            self.grow(index, "redacted")[1] += reasoning["redactedContent"]
        elif reasoning:
            block = self.grow(index, "thinking")
            block[1] += reasoning.get("text") or ""
            block[2] += reasoning.get("signature") or ""


def _call(said, start):
    try:
        arguments = json.loads(said) if said else {}
    except ValueError:
        arguments = said
    return Call(start["toolUseId"], start["name"], arguments)


def read_stream(events):
    reply, c, blocks = Reply(), Choice(), _Blocks()
    for event in events:
        for kind, data in event.items():
            if kind == "contentBlockStart":
                blocks.start(data["contentBlockIndex"], data["start"])
            elif kind == "contentBlockDelta":
                blocks.delta(data["contentBlockIndex"], data["delta"])
            elif kind == "messageStop":
                _finish(c, data["stopReason"], data.get("additionalModelResponseFields"))
            elif kind == "metadata":
                reply.usage = _usage(data.get("usage"))
            elif kind.endswith("xception"):
                reply.error = data.get("message") or kind
    for kind, said, more in blocks.list:
        if kind == "text":
            c.text += said
        elif kind == "tool":
            c.calls.append(_call(said, more))
        elif kind == "thinking":
            c.reasoning += said
            c.thoughts.append(("thinking", said, more))
        elif kind == "redacted":
            c.thoughts.append(("redacted", said))
        else:
            c.own.append(more)
    reply.choices[0] = c
    return reply


def is_reply(body):
    output = body.get("output")
    message = output.get("message") if isinstance(output, dict) else None
    return isinstance(message, dict) and isinstance(message.get("content"), list)


def ends_well(events):
    return any("messageStop" in e or any(k.endswith("xception") for k in e) for e in events)
