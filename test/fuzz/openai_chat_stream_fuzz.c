/*
 * openai_chat_stream_fuzz.c - any bytes as a stream, OpenAI's or Anthropic's: what OpenAI's clients
 * get is in order whatever came in.
 *
 * Every record is a chunk or an error, and [DONE] or an error is the last. A choice says who speaks
 * in its first chunk and finishes once. A call begins with its name before it goes on.
 *
 * The first byte chooses the context and the language.
 */
#include "crossing.h"

enum { CHOICES = 256, CALLS = 2048 };

struct order {
    bool done, failed;
    bool spoken[CHOICES], finished[CHOICES];
    int64_t calls[CHOICES]; /* begun so far */
};

static void check_call(struct order *o, int64_t choice, struct lx_json call)
{
    int64_t index = -1;
    struct lx_json id = LX_GET(call, "id");
    CHECK(lx_json_int(LX_GET(call, "index"), &index) == 0 && index >= 0 && index < CALLS);
    if (lx_json_given(id))
        CHECK(index == o->calls[choice]++ && lx_json_is(id, LX_JSON_STRING));
    else
        CHECK(index < o->calls[choice]);
}

static void check_choice(struct order *o, struct lx_json choice)
{
    int64_t index = -1;
    struct lx_json delta = LX_GET(choice, "delta"), finish = LX_GET(choice, "finish_reason");
    CHECK(lx_json_int(LX_GET(choice, "index"), &index) == 0);
    if (index < 0 || index >= CHOICES)
        return;
    CHECK(lx_json_is(delta, LX_JSON_OBJECT));
    CHECK(lx_json_given(LX_GET(delta, "role")) == !o->spoken[index]);
    o->spoken[index] = true;
    for (struct lx_json_iter it = lx_json_iter(LX_GET(delta, "tool_calls")); lx_json_next(&it);)
        check_call(o, index, it.value);
    if (lx_json_given(finish)) {
        CHECK(!o->finished[index]);
        o->finished[index] = true;
    }
}

static void check_record(struct order *o, struct lx_slice data, struct lx_json_doc *doc)
{
    CHECK(!o->done && !o->failed);
    if (lx_slice_eq(data, LX_S("[DONE]"))) {
        o->done = true;
        return;
    }
    CHECK(lx_json_read(doc, data, NULL, NULL) == 0);
    struct lx_json root = lx_json_root(doc);
    if (lx_json_given(LX_GET(root, "error"))) {
        o->failed = true;
        return;
    }
    CHECK(lx_json_eq(LX_GET(root, "object"), LX_S("chat.completion.chunk")));
    for (struct lx_json_iter it = lx_json_iter(LX_GET(root, "choices")); lx_json_next(&it);)
        check_choice(o, it.value);
}

static void check_order(struct lx_slice out)
{
    struct order order = {0};
    struct lx_records records;
    struct lx_record rec;
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    lx_records_init(&records, LX_FRAMING_SSE, CROSSING_MAX);
    while (lx_records_next(&records, &out, &rec, NULL) == 1)
        check_record(&order, rec.data, &doc);
    CHECK(lx_records_end(&records, &rec, NULL) == 0);
    CHECK(order.done || order.failed);
    lx_records_clear(&records);
    lx_json_doc_clear(&doc);
}

/* What is only looked at is the same bytes. */
static void check_glances(struct lx_slice in)
{
    struct lx_records records;
    struct lx_record rec;
    struct lx_json_doc doc;
    struct lx_glance glance = {.finish = LX_FINISH_NONE};
    lx_json_doc_init(&doc);
    lx_records_init(&records, LX_FRAMING_SSE, CROSSING_MAX);
    while (lx_records_next(&records, &in, &rec, NULL) == 1) {
        int code = lx_dialect_openai_chat.back->glance_event(&rec, &doc, &glance);
        CHECK(code == 0 || code == LX_EPROTO);
    }
    lx_records_clear(&records);
    lx_json_doc_clear(&doc);
}

static void check(struct lx_slice in, uint8_t flags, struct lx_buf *once, struct lx_buf *twice)
{
    const struct lx_dialect *anthropic = &lx_dialect_anthropic, *openai = &lx_dialect_openai_chat;
    check_glances(in);
    if (cross_stream(in, flags & 16 ? anthropic : openai, openai, flags, once) == 0) {
        check_order(lx_buf_slice(once));
        CHECK(cross_stream(lx_buf_slice(once), openai, openai, flags, twice) == 0);
        check_order(lx_buf_slice(twice));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return crossing_run(data, size, check);
}
