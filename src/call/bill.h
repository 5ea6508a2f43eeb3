/*
 * bill.h - what a call's reply cost, from what its provider said was used, or else from what is
 * counted here.
 */
#ifndef LX_CALL_BILL_H
#define LX_CALL_BILL_H

#include "call/pool.h"
#include "catalog/cost.h"

/* Whose prices hold for one attempt, and by what its tokens are counted. All is borrowed. */
struct lx_biller {
    const struct lx_deployment *deployment;
    const struct lx_route_settings *settings;
    struct lx_slice model; /* upstream */
    int64_t now_s;
    struct lx_call_pool *pool;
    const struct lx_dialect *front; /* the body's language */
    struct lx_slice body;           /* the client's; absent: it is not there any more */
    int64_t prompt_tokens;          /* of the body, counted here; -1: not yet */
    const char *chosen;    /* the model that the reply names, where the provider chooses it; "": not
                            * yet; NULL: it does not */
    char service_tier[16]; /* that was asked for; or "" */
    char search_context_size[8]; /* the same */
    int64_t searches_before; /* of the free allowance, when this one's were counted; -1: not yet */
};

/* Takes what of a request has a price: service_tier and web_search_options, each may be absent. The
 * deployment's own parameters count where the client gives none. */
void lx_bill_request(struct lx_biller *b, struct lx_json service_tier, struct lx_json search);
/* The reply names its model; kept in the arena, where it is asked for. b may be NULL. */
void lx_bill_chosen(struct lx_biller *b, struct lx_slice model, struct lx_arena *a);
/* The cost of that usage, discount and margin included. False: the usage is not known, or the model
 * has no price. A model that only a wildcard names is looked up now. */
bool lx_bill_usage(struct lx_biller *b, const struct lx_usage *usage, struct lx_cost *out);

/* Counts the body's tokens, if that is not done. 0 or LX_ENOMEM: what cannot be counted is 0. */
int lx_bill_count_prompt(struct lx_biller *b);
/* Fills in what the provider did not say: of a usage that is not known both sides; of one that is,
 * what was said since, where that is more (a stream that broke off). 0 or a code. */
int lx_bill_estimate(struct lx_biller *b, const struct lx_said *said, struct lx_usage *usage);

#endif
