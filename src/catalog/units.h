/*
 * units.h - a bill in the making: what cost.c and units.c share.
 */
#ifndef LX_CATALOG_UNITS_H
#define LX_CATALOG_UNITS_H

#include "catalog/cost.h"

struct lx_bill {
    const struct lx_price *price;
    const struct lx_cost_input *in;
    const struct lx_usage *usage;
    struct lx_slice provider;
    int64_t prompt; /* tokens, for thresholds */
    bool inclusive; /* a threshold is crossed when it is reached */
    bool off_peak;
    enum lx_tier tier;
    const struct lx_rates *range; /* that of the prompt's size; or NULL */
    const struct lx_rates *dated; /* that hold since some day; or NULL */
};

/* The plain price of a kind, for the tier and the prompt; false when there is none. */
bool lx_bill_rate(const struct lx_bill *b, enum lx_rate_kind kind, struct lx_money *out);
/* Input and output by tokens. */
void lx_bill_tokens(struct lx_bill *b, struct lx_cost *out);
/* Input and output by whatever the call is billed in (units.c). */
void lx_bill_call(struct lx_bill *b, struct lx_cost *out);
/* How many web searches are billed, free ones among them. */
int64_t lx_bill_searches(const struct lx_bill *b);
/* Searches, sessions: what the provider did besides (units.c). */
void lx_bill_tools(struct lx_bill *b, struct lx_cost *out);

#endif
