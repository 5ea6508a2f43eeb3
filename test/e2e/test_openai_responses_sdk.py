"""The official OpenAI SDK's Responses API as the client; Responses, chats, Anthropic's and Gemini's languages
at the provider. The SDK does not check what it reads: here every reply and event is validated."""

import base64
import json

import openai
import pydantic
import pytest
from openai.types.responses import Response, ResponseStreamEvent

import harness
from harness import KEY, config, deployment, serving

EVENT = pydantic.TypeAdapter(ResponseStreamEvent)
ADD = {"type": "function", "name": "add", "description": "Adds.", "strict": False,
       "parameters": {"type": "object", "properties": {"x": {"type": "number"}}}}


def make(gateway):
    return openai.OpenAI(base_url=gateway.url + "/v1", api_key=KEY, max_retries=0)


@pytest.fixture(scope="module")
def client(cases_gateway):
    with make(cases_gateway) as client:
        yield client


def checked(reply):
    """The reply, after validation by the SDK's own types."""
    return Response.model_validate(reply.model_dump())


def events_of(stream):
    """The stream's events, validated, and numbered without a gap."""
    events = [EVENT.validate_python(e.model_dump(warnings=False)) for e in stream]
    assert [e.sequence_number for e in events] == list(range(len(events)))
    assert [e.type for e in events[:2]] == ["response.created", "response.in_progress"]
    return events


def told(events, kind):
    return "".join(e.delta for e in events if e.type == kind)


# ---- Other languages ----

@pytest.mark.parametrize("model, text, tokens", [
    ("ds/openai-chat", "42", (21, 1)),
    ("an/anthropic-chat", "foo", (12, 3)),
    ("ge/gemini-chat", "foo", (4, 21)),
])
def test_reply(client, model, text, tokens):
    reply = checked(client.responses.create(model=model, input="Say it", instructions="Briefly"))
    assert reply.output_text == text and reply.object == "response"
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == tokens
    assert reply.id.startswith("resp_") and reply.instructions == "Briefly"


@pytest.mark.parametrize("model", ["ds/openai-stream", "an/anthropic-stream", "ge/gemini-stream"])
def test_stream(client, model):
    events = events_of(client.responses.create(model=model, input="Hi", stream=True))
    final = events[-1].response
    assert events[-1].type == "response.completed" and final.status == "completed"
    assert final.output_text and told(events, "response.output_text.delta") == final.output_text
    assert final.usage.total_tokens > 0


def test_stream_helper(client):
    """The SDK's own accumulator, which checks that deltas fall into items that were begun."""
    with client.responses.stream(model="an/anthropic-thinking-stream", input="Hi") as stream:
        for _ in stream:
            pass
        final = checked(stream.get_final_response())
    kinds = [item.type for item in final.output]
    assert kinds[0] == "reasoning" and kinds[-1] == "message"
    assert final.output[0].encrypted_content.startswith("llmux:") and final.output[0].summary[0].text


@pytest.mark.parametrize("model", ["ds/openai-tools", "an/anthropic-tools"])
def test_calls(client, model):
    reply = checked(client.responses.create(model=model, input="Add", tools=[ADD]))
    calls = [item for item in reply.output if item.type == "function_call"]
    assert calls and all(json.loads(c.arguments) and c.call_id and c.name for c in calls)
    assert reply.tools[0].name == "add"


@pytest.mark.parametrize("model", ["ds/openai-tools-stream", "an/anthropic-tools-stream"])
def test_calls_as_a_stream(client, model):
    events = events_of(client.responses.create(model=model, input="Add", tools=[ADD], stream=True))
    calls = [item for item in events[-1].response.output if item.type == "function_call"]
    done = [e for e in events if e.type == "response.function_call_arguments.done"]
    assert calls and [e.arguments for e in done] == [c.arguments for c in calls]
    assert told(events, "response.function_call_arguments.delta") == "".join(c.arguments for c in calls)


def test_thinking_goes_back(client, replay):
    first = client.responses.create(model="an/anthropic-thinking", input="Hi", reasoning={"effort": "low"})
    items = [item.model_dump(exclude_none=True) for item in first.output]
    client.responses.create(model="an/anthropic-thinking", reasoning={"effort": "low"},
                            input=[{"role": "user", "content": "Hi"}, *items, {"role": "user", "content": "And?"}])
    sent = replay.sent("anthropic-thinking")[-1]["messages"][1]["content"]
    assert sent[0]["type"] == "thinking" and sent[0]["signature"] and sent[-1]["type"] == "tool_use"


