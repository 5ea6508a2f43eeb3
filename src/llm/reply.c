/*
 * reply.c - the list of events that one record of a stream makes.
 *
 * Backs fill it, the call machine empties it. Folding events back into a reply is
 * reply_builder.c.
 */
#include "llm/reply.h"

enum { FIRST_CAP = 2 }; /* events are large, and most records make one or two */

static bool grow(struct lx_events *e)
{
    size_t cap = e->cap ? e->cap * 4 : FIRST_CAP;
    struct lx_event *v = lx_arena_alloc(e->arena, cap * sizeof(*v));
    if (!v)
        return false;
    if (e->n)
        memcpy(v, e->v, e->n * sizeof(*v));
    e->v = v;
    e->cap = cap;
    return true;
}

struct lx_event *lx_events_add(struct lx_events *e, enum lx_event_kind kind)
{
    struct lx_event *ev = &e->scratch;
    if (e->n < e->cap || grow(e))
        ev = &e->v[e->n++];
    memset(ev, 0, sizeof(*ev));
    ev->kind = kind;
    ev->fault.retry_after_ms = -1;
    return ev;
}

const struct lx_fault *lx_events_fault(const struct lx_events *events)
{
    for (size_t i = 0; i < events->n; i++)
        if (events->v[i].kind == LX_EVENT_FAULT)
            return &events->v[i].fault;
    return NULL;
}

void lx_events_end(struct lx_events *events, bool finished)
{
    if (finished)
        lx_events_add(events, LX_EVENT_END);
    else
        lx_events_add(events, LX_EVENT_FAULT)->fault =
            lx_fault_of_error(LX_ETRUNCATED, NULL, events->arena);
}

int lx_events_result(const struct lx_events *events, int code, struct lx_error *err)
{
    if (!code)
        code = events->arena->failed;
    return code ? lx_error_set(err, code, "the reply: %s", lx_code_text(code)) : 0;
}

int lx_reply_result(const struct lx_events *events, int code, struct lx_error *err)
{
    const struct lx_fault *fault = lx_events_fault(events);
    code = lx_events_result(events, code, err);
    if (code || !fault)
        return code;
    return lx_error_set(err, LX_EPROTO, "the provider answered with an error: %.*s",
                        LX_F(fault->message));
}
