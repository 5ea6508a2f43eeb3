/*
 * openai_responses.c - OpenAI's Responses API as a dialect: its table, its address, errors, and the
 * light readers and markers for replies that pass as they came.
 *
 * The table is all that others see; openai_responses.h says which file does what.
 */
#include "dialect/openai_responses.h"
#include "dialect/response_id.h"
#include "dialect/lost.h"

/* ---- Errors ------------------------------------------------------------------------------- */

/* Codes of a response that failed (openapi, ResponseErrorCode), where they say more than that it
 * did; others are read as chat completions' are. */
static const struct {
    struct lx_slice start;
    enum lx_fault_kind kind;
} codes[] = {
    {LX_S_INIT("image_content_policy_violation"), LX_FAULT_CONTENT_POLICY},
    {LX_S_INIT("bio_policy"), LX_FAULT_CONTENT_POLICY},
    {LX_S_INIT("cyber_policy"), LX_FAULT_CONTENT_POLICY},
    {LX_S_INIT("invalid_"), LX_FAULT_BAD_REQUEST},
    {LX_S_INIT("image_"), LX_FAULT_BAD_REQUEST},
    {LX_S_INIT("unsupported_image"), LX_FAULT_BAD_REQUEST},
    {LX_S_INIT("empty_image"), LX_FAULT_BAD_REQUEST},
    {LX_S_INIT("failed_to_download_image"), LX_FAULT_BAD_REQUEST},
    {LX_S_INIT("vector_store_timeout"), LX_FAULT_TIMEOUT},
};

static void refine(struct lx_fault *f)
{
    for (size_t i = 0; f->kind == LX_FAULT_API && i < sizeof(codes) / sizeof(codes[0]); i++)
        if (lx_slice_starts(f->code, codes[i].start))
            f->kind = lx_fault_refine(codes[i].kind, f->message);
}

/* {"error":{..}}: of a body, of a failed response, or of an event; or the event is one itself:
 * {"type":"error","code","message","param"}. */
bool lx_responses_fault_read(struct lx_json v, struct lx_arena *a, struct lx_fault *out)
{
    struct lx_json status = LX_GET(v, "status");
    bool event = lx_json_eq(LX_GET(v, "type"), LX_S("error"));
    bool ended = lx_json_eq(status, LX_S("failed")) || lx_json_eq(status, LX_S("cancelled"));
    if (!event && !ended && !lx_json_given(LX_GET(v, "error")))
        return false;
    lx_openai_read_fault(0, v, a, out);
    if (event && lx_slice_eq(out->type, LX_S("error")))
        out->type = lx_slice(NULL, 0); /* of the event */
    refine(out);
    return true;
}

/* ---- Glances ------------------------------------------------------------------------------ */

static struct lx_slice word(struct lx_json v)
{
    struct lx_text t = lx_json_text(v);
    return t.escaped ? lx_slice(NULL, 0) : t.s;
}

static bool has_call(struct lx_json output)
{
    for (struct lx_json_iter it = lx_json_iter(output); lx_json_next(&it);)
        if (lx_json_eq(LX_GET(it.value, "type"), LX_S("function_call")) ||
            lx_json_eq(LX_GET(it.value, "type"), LX_S("custom_tool_call")))
            return true;
    return false;
}

static void glance(struct lx_json response, struct lx_glance *out)
{
    struct lx_json error = LX_GET(response, "error"), status = LX_GET(response, "status");
    struct lx_slice raw;
    out->model = word(LX_GET(response, "model"));
    out->is_fault = lx_json_given(error) || lx_json_eq(status, LX_S("failed"));
    if (!lx_json_given(status) || lx_json_eq(status, LX_S("in_progress")) ||
        lx_json_eq(status, LX_S("queued")))
        return;
    out->finish = lx_responses_finish(response, &raw, NULL);
    if (out->finish == LX_FINISH_STOP && has_call(LX_GET(response, "output")))
        out->finish = LX_FINISH_TOOL_CALLS;
    lx_openai_read_bill(response, &out->usage);
}

