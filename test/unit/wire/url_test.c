/*
 * url_test.c - URLs and authorities: what is accepted with which pieces, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "wire/url.h"

/* A heap block of the exact size, for a sanitizer to guard. */
static struct lx_slice boxed(const char *text, size_t n)
{
    char *p = malloc(n ? n : 1);
    assert_non_null(p);
    memcpy(p, text, n);
    return lx_slice(p, n);
}

static void describe(char *out, size_t size, const struct lx_url *u)
{
    snprintf(out, size, "%.*s %.*s %.*s %u%s%s%s %.*s", LX_F(u->scheme),
             u->userinfo.p ? (int)u->userinfo.n : 1, u->userinfo.p ? u->userinfo.p : "-",
             LX_F(u->host), (unsigned)u->port, u->explicit_port ? "!" : "", u->ipv6 ? " v6" : "",
             u->tls ? " tls" : "", LX_F(u->path));
}

static void test_accepted(void **state)
{
    (void)state;
    /* scheme userinfo host port[! when given] [v6] [tls] path */
    static const char *const rows[][2] = {
        {"http://a", "http - a 80 /"},
        {"https://a", "https - a 443 tls /"},
        {"HTTPS://Api.Example.com/V1", "https - Api.Example.com 443 tls /V1"},
        {"http://localhost:4000", "http - localhost 4000! /"},
        {"http://localhost:80/", "http - localhost 80! /"},
        {"http://h:65535/x?y=z/@:?", "http - h 65535! /x?y=z/@:?"},
        {"http://h:0080/", "http - h 80! /"},
        {"http://[::1]:8080/p", "http - ::1 8080! v6 /p"},
        {"https://[2001:DB8::192.0.2.1]", "https - 2001:DB8::192.0.2.1 443 v6 tls /"},
        {"http://user:pa%20ss@h/", "http user:pa%20ss h 80 /"},
        {"http://@h/", "http  h 80 /"},
        {"http://my_service-1.internal.:1/", "http - my_service-1.internal. 1! /"},
        {"http://192.0.2.1/a%2Fb;c=d", "http - 192.0.2.1 80 /a%2Fb;c=d"},
        {"http://h//double", "http - h 80 //double"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lx_slice s = boxed(rows[i][0], strlen(rows[i][0]));
        struct lx_url url;
        struct lx_error err = {0};
        char got[200];
        if (lx_url_read(s, &url, &err))
            fail_msg("%s: %s", rows[i][0], err.text);
        describe(got, sizeof got, &url);
        assert_string_equal(got, rows[i][1]);
        free((void *)(uintptr_t)s.p);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct lx_slice rows[] = {
        LX_S_INIT(""),
        LX_S_INIT("http"),
        LX_S_INIT("http:/"),
        LX_S_INIT("http://"),
        LX_S_INIT("https:///path"),
        LX_S_INIT("ftp://h/"),
        LX_S_INIT("//h/"),
        LX_S_INIT("h:80"),
        LX_S_INIT("http:\\\\h\\"),
        LX_S_INIT("http://h\\@evil/"),
        LX_S_INIT("http://a@b@c/"),
        LX_S_INIT("http://u@/"),
        LX_S_INIT("http://h:"),
        LX_S_INIT("http://h:/"),
        LX_S_INIT("http://h:0/"),
        LX_S_INIT("http://h:65536/"),
        LX_S_INIT("http://h:99999999999999999999/"),
        LX_S_INIT("http://h:+80/"),
        LX_S_INIT("http://h:8a/"),
        LX_S_INIT("http://h:80:90/"),
        LX_S_INIT("http://:80/"),
        LX_S_INIT("http://h?q"),
        LX_S_INIT("http://h/#f"),
        LX_S_INIT("http://h/a b"),
        LX_S_INIT(" http://h/"),
        LX_S_INIT("http://h/\r\nX: y"),
        LX_S_INIT("http://h/\0"),
        LX_S_INIT("http://h/\x7f"),
        LX_S_INIT("http://h/\xc3\xa4"),
        LX_S_INIT("http://h%41/"),
        LX_S_INIT("http://h,i/"),
        LX_S_INIT("http://[::1/"),
        LX_S_INIT("http://[]/"),
        LX_S_INIT("http://[h]/"),
        LX_S_INIT("http://[1:2]/"),
        LX_S_INIT("http://[::1]x/"),
        LX_S_INIT("http://[fe80::1%25eth0]/"),
        LX_S_INIT("http://::1/"),
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct lx_slice s = boxed(rows[i].p, rows[i].n);
        struct lx_url url = {.port = 7};
        struct lx_error err = {0};
        if (lx_url_read(s, &url, &err) != LX_EINVAL)
            fail_msg("row %zu was accepted: %.*s", i, LX_F(rows[i]));
        assert_int_equal(err.code, LX_EINVAL);
        assert_int_not_equal(err.text[0], 0);
        assert_int_equal(url.port, 7); /* outputs only on success */
        assert_int_equal(lx_url_read(s, &url, NULL), LX_EINVAL);
        free((void *)(uintptr_t)s.p);
    }
}

static void test_long_hosts(void **state)
{
    (void)state;
    char text[400] = "http://";
    struct lx_url url;

    memset(text + 7, 'a', 300);
    assert_int_equal(lx_url_read(lx_slice(text, 7 + 255), &url, NULL), 0);
    assert_int_equal(url.host.n, 255);
    assert_int_equal(lx_url_read(lx_slice(text, 7 + 256), &url, NULL), LX_EINVAL);
}

static void test_errors_do_not_quote(void **state)
{
    (void)state;
    struct lx_url url;
    struct lx_error err = {0};

    assert_int_equal(lx_url_read(LX_S("http://u:sesame@h:x/?key=sesame"), &url, &err), LX_EINVAL);
    assert_null(strstr(err.text, "sesame"));
}

static void test_authority(void **state)
{
    (void)state;
    struct lx_url url = {.port = 5, .path = LX_S_INIT("/kept")};

    assert_int_equal(lx_url_read_authority(LX_S("h"), &url, NULL), 0);
    assert_int_equal(url.port, 5);
    assert_false(url.explicit_port);
    assert_int_equal(lx_url_read_authority(LX_S("[::1]:90"), &url, NULL), 0);
    assert_int_equal(url.port, 90);
    assert_true(url.explicit_port && url.ipv6);
    assert_true(lx_slice_eq(url.path, LX_S("/kept")));
    assert_int_equal(lx_url_read_authority(lx_slice(NULL, 0), &url, NULL), LX_EINVAL);
    assert_int_equal(lx_url_read_authority(LX_S("h/"), &url, NULL), LX_EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accepted),   cmocka_unit_test(test_refused),
        cmocka_unit_test(test_long_hosts), cmocka_unit_test(test_errors_do_not_quote),
        cmocka_unit_test(test_authority),
    };
    return cmocka_run_group_tests_name("wire/url", tests, NULL, NULL);
}
