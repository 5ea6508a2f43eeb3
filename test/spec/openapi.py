"""Whether JSON is what a vendor's OpenAPI document says it must be.

Stricter than JSON Schema where that is silent: a member that a schema with properties does not name
is a fault, unless the schema says what other members are. Members that the pages know and the
document of that day does not are given by the caller.
"""

import gzip
import re
from pathlib import Path

SPECS = Path(__file__).resolve().parents[3] / "shared" / "specs" / "openapi"
TYPES = {"string": str, "boolean": bool, "object": dict, "array": list}


def _load(name):
    import yaml  # only where it is asked for: the rest of the tests do without
    text = gzip.open(SPECS / f"{name}.yaml.gz", "rt", encoding="utf-8").read()
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def is_here(name):
    """Whether it can be asked at all; else the reason is to be told."""
    try:
        import yaml  # noqa: F401
    except ImportError:
        return False
    return (SPECS / f"{name}.yaml.gz").is_file()


class Document:
    lenient, later, forgiven = False, frozenset(), frozenset()

    def __init__(self, name, later=(), forgiven=(), lenient=False):
        """`later`: (schema, member) pairs that came after the document; `forgiven`: such pairs that
        it demands and the service does not, as recorded. Lenient: what must be there and may be
        null may be missing, which SDKs read alike."""
        self.root, self.lenient = _load(name), lenient
        self.later, self.forgiven = set(later), set(forgiven)

    def request(self, path, method="post"):
        body = self.root["paths"][path][method]["requestBody"]
        return body["content"]["application/json"]["schema"]

    def _resolve(self, schema):
        name = None
        while "$ref" in schema:
            name = schema["$ref"].split("/")[-1]
            node = self.root
            for step in schema["$ref"].removeprefix("#/").split("/"):
                node = node[step]
            schema = node
        return name, schema

    def faults(self, schema, value, where="body"):
        name, schema = self._resolve(schema)
        for word in ("oneOf", "anyOf"):
            if word in schema:
                return self._one_of(schema, schema[word], value, where)
        if value is None and (schema.get("nullable") or schema.get("type") == "null"):
            return []
        if "allOf" in schema and not self._parts(name, schema)["known"]:  # of no object
            return [f for s in schema["allOf"] for f in self.faults(s, value, where)]
        if "const" in schema and value != schema["const"]:
            return [f"{where}: {value!r} is not {schema['const']!r}"]
        if "enum" in schema:
            # "OFF" is read as false by YAML's rules.
            words = ["OFF" if word is False else word for word in schema["enum"]]
            return [] if value in words else [f"{where}: {value!r} is none of {words}"]
        return self._typed(name, schema, value, where)

    # ---- Alternatives ----

    def _leaves(self, schema):
        """A schema's alternatives, and theirs."""
        _, inside = self._resolve(schema)
        kinds = inside.get("oneOf") or inside.get("anyOf")
        return [leaf for kind in kinds for leaf in self._leaves(kind)] if kinds else [schema]

    def _is_meant(self, schema, value):
        """Whether the value says that it is this one, or what it is has this form."""
        name, inside = self._resolve(schema)
        if isinstance(value, list):
            return inside.get("type") == "array"
        kind = self._parts(name, inside)["known"].get("type")
        return isinstance(value, dict) and kind and \
            value.get("type") in (self._resolve(kind)[1].get("enum") or [])

    def _one_of(self, schema, kinds, value, where):
        choose = schema.get("discriminator") or {}
        if "mapping" in choose and isinstance(value, dict):
            word = value.get(choose["propertyName"])
            if word not in choose["mapping"]:
                return [f"{where}: no such {choose['propertyName']}: {word!r}"]
            return self.faults({"$ref": choose["mapping"][word]}, value, where)
        leaves = [leaf for kind in kinds for leaf in self._leaves(kind)]
        meant = [leaf for leaf in leaves if self._is_meant(leaf, value)]
        return min((self.faults(leaf, value, where) for leaf in meant or leaves), key=len)

    # ---- Values ----

    def _typed(self, name, schema, value, where):
        kind = schema.get("type") or ("object" if self._parts(name, schema)["known"] else None)
        if kind == "null":
            return [f"{where}: must be null"]
        if kind in ("number", "integer"):
            whole = kind == "integer"
            if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
                return [f"{where}: no {kind}"]
            low, high = schema.get("minimum", value), schema.get("maximum", value)
            if low <= value <= high and value > schema.get("exclusiveMinimum", value - 1):
                return []
            return [f"{where}: {value} is not in {low}..{high}"]
        if kind and not isinstance(value, TYPES[kind]):
            return [f"{where}: must be of type {kind}"]
        if kind == "string":
            low, high = schema.get("minLength", 0), schema.get("maxLength", len(value))
            if not low <= len(value) <= high:
                return [f"{where}: {len(value)} characters"]
            if not re.search(schema.get("pattern", ""), value):
                return [f"{where}: {value[:40]!r} does not match {schema['pattern']}"]
        if kind == "array":
            low, high = schema.get("minItems", 0), schema.get("maxItems", len(value))
            if not low <= len(value) <= high:
                return [f"{where}: {len(value)} elements"]
            return [f for i, one in enumerate(value)
                    for f in self.faults(schema.get("items") or {}, one, f"{where}[{i}]")]
        return self._members(name, schema, value, where) if kind == "object" else []

    def _parts(self, name, schema, place=None):
        """What an object may and must have, by all that its schema is made of."""
        parts = {"names": {name or place}, "known": dict(schema.get("properties") or {}),
                 "required": [(name, m) for m in schema.get("required") or []],
                 "other": schema.get("additionalProperties")}
        for inner in schema.get("allOf") or []:
            more = self._parts(*self._resolve(inner))
            parts["names"] |= more["names"]
            parts["known"].update(more["known"])
            parts["required"] += more["required"]
            parts["other"] = parts["other"] or more["other"]
        return parts

    def _members(self, name, schema, value, where):
        parts = self._parts(name, schema, re.sub(r"\[\d+\]", "", where.split(".")[-1]))
        known, other = parts["known"], parts["other"]
        found = [f"{where}.{m}: missing" for owner, m in parts["required"]
                 if m not in value and (owner, m) not in self.forgiven
                 and not (self.lenient and not self.faults(known.get(m) or {}, None))]
        for member, inner in value.items():
            if member in known:
                found += self.faults(known[member], inner, f"{where}.{member}")
            elif isinstance(other, dict):
                found += self.faults(other, inner, f"{where}.{member}")
            elif known and not other and not self.later & {(n, member) for n in parts["names"]}:
                found.append(f"{where}.{member}: no such member of {name or 'it'}")
        return found


class Literal(Document):
    """A schema of our own, of what a page says."""

    def __init__(self, schema):
        self.root = schema
