"""LiteLLM itself, one call a line: {"kwargs": {...}} in, what came of it out.

Runs in an environment of its own, with the real package in it.
"""

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


def call(kwargs):
    try:
        reply = litellm.completion(**kwargs, num_retries=0, max_retries=0, timeout=20)
        if kwargs.get("stream"):
            return {"chunks": [chunk.model_dump(exclude_none=True) for chunk in reply]}
        return {"reply": reply.model_dump(exclude_none=True)}
    except Exception as e:  # noqa: BLE001 whatever it is, it is the answer
        kind = next((c.__name__ for c in type(e).__mro__ if c.__module__ == "litellm.exceptions"),
                    type(e).__name__)
        return {"error": {"class": kind, "status": getattr(e, "status_code", None),
                          "message": str(e)[:2000]}}


out.write("ready\n")
out.flush()
for line in sys.stdin:
    out.write(json.dumps(call(json.loads(line)), default=str) + "\n")
    out.flush()
