"""Reads generateContent's replies, whole or as a stream's responses, straight from the wire.

Nobody speaks this language to us, so what is read is what a client of OpenAI's language should be
told. Written from Google's proto and pages, and from LiteLLM's names for what OpenAI has no member
for; from nothing in src/.
"""

import re

from reply import Call, Choice, Reply

FINISH = {"STOP": "stop", "MAX_TOKENS": "length", "MALFORMED_FUNCTION_CALL": "stop",
          "UNEXPECTED_TOOL_CALL": "stop", "TOO_MANY_TOOL_CALLS": "stop", "NO_IMAGE": "stop"}
NUMBERS = {1: "STOP", 2: "MAX_TOKENS", 3: "SAFETY", 4: "RECITATION", 5: "OTHER"}
# What only Google says of a candidate: told whole, in the last of the blocks that are its own.
MEMBERS = ("groundingMetadata", "urlContextMetadata", "citationMetadata", "safetyRatings",
           "finishMessage", "avgLogprobs")


def _searched(candidate):
    """What a search found is paid by the search; pages that were read are input."""
    grounding = candidate.get("groundingMetadata") or {}
    maps = any(c.get("maps") for c in grounding.get("groundingChunks") or [])
    return not candidate.get("urlContextMetadata") and bool(grounding.get("webSearchQueries") or maps)


def _usage(u, searched):
    """Thoughts are counted beside the answer, and what tools added beside the prompt."""
    if not u:
        return None
    thoughts = u.get("thoughtsTokenCount") or 0
    prompt = (u.get("promptTokenCount") or 0)
    if not searched:
        prompt += u.get("toolUsePromptTokenCount") or 0
    completion = (u.get("candidatesTokenCount") or 0) + thoughts
    return {"prompt": prompt, "completion": completion, "reasoning": thoughts, "written": 0,
            "cached": u.get("cachedContentTokenCount") or 0,
            "total": u.get("totalTokenCount") or prompt + completion}


def _error(body):
    e = body.get("error")
    return e.get("message") if isinstance(e, dict) else e


PATH = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


def _put(arguments, piece):
    """A PartialArg (google.cloud.aiplatform.v1): a leaf of the arguments, strings in stretches."""
    steps = [int(i) if i else name for name, i in PATH.findall(piece["jsonPath"].removeprefix("$"))]
    value = piece.get("stringValue", piece.get("numberValue", piece.get("boolValue")))
    at = arguments
    for step, after in zip(steps, steps[1:]):
        empty = [] if isinstance(after, int) else {}
        if isinstance(at, list):
            at += [empty] * (step + 1 - len(at))
            at = at[step]
        else:
            at = at.setdefault(step, empty)
    last = steps[-1]
    if isinstance(at, list):
        at += [None] * (last + 1 - len(at))
        was = at[last]
    else:
        was = at.get(last)
    at[last] = was + value if isinstance(was, str) and isinstance(value, str) else value


