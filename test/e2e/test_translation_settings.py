"""litellm_params and litellm_settings that say how requests and answers are translated: each as its
user meets it, in a configuration, and seen in what the provider gets or the client."""

import time

import pytest

from harness import (DONE, KEY, UPSTREAM_KEY, completion, config, deployment, piece,
                     serving)

MARK = {"type": "ephemeral"}
THOUGHT = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
           "content": [{"type": "thinking", "thinking": "Easy.", "signature": "EqQB"},
                       {"type": "text", "text": "4"}],
           "stop_reason": "end_turn", "usage": {"input_tokens": 3, "output_tokens": 5}}
GEMINI = {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hello"}]},
                          "finishReason": "STOP"}],
          "usageMetadata": {"promptTokenCount": 3, "candidatesTokenCount": 5, "totalTokenCount": 8}}
RESPONSE = {"id": "resp_1", "object": "response", "created_at": 1, "model": "gpt-4o",
            "status": "completed",
            "output": [{"type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                        "content": [{"type": "output_text", "text": "Hello", "annotations": []}]}],
            "usage": {"input_tokens": 3, "output_tokens": 5, "total_tokens": 8}}
COMPLETED = {"id": "cmpl-1", "object": "text_completion", "created": 1, "model": "m",
             "choices": [{"text": "Hello", "index": 0, "finish_reason": "stop"}],
             "usage": {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}}
HI = [{"role": "user", "content": "Hi"}]


def answer(connection, request):
    """The reply in the language that is spoken at the address."""
    path = request.target.partition("?")[0]
    replies = {"/v1/messages": THOUGHT, "/v1/responses": RESPONSE, "/v1/completions": COMPLETED}
    connection.respond(200, GEMINI if "generateContent" in path
                       else replies.get(path, completion()))


class Asked:
    """A gateway with one model, m, and what its provider got."""

    def __init__(self, gateway, upstream, model, params=None, settings=None, **more):
        self.provider = upstream(serving(answer))
        row = deployment("m", model, self.provider.url, **(params or {}))
        row.update(more)
        self.gw = gateway(config([row], litellm_settings=settings or {}), workers=1)

    def ask(self, path="/v1/chat/completions", headers=None, **body):
        if path == "/v1/chat/completions" or path == "/v1/messages":
            body = {"messages": HI, "max_tokens": 50, **body}
        reply = self.gw.request("POST", path, {"model": "m", **body}, headers)
        assert reply.status == 200, reply
        self.reply = reply
        return self.provider.requests[-1]

    def sent(self, **body):
        return self.ask(**body).json()


@pytest.fixture
def asked(gateway, upstream):
    return lambda *a, **k: Asked(gateway, upstream, *a, **k)


TALK = [{"role": "system", "content": "Be brief."}, *HI]


@pytest.mark.parametrize("of_request", (False, True))
def test_places_for_cache_marks(asked, of_request):
    points = {"cache_control_injection_points": [{"location": "message", "role": "system"},
                                                 {"location": "message", "index": -1}]}
    a = asked("anthropic/claude-sonnet-4-5", None if of_request else points)
    sent = a.sent(messages=TALK, **(points if of_request else {}))
    assert sent["system"] == [{"type": "text", "text": "Be brief.", "cache_control": MARK}]
    assert sent["messages"][0]["content"] == [{"type": "text", "text": "Hi", "cache_control": MARK}]
    assert "cache_control_injection_points" not in sent


@pytest.mark.parametrize("path, body", [
    ("/v1/chat/completions", {"messages": TALK}),
    ("/v1/messages", {"system": "Be brief.", "messages": HI})])
def test_prompts_of_claude_are_marked(asked, path, body):
    settings = {"enable_anthropic_prompt_caching": True, "anthropic_prompt_caching_ttl": "1h"}
    a = asked("anthropic/claude-sonnet-4-5", None, settings)
    sent = a.sent(path=path, **body)
    hour = {**MARK, "ttl": "1h"}
    assert sent["system"] == [{"type": "text", "text": "Be brief.", "cache_control": hour}]
    assert sent["messages"][0]["content"] == [{"type": "text", "text": "Hi", "cache_control": hour}]
    own = [{"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": MARK}]}]
    sent = a.sent(path=path, **{**body, "messages": own})
    assert sent["messages"] == own
    assert "cache_control" not in str(sent.get("system"))


