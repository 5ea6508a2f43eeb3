/*
 * anthropic.c - the Anthropic Messages API as a dialect: its table, the names of its finish
 * reasons, and the light readers for replies that pass as they came.
 *
 * The table is all that others see; anthropic.h says which file does what.
 */
#include "dialect/anthropic.h"
#include "dialect/lost.h"

#include <stdio.h>

/* ---- Finish reasons ------------------------------------------------------------------------- */

static const struct {
    struct lx_slice name;
    enum lx_finish finish;
} reasons[] = {
    {LX_S_INIT("end_turn"), LX_FINISH_STOP},
    {LX_S_INIT("stop_sequence"), LX_FINISH_STOP_SEQUENCE},
    {LX_S_INIT("max_tokens"), LX_FINISH_LENGTH},
    {LX_S_INIT("tool_use"), LX_FINISH_TOOL_CALLS},
    {LX_S_INIT("refusal"), LX_FINISH_REFUSAL},
    {LX_S_INIT("refusal"), LX_FINISH_CONTENT_FILTER}, /* the nearest that this language has */
    {LX_S_INIT("pause_turn"), LX_FINISH_PAUSE},
    {LX_S_INIT("model_context_window_exceeded"), LX_FINISH_CONTEXT_WINDOW},
};

enum lx_finish lx_anthropic_finish_read(struct lx_json stop_reason)
{
    if (!lx_json_is(stop_reason, LX_JSON_STRING))
        return LX_FINISH_NONE;
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (lx_json_eq(stop_reason, reasons[i].name))
            return reasons[i].finish;
    return LX_FINISH_OTHER;
}

struct lx_slice lx_anthropic_finish_name(enum lx_finish f, struct lx_slice raw, bool native,
                                         bool tools, bool refusal)
{
    if (native && raw.n)
        return raw;
    if (f == LX_FINISH_STOP || f == LX_FINISH_NONE || f == LX_FINISH_OTHER) {
        /* Some providers say "stop" after tool calls, OpenAI says it after a refusal. */
        f = tools ? LX_FINISH_TOOL_CALLS : refusal ? LX_FINISH_REFUSAL : LX_FINISH_STOP;
    }
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (reasons[i].finish == f)
            return reasons[i].name;
    return LX_S("end_turn");
}

/* ---- Ids ------------------------------------------------------------------------------------ */

struct lx_slice lx_anthropic_id(struct lx_text id, const struct lx_reply_context *ctx, bool native,
                                char out[96])
{
    struct lx_slice from = id.s.n && !id.escaped ? id.s : ctx->id;
    if (lx_slice_starts(from, LX_S("msg_")) || (native && from.n))
        return from;
    if (lx_slice_starts(from, LX_S("chatcmpl-")))
        from = lx_slice_from(from, 9);
    snprintf(out, 96, "msg_%.*s", (int)(from.n < 88 ? from.n : 88), from.n ? from.p : "");
    return lx_slice_z(out);
}

/* ---- Glances -------------------------------------------------------------------------------- */

static int glance_reply(const struct lx_json_doc *body, struct lx_glance *out)
{
    struct lx_json root = lx_json_root(body);
    out->is_fault = lx_json_eq(LX_GET(root, "type"), LX_S("error"));
    out->content = lx_json_count(LX_GET(root, "content")) != 0;
    out->finish = lx_anthropic_finish_read(LX_GET(root, "stop_reason"));
    out->model = lx_json_text(LX_GET(root, "model")).s;
    lx_anthropic_usage_read(LX_GET(root, "usage"), &out->usage);
    return 0;
}

static enum lx_part_kind kind_of(struct lx_json block)
{
    struct lx_slice type = lx_json_text(LX_GET(block, "type")).s;
    return lx_slice_eq(type, LX_S("text"))                ? LX_PART_TEXT
           : lx_slice_eq(type, LX_S("thinking"))          ? LX_PART_THINKING
           : lx_slice_eq(type, LX_S("redacted_thinking")) ? LX_PART_REDACTED_THINKING
           : lx_slice_eq(type, LX_S("tool_use"))          ? LX_PART_TOOL_CALL
                                                          : LX_PART_OPAQUE;
}

static void collect_start(struct lx_json event, struct lx_said *said)
{
    struct lx_json block = LX_GET(event, "content_block");
    int64_t index = said ? said->parts : 0;
    enum lx_part_kind kind = kind_of(block);
    (void)lx_json_int(LX_GET(event, "index"), &index);
    lx_said_begin(said, kind, index);
    lx_said_add(said, kind, lx_json_text(LX_GET(block, "name")));
    if (kind == LX_PART_TEXT)
        lx_said_add(said, kind, lx_json_text(LX_GET(block, "text")));
}

