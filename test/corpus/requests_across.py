"""What a request means, in no wire language, so that two in different languages can be compared.

Read straight from the wire, by the vendors' API references. What must survive a crossing is in
Meaning; all else must be said to have been dropped. White space does not count: Anthropic refuses
texts of nothing else, and some at the end of the last turn. A system message that comes late is the
user's words, as most of Anthropic's models have it.
"""

import hashlib
import json
import re
from dataclasses import dataclass, field

# How Anthropic is asked for any JSON at all, without white space.
JSON_SENTENCE = "AnswerwithonevalidJSONobjectandnothingelse:notextaroundit,nocodefence."


@dataclass
class Meaning:
    system: str = ""
    user: str = ""
    assistant: str = ""
    calls: list = field(default_factory=list)  # (id, name, arguments)
    results: list = field(default_factory=list)  # (id, text)
    media: list = field(default_factory=list)  # (kind, digest of what it is or where)
    thinking: list = field(default_factory=list)
    tools: dict = field(default_factory=dict)  # name: (description, names in its schema)
    own_tools: int = 0  # of the provider's own
    choice: object = None
    one_at_a_time: bool = False
    schema: object = None  # of the answer: names in it, or True for any JSON
    stop: list = field(default_factory=list)
    numbers: dict = field(default_factory=dict)


def _bare(text):
    return "".join((text or "").split())


def _digest(text):
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _names(schema):
    """The properties a JSON schema speaks of, wherever: dialects of it differ, these do not."""
    if isinstance(schema, list):
        return sorted({name for s in schema for name in _names(s)})
    if not isinstance(schema, dict):
        return []
    found = set()
    for key, value in schema.items():
        if key == "properties" and isinstance(value, dict):
            found |= set(value)
            found |= set(_names(list(value.values())))
        elif key not in ("enum", "const", "default", "examples"):
            found |= set(_names(value))
    return sorted(found)


def _json(text):
    try:
        return json.loads(text) if isinstance(text, str) else text
    except ValueError:
        return text


def _arguments(text):
    """As an object: what is none is told in one."""
    value = {} if text in ("", "null", None) else _json(text)
    return value if isinstance(value, dict) else {"input": value}


def _url(url):
    """A data URL is its data; another is itself."""
    head, comma, data = url.partition(";base64,")
    return _digest(data if comma and head.startswith("data:") else url)


def _numbers(body, names):
    return {new: body[old] for old, new in names.items() if body.get(old) is not None}


# ---- OpenAI ----

def _openai_part(m, who, part):
    kind = part.get("type", "text")
    if kind in ("text", "input_text"):
        setattr(m, who, getattr(m, who) + _bare(part["text"]))
    elif kind == "refusal":
        setattr(m, who, getattr(m, who) + _bare(part["refusal"]))
    elif kind == "image_url":
        image = part["image_url"]
        m.media.append(("image", _url(image if isinstance(image, str) else image["url"])))
    elif kind == "input_audio":
        m.media.append(("audio", _digest(part["input_audio"]["data"])))
    elif kind == "file":
        file = part["file"]
        m.media.append(("file", _url(file.get("file_data") or file.get("file_id") or "")))
    else:
        m.media.append((kind, ""))


def _parts(content):
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    return [{"type": "text", "text": p} if isinstance(p, str) else p for p in content or []]


def _openai_result(m, message):
    before = m.user
    m.user = ""
    for part in _parts(message.get("content")):
        _openai_part(m, "user", part)
    m.results.append((message.get("tool_call_id"), m.user))
    m.user = before


def _openai_message(m, message, late):
    role = {"developer": "system"}.get(message["role"], message["role"])
    if role == "system" and late:
        role = "user"
    if role in ("tool", "function"):
        _openai_result(m, message)
        return
    for block in message.get("thinking_blocks") or []:
        m.thinking.append(block.get("thinking") or block.get("data"))
    for part in _parts(message.get("content")):
        _openai_part(m, role, part)
    m.assistant += _bare(message.get("refusal")) if role == "assistant" else ""
    for call in message.get("tool_calls") or []:
        if "custom" in call:
            m.calls.append((call["id"], call["custom"]["name"], {"input": call["custom"]["input"]}))
        else:
            f = call["function"]
            m.calls.append((call["id"], f["name"], _arguments(f.get("arguments"))))
    if message.get("function_call"):
        f = message["function_call"]
        m.calls.append((None, f["name"], _arguments(f.get("arguments"))))


