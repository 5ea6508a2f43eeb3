/*
 * credential_azure.c - tokens of Microsoft Entra ID (Azure AD), in the order of its identity
 * library after what LiteLLM's parameters give (learn.microsoft.com/entra/identity-platform,
 * "client credentials flow"; learn.microsoft.com/azure/active-directory/managed-identities,
 * 2026-08):
 *
 *   azure_ad_token, as it is, or of another issuer ("oidc/..."), exchanged
 *   a client's secret -> its certificate -> a user's password -> a federated token
 *   the managed identity of App Service, Cloud Shell, or the machine
 */
#include "provider/credential_step.h"
#include "provider/jwt.h"

#define COGNITIVE "https://cognitiveservices.azure.com/.default"
#define INSTANCE  "http://169.254.169.254"
#define ASSERTION "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

enum { ASSERTION_LIFE_S = 600 };

enum setting {
    TOKEN,
    TENANT,
    CLIENT_ID,
    CLIENT_SECRET,
    CERTIFICATE,
    CERTIFICATE_PASSWORD,
    USERNAME,
    PASSWORD,
    FEDERATED_FILE,
    SCOPE,
    AUTHORITY,
    IDENTITY_ENDPOINT,
    IDENTITY_HEADER,
    MSI_ENDPOINT,
    MSI_SECRET,
    POD_HOST,
    MANAGED,
};

static const struct lx_credential_setting settings[] = {
    [TOKEN] = {"azure_ad_token", "AZURE_AD_TOKEN|AZURE_OPENAI_AD_TOKEN", NULL, true},
    [TENANT] = {"tenant_id", "AZURE_TENANT_ID", NULL, true},
    [CLIENT_ID] = {"client_id", "AZURE_CLIENT_ID", NULL, true},
    [CLIENT_SECRET] = {"client_secret", "AZURE_CLIENT_SECRET", NULL, true},
    [CERTIFICATE] = {"azure_certificate_path",
                     "AZURE_CLIENT_CERTIFICATE_PATH|AZURE_CERTIFICATE_PATH", NULL, true},
    [CERTIFICATE_PASSWORD] = {"azure_certificate_password",
                              "AZURE_CLIENT_CERTIFICATE_PASSWORD|AZURE_CERTIFICATE_PASSWORD", NULL,
                              false},
    [USERNAME] = {"azure_username", "AZURE_USERNAME", NULL, true},
    [PASSWORD] = {"azure_password", "AZURE_PASSWORD", NULL, true},
    [FEDERATED_FILE] = {"", "AZURE_FEDERATED_TOKEN_FILE", NULL, false},
    [SCOPE] = {"azure_scope", "AZURE_SCOPE", COGNITIVE, false},
    [AUTHORITY] = {"", "AZURE_AUTHORITY_HOST", "https://login.microsoftonline.com", false},
    [IDENTITY_ENDPOINT] = {"", "IDENTITY_ENDPOINT", NULL, false},
    [IDENTITY_HEADER] = {"", "IDENTITY_HEADER", NULL, false},
    [MSI_ENDPOINT] = {"", "MSI_ENDPOINT", NULL, false},
    [MSI_SECRET] = {"", "MSI_SECRET", NULL, false},
    [POD_HOST] = {"", "AZURE_POD_IDENTITY_AUTHORITY_HOST", INSTANCE, false},
    [MANAGED] = {"enable_azure_ad_token_refresh", NULL, NULL, false},
    {0},
};

/* ---- The token endpoint ---- */

static struct lx_slice token_url(struct lx_credential_run *r)
{
    struct lx_slice host = lx_credential_get(r, AUTHORITY);
    while (lx_slice_ends(host, LX_S("/")))
        host.n--;
    bool bare = lx_slice_find(host, LX_S("://")) < 0;
    return lx_arena_printf(&r->arena, "%s%.*s/%.*s/oauth2/v2.0/token", bare ? "https://" : "",
                           LX_F(host), LX_F(lx_credential_get(r, TENANT)));
}

static void open_exchange(struct lx_credential_run *r, const char *grant,
                          struct lx_credential_request *q)
{
    lx_credential_post(r, token_url(r), q);
    lx_credential_form(q, "grant_type", lx_slice_z(grant));
    lx_credential_form(q, "client_id", lx_credential_get(r, CLIENT_ID));
    lx_credential_form(q, "scope", lx_credential_get(r, SCOPE));
}

static void send(struct lx_credential_run *r, struct lx_credential_request *q)
{
    lx_credential_send(r, q, lx_slice(NULL, 0), lx_credential_token);
}

