/*
 * openai_chat_usage.c - usage and finish reasons, from every spelling to the canonical one, and
 * back to OpenAI's (with LiteLLM's additions).
 *
 * Replies, streams and glances read through it, so that the ledger and a translated reply count
 * the same. Numbers are taken as they come: integers, integral floats, null for "not said".
 */
#include "dialect/openai_chat.h"

/* ---- Reading usage ------------------------------------------------------------------------ */

#define MAX_COUNT ((int64_t)1 << 53) /* what a double holds exactly; sums of them fit */

/* A count, or -1 when there is none. Some servers count in floats ("12.0"), none in fractions. */
static int64_t count_of(struct lx_json v)
{
    int64_t n;
    if (!lx_json_is(v, LX_JSON_NUMBER))
        return -1;
    struct lx_slice whole, fraction;
    lx_slice_cut(lx_json_raw(v), '.', &whole, &fraction);
    return lx_slice_int(whole, &n) == 0 && n >= 0 && n <= MAX_COUNT ? n : -1;
}

/*
 * Where each class may stand: the path of a member in the usage object, first hit wins. Sources:
 * OpenAI's and LiteLLM's names first, then what recorded traffic has: DeepSeek
 * (prompt_cache_hit_tokens), Moonshot (cached_tokens), Mistral (num_cached_tokens), OpenRouter
 * (cache_write_tokens), Anthropic-like servers (cache_read_input_tokens, cache_creation).
 */
struct place {
    struct lx_slice object; /* empty: the usage object itself */
    struct lx_slice member;
};

#define PROMPT     LX_S_INIT("prompt_tokens_details")
#define COMPLETION LX_S_INIT("completion_tokens_details")
#define INPUT      LX_S_INIT("input_tokens_details") /* Responses */
#define OUTPUT     LX_S_INIT("output_tokens_details")
#define TOP        LX_S_INIT("")

static const struct place prompt_places[] = {{TOP, LX_S_INIT("prompt_tokens")},
                                             {TOP, LX_S_INIT("input_tokens")}};
static const struct place completion_places[] = {{TOP, LX_S_INIT("completion_tokens")},
                                                 {TOP, LX_S_INIT("output_tokens")}};
static const struct place cached_places[] = {
    {PROMPT, LX_S_INIT("cached_tokens")},        {TOP, LX_S_INIT("cache_read_input_tokens")},
    {TOP, LX_S_INIT("prompt_cache_hit_tokens")}, {TOP, LX_S_INIT("cached_tokens")},
    {TOP, LX_S_INIT("num_cached_tokens")},       {INPUT, LX_S_INIT("cached_tokens")},
};
static const struct place write_places[] = {
    {PROMPT, LX_S_INIT("cache_creation_tokens")},
    {PROMPT, LX_S_INIT("cache_write_tokens")},
    {INPUT, LX_S_INIT("cache_write_tokens")},
    {TOP, LX_S_INIT("cache_creation_input_tokens")},
};
static const struct place write_1h_places[] = {
    {LX_S_INIT("cache_creation"), LX_S_INIT("ephemeral_1h_input_tokens")},
};
static const struct place search_places[] = {
    {PROMPT, LX_S_INIT("web_search_requests")},
    {LX_S_INIT("server_tool_use"), LX_S_INIT("web_search_requests")},
    {TOP, LX_S_INIT("num_search_queries")}, /* Perplexity */
};
static const struct place maps_places[] = {{PROMPT, LX_S_INIT("google_maps_grounding_requests")}};
static const struct place reasoning_places[] = {{COMPLETION, LX_S_INIT("reasoning_tokens")},
                                                {OUTPUT, LX_S_INIT("reasoning_tokens")},
                                                {TOP, LX_S_INIT("reasoning_tokens")}};

static int64_t find_count(struct lx_json usage, const struct place *places, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct lx_json object = places[i].object.n ? lx_json_get(usage, places[i].object) : usage;
        int64_t count = count_of(lx_json_get(object, places[i].member));
        if (count >= 0)
            return count;
    }
    return -1;
}
#define FIND(usage, places) find_count((usage), (places), sizeof(places) / sizeof((places)[0]))

