/*
 * credential_aws.c - keys of AWS, in the order of its SDKs (docs.aws.amazon.com/sdkref,
 * "Standardized credential providers", 2026-08), after what LiteLLM's parameters ask for:
 *
 *   aws_web_identity_token with aws_role_name
 *   aws_access_key_id | aws_profile_name | the chain:
 *     environment -> profile with a role -> web identity -> profile -> container -> instance
 *   and then aws_role_name, with whatever was found
 *
 * A role is assumed by the security token service; roles that profiles build upon each other are
 * assumed one after the other, the first one first.
 */
#include "provider/credential_step.h"
#include "provider/sigv4.h"
#include "wire/ini.h"
#include "wire/moment.h"
#include "wire/url.h"

enum setting {
    KEY_ID,
    SECRET,
    TOKEN,
    PROFILE,
    ROLE,
    SESSION_NAME,
    EXTERNAL_ID,
    WEB_TOKEN,
    STS,
    ENV_KEY_ID,
    ENV_SECRET,
    ENV_TOKEN,
    ENV_PROFILE,
    ENV_WEB_FILE,
    ENV_ROLE,
    CREDENTIALS_FILE,
    CONFIG_FILE,
    CONTAINER_PATH,
    CONTAINER_URL,
    CONTAINER_TOKEN_FILE,
    CONTAINER_TOKEN,
    NO_INSTANCE,
    INSTANCE,
};

