/*
 * checks.c - why a deployment may not be asked now: a table of checks, each with its words.
 *
 * Each looks at one deployment and the request. What depends on the others of the group (tags,
 * order) is choose.c's.
 */
#include "route/choose.h"

#define LOAD(x) atomic_load_explicit(&(x), memory_order_relaxed)

enum { MINUTE_MS = 60000, PROBE_MAX_MS = 60000 };

static double seconds_until(const struct lx_route_request *r, int64_t until_ms)
{
    return (double)(until_ms - r->now_ms) / 1000;
}

/* ---- Cooling ----------------------------------------------------------------------------------
 */

static bool is_warm(const struct lx_route_request *r, const struct lx_deployment *d,
                    struct lx_route_skip *skip)
{
    const struct lx_deployment_state *s = d->state;
    enum lx_breaker b = s ? lx_breaker_of(s, r->now_ms) : LX_BREAKER_CLOSED;
    if (b == LX_BREAKER_CLOSED)
        return true;
    int64_t probe = LOAD(s->probe_ms);
    if (b == LX_BREAKER_HALF_OPEN && (!probe || r->now_ms - probe >= PROBE_MAX_MS))
        return true;
    skip->fault = LX_FAULT_RATE_LIMIT;
    skip->by_waiting = true;
    skip->until_ms = b == LX_BREAKER_OPEN ? LOAD(s->cooling_until_ms) : 0;
    return false;
}

static void tell_cooling(const struct lx_route_request *r, const struct lx_deployment *d,
                         const struct lx_route_skip *skip, struct lx_buf *out)
{
    uint64_t why = LOAD(d->state->cooling_why);
    int status = (int)(why >> 8 & 0xffff);
    enum lx_fault_kind kind = (enum lx_fault_kind)(why & 0xff);
    if (skip->until_ms)
        lx_buf_addf(out, "cools down for %.1f s", seconds_until(r, skip->until_ms));
    else
        lx_buf_add_lit(out, "is being tried again by another request");
    if (kind > LX_FAULT_NONE && kind < LX_FAULT_COUNT)
        lx_buf_addf(out, " after %d %s", status, lx_fault_class(kind));
}

/* ---- Health -----------------------------------------------------------------------------------
 */

static bool is_unhealthy(const struct lx_route_request *r, const struct lx_deployment *d)
{
    const struct lx_route_policy *p = &r->settings->policy;
    return d->state && lx_deployment_state_is_unhealthy(d->state, p->health_stale_ms, r->now_ms);
}

/* Unhealthy ones are as good as any where there are no others. */
static bool passes_health(const struct lx_route_request *r, const struct lx_deployment *d,
                          struct lx_route_skip *skip)
{
    struct lx_route_skip unused;
    if (!r->settings->policy.health_routing || r->group->unchecked || !is_unhealthy(r, d))
        return true;
    for (size_t i = 0; i < r->group->count; i++)
        if (!is_unhealthy(r, r->group->deployments[i]) &&
            is_warm(r, r->group->deployments[i], &unused)) {
            skip->fault = LX_FAULT_UNAVAILABLE;
            return false;
        }
    return true;
}

static void tell_health(const struct lx_route_request *r, const struct lx_deployment *d,
                        const struct lx_route_skip *skip, struct lx_buf *out)
{
    (void)skip;
    lx_buf_addf(
        out, "failed its health check %.1f s ago",
        -seconds_until(
            r, (int64_t)(atomic_load_explicit(&d->state->health, memory_order_relaxed) >> 1)));
}

static bool is_open(const struct lx_route_request *r, const struct lx_deployment *d,
                    struct lx_route_skip *skip)
{
    (void)r;
    skip->fault = LX_FAULT_UNAVAILABLE;
    return !d->blocked;
}

static void tell_blocked(const struct lx_route_request *r, const struct lx_deployment *d,
                         const struct lx_route_skip *skip, struct lx_buf *out)
{
    (void)r, (void)d, (void)skip;
    lx_buf_add_lit(out, "is paused (model_info.blocked)");
}

/* ---- The request ------------------------------------------------------------------------------
 */

static bool has_room(const struct lx_route_request *r, const struct lx_deployment *d,
                     struct lx_route_skip *skip)
{
    int64_t most = d->facts.max_input_tokens;
    if (!r->settings->policy.pre_call_checks || most <= 0 || r->prompt_tokens <= most)
        return true;
    *skip = (struct lx_route_skip){
        .has = r->prompt_tokens, .limit = most, .fault = LX_FAULT_CONTEXT_WINDOW};
    return false;
}

static void tell_room(const struct lx_route_request *r, const struct lx_deployment *d,
                      const struct lx_route_skip *skip, struct lx_buf *out)
{
    (void)r, (void)d;
    lx_buf_addf(out, "context window %lld < %lld tokens", (long long)skip->limit,
                (long long)skip->has);
}

