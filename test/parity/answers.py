"""What a side made of a reply, as it is compared, for each operation: {"choices"/"output"/...}."""

import base64
import struct

from compare import is_json, joined, message_of, parsed, usage_of


def chat(reply):
    return {"choices": {str(c.get("index", i)): {**message_of(c.get("message") or {}),
                                                 "finish": c.get("finish_reason")}
                        for i, c in enumerate(reply.get("choices") or [])},
            "usage": usage_of(reply.get("usage"))}


# ---- Embeddings ----

def vector(v):
    """Of numbers: how many, and the first as a float of 32 bits holds them."""
    if isinstance(v, str):
        raw = base64.b64decode(v)
        v = struct.unpack(f"<{len(raw) // 4}f", raw)
        return {"form": "base64", "n": len(v), "head": [float(f"{x:.4g}") for x in v[:3]]}
    if isinstance(v, list) and all(isinstance(x, (int, float)) for x in v):
        return {"form": "list", "n": len(v), "head": [float(f"{x:.4g}") for x in v[:3]]}
    return v


def embed(reply):
    return {"data": {str(d.get("index", i)): vector(d.get("embedding"))
                     for i, d in enumerate(reply.get("data") or [])},
            "usage": usage_of(reply.get("usage"))}


# ---- Text completions ----

def text(reply):
    return {"choices": {str(c.get("index") or 0): {
        "text": c.get("text") or None, "finish": c.get("finish_reason"),
        "logprobs": len((c.get("logprobs") or {}).get("tokens") or []) or None}
        for c in reply.get("choices") or []}, "usage": usage_of(reply.get("usage"))}


def text_chunks(chunks):
    choices, usage = {}, None
    for chunk in chunks:
        usage = chunk.get("usage") or usage
        for c in chunk.get("choices") or []:
            kept = choices.setdefault(c.get("index") or 0, {"text": "", "index": c.get("index")})
            kept["text"] += c.get("text") or ""
            kept["finish_reason"] = c.get("finish_reason") or kept.get("finish_reason")
    return text({"choices": list(choices.values()), "usage": usage})


def by_type(items):
    """One more of a kind then moves none of another."""
    kinds = {}
    for item in items:
        kinds.setdefault(item.get("type"), []).append(item)
    return kinds


# ---- The Responses API ----

def item_of(item):
    said = {"type": item.get("type")}
    if item.get("type") == "message":
        parts = item.get("content") or []
        said["text"] = "".join(p.get("text") or "" for p in parts)
        said["refusal"] = "".join(p.get("refusal") or "" for p in parts) or None
        said["annotations"] = sum(len(p.get("annotations") or []) for p in parts) or None
    elif item.get("type") == "reasoning":
        said["text"] = "".join(p.get("text") or "" for k in ("summary", "content")
                               for p in item.get(k) or [])
    else:
        said |= {"name": item.get("name"), "call_id": item.get("call_id"),
                 "arguments": parsed(item.get("arguments"))}
    return {k: v for k, v in said.items() if v is not None}


def responses(reply):
    usage = reply.get("usage") or {}
    return {"output": by_type(item_of(i) for i in reply.get("output") or []), "status": reply.get("status"),
            "incomplete": (reply.get("incomplete_details") or {}).get("reason"),
            "usage": {k: v for k, v in {
                "input": usage.get("input_tokens"), "output": usage.get("output_tokens"),
                "cached": (usage.get("input_tokens_details") or {}).get("cached_tokens"),
                "reasoning": (usage.get("output_tokens_details") or {}).get("reasoning_tokens"),
            }.items() if v}}


def responses_chunks(chunks):
    """The last event's answer; and whether what came in pieces is the same."""
    last = next((c["response"] for c in reversed(chunks) if c.get("response")), {})
    whole = responses(last)
    for kind, item in (("response.output_text.delta", "message"),
                       ("response.function_call_arguments.delta", "function_call"),
                       ("response.reasoning_summary_text.delta", "reasoning")):
        pieces = "".join(c.get("delta") or "" for c in chunks if c.get("type") == kind)
        whole[kind] = pieces or None
    whole["events"] = sorted({c.get("type") for c in chunks})
    return whole


# ---- Anthropic's Messages ----

def block_of(block):
    return {k: v for k, v in block.items() if v not in (None, [], "") and k != "caller"}


def messages(reply):
    usage = reply.get("usage") or {}
    return {"content": by_type(block_of(b) for b in reply.get("content") or []),
            "stop": reply.get("stop_reason"), "sequence": reply.get("stop_sequence"),
            "usage": {k: usage.get(k) for k in ("input_tokens", "output_tokens",
                                                "cache_read_input_tokens",
                                                "cache_creation_input_tokens") if usage.get(k)}}


def messages_chunks(chunks):
    blocks, reply = {}, {"usage": {}}
    for e in chunks:
        kind = e.get("type")
        if kind == "message_start":
            reply["usage"] |= e["message"].get("usage") or {}
        elif kind == "content_block_start":
            blocks[e["index"]] = {**e["content_block"], "json": ""}
        elif kind == "content_block_delta":
            block, delta = blocks.setdefault(e["index"], {"json": ""}), e["delta"]
            for name in ("text", "thinking", "signature"):
                if delta.get(name):
                    block[name] = (block.get(name) or "") + delta[name]
            block["json"] += delta.get("partial_json") or ""
        elif kind == "message_delta":
            reply |= {k: v for k, v in e["delta"].items() if v is not None}
            reply["usage"] |= {k: v for k, v in (e.get("usage") or {}).items() if v is not None}
    for block in blocks.values():
        pieces = block.pop("json")
        if pieces:
            block["input"] = parsed(pieces) if is_json(pieces) else pieces
    whole = messages({**reply, "content": [blocks[i] for i in sorted(blocks)]})
    whole["events"] = sorted({e.get("type") for e in chunks} - {"ping"})
    return whole


READERS = {"chat": (chat, lambda chunks: chat(joined(chunks))), "embed": (embed, None),
           "text": (text, text_chunks), "responses": (responses, responses_chunks),
           "messages": (messages, messages_chunks)}


def answer_of(operation, outcome):
    if "error" in outcome:
        return {"error": {k: outcome["error"].get(k)
                          for k in ("class", "status", "who", "retry_after")}}
    whole, pieces = READERS[operation]
    return pieces(outcome["chunks"]) if "chunks" in outcome else whole(outcome["reply"])
