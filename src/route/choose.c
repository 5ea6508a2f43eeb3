/*
 * choose.c - from a group to one deployment: checks, steps, strategy (see choose.h).
 *
 * Called by the call machine before each attempt. It allocates nothing: a set of candidates is a
 * few words of bits on the stack. Reasons are not collected while choosing, but found again when
 * somebody asks for them, since mostly nobody does.
 */
#include "route/choose.h"

#include <assert.h>
#include <math.h>

#define LOAD(x)     atomic_load_explicit(&(x), memory_order_relaxed)
#define STORE(x, v) atomic_store_explicit(&(x), (v), memory_order_relaxed)

struct choice {
    const struct lx_route_request *r;
    const struct lx_model_group *g;
    uint64_t set[LX_ROUTE_SET_WORDS];
    size_t count;
    const char *by; /* the step that narrowed the set last */
    bool tagged;    /* only those in `within` may be asked */
    uint64_t within[LX_ROUTE_SET_WORDS];
    /* Of those that were passed over: */
    bool waiting, ends;
    int64_t until_ms;
    enum lx_fault_kind why;
};

static bool has(const struct choice *c, size_t i)
{
    return lx_route_set_has(c->set, i);
}

static const struct lx_deployment *at(const struct choice *c, size_t i)
{
    return c->g->deployments[i];
}

static void clear(struct choice *c)
{
    memset(c->set, 0, (c->g->count + 63) / 64 * sizeof(c->set[0]));
    c->count = 0;
}

static void put(struct choice *c, size_t i)
{
    c->set[i / 64] |= (uint64_t)1 << (i % 64);
    c->count++;
}

static void drop(struct choice *c, size_t i)
{
    c->set[i / 64] &= ~((uint64_t)1 << (i % 64));
    c->count--;
}

/* ---- Tags -------------------------------------------------------------------------------------
 */

static bool is_tagged(const struct lx_deployment *d, struct lx_slice tag)
{
    for (size_t i = 0; i < d->tag_count; i++)
        if (lx_slice_eq(d->tags[i], tag))
            return true;
    return false;
}

/* Marks of a tag: "!paid" must not be there, "&eu" must. */
static char mark_of(struct lx_slice tag)
{
    return tag.n > 1 && (tag.p[0] == '!' || tag.p[0] == '&') ? tag.p[0] : 0;
}

static bool is_allowed(const struct choice *c, size_t i)
{
    const struct lx_route_request *r = c->r;
    for (size_t k = 0; k < r->tag_count; k++) {
        char mark = mark_of(r->tags[k]);
        if (mark && is_tagged(at(c, i), lx_slice_from(r->tags[k], 1)) != (mark == '&'))
            return false;
    }
    return true;
}

static bool has_tags(const struct choice *c, size_t i)
{
    const struct lx_route_request *r = c->r;
    bool any = false, all = true;
    for (size_t k = 0; k < r->tag_count; k++)
        if (!mark_of(r->tags[k])) {
            bool one = is_tagged(at(c, i), r->tags[k]);
            any |= one;
            all &= one;
        }
    return any && (all || r->settings->policy.tags_match_any);
}

/* By its tags, or because the client is one that its tag_regex finds. Where all of the tags have to
 * be there, no expression stands in for them. */
static bool is_meant(const struct choice *c, size_t i)
{
    bool strict = !c->r->settings->policy.tags_match_any && at(c, i)->tag_count;
    return has_tags(c, i) || (c->r->found && lx_route_set_has(c->r->found, i) && !strict);
}

static bool is_default(const struct choice *c, size_t i)
{
    return is_tagged(at(c, i), LX_S("default"));
}

