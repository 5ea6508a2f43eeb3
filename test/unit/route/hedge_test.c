/*
 * hedge_test.c - how long a hedge waits, and how many there may be.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "route/hedge.h"

#define NOW_MS INT64_C(1700000000000)

static void it_waits_for_a_percentile_of_what_is_known(void **state)
{
    static struct lx_deployment_state s;
    struct lx_deployment d = {.state = &s};
    struct lx_route_policy p;
    (void)state;
    lx_route_policy_default(&p);
    assert_int_equal(lx_hedge_after_ms(&p, &d, true, NOW_MS), 0);
    p.hedge_after_ms = 700;
    assert_int_equal(lx_hedge_after_ms(&p, &d, true, NOW_MS), 700);
    p.hedge_percentile = 90;
    for (int i = 1; i <= 9; i++)
        lx_latency_add(&s.first, i * 10000, 10, NOW_MS);
    assert_int_equal(lx_hedge_after_ms(&p, &d, true, NOW_MS), 700); /* too little is known */
    lx_latency_add(&s.first, 100000, 10, NOW_MS);
    assert_int_equal(lx_hedge_after_ms(&p, &d, true, NOW_MS), 91);
    assert_int_equal(lx_hedge_after_ms(&p, &d, false, NOW_MS), 700); /* of whole replies nothing */
    p.hedge_percentile = 50;
    assert_int_equal(lx_hedge_after_ms(&p, &d, true, NOW_MS), 51);
    assert_int_equal(lx_hedge_after_ms(&p, &d, true, NOW_MS + p.latency.ttl_ms), 700);
    d.state = NULL;
    assert_int_equal(lx_hedge_after_ms(&p, &d, true, NOW_MS), 700);
}

static void their_part_of_the_requests_is_bounded(void **state)
{
    struct lx_group_state s = {.requests = {.own = {0}}};
    struct lx_model_group g = {.state = &s};
    struct lx_route_policy p;
    int64_t minute = NOW_MS / 60000;
    int taken = 0;
    (void)state;
    lx_route_policy_default(&p);
    assert_true(lx_hedge_take(&p, &g, NOW_MS)); /* one always */
    assert_false(lx_hedge_take(&p, &g, NOW_MS));
    lx_tally_add(&s.requests, minute, 1000);
    while (lx_hedge_take(&p, &g, NOW_MS))
        taken++;
    assert_int_equal(taken, 49); /* and the one: 5 % */
    assert_false(lx_hedge_take(&p, &g, NOW_MS + 60000));
    lx_tally_add(&s.requests, minute + 1, 1000);
    for (taken = 0; lx_hedge_take(&p, &g, NOW_MS + 60000);)
        taken++;
    assert_int_equal(taken, 50);
    g.state = NULL;
    assert_true(lx_hedge_take(&p, &g, NOW_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_waits_for_a_percentile_of_what_is_known),
        cmocka_unit_test(their_part_of_the_requests_is_bounded),
    };
    return cmocka_run_group_tests_name("route/hedge", tests, NULL, NULL);
}
