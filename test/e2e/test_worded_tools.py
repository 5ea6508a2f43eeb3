"""Tools for a model that has none (add_function_to_prompt), through the official OpenAI SDK: told in
the prompt, called, answered, and the answer passed on; whole and streamed."""

import json

import openai
import pytest

from harness import DONE, KEY, completion, config, deployment, piece, serving

TOOLS = [{"type": "function", "function": {
    "name": "get_weather", "description": "Weather of a city",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]
CALL = '{"name": "get_weather", "arguments": {"city": "Paris"}}'
QUESTION = {"role": "user", "content": "How warm is it in Paris?"}


class Model:
    """A chat model without tools: calls once, then repeats what it was told."""

    def __init__(self, call=CALL):
        self.call, self.asked = call, []

    def __call__(self, connection, request):
        body = request.json()
        self.asked.append(body)
        last = body["messages"][-1]["content"]
        text = "So: " + last.split("\n")[-1] if "gave:" in last else self.call
        if not body.get("stream"):
            connection.respond(200, completion(text))
            return
        connection.stream()
        for i in range(0, len(text), 5):
            connection.send_chunk(piece(text[i:i + 5]))
        connection.send_chunk(piece("", "stop") + DONE)
        connection.end_chunks()


@pytest.fixture
def start(gateway, upstream):
    clients = []

    def begin(model, **settings):
        provider = upstream(serving(model))
        gw = gateway(config([deployment("m", "perplexity/sonar", provider.url)],
                            litellm_settings={"num_retries": 1, **settings}))
        clients.append(openai.OpenAI(base_url=gw.url + "/v1", api_key=KEY, max_retries=0))
        return gw, clients[-1].chat.completions
    yield begin
    for client in clients:
        client.close()


def ask(chats, messages, stream):
    """Text, calls as (id, name, arguments), and why it ended."""
    if not stream:
        choice = chats.create(model="m", messages=messages, tools=TOOLS).choices[0]
        calls = [(c.id, c.function.name, c.function.arguments)
                 for c in choice.message.tool_calls or []]
        return choice.message.content or "", calls, choice.finish_reason
    text, calls, finish = "", {}, None
    for chunk in chats.create(model="m", messages=messages, tools=TOOLS, stream=True):
        for choice in chunk.choices:
            text += choice.delta.content or ""
            finish = choice.finish_reason or finish
            for c in choice.delta.tool_calls or []:
                have = calls.setdefault(c.index, ["", "", ""])
                for i, more in enumerate((c.id, c.function.name, c.function.arguments)):
                    have[i] += more or ""
    return text, [tuple(c) for c in calls.values()], finish


@pytest.mark.parametrize("stream", (False, True))
def test_two_turns(start, stream):
    model = Model()
    gw, chats = start(model, add_function_to_prompt=True)
    text, calls, finish = ask(chats, [QUESTION], stream)
    (id_, name, arguments), = calls
    assert (text, name, json.loads(arguments), finish) == ("", "get_weather", {"city": "Paris"},
                                                           "tool_calls")
    history = [QUESTION,
               {"role": "assistant", "content": None, "tool_calls": [
                   {"id": id_, "type": "function",
                    "function": {"name": name, "arguments": arguments}}]},
               {"role": "tool", "tool_call_id": id_, "content": "18 degrees"}]
    assert ask(chats, history, stream) == ("So: 18 degrees", [], "stop")
    first, second = model.asked
    assert all("tools" not in body and "get_weather" in body["messages"][0]["content"]
               for body in model.asked)
    assert [m["role"] for m in first["messages"]] == ["system", "user"]
    assert [m["role"] for m in second["messages"]] == ["system", "user", "assistant", "user"]
    assert json.loads(second["messages"][2]["content"]) == json.loads(CALL)
    assert second["messages"][3]["content"] == "The function get_weather gave:\n18 degrees"


def test_it_is_told_in_a_header(start):
    gw, _ = start(Model(), add_function_to_prompt=True)
    reply = gw.request("POST", "/v1/chat/completions",
                       {"model": "m", "messages": [QUESTION], "tools": TOOLS})
    assert reply.status == 200 and "tools" in reply.header("x-llmux-changed-params")


def test_arguments_that_break_the_schema_are_tried_again(start):
    model = Model('{"name": "get_weather", "arguments": {"town": "Paris"}}')
    _, chats = start(model, add_function_to_prompt=True)
    with pytest.raises(openai.InternalServerError, match="city"):
        ask(chats, [QUESTION], False)
    assert len(model.asked) == 2


def test_without_the_setting_tools_are_refused(start):
    model = Model()
    _, chats = start(model)
    with pytest.raises(openai.BadRequestError, match="tools"):
        ask(chats, [QUESTION], False)
    assert not model.asked


@pytest.mark.parametrize("system", (True, False))
@pytest.mark.parametrize("stream", (False, True))
def test_a_model_that_is_said_to_have_none(gateway, upstream, stream, system):
    """supports_function_calling: false of a model whose provider takes tools; also where it takes no
    system messages either."""
    model = Model()
    provider = upstream(serving(model))
    row = deployment("m", "openai/small", provider.url, supports_system_message=system)
    row["model_info"] = {"supports_function_calling": False}
    gw = gateway(config([row], litellm_settings={"add_function_to_prompt": True}))
    client = openai.OpenAI(base_url=gw.url + "/v1", api_key=KEY, max_retries=0)
    text, calls, finish = ask(client.chat.completions, [QUESTION], stream)
    assert [(c[1], json.loads(c[2])) for c in calls] == [("get_weather", {"city": "Paris"})]
    assert finish == "tool_calls"
    told = model.asked[0]
    assert "tools" not in told and "get_weather" in told["messages"][0]["content"]
    assert [m["role"] for m in told["messages"]] == (["system", "user"] if system else ["user"])
    plain = gw.chat("m")
    assert plain.status == 200
    assert "get_weather" not in str(model.asked[-1])
    client.close()
