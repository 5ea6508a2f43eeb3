/*
 * call_fuzz.c - any order of feeds: the step machine takes only legal steps, gives a client one
 * well-formed answer, and comes to an end.
 *
 * The first byte chooses front, deployments and stream; the rest is a script: an opcode, then its
 * arguments (a status, a content type, a piece of a body up to the next opcode's length).
 */

#include "call/call.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK_STEP(ok)                                               \
    do {                                                             \
        if (!(ok)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #ok); \
            abort();                                                 \
        }                                                            \
    } while (0)

static const char *const bodies[] = {
    "{\"model\":\"m\",\"max_tokens\":5,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}",
    "{\"model\":\"m\",\"max_tokens\":5,\"stream\":true,\"messages\":[{\"content\":\"hi\"}]}",
    "{\"model\":\"m\",\"max_tokens\":5,\"stream\":true,\"mock_response\":\"a b\",\"messages\":[]}",
    "{\"model\":\"other\",\"max_tokens\":5,\"num_retries\":99,\"stop\":\"x\",\"messages\":[]}",
};

/* In the last one's place where the last byte is odd. */
static const char falling_back[] =
    "{\"model\":\"other\",\"max_tokens\":5,\"stream\":true,\"messages\":[],\"fallbacks\":[\"m\","
    "\"gone\",{\"model\":\"m\",\"max_tokens\":1,\"messages\":[{\"content\":\"hi\"}]}],"
    "\"context_window_fallbacks\":[{\"*\":[\"m\"]}]}";

static const char racing[] =
    "{\"model\":\"m, other\",\"fastest_response\":true,\"max_tokens\":5,\"messages\":[]}";

static const char *const types[] = {"application/json", "text/event-stream", "text/html", "",
                                    "application/x-ndjson"};

struct script {
    const uint8_t *p;
    size_t n;
};

static uint8_t take(struct script *s)
{
    if (!s->n)
        return 0;
    s->n--;
    return *s->p++;
}

static struct lx_slice take_bytes(struct script *s)
{
    size_t n = take(s);
    n = n < s->n ? n : s->n;
    struct lx_slice bytes = lx_slice((const char *)s->p, n);
    s->p += n;
    s->n -= n;
    return bytes;
}

struct watch {
    bool waiting; /* a SEND is in flight */
    bool sleeping, head, last, done;
    bool keeps; /* a stream that broke may go on elsewhere */
    int sends;
};

/* What a step may be, given those before it. */
static void see(struct watch *w, const struct lx_step *step)
{
    switch (step->kind) {
    case LX_STEP_SEND:
        CHECK_STEP((!w->head || w->keeps) && !w->done);
        CHECK_STEP(step->send.out->url.n && (step->send.aside || step->send.out->body.n));
        w->waiting = true;
        w->sends += !step->send.aside;
        break;
    case LX_STEP_SLEEP:
        CHECK_STEP((!w->head || w->keeps) && !w->done && step->sleep_ms > 0 &&
                   step->sleep_ms <= 60000);
        w->sleeping = true;
        w->waiting = false;
        break;
    case LX_STEP_EMIT:
        CHECK_STEP(!w->last && !w->done);
        CHECK_STEP(step->emit.head == !w->head);
        CHECK_STEP(!step->emit.head || (step->emit.status >= 200 && step->emit.status < 600));
        CHECK_STEP(!step->emit.head || step->emit.content_type.n);
        CHECK_STEP(step->emit.bytes.n || step->emit.last);
        for (size_t i = 0; i < step->emit.headers.n; i++)
            CHECK_STEP(
                lx_header_is_valid(step->emit.headers.v[i].name, step->emit.headers.v[i].value));
        w->head = true;
        w->last = step->emit.last;
        break;
    case LX_STEP_DONE:
        CHECK_STEP(w->last);
        w->done = true;
        break;
    case LX_STEP_WAIT:
        CHECK_STEP(w->waiting || w->sleeping);
        break;
    case LX_STEP_MIRROR:
        break;
    case LX_STEP_NOTE:
        CHECK_STEP(!w->head && step->note);
        break;
    case LX_STEP_RACE:
        CHECK_STEP(!w->head && !w->done && step->models.n);
        w->waiting = true;
        break;
    case LX_STEP_ASK:
        CHECK_STEP((!w->head || w->keeps) && !w->done && step->ask_path && *step->ask_path);
        w->waiting = true;
        break;
    }
}

static void run(struct lx_call *c, struct watch *w)
{
    struct lx_step step;
    int steps = 0;
    do {
        lx_call_next(c, &step);
        see(w, &step);
        CHECK_STEP(++steps < 1000);
    } while (step.kind != LX_STEP_WAIT && step.kind != LX_STEP_DONE && step.kind != LX_STEP_SLEEP);
}

