/*
 * catalog_test.c - the built-in rows, and a user's own over them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "catalog/catalog.h"

static void assert_slice(struct lx_slice s, const char *text)
{
    if (!lx_slice_eq(s, lx_slice_z(text)))
        fail_msg("\"%.*s\" is not \"%s\"", LX_F(s), text);
}

static void test_builtin(void **state)
{
    struct lx_model m;
    (void)state;
    assert_true(lx_catalog_get(NULL, LX_S("gpt-4o-mini"), &m));
    assert_slice(m.name, "gpt-4o-mini");
    assert_slice(lx_model_provider(m), "openai");
    assert_slice(lx_model_member(m, LX_S("input_cost_per_token")), "1.5e-07");
    assert_true(lx_model_supports(NULL, m, LX_S("vision")));
    assert_true(lx_model_supports(NULL, m, LX_S("supports_vision")));
    assert_false(lx_model_supports(NULL, m, LX_S("time_travel")));
    assert_true(lx_catalog_get(NULL, LX_S("GPT-4o-MINI"), &m));
    assert_slice(m.name, "gpt-4o-mini");
    assert_false(lx_catalog_get(NULL, LX_S("gpt-4o-min"), &m));
    assert_false(lx_catalog_get(NULL, LX_S(""), &m));
    assert_false(lx_catalog_get(NULL, LX_S("sample_spec"), &m));
    assert_false(lx_catalog_get(NULL, LX_S("_about"), &m));
}

/* Every row is found by its name, and is an object that names its provider. */
static void test_every_row(void **state)
{
    struct lx_json_doc doc;
    struct lx_model m, again;
    struct lx_error err;
    size_t count = 0;
    (void)state;
    lx_json_doc_init(&doc);
    for (size_t at = 0; lx_catalog_next(NULL, &at, &m); count++) {
        assert_int_equal(lx_json_read(&doc, m.json, NULL, &err), 0);
        assert_int_equal(lx_json_type(lx_json_root(&doc)), LX_JSON_OBJECT);
        assert_true(lx_catalog_get(NULL, m.name, &again));
        assert_ptr_equal(again.json.p, m.json.p);
        assert_true(lx_model_provider(m).n > 0);
    }
    assert_true(count > 4000);
    lx_json_doc_clear(&doc);
}

static void test_add(void **state)
{
    struct lx_catalog *c = lx_catalog_new();
    struct lx_model m;
    struct lx_error err;
    size_t own = 0, builtin = 0;
    (void)state;
    assert_int_equal(
        lx_catalog_add(
            c,
            LX_S("{\"gpt-4o-mini\": {\"input_cost_per_token\": 1e-6},"
                 " \"sample_spec\": 3, \"_note\": \"x\","
                 " \"Mine\": {\"litellm_provider\": \"hosted_vllm\", \"mode\": \"chat\"}}"),
            &err),
        0);
    assert_true(lx_catalog_get(c, LX_S("gpt-4o-mini"), &m));
    assert_slice(lx_model_member(m, LX_S("input_cost_per_token")), "1e-6");
    assert_slice(lx_model_member(m, LX_S("output_cost_per_token")), "6e-07");
    assert_true(lx_catalog_get(c, LX_S("mine"), &m));
    assert_slice(m.name, "Mine");
    assert_false(lx_catalog_get(c, LX_S("_note"), &m));
    assert_true(lx_catalog_get(c, LX_S("gpt-4o"), &m));
    /* again, over that */
    assert_int_equal(lx_catalog_add(c, LX_S("{\"Mine\": {\"max_tokens\": 7}}"), &err), 0);
    assert_true(lx_catalog_get(c, LX_S("Mine"), &m));
    assert_slice(lx_model_member(m, LX_S("mode")), "chat");
    assert_slice(lx_model_member(m, LX_S("max_tokens")), "7");
    for (size_t at = 0; lx_catalog_next(c, &at, &m);)
        own++;
    for (size_t at = 0; lx_catalog_next(NULL, &at, &m);)
        builtin++;
    assert_int_equal(own, builtin + 1);
    lx_catalog_free(c);
}

