/*
 * pool_test.c - kept-alive connections: which are used again, which are replaced, how many there
 * are.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "peer.h"

#define OK "HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 5\r\n\r\nhello"

static void assert_body(const struct call *c, const char *text)
{
    assert_int_equal(strlen(text), c->body.n);
    if (c->body.n)
        assert_memory_equal(text, c->body.p, c->body.n);
}

/* ---- Stale connections ----------------------------------------------------------------------- */

/* Answers once; then, when the next request is there, closes without a byte. */
static void close_on_second(struct peer *p, int fd, int number)
{
    char request[65536];
    if (!peer_read_request(p, fd, request, sizeof request))
        return;
    peer_send(fd, OK);
    if (number == 0)
        peer_read_request(p, fd, request, sizeof request);
    else
        peer_wait_closed(fd);
}

static void reset_on_second(struct peer *p, int fd, int number)
{
    close_on_second(p, fd, number);
    peer_reset(fd);
}

static void stale_is_replaced(peer_script *script)
{
    struct peer p;
    peer_start(&p, script);
    struct call a = {0}, b = {0};
    get(&a, p.port, "/");
    get(&b, p.port, "/");
    assert_true(a.ended);
    assert_true(b.ended);
    assert_body(&b, "hello");
    assert_false(b.times.reused);
    assert_int_equal(2, p.connections);
    call_clear(&a);
    call_clear(&b);
    lx_net_free(net);
    net = NULL;
    peer_stop(&p);
}

static void closed_kept_alive_is_replaced(void **state)
{
    (void)state;
    stale_is_replaced(close_on_second);
}

static void reset_kept_alive_is_replaced(void **state)
{
    (void)state;
    stale_is_replaced(reset_on_second);
}

static void answer_once(struct peer *p, int fd, int number)
{
    char request[65536];
    (void)number;
    if (peer_read_request(p, fd, request, sizeof request))
        peer_send(fd, OK);
}

static void idle_that_closes_leaves_the_pool(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_once);
    struct call a = {0}, b = {0};
    get(&a, p.port, "/");
    run_ms(30);
    assert_int_equal(0, lx_net_counts(net).connections);
    get(&b, p.port, "/");
    assert_true(b.ended);
    assert_false(b.times.reused);
    call_clear(&a);
    call_clear(&b);
    peer_stop(&p);
}

static void second_dies_within_head(struct peer *p, int fd, int number)
{
    char request[65536];
    (void)number;
    if (peer_read_request(p, fd, request, sizeof request))
        peer_send(fd, OK);
    if (peer_read_request(p, fd, request, sizeof request))
        peer_send(fd, "HTTP/1.1 2");
}

static void not_replaced_after_the_first_byte(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, second_dies_within_head);
    struct call a = {0}, b = {0};
    get(&a, p.port, "/");
    get(&b, p.port, "/");
    assert_int_equal(LX_ETRUNCATED, b.failed);
    assert_int_equal(1, p.connections);
    call_clear(&a);
    peer_stop(&p);
}

static void unasked(struct peer *p, int fd, int number)
{
    char request[65536];
    (void)number;
    if (peer_read_request(p, fd, request, sizeof request))
        peer_send(fd, OK "HTTP/1.1 200 OK\r\n");
    peer_wait_closed(fd);
}

static void extra_bytes_close_the_connection(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, unasked);
    struct call c = {0};
    get(&c, p.port, "/");
    assert_true(c.ended);
    assert_body(&c, "hello");
    assert_int_equal(0, lx_net_counts(net).connections);
    call_clear(&c);
    peer_stop(&p);
}

/* ---- Limits of the pool ---------------------------------------------------------------------- */

static void wait_and_answer(struct peer *p, int fd, int number)
{
    char request[65536];
    (void)number;
    while (peer_read_request(p, fd, request, sizeof request)) {
        peer_wait(p);
        peer_send(fd, OK);
    }
}

static int set_up_narrow(void **state)
{
    net_options = (struct lx_net_options){.max_per_origin = 2, .max_queued_per_origin = 3};
    return set_up(state);
}

static void the_queue_has_a_limit(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, wait_and_answer);
    struct lx_net_request r = request_to(p.port, "/");
    struct call c[7] = {0};
    for (int i = 0; i < 7; i++)
        call_start(&c[i], &r);
    run_ms(20);
    struct lx_net_counts n = lx_net_counts(net);
    assert_int_equal(2, n.connections);
    assert_int_equal(3, n.queued);
    assert_int_equal(LX_EBUSY, c[5].failed);
    assert_int_equal(LX_EBUSY, c[6].failed);
    lx_net_cancel(c[3].x); /* out of the middle of the queue */
    p.release = true;
    for (int i = 0; i < 5; i++) {
        if (i == 3)
            continue;
        call_wait(&c[i]);
        assert_true(c[i].ended);
        call_clear(&c[i]);
    }
    assert_int_equal(2, p.connections);
    assert_true(c[4].times.reused);
    lx_net_free(net);
    net = NULL;
    peer_stop(&p);
}

static void queued_go_on_when_connections_fail(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, answer_once); /* closes after each */
    struct lx_net_request r = request_to(p.port, "/");
    struct call c[5] = {0};
    for (int i = 0; i < 5; i++)
        call_start(&c[i], &r);
    for (int i = 0; i < 5; i++) {
        call_wait(&c[i]);
        assert_true(c[i].ended);
        call_clear(&c[i]);
    }
    lx_net_free(net);
    net = NULL;
    peer_stop(&p);
}

static int set_up_short_idle(void **state)
{
    net_options = (struct lx_net_options){.idle_ms = 60, .max_idle_per_origin = 2};
    return set_up(state);
}

static void idle_connections_close(void **state)
{
    (void)state;
    struct peer p;
    peer_start(&p, wait_and_answer);
    struct lx_net_request r = request_to(p.port, "/");
    struct call c[4] = {0};
    for (int i = 0; i < 4; i++)
        call_start(&c[i], &r);
    p.release = true;
    for (int i = 0; i < 4; i++) {
        call_wait(&c[i]);
        call_clear(&c[i]);
    }
    assert_int_equal(2, lx_net_counts(net).idle);
    assert_int_equal(2, lx_net_counts(net).connections);
    run_ms(100);
    assert_int_equal(0, lx_net_counts(net).connections);
    peer_stop(&p);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(closed_kept_alive_is_replaced),
        T(reset_kept_alive_is_replaced),
        T(idle_that_closes_leaves_the_pool),
        T(not_replaced_after_the_first_byte),
        T(extra_bytes_close_the_connection),
        cmocka_unit_test_setup_teardown(the_queue_has_a_limit, set_up_narrow, tear_down),
        cmocka_unit_test_setup_teardown(queued_go_on_when_connections_fail, set_up_narrow,
                                        tear_down),
        cmocka_unit_test_setup_teardown(idle_connections_close, set_up_short_idle, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
