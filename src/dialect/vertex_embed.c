/*
 * vertex_embed.c - embeddings of Vertex AI: `predict` with instances, and for Gemini Embedding 2
 * embedContent, one content a request.
 *
 * cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api and
 * .../multimodal-embeddings-api (2026). The address is the row's; what is written goes by the
 * model.
 */
#include "base/text.h"
#include "dialect/gemini_embed.h"

enum family { TEXT, ONE_TEXT, MULTIMODAL, CONTENT };

static enum family family_of(struct lx_slice model)
{
    if (lx_slice_find(model, LX_S("multimodalembedding")) >= 0)
        return MULTIMODAL;
    if (lx_slice_find(model, LX_S("gemini-embedding-2")) >= 0)
        return CONTENT;
    return lx_slice_find(model, LX_S("gemini-embedding")) >= 0 ? ONE_TEXT : TEXT;
}

/* ---- Requests ------------------------------------------------------------------------------ */

static size_t take_inputs(const struct lx_write_options *o, const struct lx_request *r)
{
    (void)r;
    return family_of(o->model) == TEXT ? 250 : 1;
}

static void write_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    (void)stream;
    lx_buf_add_lit(out, "/models/");
    lx_percent_write(out, o->model, LX_S(""));
    lx_buf_add(out, family_of(o->model) == CONTENT ? LX_S(":embedContent") : LX_S(":predict"));
}

static void write_content(struct lx_gemini_writer *w)
{
    const struct lx_embed_request *e = w->r->embed;
    struct lx_slice task = lx_gemini_task(e, w->b->arena);
    lx_embed_settle(w->o, w->r, LX_EMBED_DIMENSIONS | LX_EMBED_PURPOSE | LX_EMBED_TRUNCATE, w->b);
    lx_out_object(&w->out, NULL);
    lx_gemini_content_write(w, e, 0);
    if (task.n)
        lx_out_str(&w->out, "taskType", task);
    if (e->dimensions.p)
        lx_out_raw(&w->out, "outputDimensionality", e->dimensions);
    if (lx_embed_cuts(e) != LX_UNSET)
        lx_out_bool(&w->out, "autoTruncate", lx_embed_cuts(e) == LX_YES);
    lx_extra_write(&w->out, w->r->extra);
    lx_out_object_end(&w->out);
}

static bool is_title(const struct lx_extra *x)
{
    return lx_slice_eq(x->name, LX_S("title"));
}

static void write_text(struct lx_gemini_writer *w, size_t i, struct lx_slice task)
{
    lx_out_object(&w->out, NULL);
    lx_input_text_write(&w->out, "content", w->r->embed, i, w->b);
    if (task.n)
        lx_out_str(&w->out, "task_type", task);
    for (const struct lx_extra *x = w->r->extra; x; x = x->next)
        if (is_title(x))
            lx_out_raw(&w->out, "title", x->json);
    lx_out_object_end(&w->out);
}

/* {"bytesBase64Encoded"} or {"gcsUri"} */
static void write_media(struct lx_gemini_writer *w, const char *name, const struct lx_part *p)
{
    lx_out_object(&w->out, name);
    if (p->media.data.s.n)
        lx_out_text(&w->out, "bytesBase64Encoded", p->media.data);
    else
        lx_out_text(&w->out, "gcsUri", p->media.url);
    if (p->media.type.n)
        lx_out_str(&w->out, "mimeType", p->media.type);
    lx_out_object_end(&w->out);
}

/* A text, an image, a video: one vector comes of each, so an input has just one of them. */
static void write_multimodal(struct lx_gemini_writer *w, size_t i)
{
    const struct lx_input *in = &w->r->embed->inputs[i];
    const struct lx_part *image = lx_input_part(in, LX_PART_IMAGE);
    const struct lx_part *video = lx_input_part(in, LX_PART_VIDEO);
    const struct lx_part *media = image ? image : video;
    lx_out_object(&w->out, NULL);
    if (media && !media->media.data.s.n && !lx_slice_starts(media->media.url.s, LX_S("gs:")))
        lx_embed_fail(w->b, w->r->embed, i, LX_S("Vertex AI takes data or a gs:// address"));
    else if (media)
        write_media(w, image ? "image" : "video", media);
    else if (in->kind == LX_INPUT_PARTS && in->parts->next)
        lx_embed_fail(w->b, w->r->embed, i, LX_S("the model makes a vector of each part"));
    else
        lx_input_text_write(&w->out, "text", w->r->embed, i, w->b);
    lx_out_object_end(&w->out);
}

