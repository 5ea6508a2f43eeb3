/*
 * h1_read_test.c - heads and bodies of both roles from the tables in test/wire, and what those
 * cannot say: many fields, long chunk lines, bytes that drip in, errors with their place.
 */
#include "../wire/events.h"

#include "http/h1.h"

/* ---- Tables: a connection that reads one message after another ---------------------------- */

struct conn {
    bool replies, to_head;
    size_t max, seen;
    char *bytes; /* a heap block of exactly n bytes */
    size_t n;
    struct lx_h1_head head;
    struct lx_h1_body_reader body;
    struct lx_buf payload;
    bool in_body, failed;
};

static struct conn *open_conn(const struct events_case *c, bool replies)
{
    struct conn *conn = calloc(1, sizeof *conn);
    assert_non_null(conn);
    conn->replies = replies;
    conn->to_head = events_option(c, "head", 0);
    conn->max = events_option(c, "max", 8192);
    lx_buf_init(&conn->payload, 1 << 20);
    return conn;
}

static void *open_requests(const struct events_case *c)
{
    return open_conn(c, false);
}

static void *open_replies(const struct events_case *c)
{
    return open_conn(c, true);
}

/* What a chunked table is about: a body whose head has been read. */
static void *open_chunked(const struct events_case *c)
{
    struct conn *conn = open_conn(c, false);
    conn->head.body = LX_H1_BODY_CHUNKED;
    lx_h1_body_start(&conn->body, &conn->head);
    conn->in_body = true;
    return conn;
}

static void append(struct conn *conn, struct lx_slice piece)
{
    char *bytes = malloc(conn->n + piece.n);
    assert_non_null(bytes);
    if (conn->n)
        memcpy(bytes, conn->bytes, conn->n);
    memcpy(bytes + conn->n, piece.p, piece.n);
    free(conn->bytes);
    conn->bytes = bytes;
    conn->n += piece.n;
}

static void consume(struct conn *conn, size_t n)
{
    size_t left = conn->n - n;
    char *bytes = malloc(left ? left : 1);
    assert_non_null(bytes);
    memcpy(bytes, conn->bytes + n, left);
    free(conn->bytes);
    conn->bytes = bytes;
    conn->n = left;
    conn->seen = 0;
}

static void log_slice(struct lx_buf *log, const char *before, struct lx_slice s, const char *after)
{
    lx_buf_add(log, lx_slice_z(before));
    events_escape(log, s);
    lx_buf_add(log, lx_slice_z(after));
}

static void log_head(const struct conn *conn, struct lx_buf *log)
{
    static const char *const kinds[] = {
        [LX_H1_BODY_NONE] = "none",
        [LX_H1_BODY_LENGTH] = "length",
        [LX_H1_BODY_CHUNKED] = "chunked",
        [LX_H1_BODY_CLOSE] = "close",
    };
    const struct lx_h1_head *h = &conn->head;

    if (conn->replies) {
        lx_buf_addf(log, "%d", h->status);
        log_slice(log, " \"", h->reason, "\"");
    } else {
        log_slice(log, "", h->method, " ");
        log_slice(log, "", h->target, " path=");
        log_slice(log, "", h->path, " query=");
        log_slice(log, "", h->query, "");
    }
    lx_buf_addf(log, " HTTP/1.%d %s %s", h->minor, h->keep_alive ? "keep" : "close",
                kinds[h->body]);
    if (h->body == LX_H1_BODY_LENGTH)
        lx_buf_addf(log, " %llu", (unsigned long long)h->content_length);
    if (h->content_type.p)
        log_slice(log, " type=", h->content_type, "");
    if (h->content_encoding.p)
        log_slice(log, " encoding=", h->content_encoding, "");
    lx_buf_addf(log, "%s\n", h->expect_continue ? " expect" : "");
    assert_ptr_equal(h->headers.v, h->fields);
    for (size_t i = 0; i < h->headers.n; i++) {
        log_slice(log, "  ", h->headers.v[i].name, ": [");
        log_slice(log, "", h->headers.v[i].value, "]\n");
        assert_false(h->headers.v[i].secret);
    }
}

