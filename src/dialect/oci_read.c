/*
 * oci_read.c - replies of Oracle's Generative AI, in the generic form and in Cohere's: each is told
 * again as OpenAI has it, and read as that.
 *
 *   {"modelId": "...", "chatResponse": {"apiFormat": "GENERIC", "choices": [{"index": 0, "message":
 *       {"role": "ASSISTANT", "content": [{"type": "TEXT", "text": ".."}], "toolCalls": [..]},
 *       "finishReason": "stop"}], "usage": {"promptTokens": 9, ...}}}
 *   {"modelId": "...", "chatResponse": {"apiFormat": "COHERE", "text": "..", "toolCalls": [..],
 *       "finishReason": "COMPLETE", "usage": {..}}}
 *
 * Of a stream each event is a choice, or what chatResponse has, without the rest. Cohere's last
 * events say once more all that was said.
 */
#include "base/text.h"
#include "dialect/oci.h"

/* ---- Telling it as OpenAI has it ------------------------------------------------------------- */

struct retelling {
    struct lx_buf text;
    struct lx_out out;
    struct lx_oci_reading *reading; /* of a stream; or NULL */
    struct lx_slice id;             /* there is none in it */
    bool calls;                     /* this choice, so far */
};

static struct lx_slice finish_of(struct lx_json reason, struct lx_arena *a)
{
    static const struct {
        const char *oci, *openai;
    } names[] = {
        {"COMPLETE", "stop"},
        {"STOP", "stop"},
        {"STOP_SEQUENCE", "stop"},
        {"MAX_TOKENS", "length"},
        {"LENGTH", "length"},
        {"TOOL_CALL", "tool_calls"},
        {"TOOL_CALLS", "tool_calls"},
        {"ERROR_TOXIC", "content_filter"},
        {"CONTENT_FILTERED", "content_filter"},
        {"ERROR_LIMIT", "length"},
    };
    struct lx_slice said = lx_json_str(reason, a);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (lx_slice_eq_nocase(said, lx_slice_z(names[i].oci)))
            return lx_slice_z(names[i].openai);
    return said;
}

static void tell_detail(struct lx_out *out, const char *group, const char *name, struct lx_json v)
{
    if (!lx_json_given(v))
        return;
    lx_out_object(out, group);
    lx_out_value(out, name, v);
    lx_out_object_end(out);
}

static void tell_usage(struct lx_out *out, struct lx_json usage)
{
    if (!lx_json_is(usage, LX_JSON_OBJECT))
        return;
    lx_out_object(out, "usage");
    lx_reshape_copy(out, "prompt_tokens", LX_GET(usage, "promptTokens"));
    lx_reshape_copy(out, "completion_tokens", LX_GET(usage, "completionTokens"));
    lx_reshape_copy(out, "total_tokens", LX_GET(usage, "totalTokens"));
    tell_detail(out, "completion_tokens_details", "reasoning_tokens",
                LX_GET(LX_GET(usage, "completionTokensDetails"), "reasoningTokens"));
    tell_detail(out, "prompt_tokens_details", "cached_tokens",
                LX_GET(LX_GET(usage, "promptTokensDetails"), "cachedTokens"));
    lx_out_object_end(out);
}

static bool has_text(struct lx_json content)
{
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);)
        if (lx_json_text(LX_GET(it.value, "text")).s.n)
            return true;
    return false;
}

/* The texts of a list of parts, as one. */
static void tell_texts(struct lx_out *out, struct lx_json content)
{
    if (!has_text(content))
        return;
    lx_out_string_open(out, "content");
    for (struct lx_json_iter it = lx_json_iter(content); lx_json_next(&it);)
        lx_out_string_part(out, lx_json_text(LX_GET(it.value, "text")));
    lx_out_string_close(out);
}

/* In a stream a call begins with its name or its id, and goes on without them. */
static int64_t place_of(struct retelling *t, struct lx_json call, int64_t i)
{
    if (!t->reading)
        return i;
    bool begins = lx_json_text(LX_GET(call, "name")).s.n || lx_json_text(LX_GET(call, "id")).s.n;
    if (begins || !t->reading->calls)
        t->reading->calls++;
    return t->reading->calls - 1;
}

