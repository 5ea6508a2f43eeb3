/*
 * state.c - counters that several threads share without locks, and the records they make up.
 *
 * A word of a counter is the number of its minute and the count: whoever finds an older minute in
 * it puts the new one there, in one compare-and-swap. Two words, by the minute's parity, keep the
 * minute before; its word is free for a whole minute before it is wanted again, so an addition
 * cannot fall between two minutes.
 */
#include "route/bandit.h"
#include "route/state.h"
#include "wire/date.h"

#include <assert.h>
#include <stdlib.h>

#define LOAD(x)     atomic_load_explicit(&(x), memory_order_relaxed)
#define STORE(x, v) atomic_store_explicit(&(x), (v), memory_order_relaxed)
#define ADD(x, v)   atomic_fetch_add_explicit(&(x), (v), memory_order_relaxed)
#define SWAP_IF(x, old, new)                                                         \
    atomic_compare_exchange_weak_explicit(&(x), &(old), (new), memory_order_relaxed, \
                                          memory_order_relaxed)

/* ---- Tagged words -----------------------------------------------------------------------------
 */

enum { COUNT_BITS = 44, SPEND_BITS = 52, DAY_MS = 86400000 };

static uint64_t tag_of(int64_t number, int bits)
{
    return (uint64_t)number << bits;
}

static uint64_t mask_of(int bits)
{
    return ((uint64_t)1 << bits) - 1;
}

static int64_t word_get(uint64_t word, int64_t number, int bits)
{
    return (word ^ tag_of(number, bits)) >> bits ? 0 : (int64_t)(word & mask_of(bits));
}

static uint64_t word_of(int64_t number, int64_t count, int bits)
{
    int64_t most = (int64_t)mask_of(bits);
    return tag_of(number, bits) | (uint64_t)(count < 0 ? 0 : count > most ? most : count);
}

/* What it was before. */
static int64_t word_add(_Atomic uint64_t *word, int64_t number, int64_t n, int bits)
{
    uint64_t old = LOAD(*word);
    while (!SWAP_IF(*word, old, word_of(number, word_get(old, number, bits) + n, bits)))
        continue;
    return word_get(old, number, bits);
}

/* ---- Counters ---------------------------------------------------------------------------------
 */

int64_t lx_tally_get(const struct lx_tally *c, int64_t minute)
{
    size_t i = (size_t)minute & 1;
    return word_get(LOAD(c->own[i]), minute, COUNT_BITS) +
           word_get(LOAD(c->others[i]), minute, COUNT_BITS);
}

int64_t lx_tally_lately(const struct lx_tally *c, int64_t minute)
{
    return lx_tally_get(c, minute) + lx_tally_get(c, minute - 1);
}

void lx_tally_add(struct lx_tally *c, int64_t minute, int64_t n)
{
    word_add(&c->own[(size_t)minute & 1], minute, n, COUNT_BITS);
}

bool lx_tally_reserve(struct lx_tally *c, int64_t minute, int64_t n, int64_t limit)
{
    _Atomic uint64_t *word = &c->own[(size_t)minute & 1];
    int64_t others = word_get(LOAD(c->others[(size_t)minute & 1]), minute, COUNT_BITS);
    uint64_t old = LOAD(*word);
    int64_t have;
    do {
        have = word_get(old, minute, COUNT_BITS);
        if (have + others + n > limit)
            return false;
    } while (!SWAP_IF(*word, old, word_of(minute, have + n, COUNT_BITS)));
    return true;
}

int64_t lx_tally_own(const struct lx_tally *c, int64_t minute)
{
    return word_get(LOAD(c->own[(size_t)minute & 1]), minute, COUNT_BITS);
}

void lx_tally_set_others(struct lx_tally *c, int64_t minute, int64_t n)
{
    STORE(c->others[(size_t)minute & 1], word_of(minute, n, COUNT_BITS));
}

int64_t lx_spend_window(int64_t window_ms, int64_t now_ms)
{
    return window_ms == LX_SPEND_MONTH ? lx_date_month(now_ms / DAY_MS) : now_ms / window_ms;
}

