"""Several gateways that share what their routers know through a real redis-server."""

import shutil
import socket
import subprocess
import threading
import time
from decimal import Decimal

import pytest

from harness import Authority, answer, wait_for
from test_cost import cost_of, searching
from test_router import group, slow, told

pytestmark = pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
PASSWORD = "pass:word"
TURN = 0.8  # several turns of both nodes, on a busy machine


class Redis:
    def __init__(self, folder, *more):
        self.folder, self.process, self.more = folder, None, more
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir",
             str(self.folder), "--requirepass", PASSWORD, *map(str, self.more)], stdout=subprocess.DEVNULL)
        wait_for("redis", self.answers)

    def answers(self):
        with socket.socket() as s:
            return s.connect_ex(("127.0.0.1", self.port)) == 0

    def kill(self):
        self.process.kill()
        self.process.wait()

    def settings(self):
        return {"redis_url": f"redis://:pass%3Aword@127.0.0.1:{self.port}/2"}


@pytest.fixture
def redis(tmp_path):
    server = Redis(tmp_path)
    yield server
    server.kill()


def sharing(gw):
    return gw.request("GET", "/router/state").json()["sharing"]


def up(gw):
    wait_for("sharing", lambda: sharing(gw)["state"] == "up")
    return gw


def fresh_minute():
    """Counts are of calendar minutes: none may end within the test."""
    if time.time() % 60 > 50:
        time.sleep(60.5 - time.time() % 60)


def test_limits_hold_over_all_nodes(gateway, upstream, redis):
    made = group([upstream(answer())], [{"rpm": 10}], retries=0,
                 router={"enable_pre_call_checks": True, **redis.settings()})
    one, two = up(gateway(made)), up(gateway(made))
    fresh_minute()
    assert [one.chat("m").status for _ in range(6)] == [200] * 6
    time.sleep(TURN)
    assert sorted(two.chat("m").status for _ in range(8)) == [200] * 4 + [429] * 4
    time.sleep(TURN)
    assert one.chat("m").status == 429
    state = one.request("GET", "/router/state").json()
    assert state["deployments"][0]["this_minute"]["requests"] == 10
    assert sharing(one)["node"] != sharing(two)["node"]


def test_a_cooldown_holds_on_all_nodes(gateway, upstream, redis):
    limited, good = upstream(told(429, "retry-after: 30\r\n")), upstream(answer())
    made = group([limited, good], router=redis.settings())
    one, two = up(gateway(made)), up(gateway(made))
    for _ in range(10):
        assert one.chat("m").status == 200
    assert len(limited.requests) == 1
    time.sleep(TURN)
    for _ in range(20):
        assert two.chat("m").status == 200
    assert len(limited.requests) == 1


def test_what_adaptive_has_learned_is_shared(gateway, upstream, redis):
    """How often a deployment failed and how long the others take, so that a node need not find out by itself."""
    bad, far, near = upstream(told(500)), upstream(slow(0.2, "far")), upstream(slow(0.01, "near"))
    made = group([bad, far, near], retries=2, router={"routing_strategy": "adaptive", "disable_cooldowns": True,
                                                     **redis.settings()}, llmux_settings={"adaptive_explore": 0})
    one, two = up(gateway(made)), up(gateway(made))
    fresh_minute()
    assert [one.chat("m").status for _ in range(30)] == [200] * 30
    time.sleep(TURN)
    seen = {d["id"]: d for d in two.request("GET", "/router/state").json()["deployments"]}
    here = {d["id"]: d for d in one.request("GET", "/router/state").json()["deployments"]}
    for name, d in seen.items():
        assert d["odds"]["good"] == pytest.approx(here[name]["odds"]["good"], abs=2), name
        assert d["odds"]["bad"] == pytest.approx(here[name]["odds"]["bad"], abs=2), name
    asked = len(bad.requests) + len(far.requests)  # 2 of each, to find out
    assert [two.chat("m").status for _ in range(20)] == [200] * 20
    assert len(bad.requests) + len(far.requests) <= asked + 1  # what is known fades, on a slow machine


