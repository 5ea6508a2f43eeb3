"""Several gateways that share what their routers know through a real redis-server."""

import shutil
import socket
import subprocess
import threading
import time

import pytest

from harness import answer, wait_for
from test_router import group, slow, told

pytestmark = pytest.mark.skipif(not shutil.which("redis-server"), reason="redis-server is not installed")
PASSWORD = "pass:word"
TURN = 0.8  # several turns of both nodes, on a busy machine


class Redis:
    def __init__(self, folder):
        self.folder, self.process = folder, None
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir",
             str(self.folder), "--requirepass", PASSWORD], stdout=subprocess.DEVNULL)
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
    ups = [upstream(answer()) for _ in range(3)] + [upstream(told(500))]
    def checks():
        return sum(len(up.requests) for up in ups)

    def asked_in(seconds, **settings):
        made = group(ups, router=redis.settings())
        made["general_settings"].update(background_health_checks=True, health_check_interval=2, **settings)
        nodes = [up(gateway(made)) for _ in range(2)]
        time.sleep(1)  # the first round of both
        before = checks()
        time.sleep(seconds)
        asked = checks() - before
        told_by = [node.request("GET", "/health").json() for node in nodes]
        assert [(t["healthy_count"], t["unhealthy_count"]) for t in told_by] == [(3, 1)] * 2
        status = nodes[0].request("GET", "/health/shared-status").json()
        for node in nodes:
            node.stop()
        return asked, status

    alone, _ = asked_in(6)
    shared, status = asked_in(6, use_shared_health_check=True)
    assert shared <= 0.75 * alone, (shared, alone)  # half of it, but for who comes at the same time
    assert status["status"]["redis_available"] is True and status["status"]["pod_id"]
