/*
 * openai_chat.c - OpenAI's chat completions: the dialect's two tables.
 *
 * The language of most clients and of most providers, with what LiteLLM, OpenRouter, vLLM and
 * others have added to it. See openai_chat.h for how the dialect is cut into files.
 */
#include "dialect/openai_chat.h"

static const struct lx_front front = {
    .state_size = sizeof(struct lx_openai_telling),
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