def test_places_are_shared(gateway, upstream, redis):
    made = group([upstream(slow(3, "late"))], [{"max_parallel_requests": 1}], retries=0,
                 router=redis.settings())
    one, two = up(gateway(made)), up(gateway(made))
    first = threading.Thread(target=lambda: one.chat("m"))
    first.start()
    wait_for("the other's request", lambda: two.request("GET", "/router/state").json()
             ["deployments"][0]["in_flight_elsewhere"] == 1)
    first.join()
    wait_for("its end", lambda: two.request("GET", "/router/state").json()
             ["deployments"][0]["in_flight_elsewhere"] == 0)


def test_free_searches_are_counted_together(gateway, upstream, redis):
    """Two searches an answer, five of which the provider gives for free, in whichever node."""
    made = searching(upstream, "gemini-3-flash-preview", apply_search_free_tier=True)
    made["router_settings"] = {**made.get("router_settings", {}), **redis.settings()}
    one, two = up(gateway(made)), up(gateway(made))
    assert [cost_of(one), cost_of(one)] == [0, 0]
    time.sleep(TURN)
    assert cost_of(two) == Decimal("0.014")
    time.sleep(TURN)
    assert cost_of(one) == Decimal("0.028")
    for node in one, two:
        node.kill()
    assert cost_of(up(gateway(made))) == Decimal("0.028")  # starting anew gives nothing back


