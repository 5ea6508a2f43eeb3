/*
 * endpoint.c - the table of routes. A new endpoint is a line here and a function elsewhere.
 */
#include "serve/endpoint.h"

#define CHAT     &lx_dialect_openai_chat
#define EMBED    &lx_dialect_openai_embed
#define MESSAGES &lx_dialect_anthropic
#define GEMINI   &lx_dialect_gemini
#define RESPOND  &lx_dialect_openai_responses
#define COUNT    &lx_dialect_gemini_asked_count
#define INPUT    &lx_dialect_openai_count
#define TEXT     &lx_dialect_openai_completions
/* Google's two methods, as its SDKs ask: with the version in front. */
#define GENERATE(root, help)                                                         \
    {LX_METHOD_POST,                                                                 \
     root "/models/{model}:generateContent",                                         \
     false,                                                                          \
     GEMINI,                                                                         \
     lx_exchange_generate,                                                           \
     help},                                                                          \
    {                                                                                \
        LX_METHOD_POST, root "/models/{model}:streamGenerateContent", false, GEMINI, \
            lx_exchange_generate_stream, help ", as a stream"                        \
    }
/* What the Responses API makes, and what a provider keeps of it; the more special paths first. */
#define RESPONSES(root, note)                                                            \
    {LX_METHOD_POST, root "/responses",    false,                                        \
     RESPOND,        lx_exchange_complete, "OpenAI Responses" note},                     \
        {LX_METHOD_POST, root "/responses/compact", false,                               \
         RESPOND,        lx_exchange_compact,       "a conversation made short" note},   \
        {LX_METHOD_POST, root "/responses/input_tokens", false,                          \
         INPUT,          lx_exchange_complete,           "how many tokens it has" note}, \
        {LX_METHOD_POST,                                                                 \
         root "/responses/{id}/cancel",                                                  \
         false,                                                                          \
         RESPOND,                                                                        \
         lx_exchange_response,                                                           \
         "stops a response that is made in the background" note},                        \
        {LX_METHOD_GET,        root "/responses/{id}/input_items", false, RESPOND,       \
         lx_exchange_response, "what a response was made of" note},                      \
        {LX_METHOD_GET, root "/responses/{id}", false,                                   \
         RESPOND,       lx_exchange_response,   "a response, from who made it" note},    \
    {                                                                                    \
        LX_METHOD_DELETE, root "/responses/{id}", false, RESPOND, lx_exchange_response,  \
            "deletes a response there" note                                              \
    }

