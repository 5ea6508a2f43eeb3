/*
 * decimal.h - numbers of JSON as what they say, digit by digit: compared and divided without the
 * rounding that floating point brings.
 */
#ifndef LX_LLM_DECIMAL_H
#define LX_LLM_DECIMAL_H

#include "base/slice.h"

/* 0.DIGITS * 10^exponent, without zeros at either end; no digits: zero. Borrows the text. */
struct lx_decimal {
    bool negative;
    struct lx_slice whole, fraction; /* the text before and after the point */
    size_t first, count;             /* of the digits of both, one after the other */
    int64_t exponent;
};

/* The number that a JSON number's text says. False: it is none. Exponents beyond 10^15 are taken
 * for that. */
bool lx_decimal_read(struct lx_slice text, struct lx_decimal *out);
/* Below, at or above 0, as a is below, equal to or above b. */
int lx_decimal_cmp(const struct lx_decimal *a, const struct lx_decimal *b);
bool lx_decimal_is_integer(const struct lx_decimal *d);
/* 1: d is a multiple of `of`; 0: it is none; -1: that is not told, for `of` is zero or has more
 * than 18 digits. */
int lx_decimal_is_multiple(const struct lx_decimal *d, const struct lx_decimal *of);

#endif
