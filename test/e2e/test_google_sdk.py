"""The official Google Gen AI SDK as the client; Gemini's, OpenAI's and Anthropic's languages at the
provider."""

import asyncio
import json

import pytest
from google import genai
from google.genai import errors, types

from harness import KEY

WEATHER = types.Tool(function_declarations=[types.FunctionDeclaration(
    name="add", description="Adds.", parameters=types.Schema(
        type="OBJECT", properties={"x": types.Schema(type="NUMBER"),
                                   "y": types.Schema(type="NUMBER", nullable=True)},
        required=["x"]))])


def make(url, key=KEY):
    return genai.Client(api_key=key, http_options=types.HttpOptions(base_url=url))


@pytest.fixture(scope="module")
def client(cases_gateway):
    with make(cases_gateway.url) as client:
        yield client


# ---- Whole replies ----

@pytest.mark.parametrize("model, text, tokens", [
    ("ge/gemini-chat", "foo", (4, 1)),
    ("oa/openai-chat", "42", (21, 1)),
    ("an/anthropic-chat", "foo", (12, 3)),
])
def test_reply(client, model, text, tokens):
    reply = client.models.generate_content(model=model, contents="Say it")
    assert reply.text == text
    usage = reply.usage_metadata
    assert (usage.prompt_token_count, usage.candidates_token_count) == tokens
    assert reply.candidates[0].content.role == "model" and reply.response_id


def test_one_language_passes_as_it_came(client, replay):
    reply = client.models.generate_content(model="ge/gemini-chat", contents="Hi")
    assert reply.candidates[0].content.parts[0].thought_signature == b"ABC"
    assert reply.usage_metadata.thoughts_token_count == 20
    request = [r for r in replay.tap.requests if "gemini-chat:generateContent" in r.target][-1]
    assert request.json() == {"contents": [{"parts": [{"text": "Hi"}], "role": "user"}]}


def test_settings_reach_another_language(client, replay):
    client.models.generate_content(
        model="oa/openai-chat", contents=["Hello", types.Part.from_bytes(
            data=b"\xfb\xff\xfe", mime_type="image/png")],
        config=types.GenerateContentConfig(
            system_instruction="Be brief.", temperature=0.5, max_output_tokens=50,
            stop_sequences=["END"], response_mime_type="application/json",
            response_schema={"type": "OBJECT", "properties": {"a": {"type": "STRING"}}}))
    sent = replay.sent("openai-chat")[-1]
    assert sent["messages"][0] == {"role": "system", "content": "Be brief."}
    assert sent["messages"][1]["content"][1]["image_url"]["url"] == "data:image/png;base64,+//+"
    assert (sent["temperature"], sent["max_tokens"], sent["stop"]) == (0.5, 50, ["END"])
    schema = sent["response_format"]["json_schema"]["schema"]
    assert schema["type"] == "object" and schema["properties"] == {"a": {"type": "string"}}


# ---- Streams ----

@pytest.mark.parametrize("model, text, tokens", [
    ("ge/gemini-stream", "One, two.", 5),
    ("oa/openai-stream", "Hello! How can I assist you today?", 9),
    ("an/anthropic-stream", "1\n2\n3\n4\n5", 13),
])
def test_stream(client, model, text, tokens):
    chunks = list(client.models.generate_content_stream(model=model, contents="Go"))
    assert "".join(c.text for c in chunks) == text
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
    assert chunks[-1].usage_metadata.candidates_token_count == tokens


def test_async_stream(cases_gateway):
    async def run():
        async with make(cases_gateway.url).aio as client:
            stream = await client.models.generate_content_stream(model="oa/openai-stream",
                                                                 contents="Go")
            return "".join([c.text async for c in stream])
    assert asyncio.run(run()) == "Hello! How can I assist you today?"


@pytest.mark.parametrize("model", ["ge/gemini-stream", "oa/openai-stream"])
def test_stream_without_sse_is_one_array(cases_gateway, model):
    reply = cases_gateway.request(
        "POST", f"/v1beta/models/{model}:streamGenerateContent",
        {"contents": [{"parts": [{"text": "Go"}]}]})
    assert reply.status == 200 and reply.header("content-type").startswith("application/json")
    parts = [p["text"] for r in json.loads(reply.body) for c in r["candidates"]
             for p in c["content"]["parts"]]
    assert "".join(parts) in ("One, two.", "Hello! How can I assist you today?")


# ---- Tools and thinking ----

