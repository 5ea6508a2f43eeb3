/*
 * state_test.c - counters over minutes, sharing, records over reloads, and many threads at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "route/choose.h"

#define NOW_MS INT64_C(1700000000000)

static void a_tally_knows_two_minutes(void **state)
{
    (void)state;
    struct lx_tally t = {.own = {0}};
    int64_t m = NOW_MS / 60000;
    lx_tally_add(&t, m, 5);
    lx_tally_add(&t, m, 2);
    lx_tally_add(&t, m + 1, 1);
    assert_int_equal(lx_tally_get(&t, m), 7);
    assert_int_equal(lx_tally_get(&t, m + 1), 1);
    assert_int_equal(lx_tally_get(&t, m + 2), 0);
    lx_tally_add(&t, m + 2, 3); /* in the first one's place */
    assert_int_equal(lx_tally_get(&t, m), 0);
    assert_int_equal(lx_tally_get(&t, m + 1), 1);
    lx_tally_add(&t, m + 2, -2);
    assert_int_equal(lx_tally_get(&t, m + 2), 1);
    lx_tally_add(&t, m + 2, -9);
    assert_int_equal(lx_tally_get(&t, m + 2), 0);
    assert_true(lx_tally_reserve(&t, m + 2, 4, 5));
    assert_false(lx_tally_reserve(&t, m + 2, 2, 5));
    assert_true(lx_tally_reserve(&t, m + 2, 1, 5));
    assert_int_equal(lx_tally_get(&t, m + 2), 5);
}

static void money_has_windows(void **state)
{
    (void)state;
    struct lx_spend_state s = {.own = 0};
    lx_spend_add(&s, 3600000, NOW_MS, 70);
    lx_spend_add(&s, 3600000, NOW_MS + 1, 5);
    assert_int_equal(lx_spend_get(&s, 3600000, NOW_MS), 75);
    assert_int_equal(lx_spend_own(&s, 3600000, NOW_MS), 75);
    lx_spend_add(&s, 3600000, NOW_MS, 1);
    lx_spend_set_others(&s, 3600000, NOW_MS, 24);
    assert_int_equal(lx_spend_own(&s, 3600000, NOW_MS), 76);
    assert_int_equal(lx_spend_get(&s, 3600000, NOW_MS), 100);
    lx_spend_add(&s, 3600000, NOW_MS, 1);
    assert_int_equal(lx_spend_get(&s, 3600000, NOW_MS), 101);
    assert_int_equal(lx_spend_get(&s, 3600000, NOW_MS + 3600000), 0);
    assert_int_equal(lx_spend_add(&s, 3600000, NOW_MS, 1), 101); /* what there was before */
}

static void months_are_the_calendars(void **state)
{
    (void)state;
    const int64_t day = 86400000, new_year = INT64_C(1704067200000); /* 2024-01-01 */
    struct lx_spend_state s = {.own = 0};
    assert_int_equal(lx_spend_window(LX_SPEND_MONTH, new_year), 54 * 12);
    assert_int_equal(lx_spend_window(LX_SPEND_MONTH, new_year - 1), 54 * 12 - 1);
    lx_spend_add(&s, LX_SPEND_MONTH, new_year + 31 * day, 3); /* February, of 29 days */
    assert_int_equal(lx_spend_get(&s, LX_SPEND_MONTH, new_year + 60 * day - 1), 3);
    assert_int_equal(lx_spend_add(&s, LX_SPEND_MONTH, new_year + 60 * day, 1), 0);
}

static void latencies_have_a_mean(void **state)
{
    (void)state;
    struct lx_latency l = {.count = 0};
    assert_int_equal(lx_latency_mean_us(&l, 1000, NOW_MS), 0);
    lx_latency_add(&l, 100, 4, NOW_MS);
    assert_int_equal(lx_latency_mean_us(&l, 1000, NOW_MS), 100);
    for (int i = 0; i < 100; i++)
        lx_latency_add(&l, 100 + i % 4, 4, NOW_MS);
    assert_int_equal(lx_latency_mean_us(&l, 1000, NOW_MS + 999), 101);
    assert_int_equal(lx_latency_mean_us(&l, 1000, NOW_MS + 1000), 0);
    lx_latency_add(&l, INT64_MAX / 2, 1, NOW_MS);
    assert_int_equal(lx_latency_mean_us(&l, 1000, NOW_MS), UINT32_MAX);
}

/* ---- Tables -----------------------------------------------------------------------------------
 */

struct house {
    struct lx_arena arena;
    struct lx_route_table table;
};