def test_nobody_else_is(asked):
    a = asked("openai/gpt-4o", None, {"enable_anthropic_prompt_caching": True})
    assert a.sent(messages=TALK)["messages"] == TALK


def test_one_deployment_alone_may_be_marked(asked):
    a = asked("anthropic/claude-sonnet-4-5", {"enable_prompt_caching": True})
    assert a.sent()["messages"][0]["content"][0]["cache_control"] == MARK


@pytest.mark.parametrize("where", ("deployment", "settings", "request"))
@pytest.mark.parametrize("stream", (False, True))
def test_thinking_within_the_text(asked, where, stream):
    wish = {"merge_reasoning_content_in_choices": True}
    a = asked("anthropic/claude-sonnet-4-5", wish if where == "deployment" else None,
              wish if where == "settings" else None)
    sent = a.sent(stream=stream, **(wish if where == "request" else {}))
    assert "merge_reasoning_content_in_choices" not in sent
    if stream:  # from a whole answer
        deltas = [e["choices"][0]["delta"] for _, e in a.reply.events()
                  if e != "[DONE]" and e["choices"]]
        text = "".join(d.get("content") or "" for d in deltas)
        assert not any("reasoning_content" in d for d in deltas)
    else:
        message = a.reply.json()["choices"][0]["message"]
        text = message["content"]
        assert "reasoning_content" not in message
    assert text == "<think>Easy.</think>4"


def test_thinking_of_ones_own_language(asked):
    a = asked("openai/gpt-4o", {"merge_reasoning_content_in_choices": True})
    said = completion()
    said["choices"][0]["message"]["reasoning_content"] = "Why not?"
    a.provider.script = serving(lambda c, _: c.respond(200, said))
    a.ask()
    assert a.reply.json()["choices"][0]["message"] == {
        "role": "assistant", "content": "<think>Why not?</think>Hello"}


def test_no_system_messages(asked):
    a = asked("openai/gemma", {"supports_system_message": False})
    assert a.sent(messages=TALK)["messages"] == [{"role": "user", "content": "Be brief. Hi"}]
    assert "messages[0].role" in a.reply.header("x-llmux-changed-params")


def test_a_prompt_before_all(asked):
    a = asked("openai/gpt-4o", {"litellm_system_prompt": "You are Ada."})
    assert a.sent(messages=TALK)["messages"] == [
        {"role": "system", "content": "You are Ada.\n\nBe brief."}, *HI]
    assert a.sent()["messages"] == [{"role": "system", "content": "You are Ada."}, *HI]


def test_system_messages_first(asked):
    a = asked("openai/gpt-4o", None, {"openai_system_messages_first": True})
    late = {"role": "system", "content": "Late."}
    assert a.sent(messages=[*TALK, late])["messages"] == [TALK[0], late, *HI]


def test_headers_and_query(asked):
    a = asked("openai/gpt-4o", {
        "headers": {"X-Plain": "p", "X-Both": "headers"}, "extra_headers": {"X-Both": "extra"},
        "extra_query": {"zone": "a b"},
        "provider_specific_header": {"custom_llm_provider": "openai,azure",
                                     "extra_headers": {"X-Ours": "1"}}})
    got = a.ask()
    assert [got.header(n) for n in ("x-plain", "x-both", "x-ours")] == ["p", "extra", "1"]
    assert got.target == "/v1/chat/completions?zone=a%20b"
    assert not {"extra_query", "provider_specific_header"} & set(got.json())
    got = a.ask(extra_headers={"X-Both": "client"}, extra_query={"n": 1})
    assert got.header("x-both") == "client"
    assert got.target == "/v1/chat/completions?n=1"


