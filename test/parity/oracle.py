"""LiteLLM itself, one call a line: {"kwargs": {...}} in, what came of it out.

Runs in an environment of its own, with the real package in it.
"""

import asyncio
import json
import os
import sys

out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)  # whatever it prints is not ours

os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
import litellm  # noqa: E402

litellm.telemetry = False
litellm.suppress_debug_info = True
litellm.drop_params = True
litellm.user_url_validation = False  # it asks DNS for hosts that only the proxy knows
loop = asyncio.new_event_loop()


def messages(**kwargs):
    """Anthropic's Messages: there is only the asynchronous one, and a stream of bytes."""
    async def ask():
        reply = await litellm.anthropic_messages(**{"max_tokens": 1024, **kwargs})
        if not kwargs.get("stream"):
            return reply
        text = b""
        async for piece in reply:
            text += piece if isinstance(piece, bytes) else str(piece).encode()
        return [json.loads(line[5:]) for line in text.decode().split("\n")
                if line.startswith("data:")]
    return loop.run_until_complete(ask())


OPERATIONS = {"chat": litellm.completion, "embed": litellm.embedding,
              "text": litellm.text_completion, "responses": litellm.responses, "messages": messages}


def plain(value):
    return value if isinstance(value, dict) else value.model_dump(exclude_none=True)


def call(operation, kwargs):
    try:
        reply = OPERATIONS[operation](**{"num_retries": 0, "max_retries": 0, "timeout": 20, **kwargs})
        if kwargs.get("stream"):
            return {"chunks": [plain(chunk) for chunk in reply]}
        return {"reply": plain(reply)}
    except Exception as e:  # noqa: BLE001 whatever it is, it is the answer
        kind = next((c.__name__ for c in type(e).__mro__ if c.__module__ == "litellm.exceptions"),
                    type(e).__name__)
        headers = (getattr(e, "litellm_response_headers", None) or
                   getattr(getattr(e, "response", None), "headers", None) or {})
        return {"error": {"class": kind, "status": getattr(e, "status_code", None),
                          "message": str(e)[:2000], "retry_after": headers.get("retry-after")}}


out.write("ready\n")
out.flush()
for line in sys.stdin:
    out.write(json.dumps(call(**json.loads(line)), default=str) + "\n")
    out.flush()
