/*
 * credential_oauth2.c - clients of OAuth2 (RFC 6749, 4.4), and what differs from it by a form only.
 *
 *   POST token_url  grant_type=client_credentials&scope=...   -> {"access_token", "expires_in"}
 *
 * The kinds are rows: where the endpoint is, how the client proves who it is, what else the form
 * holds.
 */
#include "base/text.h"
#include "provider/credential_step.h"

enum proof { PROOF_BASIC, PROOF_FORM };

/* Every kind's settings begin with these. */
enum setting { TOKEN_URL, CLIENT_ID, CLIENT_SECRET, SCOPE };

struct how {
    enum proof proof;
    const char *host_path; /* of the endpoint, at the host of the deployment's address; or NULL */
};

static const struct lx_credential_setting oauth2_settings[] = {
    [TOKEN_URL] = {"oauth2_token_url", "OAUTH2_TOKEN_URL", NULL, true},
    [CLIENT_ID] = {"oauth2_client_id", "OAUTH2_CLIENT_ID", NULL, true},
    [CLIENT_SECRET] = {"oauth2_client_secret", "OAUTH2_CLIENT_SECRET", NULL, true},
    [SCOPE] = {"oauth2_scope", "OAUTH2_SCOPE", NULL, false},
    {0},
};

/* The endpoint that is configured, else one at the deployment's own host. */
static struct lx_slice token_url(struct lx_credential_run *r, const struct how *how)
{
    struct lx_slice given = lx_credential_get(r, TOKEN_URL), base = r->source->base_url;
    if (given.n || !how->host_path)
        return given;
    ssize_t scheme = lx_slice_find(base, LX_S("://"));
    if (scheme < 0)
        return given;
    struct lx_slice host, rest;
    lx_slice_cut(lx_slice_from(base, (size_t)scheme + 3), '/', &host, &rest);
    return lx_arena_printf(&r->arena, "%.*s%s", (int)((size_t)(host.p - base.p) + host.n), base.p,
                           how->host_path);
}

static void ask_client(struct lx_credential_run *r)
{
    const struct how *how = r->source->kind->how;
    struct lx_slice id = lx_credential_get(r, CLIENT_ID);
    struct lx_slice secret = lx_credential_get(r, CLIENT_SECRET);
    struct lx_credential_request q;
    struct lx_slice url = token_url(r, how);
    if (!id.n && !secret.n && !lx_credential_get(r, TOKEN_URL).n) {
        lx_credential_nothing(r);
        return;
    }
    if (!id.n || !secret.n || !url.n) {
        const struct lx_credential_setting *s = r->source->kind->settings;
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "%s is not set",
                           s[!url.n  ? TOKEN_URL
                             : !id.n ? CLIENT_ID
                                     : CLIENT_SECRET]
                               .name);
        return;
    }
    lx_credential_post(r, url, &q);
    lx_credential_form(&q, "grant_type", LX_S("client_credentials"));
    lx_credential_form(&q, "scope", lx_credential_get(r, SCOPE));
    if (how->proof == PROOF_BASIC) {
        lx_credential_basic(&q, id, secret);
    } else {
        lx_credential_form(&q, "client_id", id);
        lx_credential_form(&q, "client_secret", secret);
    }
    lx_credential_send(r, &q, lx_slice(NULL, 0), lx_credential_token);
}

static const struct how in_header = {.proof = PROOF_BASIC};

const struct lx_credential_kind lx_credential_oauth2 = {
    .id = "oauth2",
    .what = "the OAuth2 token endpoint",
    .settings = oauth2_settings,
    .start = ask_client,
    .how = &in_header,
};
