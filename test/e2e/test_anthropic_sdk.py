"""The official Anthropic SDK as the client, Anthropic's and OpenAI's languages at the provider."""

import asyncio
import json

import anthropic
import pytest

import harness
from harness import KEY, serving, upstream_requests, wait_for
from test_openai_sdk import PIXEL, silent


@pytest.fixture(scope="module")
def client(cases_gateway):
    with anthropic.Anthropic(base_url=cases_gateway.url, api_key=KEY, max_retries=0) as client:
        yield client


def ask(client, model, text="Hi", max_tokens=100, **more):
    return client.messages.create(model=model, max_tokens=max_tokens,
                                  messages=[{"role": "user", "content": text}], **more)


# ---- Chat ----

def test_chat_with_anthropic(client, replay):
    reply = ask(client, "an/anthropic-chat", "Say 'foo'", max_tokens=3,
                extra_body={"temperature": 0})
    assert (reply.content[0].type, reply.content[0].text) == ("text", "foo")
    assert (reply.role, reply.stop_reason) == ("assistant", "max_tokens")
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (12, 3)
    assert replay.sent("anthropic-chat")[-1] == upstream_requests("anthropic-chat")[0]


def test_chat_with_openai(client, replay):
    reply = ask(client, "oa/openai-chat", "What is 17 + 25?", system="Be brief.",
                stop_sequences=["x"])
    assert reply.content[0].text == "42" and reply.stop_reason == "end_turn"
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (21, 1)
    sent = replay.sent("openai-chat")[-1]
    assert [m["role"] for m in sent["messages"]] == ["system", "user"]
    assert sent["messages"][0]["content"] == "Be brief." and sent["stop"] == ["x"]
    assert sent.get("max_tokens", sent.get("max_completion_tokens")) == 100


def test_response_headers(client, replay):
    raw = client.messages.with_raw_response.create(
        model="an/anthropic-chat", max_tokens=3, messages=[{"role": "user", "content": "Hi"}])
    h = raw.headers
    assert h["x-litellm-call-id"] and h["x-litellm-model-group"] == "an/anthropic-chat"
    assert h["llm_provider-request-id"] == "req_e2e_2"
    assert h["llm_provider-anthropic-ratelimit-requests-remaining"] == "49"
    assert h["x-ratelimit-remaining-requests"] == "49"


def test_beta_flags_reach_the_provider(client, replay):
    client.beta.messages.create(model="an/anthropic-chat", max_tokens=3, betas=["one-2025-01-01"],
                                messages=[{"role": "user", "content": "Hi"}])
    request = [r for r in replay.tap.requests if r.json().get("model") == "anthropic-chat"][-1]
    assert request.header("anthropic-beta") == "one-2025-01-01"
    assert request.header("anthropic-version")
    assert request.header("x-api-key") == harness.UPSTREAM_KEY


# ---- Streams ----

@pytest.mark.parametrize("model, text, tokens", [
    ("an/anthropic-stream", "1\n2\n3\n4\n5", (22, 13)),
    ("oa/openai-stream", "Hello! How can I assist you today?", (10, 9)),
])
def test_stream(client, model, text, tokens):
    with client.messages.stream(model=model, max_tokens=128,
                                messages=[{"role": "user", "content": "Count"}]) as stream:
        assert "".join(stream.text_stream) == text
        final = stream.get_final_message()
    assert final.content[0].text == text and final.stop_reason == "end_turn"
    assert final.usage.output_tokens == tokens[1]
    # OpenAI tells all usage at the end, Anthropic's SDK takes the input's from message_delta then.
    assert final.usage.input_tokens == tokens[0]


@pytest.mark.parametrize("model", ["an/anthropic-stream", "oa/openai-stream"])
def test_events_come_in_their_order(client, model):
    kinds = [e.type for e in ask(client, model, stream=True) if e.type != "ping"]
    deltas = kinds.count("content_block_delta")
    assert deltas >= 2
    assert kinds == ["message_start", "content_block_start", *["content_block_delta"] * deltas,
                     "content_block_stop", "message_delta", "message_stop"]


# ---- Tools ----

ADD = [{"name": "add", "description": "Add x and y together", "input_schema": {
    "type": "object", "required": ["x", "y"], "properties": {
        "x": {"type": "number", "description": "The first number to add"},
        "y": {"type": "number", "description": "The second number to add"}}}}]
