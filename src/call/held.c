/*
 * held.c - the request of a stream that has begun: how long it is still needed.
 *
 * Called by the host while a stream runs: the provider may not tell how long the prompt was, and
 * somebody else may have to go on with the answer.
 */
#include "call/inner.h"

enum {
    MAX_KEPT_BODY = 2 << 20, /* a larger one's tokens are counted while its stream runs, and nobody
                              * goes on with it */
};

void lx_call_release_body(struct lx_call *c)
{
    lx_call_pool_said(c->pool)->held -= c->body_bytes;
    c->body_bytes = 0;
}

void lx_call_settle(struct lx_call *c)
{
    if ((c->state != BODY && !c->resume.active) || !c->relaying || !c->head_sent ||
        c->state == LAST || c->state == DONE)
        return;
    c->report.cut_short = true;
    lx_call_take_usage(c);
    c->state = DONE;
}

/* To count what the provider may not. */
static bool may_count(const struct lx_call *c)
{
    return c->state == BODY && c->relaying && c->biller.body.p && c->biller.prompt_tokens < 0 &&
           !c->relay.glance.usage.known;
}

bool lx_call_keeps_body(struct lx_call *c, size_t bytes)
{
    struct lx_said_budget *b = lx_call_pool_said(c->pool);
    bool ends = c->state == LAST || c->state == DONE, counts = may_count(c);
    bool wants = counts || c->resume.active || (c->resume.holds && c->state == BODY);
    bool fits = bytes <= MAX_KEPT_BODY && b->held < b->most && bytes <= b->most - b->held;
    if (wants && !ends && !c->body_bytes && (fits || c->resume.active)) {
        b->held += bytes;
        c->body_bytes = (uint32_t)bytes;
    }
    if (wants && !ends && c->body_bytes)
        return true;
    if (counts)
        (void)lx_bill_count_prompt(&c->biller); /* without memory it costs nothing */
    c->biller.body = lx_slice(NULL, 0);
    c->resume.holds = false;
    lx_call_release_body(c);
    return false;
}
