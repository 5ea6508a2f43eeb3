"""Whether JSON is what the service model of an AWS SDK says it must be (botocore's service-2.json).

Stricter than the SDKs: every member must be known, of a union there is exactly one, words are of
their enumeration, lengths, bounds and patterns hold. Members that the pages know and the model of
that day does not are given by the caller.
"""

import base64
import gzip
import json
import re
from pathlib import Path

FILE = (Path(__file__).resolve().parents[3] / "shared" / "specs" / "bedrock" /
        "bedrock-runtime-service-2.json.gz")
NUMBERS = {"integer": int, "long": int, "float": (int, float), "double": (int, float)}


def is_here():
    return FILE.is_file()


class Model:
    def __init__(self):
        self.shapes = json.load(gzip.open(FILE, "rt", encoding="utf-8"))["shapes"]

    def body_faults(self, shape, body, where="body"):
        """Of what a request or reply has in its body: not in its address or headers."""
        told = {**self.shapes[shape], "required": []}
        told["members"] = {k: v for k, v in told["members"].items() if "location" not in v}
        told["required"] = [m for m in self.shapes[shape].get("required") or []
                            if m in told["members"]]
        yield from self._structure(shape, told, body, where)

    def faults(self, name, value, where):
        shape = self.shapes[name]
        if shape.get("document"):
            return
        kind = shape["type"]
        if kind in NUMBERS:
            yield from self._number(shape, NUMBERS[kind], value, where)
        elif kind == "boolean":
            if not isinstance(value, bool):
                yield f"{where}: must be true or false"
        elif kind == "blob":
            yield from self._blob(shape, value, where)
        else:
            yield from getattr(self, "_" + kind)(name, shape, value, where)

    @staticmethod
    def _number(shape, kind, value, where):
        if isinstance(value, bool) or not isinstance(value, kind):
            yield f"{where}: no {shape['type']}"
        elif not shape.get("min", value) <= value <= shape.get("max", value):
            yield f"{where}: {value} is not in {shape.get('min')}..{shape.get('max')}"

    @staticmethod
    def _blob(shape, value, where):
        try:
            raw = base64.b64decode(value, validate=True)
        except (TypeError, ValueError):
            yield f"{where}: no base64"
            return
        if len(raw) < shape.get("min", 0):
            yield f"{where}: empty"

    @staticmethod
    def _sized(shape, value, where):
        if not shape.get("min", 0) <= len(value) <= shape.get("max", len(value)):
            yield f"{where}: length {len(value)} is not in {shape.get('min', 0)}..{shape.get('max')}"

    def _string(self, name, shape, value, where):
        if not isinstance(value, str):
            yield f"{where}: must be a string"
            return
        yield from self._sized(shape, value, where)
        if value not in shape.get("enum", [value]):
            yield f"{where}: {value!r} is no {name}"
        if "pattern" in shape and not re.search(shape["pattern"], value):
            yield f"{where}: {value[:40]!r} does not match {shape['pattern']}"

    def _list(self, _, shape, value, where):
        if not isinstance(value, list):
            yield f"{where}: must be a list"
            return
        yield from self._sized(shape, value, where)
        for i, one in enumerate(value):
            yield from self.faults(shape["member"]["shape"], one, f"{where}[{i}]")

    def _map(self, _, shape, value, where):
        if not isinstance(value, dict):
            yield f"{where}: must be an object"
            return
        yield from self._sized(shape, value, where)
        for key, one in value.items():
            yield from self.faults(shape["key"]["shape"], key, f"{where}: its key")
            yield from self.faults(shape["value"]["shape"], one, f"{where}.{key}")

    def _structure(self, name, shape, value, where):
        if not isinstance(value, dict):
            yield f"{where}: must be an object"
            return
        if shape.get("union") and len(value) != 1:
            yield f"{where}: {sorted(value)} of {name}, which is one of several"
        for member in shape.get("required") or []:
            if member not in value:
                yield f"{where}.{member}: missing"
        for member, one in value.items():
            known = shape["members"].get(member)
            if known is None:
                yield f"{where}.{member}: no such member of {name}"
            else:
                yield from self.faults(known["shape"], one, f"{where}.{member}")
