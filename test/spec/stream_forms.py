"""What a stream must be like for its client, event by event, whatever provider it came from.

The rules are those that the vendors' SDKs hold streams to, and that users of gateways saw broken:
a delta in a block of another kind, a second message_start, a first token that is gone, calls that
share an index, a finish in the middle, no usage or two. Written from the vendors' references, and
from nothing in src/. Each function yields a line for everything that is wrong.
"""

import json

# The deltas that a block of content takes (docs.claude.com/en/api/messages-streaming).
DELTAS = {"text": {"text_delta", "citations_delta"},
          "thinking": {"thinking_delta", "signature_delta"},
          "tool_use": {"input_json_delta"}, "server_tool_use": {"input_json_delta"},
          "mcp_tool_use": {"input_json_delta"}}
ANTHROPIC_EVENTS = {"message_start", "content_block_start", "content_block_delta",
                    "content_block_stop", "message_delta", "message_stop", "ping", "error"}


def _object(text):
    try:
        return isinstance(json.loads(text or "{}"), dict)
    except ValueError:
        return False


def _bad_arguments(texts):
    """Only where the model came to its end: what was cut off is no object."""
    for text in texts:
        if not _object(text):
            yield f"arguments are no object: {text[:60]!r}"


# ---- Anthropic ----

class _Message:
    """Where a stream of a message stands."""

    def __init__(self):
        self.started = self.stopped = self.failed = False
        self.open, self.next_index, self.pieces, self.signed = None, 0, "", False
        self.finish, self.finishes, self.kinds, self.arguments = None, 0, [], []

    def message_start(self, data):
        message = data.get("message") or {}
        if self.started:
            yield "a second message_start"
        self.started = True
        if message.get("role") != "assistant" or message.get("content") != []:
            yield "message_start is no empty message of the assistant"
        if not message.get("id"):
            yield "message_start without id"
        yield from self._usage(message.get("usage"), "message_start")

    @staticmethod
    def _usage(usage, where):
        for name in ("input_tokens", "output_tokens"):
            if not isinstance((usage or {}).get(name), int):
                yield f"{where} without usage.{name}"

    def content_block_start(self, data):
        if self.open is not None:
            yield "a block starts in another"
        if data.get("index") != self.next_index:
            yield f"block {data.get('index')} after {self.next_index - 1}"
        self.next_index += 1
        block = data.get("content_block") or {}
        self.open, self.pieces, self.signed = block.get("type"), "", False
        self.kinds.append(self.open)
        if self.open == "tool_use" and not (block.get("id") and block.get("name")):
            yield "a call without id or name"

    def content_block_delta(self, data):
        kind = (data.get("delta") or {}).get("type")
        if self.open is None or data.get("index") != self.next_index - 1:
            yield f"{kind} outside of its block"
        elif kind not in DELTAS.get(self.open, ()):
            yield f"{kind} in a block of {self.open}"
        if kind == "input_json_delta":
            self.pieces += data["delta"].get("partial_json") or ""
        if kind == "thinking_delta" and self.signed:
            yield "thinking goes on behind its signature"
        self.signed = self.signed or kind == "signature_delta"

    def content_block_stop(self, data):
        if self.open is None or data.get("index") != self.next_index - 1:
            yield "a block that is not open stops"
        if self.open == "tool_use":
            self.arguments.append(self.pieces)
        self.open = None

    def message_delta(self, data):
        self.finishes += 1
        self.finish = (data.get("delta") or {}).get("stop_reason")
        if self.open is not None:
            yield "message_delta while a block is open"
        if not self.finish:
            yield "message_delta without stop_reason"
        yield from self._usage({"input_tokens": 0, **(data.get("usage") or {})}, "message_delta")

    def message_stop(self, _):
        self.stopped = True
        if self.finishes != 1:
            yield f"{self.finishes} message_delta"
        if self.finish == "end_turn" and "tool_use" in self.kinds:
            yield "a call, and stop_reason is end_turn"
        if self.finish == "tool_use" and not {"tool_use", "mcp_tool_use"} & set(self.kinds):
            yield "no call, and stop_reason is tool_use"
        if self.finish == "tool_use":
            yield from _bad_arguments(self.arguments)

    def ping(self, _):
        return ()

    def error(self, data):
        self.failed = True
        if not (data.get("error") or {}).get("message"):
            yield "an error without a message"


