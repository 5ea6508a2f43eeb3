/*
 * conn.c - one upstream connection: how it opens, how a request goes out, what its loss means.
 *
 *     DIALING --> (PROXY: CONNECT sent) --> (TLS) --> BUSY <--> IDLE (in the pool)
 *
 * Called by origin.c and by the stream's events. The head is written into the client's scratch
 * buffer and goes out with the body in one call; the body is never copied as long as its owner
 * keeps it.
 */
#include <stdlib.h>

#include "net/inner.h"

static const struct lx_stream_events conn_events;

struct lx_conn *lx_conn_new(struct lx_origin *o)
{
    struct lx_conn *c = calloc(1, sizeof *c);
    if (c) {
        c->origin = o;
        c->state = LX_CONN_DIALING;
    }
    return c;
}

/* ---- Opening -------------------------------------------------------------------------------- */

static void opened(struct lx_conn *c)
{
    c->x->times.connected_ms = lx_loop_now_ms(c->origin->net->loop);
    lx_conn_send(c, c->x);
}

static void begin_tls(struct lx_conn *c)
{
    c->state = LX_CONN_TLS;
    int code = lx_stream_start_tls(c->stream, c->origin->tls, c->origin->host);
    if (code != 0)
        lx_conn_lost(c, code, "TLS cannot be set up");
}

/* RFC 9110 section 9.3.6. */
static void send_connect(struct lx_conn *c)
{
    struct lx_origin *o = c->origin;
    struct lx_buf *head = &o->net->head;
    c->state = LX_CONN_PROXY;
    lx_buf_reset(head);
    lx_buf_addf(head, "CONNECT %s%.*s%s:%u HTTP/1.1\r\nhost: %s%.*s%s:%u\r\n",
                o->authority.p[0] == '[' ? "[" : "", LX_F(o->host),
                o->authority.p[0] == '[' ? "]" : "", o->port, o->authority.p[0] == '[' ? "[" : "",
                LX_F(o->host), o->authority.p[0] == '[' ? "]" : "", o->port);
    if (lx_secret_is_set(&o->proxy->authorization))
        lx_h1_write_header(head, LX_S("proxy-authorization"),
                           lx_secret_bytes(&o->proxy->authorization));
    lx_h1_write_head_end(head);
    if (head->failed || lx_stream_write_slice(c->stream, lx_buf_slice(head)) < 0)
        lx_conn_lost(c, LX_ECONNECT, "the proxy closed the connection");
}

static void proxy_answered(struct lx_conn *c, struct lx_slice bytes)
{
    struct lx_net_exchange *x = c->x;
    struct lx_net *net = x->net;
    struct lx_error err = {0};
    lx_buf_add(&x->partial, bytes);
    struct lx_slice all = lx_buf_slice(&x->partial);
    ssize_t used = x->partial.failed ? x->partial.failed
                                     : lx_h1_read_reply(all, x->seen, net->o.max_head_bytes, true,
                                                        &net->parsed, &err);
    x->seen = all.n;
    if (used == 0)
        return;
    int status = used > 0 ? net->parsed.status : 0;
    x->seen = 0;
    lx_buf_clear(&x->partial);
    if (used < 0)
        lx_exchange_fail(x, LX_ECONNECT, "the proxy's answer cannot be read: %s", err.text);
    else if (status < 200 || status > 299)
        lx_exchange_fail(x, LX_ECONNECT, "the proxy %s answered CONNECT with status %d",
                         c->origin->proxy->host, status);
    else if ((size_t)used != all.n) /* TLS begins with us: a server has nothing to say yet */
        lx_exchange_fail(x, LX_ECONNECT, "the proxy sent bytes before TLS began");
    else
        begin_tls(c);
}

static void dialed(void *owner, struct lx_stream *s, const struct lx_error *err)
{
    struct lx_conn *c = owner;
    c->dial = NULL;
    if (!s) {
        lx_conn_lost(c, err->code, err->text);
        return;
    }
    c->stream = s;
    lx_stream_set_owner(s, &conn_events, c);
    lx_stream_set_queue_max(s, SIZE_MAX); /* bodies have been limited by whoever made them */
    if (c->origin->tls && c->origin->proxy)
        send_connect(c);
    else if (c->origin->tls)
        begin_tls(c);
    else
        opened(c);
}

