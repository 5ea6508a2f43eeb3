/*
 * stream_test.c - streams and listeners over loopback; the common ones run plain and over TLS.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "certs.h"
#include "pair.h"

static struct certs certs;
static struct lx_tls_context *tls_client, *tls_server; /* NULL in the plain round */
static int descriptors_before;

static int check_before(void **state)
{
    (void)state;
    descriptors_before = count_descriptors();
    return 0;
}

static int check_after(void **state)
{
    (void)state;
    assert_int_equal(descriptors_before, count_descriptors());
    return 0;
}

static void connect_pair(struct pair *p)
{
    pair_connect(p, tls_client, tls_server, "good.example");
}

/* ---- Both plain and TLS ---------------------------------------------------------------------- */

static void echo(void **state)
{
    (void)state;
    struct pair p = {.server.echo = true};
    connect_pair(&p);
    size_t total = 0;
    for (size_t n = 1; n < 40000; n = n * 3 + 1) {
        char *bytes = malloc(n);
        memset(bytes, (int)('a' + n % 26), n);
        assert_true(lx_stream_write_slice(p.client.s, lx_slice(bytes, n)) >= 0);
        total += n;
        wait_bytes(&p, &p.client, total);
        assert_memory_equal(bytes, p.client.in.p + total - n, n);
        free(bytes);
    }
    assert_string_equal("127.0.0.1", lx_stream_peer(p.server.s));
    pair_close(&p);
}

enum { BIG = 12 << 20 };

static char pattern(size_t i)
{
    return (char)(i * 11 + i / 4099);
}

static void check_pattern(const struct lx_buf *b)
{
    for (size_t i = 0; i < b->n; i++)
        if (b->p[i] != pattern(i))
            fail_msg("byte %zu is wrong", i);
}

static void slow_reader_fills_the_queue(void **state)
{
    (void)state;
    struct pair p = {0};
    connect_pair(&p);
    char *bytes = malloc(BIG);
    for (size_t i = 0; i < BIG; i++)
        bytes[i] = pattern(i);
    lx_stream_pause(p.server.s);
    int writes = 0;
    for (size_t at = 0; at < BIG; writes++) { /* odd pieces, to split where nothing fits */
        size_t n = 1 + (size_t)writes * 977 % 50000;
        if (n > BIG - at)
            n = BIG - at;
        struct iovec v[3] = {
            {bytes + at, n / 3}, {bytes + at + n / 3, 0}, {bytes + at + n / 3, n - n / 3}};
        assert_true(lx_stream_write(p.client.s, v, 3) >= 0);
        at += n;
    }
    size_t queued = lx_stream_queued(p.client.s);
    assert_true(queued > 0);
    run_for(&p, 20);
    assert_int_equal(0, p.server.in.n);
    assert_int_equal(0, p.client.drained);
    lx_stream_resume(p.server.s);
    assert_int_equal(0, p.server.in.n); /* not from within */
    wait_bytes(&p, &p.server, BIG);
    wait_for(&p, &p.client.drained);
    assert_int_equal(0, lx_stream_queued(p.client.s));
    check_pattern(&p.server.in);
    free(bytes);
    pair_close(&p);
}

static void pausing_in_every_callback(void **state)
{
    (void)state;
    struct pair p = {.server.pause_on_data = true};
    connect_pair(&p);
    char *bytes = malloc(BIG / 8);
    for (size_t i = 0; i < BIG / 8; i++)
        bytes[i] = pattern(i);
    assert_true(lx_stream_write_slice(p.client.s, lx_slice(bytes, BIG / 8)) >= 0);
    lx_stream_end(p.client.s);
    for (int i = 0; i < 100000 && !p.server.ended; i++) {
        int datas = p.server.datas;
        lx_loop_turn(p.loop, 1);
        assert_true(p.server.datas <= datas + 1);
        lx_stream_resume(p.server.s);
    }
    assert_int_equal(1, p.server.ended);
    assert_int_equal(BIG / 8, p.server.in.n);
    check_pattern(&p.server.in);
    free(bytes);
    pair_close(&p);
}

static void write_some_copies_nothing(void **state)
{
    (void)state;
    struct pair p = {0};
    connect_pair(&p);
    char *bytes = malloc(BIG);
    for (size_t i = 0; i < BIG; i++)
        bytes[i] = pattern(i);
    for (size_t at = 0; at < BIG;) {
        struct iovec v = {bytes + at, BIG - at};
        ssize_t n = lx_stream_write_some(p.client.s, &v, 1);
        assert_true(n >= 0);
        at += (size_t)n;
        assert_true(lx_stream_queued(p.client.s) < 100000); /* what TLS has encrypted, at most */
        if (at < BIG) {
            p.client.drained = 0;
            wait_for(&p, &p.client.drained);
        }
    }
    wait_bytes(&p, &p.server, BIG);
    check_pattern(&p.server.in);
    free(bytes);
    pair_close(&p);
}