/* Of a delta, whatever text it has. */
static void collect_delta(struct lx_json event, struct lx_said *said)
{
    struct lx_json delta = LX_GET(event, "delta");
    lx_said_add(said, LX_PART_TEXT, lx_json_text(LX_GET(delta, "text")));
    lx_said_add(said, LX_PART_THINKING, lx_json_text(LX_GET(delta, "thinking")));
    lx_said_add(said, LX_PART_TOOL_CALL, lx_json_text(LX_GET(delta, "partial_json")));
}

static int glance_event(const struct lx_record *rec, struct lx_json_doc *doc, struct lx_glance *out)
{
    if (lx_record_is_done(rec)) {
        out->end = true; /* servers that speak several languages end every stream so */
        out->alien = true;
        return 0;
    }
    int code = lx_record_read(rec, doc, NULL);
    if (code)
        return code;
    struct lx_json root = lx_json_root(doc), type = LX_GET(root, "type");
    if (lx_json_eq(type, LX_S("content_block_delta"))) {
        out->content = true;
        if (out->said)
            collect_delta(root, out->said);
    } else if (lx_json_eq(type, LX_S("content_block_start"))) {
        out->content = true;
        collect_start(root, out->said);
    } else if (lx_json_eq(type, LX_S("content_block_stop"))) {
        lx_said_end(out->said);
    } else if (lx_json_eq(type, LX_S("message_start"))) {
        struct lx_json message = LX_GET(root, "message");
        out->model = lx_json_text(LX_GET(message, "model")).s;
        out->content = lx_json_count(LX_GET(message, "content")) != 0;
        out->finish = lx_anthropic_finish_read(LX_GET(message, "stop_reason"));
        lx_anthropic_usage_read(LX_GET(message, "usage"), &out->usage);
    } else if (lx_json_eq(type, LX_S("message_delta"))) {
        enum lx_finish finish =
            lx_anthropic_finish_read(LX_GET(LX_GET(root, "delta"), "stop_reason"));
        if (finish != LX_FINISH_NONE)
            out->finish = finish;
        lx_anthropic_usage_read(LX_GET(root, "usage"), &out->usage);
    } else if (lx_json_eq(type, LX_S("message_stop"))) {
        out->end = true;
    } else if (lx_json_eq(type, LX_S("error"))) {
        out->is_fault = true;
    }
    return 0;
}

/* ---- The table ------------------------------------------------------------------------------ */

/* In bodies for Vertex AI and Bedrock, in place of the headers. */
static const struct lx_own_member own_members[] = {
    {"anthropic_version", false, "the target speaks no version of Anthropic's API"},
    {"anthropic_beta", false, "the target has no betas of Anthropic's"},
    {NULL, false, NULL},
};

static const struct lx_nested nested[] = {
    {"messages[].content[].source", "|type|media_type|data|url|file_id|content|", NULL},
    {"tool_choice", "|type|name|disable_parallel_tool_use|", NULL},
    {"thinking", "|type|budget_tokens|display|", NULL},
    {NULL, NULL, NULL},
};

static const struct lx_front front = {
    .state_size = sizeof(struct lx_anthropic_stream),
    .nested = nested,
    .read_request = lx_anthropic_read_request,
    .write_reply = lx_anthropic_write_reply,
    .write_event = lx_anthropic_write_event,
    .clear = lx_anthropic_stream_clear,
    .write_error = lx_anthropic_write_error,
    .own_members = own_members,
    .write_usage = lx_anthropic_usage_write,
    .framing = LX_FRAMING_SSE,
};

static const struct lx_back back = {
    .state_size = sizeof(struct lx_anthropic_reading),
    /* Base URLs of this language end before the version: https://api.anthropic.com (LiteLLM, and
     * ANTHROPIC_BASE_URL as Anthropic's SDKs read it). */
    .path = "/v1/messages",
    .write_request = lx_anthropic_write_request,
    .read_reply = lx_anthropic_read_reply,
    .read_event = lx_anthropic_read_event,
    .read_end = lx_anthropic_read_end,
    .clear = lx_anthropic_reading_clear,
    .read_error = lx_anthropic_read_error,
    .glance_reply = glance_reply,
    .glance_event = glance_event,
    .framing = LX_FRAMING_SSE,
};

const struct lx_dialect lx_dialect_anthropic = {
    .name = "anthropic",
    .title = "Anthropic messages",
    .front = &front,
    .back = &back,
};
