/*
 * inbound.c - framing of one client connection, timeouts, back-pressure, and its orderly end.
 *
 * Called by its stream (bytes, end, drained), its timer, and its exchange (replies). It knows HTTP
 * and nothing of models.
 */
#include "serve/inbound.h"

#include <stdio.h>
#include <stdlib.h>

#include "serve/endpoint.h"

#define HEAD_MAX    65536          /* bytes of a request head */
#define IN_MAX      (4 * HEAD_MAX) /* bytes read ahead: a head in pieces, pipelined requests */
#define LINGER_MS   2000  /* how long an answered client may go on sending what nobody reads */
#define ROOM_MIN    16384 /* of a body still to come: read straight into place */
#define ROOM_FIRST  (512 << 10) /* of one that is long, at once */
#define QUEUE_SLACK (1u << 20)
#define OUT_MAX     65536      /* gathered of a stream within one turn before it is sent */
#define OUT_LIMIT   (1u << 30) /* one piece of a reply may be as large as the reply itself */
#define OUT_KEEP    16384      /* size of a buffer worth keeping */

static void process(struct lx_inbound *c, struct lx_slice *in);
static void process_waiting(struct lx_inbound *c);

static struct lx_inbound *conn_of(struct lx_stream *s)
{
    return lx_stream_owner(s);
}

/* ---- State and time ------------------------------------------------------------------------ */

static void set_timer(struct lx_inbound *c, int64_t in_ms)
{
    lx_timer_set(c->worker->loop, &c->timer, lx_loop_now_ms(c->worker->loop) + in_ms);
}

static void set_state(struct lx_inbound *c, enum lx_inbound_state state)
{
    const struct lx_config *config = c->worker->config;
    const int64_t wait_ms[] = {
        [LX_INBOUND_IDLE] = config->client_idle_ms,
        [LX_INBOUND_HEAD] = config->client_head_ms,
        [LX_INBOUND_BODY] = config->client_body_ms,
        [LX_INBOUND_RUN] = config->client_body_ms,
        [LX_INBOUND_LINGER] = LINGER_MS,
    };

    c->state = state;
    c->stalled_at = 0;
    set_timer(c, wait_ms[state]);
}

/* A request that cannot be read gets an exchange all the same: for the reply and the log. */
static void refuse(struct lx_inbound *c, int status, const char *text)
{
    struct lx_exchange *x = c->exchange ? c->exchange : lx_exchange_new(c->worker, c);
    struct lx_fault f = {
        .kind = lx_fault_of_status(status), .status = status, .retry_after_ms = -1};

    if (!x) {
        lx_inbound_close(c);
        return;
    }
    c->exchange = x;
    x->keep_alive = false;
    f.message = lx_arena_printf(&x->arena, "%s", text);
    set_state(c, LX_INBOUND_RUN);
    lx_exchange_refuse(x, status, &f);
}

/* The client takes nothing of what is queued for it: progress or the end. */
static void check_stall(struct lx_inbound *c)
{
    size_t queued = lx_stream_queued(c->stream);

    if (queued && c->stalled_at && queued >= c->stalled_at) {
        lx_inbound_close(c);
        return;
    }
    c->stalled_at = queued;
    set_timer(c, c->worker->config->client_body_ms);
}

static void on_timer(struct lx_timer *t)
{
    struct lx_inbound *c = LX_CONTAINER(t, struct lx_inbound, timer);

    if (c->broken) {
        lx_inbound_close(c);
        return;
    }
    switch (c->state) {
    case LX_INBOUND_HEAD:
        refuse(c, 408, "the request's head did not arrive in time");
        break;
    case LX_INBOUND_BODY:
        refuse(c, 408, "the request's body stopped arriving");
        break;
    case LX_INBOUND_RUN:
        check_stall(c);
        break;
    default:
        lx_inbound_close(c);
        break;
    }
}

/* ---- Reading ------------------------------------------------------------------------------- */

static void dispatch(struct lx_inbound *c)
{
    c->requests++;
    set_state(c, LX_INBOUND_RUN);
    lx_exchange_run(c->exchange);
}

