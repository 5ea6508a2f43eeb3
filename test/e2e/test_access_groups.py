"""Access groups and fallbacks as LiteLLM's clients look at them: what the configuration says, and that
changing it wants a database."""

import pytest

from harness import config, deployment


@pytest.fixture
def gw(gateway):
    models = [deployment("a", "openai/m", "http://127.0.0.1:1"), deployment("a", "openai/n", "http://127.0.0.1:1"),
              deployment("b", "openai/m", "http://127.0.0.1:1"), deployment("c", "openai/m", "http://127.0.0.1:1"),
              deployment("openai/*", "openai/*", "http://127.0.0.1:1")]
    for model, groups in zip(models, (["prod", "beta"], ["prod"], ["prod"], None, ["wild"])):
        if groups:
            model["model_info"] = {"access_groups": groups}
    models.append({"model_name": "auto", "model_info": {"access_groups": ["wild"]}, "litellm_params": {
        "model": "auto_router/complexity_router", "complexity_router_config": {"tiers": {"SIMPLE": "a"}}}})
    return gateway(config(models, router_settings={
        "fallbacks": [{"a": ["b", {"model": "c", "max_tokens": 5}]}, {"*": ["c"]}],
        "context_window_fallbacks": [{"a": ["c"]}]}))


def ids(gw, query=""):
    return [m["id"] for m in gw.request("GET", "/v1/models" + query).json()["data"]]


def test_they_are_listed_with_the_models(gw):
    assert ids(gw) == ["a", "b", "c", "auto"]
    assert ids(gw, "?include_model_access_groups=true") == ["a", "b", "c", "auto", "prod", "beta", "wild"]
    assert ids(gw, "?include_model_access_groups=True&only_model_access_groups=True") == ["prod", "beta", "wild"]
    assert ids(gw, "?return_wildcard_routes=true") == ["a", "b", "c", "openai/*", "auto"]


def test_who_is_in_them(gw):
    listed = gw.request("GET", "/access_group/list").json()["access_groups"]
    assert [(g["access_group"], g["model_names"], g["deployment_count"]) for g in listed] == [
        ("beta", ["a"], 1), ("prod", ["a", "b"], 3), ("wild", ["openai/*", "auto"], 2)]
    assert gw.request("GET", "/access_group/prod/info").json() == listed[1]
    assert gw.request("GET", "/access_group/none/info").status == 404


def test_changing_them_wants_a_database(gw):
    for method, path in (("POST", "/access_group/new"), ("PUT", "/access_group/prod/update"),
                         ("DELETE", "/access_group/prod/delete")):
        reply = gw.request(method, path, {"access_group": "x", "model_names": ["a"]})
        assert reply.status == 500 and "database" in reply.error()["message"], reply
        assert "model_info.access_groups" in reply.error()["message"]


def test_fallbacks_are_shown(gw):
    assert gw.request("GET", "/fallback/a").json() == {
        "model": "a", "fallback_models": ["b", {"model": "c", "max_tokens": 5}], "fallback_type": "general"}
    assert gw.request("GET", "/fallback/b").json()["fallback_models"] == ["c"]
    assert gw.request("GET", "/fallback/a?fallback_type=context_window").json()["fallback_models"] == ["c"]
    assert gw.request("GET", "/fallback/a?fallback_type=content_policy").status == 404
    assert gw.request("GET", "/fallback/a?fallback_type=else").status == 400
    rows = gw.request("GET", "/v1/models?include_metadata=true&fallback_type=context_window").json()["data"]
    assert [m["metadata"]["fallbacks"] for m in rows] == [["c"], [], [], []]
    for method, path in (("POST", "/fallback"), ("DELETE", "/fallback/a")):
        reply = gw.request(method, path, {"model": "a", "fallback_models": ["b"]})
        assert reply.status == 400 and "router_settings.fallbacks" in reply.error()["message"], reply
