/*
 * reply.c - the reply coming in: its head, its body piece by piece, pauses, and its end.
 *
 * Fed by conn.c with the loop's shared buffer. Bytes are passed on from where they lie; only a head
 * that comes in parts, and what was read before a pause, is copied. After every callback the
 * exchange may be DEAD: then nothing else may be touched.
 */
#include <stdlib.h>

#include "net/inner.h"

enum {
    INTERIM_MAX = 32, /* 1xx replies before the real one */
    DECODED_PIECE = 65536,
};

/* ---- Head ----------------------------------------------------------------------------------- */

/* What is decoded by us is not described by these any more. */
static void drop_coding(struct lx_headers *h)
{
    size_t kept = 0;
    for (size_t i = 0; i < h->n; i++)
        if (!lx_slice_eq_nocase(h->v[i].name, LX_S("content-encoding")) &&
            !lx_slice_eq_nocase(h->v[i].name, LX_S("content-length")))
            h->v[kept++] = h->v[i];
    h->n = kept;
}

/* Begins the body and tells the owner. */
static void take_head(struct lx_net_exchange *x, struct lx_h1_head *head)
{
    struct lx_error err;
    lx_h1_body_start(&x->body, head);
    x->keep_alive = head->keep_alive;
    if (head->body != LX_H1_BODY_NONE && head->content_encoding.n) {
        int code = lx_decoder_new(head->content_encoding, &x->decoder, &err);
        if (code != 0) {
            lx_exchange_fail(x, code, "%s", err.text);
            return;
        }
        if (x->decoder)
            drop_coding(&head->headers);
    }
    lx_conn_send_rest(x->conn, x);
    x->phase = LX_NET_BODY;
    lx_exchange_set_deadline(x, x->request.between_bytes_ms);
    x->events->on_head(x->owner, head->status, &head->headers);
}

/* Keeps an unfinished head. `bytes` may lie in x->partial itself. */
static bool keep_partial(struct lx_net_exchange *x, struct lx_slice bytes)
{
    if (x->partial.n)
        lx_buf_consume(&x->partial, x->partial.n - bytes.n);
    else
        lx_buf_add(&x->partial, bytes);
    x->seen = bytes.n;
    if (x->partial.failed)
        lx_exchange_fail(x, x->partial.failed, "the reply's head is too large");
    return !x->partial.failed;
}

/* Reads heads until the real one; what follows it is left in *bytes. */
static void read_head(struct lx_net_exchange *x, struct lx_slice *bytes)
{
    struct lx_net *net = x->net;
    struct lx_h1_head *head = &net->parsed;
    bool to_head = lx_slice_eq(x->request.method, LX_S("HEAD"));
    struct lx_error err;
    for (;;) {
        ssize_t used =
            lx_h1_read_reply(*bytes, x->seen, net->o.max_head_bytes, to_head, head, &err);
        if (used < 0) {
            lx_exchange_fail(x, (int)used, "the reply cannot be read: %s", err.text);
            return;
        }
        if (used == 0) {
            if (bytes->n || x->partial.n)
                keep_partial(x, *bytes);
            return;
        }
        *bytes = lx_slice_from(*bytes, (size_t)used);
        x->seen = 0;
        if (head->status >= 200) {
            x->rest = bytes->n;
            take_head(x, head);
            return;
        }
        if (head->status == 101 || ++x->interim > INTERIM_MAX) {
            lx_exchange_fail(x, LX_EPROTO, "unexpected reply with status %d", head->status);
            return;
        }
        x->phase = bytes->n ? LX_NET_HEAD : LX_NET_WAITING;
        lx_exchange_set_deadline(x, x->request.first_byte_ms);
    }
}

/* ---- Body ----------------------------------------------------------------------------------- */

bool lx_reply_is_clean(const struct lx_net_exchange *x)
{
    return x->phase == LX_NET_BODY && x->body.done && x->body.kind != LX_H1_BODY_CLOSE &&
           x->keep_alive && !x->rest && !x->held_n && !x->send_failed &&
           !lx_stream_queued(x->conn->stream);
}

static void finish(struct lx_net_exchange *x)
{
    struct lx_conn *c = x->conn;
    if (lx_decoder_end(x->decoder) != 0) {
        lx_exchange_fail(x, LX_ETRUNCATED, "the reply's compressed body ended early");
        return;
    }
    bool clean = lx_reply_is_clean(x);
    c->x = NULL;
    x->conn = NULL;
    if (clean)
        lx_pool_keep(c);
    else
        lx_pool_drop(c);
    lx_exchange_end(x);
}

