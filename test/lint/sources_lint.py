"""What a reader may expect of every source file: length, an opening, comments, no banned word."""

import re

from tap import ROOT, check, done, files, name

MAX_LINES = 800
CODE = (".c", ".h", ".def", ".py", ".sh")
# Put together from halves, so that this file does not hold what it looks for.
WORDS = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
BANNED = re.compile(r"\b(strcpy|strcat|strncat|sprintf|vsprintf|gets|strtok|atoi|atol|atoll|atof|"
                    r"sscanf|localtime|gmtime|asctime|ctime|rand|system|popen|alloca)\s*\(")
MACHINE = re.compile(r"(?<![\w.])/(work|root|home|Users|tmp/build)/\w|"
                     r"\b(py" + r"pi\.org|pythonhosted|registry\.npm|crates\.io|proxy\.golang|"
                     r"deb\.debian)")
COMMENT = re.compile(r"/\*.*?\*/", re.S)
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')
# A declaration at the left margin, or one behind LLMUX_API.
FUNCTION = re.compile(r"^(?!static|typedef|#|return)[A-Za-z_][\w\s\*\(\)]*?\b((?:lx|llmux)_\w+)\(",
                      re.M)


def lines_of(pattern, text):
    for number, line in enumerate(text.split("\n"), 1):
        found = pattern.search(line)
        if found:
            yield number, found.group(0)


def code_of(text):
    """C without comments and strings, line for line."""
    def blank(found):
        return re.sub(r"[^\n]", " ", found.group(0))
    return STRING.sub(blank, COMMENT.sub(blank, text))


def too_long():
    for path in files(*CODE):
        count = path.read_text().count("\n")
        if count > MAX_LINES:
            yield f"{name(path)}: {count} lines"


def words():
    for path in files(*CODE, ".build", ".md", ".yaml", ".txt"):
        if "case" in path.parts or path.name == "design.md":
            continue
        for number, word in lines_of(WORDS, path.read_text(errors="replace")):
            yield f"{name(path)}:{number}: {word}"


def banned():
    for path in files(".c", ".h", folders=["src", "include", "examples"]):
        for number, call in lines_of(BANNED, code_of(path.read_text())):
            yield f"{name(path)}:{number}: {call})"


def machine_paths():
    others = [ROOT / other for other in ("README.md", "Makefile", "meson.build")]
    for path in [*files(*CODE, ".build", ".md", ".yaml", ".txt", ".toml"), *others]:
        if not path.exists() or path.name == "sources_lint.py":
            continue
        for number, text in lines_of(MACHINE, path.read_text(errors="replace")):
            yield f"{name(path)}:{number}: {text}"


def openings():
    for path in files(".c", ".h", folders=["src", "include", "test", "bench", "examples"]):
        text = path.read_text()
        named = re.match(r"/\*\n \* " + re.escape(path.name) + r"\b", text)
        short = text.count("\n") < 30 and text.startswith("/*")
        if not named and not short:
            yield f"{name(path)}: does not open with \"/*, {path.name} - what it is\""


def paragraph(lines, at):
    """The lines around number `at` without a blank one between."""
    first, last = at, at
    while first > 0 and lines[first - 1].strip():
        first -= 1
    while last + 1 < len(lines) and lines[last + 1].strip():
        last += 1
    return lines[first:last + 1]


def undocumented(folder, strict):
    for path in files(".h", folders=[folder]):
        text = path.read_text()
        lines = text.split("\n")
        for found in FUNCTION.finditer(code_of(text)):
            at = text.count("\n", 0, found.start(1))
            block = paragraph(lines, at)
            near = "\n".join(block) if not strict else "\n".join(lines[max(0, at - 12):at + 1])
            if "/*" not in near and "*/" not in near:
                yield f"{name(path)}:{at + 1}: {found.group(1)}"


def not_built():
    """Tests that no build line names: they would pass for ever."""
    listed = (ROOT / "test/meson.build").read_text()
    for path in files(".build", folders=["test"]):
        folder = path.parent.relative_to(ROOT / "test")
        if folder.name and f"'{folder}'" not in listed:
            yield f"test/{folder} is not in test/meson.build"
    for path in files(".c", folders=["test/unit", "test/decide", "test/fuzz"]):
        build = path.parent / "meson.build"
        stem = re.sub(r"_(test|fuzz)$", "", path.stem)
        text = build.read_text() if build.exists() else ""
        named = path.name in text or any(f"'{part}'" in text
                                         for part in (stem, stem.split("_")[-1]))
        if re.search(r"_(test|fuzz)$", path.stem) and not named:
            yield f"{name(path)}: named in no meson.build"


check(f"no file is longer than {MAX_LINES} lines", too_long())
check("nothing is left for later", words())
check("no banned function is called", banned())
check("no path of a machine and no registry is named", machine_paths())
check("every file opens with what it is", openings())
check("every test is built", not_built())
check("the public functions have comments", undocumented("include", True))
check("exported functions have comments", undocumented("src", False))
done()
