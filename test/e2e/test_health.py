"""Health checks of deployments: on demand, in the background, and what the router makes of them."""

import base64
import io
import json
import time
import wave

import pytest

from harness import KEY, UPSTREAM_KEY, answer, completion, serving, wait_for
from test_router import group, slow, texts, told


def get(gw, path):
    return gw.request("GET", path)


def test_each_deployment_is_asked(gateway, upstream):
    good, bad = upstream(answer("fine")), upstream(told(401))
    gw = gateway(group([good, bad], [{"rpm": 1}], router={"enable_pre_call_checks": True}))
    for _ in range(3):  # it neither counts nor cools down
        reply = get(gw, "/health")
        state = reply.json()
        assert reply.status == 200 and (state["healthy_count"], state["unhealthy_count"]) == (1, 1)
    fine, broken = state["healthy_endpoints"][0], state["unhealthy_endpoints"][0]
    assert fine["model"] == "openai/m0" and fine["api_base"] == good.url + "/v1" and fine["model_id"]
    assert broken["model"] == "openai/m1" and broken["exception_status"] == 401
    assert "AuthenticationError" in broken["error"]
    assert UPSTREAM_KEY not in reply.body.decode() and KEY not in reply.body.decode()
    deployments = get(gw, "/router/state").json()["deployments"]
    assert [d["state"] for d in deployments] == ["closed", "closed"]
    assert [d["this_minute"]["requests"] for d in deployments] == [0, 0]
    body = json.loads(good.requests[0].body)
    assert body["model"] == "m0" and body["max_tokens"] == 16 and body["messages"]
    assert gw.request("GET", "/health", key=None).status == 401


def test_one_is_asked_for(gateway, upstream):
    good, bad = upstream(answer()), upstream(told(500))
    made = group([good, bad])
    made["model_list"][1]["model_name"] = "other"
    made["model_list"][1]["model_info"] = {"id": "by-id"}
    gw = gateway(made)
    assert get(gw, "/health?model=m").json()["healthy_count"] == 1
    assert get(gw, "/health?model=openai%2Fm0").status == 200
    for path in ("/health?model=other", "/health?model_id=by-id", "/health?model=nobody"):
        assert get(gw, path).status == 503, path
    assert len(good.requests) == 2 and len(bad.requests) == 2


def test_an_alias_is_not_asked_again(gateway, upstream):
    up = upstream(answer())
    gw = gateway(group([up], router={"model_group_alias": {"alias": "m"}}))
    assert get(gw, "/health").json()["healthy_count"] == 1 and len(up.requests) == 1
    assert get(gw, "/health?model=alias").json()["healthy_count"] == 1 and len(up.requests) == 2


def test_the_mode_says_what_is_asked(gateway, upstream):
    def reply(connection, request):
        if request.target.endswith("/embeddings"):
            connection.respond(200, {"object": "list", "model": "e", "data": [
                {"object": "embedding", "index": 0, "embedding": [0.5]}],
                "usage": {"prompt_tokens": 1, "total_tokens": 1}})
        else:
            connection.respond(200, completion("x"))
    ups = [upstream(serving(reply)) for _ in range(4)]
    made = group(ups)
    infos = [{"mode": "embedding"}, {"health_check_model": "openai/cheap", "health_check_max_tokens": 3},
             {"mode": "realtime"}, {"disable_background_health_check": True}]
    for row, info in zip(made["model_list"], infos):
        row["model_info"] = info
    made["general_settings"]["health_check_skip_disabled_background_models"] = True
    gw = gateway(made)
    state = get(gw, "/health").json()
    assert state["healthy_count"] == 2 and state["unhealthy_count"] == 1
    assert "mode realtime are not checked" in state["unhealthy_endpoints"][0]["error"]
    assert ups[0].requests[0].target == "/v1/embeddings"
    body = json.loads(ups[1].requests[0].body)
    assert body["model"] == "cheap" and body["max_tokens"] == 3
    assert not ups[2].requests and not ups[3].requests


def modes(gateway, up, *models):
    """One deployment for each (model, mode, more of its model_info)."""
    made = group([up] * len(models))
    for row, (model, mode, more) in zip(made["model_list"], models):
        row["litellm_params"]["model"] = model
        row["model_info"] = {"mode": mode, **more}
    return gateway(made)


