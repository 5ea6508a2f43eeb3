/*
 * memory_test.c - every allocation of an exchange failed in turn: an error or an answer, no crash,
 * no leak (ASan), no stall.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "alloc/alloc.h"
#include "peer.h"

/* A head in parts, chunks, two of them in one segment. */
static void answer_in_parts(struct peer *p, int fd, int number)
{
    char request[4096];
    (void)number;
    while (peer_read_request(p, fd, request, sizeof request)) {
        peer_send(fd, "HTTP/1.1 200 OK\r\ntransfer-enc");
        peer_sleep(3);
        peer_send(fd, "oding: chunked\r\n\r\n5\r\nhello\r\n5\r\nworld\r\n");
        peer_sleep(3);
        peer_send(fd, "0\r\n\r\n");
    }
}

struct outcome {
    int status, code;
    bool over, paused;
    size_t bytes;
    struct lx_net_exchange *x;
};

static void on_head(void *owner, int status, const struct lx_headers *headers)
{
    (void)headers;
    ((struct outcome *)owner)->status = status;
}

static void on_body(void *owner, struct lx_slice piece)
{
    struct outcome *o = owner;
    o->bytes += piece.n;
    o->paused = true;
    lx_net_pause(o->x);
}

static void on_end(void *owner)
{
    ((struct outcome *)owner)->over = true;
}

static void on_fail(void *owner, int code, const struct lx_error *err)
{
    struct outcome *o = owner;
    (void)err;
    o->over = true;
    o->code = code;
}

static const struct lx_net_events events = {on_head, on_body, on_end, on_fail};

/* Loop, client, two calls on one connection. True when all went well. */
static bool go(int port)
{
    struct lx_error err;
    bool well = false;
    struct lx_loop *l = lx_loop_new();
    struct lx_net *n = l ? lx_net_new(l, &net_options, &err) : NULL;
    struct lx_net_request r = request_to(port, "/");
    r.method = LX_S("POST");
    r.body = LX_S("{}");
    r.total_ms = 5000;
    r.between_bytes_ms = 5000;
    for (int i = 0; n && i < 2; i++) {
        struct outcome o = {0};
        o.x = lx_net_send(n, &r, &events, &o);
        while (o.x && !o.over) {
            lx_loop_turn(l, 1000);
            if (o.paused && !o.over) {
                o.paused = false;
                lx_net_resume(o.x);
            }
        }
        well = o.x && !o.code && o.status == 200 && o.bytes == 10;
        assert_true(well || !o.x || o.code == LX_ENOMEM || o.code == LX_ECONNECT);
    }
    lx_net_free(n);
    lx_loop_free(l);
    return well;
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_in_parts);
    size_t n = 0;
    do {
        alloc_arm(++n, false);
        go(p.port);
    } while (alloc_count() >= n);
    alloc_arm(0, false);
    assert_true(n > 15); /* that many were there to fail */
    assert_true(go(p.port));
    peer_stop(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_allocation_fails_once)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
