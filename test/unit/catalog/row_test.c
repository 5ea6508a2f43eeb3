/*
 * row_test.c - the walk over a row's JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "catalog/row.h"

static void assert_slice(struct lx_slice s, const char *text)
{
    if (!lx_slice_eq(s, lx_slice_z(text)))
        fail_msg("\"%.*s\" is not \"%s\"", LX_F(s), text);
}

static void test_members(void **state)
{
    struct lx_row r = lx_row(LX_S(" { \"a\" : 1 , \"b\":\"x,}\\\"\", \"c\":{\"d\":[1,\"]\"]},"
                                  "\"e\":[ ],\"f\":true}"));
    static const char *const want[][2] = {
        {"a", "1"}, {"b", "\"x,}\\\"\""}, {"c", "{\"d\":[1,\"]\"]}"}, {"e", "[ ]"}, {"f", "true"}};
    (void)state;
    for (size_t i = 0; i < 5; i++) {
        assert_true(lx_row_next(&r));
        assert_slice(r.name, want[i][0]);
        assert_slice(r.value, want[i][1]);
    }
    assert_false(lx_row_next(&r));
}

static void test_elements(void **state)
{
    struct lx_row r = lx_row(LX_S("[0, \"a:b\" ,{\"x\":1}]"));
    (void)state;
    assert_true(lx_row_next(&r));
    assert_slice(r.value, "0");
    assert_true(lx_row_next(&r));
    assert_slice(r.value, "\"a:b\"");
    assert_null(r.name.p);
    assert_true(lx_row_next(&r));
    assert_slice(lx_row_get(r.value, LX_S("x")), "1");
    assert_false(lx_row_next(&r));
}

static void test_get(void **state)
{
    (void)state;
    assert_slice(lx_row_get(LX_S("{\"a\":1,\"a\":2}"), LX_S("a")), "1");
    assert_null(lx_row_get(LX_S("{\"a\":1}"), LX_S("b")).p);
    assert_null(lx_row_get(LX_S("[1]"), LX_S("")).p);
    assert_null(lx_row_get(lx_slice(NULL, 0), LX_S("a")).p);
    assert_slice(lx_row_unquoted(LX_S("\"x\"")), "x");
    assert_slice(lx_row_unquoted(LX_S("12")), "12");
}

/* Whatever it is given, a walk ends and stays within the text. */
static void test_broken(void **state)
{
    static const char *const cases[] = {"",        "{",    "{\"",   "{\"a",   "{\"a\"",
                                        "{\"a\":", "[[[",  "{,,,}", "{\"a\\", "]]]]",
                                        "{:}",     "null", "[1",    "{}}",    "{\"a\":{\"b\":1"};
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t steps = 0;
        for (struct lx_row r = lx_row(lx_slice_z(cases[i])); lx_row_next(&r);)
            assert_true(++steps < 16);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_members),
        cmocka_unit_test(test_elements),
        cmocka_unit_test(test_get),
        cmocka_unit_test(test_broken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