def test_parse(client):
    class Answer(pydantic.BaseModel):
        answer: int

    with pytest.raises(openai.BadRequestError) as e:
        client.responses.parse(model="an/anthropic-chat", input="Hi", text_format=Answer,
                               previous_response_id="resp_1")
    assert "previous_response_id" in e.value.message and "whole conversation" in e.value.message


@pytest.mark.parametrize("case, error", [("429", openai.RateLimitError), ("401", openai.AuthenticationError),
                                         ("400", openai.BadRequestError)])
def test_errors(client, case, error):
    for model in ("ds/openai-", "an/anthropic-"):
        with pytest.raises(error):
            client.responses.create(model=model + case, input="Hi")


# ---- One language: who made it, gets it ----

def response(name, n, **more):
    return {"id": f"resp_{n}", "object": "response", "created_at": 1, "status": "completed", "error": None,
            "incomplete_details": None, "instructions": None, "metadata": {}, "model": name, "output": [
                {"id": f"rs_{n}", "type": "reasoning", "summary": [], "encrypted_content": f"gAAA{name}"},
                {"id": f"msg_{n}", "type": "message", "role": "assistant", "status": "completed",
                 "content": [{"type": "output_text", "text": name, "annotations": [], "logprobs": []}]}],
            "parallel_tool_calls": True, "temperature": 1.0, "tool_choice": "auto", "tools": [], "top_p": 1.0,
            "usage": {"input_tokens": 1, "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
                      "output_tokens": 1,
                      "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": 2}, **more}


def maker(upstream, name):
    def reply(connection, request):
        asked = request.json()
        whole = response(name, len(up.requests))
        if not asked.get("stream"):
            connection.respond(200, whole)
            return
        events = [("response.created", {"response": {**whole, "status": "in_progress", "output": []}}),
                  ("response.output_item.done", {"output_index": 0, "item": whole["output"][0]}),
                  ("response.completed", {"response": whole})]
        connection.respond(200, "".join(
            f"event: {kind}\ndata: {json.dumps({'type': kind, 'sequence_number': i, **e})}\n\n"
            for i, (kind, e) in enumerate(events)), content_type="text/event-stream")
    up = upstream(serving(reply))
    return up


def two(gateway, upstream, *checks):
    ups = [maker(upstream, name) for name in ("one", "two")]
    rows = [deployment("m", "openai/gpt-5", up.url) for up in ups]
    return gateway(config(rows, router_settings={"optional_pre_call_checks": list(checks)})), ups


def test_previous_response(gateway, upstream):
    gw, ups = two(gateway, upstream, "responses_api_deployment_check")
    with make(gw) as client:
        first = checked(client.responses.create(model="m", input="Hi"))
        name = first.output_text
        plain = base64.urlsafe_b64decode(first.id[5:]).decode()
        assert plain.startswith("litellm:custom_llm_provider:openai;model_id:")
        assert plain.endswith(";response_id:resp_1")
        for i in range(8):
            reply = client.responses.create(model="m", input="And?", previous_response_id=first.id)
            assert reply.output_text == name
    up = ups[["one", "two"].index(name)]
    assert up.requests[-1].json() == {"input": "And?", "model": "gpt-5", "previous_response_id": "resp_1"}
    assert up.requests[-1].target == "/v1/responses"
    state = gw.request("GET", "/router/state").json()
    assert "response" in json.dumps(state["decisions"])


@pytest.mark.parametrize("stream", [False, True])
def test_encrypted_content(gateway, upstream, stream):
    gw, ups = two(gateway, upstream, "encrypted_content_affinity")
    with make(gw) as client:
        reply = client.responses.create(model="m", input="Hi", stream=stream)
        reply = list(reply)[-1].response if stream else reply
        item, name = reply.output[0].model_dump(exclude_none=True), reply.output_text
        assert item["encrypted_content"].startswith("litellm_enc:")
        for i in range(8):
            again = client.responses.create(model="m", input=[item, {"role": "user", "content": "And?"}])
            assert again.output_text == name
    sent = ups[["one", "two"].index(name)].requests[-1].json()["input"][0]
    assert sent["encrypted_content"] == f"gAAA{name}"


def test_without_the_check_nothing_is_pinned(gateway, upstream):
    gw, ups = two(gateway, upstream)
    with make(gw) as client:
        first = client.responses.create(model="m", input="Hi")
        said = {client.responses.create(model="m", input="And?", previous_response_id=first.id).output_text
                for i in range(30)}
    assert said == {"one", "two"} and "litellm_enc" not in first.model_dump_json()


# ---- What is kept ----

