/*
 * watsonx_embed.c - embeddings of watsonx.ai, and of Snowflake's Cortex.
 *
 * cloud.ibm.com/apidocs/watsonx-ai#text-embeddings and docs.snowflake.com/developer-guide/
 * snowflake-rest-api/reference/cortex-embed (2026). Both take a list of texts; model and project go
 * into the body where the row says what they are called. Snowflake wraps each vector in a list.
 */
#include "dialect/embed.h"
#include "dialect/openai_chat.h"

/* What the client says of its own is a parameter. */
static void write_request(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    struct lx_out out = lx_out(b->buf);
    lx_embed_settle(o, r, 0, b);
    lx_out_object(&out, NULL);
    lx_embed_write_texts(&out, "inputs", r->embed, b);
    if (r->extra) {
        lx_out_object(&out, "parameters");
        lx_extra_write(&out, r->extra);
        lx_out_object_end(&out);
    }
    lx_out_object_end(&out);
}

static int read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json root = lx_json_root(body);
    (void)c;
    *out = (struct lx_reply){.language = LX_S("watsonx_embed"),
                             .model = lx_json_text(LX_GET(root, "model_id"))};
    lx_embed_read_tokens(LX_GET(root, "input_token_count"), &out->usage);
    return lx_embed_read_list(LX_GET(root, "results"), "results", "embedding", a, out, err);
}

static const struct lx_back back = {
    .path = "/ml/v1/text/embeddings",
    .write_request = write_request,
    .max_inputs = 1000,
    .read_reply = read_reply,
    .read_error = lx_openai_read_error,
};

const struct lx_dialect lx_dialect_watsonx_embed = {
    .name = "watsonx_embed",
    .title = "watsonx.ai embeddings",
    .operation = LX_OPERATION_EMBED,
    .back = &back,
};

/* ---- Snowflake ------------------------------------------------------------------------------- */

static void write_cortex(const struct lx_write_options *o, const struct lx_request *r,
                         struct lx_body *b)
{
    struct lx_out out = lx_out(b->buf);
    lx_embed_settle(o, r, 0, b);
    lx_out_object(&out, NULL);
    lx_embed_write_texts(&out, "text", r->embed, b);
    lx_out_str(&out, "model", o->model);
    lx_extra_write(&out, r->extra);
    lx_out_object_end(&out);
}

/* One of `data`: {"embedding": [[...]], "index": 0}. */
static int read_cortex(const struct lx_json_doc *body, const struct lx_reply_context *c,
                       struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json root = lx_json_root(body), data = LX_GET(root, "data");
    size_t count = lx_json_count(data), i = 0;
    (void)c;
    *out = (struct lx_reply){.language = LX_S("cortex_embed"),
                             .model = lx_json_text(LX_GET(root, "model"))};
    lx_embed_read_tokens(LX_GET(LX_GET(root, "usage"), "total_tokens"), &out->usage);
    if (!lx_json_is(data, LX_JSON_ARRAY))
        return lx_error_set(err, LX_EPROTO, "data is not a list");
    int code = lx_embed_reply_init(out, count, a);
    for (struct lx_json_iter it = lx_json_iter(data); code == 0 && lx_json_next(&it); i++) {
        struct lx_json v = LX_GET(it.value, "embedding"), inner = lx_json_at(v, 0);
        if (!lx_vector_of_json(lx_json_is(inner, LX_JSON_ARRAY) ? inner : v, a,
                               &out->embed->vectors[i]))
            code = lx_error_set(err, LX_EPROTO, "data[%zu] has no embedding", i);
    }
    return code;
}

static const struct lx_back cortex_back = {
    .path = "/api/v2/cortex/inference:embed",
    .write_request = write_cortex,
    .read_reply = read_cortex,
    .read_error = lx_openai_read_error,
};

const struct lx_dialect lx_dialect_cortex_embed = {
    .name = "cortex_embed",
    .title = "Snowflake Cortex embeddings",
    .operation = LX_OPERATION_EMBED,
    .back = &cortex_back,
};
