#!/usr/bin/env python3
"""Recorded embeddings through `llmux translate`: embeddings.py LLMUX [--only TEXT] [-j N]

What comes out is compared with a reading of our own of the provider's body: every number of every
vector, as decimals and as base64, and usage; of requests, that every text arrives where the
provider's page wants it. Exit status as of run.py.
"""

import argparse
import base64
import gzip
import json
import multiprocessing
import struct
import sys

import records
import translate
from table import Table

# Provider in the corpus: (row, language). DashScope's own API, and others that no row speaks, are
# told apart by their addresses.
PROVIDERS = {
    "azure": ("azure", "openai_embed"), "bedrock": ("bedrock", "bedrock_embed"),
    "cohere": ("cohere", "cohere_embed"), "dashscope": ("dashscope", "openai_embed"),
    "doubleword": ("openai", "openai_embed"), "gemini": ("gemini", "gemini_embed"),
    "github_copilot": ("openai", "openai_embed"), "llamacpp": ("openai", "openai_embed"),
    "huggingface": ("openai", "huggingface_embed"), "local_openai": ("openai", "openai_embed"),
    "mistral": ("mistral", "openai_embed"), "ollama": ("ollama", "ollama_embed"),
    "openai": ("openai", "openai_embed"), "openai_compatible_other": ("openai", "openai_embed"),
    "openrouter": ("openrouter", "openai_embed"), "venice": ("openai", "openai_embed"),
    "vertex_ai": ("vertex_ai", "vertex_embed"), "voyage": ("voyage", "openai_embed"),
}
FILES = ("azure bedrock cohere dashscope doubleword gemini github_copilot huggingface llamacpp "
         "mistral ollama openai openrouter other venice vertex_ai").split()
KEYS = ("AZURE_API_KEY", "MISTRAL_API_KEY", "VOYAGE_API_KEY", "OPENROUTER_API_KEY",
        "DASHSCOPE_API_KEY", "GOOGLE_OAUTH_ACCESS_TOKEN")
translate.ENVIRONMENT.update({key: "none" for key in KEYS}, GOOGLE_CLOUD_PROJECT="p")


class Embedding:
    """One recorded exchange."""

    def __init__(self, data):
        self.provider = data["provider"]
        self.row, self.language = PROVIDERS[data["provider"]]
        self.name = f"{data['source_repo']}:{data['path']}#{data['index']}"
        self.status, self.url = data["status"], data["url"] or ""
        self.text = (data["response_body"] or "").lstrip("\ufeff")
        self.headers = {k.lower(): v for k, v in (data["response_headers"] or {}).items()}
        self.body = records.parse(self.text)
        self.damaged = self.why_damaged(data)
        request = data["request_body"] if data["request_body_encoding"] == "json" else None
        self.request = json.loads(request) if isinstance(request, str) else request
        if isinstance(self.body, dict) and isinstance(self.body.get("data"), list):
            self.language = "openai_embed"  # an address that answers as OpenAI does
        self.model = (self.request or {}).get("model") if isinstance(self.request, dict) else None

    def why_damaged(self, data):
        if self.body is None:
            return "no JSON"
        if self.status < 400 and "/api/v1/services/embeddings/" in self.url:
            return "DashScope's own API, which no row speaks"
        if self.status < 400 and self.provider == "bedrock" and "data" in self.body:
            return "rewritten by the test that kept it"
        return None


