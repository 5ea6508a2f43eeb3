"""The official OpenAI SDK as the client, OpenAI's and Anthropic's languages at the provider."""

import asyncio
import base64
import json

import openai
import pydantic
import pytest

import harness
from harness import KEY, serving, upstream_requests, wait_for

PIXEL = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
         "rkJggg==")


@pytest.fixture(scope="module")
def client(cases_gateway):
    with openai.OpenAI(base_url=cases_gateway.url + "/v1", api_key=KEY, max_retries=0) as client:
        yield client


def ask(client, model, text="Hi", **more):
    return client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": text}], **more)


# ---- Chat ----

def test_chat_with_openai(client, replay):
    reply = ask(client, "oa/openai-chat", "What is 17 + 25?", max_tokens=8, logprobs=True)
    choice = reply.choices[0]
    assert (choice.message.role, choice.message.content) == ("assistant", "42")
    assert choice.finish_reason == "stop"
    assert choice.logprobs.content[0].token == "42"
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (21, 1)
    assert replay.sent("openai-chat")[-1] == {
        "model": "openai-chat", "messages": [{"role": "user", "content": "What is 17 + 25?"}],
        "max_tokens": 8, "logprobs": True}


def test_chat_with_anthropic(client, replay):
    reply = ask(client, "an/anthropic-chat", "Say 'foo'", max_tokens=3, temperature=0)
    assert reply.choices[0].message.content == "foo"
    assert reply.choices[0].finish_reason == "length"
    assert reply.usage.total_tokens == 15
    assert replay.sent("anthropic-chat")[-1] == upstream_requests("anthropic-chat")[0]


def test_system_and_stop_reach_anthropic(client, replay):
    client.chat.completions.create(
        model="an/anthropic-chat", max_tokens=3, stop=["x", "y"], user="somebody",
        messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}])
    sent = replay.sent("anthropic-chat")[-1]
    assert sent["stop_sequences"] == ["x", "y"] and sent["metadata"] == {"user_id": "somebody"}
    assert sent["system"] in ("Be brief.", [{"type": "text", "text": "Be brief."}])


def test_response_headers(client, cases_gateway, replay):
    raw = client.chat.completions.with_raw_response.create(
        model="oa/openai-chat", messages=[{"role": "user", "content": "Hi"}])
    h = raw.headers
    assert raw.parse().choices[0].message.content == "42"
    assert len(h["x-litellm-call-id"]) == 36
    assert h["x-litellm-model-api-base"] == replay.url + "/v1"
    assert len(h["x-litellm-model-id"]) == 64
    assert h["x-litellm-model-group"] == "oa/openai-chat"
    assert h["x-litellm-attempted-retries"] == "0"
    assert h["llm_provider-x-request-id"] == "req_e2e_1"
    assert h["x-ratelimit-remaining-requests"] == "4999"
    assert raw.parse()._request_id == h["x-request-id"] == h["x-litellm-call-id"]


# ---- Streams ----

def test_stream_with_openai(client):
    stream = ask(client, "oa/openai-stream", "Say hello!", stream=True,
                 stream_options={"include_usage": True})
    chunks = list(stream)
    text = [c.choices[0].delta.content for c in chunks if c.choices]
    assert "".join(t for t in text if t) == "Hello! How can I assist you today?"
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].choices == [] and chunks[-1].usage.total_tokens == 19


def test_usage_stays_in_the_house_when_not_asked_for(client):
    chunks = list(ask(client, "oa/openai-stream", stream=True))
    assert all(c.choices and not c.usage for c in chunks)


def test_stream_with_anthropic(client, replay):
    chunks = list(ask(client, "an/anthropic-stream", "Count from 1 to 5.", stream=True,
                      max_tokens=128, stream_options={"include_usage": True}))
    text = [c.choices[0].delta.content for c in chunks if c.choices]
    assert "".join(t for t in text if t) == "1\n2\n3\n4\n5"
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage.prompt_tokens == 22 and chunks[-1].usage.completion_tokens == 13
    assert {c.id for c in chunks} == {"msg_01P3Gc7NCx9iJDouJMxTf5Lu"}
    assert replay.sent("anthropic-stream")[-1]["stream"] is True


