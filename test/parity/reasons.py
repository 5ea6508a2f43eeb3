"""Why the two sides differ, where they do, and who is right."""

import fnmatch
from dataclasses import dataclass

SAME, OURS = "same meaning", "ours better"


@dataclass(frozen=True)
class Rule:
    kind: str  # request, reply or stream
    target: str  # provider, or provider/model; a glob, alternatives with |
    path: str  # of the difference, without indexes; a glob
    verdict: str
    why: str
    shape: str = "*"  # name of the request's shape, or of the reply
    when: object = None  # what else must hold of (ours, theirs) at the path


RULES = [
]


def find(kind, target, name, path, a, b, ours, theirs):
    for rule in RULES:
        if (rule.kind in (kind, "*") and matches(rule.target, target, name.split()[0])
                and matches(rule.shape, name.split()[-1]) and matches(rule.path, path, general(path))
                and (rule.when is None or rule.when(a, b))):
            return rule
    return None


def general(path):
    from compare import general
    return general(path)


def matches(pattern, *names):
    return any(fnmatch.fnmatchcase(n, p.replace("[]", "[[]]")) for p in pattern.split("|")
               for n in names)
