"""The gateway as a server: who may in, what it says of itself, its log, signals, start."""

import contextlib
import fcntl
import json
import os
import re
import resource
import signal
import socket
import subprocess
import threading
import time

import pytest

import harness
from harness import (DONE, KEY, SLACK, UPSTREAM_KEY, Raw, answer, chat_body, completion, config,
                     deployment, get, piece, post, serving, text_of, wait_for)

HELLO = {"model_name": "hello", "litellm_params": {"model": "openai/x", "mock_response": "Hello!"}}


@pytest.fixture
def gw(gateway):
    return gateway(config([HELLO, {**HELLO, "model_name": "other"}]))


class Slow:
    """A provider whose stream goes on, event by event, when a test says so."""

    def __init__(self, upstream):
        self.go, self.ended = threading.Semaphore(0), False
        self.up = upstream(serving(self.reply))
        self.url = self.up.url

    def reply(self, connection, _):
        connection.stream()
        connection.send_chunk(piece("one"))
        self.go.acquire(timeout=15)
        connection.send_chunk(piece(" two", "stop") + DONE)
        connection.end_chunks()


# ---- Who may in ----

@pytest.mark.parametrize("name, value", [
    ("authorization", "Bearer {}"), ("authorization", "bearer {}"), ("authorization", "{}"),
    ("x-api-key", "{}"), ("api-key", "{}"), ("x-goog-api-key", "{}"), ("x-litellm-api-key", "{}"),
    ("x-litellm-api-key", "Bearer {}"), ("ocp-apim-subscription-key", "{}")])
def test_the_key_in_every_header(gw, name, value):
    for key, status in ((KEY, 200), (KEY[:-1], 401), (KEY + "x", 401), ("", 401)):
        reply = gw.request("GET", "/v1/models", headers={name: value.format(key)}, key=None)
        assert reply.status == status, (key, reply)


def test_without_a_key(gw):
    for method, path in (("GET", "/v1/models"), ("POST", "/v1/chat/completions"),
                         ("GET", "/health/readiness"), ("GET", "/nothing")):
        reply = gw.request(method, path, key=None)
        if reply.status == 200:  # a probe carries no key
            assert path == "/health/readiness"
            continue
        assert reply.status == 401, path
        assert reply.header("www-authenticate") == "Bearer"
        assert reply.error()["type"] == "auth_error"  # as LiteLLM's proxy says
        assert "header" in reply.error()["message"].lower() or "Bearer" in reply.error()["message"]
    reply = gw.request("POST", "/v1/messages", {}, key="sk-wrong")
    assert reply.status == 401 and reply.json()["type"] == "error"
    assert reply.error()["type"] == "authentication_error"
    assert "sk-wrong" not in reply.body.decode()


def test_a_header_of_ones_own(gateway):
    made = config([HELLO])
    made["general_settings"]["litellm_key_header_name"] = "X-Gateway-Key"
    gw = gateway(made)
    assert gw.request("GET", "/v1/models", headers={"x-gateway-key": KEY}, key=None).status == 200
    assert gw.request("GET", "/v1/models", headers={"x-gateway-key": "Bearer " + KEY},
                      key=None).status == 200
    assert gw.request("GET", "/v1/models", headers={"x-gateway-key": "x"}, key=None).status == 401


def test_no_master_key_asks_for_none(gateway):
    gw = gateway({"model_list": [HELLO]})
    assert gw.request("GET", "/v1/models", key=None).status == 200


def test_the_clients_key_does_not_reach_the_provider(gateway, upstream):
    up = upstream(answer())
    gw = gateway(config([deployment("m", "openai/m", up.url),
                         deployment("a", "anthropic/a", up.url)]))
    gw.chat("m", headers={"x-api-key": KEY, "cookie": "secret=1"})
    gw.messages("a")
    for request in up.requests:
        head = str(request.headers)
        assert KEY not in head and "secret=1" not in head
    assert up.requests[0].header("authorization") == "Bearer " + UPSTREAM_KEY
    assert up.requests[1].header("x-api-key") == UPSTREAM_KEY


