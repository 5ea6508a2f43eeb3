/*
 * count_fuzz.c - any body as the question how many tokens a request has, asked of every provider
 * that counts, and any body as the answer: questions are refused or JSON, answers are a number.
 *
 * The first byte chooses the options.
 */
#include "crossing.h"

static void ask(struct lx_slice in, const struct lx_dialect *from, const struct lx_dialect *to,
                uint8_t flags)
{
    struct lx_buf out;
    lx_buf_init(&out, CROSSING_MAX);
    if (cross_request(in, from, to, flags, &out) == 0)
        CHECK(is_json(lx_buf_slice(&out)));
    lx_buf_clear(&out);
}

static void answer(struct lx_slice in, const struct lx_dialect *from, const struct lx_dialect *to,
                   uint8_t flags)
{
    struct lx_buf out;
    struct lx_arena a;
    struct lx_fault f = {.retry_after_ms = -1};
    lx_arena_init(&a, CROSSING_MAX);
    lx_buf_init(&out, CROSSING_MAX);
    if (cross_reply(in, from, to, flags, &out) == 0)
        CHECK(is_json(lx_buf_slice(&out)));
    lx_buf_reset(&out);
    from->back->read_error(400 + flags % 130, in, NULL, &a, &f);
    to->front->write_error(&f, &out);
    CHECK(is_json(lx_buf_slice(&out)));
    lx_buf_clear(&out);
    lx_arena_clear(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct lx_slice in = lx_slice((const char *)data + 1, size - 1);
    for (const struct lx_dialect *const *from = lx_dialects; *from; from++)
        for (const struct lx_dialect *const *to = lx_dialects; *to; to++) {
            if ((*from)->operation != LX_OPERATION_COUNT || (*to)->operation != LX_OPERATION_COUNT)
                continue;
            if ((*from)->front && (*to)->back)
                ask(in, *from, *to, data[0]);
            if ((*from)->back && (*to)->front)
                answer(in, *from, *to, data[0]);
        }
    return 0;
}
