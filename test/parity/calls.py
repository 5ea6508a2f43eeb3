"""One call: what is asked, of whom, in which language, and what the provider answers."""

from dataclasses import dataclass, field

REFUSED = (400, {"content-type": "application/json"}, b'{"error": {"message": "recorded"}}')


@dataclass
class Call:
    kind: str  # request, reply, stream or error: what of it is compared
    deployment: dict  # litellm_params
    name: str  # of the shape, or of what is replied
    body: dict
    operation: str = "chat"
    reply: tuple = field(default=REFUSED, repr=False)

    @property
    def what(self):
        return self.kind if self.operation == "chat" else f"{self.operation} {self.kind}"

    @property
    def target(self):
        return self.deployment["model"]

    @property
    def line(self):
        return f"{self.what} {self.target} {self.name}"
