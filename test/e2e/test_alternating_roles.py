"""ensure_alternating_roles, of a deployment and of a request (LiteLLM's litellm_params)."""

import pytest

from harness import completion, config, deployment, serving

TURNS = [{"role": "user", "content": "Hi"}, {"role": "user", "content": "Are you there?"}]
BETWEEN = {"role": "assistant", "content": "Yes?"}


@pytest.mark.parametrize("of_request", (False, True))
def test_a_turn_is_put_in_between(gateway, upstream, of_request):
    asked = []

    def answer(connection, request):
        asked.append(request.json())
        connection.respond(200, completion("Good."))

    wish = {"ensure_alternating_roles": True, "assistant_continue_message": BETWEEN}
    provider = upstream(serving(answer))
    own = {} if of_request else wish
    gw = gateway(config([deployment("m", "openai/gpt-4o", provider.url, **own)]))
    reply = gw.request("POST", "/v1/chat/completions",
                       {"model": "m", "messages": TURNS, **(wish if of_request else {})})
    assert reply.status == 200 and "messages" in reply.header("x-llmux-changed-params")
    assert asked[0]["messages"] == [TURNS[0], BETWEEN, TURNS[1]]
    assert not set(asked[0]) & {"ensure_alternating_roles", "assistant_continue_message"}
