/*
 * usage.h - what a reply used, in the finest classes that providers bill.
 *
 * Totals include their classes, as OpenAI counts: prompt includes cached and cache-write tokens,
 * completion includes reasoning. A dialect whose provider counts otherwise (Anthropic's
 * input_tokens exclude both) converts when it reads and when it writes.
 */
#ifndef LX_LLM_USAGE_H
#define LX_LLM_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/slice.h"
#include "llm/money.h"
#include "wire/json.h"

struct lx_usage {
    bool known;                    /* a provider reported it, or it was estimated */
    bool estimated;                /* counted here: the provider did not say, or not all */
    bool own_vocabulary;           /* estimated: by one that is not OpenAI's */
    bool extrapolated;             /* estimated: not all that was said was kept to be counted */
    int64_t prompt_tokens;         /* all input */
    int64_t cached_tokens;         /* of prompt: read from a cache */
    int64_t cache_write_tokens;    /* of prompt: written to a cache, all lifetimes */
    int64_t cache_write_1h_tokens; /* of cache_write: kept for an hour */
    int64_t cached_audio_tokens;   /* of cached, and of prompt_audio */
    int64_t prompt_audio_tokens;
    int64_t prompt_image_tokens;
    int64_t prompt_video_tokens;
    int64_t prompt_text_tokens;
    int64_t completion_tokens; /* all output */
    int64_t reasoning_tokens;  /* of completion */
    int64_t completion_audio_tokens;
    int64_t completion_image_tokens;
    int64_t completion_video_tokens;
    int64_t completion_text_tokens;
    int64_t accepted_prediction_tokens;
    int64_t rejected_prediction_tokens;
    int64_t web_search_requests;
    int64_t maps_requests;   /* searches of Google's maps */
    int64_t citation_tokens; /* of what a search brought, where that is billed (Perplexity) */
    int64_t total_tokens;    /* as reported, or prompt + completion */
    bool has_cached, has_cache_write, has_cache_split, has_prompt_details, has_completion_details;
    bool has_billed; /* what is billed is told apart from what was counted: */
    int64_t billed_prompt_tokens;
    int64_t billed_completion_tokens;
    struct lx_slice service_tier; /* as billed, where the provider says so */
    struct lx_slice region;       /* where it was done, the same; static: "us" */
    bool fast;                    /* in the provider's fast mode */
    struct lx_slice raw;          /* the provider's own object */
    bool has_cost;                /* cost is the provider's own word, or to be told with it */
    struct lx_money cost;
};

/* A count of a provider's: a whole number, which some write as 12.0, that is neither negative nor
 * more than any bill: sums of these cannot overflow. False: it is none, and *out stays. */
#define LX_USAGE_MAX (INT64_MAX >> 24)
bool lx_usage_count(struct lx_json v, int64_t *out);

/* Adds what another request of the same reply used. What only one of them knows is not known of
 * both, but for classes of tokens, which count where they are told; *sum keeps its tier and region,
 * and has no `raw`. */
void lx_usage_add(struct lx_usage *sum, const struct lx_usage *u);

#endif
