#!/usr/bin/env python3
"""Every feature with every other, as a request for each provider: matrix.py LLMUX [--only TEXT] [-j N]

Each pair is asked in each language of clients, written for each provider below by `llmux translate`,
and checked twice: the body is what the provider's own specification allows, and each of the two
features is in it or was said to be dropped. Exit status: 0 when all are well.
"""

import argparse
import itertools
import json
import os
import subprocess
import sys

import anthropic_requests
import bedrock_requests
import cohere_requests
import completions_requests
import count_requests
import embed_features
import embed_requests
import features
import gemini_requests
import judging
import ollama_requests
import openai_requests
import openapi
import responses_requests
import shapes
import text_requests

def _of(name):
    return lambda: openapi.is_here(name)


# (Language, whether its specification is here, its checker, models that differ in what they take.)
# What a client writes in the target's own language goes as it came: see judge().
TARGETS = [
    ("anthropic", _of("anthropic"), anthropic_requests.faults,
     ("anthropic/claude-sonnet-4-5", "anthropic/claude-opus-4-6", "anthropic/claude-3-5-haiku-latest",
      "vertex_ai/claude-sonnet-4-5", "bedrock/invoke/anthropic.claude-sonnet-4-5-20250929-v1:0")),
    ("bedrock_converse", shapes.is_here, bedrock_requests.faults,
     ("bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0", "bedrock/amazon.nova-pro-v1:0",
      "bedrock/meta.llama3-3-70b-instruct-v1:0", "bedrock/openai.gpt-oss-120b-1:0")),
    ("cohere_chat", _of("cohere"), cohere_requests.faults,
     ("cohere/command-a-03-2025", "cohere/command-a-reasoning-08-2025")),
    ("gemini", gemini_requests.is_here, gemini_requests.faults,
     ("gemini/gemini-2.5-flash", "gemini/gemini-3-pro-preview")),
    ("gemini", gemini_requests.is_here, gemini_requests.vertex_faults,
     ("vertex_ai/gemini-2.5-flash", "vertex_ai/gemini-3-pro-preview")),
    ("mistral_fim", _of("mistral"), completions_requests.fim_faults,
     ("text-completion-codestral/codestral-2508",)),
    ("ollama_chat", _of("ollama"), ollama_requests.faults, ("ollama/llama3.2", "ollama/gpt-oss:20b")),
    ("openai_chat", _of("openai"), openai_requests.faults, ("openai/gpt-4.1", "azure/gpt-4.1")),
    ("openai_chat", _of("openai"), openai_requests.reasoning_faults,
     ("openai/gpt-5-mini", "openai/o3", "azure/gpt-5-mini")),
    ("mistral", _of("mistral"), openai_requests.mistral_faults,
     ("mistral/mistral-large-latest", "mistral/magistral-medium-latest")),
    ("openai_completions", _of("openai"), completions_requests.faults,
     ("text-completion-openai/gpt-3.5-turbo-instruct",)),
    ("openai_responses", _of("openai"), responses_requests.faults,
     ("openai/responses/gpt-4.1", "openai/gpt-5.1-codex")),
    *embed_requests.TARGETS, *text_requests.TARGETS, *count_requests.TARGETS,
]
ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "VERTEXAI_PROJECT": "none",
               "AZURE_API_BASE": "http://127.0.0.1", "AWS_REGION": "us-east-1",
               "AWS_BEARER_TOKEN_BEDROCK": "none", "GOOGLE_OAUTH_ACCESS_TOKEN": "none"}
ENVIRONMENT.update({f"{name}_API_KEY": "none" for name in (
    "ANTHROPIC", "AZURE", "CODESTRAL", "COHERE", "JINA_AI", "MISTRAL", "NLP_CLOUD", "OPENAI",
    "PREDIBASE", "REPLICATE", "VOYAGE")})
ENVIRONMENT["PREDIBASE_TENANT_ID"] = ENVIRONMENT["WATSONX_PROJECT_ID"] = "none"
# Services that have no address of their own.
BASES = {"sap": "http://127.0.0.1", "snowflake": "http://127.0.0.1",
         "triton": "http://127.0.0.1/v2/models/ensemble/generate",
         "triton/infer": "http://127.0.0.1/v2/models/infer/infer", "watsonx": "http://127.0.0.1",
         "watsonx_text": "http://127.0.0.1"}
# What one feature takes from another: it is not the second's fault that it is not there.
HIDES = {"choice none": ("tools", "strict tools", "custom tool", "search tool", "one call at a time",
                         "described result", "code execution", "search in time"),
         "choice named": ("tools",)}


def _written(binary, language, model, request):
    base = BASES.get(model) or BASES.get(model.split("/")[0])
    done = subprocess.run([binary, "translate", "request", "--from", language, "--model", model,
                           "--drop-params", *(["--api-base", base] if base else [])], input=json.dumps(request).encode(),
                          capture_output=True, env=ENVIRONMENT, timeout=60)
    if done.returncode not in (0, 1):
        return None, None, None, f"crashed: {done.stderr[:200]!r}"
    sent = json.loads(done.stdout)
    if "body" not in sent:
        return None, None, None, f"refused: {sent['error']['message']}"
    return (sent["url"] + sent.get("kept", {}).get("url", ""), sent["body"],
            [loss["what"] for loss in sent.get("dropped") or []], None)


