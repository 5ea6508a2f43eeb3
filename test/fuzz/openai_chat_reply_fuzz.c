/*
 * openai_chat_reply_fuzz.c - any body as a chat completion, or as an error: written again it reads
 * again and does not change any more; written for Anthropic it is JSON.
 *
 * The first byte chooses the context and the language.
 */
#include "crossing.h"

static void check_glance(struct lx_slice in)
{
    struct lx_json_doc doc;
    struct lx_glance glance;
    lx_json_doc_init(&doc);
    if (lx_json_read(&doc, in, NULL, NULL) == 0)
        CHECK(lx_dialect_openai_chat.back->glance_reply(&doc, &glance) == 0);
    lx_json_doc_clear(&doc);
}

static void check(struct lx_slice in, uint8_t flags, struct lx_buf *once, struct lx_buf *twice)
{
    const struct lx_dialect *anthropic = &lx_dialect_anthropic, *openai = &lx_dialect_openai_chat;
    CHECK(check_error(in, openai, openai, flags) >= 400);
    check_glance(in);
    if (cross_reply(in, flags & 16 ? anthropic : openai, openai, flags, once) == 0) {
        CHECK(is_json(lx_buf_slice(once)));
        CHECK(cross_reply(lx_buf_slice(once), openai, openai, 0, twice) == 0);
        lx_buf_reset(once);
        CHECK(cross_reply(lx_buf_slice(twice), openai, openai, 0, once) == 0);
        CHECK(lx_slice_eq(lx_buf_slice(once), lx_buf_slice(twice)));
        lx_buf_reset(twice);
        CHECK(cross_reply(lx_buf_slice(once), openai, anthropic, flags, twice) == 0);
        CHECK(is_json(lx_buf_slice(twice)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return crossing_run(data, size, check);
}
