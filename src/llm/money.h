/*
 * money.h - amounts and prices in US dollars as decimal integers: exact, never binary floating
 * point.
 *
 * The unit is 1e-24 dollars, fine enough for every price anyone publishes (per token, pixel or
 * microsecond) times any multiplier, and 128 bits of it hold 170,000,000,000,000 dollars. Results
 * that have no exact value there (a third, a multiplier's last digits) are rounded half to even.
 * What does not fit becomes LX_MONEY_MAX and stays it, so that an absurd price is an absurd cost
 * and not a small one.
 */
#ifndef LX_LLM_MONEY_H
#define LX_LLM_MONEY_H

#include "wire/json.h"

struct lx_money {
    __extension__ __int128 units; /* of 1e-24 dollars */
};

#define LX_MONEY_DIGITS 24 /* after the point */

static inline bool lx_money_is_zero(struct lx_money m)
{
    return m.units == 0;
}
static inline bool lx_money_less(struct lx_money a, struct lx_money b)
{
    return a.units < b.units;
}

/* Reads "0.15", "2.5e-07", "-3", as JSON writes numbers (a leading '+' or point is taken too). 0;
 * LX_EINVAL: no number, or more digits than the unit holds; LX_ELIMIT: too large. */
int lx_money_read(struct lx_slice text, struct lx_money *out);
/* Appends it in plain decimal with no more digits than it has: "0.000135", "12", "-0.5". */
void lx_money_write(struct lx_money m, struct lx_buf *out);
/* The same as a member of an open object. */
void lx_money_out(struct lx_money m, const char *name, struct lx_out *out);

struct lx_money lx_money_add(struct lx_money a, struct lx_money b);
struct lx_money lx_money_sub(struct lx_money a, struct lx_money b);
struct lx_money lx_money_times(struct lx_money m, int64_t count);
/* m x count / divisor; divisor > 0. */
struct lx_money lx_money_ratio(struct lx_money m, int64_t count, int64_t divisor);
/* m x factor, where factor is a plain number read with lx_money_read: 1.1, 0.05. Of a factor, 14
 * digits after the point count. */
struct lx_money lx_money_scale(struct lx_money m, struct lx_money factor);

#endif