static int64_t or_zero(int64_t count)
{
    return count < 0 ? 0 : count;
}

static int64_t member_count(struct lx_json object, struct lx_slice name)
{
    return or_zero(count_of(lx_json_get(object, name)));
}

static void read_prompt(struct lx_json usage, struct lx_usage *u)
{
    int64_t tokens = FIND(usage, prompt_places);
    struct lx_json details = LX_GET(usage, "prompt_tokens_details");
    struct lx_json split = LX_GET(details, "cache_creation_token_details");
    int64_t cached = FIND(usage, cached_places), written = FIND(usage, write_places);
    int64_t hour = count_of(LX_GET(split, "ephemeral_1h_input_tokens"));

    if (hour < 0)
        hour = FIND(usage, write_1h_places);
    u->known = u->known || tokens >= 0;
    u->prompt_tokens = or_zero(tokens);
    u->cached_tokens = or_zero(cached);
    u->cache_write_tokens = or_zero(written);
    /* OpenRouter told of Gemini's implicit cache that what it gave was written, too (2026). */
    if (u->cached_tokens && u->cache_write_tokens > u->prompt_tokens - u->cached_tokens &&
        u->cached_tokens <= u->prompt_tokens)
        u->cache_write_tokens = u->prompt_tokens - u->cached_tokens;
    u->cache_write_1h_tokens = or_zero(hour);
    u->has_cached = cached >= 0;
    u->has_cache_write = written >= 0;
    u->has_cache_split = hour >= 0;
    u->has_prompt_details = lx_json_is(details, LX_JSON_OBJECT);
    u->prompt_audio_tokens = member_count(details, LX_S("audio_tokens"));
    u->cached_audio_tokens =
        member_count(LX_GET(details, "cached_tokens_details"), LX_S("audio_tokens"));
    u->prompt_image_tokens = member_count(details, LX_S("image_tokens"));
    u->prompt_video_tokens = member_count(details, LX_S("video_tokens"));
    u->prompt_text_tokens = member_count(details, LX_S("text_tokens"));
}

static void read_completion(struct lx_json usage, struct lx_usage *u)
{
    int64_t tokens = FIND(usage, completion_places);
    struct lx_json details = LX_GET(usage, "completion_tokens_details");
    u->known = u->known || tokens >= 0;
    u->completion_tokens = or_zero(tokens);
    u->reasoning_tokens = or_zero(FIND(usage, reasoning_places));
    u->has_completion_details = lx_json_is(details, LX_JSON_OBJECT);
    u->completion_audio_tokens = member_count(details, LX_S("audio_tokens"));
    u->completion_image_tokens = member_count(details, LX_S("image_tokens"));
    u->completion_video_tokens = member_count(details, LX_S("video_tokens"));
    u->completion_text_tokens = member_count(details, LX_S("text_tokens"));
    u->accepted_prediction_tokens = member_count(details, LX_S("accepted_prediction_tokens"));
    u->rejected_prediction_tokens = member_count(details, LX_S("rejected_prediction_tokens"));
}

/* In dollars: a number (OpenRouter, Eden AI), or an object with the total (Perplexity, Nadir). */
static bool read_cost(struct lx_json cost, struct lx_usage *u)
{
    struct lx_json total = LX_GET(cost, "total_cost");
    if (lx_json_is(cost, LX_JSON_OBJECT))
        cost = lx_json_given(total) ? total : LX_GET(cost, "total_cost_usd");
    u->has_cost = lx_json_is(cost, LX_JSON_NUMBER) &&
                  lx_money_read(lx_json_raw(cost), &u->cost) == 0 && u->cost.units >= 0;
    return u->has_cost;
}

