/*
 * sim.c - hours of outages in seconds: the real code of route/ in a world of virtual time.
 *
 * Requests come at random to a group of deployments that behave as a script says (dead, failing,
 * hanging, slow, limited). Each goes through choosing, accounting and retrying as the call machine
 * does it; a heap of events is the clock. Everything follows from seeds, so every run is the same.
 * Printed for each strategy: how many requests succeeded, what they cost in time, attempts and
 * money. With --check it asserts what the router promises. With --short the same scripts pass
 * thirty times as fast, with fewer requests a second, as litellm_router.py runs them in real time;
 * with
 * --scripts they are printed for it.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/random.h"
#include "route/choose.h"

enum {
    DEPLOYMENTS = 3,
    RATE = 50, /* requests a second */
    TOKENS = 20,
    TIMEOUT_MS = 10000,
    MAX_RETRIES = 2,
    MINUTE_S = 60,
};
#define START_MS INT64_C(1700000000000)

/* ---- Scripts ----------------------------------------------------------------------------------
 */

enum trouble { FINE, DEAD, ERRORS, HANGS, SLOW, LIMITED };

struct phase {
    int64_t from_s, to_s;
    unsigned which; /* bits: deployments */
    enum trouble trouble;
    int64_t value; /* percent of errors, times slower, requests a minute */
};
struct script {
    const char *name;
    int64_t seconds;
    struct phase phases[6];
    bool promise; /* one of three fails: nobody notices */
    bool dead;    /* ... and it hardly sees a request */
};

static const struct script scripts[] = {
    {"all is well", 20 * MINUTE_S, {{0}}, true, false},
    {"one is dead", 30 * MINUTE_S, {{300, 1500, 1, DEAD, 0}}, true, true},
    {"one fails half the time", 30 * MINUTE_S, {{300, 1500, 1, ERRORS, 50}}, true, false},
    {"one fails one time in five", 30 * MINUTE_S, {{300, 1500, 1, ERRORS, 20}}, true, false},
    {"one hangs", 30 * MINUTE_S, {{300, 1500, 1, HANGS, 0}}, true, false},
    {"one is ten times slower", 30 * MINUTE_S, {{300, 1500, 1, SLOW, 10}}, true, false},
    {"one is limited to 300 a minute", 30 * MINUTE_S, {{300, 1500, 1, LIMITED, 300}}, true, false},
    {"two are dead, then another",
     40 * MINUTE_S,
     {{300, 900, 3, DEAD, 0}, {1200, 1800, 4, DEAD, 0}},
     true,
     false},
    {"one dies again and again",
     60 * MINUTE_S,
     {{300, 330, 1, DEAD, 0},
      {600, 630, 2, DEAD, 0},
      {900, 905, 4, DEAD, 0},
      {1200, 1260, 1, DEAD, 0},
      {1500, 1501, 2, DEAD, 0}},
     true,
     false},
    {"all are dead for five minutes", 20 * MINUTE_S, {{300, 600, 7, DEAD, 0}}, false, false},
    {"all fail half the time", 20 * MINUTE_S, {{300, 600, 7, ERRORS, 50}}, false, false},
};

/* How fast a script passes, and how many requests a second there are. */
static struct {
    int64_t shrink, rate;
} pace = {1, RATE};
static const int64_t short_shrink = 30, short_rate = 10;

/* ---- The world --------------------------------------------------------------------------------
 */

struct request {
    int64_t begun_ms, failures, attempts;
    uint64_t tried;
    struct lx_route_ticket ticket;
    size_t index;
    int64_t base_ms; /* what the attempt would have taken on a good day */
    struct request *next_free;
};

enum what { ARRIVAL, OUTCOME, WAKE };
struct event {
    int64_t at_ms;
    uint64_t order;
    enum what what;
    struct request *request;
    enum lx_fault_kind fault;
    int64_t retry_after_ms;
};

struct figures {
    int64_t requests, succeeded, attempts, in_trouble, attempts_in_trouble, to_troubled;
    int64_t latency_ms, worst_ms, price;
    int64_t recovered_ms; /* from the end of the first phase to the first success of who had it */
};

struct world {
    const struct script *script;
    struct lx_arena arena;
    struct lx_route_table table;
    struct lx_route_state *state;
    const struct lx_model_group *g;
    struct event *heap;
    size_t n, cap;
    uint64_t order, random;
    struct request *free;
    int64_t now_ms;
    int64_t minute[DEPLOYMENTS], in_minute[DEPLOYMENTS];
    struct figures f;
};

static bool before(const struct event *a, const struct event *b)
{
    return a->at_ms != b->at_ms ? a->at_ms < b->at_ms : a->order < b->order;
}