# ---- Models and health ----

def test_models(gw):
    listed = gw.request("GET", "/v1/models").json()
    assert listed["object"] == "list" and [m["id"] for m in listed["data"]] == ["hello", "other"]
    assert all(m["object"] == "model" and m["created"] and m["owned_by"] for m in listed["data"])
    assert gw.request("GET", "/models").json() == listed
    one = gw.request("GET", "/v1/models/hello")
    assert one.status == 200 and one.json() == listed["data"][0]
    missing = gw.request("GET", "/v1/models/nope")
    assert missing.status == 404 and missing.error()["code"] == "model_not_found"


def test_a_models_id_may_hold_slashes_and_escapes(gateway):
    gw = gateway(config([{**HELLO, "model_name": "a/b c"}]))
    for path in ("/v1/models/a/b%20c", "/v1/models/a%2Fb%20c"):
        assert gw.request("GET", path).json()["id"] == "a/b c"


def test_health(gw):
    for path in ("/health/liveliness", "/health/liveness"):
        assert gw.request("GET", path, key=None).body == b'"I\'m alive!"'
    assert gw.request("GET", "/health/readiness", key=None).json()["status"] == "healthy"


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/chat/completions",
                                  "/openai/deployments/hello/chat/completions",
                                  "/engines/hello/chat/completions"])
def test_every_path_of_chat_completions(gw, path):
    body = {"messages": [{"role": "user", "content": "Hi"}]}
    if "hello" not in path:
        body["model"] = "hello"
    reply = gw.request("POST", path, body)
    assert reply.json()["choices"][0]["message"]["content"] == "Hello!"


# ---- Ids, headers, what was dropped ----

def test_request_ids(gw):
    for name in ("x-request-id", "x-litellm-call-id"):
        reply = gw.chat("hello", headers={name: "my-own-id"})
        assert reply.header("x-litellm-call-id") == reply.header("x-request-id") == "my-own-id"
        assert "my-own-id" in gw.access_line("my-own-id")
    ids = {gw.chat("hello").header("x-litellm-call-id") for _ in range(20)}
    assert len(ids) == 20
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                            i) for i in ids)
    for odd in ("x" * 500, "with space"):  # not taken over
        assert gw.chat("hello", headers={"x-request-id": odd}).header("x-request-id") != odd


def test_headers_of_a_reply(gateway, upstream):
    def reply(connection, _):
        connection.respond(200, completion(), "x-request-id: up-1\r\n"
                           "x-ratelimit-limit-tokens: 9\r\nset-cookie: a=b\r\nalt-svc: h3\r\n"
                           "x-litellm-call-id: theirs\r\n")

    up = upstream(serving(reply))
    gw = gateway(config([{**deployment("m", "openai/m", up.url), "model_info": {"id": "my-id"}}]))
    got = gw.chat("m")
    assert got.header("x-litellm-model-id") == "my-id"
    assert got.header("x-litellm-model-api-base") == up.url + "/v1"
    assert got.header("llm_provider-x-request-id") == "up-1"
    assert got.header("x-ratelimit-limit-tokens") == "9"
    assert got.header("set-cookie") is None and got.header("alt-svc") is None
    assert [v for k, v in got.headers if k == "x-litellm-call-id"] != ["theirs"]
    names = [k.lower() for k, _ in got.headers]
    assert len([n for n in names if n in ("content-length", "content-type", "date")]) == 3


def test_what_a_client_may_not_make_of_headers(gateway, upstream):
    """A model's name from the body comes back in a header: it cannot break out of it."""
    gw = gateway(config([deployment("*", "openai/*", upstream(answer()).url)]))
    reply = gw.chat("a\r\nx-evil: 1")
    assert reply.header("x-evil") is None and reply.status == 200
    assert reply.header("x-litellm-model-group") is None