/* Cohere's arguments are an object, and its calls have no ids. */
static void tell_call(struct retelling *t, struct lx_json call, int64_t i)
{
    struct lx_json parameters = LX_GET(call, "parameters"), id = LX_GET(call, "id");
    struct lx_out *out = &t->out;
    lx_out_object(out, NULL);
    lx_out_int(out, "index", place_of(t, call, i));
    if (lx_json_text(id).s.n)
        lx_out_value(out, "id", id);
    lx_out_lit(out, "type", "function");
    lx_out_object(out, "function");
    lx_reshape_copy(out, "name", LX_GET(call, "name"));
    if (lx_json_given(parameters))
        lx_out_str(out, "arguments", lx_json_raw(parameters));
    else
        lx_reshape_copy(out, "arguments", LX_GET(call, "arguments"));
    lx_out_object_end(out);
    lx_out_object_end(out);
}

static void tell_calls(struct retelling *t, struct lx_json calls)
{
    int64_t i = 0;
    if (!lx_json_count(calls))
        return;
    t->calls = true;
    lx_out_array(&t->out, "tool_calls");
    for (struct lx_json_iter it = lx_json_iter(calls); lx_json_next(&it);)
        tell_call(t, it.value, i++);
    lx_out_array_end(&t->out);
}

static void tell_generic(struct retelling *t, struct lx_json choice)
{
    struct lx_json message = LX_GET(choice, "message");
    tell_texts(&t->out, LX_GET(message, "content"));
    lx_reshape_copy(&t->out, "reasoning_content", LX_GET(message, "reasoningContent"));
    lx_reshape_copy(&t->out, "refusal", LX_GET(message, "refusal"));
    tell_calls(t, LX_GET(message, "toolCalls"));
}

static void tell_cohere(struct retelling *t, struct lx_json answer)
{
    struct lx_json text = LX_GET(answer, "text"), calls = LX_GET(answer, "toolCalls");
    struct lx_oci_reading *s = t->reading;
    bool again = lx_json_given(LX_GET(answer, "chatHistory"));
    if (lx_json_text(text).s.n && !(s && s->said && (again || lx_json_given(calls)))) {
        lx_out_value(&t->out, "content", text);
        if (s)
            s->said = true;
    }
    if (!(s && again && s->calls))
        tell_calls(t, calls);
}

/* A choice of the generic form, or Cohere's answer. */
static void tell_choice(struct retelling *t, struct lx_json choice, struct lx_arena *a)
{
    struct lx_json index = LX_GET(choice, "index");
    struct lx_slice finish = finish_of(LX_GET(choice, "finishReason"), a);
    t->calls = false;
    lx_out_object(&t->out, NULL);
    if (lx_json_given(index))
        lx_out_value(&t->out, "index", index);
    else
        lx_out_int(&t->out, "index", 0);
    lx_out_object(&t->out, t->reading ? "delta" : "message");
    lx_out_lit(&t->out, "role", "assistant");
    if (lx_json_is(LX_GET(choice, "message"), LX_JSON_OBJECT))
        tell_generic(t, choice);
    else
        tell_cohere(t, choice);
    lx_out_object_end(&t->out);
    if (lx_slice_eq(finish, LX_S("stop")) && (t->reading ? t->reading->calls > 0 : t->calls))
        finish = LX_S("tool_calls"); /* Cohere's is complete, and calls */
    if (finish.n)
        lx_out_str(&t->out, "finish_reason", finish);
    else
        lx_out_null(&t->out, "finish_reason");
    lx_out_object_end(&t->out);
}

/* The text in the arena; absent, with a code, when that failed. */
static int settle(struct retelling *t, struct lx_arena *a, struct lx_slice *out)
{
    *out = lx_buf_take(&t->text, a);
    return a->failed;
}

static struct retelling begin(struct lx_oci_reading *reading, struct lx_slice id)
{
    struct retelling t = {.reading = reading, .id = id};
    lx_buf_init(&t.text, SIZE_MAX / 4);
    return t;
}

