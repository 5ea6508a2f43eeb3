/*
 * peer.c - a scripted server and waited-for calls, for the tests of net/.
 */
#include "peer.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- Server ---------------------------------------------------------------------------------- */

struct visit {
    struct peer *peer;
    int fd, number;
};

static void *visited(void *arg)
{
    struct visit v = *(struct visit *)arg;
    free(arg);
    v.peer->script(v.peer, v.fd, v.number);
    close(v.fd);
    pthread_mutex_lock(&v.peer->lock);
    v.peer->running--;
    pthread_cond_broadcast(&v.peer->changed);
    pthread_mutex_unlock(&v.peer->lock);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct peer *p = arg;
    for (;;) {
        int fd = accept(p->fd, NULL, NULL);
        if (fd < 0)
            return NULL;
        struct visit *v = malloc(sizeof *v);
        *v = (struct visit){p, fd, atomic_fetch_add(&p->connections, 1)};
        pthread_mutex_lock(&p->lock);
        p->running++;
        pthread_mutex_unlock(&p->lock);
        pthread_t thread;
        pthread_create(&thread, NULL, visited, v);
        pthread_detach(thread);
    }
}

void peer_start(struct peer *p, peer_script *script)
{
    memset(p, 0, sizeof *p);
    p->script = script;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof a;
    assert_int_equal(0, bind(p->fd, (struct sockaddr *)&a, n));
    assert_int_equal(0, listen(p->fd, 256));
    getsockname(p->fd, (struct sockaddr *)&a, &n);
    p->port = ntohs(a.sin_port);
    pthread_create(&p->thread, NULL, accept_all, p);
}

void peer_stop(struct peer *p)
{
    p->release = true;
    shutdown(p->fd, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->fd);
    pthread_mutex_lock(&p->lock);
    while (p->running)
        pthread_cond_wait(&p->changed, &p->lock);
    pthread_mutex_unlock(&p->lock);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->changed);
}

bool peer_read_request(struct peer *p, int fd, char *out, size_t size)
{
    size_t n = 0, total = 0;
    while (!total || n < total) {
        ssize_t got = recv(fd, out + n, size - 1 - n, 0);
        if (got <= 0)
            return false;
        n += (size_t)got;
        out[n] = 0;
        char *end = strstr(out, "\r\n\r\n");
        char *length = strcasestr(out, "\r\ncontent-length:");
        if (end && !total)
            total = (size_t)(end - out) + 4 +
                    (length && length < end ? strtoul(length + 17, NULL, 10) : 0);
    }
    p->requests++;
    return true;
}

void peer_send_bytes(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;
    while (n) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return;
        p += sent;
        n -= (size_t)sent;
    }
}

void peer_send(int fd, const char *text)
{
    peer_send_bytes(fd, text, strlen(text));
}

void peer_reset(int fd)
{
    struct linger hard = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
}

void peer_sleep(int ms)
{
    usleep((useconds_t)ms * 1000);
}

void peer_wait(struct peer *p)
{
    for (int i = 0; i < 5000 && !p->release; i++)
        usleep(1000);
}

void peer_wait_closed(int fd)
{
    char byte[4096];
    while (recv(fd, byte, sizeof byte, 0) > 0)
        ;
}

/* ---- Client ---------------------------------------------------------------------------------- */

struct lx_loop *loop;
struct lx_net *net;
struct lx_net_options net_options;
int descriptors_before;

int count_descriptors(void)
{
    int n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

int set_up(void **state)
{
    (void)state;
    descriptors_before = count_descriptors();
    struct lx_error err;
    loop = lx_loop_new();
    net = lx_net_new(loop, &net_options, &err);
    return loop && net ? 0 : -1;
}

int tear_down(void **state)
{
    (void)state;
    lx_net_free(net);
    lx_loop_free(loop);
    memset(&net_options, 0, sizeof net_options);
    assert_int_equal(descriptors_before, count_descriptors());
    return 0;
}

static void copy_header(char *to, size_t size, const struct lx_headers *h, const char *name)
{
    struct lx_slice v = lx_headers_get(h, lx_slice_z(name));
    snprintf(to, size, "%.*s", v.p ? (int)v.n : 0, v.p ? v.p : "");
}

static void over(struct call *c)
{
    if (c->x)
        c->times = lx_net_exchange_times(c->x);
    c->x = NULL;
}

static void cancel(struct call *c)
{
    assert_non_null(c->x);
    lx_net_cancel(c->x);
    lx_net_cancel(c->x); /* twice is once */
    c->x = NULL;
    c->cancelled = true;
}

static void on_head(void *owner, int status, const struct lx_headers *headers)
{
    struct call *c = owner;
    c->heads++;
    c->status = status;
    copy_header(c->content_type, sizeof c->content_type, headers, "content-type");
    copy_header(c->content_encoding, sizeof c->content_encoding, headers, "content-encoding");
    if (c->cancel_in_head)
        cancel(c);
}

static void on_body(void *owner, struct lx_slice piece)
{
    struct call *c = owner;
    assert_true(piece.n > 0);
    lx_buf_add(&c->body, piece);
    c->pieces++;
    if (c->cancel_other)
        cancel(c->cancel_other);
    c->cancel_other = NULL;
    if (c->cancel_in_body)
        cancel(c);
    else if (c->pause_in_body)
        lx_net_pause(c->x);
}

static void on_end(void *owner)
{
    struct call *c = owner;
    assert_false(c->ended || c->failed || c->cancelled);
    c->ended = true;
    over(c);
}

static void on_fail(void *owner, int code, const struct lx_error *err)
{
    struct call *c = owner;
    assert_false(c->ended || c->failed || c->cancelled);
    c->failed = code;
    snprintf(c->error, sizeof c->error, "%s", err->text);
    assert_int_equal(code, err->code);
    over(c);
}

static const struct lx_net_events call_events = {on_head, on_body, on_end, on_fail};

struct lx_net_request request_to(int port, const char *path)
{
    static char url[256];
    snprintf(url, sizeof url, "http://127.0.0.1:%d%s", port, path);
    return (struct lx_net_request){.method = LX_S("GET"), .url = lx_slice_z(url)};
}

void call_start(struct call *c, const struct lx_net_request *r)
{
    lx_buf_init(&c->body, (size_t)1 << 30);
    c->net = net;
    c->x = lx_net_send(net, r, &call_events, c);
    assert_non_null(c->x);
    assert_false(call_over(c));
}

bool call_over(const struct call *c)
{
    return c->ended || c->failed || c->cancelled;
}

void run_until(bool (*done)(void *), void *arg)
{
    int64_t until = lx_clock_mono_ms() + 5000;
    while (!done(arg)) {
        assert_true(lx_clock_mono_ms() < until);
        lx_loop_turn(loop, 50);
    }
}

void run_ms(int ms)
{
    int64_t until = lx_clock_mono_ms() + ms, now;
    while ((now = lx_clock_mono_ms()) < until)
        lx_loop_turn(loop, (int)(until - now));
}

static bool is_over(void *arg)
{
    return call_over(arg);
}

void call_wait(struct call *c)
{
    run_until(is_over, c);
}

void call_clear(struct call *c)
{
    lx_buf_clear(&c->body);
}

void get(struct call *c, int port, const char *path)
{
    struct lx_net_request r = request_to(port, path);
    call_start(c, &r);
    call_wait(c);
}