@pytest.mark.parametrize("model, path, body", [
    ("anthropic/claude-sonnet-4-5", "/v1/chat/completions", {}),
    ("gemini/gemini-2.5-flash", "/v1/chat/completions", {}),
    ("openai/gpt-4o", "/v1/messages", {}),
    ("openai/gpt-4o", "/v1/responses", {"input": "Hi"}),
    ("text-completion-openai/davinci", "/v1/completions", {"prompt": "Hi"})])
def test_headers_everywhere(asked, model, path, body):
    a = asked(model, {"extra_headers": {"X-One": "1"}})
    got = a.ask(path, **body, extra_headers={"X-Two": "2"})
    assert (got.header("x-one"), got.header("x-two")) == ("1", "2")
    assert "extra_headers" not in got.json()


def test_a_framing_header_is_not_the_clients_to_set(asked):
    a = asked("openai/gpt-4o")
    got = a.ask(extra_headers={"Host": "elsewhere", "Transfer-Encoding": "chunked"})
    assert got.header("host") == f"127.0.0.1:{a.provider.port}"
    assert "extra_headers.Host" in a.reply.header("x-litellm-dropped-params")


def test_what_counts_for_all_deployments(asked):
    a = asked("alias", {"api_base": None, "api_key": None}, {
        "model_alias_map": {"alias": "openai/gpt-4o", "other": "m"}, "headers": {"X-All": "1"},
        "organization": "org-1", "api_key": UPSTREAM_KEY})
    settings = {"model_alias_map": {"alias": "openai/gpt-4o", "other": "m"},
                "headers": {"X-All": "1"}, "organization": "org-1", "api_key": UPSTREAM_KEY,
                "api_base": a.provider.url + "/v1"}
    a.gw.reload(config([{"model_name": "m", "litellm_params": {"model": "alias"}}],
                       litellm_settings=settings))
    got = a.ask()
    assert got.json()["model"] == "gpt-4o"
    assert [got.header(n) for n in ("x-all", "openai-organization", "authorization")] == [
        "1", "org-1", f"Bearer {UPSTREAM_KEY}"]
    reply = a.gw.request("POST", "/v1/chat/completions", {"model": "other", "messages": HI})
    assert reply.status == 200, reply


def test_databricks_partners(asked):
    a = asked("databricks/some-model", {"user_agent": "acme/1.0"})
    assert a.ask().header("user-agent") == "acme_llmux"


@pytest.mark.parametrize("params", ({"request_timeout": 0.3}, {"request_timeout": 9, "timeout": 0.3},
                                    {"timeout": 9, "timeout_by_service_tier": {"flex": 0.3}}))
def test_timeouts(asked, params):
    a = asked("openai/gpt-4o", {**params, "num_retries": 0})
    a.provider.script = serving(lambda c, _: None)
    reply = a.gw.request("POST", "/v1/chat/completions",
                         {"model": "m", "messages": HI, "service_tier": "flex"}, timeout=5)
    assert "timed out after 300 ms" in reply.error()["message"], reply


def test_chat_completions_for_clients_of_responses(asked):
    a = asked("openai/gpt-4o")
    assert a.ask("/v1/responses", input="Hi").target == "/v1/responses"
    got = a.ask("/v1/responses", input="Hi", use_chat_completions_api=True)
    assert got.target == "/v1/chat/completions" and got.json()["messages"] == HI
    b = asked("openai/gpt-4o", {"use_chat_completions_api": True})
    assert b.ask("/v1/responses", input="Hi").target == "/v1/chat/completions"
    assert b.reply.json()["output"][-1]["content"][0]["text"] == "Hello"


def test_responses_for_all_chats(asked):
    a = asked("openai/gpt-4o", None, {"route_all_chat_openai_to_responses": True,
                                      "reasoning_auto_summary": True})
    got = a.ask()
    assert got.target == "/v1/responses" and got.json()["model"] == "gpt-4o"
    assert a.reply.json()["choices"][0]["message"]["content"] == "Hello"