def test_what_cannot_be_carried(gateway, upstream):
    """A clear error, or with drop_params a drop that the header and the log name."""
    up = upstream(serving(lambda c, _: c.respond(200, {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "m",
        "content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn",
        "usage": {"input_tokens": 1, "output_tokens": 1}})))
    rows = [deployment("strict", "anthropic/m", up.url),
            deployment("loose", "anthropic/m", up.url, drop_params=True)]
    gw = gateway(config(rows), "--log-format", "json")
    reply = gw.chat("strict", logit_bias={"1": 5})
    assert reply.status == 400 and "logit_bias" in reply.error()["message"]
    assert reply.error()["param"] == "logit_bias"
    assert not up.requests
    reply = gw.chat("loose", logit_bias={"1": 5}, frequency_penalty=1)
    assert reply.status == 200
    dropped = reply.header("x-litellm-dropped-params").split(",")
    assert sorted(dropped) == ["frequency_penalty", "logit_bias"]
    line = json.loads(gw.access_line('"model":"loose"'))
    assert sorted(line["dropped"]) == sorted(dropped)
    assert "logit_bias" not in up.requests[0].json()


def test_parameters_of_a_deployment(gateway, upstream):
    up = upstream(answer())
    gw = gateway(config([deployment(
        "m", "openai/real-name", up.url, temperature=0.2, extra_body={"custom": [1]},
        extra_headers={"x-extra": "yes"}, additional_drop_params=["user"])]))
    gw.chat("m", user="somebody", top_p=0.5)
    request = up.requests[0]
    assert request.json() == {"model": "real-name", "top_p": 0.5, "temperature": 0.2,
                              "custom": [1], "messages": [{"role": "user", "content": "Hi"}]}
    assert request.header("x-extra") == "yes"
    assert request.target == "/v1/chat/completions"
    gw.chat("m", temperature=0.9)
    assert up.requests[1].json()["temperature"] == 0.9


def test_os_environ_in_the_configuration(gateway, upstream):
    up = upstream(answer())
    gw = gateway("model_list:\n- model_name: m\n  litellm_params:\n    model: openai/m\n"
                 "    api_base: os.environ/E2E_BASE\n    api_key: os.environ/E2E_KEY\n",
                 env={"E2E_BASE": up.url + "/v1", "E2E_KEY": "from-the-environment"})
    assert gw.chat("m").status == 200
    assert up.requests[0].header("authorization") == "Bearer from-the-environment"


# ---- The log ----

def test_access_log_in_text(gateway, upstream):
    up = upstream(answer())
    gw = gateway(config([deployment("m", "openai/up", up.url)]))
    reply = gw.chat("m", headers={"x-request-id": "r-1"})
    line = gw.access_line("r-1")
    body = len(json.dumps(chat_body("m")))
    assert re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z 127\.0\.0\.1(:\d+)? "
                    r'"POST /v1/chat/completions" 200 \d+ms ', line), line
    for field in (f"in={body}", "model=m", "to=openai/up", "attempts=1", "tokens=3+5"):
        assert field in line, (field, line)
    assert int(re.search(r"out=(\d+)", line).group(1)) > len(reply.body)
    assert len(gw.log_lines("r-1")) == 1


