/*
 * client.c - the upstream HTTP client: what the layers above call, deadlines, and how exchanges
 * end.
 *
 * Called by serve/ and by the library's blocking calls. One client belongs to one loop. Nothing
 * here calls back from within lx_net_send(): what fails at once is reported by a task.
 */
#include "net/client.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/inner.h"

enum { REQUEST_HEAD_MAX = 1 << 20 };

/* Which deadline runs in which phase, and what its passing is called. */
static const struct {
    int code;
    const char *during;
} phases[] = {
    [LX_NET_QUEUED] = {LX_ETIMEOUT_TOTAL, "waiting for a connection"},
    [LX_NET_CONNECTING] = {LX_ETIMEOUT_CONNECT, "connecting"},
    [LX_NET_WAITING] = {LX_ETIMEOUT_FIRST_BYTE, "waiting for the reply"},
    [LX_NET_HEAD] = {LX_ETIMEOUT_IDLE, "reading the reply's head"},
    [LX_NET_BODY] = {LX_ETIMEOUT_IDLE, "reading the reply's body"},
};

/* ---- The client ----------------------------------------------------------------------------- */

static size_t or_default(size_t n, size_t otherwise)
{
    return n ? n : otherwise;
}

/* A file that is not there is an error now; what is in it is read with the first https origin. */
static int take_file(char **to, const char *path, struct lx_error *err)
{
    if (!path)
        return 0;
    if (access(path, R_OK) != 0)
        return lx_error_set(err, LX_ETLS, "cannot read %s: %s", path, strerror(errno));
    *to = strdup(path);
    return *to ? 0 : lx_error_set(err, LX_ENOMEM, "out of memory");
}

static int set_up(struct lx_net *net, const struct lx_net_options *o, struct lx_error *err)
{
    struct lx_dns_options dns = {.servers = o->dns_servers, .ttl_max_ms = o->dns_ttl_max_ms};
    net->dns = lx_dns_new(net->loop, &dns, err);
    if (!net->dns)
        return LX_EDNS;
    int code = lx_proxy_init(&net->http_proxy, o->http_proxy, err);
    if (code == 0)
        code = lx_proxy_init(&net->https_proxy, o->https_proxy, err);
    if (code == 0 && o->no_proxy && !(net->no_proxy = strdup(o->no_proxy)))
        code = lx_error_set(err, LX_ENOMEM, "out of memory");
    for (size_t i = 0; i < LX_NET_TLS_FILES && code == 0; i++)
        code = take_file(
            &net->tls_files[i],
            ((const char *const[]){o->tls.ca_file, o->tls.cert_file, o->tls.key_file})[i], err);
    net->o.tls.ca_file = net->tls_files[0];
    net->o.tls.cert_file = net->tls_files[1];
    net->o.tls.key_file = net->tls_files[2];
    return code;
}

struct lx_net *lx_net_new(struct lx_loop *loop, const struct lx_net_options *o,
                          struct lx_error *err)
{
    struct lx_net *net = calloc(1, sizeof *net);
    if (!net) {
        lx_error_set(err, LX_ENOMEM, "out of memory");
        return NULL;
    }
    net->loop = loop;
    net->idle_timer.fire = lx_pool_idle_over;
    lx_buf_init(&net->head, REQUEST_HEAD_MAX);
    lx_buf_init(&net->decoded,
                SIZE_MAX / 2); /* a piece at a time: the decoder keeps to its limit */
    net->o = (struct lx_net_options){
        .max_idle_per_origin = or_default(o->max_idle_per_origin, 256),
        .max_per_origin = o->max_per_origin,
        .max_queued_per_origin = or_default(o->max_queued_per_origin, 1024),
        .idle_ms = o->idle_ms ? o->idle_ms : 55000,
        .max_head_bytes = or_default(o->max_head_bytes, 65536),
        .tls = {.no_verify = o->tls.no_verify, .min_version = o->tls.min_version},
    };
    if (set_up(net, o, err) == 0)
        return net;
    lx_net_free(net);
    return NULL;
}

void lx_net_use_tls(struct lx_net *net, struct lx_tls_context *tls)
{
    if (!net->tls)
        net->tls = lx_tls_context_ref(tls);
}

/* ---- Exchanges ------------------------------------------------------------------------------ */

