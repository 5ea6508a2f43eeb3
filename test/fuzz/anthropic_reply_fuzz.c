/*
 * anthropic_reply_fuzz.c - any body as a Messages reply, or as an error: written again it reads
 * again and does not change any more; written for OpenAI it is JSON.
 *
 * The first byte chooses the context and the language.
 */
#include "crossing.h"

static void check(struct lx_slice in, uint8_t flags, struct lx_buf *once, struct lx_buf *twice)
{
    const struct lx_dialect *anthropic = &lx_dialect_anthropic, *openai = &lx_dialect_openai_chat;
    check_error(in, anthropic, anthropic, flags);
    if (cross_reply(in, flags & 16 ? openai : anthropic, anthropic, flags, once) == 0) {
        CHECK(is_json(lx_buf_slice(once)));
        CHECK(cross_reply(lx_buf_slice(once), anthropic, anthropic, 0, twice) == 0);
        CHECK(lx_slice_eq(lx_buf_slice(once), lx_buf_slice(twice)));
        lx_buf_reset(twice);
        CHECK(cross_reply(lx_buf_slice(once), anthropic, openai, flags, twice) == 0);
        CHECK(is_json(lx_buf_slice(twice)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return crossing_run(data, size, check);
}
