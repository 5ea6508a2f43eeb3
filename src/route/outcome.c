/*
 * outcome.c - accounting for attempts: what is reserved when one begins, and what its end says
 * about the deployment.
 *
 * When a deployment cools down is a table of rules. LiteLLM's are there: 429, statuses that no
 * retry cures, more than half of the minute's requests failed, all of very many, allowed_fails. A
 * busy deployment that dies would meet them late (a minute's successes must be outweighed first),
 * so there are two more: more than half of the last outcomes failed; or more of them than the
 * group's retry budget allows, while that runs out. One that stands alone in its group is spared,
 * as LiteLLM does, for there is nobody else to ask.
 *
 * While it cools, nobody asks it; then one request at a time does. A failed probe begins the time
 * anew; after timeouts it doubles, since each of those costs somebody a long wait.
 */
#include "route/choose.h"

#define LOAD(x)     atomic_load_explicit(&(x), memory_order_relaxed)
#define STORE(x, v) atomic_store_explicit(&(x), (v), memory_order_relaxed)
#define ADD(x, v)   atomic_fetch_add_explicit(&(x), (v), memory_order_relaxed)
#define SWAP_IF(x, old, new)                                                         \
    atomic_compare_exchange_weak_explicit(&(x), &(old), (new), memory_order_relaxed, \
                                          memory_order_relaxed)

enum {
    MINUTE_MS = 60000,
    PPM = 1000000,
    COOLDOWN_MAX_MS = 3600000, /* whatever a provider says */
    TIMEOUT_MAX_MS = 60000,    /* of cooldowns that double */
    PROBE_MAX_MS = 60000,      /* after that another request may find out */
    LEAST_OUTCOMES = 5,        /* before half of them means anything */
    LEAST_FOR_ALL = 1000,      /* before all of them means anything to one that stands alone */
    HISTORY = 32,              /* outcomes that are remembered */
    HISTORY_MAX_S = 60,        /* for how long */
    HALF_LIFE_S = 30,          /* of the odds */
};

/* ---- The last outcomes ------------------------------------------------------------------------
 */

/* Bits 0-31: failed ones, the latest at 0; 32-39: how many; 40-63: second of the last. */
static uint64_t second_of(int64_t now_ms)
{
    return (uint64_t)(now_ms / 1000) & 0xffffff;
}

static bool is_stale(uint64_t word, int64_t now_ms)
{
    return ((second_of(now_ms) - (word >> 40)) & 0xffffff) > HISTORY_MAX_S;
}

static void remember(struct lx_deployment_state *s, bool failed, int64_t now_ms)
{
    uint64_t old = LOAD(s->history), next;
    do {
        uint64_t was = is_stale(old, now_ms) ? 0 : old;
        uint64_t n = was >> 32 & 0xff;
        next = (uint64_t)(uint32_t)(was << 1 | failed) | (n < HISTORY ? n + 1 : n) << 32 |
               second_of(now_ms) << 40;
    } while (!SWAP_IF(s->history, old, next));
}

void lx_history_get(const struct lx_deployment_state *s, int64_t now_ms, int *outcomes,
                    int *failures)
{
    uint64_t word = LOAD(s->history);
    if (is_stale(word, now_ms))
        word = 0;
    *outcomes = (int)(word >> 32 & 0xff);
    *failures = 0;
    for (uint32_t bits = (uint32_t)word; bits; bits &= bits - 1)
        ++*failures;
}

/* ---- Odds -------------------------------------------------------------------------------------
 */

/* Bits 0-19: failures; 20-39: successes, both in 64ths; 40-63: second of the last. */
enum { ODDS_BITS = 20, ODDS_ONE = 64, ODDS_MAX = (1 << ODDS_BITS) - 1 };

static int64_t decay(uint64_t v, uint64_t seconds)
{
    uint64_t halves = seconds / HALF_LIFE_S, rest = seconds % HALF_LIFE_S;
    v = halves < 32 ? v >> halves : 0;
    return (int64_t)(v - v * rest / (2 * HALF_LIFE_S));
}

