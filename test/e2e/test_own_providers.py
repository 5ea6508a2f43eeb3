"""A user's own providers: every language, every signer, what is shown of them, what is checked."""

import json
import re
import subprocess

import pytest

import harness
from harness import UPSTREAM_KEY, completion, config, serving

CASES = harness.ROOT / "test" / "case"
BLOCK = re.compile(r"^## ([\w ]+)\n\n(- [^`]*)?```json\n(.*?)^```", re.M | re.S)


def told():
    """For each language of providers a recorded reply, and the text that clients see of it."""
    found = {}
    for path in sorted(CASES.glob("openai_chat-*/*.md")):
        facts = path.read_text()
        blocks = {name: (facts_of or "", json.loads(body))
                  for name, facts_of, body in BLOCK.findall(facts)}
        back = path.parent.name.partition("-")[2]
        if back in found or "Upstream response" not in blocks or "Client response" not in blocks:
            continue
        (said, reply), (_, seen) = blocks["Upstream response"], blocks["Client response"]
        asked = blocks.get("Client request", ("", {}))[1]
        text = ((seen.get("choices") or [{}])[0].get("message") or {}).get("content")
        if "- status" in said or not text or asked.get("stream") or asked.get("response_format"):
            continue
        found[back] = (reply, text)
    found.pop("bedrock_invoke")  # a folder for many
    return found


TOLD = told()


def own(gateway, upstream, reply, params=None, env=None, **row):
    """A gateway with one model of a provider of one's own, and what that provider got."""
    provider = upstream(serving(lambda c, _: c.respond(200, reply)))
    gw = gateway(config([{"model_name": "m", "litellm_params": {"model": "mine/some/model",
                                                                **(params or {})}}],
                        llmux_settings={"providers": [{"name": "mine", "base_url": provider.url,
                                                       **row}]}),
                 workers=1, env={"MINE_KEY": UPSTREAM_KEY, "HOME": "/none", **(env or {})})
    return gw, provider


@pytest.mark.parametrize("language", sorted(TOLD))
def test_every_language(gateway, upstream, language):
    reply, text = TOLD[language]
    gw, provider = own(gateway, upstream, reply, language=language, api_key_env=["MINE_KEY"])
    answer = gw.chat("m", max_tokens=50)
    assert answer.status == 200, answer
    assert answer.json()["choices"][0]["message"]["content"] == text
    assert any(UPSTREAM_KEY in value for _, value in provider.requests[0].headers)


EMBEDDED = {
    "openai_embed": {"object": "list", "data": [{"index": 0, "embedding": [0.5, 1]}], "model": "m"},
    "cohere_embed": {"embeddings": {"float": [[0.5, 1]]}},
    "gemini_embed": {"embeddings": [{"values": [0.5, 1]}]},
    "huggingface_embed": [[0.5, 1]],
    "oci_embed": {"embeddings": [[0.5, 1]]},
    "ollama_embed": {"embeddings": [[0.5, 1]]},
    "watsonx_embed": {"results": [{"embedding": [0.5, 1]}]},
}


@pytest.mark.parametrize("language", sorted(EMBEDDED))
def test_every_language_of_embeddings(gateway, upstream, language):
    gw, _ = own(gateway, upstream, EMBEDDED[language], language=language)
    answer = gw.request("POST", "/v1/embeddings", {"model": "m", "input": ["Hi"]})
    assert answer.status == 200, answer
    assert answer.json()["data"][0]["embedding"] == [0.5, 1]


@pytest.mark.parametrize("row, header, value", [
    ({}, "authorization", f"Bearer {UPSTREAM_KEY}"),
    ({"auth": "header", "auth_header": "x-key"}, "x-key", UPSTREAM_KEY),
    ({"auth": "header", "auth_header": "authorization", "auth_prefix": "Token "}, "authorization",
     f"Token {UPSTREAM_KEY}"),
    ({"auth": "none"}, "authorization", None),
    ({"language": "anthropic"}, "x-api-key", UPSTREAM_KEY),
])
def test_keys(gateway, upstream, row, header, value):
    gw, provider = own(gateway, upstream, completion(), api_key_env=["MINE_KEY"], **row)
    gw.chat("m")
    assert provider.requests[0].header(header) == value


def test_requests_are_signed(gateway, upstream):
    gw, provider = own(gateway, upstream, completion(), auth="aws", aws_service="mine",
                       region="xx-east-9", path="/{region}/chat",
                       params={"aws_access_key_id": "AKIDEXAMPLE",
                               "aws_secret_access_key": "secret"})
    assert gw.chat("m").status == 200
    sent = provider.requests[0]
    assert sent.target == "/xx-east-9/chat"
    assert re.match(r"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/\d{8}/xx-east-9/mine/aws4_request, ",
                    sent.header("authorization"))


