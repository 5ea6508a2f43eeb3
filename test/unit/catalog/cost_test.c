/*
 * cost_test.c - bills that were worked out by hand, to the last digit.
 *
 * The prices are made up, so that each case shows one rule; test/cost compares with LiteLLM on the
 * real ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "catalog/query.h"

static const char map[] =
    "{\"plain\":{\"input_cost_per_token\":3e-06,\"output_cost_per_token\":1.5e-05,"
    "\"litellm_provider\":\"p\"},"
    "\"cached\":{\"input_cost_per_token\":3e-06,\"output_cost_per_token\":1.5e-05,"
    "\"cache_read_input_token_cost\":3e-07,\"cache_creation_input_token_cost\":3.75e-06,"
    "\"cache_creation_input_token_cost_above_1hr\":6e-06},"
    "\"long\":{\"input_cost_per_token\":1e-06,\"input_cost_per_token_above_100k_tokens\":2e-06,"
    "\"input_cost_per_token_above_200k_tokens\":4e-06,\"output_cost_per_token\":1e-05,"
    "\"output_cost_per_token_above_200k_tokens\":2e-05,\"cache_read_input_token_cost\":1e-07},"
    "\"xai/long\":{\"input_cost_per_token\":1e-06,\"input_cost_per_token_above_200k_tokens\":2e-06,"
    "\"output_cost_per_token\":1e-05,\"litellm_provider\":\"xai\"},"
    "\"tiers\":{\"input_cost_per_token\":2e-06,\"input_cost_per_token_flex\":1e-06,"
    "\"input_cost_per_token_priority\":4e-06,\"output_cost_per_token\":8e-06,"
    "\"output_cost_per_token_priority\":1.6e-05,\"output_cost_per_reasoning_token\":9e-06,"
    "\"input_cost_per_token_batches\":9e-07,\"cache_read_input_token_cost\":5e-07,"
    "\"regional_processing_uplift_multiplier_eu\":1.1,"
    "\"provider_specific_entry\":{\"fast\":6.0,\"us\":1.1}},"
    "\"media\":{\"input_cost_per_token\":1e-06,\"output_cost_per_token\":2e-06,"
    "\"input_cost_per_audio_token\":1e-05,\"cache_read_input_token_cost\":1e-07,"
    "\"cache_read_input_audio_token_cost\":2e-06,\"input_cost_per_image_token\":3e-06,"
    "\"output_cost_per_audio_token\":4e-05,\"output_cost_per_image_token\":5e-05,"
    "\"output_cost_per_reasoning_token\":7e-06,\"input_cost_per_video_token\":8e-06},"
    "\"ranges\":{\"tiered_pricing\":[{\"range\":[0,32000.0],\"input_cost_per_token\":1e-06,"
    "\"output_cost_per_token\":2e-06},{\"range\":[32000.0,128000.0],\"input_cost_per_token\":3e-06,"
    "\"output_cost_per_token\":6e-06,\"cache_read_input_token_cost\":1e-07}]},"
    "\"dated\":{\"input_cost_per_token\":1e-06,\"output_cost_per_token\":2e-06,\"dated_pricing\":"
    "[{\"start_date\":\"2026-09-01\",\"input_cost_per_token\":5e-07},"
    "{\"start_date\":\"2027-01-01\",\"input_cost_per_token\":4e-07}]},"
    "\"peak\":{\"input_cost_per_token\":2e-06,\"output_cost_per_token\":4e-06,\"off_peak_pricing\":"
    "{\"hours_utc\":\"16:30-00:30\",\"input_cost_per_token\":1e-06}},"
    "\"timed\":{\"input_cost_per_second\":0.0004,\"mode\":\"chat\"},"
    "\"whisper\":{\"input_cost_per_second\":0.0001,\"mode\":\"audio_transcription\"},"
    "\"tts\":{\"input_cost_per_character\":1.5e-05,\"mode\":\"audio_speech\"},"
    "\"rank\":{\"input_cost_per_query\":0.002,\"mode\":\"rerank\"},"
    "\"find\":{\"mode\":\"search\",\"tiered_pricing\":[{\"max_results_range\":[0,25],"
    "\"input_cost_per_query\":0.005},{\"max_results_range\":[26,100],\"input_cost_per_query\":0.025}]},"
    "\"pages\":{\"mode\":\"ocr\",\"ocr_cost_per_page\":0.001,\"ocr_cost_per_page_batches\":0.0005,"
    "\"annotation_cost_per_page\":0.003},"
    "\"film\":{\"mode\":\"video_generation\",\"output_cost_per_second\":0.1,"
    "\"output_cost_per_second_1080p\":0.3},"
    "\"hd/1024-x-1792/paint\":{\"mode\":\"image_generation\",\"input_cost_per_pixel\":6.5e-08},"
    "\"paint\":{\"mode\":\"image_generation\",\"output_cost_per_image\":0.04},"
    "\"gemini/web\":{\"input_cost_per_token\":0,\"output_cost_per_token\":0,"
    "\"litellm_provider\":\"gemini\"},"
    "\"web\":{\"input_cost_per_token\":0,\"search_context_cost_per_query\":"
    "{\"search_context_size_low\":0.03,\"search_context_size_medium\":0.035,"
    "\"search_context_size_high\":0.05},\"code_interpreter_cost_per_session\":0.03,"
    "\"file_search_cost_per_1k_calls\":2.5}}";

#define USAGE(text) "\"usage\":{" text "}}"

static const struct {
    const char *query, *cost;
} cases[] = {
    /* 1000 x 0.000003 + 500 x 0.000015 */
    {"{\"model\":\"plain\"," USAGE("\"prompt_tokens\":1000,\"completion_tokens\":500"), "0.0105"},
    {"{\"model\":\"plain\"," USAGE("\"prompt_tokens\":1"), "0.000003"},
    {"{\"model\":\"plain\"," USAGE("\"prompt_tokens\":0"), "0"},
    /* no price of the cache: as other input */
    {"{\"model\":\"plain\"," USAGE("\"prompt_tokens\":1000,\"prompt_tokens_details\":"
                                   "{\"cached_tokens\":400}"),
     "0.003"},
    /* 600 x 3e-6 + 400 x 3e-7 */
    {"{\"model\":\"cached\"," USAGE("\"prompt_tokens\":1000,\"prompt_tokens_details\":"
                                    "{\"cached_tokens\":400}"),
     "0.00192"},
    /* Anthropic's: 10 x 3e-6 + 2000 x 3e-7 + 300 x 3.75e-6 + 100 x 6e-6 + 50 x 1.5e-5 */
    {"{\"model\":\"cached\"," USAGE("\"input_tokens\":10,\"output_tokens\":50,"
                                    "\"cache_read_input_tokens\":2000,"
                                    "\"cache_creation_input_tokens\":400,\"cache_creation\":"
                                    "{\"ephemeral_5m_input_tokens\":300,"
                                    "\"ephemeral_1h_input_tokens\":100}"),
     "0.003105"},
    /* more cached than there is */
    {"{\"model\":\"cached\"," USAGE("\"prompt_tokens\":100,\"prompt_tokens_details\":"
                                    "{\"cached_tokens\":400}"),
     "0.00012"},
    /* above means above; with xAI it means from there on */
    {"{\"model\":\"long\"," USAGE("\"prompt_tokens\":100000,\"completion_tokens\":1"), "0.10001"},
    {"{\"model\":\"long\"," USAGE("\"prompt_tokens\":100001,\"completion_tokens\":1"), "0.200012"},
    {"{\"model\":\"long\"," USAGE("\"prompt_tokens\":200001,\"completion_tokens\":1"), "0.800024"},
    {"{\"model\":\"xai/long\"," USAGE("\"prompt_tokens\":200000"), "0.4"},
    {"{\"model\":\"xai/long\"," USAGE("\"prompt_tokens\":199999"), "0.199999"},
    /* xAI's reasoning is beside its completion: 10 x 1e-6 + (5 + 7) x 1e-5 */
    {"{\"model\":\"xai/long\"," USAGE("\"prompt_tokens\":10,\"completion_tokens\":5,"
                                      "\"total_tokens\":22,\"completion_tokens_details\":"
                                      "{\"reasoning_tokens\":7}"),
     "0.00013"},
    /* service tiers; what was served wins over what was asked for */
    {"{\"model\":\"tiers\",\"service_tier\":\"flex\"," USAGE("\"prompt_tokens\":100,"
                                                             "\"completion_tokens\":10"),
     "0.00018"},
    {"{\"model\":\"tiers\",\"service_tier\":\"flex\"," USAGE("\"prompt_tokens\":100,"
                                                             "\"service_tier\":\"default\""),
     "0.0002"},
    {"{\"model\":\"tiers\",\"service_tier\":\"auto\"," USAGE("\"prompt_tokens\":100,"
                                                             "\"service_tier\":\"priority\""),
     "0.0004"},
    {"{\"model\":\"tiers\",\"service_tier\":\"fast\"," USAGE("\"prompt_tokens\":100"), "0.0004"},
    /* a tier with one price of output has it for reasoning too */
    {"{\"model\":\"tiers\"," USAGE("\"completion_tokens\":10,\"completion_tokens_details\":"
                                   "{\"reasoning_tokens\":4}"),
     "0.000084"},
    {"{\"model\":\"tiers\",\"service_tier\":\"priority\"," USAGE(
         "\"completion_tokens\":10,\"completion_tokens_details\":{\"reasoning_tokens\":4}"),
     "0.00016"},
    /* a batch: its own price of input, cached (as it has none of its own) at the usual one, half of
     * the price of output */
    {"{\"model\":\"tiers\",\"batch\":true," USAGE(
         "\"prompt_tokens\":1000,\"completion_tokens\":100,"
         "\"prompt_tokens_details\":{\"cached_tokens\":100}"),
     "0.00126"},
    {"{\"model\":\"cached\",\"batch\":true," USAGE(
         "\"prompt_tokens\":1000,\"completion_tokens\":10,"
         "\"prompt_tokens_details\":{\"cached_tokens\":100}"),
     "0.00144"},
    /* multipliers */
    {"{\"model\":\"tiers\",\"region\":\"eu\"," USAGE("\"prompt_tokens\":100"), "0.00022"},
    {"{\"model\":\"tiers\",\"region\":\"US\",\"fast\":true," USAGE("\"prompt_tokens\":100"),
     "0.00132"},
    {"{\"model\":\"tiers\",\"region\":\"global\"," USAGE("\"prompt_tokens\":100"), "0.0002"},
    /* modalities: 50 text, 25 audio, 5 cached of which 3 audio, 20 images, 10 video */
    {"{\"model\":\"media\"," USAGE("\"prompt_tokens\":110,\"prompt_tokens_details\":"
                                   "{\"audio_tokens\":28,\"image_tokens\":20,\"video_tokens\":10,"
                                   "\"cached_tokens\":5,\"cached_tokens_details\":"
                                   "{\"audio_tokens\":3}}"),
     /* 50e-6 + 250e-6 + 60e-6 + 80e-6 + 2 x 1e-7 + 3 x 2e-6 */
     "0.0004462"},
    /* 10 text, 5 audio, 6 image, 7 reasoning */
    {"{\"model\":\"media\"," USAGE("\"completion_tokens\":28,\"completion_tokens_details\":"
                                   "{\"audio_tokens\":5,\"image_tokens\":6,"
                                   "\"reasoning_tokens\":7}"),
     "0.000569"},
    /* ranges: the last one goes on; no price of the cache in a range means as input */
    {"{\"model\":\"ranges\"," USAGE("\"prompt_tokens\":32000,\"completion_tokens\":1,"
                                    "\"prompt_tokens_details\":{\"cached_tokens\":2000}"),
     "0.032002"},
    {"{\"model\":\"ranges\"," USAGE("\"prompt_tokens\":32001,\"completion_tokens\":1,"
                                    "\"prompt_tokens_details\":{\"cached_tokens\":2000}"),
     "0.090209"},
    {"{\"model\":\"ranges\"," USAGE("\"prompt_tokens\":999999"), "2.999997"},
    /* dates and hours (2026-08-31, 2026-09-01, 2027-06-01; 2026-11-23 16:29 and 16:30) */
    {"{\"model\":\"dated\",\"time\":1788220799," USAGE("\"prompt_tokens\":1000"), "0.001"},
    {"{\"model\":\"dated\",\"time\":1788220800," USAGE("\"prompt_tokens\":1000,"
                                                       "\"completion_tokens\":1"),
     "0.000502"},
    {"{\"model\":\"dated\",\"time\":1811808000," USAGE("\"prompt_tokens\":1000"), "0.0004"},
    {"{\"model\":\"peak\",\"time\":1795451340," USAGE("\"prompt_tokens\":10,"
                                                      "\"completion_tokens\":10"),
     "0.00006"},
    {"{\"model\":\"peak\",\"time\":1795451400," USAGE("\"prompt_tokens\":10,"
                                                      "\"completion_tokens\":10"),
     "0.00005"},
    /* other units */
    {"{\"model\":\"timed\",\"response_ms\":2500,\"usage\":{\"prompt_tokens\":9}}", "0.001"},
    {"{\"model\":\"whisper\",\"audio_seconds\":12.345678}", "0.0012345678"},
    {"{\"model\":\"tts\",\"characters\":1234}", "0.01851"},
    {"{\"model\":\"rank\",\"queries\":3}", "0.006"},
    {"{\"model\":\"rank\"}", "0.002"},
    {"{\"model\":\"find\"}", "0.005"},
    {"{\"model\":\"find\",\"queries\":2,\"max_results\":30}", "0.05"},
    {"{\"model\":\"find\",\"max_results\":500}", "0.025"},
    {"{\"model\":\"pages\",\"pages\":7,\"annotated_pages\":2}", "0.013"},
    {"{\"model\":\"pages\",\"pages\":7,\"batch\":true}", "0.0035"},
    {"{\"model\":\"film\",\"video_seconds\":8}", "0.8"},
    {"{\"model\":\"film\",\"video_seconds\":2.5,\"resolution\":\"1080p\"}", "0.75"},
    {"{\"model\":\"paint\",\"n\":2}", "0.08"},
    /* 1024 x 1792 x 6.5e-8 x 2 */
    {"{\"model\":\"paint\",\"n\":2,\"quality\":\"hd\",\"size\":\"1024x1792\"}", "0.23855104"},
    /* tools */
    {"{\"model\":\"gemini/web\",\"web_searches\":3,\"provider\":\"gemini\"}", "0.035"},
    {"{\"model\":\"web\",\"web_searches\":3}", "0.105"},
    {"{\"model\":\"web\",\"web_searches\":1,\"search_context_size\":\"high\"}", "0.05"},
    {"{\"model\":\"web\"," USAGE("\"server_tool_use\":{\"web_search_requests\":2}"), "0.07"},
    {"{\"model\":\"web\",\"code_sessions\":2,\"file_searches\":10}", "0.085"},
    /* so much that it cannot be held is not little */
    {"{\"model\":\"plain\"," USAGE("\"prompt_tokens\":9223372036854775807"),
     "27670116110564.327421"},
};

