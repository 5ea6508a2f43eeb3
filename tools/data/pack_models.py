"""Packs share/models.json into a table that is used as it lies in the binary.

pack_models.py MODELS.json OUT.bin OUT.S

The table, all integers 32 bits and little-endian:

    count, slots (a power of two), offset of the slots, offset of the rows
    slots:  slots x number of a row + 1; 0 is free. Open addressing by fnv1a(lower(name))
    rows:   count x {offset of the name, its length, offset of the JSON, its length}
    text
"""

import struct
import sys
from pathlib import Path

import exact_json

# For people who read the file; nothing asks for them at run time.
LEFT_OUT = {"source", "comment", "metadata"}


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


def pack(models):
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
    rows_at = 16 + 4 * slots
    at = rows_at + 16 * len(names)
    rows, blob = [], []
    for name, text in zip(names, texts):
        rows += [at, len(name), at + len(name), len(text)]
        blob += [name, text]
        at += len(name) + len(text)
    head = struct.pack("<4I", len(names), slots, 16, rows_at)
    return head + struct.pack(f"<{slots}I", *table) + struct.pack(f"<{len(rows)}I", *rows) \
        + b"".join(blob)


def main():
    source, binary, assembly = (Path(path) for path in sys.argv[1:])
    models = exact_json.loads(source.read_text())
    packed = pack({name: row for name, row in models.items() if not name.startswith("_")})
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