static bool is_sealed(struct lx_json item)
{
    return lx_json_is(LX_GET(item, "encrypted_content"), LX_JSON_STRING);
}

static int glance_reply(const struct lx_json_doc *body, struct lx_glance *out)
{
    struct lx_json root = lx_json_root(body);
    *out = (struct lx_glance){.content = lx_json_count(LX_GET(root, "output")) != 0, .end = true};
    glance(root, out);
    if (!out->usage.known) /* a compaction has no status */
        lx_openai_read_bill(root, &out->usage);
    return 0;
}

/* A part is a section of a message, or an item of anything else. */
static void say(struct lx_said *s, struct lx_slice type, struct lx_json event)
{
    static const struct {
        const char *type;
        enum lx_part_kind kind;
    } kinds[] = {
        {"message", LX_PART_TEXT},
        {"output_text", LX_PART_TEXT},
        {"refusal", LX_PART_REFUSAL},
        {"reasoning", LX_PART_THINKING},
        {"function_call", LX_PART_TOOL_CALL},
        {"custom_tool_call", LX_PART_TOOL_CALL},
        {"response.output_text.delta", LX_PART_TEXT},
        {"response.refusal.delta", LX_PART_REFUSAL},
        {"response.reasoning_summary_text.delta", LX_PART_THINKING},
        {"response.reasoning_text.delta", LX_PART_THINKING},
        {"response.function_call_arguments.delta", LX_PART_TOOL_CALL},
        {"response.custom_tool_call_input.delta", LX_PART_TOOL_CALL},
    };
    bool item = lx_slice_eq(type, LX_S("response.output_item.added"));
    bool part = lx_slice_eq(type, LX_S("response.content_part.added"));
    bool delta = lx_slice_ends(type, LX_S(".delta"));
    struct lx_slice name = type;
    enum lx_part_kind kind = LX_PART_OPAQUE;
    if (!delta)
        name = word(LX_GET(item ? LX_GET(event, "item") : LX_GET(event, "part"), "type"));
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
        if (lx_slice_eq(name, lx_slice_z(kinds[i].type)))
            kind = kinds[i].kind;
    if (delta)
        lx_said_add(s, kind, lx_json_text(LX_GET(event, "delta")));
    else if (item ||
             (part && !lx_slice_eq(name, LX_S("reasoning_text")) && !(s->open && s->kind == kind)))
        lx_said_begin(s, kind, s->parts);
    else if (lx_slice_eq(type, LX_S("response.content_part.done")) ||
             lx_slice_eq(type, LX_S("response.output_item.done")))
        lx_said_end(s);
}

/* Beginnings and progress are no content: a stream may be tried elsewhere after them. */
static int glance_event(const struct lx_record *rec, struct lx_json_doc *doc, struct lx_glance *out)
{
    *out = (struct lx_glance){.said = out->said};
    if (lx_record_is_done(rec)) {
        out->end = true;
        return 0;
    }
    int code = lx_record_read(rec, doc, NULL);
    if (code)
        return code;
    struct lx_json root = lx_json_root(doc), response = LX_GET(root, "response");
    struct lx_slice type = word(LX_GET(root, "type"));
    glance(response, out);
    out->odd =
        lx_json_given(response) || is_sealed(LX_GET(root, "item")); /* see lx_responses_mark */
    out->is_fault |= lx_slice_eq(type, LX_S("error")) || lx_json_given(LX_GET(root, "error"));
    out->end = out->finish != LX_FINISH_NONE;
    if (out->said)
        say(out->said, type, root);
    out->content =
        lx_slice_starts(type, LX_S("response.output_item")) || lx_slice_ends(type, LX_S(".delta"));
    return 0;
}

/* ---- Marks -------------------------------------------------------------------------------- */

static void mark_item(struct lx_json item, const struct lx_reply_context *ctx,
                      struct lx_json_edit *e)
{
    struct lx_response_id content = {.deployment = ctx->deployment};
    if (!is_sealed(item))
        return;
    content.id = lx_json_str(LX_GET(item, "encrypted_content"), e->arena);
    lx_json_edit_replace(e, LX_GET(item, "encrypted_content"),
                         lx_json_quoted(lx_response_content_write(&content, e->arena), e->arena));
}

