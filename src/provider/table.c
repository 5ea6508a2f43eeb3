/*
 * table.c - the providers, from providers.def, with the quirks of their rows.
 *
 * Rows are data: who wants to know what a provider needs reads providers.def. A fact about requests
 * stands in a quirk with its source. Recorded traffic outweighs other gateways' caution: what a
 * provider was recorded to accept is not mended.
 */
#include "provider/provider.h"

#define REASONING_O "o1|o1-*|o3|o3-*|o4-*"
/* gpt-5-chat is no reasoning model; from gpt-5.1 on, effort "none" gives sampling back. */
#define REASONING_5 "!gpt-5-chat*|!gpt-5-search*|gpt-5|gpt-5-*"
#define O_PAGE      "platform.openai.com/docs/guides/reasoning; LiteLLM o_series_transformation.py"
#define GPT5_PAGE   "platform.openai.com/docs/guides/latest-model; LiteLLM gpt_5_transformation.py"

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
    {LX_QUIRK_REFUSE, "stop", NULL, "o1-mini*|!gpt-5-chat*|gpt-5*",
     "gpt-5 models take no stop sequences (LiteLLM); o3-mini was recorded to take them"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

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

static const struct lx_quirk vllm_quirks[] = {
    {LX_QUIRK_DROP, "tools[*].function.strict", NULL, NULL,
     "refused by some versions (LiteLLM hosted_vllm/chat/transformation.py)"},
    {LX_QUIRK_DROP, "tools[*].function.parameters.**.additionalProperties", NULL, NULL,
     "refused by some versions (LiteLLM hosted_vllm/chat/transformation.py)"},
    {LX_QUIRK_END, NULL, NULL, NULL, NULL},
};

const struct lx_provider lx_providers[] = {
#include "provider/providers.def"
};
const size_t lx_provider_count = sizeof(lx_providers) / sizeof(lx_providers[0]);
