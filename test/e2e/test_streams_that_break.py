"""A stream that breaks goes on at another deployment, with what was already said: on the real binary."""

import json
import time

import pytest

from harness import config, deployment, piece, serving

DONE = "data: [DONE]\n\n"


def event(kind, **members):
    return f"event: {kind}\ndata: {json.dumps({'type': kind, **members})}\n\n"


def openai_words(*words):
    return "".join(piece(w) for w in words)


def openai_end():
    return piece("", "stop") + DONE


def claude_words(*words):
    start = event("message_start", message={
        "id": "msg_1", "type": "message", "role": "assistant", "model": "c", "content": [], "stop_reason": None,
        "stop_sequence": None, "usage": {"input_tokens": 7, "output_tokens": 1}})
    return start + event("content_block_start", index=0, content_block={"type": "text", "text": ""}) + "".join(
        event("content_block_delta", index=0, delta={"type": "text_delta", "text": w}) for w in words)


def claude_end():
    return (event("content_block_stop", index=0) +
            event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None},
                  usage={"output_tokens": 5}) + event("message_stop"))


LANGUAGES = {
    "openai": ("openai/m", openai_words, openai_end,
               'data: {"error": {"message": "boom", "type": "server_error", "code": "x"}}\n\n'),
    "anthropic": ("anthropic/claude-haiku-4-5", claude_words, claude_end,
                  event("error", error={"type": "overloaded_error", "message": "boom"})),
}


def cut(connection, _):
    connection.reset()


def ended(connection, _):
    connection.end_chunks()


def stalled(connection, _):
    time.sleep(2)


def failed(connection, error):
    connection.send_chunk(error.encode())
    connection.end_chunks()


BREAKS = {"cut": cut, "ended": ended, "stalled": stalled, "failed": failed}


def broken(language, how, *words):
    def reply(connection, _):
        connection.stream()
        connection.send_chunk(LANGUAGES[language][1](*words).encode())
        time.sleep(0.1)  # so that the client has got it
        BREAKS[how](connection, LANGUAGES[language][3])
    return serving(reply)


def whole(language, *words):
    def reply(connection, _):
        connection.stream()
        connection.send_chunk((LANGUAGES[language][1](*words) + LANGUAGES[language][2]()).encode())
        connection.end_chunks()
    return serving(reply)


def told(reply):
    """What the events of a stream say."""
    return [data for _, data in reply.events() if data != "[DONE]"]


def rows(first, second, bad, good):
    """Two deployments, of which the first is asked first."""
    return [deployment("m", LANGUAGES[first][0], bad.url, weight=1000000),
            deployment("m", LANGUAGES[second][0], good.url, weight=1)]


@pytest.mark.parametrize("how", BREAKS)
@pytest.mark.parametrize("first, second", [("openai", "openai"), ("openai", "anthropic"), ("anthropic", "openai")])
@pytest.mark.parametrize("front", ["openai", "anthropic"])
def test_another_goes_on(gateway, upstream, front, first, second, how):
    bad, good = upstream(broken(first, how, "Hello ", "wor")), upstream(whole(second, "ld", "!"))
    gw = gateway(config(rows(first, second, bad, good), llmux_settings={"between_bytes_timeout": 0.5}))
    ask = gw.chat if front == "openai" else gw.messages
    reply = ask("m", stream=True)
    assert reply.status == 200
    events = told(reply)
    assert not any("error" in e for e in events)
    if front == "openai":
        assert "".join(e["choices"][0]["delta"].get("content") or "" for e in events if e["choices"]) == "Hello world!"
        assert len({e["id"] for e in events}) == 1
        assert [e["choices"][0]["finish_reason"] for e in events if e["choices"]][-1] == "stop"
        assert reply.body.endswith(DONE.encode())
    else:
        kinds = [e["type"] for e in events]
        assert kinds.count("message_start") == kinds.count("content_block_start") == 1
        assert kinds.count("content_block_stop") == kinds.count("message_stop") == 1
        assert "".join(e["delta"]["text"] for e in events if e["type"] == "content_block_delta") == "Hello world!"
        assert {e["index"] for e in events if "index" in e} == {0}
    sent = good.requests[0].json()["messages"]
    said = [m for m in sent if m["role"] == "assistant"][0]["content"]
    assert said == "Hello wor" or said == [{"type": "text", "text": "Hello wor"}]
    assert (sent[-1]["role"] == "assistant") == (second == "anthropic")
    assert "resumed=1" in gw.access_line("POST")


