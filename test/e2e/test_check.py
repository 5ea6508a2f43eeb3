"""`llmux check` on the 593 configurations of LiteLLM's documentation, and on a few of our own."""

import gzip
import json
import subprocess

import pytest

import harness

CORPUS = harness.ROOT.parent / "shared" / "litellm" / "configs.jsonl.gz"


def check(path, **env):
    done = subprocess.run([harness.BINARY, "check", "--json", path], capture_output=True,
                          env=harness.environment(**env), timeout=20)
    assert done.returncode in (0, 1), (path, done.returncode, done.stderr[-2000:])
    report = json.loads(done.stdout)
    assert report["ok"] == (done.returncode == 0)
    assert bool(report["errors"]) != report["ok"]
    return report


def parses(text):
    """What LiteLLM's own YAML reader says, where it is installed: None when it cannot read it."""
    yaml = pytest.importorskip("yaml")
    try:
        yaml.safe_load(text)
    except yaml.YAMLError as problem:
        mark = getattr(problem, "problem_mark", None)
        return mark.line + 1 if mark else 0
    return None


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    if not CORPUS.exists():
        pytest.skip(f"{CORPUS} is not there")
    folder = tmp_path_factory.mktemp("configs")
    found = []
    with gzip.open(CORPUS, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines):
            row = json.loads(line)
            path = folder / f"{number}.yaml"
            path.write_bytes(row["yaml"].encode())
            found.append((row, path, check(path, LITELLM_MASTER_KEY="k")))
    return found


def test_no_key_of_litellms_is_unknown(corpus):
    assert len(corpus) == 593
    unknown = [(row["source"], f) for row, _, report in corpus for f in report["findings"]
               if f["kind"] == "unknown"]
    assert unknown == []


def test_every_error_has_a_place(corpus):
    for row, path, report in corpus:
        for finding in report["findings"]:
            if finding["kind"] == "error":
                assert finding["file"] == str(path) and finding["line"] > 0, (row["source"], finding)


def test_what_is_no_yaml_is_refused_and_nothing_else(corpus):
    """Three entries have litellm_params without content, which LiteLLM cannot start with either."""
    empty = 0
    for row, _, report in corpus:
        broken = [f for f in report["findings"] if f["text"].startswith("not YAML: ")]
        line = parses(row["yaml"])
        assert bool(broken) == (line is not None), (row["source"], line, report["findings"])
        if broken:
            assert len(report["findings"]) == 1
        elif not report["ok"]:
            for finding in report["findings"]:
                if finding["kind"] == "error":
                    assert finding["path"] == "model_list[].litellm_params", finding
                    empty += 1
    assert empty == 3


def test_a_wrong_value_is_named_for_people(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text("model_list: []\nlitellm_settings:\n  request_timeout: abc\n  drop_parms: 1\n")
    done = subprocess.run([harness.BINARY, "check", path.name], cwd=tmp_path, text=True,
                          capture_output=True, env=harness.environment(LITELLM_MASTER_KEY="k"))
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        'config.yaml:3:20: error: litellm_settings.request_timeout: expected a number of seconds, '
        'found "abc"',
        'config.yaml:4:3: warning: litellm_settings.drop_parms: unknown key; did you mean '
        'drop_params?',
    ]


def test_the_example_needs_no_key():
    report = check(harness.ROOT / "examples" / "config.yaml", LITELLM_MASTER_KEY="k")
    assert report["ok"] and {f["kind"] for f in report["findings"]} <= {"note"}