def test_stream_helper_with_anthropic(client):
    with client.chat.completions.stream(
            model="an/anthropic-stream", messages=[{"role": "user", "content": "Count"}]) as stream:
        deltas = [e.delta for e in stream if e.type == "content.delta"]
        final = stream.get_final_completion()
    assert "".join(deltas) == final.choices[0].message.content == "1\n2\n3\n4\n5"


# ---- Tools ----

WEATHER = [{"type": "function", "function": {
    "name": "get_current_weather", "description": "Get the current weather",
    "parameters": {"type": "object", "properties": {"location": {
        "type": "string", "description": "The city and state, e.g. San Francisco, CA"}},
        "required": ["location"]}}}]
ADD = [{"type": "function", "function": {
    "name": "add", "description": "Add x and y together",
    "parameters": {"type": "object", "required": ["x", "y"], "properties": {
        "x": {"type": "number", "description": "The first number to add"},
        "y": {"type": "number", "description": "The second number to add"}}}}}]


def test_parallel_tools_over_two_turns_with_openai(client, replay):
    case = upstream_requests("openai-tools")
    messages = [dict(case[0]["messages"][0])]
    reply = client.chat.completions.create(model="oa/openai-tools", messages=messages,
                                           tools=WEATHER)
    message = reply.choices[0].message
    assert reply.choices[0].finish_reason == "tool_calls"
    places = [json.loads(c.function.arguments)["location"] for c in message.tool_calls]
    assert places == ["San Francisco", "Boston"]
    messages.append(message.model_dump(exclude_unset=True))
    for call, result in zip(message.tool_calls, ("70 degrees and sunny", "55 degrees and foggy")):
        messages.append({"role": "tool", "tool_call_id": call.id, "content": result})
    reply = client.chat.completions.create(model="oa/openai-tools", messages=messages,
                                           tools=WEATHER)
    assert reply.choices[0].message.content.startswith("San Francisco is sunny")
    assert replay.sent("openai-tools")[-2:] == case


def test_parallel_tools_over_two_turns_with_anthropic(client, replay):
    case = upstream_requests("anthropic-tools")
    question = case[0]["messages"][0]["content"][0]["text"]
    messages = [{"role": "system", "content": case[0]["system"][0]["text"]},
                {"role": "user", "content": question}]
    reply = client.chat.completions.create(model="an/anthropic-tools", messages=messages,
                                           tools=ADD, max_tokens=1024)
    message = reply.choices[0].message
    assert reply.choices[0].finish_reason == "tool_calls"
    assert message.content == "I'll compute both sums simultaneously!"
    assert [json.loads(c.function.arguments) for c in message.tool_calls] == [
        {"x": 2, "y": 3}, {"x": 10, "y": 20}]
    messages.append(message.model_dump(exclude_none=True))
    for call in message.tool_calls:
        numbers = json.loads(call.function.arguments)
        messages.append({"role": "tool", "tool_call_id": call.id,
                         "content": str(numbers["x"] + numbers["y"])})
    reply = client.chat.completions.create(model="an/anthropic-tools", messages=messages,
                                           tools=ADD, max_tokens=1024)
    assert "10 + 20 = 30" in reply.choices[0].message.content
    first, second = replay.sent("anthropic-tools")[-2:]
    assert first["tools"] == case[0]["tools"]
    assert second["messages"][1] == case[1]["messages"][1]
    results = second["messages"][2]["content"]
    assert [(r["tool_use_id"], r["content"]) for r in results] == [
        ("toolu_REDACTED_1", "5"), ("toolu_REDACTED_2", "30")]


def collect_calls(chunks):
    """Tool calls put together as a client does: by index, arguments appended."""
    calls = {}
    for chunk in chunks:
        for call in (chunk.choices[0].delta.tool_calls or []) if chunk.choices else []:
            one = calls.setdefault(call.index, {"arguments": ""})
            one["id"] = call.id or one.get("id")
            one["name"] = call.function.name or one.get("name")
            one["arguments"] += call.function.arguments or ""
    return [calls[index] for index in sorted(calls)]


