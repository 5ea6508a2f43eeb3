/*
 * retry.c - whether a failed attempt is worth another, and after what wait.
 *
 * The call machine asks it while nothing has gone to the client yet. Two brakes: a request has a
 * number of retries, and a group has a budget of them, so that an outage is not multiplied by every
 * client's patience.
 */
#include "route/state.h"

enum { RETRY_AFTER_MAX_MS = 60000, MINUTE_MS = 60000, PPM = 1000000 };

/* What is wrong with one key or account may be right with the next. */
static bool cured_by_another(enum lx_fault_kind kind)
{
    return kind == LX_FAULT_AUTHENTICATION || kind == LX_FAULT_BILLING || kind == LX_FAULT_QUOTA ||
           kind == LX_FAULT_PERMISSION;
}

static bool is_retryable(const struct lx_fault *f, bool another_untried)
{
    return lx_fault_retryable(f) || f->status == 409 ||
           (another_untried && cured_by_another(f->kind));
}

static int64_t backoff(const struct lx_route_settings *s, int64_t attempts, uint64_t random)
{
    int64_t ceiling = s->backoff_base_ms;
    for (int64_t i = 1; i < attempts && ceiling < s->backoff_max_ms; i++)
        ceiling *= 2;
    if (ceiling > s->backoff_max_ms)
        ceiling = s->backoff_max_ms;
    return ceiling > 0 ? (int64_t)(random % ((uint64_t)ceiling + 1)) : 0;
}

/* How often a policy says that a fault is worth another attempt; -1: it says nothing. */
static int64_t by_policy(const struct lx_retry_question *q)
{
    const struct lx_failure_policy *all[] = {q->of_request, q->of_deployment,
                                             q->group && q->group->retry_policy
                                                 ? q->group->retry_policy
                                                 : &q->settings->policy.retry_policy};
    int64_t n = -1;
    for (size_t i = 0; n < 0 && i < sizeof(all) / sizeof(all[0]); i++)
        n = all[i] ? lx_failure_policy_get(all[i], q->fault->kind) : -1;
    return n;
}

struct lx_retry_verdict lx_retry_decide(const struct lx_retry_question *q)
{
    const struct lx_route_settings *s = q->settings;
    struct lx_retry_verdict v = {false, 0};
    int64_t said = by_policy(q);
    if (q->attempts > (said >= 0 ? said : q->max_retries) ||
        (said < 0 && !is_retryable(q->fault, q->another_untried)))
        return v;
    v.retry = true;
    if (q->another_untried)
        return v;
    if (q->fault->retry_after_ms > RETRY_AFTER_MAX_MS)
        return (struct lx_retry_verdict){false, 0};
    v.after_ms = q->fault->retry_after_ms >= 0 ? q->fault->retry_after_ms
                                               : backoff(s, q->attempts, q->random);
    if (v.after_ms < s->retry_after_ms)
        v.after_ms = s->retry_after_ms;
    return v;
}

/* How many retries the group may make in this minute and the last. */
static int64_t budget_of(const struct lx_route_policy *p, const struct lx_group_state *s,
                         int64_t minute)
{
    int64_t n = lx_tally_lately(&s->requests, minute);
    int64_t part = n / PPM * p->retry_budget_ppm + n % PPM * p->retry_budget_ppm / PPM;
    return part > p->retry_budget_min ? part : p->retry_budget_min;
}

bool lx_retry_take(const struct lx_route_policy *p, const struct lx_model_group *g, bool healthy,
                   int64_t now_ms)
{
    struct lx_group_state *s = g->state;
    int64_t minute = now_ms / MINUTE_MS;
    if (!s || p->retry_budget_ppm >= PPM)
        return true;
    if (healthy) {
        lx_tally_add(&s->retries, minute, 1);
        return true;
    }
    int64_t left = budget_of(p, s, minute) - lx_tally_get(&s->retries, minute - 1);
    return lx_tally_reserve(&s->retries, minute, 1, left);
}

bool lx_retry_is_tight(const struct lx_route_policy *p, const struct lx_model_group *g,
                       int64_t now_ms)
{
    const struct lx_group_state *s = g->state;
    int64_t minute = now_ms / MINUTE_MS;
    if (!s || p->retry_budget_ppm >= PPM)
        return false;
    return 2 * lx_tally_lately(&s->retries, minute) > budget_of(p, s, minute);
}