def _openai_choice(choice):
    if not isinstance(choice, dict):
        return choice
    of = choice.get("function") or choice.get("custom") or choice
    return ("named", of["name"]) if "name" in of else choice.get("type")


def openai_chat(body):
    m = Meaning()
    late = False
    for message in body["messages"]:
        late = late or message["role"] not in ("system", "developer")
        _openai_message(m, message, late)
    m.own_tools += "web_search_options" in body
    for tool in [*(body.get("tools") or []), *(body.get("functions") or [])]:
        f = tool.get("function") or tool.get("custom") or tool
        if "name" in f:
            schema = f.get("parameters")
            m.tools[f["name"]] = (f.get("description") or "",
                                  ["input"] if "custom" in tool else _names(schema))
        else:
            m.own_tools += 1
    m.choice = _openai_choice(body.get("tool_choice") or body.get("function_call"))
    m.one_at_a_time = body.get("parallel_tool_calls") is False
    answer = body.get("response_format") or {}
    if answer.get("type") == "json_schema":
        m.schema = _names(answer["json_schema"].get("schema"))
    elif answer.get("type") == "json_object":
        m.schema = True
    stop = body.get("stop") or []
    m.stop = [stop] if isinstance(stop, str) else stop
    m.numbers = _numbers(body, {"max_tokens": "max_tokens", "max_completion_tokens": "max_tokens",
                                "temperature": "temperature", "top_p": "top_p"})
    return m


# ---- Anthropic ----

def _source(source):
    if source["type"] == "content":
        return _digest(json.dumps(source["content"]))
    return _digest(source.get("data") or source.get("url") or source.get("file_id") or "")


def _anthropic_part(m, who, part):
    kind = part["type"]
    if kind == "text":
        setattr(m, who, getattr(m, who) + _bare(part["text"]))
    elif kind == "image":
        m.media.append(("image", _source(part["source"])))
    elif kind == "document" and part["source"]["type"] == "text":
        text = (part.get("title") or "") + (part.get("context") or "") + part["source"]["data"]
        setattr(m, who, getattr(m, who) + _bare(text))
    elif kind == "document":
        m.media.append(("file", _source(part["source"])))
    elif kind in ("thinking", "redacted_thinking"):
        m.thinking.append(part.get("thinking") or part.get("data"))
    elif kind == "tool_use":
        m.calls.append((part["id"], part["name"], part.get("input") or {}))
    elif kind == "tool_result":
        before = m.user
        m.user = ""
        for inner in _parts(part.get("content")):
            _anthropic_part(m, "user", inner)
        m.results.append((part["tool_use_id"], m.user))
        m.user = before
    else:
        m.media.append((kind, ""))


def _anthropic_choice(choice):
    if not choice:
        return None
    if choice["type"] == "tool":
        return ("named", choice["name"])
    return {"any": "required"}.get(choice["type"], choice["type"])


def anthropic(body):
    m = Meaning()
    for part in _parts(body.get("system")):
        m.system += _bare(part.get("text"))
    late = False
    for message in body["messages"]:
        late = late or message["role"] != "system"
        who = "user" if late and message["role"] == "system" else message["role"]
        for part in _parts(message.get("content")):
            _anthropic_part(m, who, part)
    for tool in body.get("tools") or []:
        if tool.get("type") in (None, "custom"):
            m.tools[tool["name"]] = (tool.get("description") or "", _names(tool["input_schema"]))
        else:
            m.own_tools += 1
    m.choice = _anthropic_choice(body.get("tool_choice"))
    m.one_at_a_time = bool((body.get("tool_choice") or {}).get("disable_parallel_tool_use"))
    answer = (body.get("output_config") or {}).get("format") or body.get("output_format") or {}
    if answer:
        m.schema = _names(answer.get("schema"))
    elif JSON_SENTENCE in m.system:
        m.schema = True
    m.stop = body.get("stop_sequences") or []
    m.numbers = _numbers(body, {n: n for n in ("max_tokens", "temperature", "top_p")})
    return m


READERS = {"openai_chat": openai_chat, "anthropic": anthropic}


