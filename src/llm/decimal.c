/*
 * decimal.c - exact numbers; see decimal.h.
 *
 * schema.c asks it, for the limits of a schema and for equality: 0.3 is a multiple of 0.1, 1 is
 * 1.0, and 9007199254740993 is not 9007199254740992. Nothing is allocated, whatever the length.
 */
#include "llm/decimal.h"

enum { MAX_DIVISOR_DIGITS = 18 };
#define MAX_EXPONENT INT64_C(1000000000000000)

static size_t digits(struct lx_slice s)
{
    size_t n = 0;
    while (n < s.n && s.p[n] >= '0' && s.p[n] <= '9')
        n++;
    return n;
}

static int digit(const struct lx_decimal *d, size_t i)
{
    i += d->first;
    return (i < d->whole.n ? d->whole.p[i] : d->fraction.p[i - d->whole.n]) - '0';
}

/* "e+12"; empty: 0. False: neither. */
static bool read_exponent(struct lx_slice s, int64_t *out)
{
    *out = 0;
    if (!s.n)
        return true;
    if (s.p[0] != 'e' && s.p[0] != 'E')
        return false;
    s = lx_slice_from(s, 1);
    bool negative = s.n && s.p[0] == '-';
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        s = lx_slice_from(s, 1);
    if (!s.n || digits(s) != s.n)
        return false;
    for (size_t i = 0; i < s.n && *out < MAX_EXPONENT; i++)
        *out = *out * 10 + (s.p[i] - '0');
    if (*out > MAX_EXPONENT)
        *out = MAX_EXPONENT;
    if (negative)
        *out = -*out;
    return true;
}

bool lx_decimal_read(struct lx_slice text, struct lx_decimal *out)
{
    *out = (struct lx_decimal){.negative = text.n && text.p[0] == '-'};
    text = lx_slice_from(text, out->negative);
    out->whole = lx_slice_to(text, digits(text));
    text = lx_slice_from(text, out->whole.n);
    bool point = text.n && text.p[0] == '.';
    if (point) {
        text = lx_slice_from(text, 1);
        out->fraction = lx_slice_to(text, digits(text));
        text = lx_slice_from(text, out->fraction.n);
    }
    if (!out->whole.n || (point && !out->fraction.n) || !read_exponent(text, &out->exponent))
        return false;
    out->exponent += (int64_t)out->whole.n;
    out->count = out->whole.n + out->fraction.n;
    while (out->count && digit(out, 0) == 0) {
        out->first++;
        out->count--;
        out->exponent--;
    }
    while (out->count && digit(out, out->count - 1) == 0)
        out->count--;
    return true;
}

static int cmp_size(const struct lx_decimal *a, const struct lx_decimal *b)
{
    if (!a->count || !b->count)
        return (a->count > 0) - (b->count > 0);
    if (a->exponent != b->exponent)
        return a->exponent < b->exponent ? -1 : 1;
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (digit(a, i) != digit(b, i))
            return digit(a, i) - digit(b, i);
    return (a->count > b->count) - (a->count < b->count);
}

int lx_decimal_cmp(const struct lx_decimal *a, const struct lx_decimal *b)
{
    bool x = a->negative && a->count, y = b->negative && b->count;
    if (x != y)
        return x ? -1 : 1;
    return x ? cmp_size(b, a) : cmp_size(a, b);
}

bool lx_decimal_is_integer(const struct lx_decimal *d)
{
    return !d->count || d->exponent >= (int64_t)d->count;
}

static uint64_t modulo(const struct lx_decimal *d, uint64_t divisor)
{
    __extension__ unsigned __int128 rest = 0;
    for (size_t i = 0; i < d->count; i++)
        rest = (rest * 10 + (unsigned)digit(d, i)) % divisor;
    return (uint64_t)rest;
}

/* factor * 10^n, modulo divisor. */
static uint64_t shift(uint64_t factor, uint64_t n, uint64_t divisor)
{
    __extension__ unsigned __int128 result = factor, power = 10 % divisor;
    for (; n; n >>= 1) {
        if (n & 1)
            result = result * power % divisor;
        power = power * power % divisor;
    }
    return (uint64_t)(result % divisor);
}

int lx_decimal_is_multiple(const struct lx_decimal *d, const struct lx_decimal *of)
{
    uint64_t divisor = 0;
    if (!of->count || of->count > MAX_DIVISOR_DIGITS)
        return -1;
    if (!d->count)
        return 1;
    for (size_t i = 0; i < of->count; i++)
        divisor = divisor * 10 + (unsigned)digit(of, i);
    /* Neither has zeros at its end: where the divisor's last digit stands left of the number's,
     * ten would have to divide it. */
    int64_t places = (d->exponent - (int64_t)d->count) - (of->exponent - (int64_t)of->count);
    return places >= 0 && shift(modulo(d, divisor), (uint64_t)places, divisor) == 0;
}
