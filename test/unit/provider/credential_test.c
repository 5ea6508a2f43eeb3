/*
 * credential_test.c - what each kind of credential asks for, given its settings and the answers,
 * and what it ends with; and that each allocation may fail.
 *
 * A script is a list of answers: of a file its text, or NULL when it is not there; of an exchange
 * "STATUS body", or NULL when nobody answers. What is seen is a line for each step.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "alloc/alloc.h"
#include "provider/credential.h"

enum { NOW = 1767225600 }; /* 2026-01-01T00:00:00Z */

#define TOKEN "200 {\"access_token\":\"t\",\"expires_in\":3600}"
#define META                                                                               \
    "200 {\"AccessKeyId\":\"I\",\"SecretAccessKey\":\"s\",\"Token\":\"T\",\"Expiration\":" \
    "\"2026-01-01T01:00:00Z\"}"
#define STS                                                                                  \
    "200 <R><Credentials><AccessKeyId>RI</AccessKeyId><SecretAccessKey>RS</SecretAccessKey>" \
    "<SessionToken>RT</SessionToken><Expiration>2026-01-01T00:30:00Z</Expiration></Credentials></R>"
#define ROLE "arn:aws:iam::1:role/R"

static const struct row {
    const char *kind;
    const char *settings[4][2]; /* by the setting's name, or its variable */
    const char *answers[6];     /* "none": not there, nobody */
    const char *seen;
} rows[] = {
    {"oauth2",
     {{"oauth2_token_url", "http://h/t"}, {"oauth2_client_id", "c"}, {"oauth2_client_secret", "s"}},
     {TOKEN},
     "POST http://h/t grant_type=client_credentials\nDONE bearer|t| in 3600\n"},
    {"oauth2",
     {{"oauth2_token_url", "http://h/t"}, {"oauth2_client_id", "c"}, {"oauth2_client_secret", "s"}},
     {"503 <html>"},
     "POST http://h/t grant_type=client_credentials\n"
     "FAILED ServiceUnavailableError: no key from the OAuth2 token endpoint: http://h/t answered "
     "503: <html>\n"},
    {"oauth2",
     {{"oauth2_token_url", "http://u:p@h/t?q=1"},
      {"oauth2_client_id", "c"},
      {"oauth2_client_secret", "s"}},
     {"none"},
     "POST http://u:p@h/t?q=1 grant_type=client_credentials\n"
     "FAILED ServiceUnavailableError: no key from the OAuth2 token endpoint: h/t: connection "
     "failed\n"},
    {"oauth2", {{NULL}}, {NULL}, "NOTHING\n"},
    {"google",
     {{NULL}},
     {"none", TOKEN},
     "READ /user/.config/gcloud/application_default_credentials.json\n"
     "GET http://metadata.google.internal/computeMetadata/v1/instance/service-accounts/default/"
     "token (a guess)\nDONE bearer|t| in 3600\n"},
    {"google",
     {{"GOOGLE_APPLICATION_CREDENTIALS", "/a.json"}},
     {"{\"type\":\"authorized_user\",\"client_id\":\"c\",\"client_secret\":\"s\","
      "\"refresh_token\":\"r\",\"quota_project_id\":\"q\"}",
      "400 {\"error\":\"invalid_grant\",\"error_description\":\"Token has\\nexpired\"}"},
     "READ /a.json\nPOST https://oauth2.googleapis.com/token grant_type=refresh_token&client_id=c&"
     "client_secret=s&refresh_token=r\n"
     "FAILED AuthenticationError: no key from Google: https://oauth2.googleapis.com/token answered "
     "400: invalid_grant: Token has expired\n"},
    {"aws",
     {{"aws_access_key_id", "I"}, {"aws_secret_access_key", "s"}},
     {NULL},
     "DONE aws|I|s| for ever\n"},
    {"aws",
     {{"aws_access_key_id", "I"}, {"aws_secret_access_key", "s"}, {"aws_role_name", ROLE}},
     {STS},
     "POST https://sts.us-east-1.amazonaws.com/ Action=AssumeRole&Version=2011-06-15&RoleArn="
     "arn%3Aaws%3Aiam%3A%3A1%3Arole%2FR&RoleSessionName=llmux-0000000000000007\n"
     "DONE aws|RI|RS|RT in 1800\n"},
    {"aws",
     {{"AWS_PROFILE", "p"}},
     {"none", "[profile p]\nsso_session = x\n"},
     "READ /user/.aws/credentials\nREAD /user/.aws/config\n"
     "FAILED AuthenticationError: no key from AWS: the profile 'p' has sso_session, which is not "
     "supported: keys, roles, web identities are\n"},
    {"aws",
     {{"aws_profile_name", "a"}},
     {"[a]\nrole_arn=1\nsource_profile=b\n[b]\nrole_arn=2\nsource_profile=a\n", "none"},
     "READ /user/.aws/credentials\nREAD /user/.aws/config\n"
     "FAILED AuthenticationError: no key from AWS: too many profiles build upon each other, or in "
     "a circle\n"},
    {"aws",
     {{"AWS_WEB_IDENTITY_TOKEN_FILE", "/w"}, {"AWS_ROLE_ARN", ROLE}, {"aws_role_name", ROLE}},
     {"none", "none", " web \n", STS},
     "READ /user/.aws/credentials\nREAD /user/.aws/config\nREAD /w\n"
     "POST https://sts.us-east-1.amazonaws.com/ Action=AssumeRoleWithWebIdentity&Version=2011-06-"
     "15&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2FR&RoleSessionName=llmux-0000000000000007&"
     "WebIdentityToken=web\nDONE aws|RI|RS|RT in 1800\n"},
    {"aws",
     {{"AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/v2/k"}},
     {"none", "none", (META)},
     "READ /user/.aws/credentials\nREAD /user/.aws/config\n"
     "GET http://169.254.170.2/v2/k\nDONE aws|I|s|T in 3600\n"},
    {"aws",
     {{"AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/k"}},
     {"none", "none"},
     "READ /user/.aws/credentials\nREAD /user/.aws/config\n"
     "FAILED AuthenticationError: no key from AWS: AWS_CONTAINER_CREDENTIALS_FULL_URI is neither "
     "https nor on this machine\n"},
    {"aws",
     {{NULL}},
     {"none", "none", "200 tok", "200 the-role\nother\n", (META)},
     "READ /user/.aws/credentials\nREAD /user/.aws/config\n"
     "PUT http://169.254.169.254/latest/api/token (a guess)\n"
     "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/ (a guess)\n"
     "GET http://169.254.169.254/latest/meta-data/iam/security-credentials/the-role (a guess)\n"
     "DONE aws|I|s|T in 3600\n"},
    {"anthropic", {{"ANTHROPIC_AUTH_TOKEN", "t"}}, {NULL}, "DONE bearer|t| for ever\n"},
    {"anthropic", {{NULL}}, {NULL}, "NOTHING\n"},
    {"azure", {{"azure_ad_token", "t"}}, {NULL}, "DONE bearer|t| for ever\n"},
    {"azure", {{"AZURE_OPENAI_AD_TOKEN", "t"}}, {NULL}, "DONE bearer|t| for ever\n"},
    {"azure",
     {{"tenant_id", "t"}, {"client_id", "c"}, {"client_secret", "s"}},
     {"200 {\"access_token\":\"t\",\"expires_in\":\"60\"}"},
     "POST https://login.microsoftonline.com/t/oauth2/v2.0/token grant_type=client_credentials&"
     "client_id=c&scope=https%3A%2F%2Fcognitiveservices.azure.com%2F.default&client_secret=s\n"
     "DONE bearer|t| in 60\n"},
    {"azure",
     {{"azure_ad_token", "oidc/github/x"}, {"tenant_id", "t"}, {"client_id", "c"}},
     {NULL},
     "FAILED AuthenticationError: no key from Microsoft Entra ID: 'oidc/github/x' has no token: "
     "oidc/file, env, env_path, azure and circleci are known\n"},
    {"azure", {{NULL}}, {NULL}, "NOTHING\n"},
    {"gigachat",
     {{"api_key", "k"}, {"gigachat_access_token", "t"}},
     {NULL},
     "DONE bearer|t| for ever\n"},
    {"ibm",
     {{"api_key", "k"}},
     {"200 {\"access_token\":\"t\",\"expiration\":1767226200}"},
     "POST https://iam.cloud.ibm.com/identity/token grant_type=urn%3Aibm%3Aparams%3Aoauth%3Agrant-"
     "type%3Aapikey&apikey=k\nDONE bearer|t| in 600\n"},
    {"ibm", {{"api_key", "k"}, {"token", "t"}}, {NULL}, "DONE bearer|t| for ever\n"},
    {"ibm", {{"zen_api_key", "z"}}, {NULL}, "DONE bearer||authorization: ZenApiKey z for ever\n"},
    {"databricks",
     {{"databricks_client_id", "c"}, {"databricks_client_secret", "s"}},
     {"200 {}"},
     "POST https://base.example/oidc/v1/token grant_type=client_credentials&scope=all-apis\n"
     "FAILED ServiceUnavailableError: no key from Databricks: https://base.example/oidc/v1/token "
     "answered without an access_token\n"},
    {"snowflake",
     {{"snowflake_private_key", "k"}},
     {NULL},
     "FAILED AuthenticationError: no key from Snowflake's key pair: a private key needs an "
     "account_id (SNOWFLAKE_ACCOUNT_ID) and a snowflake_user (SNOWFLAKE_USER)\n"},
    {"snowflake",
     {{"api_key", "j.w.t"}},
     {NULL},
     "DONE bearer|j.w.t|x-snowflake-authorization-token-type: KEYPAIR_JWT for ever\n"},
    {"snowflake",
     {{"api_key", "pat/p"}},
     {NULL},
     "DONE bearer|p|x-snowflake-authorization-token-type: PROGRAMMATIC_ACCESS_TOKEN for ever\n"},
};

