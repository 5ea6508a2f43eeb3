"""The recorded interactions: which there are, what they are called, and whether they are intact.

A record that is not intact is no failure of ours, and is judged so by its own data alone: by what
was noted when it was collected (quality), and by what stands in its body.
"""

import base64
import copy
import gzip
import json
from pathlib import Path
from urllib.parse import unquote

import bedrock_replies
import bedrock_text_replies
import cohere_replies
import gemini_replies
import generation_replies
import ollama_replies
import replicate_replies
import responses_replies

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "corpus"

# File, and what tells apart several languages in it: (endpoint or endpoints, the wire language).
# "other" holds providers with few records; each says in itself whose it is.
CHAT = ("chat.completions", "openai_chat")
RESPONSES = ("responses", "openai_responses")
TEXT = ("completions_legacy", "openai_completions")
GEMINI = (("generateContent", "streamGenerateContent"), "gemini")
PROVIDERS = {
    **{name: CHAT for name in (
        "openai", "azure", "cerebras", "dashscope", "deepseek", "doubleword", "github_copilot",
        "groq", "huggingface", "llamacpp", "mistral", "openrouter", "other", "venice", "xai",
        "zai", "bedrock/chat", "cohere/chat", "gemini/chat", "ollama/chat")},
    **{f"{name}/responses": RESPONSES for name in (
        "azure", "bedrock", "deepseek", "github_copilot", "llamacpp", "openai", "openrouter",
        "other", "xai")},
    **{f"{name}/text": TEXT for name in ("azure", "huggingface", "mistral", "openai", "other")},
    **{name: ("messages", "anthropic") for name in (
        "anthropic", "azure/messages", "other/messages", "vertex_ai/messages")},
    **{name: GEMINI for name in ("gemini", "other/gemini", "vertex_ai")},
    "bedrock": (("converse", "converse-stream"), "bedrock_converse"),
    "other/converse": ("converse", "bedrock_converse"),
    "bedrock/invoke": (("invoke", "invoke-stream"), "by the model"),
    "cohere": ("cohere_chat", "cohere_chat"),
    "ollama": ("ollama_chat", "ollama_chat"),
    "other/writer": ("cohere_chat", "openai_chat"),  # named so for its path, /v1/chat
    "replicate": ("replicate_predictions", "replicate"),
    "huggingface/tgi": (("models", "unknown"), "tgi"),
    "other/tgi": ("invocations", "tgi"),
    "other/generation": ("unknown", "watsonx_text"),
}
# Nobody asks a provider of ours so.
ANSWERS_ONLY = ("bedrock/invoke", "other/writer", "replicate", "huggingface/tgi", "other/tgi",
                "other/generation", "bedrock/chat", "cohere/chat", "gemini/chat", "ollama/chat")
# Not among the program's providers: their replies are read as those of who made the language.
NO_ROWS = ("doubleword", "github_copilot", "llamacpp", "other", "chatgpt", "gateway_pydantic",
           "local_openai", "mistralrs", "openai_compatible_other", "writer")
OF_LANGUAGE = {"anthropic": "anthropic", "bedrock_converse": "bedrock", "gemini": "gemini"}
ROWS = {"venice": "veniceai", "watsonx/generation": "watsonx_text",  # by other names than ours
        "azure/messages": "azure_ai"}


# Named so for their paths: a list of usage, a chat with an agent, and a language of Writer's own.
NOT_TEXT = ("/organization/usage/", "/agents/completions", "api.writer.com")


# Headers of errors that say more than the body does.
TELLING = ("x-amzn-errortype", "retry-after")


