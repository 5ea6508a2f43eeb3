#!/usr/bin/env python3
"""What clients get, against their own specifications: replies.py LLMUX [--only TEXT] [--every N]

Every recorded reply and stream of ../shared/corpus is carried by `llmux translate` into each
language of clients that is not its own, and checked twice: whole replies, events and errors are
what the vendor's document says they are, and a stream has the order that its SDKs hold it to
(stream_forms.py). Exit status: 0 when all are well.
"""

import argparse
import re
import sys
from pathlib import Path

import gemini_requests
import judging
import openapi
import stream_forms

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "corpus"))
import records  # noqa: E402
import translate  # noqa: E402

# Members that clients of gateways know and the document does not have: LiteLLM's names for what
# other providers say beside OpenAI's form, and Anthropic's own, which went before it. A schema that
# has no name of its own is known by the member it stands in.
MESSAGE = ("reasoning_content", "reasoning_items", "thinking_blocks", "provider_specific_fields", "images")
USAGE = ("cache_creation_input_tokens", "cache_read_input_tokens", "server_tool_use",
         "inference_geo", "service_tier", "speed", "cost")
LATER = {
    "openai": [(schema, member) for schema, members in (
        ("ChatCompletionResponseMessage", MESSAGE), ("ChatCompletionStreamResponseDelta", MESSAGE),
        ("choices", ("provider_specific_fields", "reasoning_content")),
        # In chunks, as LiteLLM has them; calls of custom tools as OpenAI was recorded to stream them.
        ("ChatCompletionStreamResponseDelta", ("annotations",)),
        ("ChatCompletionMessageToolCallChunk", ("custom",)),
        ("annotations", ("text", "source")),
        ("Error", ("provider_specific_fields",)), ("CompletionUsage", USAGE),
        # As OpenAI's own replies have them, and what some providers say that a reply cost.
        ("Response", ("store",)), ("ResponseLogProb", ("bytes",)), ("top_logprobs", ("bytes",)),
        ("LogProb", ("id",)), ("TopLogProb", ("id",)), ("ResponseUsage", ("cost",)),
        ("prompt_tokens_details", ("cache_creation_tokens", "cache_creation_token_details",
                                   "web_search_requests", "video_tokens", "text_tokens",
                                   "image_tokens")),
        ("completion_tokens_details", ("text_tokens", "image_tokens")),
    ) for member in members],
    # What other providers tell at their end only, and what nobody else bills.
    "anthropic": [(schema, member) for schema in ("Usage", "MessageDeltaUsage")
                  for member in ("output_tokens_details", "service_tier", "cost", "cache_creation")]
    # What the provider itself said of an error.
    + [(f"{kind}Error", "provider_specific_fields") for kind in
       ("API", "Authentication", "InvalidRequest", "NotFound", "Overloaded", "Permission", "RateLimit")],
}
# Recorded replies of Anthropic's own leave these out.
FORGIVEN = [("ResponseToolUseBlock", "caller"), ("ServerToolUsage", "web_fetch_requests")]
# Recorded so, or what the provider itself said or left out: what the document of OpenAI demands and its service does not do: recorded.
LOOSE = ("finish_reason: None is none of", "logprobs.top_logprobs: must be of type array",
         "tool_calls[0].type: 'custom' is none of", "finish_reason: 'tool_calls' is none of",
         "finish_reason: 'function_call' is none of", "'provisioned' is none of",
         "url_citation.title: missing", "url_citation.start_index: missing",
         "url_citation.end_index: missing", "prompt: no such member of CreateChat",
         "seed: no such member", "filter_results: no such",
         "error.code: 'context_length_exceeded' is none of",  # clients look for it
         # Ids of calls are their provider's, and go back to it as they came (Kimi's have a colon).
         "id: 'functions.", ":0' does not match ^[a-zA-Z0-9_-]+$")
# Streams that cannot be better than they came: arguments that are none or break off, an image that is no base64.
BROKEN = ("invalid_arguments_format", "inlineData.data: must be base64", "are no object: '{")
_documents = {}


def _document(name):
    if name not in _documents:
        _documents[name] = openapi.Document(name, LATER[name], FORGIVEN, lenient=True)
    return _documents[name]


