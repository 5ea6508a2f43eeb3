"""The command line: help, exit statuses, translate, chat, check, models, providers, replay."""

import json
import os
import re
import subprocess
import threading
import time

import pytest

import harness
from harness import BINARY, UPSTREAM_KEY, answer, completion, piece, serving, upstream_requests

COMMANDS = re.findall(r"^  (\w+) ", subprocess.run([BINARY, "--help"], capture_output=True,
                                                   text=True).stdout, re.M)
HELLO = {"model_list": [{"model_name": "hello", "litellm_params": {
    "model": "openai/x", "mock_response": "Hello there!"}}]}


def run(*arguments, stdin=b"", timeout=20, **env):
    if isinstance(stdin, (dict, list)):
        stdin = json.dumps(stdin)
    done = subprocess.run([BINARY, *map(str, arguments)], capture_output=True, timeout=timeout,
                          input=stdin.encode() if isinstance(stdin, str) else stdin,
                          env=harness.environment(**env))
    assert done.returncode in (0, 1, 2), (done.returncode, done.stderr)
    done.out, done.err = done.stdout.decode(), done.stderr.decode()
    return done


@pytest.fixture
def hello(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(HELLO))
    return path


# ---- All of them ----

@pytest.mark.parametrize("command", COMMANDS)
def test_help(command):
    for flag in ("--help", "-h"):
        done = run(command, flag)
        assert done.returncode == 0 and not done.err
        assert done.out.startswith(f"usage: llmux {command}")
        assert "exit status" in done.out
    for option, takes in re.findall(r"^  (?:-\w, |    )(--[\w-]+)( \S+)?  ", done.out, re.M):
        assert run(command, option + ("=1" if takes else ""), "--help").returncode == 0


def test_the_overview_names_every_command():
    done = run("--help")
    assert done.returncode == 0
    assert set(COMMANDS) >= {"serve", "chat", "models", "providers", "check", "translate", "replay",
                             "docs", "version"}
    assert run("help").out == done.out
    none = run()
    assert none.returncode == 2 and not none.out and "usage" in none.err


@pytest.mark.parametrize("arguments", [
    ["nothing"], ["serve", "--nothing"], ["serve", "--port"], ["serve", "--port", "x"],
    ["serve", "--port", "70000"], ["serve", "extra"], ["chat"], ["check"], ["translate"],
    ["translate", "sideways"], ["translate", "request"],
    ["translate", "response", "--provider", "x"],
    ["translate", "response", "--status", "9"], ["replay"], ["docs"], ["docs", "nothing"],
    ["version", "--verbose=1"], ["serve", "--access-log", "perhaps"], ["serve", "--workers", "0"],
    ["translate", "request", "--model", "openai/m", "--from", "latin"], ["serve"]])
def test_wrong_usage(arguments):
    done = run(*arguments)
    assert done.returncode == 2 and not done.out
    assert done.err.startswith("llmux")


def test_version():
    done = run("version")
    assert re.fullmatch(r"llmux \d+\.\d+\.\d+\n", done.out)
    assert run("--version").out == done.out
    assert "OpenSSL" in run("version", "-v").out


@pytest.mark.parametrize("arguments", [
    ["--help"], ["providers"], ["providers", "--json"], ["docs", "config"], ["docs", "man"]])
def test_a_closed_pipe_is_no_crash(arguments):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as out:
        done = subprocess.run([BINARY, *arguments], stdout=out, stderr=subprocess.PIPE, timeout=20)
    assert done.returncode in (0, 1), done


# ---- chat ----

def test_chat(hello):
    done = run("chat", "--config", hello, "-m", "hello", "Hi")
    assert (done.returncode, done.out, done.err) == (0, "Hello there!\n", "")
    assert run("chat", "-c", hello, "-m", "hello", "--no-stream", "Hi").out == "Hello there!\n"


