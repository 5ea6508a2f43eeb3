/*
 * cost.h - what a reply costs: a price, times what was used, to the last digit.
 *
 * Follows LiteLLM's completion_cost (cost_calculator.py and litellm_core_utils/llm_cost_calc,
 * 1.106.2) in what is billed at which rate. Where that has an accident (cached tokens of a batch
 * for free, tokens billed under two headings) this bills what the provider does; test/cost lists
 * each.
 */
#ifndef LX_CATALOG_COST_H
#define LX_CATALOG_COST_H

#include "catalog/price.h"
#include "llm/usage.h"

/* What is billed. TOKENS is chat, completion, responses, embeddings, moderation, realtime. */
enum lx_cost_call {
    LX_COST_TOKENS,
    LX_COST_SPEECH,
    LX_COST_TRANSCRIPTION,
    LX_COST_RERANK,
    LX_COST_SEARCH,
    LX_COST_OCR,
    LX_COST_IMAGE,
    LX_COST_VIDEO,
};

/* What was used. Zero and empty members mean: none, unknown, as usual. */
struct lx_cost_input {
    enum lx_cost_call call;
    const struct lx_usage *usage; /* NULL: no tokens */
    struct lx_slice provider;     /* as called; empty: the row's */
    struct lx_slice service_tier; /* asked for; the one that usage says was served wins */
    struct lx_slice region;       /* data residency, inference geography or location: "eu" */
    int64_t now_s;                /* Unix time, for hours and dates; 0: the list price */
    int64_t response_ms;          /* for models that are billed by time */
    bool batch;
    bool fast; /* a provider's fast mode, where it has a multiplier for it */
    int64_t characters;
    int64_t audio_us, video_us; /* length of what went in, or of what was made */
    int64_t images, pixels;     /* pixels of each */
    struct lx_slice resolution; /* "1080p" */
    int64_t pages, annotated_pages, credits;
    int64_t queries;     /* of search; search units of rerank; 0: one */
    int64_t max_results; /* of a search; 0: 10 */
    int64_t citation_tokens;
    int64_t web_searches;                /* besides those in usage */
    struct lx_slice search_context_size; /* "low", "medium" (the default), "high" */
    bool free_tier;          /* searches within the model's free allowance are not billed */
    int64_t searches_before; /* of its group, in the allowance's day or month */
    int64_t maps_queries, file_searches, code_sessions;
};

/* input + output + tools - discount + margin = total. The other three are parts of input and
 * output, for those who want to see them. */
struct lx_cost {
    struct lx_money input, output, tools;
    struct lx_money discount, margin;
    struct lx_money total;
    struct lx_money cache_read, cache_write, reasoning;
};

/* What it costs; total is without discount and margin. price->is_priced must hold. */
void lx_cost_of(const struct lx_price *price, const struct lx_cost_input *in, struct lx_cost *out);

/* How many web searches it bills, before any is free: of some models a prompt's count as one. */
int64_t lx_cost_searches(const struct lx_price *price, const struct lx_cost_input *in);

/* The same where price->is_fee: the fee, and what the model costs that the reply says was chosen.
 * False: that one is not named or has no price. */
bool lx_cost_of_routed(const struct lx_catalog *c, const struct lx_price *fee,
                       struct lx_slice chosen, const struct lx_cost_input *in, struct lx_cost *out);

/*
 * LiteLLM's cost_discount_config, {"openai": 0.05}, and cost_margin_config, {"openai": 0.1,
 * "global": {"percentage": 0.08, "fixed_amount": 0.0005}}, as JSON; each may be absent. The
 * discount comes first; the margin is of what is left.
 */
void lx_cost_adjust(struct lx_cost *cost, struct lx_slice provider, struct lx_slice discounts,
                    struct lx_slice margins);

/* Adds up two requests. */
void lx_cost_add(struct lx_cost *sum, const struct lx_cost *c);

/* Whether an off_peak_pricing block's hours hold at that time (peak.c). */
bool lx_off_peak(struct lx_slice rules, int64_t now_s);

#endif
