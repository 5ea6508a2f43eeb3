/*
 * pair.c - two recorded ends of a loopback connection.
 */
#include "pair.h"

#include <dirent.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

void end_close(struct end *e)
{
    if (e->s)
        lx_stream_close(e->s);
    e->s = NULL;
}

static struct end *on(struct lx_stream *s, char what)
{
    struct end *e = lx_stream_owner(s);
    assert_ptr_equal(e->s, s); /* nothing comes after close */
    if (e->close_on == what)
        end_close(e);
    return e;
}

static void on_open(struct lx_stream *s)
{
    on(s, 'o')->opened++;
}

static void on_data(struct lx_stream *s, struct lx_slice bytes)
{
    struct end *e = on(s, 'd');
    assert_true(bytes.n > 0);
    e->datas++;
    lx_buf_add(&e->in, bytes);
    if (e->close_too)
        end_close(e->close_too);
    if (e->pause_on_data && e->s)
        lx_stream_pause(e->s);
    if (e->echo && e->s)
        assert_true(lx_stream_write_slice(e->s, bytes) >= 0);
}

static void on_room(struct lx_stream *s, char **p, size_t *n)
{
    struct end *e = lx_stream_owner(s);
    *p = e->room;
    *n = e->room_n;
}

static void on_end(struct lx_stream *s)
{
    on(s, 'e')->ended++;
}

static void on_error(struct lx_stream *s, int code, const struct lx_error *err)
{
    struct end *e = on(s, 'f');
    assert_int_equal(0, e->failed);
    assert_int_equal(code, err->code);
    e->failed = code;
    snprintf(e->error, sizeof e->error, "%s", err->text);
}

static void on_drain(struct lx_stream *s)
{
    on(s, 'w')->drained++;
}

static void on_gone(struct lx_stream *s)
{
    on(s, 'g')->gone++;
}

const struct lx_stream_events end_events = {on_open,  on_data,  on_room, on_end,
                                            on_error, on_drain, on_gone};

static void on_accept(void *arg, struct lx_stream *s)
{
    struct pair *p = arg;
    p->accepted++;
    end_close(&p->server);
    p->server.s = s;
    lx_stream_set_owner(s, &end_events, &p->server);
}

void pair_open(struct pair *p, struct lx_tls_context *client, struct lx_tls_context *server,
               const char *name)
{
    struct lx_error err;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    lx_buf_init(&p->client.in, (size_t)1 << 30);
    lx_buf_init(&p->server.in, (size_t)1 << 30);
    p->loop = lx_loop_new();
    p->listener =
        lx_listener_new(p->loop, (struct sockaddr *)&a, sizeof a, server, on_accept, p, &err);
    assert_non_null(p->listener);
    a.sin_port = htons((uint16_t)lx_listener_port(p->listener));
    p->client.s = lx_stream_connect(p->loop, (struct sockaddr *)&a, sizeof a, client,
                                    lx_slice_z(name), &end_events, &p->client);
    assert_non_null(p->client.s);
    assert_int_equal(0, p->client.opened);
}

void pair_connect(struct pair *p, struct lx_tls_context *client, struct lx_tls_context *server,
                  const char *name)
{
    pair_open(p, client, server, name);
    wait_for(p, &p->client.opened);
    wait_for(p, server ? &p->server.opened : &p->accepted);
}

void pair_close(struct pair *p)
{
    end_close(&p->client);
    end_close(&p->server);
    lx_listener_close(p->listener);
    lx_loop_free(p->loop);
    lx_buf_clear(&p->client.in);
    lx_buf_clear(&p->server.in);
}

void wait_for(struct pair *p, const int *what)
{
    int64_t until = lx_clock_mono_ms() + 5000;
    while (!*what) {
        assert_true(lx_clock_mono_ms() < until);
        lx_loop_turn(p->loop, 100);
    }
}

void wait_bytes(struct pair *p, const struct end *e, size_t n)
{
    int64_t until = lx_clock_mono_ms() + 20000;
    while (e->in.n < n) {
        assert_true(lx_clock_mono_ms() < until);
        lx_loop_turn(p->loop, 100);
    }
}

void run_for(struct pair *p, int ms)
{
    int64_t until = lx_clock_mono_ms() + ms, now;
    while ((now = lx_clock_mono_ms()) < until)
        lx_loop_turn(p->loop, (int)(until - now));
}

int count_descriptors(void)
{
    int n = 0;
    DIR *dir = opendir("/proc/self/fd");
    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}