# A prompt has no place for these, which other languages must carry: features, and what is said.
PROMPTS = ("a prompt", text_requests.NEVER_STREAMED, "mistral_fim", "openai_completions")
NO_PROMPT = {"results": "messages", "json": "response_format", "schema": "response_format",
             "schema of JSON Schema": "response_format", "logprobs": "logprobs"}


def _is_there(feature, text, dropped, target):
    if target.endswith("_count") and feature.name not in count_requests.COUNTED:
        return True
    if target == text_requests.NEVER_STREAMED and feature.name == "stream":
        return True
    if target in PROMPTS and feature.name in NO_PROMPT:
        word = NO_PROMPT[feature.name]
        return f'"{word}"' in text or '"grammar"' in text or any(loss.startswith(word) for loss in dropped)
    if all(any(word in text for word in ([mark] if isinstance(mark, str) else mark))
           for mark in feature.marks):
        return True
    return any(loss.startswith(word) for loss in dropped for word in feature.said)


def _overruled(feature, pair):
    """Both say the same thing, and the last word counts; or the other takes its ground away."""
    other = pair[-1] if feature is pair[0] else pair[0]
    same = {"limit", "new limit"}, {"temperature", "high temperature"}, {"top_p", "top_p 1"}, \
        {"json", "schema", "schema of JSON Schema", "one word of a list"}, \
        {"penalties", "negative penalty"}, {"effort", "no thinking", "budget"}, \
        {"floats", "base64", "int8"}, {"query", "document", "another's words"}, {"cut", "not cut"}, \
        {"choice required", "choice named", "choice none", "one call at a time",
         "checked calls"}, {"image answer", "voice"}
    return feature is not other and any({feature.name, other.name} <= g for g in same) or \
        feature.name in HIDES.get(other.name, ())


def _faults(target, language, body, request):
    """Where the client speaks the target's own language, what it made wrong itself is not ours:
    members that are not the language's. What models refuse is."""
    own, _, check, _ = TARGETS[target]
    given = {fault for fault in check(request, request) if not fault.startswith("model")} \
        if language == own else ()
    return [fault for fault in check(body, request) if fault not in given]


# Counts are asked for as chats are.
CHAT_OF = {"anthropic_count": "anthropic", "gemini_asked_count": "gemini"}


def _asked(language, numbers):
    """The features, and the request that asks for them; None where it cannot be asked so."""
    if language == "openai_embed":
        pair = [embed_features.FEATURES[n] for n in numbers]
        return pair, embed_features.with_features(pair)
    pair = [features.FEATURES[n] for n in numbers]
    return pair, features.with_features(CHAT_OF.get(language, language), pair)


def judge(job):
    binary, language, target, model, numbers = job
    pair, request = _asked(language, numbers)
    if request is None:
        return []
    url, body, dropped, why = _written(binary, language, model, request)
    where = f"{language} -> {model}: {' + '.join(f.name for f in pair)}"
    if why and "image" in [f.name for f in pair] and why.startswith("refused: input["):
        return []  # a model of texts says so, and which input it is
    if why:
        return [f"{where}: {why}"]
    text = url + json.dumps(body)  # an address may say it, too: that a stream is wanted
    found = [f"{where}: {fault}" for fault in _faults(target, language, body, request)]
    if "last mark" not in text:
        found.append(f"{where}: the user's words are gone")
    return found + [f"{where}: {feature.name} is gone without a word" for feature in pair
                    if not _overruled(feature, pair)
                    and not _is_there(feature, text, dropped, TARGETS[target][0])]


def jobs(binary, only):
    for target, (name, is_here, _, models) in enumerate(TARGETS):
        if not is_here():
            print(f"matrix: {name} skipped, its document is not here or PyYAML is not")
            continue
        embeds = TARGETS[target] in embed_requests.TARGETS
        one = range(len((embed_features if embeds else features).FEATURES))
        pairs = [*((n,) for n in one), *itertools.combinations(one, 2)]
        languages = ("openai_embed",) if embeds else \
            ("anthropic_count", "gemini_asked_count") if TARGETS[target] in count_requests.TARGETS \
            else ("openai_chat", "openai_responses", "anthropic", "gemini")
        for model, pair, language in itertools.product(models, pairs, languages):
            if language == "openai_responses" and name == "openai_chat":
                continue  # they have that API, and get it: openai_responses is among the targets
            if only in f"{language} -> {model}":
                yield binary, language, target, model, pair


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", metavar="LLMUX")
    parser.add_argument("--only", default="", help="what stands in \"language -> model\"")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    args = parser.parse_args()
    return judging.run(judge, jobs(args.binary, args.only), args.jobs, "matrix: {} requests")


if __name__ == "__main__":
    sys.exit(main())
