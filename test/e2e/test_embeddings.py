"""Embeddings through the official OpenAI SDK."""

import base64
import json
import struct

import openai
import pytest
from test_library import run

import harness
from harness import KEY, serving

VECTOR = [0.0023064255, -0.009327292, 1e-05]


def embeddings(count, encoding):
    packed = base64.b64encode(struct.pack("<3f", *VECTOR)).decode()
    return {"object": "list", "model": "m", "usage": {"prompt_tokens": 5, "total_tokens": 5},
            "data": [{"object": "embedding", "index": i,
                      "embedding": packed if encoding == "base64" else VECTOR}
                     for i in range(count)]}


def answer(connection, request):
    asked = request.json()
    count = len(asked["input"]) if isinstance(asked["input"], list) else 1
    body = json.dumps(embeddings(count, asked.get("encoding_format"))).encode()
    connection.respond(200, body, "x-request-id: req_e\r\n")


@pytest.fixture
def provider(upstream):
    return upstream(serving(answer))


@pytest.fixture
def client(gateway, provider):
    gw = gateway(harness.config([
        harness.deployment("e", "openai/text-embedding-3-small", provider.url)]))
    with openai.OpenAI(base_url=gw.url + "/v1", api_key=KEY, max_retries=0) as client:
        client.gateway = gw
        yield client


def near(vector):
    return pytest.approx(VECTOR, rel=1e-6) == vector


def test_the_default_is_base64(client, provider):
    """The SDK asks for base64 and decodes it."""
    raw = client.embeddings.with_raw_response.create(model="e", input=["a", "b"])
    reply = raw.parse()
    assert [near(item.embedding) for item in reply.data] == [True, True]
    assert reply.usage.prompt_tokens == 5
    assert provider.requests[-1].target == "/v1/embeddings"
    assert provider.requests[-1].json() == {
        "model": "text-embedding-3-small", "input": ["a", "b"], "encoding_format": "base64"}
    assert raw.headers["x-litellm-response-cost"] == "0.0000001"
    assert raw.headers["llm_provider-x-request-id"] == "req_e"


def test_floats(client, provider):
    reply = client.embeddings.create(model="e", input="a", encoding_format="float", dimensions=3,
                                     user="u")
    assert reply.data[0].embedding == VECTOR
    assert provider.requests[-1].json()["dimensions"] == 3


def test_an_input_that_is_none(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.embeddings.create(model="e", input=["a", None])
    assert "input[1]" in str(caught.value)


@pytest.mark.parametrize("path", ["/v1/embeddings", "/embeddings", "/engines/e/embeddings",
                                  "/openai/deployments/e/embeddings"])
def test_paths(client, path):
    reply = client.gateway.request("POST", path, {"model": "e", "input": "a"})
    assert reply.status == 200 and reply.json()["data"][0]["embedding"] == VECTOR


def test_more_inputs_than_are_taken_at_once(client, provider):
    reply = client.embeddings.create(model="e", input=[str(i) for i in range(5000)],
                                     encoding_format="float")
    assert [item.index for item in reply.data] == list(range(5000))
    assert reply.usage.prompt_tokens == 15
    sent = [request.json()["input"] for request in provider.requests]
    assert [len(inputs) for inputs in sent] == [2048, 2048, 904]
    assert sum(sent, []) == [str(i) for i in range(5000)]


def test_tokens_that_became_text_are_changed_not_dropped(gateway, upstream):
    asked = []

    def cohere(connection, request):
        asked.append(request.json())
        connection.respond(200, {"id": "1", "embeddings": {"float": [[1.0]]}, "texts": ["x"],
                                 "meta": {"billed_units": {"input_tokens": 2}}})

    there = upstream(serving(cohere))
    gw = gateway(harness.config([
        harness.deployment("m", "cohere/embed-v4.0", there.url)]))
    reply = gw.request("POST", "/v1/embeddings",
                       {"model": "m", "input": [[9906, 1917]], "encoding_format": "float"})
    assert reply.status == 200 and asked[0]["texts"] == ["Hello world"]
    assert reply.header("x-llmux-changed-params") == "input"
    assert not reply.header("x-litellm-dropped-params")


def test_a_program_that_links_the_library(provider):
    done = run("embedding", "openai/text-embedding-3-small", "a", "b",
               LLMUX_BASE_URL=f"{provider.url}/v1")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "1.0000 a\n1.0000 b\n"
    assert done.stderr == "(3 dimensions, 5 tokens)\n"
    assert provider.requests[-1].json() == {"model": "text-embedding-3-small", "input": ["a", "b"]}
    done = run("embedding", "anthropic/claude-sonnet-4-5", "a", ANTHROPIC_API_KEY="x")
    assert done.returncode == 1 and "Anthropic has no embeddings" in done.stderr
