/*
 * credential_google.c - Application Default Credentials of Google, in the order of its libraries
 * (cloud.google.com/docs/authentication/application-default-credentials, google.aip.dev/auth/4110
 * to 4117, 2026-08):
 *
 *   vertex_credentials (a path, or the JSON itself)
 *   GOOGLE_APPLICATION_CREDENTIALS (a path) -> gcloud's well-known file -> the metadata server
 *
 *   service_account                a JWT signed with its key, for a token
 *   authorized_user                a refresh token, for a token
 *   external_account               another identity's token (file, URL), by the security token
 *                                  service for one of Google's
 *   impersonated_service_account   one of the above, then a token of the account it may act as
 */
#include <string.h>

#include "provider/credential_step.h"
#include "provider/jwt.h"
#include "wire/moment.h"

#define SCOPE    "https://www.googleapis.com/auth/cloud-platform"
#define LIFE_S   3600
#define METADATA "/computeMetadata/v1/instance/service-accounts/default/token"

enum setting { CREDENTIALS, ADC_FILE, GCLOUD_FOLDER, METADATA_HOST, NO_METADATA };

static const struct lx_credential_setting settings[] = {
    [CREDENTIALS] = {"vertex_credentials", "VERTEXAI_CREDENTIALS", NULL, true},
    [ADC_FILE] = {"", "GOOGLE_APPLICATION_CREDENTIALS", NULL, false},
    [GCLOUD_FOLDER] = {"", "CLOUDSDK_CONFIG", NULL, false},
    [METADATA_HOST] = {"", "GCE_METADATA_HOST|GCE_METADATA_ROOT", "metadata.google.internal",
                       false},
    [NO_METADATA] = {"", "NO_GCE_CHECK", NULL, false},
    {0},
};

struct google {
    struct lx_json info;          /* the object that is at work */
    struct lx_slice impersonate;  /* URL; or empty */
    struct lx_slice delegates;    /* JSON; or empty */
    struct lx_slice quota_header; /* "x-goog-user-project: ..."; or empty */
    struct lx_json source;        /* external_account: credential_source */
};

static struct lx_slice member(struct lx_credential_run *r, struct lx_json v, const char *name)
{
    return lx_json_str(lx_json_get(v, lx_slice_z(name)), &r->arena);
}

static void missing(struct lx_credential_run *r, const char *type, const char *name)
{
    lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "the JSON of type %s has no %s", type, name);
}

/* ---- The end: the token, or that of an account that may be acted as ---- */

static void got_impersonated(struct lx_credential_run *r)
{
    const struct google *g = r->own;
    struct lx_json root;
    int64_t expires_s = r->now_s + LIFE_S;
    if (!lx_credential_ok(r) ||
        !lx_credential_json(r, lx_buf_slice(&r->body), "the answer of IAM Credentials", &root))
        return;
    struct lx_slice token = member(r, root, "accessToken");
    (void)lx_moment_read(member(r, root, "expireTime"), &expires_s);
    if (!token.n || !lx_header_is_valid(LX_S("authorization"), token))
        lx_credential_fail(r, LX_FAULT_UNAVAILABLE, "IAM Credentials answered without accessToken");
    else
        lx_credential_done(r, lx_bearer_key_init(&r->key, token, g->quota_header), expires_s);
}

static void got_token(struct lx_credential_run *r)
{
    const struct google *g = r->own;
    struct lx_credential_request q;
    struct lx_json root;
    if (!g->impersonate.n) {
        lx_credential_token_with(r, g->quota_header);
        return;
    }
    if (!lx_credential_ok(r) ||
        !lx_credential_json(r, lx_buf_slice(&r->body), "the token endpoint's answer", &root))
        return;
    struct lx_slice token = member(r, root, "access_token");
    if (!token.n) {
        lx_credential_fail(r, LX_FAULT_UNAVAILABLE, "an answer without an access_token");
        return;
    }
    lx_credential_post(r, g->impersonate, &q);
    lx_header_list_set_secret(&q.headers, LX_S("authorization"),
                              lx_arena_printf(&r->arena, "Bearer %.*s", LX_F(token)));
    lx_credential_send(
        r, &q,
        lx_arena_printf(&r->arena, "{\"scope\":[\"" SCOPE "\"],\"lifetime\":\"%ds\"%s%.*s}", LIFE_S,
                        g->delegates.n ? ",\"delegates\":" : "", LX_F(g->delegates)),
        got_impersonated);
}

/* ---- Types ---- */

