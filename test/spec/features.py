"""What clients ask for, a feature each: how it is asked in OpenAI's, in Anthropic's and in Google's
language, and the marks by which it is found again in whatever a provider gets.

A feature is either in the body, by all of its marks, or is said to have been dropped. Marks are
words and numbers that stand nowhere else in a request; where languages have several words for the
same, they are a tuple of which one is there.
"""

import base64
import copy

IMAGE = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJg"
PDF = "JVBERi0xLjQKJcOkw7zDtsOf"
SCHEMA = {"type": "object", "properties": {"mark_of_city": {"type": "string"}},
          "required": ["mark_of_city"], "additionalProperties": False}
PARAMETERS = {"type": "object", "properties": {"place_mark": {"type": "string"}},
              "required": ["place_mark"]}


class Feature:
    """`said` are the first words of the losses that speak of it."""

    def __init__(self, name, openai, anthropic, marks, said=(), gemini=None):
        self.name, self.openai_chat, self.anthropic, self.gemini = name, openai, anthropic, gemini
        self.marks, self.said = marks, said


def _base64(text):
    """A mark where documents are bytes."""
    return base64.b64encode(text.encode()).decode()


def _turn(role, content, **more):
    """Something that comes before the user's last words."""
    return lambda r: r["messages"].insert(-1, {"role": role, "content": content, **more})


def _part(part):
    """Something that the user shows."""
    return lambda r: r["messages"][-1]["content"].append(copy.deepcopy(part))


def _set(**members):
    return lambda r: r.update(copy.deepcopy(members))


def _several(*steps):
    def do(request):
        for step in steps:
            step(request)
    return do


def _tools_of_openai(request, **more):
    request.setdefault("tools", []).extend(
        {"type": "function", "function": {"name": name, "description": f"{name} described",
                                          "parameters": PARAMETERS, **more}}
        for name in ("tool_mark_a", "tool_mark_b"))


def _tools_of_anthropic(request):
    request.setdefault("tools", []).extend(
        {"name": name, "description": f"{name} described", "input_schema": PARAMETERS}
        for name in ("tool_mark_a", "tool_mark_b"))


def _results_of_openai(request):
    _tools_of_openai(request) if not request.get("tools") else None
    request["messages"][-1:-1] = [
        {"role": "user", "content": "before the calls"},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_mark_1", "type": "function",
             "function": {"name": "tool_mark_a", "arguments": '{"place_mark": "argument mark 1"}'}},
            {"id": "call_mark_2", "type": "function",
             "function": {"name": "tool_mark_b", "arguments": ""}}]},
        {"role": "tool", "tool_call_id": "call_mark_1", "content": "result mark 1"},
        {"role": "tool", "tool_call_id": "call_mark_2",
         "content": [{"type": "text", "text": "result mark 2"}]}]


def _results_of_anthropic(request):
    _tools_of_anthropic(request) if not request.get("tools") else None
    request["messages"][-1:-1] = [
        {"role": "user", "content": "before the calls"},
        {"role": "assistant", "content": [
            {"type": "tool_use", "id": "call_mark_1", "name": "tool_mark_a",
             "input": {"place_mark": "argument mark 1"}},
            {"type": "tool_use", "id": "call_mark_2", "name": "tool_mark_b", "input": {}}]},
        {"role": "user", "content": [
            {"type": "tool_result", "tool_use_id": "call_mark_1", "is_error": True,
             "content": [{"type": "text", "text": "result mark 1"},
                         {"type": "image", "source": {"type": "base64", "media_type": "image/png",
                                                      "data": IMAGE}}]},
            {"type": "tool_result", "tool_use_id": "call_mark_2", "content": "result mark 2"},
            {"type": "text", "text": "beside the results"}]},
        {"role": "assistant", "content": "after the results"}]


def _content(role, *parts):
    """A turn of Google's before the user's last words."""
    return lambda r: r["contents"].insert(-1, {"role": role, "parts": copy.deepcopy(list(parts))})


def _shown(part):
    return lambda r: r["contents"][-1]["parts"].append(copy.deepcopy(part))


def _config(**members):
    """The SDK writes camelCase, REST's users often snake_case: Google takes both."""
    return lambda r: r.setdefault("generationConfig", {}).update(copy.deepcopy(members))


def _thought_about(**members):
    return _config(thinkingConfig=members)


def _google_tool(**tool):
    return lambda r: r.setdefault("tools", []).append(copy.deepcopy(tool))


