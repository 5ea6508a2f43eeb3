/*
 * token_count.c - asking a provider how many tokens a request has: Anthropic's count_tokens,
 * OpenAI's responses/input_tokens and Gemini's countTokens of AI Studio (all three as clients'
 * languages too), that of Vertex AI, and Bedrock's CountTokens.
 *
 * Each takes the request of the language it belongs to, or a part of it, and answers with a number.
 * So the writers of those languages write, and what does not belong is taken out of it.
 */
#include "dialect/anthropic.h"
#include "dialect/bedrock.h"
#include "dialect/gemini.h"
#include "dialect/openai_responses.h"
#include "base/text.h"

/* ---- Replies -------------------------------------------------------------------------------- */

static bool read_number(struct lx_json root, const char *name, struct lx_usage *u)
{
    int64_t n;
    if (lx_json_int(lx_json_get(root, lx_slice_z(name)), &n) || n < 0)
        return false;
    *u = (struct lx_usage){.known = true, .prompt_tokens = n, .total_tokens = n};
    return true;
}

static bool read_any(struct lx_json root, struct lx_usage *u)
{
    return read_number(root, "input_tokens", u) || read_number(root, "inputTokens", u) ||
           read_number(root, "totalTokens", u);
}

static int read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    (void)c;
    *out = (struct lx_reply){.language = LX_S("anthropic_count")};
    out->extra = lx_arena_new(a, struct lx_extra);
    if (!out->extra)
        return a->failed;
    *out->extra =
        (struct lx_extra){LX_S("original_response"), lx_json_raw(lx_json_root(body)), NULL};
    return read_any(lx_json_root(body), &out->usage)
               ? 0
               : lx_error_set(err, LX_EPROTO, "the reply has no number of tokens");
}

static int glance_reply(const struct lx_json_doc *body, struct lx_glance *out)
{
    *out = (struct lx_glance){.content = true, .end = true};
    return read_any(lx_json_root(body), &out->usage) ? 0 : LX_EPROTO;
}

static void write_reply(const struct lx_reply *r, const struct lx_reply_context *c,
                        struct lx_buf *out)
{
    struct lx_out o = lx_out(out);
    (void)c;
    lx_out_object(&o, NULL);
    lx_out_int(&o, "input_tokens", r->usage.prompt_tokens);
    if (r->usage.estimated)
        lx_out_bool(&o, "estimated", true);
    lx_out_object_end(&o);
}

/* Of models that Bedrock does not count for it says so with status 400: no fault of the request. */
static void read_bedrock_error(int status, struct lx_slice body, const struct lx_headers *headers,
                               struct lx_arena *a, struct lx_fault *out)
{
    lx_bedrock_read_error(status, body, headers, a, out);
    if (lx_slice_find(body, LX_S("support counting tokens")) >= 0)
        out->kind = LX_FAULT_NOT_FOUND;
}

static void write_openai_reply(const struct lx_reply *r, const struct lx_reply_context *c,
                               struct lx_buf *out)
{
    struct lx_out o = lx_out(out);
    (void)c;
    lx_out_object(&o, NULL);
    lx_out_lit(&o, "object", "response.input_tokens");
    lx_out_int(&o, "input_tokens", r->usage.prompt_tokens);
    if (r->usage.estimated)
        lx_out_bool(&o, "estimated", true);
    lx_out_object_end(&o);
}

/* Models that the Responses API does not have, and servers that have OpenAI's other addresses only:
 * no fault of the request either. */
static void read_openai_error(int status, struct lx_slice body, const struct lx_headers *headers,
                              struct lx_arena *a, struct lx_fault *out)
{
    lx_openai_read_error(status, body, headers, a, out);
    if (status == 405 || lx_slice_eq(out->param, LX_S("model")))
        out->kind = LX_FAULT_NOT_FOUND;
}

/* ---- Requests ------------------------------------------------------------------------------- */

