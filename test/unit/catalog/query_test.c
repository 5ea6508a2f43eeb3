/*
 * query_test.c - usages of several APIs, and questions about cost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "catalog/query.h"

static struct lx_json_doc doc;
static struct lx_arena arena;

static int set_up(void **state)
{
    (void)state;
    lx_json_doc_init(&doc);
    lx_arena_init(&arena, 1 << 20);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lx_json_doc_clear(&doc);
    lx_arena_clear(&arena);
    return 0;
}

static struct lx_usage usage(const char *text)
{
    struct lx_usage u;
    assert_int_equal(lx_json_read(&doc, lx_slice_z(text), NULL, NULL), 0);
    lx_usage_read(lx_json_root(&doc), &arena, &u);
    return u;
}

static void test_openai(void **state)
{
    struct lx_usage u =
        usage("{\"prompt_tokens\":100,\"completion_tokens\":20,\"total_tokens\":120,"
              "\"prompt_tokens_details\":{\"cached_tokens\":60,\"audio_tokens\":5},"
              "\"completion_tokens_details\":{\"reasoning_tokens\":7,"
              "\"audio_tokens\":null}}");
    (void)state;
    assert_true(u.known);
    assert_int_equal(u.prompt_tokens, 100);
    assert_int_equal(u.cached_tokens, 60);
    assert_int_equal(u.prompt_audio_tokens, 5);
    assert_int_equal(u.completion_tokens, 20);
    assert_int_equal(u.reasoning_tokens, 7);
    assert_int_equal(u.total_tokens, 120);
}

static void test_responses(void **state)
{
    struct lx_usage u =
        usage("{\"input_tokens\":100,\"input_tokens_details\":{\"cached_tokens\":60},"
              "\"output_tokens\":20,\"output_tokens_details\":"
              "{\"reasoning_tokens\":7}}");
    (void)state;
    assert_int_equal(u.prompt_tokens, 100);
    assert_int_equal(u.cached_tokens, 60);
    assert_int_equal(u.reasoning_tokens, 7);
    assert_int_equal(u.total_tokens, 120);
}

static void test_anthropic(void **state)
{
    struct lx_usage u = usage("{\"input_tokens\":10,\"cache_read_input_tokens\":60,"
                              "\"cache_creation_input_tokens\":30,\"cache_creation\":"
                              "{\"ephemeral_1h_input_tokens\":12,\"ephemeral_5m_input_tokens\":18},"
                              "\"output_tokens\":20,\"service_tier\":\"standard\","
                              "\"server_tool_use\":{\"web_search_requests\":2}}");
    (void)state;
    assert_int_equal(u.prompt_tokens, 100);
    assert_int_equal(u.cached_tokens, 60);
    assert_int_equal(u.cache_write_tokens, 30);
    assert_int_equal(u.cache_write_1h_tokens, 12);
    assert_int_equal(u.web_search_requests, 2);
    assert_true(lx_slice_eq(u.service_tier, LX_S("standard")));
}

/* LiteLLM's own shape has both; its prompt_tokens include what the cache did. */
static void test_litellm(void **state)
{
    struct lx_usage u =
        usage("{\"prompt_tokens\":100,\"completion_tokens\":1,"
              "\"cache_read_input_tokens\":60,\"cache_creation_input_tokens\":30,"
              "\"prompt_tokens_details\":{\"cached_tokens\":60,"
              "\"cache_creation_token_details\":{\"ephemeral_1h_input_tokens\":4}}}");
    (void)state;
    assert_int_equal(u.prompt_tokens, 100);
    assert_int_equal(u.cache_write_tokens, 30);
    assert_int_equal(u.cache_write_1h_tokens, 4);
}

static void test_odd(void **state)
{
    (void)state;
    assert_false(usage("null").known);
    assert_false(usage("[1]").known);
    struct lx_usage u = usage("{\"prompt_tokens\":-5,\"completion_tokens\":\"7\","
                              "\"prompt_tokens_details\":3,\"total_tokens\":1.5}");
    assert_int_equal(u.prompt_tokens, 0);
    assert_int_equal(u.completion_tokens, 0);
    assert_int_equal(u.total_tokens, 0);
    u = usage("{\"input_tokens\":9223372036854775807,\"cache_read_input_tokens\":"
              "9223372036854775807}");
    assert_true(u.prompt_tokens == INT64_MAX);
    assert_int_equal(usage("{\"prompt_cache_hit_tokens\":3,\"prompt_tokens\":9}").cached_tokens, 3);
}

static int query(const char *text, struct lx_cost_query *q, struct lx_error *err)
{
    assert_int_equal(lx_json_read(&doc, lx_slice_z(text), NULL, NULL), 0);
    return lx_cost_query_read(lx_json_root(&doc), &arena, q, err);
}

