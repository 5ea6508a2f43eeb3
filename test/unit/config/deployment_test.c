/*
 * deployment_test.c - what becomes of model_list: deployments, groups, keys, ids, own providers.
 */
#include "catalog/catalog.h"
#include "unit.h"

#include "dialect/prompt.h"

#include <stdio.h>
#include <stdlib.h>

static const struct lx_deployment *only(const struct unit_read *r)
{
    assert_non_null(r->config);
    assert_int_equal(r->config->routes.count, 1);
    assert_int_equal(r->config->routes.groups[0]->count, 1);
    return r->config->routes.groups[0]->deployments[0];
}

static void a_deployment_has_all_of_its_entry(void **state)
{
    static const char *const variables[] = {"LITELLM_MASTER_KEY", "k", "TOKEN", "hunter2", NULL};
    struct unit_read r;
    (void)state;
    unit_read(
        &r,
        "model_list:\n"
        "  - model_name: my-model\n"
        "    rpm: 3\n"
        "    litellm_params:\n"
        "      model: openai/gpt-4o\n"
        "      api_base: https://example.com/v1//\n"
        "      api_key: ' sk-1\n'\n"
        "      api_version: 2024-02-01\n"
        "      organization: org-1\n"
        "      headers: {X-A: 1, X-B: 2}\n"
        "      extra_headers: {x-b: 3, X-Token: os.environ/TOKEN}\n"
        "      extra_body: {a: [1, 2.50, yes, ~, 'no', 0x10, 1e3], b: {c: os.environ/TOKEN}}\n"
        "      timeout: 0.25\n"
        "      stream_timeout: 1\n"
        "      max_retries: 4\n"
        "      drop_params: true\n"
        "      modify_params: false\n"
        "      additional_drop_params: [a.b, 'tools[*].strict']\n"
        "      allowed_openai_params: [tools]\n"
        "      weight: 2\n"
        "      tpm: 1000\n"
        "      order: 1\n"
        "      temperature: 0.2\n"
        "      stop: [a, b]\n"
        "      my_own: {x: 1}\n"
        "      top_p: ~\n"
        "    model_info: {id: my-id, mode: chat, max_tokens: 4096}\n",
        variables);
    assert_string_equal(r.text.p, "");
    const struct lx_deployment *d = only(&r);
    assert_text(d->group, "my-model");
    assert_text(d->id, "my-id");
    assert_string_equal(d->provider->id, "openai");
    assert_text(d->model, "gpt-4o");
    assert_text(d->base_url, "https://example.com/v1");
    assert_text(d->api_version, "2024-02-01");
    assert_true(lx_secret_eq(&d->key, LX_S("sk-1")));
    assert_int_equal(d->headers.n, 4);
    assert_text(lx_headers_get(&d->headers, LX_S("X-B")), "3");
    assert_text(lx_headers_get(&d->headers, LX_S("OpenAI-Organization")), "org-1");
    for (size_t i = 0; i < d->headers.n; i++)
        assert_int_equal(d->headers.v[i].secret,
                         lx_slice_eq(d->headers.v[i].name, LX_S("X-Token")));
    assert_text(d->extra_body,
                "{\"a\":[1,2.50,true,null,\"no\",16,\"1e3\"],\"b\":{\"c\":\"hunter2\"}}");
    assert_text(d->default_params,
                "{\"temperature\":0.2,\"stop\":[\"a\",\"b\"],\"my_own\":{\"x\":1}}");
    assert_text(d->model_info, "{\"id\":\"my-id\",\"mode\":\"chat\",\"max_tokens\":4096}");
    assert_int_equal(d->timeout_ms, 250);
    assert_int_equal(d->stream_timeout_ms, 1000);
    assert_int_equal(d->max_retries, 4);
    assert_int_equal(d->drop_params, LX_YES);
    assert_int_equal(d->modify_params, LX_NO);
    assert_int_equal(d->drop_path_count, 2);
    assert_text(d->drop_paths[1], "tools[*].strict");
    assert_int_equal(d->allowed_param_count, 1);
    assert_int_equal(d->weight, 2);
    assert_int_equal(d->rpm, 3);
    assert_int_equal(d->tpm, 1000);
    assert_int_equal(d->order, 1);
    assert_text(d->where, "c.yaml:2");
    assert_false(d->mock_response.p != NULL);
    unit_close(&r);
}

