"""A second deployment is asked when the first is slow to answer, on the real binary."""

import time

import pytest

from harness import completion, config, deployment, piece, serving, wait_for

DONE = b"data: [DONE]\n\n"


def answering(text, seconds=0.0, status=200):
    def reply(connection, request):
        time.sleep(seconds)
        if status != 200:
            connection.respond(status, b'{"error": {"message": "no", "type": "t", "code": "c"}}')
        elif request.json().get("stream"):
            connection.stream()
            connection.send_chunk((piece(text) + piece("", "stop")).encode() + DONE)
            connection.end_chunks()
        else:
            connection.respond(200, completion(text))
    return serving(reply)


def pair(first, second, **router):
    """Two deployments, of which the first is asked first."""
    return config([deployment("m", "openai/a", first.url, weight=1000000),
                   deployment("m", "openai/b", second.url, weight=1)],
                  litellm_settings={"num_retries": 0}, router_settings={"hedge_after": 0.2, **router})


@pytest.mark.parametrize("stream", [False, True])
def test_the_second_answers_for_a_slow_first(gateway, upstream, stream):
    slow, fast = upstream(answering("slow", 2)), upstream(answering("fast"))
    gw = gateway(pair(slow, fast))
    began = time.monotonic()
    reply = gw.chat("m", stream=stream)
    assert 0.15 < time.monotonic() - began < 1.8
    assert reply.status == 200 and b"fast" in reply.body and b"slow" not in reply.body
    assert reply.header("x-llmux-hedges") == "1"
    assert reply.header("x-litellm-model-api-base") == fast.url + "/v1"
    assert "hedges=1" in gw.access_line("POST")
    state = gw.request("GET", "/router/state").json()
    assert state["groups"][0]["hedges_this_minute"] == 1
    assert [d["this_minute"]["failures"] for d in state["deployments"]] == [0, 0]


def test_who_is_fast_is_not_hedged(gateway, upstream):
    first, second = upstream(answering("first")), upstream(answering("second"))
    gw = gateway(pair(first, second))
    for stream in (False, True):
        reply = gw.chat("m", stream=stream)
        assert b"first" in reply.body and reply.header("x-llmux-hedges") is None
    assert not second.requests


@pytest.mark.parametrize("stream", [False, True])
def test_the_first_may_still_win(gateway, upstream, stream):
    first, second = upstream(answering("first", 0.6)), upstream(answering("second", 2))
    gw = gateway(pair(first, second))
    reply = gw.chat("m", stream=stream)
    assert b"first" in reply.body and b"second" not in reply.body
    assert len(second.requests) == 1


def test_an_error_of_one_leaves_it_to_the_other(gateway, upstream):
    slow, broken = upstream(answering("slow", 0.8)), upstream(answering("", status=500))
    gw = gateway(pair(slow, broken))
    reply = gw.chat("m")
    assert reply.status == 200 and b"slow" in reply.body
    failing, other = upstream(answering("", 0.6, status=400)), upstream(answering("other", 1))
    gw = gateway(pair(failing, other))
    reply = gw.chat("m")
    assert reply.status == 200 and b"other" in reply.body


def test_two_errors_are_one(gateway, upstream):
    ups = [upstream(answering("", s, status=400)) for s in (0.6, 0.8)]
    assert gateway(pair(*ups)).chat("m").status == 400


def test_the_budget_bounds_them(gateway, upstream):
    slow, fast = upstream(answering("slow", 0.5)), upstream(answering("fast"))
    gw = gateway(pair(slow, fast, hedge_budget=0.01))
    texts = [gw.chat("m").body for _ in range(4)]
    assert sum(b"fast" in t for t in texts) == 1
    assert len(fast.requests) == 1


def test_a_percentile_of_what_is_known(gateway, upstream):
    calls = []

    def first(connection, _):
        calls.append(1)
        time.sleep(0.02 if len(calls) <= 12 else 2)
        connection.respond(200, completion("first"))

    one, two = upstream(serving(first)), upstream(answering("second"))
    gw = gateway(pair(one, two, hedge_after=0, hedge_after_percentile=95), workers=1)
    for _ in range(12):
        assert b"first" in gw.chat("m").body
    began = time.monotonic()
    assert b"second" in gw.chat("m").body
    assert time.monotonic() - began < 1.8


def test_a_client_that_goes_away_ends_both(gateway, upstream):
    ups = [upstream(answering("x", 0.8)) for _ in range(2)]
    gw = gateway(pair(*ups), workers=1)
    with pytest.raises(OSError):
        gw.request("POST", "/v1/chat/completions", {"model": "m", "messages": []}, timeout=0.4)
    wait_for("both to be asked", lambda: all(up.requests for up in ups))
    assert b"x" in gw.chat("m").body
