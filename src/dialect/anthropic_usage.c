/*
 * anthropic_usage.c - usage and errors of the Messages API, both ways.
 *
 * Usage is converted: this wire's input_tokens leave out what a cache gave or took, the
 * vocabulary's prompt_tokens include it. An error may be anything at all, so its reader never
 * fails.
 */
#include "dialect/anthropic.h"
#include "dialect/openai_chat.h"

#include "base/text.h"
#include "wire/date.h"

/* ---- Usage --------------------------------------------------------------------------------- */

/* What the wire counts, without the vocabulary's totals. */
struct counts {
    int64_t input, cached, written, output;
};

static bool read_counts(struct lx_json usage, struct counts *c, struct lx_usage *u)
{
    bool any = lx_usage_count(LX_GET(usage, "input_tokens"), &c->input);
    any |= lx_usage_count(LX_GET(usage, "output_tokens"), &c->output);
    if (lx_usage_count(LX_GET(usage, "cache_read_input_tokens"), &c->cached))
        any = u->has_cached = true;
    if (lx_usage_count(LX_GET(usage, "cache_creation_input_tokens"), &c->written))
        any = u->has_cache_write = true;
    return any;
}

static int64_t capped(int64_t n)
{
    return n < LX_USAGE_MAX ? n : LX_USAGE_MAX;
}

/* With compaction, or where another model had to step in (recorded: fallback_message), there is
 * more than one run and the totals tell of the last only; all are billed (API reference, 2026-08).
 * An advisor is another model at another price, and not in the totals: not added. */
static void add_iterations(struct lx_json iterations, struct counts *c)
{
    struct counts sum = {0};
    bool any = false;
    for (struct lx_json_iter it = lx_json_iter(iterations); lx_json_next(&it);) {
        struct counts one = {0};
        struct lx_usage ignored = {0};
        if (lx_json_eq(LX_GET(it.value, "type"), LX_S("advisor_message")))
            continue;
        any |= read_counts(it.value, &one, &ignored);
        sum.input = capped(sum.input + one.input);
        sum.cached = capped(sum.cached + one.cached);
        sum.written = capped(sum.written + one.written);
        sum.output = capped(sum.output + one.output);
    }
    if (any)
        *c = sum;
}

struct lx_slice lx_anthropic_tier(struct lx_slice tier)
{
    static const struct lx_slice tiers[] = {
        LX_S_INIT("standard"), LX_S_INIT("priority"), LX_S_INIT("batch"),
        LX_S_INIT("default"),  LX_S_INIT("flex"),     LX_S_INIT("scale"),
    };
    for (size_t i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++)
        if (lx_slice_eq(tiers[i], tier))
            return tiers[i];
    return lx_slice(NULL, 0);
}

void lx_anthropic_usage_read(struct lx_json usage, struct lx_usage *u)
{
    struct counts c = {u->prompt_tokens - u->cached_tokens - u->cache_write_tokens,
                       u->cached_tokens, u->cache_write_tokens, u->completion_tokens};
    struct lx_json split = LX_GET(usage, "cache_creation"), cost = LX_GET(usage, "cost");

    if (!lx_json_is(usage, LX_JSON_OBJECT) || !read_counts(usage, &c, u))
        return;
    add_iterations(LX_GET(usage, "iterations"), &c);
    u->known = true;
    if (lx_usage_count(LX_GET(split, "ephemeral_1h_input_tokens"), &u->cache_write_1h_tokens))
        u->has_cache_split = true;
    if (lx_usage_count(LX_GET(LX_GET(usage, "output_tokens_details"), "thinking_tokens"),
                       &u->reasoning_tokens))
        u->has_completion_details = true;
    lx_usage_count(LX_GET(LX_GET(usage, "server_tool_use"), "web_search_requests"),
                   &u->web_search_requests);
    if (lx_json_is(LX_GET(usage, "service_tier"), LX_JSON_STRING))
        u->service_tier = lx_anthropic_tier(lx_json_text(LX_GET(usage, "service_tier")).s);
    u->fast = lx_json_eq(LX_GET(usage, "speed"), LX_S("fast"));
    if (lx_json_eq(LX_GET(usage, "inference_geo"), LX_S("us")))
        u->region = LX_S("us");           /* the only place that has a price of its own */
    if (lx_json_is(cost, LX_JSON_NUMBER)) /* another gateway's word, as it is written below */
        u->has_cost = lx_money_read(lx_json_raw(cost), &u->cost) == 0 && u->cost.units >= 0;
    u->cached_tokens = c.cached;
    u->cache_write_tokens = c.written;
    u->prompt_tokens = c.input + c.cached + c.written;
    u->completion_tokens = c.output;
    u->total_tokens = u->prompt_tokens + u->completion_tokens;
    u->raw = lx_json_raw(usage);
}

