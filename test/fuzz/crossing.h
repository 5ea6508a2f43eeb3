/*
 * crossing.h - what the fuzz targets of the dialects share: one crossing, from bytes to bytes. The
 * first byte of an input chooses the options, the rest is what crosses.
 *
 * A crossing may refuse its input, but what it writes must be good: JSON that the same language
 * reads again, and the same when it is written again.
 */
#ifndef LX_FUZZ_CROSSING_H
#define LX_FUZZ_CROSSING_H

#include "dialect/dialect.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(x)                                                    \
    do {                                                            \
        if (!(x)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
            abort();                                                \
        }                                                           \
    } while (0)

enum { CROSSING_MAX = 1 << 26 };

static inline const struct lx_reply_context *crossing_context(uint8_t flags)
{
    static struct lx_reply_context c;
    c = (struct lx_reply_context){.model = LX_S("model"),
                                  .id = LX_S("id"),
                                  .now_s = 1,
                                  .json_tool = flags & 1,
                                  .legacy_functions = flags & 2,
                                  .include_usage = flags & 4,
                                  .encoding = flags & 8 ? LX_S("base64") : LX_S("")};
    return &c;
}

/* 0, or why not. `out` is appended to. */
static inline int cross_request(struct lx_slice in, const struct lx_dialect *from,
                                const struct lx_dialect *to, uint8_t flags, struct lx_buf *out)
{
    struct lx_write_options o = {.model = LX_S("model"),
                                 .drop_params = flags & 1,
                                 .modify_params = flags & 2,
                                 .native_json_schema = flags & 4,
                                 .adaptive_thinking = flags & 8};
    struct lx_json_doc doc;
    struct lx_arena a;
    struct lx_header_list headers;
    struct lx_losses losses;
    struct lx_request r;
    lx_json_doc_init(&doc);
    lx_arena_init(&a, CROSSING_MAX);
    lx_header_list_init(&headers, &a);
    lx_losses_init(&losses, &a);
    int code = lx_json_read(&doc, in, NULL, NULL);
    if (code == 0)
        code = from->front->read_request(&doc, &a, &r, NULL);
    if (code == 0) {
        struct lx_body b = {.buf = out, .headers = &headers, .losses = &losses, .arena = &a};
        to->back->write_request(&o, &r, &b);
        code = b.code;
    }
    lx_arena_clear(&a);
    lx_json_doc_clear(&doc);
    return code;
}

static inline int cross_reply(struct lx_slice in, const struct lx_dialect *from,
                              const struct lx_dialect *to, uint8_t flags, struct lx_buf *out)
{
    const struct lx_reply_context *c = crossing_context(flags);
    struct lx_json_doc doc;
    struct lx_arena a;
    struct lx_reply r;
    lx_json_doc_init(&doc);
    lx_arena_init(&a, CROSSING_MAX);
    int code = lx_json_read(&doc, in, NULL, NULL);
    if (code == 0)
        code = from->back->read_reply(&doc, c, &a, &r, NULL);
    if (code == 0) {
        to->front->write_reply(&r, c, out);
        code = out->failed;
    }
    lx_arena_clear(&a);
    lx_json_doc_clear(&doc);
    return code;
}

/* A stream under way. */
struct stream_crossing {
    const struct lx_dialect *from, *to;
    const struct lx_reply_context *context;
    void *read, *write;
    struct lx_json_doc doc;
    struct lx_buf *out;
    int code;
};

static inline void stream_events(struct stream_crossing *s, const struct lx_record *rec)
{
    struct lx_arena a;
    lx_arena_init(&a, CROSSING_MAX);
    struct lx_events events = {.arena = &a};
    s->code = rec ? s->from->back->read_event(s->read, rec, &s->doc, s->context, &events, NULL)
                  : s->from->back->read_end(s->read, &events, NULL);
    for (size_t i = 0; s->code == 0 && i < events.n; i++)
        s->to->front->write_event(s->write, &events.v[i], s->context, s->out);
    if (s->code == 0)
        s->code = s->out->failed;
    lx_arena_clear(&a);
}

static inline int cross_stream(struct lx_slice in, const struct lx_dialect *from,
                               const struct lx_dialect *to, uint8_t flags, struct lx_buf *out)
{
    struct stream_crossing s = {.from = from, .to = to, .out = out};
    struct lx_records records;
    struct lx_record rec;
    s.context = crossing_context(flags);
    s.read = calloc(1, from->back->state_size + 1);
    s.write = calloc(1, to->front->state_size + 1);
    CHECK(s.read && s.write);
    lx_json_doc_init(&s.doc);
    bool lines = from->back->framing == LX_FRAMING_NDJSON;
    lx_records_init(&records, lines ? LX_FRAMING_NDJSON : LX_FRAMING_SSE, CROSSING_MAX);
    while (s.code == 0 && lx_records_next(&records, &in, &rec, NULL) == 1)
        stream_events(&s, &rec);
    if (s.code == 0 && lx_records_end(&records, &rec, NULL) == 1)
        stream_events(&s, &rec);
    if (s.code == 0)
        stream_events(&s, NULL);
    lx_records_clear(&records);
    lx_json_doc_clear(&s.doc);
    if (from->back->clear)
        from->back->clear(s.read);
    if (to->front->clear)
        to->front->clear(s.write);
    free(s.read);
    free(s.write);
    return s.code;
}

/* A target: two buffers, and the check that fills them. */
static inline int crossing_run(const uint8_t *data, size_t size,
                               void (*check)(struct lx_slice in, uint8_t flags, struct lx_buf *once,
                                             struct lx_buf *twice))
{
    struct lx_buf once, twice;
    if (size == 0)
        return 0;
    lx_buf_init(&once, CROSSING_MAX);
    lx_buf_init(&twice, CROSSING_MAX);
    check(lx_slice((const char *)data + 1, size - 1), data[0], &once, &twice);
    lx_buf_clear(&once);
    lx_buf_clear(&twice);
    return 0;
}

static inline bool is_json(struct lx_slice s)
{
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    bool good = lx_json_read(&doc, s, NULL, NULL) == 0;
    lx_json_doc_clear(&doc);
    return good;
}

/* Any body as an error is a fault that says something, and becomes JSON for the client `to`;
 * the status that the client gets. */
static inline int check_error(struct lx_slice in, const struct lx_dialect *from,
                              const struct lx_dialect *to, uint8_t flags)
{
    static const int statuses[] = {0,   200, 400, 401, 402, 403, 404, 408, 413,
                                   422, 429, 451, 500, 502, 503, 529, 999};
    struct lx_arena a;
    struct lx_buf out;
    struct lx_fault f;
    lx_arena_init(&a, CROSSING_MAX);
    lx_buf_init(&out, CROSSING_MAX);
    int status = statuses[flags % 17];
    from->back->read_error(status, in, NULL, &a, &f);
    CHECK(f.kind > LX_FAULT_NONE && f.kind < LX_FAULT_COUNT && f.message.n);
    int told = lx_fault_status(&f);
    CHECK(status < 400 || told >= 400);
    to->front->write_error(&f, &out);
    CHECK(is_json(lx_buf_slice(&out)));
    lx_buf_clear(&out);
    lx_arena_clear(&a);
    return told;
}

#endif