/* Keeps those of which it holds; false, and nothing changes, when it holds of none. */
static bool keep(struct choice *c, bool (*holds)(const struct choice *c, size_t i))
{
    uint64_t kept[LX_ROUTE_SET_WORDS];
    size_t words = (c->g->count + 63) / 64, n = 0;
    memset(kept, 0, words * sizeof(kept[0]));
    for (size_t i = 0; i < c->g->count; i++)
        if (has(c, i) && holds(c, i)) {
            kept[i / 64] |= (uint64_t)1 << (i % 64);
            n++;
        }
    if (!n)
        return false;
    memcpy(c->set, kept, words * sizeof(kept[0]));
    c->count = n;
    return true;
}

/* Those that the request's tags leave of the whole group, whatever state they are in. Its second
 * choice, where it has one, is who is there for everybody. */
enum tier { FIRST_CHOICE, SECOND_CHOICE };

/*
 * LiteLLM's rules: those that match any tag (or all of them), or whose expression finds the client;
 * else those tagged "default"; else none. A tag that the group knows is not answered by others when
 * those that have it are not there, but an expression is only a preference. A request without tags
 * goes to those tagged "default", where there are some.
 */
static bool keep_tagged(struct choice *c, enum tier tier)
{
    bool plain = false, required = false, looked = false;
    for (size_t i = 0; i < c->r->tag_count; i++) {
        plain |= !mark_of(c->r->tags[i]);
        required |= mark_of(c->r->tags[i]) == '&';
    }
    if (!keep(c, is_allowed))
        return false;
    for (size_t i = 0; c->r->found && i < c->g->count; i++)
        looked |= has(c, i) && at(c, i)->tag_regex_count;
    if (tier == SECOND_CHOICE)
        return !plain && looked && !required && keep(c, is_default);
    if (plain || (looked && !required))
        return keep(c, is_meant) || keep(c, is_default);
    if (!required)
        keep(c, is_default);
    return true;
}

/* What may be asked at all, in c->within; false: nobody, or there is no such choice. */
static bool find_within(struct choice *c, enum tier tier)
{
    c->tagged = c->r->settings->policy.tag_filtering && !c->g->by_id;
    if (!c->tagged)
        return tier == FIRST_CHOICE;
    clear(c);
    for (size_t i = 0; i < c->g->count; i++)
        put(c, i);
    if (!keep_tagged(c, tier)) {
        c->count = 0;
        return false;
    }
    c->by = c->count < c->g->count ? "tags" : NULL;
    memcpy(c->within, c->set, (c->g->count + 63) / 64 * sizeof(c->set[0]));
    return true;
}

/* ---- Checks -----------------------------------------------------------------------------------
 */

static const struct lx_route_check *first_failed(const struct lx_route_request *r,
                                                 const struct lx_deployment *d,
                                                 struct lx_route_skip *skip)
{
    *skip = (struct lx_route_skip){.until_ms = 0};
    for (size_t i = 0; i < lx_route_check_count; i++)
        if (!lx_route_checks[i].pass(r, d, skip))
            return &lx_route_checks[i];
    return NULL;
}

static void note_skip(struct choice *c, const struct lx_deployment *d,
                      const struct lx_route_check *check, const struct lx_route_skip *skip)
{
    if (d->state)
        STORE(d->state->last_skip,
              (uint64_t)c->r->now_ms << 8 | (uint64_t)(check - lx_route_checks));
    if (skip->by_waiting) {
        c->waiting = true;
        c->ends |= !skip->until_ms;
        if (skip->until_ms && (!c->until_ms || skip->until_ms < c->until_ms))
            c->until_ms = skip->until_ms;
    }
    if (!c->why || skip->fault == LX_FAULT_RATE_LIMIT)
        c->why = skip->fault;
}

/* All are failing, but this one not always: half of an answer is better than none. */
static bool still_answers(const struct lx_deployment *d, int64_t now_ms)
{
    enum lx_fault_kind why = (enum lx_fault_kind)(LOAD(d->state->cooling_why) & 0xff);
    int outcomes, failures;
    if (why == LX_FAULT_RATE_LIMIT || !lx_fault_retryable(&(struct lx_fault){.kind = why}))
        return false;
    lx_history_get(d->state, now_ms, &outcomes, &failures);
    return 10 * failures <= 9 * outcomes && outcomes > 0;
}