static const struct lx_credential_setting settings[] = {
    [KEY_ID] = {"aws_access_key_id", NULL, NULL, true},
    [SECRET] = {"aws_secret_access_key", NULL, NULL, true},
    [TOKEN] = {"aws_session_token", NULL, NULL, false},
    [PROFILE] = {"aws_profile_name", NULL, NULL, true},
    [ROLE] = {"aws_role_name", NULL, NULL, true},
    [SESSION_NAME] = {"aws_session_name", "AWS_ROLE_SESSION_NAME", NULL, false},
    [EXTERNAL_ID] = {"aws_external_id", NULL, NULL, false},
    [WEB_TOKEN] = {"aws_web_identity_token", NULL, NULL, true},
    [STS] = {"aws_sts_endpoint", "AWS_ENDPOINT_URL_STS|AWS_STS_ENDPOINT", NULL, false},
    [ENV_KEY_ID] = {"", "AWS_ACCESS_KEY_ID", NULL, false},
    [ENV_SECRET] = {"", "AWS_SECRET_ACCESS_KEY", NULL, false},
    [ENV_TOKEN] = {"", "AWS_SESSION_TOKEN", NULL, false},
    [ENV_PROFILE] = {"", "AWS_PROFILE|AWS_DEFAULT_PROFILE", NULL, false},
    [ENV_WEB_FILE] = {"", "AWS_WEB_IDENTITY_TOKEN_FILE", NULL, false},
    [ENV_ROLE] = {"", "AWS_ROLE_ARN", NULL, false},
    [CREDENTIALS_FILE] = {"", "AWS_SHARED_CREDENTIALS_FILE", NULL, false},
    [CONFIG_FILE] = {"", "AWS_CONFIG_FILE", NULL, false},
    [CONTAINER_PATH] = {"", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", NULL, false},
    [CONTAINER_URL] = {"", "AWS_CONTAINER_CREDENTIALS_FULL_URI", NULL, false},
    [CONTAINER_TOKEN_FILE] = {"", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", NULL, false},
    [CONTAINER_TOKEN] = {"", "AWS_CONTAINER_AUTHORIZATION_TOKEN", NULL, false},
    [NO_INSTANCE] = {"", "AWS_EC2_METADATA_DISABLED", NULL, false},
    [INSTANCE] = {"", "AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://169.254.169.254", false},
    {0},
};

enum {
    MAX_ROLES = 5,      /* that build upon each other */
    REREAD_S = 900,     /* keys in files, which somebody may change */
    INSTANCE_S = 21600, /* of the instance's own token, as the SDKs ask for */
};

struct keys {
    struct lx_slice id, secret, token;
};

struct role {
    struct lx_slice arn, session_name, external_id, duration;
};

struct aws {
    struct keys keys;
    int64_t expires_s;
    struct role roles[MAX_ROLES]; /* still to be assumed, the last one first */
    size_t role_count;
    struct role web;                     /* to be assumed with a web identity */
    struct lx_slice credentials, config; /* the files' text */
    bool named;                          /* somebody named the profile */
    struct lx_slice profile;
    struct lx_slice instance_token;
};

static void got_keys(struct lx_credential_run *r);
static void use_profile(struct lx_credential_run *r, struct lx_slice name);
static void ask_container(struct lx_credential_run *r);
static void ask_instance(struct lx_credential_run *r);

/* ---- The security token service ---- */

static struct lx_slice region(const struct lx_credential_run *r)
{
    return r->source->region.n ? r->source->region : LX_S("us-east-1");
}

static struct lx_slice sts_url(struct lx_credential_run *r)
{
    struct lx_slice given = lx_credential_get(r, STS);
    if (given.n)
        return given;
    return lx_arena_printf(&r->arena, "https://sts.%.*s.amazonaws.com%s/", LX_F(region(r)),
                           lx_slice_starts(region(r), LX_S("cn-")) ? ".cn" : "");
}

static void got_role(struct lx_credential_run *r)
{
    struct aws *a = r->own;
    if (!lx_credential_ok(r))
        return;
    struct lx_slice xml = lx_credential_text(r);
    a->keys = (struct keys){lx_credential_tag(xml, "AccessKeyId"),
                            lx_credential_tag(xml, "SecretAccessKey"),
                            lx_credential_tag(xml, "SessionToken")};
    a->expires_s = r->now_s + REREAD_S;
    (void)lx_moment_read(lx_credential_tag(xml, "Expiration"), &a->expires_s);
    got_keys(r);
}

static struct lx_slice session_name(struct lx_credential_run *r, const struct role *role)
{
    if (role->session_name.n)
        return role->session_name;
    return lx_arena_printf(&r->arena, "llmux-%016llx", (unsigned long long)r->random);
}

static void open_sts(struct lx_credential_run *r, const char *action, const struct role *role,
                     struct lx_credential_request *q)
{
    lx_credential_post(r, sts_url(r), q);
    lx_credential_form(q, "Action", lx_slice_z(action));
    lx_credential_form(q, "Version", LX_S("2011-06-15"));
    lx_credential_form(q, "RoleArn", role->arn);
    lx_credential_form(q, "RoleSessionName", session_name(r, role));
    lx_credential_form(q, "DurationSeconds", role->duration);
    lx_header_list_set(&q->headers, LX_S("accept"), LX_S("application/xml"));
}

static void assume_role(struct lx_credential_run *r)
{
    struct aws *a = r->own;
    const struct role *role = &a->roles[--a->role_count];
    const struct lx_sigv4 v4 = {.access_key_id = a->keys.id,
                                .secret_access_key = a->keys.secret,
                                .session_token = a->keys.token,
                                .region = region(r),
                                .service = LX_S("sts"),
                                .now_s = r->now_s};
    struct lx_credential_request q;
    struct lx_url url;
    open_sts(r, "AssumeRole", role, &q);
    lx_credential_form(&q, "ExternalId", role->external_id);
    lx_header_list_set(&q.headers, LX_S("content-type"), LX_S("application/x-www-form-urlencoded"));
    int code = lx_url_read(q.url, &url, NULL);
    if (code == 0)
        code = lx_sigv4_apply(&v4, q.method, lx_signer_host(&url, &r->arena), url.path,
                              lx_buf_slice(&q.form), &q.headers);
    lx_credential_send(r, &q, lx_slice(NULL, 0), got_role);
    if (code < 0 && r->step != LX_CREDENTIAL_FAILED)
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "the request to STS cannot be signed: %s",
                           lx_code_text(code));
}

/* Keys are there: with them the next role, or they are the end. */
static void got_keys(struct lx_credential_run *r)
{
    struct aws *a = r->own;
    if (!a->keys.id.n || !a->keys.secret.n)
        lx_credential_fail(r, LX_FAULT_UNAVAILABLE, "an answer without keys");
    else if (a->role_count)
        assume_role(r);
    else
        lx_credential_done(r, lx_aws_key_init(&r->key, a->keys.id, a->keys.secret, a->keys.token),
                           a->expires_s);
}

/* ---- Web identity ---- */

static void assume_with(struct lx_credential_run *r, struct lx_slice token)
{
    const struct aws *a = r->own;
    struct lx_credential_request q;
    open_sts(r, "AssumeRoleWithWebIdentity", &a->web, &q);
    lx_credential_form(&q, "WebIdentityToken", token);
    lx_credential_send(r, &q, lx_slice(NULL, 0), got_role);
}

static void got_web_file(struct lx_credential_run *r)
{
    if (lx_credential_has_file(r))
        assume_with(r, lx_credential_text(r));
}

/* token: a path, or the token itself. */
static void use_web_identity(struct lx_credential_run *r, struct lx_slice token, struct role role)
{
    struct aws *a = r->own;
    struct lx_slice path, text;
    bool named = lx_credential_identity(token, &path, &text);
    if (!named && lx_slice_starts(token, LX_S("/")))
        path = token;
    a->web = role;
    if (!role.arn.n)
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                           "a web identity needs a role: AWS_ROLE_ARN "
                           "or aws_role_name");
    else if (path.n)
        lx_credential_read(r, path, got_web_file);
    else if (named && !text.n)
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                           "'%.*s' has no token: oidc/file, env, env_path, azure and circleci are "
                           "known",
                           LX_F(lx_slice_to(token, 40)));
    else
        assume_with(r, named ? text : token);
    /* Who is that role already need not assume it. */
    if (a->role_count && lx_slice_eq(a->roles[0].arn, role.arn))
        a->role_count = 0;
}