int64_t lx_spend_get(const struct lx_spend_state *s, int64_t window_ms, int64_t now_ms)
{
    int64_t window = lx_spend_window(window_ms, now_ms);
    return word_get(LOAD(s->own), window, SPEND_BITS) +
           word_get(LOAD(s->others), window, SPEND_BITS);
}

int64_t lx_spend_add(struct lx_spend_state *s, int64_t window_ms, int64_t now_ms, int64_t nano_usd)
{
    int64_t window = lx_spend_window(window_ms, now_ms);
    return word_add(&s->own, window, nano_usd, SPEND_BITS) +
           word_get(LOAD(s->others), window, SPEND_BITS);
}

int64_t lx_spend_own(const struct lx_spend_state *s, int64_t window_ms, int64_t now_ms)
{
    return word_get(LOAD(s->own), lx_spend_window(window_ms, now_ms), SPEND_BITS);
}

void lx_spend_set_others(struct lx_spend_state *s, int64_t window_ms, int64_t now_ms,
                         int64_t nano_usd)
{
    STORE(s->others, word_of(lx_spend_window(window_ms, now_ms), nano_usd, SPEND_BITS));
}

/* ---- Times ------------------------------------------------------------------------------------
 */

enum { EWMA_PART = 8 };

static uint32_t clamp_us(int64_t us)
{
    return us < 1 ? 1 : us > UINT32_MAX ? UINT32_MAX : (uint32_t)us;
}

/* Moves an eighth of the way; two threads at once may lose one step, which is no matter. */
static uint32_t drift(uint32_t from, uint32_t to)
{
    return (uint32_t)((int64_t)from + ((int64_t)to - (int64_t)from) / EWMA_PART);
}

static void note(struct lx_latency *l, uint32_t v, int64_t samples, int64_t now_ms)
{
    uint32_t at = ADD(l->count, 1), ewma = LOAD(l->ewma_us);
    uint32_t far = v > ewma ? v - ewma : ewma - v;
    assert(samples > 0 && samples <= LX_LATENCY_RING);
    uint64_t sum = 0, n = at < samples ? at + 1 : (uint64_t)samples;
    STORE(l->ring[at % LX_LATENCY_RING], v);
    for (uint64_t i = 0; i < n; i++)
        sum += LOAD(l->ring[(at - i) % LX_LATENCY_RING]);
    STORE(l->mean_us, (uint32_t)(sum / n));
    STORE(l->ewma_us, at ? drift(ewma, v) : v);
    STORE(l->deviation_us, at ? drift(LOAD(l->deviation_us), far) : v / 2);
    STORE(l->at_ms, now_ms);
}

void lx_latency_add(struct lx_latency *l, int64_t us, int64_t samples, int64_t now_ms)
{
    uint32_t v = clamp_us(us);
    note(l, v, samples, now_ms);
    ADD(l->own_us, v);
    ADD(l->own_count, 1);
}

int64_t lx_latency_mean_us(const struct lx_latency *l, int64_t ttl_ms, int64_t now_ms)
{
    return now_ms - LOAD(l->at_ms) < ttl_ms ? LOAD(l->mean_us) : 0;
}

int64_t lx_latency_percentile_us(const struct lx_latency *l, int64_t samples, int64_t part_ppm,
                                 int64_t ttl_ms, int64_t now_ms)
{
    uint32_t sorted[LX_LATENCY_RING], hand = LOAD(l->count);
    int64_t n = samples < LX_LATENCY_RING ? samples : LX_LATENCY_RING;
    n = hand < n ? hand : n;
    if (n < 1 || now_ms - LOAD(l->at_ms) >= ttl_ms)
        return 0;
    for (int64_t i = 0; i < n; i++) {
        uint32_t v = LOAD(l->ring[(hand - 1 - (uint32_t)i) % LX_LATENCY_RING]);
        int64_t k = i;
        for (; k > 0 && sorted[k - 1] > v; k--)
            sorted[k] = sorted[k - 1];
        sorted[k] = v;
    }
    int64_t at = (n * part_ppm + 999999) / 1000000 - 1; /* as LiteLLM: the ceiling */
    return sorted[at < 0 ? 0 : at < n ? at : n - 1];
}

/* ---- Sharing ----------------------------------------------------------------------------------
 */

