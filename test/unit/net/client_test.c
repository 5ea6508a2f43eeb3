/*
 * client_test.c - the upstream client over plain TCP, against scripted servers on loopback.
 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include <zlib.h>

#include <cmocka.h>

#include "peer.h"

#define OK "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello"

static char seen[1 << 20]; /* the last request a script read */

static void assert_body(const struct call *c, const char *text)
{
    assert_int_equal(strlen(text), c->body.n);
    if (c->body.n)
        assert_memory_equal(text, c->body.p, c->body.n);
}

/* ---- The ordinary ---------------------------------------------------------------------------- */

static void answer_all(struct peer *p, int fd, int number)
{
    char request[65536];
    (void)number;
    while (peer_read_request(p, fd, request, sizeof request)) {
        strcpy(seen, request);
        peer_send(fd, OK);
    }
}

static void connections_are_kept(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_all);
    for (int i = 0; i < 20; i++) {
        struct call c = {0};
        get(&c, p.port, "/a?b=c");
        assert_true(c.ended);
        assert_int_equal(200, c.status);
        assert_string_equal("text/plain", c.content_type);
        assert_body(&c, "hello");
        assert_int_equal(i > 0, c.times.reused);
        assert_true(c.times.started_ms && c.times.connected_ms && c.times.sent_ms &&
                    c.times.first_byte_ms);
        call_clear(&c);
    }
    assert_int_equal(1, p.connections);
    assert_int_equal(20, p.requests);
    struct lx_net_counts n = lx_net_counts(net);
    assert_int_equal(1, n.connections);
    assert_int_equal(1, n.idle);
    assert_int_equal(0, n.in_flight);
    lx_net_free(net); /* closes the idle ones: else the script would wait for ever */
    net = NULL;
    peer_stop(&p);
}

static void the_head_is_as_it_should_be(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_all);
    struct lx_header fields[] = {
        {.name = LX_S("Content-Type"), .value = LX_S("application/json")},
        {.name = LX_S("Host"), .value = LX_S("evil")},
        {.name = LX_S("Transfer-Encoding"), .value = LX_S("chunked")},
        {.name = LX_S("CONTENT-LENGTH"), .value = LX_S("7")},
        {.name = LX_S("X-Key"), .value = LX_S("v"), .secret = true},
    };
    struct lx_net_request r = request_to(p.port, "/v1/x?y=%20z");
    r.method = LX_S("POST");
    r.headers = (struct lx_headers){fields, 5};
    r.body = LX_S("{}");
    struct call c = {0};
    call_start(&c, &r);
    call_wait(&c);
    assert_true(c.ended);
    char expected[512];
    snprintf(expected, sizeof expected,
             "POST /v1/x?y=%%20z HTTP/1.1\r\nhost: 127.0.0.1:%d\r\nContent-Type: "
             "application/json\r\nX-Key: v\r\naccept-encoding: gzip, zstd\r\ncontent-length: "
             "2\r\n\r\n{}",
             p.port);
    assert_string_equal(expected, seen);
    call_clear(&c);
    c = (struct call){0};
    char url[128];
    snprintf(url, sizeof url, "http://us%%65r:p%%3Aw@127.0.0.1:%d/", p.port);
    r = (struct lx_net_request){.method = LX_S("POST"), .url = lx_slice_z(url)};
    call_start(&c, &r);
    call_wait(&c);
    assert_non_null(strstr(seen, "authorization: Basic dXNlcjpwOnc=\r\n")); /* user:p:w */
    assert_non_null(strstr(seen, "content-length: 0\r\n"));
    call_clear(&c);
    lx_net_free(net);
    net = NULL;
    peer_stop(&p);
}

