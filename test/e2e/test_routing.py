"""Settings of the router that choose by something other than a strategy: expressions over the client's name,
groups of groups, paused deployments, limits of tokens by direction, and what requests and deployments say for
themselves about retries and fallbacks."""

from harness import answer, config, deployment
from test_fallbacks import LONG, groups, told
from test_router import group, texts


def model(reply):
    assert reply.status == 200, reply
    return reply.json()["choices"][0]["message"]["content"]


def test_the_clients_name_chooses(gateway, upstream):
    ups = [upstream(answer(name)) for name in ("code", "paid", "all")]
    gw = gateway(group(ups, [{"tag_regex": ["^User-Agent: claude-code/", r"(?i)codex\W\d"]}, {"tags": ["paid"]},
                             {"tags": ["default"]}], router={"enable_tag_filtering": True}))
    assert set(texts(gw, 6, headers={"user-agent": "claude-code/1.2 (cli)"})) == {"code"}
    assert set(texts(gw, 6, headers={"user-agent": "my Codex-2"})) == {"code"}
    assert set(texts(gw, 6, headers={"user-agent": "not claude-code/1"})) == {"all"}
    assert set(texts(gw, 6)) == {"all"}
    assert set(texts(gw, 6, headers={"user-agent": "curl", "x-litellm-tags": "paid"})) == {"paid"}


def test_prefixed_tags(gateway, upstream):
    ups = [upstream(answer(name)) for name in ("free", "paid")]
    gw = gateway(group(ups, [{"tags": ["free"]}, {"tags": ["paid"]}],
                       router={"enable_tag_filtering": True, "tag_routing_prefix": "route:"}))
    assert set(texts(gw, 6, metadata={"tags": ["route:paid"]})) == {"paid"}
    assert set(texts(gw, 6, metadata={"tags": ["free"]})) == {"free"}


def test_a_tag_is_asked_again_and_not_stood_in_for(gateway, upstream):
    """One that has the tag fails: it is tried again, others of the group are not asked."""
    paid, other = upstream(told(500)), upstream(answer("other"))
    gw = gateway(group([paid, other], [{"tags": ["paid"]}, {"tags": ["default"]}], retries=2,
                       router={"enable_tag_filtering": True}))
    reply = gw.chat("m", metadata={"tags": ["paid"]})
    assert reply.status == 500 and len(paid.requests) == 3 and not other.requests


def test_paused(gateway, upstream):
    ups = [upstream(answer("paused")), upstream(answer("open"))]
    made = group(ups)
    made["model_list"][0]["model_info"] = {"blocked": True}
    gw = gateway(made)
    assert set(texts(gw, 10)) == {"open"}
    made["model_list"][1]["model_info"] = {"blocked": True}
    gw.reload(made)
    reply = gw.chat("m")
    assert reply.status == 503 and "is paused (model_info.blocked)" in reply.error()["message"]


def test_tokens_by_direction(gateway, upstream):
    """answer() tells 3 tokens that went in, and 5 that came back."""
    ups = [upstream(answer("limited")), upstream(answer("open"))]
    for limit in ({"itpm": 9}, {"otpm": 11}):
        gw = gateway(group(ups, [limit], router={"optional_pre_call_checks": ["enforce_model_rate_limits"]}))
        said = texts(gw, 40)
        assert 1 <= said.count("limited") <= 8, (limit, said)  # two minutes at most
    gw = gateway(group(ups, [{"otpm": 10}, {"otpm": 10}], retries=0,
                       router={"optional_pre_call_checks": ["enforce_model_rate_limits"]}))
    reply = gw.chat("m", max_tokens=11)
    assert reply.status == 429 and "otpm limit 10" in reply.error()["message"], reply


def test_groups_of_groups(gateway, upstream):
    ups = {name: upstream(answer(name)) for name in ("fast", "slow", "last")}
    made = groups({"a": [ups["fast"], ups["slow"]], "b": ups["last"]}, {
        "routing_groups": [
            {"group_name": "any", "models": ["a", "b"], "routing_strategy": "least-busy"},
            {"group_name": "in-order", "models": ["b", "a"], "routing_strategy": "priority",
             "model_priorities": {"b": 1, "a": 2}},
        ]})
    gw = gateway(made)
    assert {model(gw.chat("any")) for _ in range(40)} == {"fast", "slow", "last"}
    assert {model(gw.chat("in-order")) for _ in range(10)} == {"last"}
    assert {model(gw.chat("a")) for _ in range(20)} == {"fast", "slow"}
    listed = {m["id"] for m in gw.request("GET", "/v1/models").json()["data"]}
    assert {"a", "b", "any", "in-order"} <= listed
    decisions = gw.request("GET", "/router/state").json()["decisions"]
    assert {d["by"] for d in decisions if d["model_group"] in ("a", "any")} == {"least-busy"}


