/*
 * peak.c - whether it is off-peak: windows of the day in UTC, on some days of the week.
 *
 *   {"hours_utc": "16:30-00:30" or [...],
 *    "windows": [{"hours_utc": ..., "weekdays": [1, 2, "fri"]}], "weekday_timezone":
 * "Asia/Shanghai"}
 *
 * A window may pass midnight; one that ends where it begins is a whole day; its begin is in it, its
 * end is not. Weekdays count from Monday = 1, on the calendar of the zone.
 */
#include "base/text.h"
#include "catalog/cost.h"
#include "catalog/row.h"

enum { DAY = 86400 };

/* Zones without summer time in which providers publish prices; any other counts as UTC. */
static const struct {
    const char *name;
    int hours;
} zones[] = {{"Asia/Shanghai", 8}, {"Asia/Singapore", 8}, {"Asia/Hong_Kong", 8},
             {"Asia/Tokyo", 9},    {"Asia/Seoul", 9},     {"Asia/Dubai", 4}};

/* Minutes of "HH:MM", or -1. */
static int64_t minutes(struct lx_slice s)
{
    struct lx_slice h, m;
    int64_t hours, rest;
    if (!lx_slice_cut(lx_slice_trim(s), ':', &h, &m) || lx_slice_int(h, &hours) < 0 ||
        lx_slice_int(m, &rest) < 0 || hours < 0 || hours > 23 || rest < 0 || rest > 59)
        return -1;
    return hours * 60 + rest;
}

static bool in_window(struct lx_slice window, int64_t now)
{
    struct lx_slice from, to;
    if (!lx_slice_cut(lx_row_unquoted(window), '-', &from, &to))
        return false;
    int64_t start = minutes(from), end = minutes(to);
    if (start < 0 || end < 0)
        return false;
    return start < end ? start <= now && now < end : now >= start || now < end;
}

/* One window, or a list of them. */
static bool in_windows(struct lx_slice windows, int64_t now)
{
    if (!windows.n)
        return false;
    if (*windows.p == '"')
        return in_window(windows, now);
    for (struct lx_row r = lx_row(windows); lx_row_next(&r);)
        if (in_window(r.value, now))
            return true;
    return false;
}

static bool is_day(struct lx_slice value, int64_t weekday)
{
    static const char names[] = "montuewedthufrisatsun";
    struct lx_slice name = lx_row_unquoted(value);
    int64_t n;
    if (lx_slice_int(name, &n) == 0)
        return n == weekday;
    return lx_slice_eq_nocase(lx_slice_to(name, 3), lx_slice(names + 3 * (weekday - 1), 3));
}

static bool on_days(struct lx_slice days, struct lx_slice zone, int64_t now_s)
{
    if (!days.p || lx_slice_eq(days, LX_S("null")))
        return true;
    for (size_t i = 0; i < sizeof(zones) / sizeof(zones[0]); i++)
        if (lx_slice_eq(lx_row_unquoted(zone), lx_slice_z(zones[i].name)))
            now_s += zones[i].hours * 3600;
    int64_t weekday = (now_s / DAY + 3) % 7 + 1; /* 1970-01-01 was a Thursday */
    for (struct lx_row r = lx_row(days); lx_row_next(&r);)
        if (is_day(r.value, weekday))
            return true;
    return false;
}

bool lx_off_peak(struct lx_slice rules, int64_t now_s)
{
    int64_t now = now_s % DAY / 60;
    if (!rules.n || now_s <= 0)
        return false;
    if (in_windows(lx_row_get(rules, LX_S("hours_utc")), now))
        return true;
    struct lx_slice zone = lx_row_get(rules, LX_S("weekday_timezone"));
    for (struct lx_row r = lx_row(lx_row_get(rules, LX_S("windows"))); lx_row_next(&r);)
        if (on_days(lx_row_get(r.value, LX_S("weekdays")), zone, now_s) &&
            in_windows(lx_row_get(r.value, LX_S("hours_utc")), now))
            return true;
    return false;
}
