#!/usr/bin/env python3
"""Writes the seeds of the languages' fuzz targets from test/case: seeds_of_cases.py

Run it when cases were added. A seed is the target's first byte (who asks for what), then a body of
a case. Names are hashes of the content, so that a seed is written once.
"""

import hashlib
import re
from pathlib import Path

FUZZ = Path(__file__).resolve().parent
CASES = FUZZ.parent / "case"
BLOCK = re.compile(r"^## ([\w ]+)\n(.*?)^(`{3,})(\w+)\n(.*?)^\3$", re.M | re.S)
ANTHROPIC, USAGE, OTHER, TEXT, GEMINI, ARRAY = 1, 8, 16, 32, 64, 128
CLIENTS = {"anthropic": ANTHROPIC, "gemini": GEMINI, "openai_completions": TEXT,
           "openai_responses": GEMINI | TEXT}
# The readers that a language shares.
READ_AS = {"mistral_fim": "openai_chat", "nlp_cloud": "tgi", "triton": "tgi", "triton_infer": "tgi",
           "watsonx_text": "tgi"}
# Languages with targets of their own: the first byte is crossing.h's flags.
BACKS = {"bedrock_converse": "bedrock", "bedrock_invoke": "bedrock_titan",
         "cohere_chat": "cohere_chat", "gemini": "gemini",
         "ollama_chat": "ollama_chat", "openai_responses": "openai_responses",
         "gigachat": "gigachat", "oci_chat": "oci_chat", "replicate": "replicate",
         "sap_orchestration": "sap_orchestration", "tgi": "tgi"}
ONLY_BACKS = set(BACKS) - {"gemini", "openai_responses"}  # languages of providers only
MAX_BYTES = 20000


def decoded(kind, text):
    if kind == "escaped":
        text = re.sub(r"\\x(..)", lambda found: chr(int(found.group(1), 16)),
                      text.replace("\n", ""))
        for escape, char in (("\\n", "\n"), ("\\r", "\r"), ("\\t", "\t"), ("\\\\", "\\")):
            text = text.replace(escape, char)
        return text.encode("latin-1", "replace")
    if kind == "frames":  # as events of SSE
        return re.sub(r"^!?(\w+) \+?(.*)$", r"event: \1\ndata: \2\n", text, flags=re.M).encode()
    return (text + "\n" if kind in ("sse", "ndjson") else text[:-1]).encode()


def write(target, body):
    if len(body) > MAX_BYTES:
        return
    folder = FUZZ / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / hashlib.sha1(body).hexdigest()[:16]).write_bytes(body)


def write_back(front, back, heading, kind, body):
    flags = bytes([16 if front == "anthropic" else 1])
    if heading == "Client request":
        write(f"{back}_request", flags + body)
    elif heading == "Upstream response":
        stream = kind in ("sse", "frames", "ndjson")
        write(f"{back}_stream" if stream else f"{back}_reply", flags + body)


def main():
    for path in sorted(CASES.glob("*/*.md")):
        front, back = path.parent.name.split("-", 1)
        back = READ_AS.get(back, back)
        mode = CLIENTS.get(front, 0) | USAGE
        for heading, _, _, kind, text in BLOCK.findall(path.read_text()):
            body = decoded(kind, text)
            if front.endswith("_count"):
                if heading in ("Client request", "Upstream response"):
                    write("count", bytes([7]) + body)
                continue
            if front == "openai_embed":
                part = {"Client request": "request", "Upstream response": "reply"}.get(heading)
                if part:
                    write(f"embed_{part}", bytes([9]) + body)
                continue
            if back in BACKS and front not in ("gemini", "openai_responses"):
                write_back(front, BACKS[back], heading, kind, body)
            if back in ONLY_BACKS:
                continue
            if heading == "Client request":
                write(f"attempt_{front}", bytes([2]) + body)
                write(f"attempt_{front}", bytes([0]) + body)
            elif heading == "Upstream response":
                part = "stream" if kind in ("sse", "ndjson") else "reply"
                write(f"relay_{part}_{back}", bytes([mode]) + body)
                write(f"relay_{part}_{back}", bytes([mode ^ ANTHROPIC | OTHER]) + body)
                if front == "gemini":
                    write(f"relay_{part}_{back}", bytes([mode | ARRAY]) + body)


main()
