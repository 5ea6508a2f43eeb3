/*
 * peak_test.c - when it is off-peak.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "catalog/cost.h"

/* 2026-11-23 was a Monday. */
#define MONDAY                1795392000
#define AT(day, hour, minute) (MONDAY + (day)*86400 + (hour)*3600 + (minute)*60)

static const char weekdays[] =
    "{\"windows\":[{\"hours_utc\":[\"00:00-01:00\",\"10:00-00:00\"],\"weekdays\":[1,2,3,4,5]},"
    "{\"hours_utc\":\"00:00-00:00\",\"weekdays\":[6,\"sun\"]}]}";
static const char shanghai[] = "{\"weekday_timezone\":\"Asia/Shanghai\",\"windows\":"
                               "[{\"hours_utc\":\"00:00-00:00\",\"weekdays\":[6]}]}";

static const struct {
    const char *rules;
    int64_t now;
    bool off;
} cases[] = {
    {"{\"hours_utc\":\"16:30-00:30\"}", AT(0, 16, 29), false},
    {"{\"hours_utc\":\"16:30-00:30\"}", AT(0, 16, 30), true},
    {"{\"hours_utc\":\"16:30-00:30\"}", AT(0, 0, 29), true},
    {"{\"hours_utc\":\"16:30-00:30\"}", AT(0, 0, 30), false},
    {"{\"hours_utc\":[\"01:00-02:00\",\"04:00-05:00\"]}", AT(3, 4, 59), true},
    {"{\"hours_utc\":[\"01:00-02:00\",\"04:00-05:00\"]}", AT(3, 2, 0), false},
    {"{\"hours_utc\":\"nonsense\"}", AT(0, 0, 0), false},
    {"{\"hours_utc\":\"25:00-26:00\"}", AT(0, 1, 0), false},
    {weekdays, AT(0, 9, 59), false},
    {weekdays, AT(0, 10, 0), true},
    {weekdays, AT(0, 23, 59), true},
    {weekdays, AT(4, 1, 0), false},
    {weekdays, AT(5, 5, 0), true},
    {weekdays, AT(6, 5, 0), true},
    {shanghai, AT(4, 15, 59), false},
    {shanghai, AT(4, 16, 0), true}, /* Saturday there, Friday in UTC */
    {shanghai, AT(5, 16, 0), false},
    {"{}", AT(0, 0, 0), false},
    {"", AT(0, 0, 0), false},
    {"{\"hours_utc\":\"00:00-00:00\"}", 0, false}, /* no time was given */
};

static void test_hours(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        if (lx_off_peak(lx_slice_z(cases[i].rules), cases[i].now) != cases[i].off)
            fail_msg("case %zu: %s", i, cases[i].rules);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hours)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
