/*
 * bill.h - what a call's reply costs, from what its provider said was used.
 */
#ifndef LX_CALL_BILL_H
#define LX_CALL_BILL_H

#include "call/call.h"
#include "catalog/cost.h"

/* Whose prices hold for one attempt. All is borrowed. */
struct lx_biller {
    const struct lx_deployment *deployment;
    const struct lx_cost_settings *settings;
    struct lx_slice model; /* upstream */
    int64_t now_s;
};

/* The cost of that usage, discount and margin included. False: the usage is not known, or the model
 * has no price. A model that only a wildcard names is looked up now. */
bool lx_bill_usage(const struct lx_biller *b, const struct lx_usage *usage, struct lx_cost *out);

#endif
