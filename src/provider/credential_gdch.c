/*
 * credential_gdch.c - service accounts of Google Distributed Cloud, which runs on its owners' own
 * machines: a JWT signed with the account's key is exchanged for a token that is for one address
 * (google-auth's gdch_credentials, 2022; LiteLLM gdc/chat/transformation.py, 1.106.2).
 *
 * The account is the JSON that stands as the API key; any other key is a token already. Its
 * ca_cert_path is not read: the authority is named in ssl_verify, as for all that is asked.
 */
#include "provider/credential_step.h"
#include "provider/jwt.h"

enum { LIFE_S = 3600 };
enum setting { GIVEN_KEY };

static const struct lx_credential_setting settings[] = {
    [GIVEN_KEY] = {"api_key", NULL, NULL, false},
    {0},
};

struct account {
    struct lx_slice name, uri, key_id;
    struct lx_pem pem;
};

/* "https://host:port" of the deployment's address. */
static struct lx_slice audience(const struct lx_credential_run *r)
{
    struct lx_slice base = r->source->base_url, path;
    ssize_t at = lx_slice_find(base, LX_S("://"));
    size_t head = at < 0 ? 0 : (size_t)at + 3;
    lx_slice_cut(lx_slice_from(base, head), '/', &path, &(struct lx_slice){0});
    return lx_slice_to(base, head + path.n);
}

/* What the account says of itself. 0 or a code. */
static int write_jwt(struct lx_credential_run *r, const struct account *a, struct lx_buf *jwt,
                     struct lx_error *err)
{
    struct lx_buf header, claims;
    lx_buf_init(&header, 4096);
    lx_buf_init(&claims, 16384);
    struct lx_out o = lx_out(&header);
    lx_out_object(&o, NULL);
    lx_out_lit(&o, "typ", "JWT");
    lx_out_lit(&o, "alg", "ES256");
    lx_out_str(&o, "kid", a->key_id);
    lx_out_object_end(&o);
    o = lx_out(&claims);
    lx_out_object(&o, NULL);
    lx_out_str(&o, "iss", a->name);
    lx_out_str(&o, "sub", a->name);
    lx_out_str(&o, "aud", a->uri);
    lx_out_int(&o, "iat", r->now_s);
    lx_out_int(&o, "exp", r->now_s + LIFE_S);
    lx_out_object_end(&o);
    int code = header.failed ? header.failed : claims.failed;
    if (code == 0)
        code = lx_jwt_write_es256(&a->pem, lx_buf_slice(&header), lx_buf_slice(&claims), jwt, err);
    lx_buf_clear(&header);
    lx_buf_clear(&claims);
    return code;
}

static void exchange(struct lx_credential_run *r, const struct account *a, struct lx_slice jwt)
{
    struct lx_credential_request q;
    struct lx_buf body;
    lx_buf_init(&body, 65536);
    struct lx_out o = lx_out(&body);
    lx_out_object(&o, NULL);
    lx_out_lit(&o, "grant_type", "urn:ietf:params:oauth:token-type:token-exchange");
    lx_out_str(&o, "audience", audience(r));
    lx_out_lit(&o, "requested_token_type", "urn:ietf:params:oauth:token-type:access_token");
    lx_out_str(&o, "subject_token", jwt);
    lx_out_lit(&o, "subject_token_type", "urn:k8s:params:oauth:token-type:serviceaccount");
    lx_out_object_end(&o);
    struct lx_slice json = lx_arena_copy(&r->arena, lx_buf_slice(&body));
    if (body.failed && !r->arena.failed)
        r->arena.failed = body.failed;
    lx_buf_clear(&body);
    if (!json.p)
        return;
    lx_credential_post(r, a->uri, &q);
    lx_credential_send(r, &q, json, lx_credential_token);
}

static struct lx_slice member(struct lx_credential_run *r, struct lx_json v, const char *name)
{
    return lx_json_str(lx_json_get(v, lx_slice_z(name)), &r->arena);
}

static void start(struct lx_credential_run *r)
{
    struct lx_slice key = lx_slice_trim(lx_credential_get(r, GIVEN_KEY));
    struct lx_json v;
    if (!key.n) {
        lx_credential_nothing(r);
        return;
    }
    if (!lx_slice_starts(key, LX_S("{"))) { /* a token that is there */
        lx_credential_done(r, lx_bearer_key_init(&r->key, key, (struct lx_slice){0}), INT64_MAX);
        return;
    }
    if (!lx_credential_json(r, key, "the service account", &v))
        return;
    const struct account a = {member(r, v, "name"),
                              member(r, v, "token_uri"),
                              member(r, v, "private_key_id"),
                              {.key = member(r, v, "private_key")}};
    if (!lx_json_eq(LX_GET(v, "type"), LX_S("gdch_service_account")) || !a.name.n || !a.uri.n ||
        !a.key_id.n || !a.pem.key.n) {
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                           "the key is JSON, but no gdch_service_account with name, token_uri, "
                           "private_key_id and private_key");
        return;
    }
    struct lx_buf jwt;
    struct lx_error err = {0};
    lx_buf_init(&jwt, 65536);
    int code = write_jwt(r, &a, &jwt, &err);
    if (code < 0)
        lx_credential_fail(r, code == LX_EINVAL ? LX_FAULT_AUTHENTICATION : LX_FAULT_INTERNAL,
                           "private_key: %s", err.code ? err.text : lx_code_text(code));
    else
        exchange(r, &a, lx_buf_slice(&jwt));
    lx_buf_clear(&jwt);
}

const struct lx_credential_kind lx_credential_gdch = {
    .id = "gdch",
    .what = "Google Distributed Cloud",
    .settings = settings,
    .start = start,
    .takes_key = true,
};
