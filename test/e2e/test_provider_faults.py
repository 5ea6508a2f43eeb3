"""Providers that fail in every way: each ends with the right status or an error event in the
stream, in bounded memory, with no descriptor left open (the fixtures look after the last two)."""

import itertools
import json
import re
import socket
import threading
import time
import zlib

import pytest

import harness
from harness import (DONE, answer, completion, config, deployment, piece, serving, text_of,
                     upstream_requests, wait_for)

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n\r\n"
SSE_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n" + CHUNKED
FRONTS = ["openai", "anthropic"]


def serve(gateway, url, retries=0, model="openai/m", settings=None, general=None, **params):
    limits = {"connect_timeout": 1, **(settings or {})}
    made = config([deployment("m", model, url, **params)],
                  litellm_settings={"num_retries": retries}, llmux_settings=limits)
    made["general_settings"].update(general or {})
    return gateway(made)


def ask(gw, front="openai", **more):
    return gw.chat("m", **more) if front == "openai" else gw.messages("m", **more)


def expect_error(reply, status, text="", front="openai"):
    """A reply that is an error, in the client's shape."""
    assert reply.status in (status if isinstance(status, tuple) else (status,)), reply
    assert reply.header("content-type") == "application/json"
    error = reply.error()
    assert text in error["message"], error
    assert error["type"]
    if front == "anthropic":
        assert reply.json()["type"] == "error"
    else:
        assert error["code"] is not None and "param" in error
    assert harness.UPSTREAM_KEY not in reply.body.decode()
    return error


def expect_error_event(reply, front="openai"):
    """A stream that began well and ends with an error event, and with nothing behind it."""
    assert reply.status == 200
    name, last = reply.events()[-1]
    if front == "anthropic":
        assert name == "error" and last["type"] == "error"
    assert last["error"]["message"] and last["error"]["type"]
    return last["error"]


def case_stream(name):
    """The recorded stream of a case."""
    section = (harness.CASES / f"{name}.md").read_text().split("## Upstream response")[1]
    return re.search(r"^```sse\n(.*?)\n```$", section, re.M | re.S).group(1) + "\n\n"


def one_shot(data, reset=False):
    """Reads a request, sends these bytes, and closes."""
    def script(connection):
        connection.request()
        connection.send(data)
        if reset:
            connection.reset()
    return script


# ---- Connections that break off ----