static void fill(const struct row *row, const struct lx_credential_kind *kind,
                 struct lx_slice values[LX_CREDENTIAL_SETTINGS])
{
    for (size_t i = 0; kind->settings[i].name; i++)
        values[i] = lx_slice_z(kind->settings[i].otherwise);
    for (size_t k = 0; k < 4 && row->settings[k][0]; k++) {
        const char *name = row->settings[k][0];
        size_t i = 0;
        while (kind->settings[i].name && strcmp(kind->settings[i].name, name) != 0 &&
               !(kind->settings[i].env && strstr(kind->settings[i].env, name)))
            i++;
        assert_non_null(kind->settings[i].name);
        values[i] = lx_slice_z(row->settings[k][1]);
    }
}

static void answer(struct lx_credential_run *r, const char *text, FILE *seen)
{
    if (r->step == LX_CREDENTIAL_READ) {
        fprintf(seen, "READ %s\n", r->path);
        lx_credential_run_feed_file(r, strcmp(text, "none") == 0 ? LX_ENOTFOUND : 0,
                                    lx_slice_z(text));
        return;
    }
    fprintf(seen, "%.*s %.*s%s%.*s%s\n", LX_F(r->out.method), LX_F(r->out.url),
            r->out.body.n ? " " : "", LX_F(r->out.body), r->guess ? " (a guess)" : "");
    if (strcmp(text, "none") == 0) {
        lx_credential_run_feed_failure(r, LX_ECONNECT, NULL);
        return;
    }
    lx_credential_run_feed_head(r, atoi(text));
    for (const char *p = text + 4; *p; p++) /* in pieces */
        lx_credential_run_feed_body(r, lx_slice(p, 1));
    lx_credential_run_feed_end(r);
}

