/*
 * price_test.c - prices out of rows, and a user's own over them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "catalog/price.h"

static const struct {
    const char *member;
    int kind; /* -1: no price */
    enum lx_tier tier;
    int64_t above;
    const char *variant;
} members[] = {
    {"input_cost_per_token", LX_RATE_INPUT_TOKEN, LX_TIER_STANDARD, 0, ""},
    {"input_cost_per_token_above_200k_tokens", LX_RATE_INPUT_TOKEN, LX_TIER_STANDARD, 200000, ""},
    {"input_cost_per_token_above_512_tokens", LX_RATE_INPUT_TOKEN, LX_TIER_STANDARD, 512, ""},
    {"output_cost_per_token_above_272k_tokens_priority", LX_RATE_OUTPUT_TOKEN, LX_TIER_PRIORITY,
     272000, ""},
    {"output_cost_per_token_priority_above_272k_tokens", LX_RATE_OUTPUT_TOKEN, LX_TIER_PRIORITY,
     272000, ""},
    {"cache_creation_input_token_cost_above_1hr", LX_RATE_CACHE_WRITE_1H, LX_TIER_STANDARD, 0, ""},
    {"cache_creation_input_token_cost_above_1hr_above_200k_tokens", LX_RATE_CACHE_WRITE_1H,
     LX_TIER_STANDARD, 200000, ""},
    {"cache_read_input_token_cost_flex", LX_RATE_CACHE_READ, LX_TIER_FLEX, 0, ""},
    {"input_cost_per_audio_token_batches", LX_RATE_INPUT_AUDIO_TOKEN, LX_TIER_BATCHES, 0, ""},
    {"output_cost_per_second_1080p", LX_RATE_OUTPUT_SECOND, LX_TIER_STANDARD, 0, "1080p"},
    {"output_cost_per_image_2K", LX_RATE_OUTPUT_IMAGE, LX_TIER_STANDARD, 0, "2K"},
    {"output_cost_per_image_token", LX_RATE_OUTPUT_IMAGE_TOKEN, LX_TIER_STANDARD, 0, ""},
    {"ocr_cost_per_page_batches", LX_RATE_PAGE, LX_TIER_BATCHES, 0, ""},
    {"regional_processing_uplift_multiplier_eu", LX_RATE_UPLIFT_EU, LX_TIER_STANDARD, 0, ""},
    {"max_tokens", -1, 0, 0, ""},
    {"supports_vision", -1, 0, 0, ""},
    {"input_dbu_cost_per_token", -1, 0, 0, ""},
    {"cost", -1, 0, 0, ""},
    {"_above_200k_tokens", -1, 0, 0, ""},
    {"input_cost_per_token_above_9999999999999999999k_tokens", -1, 0, 0, ""},
    {"", -1, 0, 0, ""},
};

static void test_members(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        struct lx_rate r;
        bool is = lx_rate_of_member(lx_slice_z(members[i].member), &r);
        if (is != (members[i].kind >= 0) ||
            (is && ((int)r.kind != members[i].kind || r.tier != members[i].tier ||
                    r.above != members[i].above ||
                    !lx_slice_eq(r.variant, lx_slice_z(members[i].variant)))))
            fail_msg("%s", members[i].member);
    }
}

static const struct lx_rate *rate(const struct lx_price *p, enum lx_rate_kind kind)
{
    for (size_t i = 0; i < p->rates.n; i++)
        if (p->rates.v[i].kind == kind)
            return &p->rates.v[i];
    return NULL;
}

static struct lx_model row(const char *json)
{
    return (struct lx_model){LX_S("m"), lx_slice_z(json)};
}

static const char sonnet[] =
    "{\"input_cost_per_token\":3e-06,\"output_cost_per_token\":1.5e-05,"
    "\"cache_read_input_token_cost\":3e-07,\"input_cost_per_token_above_200k_tokens\":6e-06,"
    "\"output_cost_per_token_above_200k_tokens\":2.25e-05,\"mode\":\"chat\","
    "\"search_context_cost_per_query\":{\"search_context_size_low\":0.01}}";

