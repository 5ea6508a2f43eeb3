/*
 * openai_chat_error.c - errors: any body that a server behind an OpenAI-compatible URL may send,
 * and the error object that OpenAI's clients understand.
 *
 * Whatever the bytes are (JSON of a dozen shapes, HTML of a proxy, nothing), a fault comes out
 * with a message for a human and the finest kind that can be told. Retrying is others' business.
 */
#include "dialect/openai_chat.h"

#include "base/text.h"
#include "wire/date.h"

#include <stdio.h>

enum { SHOWN_BYTES = 500 }; /* of a body that is no JSON */

/* ---- Kinds -------------------------------------------------------------------------------- */

/* Codes and types that say more than the status. OpenAI's list of error codes; the others were
 * recorded, or stand in their lists: Azure, Groq, Mistral, llama.cpp, DashScope, OpenRouter,
 * DeepSeek, docs.z.ai (2026-11), platform.moonshot.ai (2026-11), GitHub Models. */
static const struct code_kind {
    struct lx_slice code;
    enum lx_fault_kind kind;
} code_kinds[] = {
    {LX_S_INIT("context_length_exceeded"), LX_FAULT_CONTEXT_WINDOW},
    {LX_S_INIT("exceed_context_size_error"), LX_FAULT_CONTEXT_WINDOW},
    {LX_S_INIT("tokens_limit_reached"), LX_FAULT_CONTEXT_WINDOW}, /* GitHub */
    {LX_S_INIT("1261"), LX_FAULT_CONTEXT_WINDOW},                 /* Z.AI's numbers */
    {LX_S_INIT("1301"), LX_FAULT_CONTENT_POLICY},
    {LX_S_INIT("1113"), LX_FAULT_BILLING},
    {LX_S_INIT("content_filter"), LX_FAULT_CONTENT_POLICY},
    {LX_S_INIT("content_policy_violation"), LX_FAULT_CONTENT_POLICY},
    {LX_S_INIT("ResponsibleAIPolicyViolation"), LX_FAULT_CONTENT_POLICY},
    {LX_S_INIT("data_inspection_failed"), LX_FAULT_CONTENT_POLICY},
    {LX_S_INIT("moderation_blocked"), LX_FAULT_CONTENT_POLICY},
    {LX_S_INIT("insufficient_quota"), LX_FAULT_BILLING},
    {LX_S_INIT("billing_hard_limit_reached"), LX_FAULT_BILLING},
    {LX_S_INIT("billing_not_active"), LX_FAULT_BILLING},
    {LX_S_INIT("exceeded_current_quota_error"), LX_FAULT_BILLING}, /* Moonshot */
    {LX_S_INIT("invalid_api_key"), LX_FAULT_AUTHENTICATION},
    {LX_S_INIT("authentication_error"), LX_FAULT_AUTHENTICATION},
    {LX_S_INIT("permission_error"), LX_FAULT_PERMISSION},
    {LX_S_INIT("model_not_found"), LX_FAULT_NOT_FOUND},
    {LX_S_INIT("DeploymentNotFound"), LX_FAULT_NOT_FOUND},
    {LX_S_INIT("not_found_error"), LX_FAULT_NOT_FOUND},
    {LX_S_INIT("rate_limit_exceeded"), LX_FAULT_RATE_LIMIT},
    {LX_S_INIT("rate_limit_error"), LX_FAULT_RATE_LIMIT},
    {LX_S_INIT("overloaded_error"), LX_FAULT_OVERLOADED},
    {LX_S_INIT("timeout_error"), LX_FAULT_TIMEOUT},
    {LX_S_INIT("invalid_request_error"), LX_FAULT_BAD_REQUEST},
    {LX_S_INIT("server_error"), LX_FAULT_INTERNAL},
};
/* The last two only where no status says it better. */
enum { VAGUE_CODES = 2 };

static enum lx_fault_kind kind_of_code(struct lx_slice code, bool vague_too)
{
    size_t n = sizeof(code_kinds) / sizeof(code_kinds[0]) - (vague_too ? 0 : VAGUE_CODES);
    for (size_t i = 0; i < n; i++)
        if (lx_slice_eq(code, code_kinds[i].code))
            return code_kinds[i].kind;
    return LX_FAULT_NONE;
}

/* A code that is an HTTP status, as OpenRouter, llama.cpp and Azure use it; else 0. */
static int status_of_code(struct lx_slice code)
{
    int64_t n;
    return lx_slice_int(code, &n) == 0 && n >= 400 && n < 600 ? (int)n : 0;
}

