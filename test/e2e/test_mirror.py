"""silent_model: the same request goes to another model besides, whose answer nobody waits for or sees, and
which cannot harm the request."""

import time

import pytest

from harness import answer, completion, deployment, config, serving, wait_for
from test_fallbacks import hang_up, told


def mirrored(main, silent, models="shadow", **more):
    return config([deployment("m", "openai/main", main if isinstance(main, str) else main.url, silent_model=models,
                              **more),
                   deployment("shadow", "openai/silent", silent if isinstance(silent, str) else silent.url),
                   deployment("shade", "openai/shade", silent if isinstance(silent, str) else silent.url,
                              silent_model="shadow")],
                  litellm_settings={"num_retries": 0})


@pytest.mark.parametrize("stream", [False, True])
def test_the_same_is_asked_besides(gateway, upstream, cases_stream, stream):
    main, silent = upstream(cases_stream("main") if stream else answer("main")), \
        upstream(cases_stream("silent") if stream else answer("silent"))
    gw = gateway(mirrored(main, silent))
    reply = gw.chat("m", stream=stream, temperature=0.3, headers={"x-litellm-call-id": "one-id"})
    assert reply.status == 200 and b"main" in reply.body and b"silent" not in reply.body
    wait_for("the mirror", lambda: silent.requests)
    ours, theirs = main.requests[0].json(), silent.requests[0].json()
    assert (ours.pop("model"), theirs.pop("model")) == ("main", "silent") and ours == theirs
    lines = [wait_for("a line", lambda p=p: gw.access_line(p)) for p in (r"to=openai/main", r"to=openai/silent")]
    assert "mirror" not in lines[0] and " mirror" in lines[1] and "model=shadow" in lines[1]
    assert all("id=one-id" in line and "cost=" in line for line in lines)


@pytest.fixture
def cases_stream():
    """A stream of OpenAI's that says a word."""
    def stream(word):
        event = '{"id":"a","object":"chat.completion.chunk","created":1,"model":"x","choices":[{"index":0,"delta":' \
            '{"role":"assistant","content":"%s"},"finish_reason":%s}]}'
        body = f"data: {event % (word, 'null')}\n\ndata: {event % ('', chr(34) + 'stop' + chr(34))}\n\ndata: [DONE]\n\n"
        return serving(lambda connection, _: connection.send(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n" + body.encode()
        ) or connection.close())
    return stream


def test_several_and_none_of_their_own(gateway, upstream):
    main, silent = upstream(answer("main")), upstream(answer("silent"))
    gw = gateway(mirrored(main, silent, models=["shadow", "shade", "nobody"]))
    for _ in range(5):
        assert gw.chat("m").status == 200
    wait_for("the mirrors", lambda: len(silent.requests) == 10)
    time.sleep(0.2)
    assert len(silent.requests) == 10  # shade's own silent_model is not asked for a mirror
    assert gw.chat("shade").status == 200
    wait_for("its own", lambda: len(silent.requests) == 12)


def slow_answer(connection, _):
    time.sleep(2)
    connection.respond(200, completion("late"))


@pytest.mark.parametrize("silent", [told(500), told(429), hang_up,
                                    serving(slow_answer), "http://127.0.0.1:1"])
def test_whatever_the_mirror_does(gateway, upstream, silent):
    main = upstream(answer("main"))
    gw = gateway(mirrored(main, silent if isinstance(silent, str) else upstream(silent)))
    begun = time.monotonic()
    for _ in range(10):
        reply = gw.chat("m")
        assert reply.status == 200 and reply.header("x-litellm-attempted-retries") == "0"
    assert time.monotonic() - begun < 1.5
    state = gw.request("GET", "/router/state").json()
    assert [d["state"] for d in state["deployments"] if d["model_group"] == "m"] == ["closed"]


def test_a_request_that_fails_is_mirrored_once(gateway, upstream):
    main, silent = upstream(told(500)), upstream(answer("silent"))
    made = mirrored(main, silent)
    made["litellm_settings"]["num_retries"] = 1
    gw = gateway(made)
    assert gw.chat("m").status == 500 and len(main.requests) == 2
    wait_for("the mirror", lambda: silent.requests)
    time.sleep(0.2)
    assert len(silent.requests) == 1


def test_the_client_may_go_and_the_gateway_stop(gateway, upstream):
    main, silent = upstream(answer("main")), upstream(serving(slow_answer))
    gw = gateway(mirrored(main, silent))
    assert gw.chat("m").status == 200
    wait_for("the mirror", lambda: silent.requests)
    begun = time.monotonic()
    gw.stop()
    assert time.monotonic() - begun < 1.5  # nothing is waited for
    assert gw.access_line(r" 499 .* mirror ")


def test_what_is_under_way_has_a_limit(gateway, upstream):
    main, silent = upstream(answer("main")), upstream(serving(lambda connection, _: time.sleep(8)))
    gw = gateway(mirrored(main, silent), workers=1)
    big = [{"role": "user", "content": "x" * (15 << 20)}]
    for _ in range(6):
        assert gw.chat("m", messages=big).status == 200
    wait_for("a warning", lambda: gw.log_lines("too many requests of silent_model"))
    assert len(silent.requests) <= 5
