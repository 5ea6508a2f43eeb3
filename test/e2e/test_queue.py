"""The line before deployments that are full, on the real binary."""

import time
from concurrent.futures import ThreadPoolExecutor

from harness import completion, config, deployment, serving, wait_for


def slow(seconds):
    def reply(connection, _):
        time.sleep(seconds)
        connection.respond(200, completion("slow"))
    return serving(reply)


def full(up, **settings):
    return config([deployment("m", "openai/m", up.url, max_parallel_requests=1)],
                  litellm_settings={"num_retries": 0}, **settings)


def asked(up):
    return [r.json()["messages"][0]["content"] for r in up.requests]


def says(text):
    return [{"role": "user", "content": text}]


def test_lower_priorities_go_first(gateway, upstream):
    up = upstream(slow(0.3))
    gw = gateway(full(up), workers=1)
    with ThreadPoolExecutor(max_workers=8) as pool:
        jobs = []
        for text, more in (("first", {}), ("none", {}), ("five", {"priority": 5}), ("one", {"priority": 1}),
                           ("one again", {"priority": 1}), ("none again", {})):
            jobs.append(pool.submit(gw.chat, "m", messages=says(text), **more))
            time.sleep(0.03)
        assert [j.result().status for j in jobs] == [200] * 6
    assert asked(up) == ["first", "one", "one again", "five", "none", "none again"]


def test_two_loops_share_what_is_free(gateway, upstream):
    up = upstream(slow(0.02))
    gw = gateway(full(up), workers=2)
    with ThreadPoolExecutor(max_workers=10) as pool:
        began = time.monotonic()
        assert {r.status for r in pool.map(lambda i: gw.chat("m", messages=says(str(i))), range(30))} == {200}
        assert time.monotonic() - began < 4
    assert len(up.requests) == 30


def test_a_deadline_and_a_bound(gateway, upstream):
    up = upstream(slow(1.0))
    gw = gateway(full(up, llmux_settings={"queue_max": 1}), workers=1)
    with ThreadPoolExecutor(max_workers=4) as pool:
        first = pool.submit(gw.chat, "m", messages=says("first"))
        wait_for("the first request", lambda: up.requests)
        began = time.monotonic()
        late = pool.submit(gw.chat, "m", messages=says("late"), timeout=0.3)
        time.sleep(0.1)
        refused = gw.chat("m", messages=says("refused"))
        assert refused.status == 429 and int(refused.header("retry-after")) >= 1
        assert time.monotonic() - began < 0.3, "the line is full: no reason to wait"
        reply = late.result()
        assert reply.status == 429 and 0.25 <= time.monotonic() - began < 0.9
        assert "max_parallel_requests 1 reached" in reply.error()["message"]
        assert first.result().status == 200
    assert asked(up) == ["first"]


def test_who_goes_away_leaves_the_line(gateway, upstream):
    up = upstream(slow(0.4))
    gw = gateway(full(up), workers=1)
    with ThreadPoolExecutor(max_workers=4) as pool:
        first = pool.submit(gw.chat, "m", messages=says("first"))
        wait_for("the first request", lambda: up.requests)
        try:
            gw.request("POST", "/v1/chat/completions", {"model": "m", "messages": says("gone")}, timeout=0.05)
        except OSError:
            pass
        assert gw.chat("m", messages=says("next")).status == 200
        assert first.result().status == 200
    assert asked(up) == ["first", "next"]
