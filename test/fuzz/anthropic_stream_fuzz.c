/*
 * anthropic_stream_fuzz.c - any bytes as a stream, Anthropic's or OpenAI's: what Anthropic's
 * clients get is in order whatever came in.
 *
 * One message_start before all else; blocks numbered from zero, one open at a time, deltas only in
 * the open one; message_delta and message_stop last, or an error.
 *
 * The first byte chooses the context and the language.
 */
#include "crossing.h"

struct order {
    bool started, open, finished, stopped, failed;
    int64_t next;
};

static void check_record(struct order *o, struct lx_json root)
{
    struct lx_json type = LX_GET(root, "type");
    int64_t index = -1;
    lx_json_int(LX_GET(root, "index"), &index);
    CHECK(!o->stopped && !o->failed);
    if (lx_json_eq(type, LX_S("message_start"))) {
        CHECK(!o->started);
        o->started = true;
    } else if (lx_json_eq(type, LX_S("content_block_start"))) {
        CHECK(o->started && !o->open && !o->finished && index == o->next);
        o->open = true;
    } else if (lx_json_eq(type, LX_S("content_block_delta"))) {
        CHECK(o->open && index == o->next);
    } else if (lx_json_eq(type, LX_S("content_block_stop"))) {
        CHECK(o->open && index == o->next++);
        o->open = false;
    } else if (lx_json_eq(type, LX_S("message_delta"))) {
        CHECK(o->started && !o->open && !o->finished);
        o->finished = true;
    } else if (lx_json_eq(type, LX_S("message_stop"))) {
        CHECK(o->finished);
        o->stopped = true;
    } else if (lx_json_eq(type, LX_S("error"))) {
        o->failed = true;
    }
}

static void check_order(struct lx_slice out)
{
    struct order order = {0};
    struct lx_records records;
    struct lx_record rec;
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    lx_records_init(&records, LX_FRAMING_SSE, CROSSING_MAX);
    while (lx_records_next(&records, &out, &rec, NULL) == 1) {
        CHECK(lx_json_read(&doc, rec.data, NULL, NULL) == 0);
        check_record(&order, lx_json_root(&doc));
    }
    CHECK(lx_records_end(&records, &rec, NULL) == 0);
    CHECK(order.stopped || order.failed);
    lx_records_clear(&records);
    lx_json_doc_clear(&doc);
}

static void check(struct lx_slice in, uint8_t flags, struct lx_buf *once, struct lx_buf *twice)
{
    const struct lx_dialect *anthropic = &lx_dialect_anthropic, *openai = &lx_dialect_openai_chat;
    if (cross_stream(in, flags & 16 ? openai : anthropic, anthropic, flags, once) == 0) {
        check_order(lx_buf_slice(once));
        cross_stream(lx_buf_slice(once), anthropic, openai, flags, twice);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return crossing_run(data, size, check);
}
