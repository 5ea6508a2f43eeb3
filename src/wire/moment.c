/*
 * moment.c - moments, by arithmetic: no clock, no locale, no time zone but what a text says.
 */
#include "wire/moment.h"

#include "base/error.h"
#include "wire/date.h"

/* Fixed-width digits at `at`; -1 when there are others. */
static int64_t digits(struct lx_slice s, size_t at, size_t n)
{
    int64_t v = 0;
    if (at + n > s.n)
        return -1;
    for (size_t i = at; i < at + n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return -1;
        v = v * 10 + (s.p[i] - '0');
    }
    return v;
}

/* Seconds that a zone is ahead: "Z", "+02:00"; -1 for what is none (no zone is that). */
static int64_t zone(struct lx_slice s)
{
    if (lx_slice_eq_nocase(s, LX_S("Z")))
        return 0;
    int64_t hours = digits(s, 1, 2), minutes = digits(s, 4, 2);
    if (s.n != 6 || s.p[3] != ':' || hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return -1;
    int64_t ahead = hours * 3600 + minutes * 60;
    return s.p[0] == '+' ? ahead : s.p[0] == '-' ? -ahead : -1;
}

int lx_moment_read(struct lx_slice s, int64_t *out)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd";
    s = lx_slice_trim(s);
    if (s.n < sizeof(shape))
        return LX_EINVAL;
    for (size_t i = 0; i + 1 < sizeof(shape); i++)
        if (shape[i] == 'T' ? s.p[i] != 'T' && s.p[i] != ' '
                            : shape[i] != 'd' && s.p[i] != shape[i])
            return LX_EINVAL;
    int64_t year = digits(s, 0, 4), month = digits(s, 5, 2), day = digits(s, 8, 2);
    int64_t hour = digits(s, 11, 2), minute = digits(s, 14, 2), second = digits(s, 17, 2);
    size_t at = 19;
    if (at < s.n && s.p[at] == '.')
        for (at++; at < s.n && digits(s, at, 1) >= 0; at++)
            ;
    int64_t ahead = zone(lx_slice_from(s, at));
    if (year < 0 || month < 1 || month > 12 || day < 1 || day > 31 || hour < 0 || hour > 23 ||
        minute < 0 || minute > 59 || second < 0 || second > 60 || ahead == -1)
        return LX_EINVAL;
    *out = lx_date_days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - ahead;
    return 0;
}

struct moment {
    int64_t days;
    int year, month, day, hour, minute, second; /* month from 0 */
};

static struct moment moment_of(int64_t s)
{
    static const uint8_t lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t days = s < 0 ? 0 : s / 86400, second = s < 0 ? 0 : s % 86400;
    struct moment m = {.days = days, .year = 1970};
    bool leap;
    for (;; m.year++) {
        leap = m.year % 4 == 0 && (m.year % 100 != 0 || m.year % 400 == 0);
        if (days < 365 + leap || m.year == 9999)
            break;
        days -= 365 + leap;
    }
    for (; m.month < 11 && days >= lengths[m.month] + (leap && m.month == 1); m.month++)
        days -= lengths[m.month] + (leap && m.month == 1);
    m.day = (int)(days % 31) + 1;
    m.hour = (int)(second / 3600);
    m.minute = (int)(second / 60 % 60);
    m.second = (int)(second % 60);
    return m;
}

static void put_digits(char *to, int n, int v)
{
    for (; n--; v /= 10)
        to[n] = (char)('0' + v % 10);
}

void lx_moment_write_basic(int64_t s, char out[17])
{
    struct moment m = moment_of(s);
    memcpy(out, "yyyymmddThhmmssZ", 17);
    put_digits(out, 4, m.year);
    put_digits(out + 4, 2, m.month + 1);
    put_digits(out + 6, 2, m.day);
    put_digits(out + 9, 2, m.hour);
    put_digits(out + 11, 2, m.minute);
    put_digits(out + 13, 2, m.second);
}

void lx_moment_write_http(int64_t s, char out[30])
{
    static const char days[] = "ThuFriSatSunMonTueWed"; /* 1970 began on a Thursday */
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct moment m = moment_of(s);
    memcpy(out, "Www, dd Mmm yyyy hh:mm:ss GMT", 30);
    memcpy(out, days + 3 * (m.days % 7), 3);
    memcpy(out + 8, months + (ptrdiff_t)3 * m.month, 3);
    put_digits(out + 5, 2, m.day);
    put_digits(out + 12, 4, m.year);
    put_digits(out + 17, 2, m.hour);
    put_digits(out + 20, 2, m.minute);
    put_digits(out + 23, 2, m.second);
}