/* Takes x out of everything; its memory stays until the turn ends. */
static void die(struct lx_net_exchange *x, bool keep)
{
    struct lx_net *net = x->net;
    struct lx_conn *c = x->conn;
    lx_pool_unqueue(x);
    lx_timer_cancel(net->loop, &x->timer);
    x->phase = LX_NET_DEAD;
    x->conn = NULL;
    if (c) {
        c->x = NULL;
        if (keep)
            lx_pool_keep(c);
        else
            lx_pool_drop(c);
    }
    if (x->origin)
        lx_origin_leave(x->origin);
    x->origin = NULL;
    if (x->prev)
        x->prev->next = x->next;
    else
        net->exchanges = x->next;
    if (x->next)
        x->next->prev = x->prev;
    net->counts.in_flight--;
    lx_loop_defer(net->loop, &x->task);
}

static void exchange_free(struct lx_net_exchange *x)
{
    lx_buf_clear(&x->partial);
    lx_decoder_free(x->decoder);
    free(x->held);
    free(x->failure);
    free(x);
}

/* Puts the host before the text, unless it is an address that is named there. */
static void describe(const struct lx_net_exchange *x, struct lx_error *err, int code,
                     const char *text)
{
    struct lx_slice where = x->origin ? x->origin->authority : LX_S("request");
    if (where.n > 80)
        where.n = 80; /* the reason is what must not be cut off */
    if (where.n && lx_slice_starts(lx_slice_z(text), where))
        where.n = 0;
    lx_error_set(err, code, "%.*s%s%s", LX_F(where), where.n ? ": " : "", text);
}

static void fail(struct lx_net_exchange *x, const struct lx_error *err)
{
    die(x, false);
    x->events->on_fail(x->owner, err->code, err);
}

void lx_exchange_fail(struct lx_net_exchange *x, int code, const char *format, ...)
{
    struct lx_error err;
    char text[sizeof err.text];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    /* A limit met here is one of the provider's reply, not of the client's request. */
    describe(x, &err, code == LX_ELIMIT ? LX_ETOOBIG : code, text);
    fail(x, &err);
}

void lx_exchange_fail_later(struct lx_net_exchange *x, int code, const char *format, ...)
{
    char text[sizeof x->failure->text];
    va_list args;
    if (x->failing)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    x->failing = true;
    x->failure = malloc(sizeof *x->failure);
    if (x->failure)
        describe(x, x->failure, code, text);
    lx_loop_defer(x->net->loop, &x->task);
}

void lx_exchange_end(struct lx_net_exchange *x)
{
    die(x, false);
    x->events->on_end(x->owner);
}

static void on_task(struct lx_task *t)
{
    static const struct lx_error no_memory = {.code = LX_ENOMEM, .text = "out of memory"};
    struct lx_net_exchange *x = LX_CONTAINER(t, struct lx_net_exchange, task);
    if (x->phase == LX_NET_DEAD) {
        exchange_free(x);
    } else if (x->failing) {
        struct lx_error err = x->failure ? *x->failure : no_memory;
        fail(x, &err);
    } else {
        lx_reply_resume(x);
    }
}

/* ---- Deadlines ------------------------------------------------------------------------------ */

void lx_exchange_set_deadline(struct lx_net_exchange *x, int64_t after_ms)
{
    bool none = after_ms <= 0 || (x->paused && x->phase == LX_NET_BODY);
    x->phase_at_ms = none ? INT64_MAX : lx_loop_now_ms(x->net->loop) + after_ms;
    int64_t at = x->phase_at_ms < x->total_at_ms ? x->phase_at_ms : x->total_at_ms;
    if (at == INT64_MAX && !x->timer.heap_at)
        return;
    if (lx_timer_set(x->net->loop, &x->timer, at) != 0)
        lx_exchange_fail_later(x, LX_ENOMEM, "out of memory");
}

static void deadline_passed(struct lx_timer *t)
{
    struct lx_net_exchange *x = LX_CONTAINER(t, struct lx_net_exchange, timer);
    int64_t now = lx_loop_now_ms(x->net->loop);
    bool total = x->total_at_ms <= now;
    const struct lx_net_request *r = &x->request;
    const int64_t allowed[] = {[LX_NET_QUEUED] = 0,
                               [LX_NET_CONNECTING] = r->connect_ms,
                               [LX_NET_WAITING] = r->first_byte_ms,
                               [LX_NET_HEAD] = r->between_bytes_ms,
                               [LX_NET_BODY] = r->between_bytes_ms};
    lx_exchange_fail(x, total ? LX_ETIMEOUT_TOTAL : phases[x->phase].code,
                     "timed out after %lld ms%s while %s",
                     (long long)(total ? r->total_ms : allowed[x->phase]), total ? " in all" : "",
                     phases[x->phase].during);
}