enum which { UNTRIED, TRIED, FAILING };

static bool is_of(const struct lx_route_request *r, size_t i, enum which which)
{
    bool tried = i < 64 && (r->tried >> i & 1);
    return which == FAILING || tried == (which == TRIED);
}

static void admit(struct choice *c, enum which which)
{
    struct lx_route_skip skip;
    clear(c);
    for (size_t i = 0; i < c->g->count; i++) {
        const struct lx_deployment *d = at(c, i);
        if (!is_of(c->r, i, which) || (c->tagged && !lx_route_set_has(c->within, i)))
            continue;
        const struct lx_route_check *failed = first_failed(c->r, d, &skip);
        if (!failed || (which == FAILING && failed == &lx_route_checks[0] && skip.until_ms &&
                        still_answers(d, c->r->now_ms)))
            put(c, i);
        else
            note_skip(c, d, failed, &skip);
    }
}

/* ---- The other steps --------------------------------------------------------------------------
 */

static bool is_pinned(const struct choice *c, size_t i)
{
    return lx_slice_eq(at(c, i)->id, c->r->pinned);
}

static void keep_lowest_order(struct choice *c)
{
    int64_t lowest = INT64_MAX;
    for (size_t i = 0; i < c->g->count; i++)
        if (has(c, i) && lx_deployment_order(at(c, i)) < lowest)
            lowest = lx_deployment_order(at(c, i));
    if (lowest == INT64_MAX)
        return;
    for (size_t i = 0; i < c->g->count; i++)
        if (has(c, i) && lx_deployment_order(at(c, i)) > lowest) {
            drop(c, i);
            c->by = "order";
        }
}

static bool is_able(const struct choice *c, size_t i)
{
    const struct lx_deployment_facts *f = &at(c, i)->facts;
    return !(c->r->needs & f->needs_known & ~f->needs_met);
}

/* ---- The last word ----------------------------------------------------------------------------
 */

static int64_t by_weight(const struct lx_deployment *d)
{
    return d->weight;
}
static int64_t by_rpm(const struct lx_deployment *d)
{
    return d->rpm;
}
static int64_t by_tpm(const struct lx_deployment *d)
{
    return d->tpm;
}
static int64_t evenly(const struct lx_deployment *d)
{
    (void)d;
    return 1;
}

/* What a deployment weighs by one of them, in their order of precedence. */
static int64_t (*const measures[])(const struct lx_deployment *d) = {by_weight, by_rpm, by_tpm,
                                                                     evenly};
enum { MEASURES = sizeof(measures) / sizeof(measures[0]), MAX_MEASURE = 1 << 30 };

static uint64_t weigh(const struct choice *c, size_t measure, size_t i)
{
    int64_t w = has(c, i) ? measures[measure](at(c, i)) : 0;
    return w < 0 ? 0 : w < MAX_MEASURE ? (uint64_t)w : MAX_MEASURE;
}

/* The first measure that anybody has; *sum of it over all candidates. */
static size_t measure_of(const struct choice *c, size_t first, uint64_t *sum)
{
    size_t m = first;
    for (*sum = 0; m < MEASURES; m++) {
        for (size_t i = 0; i < c->g->count; i++)
            *sum += weigh(c, m, i);
        if (*sum)
            break;
    }
    return m;
}

static size_t draw(const struct choice *c, bool weighted)
{
    uint64_t sum, random = c->r->random;
    size_t m = measure_of(c, weighted ? 0 : MEASURES - 1, &sum), last = 0;
    assert(sum);   /* there is a candidate, and each weighs something evenly */
    random %= sum; /* sums are far below 2^64: no bias to speak of */
    for (size_t i = 0; i < c->g->count; i++) {
        uint64_t w = weigh(c, m, i);
        last = w ? i : last;
        if (random < w)
            break;
        random -= w;
    }
    return last;
}

