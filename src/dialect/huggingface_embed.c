/*
 * huggingface_embed.c - Hugging Face's feature extraction, and /embed of Text Embeddings Inference.
 *
 * huggingface.co/docs/inference-providers/tasks/feature-extraction and
 * huggingface.github.io/text-embeddings-inference (2026), and recorded traffic. The reply is the
 * vectors and nothing else: a list of them, or one for one input; on SageMaker also within an
 * object.
 */
#include "dialect/embed.h"
#include "dialect/openai_chat.h"

static void write_request(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    struct lx_out out = lx_out(b->buf);
    lx_embed_settle(o, r, LX_EMBED_DIMENSIONS | LX_EMBED_TRUNCATE, b);
    lx_out_object(&out, NULL);
    lx_embed_write_texts(&out, "inputs", r->embed, b);
    lx_embed_write_size(&out, r->embed);
    lx_extra_write(&out, r->extra);
    lx_out_object_end(&out);
}

static int read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json root = lx_json_root(body);
    if (lx_json_is(root, LX_JSON_OBJECT)) /* SageMaker's containers of Hugging Face */
        root = LX_GET(root, "embedding");
    *out = (struct lx_reply){.language = LX_S("huggingface_embed"), .model = lx_text(c->model)};
    if (!lx_json_is(lx_json_at(root, 0), LX_JSON_NUMBER))
        return lx_embed_read_list(root, "reply", NULL, a, out, err);
    return lx_embed_read_one(root, a, out);
}

static const struct lx_back back = {
    .write_request = write_request, /* no path: the model is in the address, or served alone */
    .max_inputs = 32, /* --max-client-batch-size of Text Embeddings Inference, by default */
    .read_reply = read_reply,
    .read_error = lx_openai_read_error,
};

const struct lx_dialect lx_dialect_huggingface_embed = {
    .name = "huggingface_embed",
    .title = "Hugging Face feature extraction",
    .operation = LX_OPERATION_EMBED,
    .back = &back,
};
