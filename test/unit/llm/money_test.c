/*
 * money_test.c - decimal amounts: reading, writing, arithmetic, limits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"
#include "llm/money.h"

static struct lx_money money(const char *text)
{
    struct lx_money m = {0};
    assert_int_equal(lx_money_read(lx_slice_z(text), &m), 0);
    return m;
}

static void assert_money(struct lx_money m, const char *text)
{
    struct lx_buf b;
    lx_buf_init(&b, 128);
    lx_money_write(m, &b);
    lx_buf_add_byte(&b, '\0');
    assert_string_equal(b.p, text);
    lx_buf_clear(&b);
}

static void test_round_trip(void **state)
{
    static const struct {
        const char *in, *out;
    } cases[] = {
        {"0", "0"},
        {"-0", "0"},
        {"0.0", "0"},
        {"15", "15"},
        {"2.5e-07", "0.00000025"},
        {"2.5E-7", "0.00000025"},
        {"1e2", "100"},
        {"1e+2", "100"},
        {"+3", "3"},
        {".5", "0.5"},
        {"5.", "5"},
        {"-12.50", "-12.5"},
        {"0.000000000000000000000001", "0.000000000000000000000001"},
        {"2.384185791015625e-08", "0.00000002384185791015625"},
        {"100000000000000", "100000000000000"},
        {"0e999", "0"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_money(money(cases[i].in), cases[i].out);
}

static void test_refused(void **state)
{
    static const struct {
        const char *in;
        int code;
    } cases[] = {
        {"", LX_EINVAL},       {"-", LX_EINVAL},
        {".", LX_EINVAL},      {"1e", LX_EINVAL},
        {"1e-", LX_EINVAL},    {"1x", LX_EINVAL},
        {"1.2.3", LX_EINVAL},  {" 1", LX_EINVAL},
        {"1e-25", LX_EINVAL},  {"NaN", LX_EINVAL},
        {"1e5000", LX_EINVAL}, {"1e15", LX_ELIMIT},
        {"1e500", LX_ELIMIT},  {"0x10", LX_EINVAL},
        {"1e+-2", LX_EINVAL},  {"999999999999999999999999999999999999999999", LX_ELIMIT},
    };
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct lx_money m = {7};
        int code = lx_money_read(lx_slice_z(cases[i].in), &m);
        if (code != cases[i].code)
            fail_msg("%s: %d", cases[i].in, code);
        assert_true(m.units == 7);
    }
}

static void test_sums(void **state)
{
    (void)state;
    /* what binary floating point makes 0.30000000000000004 of */
    assert_money(lx_money_add(money("0.1"), money("0.2")), "0.3");
    assert_money(lx_money_sub(money("0.1"), money("0.3")), "-0.2");
    assert_money(lx_money_times(money("2.5e-07"), 1234567), "0.30864175");
    assert_money(lx_money_times(money("2.5e-07"), -2), "-0.0000005");
    assert_money(lx_money_ratio(money("0.006"), 1500000, 60000000), "0.00015");
    assert_money(lx_money_scale(money("0.0213"), money("1.1")), "0.02343");
    assert_money(lx_money_scale(money("12.34"), money("0")), "0");
    assert_money(lx_money_scale(money("99999999999"), money("1.00000000000001")),
                 "99999999999.00099999999999");
}

static void test_rounding(void **state)
{
    (void)state;
    /* half of an odd number of units, to the even neighbour */
    assert_money(lx_money_ratio(money("1e-24"), 1, 2), "0");
    assert_money(lx_money_ratio(money("3e-24"), 1, 2), "0.000000000000000000000002");
    assert_money(lx_money_ratio(money("-3e-24"), 1, 2), "-0.000000000000000000000002");
    assert_money(lx_money_ratio(money("1"), 1, 3), "0.333333333333333333333333");
    assert_money(lx_money_ratio(money("2"), 1, 3), "0.666666666666666666666667");
    /* a factor of more digits than there is room for */
    assert_money(lx_money_scale(money("1"), money("0.123456789012345678901234")),
                 "0.12345678901235");
}

static void test_limits(void **state)
{
    struct lx_money most = money("170000000000000"), huge;
    (void)state;
    huge = lx_money_add(most, most);
    assert_true(lx_money_less(most, huge));
    assert_true(lx_money_times(most, 1000).units == huge.units);
    assert_true(lx_money_add(huge, money("-1")).units == huge.units);
    assert_true(lx_money_sub(money("1"), huge).units == -huge.units);
    assert_true(lx_money_times(huge, 0).units == 0);
    assert_true(lx_money_times(money("-170000000000000"), INT64_MAX).units == -huge.units);
    assert_true(lx_money_scale(huge, money("0.5")).units == huge.units);
    assert_money(lx_money_ratio(most, INT64_MAX, INT64_MAX), "170000000000000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip), cmocka_unit_test(test_refused),
        cmocka_unit_test(test_sums),       cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