void lx_deployment_state_own(const struct lx_deployment_state *s, int64_t minute,
                             struct lx_deployment_share *out)
{
    *out = (struct lx_deployment_share){.minute = minute};
    for (size_t i = 0; i < LX_COUNT_KINDS; i++)
        out->counts[i] = lx_tally_own(&s->counts[i], minute);
    out->in_flight = LOAD(s->in_flight);
    out->cooling_until_ms = LOAD(s->cooling_until_ms);
    out->cooling_why = LOAD(s->cooling_why);
    out->health = LOAD(s->health);
    out->first_count = (int64_t)LOAD(s->first.own_count);
    out->first_us = (int64_t)LOAD(s->first.own_us);
    out->token_count = (int64_t)LOAD(s->token.own_count);
    out->token_us = (int64_t)LOAD(s->token.own_us);
}

/* By how many more of the kind the others have than when they were last put down. Less (a node, or
 * the server, began anew) is none. */
static int64_t growth(const struct lx_deployment_state *s, const struct lx_deployment_share *in,
                      int kind)
{
    const struct lx_tally *c = &s->counts[kind];
    int64_t more = in->counts[kind] - (lx_tally_get(c, in->minute) - lx_tally_own(c, in->minute));
    return more > 0 ? more : 0;
}

void lx_deployment_state_others(struct lx_deployment_state *s, const struct lx_deployment_share *in,
                                const struct lx_route_policy *policy, int64_t now_ms)
{
    int64_t good = growth(s, in, LX_COUNT_SUCCESSES), bad = 0;
    for (int i = 0; i < LX_FAILURE_COUNT; i++)
        bad += growth(s, in, LX_COUNT_FAILURES + i);
    if (good || bad)
        lx_odds_add(s, good, bad, now_ms);
    for (size_t i = 0; i < LX_COUNT_KINDS; i++)
        lx_tally_set_others(&s->counts[i], in->minute, in->counts[i]);
    STORE(s->in_flight_others, in->in_flight);
    if (in->cooling_until_ms > now_ms && in->cooling_until_ms > LOAD(s->cooling_until_ms)) {
        STORE(s->cooling_why, in->cooling_why);
        STORE(s->cooling_until_ms, in->cooling_until_ms);
    }
    if (policy->health_shared && in->health >> 1 > LOAD(s->health) >> 1)
        STORE(s->health, in->health);
    if (in->first_count > 0)
        note(&s->first, clamp_us(in->first_us / in->first_count), policy->latency.samples, now_ms);
    if (in->token_count > 0)
        note(&s->token, clamp_us(in->token_us / in->token_count), policy->latency.samples, now_ms);
}

/* ---- Health -----------------------------------------------------------------------------------
 */

void lx_deployment_state_health(struct lx_deployment_state *s, bool healthy, int64_t now_ms)
{
    STORE(s->health, (uint64_t)now_ms << 1 | healthy);
}

int64_t lx_deployment_state_checked_ms(const struct lx_deployment_state *s, bool *healthy)
{
    uint64_t health = LOAD(s->health);
    *healthy = health & 1;
    return (int64_t)(health >> 1);
}

bool lx_deployment_state_is_unhealthy(const struct lx_deployment_state *s, int64_t stale_ms,
                                      int64_t now_ms)
{
    uint64_t health = LOAD(s->health);
    return health && !(health & 1) && now_ms - (int64_t)(health >> 1) < stale_ms;
}

/* ---- Records ----------------------------------------------------------------------------------
 */

enum slot_kind { DEPLOYMENT, GROUP, SPEND, AUTO };

static const size_t sizes[] = {[DEPLOYMENT] = sizeof(struct lx_deployment_state),
                               [GROUP] = sizeof(struct lx_group_state),
                               [SPEND] = sizeof(struct lx_spend_state),
                               [AUTO] = sizeof(struct lx_auto_state)};
enum { LINE = 64, KEY_MAX = 1024 };

struct lx_route_slot {
    _Atomic int64_t refs; /* tables that are bound to it */
    enum slot_kind kind;
    char *key; /* kind, name, '\n', provider */
    size_t key_n;
    void *record; /* within this allocation, on a line of its own */
};

struct lx_route_state {
    _Atomic int64_t refs;
    struct lx_route_slot **slots;
    size_t count, cap;
};

