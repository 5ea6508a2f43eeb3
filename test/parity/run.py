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
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

import compare
import reasons
import replies
from proxy import GOOGLE_USER, Proxy
from shapes import SHAPES, TARGETS
from sides import Gateway, Oracle

LITELLM = "litellm==1.106.2"
REFUSED = (400, {"content-type": "application/json"}, b'{"error": {"message": "recorded"}}')
VERDICTS = ("equal", "same meaning", "ours better", "LiteLLM better", "unexplained")


def python_of(folder):
    """An environment with the real package, made once."""
    folder = Path(folder).resolve()
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        print(f"installing {LITELLM}", flush=True)
        venv.create(folder, with_pip=True)
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
        print(f"\n{'':8} {'':{width}} " + " ".join(f"{v:>14}" for v in VERDICTS))
        total = collections.Counter()
        for (kind, target), row in self.table.items():
            total += row
            print(f"{kind:8} {target:{width}} " + " ".join(f"{row[v]:14}" for v in VERDICTS))
        print(f"{'':8} {'all':{width}} " + " ".join(f"{total[v]:14}" for v in VERDICTS))
        idle = [r for r in reasons.RULES if not self.used[r]]
        for rule in idle if whole else []:
            print(f"no difference needs this reason any more: {rule.kind} {rule.target} {rule.path}")
        return total["unexplained"] + total["LiteLLM better"]


def one_request(side, proxy, body):
    """What a side sent, or how it refused to."""
    proxy.take()
    outcome = side.call(body)
    sent = proxy.take()
    return compare.request_of(sent[0]) if sent else {"refused": outcome.get("error")}


def requests(oracle, gateway, proxy, verdicts, only):
    proxy.reply = REFUSED
    for target in TARGETS:
        for name, shape in SHAPES.items():
            if only in f"request {target} {name}":
                body = {"model": target, **shape}
                ours, theirs = (one_request(s, proxy, body) for s in (gateway, oracle))
                verdicts.add("request", target.partition("/")[0], f"{target} {name}",
                             compare.differences(ours, theirs), ours, theirs)


def feed(oracle, gateway, proxy, verdicts, only):
    for r in replies.chosen():
        kind = "error" if r.status >= 400 else "stream" if r.stream else "reply"
        if only not in f"{kind} {r.target} {r.name}":
            continue
        proxy.reply = (r.status, r.headers, r.body)
        body = {"model": r.target, "stream": r.stream, **r.request}
        if r.stream:
            body["stream_options"] = {"include_usage": True}
        ours, theirs = (compare.reply_of(s.call(body)) for s in (gateway, oracle))
        verdicts.add(kind, r.target.partition("/")[0],
                     f"{r.target} {r.name}", compare.differences(ours, theirs), ours, theirs)


def main():
    p = argparse.ArgumentParser()
    p.add_argument("llmux")
    p.add_argument("--only", default="", help="calls whose line holds this")
    p.add_argument("--show", default="unexplained", help="which verdicts to list; or all")
    p.add_argument("--venv", default="build/parity-venv")
    args = p.parse_args()
    python = python_of(args.venv)
    variables = {k: v for target in TARGETS.values() for k, v in target.items()} | replies.VARIABLES
    verdicts = Verdicts(args.show)
    with tempfile.TemporaryDirectory() as folder:
        proxy = Proxy(folder)
        variables["GOOGLE_APPLICATION_CREDENTIALS"] = str(Path(folder) / "google.json")
        Path(folder, "google.json").write_text(json.dumps(GOOGLE_USER))
        models = [*dict.fromkeys([*TARGETS, *replies.ERRORS.values()])]
        gateway = Gateway(args.llmux, Path(folder), proxy, variables, models)
        oracle = Oracle(python, proxy, variables)
        try:
            requests(oracle, gateway, proxy, verdicts, args.only)
            feed(oracle, gateway, proxy, verdicts, args.only)
        finally:
            oracle.close()
            gateway.close()
            proxy.shutdown()
    sys.exit(1 if verdicts.print(whole=not args.only) else 0)


if __name__ == "__main__":
    main()
