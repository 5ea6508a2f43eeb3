/*
 * cohere_embed.c - Cohere's embeddings: POST /v2/embed.
 *
 * Cohere's OpenAPI document (2026) and recorded traffic; replies of /v1/embed are read, too. Texts,
 * images, and inputs of both have a member each. Models before the fourth generation take one image
 * a request, and no mixtures: their inputs are split where the kind changes.
 */
#include "dialect/cohere_embed.h"

#include "dialect/cohere.h"
#include "dialect/openai_chat.h"

enum { MAX_INPUTS = 96 };

/* ---- Requests ------------------------------------------------------------------------------ */

static bool is_old(struct lx_slice model)
{
    return lx_slice_find(model, LX_S("v3")) >= 0 || lx_slice_find(model, LX_S("v2")) >= 0;
}

static bool is_text(const struct lx_input *in)
{
    struct lx_text text;
    return lx_input_text(in, &text) || in->kind == LX_INPUT_TOKENS;
}

size_t lx_cohere_embed_max(const struct lx_write_options *o, const struct lx_request *r)
{
    const struct lx_embed_request *e = r->embed;
    size_t n = 1;
    if (!is_old(o->model) || !e->count)
        return MAX_INPUTS;
    if (!is_text(&e->inputs[0]))
        return 1;
    while (n < e->count && n < MAX_INPUTS && is_text(&e->inputs[n]))
        n++;
    return n;
}

static void write_images(struct lx_out *o, const struct lx_embed_request *e)
{
    lx_out_array(o, "images");
    for (size_t i = 0; i < e->count; i++)
        lx_openai_write_url(o, NULL, &e->inputs[i].parts->media, LX_S("image/png"));
    lx_out_array_end(o);
}

static void write_part(struct lx_out *o, const struct lx_embed_request *e, size_t i,
                       const struct lx_part *p, struct lx_body *b)
{
    lx_out_object(o, NULL);
    if (p->kind == LX_PART_TEXT) {
        lx_out_lit(o, "type", "text");
        lx_out_text(o, "text", p->text);
    } else if (p->kind == LX_PART_IMAGE) {
        lx_out_lit(o, "type", "image_url");
        lx_out_object(o, "image_url");
        lx_openai_write_url(o, "url", &p->media, LX_S("image/png"));
        lx_out_object_end(o);
    } else {
        lx_embed_fail(b, e, i, LX_S("Cohere takes text and images"));
    }
    lx_out_object_end(o);
}

static void write_inputs(struct lx_out *o, const struct lx_embed_request *e, struct lx_body *b)
{
    lx_out_array(o, "inputs");
    for (size_t i = 0; i < e->count; i++) {
        const struct lx_input *in = &e->inputs[i];
        const struct lx_part text = {.kind = LX_PART_TEXT, .text = in->text};
        if (in->kind == LX_INPUT_TOKENS || in->kind == LX_INPUT_RAW)
            lx_embed_fail(b, e, i, LX_S("Cohere takes text and images"));
        lx_out_object(o, NULL);
        lx_out_array(o, "content");
        for (const struct lx_part *p = in->parts ? in->parts : &text; p; p = p->next)
            write_part(o, e, i, p, b);
        lx_out_array_end(o);
        lx_out_object_end(o);
    }
    lx_out_array_end(o);
}

/* Of all inputs: how many are text, and how many an image alone. */
static void write_content(struct lx_out *o, const struct lx_write_options *options,
                          const struct lx_embed_request *e, struct lx_body *b)
{
    size_t texts = 0, images = 0;
    for (size_t i = 0; i < e->count; i++) {
        texts += is_text(&e->inputs[i]);
        images += lx_input_part(&e->inputs[i], LX_PART_IMAGE) != NULL;
    }
    if (texts == e->count)
        lx_embed_write_texts(o, "texts", e, b);
    else if (images == e->count)
        write_images(o, e);
    else if (is_old(options->model))
        lx_embed_fail(b, e, 0, LX_S("the model takes a text or an image, not both together"));
    else
        write_inputs(o, e, b);
}