struct lx_route_state *lx_route_state_new(void)
{
    struct lx_route_state *s = calloc(1, sizeof(*s));
    if (s)
        atomic_init(&s->refs, 1);
    return s;
}

void lx_route_state_unref(struct lx_route_state *s)
{
    if (!s || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
        return;
    for (size_t i = 0; i < s->count; i++)
        free(s->slots[i]);
    free(s->slots);
    free(s);
}

static struct lx_slice key_of(const struct lx_route_slot *slot)
{
    return lx_slice(slot->key, slot->key_n);
}

static struct lx_route_slot *new_slot(struct lx_route_state *s, enum slot_kind kind,
                                      struct lx_slice key)
{
    if (s->count == s->cap) {
        size_t cap = s->cap ? 2 * s->cap : 16;
        struct lx_route_slot **grown = realloc(s->slots, cap * sizeof(*grown));
        if (!grown)
            return NULL;
        s->slots = grown;
        s->cap = cap;
    }
    struct lx_route_slot *slot = calloc(1, sizeof(*slot) + LINE + sizes[kind] + LINE + key.n);
    if (!slot)
        return NULL;
    uintptr_t at = (uintptr_t)(slot + 1);
    slot->kind = kind;
    slot->record = (char *)(slot + 1) + (LINE - at % LINE) % LINE;
    slot->key = (char *)slot->record + sizes[kind];
    slot->key_n = key.n;
    memcpy(slot->key, key.p, key.n);
    s->slots[s->count++] = slot;
    return slot;
}

/* Frees what no table is bound to. */
static void sweep(struct lx_route_state *s)
{
    size_t kept = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (atomic_load_explicit(&s->slots[i]->refs, memory_order_acquire) > 0)
            s->slots[kept++] = s->slots[i];
        else
            free(s->slots[i]);
    }
    s->count = kept;
}

/* ---- Binding ----------------------------------------------------------------------------------
 */

struct binder {
    struct lx_route_state *state;
    struct lx_route_table *table;
    struct lx_map found; /* key -> slot */
    bool failed;
};

/* The record, held by the table from now on; NULL without memory. */
static void *record(struct binder *b, enum slot_kind kind, struct lx_slice name,
                    struct lx_slice provider)
{
    char room[KEY_MAX];
    struct lx_route_table *t = b->table;
    struct lx_buf key = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
    lx_buf_add_byte(&key, "dgsa"[kind]);
    lx_buf_add(&key, lx_slice_to(name, 512));
    lx_buf_add_byte(&key, '\n');
    lx_buf_add(&key, lx_slice_to(provider, 256));
    struct lx_route_slot *slot = lx_map_get(&b->found, lx_buf_slice(&key));
    if (!slot) {
        slot = new_slot(b->state, kind, lx_buf_slice(&key));
        if (slot && lx_map_put(&b->found, key_of(slot), slot) < 0)
            slot = NULL;
    }
    struct lx_arena *a = t->by_name.arena;
    if (slot && !(t->slot_count & (t->slot_count - 1))) {
        size_t cap = t->slot_count ? 2 * t->slot_count : 1;
        struct lx_route_slot **grown = lx_arena_alloc(a, cap * sizeof(*grown));
        if (grown && t->slot_count)
            memcpy(grown, t->slots, t->slot_count * sizeof(*grown));
        t->slots = grown ? grown : t->slots;
        slot = grown ? slot : NULL;
    }
    if (!slot) {
        b->failed = true;
        return NULL;
    }
    t->slots[t->slot_count++] = slot;
    atomic_fetch_add_explicit(&slot->refs, 1, memory_order_relaxed);
    return slot->record;
}

static const struct lx_budget *provider_budget(struct binder *b, struct lx_slice provider)
{
    struct lx_route_policy *p = &b->table->settings.policy;
    for (size_t i = 0; i < p->budget_count; i++) {
        struct lx_named_budget *budget = &p->budgets[i];
        if (!lx_slice_eq(budget->name, provider))
            continue;
        if (!budget->budget.state)
            budget->budget.state = record(b, SPEND, LX_S(""), provider);
        return &budget->budget;
    }
    return NULL;
}