static void tell_end(const struct lx_credential_run *r, FILE *seen)
{
    if (r->step == LX_CREDENTIAL_FAILED && r->nothing)
        fputs("NOTHING\n", seen);
    else if (r->step == LX_CREDENTIAL_FAILED)
        fprintf(seen, "FAILED %s: %.*s\n", lx_fault_class(r->fault.kind), LX_F(r->fault.message));
    else {
        struct lx_slice key = lx_secret_bytes(&r->key);
        fputs("DONE ", seen);
        for (size_t i = 0; i < key.n; i++)
            fputc(key.p[i] == '\n' ? '|' : key.p[i], seen);
        if (r->expires_s == INT64_MAX)
            fputs(" for ever\n", seen);
        else
            fprintf(seen, " in %lld\n", (long long)(r->expires_s - NOW));
    }
}

/* What was seen; the caller frees it. NULL when memory failed. */
static char *play(const struct row *row, long fail_at)
{
    struct lx_slice values[LX_CREDENTIAL_SETTINGS] = {{0}};
    const struct lx_credential_kind *kind = lx_credential_kind_find(lx_slice_z(row->kind));
    struct lx_credential_source source;
    struct lx_credential_run r;
    char *text = NULL;
    size_t n = 0, answers = 0;
    FILE *seen = open_memstream(&text, &n);
    assert_non_null(kind);
    fill(row, kind, values);
    alloc_arm((size_t)(fail_at + 1), false);
    int code = lx_credential_source_init(&source, kind, values, LX_S("https://base.example/v1"),
                                         LX_S("us-east-1"), LX_S("/user"));
    bool memory_failed = code != 0;
    if (code == 0) {
        lx_credential_run_init(&r, &source, NOW, 7);
        while (lx_credential_run_next(&r) == LX_CREDENTIAL_SEND || r.step == LX_CREDENTIAL_READ) {
            assert_true(answers < 6 && row->answers[answers]);
            answer(&r, row->answers[answers++], seen);
        }
        memory_failed = fail_at >= 0 && alloc_count() > (size_t)fail_at;
        alloc_arm(0, false);
        if (memory_failed)
            assert_true(r.step == LX_CREDENTIAL_DONE || r.fault.message.n);
        tell_end(&r, seen);
        lx_credential_run_clear(&r);
        lx_credential_source_clear(&source);
    }
    alloc_arm(0, false);
    fclose(seen);
    if (!memory_failed)
        return text;
    free(text);
    return NULL;
}