/*
 * Where a conversation belongs: the candidate with the best lot, drawn from its key and the
 * deployment's id, as its weight allows (rendezvous hashing). Nothing is remembered, all nodes
 * agree, and when a deployment goes only its own conversations move.
 */
static size_t belongs(const struct choice *c, uint64_t key)
{
    uint64_t sum;
    const uint64_t seed[2] = {key, 0x6c6f74};
    size_t m = measure_of(c, 0, &sum), best = 0;
    double longest = 0;
    for (size_t i = 0; i < c->g->count; i++) {
        uint64_t w = weigh(c, m, i);
        if (!w)
            continue;
        double lot = ((double)(lx_hash(at(c, i)->id, seed) >> 11) + 1) / 0x1p53;
        double length = -(double)w / log(lot < 1 ? lot : 1 - 0x1p-53);
        if (length > longest) {
            longest = length;
            best = i;
        }
    }
    return best;
}

static size_t keep_best(struct choice *c, const struct lx_strategy *s)
{
    struct lx_route_field f = {.r = c->r, .candidates = c->set, .count = c->count};
    double best = INFINITY, scores[LX_GROUP_MAX];
    size_t other = s->explore ? s->explore(&f) : SIZE_MAX;
    if (other != SIZE_MAX || !s->score)
        return other;
    f.ground = s->prepare ? s->prepare(&f) : 0;
    for (size_t i = 0; i < c->g->count; i++)
        if (has(c, i)) {
            scores[i] = s->score(&f, at(c, i), i);
            best = scores[i] < best ? scores[i] : best;
        }
    double most = s->slack ? best + best * s->slack(c->r) : best;
    for (size_t i = 0; i < c->g->count; i++)
        /* Scored above, for scoring drops nobody. NOLINTNEXTLINE(clang-analyzer-core.*) */
        if (has(c, i) && scores[i] > most)
            drop(c, i);
    return SIZE_MAX;
}

static const char *const affinity_names[] = {"session", "prompt", "key"};

static size_t last_word(struct choice *c)
{
    const struct lx_route_request *r = c->r;
    const struct lx_strategy *s = lx_group_strategy(r->group, &r->settings->policy);
    const uint64_t keys[] = {r->session, r->prompt, r->key};
    static const unsigned bits[] = {LX_AFFINITY_SESSION, LX_AFFINITY_PROMPT, LX_AFFINITY_KEY};
    unsigned affinity = lx_group_affinity(r->group, &r->settings->policy);
    for (size_t i = 0; i < 3 && c->count > 1; i++)
        if (keys[i] && (affinity & bits[i])) {
            c->by = affinity_names[i];
            return belongs(c, keys[i]);
        }
    if (c->count > 1)
        c->by = s->name;
    size_t explored = (s->score || s->explore) && c->count > 1 ? keep_best(c, s) : SIZE_MAX;
    return explored != SIZE_MAX ? explored : draw(c, s->weighted);
}

/* A half-open one goes first, for one request; not for one that could not try another after it. */
static bool pick_probe(struct choice *c, size_t *index)
{
    size_t closed = 0, probe = SIZE_MAX;
    for (size_t i = 0; i < c->g->count; i++) {
        const struct lx_deployment_state *s = has(c, i) ? at(c, i)->state : NULL;
        if (!has(c, i))
            continue;
        if (!s || lx_breaker_of(s, c->r->now_ms) != LX_BREAKER_HALF_OPEN)
            closed++;
        else if (probe == SIZE_MAX)
            probe = i;
    }
    if (probe == SIZE_MAX)
        return false;
    *index = probe;
    if (!c->r->last_attempt || !closed)
        return true;
    for (size_t i = 0; i < c->g->count; i++)
        if (has(c, i) && at(c, i)->state &&
            lx_breaker_of(at(c, i)->state, c->r->now_ms) == LX_BREAKER_HALF_OPEN) {
            c->set[i / 64] &= ~((uint64_t)1 << (i % 64));
            c->count--;
        }
    return false;
}