static void ask_with_secret(struct lx_credential_run *r)
{
    struct lx_credential_request q;
    open_exchange(r, "client_credentials", &q);
    lx_credential_form(&q, "client_secret", lx_credential_get(r, CLIENT_SECRET));
    send(r, &q);
}

static void ask_with_password(struct lx_credential_run *r)
{
    struct lx_credential_request q;
    open_exchange(r, "password", &q);
    lx_credential_form(&q, "client_secret", lx_credential_get(r, CLIENT_SECRET));
    lx_credential_form(&q, "username", lx_credential_get(r, USERNAME));
    lx_credential_form(&q, "password", lx_credential_get(r, PASSWORD));
    send(r, &q);
}

static void ask_with_assertion(struct lx_credential_run *r, struct lx_slice assertion)
{
    struct lx_credential_request q;
    open_exchange(r, "client_credentials", &q);
    lx_credential_form(&q, "client_assertion_type", LX_S(ASSERTION));
    lx_credential_form(&q, "client_assertion", assertion);
    send(r, &q);
}

static void got_federated_file(struct lx_credential_run *r)
{
    if (lx_credential_has_file(r))
        ask_with_assertion(r, lx_credential_text(r));
}

/* ---- A certificate ---- */

static int write_assertion(struct lx_credential_run *r, struct lx_slice pem, struct lx_buf *jwt,
                           struct lx_error *err)
{
    const struct lx_pem key = {pem, lx_credential_get(r, CERTIFICATE_PASSWORD)};
    struct lx_slice id = lx_credential_get(r, CLIENT_ID);
    struct lx_buf header, claims, sum;
    lx_buf_init(&sum, 64);
    lx_buf_init(&header, 1024);
    lx_buf_init(&claims, 8192);
    int code = lx_certificate_sum(pem, &sum, err);
    struct lx_out o = lx_out(&header);
    lx_out_object(&o, NULL);
    lx_out_lit(&o, "alg", "RS256");
    lx_out_lit(&o, "typ", "JWT");
    lx_out_str(&o, "x5t", lx_buf_slice(&sum));
    lx_out_object_end(&o);
    o = lx_out(&claims);
    lx_out_object(&o, NULL);
    lx_out_str(&o, "aud", token_url(r));
    lx_out_str(&o, "iss", id);
    lx_out_str(&o, "sub", id);
    lx_out_str(&o, "jti",
               lx_arena_printf(&r->arena, "%016llx%llx", (unsigned long long)r->random,
                               (unsigned long long)r->now_s));
    lx_out_int(&o, "nbf", r->now_s);
    lx_out_int(&o, "exp", r->now_s + ASSERTION_LIFE_S);
    lx_out_object_end(&o);
    if (code == 0)
        code = header.failed ? header.failed : claims.failed;
    if (code == 0)
        code = lx_jwt_write(&key, lx_buf_slice(&header), lx_buf_slice(&claims), jwt, err);
    lx_buf_clear(&header);
    lx_buf_clear(&claims);
    lx_buf_clear(&sum);
    return code;
}

static void got_certificate(struct lx_credential_run *r)
{
    struct lx_error err = {0};
    struct lx_buf jwt;
    if (!lx_credential_has_file(r))
        return;
    lx_buf_init(&jwt, 32768);
    int code = write_assertion(r, lx_buf_slice(&r->body), &jwt, &err);
    if (code == 0)
        ask_with_assertion(r, lx_buf_slice(&jwt));
    else
        lx_credential_fail(r, code == LX_EINVAL ? LX_FAULT_AUTHENTICATION : LX_FAULT_INTERNAL,
                           "the file %s: %s", r->path, err.code ? err.text : lx_code_text(code));
    lx_buf_clear(&jwt);
}

/* ---- Managed identities ---- */

/* "https://x/.default" -> "https://x": services of identities want it so. */
static struct lx_slice resource(const struct lx_credential_run *r)
{
    struct lx_slice scope = lx_credential_get(r, SCOPE), end = LX_S("/.default");
    return lx_slice_ends(scope, end) ? lx_slice_to(scope, scope.n - end.n) : scope;
}

static struct lx_slice identity_url(struct lx_credential_run *r, struct lx_slice endpoint,
                                    const char *version, const char *client)
{
    struct lx_slice id = lx_credential_get(r, CLIENT_ID), url = {0};
    struct lx_buf b;
    lx_buf_init(&b, 8192);
    lx_buf_addf(&b, "%.*s?api-version=%s&resource=", LX_F(endpoint), version);
    lx_percent_write(&b, resource(r), LX_S(""));
    if (id.n) {
        lx_buf_addf(&b, "&%s=", client);
        lx_percent_write(&b, id, LX_S(""));
    }
    url = lx_arena_copy(&r->arena, lx_buf_slice(&b));
    if (b.failed)
        r->arena.failed = b.failed;
    lx_buf_clear(&b);
    return url;
}

