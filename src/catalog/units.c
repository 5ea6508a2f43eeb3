/*
 * units.c - what is billed in other units than tokens: letters, seconds, pictures, pages, queries,
 * and the tools a provider runs for a model.
 */
#include "catalog/units.h"

enum {
    SECOND_US = 1000000,
    USUAL_RESULTS = 10,      /* of a search that asks for no number */
    FAL_MEGAPIXEL = 1048576, /* fal.ai bills pixels in begun megapixels of this size */
};

/* Adds count x rate to *sum; false when there is no such rate. */
static bool charge(const struct lx_bill *b, enum lx_rate_kind kind, int64_t count,
                   struct lx_money *sum)
{
    struct lx_money rate;
    if (!lx_bill_rate(b, kind, &rate))
        return false;
    *sum = lx_money_add(*sum, lx_money_times(rate, count));
    return true;
}

static bool charge_time(const struct lx_bill *b, enum lx_rate_kind kind, int64_t us,
                        struct lx_money *sum)
{
    struct lx_money rate;
    if (!lx_bill_rate(b, kind, &rate))
        return false;
    *sum = lx_money_add(*sum, lx_money_ratio(rate, us, SECOND_US));
    return true;
}

static bool rate_of_variant(const struct lx_bill *b, enum lx_rate_kind kind,
                            struct lx_slice variant, struct lx_money *out)
{
    for (size_t i = 0; i < b->price->rates.n; i++) {
        const struct lx_rate *r = &b->price->rates.v[i];
        if (r->kind == kind && variant.n && lx_slice_eq_nocase(r->variant, variant)) {
            *out = r->price;
            return true;
        }
    }
    return false;
}

static bool has_price(const struct lx_bill *b, enum lx_rate_kind kind)
{
    struct lx_money rate;
    return lx_bill_rate(b, kind, &rate) && !lx_money_is_zero(rate);
}

static bool is_priced_by_token(const struct lx_bill *b)
{
    return has_price(b, LX_RATE_INPUT_TOKEN) || has_price(b, LX_RATE_OUTPUT_TOKEN) ||
           b->price->range_count || b->price->date_count;
}

/* ---- Calls ---------------------------------------------------------------------------------- */

/* A model without a price of tokens may be billed by the time it took. */
static bool bill_time(const struct lx_bill *b, int64_t us, struct lx_cost *out)
{
    return charge_time(b, LX_RATE_SECOND, us, &out->input) ||
           charge_time(b, LX_RATE_INPUT_SECOND, us, &out->input) ||
           charge_time(b, LX_RATE_OUTPUT_SECOND, us, &out->input);
}

/* Tokens, and what multimodal embeddings count besides. */
static void bill_chat(struct lx_bill *b, struct lx_cost *out)
{
    const struct lx_cost_input *in = b->in;
    int64_t us = in->response_ms < INT64_MAX / 1000 ? in->response_ms * 1000 : INT64_MAX;
    if (!is_priced_by_token(b) && bill_time(b, us, out))
        return;
    lx_bill_tokens(b, out);
    charge(b, LX_RATE_INPUT_REQUEST, 1, &out->input);
    charge(b, LX_RATE_INPUT_CHARACTER, in->characters, &out->input);
    charge(b, LX_RATE_INPUT_IMAGE, in->images, &out->input);
    charge(b, LX_RATE_INPUT_QUERY, in->queries, &out->input);
    charge_time(b, LX_RATE_INPUT_AUDIO_SECOND, in->audio_us, &out->input);
    charge_time(b, LX_RATE_INPUT_VIDEO_SECOND, in->video_us, &out->input);
}

static void bill_speech(struct lx_bill *b, struct lx_cost *out)
{
    if (has_price(b, LX_RATE_INPUT_CHARACTER))
        charge(b, LX_RATE_INPUT_CHARACTER, b->in->characters, &out->input);
    else
        lx_bill_tokens(b, out);
}

static void bill_transcription(struct lx_bill *b, struct lx_cost *out)
{
    if (b->usage->prompt_tokens || b->usage->completion_tokens) {
        lx_bill_tokens(b, out);
        return;
    }
    if (has_price(b, LX_RATE_OUTPUT_SECOND))
        charge_time(b, LX_RATE_OUTPUT_SECOND, b->in->audio_us, &out->output);
    else if (!charge_time(b, LX_RATE_INPUT_SECOND, b->in->audio_us, &out->input))
        charge_time(b, LX_RATE_SECOND, b->in->audio_us, &out->input);
}

