/*
 * embed_request_fuzz.c - any request for embeddings, written for every language of providers and
 * every family of models: it is refused, or JSON.
 *
 * The first byte chooses the options.
 */
#include "crossing.h"

static const char *const models[] = {
    "embed-english-v3.0",          "embed-v4.0",
    "amazon.titan-embed-text-v1",  "amazon.titan-embed-text-v2:0",
    "amazon.titan-embed-image-v1", "amazon.nova-2-multimodal-embeddings-v1:0",
    "cohere.embed-english-v3",     "multimodalembedding@001",
    "twelvelabs.marengo-embed-2",  "twelvelabs.marengo-embed-3",
    "gemini-embedding-2",          "gemini-embedding-001",
    "text-embedding-005",
};

/* As the call machine does it: as many inputs as one request can have. */
static void write_one(const struct lx_dialect *to, const char *model, struct lx_request *r,
                      uint8_t flags, struct lx_arena *a)
{
    struct lx_write_options o = {
        .model = lx_slice_z(model), .drop_params = flags & 1, .image_objects = flags & 2};
    struct lx_header_list headers;
    struct lx_losses losses;
    struct lx_buf out;
    struct lx_body b = {.buf = &out, .headers = &headers, .losses = &losses, .arena = a};
    size_t most = lx_back_inputs(to->back, &o, r), count = r->embed->count;
    lx_header_list_init(&headers, a);
    lx_losses_init(&losses, a);
    lx_buf_init(&out, CROSSING_MAX);
    if (most && r->embed->count > most)
        r->embed->count = most;
    to->back->write_request(&o, r, &b);
    CHECK(!out.failed);
    CHECK(b.code || is_json(lx_buf_slice(&out)));
    lx_buf_reset(&out);
    lx_back_write_path(to->back, &o, false, &out);
    r->embed->count = count;
    lx_buf_clear(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lx_json_doc doc;
    struct lx_request r;
    struct lx_arena a;
    if (size == 0)
        return 0;
    lx_json_doc_init(&doc);
    lx_arena_init(&a, CROSSING_MAX);
    int code = lx_json_read(&doc, lx_slice((const char *)data + 1, size - 1), NULL, NULL);
    if (code == 0)
        code = lx_dialect_openai_embed.front->read_request(&doc, &a, &r, NULL);
    for (const struct lx_dialect *const *d = lx_dialects; code == 0 && *d; d++)
        for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
            if ((*d)->operation == LX_OPERATION_EMBED)
                write_one(*d, models[i], &r, data[0], &a);
    lx_arena_clear(&a);
    lx_json_doc_clear(&doc);
    return 0;
}
