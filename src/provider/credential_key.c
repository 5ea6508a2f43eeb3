/*
 * credential_key.c - credentials with which no endpoint is asked: a token that is there, and
 * private keys, for Oracle's signatures of requests and Snowflake's key-pair tokens.
 *
 *   anthropic  a token that goes where its keys do not (docs.anthropic.com/en/docs/claude-code/
 *              llm-gateway, 2026-08)
 *   oci        explicit settings, else a profile of Oracle's configuration file
 *              (docs.oracle.com/iaas/Content/API/Concepts/sdkconfig.htm, 2026-08)
 *   snowflake  a token that is given, or a JWT that the key signs (docs.snowflake.com/en/
 *              developer-guide/sql-api/authenticating, 2026-08)
 */
#include "base/text.h"
#include "provider/credential_step.h"
#include "provider/jwt.h"
#include "wire/ini.h"

enum { REREAD_S = 900, SNOWFLAKE_LIFE_S = 3540 };

/* ---- Anthropic ---- */

static const struct lx_credential_setting anthropic_settings[] = {
    {"", "ANTHROPIC_AUTH_TOKEN", NULL, false},
    {0},
};

static void start_anthropic(struct lx_credential_run *r)
{
    struct lx_slice token = lx_credential_get(r, 0), none = {0};
    if (token.n)
        lx_credential_done(r, lx_bearer_key_init(&r->key, token, none), INT64_MAX);
    else
        lx_credential_nothing(r);
}

const struct lx_credential_kind lx_credential_anthropic = {
    .id = "anthropic",
    .what = "a token for Anthropic",
    .settings = anthropic_settings,
    .start = start_anthropic,
};

/* ---- Oracle ---- */

enum oci {
    OCI_USER,
    OCI_FINGERPRINT,
    OCI_TENANCY,
    OCI_KEY,
    OCI_KEY_FILE,
    OCI_PASSPHRASE,
    OCI_CONFIG,
    OCI_PROFILE
};

static const struct lx_credential_setting oci_settings[] = {
    [OCI_USER] = {"oci_user", "OCI_USER|OCI_CLI_USER", NULL, true},
    [OCI_FINGERPRINT] = {"oci_fingerprint", "OCI_FINGERPRINT|OCI_CLI_FINGERPRINT", NULL, true},
    [OCI_TENANCY] = {"oci_tenancy", "OCI_TENANCY|OCI_CLI_TENANCY", NULL, true},
    [OCI_KEY] = {"oci_key", "OCI_KEY|OCI_CLI_KEY_CONTENT", NULL, true},
    [OCI_KEY_FILE] = {"oci_key_file", "OCI_KEY_FILE|OCI_CLI_KEY_FILE", NULL, true},
    [OCI_PASSPHRASE] = {"oci_pass_phrase", "OCI_PASS_PHRASE|OCI_CLI_PASSPHRASE", NULL, false},
    [OCI_CONFIG] = {"oci_config_file", "OCI_CONFIG_FILE|OCI_CLI_CONFIG_FILE", NULL, true},
    [OCI_PROFILE] = {"oci_profile", "OCI_CONFIG_PROFILE|OCI_CLI_PROFILE", "DEFAULT", true},
    {0},
};

struct oracle {
    struct lx_slice user, fingerprint, tenancy, key_file, passphrase;
};

static void finish_oracle(struct lx_credential_run *r, struct lx_slice pem, int64_t expires_s)
{
    const struct oracle *o = r->own;
    const struct lx_pem key = {pem, o->passphrase};
    struct lx_error err = {0};
    struct lx_buf signature;
    lx_buf_init(&signature, 4096);
    int code = lx_rs256_sign(&key, LX_S("test"), &signature, &err);
    lx_buf_clear(&signature);
    if (code < 0)
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "%s%s%s", r->path ? r->path : "oci_key",
                           ": ", err.code ? err.text : lx_code_text(code));
    else
        lx_credential_done(
            r,
            lx_oci_key_init(&r->key,
                            lx_arena_printf(&r->arena, "%.*s/%.*s/%.*s", LX_F(o->tenancy),
                                            LX_F(o->user), LX_F(o->fingerprint)),
                            o->passphrase, pem),
            expires_s);
}

static void got_oracle_key(struct lx_credential_run *r)
{
    if (lx_credential_has_file(r))
        finish_oracle(r, lx_credential_text(r), r->now_s + REREAD_S);
}

/* "~/x" is the user's. */
static struct lx_slice expand(struct lx_credential_run *r, struct lx_slice path)
{
    if (!lx_slice_starts(path, LX_S("~/")))
        return path;
    return lx_arena_printf(&r->arena, "%.*s%.*s", LX_F(r->source->home),
                           LX_F(lx_slice_from(path, 1)));
}

