/*
 * perplexity_embed.c - Perplexity's embeddings: OpenAI's, but that the numbers are small integers.
 *
 * docs.perplexity.ai/api-reference/embeddings-post (2026): a vector comes as base64 of signed
 * bytes, or of bits. Bytes become floats between -1 and 1, as LiteLLM has them, unless the client
 * asks for the provider's own encodings by their names.
 */
#include "dialect/embed.h"
#include "dialect/openai_chat.h"

static bool is_own(struct lx_slice encoding)
{
    return lx_slice_starts(encoding, LX_S("base64_"));
}

static void write_request(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    const struct lx_embed_request *e = r->embed;
    struct lx_out out = lx_out(b->buf);
    lx_embed_settle(
        o, r, is_own(e->encoding) ? LX_EMBED_DIMENSIONS | LX_EMBED_TYPES : LX_EMBED_DIMENSIONS, b);
    lx_out_object(&out, NULL);
    lx_out_str(&out, "model", o->model);
    lx_embed_write_texts(&out, "input", e, b);
    lx_out_str(&out, "encoding_format", is_own(e->encoding) ? e->encoding : LX_S("base64_int8"));
    if (e->dimensions.p)
        lx_out_raw(&out, "dimensions", e->dimensions);
    lx_extra_write(&out, r->extra);
    lx_out_object_end(&out);
}

static int read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json data = LX_GET(lx_json_root(body), "data");
    size_t i = 0;
    int code = lx_openai_embed_read(lx_json_root(body), a, out, err);
    out->language = LX_S("perplexity_embed");
    if (code < 0)
        return code;
    for (struct lx_json_iter it = lx_json_iter(data); lx_json_next(&it); i++) {
        struct lx_vector *v = &out->embed->vectors[i];
        if (v->kind != LX_VECTOR_BASE64)
            continue;
        v->kind = is_own(c->encoding) ? LX_VECTOR_RAW : LX_VECTOR_BYTES;
        if (v->kind == LX_VECTOR_RAW)
            v->s = lx_arena_printf(a, "\"%.*s\"", LX_F(v->s));
    }
    return a->failed;
}

static const struct lx_back back = {
    .path = "/v1/embeddings",
    .write_request = write_request,
    .max_inputs = 512,
    .read_reply = read_reply,
    .read_error = lx_openai_read_error,
};

const struct lx_dialect lx_dialect_perplexity_embed = {
    .name = "perplexity_embed",
    .title = "Perplexity embeddings",
    .operation = LX_OPERATION_EMBED,
    .back = &back,
};