/* Demanded from the third generation on; LiteLLM's default. */
static struct lx_slice input_type(const struct lx_embed_request *e, struct lx_arena *a)
{
    static const char *const words[] = {
        [LX_PURPOSE_QUERY] = "search_query",
        [LX_PURPOSE_DOCUMENT] = "search_document",
        [LX_PURPOSE_CLASSIFICATION] = "classification",
        [LX_PURPOSE_CLUSTERING] = "clustering",
        [LX_PURPOSE_SIMILARITY] = "clustering",
        [LX_PURPOSE_CODE_QUERY] = "search_query",
        [LX_PURPOSE_IMAGE] = "image",
        [LX_PURPOSE_OTHER] = NULL,
    };
    struct lx_slice word = lx_purpose_name(e, words, a);
    return word.n ? word : LX_S("search_document");
}

void lx_cohere_embed_write(const struct lx_write_options *o, const struct lx_request *r, bool named,
                           struct lx_body *b)
{
    const struct lx_embed_request *e = r->embed;
    struct lx_out out = lx_out(b->buf);
    bool floats = !e->encoding.n || lx_slice_eq(e->encoding, LX_S("base64"));
    bool image = e->count && lx_input_part(&e->inputs[0], LX_PART_IMAGE) && is_old(o->model);
    lx_embed_settle(o, r, ~(unsigned)LX_EMBED_USER, b);
    lx_out_object(&out, NULL);
    if (named)
        lx_out_str(&out, "model", o->model);
    write_content(&out, o, e, b);
    lx_out_str(&out, "input_type", image ? LX_S("image") : input_type(e, b->arena));
    lx_out_array(&out, "embedding_types");
    lx_out_str(&out, NULL, floats ? LX_S("float") : e->encoding);
    lx_out_array_end(&out);
    if (e->dimensions.p)
        lx_out_raw(&out, "output_dimension", e->dimensions);
    if (e->truncate.s.n)
        lx_out_text(&out, "truncate", e->truncate);
    lx_extra_write(&out, r->extra);
    lx_out_object_end(&out);
}

static void write_request(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    lx_cohere_embed_write(o, r, !o->model_outside, b);
}

/* ---- Replies ------------------------------------------------------------------------------- */

/* Texts in tokens, images by the piece or, by the newer models, in tokens. */
static void read_usage(struct lx_json billed, struct lx_usage *u)
{
    struct lx_usage images = {0};
    lx_embed_read_tokens(LX_GET(billed, "image_tokens"), &images);
    if (!images.prompt_tokens)
        lx_embed_read_tokens(LX_GET(billed, "images"), &images);
    lx_embed_read_tokens(LX_GET(billed, "input_tokens"), u);
    if (!images.prompt_tokens)
        return;
    u->known = u->has_prompt_details = true;
    u->prompt_text_tokens = u->prompt_tokens;
    u->prompt_image_tokens = images.prompt_tokens;
    u->prompt_tokens += images.prompt_tokens;
    u->total_tokens += images.prompt_tokens;
}

static int read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json root = lx_json_root(body);
    *out = (struct lx_reply){
        .language = LX_S("cohere_embed"),
        .id = lx_json_text(LX_GET(root, "id")),
        .model = lx_text(c->model),
    };
    read_usage(LX_GET(LX_GET(root, "meta"), "billed_units"), &out->usage);
    return lx_embed_read_types(LX_GET(root, "embeddings"), c, a, out, err);
}

static const struct lx_back back = {
    .path = "/v2/embed",
    .write_request = write_request,
    .take_inputs = lx_cohere_embed_max,
    .read_reply = read_reply,
    .read_error = lx_cohere_read_error,
};

const struct lx_dialect lx_dialect_cohere_embed = {
    .name = "cohere_embed",
    .title = "Cohere embeddings",
    .operation = LX_OPERATION_EMBED,
    .back = &back,
};