def test_what_cannot_go_on_ends_in_an_error_event(gateway, upstream):
    bad, good = upstream(broken("openai", "cut", "{")), upstream(whole("openai", "}"))
    gw = gateway(config(rows("openai", "openai", bad, good)))
    reply = gw.chat("m", stream=True, response_format={"type": "json_object"})
    assert "error" in told(reply)[-1]
    assert not good.requests


def test_it_can_be_turned_off(gateway, upstream):
    bad, good = upstream(broken("openai", "cut", "Hello")), upstream(whole("openai", " you"))
    gw = gateway(config(rows("openai", "openai", bad, good), router_settings={"mid_stream_fallbacks": False}))
    assert "error" in told(gw.chat("m", stream=True))[-1]
    assert not good.requests


def test_a_fallback_goes_on(gateway, upstream):
    bad, good = upstream(broken("openai", "cut", "Hello")), upstream(whole("openai", " you"))
    gw = gateway(config([deployment("m", "openai/a", bad.url), deployment("n", "openai/b", good.url)],
                        router_settings={"fallbacks": [{"m": ["n"]}]}))
    reply = gw.chat("m", stream=True)
    assert b'" you"' in reply.body and b"error" not in reply.body
    assert "fallbacks=1 resumed=1" in gw.access_line("POST")


@pytest.mark.parametrize("where", ["deployment", "body", "header"])
def test_silence_has_limits_of_its_own(gateway, upstream, where):
    up = upstream(broken("openai", "stalled", "Hello"))
    own = {"between_bytes_timeout": 0.3}
    gw = gateway(config([deployment("m", "openai/m", up.url, **(own if where == "deployment" else {}))]))
    began = time.monotonic()
    more = {"body": own, "header": {"headers": {"x-llmux-between-bytes-timeout": "0.3"}}, "deployment": {}}[where]
    reply = gw.chat("m", stream=True, **more)
    assert "imed out" in told(reply)[-1]["error"]["message"]
    assert time.monotonic() - began < 1.8
    assert "between" not in json.dumps(up.requests[0].json())


def looping(language, times):
    """The same words over and over, which go out one by one."""
    def reply(connection, _):
        connection.stream()
        text = LANGUAGES[language][1](*["again "] * times)
        connection.send_chunk(text[:len(text) // 2].encode())
        time.sleep(0.1)  # so that the client has got some of it
        connection.send_chunk((text[len(text) // 2:] + LANGUAGES[language][2]()).encode())
        connection.end_chunks()
    return serving(reply)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("front", ["openai", "anthropic"])
def test_a_model_caught_in_a_loop_is_stopped(gateway, upstream, front, language):
    """LiteLLM's REPEATED_STREAMING_CHUNK_LIMIT. Nobody else goes on: it would go round as well."""
    bad, good = upstream(looping(language, 150)), upstream(whole("openai", "never"))
    gw = gateway(config(rows(language, "openai", bad, good)))
    reply = (gw.chat if front == "openai" else gw.messages)("m", stream=True)
    assert reply.status == 200
    text = reply.body.decode()
    assert text.count("again ") == 100 + 1  # and once in the error
    assert "The model is repeating the same chunk = again  (100 times)" in text
    assert "[DONE]" not in text and not good.requests


@pytest.mark.parametrize("limit, times", [(0, 150), (200, 150), (100, 99)])
def test_what_is_repeated_may_be_meant(gateway, upstream, limit, times):
    up = upstream(looping("openai", times))
    gw = gateway(config([deployment("m", "openai/m", up.url)],
                        litellm_settings={"REPEATED_STREAMING_CHUNK_LIMIT": limit}))
    text = gw.chat("m", stream=True).body.decode()
    assert text.count("again ") == times and text.endswith(DONE)


@pytest.mark.parametrize("front", ["openai", "anthropic"])
def test_a_stream_may_have_only_so_much_time(gateway, upstream, front):
    """LiteLLM's LITELLM_MAX_STREAMING_DURATION_SECONDS; a stream that flows, but does not end."""
    def drip(connection, _):
        connection.stream()
        for i in range(100):
            connection.send_chunk(openai_words(f"word {i} ").encode())
            time.sleep(0.05)
    slow, good = upstream(serving(drip)), upstream(whole("openai", "never"))
    gw = gateway(config(rows("openai", "openai", slow, good)),
                 env={"LITELLM_MAX_STREAMING_DURATION_SECONDS": "0.7"})
    began = time.monotonic()
    reply = (gw.chat if front == "openai" else gw.messages)("m", stream=True)
    assert 0.5 < time.monotonic() - began < 3
    text = reply.body.decode()
    assert "word 3 " in text and "never" not in text and "error" in text and not good.requests
