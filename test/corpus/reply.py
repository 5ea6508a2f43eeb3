"""What a reply says, in no wire language: what readers make of a body, and what is compared.

Usage is counted as OpenAI does: the prompt includes what a cache gave or took, the completion
includes reasoning.
"""

from dataclasses import dataclass, field, replace

USAGE = ("prompt", "completion", "cached", "written", "reasoning")


@dataclass
class Call:
    id: str
    name: str
    arguments: object  # parsed where it is JSON, else the text
    form: str = "function"  # or "custom", or "legacy" (no id)


@dataclass
class Choice:
    text: str = ""
    refusal: str = ""
    spoken: str = ""  # an audio's transcript
    made: str = ""  # media that the model made, as Markdown: for languages without a place for it
    made_first: bool = False  # it stands before the text
    reasoning: str = ""
    # ("thinking", text, signature), or ("redacted", data)
    thoughts: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    finish: str = None  # in the words of the language it was read from
    stop_sequence: str = None
    citations: list = field(default_factory=list)
    own: list = field(default_factory=list)  # blocks that only their provider understands
    logprobs: list = field(default_factory=list)


@dataclass
class Reply:
    id: str = None
    model: str = None
    choices: dict = field(default_factory=dict)
    usage: dict = None
    error: str = None  # in place of a reply, or in the middle of it

    def choice(self, index):
        return self.choices.setdefault(index, Choice())


def _openai_to_anthropic(reply, stream):
    """The first choice; what was refused or spoken is told as text."""
    c = reply.choices.get(0, Choice())
    finish = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use",
              "function_call": "tool_use", "content_filter": "refusal",
              "stop_sequence": "stop_sequence"}.get(c.finish, "end_turn")
    if finish == "end_turn" and c.calls:
        finish = "tool_use"  # OpenAI says "stop" where tool_choice named the function
    elif finish == "end_turn" and c.refusal:
        finish = "refusal"
    thoughts = c.thoughts or ([("thinking", c.reasoning, "")] if c.reasoning else [])
    said = c.text + c.refusal + c.spoken
    told = replace(c, text=c.made + said if c.made_first else said + c.made, refusal="", spoken="", thoughts=thoughts,
                   finish=finish, logprobs=[],
                   calls=[_as_tool_use(call, stream) for call in c.calls],
                   citations=[_as_web_result(a) for a in c.citations if "url" in a.get("url_citation", a)])
    # There is no total here; some providers' is more than the sum.
    usage = {k: v for k, v in (reply.usage or {}).items() if k != "total"} or None
    return replace(reply, id=_anthropic_id(reply.id), choices={0: told}, usage=usage)


def _as_tool_use(call, stream):
    """Input is an object: free text, and what is no object, is told in one; but in a stream, where
    it is known too late, pieces go as they come."""
    given = call.arguments
    if call.form != "custom":
        given = {} if given == "" else given
        if stream or isinstance(given, dict):
            return replace(call, arguments=given)
    return replace(call, arguments={"input": given})


def _as_web_result(annotation):
    found = annotation.get("url_citation") or annotation
    return {"type": "web_search_result_location", "cited_text": "", "encrypted_index": "",
            "title": found.get("title"), "url": found.get("url")}


def _anthropic_id(given):
    given = given or ""
    return given if given.startswith("msg_") else "msg_" + given.removeprefix("chatcmpl-")


def _anthropic_to_openai(reply):
    """One choice. The words are LiteLLM's (map_finish_reason)."""
    c = reply.choices.get(0, Choice())
    finish = {"max_tokens": "length", "model_context_window_exceeded": "length",
              "tool_use": "tool_calls", "refusal": "content_filter"}.get(c.finish, "stop")
    signed = any(t[0] == "redacted" or t[2] for t in c.thoughts)
    told = replace(c, finish=finish, stop_sequence=None, thoughts=c.thoughts if signed else [])
    return replace(reply, choices={0: told})


def unsigned(reply):
    """Thinking without a signature stands in reasoning_content; a block has nothing to add."""
    for choice in reply.choices.values():
        if not any(t[0] == "redacted" or t[2] for t in choice.thoughts):
            choice.thoughts = []
    return reply


def as_told(reply, source, target, stream):
    """What a client who speaks `target` should be told of a reply in the language `source`."""
    if source == "openai_chat" and target == "openai_chat":
        for c in reply.choices.values():
            c.finish = c.finish or "stop"  # forgotten by OpenRouter and Snowflake
            if c.finish == "stop" and any(call.form != "legacy" for call in c.calls):
                c.finish = "tool_calls"  # OpenAI says "stop" where tool_choice named the function
    told = _as_told(reply, source, target, stream)
    return unsigned(told) if target == "openai_chat" else told


def _as_told(reply, source, target, stream):
    if source == target:
        return reply
    if target == "anthropic" and source != "openai_chat":  # blocks of a third provider's own
        for choice in reply.choices.values():
            choice.own = []
    if target == "anthropic":
        return _openai_to_anthropic(reply, stream)
    if source == "openai_responses" and not stream:  # whole, the text says it all
        for c in reply.choices.values():
            c.thoughts = c.thoughts if any(t[2] for t in c.thoughts) else []
    if source != "anthropic":  # it was read as OpenAI's clients should be told it
        for c in reply.choices.values():
            if c.finish == "stop_sequence":  # but for this word, which Anthropic's have
                c.finish, c.stop_sequence = "stop", None
        return reply
    return _anthropic_to_openai(reply)


def _short(value):
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _differs(where, wanted, got):
    return [] if wanted == got else [f"{where}: {_short(wanted)} became {_short(got)}"]


def _call_differences(where, wanted, got):
    if len(wanted) != len(got):
        return _differs(where + ".calls", [c.name for c in wanted], [c.name for c in got])
    found = []
    for w, g in zip(wanted, got):
        if w.form != "legacy" and w.id:
            found += _differs(where + ".call.id", w.id, g.id)
        elif not g.id and g.form != "legacy":
            found.append(f"{where}.call: has no id")
        found += _differs(where + ".call.name", w.name, g.name)
        found += _differs(where + ".call.arguments", w.arguments, g.arguments)
    return found


def _usage_differences(wanted, got):
    if wanted is None:
        said = got and {k: v for k, v in got.items() if v}
        return [f"usage: nobody counted, but {_short(said)}"] if said else []
    if got is None:
        return ["usage: lost"]
    found = []
    for name in USAGE + ("total",):
        if name in wanted and name in got:
            found += _differs(f"usage.{name}", wanted[name], got[name])
    return found


def differences(wanted, got):
    """One line for each thing that is not as it should be; none when all is well."""
    if wanted.error is not None:
        return [] if got.error and wanted.error in got.error else [f"error lost: {got.error!r}"]
    if got.error is not None:
        return [f"became an error: {_short(got.error)}"]
    found = _differs("id", wanted.id, got.id) if wanted.id else []
    found += _differs("model", wanted.model, got.model) if wanted.model else []
    found += _differs("choices", sorted(wanted.choices), sorted(got.choices))
    for index in sorted(set(wanted.choices) & set(got.choices)):
        w, g = wanted.choices[index], got.choices[index]
        where = f"choice{index}" if len(wanted.choices) > 1 else "reply"
        for name in ("text", "refusal", "spoken", "reasoning", "thoughts", "finish",
                     "stop_sequence", "citations", "own", "logprobs"):
            found += _differs(f"{where}.{name}", getattr(w, name), getattr(g, name))
        found += _call_differences(where, w.calls, g.calls)
    return found + _usage_differences(wanted.usage, got.usage)