def test_chat_as_json(hello):
    done = run("chat", "-c", hello, "-m", "hello", "--json", "Hi")
    reply = json.loads(done.out)
    assert reply["object"] == "chat.completion"
    assert reply["choices"][0]["message"]["content"] == "Hello there!"


def test_chat_with_a_provider(upstream):
    def reply(connection, request):
        if request.json().get("stream"):
            connection.stream()
            connection.send_chunk(piece("Hel") + piece("lo", "stop") + harness.DONE)
            connection.end_chunks()
        else:
            connection.respond(200, completion())

    up = upstream(serving(reply))
    more = ["chat", "-m", "openai/gpt-4o", "--base-url", up.url + "/v1"]
    done = run(*more, "-s", "Be brief.", "--max-tokens", "9", "What", "is", "it?",
               OPENAI_API_KEY=UPSTREAM_KEY)
    assert (done.returncode, done.out) == (0, "Hello\n"), done.err
    assert run(*more, "--json", "x", OPENAI_API_KEY="k").returncode == 0
    sent = up.requests[0].json()
    assert [(m["role"], m["content"]) for m in sent["messages"]] == [
        ("system", "Be brief."), ("user", "What is it?")]
    assert sent["model"] == "gpt-4o" and 9 in (sent.get("max_tokens"),
                                               sent.get("max_completion_tokens"))
    assert up.requests[0].header("authorization") == "Bearer " + UPSTREAM_KEY


def test_the_prompt_from_stdin(upstream):
    up = upstream(answer())
    more = ["chat", "-m", "openai/m", "--base-url", up.url + "/v1", "--json"]
    run(*more, stdin="from a pipe\n", OPENAI_API_KEY="k")
    run(*more, "summarize:", stdin="a long text\n", OPENAI_API_KEY="k")
    run(*more, "alone", OPENAI_API_KEY="k")
    assert [r.json()["messages"][0]["content"] for r in up.requests] == [
        "from a pipe", "summarize:\n\na long text", "alone"]


def test_chat_that_fails(upstream, hello):
    up = upstream(serving(lambda c, _: c.respond(401, {"error": {"message": "Incorrect API key"}})))
    done = run("chat", "-m", "openai/m", "--base-url", up.url + "/v1", "Hi",
               OPENAI_API_KEY=UPSTREAM_KEY)
    assert done.returncode == 1 and not done.out
    assert "AuthenticationError" in done.err and "Incorrect API key" in done.err
    assert "401" in done.err and UPSTREAM_KEY not in done.err
    assert run("chat", "-c", hello, "-m", "nope", "Hi").returncode == 1
    assert run("chat", "-c", "/nonexistent.yaml", "-m", "hello", "Hi").returncode == 1
    assert run("chat", "-m", "openai/m", "Hi").returncode == 1  # no key


def test_an_error_does_not_steer_the_terminal(upstream):
    body = {"error": {"message": "red \x1b[31m alert\x07 \u00e4"}}
    up = upstream(serving(lambda c, _: c.respond(400, body)))
    done = run("chat", "-m", "openai/m", "--base-url", up.url + "/v1", "Hi", OPENAI_API_KEY="k")
    assert "red ?[31m alert? \u00e4" in done.err