static void read_odds(uint64_t word, int64_t now_ms, int64_t *successes, int64_t *failures)
{
    uint64_t age = (second_of(now_ms) - (word >> 40)) & 0xffffff;
    *failures = decay(word & ODDS_MAX, age);
    *successes = decay(word >> ODDS_BITS & ODDS_MAX, age);
}

void lx_odds_get(const struct lx_deployment_state *s, int64_t now_ms, int64_t *successes,
                 int64_t *failures)
{
    read_odds(LOAD(s->odds), now_ms, successes, failures);
}

void lx_odds_add(struct lx_deployment_state *s, int64_t successes, int64_t failures, int64_t now_ms)
{
    uint64_t old = LOAD(s->odds);
    int64_t good, bad;
    uint64_t next;
    do {
        read_odds(old, now_ms, &good, &bad);
        good += successes * ODDS_ONE;
        bad += failures * ODDS_ONE;
        good = good < ODDS_MAX ? good : ODDS_MAX;
        bad = bad < ODDS_MAX ? bad : ODDS_MAX;
        next = (uint64_t)bad | (uint64_t)good << ODDS_BITS | second_of(now_ms) << 40;
    } while (!SWAP_IF(s->odds, old, next));
}

/* ---- The breaker ------------------------------------------------------------------------------
 */

enum lx_breaker lx_breaker_of(const struct lx_deployment_state *s, int64_t now_ms)
{
    int64_t until = LOAD(s->cooling_until_ms);
    if (!until)
        return LX_BREAKER_CLOSED;
    return now_ms < until ? LX_BREAKER_OPEN : LX_BREAKER_HALF_OPEN;
}

int64_t lx_cooldown_left_ms(const struct lx_deployment_state *s, int64_t now_ms)
{
    int64_t until = LOAD(s->cooling_until_ms);
    return until > now_ms ? until - now_ms : 0;
}

static void close_breaker(struct lx_deployment_state *s)
{
    STORE(s->cooling_until_ms, 0);
    STORE(s->cooling_why, 0);
    STORE(s->history, 0);
}

/* What an end of an attempt is judged by. */
struct judgement {
    const struct lx_deployment *d;
    const struct lx_route_policy *policy;
    const struct lx_model_group *group;
    const struct lx_fault *fault;
    int64_t now_ms, minute;
    int status;
    int64_t successes, failures; /* of the minute */
    bool alone;
};

static int64_t failures_of_minute(const struct lx_deployment_state *s, int64_t minute)
{
    int64_t sum = 0;
    for (size_t i = 0; i < LX_FAILURE_COUNT; i++)
        sum += lx_tally_get(&s->counts[LX_COUNT_FAILURES + i], minute);
    return sum;
}

/* LiteLLM's v1 rule: how many failures of a minute are allowed; -1: nothing is said. */
static int64_t allowed(const struct judgement *j, bool *of_kind)
{
    const struct lx_failure_policy *own = j->d->allowed_fails_policy;
    int64_t n = own ? lx_failure_policy_get(own, j->fault->kind) : -1;
    if (n < 0 && !j->alone && j->d->allowed_fails >= 0) {
        *of_kind = false;
        return j->d->allowed_fails;
    }
    if (n < 0)
        n = lx_failure_policy_get(&j->policy->allowed_fails_policy, j->fault->kind);
    *of_kind = n >= 0;
    return n >= 0 ? n : j->policy->allowed_fails;
}

static int64_t failures_that_count(const struct judgement *j, bool of_kind)
{
    const struct lx_tally *counts = j->d->state->counts + LX_COUNT_FAILURES;
    return of_kind ? lx_tally_get(&counts[lx_failure_of(j->fault->kind)], j->minute) : j->failures;
}

static bool is_rate_limit(const struct judgement *j)
{
    return j->status == 429;
}