static void push(struct world *w, struct event e)
{
    if (w->n == w->cap) {
        w->cap = w->cap ? 2 * w->cap : 1024;
        w->heap = realloc(w->heap, w->cap * sizeof(*w->heap));
        if (!w->heap)
            abort();
    }
    size_t i = w->n++;
    e.order = w->order++;
    for (; i && before(&e, &w->heap[(i - 1) / 2]); i = (i - 1) / 2)
        w->heap[i] = w->heap[(i - 1) / 2];
    w->heap[i] = e;
}

static struct event pop(struct world *w)
{
    struct event first = w->heap[0], last = w->heap[--w->n];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < w->n; i = child) {
        if (child + 1 < w->n && before(&w->heap[child + 1], &w->heap[child]))
            child++;
        if (!before(&w->heap[child], &last))
            break;
        w->heap[i] = w->heap[child];
    }
    w->heap[i] = last;
    return first;
}

static int64_t uniform(struct world *w, int64_t from, int64_t to)
{
    return from + (int64_t)(lx_random_next(&w->random) % (uint64_t)(to - from + 1));
}

/* Of the script. */
static int64_t now_s(const struct world *w)
{
    return (w->now_ms - START_MS) * pace.shrink / 1000;
}

/* What a deployment suffers from now. */
static const struct phase *phase_of(const struct world *w, size_t index)
{
    for (size_t i = 0; i < 6 && w->script->phases[i].to_s; i++) {
        const struct phase *p = &w->script->phases[i];
        if ((p->which >> index & 1) && now_s(w) >= p->from_s && now_s(w) < p->to_s)
            return p;
    }
    return NULL;
}

static bool is_trouble(const struct world *w)
{
    for (size_t i = 0; i < DEPLOYMENTS; i++)
        if (phase_of(w, i))
            return true;
    return false;
}

/* ---- Providers --------------------------------------------------------------------------------
 */

/* How an attempt that begins now will end. */
static struct event outcome(struct world *w, struct request *q)
{
    const struct phase *p = phase_of(w, q->index);
    struct event e = {.what = OUTCOME, .request = q, .retry_after_ms = -1};
    int64_t value = p ? p->value : 0, minute = w->now_ms / 60000, i = (int64_t)q->index;
    q->base_ms = uniform(w, 150, 250) + 20 * i;
    e.at_ms = w->now_ms + q->base_ms;
    if (w->minute[i] != minute)
        w->in_minute[i] = 0;
    w->minute[i] = minute;
    w->in_minute[i]++;
    switch (p ? p->trouble : FINE) {
    case FINE:
        break;
    case DEAD:
        e.fault = LX_FAULT_CONNECTION;
        e.at_ms = w->now_ms + 1;
        break;
    case ERRORS:
        if (uniform(w, 1, 100) <= value)
            e.fault = LX_FAULT_INTERNAL;
        break;
    case HANGS:
        e.fault = LX_FAULT_TIMEOUT;
        e.at_ms = w->now_ms + TIMEOUT_MS;
        break;
    case SLOW:
        e.at_ms = w->now_ms + q->base_ms * value;
        break;
    case LIMITED:
        if (w->in_minute[i] > value * pace.rate / RATE) {
            e.fault = LX_FAULT_RATE_LIMIT;
            e.retry_after_ms = (minute + 1) * 60000 - w->now_ms;
            e.at_ms = w->now_ms + 5;
        }
        break;
    }
    return e;
}

/* ---- A request, as the call machine makes it
 * ----------------------------------------------------- */

static struct request *new_request(struct world *w)
{
    struct request *q = w->free;
    if (q)
        w->free = q->next_free;
    else if (!(q = lx_arena_alloc(&w->arena, sizeof(*q))))
        abort();
    *q = (struct request){.begun_ms = w->now_ms};
    w->f.requests++;
    w->f.in_trouble += is_trouble(w);
    return q;
}

static void end_request(struct world *w, struct request *q, bool well)
{
    int64_t ms = w->now_ms - q->begun_ms;
    w->f.succeeded += well;
    w->f.latency_ms += well ? ms : 0;
    w->f.worst_ms = well && ms > w->f.worst_ms ? ms : w->f.worst_ms;
    q->next_free = w->free;
    w->free = q;
}

static struct lx_route_request facts(struct world *w, const struct request *q)
{
    return (struct lx_route_request){
        .settings = &w->table.settings,
        .group = w->g,
        .now_ms = w->now_ms,
        .random = lx_random_next(&w->random),
        .tried = q->tried,
        .last_attempt = q->failures >= MAX_RETRIES,
        .prompt_tokens = -1,
    };
}