static void writes_before_open_are_queued(void **state)
{
    (void)state;
    struct pair p = {0};
    pair_open(&p, tls_client, tls_server, "good.example");
    assert_int_equal(0, lx_stream_write_slice(p.client.s, LX_S("early ")));
    assert_int_equal(0, lx_stream_write_slice(p.client.s, LX_S("bird")));
    lx_stream_end(p.client.s);
    wait_bytes(&p, &p.server, 10);
    assert_memory_equal("early bird", p.server.in.p, 10);
    wait_for(&p, &p.server.ended);
    pair_close(&p);
}

static void end_is_half_a_close(void **state)
{
    (void)state;
    struct pair p = {0};
    connect_pair(&p);
    lx_stream_write_slice(p.client.s, LX_S("last words"));
    lx_stream_end(p.client.s);
    assert_int_equal(LX_ECLOSED, lx_stream_write_slice(p.client.s, LX_S("x")));
    wait_for(&p, &p.server.ended);
    assert_int_equal(10, p.server.in.n);
    assert_int_equal(0, p.client.ended);
    assert_true(lx_stream_write_slice(p.server.s, LX_S("answer")) == 1);
    wait_bytes(&p, &p.client, 6);
    lx_stream_end(p.server.s);
    wait_for(&p, &p.client.ended);
    assert_int_equal(0, p.client.failed);
    assert_int_equal(0, p.server.failed);
    pair_close(&p);
}

static void closing_within_callbacks(void **state)
{
    (void)state;
    for (const char *when = "ode"; *when; when++) {
        struct pair p = {.client.close_on = *when, .server.echo = true};
        pair_open(&p, tls_client, tls_server, "good.example");
        if (*when != 'o')
            wait_for(&p, &p.client.opened);
        if (*when == 'd')
            lx_stream_write_slice(p.client.s, LX_S("x"));
        if (*when == 'e') {
            wait_for(&p, tls_server ? &p.server.opened : &p.accepted);
            lx_stream_end(p.server.s);
        }
        run_for(&p, 20);
        assert_null(p.client.s);
        pair_close(&p);
    }
}

static void one_closes_the_other_in_the_same_turn(void **state)
{
    (void)state;
    struct pair p = {0};
    connect_pair(&p);
    p.client.close_too = &p.server;
    p.server.close_too = &p.client;
    lx_stream_write_slice(p.client.s, LX_S("a"));
    lx_stream_write_slice(p.server.s, LX_S("b"));
    run_for(&p, 10);
    assert_true((p.client.s == NULL) != (p.server.s == NULL)); /* one of them was first */
    assert_int_equal(1, p.client.datas + p.server.datas);
    pair_close(&p);
}

static void gone_is_told_while_paused(void **state)
{
    (void)state;
    struct pair p = {0};
    connect_pair(&p);
    lx_stream_write_slice(p.client.s, LX_S("unread"));
    lx_stream_pause(p.server.s);
    run_for(&p, 5);
    assert_int_equal(0, p.server.gone);
    end_close(&p.client);
    wait_for(&p, &p.server.gone);
    run_for(&p, 5);
    assert_int_equal(1, p.server.gone);
    assert_int_equal(0, p.server.ended + p.server.failed);
    lx_stream_resume(p.server.s);
    run_for(&p, 5);
    assert_int_equal(6, p.server.in.n);
    /* TLS: closed without close_notify. */
    assert_int_equal(tls_server ? LX_ECLOSED : 0, p.server.failed);
    assert_int_equal(tls_server ? 0 : 1, p.server.ended);
    pair_close(&p);
}

static void writing_to_a_closed_peer(void **state)
{
    (void)state;
    struct pair p = {0};
    connect_pair(&p);
    lx_stream_pause(p.server.s); /* so that reading does not find out first */
    lx_stream_write_slice(p.client.s, LX_S("unread"));
    run_for(&p, 5);
    end_close(&p.client);
    int code = 0;
    for (int i = 0; i < 100 && code >= 0; i++) {
        code = lx_stream_write_slice(p.server.s, LX_S("into the void"));
        usleep(1000);
    }
    assert_int_equal(LX_ECLOSED, code); /* and no SIGPIPE */
    lx_stream_resume(p.server.s);
    run_for(&p, 10);
    assert_true(p.server.failed || p.server.ended);
    pair_close(&p);
}

static void a_broken_queue_is_told(void **state)
{
    (void)state;
    struct pair p = {0};
    connect_pair(&p);
    lx_stream_pause(p.client.s);
    char *bytes = calloc(1, BIG);
    assert_int_equal(0, lx_stream_write_slice(p.server.s, lx_slice(bytes, BIG)));
    end_close(&p.client); /* with unread bytes: RST */
    wait_for(&p, &p.server.failed);
    assert_int_equal(LX_ECLOSED, p.server.failed);
    assert_int_equal(0, p.server.drained);
    free(bytes);
    pair_close(&p);
}

