/*
 * oci_embed.c - embeddings of Oracle's Generative AI: POST /20231130/actions/embedText.
 *
 *   {"compartmentId": "..", "servingMode": {..}, "inputs": ["a", "b"], "inputType": "SEARCH_QUERY"}
 *   -> {"modelId": "..", "embeddings": [[..], [..]], "inputTextTokenCounts": [3, 4]}
 *
 * docs.oracle.com/iaas/api/#/en/generative-ai-inference/20231130/EmbedTextResult/EmbedText (2026),
 * LiteLLM oci/embed (1.106.2). The row puts the compartment in.
 */
#include "dialect/embed.h"
#include "dialect/oci.h"

enum { MAX_INPUTS = 96 };

/* An image is an input of its own type, and goes alone. */
static const struct lx_part *image_of(const struct lx_embed_request *e)
{
    return e->count ? lx_input_part(&e->inputs[0], LX_PART_IMAGE) : NULL;
}

static size_t take_inputs(const struct lx_write_options *o, const struct lx_request *r)
{
    const struct lx_embed_request *e = r->embed;
    size_t n = 1;
    (void)o;
    if (image_of(e))
        return 1;
    while (n < e->count && n < MAX_INPUTS && !lx_input_part(&e->inputs[n], LX_PART_IMAGE))
        n++;
    return n;
}

static void write_request(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    static const char *const words[] = {
        [LX_PURPOSE_QUERY] = "SEARCH_QUERY",
        [LX_PURPOSE_DOCUMENT] = "SEARCH_DOCUMENT",
        [LX_PURPOSE_CLASSIFICATION] = "CLASSIFICATION",
        [LX_PURPOSE_CLUSTERING] = "CLUSTERING",
        [LX_PURPOSE_OTHER] = NULL,
    };
    const struct lx_embed_request *e = r->embed;
    const struct lx_part *image = image_of(e);
    struct lx_out out = lx_out(b->buf);
    struct lx_json none = {0};
    struct lx_slice purpose = lx_purpose_name(e, words, b->arena);
    enum lx_tristate cuts = lx_embed_cuts(e);
    lx_embed_settle(o, r, LX_EMBED_DIMENSIONS | LX_EMBED_PURPOSE | LX_EMBED_TRUNCATE, b);
    lx_out_object(&out, NULL);
    lx_oci_write_serving(&out, o, none);
    if (image) {
        lx_out_array(&out, "inputs");
        lx_openai_write_url(&out, NULL, &image->media, LX_S("image/png"));
        lx_out_array_end(&out);
    } else {
        lx_embed_write_texts(&out, "inputs", e, b);
    }
    if (image)
        lx_out_lit(&out, "inputType", "IMAGE");
    else if (purpose.n)
        lx_out_str(&out, "inputType", purpose);
    if (cuts != LX_UNSET)
        lx_out_str(&out, "truncate", cuts == LX_YES ? LX_S("END") : LX_S("NONE"));
    if (e->dimensions.n)
        lx_out_raw(&out, "outputDimensions", e->dimensions);
    lx_extra_write(&out, r->extra);
    lx_out_object_end(&out);
}

static int read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json root = lx_json_root(body), counts = LX_GET(root, "inputTextTokenCounts");
    int64_t sum = 0, n;
    (void)c;
    *out = (struct lx_reply){.language = LX_S("oci_embed"),
                             .model = lx_json_text(LX_GET(root, "modelId"))};
    lx_embed_read_tokens(LX_GET(LX_GET(root, "usage"), "promptTokens"), &out->usage);
    for (struct lx_json_iter it = lx_json_iter(counts); lx_json_next(&it);)
        if (lx_json_int(it.value, &n) == 0 && n > 0 && n < INT32_MAX && sum < INT32_MAX)
            sum += n;
    if (sum)
        out->usage = (struct lx_usage){.known = true, .prompt_tokens = sum, .total_tokens = sum};
    return lx_embed_read_list(LX_GET(root, "embeddings"), "embeddings", NULL, a, out, err);
}

static const struct lx_back back = {
    .path = "/20231130/actions/embedText",
    .write_request = write_request,
    .take_inputs = take_inputs,
    .read_reply = read_reply,
    .read_error = lx_openai_read_error,
};

const struct lx_dialect lx_dialect_oci_embed = {
    .name = "oci_embed",
    .title = "OCI Generative AI embeddings",
    .operation = LX_OPERATION_EMBED,
    .back = &back,
};
