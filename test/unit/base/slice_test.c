/*
 * slice_test.c - searching, cutting, comparing, and integers at the edge of 64 bits.
 */
#include "unit.h"

#include "base/error.h"

static const struct lx_slice absent = {NULL, 0};

static void test_eq(void **state)
{
    (void)state;
    assert_true(lx_slice_eq(LX_S("abc"), LX_S("abc")));
    assert_false(lx_slice_eq(LX_S("abc"), LX_S("abd")));
    assert_false(lx_slice_eq(LX_S("abc"), LX_S("ab")));
    assert_true(lx_slice_eq(absent, LX_S("")));
    assert_true(lx_slice_eq(LX_S("a\0b"), LX_S("a\0b")));
    assert_false(lx_slice_eq(LX_S("a\0b"), LX_S("a\0c")));
}

static void test_eq_nocase(void **state)
{
    (void)state;
    assert_true(lx_slice_eq_nocase(LX_S("Content-TYPE"), LX_S("content-type")));
    assert_false(lx_slice_eq_nocase(LX_S("content-type"), LX_S("content_type")));
    assert_false(lx_slice_eq_nocase(LX_S("a"), LX_S("ab")));
    assert_true(lx_slice_eq_nocase(absent, LX_S("")));
    /* The neighbours of the letters, which a careless mask would fold. */
    assert_false(lx_slice_eq_nocase(LX_S("@"), LX_S("`")));
    assert_false(lx_slice_eq_nocase(LX_S("["), LX_S("{")));
    assert_false(lx_slice_eq_nocase(LX_S("\xC4"), LX_S("\xE4")));
}

static void test_starts_and_ends(void **state)
{
    (void)state;
    assert_true(lx_slice_starts(LX_S("data: x"), LX_S("data:")));
    assert_true(lx_slice_starts(LX_S("x"), LX_S("")));
    assert_true(lx_slice_starts(absent, absent));
    assert_false(lx_slice_starts(LX_S("dat"), LX_S("data")));
    assert_true(lx_slice_ends(LX_S("a.json"), LX_S(".json")));
    assert_true(lx_slice_ends(absent, LX_S("")));
    assert_false(lx_slice_ends(LX_S("json"), LX_S(".json")));
}

static void test_from_and_to(void **state)
{
    (void)state;
    assert_slice(lx_slice_from(LX_S("abc"), 1), LX_S("bc"));
    assert_slice(lx_slice_from(LX_S("abc"), 3), LX_S(""));
    assert_slice(lx_slice_from(LX_S("abc"), 9), LX_S(""));
    assert_non_null(lx_slice_from(LX_S("abc"), 9).p);
    assert_null(lx_slice_from(absent, 1).p);
    assert_slice(lx_slice_to(LX_S("abc"), 2), LX_S("ab"));
    assert_slice(lx_slice_to(LX_S("abc"), 9), LX_S("abc"));
}

static void test_z(void **state)
{
    (void)state;
    assert_slice(lx_slice_z("abc"), LX_S("abc"));
    assert_non_null(lx_slice_z("").p);
    assert_null(lx_slice_z(NULL).p);
}

static void test_cmp(void **state)
{
    (void)state;
    assert_true(lx_slice_cmp(LX_S("a"), LX_S("b")) < 0);
    assert_true(lx_slice_cmp(LX_S("b"), LX_S("a")) > 0);
    assert_true(lx_slice_cmp(LX_S("a"), LX_S("ab")) < 0);
    assert_true(lx_slice_cmp(LX_S("ab"), LX_S("a")) > 0);
    assert_true(lx_slice_cmp(LX_S("b"), LX_S("ab")) > 0);
    assert_true(lx_slice_cmp(LX_S("\xFF"), LX_S("a")) > 0);
    assert_int_equal(lx_slice_cmp(LX_S("ab"), LX_S("ab")), 0);
    assert_int_equal(lx_slice_cmp(absent, LX_S("")), 0);
    assert_true(lx_slice_cmp(absent, LX_S("a")) < 0);
}

static void test_find(void **state)
{
    (void)state;
    assert_int_equal(lx_slice_find_byte(LX_S("abcabc"), 'c'), 2);
    assert_int_equal(lx_slice_find_byte(LX_S("abc"), 'x'), -1);
    assert_int_equal(lx_slice_find_byte(absent, 'x'), -1);
    assert_int_equal(lx_slice_find_byte(LX_S("a\0b"), '\0'), 1);
    assert_int_equal(lx_slice_find(LX_S("a\r\n\r\nb"), LX_S("\r\n\r\n")), 1);
    assert_int_equal(lx_slice_find(LX_S("aab"), LX_S("ab")), 1);
    assert_int_equal(lx_slice_find(LX_S("abc"), LX_S("abcd")), -1);
    assert_int_equal(lx_slice_find(LX_S("abc"), LX_S("")), 0);
    assert_int_equal(lx_slice_find(absent, LX_S("")), 0);
    assert_int_equal(lx_slice_find(absent, LX_S("a")), -1);
    /* A needle beyond the end of the slice, though the bytes are there. */
    assert_int_equal(lx_slice_find(lx_slice("abc", 2), LX_S("c")), -1);
}

