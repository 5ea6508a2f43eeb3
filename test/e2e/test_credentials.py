"""Keys that credentials are exchanged for: each kind against a token endpoint on the loopback.

Once for many requests, anew before they expire, and a clear error while an endpoint fails.
"""

import base64
import hashlib
import json
import re
import subprocess
import threading
import time
import urllib.parse
import uuid

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


def cloud(gateway, provider, model, params, env):
    return gateway(config([{"model_name": "m", "litellm_params": {
        "model": model, "api_base": provider.url, **params}}],
        litellm_settings={"num_retries": 0}), workers=1, env={"HOME": "/none", **env})


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


def test_a_user_of_gcloud_whose_project_pays(gateway, provider, tokens, tmp_path):
    folder = tmp_path / ".config" / "gcloud"
    folder.mkdir(parents=True)
    (folder / "application_default_credentials.json").write_text(json.dumps(
        {"type": "authorized_user", "client_id": "c", "client_secret": "s&c",
         "refresh_token": "1//r", "quota_project_id": "payer", "token_uri": tokens.url}))
    gw = serve(gateway, provider, "google", {}, {"HOME": tmp_path})
    assert gw.chat("m").status == 200
    assert form(tokens.requests[0]) == {"grant_type": "refresh_token", "client_id": "c",
                                        "client_secret": "s&c", "refresh_token": "1//r"}
    assert provider.requests[0].header("x-goog-user-project") == "payer"
    assert keys(provider) == ["Bearer token-1"]


@pytest.mark.parametrize("source", ["file", "url"])
def test_an_external_account_that_acts_as_another(gateway, provider, upstream, tmp_path, source):
    subject = tmp_path / "subject"
    subject.write_text(json.dumps({"id": "subject-1"}))

    def reply(connection, request):
        if request.target == "/subject":
            assert request.header("x-a") == "b"
            connection.respond(200, {"id": "subject-1"})
        elif request.target == "/sts":
            connection.respond(200, {"access_token": "federated", "expires_in": 3600})
        else:
            connection.respond(200, {"accessToken": "acting",
                                     "expireTime": time.strftime("%Y-%m-%dT%H:%M:%SZ",
                                                                 time.gmtime(time.time() + 900))})
    google = upstream(serving(reply))
    form_of = {"type": "json", "subject_token_field_name": "id"}
    sources = {"file": {"file": str(subject), "format": form_of},
               "url": {"url": google.url + "/subject", "headers": {"x-a": "b"}, "format": form_of}}
    gw = serve(gateway, provider, "google", {"vertex_credentials": {
        "type": "external_account", "audience": "//iam/pool", "token_url": google.url + "/sts",
        "subject_token_type": "urn:ietf:params:oauth:token-type:jwt",
        "service_account_impersonation_url": google.url + "/act",
        "credential_source": sources[source]}})
    assert gw.chat("m").status == 200
    *_, sts, act = google.requests
    asked = form(sts)
    assert asked["subject_token"] == "subject-1" and asked["audience"] == "//iam/pool"
    assert asked["grant_type"] == "urn:ietf:params:oauth:grant-type:token-exchange"
    assert act.header("authorization") == "Bearer federated"
    assert act.json() == {"scope": ["https://www.googleapis.com/auth/cloud-platform"],
                          "lifetime": "3600s"}
    assert keys(provider) == ["Bearer acting"]


def test_the_metadata_server_of_google(gateway, provider, tokens):
    gw = serve(gateway, provider, "google", {},
               {"GCE_METADATA_HOST": tokens.url.removeprefix("http://")})
    assert gw.chat("m").status == 200
    asked = tokens.requests[0]
    assert asked.target == "/computeMetadata/v1/instance/service-accounts/default/token"
    assert asked.header("metadata-flavor") == "Google"
    assert keys(provider) == ["Bearer token-1"]


def test_vertex_ai_finds_project_and_token_in_a_service_account(gateway, upstream, tokens, rsa):
    vertex = upstream(serving(lambda c, _: c.respond(200, {
        "candidates": [{"content": {"role": "model", "parts": [{"text": "Hello"}]},
                        "finishReason": "STOP"}]})))
    gw = gateway(config([{"model_name": "m", "litellm_params": {
        "model": "vertex_ai/gemini-2.5-flash", "api_base": vertex.url,
        "vertex_credentials": service_account(rsa, tokens)}}]), env={"HOME": "/none"})
    assert gw.chat("m").status == 200
    assert "/projects/p/locations/us-central1/" in vertex.requests[0].target
    assert keys(vertex) == ["Bearer token-1"]


