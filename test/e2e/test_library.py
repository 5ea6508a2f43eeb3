"""The examples, which are programs as a user of libllmux writes them, against recorded providers."""

import json
import subprocess
import time

import harness
import pytest

EXAMPLES = harness.BUILD / "examples"


def run(name, *arguments, **env):
    program = EXAMPLES / f"example_{name}"
    if not program.exists():
        pytest.skip(f"{program} is not built")
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=30,
                          env=harness.environment(OPENAI_API_KEY="sk-library", **env))


def recorded_text(case):
    """The text of the first upstream reply in a case's file."""
    text = (harness.CASES / f"{case}.md").read_text().split("## Upstream response")[1]
    reply = json.loads(text.split("```json\n")[1].split("\n```")[0])
    return reply["choices"][0]["message"]["content"]


def test_blocking(replay):
    done = run("blocking", "openai/openai-chat", "Hi", LLMUX_BASE_URL=f"{replay.url}/v1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip("\n") == recorded_text("openai-chat").rstrip("\n")
    assert "(stop, " in done.stderr


def test_blocking_tells_of_an_error(replay):
    done = run("blocking", "openai/openai-401", "Hi", LLMUX_BASE_URL=f"{replay.url}/v1")
    assert done.returncode == 1
    assert done.stderr.startswith("AuthenticationError (401): ")


def test_streaming_gives_the_same_both_ways(replay):
    done = run("streaming", "openai/openai-stream", "Hi", LLMUX_BASE_URL=f"{replay.url}/v1")
    assert done.returncode == 0, done.stderr
    pulled, called = done.stdout.rsplit("\n", 2)[0], done.stdout
    assert called.endswith(" bytes)\n")
    count = int(called.rsplit("(", 1)[1].split()[0])
    half = pulled.encode()[:count]
    assert count > 0 and half.decode() in called
    assert called.encode() == half + b"\n" + half + f"\n({count} bytes)\n".encode()


def test_tools_take_several_turns(replay):
    done = run("tools", "openai/openai-tools", "What is the weather?",
               LLMUX_BASE_URL=f"{replay.url}/v1")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("[") and done.stdout.strip()
    turns = replay.sent("openai-tools")[-2:]
    assert [m["role"] for m in turns[1]["messages"]][:3] == ["user", "assistant", "tool"]


def test_steps_in_a_loop_of_ones_own(replay):
    done = run("poll", "openai/openai-chat", "Hi", LLMUX_BASE_URL=f"{replay.url}/v1")
    assert done.returncode == 0, done.stderr
    reply = json.loads(done.stdout)
    assert reply["choices"][0]["message"]["content"] == recorded_text("openai-chat")


def test_steps_tell_of_a_provider_that_is_not_there():
    done = run("poll", "openai/gpt-4o-mini", "Hi", LLMUX_BASE_URL="http://127.0.0.1:1/v1")
    assert done.returncode == 1
    assert json.loads(done.stdout)["error"]["code"]


def test_what_is_known_of_a_model():
    """get_model_info, supports_*, cost and tokens, without a request."""
    done = run("models", "gpt-4o", "Hello, you there!")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    info = json.loads(lines[0])
    assert info["max_input_tokens"] == 128000 and info["input_cost_per_token"] == 2.5e-06
    assert lines[1:] == ["vision: 1", "1000 tokens and 100: $0.0035", "chat: 8", "tokens: 5",
                         "back: Hello, you there!", "half: Hello,"]
    unknown = run("models", "nobody/knows")
    assert unknown.returncode == 1
    assert "no model is known as nobody/knows" in unknown.stderr


def test_a_client_with_a_configuration_is_a_router(tmp_path, upstream):
    """Strategy, retries, cooldowns, the line, fallbacks and mirrors, of questions that are under way at once."""
    def refuse(connection, _):
        connection.send(b"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n")

    bad, good = upstream(harness.serving(refuse)), upstream(harness.answer("good"))
    other, silent = upstream(harness.answer("other")), upstream(harness.answer("silent"))
    made = harness.config(
        [harness.deployment("m", "openai/bad", bad.url, order=1),
         harness.deployment("m", "openai/good", good.url, order=2, max_parallel_requests=1, silent_model="shadow"),
         harness.deployment("down", "openai/down", bad.url),
         harness.deployment("other", "openai/other", other.url),
         harness.deployment("shadow", "openai/shadow", silent.url)],
        litellm_settings={"num_retries": 2}, router_settings={"fallbacks": [{"down": ["other"]}], "cooldown_time": 60})
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(made))
    questions = [f"question {i}?" for i in range(24)]
    done = run("router", path, "m", *questions)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("  good\n") == 24 and "Error" not in done.stdout
    assert len(good.requests) == 24 and len(bad.requests) < 26 and silent.requests
    state = json.loads(done.stderr)
    by_model = {d["model"]: d for d in state["deployments"]}
    assert by_model["bad"]["state"] == "open" and by_model["bad"]["cooldown"]["status"] == 500
    assert by_model["good"]["this_minute"]["successes"] == 24 or by_model["good"]["this_minute"]["requests"] < 24
    assert {d["model_group"] for d in state["decisions"]} <= {"m", "shadow"} and state["decisions"]
    done = run("router", path, "down", "why?")
    assert "  other\n" in done.stdout, done.stdout
    done = run("router", path, "nobody", "why?")
    assert "NotFoundError" in done.stdout or "nobody" in done.stderr


def test_a_router_is_changed_while_it_runs(tmp_path, upstream):
    """Deployments come, take another's place and go; a wrong change leaves all as it was."""
    ups = {name: upstream(harness.answer(name)) for name in ("first", "second", "third")}
    def named(name, identity):
        return {**harness.deployment("m", f"openai/{name}", ups[name].url), "model_info": {"id": identity}}
    path, more = tmp_path / "config.yaml", tmp_path / "more.json"
    path.write_text(json.dumps(harness.config([named("first", "a")])))
    more.write_text(json.dumps({"model_list": [named("third", "b")], "delete_deployments": ["a"]}))
    done = run("change", path, "m", "why?",
               json.dumps({"model_list": [named("second", "a")]}),
               "delete_deployments: [nobody]",
               "{delete_deployments: [a], router_settings: {num_retries: many}}",
               str(more), "delete_deployments: ['*']")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:-2] == ["first", "second", "second", "second", "third"]
    assert "BadRequestError (400)" in done.stdout
    wrong = [line for line in done.stderr.split("\n") if line.startswith("not changed: ")]
    assert "there is no deployment with the id nobody" in wrong[0]
    assert "changes:1: router_settings.num_retries" in wrong[1]
    assert json.loads(done.stderr.split("\n")[-2]) == {"data": []}


def test_a_strategy_of_ones_own(tmp_path, upstream):
    """The first two questions go to whom the program prefers, the next ones to who has the fewest under way."""
    def slow(text):
        def reply(connection, _):
            time.sleep(0.3)
            connection.respond(200, harness.completion(text))
        return harness.serving(reply)
    ups = {name: upstream(slow(name)) for name in ("us-1", "eu-1", "eu-2")}
    models = [harness.deployment("m", "openai/m", up.url, order=1) for up in ups.values()]
    for model, name in zip(models, ups):
        model["model_info"] = {"id": name}
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps(harness.config(models)))
    done = run("strategy", path, "m", "eu-", *(f"q{i}" for i in range(5)))
    assert done.returncode == 0, done.stderr
    answers = dict(line.split(": ") for line in done.stdout.splitlines())
    assert [answers[f"q{i}"] for i in range(5)] == ["eu-1", "eu-1", "eu-2", "eu-2", "us-1"]
