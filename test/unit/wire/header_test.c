/*
 * header_test.c - lists of header fields: order, case, replacement, memory; and what may be sent.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "base/error.h"
#include "wire/header.h"

static void check(const struct lx_header_list *l, const char *expected)
{
    char got[1000] = "";

    for (size_t i = 0, at = 0; i < l->headers.n; i++) {
        const struct lx_header *h = &l->headers.v[i];
        at += (size_t)snprintf(got + at, sizeof got - at, "%.*s=%.*s%s;", LX_F(h->name),
                               LX_F(h->value), h->secret ? "!" : "");
    }
    assert_string_equal(got, expected);
}

static void test_add_set_get(void **state)
{
    (void)state;
    struct lx_arena a;
    struct lx_header_list l;

    lx_arena_init(&a, 10000);
    lx_header_list_init(&l, &a);
    assert_null(lx_headers_get(&l.headers, LX_S("a")).p);
    lx_header_list_add(&l, LX_S("A"), LX_S("1"));
    lx_header_list_add(&l, LX_S("b"), LX_S("2"));
    lx_header_list_add(&l, LX_S("a"), LX_S("3"));
    lx_header_list_set(&l, LX_S("c"), LX_S("4"));
    check(&l, "A=1;b=2;a=3;c=4;");
    assert_true(lx_slice_eq(lx_headers_get(&l.headers, LX_S("a")), LX_S("1")));
    assert_true(lx_slice_eq(lx_headers_get(&l.headers, LX_S("C")), LX_S("4")));
    assert_null(lx_headers_get(&l.headers, LX_S("cc")).p);

    lx_header_list_set_secret(&l, LX_S("a"), LX_S("key"));
    check(&l, "a=key!;b=2;c=4;");
    lx_header_list_set(&l, LX_S("A"), LX_S("open"));
    check(&l, "A=open;b=2;c=4;");
    lx_header_list_set_secret(&l, LX_S("d"), LX_S("new"));
    check(&l, "A=open;b=2;c=4;d=new!;");
    lx_arena_clear(&a);
}

static void test_grows(void **state)
{
    (void)state;
    struct lx_arena a;
    struct lx_header_list l;

    lx_arena_init(&a, 100000);
    lx_header_list_init(&l, &a);
    for (int i = 0; i < 100; i++)
        lx_header_list_add(&l, lx_arena_printf(&a, "n%d", i), lx_arena_printf(&a, "v%d", i));
    assert_int_equal(a.failed, 0);
    assert_int_equal(l.headers.n, 100);
    for (int i = 0; i < 100; i++) {
        char name[20], value[20];
        snprintf(name, sizeof name, "N%d", i);
        snprintf(value, sizeof value, "v%d", i);
        assert_true(lx_slice_eq(lx_headers_get(&l.headers, lx_slice_z(name)), lx_slice_z(value)));
    }
    lx_arena_clear(&a);
}

static void test_failure_sticks_in_the_arena(void **state)
{
    (void)state;
    struct lx_arena a;
    struct lx_header_list l;

    lx_arena_init(&a, 20 * sizeof(struct lx_header));
    lx_header_list_init(&l, &a);
    for (int i = 0; i < 100; i++)
        lx_header_list_add(&l, LX_S("a"), LX_S("1"));
    assert_int_equal(a.failed, LX_ELIMIT);
    assert_true(l.headers.n < 20);
    lx_arena_clear(&a);
}

static void test_valid(void **state)
{
    (void)state;
    const char *tokens = "!#$%&'*+-.^_`|~0123456789"
                         "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    for (int c = 0; c < 256; c++) {
        char byte = (char)c;
        bool token = c && strchr(tokens, c);
        assert_int_equal(lx_is_token_byte(byte), token);
        assert_int_equal(lx_header_is_valid(lx_slice(&byte, 1), LX_S("")), token);
        assert_int_equal(lx_header_is_valid(LX_S("a"), lx_slice(&byte, 1)),
                         c != '\r' && c != '\n' && c != 0);
    }
    assert_false(lx_header_is_valid(LX_S(""), LX_S("v")));
    assert_false(lx_header_is_valid(LX_S("x y"), LX_S("v")));
    assert_false(lx_header_is_valid(LX_S("x:"), LX_S("v")));
    assert_false(lx_header_is_valid(LX_S("x"), LX_S("v\r\nSet-Cookie: a")));
    assert_true(lx_header_is_valid(LX_S("x-y"), LX_S("any \xc3\xa4 text")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add_set_get),
        cmocka_unit_test(test_grows),
        cmocka_unit_test(test_failure_sticks_in_the_arena),
        cmocka_unit_test(test_valid),
    };
    return cmocka_run_group_tests_name("wire/header", tests, NULL, NULL);
}