/* Returns whether there may be more to read from what is there. */
static bool read_head(struct conn *conn, struct lx_buf *log)
{
    struct lx_slice in = lx_slice(conn->bytes, conn->n);
    struct lx_error err = {0};
    int status = 0;
    ssize_t rc;

    if (conn->replies)
        rc = lx_h1_read_reply(in, conn->seen, conn->max, conn->to_head, &conn->head, &err);
    else
        rc = lx_h1_read_request(in, conn->seen, conn->max, &conn->head, &status, &err);
    conn->seen = conn->n;
    if (rc == 0)
        return false;
    if (rc < 0) {
        assert_int_equal(err.code, rc);
        if (conn->replies)
            lx_buf_addf(log, "error %s\n", lx_code_name((int)rc));
        else
            lx_buf_addf(log, "error %d %s\n", status, lx_code_name((int)rc));
        conn->failed = true;
        return false;
    }
    log_head(conn, log);
    consume(conn, (size_t)rc);
    lx_h1_body_start(&conn->body, &conn->head);
    conn->in_body = conn->head.body != LX_H1_BODY_NONE;
    assert_int_equal(conn->body.done, !conn->in_body);
    return conn->n > 0;
}

static bool read_body(struct conn *conn, struct lx_buf *log, bool chunked_only)
{
    struct lx_slice in = lx_slice(conn->bytes, conn->n), piece;
    struct lx_error err = {0};
    int rc;

    while ((rc = lx_h1_body_next(&conn->body, &in, &piece, &err)) == 1)
        lx_buf_add(&conn->payload, piece);
    consume(conn, (size_t)(in.p - conn->bytes));
    if (rc < 0) {
        assert_int_equal(rc, LX_EHTTP);
        assert_int_equal(err.code, LX_EHTTP);
        conn->failed = true;
        return false;
    }
    if (!conn->body.done)
        assert_int_equal(in.n, 0);
    if (!conn->body.done || chunked_only)
        return false;
    log_slice(log, "body [", lx_buf_slice(&conn->payload), "]\n");
    lx_buf_reset(&conn->payload);
    conn->in_body = false;
    return conn->n > 0;
}

static void feed(void *state, struct lx_slice piece, struct lx_buf *log)
{
    struct conn *conn = state;

    if (conn->failed)
        return;
    append(conn, piece);
    while (conn->in_body ? read_body(conn, log, false) : read_head(conn, log))
        ;
}

static void free_conn(struct conn *conn)
{
    lx_buf_clear(&conn->payload);
    free(conn->bytes);
    free(conn);
}

static void close_conn(void *state, struct lx_buf *log)
{
    struct conn *conn = state;

    if (!conn->failed && conn->in_body)
        log_slice(log, lx_h1_body_end(&conn->body) ? "truncated [" : "body [",
                  lx_buf_slice(&conn->payload), "]\n");
    else if (!conn->failed && conn->n)
        lx_buf_add_lit(log, "more\n");
    free_conn(conn);
}

static void feed_chunked(void *state, struct lx_slice piece, struct lx_buf *log)
{
    struct conn *conn = state;

    if (conn->failed)
        return;
    append(conn, piece);
    read_body(conn, log, true);
}

static void close_chunked(void *state, struct lx_buf *log)
{
    struct conn *conn = state;
    int rc = lx_h1_body_end(&conn->body);

    if (conn->payload.n)
        log_slice(log, "", lx_buf_slice(&conn->payload), "\n");
    if (conn->failed)
        lx_buf_add_lit(log, "error\n");
    else if (rc)
        lx_buf_add_lit(log, "truncated\n");
    else
        log_slice(log, conn->n ? "done, left: " : "done", lx_slice(conn->bytes, conn->n), "\n");
    assert_int_equal(rc, conn->body.done ? 0 : LX_ETRUNCATED);
    free_conn(conn);
}

static void test_request_table(void **state)
{
    (void)state;
    static const struct events_reader reader = {open_requests, feed, close_conn};
    assert_true(events_run("h1_request.txt", &reader) >= 95);
}

static void test_reply_table(void **state)
{
    (void)state;
    static const struct events_reader reader = {open_replies, feed, close_conn};
    assert_true(events_run("h1_reply.txt", &reader) >= 30);
}

