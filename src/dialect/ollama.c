/*
 * ollama.c - Ollama's /api/chat as a dialect: its table, finish reasons, usage, and the light
 * readers for replies that pass as they came.
 *
 * The table is all that others see; ollama.h says which file does what.
 */
#include "dialect/ollama.h"

#include "dialect/openai_chat.h"

/* ---- Finish reasons and usage --------------------------------------------------------------- */

/* A model that calls a tool stops as it does elsewhere; early versions give no reason at all. */
enum lx_finish lx_ollama_finish_read(struct lx_json record, bool calls)
{
    struct lx_json reason = LX_GET(record, "done_reason");
    if (lx_json_eq(reason, LX_S("length")))
        return LX_FINISH_LENGTH;
    if (lx_json_given(reason) && !lx_json_eq(reason, LX_S("stop")) && !lx_json_eq(reason, LX_S("")))
        return LX_FINISH_OTHER; /* load, unload: there was nothing to answer */
    return calls ? LX_FINISH_TOOL_CALLS : LX_FINISH_STOP;
}

/* Earlier versions leave prompt_eval_count out where all of the prompt was in the cache (recorded,
 * 2024). */
void lx_ollama_usage_read(struct lx_json record, struct lx_usage *u)
{
    bool known = lx_usage_count(LX_GET(record, "prompt_eval_count"), &u->prompt_tokens);
    known |= lx_usage_count(LX_GET(record, "eval_count"), &u->completion_tokens);
    u->known = known;
    u->total_tokens = u->prompt_tokens + u->completion_tokens;
}

/* ---- The table ------------------------------------------------------------------------------ */

static const struct lx_back back = {
    .state_size = sizeof(struct lx_ollama_reading),
    .path = "/api/chat",
    .write_request = lx_ollama_write_request,
    .read_reply = lx_ollama_read_reply,
    .read_event = lx_ollama_read_event,
    .read_end = lx_ollama_read_end,
    .read_error = lx_openai_read_error,
    .framing = LX_FRAMING_NDJSON,
};

const struct lx_dialect lx_dialect_ollama_chat = {
    .name = "ollama_chat",
    .title = "Ollama chat",
    .back = &back,
};
