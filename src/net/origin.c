/*
 * origin.c - origins (scheme, host, port, TLS settings) and the pool of connections to each.
 *
 * Called by client.c (who wants a connection) and conn.c, reply.c (who is done with one). The
 * newest idle connection is taken first, so that those too many grow old and close. Knows nothing
 * of HTTP.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "net/inner.h"
#include "net/public.h"

/* Origins without connections are remembered up to this many; they come from the configuration,
 * and from requests only where clients may name addresses. */
enum { ORIGINS_KEPT = 256 };

/* The machine's own metadata services (AWS, Azure, Google): what a proxy answers is not its own. */
static const char own_metadata[] = "169.254.0.0/16,fd00:ec2::/32,metadata.google.internal";

/* ---- Origins -------------------------------------------------------------------------------- */

static uint32_t hash_of(const struct lx_url *url, const struct lx_tls_context *tls,
                        bool public_only)
{
    uint32_t hash =
        2166136261u ^ url->port ^ (uint32_t)public_only << 16; /* FNV-1a; the table is bounded */
    for (size_t i = 0; i < url->host.n; i++)
        hash = (hash ^ (unsigned char)lx_ascii_lower(url->host.p[i])) * 16777619u;
    return hash ^ (uint32_t)((uintptr_t)tls >> 4);
}

/* The client's own TLS settings, made when the first https origin is met: reading the system's
 * certificate authorities costs more time than a start should. */
static int own_tls(struct lx_net *net, struct lx_tls_context **out, struct lx_error *err)
{
    if (!net->tls)
        net->tls = lx_tls_client_new(&net->o.tls, err);
    *out = net->tls;
    return net->tls ? 0 : LX_ETLS;
}

/* TLS settings by another trust than the client's. They come from the configuration, which few are
 * in; each is made when the first connection needs it, and kept. */
struct lx_trust {
    struct lx_trust *next;
    struct lx_tls_context *tls;
    char name[];
};

static int tls_of(struct lx_net *net, const char *trust, struct lx_tls_context **out,
                  struct lx_error *err)
{
    struct lx_trust *t = net->trusts;
    while (t && strcmp(t->name, trust) != 0)
        t = t->next;
    if (!t) {
        struct lx_tls_options o = net->o.tls;
        size_t room = strlen(trust) + 1;
        o.no_verify = strcmp(trust, "false") == 0;
        o.ca_file = o.no_verify || strcmp(trust, "true") == 0 ? NULL : trust;
        t = calloc(1, sizeof(*t) + room);
        if (!t)
            return lx_error_set(err, LX_ENOMEM, "out of memory");
        t->tls = lx_tls_client_new(&o, err);
        if (!t->tls) {
            free(t);
            return LX_ETLS;
        }
        memcpy(t->name, trust, room);
        t->next = net->trusts;
        net->trusts = t;
    }
    *out = t->tls;
    return 0;
}

void lx_trust_free_all(struct lx_net *net)
{
    while (net->trusts) {
        struct lx_trust *t = net->trusts;
        net->trusts = t->next;
        lx_tls_context_free(t->tls);
        free(t);
    }
}

static struct lx_origin *origin_new(struct lx_net *net, const struct lx_url *url,
                                    struct lx_tls_context *tls, bool public_only)
{
    size_t room = 2 * url->host.n + sizeof "[]:65535";
    struct lx_origin *o = calloc(1, sizeof *o + room);
    if (!o)
        return NULL;
    char *at = o->text;
    for (size_t i = 0; i < url->host.n; i++)
        at[i] = lx_ascii_lower(url->host.p[i]);
    o->host = lx_slice(at, url->host.n);
    at += url->host.n;
    const char *open = url->ipv6 ? "[" : "", *close = url->ipv6 ? "]" : "";
    bool usual = url->port == (url->tls ? 443 : 80);
    char port[8] = "";
    if (!usual)
        snprintf(port, sizeof port, ":%u", url->port);
    int n = snprintf(at, room - url->host.n, "%s%.*s%s%s", open, LX_F(o->host), close, port);
    o->authority = lx_slice(at, (size_t)n);
    o->net = net;
    o->port = url->port;
    o->public_only = public_only;
    o->tls = tls ? lx_tls_context_ref(tls) : NULL;
    const struct lx_proxy *proxy = url->tls ? &net->https_proxy : &net->http_proxy;
    if (proxy->host && !lx_no_proxy_has(net->no_proxy, o->host, o->port) &&
        !lx_no_proxy_has(own_metadata, o->host, o->port))
        o->proxy = proxy;
    return o;
}

