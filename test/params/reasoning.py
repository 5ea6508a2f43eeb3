"""What reasoning_effort and thinking become, for each provider that reasons and each way to ask.

reasoning.py LLMUX [--bless]

reasoning.txt is the table: a model and the source of its facts, then for each way of asking what of
the body it changes ("-": nothing), what is listed as lost, or the error's class. --bless writes what
is, for who compares it with the vendors' pages. Prints TAP.
"""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
TABLE = HERE / "reasoning.txt"

CHAT = {"model": "m", "messages": [{"role": "user", "content": "x"}], "max_tokens": 20000}
GEMINI = {"contents": [{"role": "user", "parts": [{"text": "x"}]}],
          "generationConfig": {"maxOutputTokens": 20000}}


def thinking(**more):
    return {"thinking": more}


ASKED = [(f"effort {e}", "openai_chat", {"reasoning_effort": e})
         for e in ("none", "minimal", "low", "medium", "high", "xhigh")]
ASKED += [
    ("thinking 1024", "openai_chat", thinking(type="enabled", budget_tokens=1024)),
    ("thinking 8000", "openai_chat", thinking(type="enabled", budget_tokens=8000)),
    ("thinking disabled", "openai_chat", thinking(type="disabled")),
    ("claude 8000", "anthropic", thinking(type="enabled", budget_tokens=8000)),
    ("claude adaptive high", "anthropic", {"thinking": {"type": "adaptive"},
                                           "output_config": {"effort": "high"}}),
    ("claude disabled", "anthropic", thinking(type="disabled")),
    ("gemini 8000", "gemini", {"thinkingConfig": {"thinkingBudget": 8000}}),
    ("gemini 0", "gemini", {"thinkingConfig": {"thinkingBudget": 0}}),
    ("gemini low", "gemini", {"thinkingConfig": {"thinkingLevel": "low"}}),
]


def body_of(front, more):
    if front != "gemini":
        return {**CHAT, **more}
    return {**GEMINI, "generationConfig": {**GEMINI["generationConfig"], **more}}


def translate(llmux, model, front, more):
    call = [llmux, "translate", "request", "--model", model, "--from", front]
    if model.split("/")[0] in ("databricks", "hosted_vllm"):  # at home
        call += ["--api-base", "http://127.0.0.1/v1"]
    done = subprocess.run(call, input=json.dumps(body_of(front, more)), stdout=subprocess.PIPE,
                          text=True, check=False)
    return json.loads(done.stdout)


def difference(plain, asked):
    """Members of `asked` that `plain` has not, or has otherwise."""
    if not isinstance(plain, dict) or not isinstance(asked, dict):
        return asked
    new = {key: difference(plain.get(key), value) for key, value in asked.items()
           if plain.get(key) != value}
    return {**new, **{key: None for key in plain if key not in asked}}


def tell(llmux, model, name):
    front, more = next((front, more) for other, front, more in ASKED if other == name)
    asked = translate(llmux, model, front, more)
    if "error" in asked:
        kind = asked["error"]["message"].split(":")[0].replace("litellm.", "")
        return f"{kind} [{asked['error']['param']}]"
    plain = translate(llmux, model, front, {})
    changed = difference(plain["body"], asked["body"])
    said = json.dumps(changed, separators=(",", ":"), sort_keys=True) if changed else "-"
    before = [loss["what"] for loss in plain.get("dropped", [])]
    lost = [loss["what"] for loss in asked.get("dropped", []) if loss["what"] not in before]
    return said + (" lost: " + ", ".join(lost) if lost else "")


def read_table():
    """[(model, [comment lines], {way: expected})]"""
    rows, notes = [], []
    for line in TABLE.read_text().splitlines():
        if line.startswith("#"):
            notes.append(line)
        elif line.startswith("    "):
            name, _, said = line.strip().partition(": ")
            rows[-1][2][name] = said
        elif line:
            rows.append((line, notes, {}))
            notes = []
    return rows


def main():
    llmux, bless = sys.argv[1], "--bless" in sys.argv[2:]
    rows = read_table()
    jobs = [(model, name) for model, _, _ in rows for name, _, _ in ASKED]
    with ThreadPoolExecutor(2) as pool:
        told = dict(zip(jobs, pool.map(lambda job: tell(llmux, *job), jobs)))
    if bless:
        text = ""
        for model, notes, _ in rows:
            text += "\n".join([*notes, model,
                               *(f"    {name}: {told[model, name]}" for name, _, _ in ASKED)]) + "\n\n"
        TABLE.write_text(text.rstrip() + "\n")
        return 0
    failed = 0
    print(f"1..{len(rows)}")
    for i, (model, notes, expected) in enumerate(rows, 1):
        got = {name: told[model, name] for name, _, _ in ASKED}
        good = got == expected and any("http" in note for note in notes)
        failed += not good
        print(f"{'ok' if good else 'not ok'} {i} - {model}")
        for name in got:
            if got[name] != expected.get(name):
                print(f"# {name}: {got[name]}, and not {expected.get(name)}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
