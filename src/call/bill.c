/*
 * bill.c - the price that holds for a deployment, times a usage, which is counted where the
 * provider does not tell it.
 *
 * Called by the call machine when a reply is complete, and by the relay where a stream's usage is
 * to tell the cost, or a reply has none.
 */
#include "call/bill.h"

#include "call/count.h"
#include "catalog/row.h"
#include "route/state.h"

enum {
    MAX_PRICE_BYTES = 1 << 20,
    MAX_SEARCHES = 1 << 20, /* that count, of one reply */
};

static void keep(char *to, size_t size, struct lx_slice s)
{
    if (s.n && s.n < size) {
        memcpy(to, s.p, s.n);
        to[s.n] = '\0';
    }
}

void lx_bill_request(struct lx_biller *b, struct lx_json service_tier, struct lx_json search)
{
    struct lx_slice tier = lx_json_text(service_tier).s;
    const struct lx_price *price = b->deployment->price;
    bool routed = price ? price->is_fee
                        : lx_price_is_routed(lx_slice_z(b->deployment->provider->id), b->model);
    b->chosen = routed ? "" : NULL;
    if (!tier.n)
        tier = lx_row_unquoted(lx_row_get(b->deployment->default_params, LX_S("service_tier")));
    if (!tier.n)
        tier = lx_row_unquoted(lx_row_get(b->deployment->extra_body, LX_S("service_tier")));
    keep(b->service_tier, sizeof(b->service_tier), tier);
    keep(b->search_context_size, sizeof(b->search_context_size),
         lx_json_text(LX_GET(search, "search_context_size")).s);
}

/* The region that a price may depend on: Google's location, and the host of OpenAI's residency. */
static struct lx_slice region_of(const struct lx_deployment *d, const struct lx_usage *usage)
{
    struct lx_slice provider = lx_slice_z(d->provider->id);
    if (usage->region.n)
        return usage->region;
    if (lx_slice_starts(provider, LX_S("vertex_ai")))
        return d->region;
    if (lx_slice_eq(provider, LX_S("openai"))) {
        if (lx_slice_starts(d->base_url, LX_S("https://eu.api.openai.com")))
            return LX_S("eu");
        if (lx_slice_starts(d->base_url, LX_S("https://us.api.openai.com")))
            return LX_S("us");
    }
    return lx_slice(NULL, 0);
}

static void bill_stated(const struct lx_biller *b, const struct lx_usage *usage,
                        struct lx_cost *out)
{
    *out = (struct lx_cost){.output = usage->cost, .total = usage->cost};
    lx_cost_adjust(out, lx_slice_z(b->deployment->provider->id), b->settings->cost.discounts,
                   b->settings->cost.margins);
}

void lx_bill_chosen(struct lx_biller *b, struct lx_slice model, struct lx_arena *a)
{
    if (!b || !b->chosen || !model.n || lx_slice_eq(model, lx_slice_z(b->chosen)))
        return;
    const char *copy = lx_arena_copy_z(a, model);
    b->chosen = copy ? copy : b->chosen;
}

/* Counts the searches of a model that has some for free, once, and says how many there were before.
 */
static void take_free(struct lx_biller *b, const struct lx_price *price, struct lx_cost_input *in)
{
    const struct lx_cost_settings *s = &b->settings->cost;
    int64_t n = price->free_searches.count > 0 ? lx_cost_searches(price, in) : 0;
    n = n < MAX_SEARCHES ? n : MAX_SEARCHES;
    for (size_t i = 0; n && b->searches_before < 0 && i < s->free_search_count; i++) {
        const struct lx_search_allowance *free = &s->free_searches[i];
        if (free->state && free->provider == b->deployment->provider &&
            lx_slice_eq(free->group, price->free_searches.group))
            b->searches_before = lx_spend_add(free->state, free->window_ms, b->now_s * 1000, n);
    }
    in->free_tier = b->searches_before >= 0;
    in->searches_before = b->searches_before;
}