/* Statuses that LiteLLM does not retry. One that stands alone goes on telling them. */
static bool is_beyond_retries(const struct judgement *j)
{
    return j->status == 401 || j->status == 402 || j->status == 404;
}

static bool most_of_the_last_failed(const struct judgement *j)
{
    int outcomes, failures;
    lx_history_get(j->d->state, j->now_ms, &outcomes, &failures);
    return outcomes >= LEAST_OUTCOMES && 2 * failures > outcomes;
}

static bool most_of_the_minute_failed(const struct judgement *j)
{
    return j->failures + j->successes >= LEAST_OUTCOMES && j->failures > j->successes;
}

/* The group pays for its failures with retries, and cannot go on so. */
static bool more_failed_than_is_paid_for(const struct judgement *j)
{
    int outcomes, failures;
    lx_history_get(j->d->state, j->now_ms, &outcomes, &failures);
    return outcomes >= HISTORY / 2 &&
           failures * (int64_t)PPM > outcomes * j->policy->retry_budget_ppm &&
           lx_retry_is_tight(j->policy, j->group, j->now_ms);
}

static bool all_of_many_failed(const struct judgement *j)
{
    return j->failures >= LEAST_FOR_ALL && !j->successes;
}

/* Where nothing is said of how many may fail. */
static const struct {
    bool (*holds)(const struct judgement *j);
    bool of_one_alone; /* holds of one that stands alone, too */
} rules[] = {{is_rate_limit, false},
             {is_beyond_retries, false},
             {most_of_the_last_failed, false},
             {most_of_the_minute_failed, false},
             {more_failed_than_is_paid_for, false},
             {all_of_many_failed, true}};

static bool has_failed_enough(const struct judgement *j)
{
    bool of_kind;
    int64_t most = allowed(j, &of_kind);
    if (most >= 0)
        return failures_that_count(j, of_kind) > most;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if ((!j->alone || rules[i].of_one_alone) && rules[i].holds(j))
            return true;
    return false;
}

/* Whether a fault says something about the deployment, and not about the request. */
static bool counts_against(const struct lx_fault *f)
{
    int status = lx_fault_status(f);
    return f->kind != LX_FAULT_NONE && (status == 401 || status == 402 || status == 404 ||
                                        status == 408 || status == 429 || status >= 500);
}

static int64_t cooldown_ms(const struct judgement *j)
{
    int64_t ms = j->d->cooldown_ms >= 0 ? j->d->cooldown_ms : j->policy->cooldown_ms;
    if (j->fault->retry_after_ms >= 0) /* the provider's own reset time */
        ms = j->fault->retry_after_ms;
    return ms < COOLDOWN_MAX_MS ? ms : COOLDOWN_MAX_MS;
}

/* failed_probes: how often in a row it failed when it was asked again. */
static void open_breaker(const struct judgement *j, uint64_t failed_probes)
{
    struct lx_deployment_state *s = j->d->state;
    int64_t ms = cooldown_ms(j);
    if (j->fault->kind == LX_FAULT_TIMEOUT)
        for (uint64_t i = 0; i < failed_probes && 2 * ms <= TIMEOUT_MAX_MS; i++)
            ms *= 2;
    if (!ms)
        return;
    STORE(s->cooling_why, (uint64_t)j->fault->kind | (uint64_t)(j->status & 0xffff) << 8 |
                              (failed_probes < 255 ? failed_probes : 255) << 24);
    STORE(s->cooling_until_ms, j->now_ms + ms);
}

static void judge(const struct judgement *j, bool probe)
{
    uint64_t failed_probes = LOAD(j->d->state->cooling_why) >> 24 & 0xff;
    if (j->policy->disable_cooldowns)
        return;
    if (probe) {
        open_breaker(j, failed_probes + 1);
        return;
    }
    if (lx_breaker_of(j->d->state, j->now_ms) != LX_BREAKER_CLOSED)
        return; /* one that was under way when it began to cool */
    if (has_failed_enough(j))
        open_breaker(j, 0);
}