static void origin_free(struct lx_origin *o)
{
    lx_tls_context_free(o->tls);
    free(o);
}

int lx_origin_get(struct lx_net *net, const struct lx_url *url, const char *trust, bool public_only,
                  struct lx_origin **out, struct lx_error *err)
{
    struct lx_tls_context *tls = NULL;
    int code = !url->tls ? 0 : trust ? tls_of(net, trust, &tls, err) : own_tls(net, &tls, err);
    if (code < 0)
        return code;
    uint32_t hash = hash_of(url, tls, public_only);
    struct lx_origin **bucket = &net->buckets[hash % LX_NET_BUCKETS], *o = *bucket;
    while (o && (o->hash != hash || o->port != url->port || o->tls != tls ||
                 o->public_only != public_only || !lx_slice_eq_nocase(o->host, url->host)))
        o = o->next;
    if (!o) {
        o = origin_new(net, url, tls, public_only);
        if (!o)
            return lx_error_set(err, LX_ENOMEM, "out of memory");
        o->hash = hash;
        o->next = *bucket;
        *bucket = o;
        net->n_origins++;
    }
    o->n_exchanges++;
    if (public_only && o->proxy && !lx_host_may_be_public(o->host)) {
        lx_origin_leave(o);
        return lx_error_set(err, LX_ECONNECT, "the host has no public address");
    }
    *out = o;
    return 0;
}

static void forget_if_unused(struct lx_origin *o)
{
    struct lx_net *net = o->net;
    if (o->n_conns || o->n_exchanges || net->n_origins <= ORIGINS_KEPT)
        return;
    struct lx_origin **at = &net->buckets[o->hash % LX_NET_BUCKETS];
    while (*at != o)
        at = &(*at)->next;
    *at = o->next;
    net->n_origins--;
    origin_free(o);
}

void lx_origin_leave(struct lx_origin *o)
{
    o->n_exchanges--;
    forget_if_unused(o);
}

void lx_origin_free_all(struct lx_net *net)
{
    for (size_t i = 0; i < LX_NET_BUCKETS; i++) {
        while (net->buckets[i]) {
            struct lx_origin *o = net->buckets[i];
            o->n_exchanges++; /* not to be forgotten while its connections go */
            while (o->busy)
                lx_pool_drop(o->busy);
            while (o->idle)
                lx_pool_drop(o->idle);
            net->buckets[i] = o->next;
            origin_free(o);
        }
    }
}

/* ---- The queue ------------------------------------------------------------------------------ */

static void enqueue(struct lx_origin *o, struct lx_net_exchange *x)
{
    x->queued = true;
    x->queue_prev = o->queue_last;
    x->queue_next = NULL;
    if (o->queue_last)
        o->queue_last->queue_next = x;
    else
        o->queue_first = x;
    o->queue_last = x;
    o->n_queued++;
    o->net->counts.queued++;
}

void lx_pool_unqueue(struct lx_net_exchange *x)
{
    struct lx_origin *o = x->origin;
    if (!x->queued)
        return;
    x->queued = false;
    if (x->queue_prev)
        x->queue_prev->queue_next = x->queue_next;
    else
        o->queue_first = x->queue_next;
    if (x->queue_next)
        x->queue_next->queue_prev = x->queue_prev;
    else
        o->queue_last = x->queue_prev;
    o->n_queued--;
    o->net->counts.queued--;
}

/* ---- Lists of connections ------------------------------------------------------------------- */

static void link_first(struct lx_conn **list, struct lx_conn *c)
{
    c->prev = NULL;
    c->next = *list;
    if (*list)
        (*list)->prev = c;
    *list = c;
}

static void unlink_from(struct lx_conn **list, struct lx_conn *c)
{
    if (c->prev)
        c->prev->next = c->next;
    else
        *list = c->next;
    if (c->next)
        c->next->prev = c->prev;
}

