"""What the lint tests share: the source tree, and TAP output that lists what is wrong."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FOLDERS = ["src", "include", "test", "bench", "examples", "tools", "share", "doc", ".ci"]

# An include points only left. What stands before "http" is pure: no socket, file, clock, thread.
LAYERS = ["base", "wire", "tokens", "llm", "catalog", "dialect", "provider", "route", "gate", "call",
          "http", "io", "net", "store", "sink", "config", "client", "serve", "cmd"]
PURE = LAYERS[:LAYERS.index("http")]

count = 0
failed = 0


def check(what, problems):
    """One TAP line: fails when there are problems, and prints each."""
    global count, failed
    problems = list(problems)
    count += 1
    failed += bool(problems)
    print(f"{'not ok' if problems else 'ok'} {count} - {what}")
    for problem in problems:
        print(f"#   {problem}")


def skip(what, why):
    global count
    count += 1
    print(f"ok {count} - {what} # SKIP {why}")


def done():
    print(f"1..{count}")
    sys.exit(1 if failed else 0)


def files(*suffixes, folders=FOLDERS):
    """All files of the tree with one of these suffixes; none: all that are text."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                if not suffixes or path.suffix in suffixes:
                    yield path


def name(path):
    return str(path.relative_to(ROOT))
