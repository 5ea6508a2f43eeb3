"""Clients that break rules, stall or leave, and clients that are odd but right."""

import json
import socket
import threading
import time

import pytest

import harness
from harness import (DONE, SLACK, Raw, answer, chat_body, config, deployment, get, piece, post,
                     serving, text_of, wait_for)


@pytest.fixture
def gw(gateway, upstream):
    """A gateway with short patience, in front of a provider that answers "Hello"."""
    up = upstream(answer())
    one = gateway(config([deployment("m", "openai/m", up.url)],
                         general_settings={"master_key": harness.KEY, "max_request_size_mb": 2},
                         llmux_settings={"client_head_timeout": 0.4, "client_body_timeout": 0.4,
                                         "client_idle_timeout": 2, "json_max_depth": 50}))
    one.upstream = up
    return one


def expect_closed(client):
    assert client.at_end(3), "the connection stays open"


# ---- Framing ----

AUTH = f"authorization: Bearer {harness.KEY}\r\n"
START = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n{AUTH}"
BODY = json.dumps(chat_body("m"))
CHUNKED = "transfer-encoding: chunked\r\n"
NEXT = f"GET /v1/models HTTP/1.1\r\nhost: x\r\n{AUTH}\r\n"

SMUGGLING = {
    "a length and chunks": f"{START}content-length: {len(BODY)}\r\n{CHUNKED}\r\n"
                           f"0\r\n\r\n{NEXT}",
    "chunks and a length": f"{START}{CHUNKED}content-length: 5\r\n\r\n0\r\n\r\n",
    "two lengths": f"{START}content-length: 5\r\ncontent-length: 6\r\n\r\nhello!",
    "a list of lengths": f"{START}content-length: 5, 6\r\n\r\nhello!",
    "a negative length": f"{START}content-length: -1\r\n\r\n",
    "a length with a plus": f"{START}content-length: +5\r\n\r\nhello",
    "a length in hex": f"{START}content-length: 0x5\r\n\r\nhello",
    "a length beyond 64 bits": f"{START}content-length: 99999999999999999999999\r\n\r\n",
    "an empty length": f"{START}content-length: \r\n\r\n",
    "space before the colon": f"{START}content-length : 5\r\n\r\nhello",
    "chunked twice": f"{START}transfer-encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked not last": f"{START}transfer-encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
    "a hidden chunked": f"{START}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two transfer-encodings": f"{START}{CHUNKED}transfer-encoding: identity\r\n"
                              "\r\n0\r\n\r\n",
    "a folded line": f"{START}x-a: b\r\n c: d\r\ncontent-length: 0\r\n\r\n",
    "a bare LF": f"{START}x-a: b\ncontent-length: 0\r\n\r\n",
    "a bare CR": f"{START}x-a: b\rc: d\r\ncontent-length: 0\r\n\r\n",
    "a NUL": f"{START}x-a: b\0c\r\ncontent-length: 0\r\n\r\n",
    "a name of two words": f"{START}x a: b\r\ncontent-length: 0\r\n\r\n",
    "no name": f"{START}: b\r\ncontent-length: 0\r\n\r\n",
    "no colon": f"{START}nothing\r\ncontent-length: 0\r\n\r\n",
    "no version": "GET /v1/models\r\n\r\n",
    "two spaces": f"GET  /v1/models HTTP/1.1\r\nhost: x\r\n{AUTH}\r\n",
    "no host": f"GET /v1/models HTTP/1.1\r\n{AUTH}\r\n",
    "two hosts": f"GET /v1/models HTTP/1.1\r\nhost: x\r\nhost: y\r\n{AUTH}\r\n",
    "a bad chunk size": f"{START}{CHUNKED}\r\nzz\r\nhello\r\n0\r\n\r\n",
    "a signed chunk size": f"{START}{CHUNKED}\r\n-5\r\nhello\r\n0\r\n\r\n",
    "a long chunk size": f"{START}{CHUNKED}\r\n{'f' * 17}\r\nhello\r\n0\r\n\r\n",
    "a chunk without its end": f"{START}{CHUNKED}\r\n5\r\nhelloXX0\r\n\r\n",
    "a chunk that ends with LF": f"{START}{CHUNKED}\r\n5\nhello\n0\n\n",
    "binary": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n".decode("latin-1"),
}