static void each_kind_asks_in_its_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *seen = play(&rows[i], -1);
        assert_string_equal(seen, rows[i].seen);
        free(seen);
    }
}

static void each_allocation_may_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *seen = NULL;
        for (long n = 0; !seen; n++)
            seen = play(&rows[i], n);
        assert_string_equal(seen, rows[i].seen);
        free(seen);
    }
}

/* Equal settings are one key, different ones are not. */
static void sources_are_known_by_their_settings(void **state)
{
    const struct lx_credential_kind *kind = lx_credential_kind_find(LX_S("oauth2"));
    struct lx_slice a[LX_CREDENTIAL_SETTINGS] = {LX_S("1"), LX_S("23")};
    struct lx_slice b[LX_CREDENTIAL_SETTINGS] = {LX_S("12"), LX_S("3")};
    struct lx_credential_source s[3];
    (void)state;
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(
            lx_credential_source_init(&s[i], kind, i == 2 ? b : a, LX_S("u"), LX_S(""), LX_S("")),
            0);
    assert_memory_equal(s[0].id, s[1].id, sizeof(s[0].id));
    assert_memory_not_equal(s[0].id, s[2].id, sizeof(s[0].id));
    for (size_t i = 0; i < 3; i++)
        lx_credential_source_clear(&s[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_asks_in_its_order),
        cmocka_unit_test(each_allocation_may_fail),
        cmocka_unit_test(sources_are_known_by_their_settings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
