/*
 * dial.c - happy eyeballs (RFC 8305): the first address that answers wins.
 *
 * Called by conn.c. The resolver hands over the addresses with the families interleaved; the next
 * one is tried when the last attempt fails or has not answered within the stagger. Deadlines are
 * the caller's.
 */
#include "net/dial.h"

#include <stdlib.h>

#include "io/watch.h"
#include "net/public.h"

struct lx_dial {
    struct lx_task task; /* an answer that was there at once, and the end */
    struct lx_timer stagger;
    struct lx_dns_query query;
    struct lx_loop *loop;
    void (*done)(void *owner, struct lx_stream *s, const struct lx_error *err);
    void *owner;
    bool over, public_only;
    uint16_t port;
    size_t tried, in_flight;
    struct lx_dns_answer answer;
    struct lx_stream *streams[LX_DNS_MAX_ADDRESSES]; /* by place in the answer; NULL: not open */
    struct lx_error last;
};

static void try_next(struct lx_dial *d);

/* Drops everything but *keep, and the memory when the turn ends. */
static void wind_up(struct lx_dial *d, const struct lx_stream *keep)
{
    d->over = true;
    lx_timer_cancel(d->loop, &d->stagger);
    lx_dns_cancel(&d->query);
    for (size_t i = 0; i < d->tried; i++)
        if (d->streams[i] && d->streams[i] != keep)
            lx_stream_close(d->streams[i]);
    lx_loop_defer(d->loop, &d->task);
}

static void on_open(struct lx_stream *s)
{
    struct lx_dial *d = lx_stream_owner(s);
    wind_up(d, s);
    d->done(d->owner, s, NULL);
}

static void attempt_failed(struct lx_dial *d, size_t place, const char *why)
{
    char text[LX_ADDRESS_TEXT];
    union lx_address *a = &d->answer.v[place];
    lx_address_write(a, text);
    lx_error_set(&d->last, LX_ECONNECT, "%s: %s", text, why);
}

static void on_error(struct lx_stream *s, int code, const struct lx_error *err)
{
    struct lx_dial *d = lx_stream_owner(s);
    (void)code;
    for (size_t i = 0; i < d->tried; i++) {
        if (d->streams[i] != s)
            continue;
        d->streams[i] = NULL;
        attempt_failed(d, i, err->text);
    }
    lx_stream_close(s);
    d->in_flight--;
    try_next(d);
}

static const struct lx_stream_events attempt_events = {.on_open = on_open, .on_error = on_error};

/* Starts the next attempt; when there is none left and none under way, that was it. */
static void try_next(struct lx_dial *d)
{
    while (d->tried < d->answer.n) {
        size_t place = d->tried++;
        union lx_address *a = &d->answer.v[place];
        lx_address_set_port(a, d->port);
        d->streams[place] = lx_stream_connect(d->loop, &a->any, lx_address_len(a), NULL,
                                              lx_slice(NULL, 0), &attempt_events, d);
        if (!d->streams[place]) {
            attempt_failed(d, place, "out of memory");
            continue;
        }
        d->in_flight++;
        if (d->tried < d->answer.n)
            lx_timer_set(d->loop, &d->stagger, lx_loop_now_ms(d->loop) + LX_DIAL_STAGGER_MS);
        else
            lx_timer_cancel(d->loop, &d->stagger);
        return;
    }
    if (d->in_flight)
        return;
    wind_up(d, NULL);
    d->done(d->owner, NULL, &d->last);
}

static void stagger_over(struct lx_timer *t)
{
    try_next(LX_CONTAINER(t, struct lx_dial, stagger));
}

/* What is left is what will be dialled: no second look at the name could tell another address. */
static void leave_public(struct lx_dial *d)
{
    size_t left = 0;
    for (size_t i = 0; i < d->answer.n; i++)
        if (lx_address_is_public(&d->answer.v[i]))
            d->answer.v[left++] = d->answer.v[i];
    if (!left && d->answer.code == 0)
        lx_error_set(&d->last, LX_ECONNECT, "the host has no public address");
    d->answer.n = left;
}

static void begin(struct lx_dial *d)
{
    if (d->answer.code != 0)
        lx_error_set(&d->last, d->answer.code, "name resolution: %s", d->answer.reason);
    if (d->public_only)
        leave_public(d);
    try_next(d);
}

static void resolved(struct lx_dns_query *q, const struct lx_dns_answer *answer)
{
    struct lx_dial *d = LX_CONTAINER(q, struct lx_dial, query);
    d->answer = *answer;
    begin(d);
}

static void on_task(struct lx_task *t)
{
    struct lx_dial *d = LX_CONTAINER(t, struct lx_dial, task);
    if (d->over)
        free(d);
    else
        begin(d);
}

struct lx_dial *lx_dial_new(
    struct lx_loop *loop, struct lx_dns *dns, struct lx_slice host, uint16_t port, bool public_only,
    void (*done)(void *owner, struct lx_stream *s, const struct lx_error *err), void *owner)
{
    struct lx_dial *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->task.run = on_task;
    d->stagger.fire = stagger_over;
    d->query.fn = resolved;
    d->loop = loop;
    d->done = done;
    d->owner = owner;
    d->port = port;
    d->public_only = public_only;
    if (lx_dns_resolve(dns, host, &d->query, &d->answer))
        lx_loop_defer(loop, &d->task);
    return d;
}

void lx_dial_cancel(struct lx_dial *d)
{
    if (!d->over)
        wind_up(d, NULL);
}
