"""How many tokens a request has: asked of the provider where it counts, else counted here."""

import pytest

from harness import config, deployment, serving

BODY = {"model": "m", "system": "Be brief.", "messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"name": "f", "description": "d", "input_schema": {"type": "object",
                                                                    "properties": {}}}]}


@pytest.fixture
def count(gateway, upstream):
    """What comes of BODY, and what the provider was asked."""
    def ask(model, answer, path="/v1/messages/count_tokens", status=200, **params):
        provider = upstream(serving(lambda connection, _: connection.respond(status, answer)))
        row = deployment("m", model, provider.url, **params)
        if model.startswith(("gemini/", "bedrock/")):
            row["litellm_params"]["api_base"] = provider.url
        gw = gateway(config([row], litellm_settings={"num_retries": 0}))
        return gw.request("POST", path, BODY), provider.requests
    return ask


def test_anthropic_is_asked(count):
    reply, asked = count("anthropic/claude-sonnet-4-5", {"input_tokens": 403}, temperature=0.5)
    assert reply.json() == {"input_tokens": 403}
    assert reply.header("x-llmux-usage-estimated") is None
    assert asked[0].target == "/v1/messages/count_tokens"
    assert asked[0].json() == {**BODY, "model": "claude-sonnet-4-5"}


def test_gemini_is_asked(count):
    reply, asked = count("gemini/gemini-2.5-flash", {"totalTokens": 31})
    assert reply.json() == {"input_tokens": 31}
    assert asked[0].target == "/models/gemini-2.5-flash:countTokens"
    body = asked[0].json()["generateContentRequest"]
    assert body["model"] == "models/gemini-2.5-flash"
    assert body["contents"] and body["tools"] and body["systemInstruction"]


def test_bedrock_is_asked(count):
    reply, asked = count("bedrock/anthropic.claude-3-5-haiku-20241022-v1:0", {"inputTokens": 15},
                         aws_access_key_id="AKIDEXAMPLE", aws_secret_access_key="secret")
    assert reply.json() == {"input_tokens": 15}
    assert asked[0].target == "/model/anthropic.claude-3-5-haiku-20241022-v1%3A0/count-tokens"
    assert set(asked[0].json()) == {"input"}
    assert set(asked[0].json()["input"]["converse"]) == {"messages", "system", "toolConfig"}


def test_others_are_counted_here_and_it_is_said(count):
    reply, asked = count("openai/gpt-4o", {})
    assert not asked
    told = reply.json()
    assert told["estimated"] is True and 20 < told["input_tokens"] < 60
    assert reply.header("x-llmux-usage-estimated") == "true"


def test_what_the_provider_refuses_is_told(count):
    reply, _ = count("anthropic/claude-sonnet-4-5", {"type": "error", "error": {
        "type": "invalid_request_error", "message": "messages: odd"}}, status=400)
    assert reply.status == 400
    assert reply.json()["type"] == "error" and "odd" in reply.error()["message"]