/* xAI's are of 1e-10 dollars (docs.x.ai/developers/cost-tracking, 2026). */
static void read_ticks(struct lx_json ticks, struct lx_usage *u)
{
    int64_t n;
    struct lx_money tick;
    u->has_cost = lx_json_int(ticks, &n) == 0 && n >= 0 && lx_money_read(LX_S("1e-10"), &tick) == 0;
    if (u->has_cost)
        u->cost = lx_money_times(tick, n);
}

/* As static bytes, which outlive a record. */
static struct lx_slice tier_of(struct lx_json tier)
{
    static const struct lx_slice tiers[] = {LX_S_INIT("default"),  LX_S_INIT("flex"),
                                            LX_S_INIT("priority"), LX_S_INIT("scale"),
                                            LX_S_INIT("standard"), LX_S_INIT("batch")};
    for (size_t i = 0; i < sizeof(tiers) / sizeof(tiers[0]); i++)
        if (lx_json_eq(tier, tiers[i]))
            return tiers[i];
    return lx_slice(NULL, 0);
}

void lx_openai_read_usage(struct lx_json usage, struct lx_usage *u)
{
    *u = (struct lx_usage){0};
    if (!lx_json_is(usage, LX_JSON_OBJECT))
        return;
    int64_t total = count_of(LX_GET(usage, "total_tokens"));
    read_prompt(usage, u);
    read_completion(usage, u);
    u->web_search_requests = or_zero(FIND(usage, search_places));
    u->maps_requests = or_zero(FIND(usage, maps_places));
    u->citation_tokens = member_count(usage, LX_S("citation_tokens"));
    if (!read_cost(LX_GET(usage, "cost"), u))
        read_ticks(LX_GET(usage, "cost_in_usd_ticks"), u);
    /* xAI leaves reasoning out of completion_tokens but not out of the total (recorded 2025). */
    if (u->reasoning_tokens &&
        total == u->prompt_tokens + u->completion_tokens + u->reasoning_tokens)
        u->completion_tokens += u->reasoning_tokens;
    u->total_tokens = total >= 0 ? total : u->prompt_tokens + u->completion_tokens;
    u->estimated = lx_json_bool(LX_GET(usage, "estimated"), false);
    u->service_tier = tier_of(LX_GET(usage, "service_tier"));
    u->raw = lx_json_raw(usage);
}

void lx_openai_top_read(struct lx_json body, struct lx_openai_top *top)
{
    enum { ERROR, CHOICES, MODEL, USAGE, X_GROQ, NAMES };
    static const struct lx_slice names[NAMES] = {
        [ERROR] = LX_S_INIT("error"),   [CHOICES] = LX_S_INIT("choices"),
        [MODEL] = LX_S_INIT("model"),   [USAGE] = LX_S_INIT("usage"),
        [X_GROQ] = LX_S_INIT("x_groq"),
    };
    struct lx_json v[NAMES];
    lx_json_get_several(body, names, NAMES, v);
    *top = (struct lx_openai_top){body, v[ERROR], v[CHOICES], v[MODEL], v[USAGE], v[X_GROQ]};
}

/* The usage of a whole reply or of a chunk, wherever the provider puts it, or NONE. */
static struct lx_json find_usage(const struct lx_openai_top *top)
{
    if (lx_json_is(top->usage, LX_JSON_OBJECT))
        return top->usage;
    struct lx_json usage = LX_GET(top->x_groq, "usage"); /* Groq's streams (recorded 2024) */
    if (lx_json_is(usage, LX_JSON_OBJECT))
        return usage;
    /* Moonshot's streams: in the last choice (platform.moonshot.ai, "Chat", 2025). */
    return LX_GET(lx_json_at(top->choices, 0), "usage");
}

void lx_openai_read_bill(struct lx_json body, struct lx_usage *u)
{
    struct lx_openai_top top;
    lx_openai_top_read(body, &top);
    lx_openai_top_bill(&top, u);
}

void lx_openai_top_bill(const struct lx_openai_top *top, struct lx_usage *u)
{
    struct lx_json body = top->body;
    lx_openai_read_usage(find_usage(top), u);
    if (u->known && !u->service_tier.n)
        u->service_tier = tier_of(LX_GET(body, "service_tier"));
    if (u->known && !u->has_cost && !read_cost(LX_GET(body, "cost"), u))
        read_cost(LX_GET(LX_GET(body, "nadir_metadata"), "cost"), u);
}

