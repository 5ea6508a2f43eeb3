"""Whether a body is a GenerateContentRequest, by Google's own proto files.

Every member must be a field of its message (by its JSON name), of its type, with a word of its enum;
of a oneof there may be one. What the pages know and the proto of that day does not is listed here.
"""

import base64
import gzip
import re
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "specs" / "gemini"
# AI Studio's and Vertex AI's: two services with one language, nearly.
STUDIO = ("ai_generativelanguage_v1beta_content", "ai_generativelanguage_v1beta_generative_service",
          "ai_generativelanguage_v1beta_safety")
VERTEX = ("cloud_aiplatform_v1_content", "cloud_aiplatform_v1_prediction_service",
          "cloud_aiplatform_v1_tool")
# ai.google.dev/gemini-api/docs/thinking (2025-11): levels came with Gemini 3.
# A field whose options hold braces is not read here.
LATER = {("ThinkingConfig", "thinkingLevel"): "string", ("EmbedContentRequest", "model"): "string",
         ("GenerateContentRequest", "model"): "string",
         ("GenerateContentRequest", "cachedContent"): "string"}
FIELD = re.compile(r"^(optional |repeated )?(map<string, *[\w.]+>|[\w.]+) (\w+) = \d+(.*)$", re.S)
INTEGERS = ("int32", "int64", "uint32", "uint64")
ANY = ("google.protobuf.Value", "google.type.LatLng", "google.type.Interval",
       "google.protobuf.Duration")


def _camel(name):
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)


class Protos:
    """Messages by their full name: {json name: (type, repeated, oneof)}; enums: sets of words."""

    def __init__(self, files):
        self.messages, self.enums = {}, {}
        for file in files:
            path = FOLDER / f"{file}.proto.gz"
            text = re.sub(r"//[^\n]*", "", gzip.open(path, "rt", encoding="utf-8").read())
            self._read(re.findall(r'"[^"]*"|[{};]|[^{};"]+', text))
        for (message, name), kind in LATER.items():
            self.messages.get(message, {}).setdefault(name, (kind, False, None))

    def _read(self, tokens):
        scope, statement, oneof = [], "", None
        for token in tokens:
            if token == "{":
                word = statement.split()
                scope.append(tuple(word[:2]) if len(word) > 1 else ("?", ""))
                self._open(scope)
                statement = ""
            elif token == "}":
                scope.pop()
                statement = ""
            elif token == ";":
                self._field(scope, " ".join(statement.split()))
                statement = ""
            else:
                statement += token

    def _path(self, scope):
        return ".".join(name for kind, name in scope if kind in ("message", "enum"))

    def _open(self, scope):
        if scope[-1][0] == "message":
            self.messages[self._path(scope)] = {}
        elif scope[-1][0] == "enum":
            self.enums[self._path(scope)] = set()

    def _field(self, scope, statement):
        if not scope:
            return
        if scope[-1][0] == "enum":
            self.enums[self._path(scope)].add(statement.split(" ")[0])
            return
        found = FIELD.match(statement)
        if scope[-1][0] not in ("message", "oneof") or not found:
            return
        label, kind, name, options = found.groups()
        named = re.search(r'json_name = "(\w+)"', options)
        oneof = scope[-1][1] if scope[-1][0] == "oneof" else None
        self.messages[self._path(scope)][named.group(1) if named else _camel(name)] = (
            kind, label == "repeated ", oneof)

    def _find(self, table, kind, inside):
        """A name is looked for in the message it stands in, then further out."""
        parts = inside.split(".")
        for depth in range(len(parts), -1, -1):
            name = ".".join(parts[:depth] + [kind])
            if name in table:
                return name
        return None

    def faults(self, value, kind, inside, where):
        if kind in ANY:
            return
        if kind == "google.protobuf.Struct":
            if not isinstance(value, dict):
                yield f"{where}: must be an object"
        elif kind == "string":
            if not isinstance(value, str):
                yield f"{where}: must be a string"
        elif kind == "bytes":
            yield from _bytes_faults(value, where)
        elif kind == "bool":
            if not isinstance(value, bool):
                yield f"{where}: must be true or false"
        elif kind in INTEGERS or kind in ("float", "double"):
            whole = kind in INTEGERS
            if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
                yield f"{where}: must be a number of type {kind}"
        elif (enum := self._find(self.enums, kind, inside)) is not None:
            if value not in self.enums[enum]:
                yield f"{where}: {value!r} is no {enum}"
        elif (message := self._find(self.messages, kind, inside)) is not None:
            yield from self.message_faults(value, message, where)

    def message_faults(self, value, message, where):
        if not isinstance(value, dict):
            yield f"{where}: must be a {message}"
            return
        fields, chosen = self.messages[message], {}
        for name, member in value.items():
            if name not in fields:
                yield f"{where}: {message} has no field {name!r}"
                continue
            kind, repeated, oneof = fields[name]
            if oneof and chosen.setdefault(oneof, name) != name:
                yield f"{where}: {name} and {chosen[oneof]} exclude each other"
            if repeated and not isinstance(member, list):
                yield f"{where}.{name}: must be a list"
                continue
            for i, element in enumerate(member if repeated else [member]):
                at = f"{where}.{name}[{i}]" if repeated else f"{where}.{name}"
                yield from self.faults(element, kind, message, at)


def _bytes_faults(value, where):
    try:
        base64.b64decode(value.replace("-", "+").replace("_", "/") + "==", validate=False)
    except (ValueError, AttributeError, TypeError):
        yield f"{where}: must be base64"


def turn_faults(body):
    """What the API says of contents, and the proto cannot: who speaks, and that every call is
    answered by the very next turn."""
    contents = body.get("contents") or []
    if not contents:
        yield "contents: empty"
    for i, content in enumerate(contents):
        if content.get("role") not in ("user", "model"):
            yield f"contents[{i}]: role {content.get('role')!r}"
        if not content.get("parts"):
            yield f"contents[{i}]: no parts"
        if i and content.get("role") == contents[i - 1].get("role"):
            yield f"contents[{i}]: {content.get('role')} speaks twice"
        for part in content.get("parts") or []:
            if not (set(part) & {"text", "inlineData", "fileData", "functionCall",
                                 "functionResponse", "executableCode", "codeExecutionResult"}):
                yield f"contents[{i}]: a part of nothing"


_protos = {}


def message_faults(files, body, message):
    """Of any message of these files."""
    if files not in _protos:
        _protos[files] = Protos(files)
    yield from _protos[files].message_faults(body, message, message)


def _faults(files, body, given):
    body = {k: v for k, v in body.items() if k not in given or k in ("tools", "contents")}
    yield from message_faults(files, body, "GenerateContentRequest")
    yield from turn_faults(body)


def faults(body, given):
    """`given` is what the client sent: members that nobody knows are passed on as they came."""
    yield from _faults(STUDIO, body, given)


def vertex_faults(body, given):
    yield from _faults(VERTEX, body, given)


def is_here():
    return (FOLDER / f"{STUDIO[0]}.proto.gz").is_file()
