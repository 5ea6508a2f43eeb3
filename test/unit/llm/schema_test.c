/*
 * schema_test.c - exact numbers; what is said of a value that does not follow; bounds; what is not
 * looked at. Which values follow which schema: test/schema.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "llm/decimal.h"
#include "llm/schema.h"

static struct lx_decimal decimal(const char *text)
{
    struct lx_decimal d;
    assert_true(lx_decimal_read(lx_slice_z(text), &d));
    return d;
}

static void test_decimals(void **state)
{
    static const char *const equal[][2] = {
        {"0", "-0.0e5"},    {"1", "1.000"},       {"100", "1e2"},    {"1.5e3", "1500"},
        {"-0.01", "-1e-2"}, {"0.00012", "12E-5"}, {"10e-1", "0001"},
    };
    static const char *const ordered[] = {"-1e400",
                                          "-10",
                                          "-9.5",
                                          "-1e-400",
                                          "0",
                                          "1e-400",
                                          "0.1",
                                          "0.10000000000000000001",
                                          "9007199254740992",
                                          "9007199254740993",
                                          "1e400"};
    static const char *const none[] = {"", "-", ".5", "5.", "1e", "1e+", "1x", "e5", "1.5.5"};
    struct lx_decimal a, b;
    (void)state;
    for (size_t i = 0; i < sizeof(equal) / sizeof(equal[0]); i++) {
        a = decimal(equal[i][0]);
        b = decimal(equal[i][1]);
        assert_int_equal(lx_decimal_cmp(&a, &b), 0);
    }
    for (size_t i = 0; i < sizeof(ordered) / sizeof(ordered[0]); i++)
        for (size_t j = 0; j < sizeof(ordered) / sizeof(ordered[0]); j++) {
            a = decimal(ordered[i]);
            b = decimal(ordered[j]);
            int c = lx_decimal_cmp(&a, &b);
            assert_int_equal((c > 0) - (c < 0), (i > j) - (i < j));
        }
    for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
        assert_false(lx_decimal_read(lx_slice_z(none[i]), &a));
}

static void test_multiples(void **state)
{
    static const struct {
        const char *d, *of;
        int is;
    } cases[] = {
        {"0.3", "0.1", 1},
        {"0.35", "0.1", 0},
        {"0", "7", 1},
        {"1e300", "1e-300", 1},
        {"1e1000000", "7", 0},
        {"7e1000000", "7", 1},
        {"10", "100", 0},
        {"-12", "4", 1},
        {"999999999999999999", "999999999999999999", 1},
        {"5", "0", -1},
        {"5", "1234567890123456789", -1},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lx_decimal d = decimal(cases[i].d), of = decimal(cases[i].of);
        assert_int_equal(lx_decimal_is_multiple(&d, &of), cases[i].is);
    }
}

static int check(const char *schema, const char *value, struct lx_error *why, struct lx_buf *names)
{
    struct lx_json_doc s, v;
    struct lx_arena a;
    lx_json_doc_init(&s);
    lx_json_doc_init(&v);
    lx_arena_init(&a, 1 << 20);
    assert_int_equal(lx_json_read(&s, lx_slice_z(schema), NULL, NULL), 0);
    assert_int_equal(lx_json_read(&v, lx_slice_z(value), NULL, NULL), 0);
    int got = lx_schema_check(lx_json_root(&s), lx_json_root(&v), &a, why);
    if (names)
        lx_schema_unchecked(lx_json_root(&s), names);
    lx_arena_clear(&a);
    lx_json_doc_clear(&v);
    lx_json_doc_clear(&s);
    return got;
}

static void test_words(void **state)
{
    static const char *const cases[][3] = {
        {"{\"type\":\"string\"}", "1", "the answer is not of type \"string\""},
        {"{\"properties\":{\"a\":{\"items\":{\"required\":[\"b\"]}}}}", "{\"a\":[{\"b\":1},{}]}",
         "a[1] lacks \"b\""},
        {"{\"items\":{\"items\":{\"maximum\":2}}}", "[[1],[1,3]]", "[1][1] is above 2"},
        {"{\"additionalProperties\":false}", "{\"x\":1}",
         "the answer may not have the member \"x\""},
        {"{\"anyOf\":[{\"type\":\"null\"}]}", "1",
         "the answer follows none of anyOf [{\"type\":\"null\"}]"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lx_error why = {0};
        assert_int_equal(check(cases[i][0], cases[i][1], &why, NULL), 0);
        assert_string_equal(why.text, cases[i][2]);
    }
}

static void test_bounds(void **state)
{
    struct lx_error why = {0};
    (void)state;
    assert_int_equal(check("{\"$ref\":\"#\"}", "1", &why, NULL), LX_ELIMIT);
    assert_int_equal(check("{\"not\":{\"$ref\":\"#\"}}", "1", &why, NULL), LX_ELIMIT);
    assert_int_equal(check("{\"anyOf\":[{\"$ref\":\"#\"},true]}", "1", &why, NULL), LX_ELIMIT);
    /* Two ways at each of thirty levels. */
    struct lx_buf schema;
    lx_buf_init(&schema, 4096);
    lx_buf_addf(&schema, "{\"$defs\":{");
    for (int i = 0; i < 30; i++)
        lx_buf_addf(&schema,
                    "\"d%d\":{\"oneOf\":[{\"$ref\":\"#/$defs/d%d\"},{\"$ref\":\"#/$defs/d%d\"}]},",
                    i, i + 1, i + 1);
    lx_buf_addf(&schema, "\"d30\":{\"type\":\"null\"}},\"$ref\":\"#/$defs/d0\"}%c", '\0');
    assert_int_equal(check(schema.p, "1", &why, NULL), LX_ELIMIT);
    lx_buf_clear(&schema);
}

static void test_unchecked(void **state)
{
    static const struct {
        const char *schema, *value, *names;
        int follows;
    } cases[] = {
        {"{\"pattern\":\"x\",\"items\":{\"format\":\"date\"}}", "\"a\"", "pattern, format", 1},
        {"{\"not\":{\"pattern\":\"x\"}}", "\"a\"", "pattern", 1},
        {"{\"properties\":{\"pattern\":{\"type\":\"string\"}}}", "{\"pattern\":1}", "", 0},
        {"{\"patternProperties\":{\"^a\":{}},\"additionalProperties\":false}", "{\"a\":1}",
         "patternProperties", 1},
        {"{\"$ref\":\"https://a.example/b\"}", "1", "$ref", 1},
        {"{\"minLength\":\"many\"}", "\"\"", "minLength", 1},
        {"{\"enum\":[{\"pattern\":1}],\"default\":{\"format\":1}}", "1", "", 0},
        {"{\"oneOf\":[{\"pattern\":\"x\"},{\"type\":\"string\"}]}", "\"a\"", "pattern", 1},
        {"{\"allOf\":[{\"pattern\":\"x\"},{\"type\":\"null\"}]}", "\"a\"", "pattern", 0},
        {"{\"type\":\"STRING\"}", "1", "", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lx_error why = {0};
        struct lx_buf names;
        lx_buf_init(&names, 1024);
        assert_int_equal(check(cases[i].schema, cases[i].value, &why, &names), cases[i].follows);
        lx_buf_add_byte(&names, '\0');
        assert_string_equal(names.p, cases[i].names);
        lx_buf_clear(&names);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decimals),  cmocka_unit_test(test_multiples),
        cmocka_unit_test(test_words),     cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_unchecked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
