"""Prices every usage in the recorded traffic: `prices.py LLMUX`.

A usage is read here, by rules of its own, from the provider's body, and given to `llmux cost`. No
model that stands in share/models.json by the name that was asked for may be without a price, and
none that has a price for its tokens may cost nothing. Prints a table: provider, usages, priced, how
many are of models that are in no catalog, dollars; then what failed by name.
"""

import gzip
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "corpus"
ROOT = Path(__file__).resolve().parents[2]


def objects(record):
    """The JSON objects of a body, whole or a stream."""
    body = record["response_body"] or ""
    if record["framing"] == "json":
        lines = [body]
    else:
        lines = [line.removeprefix("data:").strip() for line in body.splitlines()]
    for line in lines:
        try:
            found = json.loads(line)
        except ValueError:
            continue
        yield from (o for o in (found if isinstance(found, list) else [found])
                    if isinstance(o, dict))


def gemini(u):
    thoughts = u.get("thoughtsTokenCount") or 0
    return {"prompt_tokens": (u.get("promptTokenCount") or 0)
            + (u.get("toolUsePromptTokenCount") or 0),
            "completion_tokens": (u.get("candidatesTokenCount") or 0) + thoughts,
            "prompt_tokens_details": {"cached_tokens": u.get("cachedContentTokenCount") or 0},
            "completion_tokens_details": {"reasoning_tokens": thoughts}}


def bedrock(u):
    read, write = u.get("cacheReadInputTokens") or 0, u.get("cacheWriteInputTokens") or 0
    return {"prompt_tokens": u["inputTokens"] + read + write,
            "completion_tokens": u.get("outputTokens") or 0,
            "prompt_tokens_details": {"cached_tokens": read, "cache_write_tokens": write}}


def usage_of(o):
    """The usage an object tells, in OpenAI's or Anthropic's words; or None."""
    inner = next((o[name] for name in ("response", "message")
                  if isinstance(o.get(name), dict) and o[name].get("usage")), o)
    usage = inner.get("usage")
    if isinstance(usage, dict) and "inputTokens" in usage:
        return bedrock(usage)
    if isinstance(usage, dict) and isinstance(usage.get("tokens"), dict):  # Cohere
        return usage["tokens"]
    if isinstance(usage, dict) and ("prompt_tokens" in usage or "input_tokens" in usage):
        return usage
    if isinstance(o.get("usageMetadata"), dict):
        return gemini(o["usageMetadata"])
    if "prompt_eval_count" in o:  # Ollama
        return {"prompt_tokens": o["prompt_eval_count"], "completion_tokens": o.get("eval_count")}
    return None


def of_record(record):
    """(model, usage) of a good reply; a stream's last word about each count holds."""
    asked = record["request_body"] if record["request_body_encoding"] == "json" else None
    model = asked.get("model") if isinstance(asked, dict) else None
    if not model and "/model/" in record["url"]:
        model = record["url"].split("/model/")[1].split("/")[0].replace("%3A", ":")
    if not model and "/models/" in record["url"]:
        model = record["url"].split("/models/")[1].split(":")[0].split("/")[0].split("?")[0]
    usage = {}
    for o in objects(record):
        model = model or o.get("model") or o.get("modelVersion")
        usage.update({key: value for key, value in (usage_of(o) or {}).items()
                      if value is not None})
    return (model, usage) if isinstance(model, str) and usage else None


def provider_of(name, record):
    if name == "azure":
        return "azure"
    return {"github_copilot": "github_copilot", "other": ""}.get(name, name)


def questions():
    for path in sorted(FOLDER.glob("*.jsonl.gz")):
        name = path.name.split(".")[0]
        with gzip.open(path, "rt") as lines:
            for line in lines:
                record = json.loads(line)
                if not 200 <= record["status"] < 300 or record["framing"] not in (
                        "json", "sse", "ndjson"):
                    continue
                found = of_record(record)
                if found:
                    yield name, {"model": found[0], "provider": provider_of(name, record),
                                 "usage": found[1], "call_type": "completion"}


def main():
    if not FOLDER.is_dir():
        print(f"prices: skipped, there is no {FOLDER.name} beside the project")
        return 0
    models = json.loads((ROOT / "share/models.json").read_text())
    names, asked = zip(*questions())
    text = "".join(json.dumps(question) + "\n" for question in asked)
    done = subprocess.run([sys.argv[1], "cost", "--json"], input=text, stdout=subprocess.PIPE,
                          text=True, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(asked), f"{len(answers)} answers to {len(asked)}"
    total, priced, unknown, dollars, failed = (Counter() for _ in range(5))
    for name, question, answer in zip(names, asked, answers):
        model, provider = question["model"], question["provider"]
        row = models.get(f"{provider}/{model}") or models.get(model)
        used = any(isinstance(n, int) and n > 0 for n in question["usage"].values())
        total[name] += 1
        if "cost" in answer:
            priced[name] += 1
            dollars[name] += answer["cost"]
            row = models.get(answer["priced_as"])
            if used and not answer["cost"] and row.get("input_cost_per_token", 0) > 0 \
                    and row.get("output_cost_per_token", 0) > 0:
                failed[f"{name}: {model}: costs nothing"] += 1
        elif row and any("cost" in key for key in row) and row.get("litellm_provider", "").startswith(provider):
            failed[f"{name}: {model}: no price, but a row"] += 1
        else:
            unknown[name, model] += 1
    print(f"{'provider':16} {'usages':>7} {'priced':>7} {'no row':>7} {'dollars':>10}")
    for name in sorted(total):
        missing = sum(n for (who, _), n in unknown.items() if who == name)
        print(f"{name:16} {total[name]:7} {priced[name]:7} {missing:7} {dollars[name]:10.4f}")
    for (name, model), count in unknown.most_common(int(sys.argv[2]) if sys.argv[2:] else 0):
        print(f"in no catalog: {name} {model} ({count})")
    for text, count in failed.items():
        print(f"FAILED {text} ({count})")
    print(f"{sum(priced.values())} of {sum(total.values())} usages priced, "
          f"{sum(unknown.values())} of models in no catalog, {sum(failed.values())} failed")
    return 1 if failed else 0


sys.exit(main())
