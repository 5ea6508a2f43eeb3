"""Reads replies of OpenAI's Responses API, whole or as events, straight from the wire, and says what
a chat client should be told of them.

Written from OpenAI's API reference and recorded traffic, and from nothing in src/. A stream is read
by its pieces; where a server leaves those out, by what stands in its last event.
"""

import records
from reply import Call, Reply

# Items that are told as what they are; every other is a tool of the provider's own.
TOLD = ("message", "reasoning", "function_call", "custom_tool_call")


def is_reply(body):
    return isinstance(body.get("output"), list) and body.get("status") not in (
        "queued", "in_progress", "failed", "cancelled")


def ends_well(events):
    return any(e.get("type") in ("response.completed", "response.incomplete", "response.failed",
                                 "error") for e in events)


def _usage(u):
    if not isinstance(u, dict):
        return None
    given, made = u.get("input_tokens_details") or {}, u.get("output_tokens_details") or {}
    return {"prompt": u.get("input_tokens") or 0,
            "completion": max(u.get("output_tokens") or 0, 0),
            "total": max(u.get("total_tokens") or 0, 0), "cached": given.get("cached_tokens") or 0,
            "written": given.get("cache_write_tokens") or 0,
            "reasoning": max(made.get("reasoning_tokens") or 0, 0)}


def _citation(a):
    if a.get("type") != "url_citation":
        return a
    return {"type": "url_citation",
            "url_citation": {k: v for k, v in a.items() if k != "type"}}


def _arguments(text):
    value = records.parse(text) if isinstance(text, str) else text
    return text if value is None else value


def _think(choice, text, item):
    if not text and not item.get("encrypted_content"):
        return
    choice.reasoning += text
    signature = item.get("encrypted_content") or ""
    choice.thoughts.append(("thinking", text,
                            signature and "litellm_encrypted_reasoning:" + signature))


def _add_item(choice, item, text=None, logprobs=None):
    """An item, whole; `text` is what its pieces said, where they said it."""
    kind = item.get("type")
    servers_own = (item.get("call_id") or "").startswith("xs_call")
    if kind == "message":
        for part in item.get("content") or []:
            if part["type"] == "refusal":
                choice.refusal += part["refusal"]
            else:
                choice.text += part["text"] if text is None else ""
            choice.citations += [_citation(a) for a in part.get("annotations") or []]
            choice.logprobs += [("content", t["token"], t["logprob"])
                                for t in logprobs or part.get("logprobs") or []]
        choice.text += text or ""
    elif kind == "reasoning":
        said = [s["text"] for s in (item.get("summary") or []) + (item.get("content") or [])]
        _think(choice, "\n\n".join(s for s in said if s) if text is None else text, item)
    elif kind == "function_call":
        choice.calls.append(Call(item.get("call_id") or item.get("id"), item["name"],
                                 _arguments(item["arguments"] if text is None else text)))
    elif kind == "custom_tool_call" and not servers_own:
        choice.calls.append(Call(item["call_id"], item["name"], item["input"], "custom"))
    elif kind == "image_generation_call" and item.get("result"):
        form = item.get("output_format") or "png"
        choice.made_first = True
        choice.made += f"![](data:image/{form};base64,{item['result']})"
    else:
        choice.own.append(item)


def _finish(body, choice):
    reason = (body.get("incomplete_details") or {}).get("reason")
    if reason == "content_filter":
        return "content_filter"
    if reason or body.get("status") == "incomplete":
        return "length"
    return "tool_calls" if choice.calls else "stop"


def _error(body):
    e = body.get("error")
    if not e:
        return None
    return e if isinstance(e, str) else str(e.get("message"))


def _head(reply, body):
    reply.id, reply.model = reply.id or body.get("id"), reply.model or body.get("model")
    reply.usage = _usage(body.get("usage"))


def read_whole(body):
    reply = Reply(error=_error(body))
    _head(reply, body)
    choice = reply.choice(0)
    for item in body.get("output") or []:
        _add_item(choice, item)
    choice.finish = _finish(body, choice)
    return reply


def read_stream(events):
    reply, choice, pieces, done, begun, last = Reply(), None, {}, {}, set(), None
    logprobs = {}
    for e in events:
        kind = e.get("type")
        if reply.id is None and isinstance(e.get("response"), dict):
            reply.id, reply.model = e["response"].get("id"), e["response"].get("model")
        if kind == "error" or kind == "response.failed":
            inside = e.get("error") or (e.get("response") or {}).get("error") or e
            reply.error = reply.error or inside.get("message")
        elif kind in ("response.output_text.delta", "response.reasoning_summary_text.delta",
                      "response.reasoning_text.delta",
                      "response.function_call_arguments.delta"):
            section = (kind, e.get("summary_index", e.get("content_index")))
            of_item = pieces.setdefault(e["output_index"], {})
            of_item[section] = of_item.get(section, "") + e["delta"]
            logprobs.setdefault(e["output_index"], []).extend(e.get("logprobs") or [])
        elif kind == "response.output_item.added":
            begun.add(e["item"].get("id"))
        elif kind == "response.output_item.done":
            done[e["output_index"]] = e["item"]
        elif kind in ("response.completed", "response.incomplete"):
            last = e["response"]
    if reply.error or last is None:
        return reply
    _head(reply, last)
    choice = reply.choice(0)
    ids = [item.get("id") for item in done.values()]
    for index, item in enumerate(last.get("output") or []):
        if (not done and not pieces) or (item.get("id") in begun and item["id"] not in ids):
            done[("last", index)] = item
    for index, item in done.items():
        said = pieces.get(index)
        join = "" if item.get("type") == "message" else "\n\n"
        _add_item(choice, item, join.join(said.values()) if said else None, logprobs.get(index))
    choice.finish = _finish(last, choice)
    return reply
