"""Streams: every recorded stream of every provider's language, for clients of every other.

What users of other gateways saw broken, by the numbers of doc/pains.md: 7 (/v1/messages: deltas in
blocks of another kind, two message_start, first tokens gone), 16 (indices of calls, finish_reason),
17 (the Responses API's reasoning), 19 (errors that nobody sees), 29 (usage missing or twice).
"""

import json
import re
import sys
from collections import defaultdict

import anthropic
import openai
import pytest

import harness
from harness import KEY, Replay, config, deployment

sys.path.append(str(harness.ROOT / "test" / "spec"))
import stream_forms  # noqa: E402

CASES = harness.ROOT / "test" / "case"
# The languages of providers, and who speaks them by the name of a model alone.
PROVIDERS = {"openai_chat": "openai", "anthropic": "anthropic", "gemini": "gemini",
             "bedrock_converse": "bedrock/converse", "cohere_chat": "cohere",
             "ollama_chat": "ollama", "openai_responses": "openai/responses",
             "openai_completions": "text-completion-openai"}
STREAM = re.compile(r"^## Upstream response\n(?:(?!^## )[^`])*^```(sse|ndjson|frames)$", re.M)
# What these names tell of fails, pain 19: the client must be told of it. All others must not fail.
FAILING = re.compile("error|exception|failed|fault|overloaded|cut-|truncated|spliced")
FRONTS = ("anthropic", "openai", "openai_responses", "gemini")


def streams_of(folder):
    """Without those that pin a provider's row: here a row is known by its language alone."""
    return sorted(path.stem for path in folder.glob("*.md")
                  if STREAM.search(path.read_text()) and not path.stem.startswith("provider-"))


FOLDERS = {folder.name: found for folder in sorted(CASES.iterdir())
           if folder.is_dir() and folder.name.split("-")[1] in PROVIDERS
           and (found := streams_of(folder))}


@pytest.fixture(scope="module")
def gateways(tmp_path_factory):
    """One gateway; a replay for each folder of cases, as names come again in others."""
    import conftest
    replays, rows = [], []
    for folder in FOLDERS:
        replays.append(Replay(tmp_path_factory.mktemp("replay"), CASES / folder))
        provider = PROVIDERS[folder.split("-")[1]]
        more = {"aws_region_name": "us-east-1"} if provider.startswith("bedrock") else {}
        rows.append(deployment(f"{folder}/*", f"{provider}/*", replays[-1].url, **more))
    starting = conftest._gateways(tmp_path_factory.mktemp("gateways"))
    yield next(starting)(config(rows, litellm_settings={"num_retries": 0, "drop_params": True},
                                router_settings={"disable_cooldowns": True}))
    next(starting, None)
    for one in replays:
        one.close()


def ask(gw, front, model, **more):
    if front == "anthropic":
        return gw.messages(model, stream=True)
    if front == "openai":
        return gw.chat(model, stream=True, **more)
    if front == "openai_responses":
        return gw.request("POST", "/v1/responses", {"model": model, "input": "Hi", "stream": True})
    return gw.request("POST", f"/v1beta/models/{model}:streamGenerateContent?alt=sse",
                      {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]})


def is_error(reply):
    return reply.status != 200 or any(isinstance(data, dict) and data.get("error")
                                      or isinstance(data, dict) and data.get("type") == "response.failed"
                                      for _, data in reply.events())