# ---- AWS ----

def moment(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


def aws_json(name, token="T"):
    return {"Code": "Success", "AccessKeyId": f"ID{name}", "SecretAccessKey": "s", "Token": token,
            "Expiration": moment(3600)}


class Sts:
    """Security token service and metadata services in one."""

    def __init__(self, upstream):
        self.server = upstream(serving(self._answer))
        self.url = self.server.url

    def _answer(self, connection, request):
        if request.method == "PUT":
            connection.respond(200, "instance-token")
        elif request.target.endswith("/security-credentials/"):
            connection.respond(200, "the-role\n")
        elif request.method == "GET":
            connection.respond(200, aws_json("META"))
        else:
            asked = form(request)
            name = asked["RoleArn"].rsplit("/", 1)[1]
            kind = asked["Action"]
            connection.respond(200, f"""<{kind}Response xmlns="https://sts.amazonaws.com/doc/">
  <{kind}Result><AssumedRoleUser><Arn>a</Arn></AssumedRoleUser><Credentials>
    <AccessKeyId>ID{name}</AccessKeyId><SecretAccessKey>s/+</SecretAccessKey>
    <SessionToken>token-of-{name}</SessionToken><Expiration>{moment(3600)}</Expiration>
  </Credentials></{kind}Result></{kind}Response>""")

    @property
    def requests(self):
        return self.server.requests


@pytest.fixture
def sts(upstream):
    return Sts(upstream)


def bedrock(gateway, upstream, params=None, env=None):
    server = upstream(serving(lambda c, _: c.respond(200, {
        "output": {"message": {"role": "assistant", "content": [{"text": "Hello"}]}},
        "stopReason": "end_turn", "usage": {"inputTokens": 1, "outputTokens": 2,
                                            "totalTokens": 3}})))
    clean = {name: "" for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE",
                                   "AWS_SESSION_TOKEN", "AWS_REGION")}
    gw = gateway(config([{"model_name": "m", "litellm_params": {
        "model": "bedrock/amazon.nova-lite-v1:0", "api_base": server.url,
        "aws_region_name": "eu-west-1", **(params or {})}}],
        litellm_settings={"num_retries": 0}), workers=1,
        env={**clean, "HOME": "/none", "AWS_EC2_METADATA_DISABLED": "true", **(env or {})})
    return gw, server


def signer(request):
    """(access key, scope's service, session token) that a request was signed with."""
    scope = request.header("authorization").split("Credential=")[1].split(",")[0].split("/")
    return scope[0], scope[3], request.header("x-amz-security-token")


def test_aws_keys_of_the_environment_need_no_exchange(gateway, upstream):
    gw, server = bedrock(gateway, upstream, env={
        "AWS_ACCESS_KEY_ID": "IDENV", "AWS_SECRET_ACCESS_KEY": "s", "AWS_SESSION_TOKEN": "T"})
    assert gw.chat("m").status == 200
    assert signer(server.requests[0]) == ("IDENV", "bedrock", "T")


def test_a_role_of_aws_is_assumed_once(gateway, upstream, sts):
    gw, server = bedrock(gateway, upstream, {
        "aws_access_key_id": "IDBASE", "aws_secret_access_key": "s",
        "aws_role_name": "arn:aws:iam::1:role/R", "aws_session_name": "me",
        "aws_external_id": "x y", "aws_sts_endpoint": sts.url})
    assert [r.status for r in together(gw, 10)] == [200] * 10
    assert len(sts.requests) == 1
    asked = form(sts.requests[0])
    assert asked == {"Action": "AssumeRole", "Version": "2011-06-15", "ExternalId": "x y",
                     "RoleArn": "arn:aws:iam::1:role/R", "RoleSessionName": "me"}
    assert signer(sts.requests[0]) == ("IDBASE", "sts", None)
    assert signer(server.requests[0]) == ("IDR", "bedrock", "token-of-R")