def test_the_next_in_order_takes_over(gateway, upstream):
    first, second = upstream(told(500)), upstream(answer("second"))
    gw = gateway(groups({"a": first, "b": second}, {"routing_groups": [
        {"group_name": "both", "models": ["a", "b"], "routing_strategy": "priority",
         "model_priorities": {"a": 1, "b": 2}}]}))
    assert model(gw.chat("both")) == "second" and len(first.requests) == 1


def test_defaults_of_all_deployments(gateway, upstream):
    """They win over a deployment's own, as in LiteLLM, and a request's win over both."""
    up = upstream(answer())
    gw = gateway(group([up], [{"temperature": 0.1, "seed": 7}],
                       router={"default_litellm_params": {"temperature": 0.5, "top_p": 0.9}}))
    gw.chat("m")
    gw.chat("m", temperature=1, top_p=0.2)
    sent = [r.json() for r in up.requests]
    assert [(s["temperature"], s["top_p"], s["seed"]) for s in sent] == [(0.5, 0.9, 7), (1, 0.2, 7)]


def test_defaults_leave_ids_alone(gateway, upstream):
    up = upstream(answer())
    plain = gateway(group([up])).chat("m").header("x-litellm-model-id")
    made = group([up], router={"default_litellm_params": {"top_p": 0.9}})
    assert gateway(made).chat("m").header("x-litellm-model-id") == plain


def test_all_of_the_group_are_asked_before_others(gateway, upstream):
    """enable_weighted_failover: the rest of the group, without retries, before a fallback."""
    bad, good, other = upstream(told(500)), upstream(answer("good")), upstream(answer("other"))
    named, fallbacks = {"m": [bad, bad, good], "o": other}, [{"m": ["o"]}]
    gw = gateway(groups(named, {"fallbacks": fallbacks, "enable_weighted_failover": True, "disable_cooldowns": True}))
    assert {model(gw.chat("m")) for _ in range(12)} == {"good"}
    reply = gw.chat("m", max_fallbacks=0)
    assert reply.status == 500 or model(reply) == "good"
    gw = gateway(groups(named, {"fallbacks": fallbacks, "disable_cooldowns": True}))
    assert {model(gw.chat("m")) for _ in range(30)} == {"good", "other"}


def test_a_deployments_own_fallbacks(gateway, upstream):
    bad, own, general = upstream(told(500)), upstream(answer("own")), upstream(answer("general"))
    made = groups({"m": bad, "own": own, "general": general}, {"fallbacks": [{"m": ["general"]}]})
    assert model(gateway(made).chat("m")) == "general"
    made["model_list"][0]["litellm_params"]["fallbacks"] = ["nobody", "own"]
    assert model(gateway(made).chat("m")) == "own"
    made["model_list"][0]["litellm_params"]["fallbacks"] = ["nobody"]
    assert model(gateway(made).chat("m")) == "general"


def test_who_takes_long_prompts(gateway, upstream):
    short, long = upstream(told(400, LONG)), upstream(answer("long"))
    made = groups({"m": short, "long": long}, {})
    gw = gateway(made)
    assert gw.chat("m").status == 400
    for name in ("m", "openai/m0", "m0"):
        assert model(gw.chat("m", context_window_fallback_dict={"x": "y", name: "long"})) == "long"
    assert gw.chat("m", context_window_fallback_dict={"x": "long"}).status == 400
    assert all("context_window_fallback_dict" not in r.json() for r in short.requests + long.requests)
    made["model_list"][0]["litellm_params"]["context_window_fallback_dict"] = {"m0": "long"}
    assert model(gateway(made).chat("m")) == "long"
    made["model_list"][0]["litellm_params"]["model"] = "openai/m0"
    other = groups({"m": upstream(told(500)), "long": long}, {})
    other["model_list"][0]["litellm_params"]["context_window_fallback_dict"] = {"m0": "long"}
    assert gateway(other).chat("m").status == 500  # not for other faults


def test_own_numbers_of_retries(gateway, upstream):
    """A request's retry_policy wins over its deployment's, and that over the group's."""
    def asked(status, own=None, **more):
        up = upstream(told(status))
        made = config([deployment("m", "openai/m", up.url, **({"retry_policy": own} if own else {}))],
                      litellm_settings={"num_retries": 0},
                      router_settings={"model_group_retry_policy": {"m": {"InternalServerErrorRetries": 1}}})
        gateway(made).chat("m", **more)
        return len(up.requests)

    assert asked(500) == 2
    assert asked(500, {"InternalServerErrorRetries": 2}) == 3
    assert asked(500, {"InternalServerErrorRetries": 2}, retry_policy={"InternalServerErrorRetries": 0}) == 1
    assert asked(400, retry_policy={"BadRequestErrorRetries": 1}) == 2
    assert asked(500, retry_policy={"TimeoutErrorRetries": 9}) == 2