/* A string that is too long, and no prompt: a user's name. */
static bool is_other_string(const struct lx_fault *f)
{
    return lx_slice_eq(f->code, LX_S("string_above_max_length")) && f->param.n &&
           !lx_fault_names_prompt(f->param);
}

static void set_kind(struct lx_fault *f, int status)
{
    bool known = status >= 400 && status < 600;
    if (!known)
        status = status_of_code(f->code);
    enum lx_fault_kind kind = kind_of_code(f->code, !status);
    if (!kind)
        kind = kind_of_code(f->type, !status);
    if (!kind)
        kind = status ? lx_fault_of_status(status) : LX_FAULT_API;
    if (kind == LX_FAULT_BILLING && status == 429) /* LiteLLM's clients know it by the status */
        kind = LX_FAULT_QUOTA;
    f->kind = is_other_string(f) ? kind : lx_fault_refine(kind, f->message);
    f->status = status;
}

/* ---- Shapes of error documents ------------------------------------------------------------ */

/* Strings as they are, numbers as their text; nothing else has a place in a message. */
static struct lx_slice scalar(struct lx_json v, struct lx_arena *a)
{
    return lx_json_is(v, LX_JSON_NUMBER) ? lx_json_raw(v) : lx_json_str(v, a);
}

/* FastAPI's list: [{"loc":["body","model"],"msg":"Field required","type":"missing"}] */
static struct lx_slice read_detail(struct lx_json detail, struct lx_arena *a)
{
    struct lx_json first = lx_json_at(detail, 0), path = LX_GET(first, "loc");
    struct lx_slice text = lx_json_str(LX_GET(first, "msg"), a), where = LX_S("");

    if (!text.n)
        return lx_json_is(detail, LX_JSON_STRING) ? lx_json_str(detail, a) : lx_json_raw(detail);
    for (struct lx_json_iter it = lx_json_iter(path); lx_json_next(&it);) {
        struct lx_slice step = scalar(it.value, a);
        where = lx_arena_printf(a, "%.*s%s%.*s", LX_F(where), where.n ? "." : "", LX_F(step));
    }
    return where.n ? lx_arena_printf(a, "%.*s: %.*s", LX_F(where), LX_F(text)) : text;
}

/* The message member holds text, or once more a document (Mistral: {"detail":[..]}). */
static struct lx_slice read_message(struct lx_json v, struct lx_arena *a)
{
    if (lx_json_is(v, LX_JSON_STRING) || !lx_json_given(v))
        return lx_json_str(v, a);
    struct lx_json detail = LX_GET(v, "detail");
    return lx_json_given(detail) ? read_detail(detail, a) : lx_json_raw(v);
}

/* OpenRouter forwards what the provider behind it said: the useful half of its message. */
static void add_upstream_text(struct lx_json error, struct lx_fault *f, struct lx_arena *a)
{
    struct lx_slice raw = lx_json_str(LX_GET(LX_GET(error, "metadata"), "raw"), a);
    if (raw.n)
        f->message =
            lx_arena_printf(a, "%.*s: %.*s", LX_F(f->message), LX_F(lx_slice_to(raw, SHOWN_BYTES)));
}

/* An object with message, type, code, param: OpenAI's error, or a body that is one itself. */
static void read_object(struct lx_json error, struct lx_fault *f, struct lx_arena *a)
{
    f->message = read_message(LX_GET(error, "message"), a);
    f->type = lx_json_str(LX_GET(error, "type"), a);
    f->code = scalar(LX_GET(error, "code"), a);
    f->param = lx_json_str(LX_GET(error, "param"), a);
    if (!f->code.n) /* Groq, in streams */
        f->code = scalar(LX_GET(error, "status_code"), a);
    struct lx_json inner = LX_GET(LX_GET(error, "innererror"), "code"); /* Azure */
    if (!f->code.n && lx_json_given(inner))
        f->code = lx_json_str(inner, a);
    add_upstream_text(error, f, a);
}