static void ask_service_account(struct lx_credential_run *r, struct lx_json info)
{
    struct lx_slice email = member(r, info, "client_email"), uri = member(r, info, "token_uri");
    struct lx_slice id = member(r, info, "private_key_id");
    const struct lx_pem pem = {.key = member(r, info, "private_key")};
    struct lx_credential_request q;
    struct lx_buf header, claims, jwt;
    struct lx_error err = {0};
    if (!email.n || !pem.key.n) {
        missing(r, "service_account", email.n ? "private_key" : "client_email");
        return;
    }
    if (!uri.n)
        uri = LX_S("https://oauth2.googleapis.com/token");
    lx_buf_init(&header, 4096);
    lx_buf_init(&claims, 16384);
    lx_buf_init(&jwt, 65536);
    struct lx_out o = lx_out(&header);
    lx_out_object(&o, NULL);
    lx_out_lit(&o, "alg", "RS256");
    lx_out_lit(&o, "typ", "JWT");
    if (id.n)
        lx_out_str(&o, "kid", id);
    lx_out_object_end(&o);
    o = lx_out(&claims);
    lx_out_object(&o, NULL);
    lx_out_str(&o, "iss", email);
    lx_out_lit(&o, "scope", SCOPE);
    lx_out_str(&o, "aud", uri);
    lx_out_int(&o, "iat", r->now_s);
    lx_out_int(&o, "exp", r->now_s + LIFE_S);
    lx_out_object_end(&o);
    int code = header.failed ? header.failed : claims.failed;
    if (code == 0)
        code = lx_jwt_write(&pem, lx_buf_slice(&header), lx_buf_slice(&claims), &jwt, &err);
    if (code < 0) {
        lx_credential_fail(r, code == LX_EINVAL ? LX_FAULT_AUTHENTICATION : LX_FAULT_INTERNAL,
                           "private_key: %s", err.code ? err.text : lx_code_text(code));
    } else {
        lx_credential_post(r, uri, &q);
        lx_credential_form(&q, "grant_type", LX_S("urn:ietf:params:oauth:grant-type:jwt-bearer"));
        lx_credential_form(&q, "assertion", lx_buf_slice(&jwt));
        lx_credential_send(r, &q, lx_slice(NULL, 0), got_token);
    }
    lx_buf_clear(&header);
    lx_buf_clear(&claims);
    lx_buf_clear(&jwt);
}

static void ask_authorized_user(struct lx_credential_run *r, struct lx_json info)
{
    struct lx_slice uri = member(r, info, "token_uri");
    struct lx_credential_request q;
    static const char *const needed[] = {"client_id", "client_secret", "refresh_token"};
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        if (!member(r, info, needed[i]).n) {
            missing(r, "authorized_user", needed[i]);
            return;
        }
    lx_credential_post(r, uri.n ? uri : LX_S("https://oauth2.googleapis.com/token"), &q);
    lx_credential_form(&q, "grant_type", LX_S("refresh_token"));
    for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
        lx_credential_form(&q, needed[i], member(r, info, needed[i]));
    lx_credential_send(r, &q, lx_slice(NULL, 0), got_token);
}

/* The other identity's token, out of a text that is it or a JSON object that holds it. */
static struct lx_slice subject_of(struct lx_credential_run *r)
{
    const struct google *g = r->own;
    struct lx_json format = LX_GET(g->source, "format"), root;
    if (!lx_json_eq(LX_GET(format, "type"), LX_S("json")))
        return lx_credential_text(r);
    if (!lx_credential_json(r, lx_buf_slice(&r->body), "the subject token's JSON", &root))
        return lx_slice(NULL, 0);
    return lx_json_str(lx_json_get(root, member(r, format, "subject_token_field_name")), &r->arena);
}

static void exchange_subject(struct lx_credential_run *r)
{
    const struct google *g = r->own;
    struct lx_credential_request q;
    struct lx_slice subject = subject_of(r), uri = member(r, g->info, "token_url");
    if (r->step == LX_CREDENTIAL_FAILED)
        return;
    if (!subject.n) {
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "the subject token is empty");
        return;
    }
    lx_credential_post(r, uri.n ? uri : LX_S("https://sts.googleapis.com/v1/token"), &q);
    if (member(r, g->info, "client_id").n)
        lx_credential_basic(&q, member(r, g->info, "client_id"),
                            member(r, g->info, "client_secret"));
    lx_credential_form(&q, "grant_type", LX_S("urn:ietf:params:oauth:grant-type:token-exchange"));
    lx_credential_form(&q, "audience", member(r, g->info, "audience"));
    lx_credential_form(&q, "scope", LX_S(SCOPE));
    lx_credential_form(&q, "requested_token_type",
                       LX_S("urn:ietf:params:oauth:token-type:access_token"));
    lx_credential_form(&q, "subject_token", subject);
    lx_credential_form(&q, "subject_token_type", member(r, g->info, "subject_token_type"));
    lx_credential_send(r, &q, lx_slice(NULL, 0), got_token);
}

static void got_subject_file(struct lx_credential_run *r)
{
    if (lx_credential_has_file(r))
        exchange_subject(r);
}

static void got_subject_url(struct lx_credential_run *r)
{
    if (lx_credential_ok(r))
        exchange_subject(r);
}