# ---- What a crossing may add, and take where it says so ----

# Sentences of ours, without white space, around what has to move.
SENTENCES = re.compile(
    r"\(Thenexttextisasystemmessage,nottheuser'swords\.\)|Attachedtotheresultoftoolcall[\w-]+:|"
    r"Theresultisattachedtothenextmessage\.|" + re.escape(JSON_SENTENCE))


def _plain_id(id_):
    """Anthropic takes letters, digits, - and _."""
    return id_ and re.sub(r"[^a-zA-Z0-9_-]", "_", id_)


def _comparable(m):
    """Without our sentences, and without a choice that says nothing: `auto`, or among no tools."""
    for name in ("system", "user", "assistant"):
        setattr(m, name, SENTENCES.sub("", getattr(m, name)))
    m.calls = [(_plain_id(id_), name, arguments) for id_, name, arguments in m.calls]
    m.results = [(_plain_id(id_), SENTENCES.sub("", text)) for id_, text in m.results]
    if m.choice == "auto" or not (m.tools or m.own_tools):
        m.choice = None
    return m


def _without_needs(got, wanted):
    """Without what the target must have, asked for or not: Anthropic wants a limit, and a tool
    where calls are in the history."""
    if "max_tokens" not in wanted.numbers:
        got.numbers.pop("max_tokens", None)
    if not wanted.tools:
        got.tools.pop("dummy_tool", None)
    return got


# What of Meaning a dropped member (its path's first word) may take with it.
TAKES = {
    "messages": ("user", "assistant", "media", "results", "calls", "thinking"),
    "thinking": ("thinking",), "tools": ("tools", "own_tools", "choice"),
    "tool_choice": ("choice",), "parallel_tool_calls": ("one_at_a_time",),
    "response_format": ("schema",), "stop": ("stop",), "temperature": ("numbers",),
    "top_p": ("numbers",), "max_tokens": ("numbers",),
}


def _short(value):
    text = repr(value)
    return text if len(text) <= 110 else text[:50] + "..." + text[-57:]


def differences(wanted, got, dropped):
    """One line for each thing of a request that got lost without a word."""
    excused = {name for loss in dropped
               for name in TAKES.get(loss["what"].split("[")[0].split(".")[0], ())}
    found = []
    wanted, got = _comparable(wanted), _comparable(_without_needs(got, wanted))
    for name in Meaning.__dataclass_fields__:
        w, g = getattr(wanted, name), getattr(got, name)
        if w != g and name not in excused:
            found.append(f"{name}: {_short(w)} became {_short(g)}")
    return found


# ---- What Meaning has no word for ----

# Members that Meaning holds.
HELD = {
    "openai_chat": {
        "model", "messages", "tools", "functions", "tool_choice", "function_call",
        "parallel_tool_calls", "response_format", "stop", "max_tokens", "max_completion_tokens",
        "temperature", "top_p", "stream", "stream_options", "web_search_options",
    },
    "anthropic": {
        "model", "messages", "system", "tools", "tool_choice", "output_config", "output_format",
        "stop_sequences", "max_tokens", "temperature", "top_p", "stream",
    },
}
# Members that go by another name.
ALIASES = {
    "openai_chat": {"reasoning_effort": "thinking", "user": "metadata",
                    "safety_identifier": "metadata"},
    "anthropic": {"thinking": "reasoning_effort", "metadata": "user"},
}
# Values that ask for nothing.
NOTHING = (None, False, [], {}, "", 0, 1, ["text"], "none", {"type": "disabled"})


def unsaid(source, request, body, dropped):
    """Members of a request that are neither held, nor passed on, nor said to be dropped."""
    said = {loss["what"].split("[")[0].split(".")[0] for loss in dropped}
    if "reasoning_effort" in said:  # what thinking became, dropped for a model that does not reason
        said |= {"thinking", "output_config"}
    for name, value in request.items():
        if name in HELD[source] or name in said or value in NOTHING:
            continue
        if ALIASES[source].get(name, name) not in body:
            yield f"{name}: {_short(value)} was dropped without a word"
    marks = json.dumps(request).count('"cache_control": {')
    if marks and '"cache_control"' not in json.dumps(body) and not said & {"cache_control",
                                                                           "messages", "tools"}:
        yield f"{marks} cache marks were dropped without a word"
