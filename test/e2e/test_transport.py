"""What carries requests: TLS, proxies, pace, and many at once."""

import concurrent.futures
import contextlib
import http.client
import json
import socket
import ssl
import statistics
import threading
import time

import pytest

import harness
from harness import (DONE, KEY, SLACK, UPSTREAM_KEY, Raw, answer, chat_body, completion, config,
                     deployment, get, piece, post, serving, text_of, wait_for)

HELLO = {"model_name": "hello", "litellm_params": {"model": "openai/x", "mock_response": "Hello!"}}


# ---- TLS ----

def test_tls_listener(gateway, authority):
    certificate, key = authority.issue("gateway", "IP:127.0.0.1")
    gw = gateway(config([HELLO]), "--ssl-certfile", certificate, "--ssl-keyfile", key)
    context = ssl.create_default_context(cafile=str(authority.ca))
    connection = http.client.HTTPSConnection("127.0.0.1", gw.port, context=context, timeout=10)
    with contextlib.closing(connection):
        for stream in (False, True):
            connection.request("POST", "/v1/chat/completions",
                               json.dumps(chat_body("hello", stream=stream)),
                               {"authorization": "Bearer " + KEY})
            reply = connection.getresponse()
            assert reply.status == 200 and b"Hello" in reply.read()
    # Clear text, garbage and a client that hangs up get nowhere, and harm nobody.
    for data in (get("/v1/models"), b"\x16\x03\x01\xff\xff" + b"x" * 100, b""):
        with Raw(gw) as client:
            client.send(data)
            if data:
                assert client.at_end(3) and b"200 OK" not in client.rest
    old = ssl.create_default_context(cafile=str(authority.ca))
    old.minimum_version = ssl.TLSVersion.TLSv1_2
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with socket.create_connection(("127.0.0.1", gw.port), 5) as sock, \
            old.wrap_socket(sock, server_hostname="127.0.0.1") as wrapped:
        wrapped.sendall(get("/v1/models"))
        assert wrapped.recv(100).startswith(b"HTTP/1.1 200")


class OverTls(harness.Wire):
    """A client whose receive buffer is small, through TLS."""

    def __init__(self, gateway, authority):
        context = ssl.create_default_context(cafile=str(authority.ca))
        sock = socket.socket()
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        sock.settimeout(20)
        sock.connect(("127.0.0.1", gateway.port))
        super().__init__(context.wrap_socket(sock, server_hostname="127.0.0.1"))


def test_large_bodies_over_tls_on_both_sides(gateway, upstream, authority):
    """Partial reads and writes everywhere, pauses included: every byte arrives, in its order."""
    words = [f"<{n}>" + "x" * 900 for n in range(6000)]

    def reply(connection, request):
        connection.upstream.requests.append(request)
        connection.stream()
        for n in range(0, len(words), 50):
            connection.send_chunk("".join(piece(w) for w in words[n:n + 50]))
        connection.send_chunk(piece("", "stop") + DONE)
        connection.end_chunks()

    certificate, key = authority.issue("both", "IP:127.0.0.1")
    up = upstream(serving(reply), tls=authority.server_context("far", "IP:127.0.0.1"))
    gw = gateway(config([deployment("m", "openai/m", up.url)],
                        litellm_settings={"ssl_verify": str(authority.ca)},
                        llmux_settings={"client_queue_bytes": 65536}),
                 "--ssl-certfile", certificate, "--ssl-keyfile", key)
    text = "".join(f"[{n}]" for n in range(700000))
    with OverTls(gw, authority) as client:
        client.send(post({"model": "m", "stream": True,
                          "messages": [{"role": "user", "content": text}]}))
        client.head()
        time.sleep(0.5)  # all is full now
        body = []
        while data := client.chunk():
            body.append(data)
        assert text_of(harness.sse_events(b"".join(body))) == "".join(words)
        client.send(get("/v1/models"))
        assert client.head()[0] == "HTTP/1.1 200 OK"
    assert up.requests[0].json()["messages"][0]["content"] == text


def test_leaving_in_mid_stream_over_tls(gateway, upstream, authority):
    """With a close_notify, and without one."""
    gone = []

    def reply(connection, _):
        connection.stream()
        connection.send_chunk(piece("one"))
        gone.append(connection.at_end(5))

    certificate, key = authority.issue("leaving", "IP:127.0.0.1")
    up = upstream(serving(reply), tls=authority.server_context("left", "IP:127.0.0.1"))
    gw = gateway(config([deployment("m", "openai/m", up.url)],
                        litellm_settings={"ssl_verify": str(authority.ca)}),
                 "--ssl-certfile", certificate, "--ssl-keyfile", key)
    for polite in (True, False):
        client = OverTls(gw, authority)
        client.send(post(chat_body("m", stream=True)))
        client.head()
        client.chunk()
        if polite:
            client.sock.settimeout(0.2)
            with contextlib.suppress(OSError):
                client.sock.unwrap()
        client.close()
        wait_for("the provider to be let go", lambda: len(gone) == (1 if polite else 2), 3)
    assert gone == [True, True]