/* Whether another attempt follows; then it is on its way. */
static bool again(struct world *w, struct request *q, const struct lx_fault *fault, bool another,
                  bool healthy, bool sends)
{
    const struct lx_retry_question question = {
        .settings = &w->table.settings,
        .group = w->g,
        .max_retries = MAX_RETRIES,
        .attempts = ++q->failures,
        .fault = fault,
        .another_untried = another,
        .random = lx_random_next(&w->random),
    };
    struct lx_retry_verdict v = lx_retry_decide(&question);
    if (!v.retry || (sends && !lx_retry_take(&w->table.settings.policy, w->g, healthy, w->now_ms)))
        return false;
    push(w, (struct event){.at_ms = w->now_ms + v.after_ms, .what = WAKE, .request = q});
    return true;
}

static void attempt(struct world *w, struct request *q)
{
    struct lx_route_request r = facts(w, q);
    struct lx_route_verdict v = lx_route_take(&r, &q->ticket);
    if (v.kind == LX_ROUTE_USE) {
        bool troubled = phase_of(w, v.index);
        q->tried |= (uint64_t)1 << v.index;
        q->index = v.index;
        q->attempts++;
        w->f.attempts++;
        w->f.attempts_in_trouble += is_trouble(w);
        w->f.to_troubled += troubled;
        push(w, outcome(w, q));
        return;
    }
    struct lx_fault fault = {.kind = v.why,
                             .retry_after_ms = v.until_ms ? v.until_ms - w->now_ms + 1 : 30};
    if (v.kind == LX_ROUTE_NONE || !again(w, q, &fault, false, false, false))
        end_request(w, q, false);
}

static void note_recovery(struct world *w, size_t index)
{
    const struct phase *p = &w->script->phases[0];
    if (p->to_s && (p->which >> index & 1) && !w->f.recovered_ms && now_s(w) >= p->to_s)
        w->f.recovered_ms = w->now_ms - START_MS - 1000 * p->to_s / pace.shrink;
}

static void finish(struct world *w, const struct event *e)
{
    struct request *q = e->request;
    const struct lx_deployment *d = q->ticket.deployment;
    struct lx_fault fault = {.kind = e->fault, .retry_after_ms = e->retry_after_ms};
    const struct lx_route_outcome o = {
        .kind = e->fault ? LX_OUTCOME_FAILURE : LX_OUTCOME_SUCCESS,
        .fault = &fault,
        .now_ms = w->now_ms,
        .tokens = TOKENS,
        .completion_tokens = e->fault ? 0 : TOKENS,
    };
    lx_route_end(&q->ticket, &o);
    if (!e->fault) {
        w->f.price += d->facts.input_price;
        note_recovery(w, q->index);
        end_request(w, q, true);
        return;
    }
    struct lx_route_request r = facts(w, q);
    bool healthy, another = lx_route_has_untried(&r, &healthy);
    if (!again(w, q, &fault, another, healthy, true))
        end_request(w, q, false);
}

/* ---- A run ------------------------------------------------------------------------------------
 */

static void build(struct world *w, const struct script *script, const struct lx_strategy *strategy)
{
    static const uint64_t seed[2] = {1, 2};
    static const char *const names[DEPLOYMENTS] = {"a", "b", "c"};
    *w = (struct world){.script = script, .random = 42, .now_ms = START_MS};
    lx_arena_init(&w->arena, (size_t)1 << 30);
    lx_route_table_init(&w->table, &w->arena, seed);
    w->table.settings.policy.strategy = strategy;
    for (size_t i = 0; i < DEPLOYMENTS; i++) {
        struct lx_deployment *d = lx_arena_new(&w->arena, struct lx_deployment);
        if (!d)
            abort();
        *d = (struct lx_deployment){.group = LX_S("g"),
                                    .id = lx_slice_z(names[i]),
                                    .provider = &lx_providers[0],
                                    .cooldown_ms = -1,
                                    .allowed_fails = -1,
                                    .max_retries = -1};
        d->facts.input_price = (int64_t)(100 + 10 * i); /* the first is the cheapest, and fastest */
        if (lx_route_table_add(&w->table, d) != 0)
            abort();
    }
    w->state = lx_route_state_new();
    if (!w->state || lx_route_state_bind(w->state, &w->table) != 0)
        abort();
    w->g = w->table.groups[0];
}