/* Hands over payload, decoded; on a pause what is left stays in *payload. False: over. */
static bool give(struct lx_net_exchange *x, struct lx_slice *payload)
{
    if (!x->decoder) {
        struct lx_slice piece = *payload;
        *payload = lx_slice(NULL, 0);
        if (piece.n)
            x->events->on_body(x->owner, piece);
        return x->phase != LX_NET_DEAD;
    }
    struct lx_buf *out = &x->net->decoded;
    struct lx_error err;
    do {
        lx_buf_reset(out);
        int code = lx_decoder_next(x->decoder, payload, out, DECODED_PIECE, &err);
        if (code < 0) {
            lx_exchange_fail(x, code, "the reply's body cannot be decoded: %s", err.text);
            return false;
        }
        x->decoding = code == 1;
        if (out->n)
            x->events->on_body(x->owner, lx_buf_slice(out));
        if (x->phase == LX_NET_DEAD)
            return false;
    } while (x->decoding && !x->paused);
    return true;
}

/* Keeps what was read but may not be delivered now. Neither slice lies in x->held. */
static void hold(struct lx_net_exchange *x, struct lx_slice payload, struct lx_slice framed)
{
    if (!payload.n && !framed.n)
        return;
    x->rest = 0; /* counted as held from here on */
    x->held = malloc(payload.n + framed.n);
    if (!x->held) {
        lx_exchange_fail(x, LX_ENOMEM, "out of memory");
        return;
    }
    if (payload.n)
        memcpy(x->held, payload.p, payload.n);
    if (framed.n)
        memcpy(x->held + payload.n, framed.p, framed.n);
    x->held_n = payload.n + framed.n;
    x->held_payload = payload.n;
}

/* Delivers payload that is already cut out, then what can be cut out of `framed`. */
static void deliver(struct lx_net_exchange *x, struct lx_slice payload, struct lx_slice framed)
{
    struct lx_error err;
    for (;;) {
        if (x->paused) {
            lx_stream_pause(x->conn->stream);
            hold(x, payload, framed);
            return;
        }
        x->rest = framed.n;
        if (payload.n || x->decoding) {
            if (!give(x, &payload))
                return;
            continue; /* it may have been paused, in the midst of it even */
        }
        int r = lx_h1_body_next(&x->body, &framed, &payload, &err);
        if (r < 0) {
            lx_exchange_fail(x, LX_EPROTO, "the reply's body cannot be read: %s", err.text);
            return;
        }
        if (r == 0)
            break;
    }
    x->rest = framed.n;
    if (x->body.done)
        finish(x);
}

void lx_reply_feed(struct lx_net_exchange *x, struct lx_slice bytes)
{
    if (!x->times.first_byte_ms)
        x->times.first_byte_ms = lx_loop_now_ms(x->net->loop);
    if (x->phase < LX_NET_BODY) {
        x->phase = LX_NET_HEAD;
        lx_exchange_set_deadline(x, x->request.between_bytes_ms);
        if (x->partial.n) {
            lx_buf_add(&x->partial, bytes);
            bytes = lx_buf_slice(&x->partial);
        }
        if (x->partial.failed) {
            lx_exchange_fail(x, x->partial.failed, "the reply's head is too large");
            return;
        }
        read_head(x, &bytes);
        if (x->phase != LX_NET_BODY)
            return;
    } else {
        lx_exchange_set_deadline(x, x->request.between_bytes_ms);
    }
    deliver(x, lx_slice(NULL, 0), bytes);
    if (x->phase != LX_NET_DEAD)
        lx_buf_clear(&x->partial);
}

void lx_reply_end(struct lx_net_exchange *x)
{
    if (x->phase == LX_NET_WAITING)
        lx_conn_lost(x->conn, LX_ECLOSED, "the connection was closed before the reply");
    else if (x->phase == LX_NET_HEAD)
        lx_exchange_fail(x, LX_ETRUNCATED, "the connection was closed within the reply's head");
    else if (lx_h1_body_end(&x->body) == 0)
        finish(x);
    else
        lx_exchange_fail(x, LX_ETRUNCATED, "the connection was closed within the reply's body");
}

void lx_reply_resume(struct lx_net_exchange *x)
{
    if (x->paused || x->phase != LX_NET_BODY)
        return;
    char *held = x->held;
    struct lx_slice all = lx_slice(held, x->held_n);
    size_t payload = x->held_payload;
    x->held = NULL;
    x->held_n = x->held_payload = 0;
    if (all.n || x->decoding || x->body.done)
        deliver(x, lx_slice_to(all, payload), lx_slice_from(all, payload));
    free(held);
    if (x->phase != LX_NET_DEAD && !x->paused)
        lx_stream_resume(x->conn->stream);
}
