"""Recorded replies that both sides are fed: a fixed choice out of the corpus."""

import gzip
import json
import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "corpus"))
import records  # noqa: E402
from calls import Call  # noqa: E402

# Folder of the corpus: who answers so.
TARGETS = {
    "openai": "openai/gpt-4o",
    "anthropic": "anthropic/claude-sonnet-4-5",
    "gemini": "gemini/gemini-2.5-flash",
    "bedrock": "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
    "cohere": "cohere/command-a-03-2025",
    "ollama": "ollama_chat/llama3.1",
    "openai/responses": "openai/responses/gpt-4.1",
    "openai/text": "text-completion-openai/gpt-3.5-turbo-instruct",
    "vertex_ai": "vertex_ai/gemini-2.5-flash",
    "vertex_ai/messages": "vertex_ai/claude-sonnet-4-5@20250929",
    "azure": "azure/gpt-4o",
    "mistral": "mistral/mistral-large-latest",
    "groq": "groq/openai/gpt-oss-120b",
    "deepseek": "deepseek/deepseek-v4-flash",
    "openrouter": "openrouter/openai/gpt-4o",
    "huggingface": "huggingface/meta-llama/Llama-3.3-70B-Instruct",
    "xai": "xai/grok-4",
    "cerebras": "cerebras/gpt-oss-120b",
    "dashscope": "dashscope/qwen-plus",
    "zai": "zai/glm-4.6",
}
# Who else answers with errors. Of a service that LiteLLM does not know, the row of any server of
# OpenAI's language.
ANY = "hosted_vllm/llama-3"
ERRORS = {**TARGETS, "replicate": "replicate/meta/meta-llama-3-8b-instruct", "doubleword": ANY,
          "llamacpp": ANY, "venice": ANY, "other": ANY}
CHAT = ("chat.completions", "openai_chat")  # what providers speak of which nothing else is said
# Of those that are sent no requests here: LiteLLM asks the hub for each model's page first.
VARIABLES = {"HUGGINGFACE_API_KEY": "hf-parity", "REPLICATE_API_KEY": "r8-parity"}
EACH = 30  # of replies, and of streams; of errors, all that are not the same
TOOL = [{"type": "function", "function": {"name": "a", "parameters": {"type": "object"}}}]


def wire(record):
    """Head and body. Events that were kept without their framing get it back."""
    headers = {"content-type": record.content_type or "application/json"} | record.said
    if record.framing != "ndjson" or record.language == "ollama_chat":
        return headers, record.wire
    headers["content-type"] = "text/event-stream"
    body = b"".join((f"event: {e['type']}\n" if "type" in e else "").encode() +
                    b"data: " + json.dumps(e).encode() + b"\n\n"
                    for e in records.events_of(record.body, record.framing))
    return headers, body + (b"data: [DONE]\n\n" if record.language == "openai_chat" else b"")


def asked(operation, body, stream):
    """A request that such a reply may answer."""
    tools = b"tool" in body or b"function" in body
    hello = [{"role": "user", "content": "Hello"}]
    if operation == "text":
        return {"prompt": "Hello", "stream": stream}
    if operation == "responses":
        return {"input": "Hello", "stream": stream, **({"tools": [
            {"type": "function", "name": "a", "parameters": {"type": "object"}}]} if tools else {})}
    if operation == "messages":
        return {"messages": hello, "max_tokens": 1024, "stream": stream, **({"tools": [
            {"name": "a", "input_schema": {"type": "object"}}]} if tools else {})}
    return {"messages": hello, "stream": stream, **({"tools": TOOL} if tools else {}),
            **({"stream_options": {"include_usage": True}} if stream else {})}


def call(target, record, operation="chat"):
    headers, body = wire(record)
    kind = "error" if record.status >= 400 else "stream" if record.is_stream else "reply"
    return Call(kind, {"model": target}, record.name, asked(operation, body, record.is_stream),
                operation, (record.status, headers, body))


def spread(items, n):
    """n of them, from all over the list."""
    step = max(1, len(items) // n)
    return items[::step][:n]


def errors():
    """Every error that a provider was recorded to answer with, at whatever address of its."""
    seen = set()
    for provider, target in ERRORS.items():
        if "/" in provider:  # the same file, and the same service
            continue
        with gzip.open(records.FOLDER / f"{provider}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                found = records.Record(provider, line)
                kind = (provider, found.status, re.sub(r"[0-9a-f]{6,}|[0-9]+", "", found.body))
                if found.status >= 400 and kind not in seen:
                    seen.add(kind)
                    yield call(target, found)


def successes(targets, each, operation="chat"):
    """Some of what each answered, whole and as streams."""
    for provider, target in targets.items():
        records.PROVIDERS.setdefault(provider, CHAT)
        intact = [r for r in records.load(provider)
                  if r.status < 400 and records.damage(r) is None
                  and not (r.framing == "ndjson" and r.language == "bedrock_converse")]
        for kind in (lambda r: not r.is_stream, lambda r: r.is_stream):
            for r in spread([r for r in intact if kind(r)], each):
                yield call(target, r, operation)


def chosen():
    if not records.FOLDER.exists():
        print("the recorded traffic is not there: no replies are compared")
        return
    yield from successes(TARGETS, EACH)
    yield from errors()