def test_a_handshake_that_never_ends(gateway, authority):
    certificate, key = authority.issue("slow", "IP:127.0.0.1")
    gw = gateway(config([HELLO], llmux_settings={"client_head_timeout": 0.5,
                                                 "client_idle_timeout": 0.5}),
                 "--ssl-certfile", certificate, "--ssl-keyfile", key)
    with Raw(gw) as client:
        client.send(b"\x16\x03\x01")
        assert client.at_end(5)


# ---- Proxies ----

class Proxy:
    """An HTTP proxy: CONNECT, and absolute targets."""

    def __init__(self, upstream, credentials=None):
        self.seen, self.credentials = [], credentials
        self.up = upstream(self.serve)
        self.url = self.up.url

    def serve(self, connection):
        line, headers = connection.head()
        method, target, _ = line.split(" ")
        self.seen.append((method, target, dict((k.lower(), v) for k, v in headers)))
        if self.credentials and self.seen[-1][2].get("proxy-authorization") != self.credentials:
            connection.respond(407, "", "proxy-authenticate: Basic\r\n")
            return
        if method != "CONNECT":
            connection.body(headers)
            connection.respond(200, completion("through the proxy"))
            return
        host, port = target.rsplit(":", 1)
        if host == "nosuch.invalid":
            connection.respond(502, "")
            return
        with socket.create_connection(("127.0.0.1", int(port))) as out:
            connection.send("HTTP/1.1 200 Connection established\r\n\r\n")
            other = threading.Thread(target=pump, args=(out, connection.sock), daemon=True)
            other.start()
            pump(connection.sock, out)
            other.join(5)


