/*
 * table.c - the providers, from providers.def, with the quirks of their rows.
 *
 * Rows are data: who wants to know what a provider needs reads providers.def. A fact about requests
 * stands in a quirk with its source. Recorded traffic outweighs other gateways' caution: what a
 * provider was recorded to accept is not mended.
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

/* Also the rows for any OpenAI-compatible address: such servers stand in front of these models. */
static const struct lx_quirk openai_quirks[] = {
    {LX_QUIRK_RENAME, "max_tokens", "max_completion_tokens", REASONING_O "|!gpt-5-chat*|gpt-5*",
     O_PAGE},
    {LX_QUIRK_REFUSE, "temperature", "1", REASONING_O "|" REASONING_5,
     "OpenAI's reasoning models take temperature=1 only"},
    {LX_QUIRK_REFUSE, "top_p", "1", REASONING_O "|" REASONING_5,
     "OpenAI's reasoning models do not take top_p"},
    {LX_QUIRK_REFUSE, "presence_penalty|frequency_penalty", "0", REASONING_O "|!gpt-5-chat*|gpt-5*",
     "OpenAI's reasoning models take no penalties"},
    {LX_QUIRK_REFUSE, "logprobs", "false", REASONING_O "|" REASONING_5,
     "OpenAI's reasoning models give no log-probabilities"},
    {LX_QUIRK_REFUSE, "top_logprobs", NULL, REASONING_O "|" REASONING_5,
     "OpenAI's reasoning models give no log-probabilities"},
    {LX_QUIRK_REFUSE, "logit_bias", "{}", REASONING_O "|!gpt-5-chat*|gpt-5*",
     "OpenAI's reasoning models take no logit_bias"},
    {LX_QUIRK_DROP, "reasoning_effort", NULL, "gpt-4*|gpt-3.5*|chatgpt-*|gpt-5-chat*",
     "models that do not reason refuse it; clients with thinking switched on send it to all"},
    {LX_QUIRK_REFUSE, "stop", NULL, "o1-mini*|!gpt-5-chat*|gpt-5*",
     "gpt-5 models take no stop sequences (LiteLLM); o3-mini was recorded to take them"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

/* A client of LiteLLM sends these to any model. */
const struct lx_common_quirk lx_quirks_common[] = {
    {.unless = LX_TAKES_DEVELOPER,
     .word = "\"developer\"",
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
    {.unless = LX_TAKES_CACHE_MARKS,
     .word = "\"cache_control\"",
     .quirk = {LX_QUIRK_DROP,
               "cache_control|messages[*].cache_control|messages[*].content[*].cache_control|"
               "tools[*].cache_control|tools[*].function.cache_control",
               NULL, NULL, "Anthropic's marks: services of OpenAI's language cache by themselves"}},
};
const size_t lx_quirks_common_count = sizeof(lx_quirks_common) / sizeof(lx_quirks_common[0]);

static const struct lx_quirk groq_quirks[] = {
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL,
     "Groq gives no log-probabilities (console.groq.com/docs/openai)"},
    {LX_QUIRK_REFUSE, "top_logprobs|logit_bias", NULL, NULL,
     "Groq does not take it (console.groq.com/docs/openai)"},
    {LX_QUIRK_REFUSE, "n", "1", NULL, "Groq gives one choice (console.groq.com/docs/openai)"},
    {LX_QUIRK_DROP, "messages[*].reasoning_content|messages[*].thinking_blocks", NULL, NULL,
     "Groq refuses unknown members of messages"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk deepseek_quirks[] = {
    {LX_QUIRK_FLATTEN, "messages", NULL, NULL,
     "content as one string (LiteLLM deepseek/chat/transformation.py)"},
    {LX_QUIRK_DROP, "thinking.budget_tokens", NULL, NULL,
     "thinking has a type only (api-docs.deepseek.com; LiteLLM)"},
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "api-docs.deepseek.com/api/create-chat-completion names max_tokens only"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk mistral_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "docs.mistral.ai/api names max_tokens; LiteLLM mistral/chat/transformation.py"},
    {LX_QUIRK_RENAME, "seed", "random_seed", NULL, "docs.mistral.ai/api"},
    {LX_QUIRK_DROP, "stream_options", NULL, NULL,
     "usage comes in the last chunk unasked; unknown members are refused with 422"},
    {LX_QUIRK_DROP, "user|store|service_tier|safety_identifier", NULL, NULL,
     "unknown members are refused with 422"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL,
     "Mistral answers 'Logprobs are not enabled for this model' (recorded 2026)"},
    {LX_QUIRK_REFUSE, "top_logprobs|logit_bias", NULL, NULL, "docs.mistral.ai/api has none"},
    {LX_QUIRK_DROP, "messages[*].reasoning_content|messages[*].thinking_blocks", NULL, NULL,
     "unknown members are refused with 422"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk xai_quirks[] = {
    {LX_QUIRK_REFUSE, "stop", NULL, "grok-3-mini*|grok-4*|grok-code*",
     "xAI's reasoning models take no stop (docs.x.ai/docs/guides/reasoning; LiteLLM)"},
    {LX_QUIRK_REFUSE, "presence_penalty|frequency_penalty", "0", "grok-3-mini*|grok-4*|grok-code*",
     "xAI's reasoning models take no penalties (docs.x.ai/docs/guides/reasoning; LiteLLM)"},
    {LX_QUIRK_REFUSE, "reasoning_effort", NULL, "grok-4|grok-4-0709|grok-code*",
     "recorded 2025: 'Model grok-code-fast-1 does not support parameter reasoningEffort'"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk openrouter_quirks[] = {
    {LX_QUIRK_DEFAULT, "usage", "{\"include\":true}", NULL,
     "cost and cached tokens are in usage when asked for (openrouter.ai/docs; LiteLLM)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk fireworks_quirks[] = {
    {LX_QUIRK_REPLACE, "tool_choice", "required=any", NULL,
     "docs.fireworks.ai function calling; LiteLLM fireworks_ai/chat/transformation.py"},
    {LX_QUIRK_DROP, "tools[*].function.strict", NULL, NULL,
     "refused (LiteLLM fireworks_ai/chat/transformation.py)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk perplexity_quirks[] = {
    {LX_QUIRK_REFUSE, "tools|tool_choice|functions|function_call|parallel_tool_calls", NULL, NULL,
     "Perplexity's chat models call no tools (docs.perplexity.ai; LiteLLM)"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL, "not taken (docs.perplexity.ai; LiteLLM)"},
    {LX_QUIRK_REFUSE, "top_logprobs|logit_bias|seed|stop", NULL, NULL,
     "not taken (docs.perplexity.ai; LiteLLM)"},
    {LX_QUIRK_REFUSE, "n", "1", NULL, "one choice (docs.perplexity.ai; LiteLLM)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk cerebras_quirks[] = {
    {LX_QUIRK_RENAME, "max_tokens", "max_completion_tokens", NULL,
     "inference-docs.cerebras.ai chat completions: max_tokens is the deprecated name"},
    {LX_QUIRK_REFUSE, "presence_penalty|frequency_penalty", "0", NULL,
     "answered with 400 (inference-docs.cerebras.ai/resources/openai)"},
    {LX_QUIRK_REFUSE, "logit_bias", "{}", NULL,
     "answered with 400 (inference-docs.cerebras.ai/resources/openai)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

/* docs.cohere.com/reference/chat (2026): what is outside of these ranges is refused. OpenAI's
 * clients go to 2, and often send top_p 1. */
static const struct lx_quirk cohere_quirks[] = {
    {LX_QUIRK_CLAMP, "temperature", "0..1", NULL, "Cohere's temperature goes to 1"},
    {LX_QUIRK_CLAMP, "p", "0.01..0.99", NULL, "Cohere's p goes from 0.01 to 0.99"},
    {LX_QUIRK_CLAMP, "k", "0..500", NULL, "Cohere's k goes from 0 (all tokens) to 500"},
    {LX_QUIRK_CLAMP, "frequency_penalty", "0..1", NULL, "Cohere's penalties go from 0 to 1"},
    {LX_QUIRK_CLAMP, "presence_penalty", "0..1", NULL, "Cohere's penalties go from 0 to 1"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk vllm_quirks[] = {
    {LX_QUIRK_DROP, "tools[*].function.strict", NULL, NULL,
     "refused by some versions (LiteLLM hosted_vllm/chat/transformation.py)"},
    {LX_QUIRK_DROP, "tools[*].function.parameters.**.additionalProperties", NULL, NULL,
     "refused by some versions (LiteLLM hosted_vllm/chat/transformation.py)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk old_limit[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "the older name of the limit (LiteLLM openai_like/chat/transformation.py, providers.json)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk flat[] = {
    {LX_QUIRK_FLATTEN, "messages", NULL, NULL,
     "content as one string (LiteLLM modelscope, heroku chat/transformation.py)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk flat_old_limit[] = {
    {LX_QUIRK_FLATTEN, "messages", NULL, NULL,
     "content as one string (LiteLLM openai_like/providers.json)"},
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "the older name of the limit (LiteLLM openai_like/chat/transformation.py, providers.json)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk ai21_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "docs.ai21.com names max_tokens; LiteLLM ai21/chat/transformation.py"},
    {LX_QUIRK_REFUSE, "logit_bias|top_logprobs|parallel_tool_calls|" FUNCTIONS, NULL, NULL,
     "not taken (LiteLLM ai21/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL, "not taken (LiteLLM ai21/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "presence_penalty|frequency_penalty", "0", NULL,
     "not taken (LiteLLM ai21/chat/transformation.py)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk nova_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "LiteLLM amazon_nova/chat/transformation.py"},
    {LX_QUIRK_REFUSE, "n", "1", NULL, "one choice (LiteLLM amazon_nova/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "logit_bias|seed|top_logprobs|parallel_tool_calls|response_format|" FUNCTIONS,
     NULL, NULL, "not taken (LiteLLM amazon_nova/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL,
     "not taken (LiteLLM amazon_nova/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "presence_penalty|frequency_penalty", "0", NULL,
     "not taken (LiteLLM amazon_nova/chat/transformation.py)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk baseten_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL, "LiteLLM baseten/chat.py"},
    {LX_QUIRK_REFUSE, "n", "1", NULL, "one choice (LiteLLM baseten/chat.py)"},
    {LX_QUIRK_REFUSE, "logit_bias|top_logprobs|" FUNCTIONS, NULL, NULL,
     "not taken (LiteLLM baseten/chat.py)"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL, "not taken (LiteLLM baseten/chat.py)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk clarifai_quirks[] = {
    {LX_QUIRK_REFUSE, "n", "1", NULL, "one choice (LiteLLM clarifai/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "stop|seed|logit_bias|top_logprobs|parallel_tool_calls|" FUNCTIONS, NULL,
     NULL, "not taken (LiteLLM clarifai/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL,
     "not taken (LiteLLM clarifai/chat/transformation.py)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk deepinfra_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "LiteLLM deepinfra/chat/transformation.py"},
    {LX_QUIRK_FLATTEN, "messages", NULL, NULL,
     "results of tools as one string (LiteLLM deepinfra/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "tool_choice", "\"auto\"|\"none\"", NULL,
     "auto and none only (deepinfra.com/docs/advanced/function_calling; LiteLLM)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk featherless_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "featherless.ai/docs/completions; LiteLLM"},
    {LX_QUIRK_REFUSE, "tool_choice", "\"auto\"|\"none\"", NULL,
     "auto and none only (featherless.ai/docs/completions; LiteLLM)"},
    {LX_QUIRK_REFUSE, "tools|response_format|seed|top_logprobs|parallel_tool_calls", NULL, NULL,
     "not taken (featherless.ai/docs/completions; LiteLLM)"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL,
     "not taken (featherless.ai/docs/completions; LiteLLM)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk gradient_quirks[] = {
    {LX_QUIRK_REFUSE, "n", "1", NULL, "one choice (LiteLLM gradient_ai/chat/transformation.py)"},
    {LX_QUIRK_REFUSE,
     "tools|tool_choice|response_format|seed|logit_bias|top_logprobs|parallel_tool_calls|" FUNCTIONS,
     NULL, NULL, "not taken (LiteLLM gradient_ai/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL,
     "not taken (LiteLLM gradient_ai/chat/transformation.py)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk hyperbolic_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "docs.hyperbolic.xyz names max_tokens; LiteLLM"},
    {LX_QUIRK_REFUSE, "logit_bias|top_logprobs|parallel_tool_calls|" FUNCTIONS, NULL, NULL,
     "not taken (docs.hyperbolic.xyz/docs/rest-api; LiteLLM)"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL,
     "not taken (docs.hyperbolic.xyz/docs/rest-api; LiteLLM)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk inception_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "LiteLLM inception/chat/transformation.py"},
    {LX_QUIRK_REFUSE, "n", "1", NULL, "one choice (LiteLLM inception/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "top_p|seed|logit_bias|top_logprobs|parallel_tool_calls|" FUNCTIONS, NULL,
     NULL, "not taken (LiteLLM inception/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL,
     "not taken (LiteLLM inception/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "presence_penalty|frequency_penalty", "0", NULL,
     "not taken (LiteLLM inception/chat/transformation.py)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk maritalk_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL, "LiteLLM maritalk.py"},
    {LX_QUIRK_REFUSE, "response_format|seed|logit_bias|top_logprobs|parallel_tool_calls|" FUNCTIONS,
     NULL, NULL, "not taken (LiteLLM maritalk.py)"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL, "not taken (LiteLLM maritalk.py)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk mimo_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "the older name of the limit (LiteLLM openai_like/chat/transformation.py, providers.json)"},
    {LX_QUIRK_SWITCH, "reasoning_effort", "thinking={\"type\":\"disabled\"}|{\"type\":\"enabled\"}",
     NULL, "thinking is on or off there (platform.xiaomimimo.com; LiteLLM)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

#define KIMI_REASONING "kimi-k2.*|kimi-k3*|kimi-*thinking*"

static const struct lx_quirk moonshot_quirks[] = {
    {LX_QUIRK_FLATTEN, "messages", NULL, NULL,
     "content as one string (platform.moonshot.ai/docs; LiteLLM moonshot/chat/transformation.py)"},
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", "moonshot-*",
     "the older models' name of the limit (platform.moonshot.ai/docs; LiteLLM moonshot/chat/transformation.py)"},
    {LX_QUIRK_DROP, "temperature", NULL, KIMI_REASONING,
     "reasoning models choose their own (platform.moonshot.ai/docs; LiteLLM "
     "moonshot/chat/transformation.py)"},
    {LX_QUIRK_CLAMP, "temperature", "0..1", "!kimi-k2.*|!kimi-k3*|!kimi-*thinking*|*",
     "from 0 to 1 (platform.moonshot.ai/docs; LiteLLM moonshot/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "tool_choice", "\"auto\"|\"none\"", NULL,
     "with thinking a forced tool is answered with 400 (platform.moonshot.ai/docs; LiteLLM moonshot/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, FUNCTIONS, NULL, NULL,
     "not taken (platform.moonshot.ai/docs; LiteLLM moonshot/chat/transformation.py)"},
    {LX_QUIRK_FILL, "reasoning_content", "\" \"", KIMI_REASONING,
     "calls without their reasoning are answered with 400 (platform.moonshot.ai/docs; LiteLLM moonshot/chat/transformation.py)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk morph_quirks[] = {
    {LX_QUIRK_REFUSE, "n", "1", NULL, "one choice (LiteLLM morph/chat/transformation.py)"},
    {LX_QUIRK_REFUSE,
     "stop|seed|logit_bias|top_logprobs|tools|tool_choice|response_format|parallel_tool_calls|" FUNCTIONS,
     NULL, NULL, "not taken (LiteLLM morph/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL,
     "not taken (LiteLLM morph/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "presence_penalty|frequency_penalty", "0", NULL,
     "not taken (LiteLLM morph/chat/transformation.py)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk nadir_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "LiteLLM nadir/chat/transformation.py"},
    {LX_QUIRK_REFUSE, "n", "1", NULL, "one choice (LiteLLM nadir/chat/transformation.py)"},
    {LX_QUIRK_REFUSE,
     "stop|seed|logit_bias|top_logprobs|tools|tool_choice|parallel_tool_calls|" FUNCTIONS, NULL,
     NULL, "not taken (LiteLLM nadir/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL,
     "not taken (LiteLLM nadir/chat/transformation.py)"},
    {LX_QUIRK_DROP, "stream_options", NULL, NULL,
     "not taken (LiteLLM nadir/chat/transformation.py)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk nscale_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "docs.nscale.com names max_tokens; LiteLLM"},
    {LX_QUIRK_REFUSE, "seed|tools|tool_choice|parallel_tool_calls|" FUNCTIONS, NULL, NULL,
     "not taken (docs.nscale.com/docs/inference/chat; LiteLLM)"},
    {LX_QUIRK_DROP, "stream_options", NULL, NULL,
     "not taken (docs.nscale.com/docs/inference/chat; LiteLLM)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk nim_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "docs.api.nvidia.com names max_tokens; LiteLLM"},
    {LX_QUIRK_REFUSE, "n", "1", NULL, "one choice (docs.api.nvidia.com/nim/reference; LiteLLM)"},
    {LX_QUIRK_REFUSE, "logit_bias|top_logprobs|" FUNCTIONS, NULL, NULL,
     "not taken (docs.api.nvidia.com/nim/reference; LiteLLM)"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL,
     "not taken (docs.api.nvidia.com/nim/reference; LiteLLM)"},
    {LX_QUIRK_REFUSE,
     "seed|stop|tools|tool_choice|response_format|presence_penalty|frequency_penalty", NULL,
     "nvidia/nemotron-4-340b-*", "not taken (docs.api.nvidia.com/nim/reference; LiteLLM)"},
    {LX_QUIRK_REFUSE, "tools|tool_choice|response_format|presence_penalty|frequency_penalty", NULL,
     "google/recurrentgemma-2b|google/gemma-2-*|gemma-2-9b-it",
     "not taken (docs.api.nvidia.com/nim/reference; LiteLLM)"},
    {LX_QUIRK_REFUSE, "seed|tools|tool_choice|response_format", NULL, "google/codegemma-1.1-7b",
     "not taken (docs.api.nvidia.com/nim/reference; LiteLLM)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk sambanova_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "docs.sambanova.ai names max_tokens; LiteLLM"},
    {LX_QUIRK_FLATTEN, "messages", NULL, NULL, "content as one string (LiteLLM sambanova/chat.py)"},
    {LX_QUIRK_REFUSE, "n", "1", NULL,
     "one choice (docs.sambanova.ai/cloud/api-reference; LiteLLM)"},
    {LX_QUIRK_REFUSE, "seed|logit_bias|top_logprobs|" FUNCTIONS, NULL, NULL,
     "not taken (docs.sambanova.ai/cloud/api-reference; LiteLLM)"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL,
     "not taken (docs.sambanova.ai/cloud/api-reference; LiteLLM)"},
    {LX_QUIRK_REFUSE, "presence_penalty|frequency_penalty", "0", NULL,
     "not taken (docs.sambanova.ai/cloud/api-reference; LiteLLM)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk scx_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "the older name of the limit (LiteLLM openai_like/chat/transformation.py, providers.json)"},
    {LX_QUIRK_CLAMP, "temperature", "0..1.99", NULL,
     "at most 1.99 (LiteLLM openai_like/providers.json)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk tencent_quirks[] = {
    {LX_QUIRK_SWITCH, "reasoning_effort",
     "thinking={\"type\":\"disabled\"}|{\"type\":\"adaptive\"}", "*MiniMax*|*minimax*",
     "MiniMax's models there think adaptively or not (www.tencentcloud.com/document/product/1300/82345; LiteLLM)"},
    {LX_QUIRK_SWITCH, "reasoning_effort", "thinking={\"type\":\"disabled\"}|{\"type\":\"enabled\"}",
     "!*MiniMax*|!*minimax*|*",
     "thinking is on or off there (www.tencentcloud.com/document/product/1300/82345; LiteLLM)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk v0_quirks[] = {
    {LX_QUIRK_REFUSE, "n", "1", NULL, "one choice (v0.dev/docs/v0-model-api; LiteLLM)"},
    {LX_QUIRK_REFUSE,
     "temperature|top_p|max_tokens|max_completion_tokens|stop|seed|logit_bias|top_logprobs|response_format|parallel_tool_calls|" FUNCTIONS,
     NULL, NULL, "not taken (v0.dev/docs/v0-model-api; LiteLLM)"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL, "not taken (v0.dev/docs/v0-model-api; LiteLLM)"},
    {LX_QUIRK_REFUSE, "presence_penalty|frequency_penalty", "0", NULL,
     "not taken (v0.dev/docs/v0-model-api; LiteLLM)"},
    {LX_QUIRK_DROP, "stream_options", NULL, NULL, "not taken (v0.dev/docs/v0-model-api; LiteLLM)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk volcengine_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL,
     "LiteLLM volcengine/chat/transformation.py"},
    {LX_QUIRK_DROP, "thinking.budget_tokens", NULL, NULL,
     "thinking has a type only (www.volcengine.com/docs/82379/1449737)"},
    {LX_QUIRK_REFUSE, "parallel_tool_calls", NULL, NULL,
     "not taken (www.volcengine.com/docs/82379/1494384; LiteLLM)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk zai_quirks[] = {
    {LX_QUIRK_RENAME, "max_completion_tokens", "max_tokens", NULL, "docs.z.ai names max_tokens"},
    {LX_QUIRK_DROP, "thinking.budget_tokens", NULL, NULL,
     "thinking has a type only (docs.z.ai/api-reference/llm/chat-completion)"},
    {LX_QUIRK_REFUSE, "n", "1", NULL, "one choice (docs.z.ai/api-reference/llm/chat-completion)"},
    {LX_QUIRK_REFUSE, "logit_bias|top_logprobs|" FUNCTIONS, NULL, NULL,
     "not taken (docs.z.ai/api-reference/llm/chat-completion)"},
    {LX_QUIRK_REFUSE, "logprobs", "false", NULL,
     "not taken (docs.z.ai/api-reference/llm/chat-completion)"},
    {LX_QUIRK_REFUSE, "presence_penalty|frequency_penalty", "0", NULL,
     "not taken (docs.z.ai/api-reference/llm/chat-completion)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_quirk foundry_quirks[] = {
    {LX_QUIRK_FLATTEN, "messages", NULL, NULL,
     "content as one string (LiteLLM azure_ai/chat/transformation.py)"},
    {LX_QUIRK_DROP,
     "messages[*].reasoning_content|messages[*].thinking_blocks|messages[*].provider_specific_fields",
     NULL, NULL, "extra inputs are refused (LiteLLM azure_ai/chat/transformation.py)"},
    {LX_QUIRK_REFUSE, "stop", NULL, "*grok-3-mini*|*grok-4*|*grok-code*",
     "xAI's reasoning models take no stop (docs.x.ai/docs/guides/reasoning; LiteLLM)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

#include "provider/embeds.def"

/* ---- Rows that stand in for others ---- */

/*
 * The Responses API, for "responses/MODEL" and for the models that only it has (LiteLLM's model
 * map, mode "responses", 1.106.2), which a unit test compares with the catalog.
 */
#define RESPONSES .language = "openai_responses", .model_cut = "responses/"
#define RESPONSES_ONLY                                                                         \
    "responses/*|o1-pro*|o3-pro*|o3-deep-research*|o4-mini-deep-research*|codex-*|gpt-5-pro*|" \
    "gpt-5.*-pro*|gpt-5*-codex*|gpt-daybreak-*"
/* From gpt-5.4 on: see functions_by_responses. */
#define GPT54 "gpt-5.4*|gpt-5.5*|gpt-5.6*|gpt-5.7*|gpt-5.8*|gpt-5.9*|gpt-6*|gpt-7*"
/* Models that reason: what they thought comes back encrypted, and others refuse to be asked. */
#define RESPONSES_REASONING                                                                  \
    "o1|o1-*|o3|o3-*|o4-*|codex-*|!gpt-5-chat*|!gpt-5.*-chat*|!gpt-5-search*|gpt-5*|gpt-6*|" \
    "gpt-daybreak-*"
#define RESPONSES_PAGE "platform.openai.com/docs/api-reference/responses"

static const struct lx_quirk responses_quirks[] = {
    {LX_QUIRK_REFUSE, "temperature", "1", REASONING_O "|codex-*|" REASONING_5,
     "OpenAI's reasoning models take temperature=1 only"},
    {LX_QUIRK_REFUSE, "top_p", "1", REASONING_O "|codex-*|" REASONING_5,
     "OpenAI's reasoning models do not take top_p (recorded 2026)"},
    {LX_QUIRK_DROP, "reasoning", NULL, "gpt-4*|gpt-3.5*|chatgpt-*|gpt-5-chat*",
     "models that do not reason refuse it; clients with thinking switched on send it to all"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

/* clang-format off */
static const struct lx_provider custom_openai_variants[] = {
    {.id = "custom_openai", .title = "Custom OpenAI", RESPONSES, .auth = LX_AUTH_BEARER,
     .models = "responses/*", .quirks = responses_quirks,
     .adaptive_thinking = RESPONSES_REASONING, .docs = RESPONSES_PAGE},
    {.id = NULL},
};
static const struct lx_provider deepseek_variants[] = {
    {.id = "deepseek", .title = "DeepSeek", RESPONSES, .auth = LX_AUTH_BEARER,
     .models = "responses/*", .docs = "api-docs.deepseek.com; recorded 2026"},
    {.id = NULL},
};
static const struct lx_provider openrouter_variants[] = {
    {.id = "openrouter", .title = "OpenRouter", RESPONSES, .auth = LX_AUTH_BEARER,
     .models = "responses/*",
     .adaptive_thinking = "openai/o*|!openai/gpt-5-chat*|openai/gpt-5*|openai/gpt-6*|x-ai/grok-4*",
     .docs = "openrouter.ai/docs/api-reference/responses/overview"},
    {.id = NULL},
};
static const struct lx_provider vllm_variants[] = {
    {.id = "hosted_vllm", .title = "vLLM server", RESPONSES, .auth = LX_AUTH_BEARER,
     .default_key = "fake-api-key", .models = "responses/*",
     .docs = "docs.vllm.ai/en/latest/serving/openai_compatible_server.html"},
    {.id = NULL},
};
static const struct lx_provider xai_variants[] = {
    {.id = "xai", .title = "XAI", RESPONSES, .auth = LX_AUTH_BEARER,
     .models = "responses/*|grok-4.20-multi-agent*",
     .adaptive_thinking = "grok-4*|grok-3-mini*|grok-code*",
     .docs = "docs.x.ai/docs/api-reference#create-new-response"},
    {.id = NULL},
};
/* clang-format on */

#define CLOUDFLARE .id = "cloudflare", .title = "Cloudflare Workers AI", CHAT
static const struct lx_provider cloudflare_variants[] = {
    {CLOUDFLARE, .bases = "!https://api.cloudflare.com/client/v4/accounts|*",
     .docs = "developers.cloudflare.com/ai-gateway: an address of one's own, up to /v1"},
    {.id = NULL},
};

/* LiteLLM is given the whole address of a model (triton/completion/transformation.py). */
/* clang-format off */
static const struct lx_provider triton_variants[] = {
    {.id = "triton", .title = "NVIDIA Triton", .language = "triton", .auth = LX_AUTH_BEARER,
     .key_optional = true, .bases = "*/generate", .path = "", .stream_path = "_stream",
     .docs = "LiteLLM triton/completion/transformation.py (1.106.2)"},
    {.id = NULL},
};
/* clang-format on */

#define SAGEMAKER                                                                                 \
    .base_url = "https://runtime.sagemaker.{region}.amazonaws.com",                               \
    .region_env = {"AWS_REGION_NAME", "AWS_REGION", "AWS_DEFAULT_REGION"}, .region = "us-west-2", \
    .key_env = {"AWS_ACCESS_KEY_ID"}, .auth = LX_AUTH_AWS, .aws_service = "sagemaker",            \
    .credential = "aws", .hosts = "runtime.sagemaker.*.amazonaws.com", .aws_parts = true,         \
    .path = "/endpoints/{model}/invocations",                                                     \
    .stream_path = "/endpoints/{model}/invocations-response-stream"

/* platform.openai.com/docs/models: those that complete and do not chat. Servers that call
 * themselves OpenAI's know both, as LiteLLM has it. */
#define OPENAI_TEXT \
    "gpt-3.5-turbo-instruct*|davinci-002|babbage-002|ft:davinci-002*|ft:babbage-002*"
static const struct lx_quirk text_quirks[] = {
    {LX_QUIRK_REFUSE, "top_k|min_p|repetition_penalty", NULL, NULL,
     "not in CreateCompletionRequest of OpenAI's OpenAPI document"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

/* clang-format off */
static const struct lx_provider text_variants[] = {
    {.id = "text-completion-openai", .title = "OpenAI text completion", COMPLETIONS,
     .bases = "https://api.openai.com*", .quirks = text_quirks,
     .docs = "platform.openai.com/docs/api-reference/completions"},
    {.id = NULL},
};
static const struct lx_provider openai_variants[] = {
    {.id = "openai", .title = "OpenAI", RESPONSES, .auth = LX_AUTH_BEARER,
     .models = RESPONSES_ONLY, .quirks = responses_quirks,
     .adaptive_thinking = RESPONSES_REASONING, .docs = RESPONSES_PAGE},
    {.id = "openai", .title = "OpenAI", COMPLETIONS, .models = OPENAI_TEXT,
     .quirks = text_quirks,
     .docs = "platform.openai.com/docs/api-reference/completions"},
    {.id = "openai", .title = "OpenAI", CHAT, TEXT, .bases = "!https://api.openai.com*|*",
     .quirks = openai_quirks, .docs = "LiteLLM main.py, text_completion()"},
    {.id = NULL},
};
/* clang-format on */

#define DATAROBOT .id = "datarobot", .title = "DataRobot", CHAT, .default_key = "fake-api-key"
static const struct lx_provider datarobot_variants[] = {
    {DATAROBOT, .bases = "*/api/v2/deployments/*", .path = "/chat/completions/",
     .docs = "LiteLLM datarobot/chat/transformation.py: a deployment's own address"},
    {.id = NULL},
};

static const struct lx_provider gradient_variants[] = {
    {.id = "gradient_ai",
     .title = "DigitalOcean Gradient AI agent",
     CHAT,
     .bases = "!https://inference.do-ai.run*|*",
     .path = "/api/v1/chat/completions",
     .docs = "LiteLLM gradient_ai/chat/transformation.py: an agent's own address"},
    {.id = NULL},
};

/* learn.microsoft.com/azure/ai-services/openai/reference: a deployment's name in the path, or, from
 * the v1 API on, in the body. A configured address may hold the path already. */
#define AZURE                                                                    \
    .title = "Azure OpenAI", .language = "openai_chat", .quirks = openai_quirks, \
    .takes = LX_TAKES_DEVELOPER
#define AZURE_KEY  .auth = LX_AUTH_HEADER, .auth_header = "api-key"
#define AZURE_PAGE "learn.microsoft.com/azure/ai-services/openai/reference"
#define AZURE_RESPONSES                                                                     \
    .id = "azure", .title = "Azure OpenAI", RESPONSES, AZURE_KEY, .models = RESPONSES_ONLY, \
    .quirks = responses_quirks, .adaptive_thinking = RESPONSES_REASONING,                   \
    .docs = "learn.microsoft.com/azure/ai-foundry/openai/how-to/responses"
static const struct lx_provider azure_variants[] = {
    {AZURE_RESPONSES, .bases = "*/openai/v1"},
    {AZURE_RESPONSES, .versions = "!2*|*", .path = "/openai/v1/responses"},
    {AZURE_RESPONSES, .path = "/openai/responses", .api_version_env = "AZURE_API_VERSION"},
    {.id = "azure", AZURE, AZURE_KEY, .bases = "*/openai/v1", .docs = AZURE_PAGE},
    {.id = "azure",
     AZURE,
     AZURE_KEY,
     .versions = "preview|latest|v1",
     .path = "/openai/v1/chat/completions",
     .docs = AZURE_PAGE},
    {.id = "azure",
     AZURE,
     AZURE_KEY,
     .bases = "*/openai/deployments/*",
     .api_version_env = "AZURE_API_VERSION",
     .api_version = AZURE_VERSION,
     .docs = AZURE_PAGE},
    {.id = NULL},
};

/* Azure AI Foundry: Claude speaks Anthropic's language, all others OpenAI's at one of four
 * addresses. */
#define FOUNDRY      .title = "Azure AI Foundry", .language = "openai_chat", .quirks = foundry_quirks
#define FOUNDRY_PAGE "learn.microsoft.com/azure/ai-foundry; LiteLLM azure_ai/chat/transformation.py"
static const struct lx_provider foundry_variants[] = {
    {.id = "azure_ai",
     .title = "Claude on Azure AI Foundry",
     .language = "anthropic",
     AZURE_KEY,
     .headers = {{"anthropic-version", "2023-06-01"}},
     .models = "*claude*|*Claude*",
     .path = "/anthropic/v1/messages",
     .docs = "platform.claude.com/docs/en/build-with-claude/claude-in-microsoft-foundry",
     .json_schema = CLAUDE_SCHEMA,
     .adaptive_thinking = CLAUDE_ADAPTIVE},
    {.id = "azure_ai",
     .title = "Azure AI Foundry",
     RESPONSES,
     AZURE_KEY,
     .models = RESPONSES_ONLY,
     .path = "/openai/v1/responses",
     .quirks = responses_quirks,
     .adaptive_thinking = RESPONSES_REASONING,
     .docs = "learn.microsoft.com/azure/ai-foundry/openai/how-to/responses"},
    {.id = "azure_ai", FOUNDRY, AZURE_KEY, .bases = "*/openai/v1", .docs = FOUNDRY_PAGE},
    {.id = "azure_ai",
     FOUNDRY,
     AZURE_KEY,
     .bases = "*.openai.azure.com",
     .path = "/openai/deployments/{model}/chat/completions",
     .api_version_env = "AZURE_API_VERSION",
     .api_version = AZURE_VERSION,
     .docs = FOUNDRY_PAGE},
    {.id = "azure_ai",
     FOUNDRY,
     AZURE_KEY,
     .bases = "!*/openai/deployments/*|https://*.services.ai.azure.com*",
     .path = "/models/chat/completions",
     .api_version_env = "AZURE_API_VERSION",
     .api_version = "2024-05-01-preview",
     .docs = FOUNDRY_PAGE},
    {.id = "azure_ai",
     FOUNDRY,
     AZURE_KEY,
     .bases = "https://*.services.ai.azure.com*|https://*.openai.azure.com*",
     .api_version_env = "AZURE_API_VERSION",
     .api_version = AZURE_VERSION,
     .docs = FOUNDRY_PAGE},
    {.id = NULL},
};

/*
 * Vertex AI: Gemini, and other vendors' models in their own languages (cloud.google.com/vertex-ai/
 * generative-ai/docs/partner-models). A configured address may end with the model already: then
 * only the method is put behind it, as LiteLLM does.
 */
#define VERTEX         .id = "vertex_ai", .auth = LX_AUTH_BEARER
#define VERTEX_PLACE   "projects/{project}/locations/{region}"
#define VERTEX_WHOLE   "*/models/*|*/endpoints/*"
#define VERTEX_NUMBER  "0*|1*|2*|3*|4*|5*|6*|7*|8*|9*"
#define VERTEX_SUPPORT "cloud.google.com/vertex-ai/generative-ai/docs/partner-models"
#define VERTEX_GEMINI                                                                      \
    VERTEX, .title = "Vertex AI", .language = "gemini", .adaptive_thinking = GEMINI_THIRD, \
            .embed = vertex_embeds, .no_call_ids = true,                                   \
            .docs = "cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference"
#define VERTEX_METHODS(place) \
    .path = place ":generateContent", .stream_path = place ":streamGenerateContent?alt=sse"
#define VERTEX_RAW(place) .path = place ":rawPredict", .stream_path = place ":streamRawPredict"
#define VERTEX_CLAUDE                                                                         \
    VERTEX, .title = "Claude on Vertex AI", .language = "anthropic", .models = "*claude*",    \
            .quirks = vertex_claude_quirks, .model_outside = true,                            \
            .json_schema = VERTEX_CLAUDE_SCHEMA, .adaptive_thinking = VERTEX_CLAUDE_ADAPTIVE, \
            .docs = "platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai"
#define VERTEX_MISTRAL                                                             \
    VERTEX, .title = "Mistral on Vertex AI", .language = "openai_chat",            \
            .models = "mistral*|codestral*|ministral*", .model_cut = "mistralai/", \
            .model_end = "@", .quirks = mistral_quirks, .docs = VERTEX_SUPPORT "/mistral"
#define VERTEX_JAMBA                                                                      \
    VERTEX, .title = "Jamba on Vertex AI", .language = "openai_chat", .models = "jamba*", \
            .quirks = ai21_quirks, .docs = VERTEX_SUPPORT "/ai21"

/* As CLAUDE_ADAPTIVE, where dates stand behind '@'; a schema as LiteLLM's table says (1.106.2). */
#define VERTEX_CLAUDE_SCHEMA "claude-fable-5-1*|claude-opus-5-5*"
#define VERTEX_CLAUDE_ADAPTIVE \
    "!claude-2*|!claude-3*|!claude-instant*|!claude-*-4|!claude-*-4@*|!claude-*-4-1|!claude-*-4-1@*|!claude-*-4-5|!claude-*-4-5@*|claude-*"

static const struct lx_quirk vertex_claude_quirks[] = {
    {LX_QUIRK_DEFAULT, "anthropic_version", "\"vertex-2023-10-16\"", NULL,
     "instead of the header (platform.claude.com/docs/en/build-with-claude/claude-on-vertex-ai)"},
    {LX_QUIRK_DROP, "output_config.effort", NULL,
     "*claude-3*|*claude-*-4@*|*claude-*-4|*opus-4-1*|*sonnet-4-5*|*haiku-4-5*",
     "models before it answer 'Extra inputs are not permitted' (LiteLLM "
     "vertex_ai/vertex_ai_partner_models/anthropic)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

static const struct lx_provider vertex_variants[] = {
    {VERTEX_CLAUDE, .bases = VERTEX_WHOLE, VERTEX_RAW("")},
    {VERTEX_CLAUDE, VERTEX_RAW("/v1/" VERTEX_PLACE "/publishers/anthropic/models/{model}")},
    {VERTEX_MISTRAL, .bases = VERTEX_WHOLE, VERTEX_RAW("")},
    {VERTEX_MISTRAL, VERTEX_RAW("/v1/" VERTEX_PLACE "/publishers/mistralai/models/{model}")},
    {VERTEX_JAMBA, .bases = VERTEX_WHOLE, VERTEX_RAW("")},
    {VERTEX_JAMBA, VERTEX_RAW("/v1beta1/" VERTEX_PLACE "/publishers/ai21/models/{model}")},
    {VERTEX, .title = "Open models on Vertex AI", .language = "openai_chat",
     .models = "meta/*|deepseek-ai/*|qwen/*|openai/gpt-oss-*|minimaxai/*|moonshotai/*|zai-org/*|"
               "google/gemma-*|xai/*",
     .path = "/v1/" VERTEX_PLACE "/endpoints/openapi/chat/completions", .quirks = old_limit,
     .docs = "cloud.google.com/vertex-ai/generative-ai/docs/maas/use-open-models"},
    {VERTEX, .title = "Deployed models on Vertex AI", .language = "openai_chat",
     .models = "openai/0*|openai/1*|openai/2*|openai/3*|openai/4*|openai/5*|openai/6*|openai/7*|"
               "openai/8*|openai/9*",
     .model_cut = "openai/", .model_outside = true,
     .path = "/v1beta1/" VERTEX_PLACE "/endpoints/{model}/chat/completions", .quirks = old_limit,
     .docs = "docs.litellm.ai/docs/providers/vertex_partner: Model Garden"},
    {VERTEX_GEMINI, .bases = VERTEX_WHOLE, VERTEX_METHODS("")},
    {VERTEX_GEMINI, .models = VERTEX_NUMBER,
     VERTEX_METHODS("/v1/" VERTEX_PLACE "/endpoints/{model}")},
    {VERTEX_GEMINI, .models = "endpoints/*|publishers/*",
     VERTEX_METHODS("/v1/" VERTEX_PLACE "/{+model}")},
    {VERTEX_GEMINI, .models = "projects/*", VERTEX_METHODS("/v1/{+model}")},
    {.id = NULL},
};

const struct lx_provider lx_providers[] = {
#include "provider/providers.def"
};
const size_t lx_provider_count = sizeof(lx_providers) / sizeof(lx_providers[0]);