def test_what_is_not_served_is_checked(gateway, upstream):
    """Endpoints that are no requests of ours: whatever they answer well is good, be it sound."""
    def reply(connection, request):
        if request.target.endswith("/speech"):
            connection.respond(200, b"ID3\x04\x00\xff\xfb", content_type="audio/mpeg")
        else:
            connection.respond(200, {"results": []})
    up = upstream(serving(reply))
    gw = modes(gateway, up, ("openai/dall-e-3", "image_generation", {}), ("openai/omni", "moderation", {}),
               ("openai/tts-1", "audio_speech", {"health_check_voice": "echo"}),
               ("openai/whisper-1", "audio_transcription", {}), ("cohere/rerank-v3.5", "rerank", {}),
               ("jina_ai/jina-reranker", "rerank", {"health_check_params": {"top_n": 1, "model": "other"}}),
               ("openai/gpt-image-1", "image_edit", {}), ("mistral/mistral-ocr-latest", "ocr", {}))
    state = get(gw, "/health").json()
    assert (state["healthy_count"], state["unhealthy_count"]) == (8, 0), state
    asked = {r.target: r for r in up.requests}
    assert asked["/v1/images/generations"].json() == {"model": "dall-e-3", "prompt": "a blue circle"}
    assert asked["/v1/moderations"].json() == {"model": "omni", "input": "test"}
    assert asked["/v1/audio/speech"].json() == {"model": "tts-1", "input": "test", "voice": "echo"}
    form = asked["/v1/audio/transcriptions"]
    assert form.header("content-type").startswith("multipart/form-data; boundary=")
    boundary = form.header("content-type").split("boundary=")[1].encode()
    model, file = form.body.split(b"--" + boundary)[1:3]
    assert model.endswith(b"\r\n\r\nwhisper-1\r\n")
    sound = wave.open(io.BytesIO(file.split(b"\r\n\r\n", 1)[1][:-2]))
    assert sound.getnframes() / sound.getframerate() == 0.2
    form = asked["/v1/images/edits"]
    boundary = form.header("content-type").split("boundary=")[1].encode()
    model, prompt, file = form.body.split(b"--" + boundary)[1:4]
    assert model.endswith(b"\r\n\r\ngpt-image-1\r\n") and prompt.endswith(b"\r\n\r\na blue circle\r\n")
    picture = file.split(b"\r\n\r\n", 1)[1][:-2]
    assert picture.startswith(b"\x89PNG\r\n") and picture.endswith(b"IEND\xaeB`\x82")
    read = asked["/v1/ocr"].json()
    assert read["model"] == "mistral-ocr-latest" and read["document"]["type"] == "image_url"
    assert base64.b64decode(read["document"]["image_url"].removeprefix("data:image/png;base64,")) == picture
    ranked = {r.json()["model"]: (r.target, r.json()) for r in up.requests if r.target.endswith("/rerank")}
    assert ranked["rerank-v3.5"] == ("/v1/v2/rerank", {
        "model": "rerank-v3.5", "query": "test", "documents": ["my sample text"]})
    assert ranked["jina-reranker"][1]["top_n"] == 1
    assert all(r.header("authorization") == f"Bearer {UPSTREAM_KEY}" for r in up.requests)


def test_what_is_not_served_may_fail(gateway, upstream):
    up = upstream(told(401))
    gw = modes(gateway, up, ("openai/tts-1", "audio_speech", {}), ("deepinfra/ranker", "rerank", {}),
               ("openai/whisper-1", "audio_transcription", {}), ("openai/reader", "ocr", {}))
    state = get(gw, "/health").json()
    assert state["unhealthy_count"] == 4 and len(up.requests) == 2
    errors = {e["model"]: (e["exception_status"], e["error"]) for e in state["unhealthy_endpoints"]}
    assert errors["openai/tts-1"][0] == errors["openai/whisper-1"][0] == 401
    assert errors["deepinfra/ranker"] == (400, "models of the mode rerank are not checked at DeepInfra")
    assert errors["openai/reader"] == (400, "models of the mode ocr are not checked at OpenAI")


def test_a_check_may_be_told_more(gateway, upstream):
    up = upstream(answer())
    gw = modes(gateway, up, ("openai/a", "chat", {"health_check_reasoning_effort": "low"}),
               ("openai/b", "chat", {"health_check_supports_max_tokens": False}),
               ("openai/c", "chat", {"health_check_max_tokens_non_reasoning": 5, "supports_reasoning": False}),
               ("openai/d", "chat", {"health_check_max_tokens_reasoning": 7, "supports_reasoning": True}))
    assert get(gw, "/health").json()["healthy_count"] == 4
    sent = {r.json()["model"]: r.json() for r in up.requests}
    assert sent["a"]["reasoning_effort"] == "low" and sent["a"]["max_tokens"] == 16
    assert "max_tokens" not in sent["b"]
    assert sent["c"]["max_tokens"] == 5
    assert (sent["d"].get("max_tokens") or sent["d"]["max_completion_tokens"]) == 7


def test_a_check_has_a_deadline_and_may_be_left(gateway, upstream):
    up = upstream(slow(5, "late"))
    made = group([up])
    made["model_list"][0]["model_info"] = {"health_check_timeout": 1}
    gw = gateway(made)
    started = time.monotonic()
    assert get(gw, "/health").json()["unhealthy_count"] == 1
    assert time.monotonic() - started < 4
    with pytest.raises(OSError):
        gw.request("GET", "/health", timeout=0.2)
    assert get(gw, "/health/liveliness").status == 200