static const struct lx_endpoint endpoints[] = {
    {LX_METHOD_POST, "/v1/chat/completions", false, CHAT, lx_exchange_complete,
     "OpenAI chat completions"},
    {LX_METHOD_POST, "/chat/completions", false, CHAT, lx_exchange_complete, "the same"},
    {LX_METHOD_POST, "/openai/deployments/{model}/chat/completions", false, CHAT,
     lx_exchange_complete, "the same, as Azure's clients ask"},
    {LX_METHOD_POST, "/engines/{model}/chat/completions", false, CHAT, lx_exchange_complete,
     "the same, as old clients ask"},
    {LX_METHOD_POST, "/v1/completions", false, TEXT, lx_exchange_complete,
     "OpenAI text completions"},
    {LX_METHOD_POST, "/completions", false, TEXT, lx_exchange_complete, "the same"},
    {LX_METHOD_POST, "/openai/deployments/{model}/completions", false, TEXT, lx_exchange_complete,
     "the same, as Azure's clients ask"},
    {LX_METHOD_POST, "/engines/{model}/completions", false, TEXT, lx_exchange_complete,
     "the same, as old clients ask"},
    {LX_METHOD_POST, "/v1/embeddings", false, EMBED, lx_exchange_complete, "OpenAI embeddings"},
    {LX_METHOD_POST, "/embeddings", false, EMBED, lx_exchange_complete, "the same"},
    {LX_METHOD_POST, "/openai/deployments/{model}/embeddings", false, EMBED, lx_exchange_complete,
     "the same, as Azure's clients ask"},
    {LX_METHOD_POST, "/engines/{model}/embeddings", false, EMBED, lx_exchange_complete,
     "the same, as old clients ask"},
    {LX_METHOD_POST, "/v1/messages", false, MESSAGES, lx_exchange_complete, "Anthropic messages"},
    {LX_METHOD_POST, "/anthropic/v1/messages", false, MESSAGES, lx_exchange_complete, "the same"},
    {LX_METHOD_POST, "/v1/messages/count_tokens", false, &lx_dialect_anthropic_count,
     lx_exchange_complete, "how many tokens a request of Anthropic's has"},
    {LX_METHOD_POST, "/anthropic/v1/messages/count_tokens", false, &lx_dialect_anthropic_count,
     lx_exchange_complete, "the same"},
    RESPONSES("/v1", ""),
    RESPONSES("", " (the same)"),
    RESPONSES("/openai/v1", " (the same)"),
    GENERATE("/v1beta", "Gemini generateContent"),
    GENERATE("/v1", "the same"),
    GENERATE("", "the same"),
    GENERATE("/gemini/v1beta", "the same"),
    GENERATE("*/publishers/google", "the same, as Vertex AI's clients ask"),
    {LX_METHOD_POST, "/v1beta/models/{model}:countTokens", false, COUNT, lx_exchange_complete,
     "how many tokens a request of Gemini's has"},
    {LX_METHOD_POST, "/v1/models/{model}:countTokens", false, COUNT, lx_exchange_complete,
     "the same"},
    {LX_METHOD_POST, "/models/{model}:countTokens", false, COUNT, lx_exchange_complete, "the same"},
    {LX_METHOD_POST, "/gemini/v1beta/models/{model}:countTokens", false, COUNT,
     lx_exchange_complete, "the same"},
    {LX_METHOD_POST, "*/publishers/google/models/{model}:countTokens", false, COUNT,
     lx_exchange_complete, "the same, as Vertex AI's clients ask"},
    {LX_METHOD_GET, "/v1/models", false, CHAT, lx_endpoint_models, "models that can be asked for"},
    {LX_METHOD_GET, "/models", false, CHAT, lx_endpoint_models, "the same"},
    {LX_METHOD_GET, "/v1/models/{id}", false, CHAT, lx_endpoint_model, "one model"},
    {LX_METHOD_GET, "/models/{id}", false, CHAT, lx_endpoint_model, "the same"},
    {LX_METHOD_GET, "/model/info", false, CHAT, lx_endpoint_model_info,
     "the deployments, with limits, prices and capabilities"},
    {LX_METHOD_GET, "/v1/model/info", false, CHAT, lx_endpoint_model_info, "the same"},
    {LX_METHOD_GET, "/model_group/info", false, CHAT, lx_endpoint_model_group_info,
     "the same by the names that can be asked for"},
    {LX_METHOD_GET, "/access_group/list", false, CHAT, lx_endpoint_access_groups,
     "access groups, and the models in each"},
    {LX_METHOD_GET, "/access_group/{name}/info", false, CHAT, lx_endpoint_access_group,
     "one of them"},
    {LX_METHOD_POST, "/access_group/new", false, CHAT, lx_endpoint_access_group_change,
     "refused: they are set in the configuration"},
    {LX_METHOD_PUT, "/access_group/{name}/update", false, CHAT, lx_endpoint_access_group_change,
     "the same"},
    {LX_METHOD_DELETE, "/access_group/{name}/delete", false, CHAT, lx_endpoint_access_group_change,
     "the same"},
    {LX_METHOD_GET, "/fallback/{model}", false, CHAT, lx_endpoint_fallback,
     "who is asked when a model has failed (?fallback_type=)"},
    {LX_METHOD_POST, "/fallback", false, CHAT, lx_endpoint_fallback_change,
     "refused: they are set in the configuration"},
    {LX_METHOD_DELETE, "/fallback/{model}", false, CHAT, lx_endpoint_fallback_change, "the same"},
    {LX_METHOD_GET, "/router/state", false, CHAT, lx_endpoint_router_state,
     "what the router knows of each deployment, and its last decisions; ?format=text as tables"},
    {LX_METHOD_POST, "/spend/calculate", false, CHAT, lx_endpoint_spend_calculate,
     "what a request would cost, or a reply did"},
    {LX_METHOD_POST, "/utils/token_counter", false, CHAT, lx_endpoint_token_counter,
     "how many tokens a prompt or a chat has"},
    {LX_METHOD_GET, "/health", false, CHAT, lx_endpoint_health,
     "which deployments answer: asks each, or tells what background checks found"},
    {LX_METHOD_GET, "/health/history", false, CHAT, lx_endpoint_health_history,
     "the last health checks of this process"},
    {LX_METHOD_GET, "/health/latest", false, CHAT, lx_endpoint_health_latest,
     "the last health check of each deployment"},
    {LX_METHOD_GET, "/health/shared-status", false, CHAT, lx_endpoint_health_shared,
     "whether nodes share what their checks find"},
    {LX_METHOD_GET, "/health/services", false, CHAT, lx_endpoint_health_services,
     "?service=redis: whether router state is shared"},
    {LX_METHOD_GET, "/health/liveliness", true, CHAT, lx_endpoint_liveness, "the process answers"},
    {LX_METHOD_GET, "/health/liveness", true, CHAT, lx_endpoint_liveness, "the same"},
    {LX_METHOD_GET, "/health/readiness", true, CHAT, lx_endpoint_readiness,
     "ready for requests, or draining"},
};

