/*
 * cost.c - the tokens of a reply at the rates that hold for it.
 *
 * First the rates: which list (a range of prompt sizes, a date, the hour), which service tier,
 * which threshold the prompt has crossed. Then the tokens, split so that each is billed once. What
 * is not billed in tokens is in units.c.
 */
#include "catalog/units.h"

#include "base/text.h"
#include "catalog/row.h"

enum { MAX_PRICE_BYTES = 1 << 20 };

/* ---- Rates ---------------------------------------------------------------------------------- */

/* The price of that kind in one list for a prompt of that size: of the highest threshold that was
 * crossed, of the tier, else of any tier's standard; false when the list has none. */
static bool pick(const struct lx_rates *rates, enum lx_rate_kind kind, enum lx_tier tier,
                 bool or_standard, const struct lx_bill *b, struct lx_money *out)
{
    const struct lx_rate *best = NULL;
    for (size_t i = 0; i < rates->n; i++) {
        const struct lx_rate *r = &rates->v[i];
        if (r->kind != kind) /* most: a list has some twenty, and a bill asks for a dozen */
            continue;
        bool fits = r->tier == tier || (or_standard && r->tier == LX_TIER_STANDARD);
        bool crossed = !r->above || b->prompt > r->above || (b->inclusive && b->prompt == r->above);
        if (!fits || !crossed || r->variant.n)
            continue;
        if (!best || r->above > best->above || (r->above == best->above && r->tier == tier))
            best = r;
    }
    if (best)
        *out = best->price;
    return best != NULL;
}

bool lx_bill_rate(const struct lx_bill *b, enum lx_rate_kind kind, struct lx_money *out)
{
    return pick(&b->price->rates, kind, b->tier, true, b, out);
}

static bool off_peak_rate(const struct lx_bill *b, enum lx_rate_kind kind, struct lx_money *out)
{
    return b->off_peak && pick(&b->price->off_peak, kind, LX_TIER_STANDARD, false, b, out);
}

/* The rates of the prices' range, date or hour that come before the plain ones. */
static bool special(const struct lx_bill *b, enum lx_rate_kind kind, struct lx_money *out)
{
    return off_peak_rate(b, kind, out) ||
           (b->range && pick(b->range, kind, LX_TIER_STANDARD, false, b, out)) ||
           (b->dated && pick(b->dated, kind, b->tier, true, b, out));
}

static struct lx_money input_rate(const struct lx_bill *b)
{
    struct lx_money rate = {0};
    if (!special(b, LX_RATE_INPUT_TOKEN, &rate))
        lx_bill_rate(b, LX_RATE_INPUT_TOKEN, &rate);
    return rate;
}

static struct lx_money output_rate(const struct lx_bill *b)
{
    struct lx_money rate = {0};
    if (special(b, LX_RATE_OUTPUT_TOKEN, &rate) ||
        (lx_bill_rate(b, LX_RATE_OUTPUT_TOKEN, &rate) && !lx_money_is_zero(rate)))
        return rate;
    lx_bill_rate(b, LX_RATE_OUTPUT_IMAGE_TOKEN, &rate); /* all that such a model puts out */
    return rate;
}

/* Of a kind that costs as much as another where it has no price. A range that names no price of it
 * makes it cost that other: plain prices belong to other ranges. */
static struct lx_money rate_or(const struct lx_bill *b, enum lx_rate_kind kind,
                               struct lx_money otherwise)
{
    struct lx_money rate;
    if (special(b, kind, &rate) || (!b->range && lx_bill_rate(b, kind, &rate)))
        return rate;
    return otherwise;
}

static struct lx_money modality_rate(const struct lx_bill *b, enum lx_rate_kind kind,
                                     struct lx_money otherwise)
{
    struct lx_money rate;
    return lx_bill_rate(b, kind, &rate) ? rate : otherwise;
}