def _declared(**more):
    return lambda r: r.setdefault("tools", []).append({"functionDeclarations": [
        {"name": name, "description": f"{name} described", "parameters": {
            "type": "OBJECT", "properties": {"place_mark": {"type": "STRING"}},
            "required": ["place_mark"]}, **copy.deepcopy(more)}
        for name in ("tool_mark_a", "tool_mark_b")]})


def _has_functions(request):
    return any("functionDeclarations" in tool for tool in request.get("tools", ()))


def _results_of_google(request, **more):
    _declared()(request) if not _has_functions(request) else None
    request["contents"][-1:-1] = [
        {"role": "user", "parts": [{"text": "before the calls"}]},
        {"role": "model", "parts": [
            {"functionCall": {"name": "tool_mark_a", "args": {"place_mark": "argument mark 1"}},
             "thoughtSignature": "c2lnbmVk"},
            {"functionCall": {"name": "tool_mark_b", "args": {}}}]},
        {"role": "user", "parts": [
            {"functionResponse": {"name": "tool_mark_a", "response": {"result": "result mark 1"},
                                  **copy.deepcopy(more)}},
            {"functionResponse": {"name": "tool_mark_b", "response": {"error": "result mark 2"}}}]},
        {"role": "model", "parts": [{"text": "after the results"}]}]


def _mode(mode, *allowed):
    config = {"mode": mode, **({"allowedFunctionNames": list(allowed)} if allowed else {})}
    return lambda r: ((_declared()(r) if not _has_functions(r) else None),
                      r.setdefault("toolConfig", {}).update(functionCallingConfig=config))


def _choice_of_openai(choice):
    return lambda r: ((_tools_of_openai(r) if not r.get("tools") else None),
                      r.update(tool_choice=choice))


def _choice_of_anthropic(**choice):
    return lambda r: ((_tools_of_anthropic(r) if not r.get("tools") else None),
                      r.update(tool_choice=choice))


_RESULTS = ("tool_mark_a", "argument mark 1", "result mark 1", "result mark 2",
            ("call_mark_1", "call_0", "functionResponse"))  # Google pairs them by order

