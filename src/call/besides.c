/*
 * besides.c - calls that are made of a call: the same for another model (a race), for another
 * deployment because the first is slow (a hedge), and for nobody (a mirror).
 *
 * The host runs them; net/race and net/aside say when.
 */
#include "base/random.h"
#include "call/inner.h"
#include "route/hedge.h"

struct lx_call *lx_call_fork(struct lx_call *c, struct lx_slice model)
{
    struct lx_call_input in = c->in;
    in.random = lx_random_next(&c->random);
    in.now_ms = c->now_ms;
    in.model = model;
    struct lx_call *fork = lx_call_new(&in);
    if (!fork)
        return NULL;
    struct lx_arena *a = &fork->memory->arena;
    fork->in.model = lx_arena_copy(a, model);
    if (c->owns_body) /* which goes with this call */
        fork->in.body = lx_arena_copy(a, c->in.body);
    fork->owns_body = c->owns_body;
    if (!a->failed)
        return fork;
    lx_call_free(fork);
    return NULL;
}

/* What has failed has waited already. */
int64_t lx_call_hedge_ms(const struct lx_call *c)
{
    const struct lx_route_policy *p = &c->settings->policy;
    if ((!p->hedge_percentile && !p->hedge_after_ms) || !c->group || c->group->count < 2 ||
        c->report.attempts != 1 || c->in.is_hedge || c->in.is_mirror || lx_call_is_bound(c))
        return 0;
    return lx_hedge_after_ms(p, c->deployment, c->report.stream, c->now_ms);
}

struct lx_call *lx_call_hedge(struct lx_call *c)
{
    bool waits = c->memory && !c->head_sent && (c->state == HEAD || c->state == BODY);
    if (waits)
        c->memory->facts.now_ms = c->now_ms;
    if (!waits || !lx_route_has_untried(&c->memory->facts, NULL) ||
        !lx_hedge_take(&c->settings->policy, c->group, c->now_ms))
        return NULL;
    struct lx_call *hedge = lx_call_fork(c, c->report.router ? c->report.group : c->report.model);
    if (!hedge)
        return NULL;
    hedge->in.is_hedge = true;
    hedge->in.avoid = c->deployment;
    c->report.hedges = hedge->report.hedges = 1;
    hedge->report.router = c->report.router;
    hedge->report.routed_by = c->report.routed_by;
    hedge->report.routed_why = lx_arena_copy(&hedge->memory->arena, c->report.routed_why);
    hedge->report.attempts = c->report.attempts;
    return hedge;
}

void lx_call_be_hedge(struct lx_call *c)
{
    c->wishes.max_retries = 0;
    c->wishes.disable_fallbacks = true;
    for (size_t i = 0; i < c->group->count && i < 64; i++)
        if (c->group->deployments[i] == c->in.avoid)
            c->memory->facts.tried |= (uint64_t)1 << i;
}

struct lx_call *lx_call_mirror(struct lx_call *c, struct lx_slice model, struct lx_arena *a)
{
    struct lx_call_input in = c->in;
    struct lx_slice *texts[] = {&in.body, &in.call_id, &in.tags, &in.session, &in.user_agent};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
        *texts[i] = lx_arena_copy(a, *texts[i]);
    in.model = lx_arena_copy(a, model);
    in.forward = lx_headers_copy(&c->in.forward, a);
    in.random = lx_random_next(&c->random);
    in.now_ms = c->now_ms;
    in.keeps_body = true;
    in.is_mirror = true;
    return a->failed ? NULL : lx_call_new(&in);
}

size_t lx_call_body_bytes(const struct lx_call *c)
{
    return c->in.body.n;
}
