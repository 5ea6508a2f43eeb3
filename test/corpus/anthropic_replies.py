"""Reads messages, whole or as events, straight from the wire: the provider's, or ours.

Written from Anthropic's API reference, and from nothing in src/.
"""

import records
from reply import Call, Reply

COUNTS = ("input_tokens", "output_tokens", "cache_read_input_tokens", "cache_creation_input_tokens")


def _usage(u):
    """The model may run more than once for one reply (compaction, fallback): all runs are billed,
    and the totals tell of the last. An advisor is another model's bill."""
    if not u or not any(u.get(name) is not None for name in COUNTS):
        return None
    runs = [r for r in u.get("iterations") or [] if r.get("type") != "advisor_message"]
    n = {name: sum(run.get(name) or 0 for run in runs or [u]) for name in COUNTS}
    cached, written = n["cache_read_input_tokens"], n["cache_creation_input_tokens"]
    prompt = n["input_tokens"] + cached + written
    thinking = (u.get("output_tokens_details") or {}).get("thinking_tokens") or 0
    return {"prompt": prompt, "completion": n["output_tokens"], "cached": cached,
            "written": written, "reasoning": thinking, "total": prompt + n["output_tokens"]}


def _read_block(choice, block):
    kind = block.get("type")
    if kind == "text":
        choice.text += block.get("text") or ""
        choice.citations += block.get("citations") or []
    elif kind == "thinking":
        choice.reasoning += block["thinking"]
        choice.thoughts.append(("thinking", block["thinking"], block.get("signature") or ""))
    elif kind == "redacted_thinking":
        choice.thoughts.append(("redacted", block["data"]))
    elif kind == "tool_use":
        choice.calls.append(Call(block["id"], block["name"], block.get("input") or {}))
    else:
        choice.own.append(block)


def read_whole(body):
    if body.get("type") == "error":
        return Reply(error=body["error"]["message"])
    reply = Reply(body.get("id"), body.get("model"), usage=_usage(body.get("usage")))
    choice = reply.choice(0)
    choice.finish, choice.stop_sequence = body.get("stop_reason"), body.get("stop_sequence")
    for block in body.get("content") or []:
        _read_block(choice, block)
    return reply


def _add_delta(block, delta):
    kind = delta.get("type")
    if kind == "text_delta":
        block["text"] = (block.get("text") or "") + delta["text"]
    elif kind == "thinking_delta":
        block["thinking"] = (block.get("thinking") or "") + delta["thinking"]
    elif kind == "signature_delta":
        block["signature"] = (block.get("signature") or "") + delta["signature"]
    elif kind == "citations_delta":
        block["citations"] = (block.get("citations") or []) + [delta["citation"]]
    elif kind == "input_json_delta":
        block["pieces"] = block.get("pieces", "") + delta["partial_json"]
    else:
        block.setdefault("deltas", []).append(delta)


def _whole_block(block):
    pieces = block.pop("pieces", "")
    if pieces:
        value = records.parse(pieces)
        block["input"] = pieces if value is None else value
    return block


def read_stream(events):
    message, blocks, usage, error = {}, {}, {}, None
    for event in events:
        kind = event.get("type")
        if kind == "message_start":
            message = dict(event["message"])
            usage.update(message.get("usage") or {})
        elif kind == "content_block_start":
            blocks[event["index"]] = dict(event["content_block"])
        elif kind == "content_block_delta":
            _add_delta(blocks[event["index"]], event["delta"])
        elif kind == "message_delta":
            message.update(event["delta"])
            usage.update({k: v for k, v in (event.get("usage") or {}).items() if v is not None})
        elif kind == "error":
            error = event["error"]["message"]
    # Most messages start empty; some start with all that they will ever have.
    message["content"] = list(message.get("content") or [])
    message["content"] += [_whole_block(blocks[i]) for i in sorted(blocks)]
    message["usage"] = usage
    message.pop("type", None)
    reply = read_whole(message)
    reply.error = error
    return reply
