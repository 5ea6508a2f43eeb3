"""One request asked of several models at once, on the real binary."""

import time

import pytest

from harness import answer, completion, config, deployment, serving, wait_for


def slow(seconds, text):
    def reply(connection, _):
        time.sleep(seconds)
        connection.respond(200, completion(text))
    return serving(reply)


def broken(connection, _):
    connection.respond(400, b'{"error": {"message": "no", "type": "t", "code": "c"}}')


def made(ups, **router):
    return config([deployment(name, f"openai/{name}", up.url) for name, up in ups.items()],
                  litellm_settings={"num_retries": 0}, router_settings=router)


def text(reply):
    assert reply.status == 200, reply
    return reply.json()["choices"][0]["message"]["content"]


@pytest.mark.parametrize("stream", [False, True])
def test_the_first_answer_wins(gateway, upstream, stream):
    ups = {"a": upstream(slow(2, "slow")), "b": upstream(serving(lambda c, _: answer_soon(c, stream)))}
    gw = gateway(made(ups))
    began = time.monotonic()
    reply = gw.chat("a, b", fastest_response=True, stream=stream)
    assert time.monotonic() - began < 1.9
    assert reply.status == 200 and b"fast" in reply.body
    assert reply.header("x-litellm-model-group") == "b"
    assert [len(up.requests) for up in ups.values()] == [1, 1]
    assert "fastest_response" not in ups["b"].requests[0].json()
    assert "model=b" in gw.access_line("chat/completions")


def answer_soon(connection, stream):
    time.sleep(0.4)  # so that both have been asked
    if not stream:
        connection.respond(200, completion("fast"))
        return
    connection.stream()
    connection.send_chunk(b'data: {"id":"1","object":"chat.completion.chunk","created":1,"model":"b","choices":'
                          b'[{"index":0,"delta":{"content":"fast"},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n')
    connection.end_chunks()


def test_an_error_wins_only_when_nobody_is_left(gateway, upstream):
    ups = {"a": upstream(serving(broken)), "b": upstream(slow(0.2, "good"))}
    gw = gateway(made(ups))
    assert text(gw.chat("a,b", fastest_response=True)) == "good"
    assert text(gw.chat("b,a,nobody", fastest_response=True)) == "good"
    assert gw.chat("a,nobody", fastest_response=True).status == 400
    assert gw.chat("a,b").status == 400  # nobody asked for a race
    assert gw.chat(",", fastest_response=True).status >= 400


def test_lanes_fall_back_and_losers_harm_nobody(gateway, upstream):
    ups = {"a": upstream(serving(broken)), "b": upstream(slow(0.6, "slow")), "c": upstream(slow(0.1, "third"))}
    gw = gateway(made(ups, fallbacks=[{"a": ["c"]}], allowed_fails=0))
    assert text(gw.chat("a,b", fastest_response=True)) == "third"
    assert text(gw.chat("b")) == "slow"


def test_a_client_that_goes_away_ends_the_race(gateway, upstream):
    ups = {"a": upstream(slow(0.4, "a")), "b": upstream(slow(0.4, "b"))}
    gw = gateway(made(ups), workers=1)
    with pytest.raises(OSError):
        gw.request("POST", "/v1/chat/completions",
                   {"model": "a,b", "messages": [], "fastest_response": True}, timeout=0.1)
    wait_for("both to be asked", lambda: all(up.requests for up in ups.values()))
    assert text(gw.chat("a")) == "a"


def test_mocks_race(gateway):
    gw = gateway(config([{"model_name": name, "litellm_params": {"model": "openai/x", "mock_response": name}}
                         for name in ("a", "b")]))
    for stream in (False, True):
        assert gw.chat("a,b", fastest_response=True, stream=stream).status == 200
