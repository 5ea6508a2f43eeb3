/*
 * bedrock_embed.c - embeddings on Bedrock: InvokeModel with each family's own body.
 *
 * docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-titan-embed-text.html,
 * .../model-parameters-titan-embed-mm.html, .../model-parameters-embed.html (Cohere),
 * docs.aws.amazon.com/nova/latest/userguide/embeddings-schema.html (2026) and recorded traffic.
 * What was used is in a header where the body does not say it.
 */
#include "base/text.h"
#include "dialect/bedrock.h"
#include "dialect/cohere_embed.h"

/* ---- Titan --------------------------------------------------------------------------------- */

static void titan_body(const struct lx_write_options *o, const struct lx_request *r, bool second,
                       struct lx_body *b)
{
    const struct lx_embed_request *e = r->embed;
    struct lx_out out = lx_out(b->buf);
    lx_embed_settle(o, r, second ? LX_EMBED_DIMENSIONS : 0, b);
    lx_out_object(&out, NULL);
    lx_input_text_write(&out, "inputText", e, 0, b);
    if (second && e->dimensions.p)
        lx_out_raw(&out, "dimensions", e->dimensions);
    lx_extra_write(&out, r->extra);
    lx_out_object_end(&out);
}

static void write_titan(const struct lx_write_options *o, const struct lx_request *r,
                        struct lx_body *b)
{
    titan_body(o, r, false, b);
}

static void write_titan_2(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    titan_body(o, r, true, b);
}

/* A text, an image, or both in one vector. */
static void write_titan_image(const struct lx_write_options *o, const struct lx_request *r,
                              struct lx_body *b)
{
    const struct lx_embed_request *e = r->embed;
    const struct lx_input *in = e->inputs;
    struct lx_out out = lx_out(b->buf);
    lx_embed_settle(o, r, LX_EMBED_DIMENSIONS, b);
    lx_out_object(&out, NULL);
    if (in->kind != LX_INPUT_PARTS)
        lx_input_text_write(&out, "inputText", e, 0, b);
    for (const struct lx_part *p = in->parts; p; p = p->next)
        if (p->kind == LX_PART_TEXT)
            lx_out_text(&out, "inputText", p->text);
        else if (p->kind == LX_PART_IMAGE && p->media.data.s.n)
            lx_out_text(&out, "inputImage", p->media.data);
        else
            lx_embed_fail(b, e, 0, LX_S("the model takes text and images, as data"));
    if (e->dimensions.p) {
        lx_out_object(&out, "embeddingConfig");
        lx_out_raw(&out, "outputEmbeddingLength", e->dimensions);
        lx_out_object_end(&out);
    }
    lx_extra_write(&out, r->extra);
    lx_out_object_end(&out);
}

/* ---- Nova ---------------------------------------------------------------------------------- */

static const struct nova_medium {
    enum lx_part_kind kind;
    const char *name, *mime; /* "image/": what stands before the format */
} nova_media[] = {
    {LX_PART_IMAGE, "image", "image/"},
    {LX_PART_AUDIO, "audio", "audio/"},
    {LX_PART_VIDEO, "video", "video/"},
};

static void write_nova_medium(struct lx_out *out, const struct nova_medium *m,
                              const struct lx_part *p)
{
    struct lx_slice format = p->media.type;
    if (lx_slice_starts(format, lx_slice_z(m->mime)))
        format = lx_slice_from(format, strlen(m->mime));
    lx_out_object(out, m->name);
    lx_out_str(out, "format", format.n ? format : LX_S("png"));
    if (p->kind == LX_PART_VIDEO)
        lx_out_lit(out, "embeddingMode", "AUDIO_VIDEO_COMBINED");
    lx_out_object(out, "source");
    lx_out_text(out, "bytes", p->media.data);
    lx_out_object_end(out);
    lx_out_object_end(out);
}

static void write_nova_text(struct lx_out *out, const struct lx_embed_request *e, struct lx_body *b)
{
    lx_out_object(out, "text");
    if (e->truncate.s.n)
        lx_out_text(out, "truncationMode", e->truncate);
    else
        lx_out_lit(out, "truncationMode", "END"); /* demanded; LiteLLM's default */
    lx_input_text_write(out, "value", e, 0, b);
    lx_out_object_end(out);
}

static void write_nova_input(struct lx_out *out, const struct lx_embed_request *e,
                             struct lx_body *b)
{
    const struct lx_part *p = e->inputs[0].kind == LX_INPUT_PARTS ? e->inputs[0].parts : NULL;
    if (!p || (p->kind == LX_PART_TEXT && !p->next)) {
        write_nova_text(out, e, b);
        return;
    }
    for (size_t i = 0; i < sizeof(nova_media) / sizeof(nova_media[0]); i++)
        if (!p->next && p->kind == nova_media[i].kind && p->media.data.s.n) {
            write_nova_medium(out, &nova_media[i], p);
            return;
        }
    lx_embed_fail(b, e, 0, LX_S("the model takes a text, or an image, sound or video as data"));
}