def test_summaries_of_reasoning(asked):
    a = asked("openai/responses/gpt-5", None, {"reasoning_auto_summary": True})
    sent = a.sent(reasoning_effort="low")
    assert sent["reasoning"] == {"effort": "low", "summary": "detailed"}
    assert "reasoning" not in a.sent()


def test_safety_settings(asked):
    low = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    own = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"}]
    a = asked("gemini/gemini-2.5-flash", None, {"vertex_ai_safety_settings": low})
    assert a.sent()["safetySettings"] == low
    assert a.sent(safety_settings=own)["safetySettings"] == own
    b = asked("gemini/gemini-2.5-flash", {"safety_settings": own})
    assert b.sent()["safetySettings"] == own


def test_thinking_little(asked):
    thinking = {"type": "enabled", "budget_tokens": 2000}
    model = "gemini/gemini-3-pro-preview"
    a = asked(model, None, {"enable_gemini_default_thinking_level_low": True})
    assert a.sent(thinking=thinking)["generationConfig"]["thinkingConfig"] == {
        "thinkingLevel": "LOW", "includeThoughts": True}
    b = asked(model)
    assert b.sent(thinking=thinking)["generationConfig"]["thinkingConfig"] == {
        "thinkingBudget": 2000, "includeThoughts": True}


TEMPLATE = {"roles": {"user": {"pre_message": "<u>", "post_message": "</u>"}},
            "initial_prompt_value": "[", "final_prompt_value": "]"}


@pytest.mark.parametrize("where", ("deployment", "settings", "itself", "request"))
def test_prompt_templates(asked, where):
    named = {"custom_prompt_dict": {"my-model": TEMPLATE}}
    a = asked("text-completion-openai/my-model",
              {"deployment": named, "itself": TEMPLATE}.get(where),
              named if where == "settings" else None)
    sent = a.sent(**(TEMPLATE if where == "request" else {}))
    assert sent["prompt"] == "[<u>Hi</u>]" and "roles" not in sent


def test_a_whole_answer_told_as_a_stream(asked):
    """A provider that answers whole although a stream is wanted: thinking stays thinking."""
    a = asked("anthropic/claude-sonnet-4-5")
    a.ask(stream=True)
    deltas = [e["choices"][0]["delta"] for _, e in a.reply.events()
              if e != "[DONE]" and e["choices"]]
    assert "".join(d.get("reasoning_content") or "" for d in deltas) == "Easy."
    assert "".join(d.get("content") or "" for d in deltas) == "4"


def test_headers_of_clients(asked):
    theirs = {"X-Team": "a", "X-Stainless-Lang": "python", "X-Litellm-Tags": "t", "X-Api-Key": "no",
              "Traceparent": "00-1", "OpenAI-Organization": "org-2"}
    names = [n.lower() for n in theirs]
    a = asked("openai/gpt-4o")

    def got(**sections):
        a.gw.reload(config([deployment("m", "openai/gpt-4o", a.provider.url)],
                           litellm_settings=sections.pop("settings", {})) | {
                               "general_settings": {"master_key": KEY, **sections}})
        request = a.ask(headers=theirs)
        return [n for n in names if request.header(n)]

    assert got() == []
    assert got(forward_client_headers_to_llm_api=True) == ["x-team"]
    assert got(settings={"forward_traceparent_to_llm_provider": True}) == ["traceparent"]
    assert got(forward_openai_org_id=True) == ["openai-organization"]
    groups = {"model_group_settings": {"forward_client_headers_to_llm_api": ["other", "m*"]}}
    assert got(settings=groups) == ["x-team"]
    groups = {"model_group_settings": {"forward_client_headers_to_llm_api": ["other"]}}
    assert got(settings=groups) == []