def test_access_log_in_json(gateway, upstream):
    up = upstream(answer())
    gw = gateway(config([deployment("m", "openai/up", up.url)]), "--log-format", "json")
    gw.chat("m", headers={"x-request-id": "r-1"})
    gw.chat("nope", headers={"x-request-id": "r-2"})
    gw.request("GET", "/v1/models?key=abc", headers={"x-request-id": "r-3"})
    gw.request("GET", "/no\"\\thing", headers={"x-request-id": "r-4"})
    lines = [json.loads(gw.access_line(f"r-{n}")) for n in range(1, 5)]
    one = lines[0]
    assert one["level"] == "access" and one["client"].startswith("127.0.0.1")
    assert (one["method"], one["path"], one["status"]) == ("POST", "/v1/chat/completions", 200)
    assert (one["model"], one["provider"], one["upstream_model"]) == ("m", "openai", "up")
    assert (one["prompt_tokens"], one["completion_tokens"], one["attempts"]) == (3, 5, 1)
    assert one["stream"] is False and one["ms"] >= 0 and one["first_byte_ms"] >= 0
    assert one["bytes_in"] == len(json.dumps(chat_body("m"))) and one["bytes_out"] > 200
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", one["time"])
    assert lines[1]["status"] == 400 and "nope" in lines[1]["error_message"]
    assert lines[2]["path"] == "/v1/models" and lines[3]["status"] == 404


def test_the_log_has_no_secrets(gateway, upstream):
    up = upstream(serving(lambda c, _: c.respond(401, {"error": {"message": "no"}})))
    for form in ("text", "json"):
        gw = gateway(config([deployment("m", "openai/m", up.url)]), "--log-format", form)
        gw.chat("m", messages=[{"role": "user", "content": "my private words"}])
        gw.request("GET", f"/v1/models?api_key={KEY}")
        gw.request("GET", "/v1/models", key="sk-some-wrong-key")
        wait_for("three lines", lambda: len(gw.log_lines("/v1/")) == 3)
        said = gw.stdout() + gw.stderr()
        for secret in (KEY, UPSTREAM_KEY, "sk-some-wrong-key", "my private words"):
            assert secret not in said, secret


def test_the_log_can_be_off(gateway):
    gw = gateway(config([HELLO]), "--access-log", "off")
    gw.chat("hello")
    time.sleep(0.3)
    assert not gw.log_lines("POST")


def test_one_line_for_each_request(gw):
    with Raw(gw) as client:
        client.send(get("/v1/models") * 50)
        for _ in range(50):
            client.reply()
    wait_for("fifty lines", lambda: len(gw.log_lines("GET /v1/models")) == 50)


def test_a_log_that_nobody_reads(tmp_path):
    """Requests do not wait for the log; a full pipe costs lines, and nothing else."""
    read, write = os.pipe()
    fcntl.fcntl(write, 1031, 4096)  # F_SETPIPE_SZ
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(config([HELLO])))
    with open(tmp_path / "stderr", "wb") as err:
        process = subprocess.Popen(
            [harness.BINARY, "serve", "--config", path, "--port", "0", "--host", "127.0.0.1",
             "--workers", "1"], stdout=write, stderr=err, env=harness.environment())
    os.close(write)
    try:
        said = wait_for("the port", lambda: re.search(
            r"port (\d+)", (tmp_path / "stderr").read_text()))

        class At:
            port = int(said.group(1))
        with Raw(At) as client:
            for _ in range(40):
                client.send(get("/v1/models") * 50)
                for _ in range(50):
                    assert client.reply().status == 200
        os.close(read)  # from here on it is an error to write
        with Raw(At) as client:
            client.send(get("/v1/models"))
            assert client.reply().status == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(6) == 0
    finally:
        process.kill()
        process.wait()


def test_memory_does_not_grow_with_requests(gateway, upstream):
    up = upstream(answer())
    gw = gateway(config([HELLO, deployment("m", "openai/m", up.url),
                         deployment("a", "anthropic/m", up.url + "/nothing")]), workers=1)

    def some(n):
        with Raw(gw) as client:
            for _ in range(n):
                client.send(get("/v1/models") + post(chat_body("hello", stream=True))
                            + post(chat_body("m")) + post({"model": "nope"}) + post(b"{")
                            + post(chat_body("m"), path="/v1/messages"))
                for _ in range(6):
                    client.reply()
    some(300)
    before = gw.memory_mb()
    some(1000)
    # A sanitizer keeps what was freed, up to 256 MB of it.
    assert gw.memory_mb() - before < (1 if SLACK == 1 else 300)