static int64_t queries(const struct lx_bill *b)
{
    return b->in->queries > 0 ? b->in->queries : 1;
}

static void bill_rerank(struct lx_bill *b, struct lx_cost *out)
{
    if (!has_price(b, LX_RATE_INPUT_QUERY) && b->usage->prompt_tokens)
        lx_bill_tokens(b, out);
    else
        charge(b, LX_RATE_INPUT_QUERY, queries(b), &out->input);
}

/* Results beyond ten, of a provider for which several queries are one search. */
static bool bill_results(const struct lx_bill *b, int64_t results, struct lx_cost *out)
{
    struct lx_money rate;
    if (!lx_bill_rate(b, LX_RATE_EXTRA_RESULT, &rate))
        return false;
    charge(b, LX_RATE_INPUT_QUERY, 1, &out->input);
    if (results > USUAL_RESULTS)
        out->input = lx_money_add(out->input, lx_money_times(rate, results - USUAL_RESULTS));
    return true;
}

/* Some bill by how many results were asked for. */
static void bill_search(struct lx_bill *b, struct lx_cost *out)
{
    const struct lx_price *p = b->price;
    int64_t results = b->in->max_results > 0 ? b->in->max_results : USUAL_RESULTS;
    const struct lx_price_range *range = p->range_count ? &p->ranges[p->range_count - 1] : NULL;
    if (bill_results(b, results, out))
        return;
    for (size_t i = p->range_count; i-- > 0;)
        if (results >= p->ranges[i].from && results <= p->ranges[i].to)
            range = &p->ranges[i];
    for (size_t i = 0; range && i < range->rates.n; i++)
        if (range->rates.v[i].kind == LX_RATE_INPUT_QUERY) {
            out->input = lx_money_times(range->rates.v[i].price, queries(b));
            return;
        }
    charge(b, LX_RATE_INPUT_QUERY, queries(b), &out->input);
}

static void bill_pages(struct lx_bill *b, struct lx_cost *out)
{
    const struct lx_cost_input *in = b->in;
    if (in->batch)
        b->tier = LX_TIER_BATCHES;
    if (in->credits && charge(b, LX_RATE_CREDIT, in->credits, &out->input))
        return;
    charge(b, LX_RATE_PAGE, in->pages, &out->input);
    if (!charge(b, LX_RATE_ANNOTATED_PAGE, in->annotated_pages, &out->input))
        charge(b, LX_RATE_PAGE, in->annotated_pages, &out->input);
}

static bool bill_fal_pixels(const struct lx_bill *b, struct lx_cost *out)
{
    int64_t megapixels = (b->in->pixels + FAL_MEGAPIXEL - 1) / FAL_MEGAPIXEL;
    struct lx_money rate;
    if (!b->in->pixels || !lx_bill_rate(b, LX_RATE_OUTPUT_PIXEL, &rate))
        return false;
    rate = lx_money_times(rate, FAL_MEGAPIXEL);
    out->output = lx_money_times(lx_money_times(rate, megapixels), b->in->images);
    return true;
}

static void bill_images(struct lx_bill *b, struct lx_cost *out)
{
    const struct lx_cost_input *in = b->in;
    bool tokens = b->usage->prompt_tokens || b->usage->completion_tokens;
    struct lx_money rate;
    if (tokens && (is_priced_by_token(b) || has_price(b, LX_RATE_OUTPUT_IMAGE_TOKEN) ||
                   has_price(b, LX_RATE_INPUT_IMAGE_TOKEN))) {
        lx_bill_tokens(b, out);
        return;
    }
    if (rate_of_variant(b, LX_RATE_OUTPUT_IMAGE, in->resolution, &rate)) {
        out->output = lx_money_times(rate, in->images);
        return;
    }
    if (!bill_fal_pixels(b, out) && !charge(b, LX_RATE_OUTPUT_IMAGE, in->images, &out->output) &&
        !charge(b, LX_RATE_INPUT_IMAGE, in->images, &out->input) &&
        lx_bill_rate(b, LX_RATE_INPUT_PIXEL, &rate))
        out->input = lx_money_times(lx_money_times(rate, in->pixels), in->images);
}

static void bill_video(struct lx_bill *b, struct lx_cost *out)
{
    struct lx_money rate;
    if (charge_time(b, LX_RATE_OUTPUT_VIDEO_SECOND, b->in->video_us, &out->output))
        return;
    if (rate_of_variant(b, LX_RATE_OUTPUT_SECOND, b->in->resolution, &rate))
        out->output = lx_money_ratio(rate, b->in->video_us, SECOND_US);
    else if (!charge_time(b, LX_RATE_OUTPUT_SECOND, b->in->video_us, &out->output))
        lx_bill_tokens(b, out);
}

