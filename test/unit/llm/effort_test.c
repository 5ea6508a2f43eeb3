/*
 * effort_test.c - words for efforts: found, brought to the nearest of a set, and as budgets.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "llm/effort.h"

static void test_names(void **state)
{
    (void)state;
    for (int e = 0; e < LX_EFFORT_COUNT; e++)
        assert_int_equal(lx_effort_find(lx_effort_name((enum lx_effort)e)), e);
    assert_int_equal(lx_effort_find(LX_S("much")), LX_EFFORT_COUNT);
    assert_int_equal(lx_effort_find(LX_S("")), LX_EFFORT_COUNT);
    assert_null(lx_effort_name(LX_EFFORT_COUNT).p);
}

static void test_nearest(void **state)
{
    static const struct {
        const char *set;
        const char *of[LX_EFFORT_COUNT]; /* from none to max */
    } cases[] = {
        {"low|medium|high", {"low", "low", "low", "medium", "high", "high", "high"}},
        {"none|low|medium|high", {"none", "low", "low", "medium", "high", "high", "high"}},
        {"minimal|high", {"minimal", "minimal", "high", "high", "high", "high", "high"}},
        {"high|nonsense", {"high", "high", "high", "high", "high", "high", "high"}},
        {"", {"none", "minimal", "low", "medium", "high", "xhigh", "max"}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (int e = 0; e < LX_EFFORT_COUNT; e++) {
            unsigned set = lx_efforts_read(lx_slice_z(cases[i].set));
            enum lx_effort got = lx_effort_nearest((enum lx_effort)e, set);
            assert_true(lx_slice_eq(lx_effort_name(got), lx_slice_z(cases[i].of[e])));
        }
}

static void test_budgets(void **state)
{
    (void)state;
    assert_int_equal(lx_effort_budget(LX_EFFORT_NONE), 0);
    assert_int_equal(lx_effort_budget(LX_EFFORT_MEDIUM), 2048);
    assert_int_equal(lx_effort_budget(LX_EFFORT_COUNT), 0);
    assert_int_equal(lx_effort_that_has(1), LX_EFFORT_LOW);
    assert_int_equal(lx_effort_that_has(1025), LX_EFFORT_MEDIUM);
    assert_int_equal(lx_effort_that_has(INT64_MAX), LX_EFFORT_MAX);
    assert_true(lx_slice_eq(lx_effort_of_budget(1999), LX_S("minimal")));
    assert_true(lx_slice_eq(lx_effort_of_budget(2000), LX_S("low")));
    assert_true(lx_slice_eq(lx_effort_of_budget(9999), LX_S("medium")));
    assert_true(lx_slice_eq(lx_effort_of_budget(10000), LX_S("high")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_budgets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