static void to_idle(struct lx_conn *c)
{
    struct lx_origin *o = c->origin;
    struct lx_net *net = o->net;
    unlink_from(&o->busy, c);
    link_first(&o->idle, c);
    c->older = net->newest;
    c->newer = NULL;
    if (net->newest)
        net->newest->newer = c;
    else
        net->oldest = c;
    net->newest = c;
    c->state = LX_CONN_IDLE;
    c->idle_since_ms = lx_loop_now_ms(net->loop);
    o->n_idle++;
    net->counts.idle++;
}

static void from_idle(struct lx_conn *c)
{
    struct lx_origin *o = c->origin;
    struct lx_net *net = o->net;
    unlink_from(&o->idle, c);
    link_first(&o->busy, c);
    if (c->older)
        c->older->newer = c->newer;
    else
        net->oldest = c->newer;
    if (c->newer)
        c->newer->older = c->older;
    else
        net->newest = c->older;
    c->state = LX_CONN_BUSY;
    o->n_idle--;
    net->counts.idle--;
}

/* Waiting connections that have waited long enough. */
void lx_pool_idle_over(struct lx_timer *t)
{
    struct lx_net *net = LX_CONTAINER(t, struct lx_net, idle_timer);
    int64_t now = lx_loop_now_ms(net->loop);
    while (net->oldest && net->oldest->idle_since_ms + net->o.idle_ms <= now)
        lx_pool_drop(net->oldest);
    if (net->oldest) /* the heap has just given up a place, so this cannot fail */
        lx_timer_set(net->loop, t, net->oldest->idle_since_ms + net->o.idle_ms);
}

/* ---- The pool ------------------------------------------------------------------------------- */

static void open_for(struct lx_origin *o, struct lx_net_exchange *x)
{
    struct lx_conn *c = lx_conn_new(o);
    if (c) {
        link_first(&o->busy, c);
        o->n_conns++;
        o->net->counts.connections++;
        if (lx_conn_open(c, x) == 0)
            return;
        c->x = NULL;
        x->conn = NULL;
        lx_pool_drop(c);
    }
    lx_exchange_fail_later(x, LX_ENOMEM, "out of memory");
}

static bool may_open(const struct lx_origin *o)
{
    size_t most = o->net->o.max_per_origin;
    return !most || o->n_conns < most;
}

void lx_pool_assign(struct lx_net_exchange *x)
{
    struct lx_origin *o = x->origin;
    if (o->idle && !x->replaced) {
        struct lx_conn *c = o->idle;
        from_idle(c);
        c->reused = true;
        lx_conn_send(c, x);
    } else if (may_open(o) || x->replaced) {
        open_for(o, x);
    } else if (o->n_queued < o->net->o.max_queued_per_origin) {
        enqueue(o, x);
        lx_exchange_set_deadline(x, 0);
    } else {
        lx_exchange_fail_later(x, LX_EBUSY, "%zu connections are busy and %zu requests wait",
                               o->n_conns, o->n_queued);
    }
}

void lx_pool_keep(struct lx_conn *c)
{
    struct lx_origin *o = c->origin;
    struct lx_net_exchange *next = o->queue_first;
    c->reused = true;
    lx_stream_resume(c->stream); /* its exchange may have ended while paused */
    if (next) {
        lx_pool_unqueue(next);
        lx_conn_send(c, next);
    } else if (o->public_only || o->n_idle >= o->net->o.max_idle_per_origin ||
               (!o->net->idle_timer.heap_at &&
                lx_timer_set(o->net->loop, &o->net->idle_timer,
                             lx_loop_now_ms(o->net->loop) + o->net->o.idle_ms) != 0)) {
        lx_pool_drop(c);
    } else {
        to_idle(c);
    }
}

static void conn_free(struct lx_task *t)
{
    free(LX_CONTAINER(t, struct lx_conn, task));
}

void lx_pool_drop(struct lx_conn *c)
{
    struct lx_origin *o = c->origin;
    if (c->state == LX_CONN_IDLE)
        from_idle(c);
    unlink_from(&o->busy, c);
    o->n_conns--;
    o->net->counts.connections--;
    if (c->dial)
        lx_dial_cancel(c->dial);
    if (c->stream)
        lx_stream_close(c->stream);
    c->task.run = conn_free;
    lx_loop_defer(o->net->loop, &c->task);
    struct lx_net_exchange *next = o->queue_first;
    if (next && may_open(o)) {
        lx_pool_unqueue(next);
        open_for(o, next);
    }
    forget_if_unused(o);
}
