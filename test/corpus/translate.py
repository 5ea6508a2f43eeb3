"""Runs `llmux translate`, a process for each crossing, with nothing of the machine's settings."""

import json
import os
import subprocess

import records

# A setting of whoever runs this (an address, a proxy) must not change what comes out.
ENVIRONMENT = {"PATH": os.environ.get("PATH", ""), "OPENAI_API_KEY": "none",
               "ANTHROPIC_API_KEY": "none", "GEMINI_API_KEY": "none",
               "AWS_BEARER_TOKEN_BEDROCK": "none", "COHERE_API_KEY": "none",
               "VERTEXAI_PROJECT": "none", "GOOGLE_OAUTH_ACCESS_TOKEN": "none"}


class Crash(Exception):
    pass


class Translated:
    """What came of one run: output, and the error where there is none."""

    def __init__(self, binary, arguments, data):
        done = subprocess.run([binary, "translate", *arguments], input=data,
                              capture_output=True, env=ENVIRONMENT, close_fds=False, timeout=60)
        self.ok = done.returncode == 0
        self.text = done.stdout.decode("utf-8", "replace")
        self.error = done.stderr.decode("utf-8", "replace").strip()
        if done.returncode not in (0, 1):
            raise Crash(f"exit status {done.returncode}: {self.error[:200]}")

    @property
    def json(self):
        return records.parse(self.text)

    @property
    def refusal(self):
        """Why a request could not be written."""
        error = (self.json or {}).get("error") or {}
        return error.get("message") or self.error or self.text[:200]


def response(binary, record, target, canonical=False):
    arguments = ["response", "--provider", record.row, "--from", record.language,
                 "--to", target]
    if record.model:
        arguments += ["--model", record.model]
    if record.status >= 400:
        arguments += ["--status", str(record.status)]
    elif record.is_stream:
        arguments += ["--stream", "--content-type", record.content_type]
    if canonical:
        arguments.append("--canonical")
    return Translated(binary, arguments, record.wire)


def request(binary, body, source, model, *options):
    return Translated(binary, ["request", "--from", source, "--model", model, *options],
                      json.dumps(body).encode("utf-8"))