static void bad_requests_fail_later(void **state)
{
    (void)state;
    struct lx_header bad = {.name = LX_S("X"), .value = LX_S("a\r\nb: c")};
    struct lx_net_request r[] = {
        {.method = LX_S("GET"), .url = LX_S("ftp://host/")},
        {.method = LX_S("GET"), .url = LX_S("http://host/a b")},
        {.method = LX_S("GE T"), .url = LX_S("http://127.0.0.1:1/")},
        {.method = LX_S("GET"), .url = LX_S("http://127.0.0.1:1/"), .headers = {&bad, 1}},
    };
    for (size_t i = 0; i < sizeof r / sizeof r[0]; i++) {
        struct call c = {0};
        call_start(&c, &r[i]); /* checks that no callback comes from within */
        call_wait(&c);
        assert_int_equal(LX_EINVAL, c.failed);
        call_clear(&c);
    }
    struct call c = {0};
    call_start(&c, &r[0]);
    lx_net_cancel(c.x);
    run_ms(5);
    assert_false(call_over(&c));
}

static void refused(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_all);
    int port = p.port;
    peer_stop(&p);
    struct call c = {0};
    get(&c, port, "/");
    assert_int_equal(LX_ECONNECT, c.failed);
    const char *where = strstr(c.error, "127.0.0.1:");
    assert_non_null(where);
    assert_null(strstr(where + 1, "127.0.0.1:")); /* once */
    assert_non_null(strstr(c.error, "Connection refused"));
}

/* ---- Replies that go wrong ------------------------------------------------------------------- */

static const char *reply;
static size_t reply_n;
static int reply_step; /* bytes a send; 0: all at once */

static void send_reply(struct peer *p, int fd, int number)
{
    static char request[1 << 20];
    (void)number;
    if (!peer_read_request(p, fd, request, sizeof request))
        return;
    size_t step = reply_step ? (size_t)reply_step : reply_n;
    for (size_t at = 0; at < reply_n; at += step) {
        peer_send_bytes(fd, reply + at, reply_n - at < step ? reply_n - at : step);
        if (reply_step)
            peer_sleep(1);
    }
}

static struct call call_with_reply(const char *bytes, size_t n, int step, const char *method)
{
    struct peer p;
    struct call c = {0};
    reply = bytes;
    reply_n = n;
    reply_step = step;
    peer_start(&p, send_reply);
    struct lx_net_request r = request_to(p.port, "/");
    r.method = lx_slice_z(method);
    call_start(&c, &r);
    call_wait(&c);
    run_ms(2); /* the connection's end */
    assert_int_equal(0, lx_net_counts(net).in_flight);
    peer_stop(&p);
    return c;
}

static void replies_end_as_they_should(void **state)
{
    (void)state;
    static const struct {
        const char *reply, *method;
        int failed, heads;
        const char *body;
    } cases[] = {
        {"", "GET", LX_ECLOSED, 0, ""},
        {"HTTP/1.1 200 O", "GET", LX_ETRUNCATED, 0, ""},
        {"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel", "GET", LX_ETRUNCATED, 1, "hel"},
        {"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello", "GET", 0, 1, "hello"},
        {"HTTP/1.1 200 OK\r\n\r\nuntil the end", "GET", 0, 1, "until the end"},
        {"HTTP/1.0 200 OK\r\n\r\nold", "GET", 0, 1, "old"},
        {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n"
         "t: v\r\n\r\n",
         "GET", 0, 1, "abcde"},
        {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nd", "GET",
         LX_ETRUNCATED, 1, "abcd"},
        {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabcX", "GET", LX_EPROTO, 1,
         "abc"},
        {"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n", "GET", LX_EPROTO, 1, ""},
        {"garbage\r\n\r\n", "GET", LX_EPROTO, 0, ""},
        {"\x16\x03\x01 TLS?\r\n\r\n", "GET", LX_EPROTO, 0, ""},
        {"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n"
         "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok",
         "GET", 0, 1, "ok"},
        {"HTTP/1.1 101 Switching Protocols\r\n\r\n", "GET", LX_EPROTO, 0, ""},
        {"HTTP/1.1 204 No Content\r\n\r\n", "GET", 0, 1, ""},
        {"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n", "HEAD", 0, 1, ""},
        {"HTTP/1.1 200 OK\r\ncontent-encoding: br\r\ncontent-length: 2\r\n\r\nxx", "GET", LX_EPROTO,
         0, ""},
        {"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\nxx", "GET",
         LX_EPROTO, 1, ""},
        {"HTTP/1.1 200 OK\r\ncontent-encoding: identity\r\ncontent-length: 2\r\n\r\nxx", "GET", 0,
         1, "xx"},
    };
    for (int step = 0; step <= 1; step++) {
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct call c =
                call_with_reply(cases[i].reply, strlen(cases[i].reply), step, cases[i].method);
            if (c.failed != cases[i].failed || c.heads != cases[i].heads)
                print_message("case %zu, step %d: %d %s\n", i, step, c.failed, c.error);
            assert_int_equal(cases[i].failed, c.failed);
            assert_int_equal(cases[i].heads, c.heads);
            assert_body(&c, cases[i].body);
            if (c.failed)
                assert_non_null(strstr(c.error, "127.0.0.1:")); /* names the host */
            call_clear(&c);
        }
    }
}

