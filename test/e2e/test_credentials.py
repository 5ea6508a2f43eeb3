"""Keys that credentials are exchanged for: each kind against a token endpoint on the loopback.

Once for many requests, anew before they expire, and a clear error while an endpoint fails.
"""

import base64
import json
import subprocess
import threading
import time
import urllib.parse

import pytest

import harness
from harness import completion, config, serving, wait_for

SECRET = "s3cr3t/of+the client"


def form(request):
    return dict(urllib.parse.parse_qsl(request.body.decode()))


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Tokens:
    """A token endpoint: answers "token-1", "token-2", ... with what `reply` makes of it."""

    def __init__(self, upstream, reply=None, life=3600):
        self.count, self.life, self.delay, self.failing = 0, life, 0, None
        self.reply = reply or (lambda token: {"access_token": token, "expires_in": self.life,
                                              "token_type": "Bearer"})
        self.lock = threading.Lock()
        self.server = upstream(serving(self._answer))
        self.url = self.server.url

    def _answer(self, connection, _):
        time.sleep(self.delay)
        if self.failing:
            connection.respond(*self.failing)
            return
        with self.lock:
            self.count += 1
            number = self.count
        connection.respond(200, self.reply(f"token-{number}"))

    @property
    def requests(self):
        return self.server.requests


@pytest.fixture
def provider(upstream):
    return upstream(serving(lambda connection, _: connection.respond(200, completion())))


@pytest.fixture
def tokens(upstream):
    return Tokens(upstream)


def serve(gateway, provider, kind, params, env=None, row=None, model="mine/m", **settings):
    own = [{"name": "mine", "credential": kind, **(row or {})}]
    return gateway(config([{"model_name": "m", "litellm_params": {
        "model": model, "api_base": provider.url + "/v1", **params}}],
        litellm_settings={"num_retries": 0},
        llmux_settings={"providers": own, **settings}), workers=1, env={"HOME": "/none",
                                                                       **(env or {})})


def oauth2(tokens):
    return {"oauth2_token_url": tokens.url + "/token", "oauth2_client_id": "the-client",
            "oauth2_client_secret": SECRET, "oauth2_scope": "a b"}


def keys(provider):
    return [r.header("authorization") for r in provider.requests]


