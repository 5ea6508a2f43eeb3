#!/usr/bin/env python3
"""Counts tokens here and with tiktoken (PyPI), on one thread, in one run: tokens.py BUILD.

Speeds are of processor time, so that what else the machine does counts less. The texts are what a Debian machine has: English from documentation, code from this tree and from
Python's library, Chinese, Japanese and Russian from translated messages. tiktoken is installed into
BUILD; its vocabularies are ours (share/tokens), whose hashes are those of tiktoken's own.
"""

import gettext
import glob
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 4_000_000
ENCODINGS = ["o200k_base", "cl100k_base", "r50k_base"]


def take(paths):
    """The files' text, each content once, up to the limit."""
    seen, out, size = set(), [], 0
    for path in paths:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if text in seen or size > LIMIT:
            continue
        seen.add(text)
        out.append(text)
        size += len(text.encode())
    return "\n".join(out)


def translations(language):
    out, size = [], 0
    for path in sorted(glob.glob(f"/usr/share/locale/{language}/LC_MESSAGES/*.mo") +
                       glob.glob(f"/usr/share/vim/*/lang/{language}/LC_MESSAGES/*.mo")):
        try:
            with open(path, "rb") as f:
                catalog = gettext.GNUTranslations(f)._catalog
        except (OSError, UnicodeDecodeError, ValueError):
            continue
        for source, text in catalog.items():
            if text and text != source and not text.isascii() and size < LIMIT:
                out.append(text)
                size += len(text.encode())
    return "\n".join(out)


def documents():
    for top in ("/usr/share/doc", "/usr/lib", "/usr/local", str(ROOT / "doc"), "/opt"):
        for folder, _, names in os.walk(top):
            yield from (Path(folder) / name for name in sorted(names) if name.endswith((".md", ".rst", ".txt")))


def sources():
    yield from sorted((ROOT / "src").rglob("*.c"))
    yield from sorted(Path(os.__file__).parent.glob("*.py"))
    yield from sorted(Path(os.__file__).parent.glob("*/*.py"))


TEXTS = {
    "English": lambda: take(documents()),
    "code": lambda: take(sources()),
    "Chinese": lambda: translations("zh_CN"),
    "Japanese": lambda: translations("ja"),
    "Russian": lambda: translations("ru"),
}


def encodings_of_tiktoken():
    sys.path.insert(0, str(ROOT / "test" / "tokens"))
    import reference
    return {name: reference.encoding(name) for name in ENCODINGS}


def best(function, text, rounds=2):
    times = []
    for _ in range(rounds):
        start = time.process_time()
        result = function(text)
        times.append(time.process_time() - start)
    return result, len(text.encode()) / 1e6 / min(times)


def compare(build):
    folder = Path(build) / "tokens-texts"
    folder.mkdir(exist_ok=True)
    texts = {}
    for name, make in TEXTS.items():
        text = make()
        if len(text) < 20_000:
            print(f"{name}: not enough of it on this machine")
            continue
        (folder / name).write_text(text, encoding="utf-8")
        texts[name] = text
    print(f"{'encoding':12} {'text':9} {'MB':>5} {'tiktoken':>9} {'cold':>7} {'warm':>7} {'encode':>7}  MB/s     "
          f"{'times':>6}")
    for encoding, other in encodings_of_tiktoken().items():
        ours = subprocess.run([str(Path(build) / "bench" / "tokens_bench"), encoding,
                               *(str(folder / name) for name in texts)],
                              check=True, text=True, stdout=subprocess.PIPE).stdout
        for line, (name, text) in zip(ours.splitlines(), texts.items()):
            _, _, count, cold, warm, encode = line.split()
            ids, speed = best(other.encode_ordinary, text)
            note = "" if len(ids) == int(count) else f"  DIFFERS: {count} and {len(ids)} tokens"
            print(f"{encoding:12} {name:9} {len(text.encode()) / 1e6:5.1f} {speed:9.1f} {float(cold):7.1f} "
                  f"{float(warm):7.1f} {float(encode):7.1f}           {float(cold) / speed:5.1f}x cold, "
                  f"{float(warm) / speed:.1f}x warm{note}")


def main(build):
    try:
        import tiktoken  # noqa: F401
    except ImportError:
        venv = Path(build) / "tokens-venv"
        if not venv.exists():
            subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
            subprocess.run([str(venv / "bin" / "pip"), "install", "--quiet", "tiktoken"], check=True)
        os.execv(str(venv / "bin" / "python"), ["python", *sys.argv])
    compare(build)


if __name__ == "__main__":
    main(sys.argv[1])
