/*
 * params_test.c - which parameters a deployment says it takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "call/call.h"

static bool has(struct lx_slice names, const char *name)
{
    struct lx_slice one;
    for (bool more = names.n; more;) {
        more = lx_slice_cut(names, ' ', &one, &names);
        if (lx_slice_eq(one, lx_slice_z(name)))
            return true;
    }
    return false;
}

static void what_is_not_refused_is_taken(void **state)
{
    static const struct {
        const char *provider, *model, *taken[4], *not_taken[4];
    } rows[] = {
        {"openai", "gpt-4o", {"temperature", "seed", "n", "audio"}, {NULL}},
        {"openai", "o3-mini", {"max_tokens", "reasoning_effort"}, {"temperature", "logprobs"}},
        {"groq", "llama-3", {"tools", "seed"}, {"n", "logprobs", "top_logprobs", "logit_bias"}},
        {"perplexity", "sonar", {"temperature"}, {"tools", "tool_choice", "seed", "stop"}},
        {"deepinfra", "x", {"tools"}, {"tool_choice"}},
        {"anthropic",
         "claude-sonnet-4-5",
         {"stop", "tools", "thinking"},
         {"n", "seed", "logit_bias"}},
        {"azure_ai", "claude-sonnet-4-5", {"stop", "tools"}, {"n", "seed"}},
        {"azure_ai", "gpt-4o", {"n", "seed"}, {NULL}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_deployment d = {.provider = lx_provider_find(lx_slice_z(rows[i].provider))};
        struct lx_buf names;
        lx_buf_init(&names, 1 << 12);
        assert_int_equal(lx_params_taken(&d, lx_slice_z(rows[i].model), LX_OPERATION_CHAT, &names),
                         0);
        for (size_t k = 0; k < 4; k++) {
            const char *yes = rows[i].taken[k], *no = rows[i].not_taken[k];
            if (yes && !has(lx_buf_slice(&names), yes))
                fail_msg("%s/%s does not take %s", rows[i].provider, rows[i].model, yes);
            if (no && has(lx_buf_slice(&names), no))
                fail_msg("%s/%s takes %s", rows[i].provider, rows[i].model, no);
        }
        lx_buf_clear(&names);
    }
}

/* Each name of a row is taken, and no other. */
static void embeddings_have_their_own(void **state)
{
    static const struct {
        const char *provider, *model, *taken;
    } rows[] = {
        {"openai", "text-embedding-3-small", "dimensions encoding_format user input_type truncate"},
        {"voyage", "voyage-3.5", "dimensions encoding_format input_type truncate"},
        {"voyage", "voyage-multimodal-3.5", "dimensions encoding_format input_type truncate"},
        {"bedrock", "amazon.titan-embed-text-v2:0", "dimensions encoding_format"},
        {"gemini", "gemini-embedding-001", "dimensions encoding_format input_type"},
        {"sap", "text-embedding-3-small", "dimensions encoding_format input_type"},
        {"triton", "x", "encoding_format"},
        {"anthropic", "claude-sonnet-4-5", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_deployment d = {.provider = lx_provider_find(lx_slice_z(rows[i].provider))};
        struct lx_buf names;
        lx_buf_init(&names, 1 << 12);
        assert_int_equal(lx_params_taken(&d, lx_slice_z(rows[i].model), LX_OPERATION_EMBED, &names),
                         0);
        if (!lx_slice_eq(lx_buf_slice(&names), lx_slice_z(rows[i].taken)))
            fail_msg("%s/%s takes %.*s", rows[i].provider, rows[i].model,
                     LX_F(lx_buf_slice(&names)));
        lx_buf_clear(&names);
    }
}

static void the_configuration_has_its_say(void **state)
{
    struct lx_slice allowed[] = {LX_S("n")}, dropped[] = {LX_S("seed")};
    struct lx_deployment d = {
        .provider = lx_provider_find(LX_S("groq")),
        .allowed_params = allowed,
        .allowed_param_count = 1,
        .drop_paths = dropped,
        .drop_path_count = 1,
    };
    struct lx_buf names;
    (void)state;
    lx_buf_init(&names, 1 << 12);
    assert_int_equal(lx_params_taken(&d, LX_S("x"), LX_OPERATION_CHAT, &names), 0);
    assert_true(has(lx_buf_slice(&names), "n"));
    assert_false(has(lx_buf_slice(&names), "seed"));
    lx_buf_clear(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_not_refused_is_taken),
        cmocka_unit_test(embeddings_have_their_own),
        cmocka_unit_test(the_configuration_has_its_say),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
