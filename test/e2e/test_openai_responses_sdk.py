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
