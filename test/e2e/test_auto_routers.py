"""Auto routers on the real binary: names that choose a model by what is asked, which then goes the usual way."""

import json
import time

import pytest

from harness import answer, config, deployment, serving, wait_for
from test_fallbacks import told

EASY = [{"role": "user", "content": "hi"}]
HARD = [{"role": "user", "content": "think step by step and evaluate the pros and cons"}]


def routed(ups, kind, settings, infos=(), router=None, **params):
    models = [deployment(name, f"openai/{name}", up.url) for name, up in ups.items()]
    for model, info in zip(models, infos):
        model["model_info"] = info
    models.append({"model_name": "smart", "litellm_params": {
        "model": f"auto_router/{kind}", f"{kind}_config": settings, **params}})
    return config(models, router_settings=router or {}, litellm_settings={"num_retries": 0})


def said(reply):
    assert reply.status == 200, reply
    return reply.json()["choices"][0]["message"]["content"]


def test_by_how_hard_it_is(gateway, upstream):
    ups = {name: upstream(answer(name)) for name in ("small", "large")}
    tiers = {"SIMPLE": "small", "REASONING": {"model_name": "large", "litellm_params": {"temperature": 0.25}}}
    gw = gateway(routed(ups, "complexity_router", {"tiers": tiers}))
    reply = gw.chat("smart", messages=EASY, temperature=1)
    assert said(reply) == "small" and ups["small"].requests[-1].json()["temperature"] == 1
    assert reply.header("x-llmux-auto-router") == "complexity_router; tier; SIMPLE, score -0.15"
    assert reply.header("x-litellm-model-group") == "small"
    reply = gw.chat("smart", messages=HARD, temperature=1)
    assert said(reply) == "large"
    sent = ups["large"].requests[-1].json()
    assert sent["temperature"] == 0.25 and sent["model"] == "large"
    assert reply.header("x-llmux-auto-router") == "complexity_router; tier; REASONING, score 0.15"
    # in Anthropic's language, and as a stream, which keeps its changed request to its end
    assert gw.messages("smart", messages=HARD).json()["content"][0]["text"] == "large"
    assert "smart" in {m["id"] for m in gw.request("GET", "/v1/models").json()["data"]}
    assert gw.request("GET", "/v1/models/smart").status == 200
    state = gw.request("GET", "/router/state").json()
    assert state["auto_routers"] == [{"name": "smart", "kind": "complexity_router"}]
    last = [d for d in state["decisions"] if d.get("auto_router")][0]
    assert (last["auto_router"], last["routed_by"], last["model_group"]) == ("smart", "tier", "large")


def test_what_was_chosen_may_fail(gateway, upstream):
    """Fallbacks of the chosen model, else those of the router; and a router as a fallback."""
    ups = {"small": upstream(told(500)), "large": upstream(answer("large")), "other": upstream(answer("other"))}
    tiers = {"SIMPLE": "small", "MEDIUM": "large", "REASONING": "large"}
    gw = gateway(routed(ups, "complexity_router", {"tiers": tiers}, router={"fallbacks": [{"smart": ["other"]}]}))
    reply = gw.chat("smart", messages=EASY)
    assert said(reply) == "other" and reply.header("x-litellm-attempted-fallbacks") == "1"
    gw = gateway(routed(ups, "complexity_router", {"tiers": tiers},
                        router={"fallbacks": [{"smart": ["other"]}, {"small": ["large"]}]}))
    assert said(gw.chat("smart", messages=EASY)) == "large"
    gw = gateway(routed(ups, "complexity_router", {"tiers": tiers}, router={"fallbacks": [{"small": ["smart"]}]}))
    assert said(gw.chat("small", messages=HARD)) == "large"
    assert gw.chat("small", messages=EASY).status == 500


def test_by_quality(gateway, upstream):
    ups = {name: upstream(answer(name)) for name in ("cheap", "good")}
    infos = [{"litellm_routing_preferences": {"quality_tier": 1}},
             {"litellm_routing_preferences": {"quality_tier": 4, "keywords": ["contract"]}}]
    gw = gateway(routed(ups, "quality_router", {"available_models": ["cheap", "good"]}, infos,
                        quality_router_default_model="cheap"))
    assert said(gw.chat("smart", messages=EASY)) == "cheap"
    assert said(gw.chat("smart", messages=HARD)) == "good"
    reply = gw.chat("smart", messages=[{"role": "user", "content": "hi, the Contract"}])
    assert said(reply) == "good" and reply.header("x-llmux-auto-router") == "quality_router; keyword; contract, quality 4"


def test_by_what_was_learned(gateway, upstream):
    ups = {name: upstream(answer(name)) for name in ("one", "two")}
    infos = [{"adaptive_router_preferences": {"quality_tier": 1}}, {"adaptive_router_preferences": {"quality_tier": 3}}]
    made = routed(ups, "adaptive_router", {"available_models": ["one", "two"], "weights": {"quality": 1, "cost": 0}}, infos)
    gw = gateway(made)
    assert texts_of(gw, 30).count("two") >= 22
    assert set(texts_of(gw, 10, headers={"x-litellm-min-quality-tier": "3"})) == {"two"}
    assert set(texts_of(gw, 10, metadata={"min_quality_tier": 3})) == {"two"}
    reply = gw.chat("smart", headers={"x-litellm-min-quality-tier": "4"})
    assert reply.status == 400 and "no model" in reply.error()["message"], reply

    def cell():
        cells = gw.request("GET", "/router/state").json()["auto_routers"][0]["cells"]
        return [c for c in cells if c["request_type"] == "code_understanding" and c["model"] == "two"][0]

    before = cell()
    assert (before["quality_mean"], before["samples"]) == (0.7, 0)
    for i in range(20):
        asked = [{"role": "user", "content": "review my code"}]
        headers = {"x-litellm-session-id": f"session-{i}", "x-litellm-min-quality-tier": "3"}
        assert gw.chat("smart", messages=asked, headers=headers).header("x-litellm-adaptive-router-model") == "two"
        gw.chat("smart", messages=asked + [{"role": "user", "content": "forget it"}], headers=headers)
    assert cell()["samples"] == 20 and cell()["quality_mean"] < 0.3
    gw.reload(made)  # what was learned outlives the configuration
    assert cell()["samples"] == 20


