/*
 * hedge.c - see hedge.h. Called by the call machine when a request is sent, and when the wait is
 * over.
 *
 * A deployment is measured by itself: a slow one is not hedged because others are fast. What is
 * measured is what the client waits for: the first token of a stream, the whole of another reply.
 */
#include "route/hedge.h"

enum {
    LEAST_SAMPLES = 10, /* fewer tell no percentile */
    LEAST_MS = 1,
    MINUTE_MS = 60000,
    PPM = 1000000,
    PERCENT = PPM / 100,
};

int64_t lx_hedge_after_ms(const struct lx_route_policy *p, const struct lx_deployment *d,
                          bool stream, int64_t now_ms)
{
    const struct lx_latency *l = !d->state ? NULL : stream ? &d->state->first : &d->state->whole;
    if (!p->hedge_percentile || !l ||
        atomic_load_explicit(&l->count, memory_order_relaxed) < LEAST_SAMPLES)
        return p->hedge_after_ms;
    int64_t us = lx_latency_percentile_us(l, LX_LATENCY_RING, p->hedge_percentile * PERCENT,
                                          p->latency.ttl_ms, now_ms);
    return us ? us / 1000 + LEAST_MS : p->hedge_after_ms;
}

bool lx_hedge_take(const struct lx_route_policy *p, const struct lx_model_group *g, int64_t now_ms)
{
    struct lx_group_state *s = g->state;
    int64_t minute = now_ms / MINUTE_MS;
    if (!s)
        return true;
    int64_t most = lx_tally_lately(&s->requests, minute) * p->hedge_budget_ppm / PPM;
    most = (most > 1 ? most : 1) - lx_tally_get(&s->hedges, minute - 1);
    return lx_tally_reserve(&s->hedges, minute, 1, most);
}