def test_what_is_mended(gateway, upstream):
    quirks = [{"op": "rename", "member": "max_tokens", "arg": "limit"},
              {"op": "drop", "member": "user"}, {"op": "default", "member": "store", "arg": False},
              {"op": "clamp", "member": "temperature", "arg": "0..1"},
              {"op": "budget", "member": "reasoning_effort", "arg": "thinking"},
              {"op": "refuse", "member": "seed", "models": "other*"}]
    gw, provider = own(gateway, upstream, completion(), api_key_env=["MINE_KEY"], quirks=quirks,
                       headers={"x-plan": "gold"}, path="/chat/{model}", stream_path="/live/{model}")
    gw.chat("m", max_tokens=9000, user="u", temperature=1.5, reasoning_effort="low", seed=7)
    gw.chat("m", stream=True)
    whole, stream = provider.requests
    assert whole.target == "/chat/some%2Fmodel" and stream.target == "/live/some%2Fmodel"
    assert whole.header("x-plan") == "gold"
    body = whole.json()
    assert body.pop("messages") and body == {
        "model": "some/model", "limit": 9000, "store": False, "temperature": 1, "seed": 7,
        "thinking": {"type": "enabled", "budget_tokens": 1024}}


def test_words_and_levels(gateway, upstream):
    quirks = [{"op": "levels", "member": "reasoning_effort", "arg": "low|high"},
              {"op": "word", "member": "tool_choice", "arg": "choice"},
              {"op": "part", "member": "image_url", "arg": "image:image=url"}]
    gw, provider = own(gateway, upstream, completion(), api_key_env=["MINE_KEY"], quirks=quirks)
    told = gw.request("POST", "/v1/chat/completions", {
        "model": "m", "reasoning_effort": "minimal", "tool_choice": "auto", "messages": [{
            "role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://h/x"}}]}]})
    assert told.status == 200
    body = provider.requests[0].json()
    assert body["reasoning_effort"] == "low" and body["choice"] == "auto" and "tool_choice" not in body
    assert body["messages"][0]["content"] == [{"type": "image", "image": "http://h/x"}]


def run(*arguments, **env):
    return subprocess.run([harness.BINARY, *map(str, arguments)], capture_output=True, text=True,
                          env=harness.environment(**env), timeout=20)


def written(tmp_path, *providers):
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps({"llmux_settings": {"providers": list(providers)}, "model_list": [
        {"model_name": "m", "litellm_params": {"model": "mine/m"}}]}))
    return path


def test_it_is_shown(tmp_path):
    path = written(tmp_path, {"name": "mine", "language": "gemini", "base_url": "http://h/v1",
                              "api_key_env": ["MINE_KEY"],
                              "quirks": [{"op": "drop", "member": "user", "why": "no users"}]})
    assert "mine" in run("providers", "-c", path).stdout.split()
    one = json.loads(run("providers", "mine", "--json", "-c", path, MINE_KEY="k").stdout)
    assert one["language"] == "gemini" and one["base_url"] == "http://h/v1" and one["configured"]
    assert one["key_variables"] == ["MINE_KEY"]
    text = run("providers", "mine", "-c", path).stdout
    assert "no users" in text and "MINE_KEY" in text
    assert run("check", path, MINE_KEY="k", LITELLM_MASTER_KEY="k").returncode == 0


@pytest.mark.parametrize("row, where, words", [
    ({"name": "a/b"}, "name", "without '/'"),
    ({"language": "latin"}, "language", "openai_chat"),
    ({"language": "anthropic_count"}, "language", "anthropic"),
    ({"base_url": "ftp://x"}, "base_url", "URL"),
    ({"auth": "magic"}, "auth", "bearer, header, aws or none"),
    ({"auth": "header"}, "auth_header", "the header"),
    ({"credential": "magic"}, "credential", "oauth2"),
    ({"headers": ["x"]}, "headers", "mapping"),
    ({"headers": {"x y": "1"}}, "headers", "HTTP header"),
    ({"quirks": [{"op": "magic"}]}, "quirks[].op", "budget"),
    ({"quirks": [{"op": "rename", "member": "a"}]}, "quirks[].arg", "argument"),
    ({"quirks": [{"op": "drop"}]}, "quirks[].member", "member"),
    ({"api_key_env": list("abcde")}, "api_key_env", "at most four"),
])
def test_what_is_wrong_is_said(tmp_path, row, where, words):
    path = written(tmp_path, {"name": "mine", "base_url": "http://h/v1", **row})
    done = run("check", "--json", path)
    assert done.returncode == 1
    errors = json.loads(done.stdout)["findings"]
    assert any(where in json.dumps(e) and words in json.dumps(e) for e in errors), errors


def test_keys_for_all_models(gateway, upstream):
    provider = upstream(serving(lambda c, _: c.respond(200, completion())))
    gw = gateway(config([{"model_name": "m", "litellm_params": {
        "model": "groq/m", "api_base": provider.url}}],
        litellm_settings={"groq_key": "os.environ/THE_KEY"}), env={"THE_KEY": "k1",
                                                                 "GROQ_API_KEY": "k2"})
    assert gw.chat("m").status == 200
    assert provider.requests[0].header("authorization") == "Bearer k1"


def test_a_project_for_all_models(gateway, upstream):
    provider = upstream(serving(lambda c, _: c.respond(500, {})))
    gw = gateway(config([{"model_name": "m", "litellm_params": {
        "model": "vertex_ai/gemini-2.5-flash", "api_base": provider.url, "api_key": "token"}}],
        litellm_settings={"vertex_project": "p1", "vertex_location": "europe-west4",
                          "num_retries": 0}))
    gw.chat("m")
    assert provider.requests[0].target.startswith("/v1/projects/p1/locations/europe-west4/")
