/*
 * bedrock.c - Amazon Bedrock's Converse and ConverseStream as a dialect: a back only.
 *
 * The table is all that others see; bedrock.h says which file does what. The model stands in the
 * path, not in the body.
 */
#include "dialect/bedrock.h"

#include "base/text.h"

/* ---- Finish reasons ------------------------------------------------------------------------- */

static const struct {
    struct lx_slice name;
    enum lx_finish finish;
} reasons[] = {
    {LX_S_INIT("end_turn"), LX_FINISH_STOP},
    {LX_S_INIT("tool_use"), LX_FINISH_TOOL_CALLS},
    {LX_S_INIT("max_tokens"), LX_FINISH_LENGTH},
    {LX_S_INIT("stop_sequence"), LX_FINISH_STOP_SEQUENCE},
    {LX_S_INIT("guardrail_intervened"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("content_filtered"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("model_context_window_exceeded"), LX_FINISH_CONTEXT_WINDOW},
    {LX_S_INIT("refusal"), LX_FINISH_REFUSAL},
};

enum lx_finish lx_bedrock_finish_read(struct lx_json stop_reason)
{
    if (!lx_json_is(stop_reason, LX_JSON_STRING))
        return LX_FINISH_NONE;
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (lx_json_eq(stop_reason, reasons[i].name))
            return reasons[i].finish;
    return LX_FINISH_OTHER;
}

/* ---- The table ------------------------------------------------------------------------------ */

/* A name holds ':' and an ARN '/', and both are a part of it: encoded (the operation's httpLabel).
 */
static void write_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    lx_buf_add_lit(out, "/model/");
    lx_percent_write(out, o->model, LX_S(""));
    lx_buf_add(out, stream ? LX_S("/converse-stream") : LX_S("/converse"));
}

static const struct lx_back back = {
    .state_size = sizeof(struct lx_bedrock_reading),
    .write_path = write_path,
    .write_request = lx_bedrock_write_request,
    .read_reply = lx_bedrock_read_reply,
    .read_event = lx_bedrock_read_event,
    .read_end = lx_bedrock_read_end,
    .clear = lx_bedrock_reading_clear,
    .read_error = lx_bedrock_read_error,
    .framing = LX_FRAMING_AWS,
};

const struct lx_dialect lx_dialect_bedrock_converse = {
    .name = "bedrock_converse",
    .title = "Amazon Bedrock Converse",
    .back = &back,
};