static void the_queue_has_a_ceiling(void **state)
{
    (void)state;
    struct pair p = {0};
    connect_pair(&p);
    lx_stream_pause(p.server.s);
    lx_stream_set_queue_max(p.client.s, 100000);
    char bytes[50000] = "";
    int code = 0;
    for (int i = 0; i < 10000 && code >= 0; i++)
        code = lx_stream_write_slice(p.client.s, lx_slice(bytes, sizeof bytes));
    assert_int_equal(LX_ELIMIT, code);
    pair_close(&p);
}

static void reading_into_the_owners_room(void **state)
{
    (void)state;
    char room[1000];
    struct pair p = {.server.room = room, .server.room_n = sizeof room};
    connect_pair(&p);
    char bytes[4500];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = pattern(i);
    lx_stream_write_slice(p.client.s, lx_slice(bytes, sizeof bytes));
    wait_bytes(&p, &p.server, sizeof bytes);
    assert_true(p.server.datas >= 5);
    check_pattern(&p.server.in);
    pair_close(&p);
}

/* ---- Plain only ------------------------------------------------------------------------------ */

static void refused(void **state)
{
    (void)state;
    struct pair p = {0};
    pair_open(&p, NULL, NULL, "");
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    a.sin_port = htons((uint16_t)lx_listener_port(p.listener));
    wait_for(&p, &p.client.opened);
    end_close(&p.client);
    lx_listener_close(p.listener);
    lx_loop_turn(p.loop, 0);
    p.client.s = lx_stream_connect(p.loop, (struct sockaddr *)&a, sizeof a, NULL, lx_slice(NULL, 0),
                                   &end_events, &p.client);
    wait_for(&p, &p.client.failed);
    assert_int_equal(LX_ECONNECT, p.client.failed);
    assert_non_null(strstr(p.client.error, "refused"));
    end_close(&p.client);
    end_close(&p.server);
    lx_loop_free(p.loop);
}

static void unreachable_at_once_is_told_later(void **state)
{
    (void)state;
    struct pair p = {0};
    pair_connect(&p, NULL, NULL, "");
    end_close(&p.client);
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(9), .sin_addr.s_addr = htonl(INADDR_BROADCAST)};
    p.client = (struct end){0};
    p.client.s = lx_stream_connect(p.loop, (struct sockaddr *)&a, sizeof a, NULL, lx_slice(NULL, 0),
                                   &end_events, &p.client);
    assert_non_null(p.client.s);
    assert_int_equal(0, p.client.failed);
    wait_for(&p, &p.client.failed);
    assert_int_equal(LX_ECONNECT, p.client.failed);
    pair_close(&p);
}

static void reset_is_an_error(void **state)
{
    (void)state;
    struct pair p = {0};
    pair_connect(&p, NULL, NULL, "");
    lx_stream_write_slice(p.client.s, LX_S("never read"));
    lx_stream_pause(p.server.s);
    run_for(&p, 5);
    end_close(&p.server);
    wait_for(&p, &p.client.failed);
    assert_int_equal(LX_ECLOSED, p.client.failed);
    pair_close(&p);
}

/* The peer has finished sending, we have not; then it is gone altogether. */
static void reset_after_the_end(void **state)
{
    (void)state;
    struct pair p = {0};
    pair_connect(&p, NULL, NULL, "");
    lx_stream_end(p.client.s);
    wait_for(&p, &p.server.ended);
    assert_int_equal(0, p.server.failed);
    lx_stream_pause(p.client.s);
    lx_stream_write_slice(p.server.s, LX_S("never read"));
    run_for(&p, 5);
    end_close(&p.client);
    wait_for(&p, &p.server.failed);
    assert_int_equal(LX_ECLOSED, p.server.failed);
    pair_close(&p);
}

static void no_delay_is_on(void **state)
{
    (void)state;
    struct pair p = {0};
    pair_connect(&p, NULL, NULL, "");
    int seen = 0;
    for (int fd = 3; fd < 64; fd++) { /* the two ends are among these */
        int on = 0;
        socklen_t n = sizeof on;
        struct sockaddr_storage a;
        socklen_t m = sizeof a;
        if (getpeername(fd, (struct sockaddr *)&a, &m) != 0 || a.ss_family != AF_INET)
            continue;
        assert_int_equal(0, getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, &n));
        assert_true(on);
        seen++;
    }
    assert_int_equal(2, seen);
    pair_close(&p);
}