/* ---- Sending -------------------------------------------------------------------------------- */

static struct lx_net_exchange *exchange_new(struct lx_net *net, const struct lx_net_request *r,
                                            const struct lx_net_events *events, void *owner)
{
    struct lx_net_exchange *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->task.run = on_task;
    x->timer.fire = deadline_passed;
    x->net = net;
    x->events = events;
    x->owner = owner;
    x->request = *r;
    x->phase = LX_NET_QUEUED;
    x->times.started_ms = lx_loop_now_ms(net->loop);
    x->total_at_ms = r->total_ms > 0 ? x->times.started_ms + r->total_ms : INT64_MAX;
    x->phase_at_ms = INT64_MAX;
    lx_buf_init(&x->partial, net->o.max_head_bytes + LX_LOOP_READ_BYTES);
    x->next = net->exchanges;
    if (x->next)
        x->next->prev = x;
    net->exchanges = x;
    net->counts.in_flight++;
    return x;
}

/* Whatever is written into a head must not be able to end a line of it. */
static int check_headers(const struct lx_net_request *r, struct lx_error *err)
{
    if (!lx_header_is_valid(r->method, LX_S("")))
        return lx_error_set(err, LX_EINVAL, "not an HTTP method");
    for (size_t i = 0; i < r->headers.n; i++)
        if (!lx_header_is_valid(r->headers.v[i].name, r->headers.v[i].value))
            return lx_error_set(err, LX_EINVAL,
                                "header %zu cannot be sent: a name that is no token "
                                "or a line break in the value",
                                i + 1);
    return 0;
}

struct lx_net_exchange *lx_net_send(struct lx_net *net, const struct lx_net_request *request,
                                    const struct lx_net_events *events, void *owner)
{
    struct lx_net_exchange *x = exchange_new(net, request, events, owner);
    if (!x)
        return NULL;
    struct lx_url url;
    struct lx_error err;
    int code = check_headers(request, &err);
    if (code == 0)
        code = lx_url_read(request->url, &url, &err);
    if (code == 0)
        code = lx_origin_get(net, &url, request->trust, request->public_only, &x->origin, &err);
    if (code != 0) {
        lx_exchange_fail_later(x, code, "%s", err.text);
        return x;
    }
    x->target = url.path;
    x->userinfo = url.userinfo;
    lx_pool_assign(x);
    return x;
}

/* ---- Afterwards ----------------------------------------------------------------------------- */

void lx_net_cancel(struct lx_net_exchange *x)
{
    if (x->phase != LX_NET_DEAD)
        die(x, lx_reply_is_clean(x));
}

void lx_net_pause(struct lx_net_exchange *x)
{
    if (x->paused || x->phase == LX_NET_DEAD)
        return;
    x->paused = true;
    if (x->phase == LX_NET_BODY) {
        lx_stream_pause(x->conn->stream);
        lx_exchange_set_deadline(x, 0);
    }
}

void lx_net_resume(struct lx_net_exchange *x)
{
    if (!x->paused || x->phase == LX_NET_DEAD)
        return;
    x->paused = false;
    if (x->phase == LX_NET_BODY) {
        lx_exchange_set_deadline(x, x->request.between_bytes_ms);
        lx_loop_defer(x->net->loop, &x->task);
    }
}

struct lx_net_times lx_net_exchange_times(const struct lx_net_exchange *x)
{
    return x->times;
}

struct lx_net_counts lx_net_counts(const struct lx_net *net)
{
    return net->counts;
}

void lx_net_free(struct lx_net *net)
{
    if (!net)
        return;
    for (struct lx_net_exchange *x = net->exchanges; x; x = x->next)
        lx_pool_unqueue(x); /* or they would be given the connections of those that go */
    while (net->exchanges)
        die(net->exchanges, false);
    lx_told_free_all(net);
    lx_origin_free_all(net);
    lx_timer_cancel(net->loop, &net->idle_timer);
    lx_dns_free(net->dns);
    lx_tls_context_free(net->tls);
    lx_trust_free_all(net);
    lx_proxy_clear(&net->http_proxy);
    lx_proxy_clear(&net->https_proxy);
    for (size_t i = 0; i < LX_NET_TLS_FILES; i++)
        free(net->tls_files[i]);
    free(net->no_proxy);
    lx_buf_clear(&net->head);
    lx_buf_clear(&net->decoded);
    free(net);
}
