/*
 * bedrock_family.c - where the models behind Converse differ, as a table.
 *
 * Converse is one language, but what a model refuses is the model's own affair: "unsupported" is a
 * 400 of the service. The first row whose mark stands in the name counts. An application inference
 * profile's ARN does not say which model it means: base_model may, or "nova-2/" before it; else it
 * is told to think as Claude is, as LiteLLM does, and promised little.
 *
 * Sources: user guide "Supported models and model features" (2026-08), recorded requests that were
 * answered (2025-2026), LiteLLM 1.106.2 bedrock/chat/converse_transformation.py.
 */
#include "dialect/bedrock.h"

#define NOVA                                                                     \
    .top_k = "inferenceConfig.topK", .tool_choice = true, .result_status = true, \
    .cache_points = true, .web_search = true

static const struct lx_bedrock_family families[] = {
    {.mark = "claude",
     .thinking = LX_BEDROCK_THINKS_CLAUDE,
     .top_k = "top_k",
     .tool_choice = true,
     .result_status = true,
     .cache_points = true,
     .tool_cache_points = true,
     .one_call = true},
    {.mark = "nova-2", .thinking = LX_BEDROCK_THINKS_NOVA, NOVA},
    {.mark = "nova", NOVA},
    {.mark = "gpt-oss",
     .thinking = LX_BEDROCK_THINKS_EFFORT,
     .top_k = "top_k",
     .tool_choice = true},
    {.mark = "openai.gpt-",
     .thinking = LX_BEDROCK_THINKS_OPENAI,
     .tool_choice = true,
     .least_tokens = 16},
    {.mark = "xai.grok-", .tool_choice = true, .least_tokens = 16},
    {.mark = "qwen", .thinking = LX_BEDROCK_THINKS_CONFIG, .top_k = "top_k", .tool_choice = true},
    {.mark = "deepseek.r1", .top_k = "top_k"},
    {.mark = "deepseek", .thinking = LX_BEDROCK_THINKS_EFFORT, .top_k = "top_k"},
    {.mark = "llama"},
    {.mark = "titan"},
    {.mark = "jamba"},
    {.mark = "cohere", .top_k = "k"},
    {.mark = "arn:", .thinking = LX_BEDROCK_THINKS_CLAUDE, .top_k = "top_k", .tool_choice = true},
    {.mark = "", .top_k = "top_k", .tool_choice = true},
};

const struct lx_bedrock_family *lx_bedrock_family_of(const struct lx_write_options *o)
{
    const struct lx_bedrock_family *f = families;
    while (*f->mark && lx_slice_find(o->known_as, lx_slice_z(f->mark)) < 0 &&
           lx_slice_find(o->model, lx_slice_z(f->mark)) < 0)
        f++;
    return f;
}