WEATHER = [{"name": "get_current_weather", "description": "Get the current weather",
            "input_schema": {"type": "object", "required": ["location"], "properties": {
                "location": {"type": "string",
                             "description": "The city and state, e.g. San Francisco, CA"}}}}]


def test_parallel_tools_over_two_turns_with_anthropic(client, replay):
    case = upstream_requests("anthropic-tools")
    messages = [case[0]["messages"][0]]
    more = {"model": "an/anthropic-tools", "tools": ADD, "max_tokens": 1024,
            "system": case[0]["system"]}
    reply = client.messages.create(messages=messages, **more)
    calls = [b for b in reply.content if b.type == "tool_use"]
    assert reply.stop_reason == "tool_use" and [c.input for c in calls] == [
        {"x": 2, "y": 3}, {"x": 10, "y": 20}]
    messages.append({"role": "assistant", "content": [
        b.model_dump(exclude_unset=True, exclude_none=True) for b in reply.content]})
    messages.append({"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": c.id,
         "content": [{"type": "text", "text": str(c.input["x"] + c.input["y"])}]}
        for c in calls]})
    reply = client.messages.create(messages=messages, **more)
    assert "10 + 20 = 30" in reply.content[0].text
    assert replay.sent("anthropic-tools")[-2:] == case


def test_parallel_tools_over_two_turns_with_openai(client, replay):
    case = upstream_requests("openai-tools")
    messages = [{"role": "user", "content": case[0]["messages"][0]["content"]}]
    reply = client.messages.create(model="oa/openai-tools", messages=messages, tools=WEATHER,
                                   max_tokens=100)
    calls = [b for b in reply.content if b.type == "tool_use"]
    assert reply.stop_reason == "tool_use"
    assert [c.input for c in calls] == [{"location": "San Francisco"}, {"location": "Boston"}]
    messages.append({"role": "assistant", "content": reply.content})
    messages.append({"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": c.id, "content": text}
        for c, text in zip(calls, ("70 degrees and sunny", "55 degrees and foggy"))]})
    reply = client.messages.create(model="oa/openai-tools", messages=messages, tools=WEATHER,
                                   max_tokens=100)
    assert reply.content[0].text.startswith("San Francisco is sunny")
    first, second = replay.sent("openai-tools")[-2:]
    assert first["tools"] == case[0]["tools"]
    assistant, *results = second["messages"][1:]
    assert assistant["role"] == "assistant"
    assert [(c["id"], c["function"]["name"], json.loads(c["function"]["arguments"]))
            for c in assistant["tool_calls"]] == [
        (c["id"], c["function"]["name"], json.loads(c["function"]["arguments"]))
        for c in case[1]["messages"][1]["tool_calls"]]
    assert [(r["role"], r["tool_call_id"], r["content"]) for r in results] == [
        (r["role"], r["tool_call_id"], r["content"]) for r in case[1]["messages"][2:]]


@pytest.mark.parametrize("model, expected", [
    ("an/anthropic-tools-stream", [("plus", {"a": 1, "b": 2}), ("minus", {"a": 2, "b": 1})]),
    ("oa/openai-tools-stream", [("lookup_harbor_label", {}), ("lookup_orchard_label", {})]),
])
def test_streamed_tools(client, model, expected):
    with client.messages.stream(model=model, max_tokens=1024, tools=ADD,
                                tool_choice={"type": "any"},
                                messages=[{"role": "user", "content": "Use both"}]) as stream:
        final = stream.get_final_message()
    calls = [b for b in final.content if b.type == "tool_use"]
    assert [(c.name, c.input) for c in calls] == expected
    assert final.stop_reason == "tool_use"


# ---- Thinking ----

def test_thinking_goes_out_and_back_with_its_signature(client, replay):
    case = upstream_requests("anthropic-thinking")
    more = {"model": "an/anthropic-thinking", "max_tokens": 16000, "tools": case[0]["tools"],
            "thinking": {"type": "enabled", "budget_tokens": 1024},
            "extra_body": {"temperature": 1}}
    messages = list(case[0]["messages"])
    reply = client.messages.create(messages=messages, **more)
    thinking, call = reply.content
    assert (thinking.type, thinking.signature) == ("thinking", "sig_def456")
    messages.append({"role": "assistant", "content": [
        b.model_dump(exclude_unset=True) for b in reply.content]})
    messages.append({"role": "user", "content": [
        {"type": "tool_result", "tool_use_id": call.id,
         "content": [{"type": "text", "text": "The weather is 73f"}]}]})
    reply = client.messages.create(messages=messages, **more)
    assert "73" in reply.content[0].text
    assert replay.sent("anthropic-thinking")[-2:] == case