def test_streamed_tools_with_openai(client):
    chunks = list(ask(client, "oa/openai-tools-stream", stream=True))
    assert collect_calls(chunks) == [
        {"id": "call_REDACTED_1", "name": "lookup_harbor_label", "arguments": "{}"},
        {"id": "call_REDACTED_2", "name": "lookup_orchard_label", "arguments": "{}"}]


def test_streamed_tools_with_anthropic(client):
    chunks = list(ask(client, "an/anthropic-tools-stream", stream=True, tools=ADD,
                      tool_choice="required"))
    calls = collect_calls(chunks)
    assert [(c["id"], c["name"], json.loads(c["arguments"])) for c in calls] == [
        ("toolu_01CM7Nqnu3tF2UqzksSCxsqt", "plus", {"a": 1, "b": 2}),
        ("toolu_01MGZBHepZSnpCrVLDT34yxu", "minus", {"a": 2, "b": 1})]
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "tool_calls"


# ---- Thinking ----

def test_thinking_goes_out_and_back_with_its_signature(client, replay):
    case = upstream_requests("anthropic-thinking")
    tools = [{"type": "function", "function": {
        "name": t["name"], "description": t["description"], "parameters": t["input_schema"]}}
        for t in case[0]["tools"]]
    messages = [{"role": "user", "content": case[0]["messages"][0]["content"]}]
    more = {"tools": tools, "max_tokens": 16000, "temperature": 1,
            "extra_body": {"thinking": {"type": "enabled", "budget_tokens": 1024}}}
    reply = client.chat.completions.create(model="an/anthropic-thinking", messages=messages, **more)
    message = reply.choices[0].message
    assert message.reasoning_content.startswith("I need to use the get_weather tool")
    assert message.thinking_blocks[0]["signature"] == "sig_def456"
    messages.append(message.model_dump(exclude_none=True))
    messages.append({"role": "tool", "tool_call_id": message.tool_calls[0].id,
                     "content": "The weather is 73f"})
    reply = client.chat.completions.create(model="an/anthropic-thinking", messages=messages, **more)
    assert "73" in reply.choices[0].message.content
    first, second = replay.sent("anthropic-thinking")[-2:]
    assert first == case[0]
    assert second["thinking"] == case[1]["thinking"]
    assert second["messages"][1] == case[1]["messages"][1]


def test_streamed_thinking(client, replay):
    chunks = list(ask(client, "an/anthropic-thinking-stream", "What is 17 * 23?", stream=True,
                      reasoning_effort="low", max_tokens=2048))
    deltas = [c.choices[0].delta for c in chunks if c.choices]
    assert "".join(getattr(d, "reasoning_content", None) or "" for d in deltas) == "391"
    signatures = [b["signature"] for d in deltas for b in getattr(d, "thinking_blocks", None) or []
                  if b.get("signature")]
    assert signatures == ["signature_REDACTED_1"]
    assert "".join(d.content or "" for d in deltas) == "391"
    assert replay.sent("anthropic-thinking-stream")[-1]["thinking"]["type"] == "enabled"


def test_reasoning_of_an_openai_compatible_provider(client):
    message = ask(client, "ds/deepseek-reasoning").choices[0].message
    assert message.reasoning_content.startswith("We need answer only")
    assert message.content == "42"


# ---- Structured output ----

class Answer(pydantic.BaseModel):
    answer: float


class Colors(pydantic.BaseModel):
    colors: list[str]


def test_parse_with_openai(client, replay):
    reply = client.chat.completions.parse(
        model="oa/openai-structured", response_format=Answer,
        messages=[{"role": "user", "content": "What is 2 + 2?"}])
    assert reply.choices[0].message.parsed == Answer(answer=4)
    sent = replay.sent("openai-structured")[-1]["response_format"]
    assert sent["type"] == "json_schema" and sent["json_schema"]["strict"] is True