class _Candidate:
    """Stretches of text and thought, with the signatures that stand on them, and all else."""

    def __init__(self):
        self.stretches = []  # [kind, text, signature]
        self.going = False
        self.calls, self.own, self.members, self.finish = [], [], {}, None
        self.made = []  # media, as Markdown
        self.logprobs = []

    def text(self, kind, text, signature):
        if text and not (self.going and self.stretches[-1][0] == kind):
            self.stretches.append([kind, "", ""])
            self.going = True
        if text:
            self.stretches[-1][1] += text
        if signature and self.going and not self.stretches[-1][2]:
            self.stretches[-1][2] = signature
        elif signature:  # it stands alone
            self.stretches.append(["text", "", signature])
            self.going = False

    def part(self, part, call_id):
        signature = part.get("thoughtSignature") or ""
        if "functionCall" in part:
            self.going = False
            call = part["functionCall"]
            for piece in (call.get("partialArgs") or []) if "name" not in call else []:
                _put(self.calls[-1].arguments, piece)
            if "name" not in call:  # more of the last one, or its end
                return
            self.calls.append(Call(_signed(call.get("id") or call_id(), signature),
                                   call.get("name") or "", call.get("args") or {}))
        elif "inlineData" in part or "fileData" in part:
            self.going = False
            blob, file = part.get("inlineData") or {}, part.get("fileData") or {}
            kind = (blob or file).get("mimeType") or ""
            where = file.get("fileUri") or f"data:{kind};base64,{blob.get('data')}"
            self.made.append(f"{'!' if kind.startswith('image/') else ''}[]({where})")
            self.text("text", "", signature)
        elif "text" in part or list(part) == ["thoughtSignature"]:
            self.text("thinking" if part.get("thought") else "text", part.get("text"), signature)
        elif part:
            self.going = False
            self.own.append(part)

    def add(self, candidate, call_id):
        for part in (candidate.get("content") or {}).get("parts") or []:
            self.part(part, call_id)
        chosen = (candidate.get("logprobsResult") or {}).get("chosenCandidates") or []
        self.logprobs += [("content", t["token"], t["logProbability"]) for t in chosen]
        self.members |= {m: candidate[m] for m in MEMBERS if candidate.get(m)}
        reason = candidate.get("finishReason")
        self.finish = NUMBERS.get(reason, reason) or self.finish

    def citations(self):
        grounding = self.members.get("groundingMetadata") or {}
        chunks = grounding.get("groundingChunks") or []
        if not self.going or self.stretches[-1][0] != "text":
            return
        said = "".join(t for k, t, _ in self.stretches if k == "text").encode()
        for support in grounding.get("groundingSupports") or []:
            for index in support.get("groundingChunkIndices") or []:
                for kind in ("web", "retrievedContext", "maps"):
                    source = chunks[index].get(kind) or {} if index < len(chunks) else {}
                    if source.get("uri"):
                        yield _annotation(support.get("segment") or {}, source, said)

    def choice(self, prompt_feedback):
        finish = FINISH.get(self.finish or "STOP", "content_filter")
        blocked = (prompt_feedback or {}).get("blockReason")
        members = dict(self.members)
        if self.finish == "STOP":  # "Model generated function call(s)." says nothing more
            members.pop("finishMessage", None)
        if blocked:
            finish, members["promptFeedback"] = "content_filter", prompt_feedback
        if finish == "content_filter":
            members["finishReason"] = blocked or self.finish
        if finish == "stop" and self.calls and self.finish == "STOP":
            finish = "tool_calls"
        thoughts = [("thinking", text if kind == "thinking" else "", "gemini:" + signature)
                    for kind, text, signature in self.stretches if kind == "thinking" or signature]
        return Choice(text="".join(t for k, t, _ in self.stretches if k == "text"),
                      reasoning="".join(t for k, t, _ in self.stretches if k == "thinking"),
                      thoughts=thoughts, calls=self.calls, finish=finish,
                      citations=list(self.citations()), made="".join(self.made),
                      logprobs=self.logprobs,
                      own=self.own + ([members] if members else []))


def _signed(call, signature):
    """LiteLLM's form, in the alphabet of base64 that suits ids."""
    if not signature:
        return call
    return f"{call}__thought__" + signature.replace("+", "-").replace("/", "_").replace("=", "")


def _annotation(segment, source, said):
    """Google counts bytes of what is said, OpenAI characters."""
    start, end = (len(said[:segment.get(name) or 0].decode(errors="replace"))
                  for name in ("startIndex", "endIndex"))
    return {"type": "url_citation", "url_citation": {
        "start_index": start, "end_index": end,
        "url": source["uri"], "title": source.get("title") or ""}}


def read_stream(responses):
    reply, candidates, feedback, calls = Reply(), {}, None, 0

    def call_id():
        said = reply.id or ""
        return f"call_{re.sub('[^A-Za-z0-9-]', '_', said[:63])}_{calls}"

    searched = False
    for response in responses:
        searched = searched or any(map(_searched, response.get("candidates") or []))
        reply.id = reply.id or response.get("responseId")
        reply.model = reply.model or response.get("modelVersion")
        reply.usage = _usage(response.get("usageMetadata"), searched) or reply.usage
        reply.error = reply.error or _error(response)
        feedback = response.get("promptFeedback") or feedback
        for position, candidate in enumerate(response.get("candidates") or []):
            index = candidate.get("index", position)
            one = candidates.setdefault(index, _Candidate())
            for part in (candidate.get("content") or {}).get("parts") or []:
                one.part(part, call_id)
                calls += "name" in part.get("functionCall", {})
            one.add({k: v for k, v in candidate.items() if k != "content"}, call_id)
    if feedback and feedback.get("blockReason"):
        candidates.setdefault(0, _Candidate())
    for index, candidate in candidates.items():
        reply.choices[index] = candidate.choice(feedback if index == 0 else None)
    return reply


def read_whole(body):
    return read_stream([body])


def is_reply(body):
    return bool(body.get("candidates") or (body.get("promptFeedback") or {}).get("blockReason"))


def ends_well(responses):
    return any(c.get("finishReason") for r in responses for c in r.get("candidates") or []) or any(
        (r.get("promptFeedback") or {}).get("blockReason") for r in responses)
