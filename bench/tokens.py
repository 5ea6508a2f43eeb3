#!/usr/bin/env python3
"""Counts tokens here and with tiktoken (PyPI), on one thread, in one run: tokens.py BUILD [ENCODING...].

Both take turns, round by round, and each round's ratio counts: the median is printed, and the range of
the middle half. Speeds are of processor time. So what else the machine does counts less.

  cold   a tokenizer that knows nothing yet counts a text (the program has run before)
  fresh  it has counted other text of that language, and counts parts of 4 KB, one call each, for the
         first time: a gateway's thread, whose tokenizer lives as long as it does, at its work
  warm   it counts the text again: a conversation that comes back with one turn more
  ids    the same, with the ids as the result, once more

tiktoken knows no such differences: it remembers nothing. The texts are what a Debian machine has:
English from documentation, code from this tree and from Python's library, Chinese, Japanese and Russian
from translated messages. tiktoken is installed into BUILD; its vocabularies are ours (share/tokens),
whose hashes are those of tiktoken's own.
"""

import gettext
import glob
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIMIT = 2_000_000
ROUNDS = 9
ENCODINGS = ["o200k_base", "cl100k_base", "p50k_base", "r50k_base"]
MEASURES = ["cold", "fresh", "warm", "ids"]


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


def encodings_of_tiktoken(names):
    sys.path.insert(0, str(ROOT / "test" / "tokens"))
    import reference
    return {name: reference.encoding(name) for name in names}


def measure(bench, encoding, other, path, text):
    """The tokens of both, and of each round tiktoken's speed and ours."""
    ours = subprocess.Popen([bench, encoding, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    rounds, size = [], len(text.encode()) / 1e6
    for i in range(ROUNDS + 1):
        start = time.process_time()
        theirs = len(other.encode_ordinary(text))
        speed = size / (time.process_time() - start)
        ours.stdin.write("\n")
        ours.stdin.flush()
        count, *speeds = ours.stdout.readline().split()
        if i: # in the first one, all of it is read into memory
            rounds.append((speed, [float(x) for x in speeds]))
    ours.stdin.close()
    ours.wait()
    return theirs, int(count), rounds


def spread(values):
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:5.1f} ({low:.0f}-{high:.0f})"


def compare(build, encodings):
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
    print("times tiktoken's speed: the median, and the middle half of the rounds; then MB/s")
    print(f"{'encoding':12} {'text':9} {'MB':>4}" + "".join(f"{name:>15}" for name in MEASURES) +
          f"{'tiktoken':>10}" + "".join(f"{name:>7}" for name in MEASURES))
    for encoding, other in encodings_of_tiktoken(encodings).items():
        for name, text in texts.items():
            theirs, count, rounds = measure(str(Path(build) / "bench" / "tokens_bench"), encoding, other,
                                            str(folder / name), text)
            note = "" if theirs == count else f"  DIFFERS: {count} and {theirs} tokens"
            ratios = [[ours[i] / speed for speed, ours in rounds] for i in range(len(MEASURES))]
            speeds = [statistics.median(speed for speed, _ in rounds)]
            speeds += [statistics.median(ours[i] for _, ours in rounds) for i in range(len(MEASURES))]
            print(f"{encoding:12} {name:9} {len(text.encode()) / 1e6:4.1f}" +
                  "".join(f"{spread(values):>15}" for values in ratios) + f"{speeds[0]:10.1f}" +
                  "".join(f"{speed:7.0f}" for speed in speeds[1:]) + note, flush=True)


def main(build, *encodings):
    try:
        import tiktoken  # noqa: F401
    except ImportError:
        venv = Path(build) / "tokens-venv"
        python = str(venv / "bin" / "python")
        if not venv.exists() or subprocess.run([python, "-c", "import tiktoken"], stderr=subprocess.DEVNULL).returncode:
            # --clear: an installation may have been interrupted
            subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
            subprocess.run([python, "-m", "pip", "install", "--quiet", "tiktoken"], check=True)
        # the full path: by its own name it finds its packages
        os.execv(python, [python, *sys.argv])
    compare(build, encodings or ENCODINGS)


if __name__ == "__main__":
    main(*sys.argv[1:])
