"""What happens when a whole group has failed: fallbacks of every kind, and what the client and the log are
told."""

import json
import time

import pytest

from harness import answer, completion, config, deployment, failure, serving

LONG = {"error": {"message": "This model's maximum context length is 100 tokens. However, your messages resulted "
                  "in 200 tokens.", "type": "invalid_request_error", "code": "context_length_exceeded"}}
BAD_WORDS = {"error": {"message": "flagged", "type": "invalid_request_error", "code": "content_policy_violation"}}


def told(status, body=None, headers=""):
    """Answers every request with an error of that status."""
    text = json.dumps(body or {"error": {"message": "no", "type": "t", "code": "c"}}).encode()
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}content-length: {len(text)}\r\n\r\n"
    return serving(lambda connection, _: connection.send(head.encode() + text))


def groups(named, router, retries=0, **settings):
    """A group of one deployment for each name and upstream (or list of upstreams)."""
    models = []
    for name, ups in named.items():
        for i, up in enumerate(ups if isinstance(ups, list) else [ups]):
            models.append(deployment(name, f"openai/{name}{i}", up if isinstance(up, str) else up.url))
    return config(models, litellm_settings={"num_retries": retries}, router_settings=router, **settings)


def text(reply):
    assert reply.status == 200, reply
    return reply.json()["choices"][0]["message"]["content"]


def hang_up(connection):
    connection.request()
    connection.reset()