def test_chat_into_a_closed_pipe_stops_the_stream(upstream):
    gone = threading.Event()

    def reply(connection, _):
        try:
            connection.stream()
            for _ in range(100000):
                connection.send_chunk(piece("x" * 100) + piece("y" * 100))
        except OSError:
            gone.set()

    up = upstream(serving(reply))
    process = subprocess.Popen(
        [BINARY, "chat", "-m", "openai/m", "--base-url", up.url + "/v1", "Hi"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
        env=harness.environment(OPENAI_API_KEY="k"))
    assert process.stdout.read(50) == b"x" * 50
    process.stdout.close()
    assert process.wait(10) == 1
    process.stderr.close()
    assert gone.wait(5)


def test_text_comes_as_it_is_said(upstream):
    """The first words are there while the provider still thinks about the next."""
    go = threading.Event()

    def reply(connection, _):
        connection.stream()
        connection.send_chunk(piece("first"))
        go.wait(10)
        connection.send_chunk(piece(" second", "stop") + harness.DONE)
        connection.end_chunks()

    up = upstream(serving(reply))
    process = subprocess.Popen(
        [BINARY, "chat", "-m", "openai/m", "--base-url", up.url + "/v1", "Hi"],
        stdout=subprocess.PIPE, stdin=subprocess.DEVNULL,
        env=harness.environment(OPENAI_API_KEY="k"))
    assert process.stdout.read(5) == b"first"
    go.set()
    assert process.stdout.read() == b" second\n"
    assert process.wait(10) == 0
    process.stdout.close()


# ---- translate ----

CHAT = {"model": "anything", "max_tokens": 9, "messages": [
    {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]}
MESSAGES = {"model": "anything", "max_tokens": 9, "system": "Be brief.",
            "messages": [{"role": "user", "content": "Hi"}]}


def translate(*arguments, stdin, status=0, **env):
    done = run("translate", *arguments, stdin=stdin, **env)
    assert done.returncode == status, done.err
    return json.loads(done.out)


@pytest.mark.parametrize("language, body", [("openai_chat", CHAT), ("anthropic", MESSAGES)])
def test_translate_a_request(language, body):
    sent = translate("request", "--model", "openai/gpt-4o", "--from", language, stdin=body,
                     OPENAI_API_KEY=UPSTREAM_KEY)
    assert list(sent) == ["method", "url", "headers", "body"]
    assert (sent["method"], sent["url"]) == ("POST", "https://api.openai.com/v1/chat/completions")
    assert [(m["role"], m["content"]) for m in sent["body"]["messages"]] == [
        ("system", "Be brief."), ("user", "Hi")]
    assert sent["body"]["model"] == "gpt-4o"
    assert UPSTREAM_KEY not in json.dumps(sent)
    assert {k.lower(): v for k, v in sent["headers"].items()}["authorization"] == "***"

    sent = translate("request", "--model", "anthropic/claude-sonnet-4-5", "--from", language,
                     stdin=body)
    assert sent["url"] == "https://api.anthropic.com/v1/messages"
    headers = {k.lower(): v for k, v in sent["headers"].items()}
    assert headers["x-api-key"] == "***" and headers["anthropic-version"] == "2023-06-01"
    assert sent["body"]["system"] in ("Be brief.", [{"type": "text", "text": "Be brief."}])
    assert sent["body"]["max_tokens"] == 9


def test_translate_a_request_elsewhere():
    sent = translate("request", "--model", "openai/m", "--api-base", "http://127.0.0.1:1/v1",
                     stdin=CHAT)
    assert sent["url"] == "http://127.0.0.1:1/v1/chat/completions"


def test_what_a_request_loses():
    body = {**CHAT, "logit_bias": {"1": 1}}
    error = translate("request", "--model", "anthropic/m", stdin=body, status=1)["error"]
    assert "logit_bias" in error["message"] and error["code"] == "400"
    sent = translate("request", "--model", "anthropic/m", "--drop-params", stdin=body)
    assert [d["what"] for d in sent["dropped"]] == ["logit_bias"] and sent["dropped"][0]["why"]
    assert "logit_bias" not in sent["body"]


def test_what_a_provider_would_keep():
    marked = {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}
    body = {**CHAT, "messages": [{"role": "system", "content": [marked]}, {"role": "user", "content": "Hi"}]}
    sent = translate("request", "--model", "gemini/gemini-2.5-flash", stdin=body)
    assert sent["kept"]["url"].endswith("/v1beta/cachedContents")
    kept = sent["kept"]["body"]
    assert kept["systemInstruction"] == sent["body"]["systemInstruction"] and "contents" not in kept
    assert kept["model"] == "models/gemini-2.5-flash"
    assert "kept" not in translate("request", "--model", "gemini/gemini-2.5-flash", stdin=CHAT)


@pytest.mark.parametrize("stdin, text", [
    (b"", "end of the text"), (b"{", ""), (b"nonsense", ""), (b"[]", ""), (b"\xff", ""),
    ({"messages": "no list"}, ""), ({"messages": [{"role": "user", "content": 5}]}, "")])
def test_translate_refuses_bad_requests(stdin, text):
    error = translate("request", "--model", "anthropic/m", stdin=stdin, status=1)["error"]
    assert text in error["message"] and error["type"] == "invalid_request_error"


def test_translate_names_what_it_does_not_know():
    error = translate("request", "--model", "nobody/m", stdin=CHAT, status=1)["error"]
    assert "nobody" in error["message"]


ANTHROPIC_REPLY = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude",
                   "content": [{"type": "text", "text": "Hi"}], "stop_reason": "end_turn",
                   "stop_sequence": None, "usage": {"input_tokens": 3, "output_tokens": 5}}


def test_translate_a_response():
    reply = translate("response", "--provider", "anthropic", stdin=ANTHROPIC_REPLY)
    assert reply["object"] == "chat.completion"
    assert reply["choices"][0]["message"]["content"] == "Hi"
    assert reply["usage"]["total_tokens"] == 8
    reply = translate("response", "--provider", "openai", "--to", "anthropic", stdin=completion())
    assert reply["content"] == [{"type": "text", "text": "Hello"}]
    assert (reply["stop_reason"], reply["usage"]["output_tokens"]) == ("end_turn", 5)
    same = translate("response", "--provider", "anthropic", "--to", "anthropic",
                     stdin=ANTHROPIC_REPLY)
    assert same == ANTHROPIC_REPLY
    other = translate("response", "--provider", "openai", "--from", "anthropic",
                      stdin=ANTHROPIC_REPLY)
    assert other["choices"][0]["message"]["content"] == "Hi"


def test_translate_an_error():
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    error = translate("response", "--provider", "anthropic", "--status", "529", stdin=body)["error"]
    assert "Overloaded" in error["message"] and error["code"] == "529"
    body = {"error": {"message": "no", "type": "invalid_request_error", "code": "invalid_api_key"}}
    error = translate("response", "--provider", "openai", "--to", "anthropic", "--status", "401",
                      stdin=body)
    assert error["type"] == "error" and error["error"]["type"] == "authentication_error"


def case_response(name):
    text = (harness.CASES / f"{name}.md").read_text()
    section = text.split("## Upstream response")[1]
    return re.search(r"^```sse\n(.*?)\n```$", section, re.M | re.S).group(1) + "\n\n"


def test_translate_a_stream():
    done = run("translate", "response", "--provider", "anthropic", "--stream",
               stdin=case_response("anthropic-stream"))
    assert done.returncode == 0
    events = harness.sse_events(done.stdout)
    assert harness.text_of(events) == "1\n2\n3\n4\n5" and done.out.endswith(harness.DONE)
    done = run("translate", "response", "--provider", "openai", "--to", "anthropic", "--stream",
               stdin=case_response("openai-stream"))
    events = harness.sse_events(done.stdout)
    assert events[0][0] == "message_start" and events[-1][0] == "message_stop"
    text = [d["delta"]["text"] for n, d in events if n == "content_block_delta"]
    assert "".join(text) == "Hello! How can I assist you today?"


@pytest.mark.parametrize("stdin", [b"", b"{", b"nonsense", b"\xff\xfe", b"[]", b'{"a": 1}'])
def test_translate_refuses_bad_responses(stdin):
    for provider, to in (("anthropic", "openai_chat"), ("openai", "anthropic")):
        done = run("translate", "response", "--provider", provider, "--to", to, stdin=stdin)
        assert done.returncode == 1 and done.err.startswith("llmux translate: "), done


@pytest.mark.parametrize("provider, to", [
    ("anthropic", "openai_chat"), ("anthropic", "anthropic"), ("openai", "anthropic"),
    ("openai", "openai_chat")])
def test_translate_a_stream_that_breaks_off(provider, to):
    """What the client would get: what there was, and an error event."""
    stream = case_response(provider + "-stream")
    cut = stream.index('"stop"' if provider == "openai" else "event: content_block_stop") - 150
    done = run("translate", "response", "--provider", provider, "--to", to, "--stream",
               stdin=stream[:stream.rindex("\n\n", 0, cut) + 2])
    last = harness.sse_events(done.stdout)[-1][1]
    assert "ended" in last["error"]["message"]
    assert done.returncode == 1 and "ended" in done.err


def test_translate_agrees_with_what_is_sent():
    """The request of a case, through the command."""
    body = upstream_requests("anthropic-tools")[1]
    sent = translate("request", "--model", "anthropic/anthropic-tools", "--from", "anthropic",
                     stdin=body)
    assert sent["body"] == body


# ---- check, models, providers, docs ----

def test_check(hello, tmp_path):
    done = run("check", hello)
    assert done.returncode == 0
    assert "usable" in done.err
    bad = tmp_path / "bad.yaml"
    bad.write_text("model_list:\n- model_name: m\n  litellm_params: {model: openai/m, "
                   "timeout: soon}\nno_such_key: 1\n")
    done = run("check", bad)
    assert done.returncode == 1 and "not usable" in done.err
    assert re.search(r"bad\.yaml:3:\d+: error: .*timeout", done.out)
    assert re.search(r"bad\.yaml:4:1: .*no_such_key", done.out)
    report = json.loads(run("check", "--json", bad).out)
    assert (report["ok"], report["errors"], report["unknown"]) == (False, 1, 1)
    assert {f["kind"] for f in report["findings"]} >= {"error", "unknown"}
    assert run("check", "/nonexistent.yaml").returncode == 1
    assert run("serve", "-c", bad, "-p", "0").returncode == 1


def test_check_of_several_files(hello, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("model_list: 5")
    assert run("check", hello, hello).returncode == 0
    assert run("check", hello, bad).returncode == 1
    assert run("check", bad, hello).returncode == 1


def test_models(hello, tmp_path):
    assert run("models", "--config", hello).out.split()[0] == "hello"
    listed = json.loads(run("models", "-c", hello, "--json").out)
    assert listed[0]["model"] == "hello" and listed[0]["deployments"][0]["mock"] is True
    known = json.loads(run("models", "claude-sonnet-4-5", "--provider", "anthropic", "--json").out)
    assert known and all("claude-sonnet-4-5" in name for name in known)
    told = json.loads(run("models", "bedrock/us.anthropic.claude-newfamily-5", "--json").out)
    assert [row["supports_vision"] for row in told.values()] == [True]  # by the look of its name
    assert run("models", "nothing-like-it").returncode == 1
    secret = tmp_path / "secret.yaml"
    secret.write_text(json.dumps({"model_list": [harness.deployment("m", "openai/m", "http://x")]}))
    for form in ([], ["--json"]):
        assert UPSTREAM_KEY not in run("models", "-c", secret, *form).out
    assert run("models", "-c", "/nonexistent.yaml").returncode == 1


def test_providers():
    rows = json.loads(run("providers", "--json").out)
    ids = [r["id"] for r in rows]
    assert {"openai", "anthropic", "groq", "deepseek", "mistral"} <= set(ids)
    assert len(ids) == len(set(ids)) and all(r["source"] for r in rows)
    one = json.loads(run("providers", "anthropic", "--json").out)
    assert one["language"] == "anthropic" and one["key_variables"] == ["ANTHROPIC_API_KEY"]
    assert not one["configured"]
    one = json.loads(run("providers", "anthropic", "--json", ANTHROPIC_API_KEY=UPSTREAM_KEY).out)
    assert one["configured"]
    table = run("providers", ANTHROPIC_API_KEY=UPSTREAM_KEY)
    assert all(i in table.out for i in ids) and UPSTREAM_KEY not in table.out
    done = run("providers", "antropic")
    assert done.returncode == 1 and "anthropic" in done.err


def test_docs():
    config = run("docs", "config").out
    assert "## `model_list[].litellm_params`" in config
    manual = run("docs", "man").out
    assert manual.startswith(".TH LLMUX 1")
    assert all(f".SS {command}\n" in manual for command in COMMANDS)
    assert (harness.ROOT / "doc" / "config.md").read_text() == config


# ---- replay ----

def test_replay_finds_its_cases(tmp_path):
    one = harness.Process(tmp_path, ["replay", harness.CASES, "--port", 0, "--fast"])
    try:
        with harness.Raw(one) as client:
            client.send(harness.post(harness.chat_body("openai-429")))
            reply = client.reply()
            assert reply.status == 429 and reply.header("retry-after") == "7"
            client.send(harness.post(harness.chat_body("none of them")))
            reply = client.reply()
            assert reply.status == 404 and "openai-429" in reply.error()["cases"]
            client.send(harness.post(b"{"))
            assert client.reply().status == 404
        assert "/v1/chat/completions -> openai-429" in one.stderr()
    finally:
        one.kill()


def test_replay_keeps_the_pace(tmp_path):
    case = tmp_path / "paced.md"
    case.write_text("# Paced\n\n- front: openai_chat\n- target: openai/paced\n- source: written\n\n"
                    "## Upstream response\n\n- first-byte-ms: 100\n- event-ms: 50\n\n```sse\n"
                    "data: {\"n\": 1}\n\ndata: {\"n\": 2}\n\ndata: {\"n\": 3}\n```\n")
    for arguments, least, most in (([], 0.19, 2), (["--fast"], 0, 0.15)):
        folder = tmp_path / f"replay{len(arguments)}"
        folder.mkdir()
        one = harness.Process(folder, ["replay", case, "--port", 0, *arguments])
        try:
            with harness.Raw(one) as client:
                started = time.monotonic()
                client.send(harness.post(harness.chat_body("paced")))
                assert len(client.reply().events()) == 3
                assert least <= time.monotonic() - started <= most
        finally:
            one.kill()


def test_replay_refuses_what_is_no_case(tmp_path):
    (tmp_path / "bad.md").write_text("no title\n")
    done = run("replay", tmp_path, "--port", "0")
    assert done.returncode == 1 and "bad.md" in done.err and "line 1" in done.err
    assert run("replay", tmp_path / "nothing", "--port", "0").returncode == 1
    (tmp_path / "empty").mkdir()
    assert run("replay", tmp_path / "empty", "--port", "0").returncode == 1


# ---- serve ----

def test_hints(hello, tmp_path):
    (tmp_path / "serve").mkdir()
    one = harness.Process(tmp_path / "serve", ["serve", "--config", hello, "--port", 0, "--hints"])
    try:
        harness.wait_for("the hints", lambda: "no master key" in one.stdout())
        said = one.stdout()
        assert f"http://127.0.0.1:{one.port}/v1/chat/completions" in said
        assert f'base_url="http://127.0.0.1:{one.port}/v1"' in said
        assert "hello" in said and "a fixed answer" in said
        curl = re.search(r"curl -s (\S+) .*?-d '(.*?)'", said, re.S)
        assert json.loads(curl.group(2))["model"] == "hello"
    finally:
        one.kill()


def test_the_example_answers(tmp_path):
    """What `make run` starts."""
    one = harness.Process(tmp_path, ["serve", "--config",
                                     harness.ROOT / "examples" / "config.yaml", "--port", 0])
    try:
        with harness.Raw(one) as client:
            client.send(harness.post(harness.chat_body("hello")))
            reply = client.reply()
            assert reply.status == 200
            assert "llmux is running" in reply.json()["choices"][0]["message"]["content"]
            client.send(harness.post(harness.chat_body("openai/gpt-4o")))
            reply = client.reply()
            assert reply.status == 401 and "OPENAI_API_KEY" in reply.error()["message"]
    finally:
        one.kill()
