"""Pictures and documents that clients name by URL, for providers that take them as data only: fetched here, from
where it is allowed to."""

import base64
import json

import pytest

from harness import answer, config, deployment, serving

PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(40))
PDF = b"%PDF-1.4\n%..."
OLLAMA = {"model": "l", "created_at": "2026-01-01T00:00:00Z", "message": {"role": "assistant", "content": "a cat"},
          "done": True, "done_reason": "stop", "prompt_eval_count": 3, "eval_count": 2}
CLAUDE = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude",
          "content": [{"type": "text", "text": "a cat"}], "stop_reason": "end_turn",
          "usage": {"input_tokens": 3, "output_tokens": 2}}
CONVERSE = {"output": {"message": {"role": "assistant", "content": [{"text": "a cat"}]}}, "stopReason": "end_turn",
            "usage": {"inputTokens": 3, "outputTokens": 2, "totalTokens": 5}}


def serve(status, body, kind="image/png", headers=""):
    return serving(lambda connection, _: connection.respond(status, body, headers, kind))


def place(up):
    return up.url.removeprefix("http://")


def ask(gw, url, model="m", **more):
    return gw.chat(model, messages=[{"role": "user", "content": [
        {"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": {"url": url}}]}], **more)


def allowing(rows, *hosts, **more):
    return config(rows, litellm_settings={"num_retries": 0, "user_url_allowed_hosts": list(hosts), **more})


def ollama(up):
    return deployment("m", "ollama/llava", up.url)


def test_ollama(gateway, upstream):
    pictures, provider = upstream(serve(200, PNG)), upstream(serve(200, json.dumps(OLLAMA), "application/json"))
    gw = gateway(allowing([ollama(provider)], place(pictures)))
    reply = ask(gw, pictures.url + "/cat?secret=1", headers={"x-litellm-session-id": "s"})
    assert reply.status == 200 and reply.json()["choices"][0]["message"]["content"] == "a cat"
    assert provider.requests[0].json()["messages"][0]["images"] == [base64.b64encode(PNG).decode()]
    get = pictures.requests[0]
    assert (get.method, get.target) == ("GET", "/cat?secret=1") and get.header("accept") == "*/*"
    assert not get.header("authorization") and not get.header("x-litellm-session-id") and not get.header("cookie")
    assert "secret" not in gw.stderr() + gw.stdout()


def test_an_address_in_place_of_a_files_id(gateway, upstream):
    """OpenAI's own language on both sides: an id goes as it is, an address is fetched."""
    files = upstream(serve(200, PDF, "application/pdf"))
    provider = upstream(answer("fine"))
    gw = gateway(allowing([deployment("m", "openai/gpt-4o", provider.url)], place(files)))
    for value, sent in ((files.url + "/a.pdf", {
            "filename": "document.pdf", "file_data": "data:application/pdf;base64," + base64.b64encode(PDF).decode()}),
                        ("file-1", {"file_id": "file-1"})):
        reply = gw.chat("m", messages=[{"role": "user", "content": [
            {"type": "text", "text": "Read"}, {"type": "file", "file": {"file_id": value}}]}])
        assert reply.status == 200
        assert provider.requests[-1].json()["messages"][0]["content"][1] == {"type": "file", "file": sent}
    assert len(files.requests) == 1


def test_bedrock_converse_and_a_document(gateway, upstream):
    files = upstream(serve(200, PDF, "application/octet-stream"))
    provider = upstream(serve(200, json.dumps(CONVERSE), "application/json"))
    gw = gateway(allowing([deployment("m", "bedrock/converse/anthropic.claude-3-5-sonnet-20240620-v1:0", provider.url,
                                      aws_access_key_id="a", aws_secret_access_key="b", aws_region_name="us-east-1",
                                      api_key=None)], place(files)))
    reply = gw.chat("m", messages=[{"role": "user", "content": [
        {"type": "text", "text": "Sum it up"},
        {"type": "file", "file": {"file_id": files.url + "/a"}}]}])
    assert reply.status == 200, reply.body
    document = provider.requests[0].json()["messages"][0]["content"][1]["document"]
    assert document["format"] == "pdf" and document["source"] == {"bytes": base64.b64encode(PDF).decode()}