class Record:
    """One line of the corpus, with names for what the checks ask of it."""

    def __init__(self, provider, line):
        data = json.loads(line)
        folder, _, kind = provider.partition("/")
        whose = data["provider"] if folder == "other" else folder
        self.provider = f"{whose}/{kind}" if kind else whose
        self.front = self.language = PROVIDERS[provider][1]
        self.row = ROWS.get(self.provider, whose)
        if whose in NO_ROWS:
            self.row = OF_LANGUAGE.get(self.language, "openai")
        self.endpoint = data["endpoint"]
        if provider.endswith("/text") and any(part in data["url"] for part in NOT_TEXT):
            self.endpoint = None
        if self.language in ("tgi", "watsonx_text") and not generation_replies.is_one(
                data["response_body"] or ""):
            self.endpoint = None  # another kind of model, or a list of them
        self.name = f"{data['source_repo']}:{data['path']}#{data['index']}"
        self.note = data.get("note") or ""
        self.status = data["status"]
        self.said = {k.lower(): v for k, v in (data["response_headers"] or {}).items()
                     if k.lower() in TELLING and isinstance(v, str)}
        self.framing = data["framing"]
        self.fidelity = data["fidelity"]
        self.quality = data["quality"]
        self.body = data["response_body"] or ""
        self.invoked = None  # the model that the address names
        if provider == "bedrock/invoke" and self.endpoint.startswith("invoke"):
            self.invoked = unquote(data["url"]).split("/model/")[-1].rsplit("/", 1)[0]
            self.language = bedrock_text_replies.language_of(self.invoked)
            if any(kind in self.invoked for kind in ("embed", "rerank", "inference-profile", "sagemaker")):
                self.endpoint = None  # vectors, ranks, and whose family the address does not tell
        self.frames = None  # of an AWS event stream, as they came
        if self.framing == "eventstream":
            self._understand_frames()
        self._understand_body()
        is_asked = data["request_body_encoding"] == "json" and provider not in ANSWERS_ONLY
        self.request = data["request_body"] if is_asked else None

    def _understand_frames(self):
        """Beside the bytes, its events one a line."""
        self.frames = base64.b64decode(self.body)
        events = list(bedrock_replies.frames(self.frames))
        if self.invoked:  # a chunk has the model's own event in base64
            events = [json.loads(base64.b64decode(e["chunk"]["bytes"])) if "chunk" in e else e
                      for e in events]
        metrics = events[-1].get("amazon-bedrock-invocationMetrics") if self.invoked else None
        if metrics and self.language == "openai_chat" and not any(e.get("usage") for e in events):
            usage = {"prompt_tokens": metrics["inputTokenCount"],
                     "completion_tokens": metrics["outputTokenCount"]}
            usage["total_tokens"] = sum(usage.values())
            events.append({"choices": [], "usage": usage})  # the service's count says it
        if self.invoked and self.language == "bedrock_converse":  # beside notes of the service's
            events = [dict([next(iter(e.items()))]) for e in events]
        self.body = "\n".join(json.dumps(e) for e in events)

    def _understand_body(self):
        """A list of events, as a test kept it, is one event a line. An address that answers in
        another language than its own (a gateway) says so in every object."""
        body = parse(self.body) if self.framing == "json" else None
        if self.language != "tgi" and isinstance(body, list) and body and all(isinstance(e, dict) for e in body):
            self.framing = "ndjson"
            self.body = "\n".join(json.dumps(e) for e in body)
        first = next(iter(events_of(self.body, self.framing)), None) if self.is_stream else body
        kind = first.get("object") if isinstance(first, dict) else None
        if kind in ("chat.completion", "chat.completion.chunk"):
            self.language = "openai_chat"
        elif isinstance(first, dict) and first.get("type") in ("message", "message_start"):
            self.language = "anthropic"

    def parts(self):
        """A recording of several streams, one after the other, is as many records."""
        if self.framing != "ndjson" or self.language not in ("anthropic", "openai_responses"):
            return [self]
        lines = self.body.strip().split("\n")
        ends = [i + 1 for i, line in enumerate(lines) if (parse(line) or {}).get("type") in
                ("message_stop", "response.completed")] or [len(lines)]
        ends[-1] = len(lines)
        parts = []
        for number, (start, end) in enumerate(zip([0] + ends, ends), 1):
            part = copy.copy(self)
            part.body = "\n".join(lines[start:end]) + "\n"
            if number > 1:  # what was asked for it is not in the recording
                part.name, part.request = f"{self.name} (reply {number})", None
            parts.append(part)
        return parts

    @property
    def is_stream(self):
        return self.framing in ("sse", "ndjson", "eventstream")

    @property
    def wire(self):
        """The bytes that the provider sent."""
        return self.body.encode("utf-8") if self.frames is None else self.frames

    @property
    def content_type(self):
        return {"sse": "text/event-stream", "ndjson": "application/x-ndjson",
                "eventstream": "application/vnd.amazon.eventstream"}.get(self.framing)

    @property
    def model(self):
        if self.invoked:
            known = bedrock_text_replies.language_of(self.invoked) == self.language
            return f"invoke/{self.invoked}" if known else "invoke/claude"
        asked = self.request.get("model") if self.request else None
        return asked if isinstance(asked, str) and asked else None


def load(provider):
    wanted = PROVIDERS[provider][0]
    endpoints = (wanted,) if isinstance(wanted, str) else wanted
    with gzip.open(FOLDER / f"{provider.split('/')[0]}.jsonl.gz", "rt", encoding="utf-8") as lines:
        records = [Record(provider, line) for line in lines]
    return [part for r in records if r.endpoint in endpoints for part in r.parts()]


def parse(text):
    """JSON, or None. Constants that JSON does not have are refused as JSON refuses them."""
    def refuse(word):
        raise ValueError(word)
    try:
        return json.loads(text, parse_constant=refuse)
    except ValueError:
        return None


def sse_events(text):
    """The data of each event of an event stream, by the rules of the HTML standard."""
    data, events = [], []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n") + [""]:
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            events.append("\n".join(data))
            data = []
    return events