/* By the look of their names: LiteLLM's rules, and a map's own in their place. */
static void test_described(void **state)
{
    struct lx_arena a;
    struct lx_model m = {0};
    (void)state;
    lx_arena_init(&a, 1 << 20);
    assert_true(
        lx_catalog_describe(NULL, LX_S("bedrock"), LX_S("us.anthropic.claude-zeta-5"), &a, &m));
    assert_slice(m.name, "bedrock/us.anthropic.claude-zeta-5");
    assert_slice(lx_model_provider(m), "bedrock");
    assert_slice(lx_model_member(m, LX_S("max_input_tokens")), "200000");
    assert_true(lx_model_supports(NULL, m, LX_S("tool_search")));
    assert_true(lx_catalog_describe(NULL, LX_S(""), LX_S("Claude-Zeta-4-1"), &a, &m));
    assert_false(lx_model_supports(NULL, m, LX_S("tool_search")));
    assert_false(lx_model_provider(m).n);
    assert_false(lx_catalog_describe(NULL, LX_S("groq"), LX_S("llama-9"), &a, &m));
    /* with a row, be it another's */
    assert_false(lx_catalog_describe(NULL, LX_S("groq"), LX_S("gpt-5"), &a, &m));
    /* rows are filled up with what all of their kind have */
    assert_true(lx_catalog_get(NULL, LX_S("azure/gpt-5"), &m));
    assert_true(lx_model_supports(NULL, m, LX_S("reasoning")));
    lx_arena_clear(&a);
}

static void test_own_rules(void **state)
{
    struct lx_catalog *c = lx_catalog_new();
    struct lx_arena a;
    struct lx_model m;
    (void)state;
    lx_arena_init(&a, 1 << 20);
    assert_int_equal(
        lx_catalog_add(
            c,
            LX_S(
                "{\"x-1\": {\"litellm_provider\": \"p\", \"supports_b\": false},"
                "\"y-1\": {\"litellm_provider\": \"q\", \"supports_b\": false},"
                "\"fallback_generalizations\": {\"rules\": ["
                "{\"pattern\": \"^r\", \"model_info\": {\"litellm_provider\": \"p\"}},"
                "{\"pattern\": \"-\\\\d$\", \"model_info\": {\"mode\": \"chat\", \"max_tokens\": 1}},"
                "{\"pattern\": \"^x\", \"fill_missing_for_providers\": [\"o\", \"p\"], \"model_info\":"
                " {\"max_tokens\": 2, \"supports_b\": true, \"supports_c\": true}},"
                "{\"pattern\": \"(?<=a*)b\", \"model_info\": {\"mode\": \"chat\"}},"
                "{\"pattern\": \"a\", \"model_info\": {\"input_cost_per_token\": -1}},"
                "{\"pattern\": \"a\"}, 3]}}"),
            NULL),
        0);
    assert_int_equal(lx_catalog_rules_left_out(c), 4);
    assert_true(lx_catalog_get(c, LX_S("x-1"), &m)); /* a row says more than a rule */
    assert_slice(lx_model_member(m, LX_S("supports_b")), "false");
    assert_true(lx_model_supports(c, m, LX_S("c")));
    assert_true(lx_catalog_get(c, LX_S("y-1"), &m)); /* not for that provider */
    assert_false(lx_model_supports(c, m, LX_S("c")));
    assert_true(lx_catalog_describe(c, LX_S("o"), LX_S("x-2"), &a, &m)); /* the later rule's */
    assert_slice(m.json, "{\"litellm_provider\":\"o\",\"mode\":\"chat\",\"max_tokens\":1}");
    assert_true(lx_catalog_describe(c, LX_S(""), LX_S("x-2"), &a, &m));
    assert_slice(m.json, "{\"mode\":\"chat\",\"max_tokens\":2,\"supports_b\":true,\"supports_c\":"
                         "true}");
    assert_false(lx_catalog_describe(c, LX_S("anthropic"), LX_S("claude-zeta-5-x"), &a, &m));
    lx_arena_clear(&a);
    lx_catalog_free(c);
}

/* A rule has what the one it extends has, and its own word counts for more. */
/* LiteLLM's supports_factory(): a row that says nothing, the same without the provider, and what is
 * true of all models of a provider. */
static void test_supports(void **state)
{
    struct lx_catalog *c = lx_catalog_new();
    struct lx_model m;
    (void)state;
    assert_int_equal(
        lx_catalog_add(c,
                       LX_S("{\"p/z-9\": {\"litellm_provider\": \"p\", \"supports_b\": false},"
                            "\"z-9\": {\"supports_a\": true, \"supports_b\": true},"
                            "\"fireworks_ai/z-8\": {\"litellm_provider\": \"fireworks_ai\"},"
                            "\"fireworks_ai/z-7\": {\"litellm_provider\": \"fireworks_ai\","
                            " \"supports_function_calling\": false}}"),
                       NULL),
        0);
    assert_true(lx_catalog_get(c, LX_S("p/z-9"), &m));
    assert_true(lx_model_supports(c, m, LX_S("a")));
    assert_false(lx_model_supports(c, m, LX_S("b")));
    assert_false(lx_model_supports(c, m, LX_S("response_schema")));
    assert_true(lx_catalog_get(c, LX_S("fireworks_ai/z-8"), &m));
    assert_true(lx_model_supports(c, m, LX_S("function_calling")));
    assert_true(lx_model_supports(c, m, LX_S("response_schema")));
    assert_true(lx_catalog_get(c, LX_S("fireworks_ai/z-7"), &m));
    assert_false(lx_model_supports(c, m, LX_S("function_calling")));
    lx_catalog_free(c);
}