@pytest.mark.parametrize("how", SMUGGLING)
def test_what_could_be_smuggled_is_refused(gw, how):
    """400 (or its like) and the end of the connection: nothing behind it is taken for a request."""
    with Raw(gw) as client:
        client.send(SMUGGLING[how].encode("latin-1"))
        reply = client.reply()
        assert reply.status in (400, 501, 505), reply
        assert reply.header("connection") == "close"
        assert reply.error()["message"]
        expect_closed(client)
        assert client.rest == b"", "a second reply"
    assert not gw.upstream.requests


def test_another_version(gw):
    with Raw(gw) as client:
        client.send(f"GET /v1/models HTTP/2.0\r\nhost: x\r\n{AUTH}\r\n")
        assert client.reply().status in (400, 505)
        expect_closed(client)


def test_heads_that_are_too_large(gw):
    for head in (f"GET /{'x' * 100000} HTTP/1.1\r\nhost: x\r\n\r\n",
                 f"GET / HTTP/1.1\r\nhost: x\r\nx-a: {'y' * 100000}\r\n\r\n",
                 "GET / HTTP/1.1\r\nhost: x\r\n" + "x-a: b\r\n" * 5000 + "\r\n"):
        with Raw(gw) as client:
            client.send(head)
            assert client.reply().status in (414, 431)
            expect_closed(client)


# ---- Bodies ----

def test_a_body_that_is_too_large_by_its_length(gw):
    with Raw(gw) as client:
        client.send(f"{START}content-length: {3 << 20}\r\n\r\n")
        reply = client.reply()  # before any of it was sent
        assert reply.status == 413 and "max_request_size_mb" in reply.error()["message"]
        expect_closed(client)


def test_a_body_that_is_too_large_by_its_chunks(gw):
    with Raw(gw) as client:
        client.send(f"{START}{CHUNKED}\r\n")
        block = b"10000\r\n" + b" " * 65536 + b"\r\n"
        try:
            for _ in range(64):
                client.send(block)
        except OSError:
            pass  # it may close while we still send
        assert client.reply().status == 413


def test_the_refusal_reaches_a_client_that_sends_on(gw):
    """Closing at once would reset the connection, and the client would never see the 413."""
    seen = 0
    for _ in range(5):
        with Raw(gw) as client:
            body = b"x" * (8 << 20)
            sender = threading.Thread(target=send_quietly, args=(client, post(body)), daemon=True)
            sender.start()
            reply = client.reply()
            seen += reply.status == 413
            sender.join(5)
    assert seen == 5


def send_quietly(client, data):
    try:
        client.send(data)
    except OSError:
        pass


@pytest.mark.parametrize("body, text", [
    (b"", "byte 0"), (b"{", "byte 1"), (b'{"model": "m",}', "byte 14"), (b"[1]", "object"),
    (b'{"model": "m", "messages": [}', "byte 28"), (b'{"model": nil}', "byte 10"),
    (b'{"model": "\xff"}', "byte"), (b"\xef\xbb\xbf{}x", "byte"), (b'{"a": "\\ud800"}', ""),
    (b'{"model": "m"} {"model": "m"}', "byte"), (b'{"model": "m"', "byte"),
    (b'{"a":' * 60 + b"1" + b"}" * 60, "deep"), (b"NaN", "byte")])
def test_bad_json(gw, body, text):
    reply = gw.request("POST", "/v1/chat/completions", body)
    assert reply.status == 400, reply
    error = reply.error()
    assert error["type"] == "invalid_request_error" and error["code"] == "400"
    assert text in error["message"], error
    reply = gw.request("POST", "/v1/messages", body)
    assert reply.status == 400 and reply.json()["type"] == "error"
    assert reply.error()["type"] == "invalid_request_error"
    assert not gw.upstream.requests


@pytest.mark.parametrize("body, text", [
    ({}, "model"), ({"model": 5}, "model"), ({"model": ""}, "model"), ({"model": "mm"}, "mm"),
    ({"model": "m" * 5000}, "model")])
def test_no_model(gw, body, text):
    reply = gw.request("POST", "/v1/chat/completions", body)
    assert reply.status == 400 and text in reply.error()["message"]
    assert len(reply.body) < 2000