BROKEN = {
    "closes at once": lambda connection: None,
    "resets at once": lambda connection: connection.reset(),
    "closes before the head": one_shot(b""),
    "resets before the head": one_shot(b"", reset=True),
    "closes within the status line": one_shot(b"HTTP/1.1 20"),
    "closes within the head": one_shot(HEAD),
    "closes right after the head": one_shot(HEAD + b"content-length: 100\r\n\r\n"),
    "closes within the body": one_shot(HEAD + b"content-length: 100\r\n\r\n" + b'{"id":'),
    "resets within the body": one_shot(HEAD + b"content-length: 100\r\n\r\n" + b'{"id":', True),
    "closes within a chunk's size": one_shot(
        HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n1"),
    "closes within a chunk": one_shot(HEAD + b"transfer-encoding: chunked\r\n\r\n50\r\n{\"id\""),
    "closes before the last chunk": one_shot(
        HEAD + b"transfer-encoding: chunked\r\n\r\n5\r\n{\"id\"\r\n"),
    "an empty body": one_shot(HEAD + b"content-length: 0\r\n\r\n"),
    "half a JSON text until it closes": one_shot(HEAD + b"connection: close\r\n\r\n{\"id\": \"x"),
}


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("how", BROKEN)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_connection_that_breaks_off(gateway, upstream, how, front, stream):
    gw = serve(gateway, upstream(BROKEN[how]).url)
    expect_error(ask(gw, front, stream=stream), 502, front=front)
    assert " 502 " in gw.access_line("POST")


def chunk(text):
    return b"%x\r\n%s\r\n" % (len(text.encode()), text.encode())


BROKEN_STREAMS = {
    "closes right after the head": b"",
    "closes within the first event": chunk("data: {\"id\": \"x\"")[:-2],
    "closes within an event": chunk(piece("one") + "data: {\"id\""),
    "closes within a chunk": b"ffff\r\n" + piece("one").encode(),
    "resets between events": chunk(piece("one")),
    "ends without a finish": chunk(piece("one")) + b"0\r\n\r\n",
}


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("how", BROKEN_STREAMS)
def test_a_stream_that_breaks_off(gateway, upstream, how, front):
    data = BROKEN_STREAMS[how]
    gw = serve(gateway, upstream(one_shot(SSE_HEAD + data, reset="resets" in how)).url)
    reply = ask(gw, front, stream=True)
    if b"one" not in data or ("resets" in how and reply.status != 200):
        expect_error(reply, 502, front=front)  # a reset may overtake what was sent before it
        return
    expect_error_event(reply, front)
    assert b"[DONE]" not in reply.body and b"message_stop" not in reply.body
    if front == "openai":
        assert text_of(reply.events()) == "one"


def test_a_stream_without_its_last_mark_is_forgiven(gateway, upstream):
    """The answer was said to be finished: all that misses is [DONE]."""
    data = chunk(piece("one")) + chunk(piece("", "stop")) + b"0\r\n\r\n"
    gw = serve(gateway, upstream(one_shot(SSE_HEAD + data)).url)
    reply = ask(gw, stream=True)
    assert reply.status == 200 and text_of(reply.events()) == "one"
    assert b"error" not in reply.body


# ---- Nonsense ----

GARBAGE = {
    "not HTTP": b"\x00\xff\xfe garbage \r\n\r\n\r\n" * 50,
    "SSH": b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n",
    "a status of words": b"HTTP/1.1 OK 200\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
    "a length and chunks": HEAD + b"content-length: 5\r\n" + CHUNKED + b"0\r\n\r\n",
    "a head without end": HEAD + b"x-filler: 0123456789012345678901234567890123456789\r\n" * 20000,
    "a chunk size of letters": HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n",
    "a huge chunk size": HEAD + b"transfer-encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n",
    "no JSON": HEAD + b"content-length: 5\r\n\r\nhello",
    "JSON of another kind": HEAD + b"content-length: 7\r\n\r\n[1,2,3]",
    "invalid UTF-8": HEAD + b'content-length: 9\r\n\r\n{"a":"\xff"}',
    "a gzip body that is none": HEAD + b"content-encoding: gzip\r\ncontent-length: 5\r\n\r\nhello",
    "an unknown content-encoding": HEAD + b"content-encoding: x-rot\r\ncontent-length: 2\r\n\r\n{}",
}


@pytest.mark.parametrize("what", GARBAGE)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_nonsense(gateway, upstream, what, stream):
    gw = serve(gateway, upstream(one_shot(GARBAGE[what])).url)
    expect_error(ask(gw, stream=stream), 502)


def test_nonsense_in_a_stream(gateway, upstream):
    def script(connection):
        connection.request()
        connection.send(SSE_HEAD + chunk(piece("one")))
        time.sleep(0.1)
        connection.send(chunk("data: {no json}\n\n"))

    reply = ask(serve(gateway, upstream(script).url), stream=True)
    expect_error_event(reply)
    assert text_of(reply.events()) == "one"


def test_a_web_page_instead_of_an_answer(gateway, upstream):
    page = ("<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center>"
            "<h1>502 Bad Gateway</h1></center><hr><center>nginx</center></body></html>")
    gw = serve(gateway, upstream(serving(lambda c, _: c.respond(502, page, "", "text/html"))).url)
    for front in FRONTS:
        expect_error(ask(gw, front), 502, "502 Bad Gateway", front)
    gw = serve(gateway, upstream(serving(lambda c, _: c.respond(200, page, "", "text/html"))).url)
    for front, stream in itertools.product(FRONTS, (False, True)):
        expect_error(ask(gw, front, stream=stream), 502, front=front)


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("model", ["openai/m", "anthropic/m"])
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_a_success_that_is_an_error(gateway, upstream, front, model, stream):
    body = {"error": {"message": "the model is on holiday", "type": "server_error"}}
    gw = serve(gateway, upstream(serving(lambda c, _: c.respond(200, body))).url, model=model)
    reply = ask(gw, front, stream=stream)
    expect_error(reply, (500, 502, 503), "on holiday", front)


@pytest.mark.parametrize("front", FRONTS)
def test_an_error_event_in_a_stream(gateway, upstream, front):
    def reply(connection, _):
        connection.stream()
        connection.send_chunk(piece("one"))
        time.sleep(0.05)
        connection.send_chunk(harness.failure("it broke"))
        connection.end_chunks()

    gw = serve(gateway, upstream(serving(reply)).url)
    got = ask(gw, front, stream=True)
    assert "it broke" in expect_error_event(got, front)["message"]


def test_an_error_event_first_in_a_stream_is_a_status(gateway, upstream):
    def reply(connection, _):
        connection.stream()
        connection.send_chunk(harness.failure("no more", code="rate_limit_exceeded"))
        connection.end_chunks()

    gw = serve(gateway, upstream(serving(reply)).url)
    expect_error(ask(gw, stream=True), (429, 500), "no more")


# ---- Too much ----

def flood(connection, total, block=b"x" * (1 << 20)):
    """Sends until the total is reached or nobody listens; what could be sent."""
    sent = 0
    try:
        while sent < total:
            connection.send(block)
            sent += len(block)
    except OSError:
        pass
    connection.upstream.sent = sent


def test_a_hundred_megabytes(gateway, upstream):
    def script(connection):
        connection.request()
        connection.send(HEAD + b"content-length: 104857600\r\n\r\n" + b'{"id":"')
        flood(connection, 100 << 20)

    up = upstream(script)
    gw = serve(gateway, up.url, general={"max_response_size_mb": 8})
    gw.memory_limit_mb = 60
    expect_error(ask(gw), 502, "larger than")
    wait_for("the provider to be let go", lambda: hasattr(up, "sent"))
    assert up.sent < 40 << 20


@pytest.mark.parametrize("event", [False, True], ids=["a line without end", "an event without end"])
def test_a_hundred_megabytes_in_a_stream(gateway, upstream, event):
    """An event that does not end is refused at its limit."""
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
                        + piece("one").encode())
        time.sleep(0.05)
        flood(connection, 100 << 20, b"data: " + b"x" * 2000 + b"\n" if event else b"x" * 65536)

    up = upstream(script)
    gw = serve(gateway, up.url, settings={"max_event_mb": 4})
    gw.memory_limit_mb = 60
    reply = ask(gw, stream=True)
    assert "larger than" in expect_error_event(reply)["message"]
    assert text_of(reply.events()) == "one"
    wait_for("the provider to be let go", lambda: hasattr(up, "sent"))
    assert up.sent < 40 << 20


