"""The examples, which are programs as a user of libllmux writes them, against recorded providers."""

import json
import subprocess

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
                         "back: Hello, you there!"]
    unknown = run("models", "nobody/knows")
    assert unknown.returncode == 1
    assert "no model is known as nobody/knows" in unknown.stderr
