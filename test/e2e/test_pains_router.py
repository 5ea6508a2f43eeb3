"""What users of other gateways suffer from (doc/pains.md), in routing: limits (10), budgets (9), balance (28)."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from harness import answer, serving, wait_for
from test_router import group, texts

PRICES = {"input_cost_per_token": 0, "output_cost_per_token": 0.01}
CHECKS = {"optional_pre_call_checks": ["enforce_model_rate_limits"]}


def fresh_minute():
    if time.time() % 60 > 50:
        time.sleep(60.5 - time.time() % 60)


def statuses(gw, n, **more):
    return [gw.chat("m", **more).status for _ in range(n)]


def usage(prompt, completion):
    return serving(reply_of(prompt, completion))


def reply_of(prompt, completion):
    """A reply that tells so many tokens; with `stream` in the request, as a stream."""
    told_so = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}

    def reply(connection, request):
        if not request.json().get("stream"):
            connection.respond(200, {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": told_so,
                                     "choices": [{"index": 0, "finish_reason": "stop",
                                                  "message": {"role": "assistant", "content": "x"}}]})
            return
        chunk = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        delta = {"index": 0, "delta": {"content": "x"}, "finish_reason": "stop"}
        events = [{**chunk, "choices": [delta]}, {**chunk, "choices": [], "usage": told_so}]
        text = "".join(f"data: {json.dumps(e)}\n\n" for e in events) + "data: [DONE]\n\n"
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" + text.encode())
        connection.close()
    return reply


def test_pain_10_a_limit_is_what_it_says(gateway, upstream):
    """Ten a minute are ten, though they come at once on several cores; neither half of them nor more."""
    gw = gateway(group([upstream(answer())], [{"rpm": 10}], router=CHECKS, retries=0), workers=2)
    fresh_minute()
    with ThreadPoolExecutor(8) as pool:
        got = list(pool.map(lambda _: gw.chat("m").status, range(30)))
    assert got.count(200) == 10 and got.count(429) == 20


def test_pain_10_what_is_refused_costs_nothing(gateway, upstream):
    """Requests that were refused, or failed, use up no tokens: what they reserved is given back."""
    fails = [True]

    def reply(connection, request):
        if fails[0]:
            connection.send(b"HTTP/1.1 400 X\r\ncontent-length: 0\r\n\r\n")
        else:
            reply_of(60, 1)(connection, request)
    up = upstream(serving(reply))
    gw = gateway(group([up], [{"tpm": 100}], router=CHECKS, retries=0))
    said = [{"role": "user", "content": "word " * 50}]
    fresh_minute()
    assert statuses(gw, 5, messages=said) == [400] * 5
    fails[0] = False
    assert statuses(gw, 3, messages=said) == [200, 429, 429]
    tokens = gw.request("GET", "/router/state").json()["deployments"][0]["this_minute"]["tokens"]
    assert tokens == 61  # not those of the two that were refused
    assert len(up.requests) == 6


@pytest.mark.parametrize("stream", [False, True])
def test_pain_9_budgets_hold(gateway, upstream, stream):
    """A deployment's and a provider's budget end with what crosses them, streams counted, and others take over."""
    up = upstream(usage(7, 10))
    gw = gateway(group([up], [{"max_budget": 0.25, "budget_duration": "30d", **PRICES}], retries=0))
    got = statuses(gw, 5, stream=stream)
    assert got == [200] * 3 + [429] * 2, got  # 0.1 each: the third crosses 0.25
    message = gw.chat("m").error()["message"]
    assert "crossed budget" in message
    config = {"openai": {"budget_limit": 0.15, "time_period": "30d"}}
    gw = gateway(group([up, up], [PRICES, PRICES], retries=0, router={"provider_budget_config": config}))
    assert statuses(gw, 4, stream=stream) == [200, 200, 429, 429]
    gw = gateway(group([up, upstream(answer("free"))], [{"max_budget": 0.05, "budget_duration": "30d", "order": 1,
                                                         **PRICES}, {"order": 2}], retries=0))
    assert statuses(gw, 1, stream=stream) == [200]
    assert set(texts(gw, 5)) == {"free"}


def test_pain_28_least_busy_counts_whole_streams(gateway, upstream):
    """A stream that is under way keeps its deployment busy until its end, on every core."""
    ends = []

    def stream(connection, _):
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
                        b'data: {"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,'
                        b'"delta":{"content":"x"},"finish_reason":null}]}\n\n')
        wait_for("the end", lambda: ends, 20)
        connection.send(b"data: [DONE]\n\n")
        connection.close()
    ups = [upstream(serving(stream)) for _ in range(4)]
    gw = gateway(group(ups, router={"routing_strategy": "least-busy"}), workers=2)
    with ThreadPoolExecutor(12) as pool:
        open_ones = []
        for _ in range(12):
            open_ones.append(pool.submit(gw.chat, "m", stream=True))
            n = len(open_ones)
            wait_for("the request", lambda: sum(len(up.requests) for up in ups) == n)
        assert [len(up.requests) for up in ups] == [3, 3, 3, 3]
        busy = [d["in_flight"] for d in gw.request("GET", "/router/state").json()["deployments"]]
        assert busy == [3, 3, 3, 3]
        ends.append(1)
        assert {one.result().status for one in open_ones} == {200}
    wait_for("nobody to be busy", lambda: not any(
        d["in_flight"] for d in gw.request("GET", "/router/state").json()["deployments"]))