/* ---- Profiles ---- */

/* A key of a profile: the file of credentials wins over that of the configuration. */
static struct lx_slice of_profile(struct lx_credential_run *r, struct lx_slice name,
                                  const char *key)
{
    const struct aws *a = r->own;
    struct lx_slice v = lx_ini_get(a->credentials, name, lx_slice_z(key));
    if (!v.p)
        v = lx_ini_get(a->config, lx_arena_printf(&r->arena, "profile %.*s", LX_F(name)),
                       lx_slice_z(key));
    if (!v.p && lx_slice_eq(name, LX_S("default")))
        v = lx_ini_get(a->config, name, lx_slice_z(key));
    return v;
}

static bool has_profile(struct lx_credential_run *r, struct lx_slice name)
{
    const struct aws *a = r->own;
    return lx_ini_has(a->credentials, name) ||
           lx_ini_has(a->config, lx_arena_printf(&r->arena, "profile %.*s", LX_F(name))) ||
           (lx_slice_eq(name, LX_S("default")) && lx_ini_has(a->config, name));
}

static bool take_profile_keys(struct lx_credential_run *r, struct lx_slice name)
{
    struct aws *a = r->own;
    const struct keys keys = {of_profile(r, name, "aws_access_key_id"),
                              of_profile(r, name, "aws_secret_access_key"),
                              of_profile(r, name, "aws_session_token")};
    if (!keys.id.n || !keys.secret.n)
        return false;
    a->keys = keys;
    a->expires_s = r->now_s + REREAD_S;
    return true;
}