def load():
    for name in FILES:
        with gzip.open(records.FOLDER / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for data in map(json.loads, lines):
                embeds = data["endpoint"] == "embeddings" or (
                    data["endpoint"] in ("invoke", "predict") and "embed" in (data["url"] or ""))
                if embeds and "/organization/usage/" not in (data["url"] or ""):
                    yield Embedding(data)


# ---- Reading ----

def number_list(v):
    """A vector as floats of 32 bits, whatever it is written as."""
    if isinstance(v, str):
        raw = base64.b64decode(v, validate=True)
        return list(struct.unpack(f"<{len(raw) // 4}f", raw))
    return [struct.unpack("<f", struct.pack("<f", x))[0] for x in v]


def vectors_of(body):
    """Of any provider's body, in order."""
    if isinstance(body, list):
        return [body] if body and isinstance(body[0], (int, float)) else body
    if "data" in body:
        return [d["embedding"] for d in sorted(body["data"], key=lambda d: d.get("index", 0))]
    if "predictions" in body:
        return [p["embeddings"]["values"] for p in body["predictions"]]
    if "embedding" in body:
        one = body["embedding"]
        return [one["values"] if isinstance(one, dict) else one]
    many = body["embeddings"]
    if isinstance(many, dict):
        return many["float"]
    return [v.get("values", v.get("embedding")) if isinstance(v, dict) else v for v in many]


def tokens_of(body):
    """What the provider says it read; None where it does not."""
    if not isinstance(body, dict):
        return None
    usage = body.get("usage") or body.get("usageMetadata") or {}
    billed = (body.get("meta") or {}).get("billed_units") or {}
    for value in (usage.get("prompt_tokens"), usage.get("promptTokenCount"),
                  usage.get("total_tokens"), body.get("inputTextTokenCount"),
                  body.get("prompt_eval_count")):
        if value is not None:
            return value
    if billed:
        return (billed.get("input_tokens") or 0) + (billed.get("image_tokens")
                                                    or billed.get("images") or 0)
    counts = [p.get("embeddings", {}).get("statistics", {}).get("token_count")
              for p in body.get("predictions", [])]
    return sum(counts) if counts and None not in counts else None


# ---- Replies ----

def reply(encoding, canonical):
    def check(binary, record):
        arguments = ["response", "--provider", record.row, "--from", record.language, "--to",
                     "openai_embed", "--model", record.model or "m"]
        if encoding:
            arguments += ["--encoding", encoding]
        if canonical:
            arguments.append("--canonical")
        out = translate.Translated(binary, arguments, record.text.encode())
        if not out.ok:
            yield f"refused: {out.error}"
            return
        wanted, got = vectors_of(record.body), vectors_of(out.json)
        same = record.language == "openai_embed" and not canonical
        if len(wanted) != len(got):
            yield f"{len(got)} vectors instead of {len(wanted)}"
        for i, (one, other) in enumerate(zip(wanted, got)):
            if number_list(one) != number_list(other):
                yield f"vector {i} is another"
            if not same and encoding and not isinstance(other, str):
                yield f"vector {i} is no {encoding}"
            if not encoding and not isinstance(one, str) and one != other:
                yield f"vector {i} is written otherwise"
        told = (out.json.get("usage") or {}).get("prompt_tokens")
        if (tokens_of(record.body) or None) != (told or None):
            yield f"tokens: {told} instead of {tokens_of(record.body)}"
    return check


def error(binary, record):
    out = translate.Translated(binary, [
        "response", "--provider", record.row, "--from", record.language, "--to", "openai_embed",
        "--status", str(record.status)], record.text.encode())
    told = (out.json or {}).get("error") or {}
    if not told.get("message") or not told.get("type"):
        yield f"no error came of it: {out.text[:100]}"


# ---- Requests ----

def texts_of(request):
    """What OpenAI's request wants embedded: texts, or lists of tokens."""
    given = request["input"]
    return given if isinstance(given, list) and not isinstance(given[0], int) else [given]


TARGETS = {
    "gemini/gemini-embedding-001":
        lambda b: [p["text"] for r in b["requests"] for p in r["content"]["parts"]],
    "cohere/embed-v4.0": lambda b: b["texts"],
    "ollama/all-minilm": lambda b: b["input"],
    "vertex_ai/text-embedding-005": lambda b: [i["content"] for i in b["instances"]],
    "bedrock/cohere.embed-english-v3": lambda b: b["texts"],
    "bedrock/amazon.titan-embed-text-v2:0": lambda b: [b["inputText"]],
    "voyage/voyage-3.5": lambda b: texts_of(b),
}
LIMITS = {"bedrock/amazon.titan-embed-text-v2:0": 1, "cohere/embed-v4.0": 96,
          "bedrock/cohere.embed-english-v3": 96, "gemini/gemini-embedding-001": 100}


def request_to(target):
    def check(binary, record):
        texts = texts_of(record.request)
        out = translate.request(binary, record.request, "openai_embed", target, "--drop-params")
        if not out.ok:
            yield f"refused: {out.refusal}"
            return
        got, texts = TARGETS[target](out.json["body"]), texts[:LIMITS.get(target, len(texts))]
        if all(isinstance(t, str) for t in texts):
            if got != texts:
                yield "not the same texts"
        elif not (len(got) == len(texts) and all(isinstance(t, str) and t for t in got)):
            yield f"{got} is not what the tokens stand for"
        elif "input" not in [d["what"] for d in out.json.get("changed", [])]:
            yield "tokens became text, and nothing is said of it"
    return check


def request_same(canonical):
    def check(binary, record):
        options = ["--api-base", "http://127.0.0.1/v1"] + (["--canonical"] if canonical else [])
        out = translate.request(binary, record.request, "openai_embed",
                                f"openai_like/{record.model}", *options)
        if not out.ok:
            yield f"refused: {out.refusal}"
            return
        wanted = {k: v for k, v in record.request.items() if v is not None or not canonical}
        got = out.json["body"]
        if got != wanted:
            yield f"{got} instead of {wanted}"[:300]
    return check


def kinds_of(record):
    if record.damaged:
        return {}
    if record.status >= 400:
        return {"error": error}
    kinds = {"reply": reply(None, False), "reply, as base64": reply("base64", False)}
    if record.language == "openai_embed":
        kinds["reply, anew"] = reply(None, True)
        kinds["reply, anew, as base64"] = reply("base64", True)
    own = isinstance(record.request, dict) and record.request.get("input")
    if record.row in ("openai", "azure", "mistral", "openrouter") and own and record.model:
        kinds["request"] = request_same(False)
        kinds["request, anew"] = request_same(True)
        kinds.update({f"request -> {target}": request_to(target) for target in TARGETS})
    return kinds


def judge(job):
    binary, record = job
    results = []
    for kind, check in kinds_of(record).items():
        try:
            found = list(check(binary, record))
        except translate.Crash as crash:
            found = [f"crashed: {crash}"]
        except Exception as bug:  # a reader's own mistake fails its record, not the run
            found = [f"the check itself failed: {bug!r}"]
        results.append((kind, found))
    return record.provider, record.name, results, record.damaged


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", metavar="LLMUX")
    parser.add_argument("--only", help="records with this in their name")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    args = parser.parse_args()
    if not records.FOLDER.is_dir():
        print("embeddings: skipped, the recorded traffic is not here (../shared/corpus)")
        return 0
    table = Table()
    jobs = ((args.binary, r) for r in load() if not args.only or args.only in r.name)
    with multiprocessing.Pool(args.jobs) as pool:
        for provider, name, results, why in pool.imap_unordered(judge, jobs, chunksize=16):
            for kind, found in results:
                table.add(provider, kind, name, found)
            if why:
                table.exceptions.append((provider, name, why))
    table.write()
    return 1 if table.failures else 0


if __name__ == "__main__":
    sys.exit(main())
