/*
 * host.h - a host for calls in tests: a route table made by hand, and a driver that does
 * what the steps say without any I/O.
 */
#ifndef CALL_HOST_H
#define CALL_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "call/call.h"

struct host {
    struct lx_arena arena;
    struct lx_route_table table;
    struct lx_call_pool *pool;
    struct lx_call *call;
    struct lx_call_input in;
    /* what came of it */
    struct lx_step step; /* the last */
    struct lx_buf sent;  /* body of the last SEND */
    char url[512];
    struct lx_headers headers; /* of the last SEND; until the next step */
    struct lx_buf got;         /* bytes for the client */
    int status;
    bool stream, last, done;
    bool resumes;             /* a stream may go on elsewhere */
    char reply_headers[4096]; /* "name: value\n" */
    int sends, sleeps;
    int64_t slept_ms;
};

static inline struct lx_deployment *host_add(struct host *h, const char *group,
                                             const char *provider, const char *model)
{
    struct lx_deployment *d = lx_arena_new(&h->arena, struct lx_deployment);
    d->group = lx_slice_z(group);
    d->provider = lx_provider_find(lx_slice_z(provider));
    assert_non_null(d->provider);
    d->model = lx_slice_z(model);
    d->id = lx_arena_printf(&h->arena, "id-%zu", h->table.by_id.count);
    d->base_url = lx_slice_z(d->provider->base_url ? d->provider->base_url : "http://local/v1");
    d->max_retries = -1;
    assert_int_equal(lx_secret_init(&d->key, LX_S("sk-test")), 0);
    assert_int_equal(lx_route_table_add(&h->table, d), 0);
    return d;
}

static inline void host_init(struct host *h, const struct lx_dialect *front)
{
    static const uint64_t seed[2] = {1, 2};
    *h = (struct host){.done = false};
    lx_arena_init(&h->arena, 1 << 20);
    lx_route_table_init(&h->table, &h->arena, seed);
    lx_buf_init(&h->sent, 1 << 24);
    lx_buf_init(&h->got, 1 << 24);
    h->in = (struct lx_call_input){.routes = &h->table,
                                   .front = front,
                                   .call_id = LX_S("call-1"),
                                   .now_ms = 1700000000000,
                                   .random = 42,
                                   .fetches_media = true,
                                   .max_retries = -1};
}

static inline void host_clear_call(struct host *h)
{
    lx_call_free(h->call);
    h->call = NULL;
    lx_buf_reset(&h->sent);
    lx_buf_reset(&h->got);
    h->status = h->sends = h->sleeps = 0;
    h->stream = h->last = h->done = false;
    h->slept_ms = 0;
    h->reply_headers[0] = '\0';
}

static inline void host_clear(struct host *h)
{
    host_clear_call(h);
    lx_call_pool_free(h->pool);
    for (size_t i = 0; i < h->table.count; i++)
        for (size_t k = 0; k < h->table.groups[i]->count; k++)
            lx_secret_clear(&h->table.groups[i]->deployments[k]->key);
    lx_buf_clear(&h->sent);
    lx_buf_clear(&h->got);
    lx_arena_clear(&h->arena);
}

static inline void host_emit(struct host *h)
{
    const struct lx_step *s = &h->step;
    assert_false(h->last);
    assert_true(s->emit.head == (h->status == 0));
    if (s->emit.head) {
        size_t at = 0;
        h->status = s->emit.status;
        h->stream = s->emit.stream;
        for (size_t i = 0; i < s->emit.headers.n; i++)
            at += (size_t)snprintf(h->reply_headers + at, sizeof(h->reply_headers) - at,
                                   "%.*s: %.*s\n", LX_F(s->emit.headers.v[i].name),
                                   LX_F(s->emit.headers.v[i].value));
        assert_true(at < sizeof(h->reply_headers));
    }
    lx_buf_add(&h->got, s->emit.bytes);
    h->last = s->emit.last;
}

