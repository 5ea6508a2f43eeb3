/*
 * credential_oauth2.c - clients of OAuth2 (RFC 6749, 4.4), and what differs from it by a form only.
 *
 *   POST token_url  grant_type=client_credentials&scope=...   -> {"access_token", "expires_in"}
 *
 * The kinds are rows: where the endpoint is, how the client proves who it is, what else the form
 * holds.
 */
#include "base/random.h"
#include "provider/credential_step.h"

enum proof {
    PROOF_BASIC, /* Authorization: Basic, of id and secret */
    PROOF_READY, /* the same, and the secret is what stands behind Basic already */
    PROOF_KEY,   /* the secret, as a member of the form */
};

/* Every kind's settings begin with these. */
enum setting {
    TOKEN_URL,
    CLIENT_ID,
    CLIENT_SECRET,
    SCOPE,
    SERVICE_KEY,         /* SAP's */
    TOKEN = SERVICE_KEY, /* IBM's */
    ZEN,
    GIVEN_KEY = ZEN /* SAP's */
};

struct how {
    enum proof proof;
    const char *grant;     /* grant_type; or NULL */
    const char *host_path; /* of the endpoint, at the host of the deployment's address; or NULL */
    const char *end;       /* the configured address ends so, or it is put there; or NULL */
    const char *id_header; /* gets a random UUID; or NULL */
};

struct client {
    struct lx_slice url, id, secret;
};

/* The endpoint that is configured, else one at the deployment's own host. */
static struct lx_slice token_url(struct lx_credential_run *r, struct lx_slice given)
{
    const struct how *how = r->source->kind->how;
    struct lx_slice base = r->source->base_url, host, rest;
    if (given.n && how->end && !lx_slice_ends(given, lx_slice_z(how->end))) {
        while (lx_slice_ends(given, LX_S("/")))
            given.n--;
        return lx_arena_printf(&r->arena, "%.*s%s", LX_F(given), how->end);
    }
    ssize_t scheme = lx_slice_find(base, LX_S("://"));
    if (given.n || !how->host_path || scheme < 0)
        return given;
    lx_slice_cut(lx_slice_from(base, (size_t)scheme + 3), '/', &host, &rest);
    return lx_arena_printf(&r->arena, "%.*s%s", (int)((size_t)(host.p - base.p) + host.n), base.p,
                           how->host_path);
}

/* Version 4, for endpoints that want every request to have a name of its own. */
static struct lx_slice new_uuid(struct lx_credential_run *r)
{
    uint64_t a = lx_random_next(&r->random), b = lx_random_next(&r->random);
    return lx_arena_printf(&r->arena, "%08x-%04x-4%03x-%04x-%012llx", (unsigned)(a >> 32),
                           (unsigned)(a >> 16 & 0xffff), (unsigned)(a & 0xfff),
                           (unsigned)(b >> 48 & 0x3fff) | 0x8000u,
                           (unsigned long long)(b & 0xffffffffffff));
}

static void ask(struct lx_credential_run *r, const struct client *client)
{
    const struct how *how = r->source->kind->how;
    struct lx_credential_request q;
    lx_credential_post(r, client->url, &q);
    lx_credential_form(&q, "grant_type", lx_slice_z(how->grant));
    lx_credential_form(&q, "scope", lx_credential_get(r, SCOPE));
    if (how->proof == PROOF_BASIC)
        lx_credential_basic(&q, client->id, client->secret);
    else if (how->proof == PROOF_READY)
        lx_header_list_set_secret(&q.headers, LX_S("authorization"),
                                  lx_arena_printf(&r->arena, "Basic %.*s", LX_F(client->secret)));
    else
        lx_credential_form(&q, "apikey", client->secret);
    if (how->id_header)
        lx_header_list_set(&q.headers, lx_slice_z(how->id_header), new_uuid(r));
    lx_credential_send(r, &q, lx_slice(NULL, 0), lx_credential_token);
}