def keeper(upstream):
    """Keeps one response; knows nothing of others."""
    def reply(connection, request):
        path, _, query = request.target.partition("?")
        known = path.removeprefix("/v1/responses").removeprefix("/resp_1")
        if request.method == "POST" and path == "/v1/responses":
            connection.respond(200, response("kept", 1))
        elif path == "/v1/responses/compact":
            connection.respond(200, {"id": "resp_c", "object": "response.compaction", "created_at": 1, "output": [
                {"id": "cmp_1", "type": "compaction", "encrypted_content": "gAAA"}], "usage": response("", 1)["usage"]})
        elif "/resp_1" not in path:
            connection.respond(404, {"error": {"message": "Response not found", "type": "invalid_request_error",
                                               "param": None, "code": None}})
        elif request.method == "DELETE":
            connection.respond(200, {"id": "resp_1", "object": "response.deleted", "deleted": True})
        elif known == "/cancel":
            connection.respond(200, response("kept", 1, status="cancelled"))
        elif known == "/input_items":
            connection.respond(200, {"object": "list", "data": [
                {"id": "msg_0", "type": "message", "role": "user", "status": "completed",
                 "content": [{"type": "input_text", "text": "Hi"}]}],
                "first_id": "msg_0", "last_id": "msg_0", "has_more": False})
        else:
            connection.respond(200, response("kept", 1, status="failed",
                                             error={"code": "server_error", "message": "It broke"}))
    return upstream(serving(reply))


def test_what_is_kept(gateway, upstream):
    up, other = keeper(upstream), keeper(upstream)
    gw = gateway(config([deployment("m", "openai/gpt-5", up.url), deployment("other", "openai/*", other.url)]))
    with make(gw) as client:
        made = client.responses.create(model="m", input="Hi", background=True)
        got = client.responses.retrieve(made.id, include=["reasoning.encrypted_content"])
        assert (got.id, got.status, got.error.message) == (made.id, "failed", "It broke")
        assert client.responses.cancel(made.id).status == "cancelled"
        items = client.responses.input_items.list(made.id, limit=5)
        assert items.data[0].content[0].text == "Hi" and not items.has_more
        client.responses.delete(made.id)
        wild = client.responses.create(model="other", input="Hi")
        assert client.responses.retrieve(wild.id).id == wild.id
        with pytest.raises(openai.NotFoundError) as e:
            client.responses.retrieve("resp_1")
        assert "no deployment here has made" in e.value.message
        gone = base64.urlsafe_b64encode(b"litellm:custom_llm_provider:openai;model_id:gone;response_id:resp_1")
        with pytest.raises(openai.NotFoundError):
            client.responses.delete("resp_" + gone.decode())
    sent = [(r.method, r.target, r.body) for r in up.requests]
    assert sent[1:] == [("GET", "/v1/responses/resp_1?include%5B%5D=reasoning.encrypted_content", b""),
                        ("POST", "/v1/responses/resp_1/cancel", b""),
                        ("GET", "/v1/responses/resp_1/input_items?limit=5", b""),
                        ("DELETE", "/v1/responses/resp_1", b"")], sent
    line = gw.access_line(r"DELETE /v1/responses")
    assert "cost" not in line and "tokens" not in line, line


def test_who_keeps_nothing(gateway, upstream):
    up = upstream(harness.answer("Hello"))
    gw = gateway(config([deployment("m", "groq/llama", up.url)]))
    with make(gw) as client:
        made = client.responses.create(model="m", input="Hi")
        with pytest.raises(openai.NotFoundError) as e:
            client.responses.retrieve(made.id)
        assert "keeps no responses" in e.value.message
        with pytest.raises(openai.BadRequestError) as e:
            client.responses.compact(model="m", input="Hi")
        assert "no Responses API" in e.value.message
    assert gw.request("PUT", f"/v1/responses/{made.id}").status == 405


def test_compaction(gateway, upstream):
    up = keeper(upstream)
    gw = gateway(config([deployment("m", "openai/gpt-5", up.url)]))
    with make(gw) as client:
        short = client.responses.compact(model="m", input=[{"role": "user", "content": "Hi"}])
    assert short.output[0].type == "compaction" and short.usage.total_tokens == 2
    assert up.requests[0].target == "/v1/responses/compact"
    assert up.requests[0].json() == {"model": "gpt-5", "input": [{"role": "user", "content": "Hi"}]}


def test_functions_that_chats_do_not_take(gateway, upstream):
    """A chat's request whose model takes it by the Responses API only."""
    up = maker(upstream, "one")
    gw = gateway(config([deployment("m", "openai/gpt-5.5", up.url)]))
    with make(gw) as client:
        reply = client.chat.completions.create(
            model="m", messages=[{"role": "user", "content": "Hi"}], reasoning_effort="low", tools=[
                {"type": "function", "function": {"name": "add", "parameters": ADD["parameters"]}}])
    assert reply.choices[0].message.content == "one" and up.requests[0].target == "/v1/responses"
