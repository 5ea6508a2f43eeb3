/*
 * ollama.c - Ollama's /api/chat as a dialect: its table, finish reasons, usage, and the light
 * readers for replies that pass as they came.
 *
 * The table is all that others see; ollama.h says which file does what.
 */
#include "dialect/ollama.h"

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

/* More than any bill: sums of these cannot overflow. */
#define MAX_COUNT (INT64_MAX >> 24)

static bool read_count(struct lx_json record, const char *name, int64_t *out)
{
    int64_t n;
    if (lx_json_int(lx_json_get(record, lx_slice_z(name)), &n) || n < 0 || n > MAX_COUNT)
        return false;
    *out = n;
    return true;
}

/* Earlier versions leave prompt_eval_count out where all of the prompt was in the cache (recorded,
 * 2024). */
void lx_ollama_usage_read(struct lx_json record, struct lx_usage *u)
{
    bool known = read_count(record, "prompt_eval_count", &u->prompt_tokens);
    known |= read_count(record, "eval_count", &u->completion_tokens);
    u->known = known;
    u->total_tokens = u->prompt_tokens + u->completion_tokens;
}

/* ---- Errors --------------------------------------------------------------------------------- */

/* {"error":"..."}: one of the shapes that servers of OpenAI's language send, too. */
static void read_error(int status, struct lx_slice body, const struct lx_headers *headers,
                       struct lx_arena *a, struct lx_fault *out)
{
    lx_dialect_openai_chat.back->read_error(status, body, headers, a, out);
}

/* ---- Glances -------------------------------------------------------------------------------- */

static void glance(struct lx_json record, struct lx_glance *out)
{
    struct lx_json message = LX_GET(record, "message");
    bool calls = lx_json_count(LX_GET(message, "tool_calls")) != 0;
    out->is_fault = lx_json_given(LX_GET(record, "error"));
    out->model = lx_json_text(LX_GET(record, "model")).s;
    out->content = calls || lx_json_text(LX_GET(message, "content")).s.n ||
                   lx_json_text(LX_GET(message, "thinking")).s.n;
    out->end = lx_json_bool(LX_GET(record, "done"), false);
    if (!out->end)
        return;
    out->finish = lx_ollama_finish_read(record, calls);
    lx_ollama_usage_read(record, &out->usage);
}

static int glance_reply(const struct lx_json_doc *body, struct lx_glance *out)
{
    glance(lx_json_root(body), out);
    return 0;
}

static int glance_event(const struct lx_record *rec, struct lx_json_doc *doc, struct lx_glance *out)
{
    int code = lx_record_read(rec, doc, NULL);
    if (code == 0)
        glance(lx_json_root(doc), out);
    return code;
}

/* ---- The table ------------------------------------------------------------------------------ */

static void write_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    (void)o;
    (void)stream;
    lx_buf_add_lit(out, "/api/chat");
}

static const struct lx_back back = {
    .state_size = sizeof(struct lx_ollama_reading),
    .write_path = write_path,
    .write_request = lx_ollama_write_request,
    .read_reply = lx_ollama_read_reply,
    .read_event = lx_ollama_read_event,
    .read_end = lx_ollama_read_end,
    .read_error = read_error,
    .glance_reply = glance_reply,
    .glance_event = glance_event,
    .framing = LX_FRAMING_NDJSON,
};

const struct lx_dialect lx_dialect_ollama_chat = {
    .name = "ollama_chat",
    .title = "Ollama chat",
    .back = &back,
};