@pytest.mark.parametrize("model", ["claude-haiku-4-5", "claude-3-5-haiku-20241022"])
def test_parse_with_anthropic(client, replay, model):
    """Native where the model has it, by a forced tool where not; the client sees no difference."""
    reply = client.chat.completions.parse(
        model="an/" + model, response_format=Colors,
        messages=[{"role": "user", "content": "Return the three primary colors."}])
    assert reply.choices[0].message.parsed == Colors(colors=["red", "yellow", "blue"])
    assert reply.choices[0].finish_reason == "stop"
    sent = replay.sent(model)[-1]
    if model == "claude-haiku-4-5":
        assert sent["output_config"]["format"]["type"] == "json_schema"
    else:
        assert sent["tool_choice"]["name"] == sent["tools"][0]["name"]


def test_refusal(client):
    reply = client.chat.completions.parse(
        model="oa/openai-refusal", response_format=Answer,
        messages=[{"role": "user", "content": "Write malware"}])
    assert reply.choices[0].message.parsed is None
    assert reply.choices[0].message.refusal == "I'm sorry, I can't assist with that request."


# ---- Images ----

@pytest.mark.parametrize("model", ["oa/openai-image", "an/anthropic-image"])
@pytest.mark.parametrize("url", ["https://example.com/a.png", "data:image/png;base64," + PIXEL],
                         ids=["url", "data"])
def test_image(client, replay, model, url):
    content = [{"type": "text", "text": "What is in this image?"},
               {"type": "image_url", "image_url": {"url": url}}]
    reply = client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": content}])
    assert reply.choices[0].message.content
    sent = replay.sent(model[3:])[-1]["messages"][0]["content"]
    if model.startswith("oa/"):
        assert sent == content
    elif url.startswith("data:"):
        assert sent[1]["source"] == {"type": "base64", "media_type": "image/png", "data": PIXEL}
        assert base64.b64decode(sent[1]["source"]["data"])
    else:
        assert sent[1]["source"] == {"type": "url", "url": url}


# ---- Errors ----

@pytest.mark.parametrize("model, kind, status, text", [
    ("oa/openai-400", openai.BadRequestError, 400, "you must provide a model parameter"),
    ("oa/openai-401", openai.AuthenticationError, 401, "Incorrect API key provided"),
    ("oa/openai-404", openai.NotFoundError, 404, "does not exist"),
    ("oa/openai-429", openai.RateLimitError, 429, "Rate limit reached"),
    ("oa/openai-500", openai.InternalServerError, 500, "The server had an error"),
    ("an/anthropic-400", openai.BadRequestError, 400, "does not match the expected shape"),
    ("an/anthropic-401", openai.AuthenticationError, 401, "API key is invalid"),
    ("an/anthropic-404", openai.NotFoundError, 404, "there-is-no-such-model"),
    ("an/anthropic-429", openai.RateLimitError, 429, "exceed your rate limit"),
    ("an/anthropic-500", openai.InternalServerError, 500, "Internal server error"),
    ("an/anthropic-529", openai.InternalServerError, 529, "Overloaded"),
])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_errors_are_typed(client, model, kind, status, text, stream):
    with pytest.raises(kind) as caught:
        ask(client, model, stream=stream)
    assert caught.value.status_code == status
    assert text in caught.value.body["message"]
    assert caught.value.type and isinstance(caught.value.body["code"], str)
    assert caught.value.request_id
    if status == 429:
        assert caught.value.response.headers["retry-after"] == "7"


def test_an_unknown_model_and_a_wrong_key(client, cases_gateway):
    with pytest.raises(openai.BadRequestError, match="nothing-like-it"):
        ask(client, "nothing-like-it")
    with openai.OpenAI(base_url=cases_gateway.url + "/v1", api_key="sk-wrong",
                       max_retries=0) as other, pytest.raises(openai.AuthenticationError):
        ask(other, "oa/openai-chat")