/* False: more bytes are needed, or the connection has other things to do. */
static bool read_head(struct lx_inbound *c, struct lx_slice *in)
{
    struct lx_h1_head head;
    struct lx_error err = {0};
    int status = 400;
    ssize_t n = lx_h1_read_request(*in, c->seen, HEAD_MAX, &head, &status, &err);

    if (n == 0) {
        c->seen = in->n;
        if (in->n && c->state == LX_INBOUND_IDLE)
            set_state(c, LX_INBOUND_HEAD);
        return false;
    }
    c->seen = 0;
    if (n < 0) {
        refuse(c, n == LX_ENOMEM ? 500 : status, err.text);
        return false;
    }
    c->exchange = lx_exchange_new(c->worker, c);
    if (!c->exchange) {
        lx_inbound_close(c);
        return false;
    }
    lx_exchange_head(c->exchange, &head);
    *in = lx_slice_from(*in, (size_t)n);
    if (c->exchange->body_reader.done || (c->exchange->early_status && !c->exchange->keep_alive)) {
        dispatch(c);
        return true;
    }
    set_state(c, LX_INBOUND_BODY);
    if (head.expect_continue && in->n == 0)
        lx_stream_write_slice(c->stream, LX_S("HTTP/1.1 100 Continue\r\n\r\n"));
    return true;
}

/* How much room is made at once for what is to come of a body of known length: it grows as the body
 * really comes, so that an announced length costs nothing but, at first, some addresses; and most
 * bodies never move. */
static size_t next_room(const struct lx_exchange *x)
{
    uint64_t left = x->body_reader.left;
    return left < ROOM_FIRST + x->body.n ? (size_t)left : ROOM_FIRST + x->body.n;
}

/* NULL where there is none: adding the bytes will say so. */
static char *try_room(struct lx_exchange *x, size_t n)
{
    char *p = lx_buf_reserve(&x->body, n);
    x->body.failed = 0;
    return p;
}

static void store_body(struct lx_exchange *x, struct lx_slice piece)
{
    x->body_bytes += piece.n;
    if (x->early_status)
        return;
    if (!x->body.p && x->body_reader.kind == LX_H1_BODY_LENGTH)
        try_room(x, piece.n + next_room(x));
    /* on_room may have put the bytes where they belong already. */
    if (x->body.p && piece.p == x->body.p + x->body.n && x->body.n + piece.n <= x->body.cap)
        lx_buf_commit(&x->body, piece.n);
    else
        lx_buf_add(&x->body, piece);
}

static bool read_body(struct lx_inbound *c, struct lx_slice *in)
{
    struct lx_exchange *x = c->exchange;
    struct lx_slice piece;
    struct lx_error err = {0};
    int got;

    while ((got = lx_h1_body_next(&x->body_reader, in, &piece, &err)) > 0)
        store_body(x, piece);
    if (got < 0) {
        refuse(c, 400, err.text);
        return false;
    }
    if (x->body.failed) {
        refuse(c, x->body.failed == LX_ELIMIT ? 413 : 500,
               x->body.failed == LX_ELIMIT
                   ? "the body is larger than general_settings.max_request_size_mb allows"
                   : "out of memory");
        return false;
    }
    if (!x->body_reader.done) {
        set_timer(c, c->worker->config->client_body_ms);
        return false;
    }
    dispatch(c);
    return true;
}

static void process(struct lx_inbound *c, struct lx_slice *in)
{
    bool more = true;

    c->busy = true;
    while (more && in->n) {
        if (c->state == LX_INBOUND_IDLE || c->state == LX_INBOUND_HEAD)
            more = read_head(c, in);
        else if (c->state == LX_INBOUND_BODY)
            more = read_body(c, in);
        else
            more = false;
    }
    c->busy = false;
}

/* What has been kept while a request ran (or a head was incomplete). */
static void process_waiting(struct lx_inbound *c)
{
    struct lx_slice in = lx_buf_slice(&c->in);

    if (c->busy)
        return;
    process(c, &in);
    if (c->state == LX_INBOUND_CLOSED)
        return;
    lx_buf_consume(&c->in, c->in.n - in.n);
    if (c->in.n == 0)
        lx_buf_clear(&c->in);
    if (c->reading_paused && c->state != LX_INBOUND_RUN) {
        c->reading_paused = false;
        lx_stream_resume(c->stream);
    }
}