def test_the_same_language_to_claude_elsewhere(gateway, upstream):
    pictures = upstream(serve(200, PNG))
    provider = upstream(serve(200, json.dumps(CLAUDE), "application/json"))
    gw = gateway(allowing([deployment("m", "snowflake/claude-sonnet-4-5", provider.url)], place(pictures)))
    body = {"max_tokens": 9, "messages": [{"role": "user", "content": [
        {"type": "image", "source": {"type": "url", "url": pictures.url + "/cat"}}]}]}
    reply = gw.messages("m", **body)
    assert reply.status == 200, reply.body
    source = provider.requests[0].json()["messages"][0]["content"][0]["source"]
    assert source == {"type": "base64", "media_type": "image/png", "data": base64.b64encode(PNG).decode()}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433",
                                  "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.1.", "localhost."])
def test_nobody_inside_is_connected(gateway, upstream, host):
    pictures, provider = upstream(serve(200, PNG)), upstream(serve(200, json.dumps(OLLAMA), "application/json"))
    port = pictures.url.rsplit(":", 1)[1]
    gw = gateway(config([ollama(provider)], litellm_settings={"num_retries": 2}))
    reply = ask(gw, f"http://{host}:{port}/cat")
    assert reply.status == 400 and "ImageFetchError" in reply.error()["message"], reply.body
    assert not pictures.requests and not provider.requests


def test_a_redirect_to_the_inside(gateway, upstream):
    inside = upstream(serve(200, PNG))
    outside = upstream(serve(302, b"", "text/plain", f"location: {inside.url}/cat\r\n"))
    provider = upstream(serve(200, json.dumps(OLLAMA), "application/json"))
    gw = gateway(allowing([ollama(provider)], place(outside)))
    reply = ask(gw, outside.url + "/cat")
    assert reply.status == 400 and "no public address" in reply.error()["message"]
    assert len(outside.requests) == 1 and not inside.requests and not provider.requests
    gw.reload(allowing([ollama(provider)], place(outside), place(inside)))
    assert ask(gw, outside.url + "/cat").status == 200 and len(inside.requests) == 1


def test_without_the_check(gateway, upstream):
    pictures, provider = upstream(serve(200, PNG)), upstream(serve(200, json.dumps(OLLAMA), "application/json"))
    gw = gateway(config([ollama(provider)], litellm_settings={"user_url_validation": False}))
    assert ask(gw, pictures.url + "/cat").status == 200


def test_what_is_not_there_harms_nobody(gateway, upstream):
    pictures, provider = upstream(serve(404, b"no")), upstream(serve(200, json.dumps(OLLAMA), "application/json"))
    gw = gateway(allowing([ollama(provider)], "127.0.0.1"))
    for _ in range(4):
        reply = ask(gw, pictures.url + "/cat")
        assert reply.status == 400 and "status 404" in reply.error()["message"]
    assert gw.chat("m").status == 200
    assert len(pictures.requests) == 4 and len(provider.requests) == 1


@pytest.mark.parametrize("most,status", [("0.00001", 400), ("0", 400), ("1", 200)])
def test_how_much(gateway, upstream, most, status):
    pictures, provider = upstream(serve(200, PNG)), upstream(serve(200, json.dumps(OLLAMA), "application/json"))
    gw = gateway(allowing([ollama(provider)], place(pictures)), env={"MAX_IMAGE_URL_DOWNLOAD_SIZE_MB": most})
    assert ask(gw, pictures.url + "/cat").status == status
    assert len(pictures.requests) == (most != "0")


@pytest.mark.parametrize("answer,words", [
    (b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n" + PNG, "the server's answer ends early"),
    (b"HTTP/1.1 200 OK\r\ncontent-length: -5\r\n\r\n" + PNG, "the server's answer is not valid HTTP"),
    (b"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 48\r\n\r\n" + PNG, "not coded as it says"),
    (b"HTTP/1.1 200 OK\r\nx: " + b"y" * 2_000_000, "the head of the server's answer is too large"),
])
def test_a_bad_server_of_pictures_is_not_called_the_provider(gateway, upstream, answer, words):
    def bad(connection):
        connection.until(b"\r\n\r\n")
        connection.send(answer)

    pictures, provider = upstream(bad), upstream(serve(200, json.dumps(OLLAMA), "application/json"))
    gw = gateway(allowing([ollama(provider)], place(pictures)))
    reply = ask(gw, pictures.url + "/cat")
    assert reply.status == 400 and words in reply.error()["message"], reply.body
    assert "provider" not in reply.error()["message"] and not provider.requests
