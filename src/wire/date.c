/*
 * date.c - the calendar, HTTP's dates, and how long a provider asks to wait.
 *
 * Dialects read Retry-After of errors with it, the catalog the days from which prices hold.
 */
#include "wire/date.h"

#include "base/error.h"

int64_t lx_date_days(int64_t year, int64_t month, int64_t day)
{
    /* years begin in March, so that the leap day is the last */
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400, of_era = year - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

int64_t lx_date_month(int64_t days)
{
    int64_t month = days / 31; /* at most; months are shorter, so it may be some later */
    while (lx_date_days(1970 + (month + 1) / 12, (month + 1) % 12 + 1, 1) <= days)
        month++;
    return month;
}

/* Digits only, and just so many. */
static bool read_digits(struct lx_slice s, size_t at, size_t n, int64_t *out)
{
    *out = 0;
    for (size_t i = at; i < at + n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        *out = *out * 10 + (s.p[i] - '0');
    }
    return true;
}

static int64_t month_of(struct lx_slice name)
{
    static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (size_t i = 0; i < 12; i++)
        if (lx_slice_eq(name, lx_slice(names + 3 * i, 3)))
            return (int64_t)i + 1;
    return 0;
}

int lx_date_read_http(struct lx_slice s, int64_t *out)
{
    static const char form[] = "???, 00 ??? 0000 00:00:00 GMT";
    int64_t day, month, year, hour, minute, second;
    s = lx_slice_trim(s);
    if (s.n != sizeof(form) - 1)
        return LX_EINVAL;
    for (size_t i = 0; i < s.n; i++)
        if (form[i] != '?' && form[i] != '0' && s.p[i] != form[i])
            return LX_EINVAL;
    month = month_of(lx_slice(s.p + 8, 3));
    if (!month || !read_digits(s, 5, 2, &day) || !read_digits(s, 12, 4, &year) ||
        !read_digits(s, 17, 2, &hour) || !read_digits(s, 20, 2, &minute) ||
        !read_digits(s, 23, 2, &second) || day < 1 || day > 31 || hour > 23 || minute > 59 ||
        second > 60)
        return LX_EINVAL;
    *out = ((lx_date_days(year, month, day) * 24 + hour) * 60 + minute) * 60 + second;
    return 0;
}

int64_t lx_seconds_read_ms(struct lx_slice s)
{
    struct lx_slice whole, fraction;
    int64_t seconds, ms = 0, scale = 100;
    lx_slice_cut(lx_slice_trim(s), '.', &whole, &fraction);
    if (lx_slice_int(whole, &seconds) != 0 || seconds < 0 || seconds > INT64_MAX / 1000 - 1)
        return -1;
    for (size_t i = 0; i < fraction.n; i++, scale /= 10) {
        if (fraction.p[i] < '0' || fraction.p[i] > '9')
            return -1;
        ms += (fraction.p[i] - '0') * scale;
        if (!scale && fraction.p[i] != '0') {
            ms++;
            break;
        }
    }
    return seconds * 1000 + ms;
}

int64_t lx_headers_retry_after_ms(const struct lx_headers *h, int64_t now_s)
{
    int64_t ms, until;
    if (lx_slice_int(lx_headers_get(h, LX_S("retry-after-ms")), &ms) == 0 && ms >= 0)
        return ms;
    struct lx_slice value = lx_headers_get(h, LX_S("retry-after"));
    ms = lx_seconds_read_ms(value);
    if (ms >= 0 || lx_date_read_http(value, &until) != 0)
        return ms;
    if (lx_date_read_http(lx_headers_get(h, LX_S("date")), &now_s) != 0 && now_s == 0)
        return -1;
    return until > now_s ? (until - now_s) * 1000 : 0;
}