def faults_of(reply, front, include_usage):
    if reply.status != 200:
        return [] if reply.error()["message"] else ["an error without a message"]
    if front == "openai":
        return list(stream_forms.openai_chat(reply.events(), include_usage))
    return list(getattr(stream_forms, front)(reply.events()))


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("folder", FOLDERS)
def test_pains_7_16_29_every_stream_is_in_form_for_every_client(gateways, folder, front):
    back = folder.split("-")[1]
    if back.split("_")[0] == front and back not in ("openai_responses", "openai_completions"):
        pytest.skip("it passes as it came")
    if front == "openai_responses" and back.startswith("openai"):
        pytest.skip("OpenAI is asked in that language")
    found = defaultdict(list)
    for case in FOLDERS[folder]:
        for include_usage in (True, False) if front == "openai" else (True,):
            more = {"stream_options": {"include_usage": True}} if include_usage else {}
            reply = ask(gateways, front, f"{folder}/{case}", **more)
            faults = faults_of(reply, front, include_usage)
            if is_error(reply) != bool(FAILING.search(case)):
                faults.append(f"{'an' if is_error(reply) else 'no'} error: {reply.body[-300:]}")
            for fault in faults:
                found[fault].append((case, include_usage))
    assert not found


def told_by_anthropic(client, model):
    """What the SDK puts together: text, thinking, calls; what is wrong in a stream, it raises."""
    with client.messages.stream(model=model, max_tokens=50,
                                messages=[{"role": "user", "content": "Hi"}]) as stream:
        message = stream.get_final_message()
    blocks = defaultdict(list)
    for block in message.content:
        blocks[block.type].append(block)
    return ("".join(block.text for block in blocks["text"]),
            "".join(block.thinking for block in blocks["thinking"]),
            [(block.id, block.name, block.input) for block in blocks["tool_use"]])


def told_by_openai(client, model):
    """Of the first choice, as users put it together by hand."""
    text, thinking, calls = "", "", {}
    for chunk in client.chat.completions.create(
            model=model, stream=True, messages=[{"role": "user", "content": "Hi"}]):
        for choice in chunk.choices:
            if choice.delta is None:  # Azure's word on the safety of what was said before
                continue
            text += (choice.delta.content or "") + (choice.delta.refusal or "")
            thinking += (getattr(choice.delta, "reasoning_content", None)
                         or getattr(choice.delta, "reasoning", None) or "")
            for call in choice.delta.tool_calls or []:
                if call.function:
                    one = calls.setdefault(call.index, [call.id, call.function.name, ""])
                    one[2] += call.function.arguments or ""
    # Groq's "null" passes in its own language; for Anthropic's it is the object it must be.
    return text, thinking, [(i, name, json.loads(given or "{}") or {}) for i, name, given in
                            calls.values()]


# What only one of the two can say: choices, pictures, spoken words, functions as before tools.
ONLY_OPENAI = re.compile("choices|images|mistral-thinking|databricks-claude|audio|legacy|custom-tool|json-schema|vllm-stop|length")


@pytest.mark.parametrize("folder", FOLDERS)
def test_pain_7_the_anthropic_sdk_hears_all_that_the_openai_sdk_hears(gateways, folder):
    with_anthropic = anthropic.Anthropic(base_url=gateways.url, api_key=KEY, max_retries=0)
    with_openai = openai.OpenAI(base_url=gateways.url + "/v1", api_key=KEY, max_retries=0)
    with with_anthropic, with_openai:
        for case in FOLDERS[folder]:
            model = f"{folder}/{case}"
            if not FAILING.search(case) and not ONLY_OPENAI.search(case):
                told = told_by_anthropic(with_anthropic, model)
                assert told == told_by_openai(with_openai, model), case
                assert any(told), case


@pytest.mark.parametrize("folder", FOLDERS)
def test_pain_19_what_fails_is_raised_by_both_sdks(gateways, folder):
    with_anthropic = anthropic.Anthropic(base_url=gateways.url, api_key=KEY, max_retries=0)
    with_openai = openai.OpenAI(base_url=gateways.url + "/v1", api_key=KEY, max_retries=0)
    with with_anthropic, with_openai:
        for case in filter(FAILING.search, FOLDERS[folder]):
            if case == "stream-spliced":  # it passes in its own language: nothing says it failed
                continue
            with pytest.raises(anthropic.APIError):
                told_by_anthropic(with_anthropic, f"{folder}/{case}")
            with pytest.raises(openai.APIError):
                told_by_openai(with_openai, f"{folder}/{case}")
