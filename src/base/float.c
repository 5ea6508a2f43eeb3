/*
 * float.c - decimals to floats and back, without a locale.
 *
 * Embeddings are thousands of numbers a reply, and where a client wants base64 and the provider has
 * decimals each is read here. Nearly all take the fast way: a mantissa below 2^53 and a small power
 * of ten are both exact as doubles, so that one division rounds correctly. The rest is divided in
 * long hand.
 */
#include "base/float.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"

enum {
    MAX_DIGITS = 800, /* what a double can hang on; further ones only say "and a bit more" */
    MAX_POWER = 60,   /* beyond 10^60 there is no float, below 10^-60 only zero */
    LIMBS = 112,      /* of 32 bits: 10^(800 + 60), and room to shift */
};

/* A number as it stands: digits x 10^power. */
struct decimal {
    bool minus;
    char digits[MAX_DIGITS + 1];
    size_t n;      /* significant digits kept; 0: zero */
    int64_t power; /* of the last one kept */
};

/* ---- Reading the text ---------------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static void add_digit(struct decimal *d, char c, bool fraction)
{
    if (d->n < MAX_DIGITS) {
        if (d->n || c != '0')
            d->digits[d->n++] = c;
        d->power -= fraction;
    } else {
        d->power += !fraction;
        if (c != '0')
            d->digits[MAX_DIGITS] = '1'; /* and a bit more */
    }
}

static int read_decimal(struct lx_slice s, struct decimal *d)
{
    size_t i, first;
    int64_t exponent = 0;
    d->n = 0;
    d->power = 0;
    d->digits[MAX_DIGITS] = '0';
    d->minus = s.n && s.p[0] == '-';
    first = d->minus ? 1 : 0;
    for (i = first; i < s.n && is_digit(s.p[i]); i++)
        add_digit(d, s.p[i], false);
    if (i == first)
        return LX_EINVAL;
    if (i < s.n && s.p[i] == '.')
        for (i++; i < s.n && is_digit(s.p[i]); i++)
            add_digit(d, s.p[i], true);
    if (i < s.n && (s.p[i] == 'e' || s.p[i] == 'E')) {
        bool less = i + 1 < s.n && s.p[i + 1] == '-';
        bool sign = less || (i + 1 < s.n && s.p[i + 1] == '+');
        for (i += sign ? 2 : 1; i < s.n && is_digit(s.p[i]); i++)
            if (exponent < 1000000)
                exponent = 10 * exponent + (s.p[i] - '0');
        d->power += less ? -exponent : exponent;
    }
    return i == s.n ? 0 : LX_EINVAL;
}

/* ---- In long hand -------------------------------------------------------------------------- */

struct big {
    uint32_t limb[LIMBS];
    size_t n; /* limbs used; the last one is not zero */
};