static void keys_and_addresses_come_from_the_provider(void **state)
{
    static const char *const variables[] = {
        "LITELLM_MASTER_KEY", "k", "GROQ_API_KEY", "gk\n", "GROQ_API_BASE", "http://g/v1/", NULL};
    struct unit_read r;
    (void)state;
    unit_read(&r,
              "model_list: [{model_name: m, litellm_params: {model: groq/llama, api_key: "
              "os.environ/MINE, num_retries: 0}}]\n",
              variables);
    const struct lx_deployment *d = only(&r);
    assert_true(lx_secret_eq(&d->key, LX_S("gk")));
    assert_text(d->base_url, "http://g/v1");
    assert_int_equal(d->max_retries, 0);
    unit_close(&r);
    unit_read(&r,
              "model_list: [{model_name: m, litellm_params: {model: groq/llama, api_key: "
              "os.environ/MINE}}]\n",
              unit_plain);
    d = only(&r);
    assert_false(lx_secret_is_set(&d->key));
    assert_text(d->missing_key, "MINE or GROQ_API_KEY");
    assert_text(d->base_url, "https://api.groq.com/openai/v1");
    assert_int_equal(d->max_retries, -1);
    unit_close(&r);
}

/* Values computed by litellm 1.106.2: Router.generate_model_id(name, params). */
static void ids_are_those_of_litellm(void **state)
{
    static const struct {
        const char *entry, *id;
    } cases[] = {
        {"{model_name: a, litellm_params: {model: openai/a, api_key: k, rpm: 5, stream: true, "
         "tags: [x, 'y'], api_base: ~}}",
         "ab9fff23f975b507126164a77867768c0dd0ed4a0c61cf3e06b6afba8c5c5c9e"},
        {"{model_name: a, litellm_params: {model: openai/a, api_key: k, extra_body: {b: [1, null, "
         "false], c: {d: 0.5}}}}",
         "cedcbbd005c9d5a218cfa20ed2ddb645d4a7fd26c0f425454cebdcee453ca711"},
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char yaml[400];
        struct unit_read r;
        snprintf(yaml, sizeof yaml, "model_list: [%s]\n", cases[i].entry);
        unit_read(&r, yaml, unit_plain);
        assert_text(only(&r)->id, cases[i].id);
        unit_close(&r);
    }
}

static void merge_keys_and_aliases_work(void **state)
{
    struct unit_read r;
    (void)state;
    unit_read(&r,
              "x-base: &base {model: openai/a, api_key: k, timeout: 5}\n"
              "x-more: &more {timeout: 6, weight: 2}\n"
              "model_list:\n"
              "  - model_name: m\n"
              "    litellm_params: {<<: [*base, *more], model: openai/b}\n",
              unit_plain);
    const struct lx_deployment *d = only(&r);
    assert_text(d->model, "b");
    assert_int_equal(d->timeout_ms, 5000);
    assert_int_equal(d->weight, 2);
    unit_close(&r);
}