static void feed_head(struct lx_call *c, struct script *s)
{
    static const int statuses[] = {200, 201, 204, 301, 400, 401, 404, 429, 500, 503, 529};
    struct lx_header v[2] = {
        {LX_S("content-type"), lx_slice_z(types[take(s) % 5]), false},
        {LX_S("retry-after"), LX_S("1"), false},
    };
    struct lx_headers headers = {v, 1 + take(s) % 2u};
    lx_call_feed_head(c, statuses[take(s) % 11], &headers);
}

static void feed(struct lx_call *c, struct script *s)
{
    struct lx_error err = {0};
    switch (take(s) % 8) {
    case 0:
        feed_head(c, s);
        break;
    case 1:
        lx_call_feed_end(c);
        break;
    case 2:
        lx_call_feed_failure(c, -(take(s) % 28) - 1, &err);
        break;
    case 3:
        lx_call_feed_wake(c);
        break;
    case 4:
        lx_call_feed_file(c, take(s) % 2 ? LX_ENOTFOUND : 0, take_bytes(s));
        break;
    default: {
        struct lx_slice piece = take_bytes(s);
        char *copy = malloc(piece.n + 1); /* gone after the feed */
        memcpy(copy, piece.p, piece.n);
        lx_call_feed_body(c, lx_slice(copy, piece.n));
        free(copy);
    }
    }
}

static void finish(struct lx_call *c, struct watch *w)
{
    for (int i = 0; !w->done && i < 200; i++) {
        lx_call_feed_wake(c);
        lx_call_feed_failure(c, LX_ECLOSED, NULL);
        lx_call_feed_file(c, LX_ENOTFOUND, lx_slice(NULL, 0));
        run(c, w);
    }
    CHECK_STEP(w->done);
    CHECK_STEP(w->sends <= 4 * 33);
}

static void add(struct lx_route_table *t, struct lx_deployment *d, const char *group,
                const char *provider)
{
    *d = (struct lx_deployment){.group = lx_slice_z(group),
                                .id = lx_slice_z(group),
                                .provider = lx_provider_find(lx_slice_z(provider)),
                                .model = LX_S("x"),
                                .base_url = LX_S("http://h"),
                                .max_retries = -1};
    lx_secret_init(&d->key, LX_S("k"));
    lx_route_table_add(t, d);
}

/* Its key must be fetched: by an exchange, or by a file and then an exchange. */
static void distrust(struct lx_deployment *d, struct lx_credential_source *source, bool file)
{
    const struct lx_credential_kind *kind =
        lx_credential_kind_find(file ? LX_S("google") : LX_S("oauth2"));
    struct lx_slice values[LX_CREDENTIAL_SETTINGS] = {{0}};
    for (size_t i = 0; i < 4; i++)
        values[i] = file ? LX_S("/f") : LX_S("http://token/");
    CHECK_STEP(lx_credential_source_init(source, kind, values, d->base_url, lx_slice(NULL, 0),
                                         lx_slice(NULL, 0)) == 0);
    lx_secret_clear(&d->key);
    d->credential = source;
}

static const char *body_of(uint8_t flags, const uint8_t *data, size_t size)
{
    size_t which = (flags >> 4) % 4;
    if (which < 3 || data[size - 1] % 2 == 0)
        return bodies[which];
    return data[size - 1] % 4 == 3 ? racing : falling_back;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint64_t seed[2] = {1, 2};
    struct script s = {data, size};
    uint8_t flags = take(&s);
    struct lx_arena a;
    struct lx_route_table t;
    struct lx_deployment d[3];
    struct watch w = {.keeps = flags & 4};
    struct lx_credential_source source = {.kind = NULL};
    lx_arena_init(&a, 1 << 20);
    lx_route_table_init(&t, &a, seed);
    add(&t, &d[0], "m", flags & 1 ? "anthropic" : "openai");
    add(&t, &d[1], flags & 2 ? "m" : "other", "mistral");
    add(&t, &d[2], "other", "groq");
    if (flags & 64)
        distrust(&d[0], &source, flags & 128);
    struct lx_call_input in = {
        .routes = &t,
        .keeps_body = flags & 4,
        .pool = flags & 4 ? lx_call_pool_new(&t.settings) : NULL,
        .front = flags & 8 ? &lx_dialect_anthropic : &lx_dialect_openai_chat,
        .body = lx_slice_z(body_of(flags, data, size)),
        .call_id = LX_S("id"),
        .random = flags,
        .max_retries = -1,
    };
    struct lx_call *c = lx_call_new(&in);
    CHECK_STEP(c);
    run(c, &w);
    while (s.n && !w.done) {
        feed(c, &s);
        if (take(&s) % 4) /* or feed ahead */
            run(c, &w);
    }
    finish(c, &w);
    lx_call_free(c);
    lx_call_pool_free(in.pool);
    lx_credential_source_clear(&source);
    for (size_t i = 0; i < 3; i++)
        lx_secret_clear(&d[i].key);
    lx_arena_clear(&a);
    return 0;
}