int lx_conn_open(struct lx_conn *c, struct lx_net_exchange *x)
{
    struct lx_origin *o = c->origin;
    struct lx_net *net = o->net;
    c->x = x;
    x->conn = c;
    x->phase = LX_NET_CONNECTING;
    c->dial =
        lx_dial_new(net->loop, net->dns, o->proxy ? lx_slice_z(o->proxy->host) : o->host,
                    o->proxy ? o->proxy->port : o->port, o->public_only && !o->proxy, dialed, c);
    if (!c->dial)
        return LX_ENOMEM;
    lx_exchange_set_deadline(x, x->request.connect_ms);
    return 0;
}

void lx_conn_lost(struct lx_conn *c, int code, const char *why)
{
    struct lx_net_exchange *x = c->x;
    if (!x) {
        lx_pool_drop(c);
    } else if (c->reused && x->phase == LX_NET_WAITING && !x->replaced && !x->times.first_byte_ms) {
        x->replaced = true;
        c->x = NULL;
        x->conn = NULL;
        x->body_sent = 0;
        x->send_failed = false;
        x->times.reused = false;
        lx_pool_assign(x); /* before its old place is offered to the queue */
        lx_pool_drop(c);
    } else {
        lx_exchange_fail(x, code, "%s", why);
    }
}

/* ---- The request ---------------------------------------------------------------------------- */

/* What the client itself says, or what belongs to one connection (RFC 9110 section 7.6.1). */
static bool is_ours(struct lx_slice name)
{
    static const struct lx_slice ours[] = {
        LX_S_INIT("host"),
        LX_S_INIT("content-length"),
        LX_S_INIT("connection"),
        LX_S_INIT("accept-encoding"),
        LX_S_INIT("transfer-encoding"),
        LX_S_INIT("keep-alive"),
        LX_S_INIT("proxy-connection"),
        LX_S_INIT("proxy-authorization"),
        LX_S_INIT("te"),
        LX_S_INIT("trailer"),
        LX_S_INIT("upgrade"),
        LX_S_INIT("expect"),
    };
    for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
        if (ours[i].n == name.n && lx_slice_eq_nocase(ours[i], name))
            return true;
    return false;
}

/* A body of no bytes is still announced by these (RFC 9110 section 8.6). */
static bool announces_body(const struct lx_net_request *r)
{
    return r->body.n || lx_slice_eq(r->method, LX_S("POST")) ||
           lx_slice_eq(r->method, LX_S("PUT")) || lx_slice_eq(r->method, LX_S("PATCH"));
}

static void write_userinfo(struct lx_buf *head, const struct lx_net_exchange *x)
{
    if (!x->userinfo.n || lx_headers_get(&x->request.headers, LX_S("authorization")).p)
        return;
    lx_buf_add_lit(head, "authorization: ");
    if (lx_basic_write(head, x->userinfo) != 0 && !head->failed)
        head->failed = LX_EINVAL;
    lx_buf_add_lit(head, "\r\n");
}

static int write_head(struct lx_buf *head, const struct lx_origin *o,
                      const struct lx_net_exchange *x)
{
    const struct lx_net_request *r = &x->request;
    bool absolute = o->proxy && !o->tls; /* RFC 9112 section 3.2.2 */
    lx_buf_reset(head);
    if (absolute) {
        lx_buf_add(head, r->method);
        lx_buf_add_lit(head, " http://");
        lx_buf_add(head, o->authority);
        lx_buf_add(head, x->target);
        lx_buf_add_lit(head, " HTTP/1.1\r\n");
    } else {
        lx_h1_write_request_line(head, r->method, x->target);
    }
    lx_h1_write_header(head, LX_S("host"), o->authority);
    for (size_t i = 0; i < r->headers.n; i++)
        if (!is_ours(r->headers.v[i].name))
            lx_h1_write_header(head, r->headers.v[i].name, r->headers.v[i].value);
    write_userinfo(head, x);
    if (absolute && lx_secret_is_set(&o->proxy->authorization))
        lx_h1_write_header(head, LX_S("proxy-authorization"),
                           lx_secret_bytes(&o->proxy->authorization));
    lx_buf_add_lit(head, "accept-encoding: " LX_ACCEPT_ENCODING "\r\n");
    if (announces_body(r))
        lx_h1_write_content_length(head, r->body.n);
    lx_h1_write_head_end(head);
    return head->failed;
}