@pytest.mark.parametrize("model", ["oa/openai-tools", "an/anthropic-tools"])
def test_tools_there_and_back(client, replay, model):
    config = types.GenerateContentConfig(
        tools=[WEATHER], max_output_tokens=1024,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True))
    asked = [types.Content(role="user", parts=[types.Part(text="Add")])]
    reply = client.models.generate_content(model=model, contents=asked, config=config)
    calls = reply.function_calls
    assert calls and all(c.id and isinstance(c.args, dict) for c in calls)
    results = [types.Part.from_function_response(name=c.name, response={"result": 5})
               for c in calls]
    client.models.generate_content(
        model=model, config=config,
        contents=asked + [reply.candidates[0].content, types.Content(role="user", parts=results)])
    sent = replay.sent(model.split("/")[1])[-1]
    ids = [c.id for c in calls]
    if model.startswith("oa"):
        assert [m["tool_call_id"] for m in sent["messages"] if m["role"] == "tool"] == ids
    else:
        assert [b["tool_use_id"] for b in sent["messages"][-1]["content"]] == ids


def test_streamed_calls_are_whole(client):
    chunks = list(client.models.generate_content_stream(model="oa/openai-tools-stream",
                                                        contents="Go"))
    calls = [c for chunk in chunks for c in chunk.function_calls or []]
    assert len(calls) == 2 and all(c.name.startswith("lookup_") for c in calls)


def test_thinking_of_claude_goes_back(client, replay):
    config = types.GenerateContentConfig(max_output_tokens=4000, thinking_config=types.ThinkingConfig(
        thinking_budget=2000, include_thoughts=True))
    reply = client.models.generate_content(model="an/anthropic-thinking", contents="Think",
                                           config=config)
    content = reply.candidates[0].content
    assert content.parts[0].thought and content.parts[0].thought_signature
    client.models.generate_content(
        model="an/anthropic-thinking", config=config,
        contents=[types.Content(role="user", parts=[types.Part(text="Think")]), content,
                  types.Content(role="user", parts=[types.Part(text="More")])])
    block = replay.sent("anthropic-thinking")[-1]["messages"][1]["content"][0]
    assert (block["type"], block["signature"]) == ("thinking", "sig_def456")


# ---- Errors and keys ----

@pytest.mark.parametrize("model, code, status", [
    ("oa/openai-429", 429, "RESOURCE_EXHAUSTED"), ("an/anthropic-401", 401, "UNAUTHENTICATED"),
    ("oa/openai-404", 404, "NOT_FOUND"), ("oa/openai-500", 500, "INTERNAL"),
    ("an/anthropic-529", 529, "UNAVAILABLE"), ("nobody", 400, "INVALID_ARGUMENT"),
])
def test_errors(cases_gateway, model, code, status):
    with make(cases_gateway.url) as client, pytest.raises(errors.APIError) as caught:
        client.models.generate_content(model=model, contents="Hi")
    assert (caught.value.code, caught.value.status) == (code, status)


def test_keys(cases_gateway):
    with make(cases_gateway.url, "wrong") as client, pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(model="ge/gemini-chat", contents="Hi")
    assert caught.value.code == 401 and caught.value.status == "UNAUTHENTICATED"
    body = {"contents": [{"parts": [{"text": "Hi"}]}]}
    for key, status in ((KEY, 200), ("wrong", 401), ("", 401)):
        reply = cases_gateway.request(
            "POST", f"/v1beta/models/ge/gemini-chat:generateContent?key={key}", body, key=None)
        assert reply.status == status


VERTEX = "projects/p/locations/us-central1/publishers/google"


@pytest.mark.parametrize("root", ["/v1beta", "/v1", "", "/gemini/v1beta", f"/v1/{VERTEX}",
                                  f"/v1beta1/{VERTEX}", f"/vertex_ai/v1/{VERTEX}",
                                  "/v1beta1/publishers/google"])
def test_roots(cases_gateway, root):
    reply = cases_gateway.request("POST", f"{root}/models/ge/gemini-chat:generateContent",
                                  {"contents": [{"parts": [{"text": "Hi"}]}]})
    assert reply.status == 200 and reply.json()["responseId"] == "r-e2e-1"


PUBLISHED = "publishers/google/models"  # else the SDK takes what is before a slash for the publisher


def test_a_client_of_vertex_ai(cases_gateway):
    """With a key, as its SDK asks in express mode: another address, the same language."""
    with genai.Client(vertexai=True, api_key=KEY,
                      http_options=types.HttpOptions(base_url=cases_gateway.url)) as client:
        reply = client.models.generate_content(model=f"{PUBLISHED}/an/anthropic-chat", contents="Hi")
        assert reply.text == "foo"
        chunks = list(client.models.generate_content_stream(model=f"{PUBLISHED}/oa/openai-tools-stream",
                                                            contents="Go"))
        assert [c for chunk in chunks for c in chunk.function_calls or []]
        count = client.models.count_tokens(model=f"{PUBLISHED}/oa/openai-chat", contents="Hi")
        assert count.total_tokens > 0


def test_paths_that_only_look_like_vertex_ais(cases_gateway):
    for path in ("/publishers/google/models/", "/publishers/googol/models/m", "/v1/projects/p/models/m"):
        assert cases_gateway.request("POST", f"{path}:generateContent", {}).status == 404