def together(gw, n):
    """The replies to so many requests at once."""
    replies = [None] * n

    def one(i):
        replies[i] = gw.chat("m")
    threads = [threading.Thread(target=one, args=(i,)) for i in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return replies


def complaint(text, status=401):
    """An endpoint's refusal."""
    return status, {"error": "invalid_client", "error_description": text}


# ---- The cache ----

def test_one_token_for_many_requests_at_once(gateway, provider, tokens):
    tokens.delay = 0.3
    gw = serve(gateway, provider, "oauth2", oauth2(tokens))
    assert [r.status for r in together(gw, 30)] == [200] * 30
    assert len(tokens.requests) == 1
    assert keys(provider) == ["Bearer token-1"] * 30
    asked = tokens.requests[0]
    assert (asked.method, asked.target) == ("POST", "/token")
    assert form(asked) == {"grant_type": "client_credentials", "scope": "a b"}
    told = base64.b64decode(asked.header("authorization").removeprefix("Basic ")).decode()
    assert told == f"the-client:{SECRET}"
    assert gw.chat("m", stream=True).status == 200
    assert len(tokens.requests) == 1


def test_a_token_is_fetched_anew_before_it_expires(gateway, provider, tokens):
    tokens.life = 5  # fetched anew in its last second
    gw = serve(gateway, provider, "oauth2", oauth2(tokens))
    start = time.monotonic()
    while len(tokens.requests) < 2 and time.monotonic() - start < 8:
        assert gw.chat("m").status == 200
        time.sleep(0.05)
    assert 2.5 < time.monotonic() - start < 6  # expiry counts in whole seconds
    assert len(tokens.requests) == 2
    assert keys(provider)[-1] == "Bearer token-2"
    assert set(keys(provider)) == {"Bearer token-1", "Bearer token-2"}


def test_a_token_that_holds_still_is_used_while_the_endpoint_fails(gateway, provider, tokens):
    tokens.life = 10
    gw = serve(gateway, provider, "oauth2", oauth2(tokens))
    assert gw.chat("m").status == 200
    tokens.failing = complaint("down", 503)
    time.sleep(8.2)
    assert [gw.chat("m").status for _ in range(5)] == [200] * 5
    assert len(tokens.requests) == 2  # one try, then none for a while
    assert set(keys(provider)) == {"Bearer token-1"}


def test_an_endpoint_that_refuses_is_named_and_asked_again_later(gateway, provider, tokens):
    tokens.failing = complaint("the client is not known")
    gw = serve(gateway, provider, "oauth2", oauth2(tokens))
    reply = gw.chat("m")
    assert reply.status == 401, reply
    message = reply.error()["message"]
    assert "AuthenticationError" in message
    assert f"{tokens.url}/token answered 401: invalid_client: the client is not known" in message
    assert SECRET not in message
    assert [r.status for r in together(gw, 10)] == [401] * 10
    assert len(tokens.requests) == 1
    tokens.failing = None
    wait_for("the next try", lambda: gw.chat("m").status == 200)
    assert provider.requests
    assert SECRET not in gw.stdout() + gw.stderr()


def test_an_endpoint_that_is_down_is_a_fault_that_may_pass(gateway, provider, tokens):
    tokens.failing = (500, "oops")
    gw = serve(gateway, provider, "oauth2", oauth2(tokens))
    reply = gw.chat("m")
    assert reply.status == 503 and "ServiceUnavailableError" in reply.error()["message"]
    tokens.server.close()
    gw = serve(gateway, provider, "oauth2", oauth2(tokens))
    reply = gw.chat("m")
    assert reply.status == 503 and "127.0.0.1" in reply.error()["message"], reply


def test_a_client_that_goes_away_leaves_the_fetch_to_others(gateway, provider, tokens):
    tokens.delay = 1
    gw = serve(gateway, provider, "oauth2", oauth2(tokens))
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hi"}]}).encode()
    raw = harness.Raw(gw)
    raw.send(b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer "
             + harness.KEY.encode() + b"\r\ncontent-type: application/json\r\ncontent-length: "
             + str(len(body)).encode() + b"\r\n\r\n" + body)
    wait_for("the fetch", lambda: tokens.requests)
    raw.close()
    assert gw.chat("m").status == 200
    assert len(tokens.requests) == 2


def test_a_key_that_the_provider_refuses_is_not_trusted(gateway, upstream, tokens):
    refusing = upstream(serving(lambda c, _: c.respond(401, {"error": {"message": "no"}})))
    gw = serve(gateway, refusing, "oauth2", oauth2(tokens))
    assert [gw.chat("m").status for _ in range(3)] == [401] * 3
    assert len(tokens.requests) == 1  # it came just now: another would be refused as well


# ---- Google ----

@pytest.fixture(scope="module")
def rsa(tmp_path_factory):
    """(private key, its public half): PEM files."""
    folder = tmp_path_factory.mktemp("rsa")
    private, public = folder / "private.pem", folder / "public.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048",
                    "-out", private], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True,
                   capture_output=True)
    return private, public


def verified(jwt, rsa, folder):
    """(header, claims) of a token whose signature the public key has confirmed."""
    header, claims, signature = jwt.split(".")
    text, sign = folder / "text", folder / "signature"
    text.write_text(f"{header}.{claims}")
    sign.write_bytes(unpadded(signature))
    done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", rsa[1], "-signature", sign,
                           text], capture_output=True)
    assert done.returncode == 0, done
    return json.loads(unpadded(header)), json.loads(unpadded(claims))


def service_account(rsa, tokens):
    return {"type": "service_account", "project_id": "p", "private_key_id": "key-7",
            "private_key": rsa[0].read_text(), "client_email": "me@p.iam.gserviceaccount.com",
            "token_uri": tokens.url + "/token"}


@pytest.mark.parametrize("given", ["path", "text", "mapping", "variable"])
def test_a_service_account_of_google(gateway, provider, tokens, rsa, tmp_path, given):
    account = service_account(rsa, tokens)
    path = tmp_path / "account.json"
    path.write_text(json.dumps(account))
    params = {"path": str(path), "text": json.dumps(account), "mapping": account}
    env = {"GOOGLE_APPLICATION_CREDENTIALS": path} if given == "variable" else {}
    gw = serve(gateway, provider, "google",
               {"vertex_credentials": params[given]} if given in params else {}, env)
    assert gw.chat("m").status == 200
    asked = form(tokens.requests[0])
    assert asked["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    header, claims = verified(asked["assertion"], rsa, tmp_path)
    assert header == {"alg": "RS256", "typ": "JWT", "kid": "key-7"}
    assert claims["iss"] == account["client_email"] and claims["aud"] == account["token_uri"]
    assert claims["scope"] == "https://www.googleapis.com/auth/cloud-platform"
    assert claims["exp"] - claims["iat"] == 3600 and abs(claims["iat"] - time.time()) < 30
    assert keys(provider) == ["Bearer token-1"]