static struct figures run(const struct script *script, const struct lx_strategy *strategy)
{
    struct world w;
    build(&w, script, strategy);
    push(&w, (struct event){.at_ms = START_MS, .what = ARRIVAL});
    while (w.n) {
        struct event e = pop(&w);
        w.now_ms = e.at_ms;
        if (e.what == OUTCOME) {
            finish(&w, &e);
        } else if (e.what == WAKE) {
            attempt(&w, e.request);
        } else if (now_s(&w) < script->seconds) {
            attempt(&w, new_request(&w));
            push(&w, (struct event){.at_ms = w.now_ms + uniform(&w, 0, 2000 / pace.rate),
                                    .what = ARRIVAL});
        }
    }
    for (size_t i = 0; i < DEPLOYMENTS; i++)
        if (atomic_load(&w.g->deployments[i]->state->in_flight) != 0)
            abort();
    lx_route_state_unbind(&w.table);
    lx_route_state_unref(w.state);
    lx_arena_clear(&w.arena);
    free(w.heap);
    return w.f;
}

/* ---- What came of it ---------------------------------------------------------------------------
 */

static int wrong;

static void expect(bool ok, const struct script *script, const struct lx_strategy *strategy,
                   const char *what)
{
    if (ok)
        return;
    printf("  ! %s, %s: %s\n", script->name, strategy->name, what);
    wrong++;
}

static void check(const struct script *s, const struct lx_strategy *strategy,
                  const struct figures *f)
{
    if (s->promise)
        expect(f->succeeded * 10000 >= f->requests * 9999, s, strategy, "under 99.99 % succeed");
    /* Where all fail, two minutes' budget from before the trouble may be used up, too. */
    int64_t before = s->promise ? 0 : 2 * MINUTE_S * RATE;
    expect(f->attempts_in_trouble * 10 <= f->in_trouble * 11 + before, s, strategy,
           "more than 1.1 attempts a request while there is trouble");
    if (s->dead) {
        expect(f->to_troubled * 100 < f->attempts_in_trouble, s, strategy,
               "the dead one gets 1 % or more");
        expect(f->recovered_ms > 0 && f->recovered_ms <= 5500, s, strategy,
               "its recovery is noticed late");
    }
}

static void print(const struct lx_strategy *strategy, const struct figures *f)
{
    double n = (double)f->requests, ok = (double)(f->succeeded ? f->succeeded : 1);
    double trouble = (double)(f->in_trouble ? f->in_trouble : 1);
    printf("  %-24s %9.4f %% %9.3f %9.3f %8.2f %% %7.0f ms %6lld ms %8.1f %9.1f s\n",
           strategy->name, 100 * (double)f->succeeded / n, (double)f->attempts / n,
           (double)f->attempts_in_trouble / trouble, 100 * (double)f->to_troubled / trouble,
           (double)f->latency_ms / ok, (long long)f->worst_ms, (double)f->price / ok,
           (double)f->recovered_ms / 1000);
}

/* For litellm_router.py: name, seconds, requests a second, and of each phase from, to, which, what,
 * value; all as --short has them. */
static void print_scripts(void)
{
    static const char *const names[] = {"fine", "dead", "errors", "hangs", "slow", "limited"};
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        const struct script *s = &scripts[i];
        printf("%s\t%g\t%lld", s->name, (double)s->seconds / (double)short_shrink,
               (long long)short_rate);
        for (size_t k = 0; k < 6 && s->phases[k].to_s; k++) {
            const struct phase *p = &s->phases[k];
            bool limited = p->trouble == LIMITED;
            printf("\t%g %g %u %s %lld", (double)p->from_s / (double)short_shrink,
                   (double)p->to_s / (double)short_shrink, p->which, names[p->trouble],
                   (long long)(limited ? p->value * short_rate / RATE : p->value));
        }
        putchar('\n');
    }
}

int main(int argc, char **argv)
{
    bool checks = argc > 1 && strcmp(argv[1], "--check") == 0;
    if (argc > 1 && strcmp(argv[1], "--scripts") == 0) {
        print_scripts();
        return 0;
    }
    if (argc > 1 && strcmp(argv[1], "--short") == 0) {
        pace.shrink = short_shrink;
        pace.rate = short_rate;
    }
    for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
        printf("%s (%lld seconds, %lld requests a second)\n", scripts[i].name,
               (long long)(scripts[i].seconds / pace.shrink), (long long)pace.rate);
        printf("  %-24s %11s %9s %9s %10s %10s %9s %8s %11s\n", "strategy", "succeeded", "attempts",
               "in trouble", "to it", "mean", "worst", "price", "recovery");
        for (size_t k = 0; k < lx_strategy_count; k++) {
            struct figures f = run(&scripts[i], &lx_strategies[k]);
            print(&lx_strategies[k], &f);
            if (checks)
                check(&scripts[i], &lx_strategies[k], &f);
        }
    }
    return wrong ? 1 : 0;
}