/* ---- Writing usage ------------------------------------------------------------------------ */

static void write_some(struct lx_out *o, const char *name, int64_t count)
{
    if (count)
        lx_out_int(o, name, count);
}

static void write_prompt_details(struct lx_out *o, const struct lx_usage *u)
{
    lx_out_object(o, "prompt_tokens_details");
    if (u->has_cached)
        lx_out_int(o, "cached_tokens", u->cached_tokens);
    write_some(o, "audio_tokens", u->prompt_audio_tokens);
    write_some(o, "text_tokens", u->prompt_text_tokens);
    write_some(o, "image_tokens", u->prompt_image_tokens);
    write_some(o, "video_tokens", u->prompt_video_tokens);
    if (u->has_cache_write)
        lx_out_int(o, "cache_creation_tokens", u->cache_write_tokens);
    if (u->has_cache_split) {
        lx_out_object(o, "cache_creation_token_details");
        lx_out_int(o, "ephemeral_5m_input_tokens",
                   u->cache_write_tokens - u->cache_write_1h_tokens);
        lx_out_int(o, "ephemeral_1h_input_tokens", u->cache_write_1h_tokens);
        lx_out_object_end(o);
    }
    write_some(o, "web_search_requests", u->web_search_requests);
    write_some(o, "google_maps_grounding_requests", u->maps_requests);
    lx_out_object_end(o);
}

static void write_completion_details(struct lx_out *o, const struct lx_usage *u)
{
    lx_out_object(o, "completion_tokens_details");
    lx_out_int(o, "reasoning_tokens", u->reasoning_tokens);
    write_some(o, "audio_tokens", u->completion_audio_tokens);
    write_some(o, "text_tokens", u->completion_text_tokens);
    write_some(o, "image_tokens", u->completion_image_tokens);
    write_some(o, "video_tokens", u->completion_video_tokens);
    write_some(o, "accepted_prediction_tokens", u->accepted_prediction_tokens);
    write_some(o, "rejected_prediction_tokens", u->rejected_prediction_tokens);
    lx_out_object_end(o);
}

void lx_openai_write_usage(struct lx_out *o, const char *name, const struct lx_usage *u)
{
    lx_out_object(o, name);
    lx_out_int(o, "prompt_tokens", u->prompt_tokens);
    lx_out_int(o, "completion_tokens", u->completion_tokens);
    lx_out_int(o, "total_tokens",
               u->total_tokens ? u->total_tokens : u->prompt_tokens + u->completion_tokens);
    if (u->has_prompt_details || u->has_cached || u->has_cache_write || u->web_search_requests ||
        u->maps_requests)
        write_prompt_details(o, u);
    if (u->has_completion_details || u->reasoning_tokens)
        write_completion_details(o, u);
    /* LiteLLM's clients read Anthropic's names too. */
    if (u->has_cache_write)
        lx_out_int(o, "cache_creation_input_tokens", u->cache_write_tokens);
    if (u->has_cached && u->has_cache_write)
        lx_out_int(o, "cache_read_input_tokens", u->cached_tokens);
    if (u->web_search_requests) {
        lx_out_object(o, "server_tool_use");
        lx_out_int(o, "web_search_requests", u->web_search_requests);
        lx_out_object_end(o);
    }
    lx_openai_write_usage_notes(o, u);
    lx_out_object_end(o);
}

void lx_openai_write_usage_notes(struct lx_out *o, const struct lx_usage *u)
{
    if (u->estimated)
        lx_out_bool(o, "estimated", true);
    if (u->extrapolated)
        lx_out_bool(o, "extrapolated", true);
    if (u->has_cost)
        lx_money_out(u->cost, "cost", o);
}

/* ---- Finish reasons ----------------------------------------------------------------------- */

