"""How many tokens a request has: asked of the provider where it counts, else counted here."""

import json
from pathlib import Path

import pytest

from harness import KEY, config, deployment, serving

BODY = {"model": "m", "system": "Be brief.", "messages": [{"role": "user", "content": "Hi"}],
        "tools": [{"name": "f", "description": "d", "input_schema": {"type": "object",
                                                                    "properties": {}}}]}


@pytest.fixture
def count(gateway, upstream):
    """What comes of BODY, and what the provider was asked."""
    def ask(model, answer, path="/v1/messages/count_tokens", status=200, **params):
        provider = upstream(serving(lambda connection, _: connection.respond(status, answer)))
        row = deployment("m", model, provider.url, **params)
        if model.startswith(("gemini/", "bedrock/", "vertex_ai/")):
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
    reply, asked = count("groq/openai/gpt-oss-120b", {})
    assert not asked
    told = reply.json()
    assert told["estimated"] is True and 20 < told["input_tokens"] < 60
    assert reply.header("x-llmux-usage-estimated") == "true"


def test_openai_is_asked(count):
    reply, asked = count("openai/gpt-4o", {"object": "response.input_tokens", "input_tokens": 31})
    assert reply.json() == {"input_tokens": 31}
    assert reply.header("x-llmux-usage-estimated") is None
    assert asked[0].target == "/v1/responses/input_tokens"
    assert asked[0].json() == {
        "model": "gpt-4o", "instructions": "Be brief.",
        "input": [{"type": "message", "role": "user", "content": "Hi"}],
        "tools": [{"type": "function", "name": "f", "description": "d", "strict": False,
                   "parameters": {"type": "object", "properties": {}}}]}


@pytest.mark.parametrize("status, error", [
    (400, {"message": "not supported with the Responses API", "param": "model"}),
    (401, {"message": "Missing scopes: api.responses.write"}),
    (403, {"message": "no"}), (405, {"message": "Method Not Allowed"})])
def test_openais_kin_that_cannot_count_is_done_without(count, status, error):
    """Not every model, key or server that can chat can count."""
    reply, asked = count("openai/gpt-4o", {"error": error}, status=status)
    assert len(asked) == 1 and reply.status == 200
    assert reply.json()["estimated"] is True and 20 < reply.json()["input_tokens"] < 60


def test_without_a_key_it_is_counted_here(gateway):
    row = {"model_name": "m", "litellm_params": {"model": "openai/gpt-4o"}}
    told = gateway(config([row])).request("POST", "/v1/messages/count_tokens", BODY)
    assert told.status == 200 and told.json()["estimated"] is True


def test_counting_says_nothing_of_how_a_deployment_answers(gateway, upstream):
    """Neither failures nor the tokens that were counted are its work."""
    def answer(connection, request):
        if "input_tokens" in request.target and len(request.body) < 1000:
            connection.respond(401, {"error": {"message": "Missing scopes"}})
        else:
            connection.respond(200, {"object": "response.input_tokens", "input_tokens": 9000})
    provider = upstream(serving(answer))
    gw = gateway(config([deployment("m", "openai/gpt-4o", provider.url),
                         deployment("m", "openai/gpt-4o", provider.url)],
                        litellm_settings={"num_retries": 0}))
    for _ in range(8):
        assert gw.request("POST", "/v1/messages/count_tokens", BODY).status == 200
    long = {**BODY, "system": "Be brief. " * 200}
    assert gw.request("POST", "/v1/messages/count_tokens", long).json() == {"input_tokens": 9000}
    for state in gw.request("GET", "/router/state").json()["deployments"]:
        assert state["state"] == "closed" and not state["last_outcomes"]["count"], state
        minute = state["this_minute"]
        assert (minute["tokens"], minute["successes"], minute["failures"]) == (0, 0, 0), state