static void ask_identity(struct lx_credential_run *r)
{
    struct lx_slice endpoint = lx_credential_get(r, IDENTITY_ENDPOINT);
    struct lx_slice msi = lx_credential_get(r, MSI_ENDPOINT), host = lx_credential_get(r, POD_HOST);
    struct lx_credential_request q;
    while (lx_slice_ends(host, LX_S("/")))
        host.n--;
    if (endpoint.n && !lx_credential_get(r, IDENTITY_HEADER).n) {
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                           "IDENTITY_ENDPOINT without IDENTITY_HEADER is Azure Arc, which is not "
                           "supported");
        return;
    }
    if (endpoint.n) { /* App Service, Container Apps */
        lx_credential_fetch(r, LX_S("GET"), identity_url(r, endpoint, "2019-08-01", "client_id"),
                            &q);
        lx_header_list_set_secret(&q.headers, LX_S("x-identity-header"),
                                  lx_credential_get(r, IDENTITY_HEADER));
    } else if (msi.n && lx_credential_get(r, MSI_SECRET).n) { /* App Service of old */
        lx_credential_fetch(r, LX_S("GET"), identity_url(r, msi, "2017-09-01", "clientid"), &q);
        lx_header_list_set_secret(&q.headers, LX_S("secret"), lx_credential_get(r, MSI_SECRET));
    } else if (msi.n) { /* Cloud Shell */
        lx_credential_post(r, msi, &q);
        lx_header_list_set(&q.headers, LX_S("metadata"), LX_S("true"));
        lx_credential_form(&q, "resource", resource(r));
    } else {
        lx_credential_fetch(
            r, LX_S("GET"),
            identity_url(
                r, lx_arena_printf(&r->arena, "%.*s/metadata/identity/oauth2/token", LX_F(host)),
                "2018-02-01", "client_id"),
            &q);
        lx_header_list_set(&q.headers, LX_S("metadata"), LX_S("true"));
    }
    lx_credential_send_near(r, &q, lx_credential_token);
}

/* ---- The order ---- */

static bool is_whole(struct lx_credential_run *r)
{
    if (lx_credential_get(r, TENANT).n && lx_credential_get(r, CLIENT_ID).n)
        return true;
    lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "%s is not set",
                       lx_credential_get(r, TENANT).n ? "client_id (AZURE_CLIENT_ID)"
                                                      : "tenant_id (AZURE_TENANT_ID)");
    return false;
}

static void use_token(struct lx_credential_run *r, struct lx_slice token)
{
    struct lx_slice path, text;
    if (!lx_credential_identity(token, &path, &text))
        lx_credential_done(r, lx_bearer_key_init(&r->key, token, lx_slice(NULL, 0)), INT64_MAX);
    else if (is_whole(r) && path.n)
        lx_credential_read(r, path, got_federated_file);
    else if (r->step != LX_CREDENTIAL_FAILED && text.n)
        ask_with_assertion(r, text);
    else if (r->step != LX_CREDENTIAL_FAILED)
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                           "'%.*s' has no token: oidc/file, env, env_path, azure and circleci are "
                           "known",
                           LX_F(lx_slice_to(token, 40)));
}

static void start(struct lx_credential_run *r)
{
    struct lx_slice token = lx_credential_get(r, TOKEN);
    bool secret = lx_credential_get(r, CLIENT_SECRET).n != 0;
    bool certificate = lx_credential_get(r, CERTIFICATE).n != 0;
    bool password = lx_credential_get(r, USERNAME).n && lx_credential_get(r, PASSWORD).n;
    bool federated = lx_credential_get(r, FEDERATED_FILE).n != 0;
    bool managed =
        lx_credential_get(r, IDENTITY_ENDPOINT).n || lx_credential_get(r, MSI_ENDPOINT).n;
    if (token.n)
        use_token(r, token);
    else if (!secret && !certificate && !password && !federated)
        managed || lx_slice_eq_nocase(lx_credential_get(r, MANAGED), LX_S("true"))
            ? ask_identity(r)
            : lx_credential_nothing(r);
    else if (!is_whole(r))
        return;
    else if (password)
        ask_with_password(r);
    else if (secret)
        ask_with_secret(r);
    else if (certificate)
        lx_credential_read(r, lx_credential_get(r, CERTIFICATE), got_certificate);
    else
        lx_credential_read(r, lx_credential_get(r, FEDERATED_FILE), got_federated_file);
}

const struct lx_credential_kind lx_credential_azure = {
    .id = "azure",
    .what = "Microsoft Entra ID",
    .settings = settings,
    .start = start,
};