static void ask_client(struct lx_credential_run *r)
{
    const struct how *how = r->source->kind->how;
    const struct lx_credential_setting *s = r->source->kind->settings;
    struct client c = {.id = lx_credential_get(r, CLIENT_ID),
                       .secret = lx_credential_get(r, CLIENT_SECRET)};
    if (!c.id.n && !c.secret.n) {
        lx_credential_nothing(r);
        return;
    }
    c.url = token_url(r, lx_credential_get(r, TOKEN_URL));
    size_t missing = !c.url.n                               ? TOKEN_URL
                     : !c.secret.n                          ? CLIENT_SECRET
                     : !c.id.n && how->proof == PROOF_BASIC ? CLIENT_ID
                                                            : SCOPE;
    if (missing != SCOPE)
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "%s is not set",
                           *s[missing].name ? s[missing].name : s[missing].env);
    else
        ask(r, &c);
}

#define CLIENT_CREDENTIALS "client_credentials"

static const struct lx_credential_setting oauth2_settings[] = {
    [TOKEN_URL] = {"oauth2_token_url", "OAUTH2_TOKEN_URL", NULL, true},
    [CLIENT_ID] = {"oauth2_client_id", "OAUTH2_CLIENT_ID", NULL, true},
    [CLIENT_SECRET] = {"oauth2_client_secret", "OAUTH2_CLIENT_SECRET", NULL, true},
    [SCOPE] = {"oauth2_scope", "OAUTH2_SCOPE", NULL, false},
    {0},
};
static const struct how oauth2 = {.proof = PROOF_BASIC, .grant = CLIENT_CREDENTIALS};
const struct lx_credential_kind lx_credential_oauth2 = {
    .id = "oauth2",
    .what = "the OAuth2 token endpoint",
    .settings = oauth2_settings,
    .start = ask_client,
    .how = &oauth2,
};

/* docs.databricks.com/dev-tools/auth/oauth-m2m: a service principal at the workspace's own host. */
static const struct lx_credential_setting databricks_settings[] = {
    [TOKEN_URL] = {"databricks_token_url", "DATABRICKS_TOKEN_URL", NULL, false},
    [CLIENT_ID] = {"databricks_client_id", "DATABRICKS_CLIENT_ID", NULL, true},
    [CLIENT_SECRET] = {"databricks_client_secret", "DATABRICKS_CLIENT_SECRET", NULL, true},
    [SCOPE] = {"databricks_scope", NULL, "all-apis", false},
    {0},
};
static const struct how databricks = {
    .proof = PROOF_BASIC, .grant = CLIENT_CREDENTIALS, .host_path = "/oidc/v1/token"};
const struct lx_credential_kind lx_credential_databricks = {
    .id = "databricks",
    .what = "Databricks",
    .settings = databricks_settings,
    .start = ask_client,
    .how = &databricks,
};

/* cloud.ibm.com/docs/account?topic=account-iamtoken_from_apikey: an API key for a token. */
static const struct lx_credential_setting ibm_settings[] = {
    [TOKEN_URL] = {"", "WATSONX_IAM_URL", "https://iam.cloud.ibm.com/identity/token", false},
    [CLIENT_ID] = {"", NULL, NULL, false},
    [CLIENT_SECRET] = {"api_key", "WX_API_KEY|WATSONX_API_KEY|WATSONX_APIKEY", NULL, false},
    [SCOPE] = {"", NULL, NULL, false},
    [TOKEN] = {"token", "WATSONX_TOKEN", NULL, true},
    [ZEN] = {"zen_api_key", "WATSONX_ZENAPIKEY", NULL, true},
    {0},
};
/* A token that somebody else has asked for, or asking. */
static void take_or_ask(struct lx_credential_run *r)
{
    struct lx_slice token = lx_credential_get(r, TOKEN), none = {0};
    if (token.n)
        lx_credential_done(r, lx_bearer_key_init(&r->key, token, none), INT64_MAX);
    else
        ask_client(r);
}

/* A key of IBM's software at home is sent itself (www.ibm.com/docs/en/cloud-paks/cp-data:
 * ZenApiKey); others are API keys of the cloud. */
static void start_ibm(struct lx_credential_run *r)
{
    const struct lx_slice none = {0};
    struct lx_slice zen = lx_credential_get(r, ZEN);
    if (zen.n && !lx_credential_get(r, TOKEN).n)
        lx_credential_done(
            r,
            lx_bearer_key_init(
                &r->key, none,
                lx_arena_printf(&r->arena, "authorization: ZenApiKey %.*s", LX_F(zen))),
            INT64_MAX);
    else
        take_or_ask(r);
}