static void build(struct house *h, const char *const *ids, size_t n)
{
    static const uint64_t seed[2] = {5, 6};
    lx_arena_init(&h->arena, 1 << 20);
    lx_route_table_init(&h->table, &h->arena, seed);
    for (size_t i = 0; i < n; i++) {
        struct lx_deployment *d = lx_arena_new(&h->arena, struct lx_deployment);
        *d = (struct lx_deployment){.group = LX_S("g"),
                                    .id = lx_slice_z(ids[i]),
                                    .provider = lx_provider_find(LX_S("openai")),
                                    .cooldown_ms = -1,
                                    .allowed_fails = -1};
        assert_int_equal(lx_route_table_add(&h->table, d), 0);
    }
}

static struct lx_deployment_state *state_of(const struct house *h, size_t i)
{
    return h->table.groups[0]->deployments[i]->state;
}

static void raze(struct house *h)
{
    lx_route_state_unbind(&h->table);
    lx_arena_clear(&h->arena);
}

static void records_outlive_reloads(void **state)
{
    (void)state;
    static const char *const first[] = {"a", "b"}, *const second[] = {"b", "c"};
    struct house old, new;
    struct lx_route_state *s = lx_route_state_new();
    struct lx_slice key;
    struct lx_deployment_state *d;
    size_t at = 0, n = 0;
    assert_non_null(s);
    build(&old, first, 2);
    assert_int_equal(lx_route_state_bind(s, &old.table), 0);
    assert_int_equal((uintptr_t)state_of(&old, 0) % 64, 0);
    assert_int_equal(old.table.groups[0]->deployments[0]->siblings, 2);
    lx_tally_add(&state_of(&old, 1)->counts[LX_COUNT_REQUESTS], 7, 3);
    build(&new, second, 2);
    assert_int_equal(lx_route_state_bind(s, &new.table), 0);
    assert_ptr_equal(state_of(&new, 0), state_of(&old, 1));
    assert_ptr_equal(new.table.groups[0]->state, old.table.groups[0]->state);
    raze(&old);
    assert_int_equal(lx_tally_get(&state_of(&new, 0)->counts[LX_COUNT_REQUESTS], 7), 3);
    assert_int_equal(lx_route_state_bind(s, &new.table), 0); /* frees what only the old one had */
    while (lx_route_state_next(s, &at, &key, &d))
        n += lx_slice_ends(key, LX_S("\nopenai"));
    assert_int_equal(n, 2);
    lx_route_state_unref(s); /* the table holds it, too */
    lx_tally_add(&state_of(&new, 1)->counts[LX_COUNT_REQUESTS], 7, 1);
    raze(&new);
}

static void nodes_share_what_they_count(void **state)
{
    (void)state;
    static const char *const ids[] = {"a"};
    struct house h;
    struct lx_route_state *s = lx_route_state_new();
    struct lx_deployment_share share;
    struct lx_route_policy policy;
    int64_t m = NOW_MS / 60000;
    lx_route_policy_default(&policy);
    build(&h, ids, 1);
    assert_int_equal(lx_route_state_bind(s, &h.table), 0);
    struct lx_deployment_state *d = state_of(&h, 0);
    struct lx_tally *requests = &d->counts[LX_COUNT_REQUESTS];
    lx_tally_add(requests, m, 10);
    lx_latency_add(&d->first, 500, 1, NOW_MS);
    lx_deployment_state_own(d, m, &share);
    assert_int_equal(share.counts[LX_COUNT_REQUESTS], 10);
    assert_int_equal(share.first_count, 1);
    lx_tally_add(requests, m, 1); /* while the sums are under way */
    share.counts[LX_COUNT_REQUESTS] = 20;
    share.in_flight = 4;
    share.cooling_until_ms = NOW_MS + 500;
    share.first_us = 3000, share.first_count = 3;
    policy.latency.samples = 1;
    lx_deployment_state_others(d, &share, &policy, NOW_MS);
    lx_deployment_state_others(d, &share, &policy, NOW_MS); /* twice: no harm */
    assert_int_equal(lx_tally_get(requests, m), 31);
    assert_int_equal(atomic_load(&d->in_flight_others), 4);
    assert_int_equal(lx_breaker_of(d, NOW_MS), LX_BREAKER_OPEN);
    assert_int_equal(lx_latency_mean_us(&d->first, 1000, NOW_MS), 1000);
    lx_deployment_state_own(d, m, &share);
    assert_int_equal(share.counts[LX_COUNT_REQUESTS], 11);
    assert_int_equal(share.first_count, 1); /* the others' times are not told again */
    assert_int_equal(lx_tally_get(requests, m + 1), 0);
    raze(&h);
    lx_route_state_unref(s);
}

