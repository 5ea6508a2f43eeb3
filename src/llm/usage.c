/*
 * usage.c - see usage.h.
 */
#include "llm/usage.h"

bool lx_usage_count(struct lx_json v, int64_t *out)
{
    struct lx_slice whole, fraction;
    int64_t n;
    if (!lx_json_is(v, LX_JSON_NUMBER))
        return false;
    lx_slice_cut(lx_json_raw(v), '.', &whole, &fraction);
    for (size_t i = 0; i < fraction.n; i++)
        if (fraction.p[i] != '0')
            return false;
    if (lx_slice_int(whole, &n) || n < 0 || n > LX_USAGE_MAX)
        return false;
    *out = n;
    return true;
}

void lx_usage_add(struct lx_usage *sum, const struct lx_usage *u)
{
    sum->known = sum->known && u->known;
    sum->estimated = sum->estimated || u->estimated;
    sum->prompt_tokens += u->prompt_tokens;
    sum->cached_tokens += u->cached_tokens;
    sum->cache_write_tokens += u->cache_write_tokens;
    sum->cache_write_1h_tokens += u->cache_write_1h_tokens;
    sum->cached_audio_tokens += u->cached_audio_tokens;
    sum->prompt_audio_tokens += u->prompt_audio_tokens;
    sum->prompt_image_tokens += u->prompt_image_tokens;
    sum->prompt_video_tokens += u->prompt_video_tokens;
    sum->prompt_text_tokens += u->prompt_text_tokens;
    sum->completion_tokens += u->completion_tokens;
    sum->reasoning_tokens += u->reasoning_tokens;
    sum->completion_audio_tokens += u->completion_audio_tokens;
    sum->completion_image_tokens += u->completion_image_tokens;
    sum->completion_video_tokens += u->completion_video_tokens;
    sum->completion_text_tokens += u->completion_text_tokens;
    sum->accepted_prediction_tokens += u->accepted_prediction_tokens;
    sum->rejected_prediction_tokens += u->rejected_prediction_tokens;
    sum->web_search_requests += u->web_search_requests;
    sum->maps_requests += u->maps_requests;
    sum->citation_tokens += u->citation_tokens;
    sum->total_tokens += u->total_tokens;
    sum->has_cached = sum->has_cached || u->has_cached;
    sum->has_cache_write = sum->has_cache_write || u->has_cache_write;
    sum->has_cache_split = sum->has_cache_split || u->has_cache_split;
    sum->has_prompt_details = sum->has_prompt_details || u->has_prompt_details;
    sum->has_completion_details = sum->has_completion_details || u->has_completion_details;
    sum->has_billed = sum->has_billed && u->has_billed;
    sum->billed_prompt_tokens += u->billed_prompt_tokens;
    sum->billed_completion_tokens += u->billed_completion_tokens;
    sum->has_cost = sum->has_cost && u->has_cost;
    sum->cost = lx_money_add(sum->cost, u->cost);
    sum->raw = (struct lx_slice){NULL, 0};
}