@pytest.mark.parametrize("path, body", [
    ("/v1/messages/count_tokens", {"model": "m"}),
    ("/v1/messages/count_tokens", {"model": "m", "messages": [{"role": "robot", "content": "x"}]}),
    ("/v1beta/models/m:countTokens", {}), ("/v1/responses/input_tokens", {"model": "m"})])
def test_what_cannot_be_read_has_no_count(gateway, path, body):
    gw = gateway(config([deployment("m", "groq/openai/gpt-oss-120b", "http://127.0.0.1:1")]))
    assert gw.request("POST", path, body).status == 400


# ---- Clients of the Responses API ----

INPUT = {"model": "m", "instructions": "Be brief.", "input": "Hi"}


@pytest.mark.parametrize("path", ["/v1/responses/input_tokens", "/responses/input_tokens",
                                  "/openai/v1/responses/input_tokens"])
@pytest.mark.parametrize("model, answer", [
    ("openai/gpt-4o", {"object": "response.input_tokens", "input_tokens": 11}),
    ("anthropic/claude-sonnet-4-5", {"input_tokens": 11}),
    ("gemini/gemini-2.5-flash", {"totalTokens": 11})])
def test_the_responses_api_counts(gateway, upstream, path, model, answer):
    provider = upstream(serving(lambda connection, _: connection.respond(200, answer)))
    row = {"model_name": "m", "litellm_params": {"model": model, "api_base": provider.url,
                                                 "api_key": "k"}}
    reply = gateway(config([row])).request("POST", path, INPUT)
    assert reply.json() == {"object": "response.input_tokens", "input_tokens": 11}
    if model.startswith("openai/"):
        assert provider.requests[0].json() == {**INPUT, "model": "gpt-4o"}
    assert b"Be brief." in provider.requests[0].body


def test_the_responses_api_is_counted_here_where_nobody_does(gateway, upstream):
    provider = upstream(serving(lambda connection, _: connection.respond(200, {})))
    gw = gateway(config([deployment("m", "groq/openai/gpt-oss-120b", provider.url)]))
    reply = gw.request("POST", "/v1/responses/input_tokens", INPUT)
    assert reply.json() == {"object": "response.input_tokens", "input_tokens": 15,
                            "estimated": True}
    assert reply.header("x-llmux-usage-estimated") == "true" and not provider.requests
    reply = gw.request("POST", "/v1/responses/input_tokens",
                       {**INPUT, "previous_response_id": "resp_1"})
    assert reply.status == 400 and "previous_response_id" in reply.error()["message"]


def test_openais_sdk_counts(gateway, upstream):
    openai = pytest.importorskip("openai")
    provider = upstream(serving(lambda connection, _: connection.respond(
        200, {"object": "response.input_tokens", "input_tokens": 11})))
    gw = gateway(config([deployment("m", "openai/gpt-4o", provider.url)]))
    with openai.OpenAI(api_key=KEY, base_url=gw.url + "/v1") as client:
        assert client.responses.input_tokens.count(model="m", input="Hi").input_tokens == 11


def test_vertex_is_asked(count):
    place = {"vertex_project": "p", "vertex_location": "us-central1"}
    reply, asked = count("vertex_ai/gemini-2.5-flash", {"totalTokens": 31}, **place)
    assert reply.json() == {"input_tokens": 31}
    where = "/v1/projects/p/locations/us-central1/publishers/"
    assert asked[0].target == where + "google/models/gemini-2.5-flash:countTokens"
    assert set(asked[0].json()) == {"contents", "systemInstruction", "tools"}
    reply, asked = count("vertex_ai/claude-sonnet-4-5@20250929", {"input_tokens": 12}, **place)
    assert reply.json() == {"input_tokens": 12}
    assert asked[0].target == where + "anthropic/models/count-tokens:rawPredict"
    assert asked[0].json() == {**BODY, "model": "claude-sonnet-4-5@20250929"}
    _, asked = count("vertex_ai/claude-sonnet-4-5@20250929", {"input_tokens": 12},
                     vertex_count_tokens_location="us-east5", **place)
    assert asked[0].target == (where + "anthropic/models/count-tokens:rawPredict").replace(
        "us-central1", "us-east5")