/* How the clouds begin the names of their regions, by where they are. */
static const struct {
    struct lx_slice where, prefix;
} regions[] = {
    {LX_S_INIT("eu"), LX_S_INIT("eu")},
    {LX_S_INIT("eu"), LX_S_INIT("westeurope")},
    {LX_S_INIT("eu"), LX_S_INIT("northeurope")},
    {LX_S_INIT("eu"), LX_S_INIT("france")},
    {LX_S_INIT("eu"), LX_S_INIT("germany")},
    {LX_S_INIT("eu"), LX_S_INIT("sweden")},
    {LX_S_INIT("eu"), LX_S_INIT("italy")},
    {LX_S_INIT("eu"), LX_S_INIT("poland")},
    {LX_S_INIT("eu"), LX_S_INIT("spain")},
    {LX_S_INIT("us"), LX_S_INIT("us")},
    {LX_S_INIT("us"), LX_S_INIT("eastus")},
    {LX_S_INIT("us"), LX_S_INIT("westus")},
    {LX_S_INIT("us"), LX_S_INIT("centralus")},
    {LX_S_INIT("us"), LX_S_INIT("northcentralus")},
    {LX_S_INIT("us"), LX_S_INIT("southcentralus")},
    {LX_S_INIT("us"), LX_S_INIT("westcentralus")},
};

static bool is_in_region(const struct lx_route_request *r, const struct lx_deployment *d,
                         struct lx_route_skip *skip)
{
    struct lx_slice at = d->region_name.n ? d->region_name : d->region;
    if (!r->region.n || lx_slice_eq_nocase(at, r->region))
        return true;
    for (size_t i = 0; i < sizeof(regions) / sizeof(regions[0]); i++)
        if (lx_slice_eq_nocase(r->region, regions[i].where) &&
            lx_slice_starts(at, regions[i].prefix))
            return true;
    skip->fault = LX_FAULT_BAD_REQUEST;
    return false;
}

static void tell_region(const struct lx_route_request *r, const struct lx_deployment *d,
                        const struct lx_route_skip *skip, struct lx_buf *out)
{
    struct lx_slice at = d->region_name.n ? d->region_name : d->region;
    (void)skip;
    lx_buf_addf(out, "region %.*s is not %.*s", LX_F(at.n ? at : LX_S("unknown")), LX_F(r->region));
}

/* ---- Limits -----------------------------------------------------------------------------------
 */

static bool is_below(const struct lx_route_request *r, const struct lx_deployment *d,
                     enum lx_count kind, int64_t more, int64_t limit, struct lx_route_skip *skip)
{
    int64_t minute = r->now_ms / MINUTE_MS;
    if (!d->state || limit <= 0 || !lx_group_has_limits(r->group, &r->settings->policy))
        return true;
    int64_t has = lx_tally_get(&d->state->counts[kind], minute);
    if (has + more <= limit)
        return true;
    *skip = (struct lx_route_skip){.has = has,
                                   .limit = limit,
                                   .by_waiting = more <= limit,
                                   .until_ms = more <= limit ? (minute + 1) * MINUTE_MS : 0,
                                   .fault = LX_FAULT_RATE_LIMIT};
    return false;
}

static bool is_below_rpm(const struct lx_route_request *r, const struct lx_deployment *d,
                         struct lx_route_skip *skip)
{
    return is_below(r, d, LX_COUNT_REQUESTS, 1, d->rpm, skip);
}

static void tell_rpm(const struct lx_route_request *r, const struct lx_deployment *d,
                     const struct lx_route_skip *skip, struct lx_buf *out)
{
    (void)r, (void)d;
    lx_buf_addf(out, "rpm limit %lld reached", (long long)skip->limit);
}

static bool is_below_tpm(const struct lx_route_request *r, const struct lx_deployment *d,
                         struct lx_route_skip *skip)
{
    return is_below(r, d, LX_COUNT_TOKENS, r->prompt_tokens > 0 ? r->prompt_tokens : 1, d->tpm,
                    skip);
}

static void tell_tokens(const char *which, int64_t wanted, const struct lx_route_skip *skip,
                        struct lx_buf *out)
{
    lx_buf_addf(out, "%s limit %lld: %lld used", which, (long long)skip->limit,
                (long long)skip->has);
    if (wanted > 0)
        lx_buf_addf(out, ", %lld wanted", (long long)wanted);
}

static void tell_tpm(const struct lx_route_request *r, const struct lx_deployment *d,
                     const struct lx_route_skip *skip, struct lx_buf *out)
{
    (void)d;
    tell_tokens("tpm", r->prompt_tokens, skip, out);
}

static bool is_below_itpm(const struct lx_route_request *r, const struct lx_deployment *d,
                          struct lx_route_skip *skip)
{
    return is_below(r, d, LX_COUNT_INPUT, r->prompt_tokens > 0 ? r->prompt_tokens : 1, d->itpm,
                    skip);
}

static void tell_itpm(const struct lx_route_request *r, const struct lx_deployment *d,
                      const struct lx_route_skip *skip, struct lx_buf *out)
{
    (void)d;
    tell_tokens("itpm", r->prompt_tokens, skip, out);
}

