"""What the router tells of itself: GET /router/state and `llmux router`."""

import subprocess

from harness import BINARY, KEY, UPSTREAM_KEY, answer, environment
from test_router import group, told


def llmux(*arguments):
    return subprocess.run([str(BINARY), "router", *arguments], capture_output=True, text=True,
                          timeout=30, env=environment())


def test_the_state_of_the_router(gateway, upstream):
    limited, good = upstream(told(429, "retry-after: 30\r\n")), upstream(answer("good"))
    gw = gateway(group([limited, good], [{"rpm": 100}, {"max_budget": 5, "budget_duration": "1d"}]))
    for _ in range(20):
        assert gw.chat("m").status == 200
    reply = gw.request("GET", "/router/state")
    state = reply.json()
    bad, fine = state["deployments"]
    assert bad["state"] == "open" and 25 < bad["cooldown"]["seconds_left"] <= 30
    assert bad["cooldown"]["status"] == 429 and bad["cooldown"]["after"] == "RateLimitError"
    assert bad["limits"] == {"rpm": 100} and bad["last_skipped"]["why"] == "cooldown"
    assert fine["state"] == "closed" and fine["budget"]["limit_usd"] == 5
    assert fine["in_flight"] == 0 and fine["by_token"]["samples"] == 20
    assert state["groups"][0]["deployments"] == 2 and state["groups"][0]["closed"] == 1
    assert state["routing_strategy"] == state["settings"]["routing_strategy"] == "simple-shuffle"
    assert state["settings"]["num_retries"] == 2 and state["settings"]["fallbacks"] is None
    outcomes = [d["outcome"] for d in state["decisions"]]
    assert outcomes.count("success") == 20 and outcomes.count("failure") == 1
    after = state["decisions"][0]
    assert after["deployment"] == fine["id"] and after["model_group"] == "m"
    assert after["skipped"] == [{"deployment": bad["id"], "why": "cooldown"}]
    assert KEY not in reply.body.decode() and UPSTREAM_KEY not in reply.body.decode()


def test_it_is_not_for_everybody(gateway, upstream):
    gw = gateway(group([upstream(answer())]))
    assert gw.request("GET", "/router/state", key=None).status == 401
    assert gw.request("GET", "/router/state", key="sk-wrong").status == 401


def test_the_command(gateway, upstream):
    gw = gateway(group([upstream(told(500)), upstream(answer())]))
    for _ in range(5):
        gw.chat("m")
    shown = llmux("--url", gw.url + "/", "--key", KEY)
    assert shown.returncode == 0 and shown.stderr == "", shown
    assert "routing_strategy: simple-shuffle" in shown.stdout and "openai/m0" in shown.stdout
    assert "last decisions:" in shown.stdout and "by simple-shuffle: success" in shown.stdout
    assert '"decisions":' in llmux("--url", gw.url, "--key", KEY, "--json").stdout
    refused = llmux("--url", gw.url)
    assert refused.returncode == 1 and "status 401 (--key?)" in refused.stderr
    assert llmux("--url", "127.0.0.1:4000").returncode == 2
    assert llmux("--url", "http://127.0.0.1:1").returncode == 1