def test_chunked_requests(gw):
    body = json.dumps(chat_body("m")).encode()
    for pieces in ([body], [body[i:i + 7] for i in range(0, len(body), 7)],
                   [bytes([b]) for b in body]):
        with Raw(gw) as client:
            client.send(f"{START}{CHUNKED}\r\n".encode()
                        + b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces)
                        + b"0\r\nx-trailer: 1\r\n\r\n" + NEXT.encode())
            assert client.reply().status == 200
            assert client.reply().json()["object"] == "list"  # the connection lives on
    assert [r.json() for r in gw.upstream.requests] == [chat_body("m")] * 3


# ---- Pace ----

def test_a_byte_at_a_time(gw):
    with Raw(gw) as client:
        client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in post(chat_body("m")):
            client.send(bytes([byte]))
        assert client.reply().json()["choices"][0]["message"]["content"] == "Hello"


def test_half_a_head_and_no_more(gw):
    with Raw(gw) as client:
        client.send(START[:40])
        started = time.monotonic()
        reply = client.reply()
        assert reply.status == 408 and 0.3 < time.monotonic() - started < 2
        expect_closed(client)


def test_a_head_that_drips_is_not_given_for_ever(gw):
    """The head's deadline is for all of it: a byte now and then does not stretch it."""
    with Raw(gw) as client:
        started = time.monotonic()
        try:
            while time.monotonic() - started < 3:
                client.send("x")
                time.sleep(0.05)
                client.sock.settimeout(0.001)
                try:
                    if client.more():
                        break
                except TimeoutError:
                    pass
        except OSError:
            pass
        assert time.monotonic() - started < 2


def test_half_a_body_and_no_more(gw):
    with Raw(gw) as client:
        client.send(post(chat_body("m"))[:-10])
        reply = client.reply()
        assert reply.status == 408
        expect_closed(client)
    assert " 408 " in gw.access_line("POST")


def test_nothing_at_all(gw):
    with Raw(gw) as client:
        started = time.monotonic()
        assert client.at_end(4)
        assert 1.5 < time.monotonic() - started and client.rest == b""


def big_stream(upstream, megabytes, pause=False):
    """A provider with a long stream; `sent` says how much it could get rid of."""
    block = (piece("x" * 1000) + piece("y" * 1000)) * 32

    def reply(connection, _):
        up = connection.upstream
        up.sent, up.cut = 0, False
        try:
            connection.stream()
            while up.sent < megabytes << 20:
                connection.send_chunk(block)
                up.sent += len(block)
            connection.send_chunk(piece("", "stop") + DONE)
            connection.end_chunks()
        except OSError:
            up.cut = True

    return upstream(serving(reply))


def test_a_client_that_does_not_read_pauses_the_provider(gateway, upstream):
    up = big_stream(upstream, 100)
    gw = gateway(config([deployment("m", "openai/m", up.url)],
                        llmux_settings={"client_queue_bytes": 65536, "client_body_timeout": 20}))
    gw.memory_limit_mb = 40
    before = gw.memory_mb()
    with Raw(gw, receive_buffer=4096, timeout=30) as client:
        client.send(post(chat_body("m", stream=True)))
        assert client.head()[0].startswith("HTTP/1.1 200")

        def stuck():
            was = up.sent
            time.sleep(0.3)
            return up.sent == was
        wait_for("the provider to be paused", stuck, 5)
        assert up.sent < 30 << 20, "the kernel's buffers hold this much, not we"
        assert gw.memory_mb() - before < 8 * SLACK
        size = 0
        while data := client.chunk():  # reads on: all of it comes
            size += len(data)
        assert size > 99 << 20
    assert not up.cut
    assert " 200 " in gw.access_line("POST")


def test_a_client_that_never_reads_is_dropped(gateway, upstream):
    up = big_stream(upstream, 100)
    gw = gateway(config([deployment("m", "openai/m", up.url)],
                        llmux_settings={"client_queue_bytes": 65536, "client_body_timeout": 0.5}))
    with Raw(gw, receive_buffer=4096) as client:
        client.send(post(chat_body("m", stream=True)))
        client.head()
        wait_for("the provider to be let go", lambda: up.cut, 8)
    assert "499" in gw.access_line("POST")


@pytest.mark.parametrize("how", ["reset", "close", "shutdown"])
def test_leaving_in_mid_stream_ends_the_providers_call(gateway, upstream, how):
    up = big_stream(upstream, 4000)
    gw = gateway(config([deployment("m", "openai/m", up.url)]))
    client = Raw(gw)
    client.send(post(chat_body("m", stream=True)))
    client.head()
    client.chunk()
    if how == "shutdown":
        client.sock.shutdown(socket.SHUT_RDWR)
    elif how == "reset":
        client.reset()
    client.close()
    wait_for("the provider to be let go", lambda: up.cut, 3)
    assert "499" in gw.access_line("POST")


