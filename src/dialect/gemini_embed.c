/*
 * gemini_embed.c - embeddings of the Gemini API: batchEmbedContents, one request for many contents.
 *
 * ai.google.dev/api/embeddings (2026) and recorded traffic. Members that nobody knows (title) are
 * written into every content's request, as LiteLLM does. The older models tell no usage.
 */
#include "base/text.h"
#include "dialect/gemini_embed.h"

#define LX_GEMINI_EMBED LX_S("gemini_embed")

/* ---- Requests ------------------------------------------------------------------------------ */

struct lx_slice lx_gemini_task(const struct lx_embed_request *e, struct lx_arena *a)
{
    static const char *const words[] = {
        [LX_PURPOSE_QUERY] = "RETRIEVAL_QUERY",
        [LX_PURPOSE_DOCUMENT] = "RETRIEVAL_DOCUMENT",
        [LX_PURPOSE_CLASSIFICATION] = "CLASSIFICATION",
        [LX_PURPOSE_CLUSTERING] = "CLUSTERING",
        [LX_PURPOSE_SIMILARITY] = "SEMANTIC_SIMILARITY",
        [LX_PURPOSE_CODE_QUERY] = "CODE_RETRIEVAL_QUERY",
        [LX_PURPOSE_IMAGE] = "TASK_TYPE_UNSPECIFIED",
        [LX_PURPOSE_OTHER] = NULL,
    };
    return lx_purpose_name(e, words, a);
}

static void write_part(struct lx_gemini_writer *w, const struct lx_embed_request *e, size_t i,
                       const struct lx_part *p)
{
    const char *obstacle = p->kind == LX_PART_TEXT ? NULL : lx_gemini_media_obstacle(p);
    if (obstacle) {
        lx_embed_fail(w->b, e, i, lx_slice_z(obstacle));
        return;
    }
    lx_out_object(&w->out, NULL);
    if (p->kind == LX_PART_TEXT)
        lx_out_text(&w->out, "text", p->text);
    else
        lx_gemini_media_write(w, p);
    lx_out_object_end(&w->out);
}

void lx_gemini_content_write(struct lx_gemini_writer *w, const struct lx_embed_request *e, size_t i)
{
    const struct lx_input *in = &e->inputs[i];
    lx_out_object(&w->out, "content");
    lx_out_array(&w->out, "parts");
    if (in->kind == LX_INPUT_PARTS) {
        for (const struct lx_part *p = in->parts; p; p = p->next)
            write_part(w, e, i, p);
    } else {
        lx_out_object(&w->out, NULL);
        lx_input_text_write(&w->out, "text", e, i, w->b);
        lx_out_object_end(&w->out);
    }
    lx_out_array_end(&w->out);
    lx_out_object_end(&w->out);
}

static bool has_prefix(struct lx_slice model)
{
    return lx_slice_starts(model, LX_S("models/")) || lx_slice_starts(model, LX_S("tunedModels/"));
}

static void write_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    (void)stream;
    lx_buf_add(out, has_prefix(o->model) ? LX_S("/") : LX_S("/models/"));
    lx_percent_write(out, o->model, LX_S("/"));
    lx_buf_add_lit(out, ":batchEmbedContents");
}

static void write_one(struct lx_gemini_writer *w, size_t i, struct lx_slice task)
{
    const struct lx_embed_request *e = w->r->embed;
    lx_out_object(&w->out, NULL);
    lx_out_string_open(&w->out, "model");
    if (!has_prefix(w->o->model))
        lx_out_string_part(&w->out, lx_text(LX_S("models/")));
    lx_out_string_part(&w->out, lx_text(w->o->model));
    lx_out_string_close(&w->out);
    lx_gemini_content_write(w, e, i);
    if (task.n)
        lx_out_str(&w->out, "taskType", task);
    if (e->dimensions.p)
        lx_out_raw(&w->out, "outputDimensionality", e->dimensions);
    lx_extra_write(&w->out, w->r->extra);
    lx_out_object_end(&w->out);
}

static void write_request(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    struct lx_gemini_writer w = {.o = o, .r = r, .b = b, .out = lx_out(b->buf)};
    struct lx_slice task = lx_gemini_task(r->embed, b->arena);
    lx_embed_settle(o, r, LX_EMBED_DIMENSIONS | LX_EMBED_PURPOSE, b);
    lx_out_object(&w.out, NULL);
    lx_out_array(&w.out, "requests");
    for (size_t i = 0; i < r->embed->count; i++)
        write_one(&w, i, task);
    lx_out_array_end(&w.out);
    lx_out_object_end(&w.out);
}

/* ---- Replies ------------------------------------------------------------------------------- */

int lx_gemini_embed_read(const struct lx_json_doc *body, const struct lx_reply_context *c,
                         struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json root = lx_json_root(body), one = LX_GET(root, "embedding");
    struct lx_json usage = LX_GET(root, "usageMetadata");
    *out = (struct lx_reply){.language = LX_GEMINI_EMBED, .model = lx_text(c->model)};
    if (lx_json_is(usage, LX_JSON_OBJECT))
        lx_gemini_usage_read(usage, &out->usage);
    if (!lx_json_is(one, LX_JSON_OBJECT))
        return lx_embed_read_list(LX_GET(root, "embeddings"), "embeddings", "values", a, out, err);
    int code = lx_embed_reply_init(out, 1, a);
    if (code == 0 && !lx_vector_of_json(LX_GET(one, "values"), a, &out->embed->vectors[0]))
        return lx_error_set(err, LX_EPROTO, "embedding.values: expected a vector");
    return code < 0 ? code : a->failed;
}

static const struct lx_back back = {
    .write_path = write_path,
    .write_request = write_request,
    .max_inputs = 100, /* "at most 100 requests can be in one batch": the error for more, 2025 */
    .read_reply = lx_gemini_embed_read,
    .read_error = lx_gemini_read_error,
};

const struct lx_dialect lx_dialect_gemini_embed = {
    .name = "gemini_embed",
    .title = "Gemini embeddings",
    .operation = LX_OPERATION_EMBED,
    .back = &back,
};