def test_an_error_event_in_a_stream_is_an_exception(gateway, upstream):
    def reply(connection, _):
        connection.stream()
        connection.send_chunk(harness.piece("Hel"))
        connection.send_chunk(harness.failure("it broke"))
        connection.end_chunks()

    up = upstream(serving(reply))
    gw = gateway(harness.config([harness.deployment("m", "openai/m", up.url)]))
    with openai.OpenAI(base_url=gw.url + "/v1", api_key=KEY, max_retries=0) as client:
        stream, text = ask(client, "m", stream=True), ""
        with pytest.raises(openai.APIError, match="it broke"):
            for chunk in stream:
                text += chunk.choices[0].delta.content
        assert text == "Hel"


# ---- Time ----

def silent(connection):
    connection.request()
    connection.upstream.gone = connection.at_end(10)


def test_the_sdk_times_out_and_the_provider_is_let_go(gateway, upstream):
    up = upstream(silent)
    gw = gateway(harness.config([harness.deployment("m", "openai/m", up.url)]))
    with openai.OpenAI(base_url=gw.url + "/v1", api_key=KEY, max_retries=0, timeout=0.4) as client:
        with pytest.raises(openai.APITimeoutError):
            ask(client, "m")
    wait_for("the provider's connection to close", lambda: getattr(up, "gone", False), 3)
    assert "499" in gw.access_line("POST")


def test_the_gateway_times_out(gateway, upstream):
    gw = gateway(harness.config(
        [harness.deployment("m", "openai/m", upstream(silent).url, timeout=0.3)],
        litellm_settings={"num_retries": 0}))
    with openai.OpenAI(base_url=gw.url + "/v1", api_key=KEY, max_retries=0) as client:
        with pytest.raises(openai.APIStatusError) as caught:
            ask(client, "m")
        assert caught.value.status_code == 408
        assert "Timeout" in caught.value.body["message"]


def test_cancel_in_mid_stream(gateway, upstream):
    """A client that leaves takes the provider's call with it."""
    def reply(connection, _):
        connection.stream()
        connection.send_chunk(harness.piece("one"))
        connection.upstream.gone = connection.at_end(10)

    up = upstream(serving(reply))
    gw = gateway(harness.config([harness.deployment("m", "openai/m", up.url)]))
    with openai.OpenAI(base_url=gw.url + "/v1", api_key=KEY, max_retries=0) as client:
        with ask(client, "m", stream=True) as stream:
            assert next(iter(stream)).choices[0].delta.content == "one"
        wait_for("the provider's connection to close", lambda: getattr(up, "gone", False), 2)


# ---- Many ----

def test_sixty_four_at_once(cases_gateway):
    models = ["oa/openai-stream", "an/anthropic-stream", "oa/openai-chat", "an/anthropic-chat"]

    async def one(client, model):
        messages = [{"role": "user", "content": "Hi"}]
        if "stream" not in model:
            reply = await client.chat.completions.create(model=model, messages=messages)
            return model, reply.choices[0].message.content
        text = ""
        async for chunk in await client.chat.completions.create(model=model, messages=messages,
                                                                stream=True):
            text += (chunk.choices[0].delta.content or "") if chunk.choices else ""
        return model, text

    async def all_of_them():
        async with openai.AsyncOpenAI(base_url=cases_gateway.url + "/v1", api_key=KEY,
                                      max_retries=0) as client:
            return await asyncio.gather(*(one(client, models[i % 4]) for i in range(64)))

    expected = {"oa/openai-stream": "Hello! How can I assist you today?", "oa/openai-chat": "42",
                "an/anthropic-stream": "1\n2\n3\n4\n5", "an/anthropic-chat": "foo"}
    for model, text in asyncio.run(all_of_them()):
        assert text == expected[model], model


def test_models(client):
    assert [m.id for m in client.models.list()] == []  # wildcards are no models
    assert client.models.retrieve("oa/anything").id == "oa/anything"


def test_azure_client(cases_gateway):
    with openai.AzureOpenAI(azure_endpoint=cases_gateway.url, api_key=KEY, max_retries=0,
                            api_version="2024-10-21") as client:
        assert ask(client, "oa/openai-chat").choices[0].message.content == "42"