# ---- Signals ----

@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_shutdown_lets_streams_finish(gateway, upstream, number):
    slow = Slow(upstream)
    gw = gateway(config([deployment("m", "openai/m", slow.url)]))
    with Raw(gw) as client, Raw(gw) as idle:
        idle.send(get("/v1/models"))
        idle.reply()
        client.send(post(chat_body("m", stream=True)))
        client.head()
        body = client.chunk()
        gw.signal(number)
        assert idle.at_end(3)  # nothing is lost with it
        wait_for("no new connections", lambda: refused(gw.port))
        assert gw.alive()
        slow.go.release()
        while data := client.chunk():
            body += data
        assert text_of(harness.sse_events(body)) == "one two"
        assert client.at_end(3)
    assert gw.wait() == 0


def refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return False
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:
        return False  # the listener closed while this connection waited to be accepted


@pytest.mark.parametrize("how", ["limit", "second signal"])
def test_shutdown_has_an_end(gateway, upstream, how):
    slow = Slow(upstream)
    gw = gateway(config([deployment("m", "openai/m", slow.url)],
                        llmux_settings={"shutdown_timeout": 0.4 if how == "limit" else 30}))
    with Raw(gw) as client:
        client.send(post(chat_body("m", stream=True)))
        client.head()
        client.chunk()
        started = time.monotonic()
        gw.signal(signal.SIGTERM)
        if how == "second signal":
            wait_for("no new connections", lambda: refused(gw.port))
            gw.signal(signal.SIGTERM)
        assert gw.wait(5) == 1  # something was cut off, and it says so
        assert time.monotonic() - started < 3
        assert client.at_end(2)
    assert "cut off" in gw.stdout()
    slow.go.release()


def test_shutdown_finishes_requests_in_line(gateway, upstream):
    """A request that was answered after the signal says that the connection ends with it."""
    gate = threading.Event()

    def reply(connection, _):
        gate.wait(10)
        connection.respond(200, completion())

    up = upstream(serving(reply))
    gw = gateway(config([deployment("m", "openai/m", up.url)]))
    with Raw(gw) as client:
        client.send(post(chat_body("m")))
        wait_for("the request", lambda: up.requests)
        gw.signal(signal.SIGTERM)
        wait_for("no new connections", lambda: refused(gw.port))
        gate.set()
        got = client.reply()
        assert got.status == 200 and got.header("connection") == "close"
        assert client.at_end(3)
    assert gw.wait() == 0


def test_signals_from_the_first_moment(tmp_path):
    """Whenever SIGTERM or SIGHUP comes after the port is told, it is heard and does no harm."""
    for n in range(6):
        folder = tmp_path / str(n)
        folder.mkdir()
        gw = harness.Gateway(folder, config([HELLO]))
        for _ in range(n):
            gw.signal(signal.SIGHUP)
        gw.signal(signal.SIGTERM)
        assert gw.wait() == 0, gw.stderr()


def test_reload(gateway, upstream):
    slow = Slow(upstream)
    rows = [HELLO, deployment("m", "openai/m", slow.url)]
    gw = gateway(config(rows))
    with Raw(gw) as kept, Raw(gw) as client:
        kept.send(get("/v1/models"))
        assert [m["id"] for m in kept.reply().json()["data"]] == ["hello", "m"]
        client.send(post(chat_body("m", stream=True)))
        client.head()
        body = client.chunk()
        gw.reload(config([HELLO, {**HELLO, "model_name": "new"}]))

        def seen():
            kept.send(get("/v1/models"))
            return [m["id"] for m in kept.reply().json()["data"]] == ["hello", "new"]
        wait_for("the new configuration on the old connection", seen)
        slow.go.release()  # the stream belongs to a model that is no more
        while data := client.chunk():
            body += data
        assert text_of(harness.sse_events(body)) == "one two"
        client.send(post(chat_body("m")))
        assert client.reply().status == 400
    assert gw.chat("new").status == 200


