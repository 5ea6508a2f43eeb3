/*
 * openai_chat.c - OpenAI's chat completions: the dialect's two tables.
 *
 * The language of most clients and of most providers, with what LiteLLM, OpenRouter, vLLM and
 * others have added to it. See openai_chat.h for how the dialect is cut into files.
 */
#include "dialect/openai_chat.h"
#include "dialect/lost.h"

static const struct lx_nested nested[] = {
    {"messages[].content[].image_url", "|url|detail|format|", NULL},
    {"messages[].content[].input_audio", "|data|format|", NULL},
    {"messages[].content[].video_url", "|url|detail|format|", NULL},
    {"messages[].content[].file",
     "|file_data|file_id|filename|format|detail|video_metadata|file_url|url|", NULL},
    {"messages[].content[].source", "|type|media_type|data|url|file_id|", NULL},
    {"messages[].tool_calls[].function", "|name|arguments|provider_specific_fields|", NULL},
    {"tools[].custom", "|name|description|format|", NULL},
    {"tool_choice", "|type|function|custom|name|allowed_tools|disable_parallel_tool_use|", NULL},
    {"tool_choice.function", "|name|", NULL},
    {"response_format", "|type|json_schema|schema|response_schema|enforce_validation|", NULL},
    {"response_format.json_schema", "|name|description|schema|strict|", NULL},
    {"stream_options", "|include_usage|include_obfuscation|", NULL},
    {"reasoning", "|effort|enabled|exclude|max_tokens|summary|", NULL},
    {"thinking", "|type|budget_tokens|display|", NULL},
    {NULL, NULL, NULL},
};

static const struct lx_front front = {
    .state_size = sizeof(struct lx_openai_telling),
    .nested = nested,
    .read_request = lx_openai_read_request,
    .write_reply = lx_openai_write_reply,
    .write_event = lx_openai_write_event,
    .clear = lx_openai_telling_clear,
    .write_error = lx_openai_write_error,
    .write_usage = lx_openai_write_usage,
    .framing = LX_FRAMING_SSE,
};

static const struct lx_back back = {
    .state_size = sizeof(struct lx_openai_stream),
    .path = "/chat/completions",
    .write_request = lx_openai_write_request,
    .read_reply = lx_openai_read_reply,
    .read_event = lx_openai_read_event,
    .mend_event = lx_openai_mend_event,
    .read_end = lx_openai_read_end,
    .clear = lx_openai_stream_clear,
    .read_error = lx_openai_read_error,
    .glance_reply = lx_openai_glance_reply,
    .glance_event = lx_openai_glance_event,
    .mend = lx_openai_mend,
    .framing = LX_FRAMING_SSE,
};

const struct lx_dialect lx_dialect_openai_chat = {
    .name = "openai_chat",
    .title = "OpenAI chat completions",
    .front = &front,
    .back = &back,
};