static bool take_environment_keys(struct lx_credential_run *r)
{
    struct aws *a = r->own;
    const struct keys keys = {lx_credential_get(r, ENV_KEY_ID), lx_credential_get(r, ENV_SECRET),
                              lx_credential_get(r, ENV_TOKEN)};
    if (!keys.id.n || !keys.secret.n)
        return false;
    a->keys = keys;
    a->expires_s = INT64_MAX;
    return true;
}

/* Where a profile with a role finds the keys to assume it with. */
static void use_source(struct lx_credential_run *r, struct lx_slice name)
{
    struct lx_slice source = of_profile(r, name, "source_profile");
    struct lx_slice place = of_profile(r, name, "credential_source");
    if (source.n && (!lx_slice_eq(source, name) || !take_profile_keys(r, name)))
        use_profile(r, source);
    else if (source.n)
        got_keys(r);
    else if (lx_slice_eq(place, LX_S("Environment")) && take_environment_keys(r))
        got_keys(r);
    else if (lx_slice_eq(place, LX_S("EcsContainer")))
        ask_container(r);
    else if (lx_slice_eq(place, LX_S("Ec2InstanceMetadata")))
        ask_instance(r);
    else
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                           "the profile '%.*s' names a role, but no source_profile and no "
                           "credential_source that has keys",
                           LX_F(name));
}

static void use_role_of_profile(struct lx_credential_run *r, struct lx_slice name,
                                struct lx_slice arn)
{
    struct aws *a = r->own;
    const struct role role = {arn, of_profile(r, name, "role_session_name"),
                              of_profile(r, name, "external_id"),
                              of_profile(r, name, "duration_seconds")};
    struct lx_slice file = of_profile(r, name, "web_identity_token_file");
    if (file.n) {
        use_web_identity(r, lx_arena_printf(&r->arena, "oidc/file/%.*s", LX_F(file)), role);
    } else if (of_profile(r, name, "mfa_serial").n) {
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                           "the profile '%.*s' wants a code from a device (mfa_serial), which "
                           "nobody is there to give",
                           LX_F(name));
    } else if (a->role_count == MAX_ROLES) {
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                           "too many profiles build upon each other, or in a circle");
    } else {
        a->roles[a->role_count++] = role;
        use_source(r, name);
    }
}

static void use_profile(struct lx_credential_run *r, struct lx_slice name)
{
    static const char *const others[] = {"credential_process", "sso_session", "sso_start_url",
                                         "login_session"};
    const struct aws *a = r->own;
    struct lx_slice arn = of_profile(r, name, "role_arn");
    if (arn.n) {
        use_role_of_profile(r, name, arn);
        return;
    }
    if (!a->named && lx_credential_get(r, ENV_WEB_FILE).n) {
        use_web_identity(
            r,
            lx_arena_printf(&r->arena, "oidc/file/%.*s", LX_F(lx_credential_get(r, ENV_WEB_FILE))),
            (struct role){.arn = lx_credential_get(r, ENV_ROLE),
                          .session_name = lx_credential_get(r, SESSION_NAME)});
        return;
    }
    if (take_profile_keys(r, name)) {
        got_keys(r);
        return;
    }
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (of_profile(r, name, others[i]).n) {
            lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                               "the profile '%.*s' has %s, which is not supported: keys, roles, "
                               "web identities are",
                               LX_F(name), others[i]);
            return;
        }
    if (a->named || lx_credential_get(r, ENV_PROFILE).n || !lx_slice_eq(name, a->profile))
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "the profile '%.*s' %s", LX_F(name),
                           has_profile(r, name) ? "has no keys" : "is in neither file");
    else
        ask_container(r);
}

static struct lx_slice file_of(struct lx_credential_run *r, enum setting setting, const char *name)
{
    struct lx_slice given = lx_credential_get(r, setting);
    if (given.n || !r->source->home.n)
        return given;
    return lx_arena_printf(&r->arena, "%.*s/.aws/%s", LX_F(r->source->home), name);
}