/* What others call default is standard here; Anthropic knows neither flex nor scale. */
static void write_tier(struct lx_out *out, struct lx_slice tier)
{
    if (lx_slice_eq(tier, LX_S("default")))
        tier = LX_S("standard");
    if (lx_slice_eq(tier, LX_S("standard")) || lx_slice_eq(tier, LX_S("priority")) ||
        lx_slice_eq(tier, LX_S("batch")))
        lx_out_str(out, "service_tier", tier);
}

void lx_anthropic_usage_write(struct lx_out *out, const char *name, const struct lx_usage *u)
{
    int64_t input = u->prompt_tokens - u->cached_tokens - u->cache_write_tokens;
    lx_out_object(out, name);
    lx_out_int(out, "input_tokens", input > 0 ? input : 0);
    lx_out_int(out, "cache_creation_input_tokens", u->cache_write_tokens);
    lx_out_int(out, "cache_read_input_tokens", u->cached_tokens);
    if (u->has_cache_split) {
        lx_out_object(out, "cache_creation");
        lx_out_int(out, "ephemeral_5m_input_tokens",
                   u->cache_write_tokens - u->cache_write_1h_tokens);
        lx_out_int(out, "ephemeral_1h_input_tokens", u->cache_write_1h_tokens);
        lx_out_object_end(out);
    }
    lx_out_int(out, "output_tokens", u->completion_tokens);
    if (u->reasoning_tokens) {
        lx_out_object(out, "output_tokens_details");
        lx_out_int(out, "thinking_tokens", u->reasoning_tokens);
        lx_out_object_end(out);
    }
    if (u->web_search_requests) {
        lx_out_object(out, "server_tool_use");
        lx_out_int(out, "web_search_requests", u->web_search_requests);
        lx_out_object_end(out);
    }
    write_tier(out, u->service_tier);
    if (u->has_cost) /* LiteLLM's, where its users ask for it */
        lx_money_out(u->cost, "cost", out);
    lx_out_object_end(out);
}

/* ---- Errors -------------------------------------------------------------------------------- */

/* Types and what they mean; the status decides where the type says little. */
static const struct error_type {
    struct lx_slice name;
    enum lx_fault_kind kind;
} error_types[] = {
    {LX_S_INIT("invalid_request_error"), LX_FAULT_BAD_REQUEST},
    {LX_S_INIT("authentication_error"), LX_FAULT_AUTHENTICATION},
    {LX_S_INIT("billing_error"), LX_FAULT_BILLING},
    {LX_S_INIT("permission_error"), LX_FAULT_PERMISSION},
    {LX_S_INIT("not_found_error"), LX_FAULT_NOT_FOUND},
    {LX_S_INIT("request_too_large"), LX_FAULT_TOO_LARGE},
    {LX_S_INIT("rate_limit_error"), LX_FAULT_RATE_LIMIT},
    {LX_S_INIT("timeout_error"), LX_FAULT_TIMEOUT},
    {LX_S_INIT("api_error"), LX_FAULT_INTERNAL},
    {LX_S_INIT("overloaded_error"), LX_FAULT_OVERLOADED},
};

static const struct error_type *error_type_find(struct lx_slice name)
{
    for (size_t i = 0; i < sizeof(error_types) / sizeof(error_types[0]); i++)
        if (lx_slice_eq(error_types[i].name, name))
            return &error_types[i];
    return NULL;
}

/* Anthropic tells the kind by type, also within a stream, where there is no status. */
static enum lx_fault_kind kind_of(struct lx_slice type, int status)
{
    const struct error_type *known = error_type_find(type);
    bool vague = !known || known->kind == LX_FAULT_BAD_REQUEST || known->kind == LX_FAULT_INTERNAL;
    if (status >= 400 && vague)
        return lx_fault_of_status(status);
    return known ? known->kind : LX_FAULT_API;
}