/* Fireworks' cached tokens cost half where nothing is said. */
static struct lx_money cache_read_rate(const struct lx_bill *b, struct lx_money input)
{
    if (lx_slice_starts(b->provider, LX_S("fireworks_ai")))
        input = lx_money_ratio(input, 1, 2);
    return rate_or(b, LX_RATE_CACHE_READ, input);
}

static struct lx_money reasoning_rate(const struct lx_bill *b, struct lx_money output)
{
    struct lx_money rate;
    if (special(b, LX_RATE_REASONING_TOKEN, &rate))
        return rate;
    if (b->range && pick(b->range, LX_RATE_OUTPUT_TOKEN, LX_TIER_STANDARD, false, b, &rate))
        return output;
    /* a tier with a price of output but none of reasoning has one price for both */
    if (b->tier != LX_TIER_STANDARD &&
        !pick(&b->price->rates, LX_RATE_REASONING_TOKEN, b->tier, false, b, &rate) &&
        pick(&b->price->rates, LX_RATE_OUTPUT_TOKEN, b->tier, false, b, &rate))
        return output;
    return lx_bill_rate(b, LX_RATE_REASONING_TOKEN, &rate) ? rate : output;
}

/* ---- Tokens, each once ---------------------------------------------------------------------- */

struct split {
    int64_t text, audio, image, video; /* of the prompt, not from the cache */
    int64_t read, read_audio, write, write_1h;
    int64_t out_text, out_audio, out_image, out_video, reasoning;
};

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}
static int64_t at_least_0(int64_t n)
{
    return n > 0 ? n : 0;
}

/* Takes n of what is left. */
static int64_t take(int64_t *left, int64_t n)
{
    n = least(at_least_0(n), *left);
    *left -= n;
    return n;
}

static void split_prompt(const struct lx_bill *b, struct split *s)
{
    const struct lx_usage *u = b->usage;
    const struct lx_cost_input *in = b->in;
    struct lx_money rate;
    s->read = at_least_0(u->cached_tokens);
    s->read_audio = least(at_least_0(u->cached_audio_tokens), s->read);
    s->write = at_least_0(u->cache_write_tokens);
    s->write_1h = least(at_least_0(u->cache_write_1h_tokens), s->write);
    int64_t left = at_least_0(u->prompt_tokens - s->read - s->write);
    s->audio = take(&left, u->prompt_audio_tokens - s->read_audio);
    s->image = take(&left, u->prompt_image_tokens);
    s->video = take(&left, u->prompt_video_tokens);
    s->text = left;
    /* what has a price by the piece, the second or the letter is not billed in tokens too */
    if (in->images && lx_bill_rate(b, LX_RATE_INPUT_IMAGE, &rate)) {
        s->image = 0;
        s->text = least(s->text, at_least_0(u->prompt_text_tokens));
    }
    if (in->audio_us && lx_bill_rate(b, LX_RATE_INPUT_AUDIO_SECOND, &rate))
        s->audio = 0;
    if (in->video_us && lx_bill_rate(b, LX_RATE_INPUT_VIDEO_SECOND, &rate))
        s->video = 0;
    if (in->characters && lx_bill_rate(b, LX_RATE_INPUT_CHARACTER, &rate))
        s->text = 0;
}

static void split_completion(const struct lx_bill *b, struct split *s)
{
    const struct lx_usage *u = b->usage;
    int64_t left = at_least_0(u->completion_tokens);
    int64_t reasoning = at_least_0(u->reasoning_tokens);
    /* a total that only adds up with reasoning says that it is not within completion (xAI) */
    if (reasoning && u->total_tokens == u->prompt_tokens + u->completion_tokens + reasoning)
        left += reasoning;
    s->reasoning = take(&left, reasoning);
    s->out_audio = take(&left, u->completion_audio_tokens);
    s->out_image = take(&left, u->completion_image_tokens);
    s->out_video = take(&left, u->completion_video_tokens);
    s->out_text = left;
}

/* ---- A bill of tokens ----------------------------------------------------------------------- */

static struct lx_money plus(struct lx_money sum, struct lx_money rate, int64_t count)
{
    return lx_money_add(sum, lx_money_times(rate, count));
}