/* ---- Whole replies --------------------------------------------------------------------------- */

static int retell(struct lx_json root, const struct lx_reply_context *c, struct lx_arena *a,
                  struct lx_slice *out)
{
    struct lx_json answer = LX_GET(root, "chatResponse"), choices = LX_GET(answer, "choices");
    struct retelling t = begin(NULL, c->id);
    t.out = lx_out(&t.text);
    lx_out_object(&t.out, NULL);
    lx_out_str(&t.out, "id", t.id);
    lx_reshape_copy(&t.out, "model", LX_GET(root, "modelId"));
    lx_out_array(&t.out, "choices");
    if (!lx_json_is(choices, LX_JSON_ARRAY))
        tell_choice(&t, answer, a);
    for (struct lx_json_iter it = lx_json_iter(choices); lx_json_next(&it);)
        tell_choice(&t, it.value, a);
    lx_out_array_end(&t.out);
    tell_usage(&t.out, LX_GET(answer, "usage"));
    lx_out_object_end(&t.out);
    return settle(&t, a, out);
}

int lx_oci_read_reply(const struct lx_json_doc *body, const struct lx_reply_context *c,
                      struct lx_arena *a, struct lx_reply *out, struct lx_error *err)
{
    struct lx_json root = lx_json_root(body);
    struct lx_slice text;
    if (!lx_json_is(LX_GET(root, "chatResponse"), LX_JSON_OBJECT))
        return lx_error_set(err, LX_EPROTO, "the reply has no chatResponse");
    int code = retell(root, c, a, &text);
    if (code < 0)
        return lx_error_set(err, code, "%s", lx_code_text(code));
    return lx_reshape_read_reply(text, c, a, out, err);
}

/* ---- Streams --------------------------------------------------------------------------------- */

/* {"code": "429", "message": ".."} tells an error; of a good event the message is an object. */
static bool is_error(struct lx_json root)
{
    return lx_json_given(LX_GET(root, "error")) ||
           (lx_json_given(LX_GET(root, "code")) &&
            lx_json_is(LX_GET(root, "message"), LX_JSON_STRING));
}

static int retell_event(struct lx_oci_reading *s, struct lx_json root,
                        const struct lx_reply_context *c, struct lx_arena *a, struct lx_slice *out)
{
    struct retelling t = begin(s, c->id);
    t.out = lx_out(&t.text);
    lx_out_object(&t.out, NULL);
    if (is_error(root)) {
        struct lx_json error = LX_GET(root, "error");
        lx_out_value(&t.out, "error", lx_json_given(error) ? error : root);
    } else {
        lx_out_str(&t.out, "id", t.id);
        lx_out_array(&t.out, "choices");
        tell_choice(&t, root, a);
        lx_out_array_end(&t.out);
        tell_usage(&t.out, LX_GET(root, "usage"));
    }
    lx_out_object_end(&t.out);
    return settle(&t, a, out);
}

int lx_oci_read_event(void *state, const struct lx_record *rec, struct lx_json_doc *doc,
                      const struct lx_reply_context *c, struct lx_events *out, struct lx_error *err)
{
    struct lx_oci_reading *s = state;
    struct lx_record told = *rec;
    if (rec->fault || lx_record_is_done(rec))
        return lx_openai_read_event(&s->stream, rec, doc, c, out, err);
    int code = lx_record_read(rec, doc, err);
    if (code)
        return code;
    code = retell_event(s, lx_json_root(doc), c, out->arena, &told.data);
    if (code < 0)
        return lx_error_set(err, code, "%s", lx_code_text(code));
    return lx_openai_read_event(&s->stream, &told, doc, c, out, err);
}

int lx_oci_read_end(void *state, struct lx_events *out, struct lx_error *err)
{
    struct lx_oci_reading *s = state;
    return lx_openai_read_end(&s->stream, out, err);
}

void lx_oci_clear(void *state)
{
    struct lx_oci_reading *s = state;
    lx_openai_stream_clear(&s->stream);
}
