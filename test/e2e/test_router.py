"""Groups of several deployments on the real binary: who is asked, who is left alone, and what a client
is told when nobody is left."""

import time

import pytest

from harness import answer, completion, config, deployment, serving


def told(status, headers=""):
    """Answers every request with an error of that status."""
    body = b'{"error": {"message": "no", "type": "t", "code": "c"}}'
    head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\n{headers}content-length: {len(body)}\r\n\r\n"
    return serving(lambda connection, _: connection.send(head.encode() + body))


def slow(seconds, text):
    def reply(connection, _):
        time.sleep(seconds)
        connection.respond(200, completion(text))
    return serving(reply)


def group(ups, params=(), router=None, retries=2, **settings):
    """One group "m" of these upstreams; params: of each deployment."""
    params = list(params) + [{}] * (len(ups) - len(params))
    return config([deployment("m", f"openai/m{i}", up.url, **params[i]) for i, up in enumerate(ups)],
                  litellm_settings={"num_retries": retries}, router_settings=router or {},
                  **settings)


def texts(gw, n, **more):
    """Whose answers come back."""
    replies = [gw.chat("m", **more) for _ in range(n)]
    assert all(r.status == 200 for r in replies), replies
    return [r.json()["choices"][0]["message"]["content"] for r in replies]


def test_a_dead_one_is_left_alone_and_comes_back(gateway, upstream):
    broken = True

    def reply(connection, _):
        if broken:
            connection.send(b"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n")
        else:
            connection.respond(200, completion("back"))

    bad, good = upstream(serving(reply)), upstream(answer("good"))
    gw = gateway(group([bad, good], router={"cooldown_time": 1}))
    assert set(texts(gw, 60)) == {"good"}
    assert 5 <= len(bad.requests) <= 12
    broken = False
    time.sleep(1.1)
    assert texts(gw, 1) == ["back"]  # the first request after the time finds out
    assert set(texts(gw, 40)) == {"back", "good"}


def test_a_limited_one_is_left_alone_as_long_as_it_says(gateway, upstream):
    limited, good = upstream(told(429, "retry-after: 30\r\n")), upstream(answer("good"))
    made = group([limited, good])
    gw = gateway(made)
    assert set(texts(gw, 30)) == {"good"}
    assert len(limited.requests) == 1
    gw.reload(made)  # what is known of a deployment outlives the configuration
    assert set(texts(gw, 30)) == {"good"}
    assert len(limited.requests) == 1


def test_the_log_says_who_cools_down(gateway, upstream):
    limited, good = upstream(told(429, "retry-after: 30\r\n")), upstream(answer("good"))
    gw = gateway(group([limited, good], [{"order": 1}, {"order": 2}]))
    assert texts(gw, 1) == ["good"]
    line = gw.access_line("chat/completions")
    words = [w for w in line.split() if w.startswith(("tried=", "cooldown="))]
    assert len(words) == 2 and words[0].split(":")[1] == "RateLimitError", line
    name, left = words[1].removeprefix("cooldown=").rsplit(":", 1)
    assert words[0].startswith(f"tried={name}:") and 29000 <= int(left.removesuffix("ms")) <= 30000, line


def test_nobody_is_left(gateway, upstream):
    ups = [upstream(told(429, "retry-after: 100\r\n")), upstream(told(429, "retry-after: 90\r\n"))]
    gw = gateway(group(ups))
    first = gw.chat("m")
    assert first.status == 429 and first.header("x-litellm-attempted-retries") == "1"
    reply = gw.chat("m")
    assert reply.status == 429 and 85 <= int(reply.header("retry-after")) <= 90
    message = reply.error()["message"]
    assert "No deployments available for selected model" in message and "Try again in" in message
    assert message.count("after 429 RateLimitError") == 2 and "openai/m0" in message, message
    assert sum(len(up.requests) for up in ups) == 2


def test_a_client_that_asks_wrongly_harms_nobody(gateway, upstream):
    ups = [upstream(told(400)), upstream(told(400))]
    gw = gateway(group(ups))
    assert {gw.chat("m").status for _ in range(20)} == {400}