/* ---- Beginning --------------------------------------------------------------------------------
 */

static bool hold_place(struct lx_deployment_state *s, int64_t most)
{
    int64_t others = LOAD(s->in_flight_others);
    if (ADD(s->in_flight, 1) + others < most || most <= 0)
        return true;
    ADD(s->in_flight, -1);
    return false;
}

static bool take_probe(struct lx_deployment_state *s, int64_t now_ms)
{
    int64_t since = LOAD(s->probe_ms);
    if (since && now_ms - since < PROBE_MAX_MS)
        return false;
    return atomic_compare_exchange_strong_explicit(&s->probe_ms, &since, now_ms,
                                                   memory_order_relaxed, memory_order_relaxed);
}

/* Whom this choice has passed over, as the checks have noted it. */
static void note_skipped(const struct lx_route_request *r, struct lx_route_note *note)
{
    enum { LOOKED_AT = 64 };
    for (size_t i = 0; i < r->group->count && i < LOOKED_AT; i++) {
        const struct lx_deployment *d = r->group->deployments[i];
        uint64_t skip = d->state ? LOAD(d->state->last_skip) : 0;
        if ((int64_t)(skip >> 8) != r->now_ms || note->skips == LX_TRAIL_SKIPS)
            continue;
        note->skipped[note->skips] = lx_note_hash(d->id);
        note->checks[note->skips++] = (uint8_t)skip;
    }
}

static struct lx_route_note note_of(const struct lx_route_request *r,
                                    const struct lx_route_verdict *v)
{
    bool found = v->kind == LX_ROUTE_USE;
    struct lx_route_note note = {
        .at_ms = r->now_ms,
        .group = lx_note_hash(r->group->name),
        .deployment = found ? lx_note_hash(v->deployment->id) : 0,
        .by = v->by,
        .router = r->router,
        .routed_by = r->routed_by,
        .end = LX_NOTE_NOBODY,
        .fault = found ? LX_FAULT_NONE : (uint8_t)v->why,
    };
    note_skipped(r, &note);
    return note;
}

/* What the request is going to use of the minute's tokens, as far as that is known and limited. */
static void reserve_tokens(const struct lx_route_request *r, const struct lx_deployment *d,
                           struct lx_route_ticket *out)
{
    const struct {
        int64_t limit, wanted;
    } kinds[LX_TICKET_TOKENS] = {
        {d->tpm, r->prompt_tokens}, {d->itpm, r->prompt_tokens}, {d->otpm, r->max_tokens}};
    for (size_t i = 0; i < LX_TICKET_TOKENS; i++)
        if (kinds[i].limit > 0 && kinds[i].wanted > 0) {
            out->reserved[i] = kinds[i].wanted < INT32_MAX ? (int32_t)kinds[i].wanted : INT32_MAX;
            lx_tally_add(&d->state->counts[LX_COUNT_TOKENS + i], r->now_ms / MINUTE_MS,
                         out->reserved[i]);
        }
}

bool lx_route_begin(const struct lx_route_request *r, const struct lx_route_verdict *v,
                    struct lx_route_ticket *out)
{
    const struct lx_route_policy *p = &r->settings->policy;
    const struct lx_deployment *d = v->deployment;
    struct lx_deployment_state *s = d->state;
    int64_t minute = r->now_ms / MINUTE_MS;
    bool limits = lx_group_has_limits(r->group, p);
    int64_t rpm = limits && d->rpm > 0 ? d->rpm : INT64_MAX;
    *out = (struct lx_route_ticket){.deployment = d,
                                    .policy = p,
                                    .group = r->group,
                                    .begun_ms = r->now_ms,
                                    .probe = v->probe,
                                    .tag_budgets = r->tag_budgets};
    if (r->trail) {
        out->trail = r->trail;
        out->note = note_of(r, v);
    }
    if (!s)
        return true;
    if (v->probe && !take_probe(s, r->now_ms))
        return false;
    bool placed = hold_place(s, lx_deployment_max_parallel(d, p));
    if (!placed || !lx_tally_reserve(&s->counts[LX_COUNT_REQUESTS], minute, 1, rpm)) {
        if (placed)
            ADD(s->in_flight, -1);
        if (v->probe)
            STORE(s->probe_ms, 0);
        return false;
    }
    if (limits)
        reserve_tokens(r, d, out);
    if (r->group->state && !r->tried)
        lx_tally_add(&r->group->state->requests, minute, 1);
    return true;
}