@pytest.mark.parametrize("how", ["reset", "close"])
def test_leaving_before_the_answer_ends_the_providers_call(gateway, upstream, how):
    def script(connection):
        connection.request()
        connection.upstream.seen = True
        connection.upstream.gone = connection.at_end(10)

    up = upstream(script)
    gw = gateway(config([deployment("m", "openai/m", up.url)]))
    client = Raw(gw)
    client.send(post(chat_body("m")))
    wait_for("the request", lambda: getattr(up, "seen", False))
    client.reset() if how == "reset" else client.close()
    wait_for("the provider to be let go", lambda: getattr(up, "gone", False), 3)


def test_leaving_while_it_waits_for_a_retry(gateway, upstream):
    up = upstream(serving(lambda c, _: c.respond(429, {"error": {"message": "slow"}},
                                                 "retry-after: 30\r\n")))
    gw = gateway(config([deployment("m", "openai/m", up.url)],
                        litellm_settings={"num_retries": 3}))
    client = Raw(gw)
    client.send(post(chat_body("m")))
    wait_for("the first attempt", lambda: up.requests)
    client.close()
    assert "499" in gw.access_line("POST")
    assert len(up.requests) == 1


def test_leaving_a_paused_stream(gateway, upstream):
    """Nothing is read from a paused provider, and nothing can be written: still it is noticed."""
    up = big_stream(upstream, 4000)
    gw = gateway(config([deployment("m", "openai/m", up.url)],
                        llmux_settings={"client_queue_bytes": 65536, "client_body_timeout": 60}))
    client = Raw(gw, receive_buffer=4096)
    client.send(post(chat_body("m", stream=True)))
    client.head()
    time.sleep(0.5)
    client.reset()
    wait_for("the provider to be let go", lambda: up.cut, 3)


def test_leaving_with_another_request_in_line(gateway, upstream):
    """A pipelined request stops the reading; whoever leaves then is noticed all the same."""
    def script(connection):
        connection.request()
        connection.upstream.seen = True
        connection.upstream.gone = connection.at_end(10)

    up = upstream(script)
    gw = gateway(config([deployment("m", "openai/m", up.url)]))
    client = Raw(gw)
    client.send(post(chat_body("m")) + post(chat_body("m")))
    wait_for("the request", lambda: getattr(up, "seen", False))
    time.sleep(0.1)
    client.reset()
    wait_for("the provider to be let go", lambda: getattr(up, "gone", False), 3)


# ---- Odd but right ----

def test_pipelined_requests_are_answered_in_order(gateway, upstream):
    def reply(connection, request):
        n = request.json()["n_th"]
        time.sleep(0.05 * (4 - n))  # the first takes longest
        connection.respond(200, harness.completion(f"answer {n}"))

    gw = gateway(config([deployment("m", "openai/m", upstream(serving(reply)).url)]))
    with Raw(gw) as client:
        client.send(b"".join(post(chat_body("m", n_th=n)) for n in range(4)) + get("/v1/models"))
        for n in range(4):
            text = client.reply().json()["choices"][0]["message"]["content"]
            assert text == f"answer {n}"
        assert client.reply().json()["object"] == "list"


def test_many_pipelined_requests(gw):
    """More than is read ahead at once."""
    with Raw(gw) as client:
        data = get("/health/liveliness", "x-filler: " + "y" * 1000 + "\r\n") * 2000
        sender = threading.Thread(target=send_quietly, args=(client, data), daemon=True)
        sender.start()
        for _ in range(2000):
            assert client.reply().status == 200
        sender.join(5)


def test_http_1_0(gw):
    with Raw(gw) as client:
        client.send(post(chat_body("m"), version="1.0"))
        reply = client.reply()
        assert reply.status == 200 and reply.header("transfer-encoding") is None
        expect_closed(client)
    with Raw(gw) as client:
        client.send(post(chat_body("m"), version="1.0", headers="connection: keep-alive\r\n"))
        assert client.reply().header("connection") == "keep-alive"
        client.send(post(chat_body("m"), version="1.0"))
        assert client.reply().status == 200


