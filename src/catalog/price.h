/*
 * price.h - a model's prices, taken out of its row: a short list of rates that cost.h works with.
 *
 * A deployment's prices are read once, when the configuration is; a model that only a wildcard
 * names is read when it is asked for, which takes a few microseconds.
 */
#ifndef LX_CATALOG_PRICE_H
#define LX_CATALOG_PRICE_H

#include "catalog/catalog.h"
#include "llm/money.h"

enum lx_rate_kind {
#define LX_RATE(name, member, side, unit) LX_RATE_##name,
#include "catalog/rates.def"
#undef LX_RATE
    LX_RATE_COUNT
};

/* Service tiers that have prices of their own. */
enum lx_tier {
    LX_TIER_STANDARD,
    LX_TIER_BATCHES,
    LX_TIER_FLEX,
    LX_TIER_PRIORITY,
    LX_TIER_BALANCED,
    LX_TIER_ULTRAFAST,
    LX_TIER_DECISIONS,
};
/* "priority", "fast" (which is priority), "flex", ... in any case; others are STANDARD. */
enum lx_tier lx_tier_of(struct lx_slice name);

struct lx_rate {
    enum lx_rate_kind kind;
    enum lx_tier tier;
    int64_t above;           /* holds when the prompt has more tokens than this; 0: always */
    struct lx_slice variant; /* "1080p", "medium"; or empty */
    struct lx_money price;
};
struct lx_rates {
    const struct lx_rate *v;
    size_t n;
};
/* tiered_pricing: every token of a request whose prompt is in (from, to] has these rates. For
 * search the range is of results asked for. */
struct lx_price_range {
    int64_t from, to;
    struct lx_rates rates;
};
/* dated_pricing: from that day (UTC) on these rates hold instead. */
struct lx_price_date {
    int64_t from_s;
    struct lx_rates rates;
};

/* search_free_requests: searches that a provider does not bill, so many of all models of a group in
 * a day or a month (UTC) together. */
struct lx_price_free {
    int64_t count;
    bool monthly;
    struct lx_slice group;
};

struct lx_price {
    struct lx_model model;    /* the row it was read from; name absent: own prices only */
    struct lx_slice provider; /* the row's */
    struct lx_slice mode;     /* "chat", "embedding", ... */
    struct lx_rates rates;
    const struct lx_price_range *ranges;
    size_t range_count;
    const struct lx_price_date *dates;
    size_t date_count;
    struct lx_rates off_peak;
    struct lx_slice off_peak_rules;     /* JSON: when those hold */
    struct lx_slice extras;             /* JSON: provider_specific_entry, multipliers by name */
    bool is_fee;                        /* of a router: the model it chose is billed besides */
    struct lx_price_free free_searches; /* count 0: none */
    bool web_search_per_query;          /* else a prompt's searches are billed as one */
    bool is_priced;                     /* it has any price, be it 0 */
};

/*
 * Reads a model's prices. `own` is a JSON object of prices that win over the row's (a deployment's
 * model_info and its litellm_params), or absent; m may be empty. Who gives a price of input tokens
 * gives all of input: the row's cache, audio and long-context prices would not fit it. The same
 * with output. Borrows from the row; the lists are in the arena. 0, or the arena's failure.
 */
int lx_price_read(struct lx_model m, struct lx_slice own, struct lx_arena *a, struct lx_price *out);

/*
 * The same for a model as it is called: finds the row (base_model's, when that is given) and what
 * the provider bills for tools apart from models. False when there is no row and no own price: then
 * out says so (is_priced), and what it costs is not known.
 */
bool lx_price_find(const struct lx_catalog *c, struct lx_slice provider, struct lx_slice model,
                   struct lx_slice base_model, struct lx_slice own, struct lx_arena *a,
                   struct lx_price *out);

/* Whether the model only chooses one for each request, named in the reply (Azure's model router):
 * lx_price_find() then finds what the choosing costs, and says is_fee unless there is an own price.
 */
bool lx_price_is_routed(struct lx_slice provider, struct lx_slice model);

/* For pictures, which have rows by quality and size: "hd/1024-x-1792/dall-e-3". Either may be
 * empty; size is "1024x1792" or with "-x-". */
bool lx_price_find_image(const struct lx_catalog *c, struct lx_slice provider,
                         struct lx_slice model, struct lx_slice quality, struct lx_slice size,
                         struct lx_slice own, struct lx_arena *a, struct lx_price *out);

/* A row's search_free_requests, borrowed; false, and count 0, when it gives none. */
bool lx_price_read_free(struct lx_slice json, struct lx_price_free *out);

/* Whether a row's prices can be: numbers, not below 0, none per token that is meant per million. 0,
 * or LX_EINVAL with the member named. */
int lx_price_check(struct lx_slice row, struct lx_error *err);
/* The kind, tier and threshold of a member's name; false when it is no price. */
bool lx_rate_of_member(struct lx_slice name, struct lx_rate *out);

#endif