static void test_chunked_table(void **state)
{
    (void)state;
    static const struct events_reader reader = {open_chunked, feed_chunked, close_chunked};
    assert_true(events_run("h1_chunked.txt", &reader) >= 35);
}

/* ---- Limits ------------------------------------------------------------------------------- */

static void test_number_of_fields(void **state)
{
    (void)state;
    for (int extra = 0; extra < 2; extra++) {
        struct lx_buf b;
        struct lx_h1_head head;
        struct lx_error err = {0};
        int status = 0;

        lx_buf_init(&b, 1 << 16);
        lx_buf_add_lit(&b, "GET / HTTP/1.1\r\nHost: a\r\n");
        for (int i = 1; i < LX_H1_MAX_HEADERS + extra; i++)
            lx_buf_addf(&b, "X%d: %d\r\n", i, i);
        lx_buf_add_lit(&b, "\r\n");
        ssize_t rc = lx_h1_read_request(lx_buf_slice(&b), 0, b.n, &head, &status, &err);
        if (extra) {
            assert_int_equal(rc, LX_ELIMIT);
            assert_int_equal(status, 431);
        } else {
            assert_int_equal(rc, b.n);
            assert_int_equal(head.headers.n, LX_H1_MAX_HEADERS);
        }
        lx_buf_clear(&b);
    }
}

static ssize_t read_with(struct lx_buf *b, const char *before, char c, const char *after)
{
    struct lx_h1_head head;
    int status;

    lx_buf_reset(b);
    lx_buf_add_lit(b, "GET / HTTP/1.1\r\nHost: a\r\n");
    lx_buf_add(b, lx_slice_z(before));
    lx_buf_add_byte(b, c);
    lx_buf_add(b, lx_slice_z(after));
    return lx_h1_read_request(lx_buf_slice(b), 0, b->n, &head, &status, NULL);
}

/* Vectors take sixteen bytes at a time: so every byte at every place of one, and past it. */
static void test_every_byte_everywhere(void **state)
{
    (void)state;
    static const char filler[] = "0123456789abcdef0123456789abcdef0123456789abcdef";
    struct lx_buf b;

    lx_buf_init(&b, 1000);
    for (int c = 0; c < 256; c++)
        for (int at = 0; at < 34; at++) {
            char before[100], after[100];
            bool in_value = c == '\t' || (c >= ' ' && c != 0x7f);
            bool in_name = lx_is_token_byte((char)c) || c == ':';
            snprintf(before, sizeof before, "X: %.*s", at, filler);
            snprintf(after, sizeof after, "%s\r\n\r\n", filler + at);
            assert_int_equal(read_with(&b, before, (char)c, after) == (ssize_t)b.n, in_value);
            snprintf(before, sizeof before, "x%.*s", at, filler);
            snprintf(after, sizeof after, "%s: x\r\n\r\n", filler + at);
            assert_int_equal(read_with(&b, before, (char)c, after) == (ssize_t)b.n, in_name);
        }
    lx_buf_clear(&b);
}

/* Feeds a byte at a time and says how many were taken before the error. */
static size_t taken_before_error(struct lx_slice in)
{
    struct lx_h1_head head = {.body = LX_H1_BODY_CHUNKED};
    struct lx_h1_body_reader r;

    lx_h1_body_start(&r, &head);
    for (size_t i = 0; i < in.n; i++) {
        struct lx_slice one = lx_slice(in.p + i, 1), piece;
        if (lx_h1_body_next(&r, &one, &piece, NULL) < 0)
            return i;
    }
    return in.n;
}

