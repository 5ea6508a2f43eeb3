/*
 * moment_test.c - moments as text, in and out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"
#include "wire/moment.h"

static const struct {
    int64_t s;
    const char *basic, *http, *rfc3339;
} moments[] = {
    {0, "19700101T000000Z", "Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00Z"},
    {1440938160, "20150830T123600Z", "Sun, 30 Aug 2015 12:36:00 GMT", "2015-08-30T12:36:00Z"},
    {951782399, "20000228T235959Z", "Mon, 28 Feb 2000 23:59:59 GMT", "2000-02-28T23:59:59Z"},
    {951782400, "20000229T000000Z", "Tue, 29 Feb 2000 00:00:00 GMT", "2000-02-29T00:00:00Z"},
    {951868800, "20000301T000000Z", "Wed, 01 Mar 2000 00:00:00 GMT", "2000-03-01T00:00:00.000Z"},
    {4107542399, "21000228T235959Z", "Sun, 28 Feb 2100 23:59:59 GMT", "2100-02-28T23:59:59z"},
    {4107542400, "21000301T000000Z", "Mon, 01 Mar 2100 00:00:00 GMT", "2100-03-01 00:00:00Z"},
    {1767225599, "20251231T235959Z", "Wed, 31 Dec 2025 23:59:59 GMT",
     "2026-01-01T01:29:59.123456+01:30"},
    {1388957500, "20140105T213140Z", "Sun, 05 Jan 2014 21:31:40 GMT", "2014-01-05T19:31:40-02:00"},
};

static void moments_go_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(moments) / sizeof(moments[0]); i++) {
        char basic[17], http[30];
        int64_t s = -1;
        lx_moment_write_basic(moments[i].s, basic);
        assert_string_equal(basic, moments[i].basic);
        lx_moment_write_http(moments[i].s, http);
        assert_string_equal(http, moments[i].http);
        assert_int_equal(lx_moment_read(lx_slice_z(moments[i].rfc3339), &s), 0);
        assert_int_equal(s, moments[i].s);
    }
}

static void no_number_is_too_large(void **state)
{
    char basic[17], http[30];
    (void)state;
    lx_moment_write_basic(INT64_MAX, basic);
    assert_int_equal(strlen(basic), 16);
    lx_moment_write_http(INT64_MAX, http);
    assert_int_equal(strlen(http), 29);
    lx_moment_write_basic(-5, basic);
    assert_string_equal(basic, "19700101T000000Z");
}

static void what_is_no_moment_is_refused(void **state)
{
    static const char *const wrong[] = {
        "",
        "2026",
        "2026-01-01",
        "2026-01-01T00:00:00",
        "2026-13-01T00:00:00Z",
        "2026-00-01T00:00:00Z",
        "2026-01-32T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:00+1",
        "2026-01-01T00:00:00+24:00",
        "2026-01-01T00:00:00x00:00",
        "2026-01-01T00:00:00ZZ",
        "2026/01/01T00:00:00Z",
        "2026-01-01T00:00:0xZ",
    };
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        int64_t s = 7;
        assert_int_equal(lx_moment_read(lx_slice_z(wrong[i]), &s), LX_EINVAL);
        assert_int_equal(s, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_go_both_ways),
        cmocka_unit_test(no_number_is_too_large),
        cmocka_unit_test(what_is_no_moment_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