def test_a_client_that_goes_away_harms_nobody(gateway, upstream):
    up = upstream(slow(0.3, "slow"))
    gw = gateway(group([up, up], router={"allowed_fails": 0}))
    for _ in range(5):
        with pytest.raises(OSError):
            gw.request("POST", "/v1/chat/completions", {"model": "m", "messages": []}, timeout=0.05)
    time.sleep(0.4)
    assert texts(gw, 2) == ["slow", "slow"]


def test_limits_of_a_minute(gateway, upstream):
    up = upstream(answer())
    gw = gateway(group([up], [{"rpm": 3}], router={"enable_pre_call_checks": True}, retries=0))
    statuses = [gw.chat("m").status for _ in range(8)]
    assert statuses.count(429) >= 2 and statuses.count(200) in (3, 6)  # a minute may pass meanwhile
    reply = gw.chat("m")
    if reply.status == 429:
        assert 1 <= int(reply.header("retry-after")) <= 60
        assert "rpm limit 3 reached" in reply.error()["message"]


def test_windows_are_counted(gateway, upstream):
    ups = [upstream(answer("small")), upstream(answer("large"))]
    made = group(ups, router={"enable_pre_call_checks": True})
    made["model_list"][0]["model_info"] = {"max_input_tokens": 100}
    gw = gateway(made)
    long = [{"role": "user", "content": "word " * 200}]
    assert set(texts(gw, 20, messages=long)) == {"large"}
    assert set(texts(gw, 40)) == {"small", "large"}
    del made["model_list"][1]
    gw = gateway(made)
    reply = gw.chat("m", messages=long)
    assert reply.status == 400 and "context window 100 <" in reply.error()["message"]


def test_the_fastest_is_asked(gateway, upstream):
    ups = [upstream(slow(0.06, "slow")), upstream(slow(0.01, "fast"))]
    gw = gateway(group(ups, router={"routing_strategy": "latency-based-routing"}))
    assert texts(gw, 20).count("fast") >= 18


def test_tags_and_sessions(gateway, upstream):
    ups = [upstream(answer(name)) for name in ("free", "paid", "other")]
    gw = gateway(group(ups, [{"tags": ["free", "default"]}, {"tags": ["paid"]}],
                       router={"enable_tag_filtering": True}))
    assert set(texts(gw, 10, headers={"x-litellm-tags": "paid"})) == {"paid"}
    assert set(texts(gw, 10, metadata={"tags": ["paid"]})) == {"paid"}
    assert set(texts(gw, 10)) == {"free"}
    gw = gateway(group(ups, router={"optional_pre_call_checks": ["session_affinity"]}))
    by_session = [set(texts(gw, 6, litellm_session_id=f"session-{i}")) for i in range(12)]
    assert all(len(names) == 1 for names in by_session)
    assert len(set.union(*by_session)) > 1


def test_a_client_stays_wherever_its_key_stands(gateway, upstream):
    ups = [upstream(answer(str(i))) for i in range(3)]
    gw = gateway(group(ups, router={"optional_pre_call_checks": ["deployment_affinity"]}, general_settings={}))

    def asked(**headers):
        body = {"model": "m", "messages": []}
        replies = [gw.request("POST", "/v1/chat/completions", body, headers, key=None) for _ in range(6)]
        return {r.json()["choices"][0]["message"]["content"] for r in replies}

    for place in ("authorization", "x-litellm-api-key", "ocp-apim-subscription-key"):
        by_key = [asked(**{place: f"Bearer key-{i}"}) for i in range(12)]
        assert all(len(names) == 1 for names in by_key), place
        assert len(set.union(*by_key)) > 1, place


def test_how_many_at_once(gateway, upstream):
    ups = [upstream(slow(0.5, "one")), upstream(answer("more"))]
    gw = gateway(group(ups, [{"max_parallel_requests": 1, "order": 1}, {"order": 2}]), workers=1)
    from concurrent.futures import ThreadPoolExecutor
    with ThreadPoolExecutor() as pool:
        first = pool.submit(texts, gw, 1)
        time.sleep(0.15)
        assert texts(gw, 3) == ["more"] * 3
        assert first.result() == ["one"]
    assert texts(gw, 1) == ["one"]