/* False: it chose a model without a price. */
static bool bill(struct lx_biller *b, const struct lx_price *price, const struct lx_usage *usage,
                 struct lx_cost *out)
{
    const struct lx_deployment *d = b->deployment;
    struct lx_cost_input in = {
        .usage = usage,
        .provider = lx_slice_z(d->provider->id),
        .service_tier = lx_slice_z(b->service_tier),
        .region = region_of(d, usage),
        .now_s = b->now_s,
        .fast = usage->fast,
        .citation_tokens = usage->citation_tokens,
        .search_context_size = lx_slice_z(b->search_context_size),
    };
    take_free(b, price, &in);
    if (!price->is_fee)
        lx_cost_of(price, &in, out);
    else if (!lx_cost_of_routed(b->settings->cost.catalog, price, lx_slice_z(b->chosen), &in, out))
        return false;
    lx_cost_adjust(out, in.provider, b->settings->cost.discounts, b->settings->cost.margins);
    return true;
}

bool lx_bill_usage(struct lx_biller *b, const struct lx_usage *usage, struct lx_cost *out)
{
    const struct lx_deployment *d = b->deployment;
    if (!d || !usage->known)
        return false;
    if (usage->has_cost && lx_deployment_states_cost(d)) {
        bill_stated(b, usage, out);
        return true;
    }
    if (d->price)
        return d->price->is_priced && bill(b, d->price, usage, out);
    struct lx_arena a;
    struct lx_price price;
    lx_arena_init(&a, MAX_PRICE_BYTES);
    bool known = lx_price_find(b->settings->cost.catalog, lx_slice_z(d->provider->id), b->model,
                               d->base_model, d->own_prices, &a, &price);
    if (known)
        known = bill(b, &price, usage, out);
    lx_arena_clear(&a);
    return known;
}

/* ---- Usage that a provider does not tell ---------------------------------------------------- */

static struct lx_counter counter_of(const struct lx_biller *b)
{
    struct lx_counter counter;
    lx_counter_of(b->deployment, b->model, b->settings->cost.catalog, &counter);
    counter.rule.lenient = true;
    return counter;
}

int lx_bill_count_prompt(struct lx_biller *b)
{
    if (b->prompt_tokens >= 0 || !b->body.p || b->settings->no_token_counter)
        return 0;
    const struct lx_counter counter = counter_of(b);
    struct lx_tokenizer *t = lx_call_pool_tokenizer(b->pool);
    int code = t ? lx_count_request(&counter, t, b->front, b->body, &b->settings->json,
                                    &b->prompt_tokens, NULL)
                 : LX_ENOMEM;
    if (code < 0)
        b->prompt_tokens = code == LX_ENOMEM ? -1 : 0;
    return code == LX_ENOMEM ? code : 0;
}

static int count_said(const struct lx_biller *b, const struct lx_said *said, int64_t *count)
{
    const struct lx_counter counter = counter_of(b);
    struct lx_tokenizer *t = lx_call_pool_tokenizer(b->pool);
    struct lx_arena a;
    lx_arena_init(&a, SIZE_MAX / 4);
    struct lx_slice text = lx_said_text(said, &a);
    int code = !t || a.failed || said->text.failed ? LX_ENOMEM : 0;
    if (code == 0)
        code = lx_count_text(&counter, t, text, count);
    if (code == 0)
        *count = lx_said_scale(said, *count);
    lx_arena_clear(&a);
    return code;
}

int lx_bill_estimate(struct lx_biller *b, const struct lx_said *said, struct lx_usage *u)
{
    int64_t n = 0;
    if (b->settings->no_token_counter) { /* 0, as LiteLLM; and marked */
        u->estimated |= !u->known;
        u->known = true;
        return 0;
    }
    int code = u->known ? 0 : lx_bill_count_prompt(b);
    if (code == 0)
        code = count_said(b, said, &n);
    if (code < 0)
        return code;
    if (!u->known) {
        const struct lx_counter counter = counter_of(b);
        u->prompt_tokens = b->prompt_tokens > 0 ? b->prompt_tokens : 0;
        u->own_vocabulary = !lx_counter_is_openai(&counter);
    }
    if (!u->known || n > u->completion_tokens) {
        u->completion_tokens = n;
        u->estimated = true;
        u->extrapolated = said->beyond > 0;
    }
    u->known = true;
    u->total_tokens = u->prompt_tokens + u->completion_tokens;
    return 0;
}
