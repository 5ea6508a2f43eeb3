/*
 * resolve_test.c - which row a provider's name of a model means.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "catalog/catalog.h"

static const char own[] =
    "{\"ft:gpt-4o-2024-08-06\": {\"litellm_provider\": \"openai\"},"
    "\"bedrock/us-east-1/anthropic.claude-v1\": {\"litellm_provider\": \"bedrock\"},"
    "\"anthropic.claude-9-v1:0\": {\"litellm_provider\": \"bedrock_converse\"},"
    "\"vertex_ai/claude-9\": {\"litellm_provider\": \"vertex_ai-anthropic_models\"},"
    "\"gemini/gemini-9-flash\": {\"litellm_provider\": \"gemini\"},"
    "\"acme/*\": {\"litellm_provider\": \"acme\"},"
    "\"acme/known\": {\"litellm_provider\": \"acme\"},"
    "\"perplexity/perplexity/glm-9\": {\"litellm_provider\": \"perplexity\"},"
    "\"text-davinci-9\": {\"litellm_provider\": \"text-completion-openai\"},"
    "\"free-for-all\": {}}";

static const struct {
    const char *provider, *model, *row; /* NULL: none */
} cases[] = {
    /* exact, with and without the prefix, in any case */
    {"openai", "gpt-4o", "gpt-4o"},
    {"openai", "openai/gpt-4o", "gpt-4o"},
    {"openai", "openai/openai/gpt-4o", "gpt-4o"},
    {"", "openai/gpt-4o", "gpt-4o"},
    {"", "gpt-4o", "gpt-4o"},
    {"openai", "GPT-4o", "gpt-4o"},
    {"groq", "llama-guard-3-8b", "groq/llama-guard-3-8b"},
    {"", "groq/llama-guard-3-8b", "groq/llama-guard-3-8b"},
    {"perplexity", "perplexity/glm-9", "perplexity/perplexity/glm-9"},
    /* another provider's row does not count, unless the provider resells it */
    {"groq", "gpt-4o", NULL},
    {"custom_openai", "gpt-4o", NULL},
    {"litellm_proxy", "gpt-4o", "gpt-4o"},
    {"azure_ai", "gpt-4o", "gpt-4o"},
    {"groq", "free-for-all", "free-for-all"},
    {"openai", "text-davinci-9", "text-davinci-9"},
    /* dates and versions at the end */
    {"openai", "responses/gpt-4o", "gpt-4o"},
    {"", "openai/responses/gpt-4o", "gpt-4o"},
    {"", "responses/gpt-4o", "gpt-4o"},
    {"openai", "gpt-4o-2031-01-31", "gpt-4o"},
    {"gemini", "gemini-9-flash-001", "gemini/gemini-9-flash"},
    {"openai", "gpt-4o-31-01-31", NULL},
    /* fine-tunes */
    {"openai", "ft:gpt-4o-2024-08-06:org::id", "ft:gpt-4o-2024-08-06"},
    {"openai", "ft:gpt-4o-2024-08-06:org:suffix:id", "ft:gpt-4o-2024-08-06"},
    {"openai", "ft:nothing:org:suffix:id", NULL},
    /* Bedrock's routes, regions, geographies, throughputs, profiles */
    {"bedrock", "us-east-1/anthropic.claude-v1", "bedrock/us-east-1/anthropic.claude-v1"},
    {"bedrock", "us.anthropic.claude-9-v1:0", "anthropic.claude-9-v1:0"},
    {"bedrock", "converse/eu.anthropic.claude-9-v1:0", "anthropic.claude-9-v1:0"},
    {"bedrock", "invoke/us-west-2/anthropic.claude-9-v1:0", "anthropic.claude-9-v1:0"},
    {"bedrock", "anthropic.claude-9-v1:0:51k", "anthropic.claude-9-v1:0"},
    {"bedrock", "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-9-v1:0",
     "anthropic.claude-9-v1:0"},
    {"", "bedrock/converse/us.anthropic.claude-9-v1:0", "anthropic.claude-9-v1:0"},
    /* aliases in between */
    {"vertex_ai", "my-alias/claude-9", "vertex_ai/claude-9"},
    {"vertex_ai_beta", "claude-9", "vertex_ai/claude-9"},
    /* by size */
    {"fireworks_ai", "accounts/me/models/mine-7b", "fireworks-ai-4.1b-to-16b"},
    {"fireworks_ai", "mine-8x7b", "fireworks-ai-moe-up-to-56b"},
    {"together_ai", "me/mine-70b", "together-ai-41.1b-80b"},
    {"together_ai", "me/mine", NULL},
    /* a provider's star */
    {"acme", "known", "acme/known"},
    {"acme", "unknown", "acme/*"},
    {"ollama", "whatever", "ollama/*"},
    {"", "", NULL},
    {"openai", "", NULL},
    {"", "/", NULL},
};

static void test_find(void **state)
{
    struct lx_catalog *c = lx_catalog_new();
    struct lx_error err;
    (void)state;
    assert_int_equal(lx_catalog_add(c, lx_slice_z(own), &err), 0);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lx_model m = {0};
        bool found =
            lx_catalog_find(c, lx_slice_z(cases[i].provider), lx_slice_z(cases[i].model), &m);
        if (found != (cases[i].row != NULL) ||
            (found && !lx_slice_eq(m.name, lx_slice_z(cases[i].row))))
            fail_msg("%s, %s: %.*s", cases[i].provider, cases[i].model, LX_F(m.name));
    }
    lx_catalog_free(c);
}

/* Each row of the built-in map is the answer to its own name. */
static void test_every_row(void **state)
{
    struct lx_model m, found;
    (void)state;
    for (size_t at = 0; lx_catalog_next(NULL, &at, &m);) {
        assert_true(lx_catalog_find(NULL, lx_model_provider(m), m.name, &found) ||
                    lx_catalog_find(NULL, lx_slice(NULL, 0), m.name, &found));
        assert_true(lx_catalog_find(NULL, lx_slice(NULL, 0), m.name, &found));
        if (!lx_slice_eq(m.name, found.name))
            fail_msg("%.*s: %.*s", LX_F(m.name), LX_F(found.name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_every_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