static bool is_below_otpm(const struct lx_route_request *r, const struct lx_deployment *d,
                          struct lx_route_skip *skip)
{
    return is_below(r, d, LX_COUNT_OUTPUT, r->max_tokens > 0 ? r->max_tokens : 1, d->otpm, skip);
}

static void tell_otpm(const struct lx_route_request *r, const struct lx_deployment *d,
                      const struct lx_route_skip *skip, struct lx_buf *out)
{
    (void)d;
    tell_tokens("otpm", r->max_tokens, skip, out);
}

static bool has_place(const struct lx_route_request *r, const struct lx_deployment *d,
                      struct lx_route_skip *skip)
{
    const struct lx_deployment_state *s = d->state;
    int64_t most = lx_deployment_max_parallel(d, &r->settings->policy);
    if (!s || most <= 0 || LOAD(s->in_flight) + LOAD(s->in_flight_others) < most)
        return true;
    *skip = (struct lx_route_skip){.limit = most, .by_waiting = true, .fault = LX_FAULT_RATE_LIMIT};
    return false;
}

static void tell_place(const struct lx_route_request *r, const struct lx_deployment *d,
                       const struct lx_route_skip *skip, struct lx_buf *out)
{
    (void)r, (void)d;
    lx_buf_addf(out, "max_parallel_requests %lld reached", (long long)skip->limit);
}

static bool is_within(const struct lx_budget *b, int64_t now_ms, struct lx_route_skip *skip)
{
    if (!b || !b->state || b->window_ms <= 0)
        return true;
    int64_t spent = lx_spend_get(b->state, b->window_ms, now_ms);
    if (spent < b->limit_nano_usd)
        return true;
    *skip = (struct lx_route_skip){.has = spent,
                                   .limit = b->limit_nano_usd,
                                   .by_waiting = true,
                                   .until_ms = (now_ms / b->window_ms + 1) * b->window_ms,
                                   .fault = LX_FAULT_RATE_LIMIT};
    return false;
}

static bool can_afford(const struct lx_route_request *r, const struct lx_deployment *d,
                       struct lx_route_skip *skip)
{
    const struct lx_named_budget *tags = r->settings->policy.tag_budgets;
    if (!is_within(&d->budget, r->now_ms, skip) || !is_within(d->provider_budget, r->now_ms, skip))
        return false;
    for (uint64_t left = r->tag_budgets; left; left >>= 1, tags++)
        if ((left & 1) && !is_within(&tags->budget, r->now_ms, skip))
            return false;
    return true;
}

static void tell_budget(const struct lx_route_request *r, const struct lx_deployment *d,
                        const struct lx_route_skip *skip, struct lx_buf *out)
{
    (void)r, (void)d;
    lx_buf_addf(out, "crossed budget: $%.6f spent of $%.6f", (double)skip->has / 1e9,
                (double)skip->limit / 1e9);
}

/* ---- Prices -----------------------------------------------------------------------------------
 */

/* Whose replies say what they cost need none. A wildcard's is its model's, found now. */
static bool has_price(const struct lx_route_request *r, const struct lx_deployment *d,
                      struct lx_route_skip *skip)
{
    enum { MAX_PRICE_BYTES = 1 << 20 };
    const struct lx_cost_settings *cost = &r->settings->cost;
    if (!cost->blocks_unpriced || lx_deployment_states_cost(d))
        return true;
    skip->fault = LX_FAULT_PERMISSION;
    if (d->price)
        return d->price->is_priced;
    struct lx_arena a;
    struct lx_price price;
    lx_arena_init(&a, MAX_PRICE_BYTES);
    bool known = lx_price_find(cost->catalog, lx_slice_z(d->provider->id),
                               lx_deployment_model(d, r->star, &a), d->base_model, d->own_prices,
                               &a, &price);
    lx_arena_clear(&a);
    return known;
}

static void tell_price(const struct lx_route_request *r, const struct lx_deployment *d,
                       const struct lx_route_skip *skip, struct lx_buf *out)
{
    (void)r, (void)d, (void)skip;
    lx_buf_add_lit(out, "has no price, and block_requests_for_models_without_pricing is set: give "
                        "input_cost_per_token and output_cost_per_token");
}

const struct lx_route_check lx_route_checks[] = {
    {"cooldown", is_warm, tell_cooling},     {"health", passes_health, tell_health},
    {"context-window", has_room, tell_room}, {"region", is_in_region, tell_region},
    {"rpm", is_below_rpm, tell_rpm},         {"tpm", is_below_tpm, tell_tpm},
    {"itpm", is_below_itpm, tell_itpm},      {"otpm", is_below_otpm, tell_otpm},
    {"blocked", is_open, tell_blocked},      {"parallel", has_place, tell_place},
    {"budget", can_afford, tell_budget},     {"price", has_price, tell_price},
};
const size_t lx_route_check_count = sizeof(lx_route_checks) / sizeof(lx_route_checks[0]);