static struct lx_route_verdict none(const struct choice *c)
{
    return (struct lx_route_verdict){
        .kind = c->waiting ? LX_ROUTE_WAIT : LX_ROUTE_NONE,
        .until_ms = c->until_ms,
        .ends = c->ends,
        .why = c->why ? c->why : LX_FAULT_UNAVAILABLE,
    };
}

static void begin(struct choice *c, const struct lx_route_request *r)
{
    c->r = r;
    c->g = r->group;
    c->count = 0;
    c->by = NULL;
    c->waiting = c->ends = false;
    c->until_ms = 0;
    c->why = LX_FAULT_NONE;
}

static void admit_any(struct choice *c)
{
    static const enum which rounds[] = {UNTRIED, TRIED, FAILING};
    c->count = 0;
    for (size_t i = 0; i < 3 && !c->count; i++)
        admit(c, rounds[i]);
}

struct lx_route_verdict lx_route_choose(const struct lx_route_request *r)
{
    struct choice c;
    struct lx_route_verdict v = {.kind = LX_ROUTE_USE};
    begin(&c, r);
    if (!find_within(&c, FIRST_CHOICE))
        return (struct lx_route_verdict){
            .kind = LX_ROUTE_NONE, .why = LX_FAULT_AUTHENTICATION, .untagged = true};
    admit_any(&c);
    if (!c.count && c.tagged && find_within(&c, SECOND_CHOICE))
        admit_any(&c);
    if (!c.count)
        return none(&c);
    if (r->pinned.n && keep(&c, is_pinned))
        c.by = "response";
    else
        keep_lowest_order(&c);
    if (r->needs)
        keep(&c, is_able); /* where none is known to be able, the provider has the say */
    v.probe = pick_probe(&c, &v.index);
    if (!v.probe)
        v.index = last_word(&c);
    v.by = v.probe ? "probe" : c.by ? c.by : "alone";
    v.deployment = r->group->deployments[v.index];
    return v;
}

/* At most one in ten of its last failed. */
static bool is_healthy(const struct choice *c, size_t i)
{
    const struct lx_deployment_state *s = at(c, i)->state;
    int outcomes, failures;
    if (!s)
        return true;
    lx_history_get(s, c->r->now_ms, &outcomes, &failures);
    return lx_breaker_of(s, c->r->now_ms) == LX_BREAKER_CLOSED && 10 * failures <= outcomes;
}

bool lx_route_has_untried(const struct lx_route_request *r, bool *healthy)
{
    struct choice c;
    bool found = false;
    begin(&c, r);
    for (enum tier tier = FIRST_CHOICE; !found && tier <= SECOND_CHOICE; tier++) {
        if (!find_within(&c, tier))
            continue;
        admit(&c, UNTRIED);
        found = c.count > 0;
    }
    if (healthy)
        *healthy = found && keep(&c, is_healthy);
    return found;
}

/* ---- Reasons ----------------------------------------------------------------------------------
 */

void lx_route_explain(const struct lx_route_request *r, struct lx_buf *out)
{
    struct lx_route_skip skip;
    struct choice c;
    begin(&c, r);
    bool any = find_within(&c, FIRST_CHOICE);
    for (size_t i = 0; i < r->group->count; i++) {
        const struct lx_deployment *d = r->group->deployments[i];
        const struct lx_route_check *failed = first_failed(r, d, &skip);
        lx_buf_addf(out, "%s%s/%.*s (%.*s) ", i ? "; " : "", d->provider ? d->provider->id : "",
                    LX_F(d->model), LX_F(lx_slice_to(d->id, 12)));
        if (c.tagged && (!any || !lx_route_set_has(c.within, i)))
            lx_buf_add_lit(out, "does not have the request's tags");
        else if (failed)
            failed->tell(r, d, &skip, out);
        else if (i < 64 && (r->tried >> i & 1))
            lx_buf_add_lit(out, "was tried");
        else
            lx_buf_add_lit(out, "is free");
    }
}