/* What the language's own writer makes of the request without its parameters, read. False: b has
 * the failure. */
static bool write_plain(void (*write)(const struct lx_write_options *, const struct lx_request *,
                                      struct lx_body *),
                        const struct lx_write_options *o, const struct lx_request *r,
                        struct lx_body *b, struct lx_buf *text, struct lx_json_doc *doc)
{
    struct lx_request plain = *r;
    struct lx_body inner = *b;
    struct lx_losses unsaid;
    memset(plain.params, 0, sizeof(plain.params));
    plain.stream = false;
    plain.stop_count = 0;
    plain.own_extra = NULL;
    inner.buf = text;
    lx_losses_init(&unsaid, b->arena); /* the request itself will say what is lost */
    inner.losses = &unsaid;
    write(o, &plain, &inner);
    if (inner.code) {
        b->code = inner.code;
        b->error = inner.error;
        return false;
    }
    int code = text->failed ? text->failed : lx_json_read(doc, lx_buf_slice(text), NULL, &b->error);
    if (code < 0)
        b->code = code;
    return code == 0;
}

static const char *const anthropic_members[] = {"model",       "messages", "system",      "tools",
                                                "tool_choice", "thinking", "mcp_servers", NULL};
static const char *const bedrock_members[] = {"messages", "system", "toolConfig", NULL};
static const char *const openai_members[] = {"model",
                                             "instructions",
                                             "input",
                                             "tools",
                                             "text",
                                             "tool_choice",
                                             "conversation",
                                             "previous_response_id",
                                             "truncation",
                                             "parallel_tool_calls",
                                             NULL};
static const char *const vertex_members[] = {"contents", "systemInstruction", "tools",
                                             "generationConfig", NULL};

static void copy_members(struct lx_json from, const char *const *names, struct lx_out *out)
{
    for (; *names; names++) {
        struct lx_json v = lx_json_get(from, lx_slice_z(*names));
        if (lx_json_given(v))
            lx_out_raw(out, *names, lx_json_raw(v));
    }
}

static void copy_anthropic(struct lx_json from, const struct lx_write_options *o,
                           struct lx_out *out)
{
    (void)o;
    copy_members(from, anthropic_members, out);
}

/* developers.openai.com/api/reference/resources/responses/subresources/input_tokens, 2026-08.
 * Efforts are no part of a prompt. */
static void copy_openai(struct lx_json from, const struct lx_write_options *o, struct lx_out *out)
{
    (void)o;
    copy_members(from, openai_members, out);
}

/* docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_CountTokens.html, 2026-08 */
static void copy_bedrock(struct lx_json from, const struct lx_write_options *o, struct lx_out *out)
{
    (void)o;
    lx_out_object(out, "input");
    lx_out_object(out, "converse");
    copy_members(from, bedrock_members, out);
    lx_out_object_end(out);
    lx_out_object_end(out);
}

/* ai.google.dev/api/tokens, 2026-08: with generateContentRequest tools and system are counted. */
static void copy_gemini(struct lx_json from, const struct lx_write_options *o, struct lx_out *out)
{
    struct lx_slice model = o->model;
    char name[256] = "models/";
    bool placed = lx_slice_find_byte(model, '/') >= 0;
    if (!placed && model.n < sizeof(name) - 7) {
        memcpy(name + 7, model.p ? model.p : "", model.n);
        model = lx_slice(name, model.n + 7);
    }
    lx_out_object(out, "generateContentRequest");
    lx_out_str(out, "model", model);
    for (struct lx_json_iter it = lx_json_iter(from); lx_json_next(&it);) {
        lx_out_name(out, lx_json_text(it.name));
        lx_out_raw(out, NULL, lx_json_raw(it.value));
    }
    lx_out_object_end(out);
}

/* docs.cloud.google.com/vertex-ai/generative-ai/docs/model-reference/count-tokens, 2026-08 */
static void copy_vertex(struct lx_json from, const struct lx_write_options *o, struct lx_out *out)
{
    (void)o;
    copy_members(from, vertex_members, out);
}