/* Gateways in front of the API have their own shapes: {"message"}, {"detail"}, {"error":"..."},
 * and Google's list of one. */
static struct lx_slice find_message(struct lx_json body, struct lx_arena *a)
{
    struct lx_json error = LX_GET(body, "error");
    struct lx_json places[] = {LX_GET(error, "message"), error,
                               LX_GET(body, "message"),  LX_GET(body, "Message"),
                               LX_GET(body, "detail"),   body};
    for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        if (lx_json_is(places[i], LX_JSON_STRING) && lx_json_text(places[i]).s.n)
            return lx_json_str(places[i], a);
    return lx_slice(NULL, 0);
}

void lx_anthropic_fault_read(struct lx_json body, int status, struct lx_arena *a,
                             struct lx_fault *out)
{
    if (lx_json_is(body, LX_JSON_ARRAY))
        body = lx_json_at(body, 0);
    struct lx_json error = LX_GET(body, "error");
    out->type = lx_json_str(LX_GET(error, "type"), a);
    out->code = lx_json_str(LX_GET(error, "code"), a);
    out->param = lx_json_str(LX_GET(error, "param"), a);
    out->message = find_message(body, a);
    out->kind = lx_fault_refine(kind_of(out->type, status), out->message);
}

/* The title of an HTML page, or the first line of anything else. */
static struct lx_slice message_of_text(struct lx_slice body, struct lx_arena *a)
{
    struct lx_slice text = lx_slice_trim(body), rest;
    ssize_t from = lx_slice_find(text, LX_S("<title>"));
    ssize_t to = lx_slice_find(text, LX_S("</title>"));
    if (from >= 0 && to > from + 7)
        text = lx_slice_trim(lx_slice(text.p + from + 7, (size_t)(to - from) - 7));
    else if (text.n && text.p[0] == '<')
        return lx_slice(NULL, 0);
    lx_slice_cut(text, '\n', &text, &rest);
    text = lx_slice_trim(lx_slice_to(text, 500));
    return lx_arena_copy(a, lx_slice_to(text, lx_utf8_valid(text)));
}

void lx_anthropic_read_error(int status, struct lx_slice body, const struct lx_headers *headers,
                             struct lx_arena *a, struct lx_fault *out)
{
    struct lx_json_doc doc;
    struct lx_json_limits limits = {.max_bytes = 1 << 20};
    *out = (struct lx_fault){
        .status = status,
        .raw = body,
        .retry_after_ms = headers ? lx_headers_retry_after_ms(headers, 0) : -1,
    };
    lx_json_doc_init(&doc);
    int code = body.n ? lx_json_read(&doc, body, &limits, NULL) : LX_EJSON;
    if (code == 0)
        lx_anthropic_fault_read(lx_json_root(&doc), status, a, out);
    else
        out->kind = lx_fault_of_status(status);
    lx_json_doc_clear(&doc);
    if (!out->message.n)
        out->message = message_of_text(body, a);
    if (!out->message.n)
        out->message = lx_arena_printf(a, "the provider answered with status %d", status);
    if (code == LX_ENOMEM || a->failed) /* what the provider said is lost */
        *out = lx_fault_of_error(LX_ENOMEM, NULL, a);
}

void lx_anthropic_write_error(const struct lx_fault *f, struct lx_buf *out)
{
    struct lx_out o = lx_out(out);
    /* OpenAI's 401 and 404 are of type invalid_request_error, too; the kind knows better. */
    const struct error_type *known = error_type_find(f->type);
    bool ours = known && known->kind != LX_FAULT_BAD_REQUEST;
    lx_out_object(&o, NULL);
    lx_out_lit(&o, "type", "error");
    lx_out_object(&o, "error");
    lx_out_str(&o, "type", ours ? f->type : lx_slice_z(lx_fault_anthropic_type(f->kind)));
    lx_out_str(&o, "message", f->message);
    lx_openai_write_own_error(&o, f->raw);
    lx_out_object_end(&o);
    lx_out_object_end(&o);
}
