"""Writes vectors.json: values against schemas as clients of structured output write them, with what
the Python package `jsonschema` says of each.

make.py [--check VECTORS] [--random N]

Run by hand where `jsonschema` is installed; the tests read what it wrote. --check also makes N
random schemas and values, and runs the program VECTORS over them. What jsonschema does in binary
floating point (multipleOf of fractions) is said by hand, for we are exact.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import jsonschema

HERE = Path(__file__).resolve().parent

TREE = {"$defs": {"node": {"type": "object", "properties": {
            "value": {"type": "integer"},
            "children": {"type": "array", "items": {"$ref": "#/$defs/node"}}},
        "required": ["value"], "additionalProperties": False}}, "$ref": "#/$defs/node"}
STEPS = {"type": "object", "properties": {
             "steps": {"type": "array", "items": {
                 "type": "object",
                 "properties": {"explanation": {"type": "string"}, "output": {"type": "string"}},
                 "required": ["explanation", "output"], "additionalProperties": False}},
             "final_answer": {"type": "string"}},
         "required": ["steps", "final_answer"], "additionalProperties": False}
UNION = {"type": "object", "properties": {"item": {"anyOf": [
             {"type": "object", "properties": {"kind": {"const": "user"},
                                               "name": {"type": "string"}},
              "required": ["kind", "name"]},
             {"type": "object", "properties": {"kind": {"const": "place"},
                                               "at": {"type": ["array", "null"]}},
              "required": ["kind", "at"]}]}}, "required": ["item"]}

GROUPS = [
    (STEPS, [{"steps": [{"explanation": "a", "output": "b"}], "final_answer": "c"},
             {"steps": [], "final_answer": "c"}, {"steps": []}, {"steps": "a", "final_answer": "c"},
             {"steps": [{"explanation": "a"}], "final_answer": "c"},
             {"steps": [{"explanation": "a", "output": 1}], "final_answer": "c"},
             {"steps": [], "final_answer": "c", "more": 1}, [], "text", None]),
    (TREE, [{"value": 1}, {"value": 1, "children": [{"value": 2, "children": []}]},
            {"value": 1, "children": [{"value": "2"}]}, {"value": 1, "children": [{}]},
            {"value": 1.0}, {"value": 1.5}, {"value": 1e3}]),
    (UNION, [{"item": {"kind": "user", "name": "x"}}, {"item": {"kind": "place", "at": None}},
             {"item": {"kind": "place", "at": [1]}}, {"item": {"kind": "place", "name": "x"}},
             {"item": {"kind": "other"}}, {}]),
    ({"enum": ["a", 1, None, [1, {"b": 2.0}]]},
     ["a", 1, 1.0, True, None, False, "b", [1, {"b": 2}], [1, {"b": 3}], [1]]),
    ({"const": {"a": [0], "b": "\u00e9"}},
     [{"b": "\u00e9", "a": [0]}, {"a": [0]}, {"a": [False], "b": "\u00e9"},
      {"a": [0], "b": "\u00e9", "c": 1}]),
    ({"minLength": 2, "maxLength": 3}, ["", "ab", "abc", "abcd", "\u00e9\u00e9", "\U0001f600",
                                        "\U0001f600\U0001f600\U0001f600", 5]),
    ({"minimum": 0, "exclusiveMaximum": 10}, [-1, 0, -0.0, 9.999999999999999, 10, 1e1, 100e-1, "x"]),
    ({"maximum": 9007199254740992}, [9007199254740992, 9007199254740993, 1e300, -1e300]),
    ({"exclusiveMinimum": 0.1}, [0.1, 0.10000000000000002, 0, 1]),
    ({"multipleOf": 3}, [0, 3, -9, 4, 3.0, 3e2, 1e2]),
    ({"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": True},
     [[], [1], [1, 1], [1, 1.0], [1, True], [[1], [1]], [{"a": 1}, {"a": 1}], [1, 2, 3], {}]),
    ({"prefixItems": [{"type": "string"}, {"type": "integer"}], "items": False},
     [["a", 1], ["a"], ["a", "b"], ["a", 1, 2], []]),
    ({"$schema": "http://json-schema.org/draft-07/schema#",
      "items": [{"type": "string"}], "additionalItems": {"type": "null"}},
     [["a", None], ["a", 1], [1], []]),
    ({"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"a": {"type": "string"}},
      "properties": {"x": {"$ref": "#/definitions/a", "maxLength": 1}}},
     [{"x": "ab"}, {"x": 1}]),
    ({"$defs": {"a": {"type": "string"}}, "properties": {"x": {"$ref": "#/$defs/a", "maxLength": 1}}},
     [{"x": "ab"}, {"x": "a"}, {"x": 1}]),
    ({"oneOf": [{"type": "integer"}, {"minimum": 2}]}, [1, 2.5, 3, "a"]),
    ({"allOf": [{"required": ["a"]}, {"properties": {"b": {"type": "null"}}}]},
     [{"a": 1}, {"a": 1, "b": None}, {"a": 1, "b": 2}, {}]),
    ({"not": {"type": ["string", "null"]}}, ["a", None, 1]),
    ({"if": {"properties": {"a": {"const": 1}}, "required": ["a"]},
      "then": {"required": ["b"]}, "else": {"required": ["c"]}},
     [{"a": 1, "b": 1}, {"a": 1}, {"c": 1}, {"a": 2}]),
    ({"minProperties": 1, "maxProperties": 2, "propertyNames": {"maxLength": 2}},
     [{}, {"a": 1}, {"abc": 1}, {"a": 1, "b": 2, "c": 3}]),
    ({"dependentRequired": {"a": ["b"]}, "dependentSchemas": {"c": {"required": ["d"]}}},
     [{"a": 1}, {"a": 1, "b": 1}, {"c": 1}, {"c": 1, "d": 1}, {}]),
    ({"contains": {"type": "string"}, "minContains": 2, "maxContains": 3},
     [["a"], ["a", "b"], ["a", 1, "b", "c"], ["a", "b", "c", "d"], []]),
    ({"contains": {"const": 1}}, [[], [1], [2], "x"]),
    (True, [1, None]), (False, [1, None]), ({}, [1]),
    ({"properties": {"a\"b": {"type": "string"}, "\u00e9": {"type": "null"}}},
     [{"a\"b": 1}, {"a\"b": "x", "\u00e9": None}, {"\u00e9": 1}]),
    ({"$defs": {"a/b": {"type": "null"}, "t~": {"type": "string"}},
      "anyOf": [{"$ref": "#/$defs/a~1b"}, {"$ref": "#/%24defs/t~0"}]}, [None, "x", 1]),
    ({"$defs": {"x": {"$anchor": "here", "type": "null"}}, "$ref": "#here"}, [None, 1]),
    ({"additionalProperties": {"type": "integer"}, "properties": {"a": True}},
     [{"a": "x", "b": 1}, {"b": "x"}]),
]
BY_HAND = [
    ({"multipleOf": 0.1}, [(0.3, True), (0.35, False), (1, True), (1e300, True)]),
    ({"multipleOf": 3}, [(3e30, True), (1e30, False)]),
    ({"multipleOf": 1e-9}, [(12391239123, True), (1.5e-9, False)]),
]


def judge(schema, value):
    cls = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
    return cls(schema).is_valid(value)


def group(schema, values):
    return {"schema": schema, "tests": [{"data": v, "valid": judge(schema, v)} for v in values]}


def some_value(r, depth=0):
    pick = r.randrange(9 if depth < 3 else 6)
    if pick < 6:
        return [None, r.random() < .5, r.randrange(-3, 6), r.randrange(-6, 12) / 4,
                r.choice(["", "a", "ab", "abc", "\u00e9\u00e9"]), r.choice([1, 1.0, 0])][pick]
    if pick < 8:
        return {r.choice("abcd"): some_value(r, depth + 1) for _ in range(r.randrange(4))}
    return [some_value(r, depth + 1) for _ in range(r.randrange(4))]


def some_schema(r, depth=0):
    if depth > 3 or r.random() < .1:
        return r.choice([True, True, {}, {"type": r.choice(["string", "integer", "number"])}, False])

    def inner():
        return some_schema(r, depth + 1)

    def several():
        return [inner() for _ in range(r.randrange(1, 4))]

    def members():
        return {r.choice("abcd"): inner() for _ in range(r.randrange(1, 4))}

    makers = {
        "type": lambda: r.choice(["string", "integer", "number", "object", "array", "null",
                                  "boolean", ["string", "null"], ["integer", "object"]]),
        "properties": members, "items": inner, "prefixItems": several, "anyOf": several,
        "oneOf": several, "allOf": several, "not": inner, "if": inner, "then": inner,
        "else": inner, "contains": inner, "propertyNames": inner, "additionalProperties": inner,
        "minContains": lambda: r.randrange(3), "maxContains": lambda: r.randrange(3),
        "required": lambda: sorted(r.sample("abcd", r.randrange(3))),
        "dependentRequired": lambda: {r.choice("ab"): [r.choice("cd")]},
        "dependentSchemas": members,
        "enum": lambda: [some_value(r, 2) for _ in range(r.randrange(1, 4))],
        "const": lambda: some_value(r, 2),
        "minimum": lambda: r.randrange(-3, 3), "maximum": lambda: r.randrange(-1, 4) + .5,
        "exclusiveMinimum": lambda: r.randrange(-3, 3), "exclusiveMaximum": lambda: r.randrange(5),
        "multipleOf": lambda: r.choice([1, 2, .5]), "minLength": lambda: r.randrange(3),
        "maxLength": lambda: r.randrange(4), "minItems": lambda: r.randrange(3),
        "maxItems": lambda: r.randrange(4), "uniqueItems": lambda: True,
        "minProperties": lambda: r.randrange(3), "maxProperties": lambda: r.randrange(4),
        "$ref": lambda: r.choice(["#/$defs/x", "#/$defs/y"]),
    }
    names = r.sample(sorted(makers), r.randrange(1, 4))
    return {name: makers[name]() for name in names}


def check(program, count):
    r = random.Random(count)
    groups = []
    for _ in range(count):
        schema = some_schema(r)
        if isinstance(schema, dict):
            schema["$defs"] = {"x": {"type": ["string", "object"]}, "y": {"type": ["integer", "array"]}}
        groups.append(group(schema, [some_value(r) for _ in range(8)]))
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(groups, file)
        file.flush()
        return subprocess.run([program, file.name, str(HERE / "vectors.json")],
                              check=False).returncode


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check")
    parser.add_argument("--random", type=int, default=3000)
    args = parser.parse_args()
    groups = [group(schema, values) for schema, values in GROUPS]
    groups += [{"schema": schema, "tests": [{"data": v, "valid": w} for v, w in values]}
               for schema, values in BY_HAND]
    text = "[\n" + ",\n".join(json.dumps(g) for g in groups) + "\n]\n"
    (HERE / "vectors.json").write_text(text)
    return check(args.check, args.random) if args.check else 0


if __name__ == "__main__":
    sys.exit(main())