static void bill_prompt(const struct lx_bill *b, const struct split *s, struct lx_cost *out)
{
    struct lx_money input = input_rate(b), read = cache_read_rate(b, input);
    struct lx_money write = rate_or(b, LX_RATE_CACHE_WRITE, input);
    struct lx_money sum = lx_money_times(input, s->text);
    sum = plus(sum, modality_rate(b, LX_RATE_INPUT_AUDIO_TOKEN, input), s->audio);
    sum = plus(sum, modality_rate(b, LX_RATE_INPUT_IMAGE_TOKEN, input), s->image);
    sum = plus(sum, modality_rate(b, LX_RATE_INPUT_VIDEO_TOKEN, input), s->video);
    out->cache_read = plus(lx_money_times(read, s->read - s->read_audio),
                           modality_rate(b, LX_RATE_CACHE_READ_AUDIO, read), s->read_audio);
    out->cache_write = plus(lx_money_times(write, s->write - s->write_1h),
                            rate_or(b, LX_RATE_CACHE_WRITE_1H, write), s->write_1h);
    out->input = lx_money_add(lx_money_add(sum, out->cache_read), out->cache_write);
}

static void bill_completion(const struct lx_bill *b, const struct split *s, struct lx_cost *out)
{
    struct lx_money output = output_rate(b), sum = lx_money_times(output, s->out_text);
    bool xai = lx_slice_eq(b->provider, LX_S("xai")); /* reasoning is output like any other */
    out->reasoning = lx_money_times(xai ? output : reasoning_rate(b, output), s->reasoning);
    sum = plus(sum, modality_rate(b, LX_RATE_OUTPUT_AUDIO_TOKEN, output), s->out_audio);
    sum = plus(sum, modality_rate(b, LX_RATE_OUTPUT_IMAGE_TOKEN, output), s->out_image);
    sum = plus(sum, modality_rate(b, LX_RATE_OUTPUT_VIDEO_TOKEN, output), s->out_video);
    out->output = lx_money_add(sum, out->reasoning);
}

static bool has_batch_rate(const struct lx_bill *b, enum lx_rate_kind kind)
{
    struct lx_money rate;
    return pick(&b->price->rates, kind, LX_TIER_BATCHES, false, b, &rate);
}

static void halve(struct lx_money *m)
{
    *m = lx_money_ratio(*m, 1, 2);
}

/* A batch is billed at its own prices; where a model has none, at half of the usual ones. */
static void bill_batch(struct lx_bill *b, const struct split *s, struct lx_cost *out)
{
    b->tier = has_batch_rate(b, LX_RATE_INPUT_TOKEN) ? LX_TIER_BATCHES : LX_TIER_STANDARD;
    bill_prompt(b, s, out);
    if (b->tier == LX_TIER_STANDARD) {
        halve(&out->input);
        halve(&out->cache_read);
        halve(&out->cache_write);
    }
    b->tier = has_batch_rate(b, LX_RATE_OUTPUT_TOKEN) ? LX_TIER_BATCHES : LX_TIER_STANDARD;
    bill_completion(b, s, out);
    if (b->tier == LX_TIER_STANDARD) {
        halve(&out->output);
        halve(&out->reasoning);
    }
}

void lx_bill_tokens(struct lx_bill *b, struct lx_cost *out)
{
    struct split s = {0};
    split_prompt(b, &s);
    split_completion(b, &s);
    if (b->in->batch) {
        bill_batch(b, &s, out);
    } else {
        bill_prompt(b, &s, out);
        bill_completion(b, &s, out);
    }
    struct lx_money rate;
    if (b->in->citation_tokens && lx_bill_rate(b, LX_RATE_CITATION_TOKEN, &rate))
        out->input = plus(out->input, rate, b->in->citation_tokens);
}

/* ---- Multipliers ---------------------------------------------------------------------------- */