def test_checks_in_the_background_and_routing_by_them(gateway, upstream):
    works = True

    def reply(connection, request):
        if works or b"1 + 1" not in request.body:
            connection.respond(200, completion("first"))
        else:
            connection.send(b"HTTP/1.1 500 X\r\ncontent-length: 0\r\n\r\n")

    first, second = upstream(serving(reply)), upstream(answer("second"))
    made = group([first, second], router={"enable_health_check_routing": True})
    made["general_settings"].update(background_health_checks=True, health_check_interval=1)
    gw = gateway(made)
    wait_for("the first checks", lambda: get(gw, "/health").json()["healthy_count"] == 2)
    assert set(texts(gw, 30)) == {"first", "second"}
    works = False
    wait_for("a failed check", lambda: get(gw, "/health").json()["unhealthy_count"] == 1)
    assert set(texts(gw, 30)) == {"second"}
    deployment = get(gw, "/router/state").json()["deployments"][0]
    assert deployment["health_check"]["healthy"] is False
    assert deployment["last_skipped"]["why"] == "health"
    works = True
    wait_for("recovery", lambda: get(gw, "/health").json()["healthy_count"] == 2)
    assert set(texts(gw, 30)) == {"first", "second"}
    history = get(gw, "/health/history?limit=1000").json()
    assert history["total_records"] == len(history["health_checks"]) >= 4
    assert {c["status"] for c in history["health_checks"]} == {"healthy", "unhealthy"}
    bad = get(gw, "/health/history?status_filter=unhealthy&limit=1").json()["health_checks"]
    assert len(bad) == 1 and bad[0]["model_name"] == "m" and bad[0]["error_message"]
    latest = get(gw, "/health/latest").json()
    assert latest["total_models"] == 2
    assert {c["status"] for c in latest["latest_health_checks"].values()} == {"healthy"}
    assert get(gw, "/health/history?limit=0").status == 400
    made["general_settings"]["background_health_checks"] = False
    gw.reload(made)
    time.sleep(0.3)
    seen = len(second.requests)
    time.sleep(1.5)
    assert len(second.requests) == seen


def test_old_results_say_nothing(gateway, upstream):
    made = group([upstream(told(500)), upstream(answer("good"))],
                 router={"enable_health_check_routing": True, "health_check_staleness_threshold": 1,
                         "disable_cooldowns": True})
    gw = gateway(made)
    assert get(gw, "/health").json()["unhealthy_count"] == 1
    texts(gw, 10)
    assert get(gw, "/router/state").json()["deployments"][0]["this_minute"]["failures"] == 0
    time.sleep(1.1)
    texts(gw, 30)
    assert get(gw, "/router/state").json()["deployments"][0]["this_minute"]["failures"] > 0


def test_services(gateway, upstream):
    gw = gateway(group([upstream(answer())]))
    reply = get(gw, "/health/services?service=redis")
    assert reply.status == 503 and reply.json()["message"] == "not configured"
    assert get(gw, "/health/services?service=slack").status == 400


def test_some_groups_are_checked_by_themselves(gateway, upstream):
    """background_health_check_model_groups: the rest is asked only by who wants to know, and routed as ever."""
    checked, bad, unchecked = upstream(answer("checked")), upstream(told(500)), upstream(answer("unchecked"))
    made = group([checked, unchecked, bad])
    made["model_list"][1]["model_name"] = made["model_list"][2]["model_name"] = "n"
    made["general_settings"].update(background_health_checks=True, health_check_interval=1,
                                    background_health_check_model_groups=["m"], enable_health_check_routing=True)
    gw = gateway(made)
    wait_for("checks", lambda: len(checked.requests) >= 2)
    assert not unchecked.requests and not bad.requests


def test_so_many_at_once(gateway, upstream):
    under_way, most = [], []

    def reply(connection, _):
        under_way.append(1)
        most.append(len(under_way))
        time.sleep(0.1)
        under_way.pop()
        connection.respond(200, completion("x"))
    up = upstream(serving(reply))
    made = group([up] * 9)
    made["general_settings"]["health_check_concurrency"] = 3
    assert get(gateway(made), "/health").json()["healthy_count"] == 9
    assert max(most) == 3
    most.clear()
    del made["general_settings"]["health_check_concurrency"]
    assert get(gateway(made), "/health").json()["healthy_count"] == 9
    assert max(most) > 5


def test_shared_status(gateway, upstream):
    made = group([upstream(answer())])
    assert get(gateway(made), "/health/shared-status").json()["shared_health_check_enabled"] is False
    made["general_settings"]["use_shared_health_check"] = True
    told_so = get(gateway(made), "/health/shared-status").json()
    assert told_so["shared_health_check_enabled"] is True and told_so["redis_available"] is False
