/*
 * info.c - a row of the catalog as a reply.
 */
#include "catalog/info.h"

#include "catalog/row.h"

/* LiteLLM's clients take these for granted. */
static const char *const expected[] = {
    "max_tokens",
    "max_input_tokens",
    "max_output_tokens",
    "input_cost_per_token",
    "output_cost_per_token",
    "cache_read_input_token_cost",
    "cache_creation_input_token_cost",
    "litellm_provider",
    "mode",
    "supports_system_messages",
    "supports_response_schema",
    "supports_vision",
    "supports_function_calling",
    "supports_tool_choice",
    "supports_assistant_prefill",
    "supports_prompt_caching",
    "supports_audio_input",
    "supports_audio_output",
    "supports_pdf_input",
    "supports_web_search",
    "supports_reasoning",
    "supports_parallel_function_calling",
};

static void write_members(struct lx_out *o, struct lx_slice json, struct lx_slice except)
{
    for (struct lx_row r = lx_row(json); lx_row_next(&r);)
        if (!lx_row_get(except, r.name).p)
            lx_row_write(&r, o);
}

void lx_model_info_write(struct lx_out *o, struct lx_model m, struct lx_slice own)
{
    if (m.name.n && !lx_row_get(own, LX_S("key")).p)
        lx_out_str(o, "key", m.name);
    write_members(o, own, lx_slice(NULL, 0));
    write_members(o, m.json, own);
    for (size_t i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
        struct lx_slice name = lx_slice_z(expected[i]);
        if (!lx_row_get(own, name).p && !lx_row_get(m.json, name).p)
            lx_out_null(o, expected[i]);
    }
}