static void nodes_share_how_it_went(void **state)
{
    (void)state;
    static const char *const ids[] = {"a"};
    struct house h;
    struct lx_route_state *s = lx_route_state_new();
    struct lx_route_policy policy;
    struct lx_deployment_share share = {.minute = NOW_MS / 60000};
    int64_t good, bad;
    lx_route_policy_default(&policy);
    build(&h, ids, 1);
    assert_int_equal(lx_route_state_bind(s, &h.table), 0);
    struct lx_deployment_state *d = state_of(&h, 0);
    lx_odds_add(d, 1, 0, NOW_MS);
    lx_tally_add(&d->counts[LX_COUNT_SUCCESSES], share.minute, 1);
    share.counts[LX_COUNT_SUCCESSES] = 2;
    share.counts[LX_COUNT_FAILURES + LX_FAILURE_TIMEOUT] = 3;
    share.counts[LX_COUNT_FAILURES + LX_FAILURE_OTHER] = 4;
    for (int i = 0; i < 2; i++) { /* twice: no harm */
        lx_deployment_state_others(d, &share, &policy, NOW_MS);
        lx_odds_get(d, NOW_MS, &good, &bad);
        assert_int_equal(good, 3 * 64);
        assert_int_equal(bad, 7 * 64);
    }
    share.counts[LX_COUNT_FAILURES + LX_FAILURE_OTHER] = 5;
    lx_deployment_state_others(d, &share, &policy, NOW_MS);
    lx_odds_get(d, NOW_MS, &good, &bad);
    assert_int_equal(bad, 8 * 64);
    share = (struct lx_deployment_share){.minute = share.minute + 1}; /* from nothing again */
    share.counts[LX_COUNT_SUCCESSES] = 1;
    lx_deployment_state_others(d, &share, &policy, NOW_MS);
    lx_odds_get(d, NOW_MS, &good, &bad);
    assert_int_equal(good, 4 * 64);
    raze(&h);
    lx_route_state_unref(s);
}

static void retries_have_a_budget(void **state)
{
    (void)state;
    static const char *const ids[] = {"a"};
    struct house h;
    struct lx_route_state *s = lx_route_state_new();
    struct lx_route_policy *p;
    int n = 0;
    build(&h, ids, 1);
    assert_int_equal(lx_route_state_bind(s, &h.table), 0);
    const struct lx_model_group *g = h.table.groups[0];
    p = &h.table.settings.policy;
    while (n < 1000 && lx_retry_take(p, g, false, NOW_MS))
        n++;
    assert_int_equal(n, 10); /* the least */
    assert_true(lx_retry_is_tight(p, g, NOW_MS));
    lx_tally_add(&g->state->requests, NOW_MS / 60000, 500);
    for (n = 0; n < 1000 && lx_retry_take(p, g, false, NOW_MS); n++)
        ;
    assert_int_equal(n, 40); /* a tenth of 500 */
    assert_true(lx_retry_take(p, g, true, NOW_MS));
    assert_false(lx_retry_take(p, g, false, NOW_MS + 60000)); /* the last minute counts, too */
    assert_true(lx_retry_take(p, g, false, NOW_MS + 120000));
    p->retry_budget_ppm = 1000000;
    assert_true(lx_retry_take(p, g, false, NOW_MS));
    raze(&h);
    lx_route_state_unref(s);
}

/* Who failed a health check is left alone while somebody else did not, and not for ever. */
static void health_checks_are_heeded(void **state)
{
    (void)state;
    static const char *const ids[] = {"a", "b"};
    struct house h;
    struct lx_route_state *s = lx_route_state_new();
    build(&h, ids, 2);
    assert_int_equal(lx_route_state_bind(s, &h.table), 0);
    struct lx_route_request r = {.settings = &h.table.settings,
                                 .group = h.table.groups[0],
                                 .now_ms = NOW_MS,
                                 .prompt_tokens = -1};
    lx_deployment_state_health(state_of(&h, 0), false, NOW_MS - 1000);
    assert_int_equal(lx_route_choose(&r).index, 0); /* not asked for */
    h.table.settings.policy.health_routing = true;
    assert_int_equal(lx_route_choose(&r).index, 1);
    lx_deployment_state_health(state_of(&h, 1), false, NOW_MS - 1000);
    assert_int_equal(lx_route_choose(&r).index, 0); /* as good as any */
    lx_deployment_state_health(state_of(&h, 1), true, NOW_MS);
    assert_int_equal(lx_route_choose(&r).index, 1);
    atomic_store(&state_of(&h, 1)->cooling_until_ms, NOW_MS + 1);
    assert_int_equal(lx_route_choose(&r).index, 0); /* the other one cools down */
    atomic_store(&state_of(&h, 1)->cooling_until_ms, 0);
    h.table.settings.policy.health_stale_ms = 1000;
    assert_int_equal(lx_route_choose(&r).index, 0); /* the result has grown old */
    raze(&h);
    lx_route_state_unref(s);
}