static void test_trim(void **state)
{
    (void)state;
    assert_slice(lx_slice_trim(LX_S(" \t\r\n a b \r\n")), LX_S("a b"));
    assert_slice(lx_slice_trim(LX_S("ab")), LX_S("ab"));
    assert_slice(lx_slice_trim(LX_S(" \t ")), LX_S(""));
    assert_slice(lx_slice_trim(LX_S("\va")), LX_S("\va"));
    assert_null(lx_slice_trim(absent).p);
}

static void test_cut(void **state)
{
    (void)state;
    struct lx_slice head, tail;

    assert_true(lx_slice_cut(LX_S("a=b=c"), '=', &head, &tail));
    assert_slice(head, LX_S("a"));
    assert_slice(tail, LX_S("b=c"));
    assert_true(lx_slice_cut(LX_S("="), '=', &head, &tail));
    assert_slice(head, LX_S(""));
    assert_slice(tail, LX_S(""));
    assert_false(lx_slice_cut(LX_S("abc"), '=', &head, &tail));
    assert_slice(head, LX_S("abc"));
    assert_slice(tail, LX_S(""));
    assert_false(lx_slice_cut(absent, '=', &head, &tail));
    assert_null(head.p);
}

/* The usual loop writes its tail over its input. */
static void test_among(void **state)
{
    (void)state;
    assert_true(lx_slice_among(LX_S("0"), "|0.0|0|"));
    assert_true(lx_slice_among(LX_S("0.0"), "|0|0.0|"));
    assert_false(lx_slice_among(LX_S("0"), "|0.0|10|"));
    assert_false(lx_slice_among(LX_S("0.0|0"), "|0.0|0|"));
    assert_false(lx_slice_among(LX_S(""), "|0||"));
    assert_false(lx_slice_among(LX_S("0"), NULL));
}

static void test_cut_in_place(void **state)
{
    (void)state;
    struct lx_slice rest = LX_S("a,b,"), item;

    assert_true(lx_slice_cut(rest, ',', &item, &rest));
    assert_slice(item, LX_S("a"));
    assert_true(lx_slice_cut(rest, ',', &item, &rest));
    assert_slice(item, LX_S("b"));
    assert_false(lx_slice_cut(rest, ',', &item, &rest));
    assert_slice(item, LX_S(""));
}

static void test_int_accepts(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t want;
    } rows[] = {
        {"0", 0},
        {"-0", 0},
        {"007", 7},
        {"-42", -42},
        {"9223372036854775807", INT64_MAX},
        {"-9223372036854775808", INT64_MIN},
        {"00000000000000000000000000000000000001", 1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t got = 99;
        assert_int_equal(lx_slice_int(lx_slice_z(rows[i].text), &got), 0);
        assert_true(got == rows[i].want);
    }
}

static void test_int_refuses(void **state)
{
    (void)state;
    static const struct lx_slice rows[] = {
        LX_S_INIT(""),
        LX_S_INIT("-"),
        LX_S_INIT("+1"),
        LX_S_INIT("--1"),
        LX_S_INIT(" 1"),
        LX_S_INIT("1 "),
        LX_S_INIT("1.0"),
        LX_S_INIT("1e3"),
        LX_S_INIT("0x1"),
        LX_S_INIT("1\0"),
        LX_S_INIT("/"),
        LX_S_INIT(":"),
        LX_S_INIT("1-"),
        LX_S_INIT("\xB1"),
        {NULL, 0},
        LX_S_INIT("9223372036854775808"), /* one past the end: the addition overflows */
        LX_S_INIT("-9223372036854775809"),
        LX_S_INIT("9223372036854775810"),  /* the multiplication still fits */
        LX_S_INIT("92233720368547758070"), /* the multiplication overflows */
        LX_S_INIT("-92233720368547758080"),
        LX_S_INIT("18446744073709551617"), /* 1 modulo 2^64 */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int64_t got = 99;
        assert_int_equal(lx_slice_int(rows[i], &got), LX_EINVAL);
        assert_int_equal(got, 99);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_eq),
        cmocka_unit_test(test_eq_nocase),
        cmocka_unit_test(test_starts_and_ends),
        cmocka_unit_test(test_from_and_to),
        cmocka_unit_test(test_z),
        cmocka_unit_test(test_cmp),
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_trim),
        cmocka_unit_test(test_cut),
        cmocka_unit_test(test_cut_in_place),
        cmocka_unit_test(test_among),
        cmocka_unit_test(test_int_accepts),
        cmocka_unit_test(test_int_refuses),
    };
    return cmocka_run_group_tests_name("base/slice", tests, NULL, NULL);
}
