/*
 * sap_embed.c - embeddings of SAP AI Core's orchestration service: POST /v2/embeddings.
 *
 * help.sap.com/docs/sap-ai-core/generative-ai (harmonized API, embeddings), the types of SAP's
 * Cloud SDK for AI (@sap-ai-sdk/orchestration 2.4), LiteLLM sap/embed (1.106.2). The reply is
 * OpenAI's, within final_result. Members that nobody else has (version, parameters, masking,
 * timeout, max_retries) go where the service has them.
 */
#include "dialect/embed.h"
#include "dialect/openai_chat.h"

/* A member that the client gave, as it came. */
static void copy(struct lx_out *out, const struct lx_request *r, const char *name)
{
    const struct lx_extra *x = lx_extra_find(r->extra, lx_slice_z(name));
    if (x)
        lx_out_raw(out, name, x->json);
}

static void write_model(struct lx_out *out, const struct lx_write_options *o,
                        const struct lx_request *r)
{
    const struct lx_extra *given = lx_extra_find(r->extra, LX_S("parameters"));
    lx_out_object(out, "model");
    lx_out_str(out, "name", o->model);
    if (lx_extra_find(r->extra, LX_S("version")))
        copy(out, r, "version");
    else
        lx_out_lit(out, "version", "latest");
    if (given) {
        lx_out_raw(out, "params", given->json);
    } else if (r->embed->dimensions.p) {
        lx_out_object(out, "params");
        lx_out_raw(out, "dimensions", r->embed->dimensions);
        lx_out_object_end(out);
    }
    copy(out, r, "timeout");
    copy(out, r, "max_retries");
    lx_out_object_end(out);
}

static void write_input(struct lx_out *out, const struct lx_request *r, struct lx_body *b)
{
    static const char *const words[] = {
        [LX_PURPOSE_QUERY] = "query",         [LX_PURPOSE_DOCUMENT] = "document",
        [LX_PURPOSE_CLASSIFICATION] = "text", [LX_PURPOSE_CLUSTERING] = "text",
        [LX_PURPOSE_SIMILARITY] = "text",     [LX_PURPOSE_CODE_QUERY] = "query",
        [LX_PURPOSE_IMAGE] = "document",      [LX_PURPOSE_OTHER] = NULL,
    };
    struct lx_slice purpose = lx_purpose_name(r->embed, words, b->arena);
    lx_out_object(out, "input");
    lx_embed_write_texts(out, "text", r->embed, b);
    if (purpose.n)
        lx_out_str(out, "type", purpose);
    else
        copy(out, r, "type");
    lx_out_object_end(out);
}

static void lose_unknown(const struct lx_request *r, struct lx_body *b)
{
    for (const struct lx_extra *x = r->extra; x; x = x->next)
        if (!lx_slice_among(x->name, "|version|parameters|masking|timeout|max_retries|type|"))
            lx_losses_add(b->losses, x->name, LX_S("the service has no place for it"));
}

static void write_request(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    struct lx_out out = lx_out(b->buf);
    lx_embed_settle(o, r, LX_EMBED_DIMENSIONS | LX_EMBED_PURPOSE, b);
    lose_unknown(r, b);
    lx_out_object(&out, NULL);
    lx_out_object(&out, "config");
    lx_out_object(&out, "modules");
    lx_out_object(&out, "embeddings");
    write_model(&out, o, r);
    lx_out_object_end(&out);
    copy(&out, r, "masking");
    lx_out_object_end(&out);
    lx_out_object_end(&out);
    write_input(&out, r, b);
    lx_out_object_end(&out);
}

static int read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json result = LX_GET(lx_json_root(body), "final_result");
    (void)c;
    if (!lx_json_is(result, LX_JSON_OBJECT))
        return lx_error_set(err, LX_EPROTO, "final_result: expected embeddings");
    int code = lx_openai_embed_read(result, a, out, err);
    out->language = LX_S("sap_embed");
    return code;
}

static const struct lx_back back = {
    .path = "/v2/embeddings",
    .write_request = write_request,
    .read_reply = read_reply,
    .read_error = lx_openai_read_error,
};

const struct lx_dialect lx_dialect_sap_embed = {
    .name = "sap_embed",
    .title = "SAP AI Core embeddings",
    .operation = LX_OPERATION_EMBED,
    .back = &back,
};