def test_reload_changes_the_key(gateway):
    gw = gateway(config([HELLO]))
    made = config([HELLO])
    made["general_settings"]["master_key"] = "sk-another"
    gw.reload(made)
    wait_for("the new key", lambda: gw.request("GET", "/v1/models", key="sk-another").status == 200)
    assert gw.request("GET", "/v1/models").status == 401


@pytest.mark.parametrize("broken", ["model_list: [", "litellm_settings: {num_retries: many}", None])
def test_a_broken_configuration_changes_nothing(gateway, broken):
    gw = gateway(config([HELLO]))
    if broken is None:
        gw.config_path.unlink()
        gw.signal(signal.SIGHUP)
        wait_for("the line", lambda: gw.log_lines("reload failed"))
    else:
        gw.reload(broken)
    assert gw.log_lines("reload failed")
    assert gw.log_lines("config.yaml")
    assert gw.chat("hello").status == 200


def test_many_reloads_under_load(gateway, upstream):
    """Configurations come and go under requests; none is lost, and none stays behind."""
    up = upstream(answer())
    made = config([deployment("m", "openai/m", up.url)])
    gw = gateway(made)
    statuses, stop = [], threading.Event()

    def ask():
        with Raw(gw) as client:
            while not stop.is_set():
                client.send(post(chat_body("m")))
                statuses.append(client.reply().status)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(15):
        gw.reload(made)
    before = gw.memory_mb()
    for _ in range(15):
        gw.reload(made)
    stop.set()
    for thread in threads:
        thread.join()
    assert len(statuses) > 20 and set(statuses) == {200}
    assert gw.memory_mb() - before < 5 * SLACK


def test_out_of_descriptors(gateway, upstream):
    """Who comes then has to wait or to go; those who are there are served, and it recovers."""
    up = upstream(answer())
    gw = gateway(config([deployment("m", "openai/m", up.url)], litellm_settings={"num_retries": 0}),
                 workers=1)
    with Raw(gw) as first:
        first.send(get("/v1/models"))
        assert first.reply().status == 200
        resource.prlimit(gw.pid, resource.RLIMIT_NOFILE, (gw.baseline + 20, gw.baseline + 20))
        crowd = [Raw(gw) for _ in range(60)]
        time.sleep(0.3)
        first.send(get("/v1/models") + post(chat_body("m")))
        assert first.reply().status == 200
        reply = first.reply()  # no descriptor is left for the provider
        assert reply.status in (500, 502, 503), reply
        for client in crowd:
            client.close()
    wait_for("descriptors", lambda: gw.descriptors() <= gw.baseline + 1)
    assert gw.chat("m").status == 200


# ---- Start ----

def test_start_and_first_answer_are_quick(tmp_path):
    best = 9.0
    for n in range(5):
        folder = tmp_path / str(n)
        folder.mkdir()
        with contextlib.ExitStack() as stack:
            gw = harness.Gateway(folder, config([HELLO]))
            stack.callback(gw.kill)
            assert gw.chat("hello").status == 200
            best = min(best, time.monotonic() - gw.started)
            idle = gw.memory_mb()
    assert best < 0.25 * SLACK, f"{best:.3f} s to the first answer"
    assert idle < 25 * SLACK, f"{idle:.1f} MB idle"


def test_a_port_that_is_taken(gateway, tmp_path):
    gw = gateway(config([HELLO]))
    (tmp_path / "again").mkdir()
    with pytest.raises(AssertionError, match=f"exit status 1.*port {gw.port}"):
        harness.Process(tmp_path / "again", ["serve", "--config", gw.config_path, "--port",
                                            gw.port, "--host", "127.0.0.1"])