static void a_star_alone_means_every_provider(void **state)
{
    struct unit_read r;
    struct lx_slice star;
    (void)state;
    unit_read(
        &r,
        "model_list: [{model_name: '*', litellm_params: {model: '*', api_key: k}, model_info: "
        "{id: all}}]\n",
        unit_plain);
    assert_string_equal(r.text.p, "");
    static const struct {
        const char *name, *provider, *model;
    } cases[] = {
        {"groq/llama-3", "groq", "llama-3"},
        {"anthropic/claude-x", "anthropic", "claude-x"},
        {"claude-sonnet-4-5", "anthropic", "claude-sonnet-4-5"},
        {"gpt-4o", "openai", "gpt-4o"},
        {"whatever", "openai", "whatever"},
        {"all", "openai", "*"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct lx_deployment *d = unit_find(&r, cases[i].name, &star);
        assert_non_null(d);
        assert_string_equal(d->provider->id, cases[i].provider);
        assert_text(d->id, "all");
        assert_true(lx_secret_eq(&d->key, LX_S("k")));
        struct lx_slice model = lx_deployment_model(d, star, &r.arena);
        assert_text(model, cases[i].model);
    }
    size_t listed = 0;
    for (size_t i = 0; i < r.config->routes.count; i++)
        listed += !r.config->routes.groups[i]->hidden;
    assert_int_equal(listed, 1);
    unit_close(&r);
}

static void aliases_are_groups(void **state)
{
    struct unit_read r;
    struct lx_slice star;
    (void)state;
    unit_read(
        &r,
        "model_list:\n"
        "  - {model_name: m, litellm_params: {model: openai/m, api_key: k1}}\n"
        "  - {model_name: n, litellm_params: {model: openai/n, api_key: k2}}\n"
        "  - {model_name: 'groq/*', litellm_params: {model: 'groq/*', api_key: k3}}\n"
        "router_settings: {model_group_alias: {a: m, b: {model: groq/llama, hidden: true}, n: "
        "m}}\n",
        unit_plain);
    assert_string_equal(r.text.p, "c.yaml:5:83: warning: router_settings.model_group_alias: n is a "
                                  "model of its own, too: the alias wins\n");
    const struct lx_deployment *m = unit_find(&r, "m", &star), *a = unit_find(&r, "a", &star);
    assert_text(a->model, "m");
    assert_true(lx_slice_eq(a->id, m->id));
    assert_true(lx_secret_eq(&a->key, LX_S("k1")));
    assert_text(unit_find(&r, "n", &star)->model, "m");
    const struct lx_deployment *b = unit_find(&r, "b", &star);
    assert_text(b->model, "llama");
    assert_string_equal(b->provider->id, "groq");
    assert_true(lx_secret_eq(&b->key, LX_S("k3")));
    for (size_t i = 0; i < r.config->routes.count; i++) {
        const struct lx_model_group *g = r.config->routes.groups[i];
        assert_int_equal(g->hidden, lx_slice_eq(g->name, LX_S("b")));
    }
    unit_close(&r);
}

static void own_providers_are_rows(void **state)
{
    static const char *const variables[] = {"LITELLM_MASTER_KEY", "k", "MINE_KEY", "mk", NULL};
    struct unit_read r;
    (void)state;
    unit_read(&r,
              "llmux_settings:\n"
              "  providers:\n"
              "    - name: mine\n"
              "      base_url: http://127.0.0.1:9/v1/\n"
              "      api_key_env: [OTHER, MINE_KEY]\n"
              "      auth: header\n"
              "      auth_header: X-My-Key\n"
              "      headers: {X-Version: 3}\n"
              "      quirks:\n"
              "        - {op: refuse, member: seed}\n"
              "        - {op: default, member: max_tokens, arg: 100, models: 'big*', why: docs}\n"
              "        - {op: flatten}\n"
              "model_list: [{model_name: m, litellm_params: {model: mine/big-1}}]\n",
              variables);
    assert_string_equal(r.text.p, "");
    const struct lx_deployment *d = only(&r);
    const struct lx_provider *p = d->provider;
    assert_string_equal(p->id, "mine");
    assert_string_equal(p->language, "openai_chat");
    assert_int_equal(p->auth, LX_AUTH_HEADER);
    assert_string_equal(p->auth_header, "X-My-Key");
    assert_string_equal(p->headers[0][1], "3");
    assert_int_equal(p->quirks[0].op, LX_QUIRK_REFUSE);
    assert_string_equal(p->quirks[1].arg, "100");
    assert_string_equal(p->quirks[1].models, "big*");
    assert_int_equal(p->quirks[2].op, LX_QUIRK_FLATTEN);
    assert_int_equal(p->quirks[3].op, LX_QUIRK_END);
    assert_text(d->base_url, "http://127.0.0.1:9/v1");
    assert_true(lx_secret_eq(&d->key, LX_S("mk")));
    unit_close(&r);
}

static void a_name_alone_makes_a_deployment(void **state)
{
    static const char *const variables[] = {"ANTHROPIC_API_KEY", "ak", NULL};
    struct lx_env env = {unit_get, (void *)(uintptr_t)variables};
    struct lx_arena a;
    struct lx_deployment d;
    struct lx_error err;
    (void)state;
    lx_arena_init(&a, 1 << 16);
    assert_int_equal(lx_deployment_of_name(LX_S("claude-x"), NULL, 0, &env, &a, &d, &err), 0);
    assert_string_equal(d.provider->id, "anthropic");
    assert_text(d.base_url, "https://api.anthropic.com");
    assert_true(lx_secret_eq(&d.key, LX_S("ak")));
    lx_secret_clear(&d.key);
    assert_int_equal(lx_deployment_of_name(LX_S("groq/x"), NULL, 0, NULL, &a, &d, &err), 0);
    assert_false(lx_secret_is_set(&d.key));
    assert_text(d.missing_key, "GROQ_API_KEY");
    assert_int_equal(lx_deployment_of_name(LX_S("nope/x"), NULL, 0, &env, &a, &d, &err),
                     LX_EPROVIDER);
    assert_int_equal(lx_deployment_of_name(LX_S("hosted_vllm/x"), NULL, 0, &env, &a, &d, &err), 0);
    assert_int_equal(d.base_url.n, 0);
    lx_arena_clear(&a);
}

static void what_is_missing_has_names(void **state)
{
    static const char *const variables[] = {
        "GROQ_API_KEY", "gk", "HEROKU_API_KEY", "hk", "ANTHROPIC_AUTH_TOKEN", "at", NULL};
    static const struct {
        const char *model, *missing;
    } rows[] = {
        {"anthropic/x", ""},
        {"groq/x", ""},
        {"openai/x", "OPENAI_API_KEY"},
        {"perplexity/x", "PERPLEXITYAI_API_KEY or PERPLEXITY_API_KEY"},
        {"heroku/x", "HEROKU_API_BASE"},
        {"azure/x",
         "AZURE_API_BASE or AZURE_OPENAI_ENDPOINT, AZURE_OPENAI_API_KEY or AZURE_API_KEY"},
        {"lm_studio/x", ""},
        {"hosted_vllm/x", "HOSTED_VLLM_API_BASE"},
        {"mine/x", "MINE_KEY"},
    };
    static const struct lx_provider own = {.id = "mine",
                                           .title = "mine",
                                           .language = "openai_chat",
                                           .base_url = "http://127.0.0.1",
                                           .auth = LX_AUTH_BEARER,
                                           .key_env = {"MINE_KEY"}};
    struct lx_env env = {unit_get, (void *)(uintptr_t)variables};
    struct lx_arena a;
    (void)state;
    lx_arena_init(&a, 1 << 16);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lx_deployment d;
        assert_int_equal(
            lx_deployment_of_name(lx_slice_z(rows[i].model), &own, 1, &env, &a, &d, NULL), 0);
        assert_text(lx_deployment_missing(&d, &a), rows[i].missing);
        lx_secret_clear(&d.key);
    }
    lx_arena_clear(&a);
}