def test_a_hundred_megabytes_of_good_events_pass(gateway, upstream):
    """A long stream is no fault: it passes, and takes no memory."""
    block = (piece("x" * 1000) + piece("y" * 1000)) * 50

    def reply(connection, _):
        connection.stream()
        for _ in range((100 << 20) // len(block)):
            connection.send_chunk(block)
        connection.send_chunk(piece("", "stop") + DONE)
        connection.end_chunks()

    gw = serve(gateway, upstream(serving(reply)).url)
    gw.memory_limit_mb = 40
    with harness.Raw(gw, timeout=30) as client:
        client.send(harness.post(harness.chat_body("m", stream=True)))
        _, headers = client.head()
        size = 0
        while data := client.chunk():
            size += len(data)
            last = data
    assert size > 99 << 20 and last.endswith(DONE.encode())


def test_a_bomb_of_zeros(gateway, upstream):
    """Decompression stops at the limit, not at the end of memory."""
    bomb = zlib.compressobj(9, zlib.DEFLATED, 31)
    data = bomb.compress(b"[" + b" " * (64 << 20)) + bomb.flush()

    def reply(connection, _):
        connection.respond(200, data, "content-encoding: gzip\r\n")

    gw = serve(gateway, upstream(serving(reply)).url, general={"max_response_size_mb": 8})
    gw.memory_limit_mb = 60
    expect_error(ask(gw), 502)


def test_an_error_without_end(gateway, upstream):
    """What is read of an error has a limit, and then the client gets it."""
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\n\r\nno, because ")
        flood(connection, 4 << 30, b"x" * 65536)

    up = upstream(script)
    gw = serve(gateway, up.url)
    gw.memory_limit_mb = 40
    started = time.monotonic()
    expect_error(ask(gw), 400, "no, because")
    assert time.monotonic() - started < 3
    wait_for("the provider to be let go", lambda: hasattr(up, "sent"))
    assert up.sent < 64 << 20


# ---- Nothing ----

def hang(after=b""):
    def script(connection):
        connection.request()
        connection.send(after)
        connection.upstream.gone = connection.at_end(10)
    return script


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("after", [b"", b"HTTP/1.1 200 OK\r\n", HEAD + b"content-length: 9\r\n\r\n",
                                   HEAD + b"content-length: 9\r\n\r\n{"],
                         ids=["nothing", "half a head", "a head", "some body"])
def test_silence(gateway, upstream, after, front):
    up = upstream(hang(after))
    gw = serve(gateway, up.url, timeout=0.3)
    started = time.monotonic()
    expect_error(ask(gw, front), 408, "imed out", front)
    assert 0.25 < time.monotonic() - started < 3
    wait_for("the provider to be let go", lambda: getattr(up, "gone", False), 2)


def test_silence_before_a_stream(gateway, upstream):
    up = upstream(hang(SSE_HEAD))
    gw = serve(gateway, up.url, stream_timeout=0.3, settings={"between_bytes_timeout": 0.3})
    expect_error(ask(gw, stream=True), 408, "imed out")


@pytest.mark.parametrize("front", FRONTS)
def test_silence_in_a_stream(gateway, upstream, front):
    up = upstream(hang(SSE_HEAD + chunk(piece("one"))))
    gw = serve(gateway, up.url, settings={"between_bytes_timeout": 0.3})
    error = expect_error_event(ask(gw, front, stream=True), front)
    assert "imed out" in error["message"]
    wait_for("the provider to be let go", lambda: getattr(up, "gone", False), 2)


def test_a_provider_that_does_not_read(gateway, upstream):
    """A big request that is never taken: the deadline ends it."""
    up = upstream(lambda connection: time.sleep(1.5))
    gw = serve(gateway, up.url, timeout=0.4)
    big = [{"role": "user", "content": "x" * (20 << 20)}]
    expect_error(gw.request("POST", "/v1/chat/completions", {"model": "m", "messages": big}),
                 408)


def test_a_client_may_set_the_deadline(gateway, upstream):
    gw = serve(gateway, upstream(hang()).url)
    for more in ({"timeout": 0.3}, {"headers": {"x-litellm-timeout": "0.3"}}):
        started = time.monotonic()
        expect_error(gw.chat("m", **more), 408)
        assert time.monotonic() - started < 3


# ---- Names and connections ----

def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_connection_refused(gateway, front, stream):
    gw = serve(gateway, f"http://127.0.0.1:{free_port()}")
    expect_error(ask(gw, front, stream=stream), (500, 502), front=front)


def test_a_name_that_does_not_exist(gateway):
    gw = serve(gateway, "http://nosuch.invalid")
    started = time.monotonic()
    expect_error(ask(gw), (500, 502), "nosuch.invalid")
    assert time.monotonic() - started < 8


def test_a_name_that_does(gateway, upstream):
    up = upstream(answer())
    gw = serve(gateway, f"http://localhost:{up.port}")
    assert ask(gw).status == 200
    assert up.requests[0].header("host") == f"localhost:{up.port}"


# ---- TLS ----

def tls_gateway(gateway, url, verify):
    return gateway(config([deployment("m", "openai/m", url)],
                          litellm_settings={"num_retries": 0, "ssl_verify": verify}))


def test_tls_by_an_authority_of_ones_own(gateway, upstream, authority):
    up = upstream(answer(), tls=authority.server_context("good", "IP:127.0.0.1,DNS:localhost"))
    gw = tls_gateway(gateway, up.url, str(authority.ca))
    assert ask(gw).status == 200
    gw = tls_gateway(gateway, f"https://localhost:{up.port}", str(authority.ca))
    assert ask(gw).status == 200


@pytest.mark.parametrize("name, expired, verify", [
    ("DNS:elsewhere.example", False, "ca"), ("IP:127.0.0.1", True, "ca"),
    ("IP:127.0.0.1", False, True)], ids=["wrong host", "expired", "unknown authority"])
def test_tls_that_cannot_be_trusted(gateway, upstream, authority, name, expired, verify):
    up = upstream(answer(), tls=authority.server_context("bad", name, expired))
    gw = tls_gateway(gateway, up.url, str(authority.ca) if verify == "ca" else verify)
    error = expect_error(ask(gw), (500, 502), "ertificate")
    assert not up.requests, error
    gw = tls_gateway(gateway, up.url, False)
    assert ask(gw).status == 200


@pytest.mark.parametrize("everybody, own, status", [
    (True, False, 200), (True, "ca", 200), (True, None, 502), (False, True, 502),
    ("ca", "empty", 502)],
    ids=["nobody is checked", "own authorities", "as everybody", "checked after all", "no authorities"])
def test_tls_of_one_deployment(gateway, upstream, authority, everybody, own, status):
    """LiteLLM's litellm_params.ssl_verify; its documentation of GigaChat needs it."""
    up = upstream(answer(), tls=authority.server_context("good", "IP:127.0.0.1"))
    file = {"ca": str(authority.ca), "empty": "/dev/null"}
    params = {} if own is None else {"ssl_verify": file.get(own, own)}
    gw = gateway(config([deployment("m", "openai/m", up.url, **params)],
                        litellm_settings={"num_retries": 0, "ssl_verify": file.get(everybody, everybody)}))
    reply = ask(gw)
    assert reply.status == status, reply.body
    assert len(up.requests) == (status == 200)


def test_authorities_that_are_not_there(gateway):
    with pytest.raises(AssertionError, match=r"exit status 1: .*ssl_verify: expected .*/nowhere/ca\.pem"):
        gateway(config([deployment("m", "openai/m", "http://127.0.0.1:9", ssl_verify="/nowhere/ca.pem")]))


def test_tls_to_a_port_without(gateway, upstream):
    up = upstream(lambda connection: connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    gw = tls_gateway(gateway, up.url.replace("http:", "https:"), True)
    expect_error(ask(gw), (500, 502))


def test_a_tls_stream_that_is_cut(gateway, upstream, authority):
    """Without a close_notify a body that ends with the connection is not whole."""
    def script(connection):
        connection.request()
        connection.send(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
                        + piece("one").encode())
        time.sleep(0.1)

    up = upstream(script, tls=authority.server_context("cut", "IP:127.0.0.1"))
    gw = tls_gateway(gateway, up.url, str(authority.ca))
    reply = ask(gw, stream=True)
    expect_error_event(reply)
    assert text_of(reply.events()) == "one"


# ---- Trying again ----

def failing(*statuses, headers="", then=answer):
    """Each status once, then success."""
    turn, lock = itertools.count(), threading.Lock()

    def reply(connection, request):
        with lock:
            n = next(turn)
        if n < len(statuses):
            connection.respond(statuses[n], {"error": {"message": f"failure {n}", "type": "x"}},
                               headers)
        else:
            connection.respond(200, completion())
    return serving(reply)


def test_a_rate_limit_is_waited_for(gateway, upstream):
    up = upstream(failing(429, headers="retry-after: 1\r\n"))
    gw = serve(gateway, up.url, retries=2)
    started = time.monotonic()
    reply = ask(gw)
    assert reply.status == 200 and 0.9 < time.monotonic() - started < 4
    assert reply.header("x-litellm-attempted-retries") == "1"
    assert len(up.requests) == 2 and up.requests[0].body == up.requests[1].body


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
def test_two_failures_then_success(gateway, upstream, stream):
    statuses = failing(500, 503)

    def script(connection):
        statuses(connection)

    up = upstream(script)
    gw = serve(gateway, up.url, retries=2)
    reply = ask(gw, stream=stream)
    assert reply.status == 200, reply
    assert reply.header("x-litellm-attempted-retries") == "2"
    assert len(up.requests) == 3
    assert "attempts=3" in gw.access_line("POST")
    if stream:  # the provider answered whole; the client still gets its stream
        assert text_of(reply.events()) == "Hello"
        assert reply.body.endswith(DONE.encode())


def test_retries_end(gateway, upstream):
    up = upstream(failing(500, 500, 500, 500))
    gw = serve(gateway, up.url, retries=2)
    reply = ask(gw)
    expect_error(reply, 500, "failure 2")
    assert len(up.requests) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_what_does_not_get_better_is_not_tried_again(gateway, upstream, status):
    up = upstream(failing(status))
    gw = serve(gateway, up.url, retries=2)
    expect_error(ask(gw), status, "failure 0")
    assert len(up.requests) == 1


def test_broken_connections_are_tried_again(gateway, upstream):
    up = upstream([one_shot(b""), one_shot(HEAD + b"content-length: 100\r\n\r\n{"), answer()])
    gw = serve(gateway, up.url, retries=2)
    reply = ask(gw)
    assert reply.status == 200 and reply.header("x-litellm-attempted-retries") == "2"


def test_no_retry_once_the_client_has_seen_something(gateway, upstream):
    up = upstream([one_shot(SSE_HEAD + chunk(piece("one"))), answer()])
    gw = serve(gateway, up.url, retries=2)
    expect_error_event(ask(gw, stream=True))
    assert up.connections == 1


def test_another_deployment_takes_over(gateway, upstream):
    bad, good = upstream(failing(*[500] * 50)), upstream(answer())
    rows = [deployment("m", "openai/m", up.url) for up in (bad, good)]
    gw = gateway(config(rows, litellm_settings={"num_retries": 1}))
    replies = [ask(gw) for _ in range(12)]
    assert {r.status for r in replies} == {200}
    assert {r.header("x-litellm-attempted-retries") for r in replies} == {"0", "1"}
    assert {r.header("x-litellm-model-api-base") for r in replies} == {good.url + "/v1"}


def test_a_stale_connection_is_replaced(gateway, upstream):
    """A provider may close a kept-alive connection just when the next request is sent on it: that
    is no failure, and no retry that a client would see."""
    def script(connection):
        connection.upstream.requests.append(connection.request())
        connection.respond(200, completion())
        connection.until(b"\r\n\r\n")  # the next request's head, and closes without an answer

    up = upstream(script)
    gw = gateway(config([deployment("m", "openai/m", up.url)], litellm_settings={"num_retries": 0},
                        llmux_settings={"upstream_idle_timeout": 5}), workers=1)
    gw.baseline += 1  # the last one is kept
    for _ in range(3):
        assert ask(gw).status == 200
    assert up.connections == 3


def test_connections_are_kept(gateway, upstream):
    up = upstream(answer())
    gw = gateway(config([deployment("m", "openai/m", up.url)],
                        llmux_settings={"upstream_idle_timeout": 5}), workers=1)
    gw.baseline += 1
    for _ in range(5):
        assert ask(gw).status == 200
    assert up.connections == 1


def test_idle_connections_are_closed(gateway, upstream):
    up = upstream(answer())
    gw = serve(gateway, up.url)
    assert ask(gw).status == 200
    wait_for("the idle connection to be closed", lambda: gw.descriptors() <= gw.baseline, 2)


# ---- Odd but right ----

ODD = {
    "no length, until it closes": lambda body: HEAD + b"\r\n" + body,
    "HTTP/1.0": lambda body: HEAD.replace(b"1.1", b"1.0") + b"\r\n" + body,
    "a hundred-continue before": lambda body: (
        b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"content-length: %d\r\n\r\n" % len(body) + body),
    "early hints before": lambda body: (
        b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n" + HEAD
        + b"content-length: %d\r\n\r\n" % len(body) + body),
    "a chunk for each byte": lambda body: (
        HEAD + b"transfer-encoding: chunked\r\n\r\n"
        + b"".join(b"1\r\n%c\r\n" % byte for byte in body) + b"0\r\n\r\n"),
    "extensions and trailers": lambda body: (
        HEAD + b"transfer-encoding: chunked\r\n\r\n"
        + b"%x;name=value\r\n%s\r\n0\r\nx-sum: 1\r\n\r\n" % (len(body), body)),
    "no reason": lambda body: (
        b"HTTP/1.1 200 \r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
        % len(body) + body),
}


@pytest.mark.parametrize("how", ODD)
def test_odd_but_right(gateway, upstream, how):
    body = json.dumps(completion("It works")).encode()
    gw = serve(gateway, upstream(one_shot(ODD[how](body))).url)
    reply = ask(gw)
    assert reply.status == 200, reply
    assert reply.json()["choices"][0]["message"]["content"] == "It works"


@pytest.mark.parametrize("encoding", ["gzip", "zstd", "deflate"])
def test_compressed_replies(gateway, upstream, encoding):
    body = json.dumps(completion("It works")).encode()
    if encoding == "gzip":
        packer = zlib.compressobj(wbits=31)
        packed = packer.compress(body) + packer.flush()
    elif encoding == "deflate":
        packed = zlib.compress(body)
    else:  # a frame of one raw block: magic, single segment with a 2-byte size, block header
        packed = (b"\x28\xb5\x2f\xfd\x60" + (len(body) - 256).to_bytes(2, "little")
                  + (1 | len(body) << 3).to_bytes(3, "little") + body)
    reply = serving(lambda c, _: c.respond(200, packed, f"content-encoding: {encoding}\r\n"))
    got = ask(serve(gateway, upstream(reply).url))
    assert got.status == 200, got
    assert got.json()["choices"][0]["message"]["content"] == "It works"
    assert got.header("content-encoding") is None


def test_a_stream_byte_by_byte(gateway, upstream):
    """Every byte in a packet of its own; the events come out whole and in order."""
    def reply(connection, _):
        connection.stream()
        for byte in (piece("one") + piece("two", "stop") + DONE).encode():
            connection.send_chunk(bytes([byte]))
        connection.end_chunks()

    gw = serve(gateway, upstream(serving(reply)).url)
    for front in FRONTS:
        got = ask(gw, front, stream=True)
        assert got.status == 200 and b"one" in got.body and b"two" in got.body
    assert text_of(ask(gw, stream=True).events()) == "onetwo"


def test_bytes_after_the_reply_are_nobodys(gateway, upstream):
    """What comes behind a reply must never become the reply of another request."""
    smuggled = (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 15\r\n\r\n"
                b'{"smuggled": 1}')
    body = json.dumps(completion("mine")).encode()

    def script(connection):
        connection.request()
        connection.send(HEAD + b"content-length: %d\r\n\r\n" % len(body) + body + smuggled)
        connection.at_end(5)

    up = upstream(script)
    gw = gateway(config([deployment("m", "openai/m", up.url)],
                        llmux_settings={"upstream_idle_timeout": 5}), workers=1)
    for _ in range(3):
        assert ask(gw).json()["choices"][0]["message"]["content"] == "mine"
    assert up.connections == 3


def test_bytes_on_an_idle_connection(gateway, upstream):
    """Balancers say goodbye with a 408 to nobody: it must not answer the next request."""
    def script(connection):
        connection.upstream.requests.append(connection.request())
        connection.respond(200, completion("mine"))
        time.sleep(0.1)
        connection.send("HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n")

    gw = gateway(config([deployment("m", "openai/m", upstream(script).url)],
                        litellm_settings={"num_retries": 0},
                        llmux_settings={"upstream_idle_timeout": 5}), workers=1)
    for _ in range(3):
        reply = ask(gw)
        assert reply.status == 200, reply
        time.sleep(0.3)


def test_an_answer_before_the_request_was_sent(gateway, upstream):
    """A provider may refuse a large request by its head: what it says is not lost."""
    def script(connection):
        connection.head()
        connection.respond(413, {"error": {"message": "far too large", "type": "x"}},
                           "connection: close\r\n")
        connection.at_end(5)

    gw = serve(gateway, upstream(script).url)
    big = [{"role": "user", "content": "x" * (8 << 20)}]
    reply = gw.request("POST", "/v1/chat/completions", {"model": "m", "messages": big})
    expect_error(reply, 413, "far too large")


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("model", ["openai/m", "anthropic/m"])
def test_a_stream_that_nobody_asked_for(gateway, upstream, front, model):
    """Some servers always stream: the client that did not ask for it gets its answer whole."""
    name = "openai-stream" if model.startswith("openai") else "anthropic-stream"
    gw = serve(gateway, upstream(one_shot(SSE_HEAD + chunk(case_stream(name)) + b"0\r\n\r\n")).url,
               model=model)
    reply = ask(gw, front)
    assert reply.status == 200, reply
    body = reply.json()
    text = (body["choices"][0]["message"]["content"] if front == "openai"
            else body["content"][0]["text"])
    assert text == ("Hello! How can I assist you today?" if name == "openai-stream"
                    else "1\n2\n3\n4\n5")


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("form", ["CRLF", "CR", "comments", "BOM", "no space"])
def test_forms_of_a_stream(gateway, upstream, front, form):
    text = case_stream("openai-stream")
    text = {"CRLF": text.replace("\n", "\r\n"), "CR": text.replace("\n", "\r"),
            "comments": ": hello\n\n" + text.replace("data:", ": keep-alive\ndata:"),
            "BOM": "\ufeff" + text, "no space": text.replace("data: ", "data:")}[form]
    gw = serve(gateway, upstream(one_shot(SSE_HEAD + chunk(text) + b"0\r\n\r\n")).url)
    reply = ask(gw, front, stream=True)
    assert reply.status == 200
    if front == "openai":
        events = harness.sse_events(reply.body.replace(b"\xef\xbb\xbf", b"").replace(b"\r", b"\n")
                                    if form == "CR" else reply.body.replace(b"\xef\xbb\xbf", b""))
        said = text_of(events)
    else:
        said = "".join(d["delta"].get("text", "") for n, d in reply.events()
                       if n == "content_block_delta")
    assert said == "Hello! How can I assist you today?"


@pytest.mark.parametrize("status", [301, 302, 307, 204, 304, 199, 600, 999])
def test_statuses_that_are_no_answer(gateway, upstream, status):
    data = (f"HTTP/1.1 {status} X\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n")
    gw = serve(gateway, upstream(one_shot(data.encode())).url)
    for stream in (False, True):
        expect_error(ask(gw, stream=stream), (500, 502))


def test_a_client_may_say_how_often(gateway, upstream):
    up = upstream(failing(*[500] * 100))
    gw = serve(gateway, up.url, retries=5)
    for more, attempts in (({"num_retries": 1}, 2), ({"max_retries": 2}, 3),
                           ({"headers": {"x-litellm-num-retries": "0"}}, 1)):
        before = len(up.requests)
        expect_error(ask(gw, **more), 500)
        assert len(up.requests) - before == attempts
        assert not {"num_retries", "max_retries"} & set(up.requests[-1].json())


def test_the_case_of_this_folder_is_answered_whole(cases_gateway):
    """The replay is a provider like any other; one of its cases, byte for byte."""
    reply = cases_gateway.chat("oa/openai-chat")
    assert reply.json()["choices"][0]["message"]["content"] == "42"
    assert upstream_requests("openai-chat")
