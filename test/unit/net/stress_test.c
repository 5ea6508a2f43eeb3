/*
 * stress_test.c - thousands of exchanges with moody servers and a moody owner: cancels, pauses and
 * new requests from within callbacks. Everything must come to its end, and nothing may be left.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "peer.h"

enum { AT_ONCE = 40, TOTAL = 2000 };

static const char chunked[] = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n"
                              "4\r\ndefg\r\n1\r\nh\r\n0\r\n\r\n";
static const char counted[] = "HTTP/1.1 200 OK\r\ncontent-length: 8\r\n\r\nabcdefgh";

static void moody(struct peer *p, int fd, int number)
{
    char request[65536];
    unsigned seed = (unsigned)number;
    while (peer_read_request(p, fd, request, sizeof request)) {
        const char *reply = rand_r(&seed) % 2 ? chunked : counted;
        size_t n = strlen(reply), cut = (size_t)rand_r(&seed) % (n + 1);
        switch (rand_r(&seed) % 10) {
        case 0:
            return; /* stale */
        case 1:
            peer_send_bytes(fd, reply, cut);
            peer_reset(fd);
            return;
        case 2:
            peer_send_bytes(fd, reply, cut);
            return;
        case 3:
            peer_send_bytes(fd, reply, n);
            return;
        case 4:
            peer_send_bytes(fd, reply, n);
            peer_send(fd, "extra");
            break;
        case 5:
            peer_send_bytes(fd, reply, cut);
            peer_sleep(1);
            peer_send_bytes(fd, reply + cut, n - cut);
            break;
        case 6:
            peer_sleep(30); /* past some deadlines */
            peer_send_bytes(fd, reply, n);
            break;
        default:
            peer_send_bytes(fd, reply, n);
        }
    }
}

struct slot {
    struct lx_net_exchange *x;
    struct lx_timer wake; /* resumes or cancels */
    size_t bytes;
    bool paused, headed;
};

static struct slot slots[AT_ONCE];
static int started, ended, failures, cancelled, port;
static unsigned mood = 42;

static const struct lx_net_events events;

static void begin(struct slot *s)
{
    struct lx_net_request r = request_to(port, "/");
    r.method = LX_S("POST");
    r.body = LX_S("0123456789");
    if (rand_r(&mood) % 3 == 0)
        r.first_byte_ms = 20;
    if (rand_r(&mood) % 3 == 0)
        r.between_bytes_ms = 20;
    r.total_ms = rand_r(&mood) % 20 ? 3000 : 10;
    s->bytes = 0;
    s->paused = s->headed = false;
    s->x = NULL;
    if (started++ < TOTAL)
        s->x = lx_net_send(net, &r, &events, s);
}

static void cancel(struct slot *s)
{
    lx_net_cancel(s->x);
    lx_timer_cancel(loop, &s->wake);
    cancelled++;
    begin(s);
}

static void caprice(struct slot *s)
{
    struct slot *other = &slots[rand_r(&mood) % AT_ONCE];
    switch (rand_r(&mood) % 12) {
    case 0:
        cancel(s);
        break;
    case 1:
        if (other->x)
            cancel(other);
        break;
    case 2:
    case 3:
        lx_net_pause(s->x);
        s->paused = true;
        lx_timer_set(loop, &s->wake, lx_loop_now_ms(loop) + rand_r(&mood) % 30);
        break;
    default:
        break;
    }
}

static void woken(struct lx_timer *t)
{
    struct slot *s = LX_CONTAINER(t, struct slot, wake);
    if (rand_r(&mood) % 8 == 0) {
        cancel(s);
        return;
    }
    s->paused = false;
    lx_net_resume(s->x);
}

static void on_head(void *owner, int status, const struct lx_headers *headers)
{
    struct slot *s = owner;
    (void)headers;
    assert_int_equal(200, status);
    assert_false(s->headed);
    s->headed = true;
    caprice(s);
}

static void on_body(void *owner, struct lx_slice piece)
{
    struct slot *s = owner;
    assert_true(s->headed && !s->paused);
    assert_memory_equal(&"abcdefgh"[s->bytes], piece.p, piece.n);
    s->bytes += piece.n;
    caprice(s);
}

static void on_end(void *owner)
{
    struct slot *s = owner;
    assert_int_equal(8, s->bytes);
    assert_false(s->paused);
    lx_timer_cancel(loop, &s->wake);
    ended++;
    begin(s);
}

static void on_fail(void *owner, int code, const struct lx_error *err)
{
    struct slot *s = owner;
    assert_true(code < 0 && err->text[0]);
    lx_timer_cancel(loop, &s->wake);
    failures++;
    begin(s);
}

static const struct lx_net_events events = {on_head, on_body, on_end, on_fail};

static bool all_done(void *arg)
{
    (void)arg;
    return lx_net_counts(net).in_flight == 0;
}

static void storm(void)
{
    struct peer p;
    peer_start(&p, moody);
    port = p.port;
    started = ended = failures = cancelled = 0;
    for (int i = 0; i < AT_ONCE; i++) {
        slots[i].wake.fire = woken;
        begin(&slots[i]);
    }
    int64_t until = lx_clock_mono_ms() + 30000;
    while (started < TOTAL && lx_clock_mono_ms() < until)
        lx_loop_turn(loop, 50);
    run_until(all_done, NULL);
    assert_int_equal(TOTAL, ended + failures + cancelled);
    assert_true(ended > TOTAL / 4 && failures > TOTAL / 50 && cancelled > TOTAL / 50);
    assert_int_equal(0, lx_net_counts(net).queued);
    assert_int_equal(lx_net_counts(net).idle, lx_net_counts(net).connections);
    lx_net_free(net);
    net = NULL;
    peer_stop(&p);
}

static void moody_servers(void **state)
{
    (void)state;
    storm();
}

static int set_up_narrow(void **state)
{
    net_options = (struct lx_net_options){.max_per_origin = 5};
    return set_up(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(moody_servers, set_up, tear_down),
        cmocka_unit_test_setup_teardown(moody_servers, set_up_narrow, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
