/*
 * cohere.c - Cohere's v2 chat as a dialect: its table, finish reasons, usage, errors, and the light
 * readers for replies that pass as they came.
 *
 * The table is all that others see; cohere.h says which file does what.
 */
#include "dialect/cohere.h"

#include "dialect/openai_chat.h"

/* ---- Finish reasons ------------------------------------------------------------------------- */

/* ChatFinishReason, and those of older models (docs.cohere.com/v1/reference/chat). */
static const struct {
    struct lx_slice name;
    enum lx_finish finish;
    enum lx_fault_kind fault;
} reasons[] = {
    {LX_S_INIT("COMPLETE"), LX_FINISH_STOP, LX_FAULT_NONE},
    {LX_S_INIT("STOP_SEQUENCE"), LX_FINISH_STOP_SEQUENCE, LX_FAULT_NONE},
    {LX_S_INIT("MAX_TOKENS"), LX_FINISH_LENGTH, LX_FAULT_NONE},
    {LX_S_INIT("TOOL_CALL"), LX_FINISH_TOOL_CALLS, LX_FAULT_NONE},
    {LX_S_INIT("ERROR_TOXIC"), LX_FINISH_CONTENT_FILTER, LX_FAULT_NONE},
    {LX_S_INIT("ERROR_LIMIT"), LX_FINISH_CONTEXT_WINDOW, LX_FAULT_NONE},
    {LX_S_INIT("ERROR"), LX_FINISH_NONE, LX_FAULT_INTERNAL},
    {LX_S_INIT("TIMEOUT"), LX_FINISH_NONE, LX_FAULT_TIMEOUT},
};
enum { REASONS = sizeof(reasons) / sizeof(reasons[0]) };

static size_t find_reason(struct lx_json reason)
{
    size_t i = 0;
    while (i < REASONS && !lx_slice_eq_nocase(reasons[i].name, lx_json_text(reason).s))
        i++;
    return i;
}

enum lx_finish lx_cohere_finish_read(struct lx_json reason, struct lx_slice *name)
{
    size_t i = find_reason(reason);
    *name = i < REASONS ? reasons[i].name : lx_slice(NULL, 0);
    if (!lx_json_is(reason, LX_JSON_STRING))
        return LX_FINISH_NONE;
    return i < REASONS ? reasons[i].finish : LX_FINISH_OTHER;
}

enum lx_fault_kind lx_cohere_fault_of(struct lx_json reason)
{
    size_t i = find_reason(reason);
    return i < REASONS ? reasons[i].fault : LX_FAULT_NONE;
}

/* ---- Usage ---------------------------------------------------------------------------------- */

/*
 * `tokens` is what the model read and wrote, with what Cohere puts around a prompt; `billed_units`
 * is the client's own part of it, which alone is paid for (docs.cohere.com/docs/
 * how-does-cohere-pricing-work). Clients are told the tokens, as LiteLLM tells them: the cached
 * ones are of these, and there are often more of them than are billed.
 */
void lx_cohere_usage_read(struct lx_json usage, struct lx_usage *u)
{
    struct lx_json tokens = LX_GET(usage, "tokens"), bill = LX_GET(usage, "billed_units");
    int64_t input = 0, output = 0;
    bool counted = lx_usage_count(LX_GET(tokens, "input_tokens"), &input);
    counted |= lx_usage_count(LX_GET(tokens, "output_tokens"), &output);
    u->has_billed = lx_usage_count(LX_GET(bill, "input_tokens"), &u->billed_prompt_tokens);
    u->has_billed |= lx_usage_count(LX_GET(bill, "output_tokens"), &u->billed_completion_tokens);
    if (!counted && !u->has_billed)
        return;
    u->known = true;
    u->prompt_tokens = counted ? input : u->billed_prompt_tokens;
    u->completion_tokens = counted ? output : u->billed_completion_tokens;
    u->total_tokens = u->prompt_tokens + u->completion_tokens;
    u->has_cached = lx_usage_count(LX_GET(usage, "cached_tokens"), &u->cached_tokens);
    u->has_completion_details =
        lx_usage_count(LX_GET(tokens, "reasoning_tokens"), &u->reasoning_tokens);
    lx_usage_count(LX_GET(bill, "search_units"), &u->web_search_requests);
    u->raw = lx_json_raw(usage);
}

/* ---- Errors --------------------------------------------------------------------------------- */

enum {
    DENIED_TOKEN = 498, /* "contains a deny-listed token": docs.cohere.com/reference/errors */
    CANCELLED = 499,    /* the request was cancelled, by whom is not said */
};

void lx_cohere_read_error(int status, struct lx_slice body, const struct lx_headers *headers,
                          struct lx_arena *a, struct lx_fault *out)
{
    lx_openai_read_error(status, body, headers, a, out);
    if (a->failed || (status != DENIED_TOKEN && status != CANCELLED))
        return;
    out->kind = status == CANCELLED ? LX_FAULT_API : LX_FAULT_CONTENT_POLICY;
    out->status = 0;
}

/* ---- The table ------------------------------------------------------------------------------ */

static const struct lx_back back = {
    .state_size = sizeof(struct lx_cohere_reading),
    .path = "/v2/chat",
    .write_request = lx_cohere_write_request,
    .read_reply = lx_cohere_read_reply,
    .read_event = lx_cohere_read_event,
    .read_end = lx_cohere_read_end,
    .read_error = lx_cohere_read_error,
    .framing = LX_FRAMING_SSE,
};

const struct lx_dialect lx_dialect_cohere_chat = {
    .name = "cohere_chat",
    .title = "Cohere chat",
    .back = &back,
};