/* The kernel has taken `n` more bytes of the body; after the last the wait for the reply begins. */
static void count_sent(struct lx_net_exchange *x, size_t n)
{
    x->body_sent += n;
    if (x->body_sent == x->request.body.n && !x->times.sent_ms)
        x->times.sent_ms = lx_loop_now_ms(x->net->loop);
    lx_exchange_set_deadline(x, x->request.first_byte_ms);
}

/* A reused connection that was closed meanwhile is replaced. On a fresh one there may be a reply
 * that came before the peer closed: the stream's end, which is sure to come, tells. */
static void send_failed(struct lx_conn *c, struct lx_net_exchange *x)
{
    x->send_failed = true;
    if (c->reused)
        lx_conn_lost(c, LX_ECLOSED, "the connection was closed while the request was sent");
}

void lx_conn_send(struct lx_conn *c, struct lx_net_exchange *x)
{
    struct lx_buf *head = &c->origin->net->head;
    c->state = LX_CONN_BUSY;
    c->x = x;
    x->conn = c;
    x->phase = LX_NET_WAITING;
    if (c->reused) {
        x->times.reused = true;
        x->times.connected_ms = x->times.started_ms;
    }
    int code = write_head(head, c->origin, x);
    if (code != 0) {
        lx_exchange_fail_later(x, code, "the request's head cannot be written: %s",
                               lx_code_text(code));
        return;
    }
    struct lx_slice body = x->request.body;
    struct iovec pieces[2] = {{head->p, head->n}, {(void *)(uintptr_t)body.p, body.n}};
    ssize_t taken = lx_stream_write_some(c->stream, pieces, body.n ? 2 : 1);
    size_t sent = taken > 0 ? (size_t)taken : 0;
    if (taken >= 0 && sent < head->n &&
        lx_stream_write_slice(c->stream, lx_slice_from(lx_buf_slice(head), sent)) < 0)
        taken = -1;
    if (taken < 0)
        send_failed(c, x);
    else
        count_sent(x, sent > head->n ? sent - head->n : 0);
}

static void send_more(struct lx_conn *c, struct lx_net_exchange *x)
{
    struct lx_slice rest = lx_slice_from(x->request.body, x->body_sent);
    struct iovec piece = {(void *)(uintptr_t)rest.p, rest.n};
    ssize_t taken = lx_stream_write_some(c->stream, &piece, 1);
    if (taken < 0)
        send_failed(c, x);
    else
        count_sent(x, (size_t)taken);
}

void lx_conn_send_rest(struct lx_conn *c, struct lx_net_exchange *x)
{
    struct lx_slice rest = lx_slice_from(x->request.body, x->body_sent);
    if (rest.n && !x->send_failed && lx_stream_write_slice(c->stream, rest) < 0)
        x->send_failed = true;
    x->body_sent = x->request.body.n;
}

/* ---- Events --------------------------------------------------------------------------------- */

static void on_open(struct lx_stream *s)
{
    opened(lx_stream_owner(s));
}

static void on_data(struct lx_stream *s, struct lx_slice bytes)
{
    struct lx_conn *c = lx_stream_owner(s);
    if (c->state == LX_CONN_BUSY)
        lx_reply_feed(c->x, bytes);
    else if (c->state == LX_CONN_PROXY)
        proxy_answered(c, bytes);
    else
        lx_pool_drop(c); /* bytes nobody asked for */
}

static void on_end(struct lx_stream *s)
{
    struct lx_conn *c = lx_stream_owner(s);
    if (c->state == LX_CONN_BUSY)
        lx_reply_end(c->x);
    else
        lx_conn_lost(c, LX_ECONNECT, "the proxy closed the connection");
}

static void on_error(struct lx_stream *s, int code, const struct lx_error *err)
{
    lx_conn_lost(lx_stream_owner(s), code, err->text);
}

static void on_drain(struct lx_stream *s)
{
    struct lx_conn *c = lx_stream_owner(s);
    if (c->state == LX_CONN_BUSY && c->x->phase == LX_NET_WAITING && !c->x->send_failed)
        send_more(c, c->x);
}

static const struct lx_stream_events conn_events = {
    .on_open = on_open,
    .on_data = on_data,
    .on_end = on_end,
    .on_error = on_error,
    .on_drain = on_drain,
};
