"""Every provider row has a case, and every language cases for each direction."""

import re

from tap import ROOT, check, done

CASES = ROOT / "test" / "case"
FRONTS = ["openai_chat", "anthropic", "gemini", "openai_completions"]


def rows():
    text = "".join(p.read_text() for p in sorted((ROOT / "src/provider").glob("providers*.def")))
    return re.findall(r'^\s*\{?\.id = "([^"]+)"', text, re.M)


def facts(fact):
    """The values of one fact over all cases."""
    found = set()
    for path in CASES.glob("*/*.md"):
        found |= set(re.findall(rf"^- {fact}: (\S+)", path.read_text(), re.M))
    return found


def languages():
    """(front, back) by the folders' names."""
    return {tuple(path.parent.name.split("-", 1)) for path in CASES.glob("*-*/*.md")}


targets = {target.split("/")[0] for target in facts("target")}
check("every provider row has a case",
      [f"{row}: no case has it as its target" for row in rows() if row not in targets])
check("every pair of languages has cases",
      [f"no case in test/case/{front}-{back}" for front in FRONTS for back in FRONTS
       if (front, back) not in languages()])
done()