static void test_question(void **state)
{
    struct lx_cost_query q;
    struct lx_error err;
    (void)state;
    assert_int_equal(query("{\"custom_llm_provider\":\"azure\",\"call_type\":\"aimage_generation\","
                           "\"completion_response\":{\"model\":\"gpt-x\",\"usage\":"
                           "{\"input_tokens\":3,\"inference_geo\":\"us\",\"speed\":\"fast\"},"
                           "\"service_tier\":\"flex\"},\"audio_seconds\":1.25,\"n\":2,"
                           "\"total_time\":1500.9}",
                           &q, &err),
                     0);
    assert_true(lx_slice_eq(q.model, LX_S("gpt-x")));
    assert_true(lx_slice_eq(q.provider, LX_S("azure")));
    assert_true(lx_slice_eq(q.usage.service_tier, LX_S("flex")));
    assert_true(lx_slice_eq(q.in.region, LX_S("us")));
    assert_true(q.in.fast);
    assert_int_equal(q.usage.prompt_tokens, 3);
    assert_int_equal(q.in.call, LX_COST_IMAGE);
    assert_int_equal(q.in.audio_us, 1250000);
    assert_int_equal(q.in.images, 2);
    assert_int_equal(q.in.response_ms, 1500);
}

static void test_refused(void **state)
{
    static const struct {
        const char *text, *member;
    } cases[] = {
        {"{\"model\":3}", "model"},
        {"{\"model\":\"m\",\"n\":-1}", "n:"},
        {"{\"model\":\"m\",\"audio_seconds\":\"1\"}", "audio_seconds"},
        {"{\"model\":\"m\",\"audio_seconds\":1e14}", "audio_seconds"},
        {"{\"model\":\"m\",\"batch\":1}", "batch"},
        {"[]", "object"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lx_cost_query q;
        struct lx_error err = {0};
        assert_true(query(cases[i].text, &q, &err) < 0);
        if (!strstr(err.text, cases[i].member))
            fail_msg("%s: %s", cases[i].text, err.text);
    }
}

static void test_write(void **state)
{
    struct lx_cost cost = {0};
    struct lx_buf b;
    (void)state;
    lx_buf_init(&b, 1024);
    lx_money_read(LX_S("0.0105"), &cost.total);
    lx_money_read(LX_S("0.003"), &cost.input);
    lx_money_read(LX_S("0.0075"), &cost.output);
    struct lx_out o = lx_out(&b);
    lx_out_object(&o, NULL);
    lx_cost_write(&o, &cost);
    lx_out_object_end(&o);
    assert_true(lx_slice_eq(lx_buf_slice(&b),
                            LX_S("{\"cost\":0.0105,\"input_cost\":0.003,\"output_cost\":0.0075}")));
    lx_buf_clear(&b);
}

static int run(const char *text)
{
    struct lx_cost_query q;
    struct lx_price price;
    struct lx_cost cost;
    struct lx_error err = {0};
    assert_int_equal(lx_json_read(&doc, lx_slice_z(text), NULL, NULL), 0);
    assert_int_equal(lx_cost_query_read(lx_json_root(&doc), &arena, &q, NULL), 0);
    return lx_cost_query_run(NULL, &q, lx_slice(NULL, 0), &arena, &price, &cost, &err);
}

/* It would come to 0, and look like an answer. */
static void test_nothing_used(void **state)
{
    (void)state;
    assert_int_equal(run("{\"model\":\"gpt-4o\"}"), LX_EINVAL);
    assert_int_equal(run("{\"model\":\"gpt-4o\",\"usage\":{}}"), LX_EINVAL);
    assert_int_equal(run("{\"model\":\"gpt-4o\",\"usage\":null,\"time\":5}"), LX_EINVAL);
    assert_int_equal(run("{\"model\":\"gpt-4o\",\"usage\":{\"prompt_tokens\":0}}"), 0);
    assert_int_equal(run("{\"model\":\"whisper-1\"}"), LX_EINVAL);
    assert_int_equal(run("{\"model\":\"whisper-1\",\"audio_seconds\":0}"), 0);
    assert_int_equal(run("{\"model\":\"cohere/rerank-v3.5\"}"), 0); /* one query */
    assert_int_equal(run("{\"model\":\"nobody-knows\"}"), LX_ENOTFOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_openai),       cmocka_unit_test(test_responses),
        cmocka_unit_test(test_anthropic),    cmocka_unit_test(test_litellm),
        cmocka_unit_test(test_odd),          cmocka_unit_test(test_question),
        cmocka_unit_test(test_refused),      cmocka_unit_test(test_write),
        cmocka_unit_test(test_nothing_used),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
