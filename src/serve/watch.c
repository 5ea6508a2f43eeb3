/*
 * watch.c - health checks in the background (see health.h): one sweep after the other, the first as
 * soon as there is a configuration.
 */
#include <stdlib.h>

#include "serve/health.h"
#include "serve/probe.h"

enum { FIRST_EVERY_MS = 100 }; /* the first sweep does not take its time */

struct lx_watch {
    struct lx_worker *worker;
    struct lx_sweep *sweep; /* under way; or NULL */
    struct lx_timer timer;  /* to the next one */
    int64_t begun_ms;       /* of the last; 0: there was none */
    uint64_t order;         /* of this node's sweeps, where nodes share what they find */
};

static void begin(struct lx_watch *h);

static void on_timer(struct lx_timer *t)
{
    begin(LX_CONTAINER(t, struct lx_watch, timer));
}

static void on_done(void *arg)
{
    struct lx_watch *h = arg;
    int64_t next = h->begun_ms + h->worker->config->health.interval_ms;
    int64_t now = lx_loop_now_ms(h->worker->loop);
    lx_sweep_free(h->sweep);
    h->sweep = NULL;
    lx_timer_set(h->worker->loop, &h->timer, next > now ? next : now + 1);
}

static size_t deployments(const struct lx_config *c)
{
    size_t n = 0;
    for (size_t i = 0; i < c->routes.count; i++)
        n += c->routes.groups[i]->count;
    return n;
}

static void begin(struct lx_watch *h)
{
    struct lx_config *c = h->worker->config;
    int64_t n = (int64_t)deployments(c), every = c->health.interval_ms / (n ? n : 1);
    if (!h->begun_ms && every > FIRST_EVERY_MS)
        every = FIRST_EVERY_MS;
    const struct lx_sweep_input in = {.worker = h->worker,
                                      .config = c,
                                      .skips_disabled = true,
                                      .every_ms = every > 0 ? every : 1,
                                      .order =
                                          c->routes.settings.policy.health_shared ? h->order : 0,
                                      .done = on_done,
                                      .arg = h};
    h->begun_ms = lx_loop_now_ms(h->worker->loop);
    h->sweep = lx_sweep_new(&in);
    if (!h->sweep) /* without memory: at the next turn */
        lx_timer_set(h->worker->loop, &h->timer, h->begun_ms + c->health.interval_ms);
}

struct lx_watch *lx_watch_new(struct lx_worker *w)
{
    struct lx_watch *h = calloc(1, sizeof(*h));
    if (!h)
        return NULL;
    h->worker = w;
    h->timer.fire = on_timer;
    h->order = lx_worker_random(w);
    return h;
}

void lx_watch_update(struct lx_watch *h)
{
    struct lx_worker *w = h->worker;
    bool wanted = w->config->health.background && !w->draining;
    lx_timer_cancel(w->loop, &h->timer);
    lx_sweep_free(h->sweep); /* its deployments may be gone */
    h->sweep = NULL;
    if (wanted)
        begin(h);
}

void lx_watch_free(struct lx_watch *h)
{
    if (!h)
        return;
    lx_timer_cancel(h->worker->loop, &h->timer);
    lx_sweep_free(h->sweep);
    free(h);
}
