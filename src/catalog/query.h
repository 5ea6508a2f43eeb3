/*
 * query.h - a question about a cost as people and programs write it down, in JSON.
 *
 * Behind `llmux cost`, POST /spend/calculate and llmux_completion_cost().
 */
#ifndef LX_CATALOG_QUERY_H
#define LX_CATALOG_QUERY_H

#include "catalog/cost.h"

struct lx_cost_query {
    struct lx_slice model, provider, base_model;
    struct lx_slice chosen;        /* by a router: the reply's own model */
    struct lx_slice quality, size; /* of pictures */
    bool call_given;               /* else the model's mode says what is billed */
    bool usage_given;
    bool units_given; /* characters, seconds, pages, ... */
    struct lx_usage usage;
    struct lx_cost_input in; /* its usage is set when it is run */
};

/*
 * Reads {"model": ..., "usage": {...}, ...}: a reply of OpenAI's chat or Responses API or of
 * Anthropic's, or the like with what a reply does not say: custom_llm_provider, base_model,
 * call_type, service_tier, region, time (Unix seconds), batch, fast, response_ms, characters,
 * audio_seconds, video_seconds, n, size, quality, resolution, pages, annotated_pages, credits,
 * queries, max_results, citation_tokens, web_searches, search_context_size, apply_search_free_tier
 * with searches_before, maps_queries, file_searches, code_sessions. A reply may also stand in a
 * member completion_response. Strings are borrowed from v's document or in the arena. 0, or
 * LX_EINVAL (with the member named) or the arena's failure.
 */
int lx_cost_query_read(struct lx_json v, struct lx_arena *a, struct lx_cost_query *out,
                       struct lx_error *err);
/* Usage in any of those shapes; what is no object leaves *out as nothing known. */
void lx_usage_read(struct lx_json usage, struct lx_arena *a, struct lx_usage *out);

/* Finds the price and bills. 0; LX_ENOTFOUND when the model has no price; LX_EINVAL when nothing is
 * said of what was used, which would cost nothing. */
int lx_cost_query_run(const struct lx_catalog *c, const struct lx_cost_query *q,
                      struct lx_slice own, struct lx_arena *a, struct lx_price *price,
                      struct lx_cost *out, struct lx_error *err);

/* Members of the open object: "cost" (the total), "input_cost", "output_cost", and the other parts
 * that are not 0. Exact decimals. */
void lx_cost_write(struct lx_out *o, const struct lx_cost *cost);

#endif
