"""Reads chat completions, whole or as chunks, straight from the wire: the provider's, or ours.

Written from OpenAI's API reference and from LiteLLM's additions to it, and from nothing in src/.
"""

import re

import records
from reply import Call, Reply


# What servers say for a word of OpenAI's: TGI, Together, vLLM with DeepSeek's templates, Mistral.
FINISH = {"eos": "stop", "eos_token": "stop", "stop_sequence": "stop", "tool_call": "tool_calls",
          "tool_use": "tool_calls", "model_length": "length", "max_tokens": "length",
          "function_call_filter": "content_filter", "malformed_function_call": "stop"}


def _arguments(text):
    """Nothing is no arguments, as is written by models that were cut off; nor is null, which tools
    without parameters are called with."""
    if not isinstance(text, str):
        return {} if text is None else text
    value = records.parse(text)
    if value is None:
        return {} if text.strip() in ("null", "") else text
    return value


def _group(usage, *names):
    return next((usage[n] for n in names if isinstance(usage.get(n), dict)), {})


def _usage(u):
    """Counts as OpenAI counts: xAI leaves reasoning out of the completion, and has it in the total;
    Mistral, Moonshot and DeepSeek tell what a cache gave by names of their own."""
    if not isinstance(u, dict):
        return None
    prompt = _group(u, "prompt_tokens_details", "prompt_token_details")
    completion = _group(u, "completion_tokens_details")
    written = prompt.get("cache_creation_tokens")
    if written is None:
        written = prompt.get("cache_write_tokens")
    cached = next((n for n in (prompt.get("cached_tokens"), u.get("cached_tokens"),
                               u.get("num_cached_tokens"), u.get("prompt_cache_hit_tokens")) if n), 0)
    counts = {"prompt": u.get("prompt_tokens") or 0, "completion": u.get("completion_tokens") or 0,
              "total": u.get("total_tokens") or 0, "cached": cached,
              "written": written or 0, "reasoning": completion.get("reasoning_tokens") or 0}
    if 0 < counts["cached"] <= counts["prompt"]:  # OpenRouter says the same tokens twice for Gemini
        counts["written"] = min(counts["written"], counts["prompt"] - counts["cached"])
    if counts["reasoning"] and counts["total"] == (counts["prompt"] + counts["completion"]
                                                   + counts["reasoning"]):
        counts["completion"] += counts["reasoning"]
    return counts


def _told(body):
    """Usage; Groq's streams had it in a member of their own (2024), Moonshot's in a choice."""
    own = (body.get("x_groq") or {}).get("usage")
    of_choice = next((c["usage"] for c in body.get("choices") or [] if c.get("usage")), None)
    return body.get("usage") or own or of_choice


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
    if message.get("thinking_blocks"):
        return
    for detail in message.get("reasoning_details") or []:  # OpenRouter's
        if detail.get("type") == "reasoning.encrypted":
            yield ("redacted", detail["data"])
        elif detail.get("type") == "reasoning.text":
            yield ("thinking", detail.get("text") or "", detail.get("signature") or "")
        elif detail.get("type") == "reasoning.summary":
            yield ("thinking", detail.get("summary") or "", "")


def _content(choice, content):
    """Mistral's is a list where it thinks: parts of text, and of thinking."""
    if isinstance(content, str) or not content:
        choice.text += content or ""
        return
    for part in content:
        if part.get("type") == "thinking":
            choice.reasoning += "".join(p.get("text") or "" for p in part["thinking"])
        else:
            choice.text += part.get("text") or ""


def _untag(choice, tags=("think", "reasoning")):
    """What a model thought between tags, before its answer."""
    if choice.reasoning:
        return
    for tag in tags:  # in a stream, every piece has its own
        while choice.text.lstrip().startswith(f"<{tag}>") and f"</{tag}>" in choice.text:
            thought, _, choice.text = choice.text.lstrip().partition(f"</{tag}>")
            choice.reasoning += thought[len(tag) + 2:]


