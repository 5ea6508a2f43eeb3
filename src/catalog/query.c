/*
 * query.c - reads questions about cost, answers them, and writes the answer.
 *
 * Every provider counts in its own words; what they mean is in llm/usage.h. The dialects read a
 * provider's reply that passes through a call; this reads what somebody kept of one.
 */
#include "catalog/query.h"

/* ---- Usage ---------------------------------------------------------------------------------- */

static int64_t number(struct lx_json v)
{
    int64_t n = 0;
    return lx_json_int(v, &n) == 0 && n > 0 ? n : 0;
}

/* The first of several members that is a number above 0. Names are separated by spaces. */
static int64_t first(struct lx_json v, const char *names)
{
    struct lx_slice rest = lx_slice_z(names), name;
    int64_t n = 0;
    while (n == 0 && rest.n) {
        lx_slice_cut(rest, ' ', &name, &rest);
        n = number(lx_json_get(v, name));
    }
    return n;
}

static int64_t sum(int64_t a, int64_t b)
{
    int64_t s;
    return __builtin_add_overflow(a, b, &s) ? INT64_MAX : s;
}

static struct lx_json details(struct lx_json usage, const char *a, const char *b)
{
    struct lx_json v = lx_json_get(usage, lx_slice_z(a));
    return lx_json_given(v) ? v : lx_json_get(usage, lx_slice_z(b));
}

static void read_prompt_details(struct lx_json usage, struct lx_usage *out)
{
    struct lx_json d = details(usage, "prompt_tokens_details", "input_tokens_details");
    struct lx_json split = details(d, "cache_creation_token_details", "cache_creation");
    out->cached_tokens = first(d, "cached_tokens");
    out->cache_write_tokens = first(d, "cache_write_tokens cache_creation_tokens");
    out->cache_write_1h_tokens = number(LX_GET(split, "ephemeral_1h_input_tokens"));
    out->cached_audio_tokens = number(LX_GET(LX_GET(d, "cached_tokens_details"), "audio_tokens"));
    out->prompt_audio_tokens = number(LX_GET(d, "audio_tokens"));
    out->prompt_image_tokens = number(LX_GET(d, "image_tokens"));
    out->prompt_video_tokens = number(LX_GET(d, "video_tokens"));
    out->prompt_text_tokens = number(LX_GET(d, "text_tokens"));
    out->web_search_requests = number(LX_GET(d, "web_search_requests"));
    out->maps_requests = number(LX_GET(d, "google_maps_grounding_requests"));
    if (!out->cached_tokens) /* DeepSeek's; Moonshot's */
        out->cached_tokens = first(usage, "prompt_cache_hit_tokens cached_tokens");
}

static void read_completion_details(struct lx_json usage, struct lx_usage *out)
{
    struct lx_json d = details(usage, "completion_tokens_details", "output_tokens_details");
    out->reasoning_tokens = number(LX_GET(d, "reasoning_tokens"));
    out->completion_audio_tokens = number(LX_GET(d, "audio_tokens"));
    out->completion_image_tokens = number(LX_GET(d, "image_tokens"));
    out->completion_video_tokens = number(LX_GET(d, "video_tokens"));
    out->completion_text_tokens = number(LX_GET(d, "text_tokens"));
    if (!out->reasoning_tokens)
        out->reasoning_tokens = number(LX_GET(usage, "reasoning_tokens"));
}

/* Anthropic's counts, whose input does not hold what the cache was read or written for. With
 * prompt_tokens beside them (LiteLLM's), it does. */
static void read_cache_counts(struct lx_json usage, struct lx_usage *out)
{
    struct lx_json read = LX_GET(usage, "cache_read_input_tokens");
    struct lx_json write = LX_GET(usage, "cache_creation_input_tokens");
    bool inclusive = lx_json_given(LX_GET(usage, "prompt_tokens"));
    if (lx_json_given(read))
        out->cached_tokens = number(read);
    if (lx_json_given(write))
        out->cache_write_tokens = number(write);
    if (lx_json_given(LX_GET(usage, "cache_creation")))
        out->cache_write_1h_tokens =
            number(LX_GET(LX_GET(usage, "cache_creation"), "ephemeral_1h_input_tokens"));
    if ((lx_json_given(read) || lx_json_given(write)) && !inclusive)
        out->prompt_tokens =
            sum(out->prompt_tokens, sum(out->cached_tokens, out->cache_write_tokens));
}

