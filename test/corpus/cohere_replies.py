"""Reads replies of Cohere's v2 chat, whole or as a stream's events, straight from the wire.

Nobody speaks this language to us, so what is read is what a client of OpenAI's language should be
told. Written from Cohere's OpenAPI document and from LiteLLM's annotations; from nothing in src/.
"""

import json

from reply import Call, Choice, Reply

FINISH = {"COMPLETE": "stop", "STOP_SEQUENCE": "stop_sequence", "MAX_TOKENS": "length",
          "TOOL_CALL": "tool_calls"}
PLAN = "cohere:tool_plan"  # what a plan is signed with, so that it goes back as one


def _usage(u):
    """What the model read and wrote; billed_units are for the bill."""
    if not u:
        return None
    tokens = u.get("tokens") or u["billed_units"]
    prompt, completion = tokens["input_tokens"], tokens["output_tokens"]
    return {"prompt": prompt, "completion": completion, "total": prompt + completion,
            "cached": u.get("cached_tokens") or 0, "written": 0,
            "reasoning": tokens.get("reasoning_tokens") or 0}


def _arguments(text):
    """null, or nothing, where the tool has no parameters."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return text
    return {} if value is None else value


def _annotations(citation):
    for source in citation.get("sources") or []:
        document = source.get("document") or {}
        yield {"type": "url_citation", "text": citation.get("text"), "source": source,
               "url_citation": {
                   "start_index": citation.get("start") or 0, "end_index": citation.get("end") or 0,
                   "url": source.get("url") or document.get("url") or f"source:{source.get('id')}",
                   "title": document.get("title") or ""}}


def _finish(reply, choice, end):
    choice.finish = FINISH.get(end.get("finish_reason"), "stop")
    reply.usage = _usage(end.get("usage"))
    reply.error = end.get("error")


def read_whole(body):
    reply, c, message = Reply(body.get("id")), Choice(), body["message"]
    for block in message.get("content") or []:
        if block["type"] == "thinking":
            c.thoughts.append(("thinking", block["thinking"], ""))
    if message.get("tool_plan"):
        c.thoughts.append(("thinking", message["tool_plan"], PLAN))
    c.text = "".join(b["text"] for b in message.get("content") or [] if b["type"] == "text")
    c.reasoning = "".join(t[1] for t in c.thoughts)
    if not any(t[2] for t in c.thoughts):
        c.thoughts = []  # none is signed: told as text only (in a stream that is known too late)
    for call in message.get("tool_calls") or []:
        f = call["function"]
        c.calls.append(Call(call["id"], f["name"], _arguments(f["arguments"])))
    for citation in message.get("citations") or []:
        c.citations += _annotations(citation)
    _finish(reply, c, body)
    reply.choices[0] = c
    return reply


class _Stream:
    def __init__(self):
        self.reply, self.choice = Reply(), Choice()
        self.thoughts, self.calls = [], []  # [text, signature], [id, name, pieces]

    def _think(self, text, signature):
        if not self.thoughts or self.thoughts[-1][1] != signature:
            self.thoughts.append(["", signature])
        self.thoughts[-1][0] += text

    def _content(self, content):
        self.choice.text += content.get("text") or ""
        if content.get("thinking"):
            self._think(content["thinking"], "")

    def add(self, event):
        kind = event.get("type")
        message = (event.get("delta") or {}).get("message") or {}
        if kind == "message-start":
            self.reply.id = event.get("id")
        elif kind in ("content-start", "content-delta"):
            self._content(message["content"])
        elif kind == "tool-plan-delta":
            self._think(message["tool_plan"], PLAN)
        elif kind == "tool-call-start":
            call = message["tool_calls"]
            self.calls.append([call["id"], call["function"]["name"],
                               call["function"].get("arguments") or ""])
        elif kind == "tool-call-delta":
            self.calls[-1][2] += message["tool_calls"]["function"]["arguments"]
        elif kind == "citation-start":
            self.choice.citations += _annotations(message["citations"])
        elif kind == "message-end":
            _finish(self.reply, self.choice, event["delta"])

    def end(self):
        c = self.choice
        c.thoughts = [("thinking", text, signature) for text, signature in self.thoughts]
        c.reasoning = "".join(text for text, _ in self.thoughts)
        c.calls = [Call(id_, name, _arguments(text)) for id_, name, text in self.calls]
        self.reply.choices[0] = c
        return self.reply


def read_stream(events):
    stream = _Stream()
    for event in events:
        stream.add(event)
    return stream.end()


def stranger(body):
    """Why a body is no reply of this language, or None."""
    if "generation_id" in body or "event_type" in body:
        return "of the older /v1/chat, which is not spoken"
    return None if isinstance(body.get("message"), dict) else "no reply: it has no message"


def ends_well(events):
    return any(e.get("type") == "message-end" for e in events)