@pytest.mark.parametrize("status, answer", [
    (500, {"type": "error", "error": {"type": "api_error", "message": "odd"}}),
    (529, {"type": "error", "error": {"type": "overloaded_error", "message": "odd"}}),
    (404, {"type": "error", "error": {"type": "not_found_error", "message": "no such path"}}),
    (200, {"tokens": "many"})])
def test_a_provider_that_cannot_count_now_is_done_without(count, status, answer):
    reply, asked = count("anthropic/claude-sonnet-4-5", answer, status=status)
    assert len(asked) == 1 and reply.status == 200
    told = reply.json()
    assert told["estimated"] is True and 20 < told["input_tokens"] < 60
    assert reply.header("x-llmux-usage-estimated") == "true"


def test_a_provider_that_is_gone_is_done_without(gateway):
    row = deployment("m", "anthropic/claude-sonnet-4-5", "http://127.0.0.1:1")
    gw = gateway(config([row], litellm_settings={"num_retries": 0}))
    assert gw.request("POST", "/v1/messages/count_tokens", BODY).json()["estimated"] is True


def test_bedrock_counts_models_and_not_profiles(count):
    keys = {"aws_access_key_id": "AKIDEXAMPLE", "aws_secret_access_key": "secret"}
    reply, asked = count("bedrock/eu.anthropic.claude-sonnet-4-6", {"inputTokens": 15}, **keys)
    assert reply.json() == {"input_tokens": 15}
    assert asked[0].target == "/model/anthropic.claude-sonnet-4-6/count-tokens"
    reply, _ = count("bedrock/us.amazon.nova-lite-v1:0", {
        "message": "The provided model doesn't support counting tokens."}, status=400, **keys)
    assert reply.status == 200 and reply.json()["estimated"] is True


# ---- Google's clients ----

CONTENTS = [{"role": "user", "parts": [{"text": "Hello, you there!"}]}]


@pytest.mark.parametrize("path", ["/v1beta/models/m:countTokens", "/v1/models/m:countTokens"])
@pytest.mark.parametrize("body", [
    {"contents": CONTENTS}, {"generateContentRequest": {"model": "models/m",
                                                        "contents": CONTENTS}}])
def test_googles_clients_ask_any_provider(gateway, upstream, path, body):
    def answer(connection, request):
        google = "google" in request.target or "countTokens" in request.target
        connection.respond(200, {"totalTokens": 7} if google else {"input_tokens": 7})
    provider = upstream(serving(answer))
    for model in ("gemini/gemini-2.5-flash", "anthropic/claude-sonnet-4-5"):
        row = {"model_name": "m", "litellm_params": {"model": model, "api_base": provider.url,
                                                     "api_key": "k"}}
        reply = gateway(config([row])).request("POST", path, body)
        assert reply.json() == {"totalTokens": 7}
    asked = [request.json() for request in provider.requests]
    assert asked[0]["generateContentRequest"]["model"] == "models/gemini-2.5-flash"
    assert asked[1]["messages"][0]["content"] and asked[1]["model"] == "claude-sonnet-4-5"
    reply = gateway(config([deployment("m", "groq/openai/gpt-oss-120b", provider.url)])).request(
        "POST", path, body)
    assert reply.json() == {"totalTokens": 12}
    assert reply.header("x-llmux-usage-estimated") == "true"


def test_googles_sdk_counts(gateway, upstream):
    genai = pytest.importorskip("google.genai")
    provider = upstream(serving(lambda connection, _: connection.respond(200, {"totalTokens": 7})))
    row = {"model_name": "m", "litellm_params": {"model": "gemini/gemini-2.5-flash",
                                                 "api_base": provider.url, "api_key": "k"}}
    gw = gateway(config([row]))
    with genai.Client(api_key=KEY, http_options={"base_url": gw.url}) as client:
        told = client.models.count_tokens(model="m", contents="Hello, you there!")
    assert told.total_tokens == 7


