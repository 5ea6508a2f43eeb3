/*
 * date_test.c - days of the calendar, HTTP's dates, and what Retry-After asks for.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "base/error.h"
#include "wire/date.h"

static void test_days(void **state)
{
    (void)state;
    assert_int_equal(lx_date_days(1970, 1, 1), 0);
    assert_int_equal(lx_date_days(1969, 12, 31), -1);
    assert_int_equal(lx_date_days(2000, 2, 29), 11016);
    assert_int_equal(lx_date_days(2000, 3, 1), 11017);
    for (int64_t day = -800000; day < 800000; day += 97) { /* the C library as the oracle */
        time_t t = (time_t)(day * 86400);
        struct tm tm;
        gmtime_r(&t, &tm);
        assert_int_equal(lx_date_days(tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday), day);
        if (day >= 0)
            assert_int_equal(lx_date_month(day), (tm.tm_year - 70) * 12 + tm.tm_mon);
    }
}

static void test_http_dates(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "0",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
        "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 06 Nvo 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 19 4 08:49:37 GMT",
    };
    int64_t s = 1;
    assert_int_equal(lx_date_read_http(LX_S("Sun, 06 Nov 1994 08:49:37 GMT"), &s), 0);
    assert_int_equal(s, 784111777);
    assert_int_equal(lx_date_read_http(LX_S(" Thu, 01 Jan 1970 00:00:00 GMT "), &s), 0);
    assert_int_equal(s, 0);
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        assert_int_equal(lx_date_read_http(lx_slice_z(wrong[i]), &s), LX_EINVAL);
}

static void test_retry_after(void **state)
{
    (void)state;
    static const struct {
        const char *names[2], *values[2];
        int64_t now_s, ms;
    } rows[] = {
        {{"retry-after"}, {"3"}, 0, 3000},
        {{"Retry-After"}, {"0.25"}, 0, 250},
        {{"retry-after", "retry-after-ms"}, {"3", "70"}, 0, 70},
        {{"retry-after"}, {"Sun, 06 Nov 1994 08:49:37 GMT"}, 0, -1},
        {{"retry-after"}, {"Sun, 06 Nov 1994 08:49:37 GMT"}, 784111770, 7000},
        {{"retry-after"}, {"Sun, 06 Nov 1994 08:49:37 GMT"}, 784111780, 0},
        {{"retry-after", "date"},
         {"Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:07 GMT"},
         1,
         30000},
        {{"retry-after", "date"}, {"Sun, 06 Nov 1994 08:49:37 GMT", "today"}, 0, -1},
        {{"retry-after"}, {"tomorrow"}, 1, -1},
        {{"x"}, {"3"}, 1, -1},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct lx_header v[2];
        struct lx_headers h = {v, 0};
        for (size_t j = 0; j < 2 && rows[i].names[j]; j++)
            v[h.n++] = (struct lx_header){lx_slice_z(rows[i].names[j]),
                                          lx_slice_z(rows[i].values[j]), false};
        assert_int_equal(lx_headers_retry_after_ms(&h, rows[i].now_s), rows[i].ms);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_days),
        cmocka_unit_test(test_http_dates),
        cmocka_unit_test(test_retry_after),
    };
    return cmocka_run_group_tests_name("wire/date", tests, NULL, NULL);
}
