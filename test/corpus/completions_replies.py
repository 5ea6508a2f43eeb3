"""Reads text completions, whole or as chunks, straight from the wire: the provider's, or ours.

Written from OpenAI's API reference, and from nothing in src/. Some servers put a chat's message, or
its delta, in the place of the text.
"""

import openai_replies
from reply import Reply


def _say(reply, body):
    reply.id = reply.id or body.get("id")
    reply.model = reply.model or body.get("model")
    reply.usage = openai_replies._usage(body.get("usage")) or reply.usage
    reply.error = reply.error or openai_replies._error(body)
    for c in body.get("choices") or []:
        choice = reply.choice(c.get("index") or 0)
        message = c.get("message") or c.get("delta") or {}
        choice.text += c.get("text") or message.get("content") or ""
        reason = c.get("finish_reason") or choice.finish
        choice.finish = "stop" if reason in ("eos", "eos_token") else reason
        said = c.get("logprobs") or {}
        if "tokens" in said:
            choice.logprobs += [("content", token, value) for token, value
                                in zip(said["tokens"], said["token_logprobs"])]
        else:
            openai_replies._logprobs(choice, said)


def read_whole(body):
    reply = Reply()
    _say(reply, body)
    return reply


def read_stream(events):
    reply = Reply()
    for event in events:
        _say(reply, event)
    return reply