void lx_usage_read(struct lx_json usage, struct lx_arena *a, struct lx_usage *out)
{
    *out = (struct lx_usage){.known = lx_json_is(usage, LX_JSON_OBJECT)};
    struct lx_json server = LX_GET(usage, "server_tool_use");
    struct lx_json tier = LX_GET(usage, "service_tier");
    out->prompt_tokens = first(usage, "prompt_tokens input_tokens");
    out->completion_tokens = first(usage, "completion_tokens output_tokens");
    read_prompt_details(usage, out);
    read_completion_details(usage, out);
    read_cache_counts(usage, out);
    if (number(LX_GET(server, "web_search_requests")))
        out->web_search_requests = number(LX_GET(server, "web_search_requests"));
    out->service_tier = lx_json_str(tier, a);
    out->total_tokens = number(LX_GET(usage, "total_tokens"));
    if (!out->total_tokens)
        out->total_tokens = sum(out->prompt_tokens, out->completion_tokens);
    out->raw = lx_json_raw(usage);
}

/* ---- The question --------------------------------------------------------------------------- */

enum type { STRING, COUNT, MILLIS, SECONDS, SWITCH };

static const struct {
    const char *name;
    enum type type;
    size_t at;
} members[] = {
#define MEMBER(name, type, field)                         \
    {                                                     \
        name, type, offsetof(struct lx_cost_query, field) \
    }
    MEMBER("model", STRING, model),
    MEMBER("provider", STRING, provider),
    MEMBER("custom_llm_provider", STRING, provider),
    MEMBER("base_model", STRING, base_model),
    MEMBER("quality", STRING, quality),
    MEMBER("size", STRING, size),
    MEMBER("service_tier", STRING, in.service_tier),
    MEMBER("data_residency", STRING, in.region),
    MEMBER("vertex_location", STRING, in.region),
    MEMBER("inference_geo", STRING, in.region),
    MEMBER("region", STRING, in.region),
    MEMBER("time", COUNT, in.now_s),
    MEMBER("total_time", MILLIS, in.response_ms),
    MEMBER("response_ms", MILLIS, in.response_ms),
    MEMBER("batch", SWITCH, in.batch),
    MEMBER("fast", SWITCH, in.fast),
    MEMBER("characters", COUNT, in.characters),
    MEMBER("duration", SECONDS, in.audio_us),
    MEMBER("audio_seconds", SECONDS, in.audio_us),
    MEMBER("video_seconds", SECONDS, in.video_us),
    MEMBER("n", COUNT, in.images),
    MEMBER("images", COUNT, in.images),
    MEMBER("pixels", COUNT, in.pixels),
    MEMBER("resolution", STRING, in.resolution),
    MEMBER("pages", COUNT, in.pages),
    MEMBER("annotated_pages", COUNT, in.annotated_pages),
    MEMBER("credits", COUNT, in.credits),
    MEMBER("queries", COUNT, in.queries),
    MEMBER("max_results", COUNT, in.max_results),
    MEMBER("citation_tokens", COUNT, in.citation_tokens),
    MEMBER("web_searches", COUNT, in.web_searches),
    MEMBER("search_context_size", STRING, in.search_context_size),
    MEMBER("apply_search_free_tier", SWITCH, in.free_tier),
    MEMBER("searches_before", COUNT, in.searches_before),
    MEMBER("maps_queries", COUNT, in.maps_queries),
    MEMBER("file_searches", COUNT, in.file_searches),
    MEMBER("code_sessions", COUNT, in.code_sessions),
#undef MEMBER
};

/* A decimal in units of 10^-digits, what is finer cut off; false when it is none or too large. */
static bool read_scaled(struct lx_json v, int64_t per_unit, int64_t *out)
{
    struct lx_money m, one;
    lx_money_read(LX_S("1"), &one);
    if (!lx_json_is(v, LX_JSON_NUMBER) || lx_money_read(lx_json_raw(v), &m) < 0 || m.units < 0 ||
        m.units / one.units >= INT64_MAX / per_unit)
        return false;
    *out = (int64_t)(m.units / (one.units / per_unit));
    return true;
}