static void scale(struct lx_cost *c, struct lx_money factor)
{
    struct lx_money *const parts[] = {&c->input, &c->output, &c->cache_read, &c->cache_write,
                                      &c->reasoning};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        *parts[i] = lx_money_scale(*parts[i], factor);
}

static void scale_by_extra(const struct lx_bill *b, struct lx_slice name, struct lx_cost *out)
{
    struct lx_money factor;
    struct lx_slice value = lx_row_get(b->price->extras, name);
    if (value.p && lx_money_read(lx_row_unquoted(value), &factor) == 0)
        scale(out, factor);
}

static void uplift(const struct lx_bill *b, struct lx_cost *out)
{
    struct lx_slice region = b->in->region;
    char lower[32];
    struct lx_money factor;
    if (b->in->fast)
        scale_by_extra(b, LX_S("fast"), out);
    if (!region.n || region.n > sizeof(lower))
        return;
    for (size_t i = 0; i < region.n; i++)
        lower[i] = lx_ascii_lower(region.p[i]);
    region = lx_slice(lower, region.n);
    if (lx_slice_eq(region, LX_S("global")))
        return;
    if ((lx_slice_eq(region, LX_S("eu")) && lx_bill_rate(b, LX_RATE_UPLIFT_EU, &factor)) ||
        (lx_slice_eq(region, LX_S("us")) && lx_bill_rate(b, LX_RATE_UPLIFT_US, &factor)))
        scale(out, factor);
    if (lx_bill_rate(b, LX_RATE_UPLIFT_ENDPOINT, &factor))
        scale(out, factor);
    scale_by_extra(b, region, out);
}

/* ---- The whole ------------------------------------------------------------------------------ */

static const struct lx_rates *range_of(const struct lx_price *p, int64_t prompt)
{
    const struct lx_price_range *last = NULL;
    for (size_t i = 0; i < p->range_count && prompt > 0; i++) {
        const struct lx_price_range *r = &p->ranges[i];
        if (prompt > r->from && prompt <= r->to)
            return &r->rates;
        if (!last || r->from > last->from)
            last = r;
    }
    return last ? &last->rates : NULL;
}

static const struct lx_rates *dated_at(const struct lx_price *p, int64_t now_s)
{
    const struct lx_price_date *best = NULL;
    for (size_t i = 0; i < p->date_count; i++)
        if (p->dates[i].from_s <= now_s && (!best || p->dates[i].from_s > best->from_s))
            best = &p->dates[i];
    return best ? &best->rates : NULL;
}

static enum lx_tier tier_of(const struct lx_bill *b)
{
    struct lx_slice served = b->usage->service_tier;
    if (lx_tier_of(served) != LX_TIER_STANDARD)
        return lx_tier_of(served);
    if (lx_slice_eq_nocase(served, LX_S("default")) || lx_slice_eq_nocase(served, LX_S("standard")))
        return LX_TIER_STANDARD;
    return lx_tier_of(b->in->service_tier);
}

/* What is billed may be less than what was counted: all of it is plain tokens then. */
static struct lx_usage billed(const struct lx_usage *u)
{
    if (!u || !u->has_billed)
        return u ? *u : (struct lx_usage){0};
    return (struct lx_usage){
        .known = true,
        .prompt_tokens = u->billed_prompt_tokens,
        .completion_tokens = u->billed_completion_tokens,
        .total_tokens = u->billed_prompt_tokens + u->billed_completion_tokens,
        .web_search_requests = u->web_search_requests,
        .maps_requests = u->maps_requests,
        .service_tier = u->service_tier,
    };
}

/* A batch takes up to a day, and is billed the same at any hour. */
static struct lx_bill begin(const struct lx_price *price, const struct lx_cost_input *in,
                            const struct lx_usage *usage)
{
    return (struct lx_bill){
        .price = price,
        .in = in,
        .usage = usage,
        .provider = in->provider.n ? in->provider : price->provider,
        .off_peak = !in->batch && lx_off_peak(price->off_peak_rules, in->now_s),
    };
}

