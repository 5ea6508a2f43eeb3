/*
 * retry.c - whether a failed attempt is worth another, and after what wait.
 *
 * The call machine asks it while nothing has gone to the client yet. Arithmetic on its arguments.
 */
#include "route/deployment.h"

enum { RETRY_AFTER_MAX_MS = 60000 };

/* What is wrong with one key or account may be right with the next. */
static bool cured_by_another(enum lx_fault_kind kind)
{
    return kind == LX_FAULT_AUTHENTICATION || kind == LX_FAULT_BILLING ||
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

struct lx_retry_verdict lx_retry_decide(const struct lx_route_settings *s, int64_t max_retries,
                                        int64_t attempts, const struct lx_fault *fault,
                                        bool another_untried, uint64_t random)
{
    struct lx_retry_verdict v = {false, 0};
    if (attempts > max_retries || !is_retryable(fault, another_untried))
        return v;
    v.retry = true;
    if (another_untried)
        return v;
    if (fault->retry_after_ms > RETRY_AFTER_MAX_MS)
        return (struct lx_retry_verdict){false, 0};
    v.after_ms = fault->retry_after_ms >= 0 ? fault->retry_after_ms : backoff(s, attempts, random);
    if (v.after_ms < s->retry_after_ms)
        v.after_ms = s->retry_after_ms;
    return v;
}
