/*
 * table.c - the providers: their rows (providers.def, providers_m_z.def), what these mend
 * (quirks.def), how they serve embeddings (embeds.def) and what stands in for them (variants.def).
 *
 * Rows are data: who wants to know what a provider needs reads them.
 */
#include "provider/provider.h"

/* What most rows have in common. */
#define CHAT        .language = "openai_chat", .auth = LX_AUTH_BEARER
#define EMBED       .language = "openai_embed", .auth = LX_AUTH_BEARER
#define COMPLETIONS .language = "openai_completions", .auth = LX_AUTH_BEARER
/* ... and takes prompts as well, at /completions or /fim/completions. */
#define TEXT         .text = openai_texts
#define FIM          .text = codestral_texts
#define LITELLM_JSON "LiteLLM openai_like/providers.json (1.106.2)"

#define FUNCTIONS "functions|function_call" /* tools, as they were called before */

#define AZURE_VERSION "2025-02-01-preview" /* LiteLLM's default (1.106.2) */

/* platform.claude.com/docs/en/build-with-claude/structured-outputs (2026): from 4.5 on. */
#define CLAUDE_SCHEMA                                                   \
    "!claude-2*|!claude-3*|!claude-instant*|!claude-*-4|!claude-*-4-0|" \
    "!claude-*-4-1|!claude-*-4-1-*|!claude-*-4-20*|claude-*"
/* platform.claude.com/docs/en/build-with-claude/adaptive-thinking (2026): from 4.6 on. */
#define CLAUDE_ADAPTIVE                                                 \
    "!claude-2*|!claude-3*|!claude-instant*|!claude-*-4|!claude-*-4-0|" \
    "!claude-*-4-1|!claude-*-4-1-*|!claude-*-4-20*|!claude-*-4-5|"      \
    "!claude-*-4-5-*|claude-*"

/*
 * Under every name that Claude has somewhere. From Opus 4.7 on the models refuse top_p, top_k and
 * all temperatures but 1 ("`temperature` is deprecated for this model"; platform.claude.com/docs/
 * en/about-claude/models/whats-new-claude-4-7, and LiteLLM's table, supports_sampling_params);
 * before it, from Opus 4.1 and the models 4.5 on, they refuse temperature beside top_p
 * (github.com/BerriAI/litellm/issues/15097, github.com/skydiscover-ai/skydiscover/issues/15).
 */
#define CLAUDE_SAMPLING                                                                     \
    .no_sampling = "*claude-opus-4-7*|*claude-opus-4-8*|*claude-opus-5*|*claude-sonnet-5*|" \
                   "*claude-haiku-5*|*claude-fable*|*claude-mythos*",                       \
    .one_sampler = "*claude-opus-4-1*|*claude-*-4-5*|*claude-*-4-6*"

/* The same on Bedrock, where names begin with region and vendor and end with date and version; and
 * what else takes a schema there (user guide "Get validated JSON results from models", 2026-08;
 * recorded answers of all but Kimi and DeepSeek). */
#define BEDROCK_SCHEMA                                                                     \
    "!*claude-v2*|!*claude-instant*|!*claude-3*|!*claude-sonnet-4-2*|!*claude-opus-4-2*|"  \
    "!*claude-opus-4-1*|*claude-*|*gemma-3*|*minimax-m2*|*mistral-large-3*|*ministral-3*|" \
    "*nemotron*|*qwen3*|*gpt-oss*|*zai.glm*|*kimi-k2*|*deepseek.v3*"
#define BEDROCK_ADAPTIVE                                                                  \
    "!*claude-v2*|!*claude-instant*|!*claude-3*|!*claude-sonnet-4-2*|!*claude-opus-4-2*|" \
    "!*claude-opus-4-1*|!*claude-*-4-5*|*claude-*"

/* console.groq.com/docs/structured-outputs: the others answer 400, and LiteLLM forces a tool on
 * them. */
#define GROQ_SCHEMA "openai/gpt-oss-*|moonshotai/kimi-k2*|meta-llama/llama-4-*|qwen/qwen3.8-*"

/* Thinks by levels, and checks signatures (ai.google.dev/gemini-api/docs/gemini-3). */
#define GEMINI_THIRD "*gemini-3*|*gemini-4*"

