"""What is counted here, because the provider did not say what was used: marked everywhere, and
billed. The prompt "Hi" has 8 tokens as LiteLLM counts a chat, "Hello, you there!" 5."""

import json
import threading

import pytest

from harness import (DONE, Raw, chat_body, completion, config, deployment, piece, post, serving,
                     wait_for)

PRICES = {"input_cost_per_token": 0.001, "output_cost_per_token": 0.01}
WORDS = ["Hello", ", you", " there!"]
USAGE = {"include_usage": True}


def whole(connection, request):
    """A reply without usage, whatever was asked for."""
    if request.json().get("stream"):
        connection.stream()
        for word in WORDS:
            connection.send_chunk(piece(word))
        connection.send_chunk(piece("", "stop") + DONE)
        connection.end_chunks()
    else:
        reply = completion("".join(WORDS))
        del reply["usage"]
        connection.respond(200, reply)


def cut(connection, request):
    """A stream that ends before it is complete."""
    connection.stream()
    for word in WORDS:
        connection.send_chunk(piece(word))
    connection.sock.close()


def failing(connection, request):
    connection.stream()
    for word in WORDS:
        connection.send_chunk(piece(word))
    connection.send_chunk('data: {"error": {"message": "broken", "type": "server_error"}}\n\n')
    connection.end_chunks()


def lines_of(gw, pattern):
    return wait_for(f"a line with {pattern}", lambda: gw.log_lines(pattern))


@pytest.fixture
def serve(gateway, upstream):
    def start(reply, **settings):
        provider = upstream(serving(reply))
        return gateway(config([deployment("m", "openai/gpt-4o", provider.url, **PRICES)],
                              litellm_settings={"num_retries": 0, **settings}))
    return start


def test_a_whole_reply(serve):
    gw = serve(whole)
    reply = gw.chat("m")
    assert reply.json()["usage"] == {"prompt_tokens": 8, "completion_tokens": 5,
                                     "total_tokens": 13, "estimated": True}
    assert reply.json()["choices"][0]["message"]["content"] == "".join(WORDS)
    assert reply.header("x-llmux-usage-estimated") == "true"
    assert reply.header("x-litellm-response-cost") == "0.058"
    assert "tokens=8+5 estimated cost=0.058" in gw.access_line("model=m ")


def test_a_whole_reply_in_another_language(serve):
    reply = serve(whole).messages("m")
    assert reply.json()["usage"]["input_tokens"] == 8
    assert reply.json()["usage"]["output_tokens"] == 5
    assert reply.header("x-llmux-usage-estimated") == "true"
    assert reply.header("x-litellm-response-cost") == "0.058"


def test_a_reply_with_usage_is_not_counted(serve):
    gw = serve(lambda connection, _: connection.respond(200, completion("Hello")))
    reply = gw.chat("m")
    assert reply.json()["usage"]["prompt_tokens"] == 3
    assert reply.header("x-llmux-usage-estimated") is None
    assert "estimated" not in gw.access_line("model=m ")


def test_a_stream(serve):
    gw = serve(whole)
    plain = gw.chat("m", stream=True)
    assert b"usage" not in plain.body
    assert plain.body.endswith(b"data: [DONE]\n\n")
    told = gw.chat("m", stream=True, stream_options=USAGE)
    chunks = [data for _, data in told.events() if isinstance(data, dict)]
    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] == 13
    assert chunks[-1]["usage"]["estimated"] is True
    assert told.body.endswith(b"data: [DONE]\n\n") and told.body.count(b"[DONE]") == 1
    wait_for("both lines", lambda: len(gw.log_lines(r"tokens=8\+5 estimated cost=0.058")) == 2)


def test_a_stream_in_another_language(serve):
    gw = serve(whole)
    reply = gw.messages("m", stream=True)
    last = [data for _, data in reply.events() if data["type"] == "message_delta"][-1]
    assert (last["usage"]["input_tokens"], last["usage"]["output_tokens"]) == (8, 5)
    lines_of(gw, r"tokens=8\+5 estimated cost=0.058")


@pytest.mark.parametrize("reply", [cut, failing])
@pytest.mark.parametrize("front", ["chat", "messages"])
def test_a_stream_that_breaks_off_is_billed_for_what_was_said(serve, reply, front):
    gw = serve(reply)
    getattr(gw, front)("m", stream=True)
    lines_of(gw, r"tokens=8\+5 estimated cost=0.058")


def test_a_client_that_goes_is_billed_for_what_was_said(serve):
    go_on = threading.Event()

    def slow(connection, _):
        connection.stream()
        for word in WORDS:
            connection.send_chunk(piece(word))
        go_on.wait(10)

    gw = serve(slow)
    with Raw(gw) as raw:
        raw.send(post(chat_body("m", stream=True)))
        raw.until(b"there!")
    lines_of(gw, r" 499 .*tokens=8\+5 estimated cost=0.058")
    go_on.set()


def test_long_requests_are_counted_before_they_go(serve):
    """More than a megabyte is not kept while a stream runs."""
    gw = serve(whole)
    text = "word " * 300_000
    gw.chat("m", stream=True, messages=[{"role": "user", "content": text}])
    line = lines_of(gw, r"estimated")[0]
    assert "tokens=300007+5 " in line or "tokens=300008+5 " in line, line


def test_what_cannot_be_counted_costs_nothing(serve):
    """A block of a kind that has no known count is left out, and the request answered."""
    reply = serve(whole).chat("m", messages=[
        {"role": "user", "content": [{"type": "text", "text": "Hi"},
                                     {"type": "input_audio",
                                      "input_audio": {"data": "AAAA", "format": "wav"}}]}])
    assert reply.status == 200
    assert reply.json()["usage"]["prompt_tokens"] == 8


def test_json_log(serve):
    gw = serve(whole, json_logs=True)
    gw.chat("m")
    line = json.loads(lines_of(gw, '"usage_estimated":true')[0])
    assert (line["prompt_tokens"], line["completion_tokens"], line["cost"]) == (8, 5, 0.058)


def test_an_answer_of_more_than_is_kept_is_marked(serve):
    """Two times a MiB of text: the first is counted, the second taken to be like it."""
    many = "word " * 40000

    def reply(connection, _):
        connection.stream()
        for _ in range(11):
            connection.send_chunk(piece(many))
        connection.send_chunk(piece("", "stop") + DONE)
        connection.end_chunks()
    gw = serve(reply)
    told = gw.chat("m", stream=True, stream_options=USAGE)
    usage = [data for _, data in told.events() if isinstance(data, dict)][-1]["usage"]
    assert usage["estimated"] is True and usage["extrapolated"] is True
    assert abs(usage["completion_tokens"] - 440000) < 4400
    lines_of(gw, r"tokens=8\+\d+ estimated extrapolated cost=")
    gw = serve(whole)
    assert "extrapolated" not in gw.chat("m").json()["usage"]