def half_a_body(connection, _):
    connection.send(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 500\r\n\r\n{\"id\"")
    connection.close()


def garbage(connection, _):
    connection.respond(200, b"<html>it works</html>")


def stall(connection, _):
    time.sleep(3)


# Everything that a provider does wrong, and how long it takes to see it.
FAULTS = {
    "refused": None,
    "reset": hang_up,
    "cut": serving(half_a_body),
    "garbage": serving(garbage),
    "slow head": serving(stall),
    "500": told(500),
    "503": told(503),
    "429": told(429, headers="retry-after: 30\r\n"),
    "400": told(400),
    "401": told(401),
    "404": told(404),
    "context": told(400, LONG),
    "content": told(400, BAD_WORDS),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("stream", [False, True])
def test_every_fault_falls_back(gateway, upstream, fault, stream):
    bad = upstream(FAULTS[fault]).url if FAULTS[fault] else "http://127.0.0.1:9"
    good = upstream(answer("good"))
    made = groups({"m": bad, "other": good}, {"fallbacks": [{"m": ["other"]}], "timeout": 0.5})
    gw = gateway(made)
    reply = gw.chat("m", stream=stream)
    assert reply.status == 200, reply
    assert b"good" in reply.body
    assert reply.header("x-litellm-attempted-fallbacks") == "1"
    assert reply.header("x-litellm-attempted-retries") == "0"
    assert reply.header("x-litellm-model-group") == "other"
    line = gw.access_line("chat/completions")
    assert "tried=" in line and "fallbacks=1" in line and "group=other" in line, line
    assert len(good.requests) == 1


def test_kinds_have_lists_of_their_own(gateway, upstream):
    long, content, broken = upstream(told(400, LONG)), upstream(told(400, BAD_WORDS)), upstream(told(500))
    ups = {name: upstream(answer(name)) for name in ("a", "b", "c", "rest")}
    made = groups({"long": long, "content": content, "broken": broken, **ups}, {
        "fallbacks": [{"long": ["a"]}, {"content": ["a"]}, {"broken": ["a"]}],
        "context_window_fallbacks": [{"long": ["b"]}],
        "content_policy_fallbacks": [{"content": ["c"]}],
        "default_fallbacks": ["rest"]})
    gw = gateway(made)
    assert [text(gw.chat(m)) for m in ("long", "content", "broken")] == ["b", "c", "a"]
    assert text(gw.chat("unheard-of")) == "rest"


def test_a_kind_without_a_list_for_the_group_ends_it(gateway, upstream):
    long, other = upstream(told(400, LONG)), upstream(answer("other"))
    gw = gateway(groups({"long": long, "other": other}, {"fallbacks": [{"*": ["other"]}],
                                                         "context_window_fallbacks": [{"x": ["other"]}]}))
    assert gw.chat("long").status == 400 and not other.requests


def test_fallbacks_of_fallbacks_and_their_depth(gateway, upstream):
    bad = [upstream(told(500)) for _ in range(4)]
    end = upstream(answer("end"))
    named = {f"m{i}": up for i, up in enumerate(bad)} | {"end": end}
    chain = [{f"m{i}": [f"m{i + 1}"]} for i in range(3)] + [{"m3": ["m0", "m1", "end"]}]
    gw = gateway(groups(named, {"fallbacks": chain}))
    reply = gw.chat("m0")
    assert text(reply) == "end" and reply.header("x-litellm-attempted-fallbacks") == "4"
    assert [len(up.requests) for up in bad] == [1, 1, 1, 1]  # nobody twice
    gw = gateway(groups(named, {"fallbacks": chain, "max_fallbacks": 2}))
    assert gw.chat("m0").status == 500
    assert [len(up.requests) for up in bad] == [2, 2, 2, 1]


def test_each_group_has_its_own_retries(gateway, upstream):
    bad, worse, good = upstream(told(500)), upstream(told(500)), upstream(answer("good"))
    gw = gateway(groups({"m": [bad, bad], "n": [worse, worse], "good": good},
                        {"fallbacks": [{"m": ["n", "good"]}], "cooldown_time": 0}, retries=1))
    reply = gw.chat("m")
    assert text(reply) == "good"
    assert (len(bad.requests), len(worse.requests)) == (2, 2)
    assert reply.header("x-litellm-attempted-fallbacks") == "2"
    assert reply.header("x-litellm-attempted-retries") == "0"


def test_when_all_fail_the_first_fault_is_told(gateway, upstream):
    bad, worse = upstream(told(503)), upstream(told(400))
    gw = gateway(groups({"m": bad, "n": worse}, {"fallbacks": [{"m": ["nobody", "n"]}]}))
    reply = gw.chat("m")
    assert reply.status == 503
    message = reply.error()["message"]
    assert "m (openai/m0): 503 ServiceUnavailableError" in message and "n (openai/n0): 400" in message, message
    assert "nobody: 404" in message


def test_a_client_says_who_else(gateway, upstream):
    bad, good, named = upstream(told(500)), upstream(answer("good")), upstream(answer("named"))
    gw = gateway(groups({"m": bad, "good": good, "named": named}, {"fallbacks": [{"m": ["good"]}]}))
    assert text(gw.chat("m")) == "good"
    assert text(gw.chat("m", fallbacks=["named"])) == "named"
    assert text(gw.chat("m", fallbacks=[{"m": ["named"]}])) == "named"
    reply = gw.chat("m", fallbacks=[{"model": "named", "temperature": 0.5,
                                     "messages": [{"role": "user", "content": "shorter"}]}])
    assert text(reply) == "named"
    sent = named.requests[-1].json()
    assert sent["temperature"] == 0.5 and sent["messages"][0]["content"] == "shorter"
    assert "fallbacks" not in sent
    assert gw.chat("m", disable_fallbacks=True).status == 500
    assert gw.chat("m", max_fallbacks=0).status == 500


def test_a_group_fails_because_a_test_wants_it(gateway, upstream):
    ups = {name: upstream(answer(name)) for name in ("m", "a", "b", "c")}
    gw = gateway(groups(ups, {"fallbacks": [{"m": ["a"]}], "context_window_fallbacks": [{"m": ["b"]}],
                              "content_policy_fallbacks": [{"m": ["c"]}]}))
    assert text(gw.chat("m", mock_testing_fallbacks=True)) == "a"
    assert text(gw.chat("m", mock_testing_context_fallbacks=True)) == "b"
    assert text(gw.chat("m", mock_testing_content_policy_fallbacks=True)) == "c"
    assert gw.chat("m", mock_testing_fallbacks=True, disable_fallbacks=True).status == 500


def test_orders_are_fallbacks_too(gateway, upstream):
    bad, good = upstream(told(400)), upstream(answer("second"))
    gw = gateway(config([deployment("m", "openai/a", bad.url, order=1), deployment("m", "openai/b", good.url, order=2)],
                        litellm_settings={"num_retries": 0}))
    reply = gw.chat("m")
    assert text(reply) == "second" and reply.header("x-litellm-attempted-fallbacks") == "1"


def test_whoever_is_limited_is_not_waited_for(gateway, upstream):
    limited, good = upstream(told(429, headers="retry-after: 5\r\n")), upstream(answer("good"))
    gw = gateway(groups({"m": limited, "good": good}, {"fallbacks": [{"m": ["good"]}]}, retries=3))
    began = time.monotonic()
    assert text(gw.chat("m")) == "good" and text(gw.chat("m")) == "good"
    assert time.monotonic() - began < 2
    assert len(limited.requests) <= 2


def test_aliases_wildcards_and_ids(gateway, upstream):
    bad, good = upstream(told(500)), upstream(answer("good"))
    models = [deployment("openai/*", "openai/*", bad.url), deployment("good", "openai/g", good.url)]
    models[1]["model_info"] = {"id": "the-good-one"}
    made = config(models, litellm_settings={"num_retries": 0}, router_settings={
        "model_group_alias": {"nick": "good"}, "fallbacks": [{"openai/*": ["nick"]}, {"gpt-x": ["the-good-one"]}]})
    gw = gateway(made)
    assert text(gw.chat("openai/some")) == "good"
    assert text(gw.chat("openai/gpt-x")) == "good"