static void write_nova(const struct lx_write_options *o, const struct lx_request *r,
                       struct lx_body *b)
{
    static const char *const words[] = {
        [LX_PURPOSE_QUERY] = "GENERIC_RETRIEVAL",       [LX_PURPOSE_DOCUMENT] = "GENERIC_INDEX",
        [LX_PURPOSE_CLASSIFICATION] = "CLASSIFICATION", [LX_PURPOSE_CLUSTERING] = "CLUSTERING",
        [LX_PURPOSE_SIMILARITY] = "CLUSTERING",         [LX_PURPOSE_CODE_QUERY] = "TEXT_RETRIEVAL",
        [LX_PURPOSE_IMAGE] = "GENERIC_INDEX",           [LX_PURPOSE_OTHER] = NULL,
    };
    const struct lx_embed_request *e = r->embed;
    struct lx_out out = lx_out(b->buf);
    struct lx_slice purpose = lx_purpose_name(e, words, b->arena);
    lx_embed_settle(o, r, LX_EMBED_DIMENSIONS | LX_EMBED_PURPOSE | LX_EMBED_TRUNCATE, b);
    lx_out_object(&out, NULL);
    lx_out_lit(&out, "taskType", "SINGLE_EMBEDDING");
    lx_out_object(&out, "singleEmbeddingParams");
    lx_out_str(&out, "embeddingPurpose", purpose.n ? purpose : LX_S("GENERIC_INDEX"));
    if (e->dimensions.p)
        lx_out_raw(&out, "embeddingDimension", e->dimensions);
    write_nova_input(&out, e, b);
    lx_extra_write(&out, r->extra);
    lx_out_object_end(&out);
    lx_out_object_end(&out);
}

/* ---- TwelveLabs ---------------------------------------------------------------------------- */

/* The image of an input that is one, maybe beside a text; NULL where it is anything else. */
static const struct lx_part *picture(const struct lx_input *in, const struct lx_part **text)
{
    const struct lx_part *image = NULL;
    *text = NULL;
    for (const struct lx_part *p = in->kind == LX_INPUT_PARTS ? in->parts : NULL; p; p = p->next) {
        if (p->kind == LX_PART_IMAGE && p->media.data.s.n && !image)
            image = p;
        else if (p->kind == LX_PART_TEXT && !*text)
            *text = p;
        else
            return NULL;
    }
    return image;
}

static void write_source(struct lx_out *out, const struct lx_part *image)
{
    lx_out_object(out, "mediaSource");
    lx_out_text(out, "base64String", image->media.data);
    lx_out_object_end(out);
}

static void write_marengo_2(struct lx_out *out, const struct lx_part *image,
                            const struct lx_part *text, const struct lx_embed_request *e,
                            struct lx_body *b)
{
    lx_out_str(out, "inputType", image ? LX_S("image") : LX_S("text"));
    if (image && text)
        lx_embed_fail(b, e, 0, LX_S("the model takes a text or an image, not both together"));
    if (image) {
        write_source(out, image);
        return;
    }
    lx_input_text_write(out, "inputText", e, 0, b);
    lx_out_str(out, "textTruncate", lx_embed_cuts(e) == LX_NO ? LX_S("none") : LX_S("end"));
}

/* What is embedded stands under the name of its kind. */
static void write_marengo_3(struct lx_out *out, const struct lx_part *image,
                            const struct lx_part *text, const struct lx_embed_request *e,
                            struct lx_body *b)
{
    const char *kind = !image ? "text" : text ? "text_image" : "image";
    lx_out_str(out, "inputType", lx_slice_z(kind));
    lx_out_object(out, kind);
    if (!image)
        lx_input_text_write(out, "inputText", e, 0, b);
    else if (text)
        lx_out_text(out, "inputText", text->text);
    if (image)
        write_source(out, image);
    lx_out_object_end(out);
}

/* docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-marengo.html and
 * .../model-parameters-marengo-3.html (2026): sound and videos go by StartAsyncInvoke only. */