static void head_too_large(void **state)
{
    (void)state;
    static char big[200000];
    size_t n = (size_t)snprintf(big, sizeof big, "HTTP/1.1 200 OK\r\nx: ");
    memset(big + n, 'a', sizeof big - n);
    struct call c = call_with_reply(big, sizeof big, 0, "GET");
    assert_int_equal(LX_ETOOBIG, c.failed);
    call_clear(&c);
}

static void endless_interim_replies(void **state)
{
    (void)state;
    static char many[100 * 25 + 1];
    for (int i = 0; i < 100; i++)
        strcat(many, "HTTP/1.1 100 Continue\r\n\r\n");
    struct call c = call_with_reply(many, strlen(many), 0, "GET");
    assert_int_equal(LX_EPROTO, c.failed);
    call_clear(&c);
}

/* ---- gzip ------------------------------------------------------------------------------------ */

static size_t gzip(const void *in, size_t n, unsigned char *out, size_t size)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)in,
                  .avail_in = (uInt)n,
                  .next_out = out,
                  .avail_out = (uInt)size};
    deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    assert_int_equal(Z_STREAM_END, deflate(&z, Z_FINISH));
    deflateEnd(&z);
    return z.total_out;
}

static void gzip_is_undone(void **state)
{
    (void)state;
    enum { N = 2000000 };
    static char plain[N];
    static unsigned char message[N];
    for (size_t i = 0; i < N; i++)
        plain[i] = (char)('a' + (i / 1000 + i * i) % 26);
    unsigned char *packed = malloc(N);
    size_t packed_n = gzip(plain, N, packed, N);
    int head = snprintf((char *)message, N,
                        "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: %zu\r\n\r\n",
                        packed_n);
    memcpy(message + head, packed, packed_n);
    struct call c = call_with_reply((char *)message, (size_t)head + packed_n, 0, "GET");
    assert_true(c.ended);
    assert_string_equal("", c.content_encoding);
    assert_int_equal(N, c.body.n);
    assert_memory_equal(plain, c.body.p, N);
    assert_true(c.pieces > 20); /* piece by piece, not all at once */
    call_clear(&c);
    /* The same, cut short. */
    head = snprintf((char *)message, N, "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\n\r\n");
    memcpy(message + head, packed, packed_n / 2);
    c = call_with_reply((char *)message, (size_t)head + packed_n / 2, 0, "GET");
    assert_int_equal(LX_ETRUNCATED, c.failed);
    call_clear(&c);
    free(packed);
}

/* ---- Deadlines ------------------------------------------------------------------------------- */

static void say_nothing(struct peer *p, int fd, int number)
{
    char request[65536];
    (void)number;
    peer_read_request(p, fd, request, sizeof request);
    peer_wait_closed(fd);
}

