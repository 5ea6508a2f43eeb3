"""Reads what servers of text generation answer, whole or as events: Hugging Face's TGI (SageMaker's
containers too) and watsonx.ai.

Written from TGI's OpenAPI document, watsonx.ai's API reference and the recordings; from nothing in
src/.
"""

import records
from reply import Reply

FINISH = {"eos_token": "stop", "stop_sequence": "stop", "max_tokens": "length"}


def _usage(prompt, completion):
    if prompt is None or completion is None:
        return None
    return {"prompt": prompt, "completion": completion, "total": prompt + completion}


def _finish(choice, reason):
    if reason and reason != "not_finished":
        choice.finish = FINISH.get(reason, reason)


def _answers(body):
    return body if isinstance(body, list) else body.get("results") or [body]


def read_whole(body):
    reply = Reply()
    for index, answer in enumerate(_answers(body)):
        choice = reply.choice(index)
        choice.text, choice.finish = answer["generated_text"], "stop"
        details = answer.get("details") or {}
        _finish(choice, details.get("finish_reason") or answer.get("stop_reason"))
        usage = _usage(answer.get("input_token_count"), answer.get("generated_token_count"))
        reply.usage = usage or reply.usage
    return reply


def read_stream(events):
    """TGI sends tokens, and the whole text beside the last; watsonx sends pieces of the text."""
    reply = Reply()
    choice, prompt, completion = reply.choice(0), 0, 0
    for event in events:
        error = event.get("error")
        reply.error = reply.error or (error if isinstance(error, str) else None)
        token = event.get("token")
        if token:
            choice.text += "" if token.get("special") else token["text"]
        for answer in event.get("results") or []:
            choice.text += answer["generated_text"]
            prompt = max(prompt, answer.get("input_token_count") or 0)
            completion = max(completion, answer.get("generated_token_count") or 0)
            _finish(choice, answer.get("stop_reason"))
        _finish(choice, (event.get("details") or {}).get("finish_reason"))
    if completion:
        reply.usage = _usage(prompt, completion)
    return reply


def stranger(body):
    """Why it is no answer, or None."""
    answers = _answers(body)
    if all(isinstance(a, dict) and isinstance(a.get("generated_text"), str) for a in answers):
        return None
    return "no generated text"


def is_one(text):
    """Whether a body at an address of the hub is of this language: models of other kinds stand
    there, too."""
    body = records.parse(text)
    first = body[0] if isinstance(body, list) and body else body
    if isinstance(first, dict) and first.get("score") is None:
        return "generated_text" in first and "conversation" not in first
    return text.startswith("data:") and ("generated_text" in text[:4000] or '{"error"' in text[:20])


def ends_well(events):
    last = [e for e in events if e.get("details") or "error" in e or any(
        a.get("stop_reason") not in (None, "not_finished") for a in e.get("results") or [])]
    return bool(last)
