/*
 * money.c - decimal arithmetic in 128 bits that saturates instead of wrapping.
 *
 * Used by the catalog to price and by whoever sums costs. Never touches a float.
 */
#include "llm/money.h"

#include "base/error.h"

/* The one type whose name -Wpedantic refuses, so it gets one here. */
__extension__ typedef __int128 wide;
__extension__ typedef unsigned __int128 uwide;

#define MAX        ((wide)(((uwide)1 << 127) - 1))
#define DOLLAR     ((wide)1000000000000 * 1000000000000)
#define MAX_FACTOR ((wide)100000000000000)

static struct lx_money money(wide units)
{
    return (struct lx_money){units};
}

static bool is_at_limit(struct lx_money m)
{
    return m.units == MAX || m.units == -MAX;
}

/* ---- Text ----------------------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* digits x 10^(24 - places), or a code. */
static int place(wide digits, int64_t places, wide *out)
{
    for (; places < LX_MONEY_DIGITS && digits != 0; places++)
        if (__builtin_mul_overflow(digits, (wide)10, &digits))
            return LX_ELIMIT;
    for (; places > LX_MONEY_DIGITS && digits != 0; places--) {
        if (digits % 10 != 0)
            return LX_EINVAL;
        digits /= 10;
    }
    *out = digits;
    return 0;
}

/* The digits, and how many of them stand after the point. */
static int read_digits(struct lx_slice *s, wide *digits, int64_t *places)
{
    bool point = false, any = false;
    for (; s->n && (is_digit(*s->p) || (*s->p == '.' && !point)); *s = lx_slice_from(*s, 1)) {
        if (*s->p == '.') {
            point = true;
            continue;
        }
        any = true;
        *places += point;
        if (__builtin_mul_overflow(*digits, (wide)10, digits) ||
            __builtin_add_overflow(*digits, (wide)(*s->p - '0'), digits))
            return LX_ELIMIT;
    }
    return any ? 0 : LX_EINVAL;
}

int lx_money_read(struct lx_slice text, struct lx_money *out)
{
    struct lx_slice s = text;
    wide digits = 0;
    int64_t places = 0, exponent = 0;
    bool negative = s.n && *s.p == '-';
    if (s.n && (*s.p == '-' || *s.p == '+'))
        s = lx_slice_from(s, 1);
    int code = read_digits(&s, &digits, &places);
    if (code < 0)
        return code;
    if (s.n && (*s.p == 'e' || *s.p == 'E')) {
        s = lx_slice_from(s, s.n > 2 && s.p[1] == '+' && is_digit(s.p[2]) ? 2 : 1);
        if (lx_slice_int(s, &exponent) < 0 || exponent < -1000 || exponent > 1000)
            return LX_EINVAL;
    } else if (s.n) {
        return LX_EINVAL;
    }
    code = place(digits, places - exponent, &digits);
    if (code == 0)
        *out = money(negative ? -digits : digits);
    return code;
}

void lx_money_write(struct lx_money m, struct lx_buf *out)
{
    char text[48];
    size_t at = sizeof(text), end = sizeof(text);
    uwide rest = m.units < 0 ? -(uwide)m.units : (uwide)m.units;
    for (int i = 0; i < LX_MONEY_DIGITS || rest != 0 || i == LX_MONEY_DIGITS; i++) {
        if (i == LX_MONEY_DIGITS)
            text[--at] = '.';
        text[--at] = (char)('0' + (int)(rest % 10));
        rest /= 10;
    }
    while (text[end - 1] == '0')
        end--;
    if (text[end - 1] == '.')
        end--;
    if (m.units < 0)
        text[--at] = '-';
    lx_buf_add(out, lx_slice(text + at, end - at));
}

void lx_money_out(struct lx_money m, const char *name, struct lx_out *out)
{
    char room[64];
    struct lx_buf text = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
    lx_money_write(m, &text);
    lx_out_raw(out, name, lx_buf_slice(&text));
}

/* ---- Arithmetic ----------------------------------------------------------------------------- */

struct lx_money lx_money_add(struct lx_money a, struct lx_money b)
{
    wide sum;
    if (is_at_limit(a))
        return a;
    if (is_at_limit(b))
        return b;
    if (__builtin_add_overflow(a.units, b.units, &sum))
        return money(a.units < 0 ? -MAX : MAX);
    return money(sum);
}

struct lx_money lx_money_sub(struct lx_money a, struct lx_money b)
{
    return lx_money_add(a, money(-b.units));
}

/* a x b / divisor: whole multiples of the divisor first, so that only what is really too large does
 * not fit. */
static struct lx_money muldiv(wide a, wide b, wide divisor)
{
    bool negative = (a < 0) != (b < 0);
    uwide x = a < 0 ? -(uwide)a : (uwide)a, y = b < 0 ? -(uwide)b : (uwide)b;
    uwide d = (uwide)divisor, whole, part, product, sum;
    if (__builtin_mul_overflow(x / d, y, &whole) || __builtin_mul_overflow(x % d, y / d, &part) ||
        __builtin_mul_overflow(x % d, y % d, &product) ||
        __builtin_add_overflow(whole, part, &sum) ||
        __builtin_add_overflow(sum, product / d, &sum) || sum >= (uwide)MAX)
        return money(negative ? -MAX : MAX);
    uwide left = product % d; /* half goes to the even neighbour */
    sum += left > d - left || (left == d - left && (sum & 1));
    return money(negative ? -(wide)sum : (wide)sum);
}

struct lx_money lx_money_times(struct lx_money m, int64_t count)
{
    return is_at_limit(m) && count ? m : muldiv(m.units, count, 1);
}

struct lx_money lx_money_ratio(struct lx_money m, int64_t count, int64_t divisor)
{
    return is_at_limit(m) && count ? m : muldiv(m.units, count, divisor);
}

struct lx_money lx_money_scale(struct lx_money m, struct lx_money factor)
{
    wide divisor = DOLLAR, f = factor.units;
    if (is_at_limit(m) && f)
        return m;
    /* to the fewest digits, and to what the product has room for */
    while (divisor > 1 && (f % 10 == 0 || divisor > MAX_FACTOR)) {
        wide left = f % 10;
        f = f / 10 + (left > 5 || (left == 5 && f / 10 % 2) ? 1 : 0);
        divisor /= 10;
    }
    return muldiv(m.units, f, divisor);
}
