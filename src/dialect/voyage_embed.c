/*
 * voyage_embed.c - Voyage's embeddings that are not as OpenAI has them: of texts and media together
 * (multimodalembeddings), and of chunks that know of each other (contextualizedembeddings).
 *
 * docs.voyageai.com/reference/multimodal-embeddings-api and .../contextualized-embeddings-api
 * (2026). Their replies are OpenAI's, but that those of chunks stand in a list for each document:
 * here every input is a document of one chunk.
 */
#include "dialect/embed.h"
#include "dialect/openai_chat.h"

/* ---- Requests ------------------------------------------------------------------------------ */

/* What both have beside their inputs. */
static void write_rest(struct lx_out *out, const struct lx_write_options *o,
                       const struct lx_request *r, struct lx_body *b)
{
    static const char *const words[] = {
        [LX_PURPOSE_QUERY] = "query",    [LX_PURPOSE_DOCUMENT] = "document",
        [LX_PURPOSE_IMAGE] = "document", [LX_PURPOSE_CODE_QUERY] = "query",
        [LX_PURPOSE_OTHER] = NULL,
    };
    struct lx_slice purpose = lx_purpose_name(r->embed, words, b->arena);
    lx_out_str(out, "model", o->model);
    if (purpose.n)
        lx_out_str(out, "input_type", purpose);
    if (r->embed->dimensions.p)
        lx_out_raw(out, "output_dimension", r->embed->dimensions);
    lx_extra_write(out, r->extra);
}

static const struct medium {
    enum lx_part_kind kind;
    const char *data, *url, *mime;
} media[] = {
    {LX_PART_IMAGE, "image_base64", "image_url", "image/png"},
    {LX_PART_VIDEO, "video_base64", "video_url", "video/mp4"},
};

static void write_part(struct lx_out *out, const struct lx_embed_request *e, size_t i,
                       const struct lx_part *p, struct lx_body *b)
{
    const struct medium *m = media;
    while (m < media + 2 && m->kind != p->kind)
        m++;
    lx_out_object(out, NULL);
    if (p->kind == LX_PART_TEXT) {
        lx_out_lit(out, "type", "text");
        lx_out_text(out, "text", p->text);
    } else if (m < media + 2) {
        const char *type = p->media.data.s.n ? m->data : m->url;
        lx_out_str(out, "type", lx_slice_z(type));
        lx_openai_write_url(out, type, &p->media, lx_slice_z(m->mime));
    } else {
        lx_embed_fail(b, e, i, LX_S("Voyage takes text, images and videos"));
    }
    lx_out_object_end(out);
}

static void write_contents(const struct lx_write_options *o, const struct lx_request *r,
                           struct lx_body *b)
{
    const struct lx_embed_request *e = r->embed;
    struct lx_out out = lx_out(b->buf);
    lx_embed_settle(o, r, LX_EMBED_DIMENSIONS | LX_EMBED_PURPOSE | LX_EMBED_TRUNCATE, b);
    lx_out_object(&out, NULL);
    lx_out_array(&out, "inputs");
    for (size_t i = 0; i < e->count; i++) {
        const struct lx_input *in = &e->inputs[i];
        const struct lx_part text = {.kind = LX_PART_TEXT, .text = in->text};
        if (in->kind == LX_INPUT_TOKENS || in->kind == LX_INPUT_RAW)
            lx_embed_fail(b, e, i, LX_S("Voyage takes text, images and videos"));
        lx_out_object(&out, NULL);
        lx_out_array(&out, "content");
        for (const struct lx_part *p = in->parts ? in->parts : &text; p; p = p->next)
            write_part(&out, e, i, p, b);
        lx_out_array_end(&out);
        lx_out_object_end(&out);
    }
    lx_out_array_end(&out);
    if (lx_embed_cuts(e) != LX_UNSET)
        lx_out_bool(&out, "truncation", lx_embed_cuts(e) == LX_YES);
    write_rest(&out, o, r, b);
    lx_out_object_end(&out);
}

static void write_chunks(const struct lx_write_options *o, const struct lx_request *r,
                         struct lx_body *b)
{
    struct lx_out out = lx_out(b->buf);
    lx_embed_settle(o, r, LX_EMBED_DIMENSIONS | LX_EMBED_PURPOSE, b);
    lx_out_object(&out, NULL);
    lx_out_array(&out, "inputs");
    for (size_t i = 0; i < r->embed->count; i++) {
        lx_out_array(&out, NULL);
        lx_input_text_write(&out, NULL, r->embed, i, b);
        lx_out_array_end(&out);
    }
    lx_out_array_end(&out);
    write_rest(&out, o, r, b);
    lx_out_object_end(&out);
}

/* ---- Replies ------------------------------------------------------------------------------- */

static int read_contents(const struct lx_json_doc *body, const struct lx_reply_context *c,
                         struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    (void)c;
    int code = lx_openai_embed_read(lx_json_root(body), a, out, err);
    out->language = LX_S("voyage_content_embed");
    return code;
}

static int read_chunks(const struct lx_json_doc *body, const struct lx_reply_context *c,
                       struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json root = lx_json_root(body), data = LX_GET(root, "data");
    size_t i = 0;
    (void)c;
    *out = (struct lx_reply){.language = LX_S("voyage_chunk_embed"),
                             .model = lx_json_text(LX_GET(root, "model"))};
    lx_embed_read_tokens(LX_GET(LX_GET(root, "usage"), "total_tokens"), &out->usage);
    if (!lx_json_is(data, LX_JSON_ARRAY))
        return lx_error_set(err, LX_EPROTO, "data: expected a list of documents");
    int code = lx_embed_reply_init(out, lx_json_count(data), a);
    for (struct lx_json_iter it = lx_json_iter(data); code == 0 && lx_json_next(&it); i++) {
        struct lx_json chunk = lx_json_at(LX_GET(it.value, "data"), 0);
        if (!lx_vector_of_json(LX_GET(chunk, "embedding"), a, &out->embed->vectors[i]))
            code = lx_error_set(err, LX_EPROTO, "data[%zu].data: expected a vector", i);
    }
    return code;
}

static const struct lx_back contents_back = {
    .path = "/multimodalembeddings",
    .write_request = write_contents,
    .max_inputs = 1000,
    .read_reply = read_contents,
    .read_error = lx_openai_read_error,
};
static const struct lx_back chunks_back = {
    .path = "/contextualizedembeddings",
    .write_request = write_chunks,
    .max_inputs = 1000,
    .read_reply = read_chunks,
    .read_error = lx_openai_read_error,
};

const struct lx_dialect lx_dialect_voyage_content_embed = {
    .name = "voyage_content_embed",
    .title = "Voyage multimodal embeddings",
    .operation = LX_OPERATION_EMBED,
    .back = &contents_back,
};
const struct lx_dialect lx_dialect_voyage_chunk_embed = {
    .name = "voyage_chunk_embed",
    .title = "Voyage contextualized embeddings",
    .operation = LX_OPERATION_EMBED,
    .back = &chunks_back,
};
