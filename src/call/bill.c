/*
 * bill.c - the price that holds for a deployment, times a usage, which is counted where the
 * provider does not tell it.
 *
 * Called by the call machine when a reply is complete, and by the relay where a stream's usage is
 * to tell the cost, or a reply has none.
 */
#include "call/bill.h"

#include "call/count.h"

enum { MAX_PRICE_BYTES = 1 << 20 };

static void bill(const struct lx_biller *b, const struct lx_price *price,
                 const struct lx_usage *usage, struct lx_cost *out)
{
    const struct lx_deployment *d = b->deployment;
    struct lx_cost_input in = {
        .usage = usage,
        .provider = lx_slice_z(d->provider->id),
        .now_s = b->now_s,
    };
    lx_cost_of(price, &in, out);
    lx_cost_adjust(out, in.provider, b->settings->cost.discounts, b->settings->cost.margins);
}

bool lx_bill_usage(const struct lx_biller *b, const struct lx_usage *usage, struct lx_cost *out)
{
    const struct lx_deployment *d = b->deployment;
    if (!d || !usage->known)
        return false;
    if (d->price) {
        if (d->price->is_priced)
            bill(b, d->price, usage, out);
        return d->price->is_priced;
    }
    struct lx_arena a;
    struct lx_price price;
    lx_arena_init(&a, MAX_PRICE_BYTES);
    bool known = lx_price_find(b->settings->cost.catalog, lx_slice_z(d->provider->id), b->model,
                               d->base_model, d->own_prices, &a, &price);
    if (known)
        bill(b, &price, usage, out);
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
    if (b->prompt_tokens >= 0 || !b->body.p)
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
    if (code == 0 && said->text.n)
        *count += (int64_t)(said->beyond * (uint64_t)*count / said->text.n);
    lx_arena_clear(&a);
    return code;
}

int lx_bill_estimate(struct lx_biller *b, const struct lx_said *said, struct lx_usage *u)
{
    int64_t n = 0;
    int code = u->known ? 0 : lx_bill_count_prompt(b);
    if (code == 0)
        code = count_said(b, said, &n);
    if (code < 0)
        return code;
    if (!u->known)
        u->prompt_tokens = b->prompt_tokens > 0 ? b->prompt_tokens : 0;
    if (!u->known || n > u->completion_tokens) {
        u->completion_tokens = n;
        u->estimated = true;
    }
    u->known = true;
    u->total_tokens = u->prompt_tokens + u->completion_tokens;
    return 0;
}