static void keep(struct lx_inbound *c, struct lx_slice bytes)
{
    lx_buf_add(&c->in, bytes);
    if (c->in.failed) { /* cannot happen while reading is paused in time; out of memory can */
        lx_inbound_close(c);
        return;
    }
    if (c->state == LX_INBOUND_RUN && !c->reading_paused) {
        c->reading_paused = true;
        lx_stream_pause(c->stream);
    }
}

static void on_data(struct lx_stream *s, struct lx_slice bytes)
{
    struct lx_inbound *c = conn_of(s);

    if (c->state == LX_INBOUND_LINGER)
        return;
    if (c->in.n) {
        keep(c, bytes);
        if (c->state != LX_INBOUND_CLOSED && c->state != LX_INBOUND_RUN)
            process_waiting(c);
        return;
    }
    if (c->state != LX_INBOUND_RUN)
        process(c, &bytes);
    if (bytes.n && c->state != LX_INBOUND_CLOSED && c->state != LX_INBOUND_LINGER)
        keep(c, bytes);
}

/* A body of known length is received in its place: no copy, and no more than is announced. */
static void on_room(struct lx_stream *s, char **p, size_t *n)
{
    struct lx_inbound *c = conn_of(s);
    struct lx_exchange *x = c->exchange;

    if (c->state != LX_INBOUND_BODY || c->in.n || x->early_status ||
        x->body_reader.kind != LX_H1_BODY_LENGTH || x->body_reader.left < ROOM_MIN)
        return;
    *n = next_room(x);
    *p = try_room(x, *n);
}

/* The client has finished sending. Whoever half-closes while waiting for a reply is gone for all
 * that HTTP clients do, and its provider's call is stopped: nobody would pay for it gladly. */
static void on_end(struct lx_stream *s)
{
    lx_inbound_close(conn_of(s));
}

static void on_error(struct lx_stream *s, int code, const struct lx_error *err)
{
    (void)code;
    (void)err;
    lx_inbound_close(conn_of(s));
}

static void on_drain(struct lx_stream *s)
{
    struct lx_inbound *c = conn_of(s);

    c->stalled_at = 0;
    if (c->exchange)
        lx_drive_resume(&c->exchange->drive);
}

static const struct lx_stream_events stream_events = {
    .on_data = on_data,
    .on_room = on_room,
    .on_end = on_end,
    .on_error = on_error,
    .on_drain = on_drain,
    .on_gone = on_end,
};

/* ---- Gathering ----------------------------------------------------------------------------- */

static void unlink_dirty(struct lx_inbound *c)
{
    struct lx_inbound **at = &c->worker->dirty;

    while (*at != c)
        at = &(*at)->next_dirty;
    *at = c->next_dirty;
    c->dirty = false;
}

/* An open stream that waits holds no buffer. */
static void give_out(struct lx_inbound *c)
{
    struct lx_worker *w = c->worker;
    size_t places = sizeof(w->spare_out) / sizeof(w->spare_out[0]);

    lx_buf_reset(&c->out);
    if (c->out.p && c->out.cap <= OUT_KEEP && w->spare_out_count < places)
        w->spare_out[w->spare_out_count++] = c->out;
    else
        lx_buf_clear(&c->out);
    lx_buf_init(&c->out, OUT_LIMIT);
}

void lx_inbound_free_spare(struct lx_worker *w)
{
    while (w->spare_out_count)
        lx_buf_clear(&w->spare_out[--w->spare_out_count]);
}

/* ---- Life ---------------------------------------------------------------------------------- */

void lx_inbound_open(struct lx_worker *w, struct lx_stream *s)
{
    struct lx_inbound *c = calloc(1, sizeof(*c));

    if (!c) {
        lx_stream_close(s);
        return;
    }
    c->worker = w;
    c->stream = s;
    c->timer.fire = on_timer;
    lx_buf_init(&c->in, IN_MAX);
    lx_buf_init(&c->out, OUT_LIMIT);
    c->next = w->conns;
    if (c->next)
        c->next->prev = c;
    w->conns = c;
    w->conn_count++;
    if (w->listener && w->conn_count >= (size_t)w->config->max_connections)
        lx_listener_pause(w->listener);
    lx_stream_set_owner(s, &stream_events, c);
    lx_stream_set_queue_max(s, w->config->routes.settings.max_response_bytes + QUEUE_SLACK);
    set_state(c, LX_INBOUND_IDLE);
}