static const struct how ibm = {.proof = PROOF_KEY,
                               .grant = "urn:ibm:params:oauth:grant-type:apikey"};
const struct lx_credential_kind lx_credential_ibm = {
    .id = "ibm",
    .what = "IBM Cloud IAM",
    .settings = ibm_settings,
    .start = start_ibm,
    .how = &ibm,
    .takes_key = true,
};

/* developers.sber.ru/docs/ru/gigachat/api/reference/rest/post-token: the authorization key. */
static const struct lx_credential_setting gigachat_settings[] = {
    [TOKEN_URL] = {"", "GIGACHAT_AUTH_URL", "https://ngw.devices.sberbank.ru:9443/api/v2/oauth",
                   false},
    [CLIENT_ID] = {"", NULL, NULL, false},
    [CLIENT_SECRET] = {"api_key", "GIGACHAT_API_KEY|GIGACHAT_CREDENTIALS", NULL, false},
    [SCOPE] = {"gigachat_scope", "GIGACHAT_SCOPE", "GIGACHAT_API_PERS", false},
    [TOKEN] = {"gigachat_access_token", "GIGACHAT_ACCESS_TOKEN", NULL, true},
    {0},
};
static const struct how gigachat = {.proof = PROOF_READY, .id_header = "rquid"};
const struct lx_credential_kind lx_credential_gigachat = {
    .id = "gigachat",
    .what = "GigaChat",
    .settings = gigachat_settings,
    .start = take_or_ask,
    .how = &gigachat,
    .takes_key = true,
};

/* help.sap.com/docs/sap-ai-core/generative-ai/consume-generative-ai-models: a service key, whole or
 * in its parts. */
static const struct lx_credential_setting sap_settings[] = {
    [TOKEN_URL] = {"sap_auth_url", "AICORE_AUTH_URL", NULL, false},
    [CLIENT_ID] = {"sap_client_id", "AICORE_CLIENT_ID", NULL, true},
    [CLIENT_SECRET] = {"sap_client_secret", "AICORE_CLIENT_SECRET", NULL, true},
    [SCOPE] = {"", NULL, NULL, false},
    [SERVICE_KEY] = {"sap_service_key", "AICORE_SERVICE_KEY", NULL, true},
    [GIVEN_KEY] = {"api_key", NULL, NULL, false},
    {0},
};

static void ask_sap(struct lx_credential_run *r)
{
    struct lx_slice key = lx_credential_get(r, SERVICE_KEY),
                    given = lx_credential_get(r, GIVEN_KEY);
    struct lx_json root;
    if (!key.n && lx_slice_starts(given, LX_S("{")))
        key = given;
    if (!key.n && given.n && !lx_credential_get(r, CLIENT_ID).n) { /* a token that is there */
        lx_credential_done(r, lx_bearer_key_init(&r->key, given, (struct lx_slice){0}), INT64_MAX);
        return;
    }
    if (!key.n) {
        ask_client(r);
        return;
    }
    if (!lx_credential_json(r, key, "the service key", &root))
        return;
    if (lx_json_given(LX_GET(root, "credentials")))
        root = LX_GET(root, "credentials");
    const struct client c = {
        token_url(r, lx_json_str(LX_GET(root, "url"), &r->arena)),
        lx_json_str(LX_GET(root, "clientid"), &r->arena),
        lx_json_str(LX_GET(root, "clientsecret"), &r->arena),
    };
    if (c.url.n && c.id.n && c.secret.n)
        ask(r, &c);
    else
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                           "the service key lacks url, clientid or clientsecret");
}

static const struct how sap = {
    .proof = PROOF_BASIC, .grant = CLIENT_CREDENTIALS, .end = "/oauth/token"};
const struct lx_credential_kind lx_credential_sap = {
    .id = "sap",
    .what = "SAP AI Core",
    .settings = sap_settings,
    .start = ask_sap,
    .takes_key = true,
    .how = &sap,
};