int64_t lx_cost_searches(const struct lx_price *price, const struct lx_cost_input *in)
{
    const struct lx_usage usage = billed(in->usage);
    const struct lx_bill b = begin(price, in, &usage);
    return lx_bill_searches(&b);
}

void lx_cost_of(const struct lx_price *price, const struct lx_cost_input *in, struct lx_cost *out)
{
    const struct lx_usage usage = billed(in->usage);
    struct lx_bill b = begin(price, in, &usage);
    *out = (struct lx_cost){0};
    b.prompt = b.usage->prompt_tokens;
    b.inclusive = lx_slice_eq(b.provider, LX_S("xai")); /* "from 200k on", not "above" */
    b.tier = tier_of(&b);
    b.range = in->call == LX_COST_TOKENS ? range_of(price, b.prompt) : NULL;
    b.dated = dated_at(price, in->now_s);
    lx_bill_call(&b, out);
    uplift(&b, out);
    lx_bill_tools(&b, out);
    out->total = lx_money_add(lx_money_add(out->input, out->output), out->tools);
}

bool lx_cost_of_routed(const struct lx_catalog *c, const struct lx_price *fee,
                       struct lx_slice chosen, const struct lx_cost_input *in, struct lx_cost *out)
{
    const struct lx_usage prompt = {.known = true, .prompt_tokens = in->usage->prompt_tokens};
    const struct lx_cost_input asked = {.usage = &prompt, .provider = in->provider};
    struct lx_slice none = {0};
    struct lx_price price;
    struct lx_arena a;
    struct lx_cost choosing;
    if (lx_price_is_routed(in->provider.n ? in->provider : fee->provider, chosen)) {
        lx_cost_of(fee, in, out); /* it names only itself */
        return true;
    }
    lx_arena_init(&a, MAX_PRICE_BYTES);
    bool known = chosen.n && lx_price_find(c, in->provider.n ? in->provider : fee->provider, chosen,
                                           none, none, &a, &price);
    if (known) {
        lx_cost_of(&price, in, out);
        lx_cost_of(fee, &asked, &choosing);
        out->input = lx_money_add(out->input, choosing.input);
        out->total = lx_money_add(out->total, choosing.total);
    }
    lx_arena_clear(&a);
    return known;
}

void lx_cost_adjust(struct lx_cost *cost, struct lx_slice provider, struct lx_slice discounts,
                    struct lx_slice margins)
{
    struct lx_money factor, fixed;
    struct lx_slice value = lx_row_get(discounts, provider);
    if (value.p && lx_money_read(value, &factor) == 0) {
        cost->discount = lx_money_scale(cost->total, factor);
        cost->total = lx_money_sub(cost->total, cost->discount);
    }
    value = lx_row_get(margins, provider);
    if (!value.p)
        value = lx_row_get(margins, LX_S("global"));
    struct lx_slice percent = value, amount = lx_row_get(value, LX_S("fixed_amount"));
    if (value.n && *value.p == '{')
        percent = lx_row_get(value, LX_S("percentage"));
    if (lx_money_read(percent, &factor) == 0)
        cost->margin = lx_money_scale(cost->total, factor);
    if (lx_money_read(amount, &fixed) == 0)
        cost->margin = lx_money_add(cost->margin, fixed);
    cost->total = lx_money_add(cost->total, cost->margin);
}

void lx_cost_add(struct lx_cost *sum, const struct lx_cost *c)
{
    sum->input = lx_money_add(sum->input, c->input);
    sum->output = lx_money_add(sum->output, c->output);
    sum->tools = lx_money_add(sum->tools, c->tools);
    sum->discount = lx_money_add(sum->discount, c->discount);
    sum->margin = lx_money_add(sum->margin, c->margin);
    sum->total = lx_money_add(sum->total, c->total);
    sum->cache_read = lx_money_add(sum->cache_read, c->cache_read);
    sum->cache_write = lx_money_add(sum->cache_write, c->cache_write);
    sum->reasoning = lx_money_add(sum->reasoning, c->reasoning);
}