static int connect_to(const struct pair *p)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    a.sin_port = htons((uint16_t)lx_listener_port(p->listener));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    connect(fd, (struct sockaddr *)&a, sizeof a);
    return fd;
}

static void listener_pauses(void **state)
{
    (void)state;
    struct pair p = {0};
    pair_connect(&p, NULL, NULL, "");
    end_close(&p.server);
    lx_listener_pause(p.listener);
    int fd = connect_to(&p);
    run_for(&p, 20);
    assert_int_equal(1, p.accepted);
    lx_listener_resume(p.listener);
    run_for(&p, 20);
    assert_int_equal(2, p.accepted);
    close(fd);
    pair_close(&p);
}

/* Out of descriptors: the loop must not spin, and goes on when there are some again. */
static void listener_survives_want_of_descriptors(void **state)
{
    (void)state;
    struct pair p = {0};
    pair_connect(&p, NULL, NULL, "");
    end_close(&p.server);
    lx_loop_turn(p.loop, 0);
    int fds[3];
    for (int i = 0; i < 3; i++) {
        fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        assert_true(fds[i] >= 0);
    }
    struct rlimit old, tight;
    getrlimit(RLIMIT_NOFILE, &old);
    tight = old;
    int next = dup(0);
    close(next);
    tight.rlim_cur = (rlim_t)next; /* the lowest free one is already too many */
    setrlimit(RLIMIT_NOFILE, &tight);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    a.sin_port = htons((uint16_t)lx_listener_port(p.listener));
    for (int i = 0; i < 3; i++)
        connect(fds[i], (struct sockaddr *)&a, sizeof a);
    int turns = 0;
    int64_t until = lx_clock_mono_ms() + 130;
    while (lx_clock_mono_ms() < until) {
        lx_loop_turn(p.loop, 20);
        turns++;
    }
    assert_int_equal(1, p.accepted);
    assert_true(turns < 30);
    setrlimit(RLIMIT_NOFILE, &old);
    run_for(&p, 120);
    int before = p.accepted;
    int fresh = connect_to(&p);
    run_for(&p, 20);
    assert_int_equal(before + 1, p.accepted);
    close(fresh);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    pair_close(&p);
}

static void listening_twice_shares_the_port(void **state)
{
    (void)state;
    struct pair p = {0};
    pair_connect(&p, NULL, NULL, "");
    struct lx_error err;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    a.sin_port = htons((uint16_t)lx_listener_port(p.listener));
    struct lx_listener *second =
        lx_listener_new(p.loop, (struct sockaddr *)&a, sizeof a, NULL, NULL, NULL, &err);
    assert_non_null(second);
    assert_int_equal(lx_listener_port(p.listener), lx_listener_port(second));
    lx_listener_close(second);
    a.sin_addr.s_addr = htonl(0xc0000201); /* 192.0.2.1: not ours */
    assert_null(lx_listener_new(p.loop, (struct sockaddr *)&a, sizeof a, NULL, NULL, NULL, &err));
    assert_int_equal(LX_EIO, err.code);
    pair_close(&p);
}

static int start_tls_round(void **state)
{
    (void)state;
    struct lx_error err;
    certs_make(&certs);
    tls_client = lx_tls_client_new(&(struct lx_tls_options){.ca_file = certs.ca}, &err);
    tls_server = lx_tls_server_new(&(struct lx_tls_options){.cert_file = certs.good}, &err);
    return tls_client && tls_server ? 0 : -1;
}

static int end_tls_round(void **state)
{
    (void)state;
    lx_tls_context_free(tls_client);
    lx_tls_context_free(tls_server);
    certs_remove(&certs);
    return 0;
}

#define T(f) cmocka_unit_test_setup_teardown(f, check_before, check_after)
#define COMMON                                                                                  \
    T(echo), T(slow_reader_fills_the_queue), T(pausing_in_every_callback),                      \
        T(write_some_copies_nothing), T(writes_before_open_are_queued), T(end_is_half_a_close), \
        T(closing_within_callbacks), T(one_closes_the_other_in_the_same_turn),                  \
        T(gone_is_told_while_paused), T(writing_to_a_closed_peer), T(a_broken_queue_is_told),   \
        T(the_queue_has_a_ceiling), T(reading_into_the_owners_room)

int main(void)
{
    const struct CMUnitTest plain[] = {
        COMMON,
        T(refused),
        T(unreachable_at_once_is_told_later),
        T(reset_is_an_error),
        T(reset_after_the_end),
        T(no_delay_is_on),
        T(listener_pauses),
        T(listener_survives_want_of_descriptors),
        T(listening_twice_shares_the_port),
    };
    const struct CMUnitTest over_tls[] = {COMMON};
    int failed = cmocka_run_group_tests(plain, NULL, NULL);
    return failed + cmocka_run_group_tests(over_tls, start_tls_round, end_tls_round);
}