static void write_parameters(struct lx_gemini_writer *w, bool multimodal)
{
    const struct lx_embed_request *e = w->r->embed;
    bool has_extra = false;
    for (const struct lx_extra *x = w->r->extra; x; x = x->next)
        has_extra = has_extra || !is_title(x);
    if (!e->dimensions.p && lx_embed_cuts(e) == LX_UNSET && !has_extra)
        return;
    lx_out_object(&w->out, "parameters");
    if (e->dimensions.p)
        lx_out_raw(&w->out, multimodal ? "dimension" : "outputDimensionality", e->dimensions);
    if (lx_embed_cuts(e) != LX_UNSET && !multimodal)
        lx_out_bool(&w->out, "autoTruncate", lx_embed_cuts(e) == LX_YES);
    for (const struct lx_extra *x = w->r->extra; x; x = x->next)
        if (!is_title(x)) {
            lx_out_name(&w->out, lx_text(x->name));
            lx_out_raw(&w->out, NULL, x->json);
        }
    lx_out_object_end(&w->out);
}

static void write_instances(struct lx_gemini_writer *w, bool multimodal)
{
    struct lx_slice task = lx_gemini_task(w->r->embed, w->b->arena);
    unsigned places = LX_EMBED_DIMENSIONS;
    lx_embed_settle(w->o, w->r, multimodal ? places : places | LX_EMBED_PURPOSE | LX_EMBED_TRUNCATE,
                    w->b);
    lx_out_object(&w->out, NULL);
    lx_out_array(&w->out, "instances");
    for (size_t i = 0; i < w->r->embed->count; i++)
        if (multimodal)
            write_multimodal(w, i);
        else
            write_text(w, i, task);
    lx_out_array_end(&w->out);
    write_parameters(w, multimodal);
    lx_out_object_end(&w->out);
}

static void write_request(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    struct lx_gemini_writer w = {.o = o, .r = r, .b = b, .out = lx_out(b->buf)};
    enum family family = family_of(o->model);
    if (family == CONTENT)
        write_content(&w);
    else
        write_instances(&w, family == MULTIMODAL);
}

/* ---- Replies ------------------------------------------------------------------------------- */

/* {"embeddings":{"values","statistics"}}, or of the multimodal model {"textEmbedding"},
 * {"imageEmbedding"}, {"videoEmbeddings":[{"embedding"}]}. */
static struct lx_json vector_of(struct lx_json prediction)
{
    struct lx_json v = LX_GET(LX_GET(prediction, "embeddings"), "values");
    if (!lx_json_given(v))
        v = LX_GET(prediction, "imageEmbedding");
    if (!lx_json_given(v))
        v = LX_GET(prediction, "textEmbedding");
    if (!lx_json_given(v))
        v = LX_GET(lx_json_at(LX_GET(prediction, "videoEmbeddings"), 0), "embedding");
    return v;
}

static int read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json predictions = LX_GET(lx_json_root(body), "predictions");
    size_t i = 0;
    if (!lx_json_is(predictions, LX_JSON_ARRAY))
        return lx_gemini_embed_read(body, c, a, out, err);
    *out = (struct lx_reply){.language = LX_S("vertex_embed"), .model = lx_text(c->model)};
    int code = lx_embed_reply_init(out, lx_json_count(predictions), a);
    if (code < 0)
        return code;
    for (struct lx_json_iter it = lx_json_iter(predictions); lx_json_next(&it); i++) {
        if (!lx_vector_of_json(vector_of(it.value), a, &out->embed->vectors[i]))
            return lx_error_set(err, LX_EPROTO, "predictions[%zu]: expected a vector", i);
        lx_embed_read_tokens(
            LX_GET(LX_GET(LX_GET(it.value, "embeddings"), "statistics"), "token_count"),
            &out->usage);
    }
    return a->failed;
}

static const struct lx_back back = {
    .write_path = write_path,
    .write_request = write_request,
    .take_inputs = take_inputs,
    .read_reply = read_reply,
    .read_error = lx_gemini_read_error,
};

const struct lx_dialect lx_dialect_vertex_embed = {
    .name = "vertex_embed",
    .title = "Vertex AI embeddings",
    .operation = LX_OPERATION_EMBED,
    .back = &back,
};
