"""Fixtures: programs that are started for a test and, after it, must be as they were before.

After each test every gateway is still alive, has given back its descriptors, has stayed within its
memory, and ends with status 0 on SIGTERM.
"""

import itertools

import pytest

import harness


def _gateways(folder):
    """A generator that starts gateways, and checks and ends them afterwards."""
    started, number = [], itertools.count()

    def start(config, *arguments, **more):
        own = folder / f"gateway-{next(number)}"
        own.mkdir()
        one = harness.Gateway(own, config, *arguments, **more)
        started.append(one)
        return one

    yield start
    try:
        for one in started:
            if one.process.returncode is None:
                one.check_clean()
                one.stop()
    finally:
        for one in started:
            one.kill()


@pytest.fixture
def gateway(tmp_path):
    """Starts `llmux serve` for one test: gateway(config, *arguments, workers=2, env=None)."""
    yield from _gateways(tmp_path)


@pytest.fixture
def upstream():
    """Starts a provider that does what its script says."""
    started = []

    def start(script, **more):
        one = harness.Upstream(script, **more)
        started.append(one)
        return one

    yield start
    for one in reversed(started):
        one.close()


@pytest.fixture(scope="session")
def replay(tmp_path_factory):
    """`llmux replay` over all of cases/, as fast as it can."""
    one = harness.Replay(tmp_path_factory.mktemp("replay"))
    yield one
    assert one.alive(), one.stderr()
    one.close()


@pytest.fixture(scope="module")
def cases_gateway(replay, tmp_path_factory):
    """A gateway whose providers answer from cases/: "oa/CASE", "an/CASE", "ds/CASE", "ge/CASE"."""
    rows = [harness.deployment(f"{prefix}/*", f"{provider}/*", replay.url)
            for prefix, provider in (("oa", "openai"), ("an", "anthropic"), ("ds", "deepseek"),
                                     ("ge", "gemini"))]
    starting = _gateways(tmp_path_factory.mktemp("gateways"))
    yield next(starting)(harness.config(rows, litellm_settings={"num_retries": 0}))
    next(starting, None)


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return harness.Authority(tmp_path_factory.mktemp("authority"))