/* Steps until something must be fed: returns WAIT (after a SEND), SLEEP or DONE. */
static inline enum lx_step_kind host_run(struct host *h)
{
    enum lx_step_kind kind = LX_STEP_WAIT;
    for (int i = 0; i < 1000; i++) {
        lx_call_next(h->call, &h->step);
        switch (h->step.kind) {
        case LX_STEP_SEND: {
            const struct lx_outgoing *o = h->step.send.out;
            assert_true(h->status == 0 || h->resumes); /* never once the client has something */
            h->sends++;
            lx_buf_reset(&h->sent);
            lx_buf_add(&h->sent, o->body);
            snprintf(h->url, sizeof(h->url), "%.*s", LX_F(o->url));
            h->headers = o->headers;
            break;
        }
        case LX_STEP_SLEEP:
            h->sleeps++;
            h->slept_ms = h->step.sleep_ms;
            return LX_STEP_SLEEP;
        case LX_STEP_EMIT:
            host_emit(h);
            break;
        case LX_STEP_DONE:
            assert_true(h->last);
            h->done = true;
            return LX_STEP_DONE;
        default:
            return kind;
        }
    }
    fail_msg("the call does not come to rest");
    return kind;
}

static inline enum lx_step_kind host_start(struct host *h, const char *body)
{
    host_clear_call(h);
    h->in.body = lx_slice_z(body);
    h->in.pool = h->pool;
    h->call = lx_call_new(&h->in);
    assert_non_null(h->call);
    return host_run(h);
}

static inline enum lx_step_kind host_head(struct host *h, int status, const char *type)
{
    struct lx_header v[] = {{LX_S("content-type"), lx_slice_z(type), false},
                            {LX_S("x-request-id"), LX_S("req_1"), false},
                            {LX_S("x-ratelimit-remaining-requests"), LX_S("9"), false},
                            {LX_S("connection"), LX_S("close"), false}};
    struct lx_headers headers = {v, sizeof(v) / sizeof(v[0])};
    lx_call_feed_head(h->call, status, &headers);
    return host_run(h);
}

static inline enum lx_step_kind host_retry_after(struct host *h, int status, const char *seconds)
{
    struct lx_header v[] = {{LX_S("content-type"), LX_S("application/json"), false},
                            {LX_S("retry-after"), lx_slice_z(seconds), false}};
    struct lx_headers headers = {v, 2};
    lx_call_feed_head(h->call, status, &headers);
    lx_call_feed_end(h->call);
    return host_run(h);
}

static inline enum lx_step_kind host_body(struct host *h, const char *bytes)
{
    lx_call_feed_body(h->call, lx_slice_z(bytes));
    return host_run(h);
}

static inline enum lx_step_kind host_end(struct host *h)
{
    lx_call_feed_end(h->call);
    return host_run(h);
}

static inline enum lx_step_kind host_fail(struct host *h, int code)
{
    struct lx_error err = {.code = code};
    snprintf(err.text, sizeof(err.text), "test failure");
    lx_call_feed_failure(h->call, code, &err);
    return host_run(h);
}

static inline enum lx_step_kind host_reply(struct host *h, int status, const char *type,
                                           const char *body)
{
    enum lx_step_kind k = host_head(h, status, type);
    if (k == LX_STEP_WAIT)
        k = host_body(h, body);
    return k == LX_STEP_WAIT ? host_end(h) : k;
}

static inline const char *host_got(struct host *h)
{
    lx_buf_add_byte(&h->got, '\0');
    h->got.n--;
    return h->got.p;
}
static inline const char *host_sent(struct host *h)
{
    lx_buf_add_byte(&h->sent, '\0');
    h->sent.n--;
    return h->sent.p;
}

#define assert_contains(text, part)                           \
    do {                                                      \
        if (!strstr((text), (part)))                          \
            fail_msg("\"%s\" is not in: %s", (part), (text)); \
    } while (0)
#define assert_lacks(text, part)                          \
    do {                                                  \
        if (strstr((text), (part)))                       \
            fail_msg("\"%s\" is in: %s", (part), (text)); \
    } while (0)

#endif