FEATURES = [
    Feature("system", lambda r: r["messages"].insert(0, {"role": "system", "content": "system mark"}),
            _set(system=[{"type": "text", "text": "system mark"}]), ("system mark",),
            gemini=lambda r: r.update(systemInstruction={"parts": [{"text": "system mark"}]})),
    Feature("late system", _turn("system", "late mark"), None, ("late mark",)),
    Feature("turns", _several(_turn("user", "first mark"), _turn("assistant", "second mark")),
            _several(_turn("user", "first mark"), _turn("assistant", "second mark")),
            ("first mark", "second mark"),
            gemini=_several(_content("user", {"text": "first mark"}), _content("model", {"text": "second mark"}))),
    Feature("image", _part({"type": "image_url", "image_url":
                            {"url": f"data:image/png;base64,{IMAGE}", "detail": "low"}}),
            _part({"type": "image", "source": {"type": "base64", "media_type": "image/png",
                                               "data": IMAGE}}), (IMAGE,), ("messages",),
            gemini=_shown({"inlineData": {"mimeType": "image/png", "data": IMAGE}})),
    Feature("image by address",
            _part({"type": "image_url", "image_url": {"url": "https://example.com/mark.png"}}),
            _part({"type": "image", "source": {"type": "url", "url": "https://example.com/mark.png"}}),
            ("https://example.com/mark.png",), ("messages",),
            gemini=_shown({"fileData": {"mimeType": "image/png", "fileUri": "https://example.com/mark.png"}})),
    Feature("pdf", _part({"type": "file", "file": {"filename": "a.pdf", "file_data":
                                                   f"data:application/pdf;base64,{PDF}"}}),
            _part({"type": "document", "source": {"type": "base64", "media_type": "application/pdf",
                                                  "data": PDF}}), (PDF,), ("messages",),
            gemini=_shown({"inline_data": {"mime_type": "application/pdf", "data": PDF}})),
    Feature("text document", None,
            _part({"type": "document", "title": "title mark", "source":
                   {"type": "text", "media_type": "text/plain", "data": "document mark"}}),
            ("title mark", ("document mark", _base64("document mark")))),
    Feature("cited document", None,
            _part({"type": "document", "title": "cited title", "citations": {"enabled": True}, "source":
                   {"type": "text", "media_type": "text/plain", "data": "cited mark"}}),
            ("cited title", ("cited mark", _base64("cited mark"))), ("messages",)),
    Feature("audio", _part({"type": "input_audio", "input_audio": {"data": "UklGRmarks==", "format": "wav"}}),
            None, ("UklGRmark",), ("messages",),
            gemini=_shown({"inlineData": {"mimeType": "audio/wav", "data": "UklGRmarks=="}})),
    Feature("tools", _tools_of_openai, _tools_of_anthropic,
            ("tool_mark_a", "tool_mark_a described", "place_mark", "tool_mark_b"), ("tools",),
            gemini=_declared()),
    Feature("strict tools", lambda r: _tools_of_openai(r, strict=True), None, ("strict",), ("tools",)),
    Feature("results", _results_of_openai, _results_of_anthropic, _RESULTS,
            gemini=_results_of_google),
    Feature("choice required", _choice_of_openai("required"), _choice_of_anthropic(type="any"),
            (("REQUIRED", '"tool_choice": "required"', '"mode": "ANY"',
              '"tool_choice": {"type": "any"', '"toolChoice": {"any": {}}'),), ("tool_choice",),
            gemini=_mode("ANY")),
    Feature("choice named", _choice_of_openai({"type": "function", "function": {"name": "tool_mark_b"}}),
            _choice_of_anthropic(type="tool", name="tool_mark_b"),
            (("REQUIRED", '"tool_choice": {"type": "function", "name": "tool_mark_b"}',
              '"tool_choice": {"type": "function", "function": {"name": "tool_mark_b"}}',
              '"tool_choice": {"type": "tool", "name": "tool_mark_b"', '"tool": {"name": "tool_mark_b"}',
              '"allowedFunctionNames": ["tool_mark_b"]'),),
            ("tool_choice",),
            gemini=_mode("ANY", "tool_mark_b")),
    Feature("choice none", _choice_of_openai("none"), _choice_of_anthropic(type="none"), (),
            gemini=_mode("NONE")),
    Feature("one call at a time", _several(_choice_of_openai("auto"), _set(parallel_tool_calls=False)),
            _choice_of_anthropic(type="auto", disable_parallel_tool_use=True), ("parallel",),
            ("parallel_tool_calls",)),
    Feature("custom tool", lambda r: r.setdefault("tools", []).append(
        {"type": "custom", "custom": {"name": "custom_mark"}}), None, ("custom_mark",), ("tools",)),
    Feature("search tool", None, lambda r: r.setdefault("tools", []).append(
        {"type": "web_search_20250305", "name": "web_search"}), (("web_search", "googleSearch", "nova_grounding"),),
            ("tools", "web_search"),
            gemini=_google_tool(googleSearch={})),
    Feature("json", _set(response_format={"type": "json_object"}), None, (("json", "valid JSON"),),
            gemini=_config(responseMimeType="application/json")),
    Feature("schema", _set(response_format={"type": "json_schema", "json_schema": {
        "name": "answer", "schema": SCHEMA}}),
            _set(output_format={"type": "json_schema", "schema": SCHEMA}), ("mark_of_city",),
            gemini=_config(responseMimeType="application/json", responseSchema={
                "type": "OBJECT", "properties": {"mark_of_city": {"type": "STRING"}},
                "required": ["mark_of_city"], "propertyOrdering": ["mark_of_city"]})),
    Feature("effort", _set(reasoning_effort="high"), None, (("think", '"effort": "high"', '"reasoning_effort": "high"'),),
            ("reasoning",),
            gemini=_thought_about(thinkingLevel="HIGH")),
    Feature("no thinking", _set(reasoning_effort="none"), _set(thinking={"type": "disabled"}), (),
            gemini=_thought_about(thinkingBudget=0)),
    Feature("budget", None, _set(thinking={"type": "enabled", "budget_tokens": 2345}), 
            (("2345", '"effort": "low"', '"reasoning_effort": "'),), ("thinking", "reasoning"),
            gemini=_thought_about(thinkingBudget=2345, includeThoughts=True)),
    Feature("thinking in the history",
            _several(_turn("user", "think"),
                     _turn("assistant", "thought out", reasoning_content="thought mark")),
            _several(_turn("user", "think"), _turn("assistant", [
                {"type": "thinking", "thinking": "thought mark", "signature": "c2lnbmVk"},
                {"type": "redacted_thinking", "data": "aGlkZGVu"},
                {"type": "text", "text": "thought out"}])), ("thought mark",),
            ("thinking", "messages"),
            gemini=_several(_content("user", {"text": "think"}), _content(
                "model", {"text": "thought mark", "thought": True, "thoughtSignature": "c2lnbmVk"},
                {"text": "thought out"}))),
    Feature("cache mark", lambda r: r["messages"][-1]["content"][0].update(
        cache_control={"type": "ephemeral"}), lambda r: r["messages"][-1]["content"][0].update(
            cache_control={"type": "ephemeral", "ttl": "1h"}), (("cache_control", "cachePoint", "cachedContents"),),
            ("cache_control", "messages[*].content[*].cache_control")),
    Feature("temperature", _set(temperature=0.26), _set(temperature=0.26), ("0.26",),
            ("temperature",),
            gemini=_config(temperature=0.26)),
    Feature("high temperature", _set(temperature=1.75), None, ("temperature",), ("temperature",),
            gemini=_config(temperature=1.75)),
    Feature("top_p", _set(top_p=0.63), _set(top_p=0.63), ("0.63",), ("top_p",),
            gemini=_config(topP=0.63)),
    Feature("top_p 1", _set(top_p=1), None, ("p",)),
    Feature("top_k", None, _set(top_k=37), ("37",), ("top_k",),
            gemini=_config(topK=37)),
    Feature("limit", _set(max_tokens=4321), _set(max_tokens=4321), ("4321",),
            gemini=_config(maxOutputTokens=4321)),
    Feature("new limit", _set(max_completion_tokens=4322), None, ("4322",)),
    Feature("stop", _set(stop=["stop mark", "another stop"]),
            _set(stop_sequences=["stop mark", "another stop"]), ("stop mark", "another stop"), ("stop",),
            gemini=_config(stopSequences=["stop mark", "another stop"])),
    Feature("seed", _set(seed=987654), None, ("987654",), ("seed",),
            gemini=_config(seed=987654)),
    Feature("penalties", _set(presence_penalty=0.12, frequency_penalty=0.37), None, ("0.12", "0.37"),
            ("presence_penalty",),
            gemini=_config(presencePenalty=0.12, frequencyPenalty=0.37)),
    Feature("negative penalty", _set(frequency_penalty=-1.5), None, (("frequency_penalty", "frequencyPenalty"),),
            ("frequency_penalty",),
            gemini=_config(frequencyPenalty=-1.5)),
    Feature("logprobs", _set(logprobs=True, top_logprobs=3), None, (("top_logprobs", '"logprobs": 3'),),
            ("top_logprobs",),
            gemini=_config(responseLogprobs=True, logprobs=3)),
    Feature("bias", _set(logit_bias={"50256": -99}), None, ("50256",), ("logit_bias",)),
    Feature("choices", _set(n=3), None, ("n",), ("n",),
            gemini=_config(candidateCount=3)),
    Feature("user", _set(user="user mark"), _set(metadata={"user_id": "user mark"}), ("user mark",),
            ("user", "metadata")),
    # What only Google's clients say.
    Feature("video", None, None, ("AAAAIGZ0eXBtYXJr",), ("messages",), gemini=_shown(
        {"inlineData": {"mimeType": "video/mp4", "data": "AAAAIGZ0eXBtYXJr"},
         "videoMetadata": {"fps": 2, "endOffset": "10s"}})),
    Feature("film", None, None, ("https://www.youtube.com/watch?v=mark",), ("messages",),
            gemini=_shown({"fileData": {"fileUri": "https://www.youtube.com/watch?v=mark"}})),
    Feature("described result", None, None, ("returns mark",), ("tools",),
            gemini=_declared(response={"type": "STRING", "description": "returns mark"})),
    Feature("checked calls", None, None, ("VALIDATED",), ("toolConfig",), gemini=_mode("VALIDATED")),
    Feature("more to come", None, None, ("willContinue",), ("messages",),
            gemini=lambda r: _results_of_google(r, willContinue=True)),
    Feature("schema of JSON Schema", None, None, ("another_mark",), gemini=_config(
        responseMimeType="application/json", responseJsonSchema={
            "type": "object", "properties": {"another_mark": {"type": ["string", "null"]}}})),
    Feature("one word of a list", None, None, ("text/x.enum",), ("responseMimeType",), gemini=_config(
        responseMimeType="text/x.enum", responseSchema={"type": "STRING", "enum": ["a", "b"]})),
    Feature("safety", None, None, ("BLOCK_NONE",), ("safetySettings",), gemini=lambda r: r.update(
        safetySettings=[{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}])),
    Feature("resolution", None, None, ("MEDIA_RESOLUTION_LOW",), ("mediaResolution",),
            gemini=_config(mediaResolution="MEDIA_RESOLUTION_LOW")),
    Feature("cached content", None, None, ("cachedContents/mark",), ("cachedContent",),
            gemini=lambda r: r.update(cachedContent="cachedContents/mark")),
    Feature("code execution", None, None, (("codeExecution", "code_execution"),), ("tools",),
            gemini=_google_tool(codeExecution={})),
    Feature("code in the history", None, None, ("print mark", "output mark"), ("messages",),
            gemini=_several(_content("user", {"text": "compute"}), _content(
                "model", {"executableCode": {"language": "PYTHON", "code": "print mark"}},
                {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "output mark"}},
                {"text": "computed"}))),
    Feature("search in time", None, None, ("timeRangeFilter",), ("tools", "web_search"),
            gemini=_google_tool(googleSearch={"timeRangeFilter": {
                "startTime": "2025-01-01T00:00:00Z", "endTime": "2026-01-01T00:00:00Z"}})),
    Feature("note at a part", None, None, ("note mark",), ("messages",),
            gemini=_shown({"text": "noted", "partMetadata": {"note": "note mark"}})),
    Feature("image answer", None, None, (("IMAGE", '"image"'),), ("modalities",),
            gemini=_config(responseModalities=["TEXT", "IMAGE"])),
    Feature("voice", None, None, ("Kore",), ("audio",), gemini=_config(
        responseModalities=["AUDIO"], speechConfig={"voiceConfig": {
            "prebuiltVoiceConfig": {"voiceName": "Kore"}}})),
    Feature("stream", _set(stream=True, stream_options={"include_usage": True}), _set(stream=True),
            ("stream",)),
]