static void ask_external_account(struct lx_credential_run *r, struct lx_json info)
{
    struct google *g = r->own;
    struct lx_credential_request q;
    g->source = LX_GET(info, "credential_source");
    struct lx_slice file = member(r, g->source, "file"), url = member(r, g->source, "url");
    struct lx_slice impersonate = member(r, info, "service_account_impersonation_url");
    if (impersonate.n)
        g->impersonate = impersonate;
    if (!member(r, info, "audience").n || !member(r, info, "subject_token_type").n) {
        missing(r, "external_account", "audience or no subject_token_type");
    } else if (member(r, g->source, "environment_id").n) {
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                           "an external_account of AWS is not supported: use one with a file or a "
                           "URL");
    } else if (file.n) {
        lx_credential_read(r, file, got_subject_file);
    } else if (url.n) {
        lx_credential_fetch(r, LX_S("GET"), url, &q);
        for (struct lx_json_iter it = lx_json_iter(LX_GET(g->source, "headers"));
             lx_json_next(&it);)
            lx_header_list_set_secret(&q.headers, lx_json_str(it.name, &r->arena),
                                      lx_json_str(it.value, &r->arena));
        lx_credential_send(r, &q, lx_slice(NULL, 0), got_subject_url);
    } else {
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                           "credential_source has neither file nor url: nothing else is supported");
    }
}

static const struct type {
    const char *name;
    void (*ask)(struct lx_credential_run *r, struct lx_json info);
} types[] = {
    {"service_account", ask_service_account},
    {"authorized_user", ask_authorized_user},
    {"external_account", ask_external_account},
};

static void ask_by_type(struct lx_credential_run *r, struct lx_json info)
{
    struct google *g = r->own;
    struct lx_json type = LX_GET(info, "type");
    g->info = info;
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
        if (lx_json_eq(type, lx_slice_z(types[i].name))) {
            types[i].ask(r, info);
            return;
        }
    lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                       "the JSON's type is '%.*s': service_account, authorized_user, "
                       "external_account and impersonated_service_account are known",
                       LX_F(lx_slice_to(lx_json_str(type, &r->arena), 60)));
}

static void use_json(struct lx_credential_run *r, struct lx_slice text)
{
    struct google *g = r->own;
    struct lx_json info;
    if (!lx_credential_json(r, text, "what vertex_credentials or the file holds", &info))
        return;
    struct lx_slice quota = member(r, info, "quota_project_id");
    r->project = member(r, info, "project_id");
    if (!r->project.n)
        r->project = quota;
    if (quota.n && lx_header_is_valid(LX_S("x-goog-user-project"), quota))
        g->quota_header = lx_arena_printf(&r->arena, "x-goog-user-project: %.*s", LX_F(quota));
    if (!lx_json_eq(LX_GET(info, "type"), LX_S("impersonated_service_account"))) {
        ask_by_type(r, info);
        return;
    }
    g->impersonate = member(r, info, "service_account_impersonation_url");
    if (lx_json_count(LX_GET(info, "delegates")))
        g->delegates = lx_json_raw(LX_GET(info, "delegates"));
    if (g->impersonate.n && lx_json_given(LX_GET(info, "source_credentials")))
        ask_by_type(r, LX_GET(info, "source_credentials"));
    else
        missing(r, "impersonated_service_account",
                "service_account_impersonation_url or no source_credentials");
}

/* ---- Places ---- */

static void got_named_file(struct lx_credential_run *r)
{
    if (lx_credential_has_file(r))
        use_json(r, lx_buf_slice(&r->body));
}

static void ask_metadata(struct lx_credential_run *r)
{
    struct lx_slice host = lx_credential_get(r, METADATA_HOST);
    struct lx_credential_request q;
    if (lx_slice_eq_nocase(lx_credential_get(r, NO_METADATA), LX_S("true"))) {
        lx_credential_nothing(r);
        return;
    }
    r->guess = lx_slice_eq(host, lx_slice_z(settings[METADATA_HOST].otherwise));
    lx_credential_fetch(r, LX_S("GET"),
                        lx_arena_printf(&r->arena, "http://%.*s" METADATA, LX_F(host)), &q);
    lx_header_list_set(&q.headers, LX_S("metadata-flavor"), LX_S("Google"));
    lx_credential_send_near(r, &q, lx_credential_token);
}

static void got_well_known_file(struct lx_credential_run *r)
{
    if (r->code == LX_ENOTFOUND)
        ask_metadata(r);
    else
        got_named_file(r);
}

static void start(struct lx_credential_run *r)
{
    struct lx_slice given = lx_credential_get(r, CREDENTIALS);
    struct lx_slice folder = lx_credential_get(r, GCLOUD_FOLDER), home = r->source->home;
    if (!given.n)
        given = lx_credential_get(r, ADC_FILE);
    r->own = lx_arena_new(&r->arena, struct google);
    if (!r->own)
        return;
    if (lx_slice_starts(lx_slice_trim(given), LX_S("{")))
        use_json(r, given);
    else if (given.n)
        lx_credential_read(r, given, got_named_file);
    else if (folder.n || home.n)
        lx_credential_read(r,
                           lx_arena_printf(&r->arena, "%.*s%s/application_default_credentials.json",
                                           LX_F(folder.n ? folder : home),
                                           folder.n ? "" : "/.config/gcloud"),
                           got_well_known_file);
    else
        ask_metadata(r);
}

const struct lx_credential_kind lx_credential_google = {
    .id = "google",
    .what = "Google",
    .settings = settings,
    .start = start,
};