#define REASONING_O "o1|o1-*|o3|o3-*|o4-*"
/* gpt-5-chat is no reasoning model; from gpt-5.1 on, effort "none" gives sampling back. */
#define REASONING_5 "!gpt-5-chat*|!gpt-5-search*|gpt-5|gpt-5-*"
#define O_PAGE      "platform.openai.com/docs/guides/reasoning; LiteLLM o_series_transformation.py"
#define GPT5_PAGE   "platform.openai.com/docs/guides/latest-model; LiteLLM gpt_5_transformation.py"

static const struct lx_offer openai_texts[] = {{.language = "openai_completions"},
                                               {.language = NULL}};
static const struct lx_offer codestral_texts[] = {
    {.language = "mistral_fim", .models = "*codestral*"}, {.language = NULL}};

#include "provider/quirks.def"
#include "provider/embeds.def"
#include "provider/variants.def"

/* A client of LiteLLM sends these to any model. */
const struct lx_common_quirk lx_quirks_common[] = {
    {.unless = LX_TAKES_DEVELOPER,
     .quirk = {LX_QUIRK_ROLE, "messages", "developer=system", NULL,
               "OpenAI's newer name of the role system, unknown to others (LiteLLM "
               "map_developer_role_to_system_role)"}},
    {.unless = LX_TAKES_THINKING,
     .quirk = {LX_QUIRK_EFFORT, "thinking", NULL, NULL,
               "Anthropic's member, and the model does not think"}},
    {.unless = LX_TAKES_EFFORT,
     .only = LX_TAKES_THINKING,
     .unreasoning = true,
     .quirk = {LX_QUIRK_DROP, "thinking", NULL, NULL, "the model does not think"}},
    {.unless = LX_TAKES_EFFORT,
     .unreasoning = true,
     .quirk = {LX_QUIRK_DROP, "reasoning_effort", NULL, NULL, "the model does not reason"}},
    {.unless = LX_TAKES_DEVELOPER,
     .word = "prompt_cache_breakpoint",
     .quirk = {LX_QUIRK_DROP, "messages[*].content[*].prompt_cache_breakpoint", NULL, NULL,
               "OpenAI's marks: others refuse them, or cache by themselves"}},
    {.quirk = {LX_QUIRK_LEVELS, "reasoning_effort", NULL, NULL,
               "the model has other levels: it got the nearest"}},
    {.unless = LX_TAKES_CACHE_MARKS | LX_IGNORES_CACHE_MARKS,
     .word = "cache_control",
     .quirk = {LX_QUIRK_DROP,
               "cache_control|messages[*].cache_control|messages[*].content[*].cache_control|"
               "tools[*].cache_control|tools[*].function.cache_control",
               NULL, NULL, "Anthropic's marks: services of OpenAI's language cache by themselves"}},
};
const size_t lx_quirks_common_count = sizeof(lx_quirks_common) / sizeof(lx_quirks_common[0]);
_Static_assert(sizeof(lx_quirks_common) / sizeof(lx_quirks_common[0]) <= 32, "they are bits");

const struct lx_provider lx_providers[] = {
#include "provider/providers.def"
#include "provider/providers_m_z.def"
};
const size_t lx_provider_count = sizeof(lx_providers) / sizeof(lx_providers[0]);

const struct lx_left_out lx_providers_left_out[] = {
    {"github_copilot|chatgpt", "it would sign in as another program's user"},
    {"petals", "Python in process, or a public swarm that is gone"},
    {"anyscale|palm|aleph_alpha", "shut down"},
    {"monet", "no address is known"},
    {"anthropic_text", "prompts of Claude 2, which no model takes any more"},
    {"custom", "no provider of chats: give openai/ and api_base, or a provider of your own"},
    {"black_forest_labs|fal_ai|recraft|runwayml|stability|topaz", "pictures and films"},
    {"aws_polly|azure_speech|deepgram|elevenlabs|nvidia_riva|soniox|transcribe", "speech"},
    {"aws_textract|reducto", "documents"},
    {"milvus|mongodb|pg_vector|s3_vectors|valkey", "vectors that are kept"},
    {"bedrock/agent/*|bedrock/agentcore/*|vertex_ai/agent_engine/*|azure_ai/agents/*", "agents"},
    {"azure/speech/*", "speech"},
    {"azure_ai/doc-intelligence/*", "documents"},
    {"a2a*|cursor|langflow|langgraph|litellm_agent|manus|strands_decider|typesafe", "agents"},
    {"dotprompt|humanloop|langfuse", "prompts that are kept"},
    {"auto_router", "a router: the model's name says it, no provider's"},
};
const size_t lx_left_out_count = sizeof(lx_providers_left_out) / sizeof(lx_providers_left_out[0]);
