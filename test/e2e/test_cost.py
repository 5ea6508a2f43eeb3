"""What replies cost, as clients, logs and endpoints tell it."""

import json
import subprocess
import sys
import time
from decimal import Decimal
from pathlib import Path

import pytest

from harness import (BINARY, completion, config, deployment, environment, serving, wait_for)

sys.path.append(str(Path(__file__).resolve().parent.parent / "cost"))
import hand  # pylint: disable=wrong-import-position,wrong-import-order


def mock(name, model="openai/gpt-4o", **params):
    info = params.pop("model_info", None)
    row = {"model_name": name, "litellm_params": {"model": model, "mock_response": "Hello, you!",
                                                  **params}}
    return {**row, "model_info": info} if info else row


# A mock's usage is 10 tokens and 20: at gpt-4o's prices 0.000025 + 0.0002 dollars.
MODELS = [mock("known"), mock("unknown", "openai/never-heard-of"),
          mock("own", "openai/x", input_cost_per_token=0.001, output_cost_per_token=0.002),
          mock("based", "openai/x", model_info={"base_model": "gpt-4o", "id": "the-id"}),
          mock("wild/*", "openai/*")]


@pytest.fixture
def gw(gateway):
    return gateway(config(MODELS))


def test_what_has_no_price_can_be_forbidden(gateway):
    mixed = [mock("mixed", "openai/never-heard-of"), mock("mixed")]
    gw = gateway(config(MODELS + mixed, litellm_settings={
        "block_requests_for_models_without_pricing": True}))
    for model in ("unknown", "wild/never-heard-of"):
        reply = gw.chat(model)
        assert reply.status == 403
        assert "input_cost_per_token" in reply.json()["error"]["message"]
    for model in ("known", "own", "based", "wild/gpt-4o") + 10 * ("mixed",):
        reply = gw.chat(model)
        assert reply.status == 200 and float(reply.header("x-litellm-response-cost")) > 0


@pytest.mark.parametrize("model, cost", [("known", "0.000225"), ("own", "0.05"),
                                         ("based", "0.000225"), ("wild/gpt-4o", "0.000225")])
def test_the_header_tells_the_cost(gw, model, cost):
    assert gw.chat(model).header("x-litellm-response-cost") == cost
    assert gw.messages(model).header("x-litellm-response-cost") == cost
    assert f"cost={cost}" in gw.access_line(f"model={model} ")


@pytest.fixture
def unpriced(gateway, upstream):
    """Models that the catalog does not know, and one that nobody is asked for."""
    provider = upstream(serving(lambda connection, _: connection.respond(200, completion("Hello"))))
    return gateway(config([deployment("unknown", "openai/never-heard-of", provider.url),
                           deployment("other", "openai/nor-of-this", provider.url),
                           deployment("wild/*", "openai/*", provider.url),
                           mock("mocked", "openai/never-heard-of")]))


def without_price(gw):
    return gw.request("GET", "/health/readiness", key=None).json()["replies_without_price"]


def test_pain_8_a_model_without_a_price_is_never_silently_free(unpriced):
    gw = unpriced
    for model in ("unknown", "other", "wild/nor-of-that", "unknown", "other", "unknown"):
        assert gw.chat(model).header("x-litellm-response-cost") is None
    wait_for("the lines", lambda: len(gw.log_lines(r"model=unknown .*cost=\?")) == 3)
    for name in ("never-heard-of", "nor-of-this", "nor-of-that"):
        assert len(gw.log_lines(f"no price is known for openai/{name}")) == 1


def test_readiness_counts_replies_without_a_price(unpriced):
    before = without_price(unpriced)
    unpriced.chat("unknown")
    wait_for("the count", lambda: without_price(unpriced) == before + 1)


def test_a_mock_costs_nobody_anything(unpriced):
    before = without_price(unpriced)
    assert unpriced.chat("mocked").status == 200
    unpriced.access_line("model=mocked")
    assert without_price(unpriced) == before and not unpriced.log_lines("no price is known")