def test_what_the_provider_refuses_is_told(count):
    reply, _ = count("anthropic/claude-sonnet-4-5", {"type": "error", "error": {
        "type": "invalid_request_error", "message": "messages: odd"}}, status=400)
    assert reply.status == 400
    assert reply.json()["type"] == "error" and "odd" in reply.error()["message"]


TOKENIZERS = Path(__file__).resolve().parent.parent / "tokens"
CHAT = [{"role": "user", "content": "Hi"}]


def first_text(name):
    with open(TOKENIZERS / f"{name}.jsonl", encoding="utf-8") as lines:
        return next((line["text"], line["ids"]) for line in map(json.loads, lines)
                    if len(line["ids"]) > 4)


@pytest.fixture
def counter(gateway):
    def ask(body, **info):
        row = {"model_name": "m", "litellm_params": {"model": "openai/gpt-4o", "api_key": "k"},
               "model_info": info}
        return gateway(config([row])).request("POST", "/utils/token_counter", body)
    return ask


@pytest.mark.parametrize("question, tokens", [
    ({"prompt": "Hello, you there!"}, 5), ({"messages": CHAT}, 8),
    ({"messages": CHAT, "system": "Be brief."}, 15),
    ({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}, 8)])
def test_token_counter(counter, question, tokens):
    told = counter({"model": "m", **question}).json()
    assert told["total_tokens"] == tokens
    assert (told["request_model"], told["model_used"]) == ("m", "gpt-4o")
    assert told["tokenizer_type"] == "openai_tokenizer"


def test_token_counter_knows_models_that_are_not_configured(counter):
    told = counter({"model": "claude-2", "prompt": "Hello"}).json()
    assert told["tokenizer_type"] == "huggingface_tokenizer" and told["total_tokens"] == 1


@pytest.mark.parametrize("body, said", [
    ({"model": "m"}, "prompt or messages or contents"), ({"prompt": "x"}, "`model`"), ("[", "")])
def test_token_counter_refuses(counter, body, said):
    reply = counter(body)
    assert reply.status == 400 and said in reply.error()["message"]


def test_custom_tokenizer(counter):
    """The first of the texts that Hugging Face's own library encoded with this small tokenizer."""
    text, ids = first_text("llama3")
    told = counter({"model": "m", "prompt": text},
                   custom_tokenizer={"identifier": str(TOKENIZERS / "llama3.json")}).json()
    assert told["total_tokens"] == len(ids)
    assert told["tokenizer_type"] == "huggingface_tokenizer"


def test_custom_tokenizer_that_is_no_file(gateway):
    row = {"model_name": "m", "litellm_params": {"model": "openai/gpt-4o", "api_key": "k"},
           "model_info": {"custom_tokenizer": {"identifier": "Xenova/llama-3-tokenizer"}}}
    gw = gateway(config([row]))
    assert "names at Hugging Face are not fetched" in gw.stderr()
    told = gw.request("POST", "/utils/token_counter", {"model": "m", "prompt": "Hello"}).json()
    assert told["total_tokens"] == 1


# ---- call_endpoint: the provider of a configured model is asked ----

ASKING = "/utils/token_counter?call_endpoint=true"
TOLD = {"request_model": "m", "count_source": "provider", "original_response": None,
        "error": False, "error_message": None, "status_code": None}


@pytest.mark.parametrize("question", [
    {"messages": CHAT}, {"prompt": "Hi"}, {"messages": CHAT, "system": "Be brief."},
    {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}])
@pytest.mark.parametrize("model, answer, kind", [
    ("anthropic/claude-sonnet-4-5", {"input_tokens": 9}, "anthropic_api"),
    ("gemini/gemini-2.5-flash", {"totalTokens": 9}, "gemini_api")])