/* OpenAI's five words first, then what OpenAI-compatible servers were recorded to say. */
static const struct finish {
    struct lx_slice raw;
    enum lx_finish finish;
} finishes[] = {
    {LX_S_INIT("stop"), LX_FINISH_STOP},
    {LX_S_INIT("length"), LX_FINISH_LENGTH},
    {LX_S_INIT("tool_calls"), LX_FINISH_TOOL_CALLS},
    {LX_S_INIT("function_call"), LX_FINISH_TOOL_CALLS},
    {LX_S_INIT("content_filter"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("tool_call"), LX_FINISH_TOOL_CALLS},
    {LX_S_INIT("tool_use"), LX_FINISH_TOOL_CALLS},
    {LX_S_INIT("eos"), LX_FINISH_STOP},
    {LX_S_INIT("eos_token"), LX_FINISH_STOP},
    {LX_S_INIT("end_turn"), LX_FINISH_STOP},
    {LX_S_INIT("completed"), LX_FINISH_STOP},
    {LX_S_INIT("stop_sequence"), LX_FINISH_STOP_SEQUENCE},
    {LX_S_INIT("max_tokens"), LX_FINISH_LENGTH},
    {LX_S_INIT("max_output_tokens"), LX_FINISH_LENGTH},
    {LX_S_INIT("model_length"), LX_FINISH_CONTEXT_WINDOW},
    {LX_S_INIT("model_context_window_exceeded"), LX_FINISH_CONTEXT_WINDOW},
    {LX_S_INIT("sensitive"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("safety"), LX_FINISH_CONTENT_FILTER},
    {LX_S_INIT("refusal"), LX_FINISH_REFUSAL},
    {LX_S_INIT("pause_turn"), LX_FINISH_PAUSE},
};
enum { OPENAI_FINISHES = 5 };

enum lx_finish lx_openai_read_finish(struct lx_slice raw)
{
    if (!raw.n)
        return LX_FINISH_NONE;
    for (size_t i = 0; i < sizeof(finishes) / sizeof(finishes[0]); i++)
        if (lx_slice_eq_nocase(raw, finishes[i].raw))
            return finishes[i].finish;
    return LX_FINISH_OTHER;
}

bool lx_openai_is_finish(struct lx_slice raw)
{
    size_t i = 0;
    while (i < OPENAI_FINISHES && !lx_slice_eq(raw, finishes[i].raw))
        i++;
    return i < OPENAI_FINISHES;
}

struct lx_slice lx_openai_finish_name(enum lx_finish finish, struct lx_slice raw)
{
    static const struct lx_slice names[] = {
        [LX_FINISH_NONE] = LX_S_INIT("stop"),
        [LX_FINISH_STOP] = LX_S_INIT("stop"),
        [LX_FINISH_STOP_SEQUENCE] = LX_S_INIT("stop"),
        [LX_FINISH_LENGTH] = LX_S_INIT("length"),
        [LX_FINISH_TOOL_CALLS] = LX_S_INIT("tool_calls"),
        [LX_FINISH_CONTENT_FILTER] = LX_S_INIT("content_filter"),
        [LX_FINISH_REFUSAL] = LX_S_INIT("content_filter"),
        [LX_FINISH_PAUSE] = LX_S_INIT("stop"),
        [LX_FINISH_CONTEXT_WINDOW] = LX_S_INIT("length"),
        [LX_FINISH_OTHER] = LX_S_INIT("stop"),
    };
    /* A provider that speaks OpenAI is quoted, but for a stop to have its tools called. */
    bool coarse = finish == LX_FINISH_TOOL_CALLS && lx_openai_read_finish(raw) == LX_FINISH_STOP;
    return lx_openai_is_finish(raw) && !coarse ? raw : names[finish];
}

bool lx_openai_finish_is_coarse(enum lx_finish finish)
{
    return finish == LX_FINISH_STOP_SEQUENCE || finish == LX_FINISH_REFUSAL ||
           finish == LX_FINISH_PAUSE || finish == LX_FINISH_CONTEXT_WINDOW ||
           finish == LX_FINISH_OTHER;
}