static void assert_money(struct lx_money m, const char *text, const char *what)
{
    struct lx_buf b;
    lx_buf_init(&b, 128);
    lx_money_write(m, &b);
    if (!lx_slice_eq(lx_buf_slice(&b), lx_slice_z(text)))
        fail_msg("%s: %.*s instead of %s", what, LX_F(lx_buf_slice(&b)), text);
    lx_buf_clear(&b);
}

static void ask(const struct lx_catalog *c, const char *text, struct lx_arena *a,
                struct lx_cost *out)
{
    struct lx_json_doc doc;
    struct lx_cost_query q;
    struct lx_price price;
    struct lx_error err = {0};
    lx_json_doc_init(&doc);
    if (lx_json_read(&doc, lx_slice_z(text), NULL, &err) < 0 ||
        lx_cost_query_read(lx_json_root(&doc), a, &q, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    if (lx_cost_query_run(c, &q, lx_slice(NULL, 0), a, &price, out, &err) < 0)
        fail_msg("%s: %s", text, err.text);
    lx_json_doc_clear(&doc);
}

static void test_cases(void **state)
{
    struct lx_catalog *c = lx_catalog_new();
    struct lx_arena a;
    struct lx_error err = {0};
    struct lx_cost cost;
    (void)state;
    lx_arena_init(&a, 1 << 20);
    if (lx_catalog_add(c, lx_slice_z(map), &err) < 0)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ask(c, cases[i].query, &a, &cost);
        assert_money(cost.total, cases[i].cost, cases[i].query);
        lx_arena_reset(&a);
    }
    lx_arena_clear(&a);
    lx_catalog_free(c);
}

static void test_parts(void **state)
{
    struct lx_catalog *c = lx_catalog_new();
    struct lx_arena a;
    struct lx_error err;
    struct lx_cost cost;
    (void)state;
    lx_arena_init(&a, 1 << 20);
    assert_int_equal(lx_catalog_add(c, lx_slice_z(map), &err), 0);
    ask(c,
        "{\"model\":\"cached\",\"usage\":{\"input_tokens\":10,\"output_tokens\":50,"
        "\"cache_read_input_tokens\":2000,\"cache_creation_input_tokens\":400}}",
        &a, &cost);
    assert_money(cost.input, "0.00213", "input");
    assert_money(cost.output, "0.00075", "output");
    assert_money(cost.cache_read, "0.0006", "cache_read");
    assert_money(cost.cache_write, "0.0015", "cache_write");
    assert_money(cost.total, "0.00288", "total");
    lx_arena_clear(&a);
    lx_catalog_free(c);
}

/* Cohere counts more than it bills: 992 tokens of a cache among 1807, of which 119 are paid for. */
static void test_billed(void **state)
{
    struct lx_catalog *c = lx_catalog_new();
    struct lx_arena a;
    struct lx_error err;
    struct lx_price price;
    struct lx_cost cost;
    struct lx_usage usage = {.known = true,
                             .prompt_tokens = 1807,
                             .cached_tokens = 992,
                             .completion_tokens = 41,
                             .has_billed = true,
                             .billed_prompt_tokens = 119,
                             .billed_completion_tokens = 27};
    const struct lx_cost_input in = {.usage = &usage};
    (void)state;
    lx_arena_init(&a, 1 << 20);
    assert_int_equal(lx_catalog_add(c, lx_slice_z(map), &err), 0);
    assert_true(lx_price_find(c, LX_S(""), LX_S("cached"), LX_S(""), LX_S(""), &a, &price));
    lx_cost_of(&price, &in, &cost);
    assert_money(cost.input, "0.000357", "input");
    assert_money(cost.cache_read, "0", "cache_read");
    assert_money(cost.total, "0.000762", "total");
    lx_arena_clear(&a);
    lx_catalog_free(c);
}

static void test_adjust(void **state)
{
    static const struct {
        const char *provider, *discounts, *margins, *discount, *margin, *total;
    } adjustments[] = {
        {"openai", "", "", "0", "0", "0.02"},
        {"openai", "{\"openai\":0.05}", "", "0.001", "0", "0.019"},
        {"groq", "{\"openai\":0.05}", "", "0", "0", "0.02"},
        {"openai", "", "{\"openai\":0.1}", "0", "0.002", "0.022"},
        {"openai", "", "{\"global\":{\"percentage\":0.08,\"fixed_amount\":0.0005}}", "0", "0.0021",
         "0.0221"},
        {"openai", "", "{\"openai\":{\"fixed_amount\":0.001},\"global\":0.5}", "0", "0.001",
         "0.021"},
        {"openai", "{\"openai\":0.05}", "{\"global\":0.1}", "0.001", "0.0019", "0.0209"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(adjustments) / sizeof(adjustments[0]); i++) {
        struct lx_cost cost = {0};
        lx_money_read(LX_S("0.02"), &cost.total);
        lx_cost_adjust(&cost, lx_slice_z(adjustments[i].provider),
                       lx_slice_z(adjustments[i].discounts), lx_slice_z(adjustments[i].margins));
        assert_money(cost.discount, adjustments[i].discount, "discount");
        assert_money(cost.margin, adjustments[i].margin, "margin");
        assert_money(cost.total, adjustments[i].total, "total");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_billed),
        cmocka_unit_test(test_adjust),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
