/*
 * scalar_test.c - YAML 1.1 scalars as PyYAML 6.0 resolves them, and exact decimals.
 */
#include "unit.h"

#include "config/tree.h"

static const struct {
    const char *text;
    enum lx_yaml_type type;
    const char *number; /* as JSON; NULL: none */
} plain[] = {
    {"", LX_YAML_NULL, NULL},
    {"~", LX_YAML_NULL, NULL},
    {"null", LX_YAML_NULL, NULL},
    {"nULL", LX_YAML_TEXT, NULL},
    {"yes", LX_YAML_BOOL, NULL},
    {"On", LX_YAML_BOOL, NULL},
    {"FALSE", LX_YAML_BOOL, NULL},
    {"fALSE", LX_YAML_TEXT, NULL},
    {"y", LX_YAML_TEXT, NULL},
    {"0", LX_YAML_INT, "0"},
    {"-0", LX_YAML_INT, "0"},
    {"+12", LX_YAML_INT, "12"},
    {"-7", LX_YAML_INT, "-7"},
    {"1_000", LX_YAML_INT, "1000"},
    {"123456789012345678901234567890", LX_YAML_INT, "123456789012345678901234567890"},
    {"0x1F", LX_YAML_INT, "31"},
    {"-0x10", LX_YAML_INT, "-16"},
    {"0xFFFFFFFFFFFFFFFFF", LX_YAML_INT, NULL},
    {"0b101", LX_YAML_INT, "5"},
    {"017", LX_YAML_INT, "15"},
    {"018", LX_YAML_TEXT, NULL},
    {"0o17", LX_YAML_TEXT, NULL},
    {"1:30", LX_YAML_INT, "90"},
    {"1:30:00", LX_YAML_INT, "5400"},
    {"1:75", LX_YAML_TEXT, NULL},
    {"1.5", LX_YAML_FLOAT, "1.5"},
    {"1.", LX_YAML_FLOAT, "1.0"},
    {".5", LX_YAML_FLOAT, "0.5"},
    {"-.5", LX_YAML_FLOAT, "-0.5"},
    {"+1.5e+3", LX_YAML_FLOAT, "1.5e+3"},
    {"1.e-3", LX_YAML_FLOAT, "1.0e-3"},
    {"007.5", LX_YAML_FLOAT, "7.5"},
    {"00.5", LX_YAML_FLOAT, "0.5"},
    {"1_0.5_0", LX_YAML_FLOAT, "10.50"},
    {"1.5e3", LX_YAML_TEXT, NULL},
    {"1e3", LX_YAML_TEXT, NULL},
    {"1.5e+", LX_YAML_TEXT, NULL},
    {".inf", LX_YAML_FLOAT, NULL},
    {"-.Inf", LX_YAML_FLOAT, NULL},
    {".NaN", LX_YAML_FLOAT, NULL},
    {".", LX_YAML_TEXT, NULL},
    {"-", LX_YAML_TEXT, NULL},
    {"+", LX_YAML_TEXT, NULL},
    {"_1", LX_YAML_TEXT, NULL},
    {"2024-02-01", LX_YAML_TEXT, NULL},
    {"os.environ/A", LX_YAML_TEXT, NULL},
};

static void plain_scalars_have_pyyaml_types(void **state)
{
    struct lx_arena a;
    (void)state;
    lx_arena_init(&a, 1 << 16);
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        struct lx_slice text = lx_slice_z(plain[i].text);
        if (lx_yaml_plain_type(text) != plain[i].type)
            fail_msg("%s: type %d", plain[i].text, lx_yaml_plain_type(text));
        if (plain[i].type != LX_YAML_INT && plain[i].type != LX_YAML_FLOAT)
            continue;
        struct lx_slice number = lx_yaml_number(text, &a);
        if (!lx_slice_eq(number, lx_slice_z(plain[i].number)) ||
            (number.p == NULL) != (plain[i].number == NULL))
            fail_msg("%s: number %.*s", plain[i].text, LX_F(number));
    }
    lx_arena_clear(&a);
}

static const struct {
    const char *text;
    int digits;
    int64_t value; /* -1: refused */
} decimals[] = {
    {"600", 3, 600000},
    {"0.1", 3, 100},
    {"0.25", 3, 250},
    {"1.0005", 3, 1001}, /* a rest counts as one more */
    {"1.0000", 3, 1000},
    {"0.0001", 3, 1},
    {"0.00000000000000000000000000001", 3, 1},
    {"1e3", 3, 1000000},
    {"1E+3", 0, 1000},
    {"15e-1", 0, 2},
    {"2e-400", 3, 1},
    {"0e400", 3, -1},
    {".5", 3, 500},
    {"5.", 3, 5000},
    {"0.1", 6, 100000},
    {"9007199254740993", 0, INT64_C(9007199254740993)}, /* no double holds it */
    {"9223372036854775807", 0, -1},
    {"92233720368547758070", 0, -1},
    {"1e30", 3, -1},
    {"", 3, -1},
    {".", 3, -1},
    {"abc", 3, -1},
    {"1,5", 3, -1},
    {"1.2.3", 3, -1},
    {"1e", 3, -1},
    {"1e+", 3, -1},
    {"--1", 3, -1},
    {"10s", 3, -1},
};

static void decimals_are_exact(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof decimals / sizeof *decimals; i++) {
        int64_t v = -1;
        int code = lx_yaml_decimal(lx_slice_z(decimals[i].text), decimals[i].digits, &v);
        if (v != decimals[i].value || (code != 0) != (decimals[i].value == -1))
            fail_msg("%s: %d, %lld", decimals[i].text, code, (long long)v);
    }
    int64_t v;
    assert_int_equal(lx_yaml_decimal(LX_S("-1.5"), 1, &v), 0);
    assert_int_equal(v, -15);
}

static void booleans_are_lenient(void **state)
{
    bool b = false;
    (void)state;
    assert_int_equal(lx_yaml_bool(LX_S("yES"), &b), 0);
    assert_true(b);
    assert_int_equal(lx_yaml_bool(LX_S("0"), &b), 0);
    assert_false(b);
    assert_int_equal(lx_yaml_bool(LX_S(""), &b), LX_EINVAL);
    assert_int_equal(lx_yaml_bool(LX_S("2"), &b), LX_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_scalars_have_pyyaml_types),
        cmocka_unit_test(decimals_are_exact),
        cmocka_unit_test(booleans_are_lenient),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
