"""Answers that are made first and got later (Replicate's predictions)."""

import json

from harness import Raw, chat_body, config, deployment, post, serving, wait_for


def predictions(states):
    """A prediction whose state is asked for: what each GET answers; the last one stays."""
    def reply(connection, request):
        up = connection.upstream
        urls = {"get": f"{up.url}/v1/predictions/p", "cancel": f"{up.url}/v1/predictions/p/cancel"}
        if request.method == "POST":
            status, state = 201, {"status": "starting"}
        else:
            asked = sum(r.method == "GET" for r in up.requests)
            status, state = states[min(asked, len(states)) - 1]
        connection.respond(status, {"id": "p", "urls": urls, **state})
    return serving(reply)


def lines(up):
    return [f"{r.method} {r.target}" for r in up.requests]


def test_a_failed_poll_is_repeated_and_the_prediction_is_not(gateway, upstream):
    done = {"status": "succeeded", "output": ["Hel", "lo"]}
    up = upstream(predictions([(502, {"detail": "Bad gateway"}), (200, done)]))
    gw = gateway(config([deployment("m", "replicate/meta/llama", up.url)],
                        litellm_settings={"num_retries": 3}))
    reply = gw.chat("m")
    assert reply.json()["choices"][0]["message"]["content"] == "Hello"
    assert lines(up) == ["POST /v1/models/meta/llama/predictions"] + 2 * ["GET /v1/predictions/p"]


def test_a_client_that_leaves_cancels_the_prediction(gateway, upstream):
    up = upstream(predictions([(200, {"status": "processing"})]))
    gw = gateway(config([deployment("m", "replicate/meta/llama", up.url)]))
    client = Raw(gw)
    client.send(post(chat_body("m")))
    wait_for("a poll", lambda: any(r.method == "GET" for r in up.requests))
    client.close()
    wait_for("the cancellation", lambda: lines(up)[-1] == "POST /v1/predictions/p/cancel", 5)
    cancel = up.requests[-1]
    assert cancel.header("authorization") == up.requests[0].header("authorization")
    assert cancel.body in (b"", "") and "499" in gw.access_line("POST")


def test_a_deadline_cancels_the_prediction(gateway, upstream):
    up = upstream(predictions([(200, {"status": "processing"})]))
    gw = gateway(config([deployment("m", "replicate/meta/llama", up.url, timeout=1)],
                        litellm_settings={"num_retries": 3}))
    reply = gw.chat("m")
    assert reply.status == 408, json.loads(reply.body)
    wait_for("the cancellation", lambda: "POST /v1/predictions/p/cancel" in lines(up), 5)
    assert sum("models/" in line for line in lines(up)) == 1