static void bind_deployment(struct binder *b, struct lx_deployment *d)
{
    struct lx_slice provider = lx_slice_z(d->provider ? d->provider->id : "");
    d->state = record(b, DEPLOYMENT, d->id, provider);
    if (d->state && d->budget.window_ms > 0)
        d->budget.state = &d->state->spend;
    d->provider_budget = provider_budget(b, provider);
}

/* What a request's facts are read for. */
static void sum_up(struct lx_model_group *g)
{
    g->needs = 0;
    g->least_window = 0;
    g->has_tpm = g->has_otpm = g->has_tag_regex = false;
    for (size_t i = 0; i < g->count; i++) {
        const struct lx_deployment *d = g->deployments[i];
        int64_t window = d->facts.max_input_tokens;
        g->needs |= d->facts.needs_known & ~d->facts.needs_met;
        g->has_tpm |= d->tpm > 0 || d->itpm > 0;
        g->has_otpm |= d->otpm > 0;
        g->has_tag_regex |= d->tag_regex_count > 0;
        if (window > 0 && (!g->least_window || window < g->least_window))
            g->least_window = window;
    }
}

static void bind_group(struct binder *b, struct lx_model_group *g)
{
    if (!g->state)
        g->state = record(b, GROUP, g->name, LX_S(""));
    sum_up(g);
    for (size_t i = 0; i < g->count; i++) {
        struct lx_deployment *d = g->deployments[i];
        struct lx_model_group *alone = d->id.n ? lx_map_get(&b->table->by_id, d->id) : NULL;
        if (!d->state)
            bind_deployment(b, d);
        d->siblings = g->count;
        if (alone && alone->count == 1 && alone->deployments[0] == d) {
            alone->state = g->state;
            alone->retry_policy = g->retry_policy;
            alone->affinity = g->affinity;
            alone->unchecked = g->unchecked;
            alone->strategy = g->strategy;
            alone->latency = g->latency;
            sum_up(alone);
        }
    }
}

int lx_route_state_bind(struct lx_route_state *s, struct lx_route_table *t)
{
    static const uint64_t seed[2] = {0x726f757465, 0x7374617465}; /* of names from our own files */
    struct lx_arena scratch;
    struct binder b = {.state = s, .table = t};
    lx_arena_init(&scratch, SIZE_MAX / 4);
    lx_map_init(&b.found, &scratch, seed);
    sweep(s);
    for (size_t i = 0; i < s->count && !b.failed; i++)
        b.failed = lx_map_put(&b.found, key_of(s->slots[i]), s->slots[i]) < 0;
    if (!t->state) {
        atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
        t->state = s;
    }
    for (size_t i = 0; i < t->count && !b.failed; i++)
        bind_group(&b, t->groups[i]);
    for (size_t i = 0; i < t->settings.policy.tag_budget_count && !b.failed; i++) {
        struct lx_named_budget *budget = &t->settings.policy.tag_budgets[i];
        budget->budget.state = record(&b, SPEND, budget->name, LX_S(""));
    }
    for (size_t i = 0; i < t->settings.cost.free_search_count && !b.failed; i++) {
        struct lx_search_allowance *free = &t->settings.cost.free_searches[i];
        free->state = record(&b, SPEND, free->group, lx_slice_z(free->provider->id));
    }
    for (size_t i = 0; i < t->auto_count && !b.failed; i++)
        if (t->autos[i]->kind->learns && !t->autos[i]->state)
            t->autos[i]->state = record(&b, AUTO, t->autos[i]->name, t->autos[i]->identity);
    lx_arena_clear(&scratch);
    return b.failed ? LX_ENOMEM : 0;
}

void lx_route_state_unbind(struct lx_route_table *t)
{
    for (size_t i = 0; i < t->slot_count; i++)
        atomic_fetch_sub_explicit(&t->slots[i]->refs, 1, memory_order_release);
    t->slot_count = 0;
    lx_route_state_unref(t->state);
    t->state = NULL;
}

bool lx_route_state_next(const struct lx_route_state *s, size_t *at, struct lx_slice *key,
                         struct lx_deployment_state **out)
{
    while (*at < s->count) {
        const struct lx_route_slot *slot = s->slots[(*at)++];
        if (slot->kind != DEPLOYMENT)
            continue;
        *key = lx_slice_from(key_of(slot), 1);
        *out = slot->record;
        return true;
    }
    return false;
}
