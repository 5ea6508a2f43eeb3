/*
 * vertex_gemma.c - Gemma deployed on Vertex AI, in Google's container: OpenAI's chat, wrapped as a
 * prediction's only instance. It never streams.
 *
 *   {"instances": [{"@requestFormat": "chatCompletions", OpenAI's body without model and stream}]}
 *   -> {"predictions": {OpenAI's reply, or {"object": "error", "code": 400, "message": ".."}}}
 *
 * cloud.google.com/vertex-ai/generative-ai/docs/open-models/use-gemma (2026), LiteLLM
 * vertex_ai/vertex_gemma_models (1.106.2).
 */
#include "dialect/reshape.h"

#include "base/text.h"

static void write_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    (void)stream;
    lx_buf_add_lit(out, "/endpoints/");
    lx_percent_write(out, o->model, LX_S(""));
    lx_buf_add_lit(out, ":predict");
}

static void write_request(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    struct lx_reshape s;
    if (lx_reshape_begin(&s, o, r, b)) {
        lx_out_array(&s.out, "instances");
        lx_out_object(&s.out, NULL);
        lx_out_lit(&s.out, "@requestFormat", "chatCompletions");
        for (struct lx_json_iter it = lx_json_iter(s.root); lx_json_next(&it);) {
            struct lx_text name = lx_json_text(it.name);
            if (lx_slice_among(name.s, "|model|stream|stream_options|"))
                continue;
            lx_out_name(&s.out, name);
            lx_out_value(&s.out, NULL, it.value);
        }
        lx_out_object_end(&s.out);
        lx_out_array_end(&s.out);
    }
    lx_reshape_end(&s);
}

/* OpenAI's reply within; what the container finds wrong comes with status 200. */
static int read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json inner = LX_GET(lx_json_root(body), "predictions");
    struct lx_json message = LX_GET(inner, "message");
    if (lx_json_is(inner, LX_JSON_ARRAY))
        inner = lx_json_at(inner, 0);
    if (!lx_json_is(inner, LX_JSON_OBJECT))
        return lx_error_set(err, LX_EPROTO, "the reply has no predictions");
    if (lx_json_is(message, LX_JSON_STRING))
        return lx_error_set(err, LX_EPROTO, "%.*s",
                            LX_F(lx_slice_to(lx_json_str(message, a), 200)));
    return lx_reshape_read_reply(lx_json_raw(inner), c, a, out, err);
}

static const struct lx_back back = {
    LX_RESHAPED,
    .write_path = write_path,
    .write_request = write_request,
    .read_reply = read_reply,
    .read_event = lx_openai_read_event,
    .model_outside = true,
};

const struct lx_dialect lx_dialect_vertex_gemma = {
    .name = "vertex_gemma", .title = "Gemma deployed on Vertex AI", .back = &back};
