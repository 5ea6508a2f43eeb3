/*
 * buf_test.c - growth, the ceiling to the byte, and failures that stick.
 *
 * realloc is wrapped by the linker, so that memory can run out on demand.
 */
#include "unit.h"

#include "base/error.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

void *__real_realloc(void *p, size_t n);
void *__wrap_realloc(void *p, size_t n);

static bool no_memory;
static size_t reallocs;

void *__wrap_realloc(void *p, size_t n)
{
    reallocs++;
    return no_memory ? NULL : __real_realloc(p, n);
}

static void test_starts_without_memory(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 100);
    assert_null(b.p);
    lx_buf_add(&b, LX_S(""));
    assert_null(b.p);
    assert_int_equal(b.failed, 0);
    lx_buf_clear(&b);
}

static void test_appends(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 1000);
    lx_buf_add_lit(&b, "a\0b");
    lx_buf_add_byte(&b, '!');
    lx_buf_addf(&b, "%s=%d;", "n", 5);
    char *to = lx_buf_reserve(&b, 10);
    assert_non_null(to);
    memcpy(to, "xyz", 3);
    lx_buf_commit(&b, 3);
    assert_buf(&b, LX_S("a\0b!n=5;xyz"));
    lx_buf_clear(&b);
}

static void test_ceiling_is_exact(void **state)
{
    (void)state;
    for (size_t max = 0; max < 600; max++) {
        struct lx_buf b;
        lx_buf_init(&b, max);
        for (size_t i = 0; i < max; i++)
            lx_buf_add_byte(&b, 'x');
        assert_int_equal(b.failed, 0);
        assert_int_equal(b.n, max);
        assert_true(b.cap <= max);
        lx_buf_add_byte(&b, 'x');
        assert_int_equal(b.failed, LX_ELIMIT);
        assert_int_equal(b.n, max);
        lx_buf_clear(&b);
    }
}

static void test_failure_sticks(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 8);
    lx_buf_add_lit(&b, "abc");
    lx_buf_add_lit(&b, "123456");
    assert_int_equal(b.failed, LX_ELIMIT);
    /* These would fit, but the text around them is missing. */
    lx_buf_add_byte(&b, 'd');
    lx_buf_add_lit(&b, "d");
    lx_buf_add_int(&b, 1);
    lx_buf_addf(&b, "d");
    assert_null(lx_buf_reserve(&b, 1));
    assert_null(lx_buf_reserve(&b, 0));
    assert_buf(&b, LX_S("abc"));
    assert_int_equal(b.failed, LX_ELIMIT);
    lx_buf_clear(&b);
}

static void test_no_memory_sticks(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 10000);
    lx_buf_add_lit(&b, "abc");
    no_memory = true;
    assert_null(lx_buf_reserve(&b, 5000));
    no_memory = false;
    assert_int_equal(b.failed, LX_ENOMEM);
    lx_buf_add_lit(&b, "d");
    assert_buf(&b, LX_S("abc"));
    lx_buf_clear(&b);
    assert_int_equal(b.failed, 0);
}

static void test_huge_reserve_does_not_wrap(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 100);
    lx_buf_add_lit(&b, "abc");
    assert_null(lx_buf_reserve(&b, SIZE_MAX));
    assert_int_equal(b.failed, LX_ELIMIT);
    lx_buf_clear(&b);
}

static void test_reserve_of_nothing(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 100);
    assert_non_null(lx_buf_reserve(&b, 0));
    assert_int_equal(b.failed, 0);
    lx_buf_clear(&b);
}

static void test_reset_and_clear(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 8);
    lx_buf_add_lit(&b, "abc");
    lx_buf_add_lit(&b, "too long to fit");
    const char *kept = b.p;
    lx_buf_reset(&b);
    assert_int_equal(b.failed, 0);
    lx_buf_add_lit(&b, "12345678");
    assert_ptr_equal(b.p, kept);
    assert_buf(&b, LX_S("12345678"));
    lx_buf_clear(&b);
    assert_null(b.p);
    assert_int_equal(b.max, 8);
    lx_buf_add_lit(&b, "again");
    assert_buf(&b, LX_S("again"));
    lx_buf_clear(&b);
}

static void test_growth_is_geometric(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 1 << 20);
    reallocs = 0;
    for (size_t i = 0; i < 1 << 20; i++)
        lx_buf_add_byte(&b, (char)i);
    assert_int_equal(b.failed, 0);
    assert_in_range(reallocs, 1, 13);
    for (size_t i = 0; i < 1 << 20; i++)
        assert_true(b.p[i] == (char)i);
    lx_buf_clear(&b);
}

static void test_int(void **state)
{
    (void)state;
    static const int64_t rows[] = {0, 1, -1, 9, 10, -10, 1234567890, INT64_MAX, INT64_MIN};

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_buf b;
        char want[32];
        snprintf(want, sizeof(want), "%" PRId64, rows[i]);
        lx_buf_init(&b, 20);
        lx_buf_add_int(&b, rows[i]);
        assert_buf(&b, lx_slice_z(want));
        lx_buf_clear(&b);
    }
}

/* Around the size of the local copy, and with the ceiling exactly at the end. */
static void test_addf_of_any_length(void **state)
{
    (void)state;
    for (int n = 0; n < 600; n++) {
        struct lx_buf b;
        lx_buf_init(&b, (size_t)n);
        lx_buf_addf(&b, "%0*d", n, 0);
        size_t want = n ? (size_t)n : 0;
        /* "%00d" still prints one digit, which does not fit into nothing. */
        assert_int_equal(b.failed, n ? 0 : LX_ELIMIT);
        assert_int_equal(b.n, want);
        for (size_t i = 0; i < want; i++)
            assert_int_equal(b.p[i], '0');
        lx_buf_clear(&b);
    }
}

/* What printf itself cannot write must not pass for an empty text. */
static void test_addf_of_the_unprintable(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 100);
    lx_buf_addf(&b, "%ls", L"\x20AC");
    assert_int_equal(b.failed, LX_ENOMEM);
    lx_buf_reset(&b);
    lx_buf_addf(&b, "%0101d", 1);
    lx_buf_addf(&b, "%ls", L"\x20AC");
    assert_int_equal(b.failed, LX_ELIMIT);
    lx_buf_clear(&b);
}

static void test_consume(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 100);
    lx_buf_consume(&b, 0);
    lx_buf_add_lit(&b, "abcdef");
    lx_buf_consume(&b, 0);
    assert_buf(&b, LX_S("abcdef"));
    lx_buf_consume(&b, 2);
    assert_buf(&b, LX_S("cdef"));
    lx_buf_add_lit(&b, "g");
    lx_buf_consume(&b, 5);
    assert_buf(&b, LX_S(""));
    lx_buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_starts_without_memory),
        cmocka_unit_test(test_appends),
        cmocka_unit_test(test_ceiling_is_exact),
        cmocka_unit_test(test_failure_sticks),
        cmocka_unit_test(test_no_memory_sticks),
        cmocka_unit_test(test_huge_reserve_does_not_wrap),
        cmocka_unit_test(test_reserve_of_nothing),
        cmocka_unit_test(test_reset_and_clear),
        cmocka_unit_test(test_growth_is_geometric),
        cmocka_unit_test(test_int),
        cmocka_unit_test(test_addf_of_any_length),
        cmocka_unit_test(test_addf_of_the_unprintable),
        cmocka_unit_test(test_consume),
    };
    return cmocka_run_group_tests_name("base/buf", tests, NULL, NULL);
}
