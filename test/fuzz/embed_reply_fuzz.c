/*
 * embed_reply_fuzz.c - any body as the reply of a provider of embeddings, in every language they
 * have, or as an error: what clients get of it is JSON, and reads again as what it was.
 *
 * The first byte chooses the context.
 */
#include "crossing.h"

static void check_error(const struct lx_dialect *back, struct lx_slice in, uint8_t flags)
{
    struct lx_arena a;
    struct lx_buf out;
    struct lx_fault f = {.retry_after_ms = -1};
    lx_arena_init(&a, CROSSING_MAX);
    lx_buf_init(&out, CROSSING_MAX);
    back->back->read_error(400 + flags % 130, in, NULL, &a, &f);
    lx_dialect_openai_embed.front->write_error(&f, &out);
    CHECK(is_json(lx_buf_slice(&out)));
    lx_buf_clear(&out);
    lx_arena_clear(&a);
}

static void check_glance(struct lx_slice in)
{
    struct lx_json_doc doc;
    struct lx_glance g = {.finish = LX_FINISH_NONE};
    lx_json_doc_init(&doc);
    if (lx_json_read(&doc, in, NULL, NULL) == 0)
        (void)lx_dialect_openai_embed.back->glance_reply(&doc, &g);
    lx_json_doc_clear(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct lx_dialect *front = &lx_dialect_openai_embed;
    struct lx_buf once, twice;
    if (size == 0)
        return 0;
    struct lx_slice in = lx_slice((const char *)data + 1, size - 1);
    lx_buf_init(&once, CROSSING_MAX);
    lx_buf_init(&twice, CROSSING_MAX);
    check_glance(in);
    for (const struct lx_dialect *const *d = lx_dialects; *d; d++) {
        if ((*d)->operation != LX_OPERATION_EMBED)
            continue;
        check_error(*d, in, data[0]);
        lx_buf_clear(&once);
        lx_buf_clear(&twice);
        lx_buf_init(&once, CROSSING_MAX);
        lx_buf_init(&twice, CROSSING_MAX);
        if (cross_reply(in, *d, front, data[0], &once) < 0)
            continue;
        CHECK(is_json(lx_buf_slice(&once)));
        CHECK(cross_reply(lx_buf_slice(&once), front, front, data[0], &twice) == 0);
        CHECK(is_json(lx_buf_slice(&twice)));
    }
    lx_buf_clear(&once);
    lx_buf_clear(&twice);
    return 0;
}
