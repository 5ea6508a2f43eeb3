/*
 * strategy.c - how good a deployment is for a request: a table of strategies, LiteLLM's and one
 * more.
 *
 * Scores are compared within one choice only; what is not known yet scores best, so that it becomes
 * known. Ties are left to chance.
 *
 * adaptive scores what a request is likely to cost its caller:
 *
 *     ln(time) + price_weight * ln(price) - 4 * ln(success)
 *
 * time is the moving average to the first token (streams) or by token (whole replies), success the
 * share of good outcomes, old ones weighing half every 30 s, price that of the request's tokens.
 * Time and success are drawn at random from within their uncertainty (Thompson sampling), so that
 * what is little known is tried as often as it might be best. And each deployment that is not the
 * best gets a hundredth of the requests, a tenth in all at most, unless it fails more than it
 * works.
 */
#include <math.h>

#include "route/choose.h"

#define LOAD(x) atomic_load_explicit(&(x), memory_order_relaxed)

enum { MINUTE_MS = 60000, PPM = 1000000 };

uint64_t lx_route_random(const struct lx_route_request *r, uint64_t n)
{
    uint64_t z = r->random + (n + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static double fewest(const struct lx_route_field *f, const struct lx_deployment *d, size_t index)
{
    (void)f, (void)index;
    return d->state ? (double)(LOAD(d->state->in_flight) + LOAD(d->state->in_flight_others)) : 0;
}

static const struct lx_latency_args *args_of(const struct lx_route_request *r)
{
    return lx_group_latency(r->group, &r->settings->policy);
}

/* Of streams the first token; of those that have none yet, and of whole replies, the time by token.
 */
static double latency(const struct lx_route_field *f, const struct lx_deployment *d, size_t index)
{
    const struct lx_latency_args *a = args_of(f->r);
    const struct lx_deployment_state *s = d->state;
    int64_t us = 0, now_ms = f->r->now_ms;
    (void)index;
    if (!s)
        return 0;
    if (f->r->stream && a->first_ppm > 0)
        us = lx_latency_percentile_us(&s->first, a->samples, a->first_ppm, a->ttl_ms, now_ms);
    else if (f->r->stream)
        us = lx_latency_mean_us(&s->first, a->ttl_ms, now_ms);
    return (double)(us ? us : lx_latency_mean_us(&s->token, a->ttl_ms, now_ms));
}

static double latency_slack(const struct lx_route_request *r)
{
    return (double)args_of(r)->buffer_ppm / PPM;
}

static double usage(const struct lx_route_field *f, const struct lx_deployment *d, size_t index)
{
    (void)index;
    return d->state
               ? (double)lx_tally_get(&d->state->counts[LX_COUNT_TOKENS], f->r->now_ms / MINUTE_MS)
               : 0;
}

static double list_price(const struct lx_route_field *f, const struct lx_deployment *d,
                         size_t index)
{
    (void)f, (void)index;
    return (double)(d->facts.input_price + d->facts.output_price);
}

/* ---- Adaptive ---------------------------------------------------------------------------------
 */

/* About normal: the sum of four uniform 16-bit numbers, scaled to a deviation of 1. */
static double normal(uint64_t bits)
{
    double sum = 0;
    for (int i = 0; i < 4; i++, bits >>= 16)
        sum += (double)(bits & 0xffff) / 65536.0 - 0.5;
    return sum * 1.7320508075688772;
}

/* Good outcomes of all, with four more of nine in ten that nobody saw; *n: how many there were. */
static double success(const struct lx_route_field *f, const struct lx_deployment *d, double *n)
{
    int64_t good = 0, bad = 0;
    if (d->state)
        lx_odds_get(d->state, f->r->now_ms, &good, &bad);
    *n = (double)(good + bad) / 64 + 4;
    return ((double)good / 64 + 3.6) / *n;
}

static const struct lx_latency *times(const struct lx_route_field *f, const struct lx_deployment *d)
{
    const struct lx_deployment_state *s = d->state;
    if (!s)
        return NULL;
    const struct lx_latency *l = f->r->stream && LOAD(s->first.count) ? &s->first : &s->token;
    int64_t age = f->r->now_ms - LOAD(l->at_ms);
    return LOAD(l->count) && age < args_of(f->r)->ttl_ms ? l : NULL;
}

/* The shortest time that is known of any candidate, for those of which none is known. */
static double shortest(const struct lx_route_field *f)
{
    const struct lx_model_group *g = f->r->group;
    double best = 0;
    for (size_t i = 0; i < g->count; i++) {
        const struct lx_latency *l =
            lx_route_set_has(f->candidates, i) ? times(f, g->deployments[i]) : NULL;
        double us = l ? (double)LOAD(l->ewma_us) : 0;
        if (us > 0 && (best <= 0 || us < best))
            best = us;
    }
    return best > 0 ? best : 1;
}

static double time_drawn(const struct lx_route_field *f, const struct lx_deployment *d, double z)
{
    const struct lx_latency *l = times(f, d);
    if (!l)
        return f->ground;
    double us = (double)LOAD(l->ewma_us), n = (double)LOAD(l->count);
    double drawn = us + (double)LOAD(l->deviation_us) * z / sqrt(n < 16 ? n : 16);
    return drawn > us / 4 ? drawn : us / 4 + 1;
}

static double request_price(const struct lx_route_field *f, const struct lx_deployment *d)
{
    const struct lx_route_request *r = f->r;
    double in = r->prompt_tokens > 0 ? (double)r->prompt_tokens : 1000;
    double out = r->max_tokens > 0 && r->max_tokens < 1000 ? (double)r->max_tokens : 500;
    return (double)d->facts.input_price * in + (double)d->facts.output_price * out + 1;
}

static double adaptive(const struct lx_route_field *f, const struct lx_deployment *d, size_t index)
{
    double n, p = success(f, d, &n);
    double weight = (double)f->r->settings->policy.adaptive_price_ppm / PPM;
    double drawn = p + sqrt(p * (1 - p) / (n + 1)) * normal(lx_route_random(f->r, 2 * index + 16));
    double us = time_drawn(f, d, normal(lx_route_random(f->r, 2 * index + 17)));
    drawn = drawn > 1 ? 1 : drawn < 0.02 ? 0.02 : drawn;
    return log(us) + weight * log(request_price(f, d)) - 4 * log(drawn);
}

static size_t try_another(const struct lx_route_field *f)
{
    uint64_t each = (uint64_t)f->r->settings->policy.adaptive_explore_ppm;
    uint64_t most = f->count > 1 ? PPM / 10 / (f->count - 1) : 0; /* a tenth for all others */
    double n;
    if (each > most)
        each = most;
    if (lx_route_random(f->r, 1) % PPM >= each * f->count) /* the best has a part in it, too */
        return SIZE_MAX;
    size_t at = lx_route_random(f->r, 2) % f->count;
    for (size_t i = 0; i < f->r->group->count; i++)
        if (lx_route_set_has(f->candidates, i) && at-- == 0)
            return success(f, f->r->group->deployments[i], &n) < 0.5 ? SIZE_MAX : i;
    return SIZE_MAX;
}

/* ---- The host's -------------------------------------------------------------------------------
 */

static size_t ask_host(const struct lx_route_field *f)
{
    const struct lx_route_policy *p = &f->r->settings->policy;
    size_t i = p->own_strategy ? p->own_strategy(p->own_arg, f) : SIZE_MAX;
    return i < f->r->group->count && lx_route_set_has(f->candidates, i) ? i : SIZE_MAX;
}

const struct lx_strategy lx_strategy_own = {.name = "own", .weighted = true, .explore = ask_host};

/* ---- The table --------------------------------------------------------------------------------
 */

const struct lx_strategy lx_strategies[] = {
    {.name = "simple-shuffle", .weighted = true},
    {.name = "least-busy", .score = fewest},
    {.name = "latency-based-routing", .limits = true, .score = latency, .slack = latency_slack},
    {.name = "usage-based-routing", .limits = true, .score = usage},
    {.name = "usage-based-routing-v2", .limits = true, .score = usage},
    {.name = "cost-based-routing", .limits = true, .score = list_price},
    {.name = "provider-budget-routing", .weighted = true},
    {.name = "adaptive",
     .limits = true,
     .score = adaptive,
     .prepare = shortest,
     .explore = try_another},
};
const size_t lx_strategy_count = sizeof(lx_strategies) / sizeof(lx_strategies[0]);

const struct lx_strategy *lx_strategy_find(struct lx_slice name)
{
    for (size_t i = 0; i < lx_strategy_count; i++)
        if (lx_slice_eq(name, lx_slice_z(lx_strategies[i].name)))
            return &lx_strategies[i];
    return NULL;
}