def test_discounts_and_margins(gateway):
    gw = gateway(config(MODELS, litellm_settings={"cost_discount_config": {"openai": 0.5},
                                                  "cost_margin_config": {"global": 0.1}}))
    reply = gw.chat("own")
    assert reply.header("x-litellm-response-cost") == "0.0275"
    assert reply.header("x-litellm-response-cost-original") == "0.05"
    assert reply.header("x-litellm-response-cost-discount-amount") == "0.025"
    assert reply.header("x-litellm-response-cost-margin-amount") == "0.0025"


def test_the_last_chunk_tells_the_cost_where_it_is_asked_for(gateway):
    def usages(gw):
        body = gw.chat("own", stream=True, stream_options={"include_usage": True}).body
        chunks = [json.loads(line[6:]) for line in body.decode().splitlines()
                  if line.startswith("data: {")]
        return [chunk["usage"] for chunk in chunks if chunk.get("usage")]

    assert usages(gateway(config(MODELS)))[0].get("cost") is None
    told = gateway(config(MODELS, litellm_settings={"include_cost_in_streaming_usage": True}))
    assert usages(told)[0]["cost"] == 0.05
    deltas = [data for _, data in told.messages("own", stream=True).events()
              if data["type"] == "message_delta"]
    assert deltas[-1]["usage"]["cost"] == 0.05


def test_model_info(gw):
    for path in ("/model/info", "/v1/model/info"):
        rows = {row["model_name"]: row for row in gw.request("GET", path).json()["data"]}
        assert len(rows) == len(MODELS)
        assert rows["known"]["model_info"]["max_input_tokens"] == 128000
        assert rows["known"]["model_info"]["supports_vision"] is True
        assert rows["own"]["model_info"]["input_cost_per_token"] == 0.001
        assert rows["unknown"]["model_info"]["input_cost_per_token"] is None
        assert "key" not in json.dumps(rows["own"]["litellm_params"])
    one = gw.request("GET", "/model/info?litellm_model_id=the-id").json()["data"]
    assert [row["model_name"] for row in one] == ["based"]
    assert gw.request("GET", "/model/info?litellm_model_id=no").status == 404
    assert gw.request("GET", "/model/info", key=None).status == 401


def test_model_info_of_a_model_without_a_row(gateway):
    """What LiteLLM's rules say of such names; and a price of one's own, which they never have."""
    gw = gateway(config([mock("new", "anthropic/claude-newfamily-5"),
                         mock("own", "anthropic/claude-newfamily-5", input_cost_per_token=0.001,
                              output_cost_per_token=0.002),
                         mock("not", "anthropic/some-model")]))
    rows = {row["model_name"]: row["model_info"]
            for row in gw.request("GET", "/model/info").json()["data"]}
    assert rows["new"]["key"] == "anthropic/claude-newfamily-5"
    assert rows["new"]["max_input_tokens"] == 200000 and rows["new"]["supports_pdf_input"] is True
    assert rows["new"]["input_cost_per_token"] is None
    assert rows["not"]["max_input_tokens"] is None
    assert gw.chat("new").header("x-litellm-response-cost") is None
    assert gw.chat("own").header("x-litellm-response-cost") == "0.05"


def test_model_group_info(gw):
    groups = gw.request("GET", "/model_group/info?model_group=known").json()["data"]
    assert [group["model_group"] for group in groups] == ["known"]
    assert groups[0]["providers"] == ["openai"]
    assert groups[0]["input_cost_per_token"] == 2.5e-06
    assert groups[0]["supports_vision"] is True


@pytest.mark.parametrize("body, cost", [
    ({"model": "own", "messages": [{"role": "user", "content": "Hi"}]}, "0.008"),
    ({"completion_response": {"model": "gpt-4o", "usage": {"prompt_tokens": 1000,
                                                           "completion_tokens": 100}}}, "0.0035"),
    ({"model": "own", "completion_response": {"usage": {"prompt_tokens": 3,
                                                        "completion_tokens": 1}}}, "0.005")])
def test_spend_calculate(gw, body, cost):
    reply = gw.request("POST", "/spend/calculate", body)
    assert reply.status == 200
    assert json.loads(reply.body, parse_float=Decimal)["cost"] == Decimal(cost)


