/*
 * policy.c - the defaults of a routing policy, and its names for failures.
 */
#include "route/choose.h"

static const char *const names[LX_FAILURE_COUNT] = {
#define LX_FAILURE(id, name) name,
    LX_FAILURES(LX_FAILURE)
#undef LX_FAILURE
};

const char *lx_failure_name(enum lx_failure f)
{
    return names[f];
}

static const enum lx_failure failures[LX_FAULT_COUNT] = {
    [LX_FAULT_NONE] = LX_FAILURE_OTHER,
    [LX_FAULT_BAD_REQUEST] = LX_FAILURE_BAD_REQUEST,
    [LX_FAULT_UNSUPPORTED_PARAMS] = LX_FAILURE_BAD_REQUEST,
    [LX_FAULT_CONTEXT_WINDOW] = LX_FAILURE_BAD_REQUEST,
    [LX_FAULT_IMAGE_FETCH] = LX_FAILURE_BAD_REQUEST,
    [LX_FAULT_CONTENT_POLICY] = LX_FAILURE_CONTENT,
    [LX_FAULT_AUTHENTICATION] = LX_FAILURE_AUTHENTICATION,
    [LX_FAULT_BILLING] = LX_FAILURE_BAD_REQUEST,
    [LX_FAULT_PERMISSION] = LX_FAILURE_OTHER,
    [LX_FAULT_NOT_FOUND] = LX_FAILURE_NOT_FOUND,
    [LX_FAULT_TIMEOUT] = LX_FAILURE_TIMEOUT,
    [LX_FAULT_TOO_LARGE] = LX_FAILURE_BAD_REQUEST,
    [LX_FAULT_UNPROCESSABLE] = LX_FAILURE_BAD_REQUEST,
    [LX_FAULT_RATE_LIMIT] = LX_FAILURE_RATE_LIMIT,
    [LX_FAULT_QUOTA] = LX_FAILURE_RATE_LIMIT,
    [LX_FAULT_INTERNAL] = LX_FAILURE_INTERNAL,
    [LX_FAULT_CONNECTION] = LX_FAILURE_OTHER,
    [LX_FAULT_BAD_GATEWAY] = LX_FAILURE_BAD_GATEWAY,
    [LX_FAULT_UNAVAILABLE] = LX_FAILURE_UNAVAILABLE,
    [LX_FAULT_OVERLOADED] = LX_FAILURE_INTERNAL,
    [LX_FAULT_JSON_SCHEMA] = LX_FAILURE_OTHER,
    [LX_FAULT_API] = LX_FAILURE_OTHER,
};

enum lx_failure lx_failure_of(enum lx_fault_kind kind)
{
    return failures[kind];
}

void lx_failure_policy_init(struct lx_failure_policy *p)
{
    for (size_t i = 0; i < LX_FAILURE_COUNT; i++)
        p->of[i] = -1;
}

int64_t lx_failure_policy_get(const struct lx_failure_policy *p, enum lx_fault_kind kind)
{
    enum lx_failure f = lx_failure_of(kind);
    if (p->of[f] < 0 && f == LX_FAILURE_CONTENT)
        f = LX_FAILURE_BAD_REQUEST;
    return p->of[f] >= 0 ? p->of[f] : p->of[LX_FAILURE_OTHER];
}

void lx_route_policy_default(struct lx_route_policy *p)
{
    *p = (struct lx_route_policy){
        .strategy = &lx_strategies[0],
        .latency = {.ttl_ms = 3600000, .samples = 10},
        .adaptive_price_ppm = 250000,
        .adaptive_explore_ppm = 10000,
        .tags_match_any = true,
        .health_stale_ms = 600000,
        .default_priority = -1,
        .queue_max = 1024,
        .queue_ms = 60000,
        .cooldown_ms = 5000,
        .allowed_fails = -1,
        .retry_budget_ppm = 100000,
        .retry_budget_min = 10,
        .hedge_budget_ppm = 50000,
        .mid_stream_fallbacks = true,
        .max_fallbacks = 5,
    };
    lx_failure_policy_init(&p->allowed_fails_policy);
    lx_failure_policy_init(&p->retry_policy);
}
