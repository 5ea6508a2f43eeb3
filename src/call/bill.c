/*
 * bill.c - the price that holds for a deployment, times a usage.
 *
 * Called by the call machine when a reply is complete, and by the relay where a stream's usage is
 * to tell the cost.
 */
#include "call/bill.h"

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
    lx_cost_adjust(out, in.provider, b->settings->discounts, b->settings->margins);
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
    bool known = lx_price_find(b->settings->catalog, lx_slice_z(d->provider->id), b->model,
                               d->base_model, d->own_prices, &a, &price);
    if (known)
        bill(b, &price, usage, out);
    lx_arena_clear(&a);
    return known;
}