def base(language):
    if language == "gemini":
        return {"contents": [{"role": "user", "parts": [{"text": "last mark"}]}]}
    request = {"model": "any", "messages": [
        {"role": "user", "content": [{"type": "text", "text": "last mark"}]}]}
    if language == "anthropic":
        request["max_tokens"] = 5432
    return request


# What the Responses API has of chat completions: a member, and what it is there.
_IN_RESPONSES = {
    "model": "model", "temperature": "temperature", "top_p": "top_p", "user": "user",
    "stream": "stream", "parallel_tool_calls": "parallel_tool_calls",
    "max_tokens": "max_output_tokens", "max_completion_tokens": "max_output_tokens"}


def _content_of_responses(role, content):
    """A list of parts; None where one has no place in that API."""
    if isinstance(content, str):
        return content
    said, parts = "output_text" if role == "assistant" else "input_text", []
    for part in content:
        if part["type"] == "text" and "cache_control" not in part:
            parts.append({"type": said, "text": part["text"]})
        elif part["type"] == "image_url":
            image = part["image_url"]
            parts.append({"type": "input_image", "image_url": image["url"],
                          "detail": image.get("detail", "auto")})
        elif part["type"] == "file":
            parts.append({"type": "input_file", **part["file"]})
        else:
            return None
    return parts