static void half_a_body(struct peer *p, int fd, int number)
{
    char request[65536];
    (void)number;
    peer_read_request(p, fd, request, sizeof request);
    peer_send(fd, "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhel");
    peer_wait_closed(fd);
}

static void drip(struct peer *p, int fd, int number)
{
    char request[65536];
    (void)number;
    peer_read_request(p, fd, request, sizeof request);
    peer_send(fd, "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n");
    for (int i = 0; i < 1000 && !p->release; i++) {
        peer_send(fd, "x");
        peer_sleep(10);
    }
}

static void expect_timeout(peer_script *script, struct lx_net_request limits, int code, int ms,
                           const char *phase)
{
    struct peer p;
    struct call c = {0};
    peer_start(&p, script);
    struct lx_net_request r = request_to(p.port, "/");
    r.connect_ms = limits.connect_ms;
    r.first_byte_ms = limits.first_byte_ms;
    r.between_bytes_ms = limits.between_bytes_ms;
    r.total_ms = limits.total_ms;
    int64_t before = lx_clock_mono_ms();
    call_start(&c, &r);
    call_wait(&c);
    int64_t took = lx_clock_mono_ms() - before;
    assert_int_equal(code, c.failed);
    assert_non_null(strstr(c.error, phase));
    assert_true(took >= ms - 1 && took < ms + 1500);
    assert_int_equal(0, lx_net_counts(net).connections);
    call_clear(&c);
    peer_stop(&p);
}

static void deadlines(void **state)
{
    (void)state;
    expect_timeout(say_nothing, (struct lx_net_request){.first_byte_ms = 60, .total_ms = 5000},
                   LX_ETIMEOUT_FIRST_BYTE, 60, "waiting for the reply");
    expect_timeout(half_a_body, (struct lx_net_request){.between_bytes_ms = 60, .total_ms = 5000},
                   LX_ETIMEOUT_IDLE, 60, "reading the reply's body");
    expect_timeout(drip, (struct lx_net_request){.between_bytes_ms = 1000, .total_ms = 150},
                   LX_ETIMEOUT_TOTAL, 150, "in all");
    expect_timeout(say_nothing, (struct lx_net_request){.total_ms = 70}, LX_ETIMEOUT_TOTAL, 70,
                   "waiting for the reply");
}

/* A listener whose queue is full: the handshake is not answered. */
static void connect_deadline(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_all);
    int full = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    bind(full, (struct sockaddr *)&a, n);
    listen(full, 0);
    getsockname(full, (struct sockaddr *)&a, &n);
    int fillers[3];
    for (int i = 0; i < 3; i++) {
        fillers[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        connect(fillers[i], (struct sockaddr *)&a, n);
    }
    struct lx_net_request r = request_to(ntohs(a.sin_port), "/");
    r.connect_ms = 80;
    struct call c = {0};
    call_start(&c, &r);
    call_wait(&c);
    assert_int_equal(LX_ETIMEOUT_CONNECT, c.failed);
    assert_non_null(strstr(c.error, "timed out after 80 ms while connecting"));
    for (int i = 0; i < 3; i++)
        close(fillers[i]);
    close(full);
    peer_stop(&p);
}

/* ---- Bodies both ways ------------------------------------------------------------------------ */

enum { BIG = 8 << 20 };
static char big_body[BIG];

static void swallow_slowly(struct peer *p, int fd, int number)
{
    static char part[65536];
    (void)number;
    size_t n = 0;
    char head[512] = "";
    ssize_t got;
    uint32_t sum = 0;
    bool in_body = false;
    while (n < BIG && (got = recv(fd, part, sizeof part, 0)) > 0) {
        char *from = part;
        if (!in_body) {
            from = memmem(part, (size_t)got, "\r\n\r\n", 4);
            assert_non_null(from);
            from += 4;
            in_body = true;
        }
        for (char *c = from; c < part + got; c++, n++)
            sum = sum * 31 + (unsigned char)*c;
        if (n < BIG / 8)
            peer_sleep(1);
    }
    snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\n%08x", sum);
    p->requests++;
    peer_send(fd, head);
    peer_wait_closed(fd);
}