def test_a_tag_has_a_budget(gateway, upstream):
    """LiteLLM's tag_budget_config: by the tag, whoever is asked, with or without tag routing."""
    up = upstream(answer())  # of 8 tokens
    gw = gateway(config([deployment("m", "openai/m", up.url, input_cost_per_token=1, output_cost_per_token=1)],
                        litellm_settings={"num_retries": 0, "tag_budget_config": {
                            "team-a": {"max_budget": 10, "budget_duration": "30d"},
                            "team-b": {"budget_limit": 1000, "time_period": "1d"}}}))
    for _ in range(2):  # the second crosses it
        assert gw.chat("m", metadata={"tags": ["team-a", "x"]}).status == 200
    reply = gw.chat("m", metadata={"tags": ["y", "team-a"]})
    assert reply.status == 429 and "crossed budget: $16.000000 spent of $10.000000" in reply.body.decode()
    assert gw.chat("m", stream=True, metadata={"tags": ["team-a"]}).status == 429
    for headers in ({}, {"x-litellm-tags": "team-b"}, {"x-litellm-tags": "x"}):
        assert gw.chat("m", headers=headers).status == 200
    tags = {row["tag"]: row["budget"] for row in gw.request("GET", "/router/state").json()["tags"]}
    assert (tags["team-a"]["spent_usd"], tags["team-b"]["spent_usd"]) == (16, 8)
    assert tags["team-b"]["limit_usd"] == 1000 and len(up.requests) == 5


def test_a_provider_is_told_the_session(gateway, upstream):
    """provider_affinity_header: whatever names the session, unless the request has such a header already."""
    up = upstream(answer("x"))
    gw = gateway(config([deployment("m", "openai/m", up.url, provider_affinity_header="x-session-affinity"),
                         deployment("n", "openai/m", up.url)]))
    for more, told in (({"litellm_session_id": "one"}, "one"), ({"metadata": {"session_id": "two"}}, "two"),
                       ({"headers": {"x-litellm-session-id": "three"}}, "three"), ({}, None),
                       ({"litellm_session_id": "one", "extra_headers": {"X-Session-Affinity": "own"}}, "own")):
        assert gw.chat("m", **more).status == 200
        assert up.requests[-1].header("x-session-affinity") == told
    assert gw.chat("n", litellm_session_id="one").status == 200
    assert up.requests[-1].header("x-session-affinity") is None
    n = len(up.requests)
    reply = gw.chat("m", litellm_session_id="a\r\nevil: 1")
    assert reply.status == 400 and len(up.requests) == n, reply


def test_models_that_nobody_names(gateway, upstream):
    """pass_through_all_models: the provider that a name tells, with the environment's key; in no list."""
    up = upstream(answer("passed"))
    made = config([deployment("m", "openai/m", up.url)],
                  router_settings={"router_general_settings": {"pass_through_all_models": True}})
    env = {"OPENAI_API_KEY": "sk-of-environment", "OPENAI_BASE_URL": up.url + "/v1"}
    gw = gateway(made, env=env)
    assert model(gw.chat("openai/gpt-5-new")) == "passed" and model(gw.chat("gpt-4o")) == "passed"
    assert [r.json()["model"] for r in up.requests] == ["gpt-5-new", "gpt-4o"]
    assert up.requests[0].header("authorization") == "Bearer sk-of-environment"
    assert [m["id"] for m in gw.request("GET", "/v1/models").json()["data"]] == ["m"]
    health = gw.request("GET", "/health").json()
    assert (health["healthy_count"], health["unhealthy_count"]) == (1, 0)
    made["router_settings"] = {}
    gw.reload(made)
    assert gw.chat("openai/gpt-5-new").status == 400


def test_one_configuration_for_several_environments(gateway, upstream):
    up = upstream(answer("x"))
    made = config([deployment("m", "openai/staging", up.url), deployment("m", "openai/production", up.url)])
    for entry, names in zip(made["model_list"], (["staging", "development"], ["production"])):
        entry["model_info"] = {"supported_environments": names}
    gw = gateway(made, env={"LITELLM_ENVIRONMENT": "production"})
    for _ in range(5):
        assert gw.chat("m").status == 200
    assert {r.json()["model"] for r in up.requests} == {"production"}


def test_tags_mean_nobody(gateway, upstream):
    """Also where there is one deployment only; but who names it by its id gets it."""
    up = upstream(answer("x"))
    made = config([deployment("m", "openai/m", up.url, tags=["paid"])], router_settings={"enable_tag_filtering": True})
    made["model_list"][0]["model_info"] = {"id": "by-id"}
    gw = gateway(made)
    for more in ({"tags": ["other"]}, {"metadata": {"tags": ["other"]}}, {"headers": {"x-litellm-tags": "other"}}):
        reply = gw.chat("m", **more)
        assert reply.status == 401, reply
        assert reply.error()["message"].startswith("Not allowed to access model due to tags configuration. Passed model=m.")
    assert not up.requests
    assert model(gw.chat("m", tags=["paid"])) == "x" and model(gw.chat("by-id", tags=["other"])) == "x"