def test_a_web_identity_of_aws(gateway, upstream, sts, tmp_path):
    token = tmp_path / "token"
    token.write_text("the.web.token\n")
    gw, server = bedrock(gateway, upstream, env={
        "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": "arn:aws:iam::1:role/Pod",
        "AWS_ENDPOINT_URL_STS": sts.url})
    assert gw.chat("m").status == 200
    asked = form(sts.requests[0])
    assert asked["Action"] == "AssumeRoleWithWebIdentity"
    assert asked["WebIdentityToken"] == "the.web.token"
    assert asked["RoleSessionName"].startswith("llmux-")
    assert sts.requests[0].header("authorization") is None
    assert signer(server.requests[0]) == ("IDPod", "bedrock", "token-of-Pod")


def test_profiles_of_aws_that_build_upon_each_other(gateway, upstream, sts, tmp_path):
    aws = tmp_path / ".aws"
    aws.mkdir()
    (aws / "credentials").write_text("[base]\naws_access_key_id = IDFILE\n"
                                     "aws_secret_access_key = s\n")
    (aws / "config").write_text(
        "[default]\nregion = x\n[profile one]\nrole_arn = arn:aws:iam::1:role/One\n"
        "source_profile = base\n[profile two]\nrole_arn=arn:aws:iam::1:role/Two\n"
        "source_profile=one\nrole_session_name = s2\n")
    gw, server = bedrock(gateway, upstream, {"aws_profile_name": "two"}, {
        "HOME": tmp_path, "AWS_ENDPOINT_URL_STS": sts.url,
        "AWS_ACCESS_KEY_ID": "IDENV", "AWS_SECRET_ACCESS_KEY": "s"})
    assert gw.chat("m").status == 200
    assert [signer(r)[0] for r in sts.requests] == ["IDFILE", "IDOne"]
    assert signer(server.requests[0]) == ("IDTwo", "bedrock", "token-of-Two")


def test_the_container_and_the_instance_of_aws(gateway, upstream, sts, tmp_path):
    token = tmp_path / "authorization"
    token.write_text("pod-token")
    gw, server = bedrock(gateway, upstream, env={
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": sts.url + "/keys",
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token})
    assert gw.chat("m").status == 200
    assert (sts.requests[0].target, sts.requests[0].header("authorization")) == ("/keys",
                                                                                 "pod-token")
    assert signer(server.requests[0]) == ("IDMETA", "bedrock", "T")
    gw, server = bedrock(gateway, upstream, env={
        "AWS_EC2_METADATA_DISABLED": "", "AWS_EC2_METADATA_SERVICE_ENDPOINT": sts.url + "/"})
    assert gw.chat("m").status == 200
    put, role, last = sts.requests[1:]
    assert (put.method, put.target) == ("PUT", "/latest/api/token")
    assert role.target == "/latest/meta-data/iam/security-credentials/"
    assert last.target.endswith("/the-role")
    assert last.header("x-aws-ec2-metadata-token") == "instance-token"
    assert signer(server.requests[0]) == ("IDMETA", "bedrock", "T")


def test_no_keys_of_aws_at_all(gateway, upstream):
    gw, server = bedrock(gateway, upstream)
    reply = gw.chat("m")
    assert reply.status == 401 and "AWS_ACCESS_KEY_ID" in reply.error()["message"]
    assert not server.requests


# ---- Azure ----

def azure(gateway, provider, tokens, params=None, env=None):
    clean = {name: "" for name in ("AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")}
    return gateway(config([{"model_name": "m", "litellm_params": {
        "model": "azure/m", "api_base": provider.url, **(params or {})}}],
        litellm_settings={"num_retries": 0}), workers=1,
        env={**clean, "AZURE_AUTHORITY_HOST": tokens.url, "HOME": "/none", **(env or {})})


CLIENT = {"tenant_id": "the-tenant", "client_id": "the-client"}


def test_a_clients_secret_at_azure(gateway, provider, tokens):
    gw = azure(gateway, provider, tokens, {**CLIENT, "client_secret": SECRET})
    assert [r.status for r in together(gw, 10)] == [200] * 10
    assert [r.target for r in tokens.requests] == ["/the-tenant/oauth2/v2.0/token"]
    assert form(tokens.requests[0]) == {
        "grant_type": "client_credentials", "client_id": "the-client", "client_secret": SECRET,
        "scope": "https://cognitiveservices.azure.com/.default"}
    assert set(keys(provider)) == {"Bearer token-1"}
    assert provider.requests[0].header("api-key") is None