static void test_rules_that_extend(void **state)
{
    static const char map[] =
        "{\"fallback_generalizations\": {\"rules\": ["
        "{\"name\": \"base\", \"pattern\": \"^x\", \"model_info\":"
        " {\"max_tokens\": 1, \"supports_b\": true}},"
        "{\"name\": \"more\", \"extends\": \"base\", \"pattern\": \"^y\", \"model_info\":"
        " {\"max_tokens\": 2}},"
        "{\"extends\": \"more\", \"pattern\": \"^z\", \"model_info\": {\"supports_c\": true}},"
        "{\"extends\": \"none\", \"pattern\": \"^w\", \"model_info\": {\"supports_c\": true}}"
        "]}}";
    static const char *const told[][2] = {
        {"y", "{\"max_tokens\":2,\"supports_b\":true}"},
        {"z", "{\"supports_c\":true,\"max_tokens\":2}"}, /* of the parent, not of its parent */
        {"w", "{\"supports_c\":true}"},
    };
    struct lx_catalog *c = lx_catalog_new();
    struct lx_arena a;
    struct lx_model m;
    (void)state;
    lx_arena_init(&a, 1 << 20);
    assert_int_equal(lx_catalog_add(c, lx_slice_z(map), NULL), 0);
    assert_int_equal(lx_catalog_rules_left_out(c), 0);
    for (size_t i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
        assert_true(lx_catalog_describe(c, LX_S(""), lx_slice_z(told[i][0]), &a, &m));
        assert_slice(m.json, told[i][1]);
    }
    lx_arena_clear(&a);
    lx_catalog_free(c);
}

static void test_refused(void **state)
{
    static const struct {
        const char *map, *text;
    } cases[] = {
        {"[]", "object"},
        {"{\"a\": 3}", "the model a: expected an object"},
        {"{\"a\": {\"input_cost_per_token\": -1e-9}}", "below 0"},
        {"{\"a\": {\"input_cost_per_token\": 2.5}}", "not of a million"},
        {"{\"a\": {\"input_cost_per_token\": \"cheap\"}}", "expected a price"},
        {"{\"a\": {\"output_cost_per_image\": 10000000}}", "cannot be meant"},
        {"{\"a\": {\"tiered_pricing\": [{\"input_cost_per_token\": true}]}}", "expected a price"},
        {"{\"a\": {\"off_peak_pricing\": {\"input_cost_per_token\": -1}}}", "below 0"},
        {"{\"a\": {}", "expected"},
    };
    struct lx_catalog *c = lx_catalog_new();
    struct lx_model m;
    struct lx_error err;
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(&err, 0, sizeof(err));
        assert_true(lx_catalog_add(c, lx_slice_z(cases[i].map), &err) < 0);
        if (!strstr(err.text, cases[i].text))
            fail_msg("%s: %s", cases[i].map, err.text);
    }
    assert_false(lx_catalog_get(c, LX_S("a"), &m));
    lx_catalog_free(c);
}

static void test_replace(void **state)
{
    struct lx_catalog *c = lx_catalog_new();
    struct lx_buf map;
    struct lx_model m;
    struct lx_error err;
    (void)state;
    assert_true(lx_catalog_replace(c, LX_S("{\"a\": {}}"), &err) < 0);
    assert_non_null(strstr(err.text, "cut off"));
    assert_true(lx_catalog_get(c, LX_S("gpt-4o"), &m)); /* still there */
    lx_buf_init(&map, 1 << 20);
    lx_buf_add_byte(&map, '{');
    for (int i = 0; i < 4000; i++)
        lx_buf_addf(&map, "%s\"m%d\":{\"litellm_provider\":\"x\"}", i ? "," : "", i);
    lx_buf_add_byte(&map, '}');
    assert_int_equal(lx_catalog_replace(c, lx_buf_slice(&map), &err), 0);
    assert_false(lx_catalog_get(c, LX_S("gpt-4o"), &m));
    assert_true(lx_catalog_get(c, LX_S("M3999"), &m));
    size_t at = 0, count = 0;
    while (lx_catalog_next(c, &at, &m))
        count++;
    assert_int_equal(count, 4000);
    lx_buf_clear(&map);
    lx_catalog_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builtin),
        cmocka_unit_test(test_every_row),
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_described),
        cmocka_unit_test(test_own_rules),
        cmocka_unit_test(test_supports),
        cmocka_unit_test(test_rules_that_extend),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_replace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