static void write_count(
    void (*write)(const struct lx_write_options *, const struct lx_request *, struct lx_body *),
    void (*copy)(struct lx_json, const struct lx_write_options *, struct lx_out *),
    const struct lx_write_options *o, const struct lx_request *r, struct lx_body *b)
{
    struct lx_buf text;
    struct lx_json_doc doc;
    struct lx_out out = lx_out(b->buf);
    lx_buf_init(&text, b->buf->max);
    lx_json_doc_init(&doc);
    if (write_plain(write, o, r, b, &text, &doc)) {
        lx_out_object(&out, NULL);
        copy(lx_json_root(&doc), o, &out);
        lx_out_object_end(&out);
    }
    lx_body_end(b);
    lx_json_doc_clear(&doc);
    lx_buf_clear(&text);
}

static void write_anthropic(const struct lx_write_options *o, const struct lx_request *r,
                            struct lx_body *b)
{
    write_count(lx_anthropic_write_request, copy_anthropic, o, r, b);
}
static void write_bedrock(const struct lx_write_options *o, const struct lx_request *r,
                          struct lx_body *b)
{
    write_count(lx_bedrock_write_request, copy_bedrock, o, r, b);
}
static void write_gemini(const struct lx_write_options *o, const struct lx_request *r,
                         struct lx_body *b)
{
    write_count(lx_gemini_write_request, copy_gemini, o, r, b);
}
static void write_openai(const struct lx_write_options *o, const struct lx_request *r,
                         struct lx_body *b)
{
    write_count(lx_responses_write_request, copy_openai, o, r, b);
}
static void write_vertex(const struct lx_write_options *o, const struct lx_request *r,
                         struct lx_body *b)
{
    write_count(lx_gemini_write_request, copy_vertex, o, r, b);
}

/* ---- OpenAI's clients ----------------------------------------------------------------------- */

/* A count of nothing is a mistake. */
static int read_openai(const struct lx_json_doc *body, struct lx_arena *a, struct lx_request *out,
                       struct lx_error *err)
{
    struct lx_json root = lx_json_root(body);
    if (!lx_json_given(LX_GET(root, "input")) &&
        !lx_json_given(LX_GET(root, "previous_response_id")) &&
        !lx_json_given(LX_GET(root, "conversation")))
        return lx_error_set(err, LX_EINVAL, "Missing required parameter: 'input'.");
    return lx_responses_read_request(body, a, out, err);
}

/* ---- Google's clients ----------------------------------------------------------------------- */

/* Either a conversation, or a whole request in a member. What is read points into the body's text,
 * so the index of the inner one may go. */
static int read_google(const struct lx_json_doc *body, struct lx_arena *a, struct lx_request *out,
                       struct lx_error *err)
{
    struct lx_json inner = lx_gemini_get(lx_json_root(body), "generateContentRequest");
    struct lx_json_doc doc;
    if (!lx_json_given(inner))
        return lx_gemini_read_request(body, a, out, err);
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, lx_json_raw(inner), NULL, err);
    if (code == 0)
        code = lx_gemini_read_request(&doc, a, out, err);
    lx_json_doc_clear(&doc);
    return code;
}

/* That it is an estimate has no place there; a header says so. */
static void write_google(const struct lx_reply *r, const struct lx_reply_context *c,
                         struct lx_buf *out)
{
    struct lx_out o = lx_out(out);
    (void)c;
    lx_out_object(&o, NULL);
    lx_out_int(&o, "totalTokens", r->usage.prompt_tokens);
    lx_out_object_end(&o);
}

/* ---- Addresses ------------------------------------------------------------------------------ */

static void anthropic_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    (void)o, (void)stream;
    lx_buf_add_lit(out, "/v1/messages/count_tokens");
}