def test_streamed_thinking(client):
    with client.messages.stream(model="an/anthropic-thinking-stream", max_tokens=2048,
                                thinking={"type": "enabled", "budget_tokens": 1024},
                                messages=[{"role": "user", "content": "17 * 23?"}]) as stream:
        final = stream.get_final_message()
    thinking, text = final.content
    assert (thinking.thinking, thinking.signature) == ("391", "signature_REDACTED_1")
    assert text.text == "391"


def test_reasoning_of_an_openai_compatible_provider(client):
    reply = ask(client, "ds/deepseek-reasoning")
    assert [b.type for b in reply.content] == ["thinking", "text"]
    assert reply.content[0].thinking.startswith("We need answer only")
    assert reply.content[1].text == "42"


# ---- Structured output ----

def test_structured_output(client, replay):
    schema = upstream_requests("claude-haiku-4-5")[0]["output_config"]
    reply = ask(client, "an/claude-haiku-4-5", "Return the three primary colors.", max_tokens=1024,
                output_config=schema)
    assert json.loads(reply.content[0].text) == {"colors": ["red", "yellow", "blue"]}
    assert replay.sent("claude-haiku-4-5")[-1]["output_config"] == schema
    reply = ask(client, "oa/openai-structured", "What is 2 + 2?", output_config={"format": {
        "type": "json_schema", "schema": {"type": "object", "required": ["answer"],
                                          "additionalProperties": False,
                                          "properties": {"answer": {"type": "number"}}}}})
    assert json.loads(reply.content[0].text) == {"answer": 4}
    sent = replay.sent("openai-structured")[-1]["response_format"]
    assert sent["type"] == "json_schema"
    assert sent["json_schema"]["schema"]["required"] == ["answer"]


# ---- Images ----

@pytest.mark.parametrize("model", ["oa/openai-image", "an/anthropic-image"])
@pytest.mark.parametrize("source", [
    {"type": "url", "url": "https://example.com/a.png"},
    {"type": "base64", "media_type": "image/png", "data": PIXEL}], ids=["url", "data"])
def test_image(client, replay, model, source):
    content = [{"type": "text", "text": "What's in this image?"},
               {"type": "image", "source": source}]
    reply = client.messages.create(model=model, max_tokens=100,
                                   messages=[{"role": "user", "content": content}])
    assert reply.content[0].text
    sent = replay.sent(model[3:])[-1]["messages"][0]["content"]
    if model.startswith("an/"):
        assert sent == content
    else:
        url = source.get("url") or "data:image/png;base64," + PIXEL
        assert sent[1] == {"type": "image_url", "image_url": {"url": url}}


# ---- Errors ----

@pytest.mark.parametrize("model, kind, status, type_, text", [
    ("an/anthropic-400", anthropic.BadRequestError, 400, "invalid_request_error", "expected shape"),
    ("an/anthropic-401", anthropic.AuthenticationError, 401, "authentication_error", "invalid"),
    ("an/anthropic-404", anthropic.NotFoundError, 404, "not_found_error", "no-such-model"),
    ("an/anthropic-429", anthropic.RateLimitError, 429, "rate_limit_error", "rate limit"),
    ("an/anthropic-500", anthropic.InternalServerError, 500, "api_error", "Internal server"),
    ("an/anthropic-529", anthropic.APIStatusError, 529, "overloaded_error", "Overloaded"),
    ("oa/openai-400", anthropic.BadRequestError, 400, "invalid_request_error", "model parameter"),
    ("oa/openai-401", anthropic.AuthenticationError, 401, "authentication_error", "Incorrect"),
    ("oa/openai-404", anthropic.NotFoundError, 404, "not_found_error", "does not exist"),
    ("oa/openai-429", anthropic.RateLimitError, 429, "rate_limit_error", "Rate limit reached"),
    ("oa/openai-500", anthropic.InternalServerError, 500, "api_error", "The server had an error"),
])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_errors_are_typed(client, model, kind, status, type_, text, stream):
    with pytest.raises(kind) as caught:
        ask(client, model, stream=stream)
    assert caught.value.status_code == status
    assert caught.value.body["type"] == "error"
    assert caught.value.body["error"]["type"] == type_
    assert text in caught.value.body["error"]["message"]
    if status == 429:
        assert caught.value.response.headers["retry-after"] == "7"