static void read_document(struct lx_json body, struct lx_fault *f, struct lx_arena *a)
{
    if (lx_json_is(body, LX_JSON_ARRAY)) /* Gemini's OpenAI endpoint: a list of one */
        body = lx_json_at(body, 0);
    struct lx_json error = LX_GET(body, "error"), errors = LX_GET(body, "errors");

    if (lx_json_is(body, LX_JSON_STRING)) {
        f->message = lx_json_str(body, a);
    } else if (lx_json_is(error, LX_JSON_OBJECT)) {
        read_object(error, f, a);
    } else if (lx_json_given(error)) { /* xAI, Hugging Face: text, or a list of texts */
        read_object(body, f, a);
        if (lx_json_is(error, LX_JSON_ARRAY))
            error = lx_json_at(error, 0);
        f->message = read_message(error, a);
    } else if (lx_json_is(errors, LX_JSON_ARRAY)) {
        read_object(lx_json_at(errors, 0), f, a);
    } else if (lx_json_given(LX_GET(body, "message"))) {
        read_object(body, f, a);
    } else if (lx_json_given(LX_GET(body, "Message"))) { /* AWS */
        f->message = read_message(LX_GET(body, "Message"), a);
    } else if (lx_json_given(LX_GET(body, "detail"))) {
        f->message = read_detail(LX_GET(body, "detail"), a);
    }
}

bool lx_openai_top_is_fault(const struct lx_openai_top *top)
{
    struct lx_json body = top->body;
    if (lx_json_given(top->error))
        return true;
    return !lx_json_count(top->choices) &&
           (lx_json_given(LX_GET(body, "detail")) || lx_json_given(LX_GET(body, "message")) ||
            lx_json_count(LX_GET(body, "errors")));
}

bool lx_openai_is_fault(struct lx_json body)
{
    struct lx_openai_top top;
    lx_openai_top_read(body, &top);
    return lx_openai_top_is_fault(&top);
}

/* Where the head did not say it, as of an event: GigaChat's `status`, watsonx' `status_code`. */
static int status_said(struct lx_json body, struct lx_arena *a)
{
    int status = status_of_code(scalar(LX_GET(body, "status_code"), a));
    return status ? status : status_of_code(scalar(LX_GET(body, "status"), a));
}

/* Nothing said is said too. */
static void default_message(struct lx_fault *f, int status, struct lx_arena *a)
{
    if (!f->message.n && status)
        f->message =
            lx_arena_printf(a, "the provider answered with status %d and no message", status);
    if (!f->message.n)
        f->message = LX_S("the provider reported an error without a message");
}

void lx_openai_read_fault(int status, struct lx_json body, struct lx_arena *a, struct lx_fault *out)
{
    *out = (struct lx_fault){.retry_after_ms = -1, .raw = lx_json_raw(body)};
    read_document(body, out, a);
    if (!status)
        status = status_said(body, a);
    default_message(out, status, a);
    set_kind(out, status);
}

/* ---- Bodies that are no JSON -------------------------------------------------------------- */

static struct lx_slice html_title(struct lx_slice body)
{
    ssize_t open = lx_slice_find(body, LX_S("<title>"));
    if (open < 0)
        return lx_slice("", 0);
    struct lx_slice rest = lx_slice_from(body, (size_t)open + 7);
    ssize_t close = lx_slice_find(rest, LX_S("</title>"));
    return close < 0 ? lx_slice("", 0) : lx_slice_trim(lx_slice_to(rest, (size_t)close));
}

static void read_plain(int status, struct lx_slice body, struct lx_arena *a, struct lx_fault *out)
{
    *out = (struct lx_fault){.retry_after_ms = -1, .raw = body};
    struct lx_slice text = lx_slice_trim(body);
    if (lx_slice_starts(text, LX_S("<")))
        text = html_title(text);
    text = lx_slice_to(text, SHOWN_BYTES);
    text.n = lx_utf8_valid(text);
    out->message = text;
    default_message(out, status, a);
    set_kind(out, status);
}

/* ---- When to try again -------------------------------------------------------------------- */

/* Headers; or, while Hugging Face loads a model, the seconds that are left. */
static int64_t read_retry_after(const struct lx_headers *h, struct lx_json body,
                                enum lx_fault_kind kind)
{
    int64_t ms = h ? lx_headers_retry_after_ms(h, 0) : -1;
    if (ms < 0 && h && kind == LX_FAULT_RATE_LIMIT)
        ms = lx_fault_reset_ms(h, 0);
    struct lx_json left = LX_GET(body, "estimated_time");
    return ms < 0 && lx_json_is(left, LX_JSON_NUMBER) ? lx_seconds_read_ms(lx_json_raw(left)) : ms;
}

void lx_openai_read_error(int status, struct lx_slice body, const struct lx_headers *headers,
                          struct lx_arena *a, struct lx_fault *out)
{
    struct lx_json_doc doc;
    struct lx_slice text = lx_slice_trim(body);