static void release(struct lx_post *post)
{
    free(post);
}

/* The memory goes on the loop's next turn: callers up the stack may still look at the state. */
static void free_later(struct lx_inbound *c)
{
    struct lx_loop *loop = c->worker->loop;
    struct lx_post *post = (void *)c;

    _Static_assert(sizeof(struct lx_post) <= offsetof(struct lx_inbound, timer),
                   "a post must fit before what is still looked at");
    post->fn = release;
    lx_loop_post(loop, post);
}

void lx_inbound_close(struct lx_inbound *c)
{
    struct lx_worker *w = c->worker;

    if (c->state == LX_INBOUND_CLOSED)
        return;
    if (c->exchange) {
        lx_drive_cancel(&c->exchange->drive);
        lx_exchange_log(c->exchange, !c->exchange->complete);
        lx_exchange_free(c->exchange);
        c->exchange = NULL;
    }
    c->state = LX_INBOUND_CLOSED;
    if (c->dirty)
        unlink_dirty(c);
    give_out(c);
    lx_timer_cancel(w->loop, &c->timer);
    lx_stream_close(c->stream);
    lx_buf_clear(&c->in);
    *(c->prev ? &c->prev->next : &w->conns) = c->next;
    if (c->next)
        c->next->prev = c->prev;
    w->conn_count--;
    if (w->listener && w->conn_count + 1 == (size_t)w->config->max_connections)
        lx_listener_resume(w->listener);
    free_later(c);
    lx_worker_check_drained(w);
}

void lx_inbound_drain(struct lx_inbound *c)
{
    if (c->state == LX_INBOUND_IDLE)
        lx_inbound_close(c);
}

/* ---- Replying ------------------------------------------------------------------------------ */

static void write_headers(struct lx_inbound *c, struct lx_buf *head, struct lx_slice content_type,
                          const struct lx_headers *headers)
{
    struct lx_exchange *x = c->exchange;
    struct lx_slice id = lx_slice(x->call_id, x->call_id_n);

    lx_h1_write_header(head, LX_S("date"), lx_worker_date(c->worker));
    lx_h1_write_header(head, LX_S("content-type"), content_type);
    lx_h1_write_header(head, LX_S("x-litellm-call-id"), id);
    lx_h1_write_header(head, LX_S("x-request-id"), id);
    for (size_t i = 0; headers && i < headers->n; i++)
        if (lx_header_is_valid(headers->v[i].name, headers->v[i].value))
            lx_h1_write_header(head, headers->v[i].name, headers->v[i].value);
}

/* Sends, and applies back-pressure when the client does not take it. */
static void send_pieces(struct lx_inbound *c, const struct iovec *pieces, int n)
{
    struct lx_exchange *x = c->exchange;
    int sent;

    if (c->broken)
        return;
    for (int i = 0; i < n; i++)
        x->reply_bytes += pieces[i].iov_len;
    sent = lx_stream_write(c->stream, pieces, n);
    if (sent < 0) {
        c->broken = true; /* closing here would pull the exchange from under its caller */
        set_timer(c, 0);
    } else if (sent == 0 && lx_stream_queued(c->stream) > c->worker->config->client_queue_bytes) {
        lx_drive_pause(&x->drive);
    }
}

static struct iovec piece_of(struct lx_slice s)
{
    return (struct iovec){(void *)(uintptr_t)s.p, s.n};
}

/* Sends what a stream has gathered, and returns the buffer. */
static void flush_out(struct lx_inbound *c)
{
    struct iovec piece;

    if (c->chunk_open)
        lx_h1_chunk_close(&c->out, c->chunk_at);
    c->chunk_open = false;
    if (c->out.failed) {
        c->broken = true;
        set_timer(c, 0);
    } else if (c->out.n) {
        piece = piece_of(lx_buf_slice(&c->out));
        send_pieces(c, &piece, 1);
    }
    give_out(c);
}