def test_a_certificate_at_azure(gateway, provider, tokens, rsa, tmp_path):
    certificate = tmp_path / "certificate.pem"
    made = subprocess.run(["openssl", "req", "-x509", "-key", rsa[0], "-subj", "/CN=x", "-days",
                           "2"], check=True, capture_output=True).stdout
    certificate.write_bytes(rsa[0].read_bytes() + made)
    gw = azure(gateway, provider, tokens, CLIENT, {"AZURE_CLIENT_CERTIFICATE_PATH": certificate})
    assert gw.chat("m").status == 200
    asked = form(tokens.requests[0])
    assert asked["client_assertion_type"].endswith("jwt-bearer")
    header, claims = verified(asked["client_assertion"], rsa, tmp_path)
    der = subprocess.run(["openssl", "x509", "-in", certificate, "-outform", "DER"], check=True,
                         capture_output=True).stdout
    assert unpadded(header["x5t"]) == hashlib.sha1(der).digest()
    assert claims["iss"] == claims["sub"] == "the-client"
    assert claims["aud"] == tokens.url + "/the-tenant/oauth2/v2.0/token"
    assert keys(provider) == ["Bearer token-1"]


@pytest.mark.parametrize("given", ["file", "variable"])
def test_a_federated_token_at_azure(gateway, provider, tokens, tmp_path, given):
    path = tmp_path / "token"
    path.write_text("federated")
    if given == "file":
        gw = azure(gateway, provider, tokens, {}, {
            "AZURE_TENANT_ID": "the-tenant", "AZURE_CLIENT_ID": "the-client",
            "AZURE_FEDERATED_TOKEN_FILE": path})
    else:
        gw = azure(gateway, provider, tokens, {**CLIENT, "azure_ad_token": "oidc/env/MINE"},
                   {"MINE": "federated"})
    assert gw.chat("m").status == 200
    assert form(tokens.requests[0])["client_assertion"] == "federated"
    assert keys(provider) == ["Bearer token-1"]


def test_managed_identities_of_azure(gateway, provider, tokens):
    gw = azure(gateway, provider, tokens, {}, {"IDENTITY_ENDPOINT": tokens.url + "/msi/token",
                                               "IDENTITY_HEADER": "h"})
    assert gw.chat("m").status == 200
    asked = tokens.requests[0]
    assert asked.target == ("/msi/token?api-version=2019-08-01&resource="
                            "https%3A%2F%2Fcognitiveservices.azure.com")
    assert asked.header("x-identity-header") == "h"
    gw = gateway(config([{"model_name": "m", "litellm_params": {
        "model": "azure/m", "api_base": provider.url}}],
        litellm_settings={"enable_azure_ad_token_refresh": True}), env={
            "AZURE_POD_IDENTITY_AUTHORITY_HOST": tokens.url, "AZURE_CLIENT_ID": "c"})
    assert gw.chat("m").status == 200
    asked = tokens.requests[1]
    assert asked.target.startswith("/metadata/identity/oauth2/token?api-version=2018-02-01")
    assert asked.target.endswith("&client_id=c") and asked.header("metadata") == "true"


def test_tokens_and_keys_of_azure_as_they_are(gateway, provider, tokens):
    gw = azure(gateway, provider, tokens, {"azure_ad_token": "mine"})
    assert gw.chat("m").status == 200
    gw = azure(gateway, provider, tokens, {"api_key": "k"})
    assert gw.chat("m").status == 200
    assert keys(provider) == ["Bearer mine", None]
    assert provider.requests[1].header("api-key") == "k"
    assert not tokens.requests


# ---- Others ----

def test_a_key_of_ibm_is_never_sent_to_the_provider(gateway, provider, tokens):
    gw = serve(gateway, provider, "ibm", {"api_key": "the-key"}, {"WATSONX_IAM_URL": tokens.url})
    assert gw.chat("m").status == 200
    assert form(tokens.requests[0]) == {"grant_type": "urn:ibm:params:oauth:grant-type:apikey",
                                        "apikey": "the-key"}
    assert keys(provider) == ["Bearer token-1"]