def slowly(*gaps, before=0.0, fail=None):
    """A provider that is silent before its answer, and between two pieces of it."""
    def answer(connection, request):
        time.sleep(before)
        if fail:
            connection.respond(400, {"error": {"message": fail, "type": "invalid_request_error"}})
            return
        connection.stream()
        for gap in gaps:
            connection.send_chunk(piece("a"))
            time.sleep(gap)
        connection.send_chunk(piece("b", "stop") + DONE)
        connection.end_chunks()
    return serving(answer)


@pytest.mark.parametrize("of_deployment", (False, True))
def test_pings(asked, of_deployment):
    every = 0.1
    a = asked("openai/gpt-4o", {"keepalive_seconds": every} if of_deployment else None,
              {"sse_keepalive_ping_interval_seconds": 60 if of_deployment else every})
    a.provider.script = slowly(0.5)
    a.ask(stream=True)
    assert 2 <= a.reply.body.count(b": ping\n\n") <= 5
    told = [e["choices"][0]["delta"].get("content") for _, e in a.reply.events() if e != "[DONE]"]
    assert told == ["a", "b"]


def test_pings_before_an_answer(asked):
    a = asked("openai/gpt-4o", {"keepalive_seconds": 0.1})
    a.provider.script = slowly(before=0.5)
    a.ask(stream=True)
    assert a.reply.body.startswith(b": ping\n\n: ping\n\n")
    assert [e == "[DONE]" for _, e in a.reply.events()] == [False, True]


def test_an_error_after_a_ping(asked):
    a = asked("openai/gpt-4o", {"keepalive_seconds": 0.1, "num_retries": 0})
    a.provider.script = slowly(before=0.4, fail="No good.")
    reply = a.gw.chat("m", stream=True)
    assert reply.status == 200
    assert "No good." in reply.events()[-1][1]["error"]["message"]
    whole = a.gw.chat("m")
    assert whole.status == 400 and b"ping" not in whole.body


def test_no_pings(asked):
    a = asked("openai/gpt-4o", {"keepalive_seconds": 0}, {"sse_keepalive_ping_interval_seconds": 0.1})
    a.provider.script = slowly(0.4)
    a.ask(stream=True, keepalive_seconds=0.1)
    assert b"ping" not in a.reply.body
    assert "keepalive_seconds" not in a.provider.requests[-1].json()


def test_pings_of_anthropics_language(asked):
    a = asked("openai/gpt-4o", None, {"anthropic_sse_ping_interval_seconds": 0.1})
    a.provider.script = slowly(0.4)
    a.ask("/v1/messages", stream=True)
    names = [name for name, _ in a.reply.events()]
    assert names[0] == "message_start" and names.count("ping") >= 2 and names[-1] == "message_stop"


CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}


@pytest.mark.parametrize("of_request", (False, True))
def test_mocks(asked, of_request):
    def ask(stream=False, **wish):
        a = asked("openai/gpt-4o", {"num_retries": 0, **({} if of_request else wish)})
        begun = time.monotonic()
        reply = a.gw.chat("m", stream=stream, **(wish if of_request else {}))
        assert not a.provider.requests
        return reply, time.monotonic() - begun

    reply, took = ask(mock_response="Hi.", mock_delay=0.3)
    assert reply.json()["choices"][0]["message"]["content"] == "Hi." and 0.3 <= took < 2
    reply, took = ask(mock_timeout=True, timeout=0.3)
    assert "mock timeout" in reply.error()["message"] and 0.3 <= took < 2
    reply, _ = ask(mock_tool_calls=[CALL])
    choice = reply.json()["choices"][0]
    assert choice["message"]["tool_calls"] == [CALL] and choice["finish_reason"] == "tool_calls"
    reply, _ = ask(stream=True, mock_tool_calls=[CALL])
    deltas = [e["choices"][0]["delta"] for _, e in reply.events() if e != "[DONE]" and e["choices"]]
    parts = [c["function"] for d in deltas for c in d.get("tool_calls") or []]
    assert "".join(p.get("arguments") or "" for p in parts) == '{"a": 1}'