static void gather(struct lx_inbound *c, struct lx_slice bytes)
{
    struct lx_worker *w = c->worker;

    if (!c->dirty) {
        c->dirty = true;
        c->next_dirty = w->dirty;
        w->dirty = c;
    }
    if (!c->out.p && w->spare_out_count)
        c->out = w->spare_out[--w->spare_out_count];
    if (bytes.n && c->exchange->chunked && !c->chunk_open) {
        c->chunk_at = lx_h1_chunk_open(&c->out);
        c->chunk_open = true;
    }
    lx_buf_add(&c->out, bytes);
}

void lx_inbound_flush_dirty(struct lx_worker *w)
{
    struct lx_inbound *c;

    while ((c = w->dirty)) {
        w->dirty = c->next_dirty;
        c->dirty = false;
        flush_out(c);
    }
}

static void write_head(struct lx_inbound *c, int status, struct lx_slice content_type,
                       const struct lx_headers *headers, size_t length, bool last)
{
    struct lx_exchange *x = c->exchange;
    struct lx_buf *head = &c->worker->head;

    lx_buf_reset(head);
    lx_h1_write_status_line(head, status);
    write_headers(c, head, content_type, headers);
    if (last)
        lx_h1_write_content_length(head, length);
    else if (x->chunked)
        lx_h1_write_chunked(head);
    if (!x->keep_alive)
        lx_h1_write_header_lit(head, "connection", "close");
    else if (x->minor == 0)
        lx_h1_write_header_lit(head, "connection", "keep-alive");
    lx_h1_write_head_end(head);
}

void lx_inbound_reply(struct lx_inbound *c, int status, struct lx_slice content_type,
                      const struct lx_headers *headers, struct lx_slice bytes, bool last)
{
    struct lx_exchange *x = c->exchange;
    struct lx_buf *head = &c->worker->head;
    struct iovec pieces[2];

    x->head_sent = true;
    x->status = status;
    x->chunked = !last && x->minor >= 1;
    if (c->worker->draining || !x->body_reader.done || (!last && !x->chunked))
        x->keep_alive = false;
    write_head(c, status, content_type, headers, bytes.n, last);
    if (head->failed) { /* no memory for a head: the client sees the connection end */
        c->broken = true;
        set_timer(c, 0);
        return;
    }
    if (x->method == LX_METHOD_HEAD)
        bytes.n = 0;
    if (!last) {
        x->chunked = false; /* the head is no chunk */
        gather(c, lx_buf_slice(head));
        x->chunked = x->minor >= 1;
        if (bytes.n)
            gather(c, bytes);
        return;
    }
    x->complete = true;
    pieces[0] = piece_of(lx_buf_slice(head));
    pieces[1] = piece_of(bytes);
    send_pieces(c, pieces, bytes.n ? 2 : 1);
}

void lx_inbound_reply_more(struct lx_inbound *c, struct lx_slice bytes, bool last)
{
    gather(c, bytes);
    if (last) {
        if (c->chunk_open)
            lx_h1_chunk_close(&c->out, c->chunk_at);
        c->chunk_open = false;
        if (c->exchange->chunked)
            lx_h1_write_last_chunk(&c->out);
        c->exchange->complete = true;
    }
    if (last || c->out.n > OUT_MAX) {
        unlink_dirty(c);
        flush_out(c);
    }
}

void lx_inbound_exchange_done(struct lx_inbound *c)
{
    struct lx_exchange *x = c->exchange;
    bool keep_alive = x->keep_alive && x->complete && !c->broken;
    bool complete = x->complete;

    lx_exchange_log(x, false);
    lx_exchange_free(x);
    c->exchange = NULL;
    if (c->broken)
        return; /* the timer closes it */
    if (!complete) {
        c->broken = true;
        set_timer(c, 0);
        return;
    }
    if (!keep_alive) {
        set_state(c, LX_INBOUND_LINGER);
        lx_stream_end(c->stream);
        if (c->reading_paused) {
            c->reading_paused = false;
            lx_stream_resume(c->stream);
        }
        return;
    }
    set_state(c, LX_INBOUND_IDLE);
    if (c->worker->draining) {
        c->broken = true;
        set_timer(c, 0);
    } else if (c->in.n || c->reading_paused) {
        process_waiting(c);
    }
}