def test_watsonx_is_told_whose_project_it_is(gateway, provider, tokens):
    gw = cloud(gateway, provider, "watsonx/ibm/granite", {},
               {"WATSONX_IAM_URL": tokens.url, "WATSONX_APIKEY": "k", "WX_SPACE_ID": "the-space"})
    assert gw.chat("m").status == 200
    assert form(tokens.requests[0])["apikey"] == "k"
    sent = provider.requests[0]
    assert sent.target == "/ml/v1/text/chat?version=2024-03-13"
    body = json.loads(sent.body)
    assert body["model_id"] == "ibm/granite" and body["space_id"] == "the-space"
    assert "project_id" not in body and keys(provider) == ["Bearer token-1"]


def test_a_zen_key_is_sent_itself(gateway, provider):
    gw = cloud(gateway, provider, "watsonx/ibm/granite", {"zen_api_key": "z", "project_id": "p"}, {})
    assert gw.chat("m").status == 200
    assert keys(provider) == ["ZenApiKey z"]
    assert json.loads(provider.requests[0].body)["project_id"] == "p"


def test_watsonx_without_a_project_says_what_is_missing(gateway, provider):
    gw = cloud(gateway, provider, "watsonx/ibm/granite", {"token": "t"}, {})
    reply = gw.chat("m")
    assert reply.status == 400 and "WATSONX_PROJECT_ID" in reply.body.decode()
    assert not provider.requests


def test_an_access_token_of_snowflake(gateway, provider):
    gw = cloud(gateway, provider, "snowflake/llama3.1-8b", {"api_key": "pat/abc"}, {})
    assert gw.chat("m").status == 200
    sent = provider.requests[0]
    assert sent.target == "/api/v2/cortex/v1/chat/completions"
    assert sent.header("authorization") == "Bearer abc"
    assert sent.header("x-snowflake-authorization-token-type") == "PROGRAMMATIC_ACCESS_TOKEN"


def test_sap_is_told_the_resource_group(gateway, upstream, tokens):
    sap = upstream(serving(lambda c, r: c.respond(200, {"final_result": completion()})))
    key = json.dumps({"clientid": "c", "clientsecret": "s", "url": tokens.url})
    gw = cloud(gateway, sap, "sap/gpt-4o", {"api_key": key, "resource_group": "mine"}, {})
    assert gw.chat("m").status == 200
    sent = sap.requests[0]
    assert sent.target == "/v2/completion" and sent.header("ai-resource-group") == "mine"
    assert keys(sap) == ["Bearer token-1"] and tokens.requests[0].target == "/oauth/token"


def test_gigachat_trades_its_authorization_key(gateway, provider, upstream):
    tokens = Tokens(upstream, lambda token: {"access_token": token,
                                             "expires_at": int(time.time() + 1800) * 1000})
    gw = cloud(gateway, provider, "gigachat/GigaChat", {},
               {"GIGACHAT_AUTH_URL": tokens.url, "GIGACHAT_CREDENTIALS": "YTpi"})
    assert gw.chat("m").status == 200
    assert keys(provider) == ["Bearer token-1"]
    assert tokens.requests[0].header("authorization") == "Basic YTpi"


def test_oracle_is_told_the_compartment(gateway, provider, rsa):
    gw = cloud(gateway, provider, "oci/xai.grok-4", {
        "oci_user": "u", "oci_fingerprint": "f", "oci_tenancy": "t", "oci_key_file": str(rsa[0]),
        "oci_compartment_id": "the-compartment"}, {})
    gw.chat("m")
    sent = provider.requests[0]
    assert sent.target == "/20231130/actions/chat"
    assert sent.json()["compartmentId"] == "the-compartment"
    assert sent.json()["servingMode"] == {"servingType": "ON_DEMAND", "modelId": "xai.grok-4"}
    assert sent.header("authorization").startswith('Signature ')


def der(signature):
    """ES256's two numbers as openssl wants them."""
    numbers = b""
    for half in (signature[:32], signature[32:]):
        value = half.lstrip(b"\0")
        value = b"\0" + value if value[0] > 127 else value
        numbers += bytes([2, len(value)]) + value
    return bytes([48, len(numbers)]) + numbers


