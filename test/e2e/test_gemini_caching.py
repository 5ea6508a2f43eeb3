"""Prompts that clients mark for caches, and that Google keeps as cachedContents."""

import json
import threading
import time

from harness import config, serving

LONG = "The parties agree that the fox is brown and the dog is lazy. " * 200
MARK = {"cache_control": {"type": "ephemeral"}}


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%S.5Z", time.gmtime(seconds))


class Google:
    """Keeps what it is told to keep, for a while, and answers what it is asked."""

    def __init__(self, life=3600, creates=None):
        self.kept, self.life, self.creates = {}, life, creates
        self.made = 0
        self.pause = 0

    def create(self, connection, request):
        time.sleep(self.pause)
        if self.creates:
            connection.respond(*self.creates)
            return
        body = request.json()
        assert body["model"].endswith("models/gemini-2.5-flash") and body["displayName"]
        self.made += 1
        place = request.target.removeprefix("/v1beta/").removeprefix("/v1/")
        now = time.time()
        item = {"name": f"{place}/{self.made}", "displayName": body["displayName"],
                "model": body["model"], "createTime": stamp(now),
                "expireTime": stamp(now + self.life), "usageMetadata": {"totalTokenCount": 2600}}
        self.kept[item["name"]] = item
        connection.respond(200, item)

    def generate(self, connection, request):
        body = request.json()
        name = body.get("cachedContent")
        if name and ("systemInstruction" in body or "tools" in body):
            connection.respond(400, {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message":
                                               "CachedContent can not be used with tools"}})
        elif name and name not in self.kept:
            connection.respond(403, {"error": {
                "code": 403, "status": "PERMISSION_DENIED",
                "message": "CachedContent not found (or permission denied)"}})
        else:
            usage = {"promptTokenCount": 2610, "candidatesTokenCount": 2, "totalTokenCount": 2612,
                     **({"cachedContentTokenCount": 2600} if name else {})}
            reply = {"candidates": [{"content": {"role": "model", "parts": [{"text": "Yes."}]},
                                     "finishReason": "STOP", "index": 0}],
                     "modelVersion": "gemini-2.5-flash", "usageMetadata": usage}
            connection.respond(200, reply)

    def __call__(self, connection, request):
        if "GenerateContent" in request.target or "generateContent" in request.target:
            self.generate(connection, request)
        elif request.method == "GET":
            connection.respond(200, {"cachedContents": list(self.kept.values())}
                               if self.kept else {})
        else:
            self.create(connection, request)


def steps(up):
    """What was asked of it: "list", "create", "name" and "whole" requests."""
    def word(r):
        if "cachedContents" in r.target:
            return "list" if r.method == "GET" else "create"
        return "name" if "cachedContent" in r.json() else "whole"
    return [word(r) for r in up.requests]


def model(url, **params):
    return {"model_name": "m", "litellm_params": {
        "model": "gemini/gemini-2.5-flash", "api_base": url + "/v1beta", "api_key": "k", **params}}


def ask(gw, text="One?", **more):
    return gw.request("POST", "/v1/chat/completions", {"model": "m", "messages": [
        {"role": "system", "content": [{"type": "text", "text": LONG, **MARK}]},
        {"role": "user", "content": text}], **more})


def good(reply):
    assert reply.status == 200, reply.body
    assert reply.json()["choices"][0]["message"]["content"] == "Yes."
    return reply


def begin(gateway, upstream, google, **settings):
    up = upstream(serving(google))
    return up, gateway(config([model(up.url)], **settings), workers=1)


def test_made_once_and_named_without_another_exchange(gateway, upstream):
    up, gw = begin(gateway, upstream, Google())
    usage = good(ask(gw)).json()["usage"]
    assert usage["prompt_tokens_details"]["cached_tokens"] == 2600
    reply = good(ask(gw, "Two?"))
    assert steps(up) == ["list", "create", "name", "name"]
    assert "x-litellm-dropped-params" not in {k.lower() for k, _ in reply.headers}
    body = up.requests[1].json()
    assert body["systemInstruction"]["parts"] == [{"text": LONG}] and "contents" not in body
    assert up.requests[3].json()["contents"] == [{"role": "user", "parts": [{"text": "Two?"}]}]
    assert {r.header("x-goog-api-key") for r in up.requests} == {"k"}


def test_another_process_finds_it(gateway, upstream):
    google = Google()
    up, gw = begin(gateway, upstream, google)
    good(ask(gw))
    good(ask(gateway(config([model(up.url)]))))
    assert steps(up) == ["list", "create", "name", "list", "name"]


def test_made_anew_when_it_has_ended(gateway, upstream):
    google = Google(life=1)
    up, gw = begin(gateway, upstream, google)
    good(ask(gw))
    google.kept.clear()
    time.sleep(1.2)
    good(ask(gw))
    assert steps(up) == ["list", "create", "name"] * 2


def test_what_cannot_be_made_is_done_without(gateway, upstream):
    small = (400, {"error": {"code": 400, "status": "INVALID_ARGUMENT", "message":
                             "Cached content is too small. total_token_count=2600, "
                             "min_total_token_count=4096"}})
    up = upstream(serving(Google(creates=small)))
    gw = gateway(config([model(up.url)]), "--log-format", "json", workers=1)
    reply = good(ask(gw))
    assert reply.header("x-litellm-dropped-params") == "cache_control"
    good(ask(gw))
    assert steps(up) == ["list", "create", "whole", "whole"]
    line = json.loads(gw.access_line("chat/completions"))
    assert line["dropped"] == ["cache_control"]
    assert "min_total_token_count=4096" in line["dropped_because"][0]


