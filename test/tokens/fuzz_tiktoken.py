"""Encodes random texts here and with tiktoken, and compares: fuzz_tiktoken.py TOKENS_PIPE [COUNT] [SEED].

Run on demand, where `tiktoken` is installed (test/tokens/README.md). TOKENS_PIPE is the program of
test/tokens/tokens_pipe.c. Texts are of every script, with emoji, unassigned code points, U+180E, odd
white space, contractions, code, long runs, and bytes that are no UTF-8.
"""

import random
import struct
import subprocess
import sys

import reference

SPACES = [" ", "  ", "   ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2028", "\u180e", "\u200b", "\u0085", "\x1c",
          "\x1f", "\n\n"]
CONTRACTIONS = ["'s", "'S", "'t", "'re", "'RE", "'ve", "'M", "'ll", "'LL", "'d", "'ſ", "'", "''", "’s", "'lL", "'K"]
WORDS = """the quick Brown FOX iPhone GPT4o naïve Ünï Привет МИР こんにちは 世界 中文字 한국어 العربية हिन्दी ไทย ᾼῼ ǅ ʰ ª
١٢٣ ½ Ⅷ 12345 0x1F e\u0301 A\u0301B \u0301 \u0301A ß ſ İ K""".split()
EMOJI = ["😀", "👩‍👩‍👧", "🇩🇪", "🏳️‍🌈", "❤️", "👍🏽", "\u200d", "\ufe0f"]
SCRIPTS = [0x400, 0x530, 0x590, 0x600, 0x900, 0xE00, 0x10A0, 0x1100, 0x1E00, 0x3040, 0x4E00, 0xAC00, 0xA000, 0x10400,
           0x1D400, 0x1F300]
CODE = ["'s", "'re", "'LL", "'", "''", " '", " ", "  ", "\n", "\n\n", "\r\n", " \n", "\t", "    ", "/", "//", "\n//", "}",
        "{", "(", ")", ";\n", "};\n\n", "foo", "Bar", "BAZ", "fooBar", "x", "12", "1234567", "a1", "_", "don't", "I'M",
        "it'Ll", ".", ",", "...", "--", "==", " (", "\x00", "\x1c", "\x0b", "/*", "*/\n", "\n/", "/\n/\n"]


def scalar(dice):
    roll = dice.random()
    if roll < 0.35:
        return chr(dice.randrange(0x80))
    if roll < 0.5:
        return chr(dice.randrange(0x80, 0x800))
    if roll < 0.75:
        return chr(dice.choice([dice.randrange(0x800, 0xD800), dice.randrange(0xE000, 0x10000)]))
    return chr(dice.randrange(0x10000, 0x20000) if roll < 0.95 else dice.randrange(0x20000, 0x110000))


def piece(dice):
    roll = dice.random()
    if roll < 0.2:
        return dice.choice(SPACES)
    if roll < 0.3:
        return dice.choice(CONTRACTIONS)
    if roll < 0.55:
        return dice.choice(WORDS)
    if roll < 0.62:
        return dice.choice(EMOJI)
    if roll < 0.7:
        return dice.choice("!?.,;:/\\()[]{}<>-_=+*&^%$#@~`|\"") * dice.randrange(1, 5)
    if roll < 0.75:
        return dice.choice("aA0 \n-=é中é") * dice.randrange(1, 40)
    if roll < 0.8:
        return "".join(dice.choice("abcdefXYZ0123456789+/") for _ in range(dice.randrange(1, 60)))
    if roll < 0.85:
        script = dice.choice(SCRIPTS)
        return "".join(chr(script + dice.randrange(96)) for _ in range(dice.randrange(1, 20)))
    return scalar(dice)


def text(dice):
    if dice.random() < 0.4:
        out = "".join(dice.choice(CODE) if dice.random() < 0.99 else piece(dice) for _ in range(dice.randrange(20, 120)))
    else:
        out = "".join(piece(dice) for _ in range(dice.randrange(30)))
    out = bytearray(out.encode())
    if out and dice.random() < 0.15:
        for _ in range(dice.randrange(1, 5)):
            out[dice.randrange(len(out))] = dice.randrange(256)
    return bytes(out)


class Ours:
    def __init__(self, program, name):
        self.pipe = subprocess.Popen([program, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def __call__(self, data):
        self.pipe.stdin.write(struct.pack("=I", len(data)) + data)
        self.pipe.stdin.flush()
        count, = struct.unpack("=I", self.pipe.stdout.read(4))
        return list(struct.unpack(f"={count}I", self.pipe.stdout.read(4 * count)))


def main(program, count=100000, seed=1):
    dice, wrong = random.Random(int(seed)), 0
    pairs = [(name, reference.encoding(name), Ours(program, name)) for name in reference.CONSTRUCTORS]
    for _ in range(int(count)):
        data = text(dice)
        for name, theirs, ours in pairs:
            if theirs.encode_ordinary(data.decode(errors="replace")) != ours(data):
                wrong += 1
                print(f"{name}: differs on {data!r}")
    print(f"{count} texts, {len(pairs)} encodings, {wrong} differences")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