def test_a_stream_over_http_1_0(gateway, upstream):
    def reply(connection, _):
        connection.stream()
        connection.send_chunk(piece("one") + piece("two", "stop") + DONE)
        connection.end_chunks()

    gw = gateway(config([deployment("m", "openai/m", upstream(serving(reply)).url)]))
    with Raw(gw) as client:
        client.send(post(chat_body("m", stream=True), version="1.0"))
        reply = client.reply()
        assert reply.header("transfer-encoding") is None
        assert reply.header("connection") == "close"
        assert text_of(reply.events()) == "onetwo"


def test_connection_close(gw):
    with Raw(gw) as client:
        client.send(post(chat_body("m"), headers="connection: close\r\n"))
        reply = client.reply()
        assert reply.status == 200 and reply.header("connection") == "close"
        expect_closed(client)


def test_head(gw):
    with Raw(gw) as client:
        client.send(get("/v1/models", method="HEAD") + get("/v1/models"))
        head = client.reply(head_only=True)
        assert head.status == 200 and int(head.header("content-length")) > 10
        whole = client.reply()
        assert len(whole.body) == int(head.header("content-length"))


def test_expect_continue(gw):
    data = post(chat_body("m"), headers="expect: 100-continue\r\n")
    head, body = data.split(b"\r\n\r\n")
    with Raw(gw) as client:
        client.send(head + b"\r\n\r\n")
        assert client.reply().status == 100
        client.send(body)
        assert client.reply().status == 200
    with Raw(gw) as client:  # who does not wait gets no 100 that is too late
        client.send(data)
        reply = client.reply()
        assert reply.status in (100, 200)
        assert reply.status == 200 or client.reply().status == 200


def test_expect_continue_is_refused_before_the_body(gw):
    with Raw(gw) as client:
        client.send("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n"
                    "authorization: Bearer wrong\r\nexpect: 100-continue\r\n"
                    "content-length: 1000\r\n\r\n")
        assert client.reply().status == 401
        expect_closed(client)


def test_an_absolute_target_and_a_query(gw):
    with Raw(gw) as client:
        client.send(get("http://x/v1/models") + get("/v1/models?limit=5") + get("/v1/models/"))
        for _ in range(3):
            assert client.reply().json()["object"] == "list"


def test_empty_lines_before_a_request(gw):
    with Raw(gw) as client:
        client.send(b"\r\n\r\n" + get("/v1/models"))
        assert client.reply().status == 200


@pytest.mark.parametrize("method, path, status", [
    ("GET", "/", 404), ("GET", "/nothing", 404), ("POST", "/v1/nothing", 404),
    ("GET", "/v1/chat/completions", 405), ("DELETE", "/v1/models", 405),
    ("PUT", "/v1/messages", 405), ("GET", "/v1/chat/completions/x", 404),
    ("POST", "/v1/../v1/messages", 404), ("OPTIONS", "/v1/models", 405), ("TRACE", "/", 404)])
def test_wrong_paths_and_methods(gw, method, path, status):
    reply = gw.request(method, path)
    assert reply.status == status and reply.header("content-type") == "application/json"
    assert reply.error()["message"] and reply.header("x-litellm-call-id")
    if status == 405:
        assert reply.header("allow")


def test_a_thousand_connections_that_do_nothing(gateway, upstream):
    """They cost little, and others are served beside them."""
    gw = gateway(config([deployment("m", "openai/m", upstream(answer()).url)]))
    before = gw.memory_mb()
    clients = [Raw(gw) for _ in range(1000)]
    wait_for("all of them", lambda: gw.descriptors() >= gw.baseline + 1000)
    for client in clients[:500]:
        client.send(START[:30])
    assert gw.chat("m").status == 200
    assert gw.memory_mb() - before < 20 * SLACK
    for client in clients:
        client.close()


def test_the_limit_of_connections(gateway, upstream):
    """Beyond it connections wait in the kernel's queue, and are served when others leave."""
    gw = gateway(config([deployment("m", "openai/m", upstream(answer()).url)],
                        llmux_settings={"max_connections": 4}), workers=1)
    first = [Raw(gw) for _ in range(4)]
    for client in first:
        client.send(get("/v1/models"))
        assert client.reply().status == 200
    with Raw(gw) as late:
        late.send(get("/v1/models"))
        late.sock.settimeout(0.3)
        with pytest.raises(TimeoutError):
            late.reply()
        first[0].close()
        late.sock.settimeout(3)
        assert late.reply().status == 200
    for client in first:
        client.close()