def texts_of(gw, n, **more):
    return [said(gw.chat("smart", **more)) for _ in range(n)]


def test_with_hedges_and_streams(gateway, upstream):
    """A hedge asks the model that was chosen, and what was put into the body goes along."""
    ups = {"large": upstream(answer("large"))}
    tiers = {"SIMPLE": {"model_name": "large", "litellm_params": {"temperature": 0.25}}}
    made = routed(ups, "complexity_router", {"tiers": tiers}, router={"hedge_after": 0.001})
    made["model_list"].append(deployment("large", "openai/large2", ups["large"].url))
    gw = gateway(made)
    for _ in range(20):
        reply = gw.chat("smart", messages=EASY)
        assert said(reply) == "large" and reply.header("x-llmux-auto-router").startswith("complexity_router; tier;")
        reply = gw.chat("smart", messages=EASY, stream=True)
        assert reply.status == 200 and b"[DONE]" in reply.body
    assert {r.json()["temperature"] for r in ups["large"].requests} == {0.25}


def meaning(upstream_list, fails=False):
    """An embedding provider for which a text means code or cooking."""
    def reply(connection, request):
        upstream_list.append(request.json())
        vectors = [[1, 0] if "code" in t else [0, 1] if "cook" in t else [-1, -1] for t in request.json()["input"]]
        time.sleep(0.2 if "slow" in request.json()["input"][-1] else 0)
        if fails:
            connection.respond(500, {"error": {"message": "no"}})
        else:
            connection.respond(200, {"object": "list", "model": "e", "usage": {"prompt_tokens": 1, "total_tokens": 1},
                                     "data": [{"object": "embedding", "index": i, "embedding": v}
                                              for i, v in enumerate(vectors)]})
    return serving(reply)


ROUTES = {"routes": [{"name": "coder", "utterances": ["write code", "fix the code"]},
                     {"name": "chef", "utterances": ["what shall we cook"]}]}


def semantic(gateway, upstream, tmp_path, fails=False, in_file=False):
    ups, asked = {name: upstream(answer(name)) for name in ("coder", "chef", "other")}, []
    ups["vectors"] = upstream(meaning(asked, fails))
    params = {"auto_router_default_model": "other", "auto_router_embedding_model": "vectors",
              "auto_router_max_input_chars": 40}
    if in_file:
        (tmp_path / "routes.json").write_text(json.dumps(ROUTES))
        params["auto_router_config_path"] = str(tmp_path / "routes.json")
    else:
        params["auto_router_config"] = json.dumps(ROUTES)
    made = routed(ups, "any", None, **params)
    made["model_list"][3]["litellm_params"].update(input_cost_per_token=0.5, output_cost_per_token=0)
    del made["model_list"][-1]["litellm_params"]["any_config"]
    return gateway(made, workers=1), asked


def words(text):
    return [{"role": "user", "content": text}]


@pytest.mark.parametrize("in_file", [False, True])
def test_by_meaning(gateway, upstream, tmp_path, in_file):
    gw, asked = semantic(gateway, upstream, tmp_path, in_file=in_file)
    def lines():
        return [line for line in gw.log_lines("POST") if " inquiry" in line]
    reply = gw.chat("smart", messages=words("my code"))
    assert said(reply) == "coder" and reply.header("x-llmux-auto-router") == "semantic; semantic; cosine 1.00"
    assert asked == [{"model": "vectors", "input": ["write code", "fix the code", "what shall we cook", "my code"]}]
    assert said(gw.chat("smart", messages=words("let us cook " + "x" * 100))) == "chef"
    assert asked[1:] == [{"model": "vectors", "input": [("let us cook " + "x" * 100)[:40]]}]  # utterances are known
    assert said(gw.chat("smart", messages=words("the weather"))) == "other"
    assert said(gw.chat("smart", messages=[])) == "other" and len(asked) == 3
    wait_for("a line for each request and each call for vectors",
             lambda: len(lines()) == 3 and len(gw.log_lines("model=smart")) == 4)
    ids = {line.split(" id=")[1].split()[0] for line in gw.log_lines("model=smart")}
    for line in lines():
        assert "model=vectors to=openai/vectors" in line and "tokens=1+0 cost=0.5" in line, line
        assert line.split(" id=")[1].split()[0] in ids  # of the request that it was made for
    reply = gw.chat("smart", messages=words("my code"), stream=True)
    assert reply.status == 200 and b"[DONE]" in reply.body
    assert gw.messages("smart", messages=words("my code")).json()["content"][0]["text"] == "coder"


def test_without_a_meaning(gateway, upstream, tmp_path):
    """Who cannot be asked for vectors costs no request its answer."""
    gw, asked = semantic(gateway, upstream, tmp_path, fails=True)
    reply = gw.chat("smart", messages=words("my code"))
    assert said(reply) == "other" and asked
    assert reply.header("x-llmux-auto-router") == "semantic; default; no vector for the request"
    with pytest.raises(OSError):  # a client that goes away while they are asked for
        gw.request("POST", "/v1/chat/completions", {"model": "smart", "messages": words("slow")}, timeout=0.1)
    assert said(gw.chat("smart", messages=words("my code"))) == "other"
