/*
 * gemini.c - Google's generateContent as a dialect: its table, the address of a model, finish
 * reasons, and the light readers for replies that pass as they came.
 *
 * The table is all that others see; gemini.h says which file does what.
 */
#include "dialect/gemini.h"
#include "dialect/lost.h"

#include "base/text.h"

/* ---- Finish reasons ------------------------------------------------------------------------- */

/*
 * Candidate.FinishReason by its numbers. What is kept back for what it says is a filter's doing,
 * whatever the filter; LANGUAGE and OTHER come without an answer, and are LiteLLM's content_filter
 * too. What went wrong with tools and images is told as it is.
 */
static const struct lx_gemini_finish reasons[] = {
    {LX_S_INIT("FINISH_REASON_UNSPECIFIED"), LX_FINISH_OTHER},
    {LX_S_INIT("STOP"), LX_FINISH_STOP},
    {LX_S_INIT("MAX_TOKENS"), LX_FINISH_LENGTH},
    {LX_S_INIT("SAFETY"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("RECITATION"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("OTHER"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("LANGUAGE"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("BLOCKLIST"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("PROHIBITED_CONTENT"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("SPII"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("MALFORMED_FUNCTION_CALL"), LX_FINISH_OTHER},
    {LX_S_INIT("IMAGE_SAFETY"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("UNEXPECTED_TOOL_CALL"), LX_FINISH_OTHER},
    {LX_S_INIT("TOO_MANY_TOOL_CALLS"), LX_FINISH_OTHER},
    {LX_S_INIT("IMAGE_PROHIBITED_CONTENT"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("IMAGE_OTHER"), LX_FINISH_OTHER},
    {LX_S_INIT("NO_IMAGE"), LX_FINISH_OTHER},
    {LX_S_INIT("IMAGE_RECITATION"), LX_FINISH_CONTENT_FILTER},
    /* Vertex AI: google.cloud.aiplatform.v1.Candidate; and what blocks a prompt. */
    {LX_S_INIT("MODEL_ARMOR"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("MISSING_THOUGHT_SIGNATURE"), LX_FINISH_OTHER},
};
enum { NUMBERED = 18 };

struct lx_gemini_finish lx_gemini_finish_read(struct lx_json reason)
{
    int64_t number;
    if (lx_json_int(reason, &number) == 0 && number >= 0 && number < NUMBERED)
        return reasons[number];
    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
        if (lx_json_eq(reason, reasons[i].name))
            return reasons[i];
    return (struct lx_gemini_finish){{NULL, 0},
                                     lx_json_given(reason) ? LX_FINISH_OTHER : LX_FINISH_NONE};
}

/* What the vocabulary's finishes are called here, where the provider spoke another language. */
static const struct lx_gemini_finish names[] = {
    {LX_S_INIT("STOP"), LX_FINISH_STOP},
    {LX_S_INIT("STOP"), LX_FINISH_STOP_SEQUENCE},
    {LX_S_INIT("STOP"), LX_FINISH_TOOL_CALLS},
    {LX_S_INIT("STOP"), LX_FINISH_PAUSE},
    {LX_S_INIT("STOP"), LX_FINISH_NONE},
    {LX_S_INIT("MAX_TOKENS"), LX_FINISH_LENGTH},
    {LX_S_INIT("MAX_TOKENS"), LX_FINISH_CONTEXT_WINDOW},
    {LX_S_INIT("SAFETY"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("SAFETY"), LX_FINISH_REFUSAL},
};

struct lx_slice lx_gemini_finish_name(enum lx_finish finish, struct lx_slice raw, bool native)
{
    if (native && raw.n)
        return raw;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (names[i].finish == finish)
            return names[i].name;
    return LX_S("OTHER");
}

/* ---- Names ---------------------------------------------------------------------------------- */

struct lx_json lx_gemini_get(struct lx_json object, const char *name)
{
    struct lx_json found = {NULL, 0};
    if (!lx_json_is(object, LX_JSON_OBJECT))
        return found;
    for (struct lx_json_iter it = lx_json_iter(object); lx_json_next(&it);)
        if (lx_gemini_name_eq(lx_json_text(it.name).s, name))
            found = it.value;
    return found;
}

/* ---- The address ---------------------------------------------------------------------------- */

/* /models/gemini-2.5-flash:generateContent; tuned models say where they are themselves. */
static void write_path(const struct lx_write_options *o, bool stream, struct lx_buf *out)
{
    bool placed = lx_slice_starts(o->model, LX_S("models/")) ||
                  lx_slice_starts(o->model, LX_S("tunedModels/"));
    lx_buf_add(out, placed ? LX_S("/") : LX_S("/models/"));
    lx_percent_write(out, o->model, LX_S("/@:"));
    lx_buf_add(out, stream ? LX_S(":streamGenerateContent?alt=sse") : LX_S(":generateContent"));
}

/* ---- Glances -------------------------------------------------------------------------------- */

static void collect(struct lx_json parts, struct lx_said *said)
{
    for (struct lx_json_iter it = lx_json_iter(parts); lx_json_next(&it);) {
        struct lx_json text = LX_GET(it.value, "text"), call = LX_GET(it.value, "functionCall");
        bool thought = lx_json_bool(LX_GET(it.value, "thought"), false);
        if (lx_json_is(text, LX_JSON_STRING))
            lx_said_add(said, thought ? LX_PART_THINKING : LX_PART_TEXT, lx_json_text(text));
        else
            lx_said_begin(said, lx_json_given(call) ? LX_PART_TOOL_CALL : LX_PART_OPAQUE,
                          said->parts);
    }
}

static void glance(struct lx_json root, struct lx_glance *out)
{
    out->is_fault = lx_json_given(LX_GET(root, "error"));
    out->model = lx_json_text(LX_GET(root, "modelVersion")).s;
    struct lx_json candidates = LX_GET(root, "candidates");
    struct lx_gemini_searches searches = {.web = 0};
    for (struct lx_json_iter it = lx_json_iter(candidates); lx_json_next(&it);) {
        enum lx_finish finish = lx_gemini_finish_read(LX_GET(it.value, "finishReason")).finish;
        if (finish != LX_FINISH_NONE)
            out->finish = finish;
        struct lx_json parts = LX_GET(LX_GET(it.value, "content"), "parts");
        out->content |= lx_json_count(parts) != 0;
        if (out->said && lx_json_is(parts, LX_JSON_ARRAY))
            collect(parts, out->said);
    }
    if (lx_json_given(LX_GET(LX_GET(root, "promptFeedback"), "blockReason")))
        out->finish = LX_FINISH_CONTENT_FILTER;
    lx_gemini_usage_read(LX_GET(root, "usageMetadata"), &out->usage);
    lx_gemini_searches_read(candidates, &searches);
    lx_gemini_searches_tell(&searches, LX_GET(root, "usageMetadata"), &out->usage);
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

/* Each name as Google's JSON has it, and as its protocol buffers do. */
static const struct lx_nested nested[] = {
    {"systemInstruction", "|role|parts|", NULL},
    {"system_instruction", "|role|parts|", NULL},
    {"contents[]", "|role|parts|", NULL},
    {"contents[].parts[].inlineData", "|mimeType|mime_type|data|displayName|display_name|", NULL},
    {"contents[].parts[].inline_data", "|mimeType|mime_type|data|displayName|display_name|", NULL},
    {"contents[].parts[].fileData",
     "|mimeType|mime_type|fileUri|file_uri|displayName|display_name|", NULL},
    {"contents[].parts[].file_data",
     "|mimeType|mime_type|fileUri|file_uri|displayName|display_name|", NULL},
    {"toolConfig.functionCallingConfig", "|mode|allowedFunctionNames|allowed_function_names|",
     NULL},
    {NULL, NULL, NULL},
};

static const struct lx_front front = {
    .state_size = sizeof(struct lx_gemini_telling),
    .nested = nested,
    .read_request = lx_gemini_read_request,
    .write_reply = lx_gemini_write_reply,
    .write_event = lx_gemini_write_event,
    .clear = lx_gemini_telling_clear,
    .write_error = lx_gemini_write_error,
    .own_members = lx_gemini_own_members,
    .framing = LX_FRAMING_SSE,
};

static const struct lx_back back = {
    .state_size = sizeof(struct lx_gemini_reading),
    .write_path = write_path,
    .write_request = lx_gemini_write_request,
    .read_reply = lx_gemini_read_reply,
    .read_event = lx_gemini_read_event,
    .read_end = lx_gemini_read_end,
    .clear = lx_gemini_reading_clear,
    .read_error = lx_gemini_read_error,
    .glance_reply = glance_reply,
    .glance_event = glance_event,
    .framing = LX_FRAMING_SSE,
    .model_outside = true,
    .usage = "usageMetadata",
    .cache = &lx_gemini_prompt_cache,
};

const struct lx_dialect lx_dialect_gemini = {
    .name = "gemini",
    .title = "Google Gemini generateContent",
    .front = &front,
    .back = &back,
};