def test_what_google_has_forgotten_is_made_again(gateway, upstream):
    google = Google()
    up, gw = begin(gateway, upstream, google)
    good(ask(gw))
    google.kept.clear()
    good(ask(gw))
    assert steps(up) == ["list", "create", "name", "name", "list", "create", "name"]
    assert up.requests[-1].json()["cachedContent"] == "cachedContents/2"


def test_two_at_once_make_one(gateway, upstream):
    google = Google()
    google.pause = 0.5
    up = upstream(serving(google))
    gw = gateway(config([model(up.url)]), workers=1)
    replies = []
    threads = [threading.Thread(target=lambda i=i: replies.append(ask(gw, f"{i}?")))
               for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert [good(r).status for r in replies] == [200] * 4
    assert google.made == 1 and sorted(steps(up)) == ["create", "list"] + ["name"] * 4


def test_a_list_without_an_end_costs_the_mark_not_the_request(gateway, upstream):
    class Endless(Google):
        def __call__(self, connection, request):
            if request.method == "GET":
                time.sleep(0.5)
                connection.respond(200, {"cachedContents": [], "nextPageToken": "more"})
            else:
                super().__call__(connection, request)

    up = upstream(serving(Endless()))
    gw = gateway(config([model(up.url, timeout=2)]), workers=1)
    replies = []
    threads = [threading.Thread(target=lambda i=i: replies.append(ask(gw, f"{i}?"))) for i in range(2)]
    began = time.monotonic()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert time.monotonic() - began < 8  # twenty pages take ten seconds
    assert [good(r).header("x-litellm-dropped-params") for r in replies] == ["cache_control"] * 2
    assert steps(up)[-2:] == ["whole", "whole"] and "create" not in steps(up)


def test_on_vertex(gateway, upstream):
    up = upstream(serving(Google()))
    gw = gateway(config([{"model_name": "m", "litellm_params": {
        "model": "vertex_ai/gemini-2.5-flash", "api_base": up.url, "api_key": "token",
        "vertex_project": "p-1", "vertex_location": "us-central1"}}]))
    good(ask(gw))
    place = "projects/p-1/locations/us-central1"
    assert up.requests[1].target == f"/v1/{place}/cachedContents"
    assert up.requests[1].json()["model"] == f"{place}/publishers/google/models/gemini-2.5-flash"
    assert up.requests[2].json()["cachedContent"] == f"{place}/cachedContents/1"
    assert steps(up) == ["list", "create", "name"]


def test_claude_code_keeps_its_system_prompt_and_tools(gateway, upstream):
    """Its marks on the last turn wander; those on the system prompt stay."""
    up, gw = begin(gateway, upstream, Google())
    turns = [{"role": "user", "content": [{"type": "text", "text": "Hello", **MARK}]}]
    tool = {"name": "f", "description": "F.", "input_schema": {"type": "object", "properties": {}}}
    for _ in range(2):
        reply = gw.request("POST", "/v1/messages", {
            "model": "m", "max_tokens": 64, "tools": [tool], "messages": turns,
            "system": [{"type": "text", "text": "You are an agent.", **MARK},
                       {"type": "text", "text": LONG, **MARK}]})
        assert reply.status == 200, reply.body
        assert reply.json()["usage"]["cache_read_input_tokens"] == 2600
        turns[0]["content"][0].pop("cache_control", None)
        turns += [{"role": "assistant", "content": "Yes."},
                  {"role": "user", "content": [{"type": "text", "text": "And?", **MARK}]}]
    assert steps(up) == ["list", "create", "name", "name"]
    kept = up.requests[1].json()
    assert kept["tools"] and len(kept["systemInstruction"]["parts"]) == 2
    assert len(up.requests[3].json()["contents"]) == 3


def test_a_stream_names_it(gateway, upstream):
    google = Google()
    up, gw = begin(gateway, upstream, google)
    reply = ask(gw, stream=True)
    assert reply.status == 200 and b"Yes." in reply.body
    assert steps(up) == ["list", "create", "name"]


def test_it_can_be_switched_off_and_has_a_least_length(gateway, upstream):
    up, gw = begin(gateway, upstream, Google(), litellm_settings={
        "disable_anthropic_gemini_context_caching_transform": True})
    assert good(ask(gw)).header("x-litellm-dropped-params") == "cache_control"
    assert steps(up) == ["whole"]
    up, gw = begin(gateway, upstream, Google())
    reply = gw.request("POST", "/v1/chat/completions", {"model": "m", "messages": [
        {"role": "system", "content": [{"type": "text", "text": LONG[:1500], **MARK}]},
        {"role": "user", "content": "One?"}]})
    assert good(reply).header("x-litellm-dropped-params") == "cache_control"
    assert steps(up) == ["whole"]


def test_a_client_that_names_its_own_is_left_alone(gateway, upstream):
    google = Google()
    google.kept["cachedContents/mine"] = {}
    up, gw = begin(gateway, upstream, google)
    reply = gw.request("POST", "/v1/chat/completions", {
        "model": "m", "cachedContent": "cachedContents/mine",
        "messages": [{"role": "user", "content": [{"type": "text", "text": LONG, **MARK},
                                                  {"type": "text", "text": "One?"}]}]})
    good(reply)
    assert steps(up) == ["name"]
    assert up.requests[0].json()["cachedContent"] == "cachedContents/mine"
    assert LONG in json.dumps(up.requests[0].json()["contents"])
