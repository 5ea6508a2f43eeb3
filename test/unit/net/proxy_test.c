/*
 * proxy_test.c - reading a proxy's address, and which hosts NO_PROXY takes out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/proxy.h"

static void addresses(void **state)
{
    (void)state;
    struct lx_proxy p;
    struct lx_error err;
    assert_int_equal(0, lx_proxy_init(&p, NULL, &err));
    assert_null(p.host);
    assert_int_equal(0, lx_proxy_init(&p, "", &err));
    assert_null(p.host);
    assert_int_equal(0, lx_proxy_init(&p, "http://proxy.example:3128", &err));
    assert_string_equal("proxy.example", p.host);
    assert_int_equal(3128, p.port);
    assert_false(lx_secret_is_set(&p.authorization));
    lx_proxy_clear(&p);
    assert_int_equal(0, lx_proxy_init(&p, "us%65r:p%3Aw@[::1]:8080/", &err));
    assert_string_equal("::1", p.host);
    assert_int_equal(8080, p.port);
    assert_true(lx_secret_eq(&p.authorization, LX_S("Basic dXNlcjpwOnc="))); /* user:p:w */
    lx_proxy_clear(&p);
    static const char *const wrong[] = {"https://proxy.example", "socks5://proxy.example:1080",
                                        "http://", "http://a b/", "http://user:%zz@host/"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        err.text[0] = 0;
        assert_int_equal(LX_ECONFIG, lx_proxy_init(&p, wrong[i], &err));
        assert_null(p.host);
    }
}

static void who_is_reached_directly(void **state)
{
    (void)state;
    static const struct {
        const char *list, *host;
        uint16_t port;
        bool direct;
    } cases[] = {
        {NULL, "a.example", 443, false},
        {"", "a.example", 443, false},
        {" , ,", "a.example", 443, false},
        {"*", "a.example", 443, true},
        {"a.example", "a.example", 443, true},
        {"A.Example", "a.eXample", 443, true},
        {"x.example, a.example ", "a.example", 443, true},
        {"example", "a.example", 443, true},
        {".example", "a.example", 443, true},
        {"*.example", "a.example", 443, true},
        {".a.example", "a.example", 443, true},
        {"a.example", "ba.example", 443, false},
        {"a.example", "example", 443, false},
        {"a.example:443", "a.example", 443, true},
        {"a.example:80", "a.example", 443, false},
        {"a.example:x", "a.example", 443, false},
        {"127.0.0.1", "127.0.0.1", 80, true},
        {"127.0.0.1", "127.0.0.11", 80, false},
        {"127.0.0.1:80", "127.0.0.1", 80, true},
        {"10.0.0.0/8", "10.200.3.4", 80, true},
        {"10.0.0.0/8", "11.0.0.1", 80, false},
        {"10.16.0.0/12", "10.31.255.255", 80, true},
        {"10.16.0.0/12", "10.32.0.0", 80, false},
        {"0.0.0.0/0", "8.8.8.8", 80, true},
        {"10.0.0.0/33", "10.0.0.0", 80, false},
        {"10.0.0.0/-1", "10.0.0.0", 80, false},
        {"10.0.0.1/32", "10.0.0.1", 80, true},
        {"::1", "::1", 80, true},
        {"[::1]:80", "::1", 80, true},
        {"[::1]:81", "::1", 80, false},
        {"[::1", "::1", 80, false},
        {"2001:db8::/32", "2001:db8:1::5", 80, true},
        {"2001:db8::/32", "2001:db9::5", 80, false},
        {"10.0.0.0/8", "::1", 80, false},
        {"1", "127.0.0.1", 80, false}, /* an address is no name with a domain */
        {".", "a.example", 80, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (lx_no_proxy_has(cases[i].list, lx_slice_z(cases[i].host), cases[i].port) !=
            cases[i].direct)
            fail_msg("\"%s\" and %s:%u", cases[i].list, cases[i].host, cases[i].port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(who_is_reached_directly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