static bool has_all(struct lx_credential_run *r, const char *where)
{
    const struct oracle *o = r->own;
    const char *missing = !o->user.n          ? "user"
                          : !o->fingerprint.n ? "fingerprint"
                          : !o->tenancy.n     ? "tenancy"
                                              : NULL;
    if (missing)
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "%s: no %s", where, missing);
    return !missing;
}

static void got_oracle_config(struct lx_credential_run *r)
{
    static const char *const names[] = {"user", "fingerprint", "tenancy", "key_file",
                                        "pass_phrase"};
    struct oracle *o = r->own;
    struct lx_slice *const to[] = {&o->user, &o->fingerprint, &o->tenancy, &o->key_file,
                                   &o->passphrase};
    struct lx_slice profile = lx_credential_get(r, OCI_PROFILE);
    if (r->code == LX_ENOTFOUND && !lx_credential_get(r, OCI_CONFIG).n) {
        lx_credential_nothing(r);
        return;
    }
    if (!lx_credential_has_file(r))
        return;
    struct lx_slice text = lx_credential_text(r);
    if (!lx_ini_has(text, profile)) {
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "%s has no profile '%.*s'", r->path,
                           LX_F(profile));
        return;
    }
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct lx_slice v = lx_ini_get(text, profile, lx_slice_z(names[i]));
        *to[i] = v.p ? v : lx_ini_get(text, LX_S("DEFAULT"), lx_slice_z(names[i]));
    }
    if (!has_all(r, r->path))
        return;
    if (o->key_file.n)
        lx_credential_read(r, expand(r, o->key_file), got_oracle_key);
    else
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "%s: no key_file", r->path);
}

static void start_oracle(struct lx_credential_run *r)
{
    struct oracle *o = r->own = lx_arena_new(&r->arena, struct oracle);
    struct lx_slice config = lx_credential_get(r, OCI_CONFIG);
    struct lx_slice key = lx_credential_get(r, OCI_KEY), file = lx_credential_get(r, OCI_KEY_FILE);
    if (!o)
        return;
    if (!key.n && !file.n) {
        if (!config.n && !r->source->home.n)
            lx_credential_nothing(r);
        else
            lx_credential_read(
                r,
                config.n ? expand(r, config)
                         : lx_arena_printf(&r->arena, "%.*s/.oci/config", LX_F(r->source->home)),
                got_oracle_config);
        return;
    }
    *o = (struct oracle){.user = lx_credential_get(r, OCI_USER),
                         .fingerprint = lx_credential_get(r, OCI_FINGERPRINT),
                         .tenancy = lx_credential_get(r, OCI_TENANCY),
                         .passphrase = lx_credential_get(r, OCI_PASSPHRASE)};
    if (!has_all(r, "oci_user, oci_fingerprint, oci_tenancy"))
        return;
    if (key.n)
        finish_oracle(r, key, INT64_MAX);
    else
        lx_credential_read(r, expand(r, file), got_oracle_key);
}

const struct lx_credential_kind lx_credential_oci = {
    .id = "oci",
    .what = "Oracle Cloud",
    .settings = oci_settings,
    .start = start_oracle,
};

/* ---- Snowflake ---- */

enum snowflake {
    SNOWFLAKE_ACCOUNT,
    SNOWFLAKE_USER,
    SNOWFLAKE_KEY,
    SNOWFLAKE_KEY_FILE,
    SNOWFLAKE_PASSPHRASE,
    SNOWFLAKE_TOKEN
};

static const struct lx_credential_setting snowflake_settings[] = {
    [SNOWFLAKE_ACCOUNT] = {"account_id", "SNOWFLAKE_ACCOUNT_ID|SNOWFLAKE_ACCOUNT", NULL, false},
    [SNOWFLAKE_USER] = {"snowflake_user", "SNOWFLAKE_USER", NULL, true},
    [SNOWFLAKE_KEY] = {"snowflake_private_key", "SNOWFLAKE_PRIVATE_KEY", NULL, true},
    [SNOWFLAKE_KEY_FILE] = {"snowflake_private_key_file",
                            "SNOWFLAKE_PRIVATE_KEY_FILE|SNOWFLAKE_PRIVATE_KEY_PATH", NULL, true},
    [SNOWFLAKE_PASSPHRASE] = {"snowflake_private_key_passphrase",
                              "SNOWFLAKE_PRIVATE_KEY_PASSPHRASE|PRIVATE_KEY_PASSPHRASE", NULL,
                              false},
    [SNOWFLAKE_TOKEN] = {"api_key", "SNOWFLAKE_JWT", NULL, false},
    {0},
};