void lx_bill_call(struct lx_bill *b, struct lx_cost *out)
{
    static void (*const by_call[])(struct lx_bill *, struct lx_cost *) = {
        [LX_COST_TOKENS] = bill_chat,
        [LX_COST_SPEECH] = bill_speech,
        [LX_COST_TRANSCRIPTION] = bill_transcription,
        [LX_COST_RERANK] = bill_rerank,
        [LX_COST_SEARCH] = bill_search,
        [LX_COST_OCR] = bill_pages,
        [LX_COST_IMAGE] = bill_images,
        [LX_COST_VIDEO] = bill_video,
    };
    by_call[b->in->call](b, out);
}

/* ---- Tools ---------------------------------------------------------------------------------- */

/* Providers that bill searches without a price in every row: which size's price counts when none
 * was asked for, and what holds without one (their price lists, by LiteLLM 1.106.2). */
static const struct {
    const char *provider;
    const char *size, *otherwise;
    bool by_unit; /* the row says whether a prompt's searches are billed as one */
} searches[] = {
    {"gemini", "medium", "0.035", true}, {"vertex_ai", "medium", "0.035", true},
    {"xai", "medium", "0.005", false},   {"perplexity", "low", "0", false},
    {"", "medium", "0", false},
};

static size_t search_rule(const struct lx_bill *b)
{
    bool claude = lx_slice_find(b->price->model.name, LX_S("claude")) >= 0;
    size_t i = 0;
    while (*searches[i].provider &&
           (!lx_slice_starts(b->provider, lx_slice_z(searches[i].provider)) ||
            (searches[i].by_unit && claude)))
        i++;
    return i;
}

/* What was told, and what the question says besides. */
static int64_t total(int64_t told, int64_t asked)
{
    int64_t n;
    return __builtin_add_overflow(told, asked, &n) ? INT64_MAX : n;
}

int64_t lx_bill_searches(const struct lx_bill *b)
{
    int64_t n = total(b->usage->web_search_requests, b->in->web_searches);
    if (n > 1 && searches[search_rule(b)].by_unit && !b->price->web_search_per_query)
        return 1;
    return n > 0 ? n : 0;
}

/* Without those that the provider's allowance still held. */
static int64_t paid_searches(const struct lx_bill *b)
{
    int64_t n = lx_bill_searches(b), left = b->price->free_searches.count - b->in->searches_before;
    if (!b->in->free_tier || left <= 0)
        return n;
    return n > left ? n - left : 0;
}

static void bill_searches(const struct lx_bill *b, struct lx_cost *out)
{
    int64_t n = paid_searches(b);
    struct lx_slice size = b->in->search_context_size;
    struct lx_money rate;
    size_t i = search_rule(b);
    if (n <= 0)
        return;
    if (!rate_of_variant(b, LX_RATE_WEB_SEARCH, size, &rate) &&
        !rate_of_variant(b, LX_RATE_WEB_SEARCH, lx_slice_z(searches[i].size), &rate))
        lx_money_read(lx_slice_z(searches[i].otherwise), &rate);
    out->tools = lx_money_add(out->tools, lx_money_times(rate, n));
}

static void bill_maps(const struct lx_bill *b, struct lx_cost *out)
{
    int64_t n = total(b->usage->maps_requests, b->in->maps_queries);
    bool each = b->price->web_search_per_query;
    struct lx_money rate;
    if (n <= 0)
        return;
    if (!lx_bill_rate(b, LX_RATE_MAPS_QUERY, &rate))
        lx_money_read(each ? LX_S("0.014") : LX_S("0.025"), &rate);
    out->tools = lx_money_add(out->tools, lx_money_times(rate, each ? n : 1));
}

void lx_bill_tools(struct lx_bill *b, struct lx_cost *out)
{
    struct lx_money rate;
    bill_searches(b, out);
    bill_maps(b, out);
    if (b->in->file_searches && lx_bill_rate(b, LX_RATE_FILE_SEARCH_1K, &rate))
        out->tools = lx_money_add(out->tools, lx_money_ratio(rate, b->in->file_searches, 1000));
    charge(b, LX_RATE_CODE_SESSION, b->in->code_sessions, &out->tools);
}
