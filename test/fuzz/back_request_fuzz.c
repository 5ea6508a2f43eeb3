/*
 * back_request_fuzz.c - any request of OpenAI's or Anthropic's clients, written in LANGUAGE, which
 * only providers speak: it is refused, or JSON.
 *
 * The first byte chooses the options and the client's language.
 */
#include "crossing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lx_buf out;
    if (size == 0)
        return 0;
    struct lx_slice in = lx_slice((const char *)data + 1, size - 1);
    uint8_t flags = data[0];
    lx_buf_init(&out, CROSSING_MAX);
    if (cross_request(in, flags & 16 ? &lx_dialect_anthropic : &lx_dialect_openai_chat, &LANGUAGE,
                      flags, &out) == 0)
        CHECK(is_json(lx_buf_slice(&out)));
    lx_buf_clear(&out);
    return 0;
}
