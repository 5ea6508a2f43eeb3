/*
 * rule.c - which encoding a model counts by, as LiteLLM has it.
 *
 * LiteLLM (litellm/utils.py and litellm_core_utils/token_counter.py, 1.106) first looks for models
 * with tokenizers of their own; what its model map calls OpenAI's goes by tiktoken's table of names
 * (tiktoken/model.py, 0.14); and all others count as gpt-3.5-turbo does, in cl100k_base. That is an
 * estimate, for Claude 3 and later above all, but the one LiteLLM's users know.
 */
#include "tokens/tokens.h"

#define CL100K "cl100k_base"

struct name {
    struct lx_slice name;
    const char *encoding;
};

#define NAME(text, encoding)      \
    {                             \
        LX_S_INIT(text), encoding \
    }

static const struct name names[] = {
    NAME("o1", "o200k_base"),
    NAME("o3", "o200k_base"),
    NAME("o4-mini", "o200k_base"),
    NAME("gpt-5", "o200k_base"),
    NAME("gpt-4.1", "o200k_base"),
    NAME("gpt-4o", "o200k_base"),
    NAME("gpt-4", CL100K),
    NAME("gpt-3.5-turbo", CL100K),
    NAME("gpt-3.5", CL100K),
    NAME("gpt-35-turbo", CL100K),
    NAME("davinci-002", CL100K),
    NAME("babbage-002", CL100K),
    NAME("text-embedding-ada-002", CL100K),
    NAME("text-embedding-3-small", CL100K),
    NAME("text-embedding-3-large", CL100K),
    NAME("text-davinci-003", "p50k_base"),
    NAME("text-davinci-002", "p50k_base"),
    NAME("text-davinci-001", "r50k_base"),
    NAME("text-curie-001", "r50k_base"),
    NAME("text-babbage-001", "r50k_base"),
    NAME("text-ada-001", "r50k_base"),
    NAME("davinci", "r50k_base"),
    NAME("curie", "r50k_base"),
    NAME("babbage", "r50k_base"),
    NAME("ada", "r50k_base"),
    NAME("code-davinci-002", "p50k_base"),
    NAME("code-davinci-001", "p50k_base"),
    NAME("code-cushman-002", "p50k_base"),
    NAME("code-cushman-001", "p50k_base"),
    NAME("davinci-codex", "p50k_base"),
    NAME("cushman-codex", "p50k_base"),
    NAME("text-davinci-edit-001", "p50k_edit"),
    NAME("code-davinci-edit-001", "p50k_edit"),
    NAME("text-similarity-davinci-001", "r50k_base"),
    NAME("text-similarity-curie-001", "r50k_base"),
    NAME("text-similarity-babbage-001", "r50k_base"),
    NAME("text-similarity-ada-001", "r50k_base"),
    NAME("text-search-davinci-doc-001", "r50k_base"),
    NAME("text-search-curie-doc-001", "r50k_base"),
    NAME("text-search-babbage-doc-001", "r50k_base"),
    NAME("text-search-ada-doc-001", "r50k_base"),
    NAME("code-search-babbage-code-001", "r50k_base"),
    NAME("code-search-ada-code-001", "r50k_base"),
    NAME("gpt2", "gpt2"),
    NAME("gpt-2", "gpt2"),
};

/* The first that fits holds. */
static const struct name prefixes[] = {
    NAME("o1-", "o200k_base"),
    NAME("o3-", "o200k_base"),
    NAME("o4-mini-", "o200k_base"),
    NAME("gpt-5", "o200k_base"),
    NAME("gpt-4.5-", "o200k_base"),
    NAME("gpt-4.1-", "o200k_base"),
    NAME("chatgpt-4o-", "o200k_base"),
    NAME("gpt-4o-", "o200k_base"),
    NAME("gpt-4-", CL100K),
    NAME("gpt-3.5-turbo-", CL100K),
    NAME("gpt-35-turbo-", CL100K),
    NAME("gpt-oss-", "o200k_harmony"),
    NAME("ft:gpt-4o", "o200k_base"),
    NAME("ft:gpt-4", CL100K),
    NAME("ft:gpt-3.5-turbo", CL100K),
    NAME("ft:davinci-002", CL100K),
    NAME("ft:babbage-002", CL100K),
};

static const char *tiktoken_name(struct lx_slice model)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (lx_slice_eq(model, names[i].name))
            return names[i].encoding;
    for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (lx_slice_starts(model, prefixes[i].name))
            return prefixes[i].encoding;
    return NULL;
}

static bool has(struct lx_slice s, const char *part)
{
    return lx_slice_find(s, lx_slice_z(part)) >= 0;
}

static bool has_nocase(struct lx_slice s, struct lx_slice part)
{
    for (size_t i = 0; i + part.n <= s.n; i++)
        if (lx_slice_eq_nocase(lx_slice(s.p + i, part.n), part))
            return true;
    return false;
}

/* "ft:gpt-4o" stands in the map for its price only; a tuned model has more colons. */
static bool is_price_only(struct lx_slice model)
{
    struct lx_slice head, tail;

    return lx_slice_starts(model, LX_S("ft:")) &&
           !lx_slice_cut(lx_slice_from(model, 3), ':', &head, &tail);
}

/* Without a catalog: whose model it is, by how it is named. */
static struct lx_slice guess_provider(struct lx_slice *model)
{
    struct lx_slice name = *model;
    ssize_t slash;

    while ((slash = lx_slice_find_byte(name, '/')) >= 0)
        name = lx_slice_from(name, (size_t)slash + 1);
    if (lx_slice_starts(name, LX_S("claude")))
        return LX_S("anthropic");
    if (!tiktoken_name(name))
        return lx_slice(has(name, "command-r") ? "cohere" : "", has(name, "command-r") ? 6 : 0);
    *model = name;
    return LX_S("openai");
}

struct lx_token_rule lx_token_rule_of(struct lx_slice model, struct lx_slice provider)
{
    struct lx_token_rule r = {.encoding = CL100K, .per_message = 3, .per_name = 1};
    bool guess = provider.p == NULL;

    if (guess)
        provider = guess_provider(&model);
    if (lx_slice_eq(provider, LX_S("cohere")) && has(model, "command-r"))
        r.wants = "command-r";
    else if (lx_slice_eq(provider, LX_S("anthropic")) && !has(model, "claude-3"))
        r.encoding = "claude";
    else if (has_nocase(model, LX_S("llama-2")) || has_nocase(model, LX_S("replicate")))
        r.wants = "llama-2";
    else if (has_nocase(model, LX_S("llama-3")))
        r.wants = "llama-3";
    else if (lx_slice_eq(provider, LX_S("openai")) && (guess || !is_price_only(model))) {
        const char *encoding = has(model, "gpt-4o") ? "o200k_base" : tiktoken_name(model);

        r.encoding = encoding ? encoding : CL100K;
        if (lx_slice_eq(model, LX_S("gpt-3.5-turbo-0301"))) {
            r.per_message = 4;
            r.per_name = -1;
        }
    }
    return r;
}