static struct lx_slice upper(struct lx_credential_run *r, struct lx_slice s)
{
    char *to = lx_arena_bytes(&r->arena, s.n);
    for (size_t i = 0; to && i < s.n; i++)
        to[i] = (char)(s.p[i] >= 'a' && s.p[i] <= 'z' ? s.p[i] - 32 : s.p[i]);
    return lx_slice(to, to ? s.n : 0);
}

static int write_key_pair_token(struct lx_credential_run *r, const struct lx_pem *pem,
                                struct lx_buf *jwt, struct lx_error *err)
{
    struct lx_slice account = lx_credential_get(r, SNOWFLAKE_ACCOUNT), rest;
    struct lx_buf sum, claims;
    /* the account without its region: "org-name", of "locator.region.cloud" the locator */
    lx_slice_cut(account, '.', &account, &rest);
    struct lx_slice subject = lx_arena_printf(&r->arena, "%.*s.%.*s", LX_F(upper(r, account)),
                                              LX_F(upper(r, lx_credential_get(r, SNOWFLAKE_USER))));
    lx_buf_init(&sum, 64);
    lx_buf_init(&claims, 8192);
    int code = lx_public_key_sum(pem, &sum, err);
    struct lx_out o = lx_out(&claims);
    lx_out_object(&o, NULL);
    lx_out_str(
        &o, "iss",
        lx_arena_printf(&r->arena, "%.*s.SHA256:%.*s", LX_F(subject), LX_F(lx_buf_slice(&sum))));
    lx_out_str(&o, "sub", subject);
    lx_out_int(&o, "iat", r->now_s);
    lx_out_int(&o, "exp", r->now_s + SNOWFLAKE_LIFE_S);
    lx_out_object_end(&o);
    if (code == 0)
        code = claims.failed;
    if (code == 0)
        code = lx_jwt_write(pem, LX_S("{\"alg\":\"RS256\",\"typ\":\"JWT\"}"), lx_buf_slice(&claims),
                            jwt, err);
    lx_buf_clear(&sum);
    lx_buf_clear(&claims);
    return code;
}

static void make_key_pair_token(struct lx_credential_run *r, struct lx_slice pem)
{
    const struct lx_pem key = {pem, lx_credential_get(r, SNOWFLAKE_PASSPHRASE)};
    struct lx_error err = {0};
    struct lx_buf jwt;
    lx_buf_init(&jwt, 32768);
    int code = write_key_pair_token(r, &key, &jwt, &err);
    if (code == 0)
        lx_credential_done(
            r,
            lx_bearer_key_init(&r->key, lx_buf_slice(&jwt),
                               LX_S("x-snowflake-authorization-token-type: KEYPAIR_JWT")),
            r->now_s + SNOWFLAKE_LIFE_S);
    else
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "%s: %s",
                           r->path ? r->path : "snowflake_private_key",
                           err.code ? err.text : lx_code_text(code));
    lx_buf_clear(&jwt);
}

static void got_snowflake_key(struct lx_credential_run *r)
{
    if (lx_credential_has_file(r))
        make_key_pair_token(r, lx_credential_text(r));
}

#define TOKEN_TYPE "x-snowflake-authorization-token-type: "

/* LiteLLM's way to tell a programmatic access token from a JWT: "pat/TOKEN". */
static void take_token(struct lx_credential_run *r, struct lx_slice token)
{
    bool pat = lx_slice_starts(token, LX_S("pat/"));
    lx_credential_done(r,
                       lx_bearer_key_init(&r->key, pat ? lx_slice_from(token, 4) : token,
                                          pat ? LX_S(TOKEN_TYPE "PROGRAMMATIC_ACCESS_TOKEN")
                                              : LX_S(TOKEN_TYPE "KEYPAIR_JWT")),
                       INT64_MAX);
}

static void start_snowflake(struct lx_credential_run *r)
{
    struct lx_slice key = lx_credential_get(r, SNOWFLAKE_KEY);
    struct lx_slice file = lx_credential_get(r, SNOWFLAKE_KEY_FILE);
    struct lx_slice token = lx_credential_get(r, SNOWFLAKE_TOKEN);
    if (!key.n && !file.n && token.n)
        take_token(r, token);
    else if (!key.n && !file.n)
        lx_credential_nothing(r);
    else if (!lx_credential_get(r, SNOWFLAKE_USER).n || !lx_credential_get(r, SNOWFLAKE_ACCOUNT).n)
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                           "a private key needs an account_id (SNOWFLAKE_ACCOUNT_ID) and a "
                           "snowflake_user (SNOWFLAKE_USER)");
    else if (key.n)
        make_key_pair_token(r, key);
    else
        lx_credential_read(r, expand(r, file), got_snowflake_key);
}

const struct lx_credential_kind lx_credential_snowflake = {
    .id = "snowflake",
    .what = "Snowflake's key pair",
    .settings = snowflake_settings,
    .start = start_snowflake,
    .takes_key = true,
};
