"""What a reply costs depends on more than its tokens: the tier that was served, the region, searches,
and what the provider itself says it cost."""

import json

import pytest

from harness import DONE, completion, config, deployment, piece, serving, wait_for

TIERS = {"input_cost_per_token": 0.01, "output_cost_per_token": 0.1,
         "input_cost_per_token_flex": 0.005, "output_cost_per_token_flex": 0.05,
         "input_cost_per_token_priority": 0.02, "output_cost_per_token_priority": 0.2}
STANDARD, FLEX, PRIORITY = "0.53", "0.265", "1.06"  # 3 tokens of prompt, 5 of the answer


def tell(usage=None, **members):
    """A provider that answers with more in its reply, or in its stream's last chunk."""
    def reply(connection, request):
        made = {**completion(), **members}
        made["usage"] = {**made["usage"], **(usage or {})}
        if not request.json().get("stream"):
            connection.respond(200, made)
            return
        connection.stream()
        connection.send_chunk(piece("Hello") + piece("", "stop"))
        last = {**made, "object": "chat.completion.chunk", "choices": []}
        connection.send_chunk(f"data: {json.dumps(last)}\n\n{DONE}")
        connection.end_chunks()
    return reply


@pytest.fixture
def costs(gateway, upstream):
    """costs(reply, model, request): what the header of a whole reply and the log of a stream say, in
    both languages; they must agree."""
    def ask(reply, model="openai/m", request=None, **more):
        provider = upstream(serving(reply))
        gw = gateway(config([deployment("m", model, provider.url, **more)]))
        told = {gw.chat("m", **(request or {})).header("x-litellm-response-cost")}
        told.add(gw.messages("m").header("x-litellm-response-cost") if not request else None)
        gw.chat("m", stream=True, **(request or {}))
        line = wait_for("the line", lambda: gw.log_lines(r" stream .*cost="))[0]
        told.add(line.split("cost=")[1].split()[0])
        told.discard(None)
        assert len(told) == 1, told
        return told.pop()
    return ask


@pytest.mark.parametrize("asked, served, cost", [
    (None, None, STANDARD), ("flex", None, FLEX), ("flex", "flex", FLEX),
    ("priority", "default", STANDARD), ("auto", "priority", PRIORITY), (None, "flex", FLEX)])
def test_the_tier_that_was_served_is_billed(costs, asked, served, cost):
    members = {"service_tier": served} if served else {}
    request = {"service_tier": asked} if asked else None
    assert costs(tell(**members), request=request, **TIERS) == cost


def test_a_deployments_own_tier(costs):
    assert costs(tell(), service_tier="flex", **TIERS) == FLEX


@pytest.mark.parametrize("provider, usage, cost", [
    ("openrouter", {"cost": 1.882e-05}, "0.00001882"),
    ("perplexity", {"cost": {"input_tokens_cost": 0.1, "request_cost": 0.005, "total_cost": 0.25}},
     "0.25")])
def test_the_providers_word_on_cost_counts(costs, provider, usage, cost):
    assert costs(tell(usage), model=f"{provider}/nobody/knows") == cost
    # ... but not against a price of the user's own, and not anybody's
    assert costs(tell(usage), model=f"{provider}/sonar", input_cost_per_token=1,
                 output_cost_per_token=0) == "3"
    assert costs(tell(usage), model="groq/m", **TIERS) == STANDARD


def test_searches(costs):
    """An answer that cites the web has searched it once, at the price of the size asked for."""
    cited = tell(choices=[{"index": 0, "finish_reason": "stop", "message": {
        "role": "assistant", "content": "Hi", "annotations": [
            {"type": "url_citation", "url_citation": {"url": "https://a.test", "title": "A",
                                                      "start_index": 0, "end_index": 1}}]}}])

    def whole(connection, request):
        body = request.json()
        if not body.pop("stream", False):
            return cited(connection, request)
        connection.stream()
        delta = {"annotations": [{"type": "url_citation", "url_citation": {"url": "https://a.test"}}]}
        connection.send_chunk(piece("Hi") + "data: " + json.dumps(
            {"id": "1", "choices": [{"index": 0, "delta": delta}]}) + "\n\n" + piece("", "stop"))
        connection.send_chunk("data: " + json.dumps(
            {"id": "1", "choices": [], "usage": completion()["usage"]}) + "\n\n" + DONE)
        connection.end_chunks()
        return None

    prices = {"input_cost_per_token": 0, "output_cost_per_token": 0,
              "search_context_cost_per_query": {"search_context_size_low": 0.03,
                                                "search_context_size_medium": 0.035,
                                                "search_context_size_high": 0.05}}
    assert costs(whole, **prices) == "0.035"
    assert costs(whole, request={"web_search_options": {"search_context_size": "high"}},
                 **prices) == "0.05"
