/*
 * endpoint.h - the table of routes: method, path, who may, what answers.
 */
#ifndef LX_SERVE_ENDPOINT_H
#define LX_SERVE_ENDPOINT_H

#include "serve/exchange.h"

struct lx_endpoint {
    enum lx_method method; /* GET serves HEAD too */
    const char *path;      /* "/v1/models/{id}": the braces match all that is left, slashes too,
                            * or, when more follows, up to what follows */
    bool open;             /* needs no key */
    const struct lx_dialect *front; /* whose language its body and errors are in */
    void (*run)(struct lx_exchange *x);
    const char *help;
};

/* The endpoint for a path, the query excluded. NULL: none; *allow has the methods when the path
 * exists with another method. *value: what the braces matched, as sent. */
const struct lx_endpoint *lx_endpoint_find(enum lx_method method, struct lx_slice path,
                                           struct lx_slice *value, struct lx_slice *allow);

void lx_endpoint_models(struct lx_exchange *x); /* models.c */
void lx_endpoint_model(struct lx_exchange *x);
void lx_endpoint_model_info(struct lx_exchange *x); /* model_info.c */
void lx_endpoint_model_group_info(struct lx_exchange *x);
void lx_endpoint_access_groups(struct lx_exchange *x); /* access_groups.c */
void lx_endpoint_access_group(struct lx_exchange *x);
void lx_endpoint_access_group_change(struct lx_exchange *x);
void lx_endpoint_fallback(struct lx_exchange *x); /* fallbacks.c */
void lx_endpoint_fallback_change(struct lx_exchange *x);
void lx_endpoint_router_state(struct lx_exchange *x);    /* router.c */
void lx_endpoint_spend_calculate(struct lx_exchange *x); /* spend.c */
void lx_endpoint_token_counter(struct lx_exchange *x);   /* token_counter.c */
void lx_endpoint_liveness(struct lx_exchange *x);        /* health.c */
void lx_endpoint_health(struct lx_exchange *x);
void lx_endpoint_health_history(struct lx_exchange *x);
void lx_endpoint_health_latest(struct lx_exchange *x);
void lx_endpoint_health_services(struct lx_exchange *x);
void lx_endpoint_health_shared(struct lx_exchange *x);
void lx_endpoint_readiness(struct lx_exchange *x);

/* The query's fallback_type; false: it is none, and was refused. (fallbacks.c) */
bool lx_endpoint_fallback_type(struct lx_exchange *x, enum lx_fallback_kind *out);
/* A model's fallbacks of that kind: a JSON array; absent. */
struct lx_slice lx_endpoint_fallback_targets(struct lx_exchange *x, enum lx_fallback_kind kind,
                                             struct lx_slice model);

#endif