@pytest.mark.parametrize("body, said", [
    ({"model": "nobody-knows", "completion_response": {"usage": {}}}, "no price is known"),
    ({"model": "gpt-4o"}, "usage is missing"),
    ({}, "`model` must name"), ("[", "expected"), ({"model": 3}, "model")])
def test_spend_calculate_refuses(gw, body, said):
    reply = gw.request("POST", "/spend/calculate", body)
    assert reply.status == 400
    assert said in reply.json()["error"]["message"]


# ---- Azure's model router ----

def routed(model, usage):
    """A provider that says which model it chose."""
    def reply(connection, request):
        if not request.json().get("stream"):
            connection.respond(200, {"id": "1", "object": "chat.completion", "created": 1,
                                     "model": model, "usage": usage, "choices": [
                                         {"index": 0, "finish_reason": "stop", "message": {
                                             "role": "assistant", "content": "Hello"}}]})
            return
        connection.stream()
        for delta, finish, more in (("Hello", None, {}), ("", "stop", {}), (None, None,
                                                                            {"usage": usage})):
            choices = [] if delta is None else [{"index": 0, "delta": {"content": delta},
                                                 "finish_reason": finish}]
            connection.send_chunk("data: " + json.dumps(
                {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": model,
                 "choices": choices, **more}) + "\n\n")
        connection.send_chunk("data: [DONE]\n\n")
        connection.end_chunks()
    return serving(reply)


@pytest.mark.parametrize("model, cost", [
    # 10,000 * (0.05 + 0.14) + 1,000 * 0.4 millionths
    ("gpt-5-nano-2025-08-07", "0.0023"), ("model-router", "0.0014"), ("unheard-of", None)])
def test_a_router_and_what_it_chose_are_billed(gateway, upstream, model, cost):
    provider = upstream(routed(model, {"prompt_tokens": 10000, "completion_tokens": 1000,
                                       "total_tokens": 11000}))
    gw = gateway(config([{"model_name": "m", "litellm_params": {
        "model": "azure_ai/model_router/ours", "api_base": provider.url, "api_key": "k"}}]))
    assert gw.chat("m").header("x-litellm-response-cost") == cost
    assert gw.messages("m").header("x-litellm-response-cost") == cost
    gw.chat("m", stream=True, stream_options={"include_usage": True})
    gw.messages("m", stream=True)
    wait_for("the lines", lambda: len(gw.log_lines(f"model=m .*cost={cost or '.?'}( |$)")) == 4)
    assert {request.json()["model"] for request in provider.requests} == {"ours"}


# ---- A model map at an address ----

def own_map():
    """The built-in map with another price of gpt-4o's."""
    done = subprocess.run([BINARY, "models", "--json"], capture_output=True, env=environment(),
                          check=True)
    rows = json.loads(done.stdout)
    rows["gpt-4o"]["input_cost_per_token"] = 0.5
    rows["gpt-4o"]["output_cost_per_token"] = 0.25
    return json.dumps(rows).encode()


def answering(status, body):
    return serving(lambda connection, request: connection.respond(status, body))


def test_a_map_is_fetched_before_listening(gateway, upstream):
    server = upstream(answering(200, own_map()))
    url = f"http://somebody:hidden@127.0.0.1:{server.port}/map.json?sig=hidden"
    gw = gateway(config(MODELS), env={"LITELLM_MODEL_COST_MAP_URL": url})
    assert gw.chat("known").header("x-litellm-response-cost") == "10"  # 10 * 0.5 + 20 * 0.25
    assert gw.stderr().count("built-in") == 0
    assert server.requests[0].target == "/map.json?sig=hidden"
    assert server.requests[0].header("authorization").startswith("Basic ")
    gw.reload(config(MODELS))
    assert len(server.requests) == 2
    local = gateway(config(MODELS), env={"LITELLM_MODEL_COST_MAP_URL": url,
                                         "LITELLM_LOCAL_MODEL_COST_MAP": "True"})
    assert local.chat("known").header("x-litellm-response-cost") == "0.000225"
    assert len(server.requests) == 2


