"""A reason for a difference: where it is seen, and who is right."""

from dataclasses import dataclass

SAME, OURS = "same meaning", "ours better"


@dataclass(frozen=True)
class Rule:
    kind: str  # request, reply, stream or error; of another operation than a chat: "embed reply"
    target: str  # provider, or provider/model; a glob, alternatives with |
    path: str  # of the difference, without indexes; a glob
    verdict: str
    why: str
    shape: str = "*"  # name of the request's shape, or of the reply
    when: object = None  # what else must hold of (ours, theirs) at the path