def test_call_endpoint_asks_the_provider(gateway, upstream, question, model, answer, kind):
    provider = upstream(serving(lambda connection, _: connection.respond(200, answer)))
    gw = gateway(config([{"model_name": "m", "litellm_params": {
        "model": model, "api_base": provider.url, "api_key": "k"}}]))
    reply = gw.request("POST", ASKING, {"model": "m", **question})
    assert reply.json() == {**TOLD, "total_tokens": 9, "model_used": model.split("/")[1],
                            "tokenizer_type": kind, "original_response": answer}
    assert len(provider.requests) == 1 and b"Hi" in provider.requests[0].body
    assert gw.request("POST", ASKING.replace("true", "false"), {"model": "m", **question}).json()[
        "count_source"] == "local_estimate"
    assert len(provider.requests) == 1


@pytest.mark.parametrize("model, status, tokens, kind", [
    ("openai/gpt-4o", 200, 8, "openai_tokenizer"),
    ("anthropic/claude-3-haiku-20240307", 500, 8, "openai_tokenizer"),
    ("anthropic/claude-2", 500, 8, "huggingface_tokenizer")])
def test_call_endpoint_counts_here_where_nobody_else_does(gateway, upstream, model, status, tokens,
                                                          kind):
    provider = upstream(serving(lambda connection, _: connection.respond(status, {})))
    gw = gateway(config([deployment("m", model, provider.url)],
                        litellm_settings={"num_retries": 0}))
    told = gw.request("POST", ASKING, {"model": "m", "messages": CHAT}).json()
    assert told == {**TOLD, "total_tokens": tokens, "model_used": model.split("/")[1],
                    "tokenizer_type": kind, "count_source": "local_estimate"}
    told = gw.request("POST", ASKING, {"model": "m", "prompt": "Hi"}).json()
    assert told["total_tokens"] == 1


def test_call_endpoint_refuses(counter, gateway):
    gw = gateway(config([deployment("m", "anthropic/claude-sonnet-4-5", "http://127.0.0.1:1")]))
    for body, said in (({"model": "m"}, "prompt or messages or contents"), ("[", ""),
                       ({"prompt": "x"}, "model")):
        reply = gw.request("POST", ASKING, body)
        assert reply.status == 400 and said in reply.error()["message"]


# ---- disable_token_counter ----

def test_nothing_is_counted_here_when_that_is_disabled(gateway, upstream):
    def answer(connection, request):
        if b"count_tokens" in request.target.encode():
            connection.respond(200, {"input_tokens": 9})
        else:
            connection.respond(200, {"id": "c", "object": "chat.completion", "created": 1, "model": "gpt-4o",
                                     "choices": [{"index": 0, "finish_reason": "stop",
                                                  "message": {"role": "assistant", "content": "Hi"}}]})
    provider = upstream(serving(answer))
    gw = gateway(config([deployment("m", "groq/openai/gpt-oss-120b", provider.url),
                         deployment("c", "anthropic/claude-sonnet-4-5", provider.url)],
                        litellm_settings={"disable_token_counter": True}))
    for path in ("/utils/token_counter", ASKING, "/v1/messages/count_tokens"):
        reply = gw.request("POST", path, {**BODY, "model": "m"})
        assert reply.status == 503 and b"Token counting is disabled" in reply.body
    assert gw.request("POST", "/utils/token_counter", {"model": "m", "prompt": "Hi"}).json()["error"][
        "type"] == "token_counting_disabled"
    assert gw.request("POST", "/v1/messages/count_tokens", {**BODY, "model": "c"}).json() == {
        "input_tokens": 9}
    reply = gw.request("POST", "/v1/chat/completions", {"model": "m", "messages": CHAT})
    assert reply.json()["usage"]["total_tokens"] == 0
    assert reply.header("x-llmux-usage-estimated") == "true"