struct lx_route_verdict lx_route_take(const struct lx_route_request *r, struct lx_route_ticket *out)
{
    enum { TURNS = 16 }; /* each lost to another thread; far more than there can be in a row */
    struct lx_route_verdict v = lx_route_choose(r);
    for (int i = 0; v.kind == LX_ROUTE_USE && !lx_route_begin(r, &v, out); i++) {
        if (i == TURNS)
            v = (struct lx_route_verdict){
                .kind = LX_ROUTE_WAIT, .ends = true, .why = LX_FAULT_RATE_LIMIT};
        else
            v = lx_route_choose(r);
    }
    if (v.kind != LX_ROUTE_USE) {
        const struct lx_route_note note = note_of(r, &v);
        if (r->trail)
            lx_route_trail_add(r->trail, &note);
        *out = (struct lx_route_ticket){.deployment = NULL};
    }
    return v;
}

/* ---- Ending -----------------------------------------------------------------------------------
 */

void lx_route_first(struct lx_route_ticket *t, int64_t now_ms)
{
    struct lx_deployment_state *s = t->deployment ? t->deployment->state : NULL;
    if (!s || t->first_seen)
        return;
    t->first_seen = true;
    lx_latency_add(&s->first, (now_ms - t->begun_ms) * 1000,
                   lx_group_latency(t->group, t->policy)->samples, now_ms);
    if (t->probe) { /* it works: no need to wait for the end of a long stream */
        close_breaker(s);
        STORE(s->probe_ms, 0);
        t->probe = false;
    }
}

static void spend(const struct lx_budget *b, const struct lx_route_outcome *o)
{
    if (b && b->state && o->cost_nano_usd > 0)
        lx_spend_add(b->state, b->window_ms, o->now_ms, o->cost_nano_usd);
}

static void spend_tags(const struct lx_route_ticket *t, const struct lx_route_outcome *o)
{
    const struct lx_named_budget *tag = t->policy->tag_budgets;
    for (uint64_t left = t->tag_budgets; left; left >>= 1, tag++)
        if (left & 1)
            spend(&tag->budget, o);
}

/* What was used, less what was reserved; both in the minute they were for. */
static void settle_tokens(const struct lx_route_ticket *t, const struct lx_route_outcome *o)
{
    struct lx_tally *c = &t->deployment->state->counts[LX_COUNT_TOKENS];
    int64_t begun = t->begun_ms / MINUTE_MS, now = o->now_ms / MINUTE_MS;
    const int64_t used[LX_TICKET_TOKENS] = {
        o->tokens, o->tokens - o->completion_tokens - o->cached_tokens, o->completion_tokens};
    for (size_t i = 0; i < LX_TICKET_TOKENS; i++)
        if (used[i] || t->reserved[i])
            lx_tally_add(&c[i], now, used[i] - (begun == now ? t->reserved[i] : 0));
}

/* The whole time by the tokens that came back, LiteLLM's measure; by the reply where that is not
 * known. */
static void note_time(const struct lx_route_ticket *t, const struct lx_route_outcome *o)
{
    int64_t us = (o->now_ms - t->begun_ms) * 1000;
    if (o->completion_tokens > 0)
        us /= o->completion_tokens;
    lx_latency_add(&t->deployment->state->token, us, lx_group_latency(t->group, t->policy)->samples,
                   o->now_ms);
}