@pytest.mark.parametrize("script, said", [
    (answering(404, b"{}"), "the status 404"),
    (answering(200, b'{"gpt-4o": {}}'), "cut off"),
    (answering(200, b'{"gpt-4o": '), "expected a value"),
    (lambda connection: connection.sock.close(), "127.0.0.1"),
])
def test_a_map_that_cannot_be_had_is_warned_of(gateway, upstream, script, said):
    server = upstream(script)
    url = f"http://somebody:hidden@127.0.0.1:{server.port}/map.json?sig=hidden"
    gw = gateway(config(MODELS), env={"LITELLM_MODEL_COST_MAP_URL": url})
    assert gw.chat("known").header("x-litellm-response-cost") == "0.000225"
    warning = [line for line in gw.stderr().splitlines() if "COST_MAP" in line]
    assert len(warning) == 1 and said in warning[0] and "built-in models" in warning[0]
    assert "hidden" not in gw.stderr()


def test_a_map_that_never_comes_delays_the_start_by_its_deadline_only(tmp_path, upstream):
    server = upstream(lambda connection: (connection.request(), connection.at_end(10)))
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(config(MODELS)))
    before = time.monotonic()
    done = subprocess.run([BINARY, "check", path], capture_output=True, timeout=30,
                          env=environment(LITELLM_MODEL_COST_MAP_URL=server.url + "/map.json"))
    assert 4.5 < time.monotonic() - before < 9
    assert done.returncode == 0 and b"built-in models" in done.stdout


def test_commands_fetch_a_map_too(upstream):
    server = upstream(answering(200, own_map()))
    for variables, more in (({"LITELLM_MODEL_COST_MAP_URL": server.url + "/m"}, []),
                            ({}, ["--map", server.url + "/m"])):
        done = subprocess.run([BINARY, "cost", "--model", "gpt-4o", "--input", "2", *more],
                              capture_output=True, env=environment(**variables), timeout=20)
        assert done.returncode == 0, done.stderr
        assert b"1" in done.stdout and not done.stderr
    assert len(server.requests) == 2


def map_state(gw):
    told = gw.request("GET", "/health/readiness", key=None).json()
    return told["model_map"], told["model_map_is_stale"]


def test_pain_8_a_map_that_cannot_be_had_again_stays(gateway, upstream):
    """Reloading while the map's server is gone keeps the map that was fetched."""
    down = []
    server = upstream(serving(lambda connection, _: connection.respond(
        503 if down else 200, b"{}" if down else own_map())))
    gw = gateway(config(MODELS), env={"LITELLM_MODEL_COST_MAP_URL": server.url + "/m"})
    assert map_state(gw) == ("own", False)
    assert gw.log_lines(r"model map: \d+ models of http://127.0.0.1:\d+/m$")
    down.append(True)
    for _ in range(2): # also when the one before was kept already
        gw.reload(config(MODELS))
        assert gw.chat("known").header("x-litellm-response-cost") == "10"
        assert map_state(gw) == ("own", True)
    assert gw.log_lines("the status 503; the former models and prices are used")
    assert gw.log_lines("as it was before: it cannot be had now")
    down.clear()
    gw.reload(config(MODELS))
    assert map_state(gw) == ("own", False)


def test_the_configuration_names_a_map_and_has_rows_over_it(gateway, tmp_path):
    path = tmp_path / "map.json"
    path.write_bytes(own_map())
    gw = gateway(config(MODELS, litellm_settings={
        "model_cost_map_url": str(path),
        "model_cost": {"never-heard-of": {"litellm_provider": "openai", "mode": "chat",
                                          "input_cost_per_token": 0.1, "output_cost_per_token": 0.2},
                       "gpt-4o": {"input_cost_per_token": 0.25}}}))
    assert gw.chat("unknown").header("x-litellm-response-cost") == "5"  # 10 * 0.1 + 20 * 0.2
    assert gw.chat("known").header("x-litellm-response-cost") == "7.5"  # 10 * 0.25 + 20 * 0.25
    assert gw.chat("wild/never-heard-of").header("x-litellm-response-cost") == "5"
    assert map_state(gw) == ("own", False)
    assert map_state(gateway(config(MODELS))) == ("built-in", False)