def test_an_unknown_model_and_a_wrong_key(client, cases_gateway):
    with pytest.raises(anthropic.BadRequestError, match="nothing-like-it"):
        ask(client, "nothing-like-it")
    with anthropic.Anthropic(base_url=cases_gateway.url, api_key="sk-wrong",
                             max_retries=0) as other, pytest.raises(anthropic.AuthenticationError):
        ask(other, "an/anthropic-chat")


@pytest.mark.parametrize("model", ["openai/m", "anthropic/m"])
def test_an_error_event_in_a_stream_is_an_exception(gateway, upstream, model):
    def openai_events(connection, _):
        connection.stream()
        connection.send_chunk(harness.piece("Hel"))
        connection.send_chunk(harness.failure("it broke"))
        connection.end_chunks()

    def anthropic_events(connection, _):
        connection.stream()
        for kind, more in (
                ("message_start", {"message": {"id": "msg_1", "type": "message", "model": "m",
                                               "role": "assistant", "content": [],
                                               "usage": {"input_tokens": 1, "output_tokens": 1}}}),
                ("content_block_start", {"index": 0, "content_block": {"type": "text",
                                                                       "text": ""}}),
                ("content_block_delta", {"index": 0, "delta": {"type": "text_delta",
                                                               "text": "Hel"}}),
                ("error", {"error": {"type": "overloaded_error", "message": "it broke"}})):
            data = json.dumps({"type": kind, **more})
            connection.send_chunk(f"event: {kind}\ndata: {data}\n\n")
        connection.end_chunks()

    up = upstream(serving(openai_events if model.startswith("openai") else anthropic_events))
    gw = gateway(harness.config([harness.deployment("m", model, up.url)]))
    with anthropic.Anthropic(base_url=gw.url, api_key=KEY, max_retries=0) as client:
        text = ""
        with pytest.raises(anthropic.APIStatusError, match="it broke"):
            for event in ask(client, "m", stream=True):
                if event.type == "content_block_delta":
                    text += event.delta.text
        assert text == "Hel"


# ---- Time ----

def test_the_sdk_times_out_and_the_provider_is_let_go(gateway, upstream):
    up = upstream(silent)
    gw = gateway(harness.config([harness.deployment("m", "anthropic/m", up.url)]))
    with anthropic.Anthropic(base_url=gw.url, api_key=KEY, max_retries=0, timeout=0.4) as client:
        with pytest.raises(anthropic.APITimeoutError):
            ask(client, "m")
    wait_for("the provider's connection to close", lambda: getattr(up, "gone", False), 3)


def test_cancel_in_mid_stream(gateway, upstream):
    def reply(connection, _):
        connection.stream()
        connection.send_chunk(harness.piece("one"))
        connection.upstream.gone = connection.at_end(10)

    up = upstream(serving(reply))
    gw = gateway(harness.config([harness.deployment("m", "openai/m", up.url)]))
    with anthropic.Anthropic(base_url=gw.url, api_key=KEY, max_retries=0) as client:
        with ask(client, "m", stream=True) as stream:
            assert next(iter(stream)).type == "message_start"
        wait_for("the provider's connection to close", lambda: getattr(up, "gone", False), 2)


# ---- Many ----

def test_sixty_four_at_once(cases_gateway):
    models = ["oa/openai-stream", "an/anthropic-stream", "oa/openai-chat", "an/anthropic-chat"]

    async def one(client, model):
        more = {"model": model, "max_tokens": 100, "messages": [{"role": "user", "content": "Hi"}]}
        if "stream" not in model:
            return model, (await client.messages.create(**more)).content[0].text
        async with client.messages.stream(**more) as stream:
            return model, "".join([text async for text in stream.text_stream])

    async def all_of_them():
        async with anthropic.AsyncAnthropic(base_url=cases_gateway.url, api_key=KEY,
                                            max_retries=0) as client:
            return await asyncio.gather(*(one(client, models[i % 4]) for i in range(64)))

    expected = {"oa/openai-stream": "Hello! How can I assist you today?", "oa/openai-chat": "42",
                "an/anthropic-stream": "1\n2\n3\n4\n5", "an/anthropic-chat": "foo"}
    for model, text in asyncio.run(all_of_them()):
        assert text == expected[model], model


def test_bearer_token(cases_gateway):
    with anthropic.Anthropic(base_url=cases_gateway.url, auth_token=KEY, api_key=None,
                             max_retries=0) as client:
        assert ask(client, "an/anthropic-chat").content[0].text == "foo"