void lx_responses_mark(const struct lx_json_doc *doc, const struct lx_reply_context *ctx,
                       struct lx_json_edit *e)
{
    struct lx_json root = lx_json_root(doc), response = LX_GET(root, "response");
    struct lx_response_id id = {.provider = lx_slice_z(ctx->provider),
                                .deployment = ctx->deployment};
    if (!ctx->deployment.n)
        return;
    if (!lx_json_given(response))
        response = root;
    for (size_t i = 0; i < 2; i++) {
        struct lx_json own = i ? LX_GET(response, "previous_response_id") : LX_GET(response, "id");
        id.id = lx_json_str(own, e->arena);
        if (id.id.n)
            lx_json_edit_replace(e, own,
                                 lx_json_quoted(lx_response_id_write(&id, e->arena), e->arena));
    }
    if (!ctx->marks_content)
        return;
    mark_item(LX_GET(root, "item"), ctx, e);
    for (struct lx_json_iter it = lx_json_iter(LX_GET(response, "output")); lx_json_next(&it);)
        mark_item(it.value, ctx, e);
    for (struct lx_json_iter it = lx_json_iter(LX_GET(response, "data")); lx_json_next(&it);)
        mark_item(it.value, ctx, e);
}

/* ---- The table ---------------------------------------------------------------------------- */

/* What ids and statuses say is of no use to others. */
static const struct lx_nested nested[] = {
    {"input[]", "|role|content|id|status|", ""},
    {"input[]", "|type|role|content|id|status|", "message"},
    {"input[]", "|type|call_id|name|arguments|id|status|", "function_call"},
    {"input[]", "|type|call_id|output|id|status|", "function_call_output"},
    {"input[].content[]", "|type|text|prompt_cache_breakpoint|cache_control|", "input_text"},
    {"input[].content[]", "|type|image_url|file_id|detail|prompt_cache_breakpoint|cache_control|",
     "input_image"},
    {"input[].content[]",
     "|type|file_data|file_id|file_url|filename|prompt_cache_breakpoint|cache_control|",
     "input_file"},
    {"tools[]", "|type|name|description|parameters|strict|cache_control|", "function"},
    {"tools[]", "|type|name|description|format|", "custom"},
    {"tool_choice", "|type|name|mode|tools|", NULL},
    {"text", "|format|verbosity|", NULL},
    {"text.format", "|type|name|description|schema|strict|", NULL},
    {"reasoning", "|effort|summary|generate_summary|", NULL},
    {"stream_options", "|include_usage|include_obfuscation|", NULL},
    {NULL, NULL, NULL},
};

static const struct lx_front front = {
    .state_size = sizeof(struct lx_responses_telling),
    .nested = nested,
    .read_request = lx_responses_read_request,
    .write_reply = lx_responses_write_reply,
    .write_event = lx_responses_write_event,
    .pass = lx_responses_pass,
    .clear = lx_responses_telling_clear,
    .write_error = lx_openai_write_error,
    .write_usage = lx_responses_usage_write,
    .echo = lx_responses_echo,
    .mark = lx_responses_mark,
    .own_members = lx_responses_own_members,
    .framing = LX_FRAMING_SSE,
};

static const struct lx_back back = {
    .state_size = sizeof(struct lx_responses_reading),
    .path = "/responses",
    .write_request = lx_responses_write_request,
    .read_reply = lx_responses_read_reply,
    .read_event = lx_responses_read_event,
    .read_end = lx_responses_read_end,
    .clear = lx_responses_reading_clear,
    .read_error = lx_openai_read_error,
    .glance_reply = glance_reply,
    .glance_event = glance_event,
    .framing = LX_FRAMING_SSE,
};

const struct lx_dialect lx_dialect_openai_responses = {
    .name = "openai_responses",
    .title = "OpenAI Responses",
    .front = &front,
    .back = &back,
};