def test_redis_goes_and_comes_back_under_load(gateway, upstream, redis):
    made = group([upstream(answer()), upstream(answer())], router=redis.settings())
    nodes = [up(gateway(made)), up(gateway(made))]
    statuses, over = [], threading.Event()

    def load(gw):
        while not over.is_set():
            started = time.monotonic()
            statuses.append((gw.chat("m").status, time.monotonic() - started))

    threads = [threading.Thread(target=load, args=(gw,)) for gw in nodes for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _ in range(2):
            redis.kill()
            for gw in nodes:
                wait_for("being alone", lambda gw=gw: sharing(gw)["state"] == "down")
            time.sleep(0.5)
            redis.start()
            for gw in nodes:
                up(gw)
    finally:
        over.set()
        for thread in threads:
            thread.join()
    assert len(statuses) > 50 and {status for status, _ in statuses} == {200}
    assert max(took for _, took in statuses) < 3
    lines = nodes[0].log_lines("router state is")
    assert sum("not shared" in line for line in lines) == 2
    assert sum("shared with other nodes again" in line for line in lines) == 2
    assert PASSWORD not in nodes[0].stdout()


def test_a_server_that_hangs_is_done_without(gateway, upstream):
    """It takes connections, and never answers."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(16)
        gw = gateway(group([upstream(answer())],
                           router={"redis_host": "127.0.0.1", "redis_port": deaf.getsockname()[1]}))
        wait_for("being alone", lambda: sharing(gw)["state"] == "down")
        assert gw.chat("m").status == 200
        assert "Redis at 127.0.0.1" in sharing(gw)["error"]


def test_the_redis_of_the_cache(gateway, upstream, redis):
    made = group([upstream(answer())])
    made["litellm_settings"].update(cache=True, cache_params={"type": "redis"})
    gw = gateway(made, env={"REDIS_HOST": "127.0.0.1", "REDIS_PORT": redis.port,
                            "REDIS_PASSWORD": PASSWORD})
    up(gw)
    made["litellm_settings"]["cache"] = False
    gw.reload(made)
    wait_for("no sharing", lambda: sharing(gw)["state"] == "off")


def test_what_one_has_checked_no_other_asks(gateway, upstream, redis):
    ups = [upstream(answer()), upstream(told(500))]
    def checks():
        return sum(len(up.requests) for up in ups)

    def asked_in(seconds, **settings):
        made = group(ups, router=redis.settings())
        made["general_settings"].update(background_health_checks=True, health_check_interval=2, **settings)
        nodes = [up(gateway(made))]
        time.sleep(0.5)  # a check each second: nodes that ask at the same moment cannot know
        nodes.append(up(gateway(made)))
        time.sleep(1)  # the first round of both
        before = checks()
        time.sleep(seconds)
        asked = checks() - before
        told_by = [node.request("GET", "/health").json() for node in nodes]
        assert [(t["healthy_count"], t["unhealthy_count"]) for t in told_by] == [(1, 1)] * 2
        status = nodes[0].request("GET", "/health/shared-status").json()
        for node in nodes:
            node.stop()
        return asked, status

    alone, _ = asked_in(6)
    shared, status = asked_in(6, use_shared_health_check=True)
    assert shared <= 0.75 * alone, (shared, alone)  # half of it
    assert status["status"]["redis_available"] is True and status["status"]["pod_id"]


@pytest.fixture
def tls_redis(tmp_path):
    """A server that speaks TLS on its second port, shows a certificate for 127.0.0.1, and knows alice."""
    authority = Authority(tmp_path)
    chain, key = authority.issue("redis", "IP:127.0.0.1")
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    server = Redis(tmp_path, "--tls-port", port, "--tls-cert-file", chain, "--tls-key-file", key,
                   "--tls-ca-cert-file", authority.ca, "--tls-auth-clients", "no",
                   "--user", *"alice on >wonder ~{here}* &* +@all".split())
    server.tls_port, server.authority = port, authority
    yield server
    server.kill()


def test_tls_and_users(gateway, upstream, tls_redis):
    ups = [upstream(told(429, "retry-after: 30\r\n")), upstream(answer())]
    ca, port = tls_redis.authority.ca, tls_redis.tls_port
    url = {"redis_url": f"rediss://:pass%3Aword@127.0.0.1:{port}?ssl_ca_certs={ca}"}
    one, two = [up(gateway(group(ups, router=url))) for _ in range(2)]
    while one.chat("m").status != 200 or not ups[0].requests:
        pass
    time.sleep(TURN)
    assert {two.chat("m").status for _ in range(10)} == {200} and len(ups[0].requests) == 1

    def by_cache(**params):
        made = group(ups)
        made["litellm_settings"].update(cache=True, cache_params={
            "type": "redis", "host": "127.0.0.1", "port": port, "ssl": True, "username": "alice",
            "password": "wonder", "namespace": "here", **params})
        return gateway(made)
    up(by_cache(ssl_ca_certs=str(ca)))
    up(by_cache(ssl_cert_reqs="none"))
    refused = by_cache()
    wait_for("its end", lambda: sharing(refused)["state"] == "down")
    assert "self-signed certificate" in sharing(refused)["error"] and refused.chat("m").status == 200
    stranger = by_cache(ssl_ca_certs=str(ca), namespace="elsewhere")
    wait_for("its end", lambda: sharing(stranger)["state"] == "down")
    assert "NOPERM" in sharing(stranger)["error"] or "access" in sharing(stranger)["error"]
    wrong = by_cache(ssl_ca_certs=str(ca), password="wrong")
    wait_for("its end", lambda: sharing(wrong)["state"] == "down")
    assert "WRONGPASS" in sharing(wrong)["error"] and "wrong" not in sharing(wrong)["error"]


def test_a_certificate_for_somebody_else(gateway, upstream, tls_redis):
    made = group([upstream(answer())], router={
        "redis_url": f"rediss://:pass%3Aword@localhost:{tls_redis.tls_port}?ssl_ca_certs={tls_redis.authority.ca}"})
    gw = gateway(made)
    wait_for("its end", lambda: sharing(gw)["state"] == "down")
    assert "hostname mismatch" in sharing(gw)["error"]
    made["router_settings"]["redis_url"] += "&ssl_check_hostname=false"
    up(gateway(made))


def test_what_is_no_tls_is_told(gateway, upstream, redis):
    made = group([upstream(answer())], router={"redis_url": f"rediss://127.0.0.1:{redis.port}"})
    gw = gateway(made)
    wait_for("its end", lambda: sharing(gw)["state"] == "down")
    assert "TLS: " in sharing(gw)["error"] and gw.chat("m").status == 200
