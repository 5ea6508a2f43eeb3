"""Trains four small tokenizers with Hugging Face's library, in the manner of well-known ones, and has it
encode some texts: make_tokenizers.py.

Run on demand, where `tokenizers` is installed; test/unit/tokens/tokenizer_json_test.c reads what it
wrote. The ways to cut text are those of the named models' files; the words learnt are from this
tree's own documents.
"""

import json
import random
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

import fuzz_tiktoken

HERE = Path(__file__).resolve().parent
CASED = "(?i:'s|'t|'re|'ve|'m|'ll|'d)"
TAIL = r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
DEEPSEEK = (r"""[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^""" "\r\n" r"\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+["
            "\r\n" r"]*|\s*[\r\n]+|\s+(?!\S)|\s+")


def split(regex):
    return pre_tokenizers.Split(Regex(regex), "isolated")


def level(regex=False):
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=regex)


STYLES = {
    "llama3": (None, [split(CASED + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}|" + TAIL), level()]),
    "qwen": (normalizers.NFC(), [split(CASED + r"|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|" + TAIL), level()]),
    "deepseek": (normalizers.Sequence([]),
                 [split(r"\p{N}{1,3}"), split("[一-龥぀-ゟ゠-ヿ]+"), split(DEEPSEEK), level()]),
    "command_r": (normalizers.NFC(), [pre_tokenizers.Digits(individual_digits=True), level(True)]),
}


def train(name):
    normalizer, steps = STYLES[name]
    tokenizer = Tokenizer(models.BPE(ignore_merges=name == "llama3"))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps)
    trainer = trainers.BpeTrainer(vocab_size=700, special_tokens=["<|begin|>", "<|end|>"], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    texts = [path.read_text() for path in sorted((HERE.parent.parent / "doc").glob("*.md"))]
    tokenizer.train_from_iterator(texts + fuzz_tiktoken.WORDS * 20, trainer)
    tokenizer.add_tokens([AddedToken("<left>", lstrip=True, normalized=False), AddedToken("<right>", rstrip=True, normalized=False),
                          AddedToken("whole", single_word=True), AddedToken("ée", normalized=True)])
    if name in ("llama3", "command_r"):
        ids = [(token, tokenizer.token_to_id(token)) for token in ("<|begin|>", "<|end|>")]
        single = "<|begin|> $A" if name == "llama3" else "<|begin|> $A <|end|>"
        tokenizer.post_processor = processors.TemplateProcessing(single=single, special_tokens=ids)
    return tokenizer


def main():
    dice = random.Random(7)
    special = ["<|begin|>", "<|end|>", " <left> ", " <right> ", "whole", " whole ", "e\u0301e", "ée", "<left", "한국"]
    for name in STYLES:
        tokenizer = train(name)
        tokenizer.save(str(HERE / f"{name}.json"), pretty=False)
        lines = []
        for _ in range(300):
            text = "".join(dice.choice(special) if dice.random() < 0.1 else fuzz_tiktoken.text(dice).decode(errors="replace")[:12]
                           for _ in range(dice.randrange(8)))
            if all(ord(c) < 0x10000 or 0x1F000 < ord(c) < 0x1FA00 for c in text):
                lines.append(json.dumps({"text": text, "ids": tokenizer.encode(text).ids}))
        (HERE / f"{name}.jsonl").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
