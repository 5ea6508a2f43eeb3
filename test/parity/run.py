#!/usr/bin/env python3
"""The same calls through LiteLLM and through llmux: run.py LLMUX [--only TEXT] [--show]

Requests: every shape to every target, through both, into a proxy that records them. Replies:
recorded ones of providers, fed to both. What differs is equal in meaning, or ours is better, or
LiteLLM's is; reasons.py says which and why, and what it does not explain is counted as
unexplained. Exit status: 0 when nothing is unexplained and LiteLLM is nowhere better.
"""

import argparse
import collections
import json
import multiprocessing
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import answers
import compare
import crossings
import deployments
import embeds
import faults
import reasons
import replies
from calls import Call
from proxy import GOOGLE_USER, Proxy
from shapes import SHAPES, TARGETS
from sides import Gateway, Oracle

LITELLM = "litellm==1.106.2"
VERDICTS = ("equal", "same meaning", "ours better", "LiteLLM better", "unexplained")


def python_of(folder):
    """An environment with the real package, made once."""
    folder = Path(folder).resolve()
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        print(f"installing {LITELLM}", flush=True)
        venv.create(folder, with_pip=True, symlinks=True)
        done = subprocess.run([python, "-m", "pip", "install", "-q", LITELLM, "boto3", "mcp",
                               "google-auth"], check=False)
        if done.returncode:
            raise SystemExit("parity: no package registry can be reached: skipped")
        (folder / "ready").touch()
    return str(python)


class Verdicts:
    def __init__(self, show):
        self.table = collections.defaultdict(collections.Counter)
        self.used = collections.Counter()
        self.show = show
        self.shown = collections.defaultdict(list)

    def add(self, kind, target, name, differences, ours, theirs):
        """One comparison: the worst of its differences decides."""
        if "refused" in ours or "refused" in theirs:  # the rest is then all there is
            differences = {k: v for k, v in differences.items() if k.startswith("refused")}
        if ("error" in ours) != ("error" in theirs):
            differences = {"failed": tuple(compare.class_of(side) for side in (ours, theirs))}
        worst = "equal"
        for path, (a, b) in differences.items():
            rule = reasons.find(kind, target, name, path, a, b, ours, theirs)
            verdict = rule.verdict if rule else "unexplained"
            if rule:
                self.used[rule] += 1
            if VERDICTS.index(verdict) > VERDICTS.index(worst):
                worst = verdict
            if self.show in verdict or self.show == "all":
                self.shown[verdict, kind, target, compare.general(path)].append((name, a, b))
        self.table[kind, target][worst] += 1

    def print(self, whole):
        for (verdict, kind, target, path), found in self.shown.items():
            name, a, b = found[0]
            print(f"{verdict}: {kind} {target}: {path}: {len(found)} times, as in {name}: ours "
                  f"{json.dumps(a)[:200]}, LiteLLM's {json.dumps(b)[:200]}")
        width = max(len(t) for _, t in self.table)
        print(f"\n{'':18} {'':{width}} " + " ".join(f"{v:>14}" for v in VERDICTS))
        total = collections.Counter()
        for (kind, target), row in self.table.items():
            total += row
            print(f"{kind:18} {target:{width}} " + " ".join(f"{row[v]:14}" for v in VERDICTS))
        print(f"{'':18} {'all':{width}} " + " ".join(f"{total[v]:14}" for v in VERDICTS))
        idle = [r for r in reasons.RULES if not self.used[r]]
        for rule in idle if whole else []:
            print(f"no difference needs this reason any more: {rule.kind} {rule.target} {rule.path}")
        return total["unexplained"] + total["LiteLLM better"]


def compared(side, proxy, call):
    """What a side sent, or how it refused to; or what it made of the reply."""
    proxy.take()
    outcome = side.call(call.operation, call.body, call.deployment)
    sent = proxy.take()
    if call.kind != "request":
        return answers.answer_of(call.operation, outcome)
    return compare.request_of(sent[0]) if sent else {"refused": outcome.get("error")}


def all_calls():
    for target in TARGETS:
        for name, shape in SHAPES.items():
            yield Call("request", {"model": target}, name, shape)
    yield from replies.chosen()
    yield from embeds.requests()
    yield from embeds.replies()
    yield from faults.calls()
    yield from crossings.calls()
    yield from deployments.calls()


def work(binary, python, calls):
    """Both sides' part of all calls, in a process of its own."""
    variables = {k: v for targets in (TARGETS, embeds.TARGETS) for each in targets.values()
                 for k, v in each.items()} | replies.VARIABLES | faults.VARIABLES | crossings.VARIABLES
    done = []
    with tempfile.TemporaryDirectory() as folder:
        proxy = Proxy(folder)
        variables["GOOGLE_APPLICATION_CREDENTIALS"] = str(Path(folder) / "google.json")
        Path(folder, "google.json").write_text(json.dumps(GOOGLE_USER))
        deployments = {json.dumps(c.deployment): c.deployment for c in calls}
        gateway = Gateway(binary, Path(folder), proxy, variables, deployments.values())
        oracle = Oracle(python, proxy, variables)
        try:
            for call in calls:
                proxy.reply = call.reply
                done.append((call.line, *(compared(s, proxy, call) for s in (gateway, oracle))))
        finally:
            oracle.close()
            gateway.close()
            proxy.shutdown()
    return done


def main():
    p = argparse.ArgumentParser()
    p.add_argument("llmux")
    p.add_argument("--only", default="", help="calls whose line holds this")
    p.add_argument("--show", default="unexplained", help="which verdicts to list; or all")
    p.add_argument("--venv", default="build/parity-venv")
    p.add_argument("-j", type=int, default=2, help="processes")
    args = p.parse_args()
    python = python_of(args.venv)
    calls = [c for c in all_calls() if args.only in c.line]
    parts = [calls[i::args.j] for i in range(args.j)]
    with multiprocessing.Pool(args.j) as pool:
        done = pool.starmap(work, [(args.llmux, python, part) for part in parts if part])
    outcomes = {line: (ours, theirs) for part in done for line, ours, theirs in part}
    verdicts = Verdicts(args.show)
    for c in calls:
        ours, theirs = outcomes[c.line]
        verdicts.add(c.what, c.target.partition("/")[0], f"{c.target} {c.name}",
                     compare.differences(ours, theirs), ours, theirs)
    sys.exit(1 if verdicts.print(whole=not args.only) else 0)


if __name__ == "__main__":
    main()