def anthropic(events):
    """Events as pairs of name and data; a name may be None."""
    at = _Message()
    for name, data in events:
        kind = data.get("type") if isinstance(data, dict) else None
        if name not in (None, kind):
            yield f"event {name} holds {kind}"
        if at.stopped or at.failed:
            yield f"{kind} after the end"
        if kind not in ANTHROPIC_EVENTS:
            yield f"unknown event {kind}"
            continue
        if not at.started and kind not in ("message_start", "ping", "error"):
            yield f"{kind} before message_start"
        yield from getattr(at, kind)(data)
    if not at.stopped and not at.failed:
        yield "the stream has no end"


# ---- OpenAI ----

class _Choice:
    def __init__(self):
        self.calls, self.arguments, self.finish, self.role = [], [], None, None

    def delta(self, delta):
        self.role = self.role or delta.get("role")
        if self.role != "assistant":
            yield "the first delta names no role"
        for call in delta.get("tool_calls") or []:
            yield from self._call(call)

    def _call(self, call):
        index, custom = call.get("index"), "custom" in call
        said = call.get("custom") if custom else call.get("function") or {}
        text = said.get("input" if custom else "arguments")
        if not isinstance(index, int) or not 0 <= index <= len(self.calls):
            yield f"tool call index {index} after {len(self.calls)} calls"
        elif index == len(self.calls):
            kind = "custom" if custom else "function"
            if not call.get("id") or not said.get("name") or call.get("type") != kind:
                yield "a call starts without id, type or name"
            if call.get("id") in self.calls:
                yield f"two calls have the id {call['id']}"
            self.calls.append(call.get("id"))
            self.arguments.append("" if custom else text or "")
        elif call.get("id") not in (None, self.calls[index]):
            yield f"call {index} changes its id"
        elif not isinstance(text, str):
            yield "arguments are no text"
        elif not custom:
            self.arguments[index] += text

    def end(self):
        if self.finish is None:
            yield "a choice has no finish_reason"
        if self.finish == "stop" and self.calls:
            yield "calls, and finish_reason is stop"
        if self.finish == "tool_calls" and not self.calls:
            yield "no calls, and finish_reason is tool_calls"
        if self.finish == "tool_calls":
            yield from _bad_arguments(self.arguments)


def openai_chat(events, include_usage):
    """Events as pairs; the last data is "[DONE]" where the stream has its end mark."""
    datas, choices, usages, same = [data for _, data in events], {}, 0, None
    failed = any(isinstance(d, dict) and d.get("error") for d in datas)
    if datas and datas[-1] == "[DONE]":
        datas.pop()
    elif not failed:
        yield "the stream has no [DONE]"
    for data in datas:
        if not isinstance(data, dict) or data.get("error"):
            continue
        identity = data.get("id"), data.get("object"), data.get("created"), data.get("model")
        if same not in (None, identity):
            yield f"{same} becomes {identity}"
        same = identity
        if usages:
            yield "a chunk after the usage"
        for one in data.get("choices") or []:
            choice = choices.setdefault(one.get("index"), _Choice())
            if choice.finish is not None:
                yield "a choice goes on behind its finish_reason"
            yield from choice.delta(one.get("delta") or {})
            choice.finish = one.get("finish_reason")
        if data.get("usage"):
            usages += 1
            if data.get("choices") != []:
                yield "usage in a chunk with choices"
        elif not data.get("choices"):
            yield "a chunk of nothing"
    if failed:
        return
    for choice in choices.values():
        yield from choice.end()
    if usages != include_usage:
        yield f"{usages} chunks of usage"