def pump(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def test_http_proxy(gateway, upstream):
    proxy = Proxy(upstream)
    gw = gateway(config([deployment("m", "openai/m", "http://nosuch.invalid:81")]),
                 env={"HTTP_PROXY": proxy.url})
    text = gw.chat("m").json()["choices"][0]["message"]["content"]
    assert text == "through the proxy"
    assert proxy.seen[0][:2] == ("POST", "http://nosuch.invalid:81/v1/chat/completions")
    assert proxy.seen[0][2]["host"] == "nosuch.invalid:81"


@pytest.mark.parametrize("credentials", [False, True])
def test_https_proxy(gateway, upstream, authority, credentials):
    up = upstream(answer("through the tunnel"),
                  tls=authority.server_context("tunnel", "DNS:api.example"))
    proxy = Proxy(upstream, "Basic dXNlcjpwYSBzcw==" if credentials else None)
    url = proxy.url.replace("http://", "http://user:pa%20ss@") if credentials else proxy.url
    gw = gateway(config([deployment("m", "openai/m", f"https://api.example:{up.port}")],
                        litellm_settings={"ssl_verify": str(authority.ca), "num_retries": 0}),
                 env={"HTTPS_PROXY": url})
    reply = gw.chat("m")
    assert reply.status == 200, reply
    assert proxy.seen[0][:2] == ("CONNECT", f"api.example:{up.port}")
    assert UPSTREAM_KEY not in str(proxy.seen)
    assert up.requests[0].header("authorization") == "Bearer " + UPSTREAM_KEY
    assert up.requests[0].header("proxy-authorization") is None


def test_a_proxy_that_refuses(gateway, upstream):
    proxy = Proxy(upstream, "Basic something-else")
    gw = gateway(config([deployment("m", "openai/m", "https://nosuch.invalid")],
                        litellm_settings={"num_retries": 0}),
                 env={"https_proxy": proxy.url.replace("http://", "http://user:secret-word@")})
    reply = gw.chat("m")
    assert reply.status in (500, 502) and "407" in reply.error()["message"]
    assert "secret-word" not in reply.body.decode() + gw.stdout()


@pytest.mark.parametrize("exempt", ["127.0.0.1", "*", "localhost,127.0.0.0/8"])
def test_no_proxy(gateway, upstream, exempt):
    proxy, up = Proxy(upstream), upstream(answer("direct"))
    gw = gateway(config([deployment("m", "openai/m", up.url)]),
                 env={"HTTP_PROXY": proxy.url, "NO_PROXY": exempt})
    assert gw.chat("m").json()["choices"][0]["message"]["content"] == "direct"
    assert not proxy.seen


# ---- Pace ----

def test_no_forty_milliseconds_between_requests(gateway, upstream):
    """Nagle's algorithm and delayed acknowledgements would cost 40 ms a request."""
    gw = gateway(config([deployment("m", "openai/m", upstream(answer()).url)]), workers=1)
    with Raw(gw) as client:
        times = []
        for _ in range(60):
            started = time.monotonic()
            client.send(post(chat_body("m")))
            client.reply()
            times.append(time.monotonic() - started)
    assert statistics.median(times) < 0.015, sorted(times)
    assert sum(t > 0.035 for t in times) < 10, sorted(times)


@pytest.mark.parametrize("front", ["openai", "anthropic"])
def test_no_forty_milliseconds_between_events(gateway, upstream, front):
    """Each event is on its way before the next one comes."""
    sent = []

    def reply(connection, _):
        connection.stream()
        for n in range(60):
            sent.append(time.monotonic())
            connection.send_chunk(piece(f"<{n}>"))
            time.sleep(0.004)
        connection.send_chunk(piece("", "stop") + DONE)
        connection.end_chunks()

    gw = gateway(config([deployment("m", "openai/m", upstream(serving(reply)).url)]), workers=1)
    path = "/v1/chat/completions" if front == "openai" else "/v1/messages"
    with Raw(gw) as client:
        client.send(post(chat_body("m", stream=True, max_tokens=9), path=path))
        client.head()
        arrived, text = {}, b""
        while data := client.chunk():
            text += data
            while len(arrived) < 60 and f"<{len(arrived)}>".encode() in text:
                arrived[len(arrived)] = time.monotonic()
    late = [arrived[n] - sent[n] for n in range(60)]
    assert statistics.median(late) < 0.015, sorted(late)
    assert sum(t > 0.035 for t in late) < 10, sorted(late)


# ---- Many ----

def test_a_thousand_idle_streams(gateway, upstream):
    """Streams that wait for their next event cost little memory, and all of them go on."""
    go = threading.Event()

    def reply(connection, _):
        connection.stream()
        connection.send_chunk(piece("one"))
        go.wait(60)
        connection.send_chunk(piece("", "stop") + DONE)
        connection.end_chunks()

    gw = gateway(config([deployment("m", "openai/m", upstream(serving(reply)).url)]))
    before = gw.memory_mb()
    clients = []
    for _ in range(20):
        more = [Raw(gw, timeout=30) for _ in range(50)]
        for client in more:
            client.send(post(chat_body("m", stream=True)))
        for client in more:
            client.head()
            assert b"one" in client.chunk()
        clients += more
    grown = gw.memory_mb() - before
    go.set()
    for client in clients:
        rest = b""
        while data := client.chunk():
            rest += data
        assert rest.endswith(DONE.encode())
        client.close()
    assert grown < 30 * SLACK, f"{grown:.1f} MB for 1,000 streams"


def test_big_requests_at_once(gateway, upstream):
    """A history of agents is large: bodies are neither copied about nor kept."""
    up = upstream(answer())
    gw = gateway(config([deployment("m", "openai/m", up.url)]))
    text = "some words " * 40000  # 440 KB
    messages = [{"role": "user", "content": text}]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        replies = list(pool.map(lambda _: gw.request(
            "POST", "/v1/chat/completions", {"model": "m", "messages": messages}), range(64)))
    assert {r.status for r in replies} == {200}
    assert all(r.json()["messages"] == messages for r in up.requests)
    gw.memory_limit_mb = 120


def test_limit_of_connections_to_a_provider(gateway, upstream):
    """Beyond the limit requests wait for their turn; beyond the queue they are refused."""
    gate, busy, most = threading.Event(), [0], [0]
    lock = threading.Lock()

    def reply(connection, _):
        with lock:
            busy[0] += 1
            most[0] = max(most[0], busy[0])
        gate.wait(10)
        with lock:
            busy[0] -= 1
        connection.respond(200, completion())

    up = upstream(serving(reply))
    gw = gateway(config([deployment("m", "openai/m", up.url)],
                        litellm_settings={"num_retries": 0},
                        llmux_settings={"upstream_max_connections": 2, "upstream_max_queued": 3}),
                 workers=1)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(gw.chat, "m") for _ in range(8)]
        done, _ = concurrent.futures.wait(calls, 1.5)
        assert [c.result().status for c in done] == [503] * 3
        gate.set()
        statuses = sorted(c.result().status for c in calls)
    assert statuses == [200] * 5 + [503] * 3
    assert most[0] == 2