static void test_own_prices(void **state)
{
    struct lx_arena a;
    struct lx_price p;
    (void)state;
    lx_arena_init(&a, 1 << 20);
    assert_int_equal(lx_price_read(row(sonnet), lx_slice(NULL, 0), &a, &p), 0);
    assert_int_equal(p.rates.n, 6);
    assert_true(p.is_priced);
    /* a price of input takes the place of everything about input, and of nothing else */
    assert_int_equal(lx_price_read(row(sonnet), LX_S("{\"input_cost_per_token\":1e-06}"), &a, &p),
                     0);
    assert_null(rate(&p, LX_RATE_CACHE_READ));
    assert_int_equal(p.rates.n, 4);
    assert_int_equal(rate(&p, LX_RATE_OUTPUT_TOKEN)->above, 0);
    assert_non_null(rate(&p, LX_RATE_WEB_SEARCH));
    /* one of the cache's takes that one's place only */
    assert_int_equal(
        lx_price_read(row(sonnet), LX_S("{\"cache_read_input_token_cost\":\"1e-9\"}"), &a, &p), 0);
    assert_int_equal(p.rates.n, 6);
    /* own prices alone do */
    assert_int_equal(
        lx_price_read((struct lx_model){0}, LX_S("{\"input_cost_per_second\":0.0004}"), &a, &p), 0);
    assert_true(p.is_priced);
    assert_int_equal(lx_price_read((struct lx_model){0}, LX_S("{\"id\":\"x\"}"), &a, &p), 0);
    assert_false(p.is_priced);
    lx_arena_clear(&a);
}

static void test_find(void **state)
{
    struct lx_arena a;
    struct lx_price p;
    struct lx_slice none = {0};
    (void)state;
    lx_arena_init(&a, 1 << 20);
    assert_true(lx_price_find(NULL, LX_S("azure"), LX_S("my-deployment"), LX_S("azure/gpt-4o"),
                              none, &a, &p));
    assert_true(lx_slice_eq(p.model.name, LX_S("azure/gpt-4o")));
    assert_false(lx_price_find(NULL, LX_S("azure"), LX_S("my-deployment"), none, none, &a, &p));
    assert_false(p.is_priced);
    assert_true(lx_price_find(NULL, LX_S("openai"), LX_S("gpt-4o"), none, none, &a, &p));
    assert_non_null(rate(&p, LX_RATE_CODE_SESSION)); /* of openai/container */
    assert_true(lx_price_find_image(NULL, LX_S("azure"), LX_S("dall-e-3"), LX_S("hd"),
                                    LX_S("1024x1792"), none, &a, &p));
    assert_true(lx_slice_eq(p.model.name, LX_S("azure/hd/1024-x-1792/dall-e-3")));
    lx_arena_clear(&a);
}

/* No row of the built-in map is refused by the check that a user's map must pass. */
static void test_every_row(void **state)
{
    struct lx_model m;
    struct lx_error err;
    (void)state;
    for (size_t at = 0; lx_catalog_next(NULL, &at, &m);)
        if (lx_price_check(m.json, &err) < 0)
            fail_msg("%.*s: %s", LX_F(m.name), err.text);
}

static void test_no_memory(void **state)
{
    (void)state;
    for (size_t max = 0; max < 4000; max += 100) {
        struct lx_arena a;
        struct lx_price p;
        lx_arena_init(&a, max);
        if (!lx_price_find(NULL, LX_S("openai"), LX_S("gpt-4o"), LX_S(""), LX_S(""), &a, &p))
            assert_true(a.failed);
        lx_arena_clear(&a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),   cmocka_unit_test(test_own_prices),
        cmocka_unit_test(test_find),      cmocka_unit_test(test_every_row),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
