/*
 * back_request_fuzz.c - any request of OpenAI's or Anthropic's clients, written in LANGUAGE, which
 * only providers speak: it is refused, or JSON.
 *
 * The first byte chooses the options and the client's language.
 */
#include "crossing.h"

static void check(struct lx_slice in, uint8_t flags, struct lx_buf *once, struct lx_buf *twice)
{
    (void)twice;
    if (cross_request(in, flags & 16 ? &lx_dialect_anthropic : &lx_dialect_openai_chat, &LANGUAGE,
                      flags, once) == 0)
        CHECK(is_json(lx_buf_slice(once)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return crossing_run(data, size, check);
}
