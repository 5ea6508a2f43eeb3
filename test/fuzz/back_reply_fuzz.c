/*
 * back_reply_fuzz.c - any body as a reply of a provider's, or as an error: what clients get of it
 * is JSON, and in Anthropic's language reads again. LANGUAGE is one that only providers speak.
 *
 * The first byte chooses the context.
 */
#include "crossing.h"

static void check(struct lx_slice in, uint8_t flags, struct lx_buf *once, struct lx_buf *twice)
{
    const struct lx_dialect *back = &LANGUAGE, *anthropic = &lx_dialect_anthropic;
    check_error(in, back, &lx_dialect_openai_chat, flags);
    if (cross_reply(in, back, anthropic, flags, once) == 0) {
        CHECK(is_json(lx_buf_slice(once)));
        CHECK(cross_reply(lx_buf_slice(once), anthropic, anthropic, 0, twice) == 0);
        lx_buf_reset(once);
        CHECK(cross_reply(in, back, &lx_dialect_openai_chat, flags, once) == 0);
        CHECK(is_json(lx_buf_slice(once)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return crossing_run(data, size, check);
}