@pytest.mark.parametrize("indent", [None, 2])
def test_a_service_account_of_google_distributed_cloud(gateway, provider, tokens, tmp_path, indent):
    private, public = tmp_path / "private.pem", tmp_path / "public.pem"
    subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                    "-out", private], check=True, capture_output=True)
    subprocess.run(["openssl", "pkey", "-in", private, "-pubout", "-out", public], check=True,
                   capture_output=True)
    account = {"type": "gdch_service_account", "format_version": "1", "project": "p", "name": "me",
               "private_key_id": "the-key", "private_key": private.read_text(),
               "token_uri": tokens.url + "/authenticate"}
    gw = cloud(gateway, provider, "gdc/gemini-2.5-flash", {
        "api_key": json.dumps(account, indent=indent), "vertex_project": "p"}, {})
    assert gw.chat("m").status == 200
    assert keys(provider) == ["Bearer token-1"]
    assert provider.requests[0].target == "/v1/projects/p/locations/global/chat/completions"
    asked = tokens.requests[0]
    body = asked.json()
    jwt = body.pop("subject_token")
    assert asked.target == "/authenticate" and body == {
        "grant_type": "urn:ietf:params:oauth:token-type:token-exchange", "audience": provider.url,
        "requested_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "subject_token_type": "urn:k8s:params:oauth:token-type:serviceaccount"}
    text, signature = jwt.rsplit(".", 1)
    (tmp_path / "text").write_text(text)
    (tmp_path / "signature").write_bytes(der(unpadded(signature)))
    subprocess.run(["openssl", "dgst", "-sha256", "-verify", public, "-signature", tmp_path / "signature",
                    tmp_path / "text"], check=True, capture_output=True)
    header, claims = (json.loads(unpadded(part)) for part in text.split("."))
    assert header == {"typ": "JWT", "alg": "ES256", "kid": "the-key"}
    assert claims["iss"] == claims["sub"] == "me" and claims["aud"] == account["token_uri"]
    assert claims["exp"] - claims["iat"] == 3600


def test_a_token_of_google_distributed_cloud_is_sent_itself(gateway, provider):
    gw = cloud(gateway, provider, "gdc/gemini-2.5-flash", {"api_key": "tok", "vertex_project": "p"}, {})
    assert gw.chat("m").status == 200
    assert keys(provider) == ["Bearer tok"]


def test_databricks_asks_at_the_workspace(gateway, upstream):
    workspace = upstream(serving(lambda c, r: c.respond(
        200, {"access_token": "t", "expires_in": 60} if "oidc" in r.target else completion())))
    gw = serve(gateway, workspace, "databricks", {"databricks_client_id": "c",
                                                  "databricks_client_secret": "s"})
    assert gw.chat("m").status == 200
    assert workspace.requests[0].target == "/oidc/v1/token"
    assert form(workspace.requests[0]) == {"grant_type": "client_credentials", "scope": "all-apis"}
    assert workspace.requests[1].header("authorization") == "Bearer t"


def test_gigachat_names_its_requests(gateway, provider, upstream):
    tokens = Tokens(upstream, lambda token: {"access_token": token,
                                             "expires_at": int(time.time() + 1800) * 1000})
    gw = serve(gateway, provider, "gigachat", {"api_key": "YTpi"},
               {"GIGACHAT_AUTH_URL": tokens.url})
    assert gw.chat("m").status == 200
    asked = tokens.requests[0]
    assert form(asked) == {"scope": "GIGACHAT_API_PERS"}
    assert asked.header("authorization") == "Basic YTpi"
    assert uuid.UUID(asked.header("rquid")).version == 4
    assert keys(provider) == ["Bearer token-1"]


def test_a_service_key_of_sap(gateway, provider, tokens):
    gw = serve(gateway, provider, "sap", {}, {"AICORE_SERVICE_KEY": json.dumps(
        {"clientid": "c", "clientsecret": "s", "url": tokens.url})})
    assert gw.chat("m").status == 200
    assert tokens.requests[0].target == "/oauth/token"
    assert keys(provider) == ["Bearer token-1"]


def test_a_key_pair_of_snowflake(gateway, provider, rsa, tmp_path):
    gw = serve(gateway, provider, "snowflake", {
        "account_id": "org-account", "snowflake_user": "me",
        "snowflake_private_key_file": str(rsa[0])})
    assert gw.chat("m").status == 200
    sent = provider.requests[0]
    assert sent.header("x-snowflake-authorization-token-type") == "KEYPAIR_JWT"
    _, claims = verified(sent.header("authorization").removeprefix("Bearer "), rsa, tmp_path)
    der = subprocess.run(["openssl", "pkey", "-pubin", "-in", rsa[1], "-outform", "DER"],
                         check=True, capture_output=True).stdout
    sum_ = base64.b64encode(hashlib.sha256(der).digest()).decode()
    assert claims["sub"] == "ORG-ACCOUNT.ME" and claims["iss"] == f"ORG-ACCOUNT.ME.SHA256:{sum_}"
    assert 0 < claims["exp"] - claims["iat"] <= 3600


def test_oracle_signs_with_a_profile(gateway, provider, rsa, tmp_path):
    (tmp_path / ".oci").mkdir()
    (tmp_path / ".oci" / "config").write_text(
        f"[DEFAULT]\nuser=ocid1.user\nfingerprint=aa:bb\nkey_file={rsa[0]}\n[P]\ntenancy=t\n")
    gw = serve(gateway, provider, "oci", {"oci_profile": "P"}, {"HOME": tmp_path})
    assert gw.chat("m").status == 200
    sent = provider.requests[0]
    given = dict(re.findall(r'(\w+)="([^"]*)"', sent.header("authorization")))
    assert given["keyId"] == "t/ocid1.user/aa:bb" and given["algorithm"] == "rsa-sha256"
    lines = [f"{name}: " + ("post " + sent.target if name == "(request-target)"
                            else sent.header(name)) for name in given["headers"].split()]
    text, signature = tmp_path / "text", tmp_path / "signature"
    text.write_text("\n".join(lines))
    signature.write_bytes(base64.b64decode(given["signature"]))
    subprocess.run(["openssl", "dgst", "-sha256", "-verify", rsa[1], "-signature", signature,
                    text], check=True, capture_output=True)
    assert sent.header("x-content-sha256") == base64.b64encode(
        hashlib.sha256(sent.body).digest()).decode()


# ---- What is wrong is said before anybody waits ----

@pytest.mark.parametrize("kind, params, text", [
    ("google", {"vertex_credentials": "/none/such.json"}, "/none/such.json is not there"),
    ("google", {"vertex_credentials": "{]"}, "no JSON object"),
    ("google", {"vertex_credentials": {"type": "service_account", "client_email": "e",
                                       "private_key": "x"}}, "no PEM that can be read"),
    ("oauth2", {"oauth2_client_id": "c"}, "oauth2_token_url is not set"),
    ("azure", {"client_secret": "s"}, "tenant_id (AZURE_TENANT_ID) is not set"),
    ("aws", {"aws_profile_name": "p"}, "the profile 'p' is in neither file"),
    ("oci", {"oci_key": "k"}, "no user"),
    ("gdch", {"api_key": "{]"}, "no JSON object"),
    ("gdch", {"api_key": '{"type": "service_account"}'}, "no gdch_service_account"),
    ("gdch", {"api_key": json.dumps({"type": "gdch_service_account", "name": "n", "token_uri": "http://h",
                                     "private_key_id": "i", "private_key": "x"})},
     "no PEM that can be read"),
    ("snowflake", {"snowflake_private_key": "k", "account_id": "a", "snowflake_user": "u"},
     "no PEM that can be read"),
])
def test_check_tells_what_cannot_work(tmp_path, kind, params, text):
    path = tmp_path / "config.yaml"
    path.write_text(json.dumps({
        "model_list": [{"model_name": "m", "litellm_params": {"model": "mine/m", **params}}],
        "general_settings": {"master_key": "k"},
        "llmux_settings": {"providers": [{"name": "mine", "base_url": "http://127.0.0.1:1",
                                          "credential": kind}]}}))
    done = subprocess.run([harness.BINARY, "check", "--json", path], capture_output=True,
                          env=harness.environment(HOME="/none"))
    findings = json.loads(done.stdout)["findings"]
    assert [f["kind"] for f in findings] == ["warning"] and text in findings[0]["text"], findings