static void got_config(struct lx_credential_run *r)
{
    struct aws *a = r->own;
    if (r->code != LX_ENOTFOUND && !lx_credential_has_file(r))
        return;
    a->config = lx_credential_text(r);
    use_profile(r, a->profile);
}

static void got_credentials(struct lx_credential_run *r)
{
    struct aws *a = r->own;
    if (r->code != LX_ENOTFOUND && !lx_credential_has_file(r))
        return;
    a->credentials = lx_credential_text(r);
    lx_credential_read(r, file_of(r, CONFIG_FILE, "config"), got_config);
}

static void read_files(struct lx_credential_run *r)
{
    struct aws *a = r->own;
    struct lx_slice path = file_of(r, CREDENTIALS_FILE, "credentials");
    if (path.n && file_of(r, CONFIG_FILE, "config").n)
        lx_credential_read(r, path, got_credentials);
    else
        use_profile(r, a->profile); /* no home, so no files */
}

/* ---- Containers and instances ---- */

/* The JSON that both answer with. */
static void got_json(struct lx_credential_run *r)
{
    struct aws *a = r->own;
    struct lx_json root;
    if (!lx_credential_ok(r) ||
        !lx_credential_json(r, lx_buf_slice(&r->body), "the metadata service's answer", &root))
        return;
    a->keys = (struct keys){lx_json_str(LX_GET(root, "AccessKeyId"), &r->arena),
                            lx_json_str(LX_GET(root, "SecretAccessKey"), &r->arena),
                            lx_json_str(LX_GET(root, "Token"), &r->arena)};
    a->expires_s = r->now_s + REREAD_S;
    (void)lx_moment_read(lx_json_str(LX_GET(root, "Expiration"), &r->arena), &a->expires_s);
    got_keys(r);
}

static struct lx_slice container_url(struct lx_credential_run *r)
{
    struct lx_slice path = lx_credential_get(r, CONTAINER_PATH);
    return path.n ? lx_arena_printf(&r->arena, "http://169.254.170.2%.*s", LX_F(path))
                  : lx_credential_get(r, CONTAINER_URL);
}

/* Keys must not be asked for in the clear but on this machine (the SDKs' own list). */
static bool is_near(struct lx_slice address)
{
    static const char *const near[] = {"169.254.170.2", "169.254.170.23", "fd00:ec2::23",
                                       "localhost", "::1"};
    struct lx_url url;
    if (lx_url_read(address, &url, NULL) != 0)
        return false;
    for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++)
        if (lx_slice_eq_nocase(url.host, lx_slice_z(near[i])))
            return true;
    return url.tls || lx_slice_starts(url.host, LX_S("127."));
}

static void ask_container_with(struct lx_credential_run *r, struct lx_slice token)
{
    struct lx_credential_request q;
    lx_credential_fetch(r, LX_S("GET"), container_url(r), &q);
    if (token.n)
        lx_header_list_set_secret(&q.headers, LX_S("authorization"), token);
    lx_credential_send_near(r, &q, got_json);
}

static void got_container_token(struct lx_credential_run *r)
{
    if (lx_credential_has_file(r))
        ask_container_with(r, lx_credential_text(r));
}

static void ask_container(struct lx_credential_run *r)
{
    struct lx_slice url = container_url(r), file = lx_credential_get(r, CONTAINER_TOKEN_FILE);
    if (!url.n)
        ask_instance(r);
    else if (!is_near(url))
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                           "AWS_CONTAINER_CREDENTIALS_FULL_URI is neither https nor on this "
                           "machine");
    else if (file.n)
        lx_credential_read(r, file, got_container_token);
    else
        ask_container_with(r, lx_credential_get(r, CONTAINER_TOKEN));
}

#define INSTANCE_KEYS "/latest/meta-data/iam/security-credentials/"