def test_a_row_that_cannot_be_is_an_error(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(config(MODELS, litellm_settings={
        "model_cost": {"m": {"input_cost_per_token": -1}}})))
    done = subprocess.run([BINARY, "check", path], capture_output=True, timeout=30,
                          env=environment())
    assert done.returncode != 0 and b"litellm_settings.model_cost" in done.stdout + done.stderr


# ---- The cost in a stream's last chunk, in every language of clients and of providers ----

FRONTS = {
    "openai": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}],
                                        "stream": True, "stream_options": {"include_usage": True}},
               lambda event: event.get("usage")),
    "anthropic": ("/v1/messages", {"messages": [{"role": "user", "content": "Hi"}],
                                   "max_tokens": 100, "stream": True},
                  lambda event: event.get("usage")),
    "completions": ("/v1/completions", {"prompt": "Hi", "stream": True,
                                        "stream_options": {"include_usage": True}},
                    lambda event: event.get("usage")),
    "gemini": ("/v1beta/models/m:streamGenerateContent?alt=sse",
               {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]},
               lambda event: event.get("usageMetadata")),
}


def sse(*events):
    return "".join((f"event: {event['type']}\n" if "type" in event else "")
                   + f"data: {json.dumps(event)}\n\n" for event in events)


STREAMS = {
    "openai/gpt-4o": sse(
        {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "x", "choices": [
            {"index": 0, "delta": {"role": "assistant", "content": "Hello"},
             "finish_reason": None}]},
        {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "x", "choices": [
            {"index": 0, "delta": {}, "finish_reason": "stop"}]},
        {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": "x", "choices": [],
         "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30}})
    + "data: [DONE]\n\n",
    "anthropic/claude-sonnet-4-5": sse(
        {"type": "message_start", "message": {
            "id": "m", "type": "message", "role": "assistant", "model": "x", "content": [],
            "stop_reason": None, "stop_sequence": None,
            "usage": {"input_tokens": 10, "output_tokens": 1}}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta",
                                                              "text": "Hello"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None},
         "usage": {"output_tokens": 20}},
        {"type": "message_stop"}),
    "gemini/gemini-2.5-flash": sse(
        {"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": "Hello"}]}}]},
        {"candidates": [{"index": 0, "content": {"role": "model", "parts": [{"text": ""}]},
                         "finishReason": "STOP"}],
         "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 20,
                           "totalTokenCount": 30}}),
}


def last_usage(gw, front):
    path, body, usage = FRONTS[front]
    reply = gw.request("POST", path, {"model": "m", **body})
    told = [event["data"] if "data" in event else event for _, event in reply.events()
            if isinstance(event, dict)]
    return [usage(event) for event in told if usage(event)][-1]


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("model", STREAMS)
def test_pains_27_29_a_streams_last_usage_tells_its_cost(gateway, upstream, model, front):
    def reply(connection, _):
        connection.stream()
        connection.send_chunk(STREAMS[model])
        connection.end_chunks()
    provider = upstream(serving(reply))
    row = {"model_name": "m", "litellm_params": {
        "model": model, "api_key": "k", "input_cost_per_token": 0.001,
        "output_cost_per_token": 0.002,
        "api_base": provider.url + ("/v1" if model.startswith("openai") else "")}}
    telling = gateway(config([row],
                             litellm_settings={"include_cost_in_streaming_usage": True}))
    assert last_usage(telling, front)["cost"] == 0.05
    assert "cost=0.05" in telling.access_line("model=m")
    assert "cost" not in last_usage(gateway(config([row])), front)


# ---- Prices of one's own, in every dimension ----

@pytest.mark.parametrize("place", ["litellm_params", "model_info", "model_cost"])
def test_own_prices_of_every_dimension(gateway, place):
    """What test/cost works out by hand, with prices that stand in the configuration: of a
    deployment, or of a model that litellm_settings registers."""
    rows, registered = [], {}
    for number, (_, prices, _, _) in enumerate(hand.ROWS):
        row = mock(f"own-{number}", f"openai/own-{number}")
        prices = {key: value for key, value in prices.items() if key != "mode"}
        if place == "model_cost":
            registered[f"own-{number}"] = {"litellm_provider": "openai", **prices}
        else:
            row.setdefault(place, {}).update(prices)
        rows.append(row)
    settings = {"model_cost": registered} if registered else {}
    gw = gateway(config(rows, litellm_settings=settings))
    assert "left out" not in gw.stderr()
    wrong = []
    for number, (name, _, question, text) in enumerate(hand.ROWS):
        reply = gw.request("POST", "/spend/calculate", {**question, "model": f"own-{number}"})
        told = json.loads(reply.body, parse_float=Decimal).get("cost")
        if told is None or Decimal(told) != hand.worked(text):
            wrong.append((name, told, hand.worked(text), reply.body[:200]))
    assert not wrong


