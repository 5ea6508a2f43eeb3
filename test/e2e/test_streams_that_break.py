"""A stream that breaks goes on at another deployment, with what was already said: on the real binary."""

import json
import time

import openai
import pytest

from harness import KEY, config, deployment, piece, serving

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


# ---- Clients of the Responses API ----

def responses_words(*words, upto=99):
    """The events of an answer, as far as `upto` of them, without what ends the response."""
    head = {"id": "resp_one", "object": "response", "created_at": 1, "status": "in_progress", "model": "m", "error": None,
            "output": [], "parallel_tool_calls": True, "tool_choice": "auto", "tools": []}
    at = {"item_id": "msg_one", "output_index": 0, "content_index": 0}
    part = {"type": "output_text", "text": "".join(words), "annotations": []}
    item = {"id": "msg_one", "type": "message", "role": "assistant", "status": "completed", "content": [part]}
    events = [("created", {"response": head}), ("in_progress", {"response": head}),
              ("output_item.added", {"output_index": 0, "item": {**item, "status": "in_progress", "content": []}}),
              ("content_part.added", {**at, "part": {**part, "text": ""}})]
    events += [("output_text.delta", {**at, "delta": w, "logprobs": []}) for w in words]
    events += [("output_text.done", {**at, "text": part["text"], "logprobs": []}),
               ("content_part.done", {**at, "part": part}), ("output_item.done", {"output_index": 0, "item": item})]
    usage = {"input_tokens": 7, "input_tokens_details": {"cached_tokens": 0}, "output_tokens": 2,
             "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 9}
    events += [("completed", {"response": {**head, "status": "completed", "output": [item], "usage": usage}})]
    return "".join(event("response." + kind, sequence_number=n, **members)
                   for n, (kind, members) in enumerate(events[:upto]))


def gemini_words(*words, finish="STOP"):
    return "".join("data: " + json.dumps({
        "candidates": [{"content": {"role": "model", "parts": [{"text": w}]}, "index": 0,
                        **({"finishReason": finish} if finish and i == len(words) - 1 else {})}],
        "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 2, "totalTokenCount": 9},
        "modelVersion": "g", "responseId": "r"}) + "\r\n\r\n" for i, w in enumerate(words))


# The model, the beginning of a stream, and a whole one.
SPEAKERS = {
    "responses": ("openai/gpt-4o", lambda *w: responses_words(*w, upto=4 + len(w)), responses_words),
    "chat": ("groq/m", openai_words, lambda *w: openai_words(*w) + openai_end()),
    "anthropic": ("anthropic/claude-haiku-4-5", claude_words, lambda *w: claude_words(*w) + claude_end()),
    "gemini": ("gemini/gemini-2.5-flash", lambda *w: gemini_words(*w, finish=None), gemini_words),
}


def streaming(text, step=0, ends=True):
    """That text; of `step` bytes each piece, and cut off if it does not end."""
    def reply(connection, _):
        connection.stream()
        data = text.encode()
        for i in range(0, len(data), step or len(data)):
            connection.send_chunk(data[i:i + (step or len(data))])
        if ends:
            connection.end_chunks()
        else:
            time.sleep(0.1)  # so that the client has got it
            connection.reset()
    return serving(reply)


def both(gateway, upstream, first, bad, good, second):
    bad, good = upstream(bad), upstream(good)
    gw = gateway(config([deployment("m", SPEAKERS[first][0], bad.url, weight=1000000),
                         deployment("m", SPEAKERS[second][0], good.url, weight=1)]))
    return gw, openai.OpenAI(base_url=gw.url + "/v1", api_key=KEY, max_retries=0), good


def heard(client, **more):
    """The events of a stream as the SDK has them, and the response that it makes of them."""
    with client, client.responses.stream(model="m", input="Hi", **more) as stream:
        events = list(stream)
        response = stream.get_final_response()
    kinds = [e.type for e in events]
    assert kinds.count("response.created") == kinds.count("response.completed") == 1
    assert [e.sequence_number for e in events] == list(range(len(events)))
    assert len({e.response.id for e in events if hasattr(e, "response")}) == 1
    for e in events:
        if e.type == "response.output_text.delta":
            assert e.item_id == response.output[e.output_index].id
    assert [i.id for i in response.output] == [e.item.id for e in events if e.type == "response.output_item.added"]
    return events, response


@pytest.mark.parametrize("second", SPEAKERS)
@pytest.mark.parametrize("first", SPEAKERS)
def test_a_response_goes_on(gateway, upstream, first, second):
    gw, client, good = both(gateway, upstream, first, streaming(SPEAKERS[first][1]("Hello ", "wor"), ends=False),
                            streaming(SPEAKERS[second][2]("ld", "!")), second)
    events, response = heard(client)
    assert response.output_text == "Hello world!"
    assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == "Hello world!"
    assert len(response.output) == 1 and len(response.output[0].content) == 1
    assert response.usage.input_tokens > 7 and response.usage.output_tokens > 2
    assert "Hello wor" in json.dumps(good.requests[0].json())
    assert "resumed=1" in gw.access_line("POST")


@pytest.mark.parametrize("upto", range(1, 9))
def test_a_response_goes_on_after_each_event(gateway, upstream, upto):
    gw, client, good = both(gateway, upstream, "responses",
                            streaming(responses_words("Hello ", "wor", upto=upto), ends=False),
                            streaming(responses_words("ld", "!")), "responses")
    _, response = heard(client)
    before = "" if upto <= 4 else "Hello " if upto == 5 else "Hello wor"
    assert response.output_text == before + "ld!"
    assert ("cut off" in json.dumps(good.requests[0].json())) == (upto > 4)
    assert "resumed=1" in gw.access_line("POST")


@pytest.mark.parametrize("second", ["responses", "chat"])
def test_a_response_goes_on_byte_by_byte(gateway, upstream, second):
    _, client, _ = both(gateway, upstream, "responses",
                        streaming(responses_words("Hello ", "wor", upto=6), step=1, ends=False),
                        streaming(SPEAKERS[second][2]("ld", "!"), step=1), second)
    assert heard(client)[1].output_text == "Hello world!"


@pytest.mark.parametrize("more", [{"store": True}, {"extra_body": {"previous_response_id": "resp_0"}}])
def test_a_response_that_is_kept_ends_in_its_error(gateway, upstream, more):
    _, client, good = both(gateway, upstream, "responses",
                           streaming(responses_words("Hello ", "wor", upto=6), ends=False),
                           streaming(responses_words("ld", "!")), "responses")
    with client, client.responses.stream(model="m", input="Hi", **more) as stream:
        events = list(stream)
    assert events[-1].type == "response.failed" and events[-1].response.status == "failed"
    assert [e.sequence_number for e in events] == list(range(len(events)))
    assert events[-1].response.output_text == "Hello wor" and not good.requests