static void end_well(const struct lx_route_ticket *t, const struct lx_route_outcome *o)
{
    struct lx_deployment_state *s = t->deployment->state;
    lx_tally_add(&s->counts[LX_COUNT_SUCCESSES], o->now_ms / MINUTE_MS, 1);
    if (t->probe)
        close_breaker(s);
    remember(s, false, o->now_ms);
    lx_odds_add(s, 1, 0, o->now_ms);
    if (!o->stream)
        note_time(t, o);
    if (!o->stream && t->policy->hedge_percentile)
        lx_latency_add(&s->whole, (o->now_ms - t->begun_ms) * 1000, LX_LATENCY_RING, o->now_ms);
}

static void end_badly(const struct lx_route_ticket *t, const struct lx_route_outcome *o)
{
    const struct lx_deployment *d = t->deployment;
    struct lx_deployment_state *s = d->state;
    int64_t minute = o->now_ms / MINUTE_MS;
    const struct lx_failure_policy *own = d->allowed_fails_policy;
    bool named = own && lx_failure_policy_get(own, o->fault->kind) >= 0;
    if (!counts_against(o->fault) && !named) {
        if (t->probe) /* it answered: it works */
            close_breaker(s);
        return;
    }
    lx_tally_add(&s->counts[LX_COUNT_FAILURES + lx_failure_of(o->fault->kind)], minute, 1);
    remember(s, true, o->now_ms);
    lx_odds_add(s, 0, 1, o->now_ms);
    if (o->fault->kind == LX_FAULT_TIMEOUT) /* it took at least that long */
        lx_latency_add(o->stream ? &s->first : &s->token, (o->now_ms - t->begun_ms) * 1000,
                       lx_group_latency(t->group, t->policy)->samples, o->now_ms);
    const struct judgement j = {
        .d = d,
        .policy = t->policy,
        .group = t->group,
        .fault = o->fault,
        .now_ms = o->now_ms,
        .minute = minute,
        .status = lx_fault_status(o->fault),
        .successes = lx_tally_get(&s->counts[LX_COUNT_SUCCESSES], minute),
        .failures = failures_of_minute(s, minute),
        .alone = d->siblings < 2,
    };
    judge(&j, t->probe);
}

static void note_end(struct lx_route_ticket *t, const struct lx_route_outcome *o)
{
    static const uint8_t ends[] = {[LX_OUTCOME_SUCCESS] = LX_NOTE_SUCCESS,
                                   [LX_OUTCOME_FAILURE] = LX_NOTE_FAILURE,
                                   [LX_OUTCOME_GONE] = LX_NOTE_GONE};
    if (!t->deployment || !t->trail)
        return;
    t->note.end = ends[o->kind];
    t->note.took_ms = o->now_ms - t->begun_ms;
    if (o->kind == LX_OUTCOME_FAILURE) {
        t->note.fault = (uint8_t)o->fault->kind;
        t->note.status = (uint16_t)lx_fault_status(o->fault);
    }
    lx_route_trail_add(t->trail, &t->note);
}

void lx_route_end(struct lx_route_ticket *t, const struct lx_route_outcome *o)
{
    note_end(t, o);
    struct lx_deployment_state *s = t->deployment ? t->deployment->state : NULL;
    if (s) {
        ADD(s->in_flight, -1);
        settle_tokens(t, o);
        spend(&t->deployment->budget, o);
        spend(t->deployment->provider_budget, o);
        spend_tags(t, o);
        if (o->kind == LX_OUTCOME_SUCCESS && !o->aside)
            end_well(t, o);
        else if (o->kind == LX_OUTCOME_FAILURE && !o->aside)
            end_badly(t, o);
        if (t->probe)
            STORE(s->probe_ms, 0);
    }
    *t = (struct lx_route_ticket){.deployment = NULL};
}