@pytest.mark.parametrize("discounts, margins, cost", [
    ({"openai": 0.5}, {"global": 0.1}, "0.0275"),                 # 0.05 * 0.5 * 1.1
    ({"anthropic": 0.5}, {"openai": 0.1, "global": 0.9}, "0.055"),  # 0.05 * 1.1
    ({}, {"global": {"percentage": 0.08, "fixed_amount": 0.0005}}, "0.0545"),
    ({"openai": 1}, {}, "0")])
def test_discounts_and_margins_by_hand(gateway, discounts, margins, cost):
    gw = gateway(config(MODELS, litellm_settings={"cost_discount_config": discounts,
                                                  "cost_margin_config": margins}))
    assert gw.chat("own").header("x-litellm-response-cost") == cost


# ---- Searches that the provider gives for free ----

GROUNDED = {"candidates": [{"index": 0, "finishReason": "STOP",
                            "content": {"role": "model", "parts": [{"text": "Hello"}]},
                            "groundingMetadata": {"webSearchQueries": ["a", "b", "a"]}}],
            "usageMetadata": {"promptTokenCount": 10, "candidatesTokenCount": 20,
                              "totalTokenCount": 30}}


def searching(upstream, name, **settings):
    """A gateway whose models search twice for each answer, at 0.014 dollars a search."""
    def reply(connection, request):
        if "stream" not in request.target:
            connection.respond(200, GROUNDED)
            return
        connection.stream()
        connection.send_chunk(sse(GROUNDED))
        connection.end_chunks()
    url = upstream(serving(reply)).url
    rows = [{"model_name": group, "litellm_params": {
        "model": model, "api_key": "k", "input_cost_per_token": 0, "output_cost_per_token": 0,
        "api_base": url}}
            for group, model in (("m", f"gemini/{name}"), ("wild/*", "gemini/*"))]
    free = {"count": 5, "period": "month", "shared_group": "gemini-3"}
    return config(rows, litellm_settings={
        "model_cost": {f"gemini/{name}": {"search_free_requests": free}}, **settings})


def cost_of(gw, model="m", **body):
    return Decimal(gw.chat(model, **body).header("x-litellm-response-cost"))


def test_free_searches_are_not_billed_until_they_are_used_up(gateway, upstream):
    gw = gateway(searching(upstream, "gemini-3-flash-preview", apply_search_free_tier=True,
                           include_cost_in_streaming_usage=True))
    assert cost_of(gw) == 0
    telling = {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "stream": True,
               "stream_options": {"include_usage": True}}
    told = [event["usage"]["cost"] for _, event in
            gw.request("POST", "/v1/chat/completions", telling).events()
            if isinstance(event, dict) and event.get("usage")]
    assert told == [0]  # and was counted once, though the stream's end bills it again:
    assert cost_of(gw, "wild/gemini-3-flash-preview") == Decimal("0.014")  # the fifth is free
    assert cost_of(gw) == Decimal("0.028")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("front", ["openai", "gemini"])
def test_searches_are_billed_in_every_language(gateway, upstream, front, stream):
    gw = gateway(searching(upstream, "gemini-3-flash-preview"))
    if front == "openai":
        gw.chat("m", stream=stream)
    else:
        call = "streamGenerateContent?alt=sse" if stream else "generateContent"
        gw.request("POST", f"/v1beta/models/m:{call}",
                   {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]})
    assert "cost=0.028" in gw.access_line("model=m")


def test_free_searches_are_billed_where_nobody_says_otherwise(gateway, upstream):
    assert cost_of(gateway(searching(upstream, "gemini-3-flash-preview"))) == Decimal("0.028")
