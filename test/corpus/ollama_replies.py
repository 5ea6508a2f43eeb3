"""Reads replies of Ollama's /api/chat, whole or as a stream's lines, straight from the wire.

Nobody speaks this language to us, so what is read is what a client of OpenAI's language should be
told. Written from Ollama's OpenAPI document and pages; from nothing in src/.
"""

from reply import Call, Choice, Reply

FINISH = {"length": "length"}


def _usage(line):
    if "eval_count" not in line and "prompt_eval_count" not in line:
        return None
    prompt, completion = line.get("prompt_eval_count") or 0, line.get("eval_count") or 0
    return {"prompt": prompt, "completion": completion, "total": prompt + completion, "cached": 0,
            "written": 0, "reasoning": 0}


def _add(reply, c, line):
    message = line.get("message") or {}
    reply.model = reply.model or line.get("model")
    reply.error = reply.error or line.get("error")
    c.text += message.get("content") or ""
    c.reasoning += message.get("thinking") or ""
    for call in message.get("tool_calls") or []:
        f = call["function"]
        # Where there is no id, some id must be made: which is not compared.
        c.calls.append(Call(call.get("id"), f["name"], f.get("arguments") or {},
                            "function" if call.get("id") else "legacy"))
    if line.get("done"):
        c.finish = FINISH.get(line.get("done_reason"), "tool_calls" if c.calls else "stop")
        reply.usage = _usage(line)


def read_stream(lines):
    reply, c = Reply(), Choice()
    for line in lines:
        _add(reply, c, line)
    c.thoughts = [("thinking", c.reasoning, "")] if c.reasoning else []
    reply.choices[0] = c
    return reply


def read_whole(body):
    reply = read_stream([body])
    reply.choices[0].thoughts = []  # none is signed: told as text only
    return reply


def stranger(body):
    """Why a body is no reply of this language, or None."""
    if not isinstance(body.get("message"), dict):
        return "no reply: it has no message"
    return None if body.get("done") else "no reply: it is not done"


def ends_well(lines):
    return any(line.get("done") for line in lines)