static void multiply_add(struct big *b, uint32_t factor, uint32_t more)
{
    uint64_t carry = more;
    for (size_t i = 0; i < b->n; i++) {
        carry += (uint64_t)b->limb[i] * factor;
        b->limb[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry)
        b->limb[b->n++] = (uint32_t)carry;
}

static void shift_left(struct big *b, size_t bits)
{
    size_t whole = bits / 32, part = bits % 32;
    if (!b->n)
        return;
    memmove(b->limb + whole, b->limb, b->n * sizeof(b->limb[0]));
    memset(b->limb, 0, whole * sizeof(b->limb[0]));
    b->n += whole;
    if (part)
        multiply_add(b, (uint32_t)1 << part, 0);
}

static size_t bits_of(const struct big *b)
{
    return b->n ? 32 * b->n - (size_t)__builtin_clz(b->limb[b->n - 1]) : 0;
}

static bool is_less(const struct big *a, const struct big *b)
{
    if (a->n != b->n)
        return a->n < b->n;
    for (size_t i = a->n; i-- > 0;)
        if (a->limb[i] != b->limb[i])
            return a->limb[i] < b->limb[i];
    return false;
}

static void subtract(struct big *a, const struct big *b)
{
    int64_t borrow = 0;
    for (size_t i = 0; i < a->n; i++) {
        borrow += (int64_t)a->limb[i] - (i < b->n ? b->limb[i] : 0);
        a->limb[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
    while (a->n && !a->limb[a->n - 1])
        a->n--;
}

/* A double of 53 bits times 2^exponent; far from where doubles end. */
static double assemble(uint64_t mantissa, int64_t exponent)
{
    double d;
    uint64_t bits;
    if (mantissa >> 53) { /* rounding has carried */
        mantissa >>= 1;
        exponent++;
    }
    bits = (mantissa & ((UINT64_C(1) << 52) - 1)) | (uint64_t)(exponent + 52 + 1023) << 52;
    memcpy(&d, &bits, sizeof(d));
    return d;
}

/* 55 bits of the quotient, then: is there a rest? */
static double divide(struct big *a, struct big *b)
{
    enum { BITS = 55 };
    int64_t shift = BITS - ((int64_t)bits_of(a) - (int64_t)bits_of(b));
    uint64_t q = 0;
    if (shift > 0)
        shift_left(a, (size_t)shift);
    else
        shift_left(b, (size_t)-shift);
    shift_left(b, BITS); /* the quotient has BITS or BITS + 1 bits */
    for (int i = 0; i <= BITS; i++) {
        bool bit = !is_less(a, b);
        q = q << 1 | bit;
        if (bit)
            subtract(a, b);
        shift_left(a, 1);
    }
    int drop = q >> BITS ? 3 : 2;
    uint64_t rest = q & ((UINT64_C(1) << drop) - 1), half = UINT64_C(1) << (drop - 1);
    uint64_t mantissa = q >> drop;
    if (rest > half || (rest == half && (a->n || (mantissa & 1))))
        mantissa++;
    return assemble(mantissa, drop - shift);
}

static double read_slowly(const struct decimal *d)
{
    struct big a = {.n = 0}, b = {.limb = {1}, .n = 1};
    int64_t power = d->power;
    bool more = d->digits[MAX_DIGITS] != '0';
    for (size_t i = 0; i < d->n + more; i++)
        multiply_add(&a, 10, (uint32_t)(d->digits[i] - '0'));
    for (power -= more; power > 0; power--)
        multiply_add(&a, 10, 0);
    for (; power < 0; power++)
        multiply_add(&b, 10, 0);
    return divide(&a, &b);
}

/* ---- The functions ------------------------------------------------------------------------- */

static const double tens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                              1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                              1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
enum { MAX_EXACT = (int)(sizeof(tens) / sizeof(tens[0])) - 1 };

/* False: too long or too far for one division. */
static bool read_fast(const struct decimal *d, double *out)
{
    uint64_t mantissa = 0;
    if (d->n > 18 || d->power < -MAX_EXACT || d->power > MAX_EXACT)
        return false;
    for (size_t i = 0; i < d->n; i++)
        mantissa = 10 * mantissa + (uint64_t)(d->digits[i] - '0');
    if (mantissa >> 53)
        return false;
    *out = d->power < 0 ? (double)mantissa / tens[-d->power] : (double)mantissa * tens[d->power];
    return true;
}

int lx_float_read(struct lx_slice s, float *out)
{
    struct decimal d;
    double value = 0;
    if (read_decimal(s, &d) < 0)
        return LX_EINVAL;
    int64_t top = d.power + (int64_t)d.n; /* the value is below 10^top */
    if (d.n && top > MAX_POWER)
        value = HUGE_VAL;
    else if (d.n && top > -MAX_POWER && !read_fast(&d, &value))
        value = read_slowly(&d);
    *out = (float)(d.minus ? -value : value);
    return 0;
}

/* Nine digits tell every float from its neighbours. The point is written by hand: printf's is the
 * locale's. */
void lx_float_write(float f, struct lx_buf *out)
{
    char digits[16] = "0", text[64];
    int exponent = 0;
    if (!isfinite(f)) {
        lx_buf_add_lit(out, "null");
        return;
    }
    snprintf(text, sizeof(text), "%.8e", (double)f);
    size_t n = 0;
    for (const char *p = text; *p; p++) {
        if (is_digit(*p) && n < 9)
            digits[n++] = *p;
        if (*p == 'e') {
            for (const char *e = p + 2; *e; e++)
                exponent = 10 * exponent + (*e - '0');
            exponent = p[1] == '-' ? -exponent : exponent;
            break;
        }
    }
    while (n > 1 && digits[n - 1] == '0')
        n--;
    if (text[0] == '-')
        lx_buf_add_byte(out, '-');
    lx_buf_add_byte(out, digits[0]);
    if (n > 1) {
        lx_buf_add_byte(out, '.');
        lx_buf_add(out, lx_slice(digits + 1, n - 1));
    }
    if (exponent)
        lx_buf_addf(out, "e%d", exponent);
}

float lx_float_get(const char bytes[4])
{
    uint32_t bits = 0;
    float f;
    for (int i = 4; i-- > 0;)
        bits = bits << 8 | (unsigned char)bytes[i];
    memcpy(&f, &bits, sizeof(f));
    return f;
}

void lx_float_put(float f, char bytes[4])
{
    uint32_t bits;
    memcpy(&bits, &f, sizeof(bits));
    for (int i = 0; i < 4; i++)
        bytes[i] = (char)(bits >> 8 * i & 0xff);
}
