"""Reads what Bedrock's InvokeModel answers of its models of text, each family in its own form.

Written from the user guide's "Inference request parameters and response fields for foundation
models" and the recordings; from nothing in src/.
"""

from reply import Choice, Reply

# A piece of the model's name, and the language in which it answers.
FAMILIES = (("claude-v", "bedrock_claude_text"), ("claude-instant", "bedrock_claude_text"),
            ("claude", "anthropic"), ("nova", "bedrock_converse"), ("titan", "bedrock_titan"),
            ("command-r", "bedrock_cohere_r"), ("cohere", "bedrock_cohere"),
            ("ai21.j2", "bedrock_jurassic"), ("llama", "bedrock_llama"),
            ("mistral-7b", "bedrock_mistral"))
LENGTH = ("length", "LENGTH", "max_tokens", "MAX_TOKENS")
STOPS = ("STOP_SEQUENCE", "stop_sequence", "STOP_CRITERIA_MET")


def language_of(model):
    return next((language for mark, language in FAMILIES if mark in model), "openai_chat")


def _finish(choice, reason, stop=None):
    if reason in STOPS and stop != "\n\nHuman:":
        choice.finish, choice.stop_sequence = "stop_sequence", stop
    else:
        choice.finish = "length" if reason in LENGTH else "stop"


def _usage(prompt, completion):
    if prompt is None or completion is None:
        return None
    return {"prompt": prompt, "completion": completion, "total": prompt + completion}


def _answers(body):
    """(text, reason, what it was stopped by) of each."""
    if "completions" in body:
        return [(c["data"]["text"], c["finishReason"]["reason"], None) for c in body["completions"]]
    if "completion" in body:
        return [(body["completion"], body.get("stop_reason"), body.get("stop"))]
    if "results" in body:
        return [(r["outputText"], r["completionReason"], None) for r in body["results"]]
    if "outputText" in body:
        return [(body["outputText"], body.get("completionReason"), None)]
    if "generation" in body:
        return [(body["generation"], body.get("stop_reason"), None)]
    if "outputs" in body:
        return [(o["text"], o.get("stop_reason"), None) for o in body["outputs"]]
    if "generations" in body:
        return [(g["text"], g["finish_reason"], None) for g in body["generations"]]
    if "text" in body or "finish_reason" in body:
        return [(body.get("text") or "", body.get("finish_reason"), None)]
    return []


def read_whole(body):
    given = body.get("response_id") or body.get("id")
    reply = Reply(id=given if isinstance(given, str) else None)
    for index, (text, reason, stop) in enumerate(_answers(body)):
        c = reply.choice(index)
        c.text = text
        _finish(c, reason, stop)
    if "results" in body:
        reply.usage = _usage(body.get("inputTextTokenCount"),
                             sum(r["tokenCount"] for r in body["results"]))
    elif "generation" in body:
        reply.usage = _usage(body["prompt_token_count"], body["generation_token_count"])
    return reply


def read_stream(events):
    reply, c = Reply(), Choice()
    for event in events:
        if any(name.endswith("xception") for name in event):
            reply.error = next(iter(event.values())).get("message")
        for text, reason, stop in _answers(event):
            c.text += text
            if reason:
                _finish(c, reason, stop)
        metrics = event.get("amazon-bedrock-invocationMetrics")
        if metrics:
            reply.usage = _usage(metrics["inputTokenCount"], metrics["outputTokenCount"])
    reply.choices[0] = c
    return reply


def is_reply(body):
    return bool(_answers(body))


def ends_well(events):
    return any(reason for event in events for _, reason, _ in _answers(event)) or \
        any(name.endswith("xception") for event in events for name in event)