# ---- Gemini ----

def gemini(events):
    finished, seen, usage = set(), set(), None
    for _, data in events:
        if not isinstance(data, dict) or data.get("error"):
            return
        for one in data.get("candidates") or []:
            index = one.get("index", 0)
            seen.add(index)
            if index in finished:
                yield "a candidate goes on behind its finishReason"
            if one.get("finishReason"):
                finished.add(index)
            for part in (one.get("content") or {}).get("parts") or []:
                call = part.get("functionCall")
                if not set(part) - {"thought"}:
                    yield "a part of nothing"
                if call is not None and not (call.get("name")
                                             and isinstance(call.get("args", {}), dict)):
                    yield "a call without name, or args that are no object"
        usage = data.get("usageMetadata") or usage
    if finished != seen:
        yield "a candidate has no finishReason"
    if not isinstance((usage or {}).get("promptTokenCount"), int):
        yield "no usageMetadata"


# ---- OpenAI's Responses API (platform.openai.com/docs/api-reference/responses-streaming) ----

# Deltas, what they add up to, and the place of both in an item.
PIECES = {"output_text": "text", "refusal": "refusal", "reasoning_summary_text": "text",
          "function_call_arguments": "arguments", "custom_tool_call_input": "input"}
LAST = {"response.completed": "completed", "response.incomplete": "incomplete",
        "response.failed": "failed"}


class _Items:
    """Output items of a stream: which were begun, what was told of them."""

    def __init__(self):
        self.open, self.done, self.pieces = {}, {}, {}

    def output_item_added(self, data):
        index = data.get("output_index")
        if index != len(self.open) + len(self.done):
            yield f"item {index} out of turn"
        self.open[index] = data["item"].get("id")

    def output_item_done(self, data):
        index = data.get("output_index")
        if self.open.pop(index, None) != data["item"].get("id"):
            yield f"item {index} ends that was not begun, or under another id"
        self.done[index] = data["item"]

    def piece(self, kind, data):
        index = data.get("output_index")
        if index not in self.open or data.get("item_id") not in (None, self.open[index]):
            yield f"a delta of {kind} for an item that is not open"
        key = (kind, index, data.get("content_index"), data.get("summary_index"))
        if "delta" in data:
            self.pieces[key] = self.pieces.get(key, "") + data["delta"]
        elif self.pieces.get(key, "") not in (data.get(PIECES[kind]), "" if data.get(PIECES[kind]) == "{}" else None):
            yield f"{kind} is not what its deltas said"


def openai_responses(events):
    items, last, begun = _Items(), None, []
    for number, (_, data) in enumerate(events):
        if not isinstance(data, dict):
            yield f"an event that is no object: {data!r}"
            continue
        kind = data.get("type", "")
        if last:
            yield f"{kind} after {last['type']}"
        if data.get("sequence_number") != number:
            yield f"event {number} has the number {data.get('sequence_number')}"
        begun += [kind] if number < 2 else []
        name, _, end = kind.removeprefix("response.").rpartition(".")
        if kind in LAST:
            last = data
        elif name == "output_item":
            yield from getattr(items, f"output_item_{end}")(data)
        elif name in PIECES:
            yield from items.piece(name, data)
    if begun != ["response.created", "response.in_progress"]:
        yield f"begins with {begun}"
    if not last:
        yield "no end"
        return
    response = last["response"]
    if response.get("status") != LAST[last["type"]]:
        yield f"{last['type']} with the status {response.get('status')}"
    if items.open:
        yield "items that do not end"
    if response.get("output") != [items.done[i] for i in sorted(items.done)]:
        yield "the response's output is not what the items were"
    if last["type"] == "response.completed":
        yield from _bad_arguments(item["arguments"] for item in response["output"]
                                  if item["type"] == "function_call")