static void test_chunk_lines_are_limited(void **state)
{
    (void)state;
    struct lx_buf b;

    lx_buf_init(&b, 1 << 20);
    lx_buf_add_lit(&b, "1;");
    for (int i = 0; i < 1000; i++)
        lx_buf_add_byte(&b, 'x');
    assert_int_equal(taken_before_error(lx_buf_slice(&b)), 256);

    lx_buf_reset(&b); /* leading zeros are no way around */
    for (int i = 0; i < 1000; i++)
        lx_buf_add_byte(&b, '0');
    assert_int_equal(taken_before_error(lx_buf_slice(&b)), 256);

    lx_buf_reset(&b); /* each line by itself, though */
    for (int i = 0; i < 100; i++)
        lx_buf_add_lit(&b, "1;0123456789012345678901234567890123456789\r\nx\r\n");
    assert_int_equal(taken_before_error(lx_buf_slice(&b)), b.n);

    lx_buf_reset(&b); /* but trailers all together */
    lx_buf_add_lit(&b, "0\r\n");
    for (int i = 0; i < 1000; i++)
        lx_buf_add_lit(&b, "name: a value\r\n");
    assert_int_equal(taken_before_error(lx_buf_slice(&b)), 3 + 8192);
    lx_buf_clear(&b);
}

/* ---- Pieces ------------------------------------------------------------------------------- */

/* A body of a known length does not wait for the rest of it, and leaves the next message alone. */
static void test_payload_is_borrowed(void **state)
{
    (void)state;
    struct lx_h1_head head = {.body = LX_H1_BODY_LENGTH, .content_length = 5};
    struct lx_h1_body_reader r;
    struct lx_slice in = LX_S("abc"), piece;
    const char *at = in.p;

    lx_h1_body_start(&r, &head);
    assert_int_equal(lx_h1_body_next(&r, &in, &piece, NULL), 1);
    assert_ptr_equal(piece.p, at);
    assert_int_equal(piece.n, 3);
    assert_false(r.done);
    in = LX_S("deGET");
    assert_int_equal(lx_h1_body_next(&r, &in, &piece, NULL), 1);
    assert_int_equal(piece.n, 2);
    assert_true(r.done);
    assert_int_equal(lx_h1_body_next(&r, &in, &piece, NULL), 0);
    assert_true(lx_slice_eq(in, LX_S("GET")));
}

/* However the bytes drip, a wrong line is refused when it ends, not when the head does. */
static void test_early_refusal(void **state)
{
    (void)state;
    struct lx_slice in = LX_S("GET / HTTP/1.1\nHost: a");
    struct lx_h1_head head;
    struct lx_error err = {0};
    int status = 0;

    for (size_t n = 1; n <= 14; n++)
        assert_int_equal(lx_h1_read_request(lx_slice_to(in, n), n - 1, 100, &head, &status, NULL),
                         0);
    assert_int_equal(lx_h1_read_request(lx_slice_to(in, 15), 14, 100, &head, &status, &err),
                     LX_EHTTP);
    assert_int_equal(status, 400);
    assert_int_equal(err.at, 14);
}

/* A head that drips in by single bytes costs about as much as one that comes whole. The bound is
 * generous: looking at everything again each time would take a thousand times as long. */
static void test_dripping_is_linear(void **state)
{
    (void)state;
    static struct lx_h1_head head;
    struct lx_buf b;
    int status;

    lx_buf_init(&b, 1 << 20);
    lx_buf_add_lit(&b, "GET / HTTP/1.1\r\nHost: a\r\nX: ");
    for (int i = 0; i < 500000; i++)
        lx_buf_add_byte(&b, 'x');
    lx_buf_add_lit(&b, "\r\n\r\n");
    for (size_t n = 1; n < b.n; n++)
        assert_int_equal(lx_h1_read_request(lx_slice(b.p, n), n - 1, b.n, &head, &status, NULL), 0);
    assert_int_equal(lx_h1_read_request(lx_buf_slice(&b), b.n - 1, b.n, &head, &status, NULL), b.n);
    lx_buf_clear(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_request_table),
        cmocka_unit_test(test_reply_table),
        cmocka_unit_test(test_chunked_table),
        cmocka_unit_test(test_number_of_fields),
        cmocka_unit_test(test_every_byte_everywhere),
        cmocka_unit_test(test_chunk_lines_are_limited),
        cmocka_unit_test(test_payload_is_borrowed),
        cmocka_unit_test(test_early_refusal),
        cmocka_unit_test(test_dripping_is_linear),
    };
    return cmocka_run_group_tests_name("http/h1_read", tests, NULL, NULL);
}