/* Matches "pre{x}post" or a plain path; "*pre" stands somewhere in it, behind a project of
 * anybody's and the place that it is in. */
static bool path_matches(struct lx_slice pattern, struct lx_slice path, struct lx_slice *value)
{
    ssize_t open = lx_slice_find_byte(pattern, '{');
    struct lx_slice before, after;

    if (open < 0)
        return lx_slice_eq(pattern, path);
    before = lx_slice_to(pattern, (size_t)open);
    if (lx_slice_starts(before, LX_S("*"))) {
        before = lx_slice_from(before, 1);
        ssize_t at = lx_slice_find(path, before);
        path = lx_slice_from(path, at < 0 ? path.n : (size_t)at);
    }
    after = lx_slice_from(pattern, (size_t)lx_slice_find_byte(pattern, '}') + 1);
    if (path.n <= before.n + after.n || !lx_slice_starts(path, before) ||
        !lx_slice_ends(path, after))
        return false;
    *value = lx_slice(path.p + before.n, path.n - before.n - after.n);
    return true;
}

const struct lx_endpoint *lx_endpoint_find(enum lx_method method, struct lx_slice path,
                                           struct lx_slice *value, struct lx_slice *allow)
{
    /* What can be deleted can be got. */
    static const struct lx_slice allows[] = {[LX_METHOD_GET] = LX_S_INIT("GET, HEAD"),
                                             [LX_METHOD_POST] = LX_S_INIT("POST"),
                                             [LX_METHOD_PUT] = LX_S_INIT("PUT"),
                                             [LX_METHOD_DELETE] = LX_S_INIT("GET, HEAD, DELETE")};

    *allow = lx_slice(NULL, 0);
    if (path.n > 1 && path.p[path.n - 1] == '/')
        path.n--;
    if (method == LX_METHOD_HEAD)
        method = LX_METHOD_GET;
    for (size_t i = 0; i < sizeof(endpoints) / sizeof(endpoints[0]); i++) {
        if (!path_matches(lx_slice_z(endpoints[i].path), path, value))
            continue;
        if (endpoints[i].method == method)
            return &endpoints[i];
        *allow = allows[endpoints[i].method];
    }
    return NULL;
}
