"""The largest providers, each by its own row, through OpenAI's SDK: a whole reply, a stream, a stream
of calls, an error. What the providers answer are cases of their languages (test/case).
"""

import json
import re

import openai
import pytest

import harness
from harness import KEY, Replay, config, deployment

CASES = harness.ROOT / "test" / "case"
# Language: the folder of cases; a text, a stream of calls, an error.
LANGUAGES = {
    "openai": ("openai_chat-openai_chat", "reply-text", "stream-calls", "error-openai"),
    "anthropic": ("openai_chat-anthropic", "stream-text", "stream-parallel-tool-calls",
                  "error-prompt-too-long"),
    "gemini": ("openai_chat-gemini", "stream-thinking", "stream-parallel-calls", "error-quota"),
    "bedrock": ("openai_chat-bedrock_converse", "stream-text", "stream-tool-call",
                "error-throttled"),
    "cohere": ("openai_chat-cohere_chat", "stream-text", "stream-tool-calls", "error-trial-limit"),
    "ollama": ("openai_chat-ollama_chat", "stream-text", "stream-tool-call", "error-model"),
}
PROVIDERS = {name: "openai" for name in
             ("openai", "azure", "mistral", "groq", "deepseek", "xai", "together_ai", "openrouter",
              "fireworks_ai", "perplexity", "huggingface", "databricks", "nvidia_nim")}
PROVIDERS |= {"anthropic": "anthropic", "gemini": "gemini", "vertex_ai": "gemini",
              "bedrock": "bedrock", "cohere": "cohere", "ollama": "ollama"}


def row(provider, case, url):
    """The deployment that asks for a case by its name."""
    more = {"aws_region_name": "us-east-1"} if provider == "bedrock" else {}
    made = deployment(f"{provider}/{case}", f"{provider}/{case}", url, **more)
    if provider == "vertex_ai":
        made["litellm_params"] |= {"vertex_project": "p", "vertex_location": "us-central1",
                                   "api_base": f"{url}/v1/models/{case}"}
    return made


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    import conftest
    replays = {name: Replay(tmp_path_factory.mktemp("replay"), CASES / folder)
               for name, (folder, *_) in LANGUAGES.items()}
    rows = [row(p, case, replays[lang].url) for p, lang in PROVIDERS.items()
            for case in LANGUAGES[lang][1:]]
    starting = conftest._gateways(tmp_path_factory.mktemp("gateways"))
    gw = next(starting)(config(rows, litellm_settings={"num_retries": 0, "drop_params": True}))
    with openai.OpenAI(base_url=f"http://127.0.0.1:{gw.port}/v1", api_key=KEY,
                       max_retries=0) as sdk:
        yield sdk
    next(starting, None)
    for one in replays.values():
        one.close()


def case_of(provider, which):
    return f"{provider}/{LANGUAGES[PROVIDERS[provider]][which]}"


def ask(client, model, **more):
    return client.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "Hi"}], **more)


def heard(stream):
    """Text, calls, why it ended, and usage, as users put them together."""
    text, calls, finish, usage = "", {}, None, None
    for chunk in stream:
        usage = chunk.usage or usage
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
            for call in choice.delta.tool_calls or []:
                one = calls.setdefault(call.index, ["", ""])
                one[0] += call.function.name or ""
                one[1] += call.function.arguments or ""
    return text, list(calls.values()), finish, usage


@pytest.mark.parametrize("provider", PROVIDERS)
def test_a_text(client, provider):
    whole = ask(client, case_of(provider, 1))
    text, calls, finish, usage = heard(ask(client, case_of(provider, 1), stream=True,
                                           stream_options={"include_usage": True}))
    assert whole.choices[0].message.content and whole.choices[0].finish_reason == "stop"
    assert (text, calls, finish) == (whole.choices[0].message.content, [], "stop")
    assert usage.total_tokens == whole.usage.total_tokens > 0


@pytest.mark.parametrize("provider", PROVIDERS)
def test_calls_in_a_stream(client, provider):
    _, calls, finish, _ = heard(ask(client, case_of(provider, 2), stream=True))
    assert calls and finish == "tool_calls"
    for name, arguments in calls:
        assert re.fullmatch(r"[\w-]+", name) and isinstance(json.loads(arguments), dict)


@pytest.mark.parametrize("provider", PROVIDERS)
def test_an_error(client, provider):
    with pytest.raises(openai.APIStatusError) as raised:
        ask(client, case_of(provider, 3))
    assert raised.value.status_code in (400, 401, 403, 404, 429) and "litellm." in str(raised.value)