static void write_marengo(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    const struct lx_embed_request *e = r->embed;
    const struct lx_part *text, *image = picture(&e->inputs[0], &text);
    struct lx_part plain = {.kind = LX_PART_IMAGE, .media.data = e->inputs[0].text};
    bool third = lx_slice_find(o->model, LX_S("marengo-embed-3")) >= 0;
    struct lx_slice type = lx_text_plain(e->input_type, b->arena);
    enum lx_purpose purpose = lx_purpose_read(type);
    struct lx_out out = lx_out(b->buf);
    if (purpose == LX_PURPOSE_IMAGE && e->inputs[0].kind == LX_INPUT_TEXT)
        image = &plain; /* LiteLLM's clients call it so, and it is base64 alone */
    if (lx_slice_eq(type, LX_S("video")) || lx_slice_eq(type, LX_S("audio")))
        lx_embed_fail(b, e, 0,
                      LX_S("the model answers for videos and sound with async-invoke only"));
    lx_embed_settle(o, r,
                    (third ? 0U : LX_EMBED_TRUNCATE) |
                        (purpose == LX_PURPOSE_IMAGE ? LX_EMBED_PURPOSE : 0U),
                    b);
    lx_out_object(&out, NULL);
    (third ? write_marengo_3 : write_marengo_2)(&out, image, text, e, b);
    lx_extra_write(&out, r->extra);
    lx_out_object_end(&out);
}

/* ---- Cohere, and the families -------------------------------------------------------------- */

static void write_cohere(const struct lx_write_options *o, const struct lx_request *r,
                         struct lx_body *b)
{
    lx_cohere_embed_write(o, r, false, b);
}

/* By a part of the model's name; the first one decides. */
static const struct family {
    const char *part;
    void (*write)(const struct lx_write_options *o, const struct lx_request *r, struct lx_body *b);
    bool many; /* inputs in one request: as Cohere's */
} families[] = {
    {"cohere.embed", write_cohere, true},          {"titan-embed-image", write_titan_image, false},
    {"titan-embed-text-v2", write_titan_2, false}, {"titan-embed", write_titan, false},
    {"marengo-embed", write_marengo, false},       {"nova", write_nova, false},
};

static const struct family *family_of(struct lx_slice model)
{
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++)
        if (lx_slice_find(model, lx_slice_z(families[i].part)) >= 0)
            return &families[i];
    return NULL;
}

static size_t take_inputs(const struct lx_write_options *o, const struct lx_request *r)
{
    const struct family *f = family_of(o->model);
    return f && f->many ? lx_cohere_embed_max(o, r) : 1;
}

static void write_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    (void)stream;
    lx_buf_add_lit(out, "/model/");
    lx_percent_write(out, o->model, LX_S(""));
    lx_buf_add_lit(out, "/invoke");
}

static void write_request(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    const struct family *f = family_of(o->model);
    if (f)
        f->write(o, r, b);
    else
        lx_body_fail(
            b, LX_EINVAL, LX_S("model"),
            LX_S("no embedding model that is known on Bedrock: Titan, Cohere, Nova, Marengo"));
}

/* ---- Replies ------------------------------------------------------------------------------- */

/* Titan {"embedding"}, Nova {"embeddings":[{"embedding"}]}, Marengo the same under "data", Cohere
 * {"embeddings"} in both forms. */
static int read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json root = lx_json_root(body), one = LX_GET(root, "embedding");
    struct lx_json many = LX_GET(root, "embeddings"), data = LX_GET(root, "data");
    *out = (struct lx_reply){
        .language = LX_S("bedrock_embed"),
        .id = lx_json_text(LX_GET(root, "id")),
        .model = lx_text(c->model),
    };
    lx_embed_read_tokens(LX_GET(root, "inputTextTokenCount"), &out->usage);
    if (!out->usage.known && c->input_tokens > 0) {
        out->usage.known = true;
        out->usage.prompt_tokens = out->usage.total_tokens = c->input_tokens;
    }
    if (lx_json_is(one, LX_JSON_ARRAY))
        return lx_embed_read_one(one, a, out);
    if (lx_json_is(data, LX_JSON_ARRAY))
        return lx_embed_read_list(data, "data", "embedding", a, out, err);
    if (lx_json_is(lx_json_at(many, 0), LX_JSON_OBJECT))
        return lx_embed_read_list(many, "embeddings", "embedding", a, out, err);
    return lx_embed_read_types(many, c, a, out, err);
}

static const struct lx_back back = {
    .write_path = write_path,
    .write_request = write_request,
    .take_inputs = take_inputs,
    .read_reply = read_reply,
    .read_error = lx_bedrock_read_error,
    .tokens_header = "x-amzn-bedrock-input-token-count",
};

const struct lx_dialect lx_dialect_bedrock_embed = {
    .name = "bedrock_embed",
    .title = "Bedrock embeddings (InvokeModel)",
    .operation = LX_OPERATION_EMBED,
    .back = &back,
};