/* ---- Threads ----------------------------------------------------------------------------------
 */

enum { THREADS = 4, TURNS = 20000, RPM = 30000 };

static struct house shared;

static void *ask(void *arg)
{
    uint64_t random = (uint64_t)(uintptr_t)arg;
    intptr_t got = 0;
    for (int i = 0; i < TURNS; i++) {
        struct lx_fault f = {.kind = LX_FAULT_INTERNAL, .retry_after_ms = -1};
        struct lx_route_ticket t;
        struct lx_route_request r = {.settings = &shared.table.settings,
                                     .group = shared.table.groups[0],
                                     .now_ms = NOW_MS,
                                     .random = random += 0x9e3779b97f4a7c15u,
                                     .prompt_tokens = 3};
        struct lx_route_outcome o = {.kind = i % 100 ? LX_OUTCOME_SUCCESS : LX_OUTCOME_FAILURE,
                                     .fault = &f,
                                     .now_ms = NOW_MS + i % 7,
                                     .tokens = 5,
                                     .completion_tokens = 2};
        if (lx_route_take(&r, &t).kind != LX_ROUTE_USE)
            continue;
        got++;
        if (i % 3 == 0)
            lx_route_first(&t, NOW_MS + 1);
        lx_route_end(&t, &o);
    }
    return (void *)got;
}

static void *share(void *arg)
{
    struct lx_deployment_share s;
    int64_t *sum = arg;
    for (int i = 0; i < 2000; i++) {
        *sum = 0;
        for (size_t k = 0; k < 2; k++) {
            lx_deployment_state_own(state_of(&shared, k), NOW_MS / 60000, &s);
            *sum += s.counts[LX_COUNT_REQUESTS];
            s = (struct lx_deployment_share){.minute = NOW_MS / 60000};
            lx_deployment_state_others(state_of(&shared, k), &s, &shared.table.settings.policy,
                                       NOW_MS);
        }
    }
    return NULL;
}

/* Not one request too many passes a limit, and all is accounted for in the end. */
static void threads_share_without_locks(void **state)
{
    (void)state;
    static const char *const ids[] = {"a", "b"};
    struct lx_route_state *s = lx_route_state_new();
    pthread_t threads[THREADS], sharer;
    int64_t taken = 0, minute = NOW_MS / 60000;
    intptr_t got = 0;
    build(&shared, ids, 2);
    shared.table.settings.policy.strategy = lx_strategy_find(LX_S("usage-based-routing-v2"));
    for (size_t i = 0; i < 2; i++) {
        shared.table.groups[0]->deployments[i]->rpm = RPM;
        shared.table.groups[0]->deployments[i]->max_parallel = 3;
    }
    assert_int_equal(lx_route_state_bind(s, &shared.table), 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, ask, (void *)i), 0);
    assert_int_equal(pthread_create(&sharer, NULL, share, &taken), 0);
    for (size_t i = 0; i < THREADS; i++) {
        void *n;
        pthread_join(threads[i], &n);
        got += (intptr_t)n;
    }
    pthread_join(sharer, NULL);
    share(&taken);
    int64_t counted = 0;
    for (size_t i = 0; i < 2; i++) {
        const struct lx_deployment_state *d = state_of(&shared, i);
        int64_t n = lx_tally_get(&d->counts[LX_COUNT_REQUESTS], minute);
        assert_true(n <= RPM);
        assert_int_equal(atomic_load(&d->in_flight), 0);
        counted += n;
    }
    assert_int_equal(counted, got);
    assert_int_equal(taken, got);
    raze(&shared);
    lx_route_state_unref(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tally_knows_two_minutes),
        cmocka_unit_test(money_has_windows),
        cmocka_unit_test(months_are_the_calendars),
        cmocka_unit_test(latencies_have_a_mean),
        cmocka_unit_test(records_outlive_reloads),
        cmocka_unit_test(nodes_share_how_it_went),
        cmocka_unit_test(nodes_share_what_they_count),
        cmocka_unit_test(retries_have_a_budget),
        cmocka_unit_test(health_checks_are_heeded),
        cmocka_unit_test(threads_share_without_locks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