    lx_json_doc_init(&doc);
    int code = text.n ? lx_json_read(&doc, text, NULL, NULL) : LX_EJSON;
    if (code == 0 && lx_json_type(lx_json_root(&doc)) >= LX_JSON_STRING)
        lx_openai_read_fault(status, lx_json_root(&doc), a, out);
    else
        read_plain(status, body, a, out);
    if (code == LX_ENOMEM || a->failed) /* what the provider said is lost */
        *out = lx_fault_of_error(LX_ENOMEM, NULL, a);
    out->raw = body;
    out->retry_after_ms =
        read_retry_after(headers, code == 0 ? lx_json_root(&doc) : (struct lx_json){0}, out->kind);
    lx_json_doc_clear(&doc); /* what was taken from it points into the body or the arena */
}

/* ---- Writing ------------------------------------------------------------------------------ */

/* What OpenAI's clients look for where the provider sent no code; else the status, as LiteLLM. */
static const char *const kind_codes[LX_FAULT_COUNT] = {
    [LX_FAULT_CONTEXT_WINDOW] = "context_length_exceeded",
    [LX_FAULT_CONTENT_POLICY] = "content_policy_violation",
    [LX_FAULT_BILLING] = "insufficient_quota",
    [LX_FAULT_QUOTA] = "insufficient_quota",
};

static void write_or_null(struct lx_out *o, const char *name, struct lx_slice s)
{
    if (s.n)
        lx_out_str(o, name, s);
    else
        lx_out_null(o, name);
}

/* Whether the provider said more than the error tells in OpenAI's words. */
static bool says_more(struct lx_json error)
{
    static const struct lx_slice told[] = {
        LX_S_INIT("message"), LX_S_INIT("type"),   LX_S_INIT("param"),
        LX_S_INIT("code"),    LX_S_INIT("status"), LX_S_INIT("error"),
    };
    for (struct lx_json_iter it = lx_json_iter(error); lx_json_next(&it);) {
        size_t i = 0;
        while (i < sizeof(told) / sizeof(told[0]) && !lx_json_eq(it.name, told[i]))
            i++;
        if (i == sizeof(told) / sizeof(told[0]) && lx_json_given(it.value))
            return true;
    }
    return false;
}

/* The page of a proxy: the message is its title at most. Other text is the message. */
static void write_page(struct lx_out *o, struct lx_slice raw)
{
    struct lx_slice text = lx_slice_to(lx_slice_trim(raw), SHOWN_BYTES);
    text.n = lx_utf8_valid(text);
    if (!lx_slice_starts(text, LX_S("<")))
        return;
    lx_out_object(o, "provider_specific_fields");
    lx_out_str(o, "body", text);
    lx_out_object_end(o);
}

void lx_openai_write_own_error(struct lx_out *o, struct lx_slice raw)
{
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    int code = raw.n ? lx_json_read(&doc, raw, NULL, NULL) : LX_EJSON;
    if (code == LX_ENOMEM && !o->buf->failed)
        o->buf->failed = code;
    if (code == 0) {
        struct lx_json body = lx_json_root(&doc);
        if (lx_json_is(body, LX_JSON_ARRAY))
            body = lx_json_at(body, 0);
        if (lx_json_is(LX_GET(body, "error"), LX_JSON_OBJECT))
            body = LX_GET(body, "error");
        if (lx_json_is(body, LX_JSON_OBJECT) && says_more(body))
            lx_out_value(o, "provider_specific_fields", body);
    } else if (code != LX_ENOMEM) {
        write_page(o, raw);
    }
    lx_json_doc_clear(&doc);
}

void lx_openai_write_error(const struct lx_fault *f, struct lx_buf *buf)
{
    struct lx_out o = lx_out(buf);
    char status[16];

    snprintf(status, sizeof(status), "%d", lx_fault_status(f));
    const char *code = kind_codes[f->kind] ? kind_codes[f->kind] : status;
    bool said = f->code.n && !(status_of_code(f->code) && kind_codes[f->kind]);
    lx_out_object(&o, NULL);
    lx_out_object(&o, "error");
    lx_out_str(&o, "message", f->message.n ? f->message : lx_slice_z(lx_fault_class(f->kind)));
    lx_out_str(&o, "type", f->type.n ? f->type : lx_slice_z(lx_fault_openai_type(f->kind)));
    write_or_null(&o, "param", f->param);
    lx_out_str(&o, "code", said ? f->code : lx_slice_z(code));
    lx_openai_write_own_error(&o, f->raw);
    lx_out_object_end(&o);
    lx_out_object_end(&o);
}
