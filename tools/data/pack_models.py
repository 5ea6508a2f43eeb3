"""Packs share/models.json into a table that is used as it lies in the binary.

pack_models.py MODELS.json OUT.bin OUT.S

The table, all integers 32 bits and little-endian:

    count, slots (a power of two), offset of the slots, offset of the rows,
    count of the rules, their offset
    slots:  slots x number of a row + 1; 0 is free. Open addressing by fnv1a(lower(name))
    rows:   count x {offset of the name, its length, offset of the JSON, its length}
    rules:  count x {offset of the pattern, its length; the same of the providers whose rows are
            filled up, as JSON; and of what it says, as JSON}
    text

Rows are filled up by the rules here (src/catalog/rules.h has what they are).
"""

import re
import struct
import sys
from pathlib import Path

import exact_json

# For people who read the file; nothing asks for them at run time.
LEFT_OUT = {"source", "comment", "metadata"}


HEAD = 24  # bytes


def fnv1a(name):
    value = 2166136261
    for byte in name:
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


def lower(name):
    """As C does it: ASCII only."""
    return bytes(byte + 32 if 65 <= byte <= 90 else byte for byte in name)


def ordered(row):
    """What every lookup asks for stands first."""
    first = {key: row[key] for key in ("litellm_provider", "mode") if key in row}
    return {**first, **{key: value for key, value in row.items() if key not in LEFT_OUT}}


def is_capability(rule):
    return set(rule["model_info"]) != {"litellm_provider"}


def filled(name, row, rules):
    """The row with what rules say of all such models of its provider."""
    if row.get("mode", "chat") not in ("chat", "responses"):
        return row
    more = {}
    for rule in rules:
        if row.get("litellm_provider") in rule.get("fill_missing_for_providers", []) and \
                re.search(rule["pattern"], name, re.IGNORECASE):
            more |= rule["model_info"]
    more.pop("litellm_provider", None)
    return {**row, **{key: value for key, value in more.items() if key not in row}}


def pack(models, rules):
    models = {name: filled(name, row, rules) for name, row in models.items()}
    names = [name.encode() for name in models]
    texts = [exact_json.dumps(ordered(row)).encode() for row in models.values()]
    slots = 1
    while slots < 2 * len(names):
        slots *= 2
    table = [0] * slots
    for number, name in enumerate(names):
        at = fnv1a(lower(name)) % slots
        while table[at]:
            at = (at + 1) % slots
        table[at] = number + 1
    rows_at = HEAD + 4 * slots
    rules_at = rows_at + 16 * len(names)
    at = rules_at + 24 * len(rules)
    rows, blob = [], []
    for name, text in zip(names, texts):
        rows += [at, len(name), at + len(name), len(text)]
        blob += [name, text]
        at += len(name) + len(text)
    for rule in rules:
        for text in (rule["pattern"], exact_json.dumps(rule.get("fill_missing_for_providers", [])),
                     exact_json.dumps(rule["model_info"])):
            rows += [at, len(text.encode())]
            blob.append(text.encode())
            at += len(blob[-1])
    head = struct.pack("<6I", len(names), slots, HEAD, rows_at, len(rules), rules_at)
    return head + struct.pack(f"<{slots}I", *table) + struct.pack(f"<{len(rows)}I", *rows) \
        + b"".join(blob)


def main():
    source, binary, assembly = (Path(path) for path in sys.argv[1:])
    models = exact_json.loads(source.read_text())
    rules = [rule for rule in models.pop("fallback_generalizations")["rules"] if is_capability(rule)]
    packed = pack({name: row for name, row in models.items() if not name.startswith("_")}, rules)
    binary.write_bytes(packed)
    assembly.write_text(f'''/* {assembly.name} - the model table as bytes. Made by tools/data/pack_models.py. */
    .section .rodata
    .balign 16
    .globl lx_catalog_table
    .hidden lx_catalog_table
    .type lx_catalog_table, %object
lx_catalog_table:
    .incbin "{binary.resolve()}"
    .size lx_catalog_table, . - lx_catalog_table
    .section .note.GNU-stack,"",%progbits
''')


main()
