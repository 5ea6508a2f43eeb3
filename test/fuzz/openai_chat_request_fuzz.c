/*
 * openai_chat_request_fuzz.c - any body as a chat completions request: written again it is one that
 * reads again and does not change any more; written for Anthropic it is JSON. Anthropic's requests
 * are written for OpenAI as well.
 *
 * The first byte chooses the options and the language.
 */
#include "crossing.h"

static void check(struct lx_slice in, uint8_t flags, struct lx_buf *once, struct lx_buf *twice)
{
    const struct lx_dialect *anthropic = &lx_dialect_anthropic, *openai = &lx_dialect_openai_chat;
    if (cross_request(in, flags & 16 ? anthropic : openai, openai, flags, once) == 0) {
        CHECK(is_json(lx_buf_slice(once)));
        CHECK(cross_request(lx_buf_slice(once), openai, openai, 0, twice) == 0);
        lx_buf_reset(once);
        CHECK(cross_request(lx_buf_slice(twice), openai, openai, 0, once) == 0);
        CHECK(lx_slice_eq(lx_buf_slice(once), lx_buf_slice(twice)));
        lx_buf_reset(twice);
        if (cross_request(lx_buf_slice(once), openai, anthropic, flags, twice) == 0)
            CHECK(is_json(lx_buf_slice(twice)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return crossing_run(data, size, check);
}
