/*
 * back_reply_fuzz.c - any body as a reply of a provider's, or as an error: what clients get of it
 * is JSON, and in Anthropic's language reads again. LANGUAGE is one that only providers speak.
 *
 * The first byte chooses the context.
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
    LANGUAGE.back->read_error(statuses[flags % 12], in, NULL, &a, &f);
    CHECK(f.kind > LX_FAULT_NONE && f.kind < LX_FAULT_COUNT && f.message.n);
    lx_dialect_openai_chat.front->write_error(&f, &out);
    CHECK(is_json(lx_buf_slice(&out)));
    lx_buf_clear(&out);
    lx_arena_clear(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lx_buf once, twice;
    if (size == 0)
        return 0;
    struct lx_slice in = lx_slice((const char *)data + 1, size - 1);
    uint8_t flags = data[0];
    const struct lx_dialect *back = &LANGUAGE, *anthropic = &lx_dialect_anthropic;
    check_error(in, flags);
    lx_buf_init(&once, CROSSING_MAX);
    lx_buf_init(&twice, CROSSING_MAX);
    if (cross_reply(in, back, anthropic, flags, &once) == 0) {
        CHECK(is_json(lx_buf_slice(&once)));
        CHECK(cross_reply(lx_buf_slice(&once), anthropic, anthropic, 0, &twice) == 0);
        lx_buf_reset(&once);
        CHECK(cross_reply(in, back, &lx_dialect_openai_chat, flags, &once) == 0);
        CHECK(is_json(lx_buf_slice(&once)));
    }
    lx_buf_clear(&once);
    lx_buf_clear(&twice);
    return 0;
}