static void large_request_body(void **state)
{
    (void)state;
    struct peer p;
    uint32_t sum = 0;
    for (size_t i = 0; i < BIG; i++) {
        big_body[i] = (char)(i * 7 + i / 1000);
        sum = sum * 31 + (unsigned char)big_body[i];
    }
    peer_start(&p, swallow_slowly);
    struct lx_net_request r = request_to(p.port, "/");
    r.method = LX_S("POST");
    r.body = lx_slice(big_body, BIG);
    r.first_byte_ms = 1000;
    struct call c = {0};
    call_start(&c, &r);
    call_wait(&c);
    char expected[9];
    snprintf(expected, sizeof expected, "%08x", sum);
    assert_true(c.ended);
    assert_body(&c, expected);
    assert_int_equal(1, lx_net_counts(net).idle);
    call_clear(&c);
    lx_net_free(net);
    net = NULL;
    peer_stop(&p);
}

/* Answers after the head, reads nothing more, and closes: the reply is still seen. */
static void refuse_early(struct peer *p, int fd, int number)
{
    char part[1000];
    (void)number;
    recv(fd, part, sizeof part, 0);
    peer_send(fd, "HTTP/1.1 413 Too Large\r\ncontent-length: 3\r\n\r\nbig");
    p->requests++;
    peer_sleep(50);
}

static void reply_before_the_request_is_sent(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, refuse_early);
    struct lx_net_request r = request_to(p.port, "/");
    r.method = LX_S("POST");
    r.body = lx_slice(big_body, BIG);
    struct call c = {0};
    call_start(&c, &r);
    call_wait(&c);
    assert_true(c.ended);
    assert_int_equal(413, c.status);
    assert_body(&c, "big");
    assert_int_equal(0, lx_net_counts(net).connections); /* not fit for another */
    call_clear(&c);
    peer_stop(&p);
}

static void send_big(struct peer *p, int fd, int number)
{
    char request[65536], head[128];
    (void)number;
    while (peer_read_request(p, fd, request, sizeof request)) {
        snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n", BIG);
        peer_send(fd, head);
        peer_send_bytes(fd, big_body, BIG);
        p->requests++;
    }
}

static bool has_piece(void *arg)
{
    return ((struct call *)arg)->pieces > 0;
}

static void pausing_holds_everything_back(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, send_big);
    struct lx_net_request r = request_to(p.port, "/");
    r.between_bytes_ms = 60;
    struct call c = {.pause_in_body = true};
    call_start(&c, &r);
    run_until(has_piece, &c);
    for (int turn = 0; turn < 20; turn++) {
        int pieces = c.pieces;
        run_ms(turn < 3 ? 100 : 2); /* longer than the deadline: it must not run */
        assert_int_equal(pieces, c.pieces);
        lx_net_resume(c.x);
        for (int i = 0; i < 100 && c.pieces == pieces; i++)
            lx_loop_turn(loop, 10);
        assert_int_equal(pieces + 1, c.pieces);
    }
    c.pause_in_body = false;
    lx_net_resume(c.x);
    call_wait(&c);
    assert_true(c.ended);
    assert_int_equal(BIG, c.body.n);
    assert_memory_equal(big_body, c.body.p, BIG);
    call_clear(&c);
    lx_net_free(net);
    net = NULL;
    peer_stop(&p);
}

static const char chunked_reply[] = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
                                    "1\r\na\r\n2\r\nbc\r\n3\r\ndef\r\n0\r\n\r\n";

static void answer_chunked(struct peer *p, int fd, int number)
{
    char request[65536];
    (void)number;
    while (peer_read_request(p, fd, request, sizeof request))
        peer_send(fd, chunked_reply);
}