def _items_of_responses(message):
    if message["role"] == "tool":
        return [{"type": "function_call_output", "call_id": message["tool_call_id"],
                 "output": _content_of_responses("tool", message["content"])}]
    if message.get("tool_calls"):
        return [{"type": "function_call", "call_id": call["id"], **call["function"]}
                for call in message["tool_calls"]]
    content = _content_of_responses(message["role"], message["content"])
    thought = [{"type": "reasoning", "id": "rs_mark", "summary": [
        {"type": "summary_text", "text": message["reasoning_content"]}]}] \
        if "reasoning_content" in message else []
    return None if content is None else \
        [*thought, {"type": "message", "role": message["role"], "content": content}]


def _flat(tool):
    """A tool, or the choice of one: what stands under its kind stands beside it."""
    return {"type": tool["type"], **tool[tool["type"]]} if isinstance(tool, dict) else tool


def as_responses(chat):
    """The same request in OpenAI's Responses API; None where it cannot be asked there."""
    request = {"input": []}
    for message in chat["messages"]:
        items = _items_of_responses(message)
        if items is None:
            return None
        request["input"] += items
    for name, value in chat.items():
        if name in _IN_RESPONSES:
            request[_IN_RESPONSES[name]] = value
        elif name == "tools":
            request["tools"] = [_flat(tool) for tool in value]
        elif name == "tool_choice":
            request["tool_choice"] = _flat(value)
        elif name == "reasoning_effort":
            request["reasoning"] = {"effort": value}
        elif name == "response_format":
            request["text"] = {"format": _flat(value) if "json_schema" in value else value}
        elif name not in ("messages", "stream_options"):
            return None
    return request


def with_features(language, chosen):
    """A request that asks for all of them; None where one cannot be asked in that language."""
    if language == "openai_responses":
        chat = with_features("openai_chat", chosen)
        return chat and as_responses(chat)
    request = base(language)
    for feature in chosen:
        step = getattr(feature, language)
        if step is None:
            return None
        step(request)
    return request
