/*
 * ollama_embed.c - Ollama's embeddings: POST /api/embed.
 *
 * github.com/ollama/ollama/blob/main/docs/api.md (2026) and recorded traffic; replies of the older
 * /api/embeddings are read, too. Members that nobody knows (options, keep_alive) go as they are.
 */
#include "dialect/embed.h"
#include "dialect/openai_chat.h"

static void write_request(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    struct lx_out out = lx_out(b->buf);
    lx_embed_settle(o, r, LX_EMBED_DIMENSIONS | LX_EMBED_TRUNCATE, b);
    lx_out_object(&out, NULL);
    lx_out_str(&out, "model", o->model);
    lx_embed_write_texts(&out, "input", r->embed, b);
    lx_embed_write_size(&out, r->embed);
    lx_extra_write(&out, r->extra);
    lx_out_object_end(&out);
}

static int read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json root = lx_json_root(body), one = LX_GET(root, "embedding");
    (void)c;
    *out = (struct lx_reply){
        .language = LX_S("ollama_embed"),
        .model = lx_json_text(LX_GET(root, "model")),
    };
    lx_embed_read_tokens(LX_GET(root, "prompt_eval_count"), &out->usage);
    if (!lx_json_is(one, LX_JSON_ARRAY))
        return lx_embed_read_list(LX_GET(root, "embeddings"), "embeddings", NULL, a, out, err);
    return lx_embed_read_one(one, a, out);
}

static const struct lx_back back = {
    .path = "/api/embed",
    .write_request = write_request,
    .read_reply = read_reply,
    .read_error = lx_openai_read_error, /* {"error":"..."}, as it reads them */
};

const struct lx_dialect lx_dialect_ollama_embed = {
    .name = "ollama_embed",
    .title = "Ollama embeddings",
    .operation = LX_OPERATION_EMBED,
    .back = &back,
};