def _schema(document, name):
    """Citations of files stand among those of addresses, as LiteLLM has them."""
    where = {"$ref": f"#/components/schemas/{name}"}

    def faults(body):
        for choice in body.get("choices") or []:
            message = choice.get("message") or {}
            message["annotations"] = [a for a in message.get("annotations") or []
                                      if a["type"] not in ("file_citation", "container_file_citation")]
        return [fault for fault in _document(document).faults(where, body)
                if not any(word in fault for word in LOOSE)]
    return faults


def _gemini(body):
    """What a provider says that a reply cost is told to Google's clients, too."""
    faults = gemini_requests.message_faults(gemini_requests.STUDIO, body, "GenerateContentResponse")
    return [fault for fault in faults if "UsageMetadata has no field 'cost'" not in fault]


def _chat_events(events):
    return stream_forms.openai_chat(events, any((d or {}).get("usage") for _, d in events
                                                if isinstance(d, dict)))


# Language: whether its document is here; of a whole reply, an event, an error, a whole stream.
FRONTS = {
    "openai_chat": ("openai", _schema("openai", "CreateChatCompletionResponse"),
                    _schema("openai", "CreateChatCompletionStreamResponse"),
                    _schema("openai", "ErrorResponse"), _chat_events),
    "openai_completions": ("openai", _schema("openai", "CreateCompletionResponse"),
                           _schema("openai", "CreateCompletionResponse"),
                           _schema("openai", "ErrorResponse"), lambda events: ()),
    "anthropic": ("anthropic", _schema("anthropic", "Message"),
                  _schema("anthropic", "MessageStreamEvent"),
                  _schema("anthropic", "ErrorResponse"), stream_forms.anthropic),
    "openai_responses": ("openai", _schema("openai", "Response"),
                         _schema("openai", "ResponseStreamEvent"),
                         _schema("openai", "ErrorResponse"), stream_forms.openai_responses),
    "gemini": (None, _gemini, _gemini, lambda body: (), stream_forms.gemini),
}


def _is_error(body):
    return isinstance(body, dict) and body.get("error") and body.get("type") in (None, "error")


def _is_counted(record):
    """Whether the provider said how long its answer is; else the gateway counts, translate does not."""
    return re.search(r'"usage\w*"\s*:\s*\{', record.body, re.I) is not None


def _stream(record, front, text):
    _, _, event, error, whole = FRONTS[front]
    events = [(None, "[DONE]" if data == "[DONE]" else records.parse(data))
              for data in records.sse_events(text)]
    for i, (_, data) in enumerate(events):
        if data == "[DONE]" or (isinstance(data, dict) and data.get("type") == "ping"):
            continue
        yield from (error if _is_error(data) else event)(data)
    yield from (fault for fault in whole(events)
                if fault != "no usageMetadata" or _is_counted(record))


def _faults(binary, record, front):
    out = translate.response(binary, record, front)
    if not out.ok:
        return [f"refused: {out.error}"]
    if record.is_stream and record.status < 400:
        return list(_stream(record, front, out.text))
    body = records.parse(out.text)
    _, reply, _, error, _ = FRONTS[front]
    return list((error if record.status >= 400 or _is_error(body) else reply)(body))


def judge(job):
    binary, record, front = job
    try:
        found = _faults(binary, record, front)
    except translate.Crash as crash:
        found = [f"crashed: {crash}"]
    return [f"{record.language} -> {front}: {record.name}: {fault}" for fault in found
            if not any(word in fault for word in BROKEN)]


def jobs(args):
    here = [front for front, parts in FRONTS.items()
            if (openapi.is_here(parts[0]) if parts[0] else gemini_requests.is_here())]
    for front in FRONTS.keys() - set(here):
        print(f"replies: {front} skipped, its document is not here or PyYAML is not")
    number = 0
    for provider in records.PROVIDERS:
        for record in records.load(provider):
            if args.only not in f"{record.language} {record.name}" or (
                    record.status < 400 and records.damage(record)):
                continue
            for front in here:
                number += 1
                if front != record.language and number % args.every == 0:
                    yield args.binary, record, front


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", metavar="LLMUX")
    parser.add_argument("--only", default="", help="records with this in their language or name")
    parser.add_argument("--every", type=int, default=1, help="one crossing of so many")
    parser.add_argument("-j", "--jobs", type=int, default=2)
    args = parser.parse_args()
    if not records.FOLDER.is_dir():
        print("replies: skipped, the recorded traffic is not here (../shared/corpus)")
        return 0
    return judging.run(judge, jobs(args), args.jobs, "replies: {} crossings")


if __name__ == "__main__":
    sys.exit(main())
