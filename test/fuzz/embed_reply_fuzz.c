/*
 * embed_reply_fuzz.c - any body as the reply of a provider of embeddings, in every language they
 * have, or as an error: what clients get of it is JSON, and reads again as what it was.
 *
 * The first byte chooses the context.
 */
#include "crossing.h"

static void check_glance(struct lx_slice in)
{
    struct lx_json_doc doc;
    struct lx_glance g = {.finish = LX_FINISH_NONE};
    lx_json_doc_init(&doc);
    if (lx_json_read(&doc, in, NULL, NULL) == 0)
        (void)lx_dialect_openai_embed.back->glance_reply(&doc, &g);
    lx_json_doc_clear(&doc);
}

static void check(struct lx_slice in, uint8_t flags, struct lx_buf *once, struct lx_buf *twice)
{
    const struct lx_dialect *front = &lx_dialect_openai_embed;
    check_glance(in);
    for (const struct lx_dialect *const *d = lx_dialects; *d; d++) {
        if ((*d)->operation != LX_OPERATION_EMBED)
            continue;
        check_error(in, *d, front, flags);
        lx_buf_reset(once);
        lx_buf_reset(twice);
        if (cross_reply(in, *d, front, flags, once) < 0)
            continue;
        CHECK(is_json(lx_buf_slice(once)));
        CHECK(cross_reply(lx_buf_slice(once), front, front, flags, twice) == 0);
        CHECK(is_json(lx_buf_slice(twice)));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return crossing_run(data, size, check);
}