/* An inference profile counts as its model does; the address refuses profiles ("The provided model
 * doesn't support counting tokens"), whose names have a geography in front: "us.anthropic.claude".
 */
static struct lx_slice without_geography(struct lx_slice model)
{
    static const char *const places[] = {"apac", "au", "ca", "eu", "global", "jp", "us", "us-gov"};
    struct lx_slice head, rest;
    if (lx_slice_cut(model, '.', &head, &rest) && lx_slice_find_byte(rest, '.') > 0)
        for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
            if (lx_slice_eq(head, lx_slice_z(places[i])))
                return rest;
    return model;
}

static void openai_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    (void)o, (void)stream;
    lx_buf_add_lit(out, "/responses/input_tokens");
}

static void bedrock_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    (void)stream;
    lx_buf_add_lit(out, "/model/");
    lx_percent_write(out, without_geography(o->model), LX_S(""));
    lx_buf_add_lit(out, "/count-tokens");
}

static void gemini_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    bool placed = lx_slice_find_byte(o->model, '/') >= 0;
    (void)stream;
    lx_buf_add(out, placed ? LX_S("/") : LX_S("/models/"));
    lx_percent_write(out, o->model, LX_S("/@:"));
    lx_buf_add_lit(out, ":countTokens");
}

/* ---- The tables ----------------------------------------------------------------------------- */

static const struct lx_front front = {
    .read_request = lx_anthropic_read_request,
    .write_reply = write_reply,
    .write_error = lx_anthropic_write_error,
};

static const struct lx_front openai_front = {
    .read_request = read_openai,
    .write_reply = write_openai_reply,
    .write_error = lx_openai_write_error,
    .own_members = lx_responses_own_members,
};

static const struct lx_front google_front = {
    .read_request = read_google,
    .write_reply = write_google,
    .write_error = lx_gemini_write_error,
};

#define BACK(path, write, error)                                                  \
    {                                                                             \
        .write_path = (path), .write_request = (write), .read_reply = read_reply, \
        .read_error = (error), .glance_reply = glance_reply                       \
    }

static const struct lx_back anthropic_back =
    BACK(anthropic_path, write_anthropic, lx_anthropic_read_error);
static const struct lx_back bedrock_back = BACK(bedrock_path, write_bedrock, read_bedrock_error);
static const struct lx_back openai_back = BACK(openai_path, write_openai, read_openai_error);
static const struct lx_back vertex_back = BACK(gemini_path, write_vertex, lx_gemini_read_error);
static const struct lx_back gemini_back = BACK(gemini_path, write_gemini, lx_gemini_read_error);

const struct lx_dialect lx_dialect_anthropic_count = {
    .name = "anthropic_count",
    .title = "Anthropic count_tokens",
    .operation = LX_OPERATION_COUNT,
    .front = &front,
    .back = &anthropic_back,
};
const struct lx_dialect lx_dialect_bedrock_count = {
    .name = "bedrock_count",
    .title = "Amazon Bedrock CountTokens",
    .operation = LX_OPERATION_COUNT,
    .back = &bedrock_back,
};
const struct lx_dialect lx_dialect_gemini_count = {
    .name = "gemini_count",
    .title = "Google Gemini countTokens",
    .operation = LX_OPERATION_COUNT,
    .back = &gemini_back,
};
const struct lx_dialect lx_dialect_gemini_asked_count = {
    .name = "gemini_asked_count",
    .title = "Google Gemini countTokens, of clients",
    .operation = LX_OPERATION_COUNT,
    .front = &google_front,
};
const struct lx_dialect lx_dialect_openai_count = {
    .name = "openai_count",
    .title = "OpenAI responses/input_tokens",
    .operation = LX_OPERATION_COUNT,
    .front = &openai_front,
    .back = &openai_back,
};
const struct lx_dialect lx_dialect_vertex_count = {
    .name = "vertex_count",
    .title = "Vertex AI countTokens",
    .operation = LX_OPERATION_COUNT,
    .back = &vertex_back,
};