static void a_key_for_all_models_wins_over_each_variable(void **state)
{
    static const char *const variables[] = {
        "AZURE_OPENAI_API_KEY", "no", "AZURE_API_KEY",  "no",       "HF_TOKEN", "no",
        "HUGGINGFACE_API_KEY",  "no", "AZURE_API_BASE", "http://h", NULL};
    static const struct {
        const char *setting, *model;
    } rows[] = {
        {"azure_key", "azure/m"},
        {"huggingface_key", "huggingface/m"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct unit_read r;
        struct lx_slice star;
        char yaml[256];
        snprintf(yaml, sizeof yaml,
                 "litellm_settings: {%s: mine}\n"
                 "model_list: [{model_name: m, litellm_params: {model: %s}}]\n",
                 rows[i].setting, rows[i].model);
        unit_read(&r, yaml, variables);
        const struct lx_deployment *d = unit_find(&r, "m", &star);
        assert_non_null(d);
        assert_true(lx_secret_eq(&d->key, LX_S("mine")));
        unit_close(&r);
    }
}

/* The region: the configuration's, the name's, the variables', us-west-2; and what is left of a
 * name. */
static void bedrock_has_a_region(void **state)
{
    static const char *const west[] = {"AWS_REGION", "eu-central-1", NULL};
    static const char *const none[] = {NULL};
    static const struct {
        const char *name;
        const char *const *variables;
        const char *base_url, *model;
    } rows[] = {
        {"bedrock/us.amazon.nova-lite-v1:0", none,
         "https://bedrock-runtime.us-west-2.amazonaws.com", "us.amazon.nova-lite-v1:0"},
        {"bedrock/converse/us.amazon.nova-lite-v1:0", west,
         "https://bedrock-runtime.eu-central-1.amazonaws.com", "us.amazon.nova-lite-v1:0"},
        {"bedrock_converse/ap-northeast-1/x.y", west,
         "https://bedrock-runtime.ap-northeast-1.amazonaws.com", "x.y"},
        {"bedrock/arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x", west,
         "https://bedrock-runtime.us-east-1.amazonaws.com",
         "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.x"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lx_env env = {unit_get, (void *)(uintptr_t)rows[i].variables};
        struct lx_arena a;
        struct lx_deployment d;
        lx_arena_init(&a, 1 << 16);
        assert_int_equal(
            lx_deployment_of_name(lx_slice_z(rows[i].name), NULL, 0, &env, &a, &d, NULL), 0);
        assert_text(d.base_url, rows[i].base_url);
        assert_text(d.model, rows[i].model);
        assert_text(d.missing_key,
                    "AWS_BEARER_TOKEN_BEDROCK or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY");
        lx_credential_source_clear(d.credential);
        lx_arena_clear(&a);
    }
}

/* Of Vertex AI: regions, the whole world, and continents have addresses of three forms; some models
 * live in one place only. */
static void vertex_has_a_region_and_a_project(void **state)
{
    static const char *const none[] = {NULL};
    static const char *const east[] = {"VERTEXAI_LOCATION",
                                       "us-east5",
                                       "VERTEX_PROJECT",
                                       "p2",
                                       "GOOGLE_CLOUD_PROJECT",
                                       "p3",
                                       NULL};
    static const struct {
        const char *model, *params;
        const char *const *variables;
        const char *base_url, *region, *project;
    } rows[] = {
        {"vertex_ai/gemini-2.5-pro", "", none, "https://us-central1-aiplatform.googleapis.com",
         "us-central1", ""},
        {"vertex_ai_beta/gemini/gemini-2.5-pro", "", east,
         "https://us-east5-aiplatform.googleapis.com", "us-east5", "p2"},
        {"vertex_ai/gemini-2.5-pro", "      vertex_location: global\n      vertex_project: p1\n",
         east, "https://aiplatform.googleapis.com", "global", "p1"},
        {"vertex_ai/gemini-2.5-pro", "      vertex_ai_location: eu\n      vertex_ai_project: p1\n",
         none, "https://aiplatform.eu.rep.googleapis.com", "eu", "p1"},
        {"vertex_ai/gemini-3-pro-preview", "", none, "https://aiplatform.googleapis.com", "global",
         ""},
        {"vertex_ai/gemini-3-pro-preview", "", east, "https://us-east5-aiplatform.googleapis.com",
         "us-east5", "p2"},
        {"vertex_ai/gemini-2.5-pro",
         "      vertex_credentials: '{\"type\":\"authorized_user\",\"client_id\":\"c\","
         "\"client_secret\":\"s\",\"refresh_token\":\"r\",\"quota_project_id\":\"p4\"}'\n",
         none, "https://us-central1-aiplatform.googleapis.com", "us-central1", "p4"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[600];
        struct unit_read r;
        snprintf(text, sizeof text,
                 "model_list:\n  - model_name: m\n    litellm_params:\n      model: %s\n%s",
                 rows[i].model, rows[i].params);
        unit_read(&r, text, rows[i].variables);
        const struct lx_deployment *d = only(&r);
        assert_text(d->base_url, rows[i].base_url);
        assert_text(d->region, rows[i].region);
        assert_text(d->project, rows[i].project);
        unit_close(&r);
    }
}

/* Tokens may be counted in another. */
static void vertex_counts_elsewhere(void **state)
{
    static const char text[] = "model_list:\n  - model_name: m\n    litellm_params:\n"
                               "      model: vertex_ai/claude-sonnet-4-5\n"
                               "      vertex_project: p\n      vertex_location: global\n"
                               "      vertex_count_tokens_location: us-east5\n";
    static const char *const none[] = {NULL};
    static const char *const own[] = {"VERTEXAI_API_BASE", "http://127.0.0.1:9", NULL};
    struct unit_read r;
    (void)state;
    unit_read(&r, text, none);
    assert_text(only(&r)->base_url, "https://aiplatform.googleapis.com");
    assert_text(only(&r)->count_base_url, "https://us-east5-aiplatform.googleapis.com");
    assert_text(only(&r)->count_region, "us-east5");
    unit_close(&r);
    unit_read(&r, text, own);
    assert_text(only(&r)->base_url, "http://127.0.0.1:9");
    assert_text(only(&r)->count_base_url, "");
    unit_close(&r);
}

/* An inference profile has one, which is as good as the deployment's own. */
static void a_profile_has_a_region(void **state)
{
    static const char *const none[] = {NULL};
    struct unit_read r;
    (void)state;
    unit_read(&r,
              "model_list:\n"
              "  - model_name: a\n"
              "    litellm_params:\n"
              "      model: bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0\n"
              "      model_id: arn:aws:bedrock:eu-central-1:1:application-inference-profile/p\n",
              none);
    const struct lx_deployment *d = only(&r);
    assert_text(d->profile, "arn:aws:bedrock:eu-central-1:1:application-inference-profile/p");
    assert_text(d->model, "us.anthropic.claude-haiku-4-5-20251001-v1:0");
    assert_text(d->base_url, "https://bedrock-runtime.eu-central-1.amazonaws.com");
    unit_close(&r);
}

static void bedrock_has_keys_of_two_kinds(void **state)
{
    static const char *const bearer[] = {"AWS_BEARER_TOKEN_BEDROCK",
                                         "b",
                                         "AWS_ACCESS_KEY_ID",
                                         "i",
                                         "AWS_SECRET_ACCESS_KEY",
                                         "s",
                                         NULL};
    static const char *const half[] = {"AWS_ACCESS_KEY_ID", "i", NULL};
    static const char *const pair[] = {
        "AWS_ACCESS_KEY_ID", "i", "AWS_SECRET_ACCESS_KEY", "s", "AWS_SESSION_TOKEN", "t", NULL};
    static const struct {
        const char *const *variables;
        const char *params, *key;
    } rows[] = {
        {bearer, "", "b"},
        {half, "", ""},
        {pair, "", "aws\ni\ns\nt"},
        {bearer, "      aws_access_key_id: I\n      aws_secret_access_key: S\n", "aws\nI\nS\n"},
        {pair, "      api_key: k\n      aws_access_key_id: I\n      aws_secret_access_key: S\n",
         "k"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[400];
        struct unit_read r;
        snprintf(text, sizeof text,
                 "model_list:\n  - model_name: m\n    litellm_params:\n      model: bedrock/x.y\n"
                 "      aws_region_name: eu-west-3\n%s",
                 rows[i].params);
        unit_read(&r, text, rows[i].variables);
        const struct lx_deployment *d = only(&r);
        assert_text(d->base_url, "https://bedrock-runtime.eu-west-3.amazonaws.com");
        assert_text(d->region, "eu-west-3");
        assert_true(*rows[i].key ? lx_secret_eq(&d->key, lx_slice_z(rows[i].key))
                                 : !lx_secret_is_set(&d->key));
        unit_close(&r);
    }
}

static const char *language_of(const struct lx_deployment *d)
{
    return lx_provider_variant(d->provider, d->model, d->base_url, d->api_version)->language;
}

static void a_mode_chooses_the_language(void **state)
{
    static const struct {
        const char *model, *mode, *language, *name;
    } rows[] = {
        {"openai/gpt-4.1", "responses", "openai_responses", "responses/gpt-4.1"},
        {"openai/responses/gpt-4.1", "responses", "openai_responses", "responses/gpt-4.1"},
        {"openai/gpt-4.1", "chat", "openai_chat", "gpt-4.1"},
        {"openai/o1-pro", "chat", "openai_responses", "o1-pro"},
        {"groq/llama-3", "responses", "openai_chat", "llama-3"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct unit_read r;
        char text[300];
        snprintf(text, sizeof text,
                 "model_list: [{model_name: m, litellm_params: {model: %s, api_key: k}, "
                 "model_info: {mode: %s}}]\n",
                 rows[i].model, rows[i].mode);
        unit_read(&r, text, unit_plain);
        const struct lx_deployment *d = only(&r);
        assert_text(d->model, rows[i].name);
        assert_string_equal(language_of(d), rows[i].language);
        unit_close(&r);
    }
}

/* The catalog knows which models have only that API; the rows say it by patterns. */
static void models_without_chats_are_known(void **state)
{
    static const char *const providers[] = {"openai", "azure", "azure_ai", "xai"};
    struct lx_model m;
    size_t found = 0;
    (void)state;
    for (size_t at = 0; lx_catalog_next(NULL, &at, &m);) {
        if (!lx_slice_eq(lx_model_member(m, LX_S("mode")), LX_S("responses")))
            continue;
        for (size_t i = 0; i < sizeof providers / sizeof *providers; i++) {
            struct lx_slice id = lx_slice_z(providers[i]), name = m.name, head, rest;
            if (!lx_slice_eq(lx_model_provider(m), id))
                continue;
            while (lx_slice_cut(name, '/', &head, &rest)) /* provider, region */
                name = rest;
            const struct lx_provider *v = lx_provider_variant(
                lx_provider_find(id), name, LX_S("https://r.openai.azure.com"), LX_S("v1"));
            if (strcmp(v->language, "openai_responses") != 0)
                fail_msg("%.*s has only responses", LX_F(m.name));
            found++;
        }
    }
    assert_true(found > 50);
}

static void a_prompt_has_a_template(void **state)
{
    static const char *const variables[] = {"LITELLM_MASTER_KEY", "k", NULL};
    struct unit_read r;
    (void)state;
    unit_read(&r,
              "model_list:\n"
              "  - model_name: a\n"
              "    litellm_params:\n"
              "      model: text-completion-openai/a\n"
              "      api_key: k\n"
              "      roles: {system: {pre_message: '<s>', post_message: \"\\n\"}, user: {}}\n"
              "      bos_token: B\n"
              "      final_prompt_value: F\n",
              variables);
    assert_string_equal(r.text.p, "");
    const struct lx_prompt_template *t = only(&r)->prompt;
    assert_text(t->bos, "B");
    assert_text(t->final, "F");
    assert_text(t->system.pre, "<s>");
    assert_text(t->system.post, "\n");
    assert_int_equal(t->user.pre.n, 0);
    unit_close(&r);
    unit_read(&r,
              "model_list: [{model_name: a, litellm_params: {model: text-completion-openai/a, "
              "api_key: k, hf_model_name: meta-llama/Meta-Llama-3-8B-Instruct}}]\n",
              variables);
    assert_string_equal(only(&r)->prompt->name, "llama-3");
    unit_close(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bedrock_has_a_region),
        cmocka_unit_test(a_profile_has_a_region),
        cmocka_unit_test(vertex_has_a_region_and_a_project),
        cmocka_unit_test(vertex_counts_elsewhere),
        cmocka_unit_test(bedrock_has_keys_of_two_kinds),
        cmocka_unit_test(a_deployment_has_all_of_its_entry),
        cmocka_unit_test(keys_and_addresses_come_from_the_provider),
        cmocka_unit_test(ids_are_those_of_litellm),
        cmocka_unit_test(merge_keys_and_aliases_work),
        cmocka_unit_test(a_star_alone_means_every_provider),
        cmocka_unit_test(aliases_are_groups),
        cmocka_unit_test(own_providers_are_rows),
        cmocka_unit_test(a_name_alone_makes_a_deployment),
        cmocka_unit_test(what_is_missing_has_names),
        cmocka_unit_test(a_key_for_all_models_wins_over_each_variable),
        cmocka_unit_test(a_mode_chooses_the_language),
        cmocka_unit_test(models_without_chats_are_known),
        cmocka_unit_test(a_prompt_has_a_template),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
