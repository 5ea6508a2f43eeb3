"""What replies cost, as clients, logs and endpoints tell it."""

import json
from decimal import Decimal

import pytest

from harness import config, wait_for


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


@pytest.mark.parametrize("model, cost", [("known", "0.000225"), ("own", "0.05"),
                                         ("based", "0.000225"), ("wild/gpt-4o", "0.000225")])
def test_the_header_tells_the_cost(gw, model, cost):
    assert gw.chat(model).header("x-litellm-response-cost") == cost
    assert gw.messages(model).header("x-litellm-response-cost") == cost
    assert f"cost={cost}" in gw.access_line(f"model={model} ")


def test_a_model_without_a_price_is_warned_of(gw):
    for _ in range(3):
        assert gw.chat("unknown").header("x-litellm-response-cost") is None
    wait_for("the lines", lambda: len(gw.log_lines(r"model=unknown .*cost=\?")) == 3)
    assert len(gw.log_lines("no price is known for openai/never-heard-of")) == 1


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


def test_readiness_counts_replies_without_a_price(gw):
    before = gw.request("GET", "/health/readiness", key=None).json()["replies_without_price"]
    gw.chat("unknown")
    wait_for("the count", lambda: gw.request("GET", "/health/readiness", key=None).json()
             ["replies_without_price"] == before + 1)


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
    ({}, "`model` must name"), ("[", "expected"), ({"model": 3}, "model")])
def test_spend_calculate_refuses(gw, body, said):
    reply = gw.request("POST", "/spend/calculate", body)
    assert reply.status == 400
    assert said in reply.json()["error"]["message"]
