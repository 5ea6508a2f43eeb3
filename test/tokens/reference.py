"""tiktoken's encodings, of the vocabularies in share/tokens: nothing is downloaded.

Its own list of encodings gives the patterns and the special tokens (tiktoken_ext.openai_public);
only where it would load a vocabulary, ours is put in.
"""

import subprocess
from pathlib import Path

import tiktoken
import tiktoken_ext.openai_public as public

SHARE = Path(__file__).resolve().parent.parent.parent / "share" / "tokens"
CONSTRUCTORS = {name: public.ENCODING_CONSTRUCTORS[name] for name in
                ("o200k_base", "o200k_harmony", "cl100k_base", "p50k_base", "p50k_edit", "r50k_base")}


def unpack(name):
    return subprocess.run(["zstd", "-dc", str(SHARE / name)], check=True, stdout=subprocess.PIPE).stdout


def ranks(name):
    data, at, out, rank = unpack(name + ".bpe.zst"), 0, {}, 0
    while at < len(data):
        length = int.from_bytes(data[at:at + 2], "little")
        if length:
            out[data[at + 2:at + 2 + length]] = rank
        at += 2 + length
        rank += 1
    return out


def load(url, expected_hash=None):
    return ranks(Path(url).stem)


def encoding(name):
    public.load_tiktoken_bpe = load
    return tiktoken.Encoding(**CONSTRUCTORS[name]())
