/*
 * openai_chat_reply_fuzz.c - any body as a chat completion, or as an error: written again it reads
 * again and does not change any more; written for Anthropic it is JSON.
 *
 * The first byte chooses the context and the language.
 */
#include "crossing.h"

static void check_error(struct lx_slice in, uint8_t flags)
{
    static const int statuses[] = {0, 200, 400, 401, 404, 413, 429, 500, 502, 503, 529, 999};
    struct lx_arena a;
    struct lx_buf out;
    struct lx_fault f;
    lx_arena_init(&a, CROSSING_MAX);
    lx_buf_init(&out, CROSSING_MAX);
    lx_dialect_openai_chat.back->read_error(statuses[flags % 12], in, NULL, &a, &f);
    CHECK(f.kind > LX_FAULT_NONE && f.kind < LX_FAULT_COUNT && f.message.n);
    CHECK(lx_fault_status(&f) >= 400);
    lx_dialect_openai_chat.front->write_error(&f, &out);
    CHECK(is_json(lx_buf_slice(&out)));
    lx_buf_clear(&out);
    lx_arena_clear(&a);
}

static void check_glance(struct lx_slice in)
{
    struct lx_json_doc doc;
    struct lx_glance glance;
    lx_json_doc_init(&doc);
    if (lx_json_read(&doc, in, NULL, NULL) == 0)
        CHECK(lx_dialect_openai_chat.back->glance_reply(&doc, &glance) == 0);
    lx_json_doc_clear(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lx_buf once, twice;
    if (size == 0)
        return 0;
    struct lx_slice in = lx_slice((const char *)data + 1, size - 1);
    uint8_t flags = data[0];
    const struct lx_dialect *anthropic = &lx_dialect_anthropic, *openai = &lx_dialect_openai_chat;
    check_error(in, flags);
    check_glance(in);
    lx_buf_init(&once, CROSSING_MAX);
    lx_buf_init(&twice, CROSSING_MAX);
    if (cross_reply(in, flags & 16 ? anthropic : openai, openai, flags, &once) == 0) {
        CHECK(is_json(lx_buf_slice(&once)));
        CHECK(cross_reply(lx_buf_slice(&once), openai, openai, 0, &twice) == 0);
        lx_buf_reset(&once);
        CHECK(cross_reply(lx_buf_slice(&twice), openai, openai, 0, &once) == 0);
        CHECK(lx_slice_eq(lx_buf_slice(&once), lx_buf_slice(&twice)));
        lx_buf_reset(&twice);
        CHECK(cross_reply(lx_buf_slice(&once), openai, anthropic, flags, &twice) == 0);
        CHECK(is_json(lx_buf_slice(&twice)));
    }
    lx_buf_clear(&once);
    lx_buf_clear(&twice);
    return 0;
}