static void ask_of_instance(struct lx_credential_run *r, struct lx_slice role,
                            lx_credential_then *then)
{
    const struct aws *a = r->own;
    struct lx_slice base = lx_credential_get(r, INSTANCE);
    struct lx_credential_request q;
    while (lx_slice_ends(base, LX_S("/")))
        base.n--;
    lx_credential_fetch(
        r, LX_S("GET"),
        lx_arena_printf(&r->arena, "%.*s" INSTANCE_KEYS "%.*s", LX_F(base), LX_F(role)), &q);
    lx_header_list_set_secret(&q.headers, LX_S("x-aws-ec2-metadata-token"), a->instance_token);
    lx_credential_send_near(r, &q, then);
}

static void got_instance_role(struct lx_credential_run *r)
{
    struct lx_slice first, rest;
    if (!lx_credential_ok(r))
        return;
    lx_slice_cut(lx_credential_text(r), '\n', &first, &rest);
    first = lx_slice_trim(first);
    if (first.n)
        ask_of_instance(r, first, got_json);
    else
        lx_credential_fail(r, LX_FAULT_AUTHENTICATION, "the instance has no role");
}

static void got_instance_token(struct lx_credential_run *r)
{
    struct aws *a = r->own;
    if (!lx_credential_ok(r)) {
        if (r->guess)
            lx_credential_fail(r, LX_FAULT_AUTHENTICATION,
                               "no keys are configured (aws_access_key_id, a profile, a role, "
                               "AWS_ACCESS_KEY_ID), and there is no instance metadata: %.*s",
                               LX_F(lx_arena_copy(&r->arena, r->fault.message)));
        return;
    }
    a->instance_token = lx_credential_text(r);
    ask_of_instance(r, LX_S(""), got_instance_role);
}

static void ask_instance(struct lx_credential_run *r)
{
    struct lx_slice base = lx_credential_get(r, INSTANCE);
    struct lx_credential_request q;
    if (lx_slice_eq_nocase(lx_credential_get(r, NO_INSTANCE), LX_S("true"))) {
        lx_credential_nothing(r);
        return;
    }
    r->guess = lx_slice_eq(base, lx_slice_z(settings[INSTANCE].otherwise));
    while (lx_slice_ends(base, LX_S("/")))
        base.n--;
    lx_credential_fetch(r, LX_S("PUT"),
                        lx_arena_printf(&r->arena, "%.*s/latest/api/token", LX_F(base)), &q);
    lx_header_list_set(&q.headers, LX_S("x-aws-ec2-metadata-token-ttl-seconds"),
                       lx_arena_printf(&r->arena, "%d", INSTANCE_S));
    lx_credential_send_near(r, &q, got_instance_token);
}

/* ---- The order ---- */

static void start(struct lx_credential_run *r)
{
    struct aws *a = r->own = lx_arena_new(&r->arena, struct aws);
    const struct role role = {.arn = lx_credential_get(r, ROLE),
                              .session_name = lx_credential_get(r, SESSION_NAME),
                              .external_id = lx_credential_get(r, EXTERNAL_ID)};
    if (!a)
        return;
    if (lx_credential_get(r, WEB_TOKEN).n) {
        use_web_identity(r, lx_credential_get(r, WEB_TOKEN), role);
        return;
    }
    if (role.arn.n)
        a->roles[a->role_count++] = role;
    a->named = lx_credential_get(r, PROFILE).n != 0;
    a->profile = a->named ? lx_credential_get(r, PROFILE) : lx_credential_get(r, ENV_PROFILE);
    if (!a->profile.n)
        a->profile = LX_S("default");
    a->keys = (struct keys){lx_credential_get(r, KEY_ID), lx_credential_get(r, SECRET),
                            lx_credential_get(r, TOKEN)};
    a->expires_s = INT64_MAX;
    if (a->keys.id.n && a->keys.secret.n)
        got_keys(r);
    else if (!a->named && take_environment_keys(r))
        got_keys(r);
    else
        read_files(r);
}

const struct lx_credential_kind lx_credential_aws = {
    .id = "aws",
    .what = "AWS",
    .settings = settings,
    .start = start,
};
