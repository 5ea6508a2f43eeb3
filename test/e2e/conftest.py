"""Fixtures: programs that are started for a test and, after it, must be as they were before.

After each test every gateway is still alive, has given back its descriptors, has stayed within its
memory, and ends with status 0 on SIGTERM.
"""

import itertools

import pytest

import harness


@pytest.fixture
def gateway(tmp_path):
    """Starts `llmux serve`: gateway(config, *arguments, workers=2, env=None)."""
    started, number = [], itertools.count()

    def start(config, *arguments, **more):
        folder = tmp_path / f"gateway-{next(number)}"
        folder.mkdir()
        one = harness.Gateway(folder, config, *arguments, **more)
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


@pytest.fixture(scope="session")
def authority(tmp_path_factory):
    return harness.Authority(tmp_path_factory.mktemp("authority"))


def config(model_list, **more):
    return {"model_list": model_list, "general_settings": {"master_key": harness.KEY}, **more}
