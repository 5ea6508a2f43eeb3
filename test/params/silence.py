"""Nothing is dropped in silence: a member that nobody knows, in each object of a request in turn, is
in the body that is sent, or is listed as dropped.

silence.py LLMUX

Requests of the four clients' languages to each language of providers; prints TAP, a line for each pair.
What a schema, arguments of calls and metadata hold is the client's own, and not looked into.
"""

import copy
import json
import os
import subprocess
import sys

PICTURE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
IMAGE, PDF = f"data:image/png;base64,{PICTURE}", "data:application/pdf;base64,JVBERi0xLjQK"
SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}}
STRICT = {**SCHEMA, "required": ["q"], "additionalProperties": False}
OPENAI_CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
REQUESTS = [
    ("openai_chat", {"model": "m", "messages": [
        {"role": "system", "content": "s"},
        {"role": "developer", "content": [{"type": "text", "text": "d"}]},
        {"role": "user", "content": [
            {"type": "text", "text": "a"}, {"type": "image_url", "image_url": {"url": IMAGE}},
            {"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}}]},
        {"role": "assistant", "content": "b", "tool_calls": [OPENAI_CALL]},
        {"role": "tool", "tool_call_id": "c1", "content": "r"}, {"role": "user", "content": "go"}],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}],
        "tool_choice": {"type": "function", "function": {"name": "f"}},
        "stream": True, "stream_options": {"include_usage": True}}),
    ("openai_chat", {"model": "m", "messages": [{"role": "user", "content": "x"}],
                     "response_format": {"type": "json_schema", "json_schema": {
                         "name": "n", "schema": STRICT, "strict": True}}}),
    ("anthropic", {"model": "m", "max_tokens": 2000, "system": [{"type": "text", "text": "s"}],
                   "messages": [
        {"role": "user", "content": [
            {"type": "text", "text": "a"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png",
                                         "data": PICTURE}},
            {"type": "document", "title": "t", "source": {
                "type": "base64", "media_type": "application/pdf", "data": "JVBERi0xLjQK"}}]},
        {"role": "assistant", "content": [
            {"type": "thinking", "thinking": "hm", "signature": "sig"},
            {"type": "text", "text": "b"}, {"type": "tool_use", "id": "c1", "name": "f", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "c1", "content": [{"type": "text", "text": "r"}]},
            {"type": "text", "text": "go"}]}],
        "tools": [{"name": "f", "input_schema": SCHEMA}], "tool_choice": {"type": "auto"},
        "thinking": {"type": "enabled", "budget_tokens": 1024}}),
    ("openai_responses", {"model": "m", "instructions": "s", "input": [
        {"type": "message", "role": "user", "content": [
            {"type": "input_text", "text": "a"}, {"type": "input_image", "image_url": IMAGE}]},
        {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "r"},
        {"role": "user", "content": "go"}],
        "tools": [{"type": "function", "name": "f", "parameters": SCHEMA, "strict": False}],
        "tool_choice": {"type": "function", "name": "f"}, "text": {"format": {"type": "text"}}}),
    ("gemini", {"systemInstruction": {"parts": [{"text": "s"}]}, "contents": [
        {"role": "user", "parts": [
            {"text": "a"}, {"inlineData": {"mimeType": "image/png", "data": PICTURE}}]},
        {"role": "model", "parts": [{"functionCall": {"id": "c1", "name": "f", "args": {}}}]},
        {"role": "user", "parts": [
            {"functionResponse": {"id": "c1", "name": "f", "response": {"output": "r"}}}]}],
        "tools": [{"functionDeclarations": [{"name": "f", "parameters": SCHEMA}]}],
        "toolConfig": {"functionCallingConfig": {"mode": "AUTO"}}, "generationConfig": {"topP": 0.5}}),
]
TARGETS = ["gemini/gemini-2.5-flash", "anthropic/claude-sonnet-4-5",
           "bedrock/converse/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
           "cohere_chat/command-a-03-2025", "ollama_chat/llama3.2", "openai/responses/gpt-5",
           "openai/gpt-4o"]
KEYS = {name: "none" for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY",
                                  "AWS_BEARER_TOKEN_BEDROCK", "COHERE_API_KEY")}
OWN = ("properties", "parameters", "input_schema", "schema", "input", "args", "response")
# Listed by the object's own name, or its tool's number.
WHOLE = {"gemini": {("tools", 0): "tools[", ("toolConfig",): "toolConfig"}}


def objects(value, path=()):
    if isinstance(value, dict):
        yield path
        for name, one in value.items():
            if name not in OWN or isinstance(one, list):
                yield from objects(one, (*path, name))
    elif isinstance(value, list):
        for i, one in enumerate(value):
            yield from objects(one, (*path, i))


def sent(binary, language, target, body):
    done = subprocess.run(
        [binary, "translate", "request", "--from", language, "-m", target, "--drop-params"],
        input=json.dumps(body).encode(), capture_output=True, timeout=20,
        env={"PATH": os.environ.get("PATH", ""), "AWS_REGION_NAME": "us-east-1", **KEYS})
    return done.stdout.decode(), json.loads(done.stdout)


def silent(binary, language, target, body):
    """The objects in which a member goes without a word."""
    if "body" not in sent(binary, language, target, body)[1]:
        yield "the request itself is refused"
    for path in objects(body):
        probe = copy.deepcopy(body)
        at = probe
        for step in path:
            at = at[step]
        at["unheard_of"] = "SAID"
        text, out = sent(binary, language, target, probe)
        whole = WHOLE.get(language, {}).get(path)
        if "unheard_of" not in text and not (whole and any(
                d["what"].startswith(whole) for d in out.get("dropped", []))):
            yield ".".join(map(str, path)) or "the body"


def main():
    failed = 0
    print(f"1..{len(REQUESTS) * len(TARGETS)}")
    pairs = [(language, body, target) for language, body in REQUESTS for target in TARGETS]
    for i, (language, body, target) in enumerate(pairs, 1):
        found = list(silent(sys.argv[1], language, target, body))
        failed += bool(found)
        print(f"{'not ok' if found else 'ok'} {i} - {language} to {target}")
        if found:
            print(f"# dropped in silence: {', '.join(found)}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