def events_of(text, framing):
    """The events of a stream, parsed; without OpenAI's end mark. None stands for one that is not
    JSON."""
    lines = sse_events(text) if framing == "sse" else text.split("\n")
    return [parse(line) for line in lines if line.strip() and line.strip() != "[DONE]"]


ENDS = {"gemini": gemini_replies, "bedrock_converse": bedrock_replies, "tgi": generation_replies,
        "openai_responses": responses_replies, "cohere_chat": cohere_replies,
        "ollama_chat": ollama_replies, "watsonx_text": generation_replies}


def ends_well(language, events):
    """Whether a stream says that its answer is complete, or why there is none."""
    if any(isinstance(e, dict) and e.get("error") for e in events):
        return True
    if language.startswith("bedrock_") and language not in ENDS:
        return bedrock_text_replies.ends_well(events)
    if language in ENDS:
        return ENDS[language].ends_well(events)
    if language == "anthropic":
        return any(e.get("type") == "message_stop" or
                   (e.get("delta") or {}).get("stop_reason") for e in events)
    return any(c.get("finish_reason") for e in events for c in e.get("choices") or [])


def ends_with_mark(record):
    """OpenAI's mark of the end: Snowflake says no reason before it."""
    return record.framing == "sse" and sse_events(record.body)[-1].strip() == "[DONE]"


def is_complete(record):
    """Whether there is an end to it, whatever it is."""
    if not record.is_stream:
        return parse(record.body) is not None
    events = events_of(record.body, record.framing)
    return all(isinstance(e, dict) for e in events) and (
        ends_with_mark(record) or ends_well(record.language, events))


# Reasons for which a record is no reply of a provider's, and yet looks like one.
ODD = ("rewritten by whoever kept it", "spliced: two streams")


def spliced(events):
    """Two ids of many chunks each, one after the other."""
    ids = [e["id"] for e in events if isinstance(e.get("id"), str)]
    runs = [i for i in range(1, len(ids)) if ids[i] != ids[i - 1]]
    return len(runs) == 1 and min(runs[0], len(ids) - runs[0]) >= 5


# Who says why a body is no reply; and what it lacks where it is none.
STRANGERS = {"cohere_chat": cohere_replies, "ollama_chat": ollama_replies,
             "replicate": replicate_replies, "tgi": generation_replies,
             "watsonx_text": generation_replies}
REPLIES = {"gemini": (gemini_replies, "candidates"), "bedrock_converse": (bedrock_replies, "message"),
           "openai_responses": (responses_replies, "output yet")}


def damage(record):
    """Why a successful reply cannot be expected to pass, or None: it is intact."""
    if not record.body.strip():
        return "empty body"
    if record.quality.get("json_bad") or record.quality.get("sse_bad_json"):
        return "not JSON (noted when it was collected)"
    if not record.is_stream:
        body = parse(record.body)
        if body is None:
            return "not JSON"
        if not isinstance(body, dict) and record.language != "tgi":
            return "not a JSON object"
        if isinstance(body, dict) and isinstance(body.get("error"), str) and body.get(
                "name") == "Error":
            return "an exception of the recorder's SDK, no reply"
        if record.language in STRANGERS:
            return STRANGERS[record.language].stranger(body)
        if record.language in REPLIES:
            module, lacks = REPLIES[record.language]
            return None if module.is_reply(body) else f"no reply: it has no {lacks}"
        if record.language.startswith("bedrock_"):
            return None if bedrock_text_replies.is_reply(body) else "no reply: it has no text"
        member = "content" if record.language == "anthropic" else "choices"
        if not isinstance(body.get(member), list):
            return f"no reply: it has no list of {member}"
        if record.language == "openai_chat" and any("finishReason" in c for c in body[member]):
            return "rewritten by whoever kept it: members have other names"
        if record.language == "openai_chat" and not all(
                c.get("message") or c.get("finish_reason") for c in body[member]):
            return "no reply: a choice has neither message nor finish_reason"
        return None
    events = events_of(record.body, record.framing)
    if not events:
        return "a stream without events"
    if not all(isinstance(e, dict) for e in events):
        return "events that are not JSON objects"
    if record.language == "cohere_chat" and cohere_replies.stranger({"message": {}, **events[0]}):
        return cohere_replies.stranger(events[0])
    if not ends_well(record.language, events) and not ends_with_mark(record):
        return "cut short: no finish reason and no end mark"
    if record.language == "openai_chat" and spliced(events):
        return "spliced: two streams, one after the other"
    kinds = [e.get("type") for e in events]
    first = kinds.index("content_block_start") if "content_block_start" in kinds else len(kinds)
    if "message_start" in kinds[first:]:
        return "spliced: a second message starts before the first has ended"
    return None