static bool read_member(struct lx_json v, enum type type, void *to, struct lx_arena *a)
{
    struct lx_slice s;
    int64_t n;
    switch (type) {
    case STRING:
        s = lx_json_str(v, a);
        if (s.p)
            memcpy(to, &s, sizeof(s));
        return s.p != NULL;
    case SWITCH:
        *(bool *)to = lx_json_bool(v, false);
        return lx_json_is(v, LX_JSON_TRUE) || lx_json_is(v, LX_JSON_FALSE);
    case COUNT:
        return lx_json_int(v, &n) == 0 && n >= 0 && (memcpy(to, &n, sizeof(n)), true);
    case MILLIS:
        return read_scaled(v, 1, to);
    default:
        return read_scaled(v, 1000000, to);
    }
}

static const struct {
    const char *name;
    enum lx_cost_call call;
    const char *mode; /* of a model that is called so */
} calls[] = {
    {"speech", LX_COST_SPEECH, "audio_speech"},
    {"transcription", LX_COST_TRANSCRIPTION, "audio_transcription"},
    {"rerank", LX_COST_RERANK, "rerank"},
    {"search", LX_COST_SEARCH, "search"},
    {"ocr", LX_COST_OCR, "ocr"},
    {"image_generation", LX_COST_IMAGE, "image_generation"},
    {"image_edit", LX_COST_IMAGE, "image_edit"},
    {"create_video", LX_COST_VIDEO, "video_generation"},
};
enum { CALL_COUNT = sizeof(calls) / sizeof(calls[0]) };

/* LiteLLM's call types, which have an 'a' in front where they are asynchronous. */
static void read_call(struct lx_slice type, struct lx_cost_query *out)
{
    out->call_given = type.n != 0;
    if (lx_slice_ends(type, LX_S("retrieve_batch")))
        out->in.batch = true;
    for (size_t i = 0; i < CALL_COUNT; i++)
        if (lx_slice_eq(type, lx_slice_z(calls[i].name)) ||
            (type.n && *type.p == 'a' &&
             lx_slice_eq(lx_slice_from(type, 1), lx_slice_z(calls[i].name))))
            out->in.call = calls[i].call;
}

/* "1024x1792" or "1024-x-1792" */
static int64_t pixels_of(struct lx_slice size)
{
    struct lx_slice w, h;
    int64_t a, b, n = 0;
    lx_slice_cut(size, 'x', &w, &h);
    if (lx_slice_ends(w, LX_S("-")))
        w.n--;
    if (lx_slice_starts(h, LX_S("-")))
        h = lx_slice_from(h, 1);
    if (lx_slice_int(w, &a) < 0 || lx_slice_int(h, &b) < 0 || a < 0 || b < 0 ||
        __builtin_mul_overflow(a, b, &n))
        return 0;
    return n;
}

int lx_cost_query_read(struct lx_json v, struct lx_arena *a, struct lx_cost_query *out,
                       struct lx_error *err)
{
    struct lx_json reply = LX_GET(v, "completion_response"), usage;
    *out = (struct lx_cost_query){0};
    if (!lx_json_is(v, LX_JSON_OBJECT))
        return lx_error_set(err, LX_EINVAL, "expected a JSON object");
    if (!lx_json_given(reply))
        reply = v;
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        struct lx_json m = lx_json_get(v, lx_slice_z(members[i].name));
        if (!lx_json_given(m) && i < 1)
            m = lx_json_get(reply, lx_slice_z(members[i].name));
        if (lx_json_given(m) && !read_member(m, members[i].type, (char *)out + members[i].at, a) &&
            !a->failed)
            return lx_error_set(err, LX_EINVAL, "%s: %.*s is not what is expected there",
                                members[i].name, LX_F(lx_slice_to(lx_json_raw(m), 60)));
        if (lx_json_given(m) && members[i].type >= COUNT && members[i].type <= SECONDS &&
            members[i].at != offsetof(struct lx_cost_query, in.now_s) &&
            members[i].at != offsetof(struct lx_cost_query, in.searches_before))
            out->units_given = true;
    }
    usage = LX_GET(reply, "usage");
    out->usage_given = lx_json_is(usage, LX_JSON_OBJECT) && lx_json_count(usage) > 0;
    if (out->usage_given)
        lx_usage_read(usage, a, &out->usage);
    if (!out->usage.service_tier.n)
        out->usage.service_tier = lx_json_str(LX_GET(reply, "service_tier"), a);
    if (lx_json_eq(LX_GET(usage, "speed"), LX_S("fast")))
        out->in.fast = true;
    if (!out->in.region.n)
        out->in.region = lx_json_str(LX_GET(usage, "inference_geo"), a);
    if (!out->in.citation_tokens)
        out->in.citation_tokens = number(LX_GET(usage, "citation_tokens"));
    if (lx_json_given(LX_GET(v, "completion_response")))
        out->chosen = lx_json_str(LX_GET(reply, "model"), a);
    read_call(lx_json_str(LX_GET(v, "call_type"), a), out);
    return a->failed;
}