def _say(choice, message):
    """What a message, or a delta, adds to a choice; calls aside."""
    _content(choice, message.get("content"))
    choice.refusal += message.get("refusal") or ""
    choice.spoken += (message.get("audio") or {}).get("transcript") or ""
    choice.reasoning += (message.get("reasoning_content") or message.get("reasoning") or
                         "".join(d.get("text") or "" for d in message.get("reasoning_details") or []))
    specific = message.get("provider_specific_fields") or {}
    choice.own += specific.get("content_blocks") or []
    for several in specific.get("citations") or []:
        # What text they support is LiteLLM's word, and of whole replies only: cases pin it.
        choice.citations += [{k: v for k, v in c.items() if k != "supported_text"} for c in several]
    choice.citations += [specific["citation"]] if "citation" in specific else []
    choice.citations += message.get("annotations") or []


def _sources(reply, body, places=False):
    """Perplexity's and xAI's lists beside the answer, where it has no annotations of its own. A
    whole answer cites them by number: "[2]" is the second."""
    found = body.get("search_results") or body.get("citations") or []
    titled = {f["url"]: f for f in body.get("search_results") or []}
    urls = [u for u in body.get("citations") or [] if isinstance(u, str)]
    if places and urls:
        found = [titled.get(u, u) for u in urls]
    named = [{"url": f} if isinstance(f, str) else {k: f[k] for k in ("url", "title") if k in f}
             for f in found]
    for choice in reply.choices.values():
        if not choice.text or choice.citations:
            continue
        marks = list(re.finditer(r"\[(\d{1,3})\]", choice.text)) if places else []
        marks = [m for m in marks if 0 < int(m[1]) <= len(named)]
        cited = {int(m[1]) - 1 for m in marks}
        choice.citations = [
            {"type": "url_citation", "url_citation": {
                **named[int(m[1]) - 1], "start_index": m.start(), "end_index": m.end()}}
            for m in marks] + [{"type": "url_citation", "url_citation": n}
                               for i, n in enumerate(named) if i not in cited]


def _logprobs(choice, said):
    for kind in ("content", "refusal") if isinstance(said, dict) else ():  # Qwen says 0.0
        choice.logprobs += [(kind, t["token"], t["logprob"]) for t in said.get(kind) or []]


def _finish(choice):
    """OpenAI's first vision model had a member of its own for it."""
    said = choice.get("finish_reason") or (choice.get("finish_details") or {}).get("type")
    return FINISH.get(said, said) or None


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
                Call(call["id"], f["name"], f["input"], "custom") if "function" not in call else
                Call(call.get("id") or "", f["name"], _arguments(f.get("arguments"))))
        f = message.get("function_call") or {}
        if f.get("name"):  # Snowflake has an empty one in every reply
            choice.calls.append(Call("", f["name"], _arguments(f["arguments"]), "legacy"))
        _untag(choice)
    _sources(reply, body, places=True)
    return reply


class _Stream:
    def __init__(self):
        self.reply = Reply()
        self.calls = {}  # (choice, index): [id, name, pieces, form]
        self.last = {}  # chunk that says why it finished
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
        reply.usage = _usage(_told(chunk)) or reply.usage
        reply.error = reply.error or _error(chunk)
        for c in chunk.get("choices") or []:
            index, delta = c.get("index") or 0, c.get("delta") or {}
            choice = reply.choice(index)
            _say(choice, delta)
            for block in choice.own:  # its place in the list, for clients who put it together
                block.pop("index", None)
            _logprobs(choice, c.get("logprobs"))
            choice.finish = _finish(c) or choice.finish
            self.last = chunk if _finish(c) else self.last
            self._think(index, delta)
            for place, call in enumerate(delta.get("tool_calls") or []):
                self._call((index, call.get("index", place)), call,
                           "custom" if "custom" in call else "function")
            if delta.get("function_call"):
                self._call((index, -1), delta["function_call"], "legacy")

    def end(self):
        for (index, _), (id_, name, text, form) in sorted(self.calls.items()):
            arguments = text if form == "custom" else _arguments(text)
            self.reply.choice(index).calls.append(Call(id_, name, arguments, form))
        for index, thoughts in self.thoughts.items():
            self.reply.choice(index).thoughts = [tuple(t) for t in thoughts]
        for choice in self.reply.choices.values():
            _untag(choice, ("reasoning",))  # Bedrock's gpt-oss; elsewhere a stream's tags pass
        _sources(self.reply, self.last)
        return self.reply


def read_stream(events):
    stream = _Stream()
    for event in events:
        stream.add(event)
    return stream.end()
