"""The official OpenAI SDK's completions.create: prompts for models that complete, and for chats."""

import openai
import pytest

from harness import KEY


@pytest.fixture(scope="module")
def client(cases_gateway):
    with openai.OpenAI(base_url=cases_gateway.url + "/v1", api_key=KEY, max_retries=0) as client:
        yield client


def test_prompts_pass_as_they_came(client, replay):
    prompts = ["what is 2 + 2?", "what is the circumference of the earth?"]
    reply = client.completions.create(model="oa/openai-completions", prompt=prompts, echo=True,
                                      best_of=2, logprobs=3, suffix="!")
    assert [c.text for c in reply.choices][0] == "\n\n2 + 2 is equal to 4."
    assert (reply.object, len(reply.choices), reply.usage.total_tokens) == ("text_completion", 2, 46)
    assert replay.sent("openai-completions")[-1] == {
        "model": "openai-completions", "prompt": prompts, "echo": True, "best_of": 2,
        "logprobs": 3, "suffix": "!"}


@pytest.mark.parametrize("usage", (True, False))
def test_stream_passes_as_it_came(client, usage):
    more = {"stream_options": {"include_usage": True}} if usage else {}
    chunks = list(client.completions.create(model="oa/openai-completions-stream", prompt="Hello",
                                            stream=True, **more))
    assert "".join(c.choices[0].text for c in chunks if c.choices) == "\n\nHello"
    assert [c.usage.total_tokens for c in chunks if c.usage] == ([6] if usage else [])


def test_a_chat_model_is_asked_one_prompt(client, replay):
    reply = client.completions.create(model="an/anthropic-chat", prompt="Say 'foo'", max_tokens=3)
    assert (reply.choices[0].text, reply.choices[0].finish_reason) == ("foo", "length")
    assert reply.object == "text_completion" and reply.usage.total_tokens == 15
    assert replay.sent("anthropic-chat")[-1]["messages"][0]["role"] == "user"


def test_a_chat_models_stream_is_text(client):
    chunks = list(client.completions.create(model="an/anthropic-stream", prompt="Hi", stream=True,
                                            max_tokens=50, stream_options={"include_usage": True}))
    assert all(c.object == "text_completion" for c in chunks)
    assert "".join(c.choices[0].text for c in chunks if c.choices)
    assert chunks[-1].usage.total_tokens > 0


@pytest.mark.parametrize("prompt", (["one", "two"], [1, 2, 3], [[1], [2]]))
def test_what_a_chat_model_cannot_be_asked(client, prompt):
    with pytest.raises(openai.BadRequestError, match="prompt"):
        client.completions.create(model="an/anthropic-chat", prompt=prompt)


@pytest.mark.parametrize("path", (
    "/v1/completions", "/completions", "/engines/oa%2Fopenai-completions/completions",
    "/openai/deployments/oa/openai-completions/completions?api-version=2024-02-01"))
def test_routes(cases_gateway, path):
    reply = cases_gateway.request("POST", path, {"model": "oa/openai-completions", "prompt": "Hi"})
    assert reply.status == 200 and reply.json()["object"] == "text_completion"