/* ---- The answer ----------------------------------------------------------------------------- */

static enum lx_cost_call call_of_mode(struct lx_slice mode)
{
    for (size_t i = 0; i < CALL_COUNT; i++)
        if (lx_slice_eq(mode, lx_slice_z(calls[i].mode)))
            return calls[i].call;
    return LX_COST_TOKENS;
}

static int no_price(const struct lx_cost_query *q, struct lx_error *err)
{
    return lx_error_set(err, LX_ENOTFOUND, "no price is known for the model %.*s",
                        LX_F(lx_slice_to(q->model, 100)));
}

/* Who asks of these without a number means one. */
static bool is_one_by_itself(enum lx_cost_call call)
{
    return call == LX_COST_IMAGE || call == LX_COST_RERANK || call == LX_COST_SEARCH;
}

int lx_cost_query_run(const struct lx_catalog *c, const struct lx_cost_query *q,
                      struct lx_slice own, struct lx_arena *a, struct lx_price *price,
                      struct lx_cost *out, struct lx_error *err)
{
    struct lx_cost_input in = q->in;
    if (q->size.n || q->quality.n || in.call == LX_COST_IMAGE)
        lx_price_find_image(c, q->provider, q->base_model.n ? q->base_model : q->model, q->quality,
                            q->size, own, a, price);
    else
        lx_price_find(c, q->provider, q->model, q->base_model, own, a, price);
    if (!price->is_priced)
        return no_price(q, err);
    in.usage = &q->usage;
    in.provider = q->provider;
    if (!q->call_given)
        in.call = call_of_mode(price->mode);
    if (!q->usage_given && !q->usage.known && !q->units_given && !is_one_by_itself(in.call))
        return lx_error_set(err, LX_EINVAL, "nothing is said of what was used: usage is missing");
    if (in.call == LX_COST_IMAGE && !in.images)
        in.images = 1;
    if (in.call == LX_COST_IMAGE && !in.pixels)
        in.pixels = pixels_of(q->size.n ? q->size : LX_S("1024x1024"));
    if (price->is_fee && q->chosen.n)
        return lx_cost_of_routed(c, price, q->chosen, &in, out) ? 0 : no_price(q, err);
    lx_cost_of(price, &in, out);
    return 0;
}

static void write_money(struct lx_out *o, const char *name, struct lx_money m, bool always)
{
    struct lx_buf text;
    lx_buf_init(&text, 64);
    lx_money_write(m, &text);
    if (always || !lx_money_is_zero(m))
        lx_out_raw(o, name, lx_buf_slice(&text));
    if (text.failed)
        o->buf->failed = text.failed;
    lx_buf_clear(&text);
}

void lx_cost_write(struct lx_out *o, const struct lx_cost *cost)
{
    write_money(o, "cost", cost->total, true);
    write_money(o, "input_cost", cost->input, true);
    write_money(o, "output_cost", cost->output, true);
    write_money(o, "tools_cost", cost->tools, false);
    write_money(o, "cache_read_cost", cost->cache_read, false);
    write_money(o, "cache_write_cost", cost->cache_write, false);
    write_money(o, "reasoning_cost", cost->reasoning, false);
    write_money(o, "discount", cost->discount, false);
    write_money(o, "margin", cost->margin, false);
}