static void pausing_between_chunks_of_one_read(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_chunked);
    struct lx_net_request r = request_to(p.port, "/");
    struct call c = {.pause_in_body = true};
    call_start(&c, &r);
    for (int pieces = 1; pieces <= 3; pieces++) {
        run_until(has_piece, &c);
        run_ms(10);
        assert_int_equal(pieces, c.pieces);
        assert_false(call_over(&c));
        lx_net_resume(c.x);
        lx_net_pause(c.x); /* changes its mind */
        run_ms(5);
        assert_int_equal(pieces, c.pieces);
        lx_net_resume(c.x);
        for (int i = 0; i < 100 && c.pieces == pieces && !c.ended; i++)
            lx_loop_turn(loop, 10);
    }
    assert_true(c.ended);
    assert_body(&c, "abcdef");
    assert_int_equal(1, lx_net_counts(net).idle);
    call_clear(&c);
    /* Cancelled while paused: held bytes go too. */
    c = (struct call){.pause_in_body = true};
    call_start(&c, &r);
    run_until(has_piece, &c);
    lx_net_cancel(c.x);
    run_ms(5);
    assert_int_equal(0, lx_net_counts(net).connections);
    call_clear(&c);
    lx_net_free(net);
    net = NULL;
    peer_stop(&p);
}

/* ---- Cancelling ------------------------------------------------------------------------------ */

static void cancelling(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, send_big);
    struct lx_net_request r = request_to(p.port, "/");
    struct call in_head = {.cancel_in_head = true}, in_body = {.cancel_in_body = true},
                at_once = {0};
    call_start(&in_head, &r);
    call_wait(&in_head);
    call_start(&in_body, &r);
    call_wait(&in_body);
    assert_int_equal(1, in_body.pieces);
    call_start(&at_once, &r);
    lx_net_cancel(at_once.x);
    call_start(&at_once, &r);
    run_ms(1);
    lx_net_cancel(at_once.x);
    run_ms(20);
    assert_false(call_over(&at_once) && !at_once.cancelled);
    /* One exchange cancels another, in the same turn's events or not. */
    struct call a = {0}, b = {0};
    call_start(&a, &r);
    call_start(&b, &r);
    a.cancel_other = &b;
    b.cancel_other = NULL;
    call_wait(&a);
    assert_true(a.ended);
    assert_true(b.cancelled || b.ended);
    lx_net_free(net);
    net = NULL;
    call_clear(&at_once);
    call_clear(&in_head);
    call_clear(&in_body);
    call_clear(&a);
    call_clear(&b);
    peer_stop(&p);
}

static void cancel_of_a_whole_reply_keeps_the_connection(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_all);
    struct lx_net_request r = request_to(p.port, "/");
    struct call c = {.cancel_in_body = true};
    call_start(&c, &r);
    call_wait(&c);
    assert_body(&c, "hello");
    assert_int_equal(1, lx_net_counts(net).idle);
    call_clear(&c);
    lx_net_free(net);
    net = NULL;
    peer_stop(&p);
}

static void free_with_everything_in_flight(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, say_nothing);
    struct lx_net_request r = request_to(p.port, "/");
    struct call c[10] = {0};
    for (int i = 0; i < 10; i++)
        call_start(&c[i], &r);
    run_ms(10);
    lx_net_free(net);
    net = NULL;
    lx_loop_turn(loop, 0);
    for (int i = 0; i < 10; i++)
        assert_false(call_over(&c[i]));
    peer_stop(&p);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(connections_are_kept),
        T(the_head_is_as_it_should_be),
        T(bad_requests_fail_later),
        T(refused),
        T(replies_end_as_they_should),
        T(head_too_large),
        T(endless_interim_replies),
        T(gzip_is_undone),
        T(deadlines),
        T(connect_deadline),
        T(large_request_body),
        T(reply_before_the_request_is_sent),
        T(pausing_holds_everything_back),
        T(pausing_between_chunks_of_one_read),
        T(cancelling),
        T(cancel_of_a_whole_reply_keeps_the_connection),
        T(free_with_everything_in_flight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
