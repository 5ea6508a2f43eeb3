/*
 * detour.c - requests that a model takes by another of its provider's languages than its chats.
 *
 * OpenAI's models from gpt-5.4 on call functions and reason, but not both in chat completions:
 * "Function tools with reasoning_effort are not supported for gpt-5.4-mini in /v1/chat/completions.
 * Please use /v1/responses instead." (recorded 2026). Later ones reason unless they are told not to
 * (LiteLLM main.py responses_api_bridge_check, 1.106.2); gpt-5.4 was recorded to take functions
 * where nothing was said.
 *
 * xAI's search the web there only (docs.x.ai/docs/guides/live-search, ended in 2026).
 *
 * Who speaks the Responses API gets it of every provider that has it, unless the configuration or
 * the client says otherwise (use_chat_completions_api); route_all_chat_openai_to_responses has all
 * chats of OpenAI's go there.
 */
#include "call/call.h"

static bool is_function(struct lx_json tool)
{
    struct lx_json type = LX_GET(tool, "type");
    return lx_json_eq(type, LX_S("function")) || lx_json_given(LX_GET(tool, "input_schema")) ||
           (!lx_json_given(type) && lx_json_given(LX_GET(tool, "name")));
}

static bool has_function(struct lx_json body)
{
    struct lx_json tools = LX_GET(body, "tools");
    if (lx_json_count(LX_GET(body, "functions")))
        return true;
    if (lx_json_is(tools, LX_JSON_ARRAY))
        for (struct lx_json_iter it = lx_json_iter(tools); lx_json_next(&it);)
            if (is_function(it.value))
                return true;
    return false;
}

/* Another server under the provider's name may know no such rule, nor the other language: there
 * only what is said counts. */
static bool reasons(const struct lx_deployment *d, struct lx_slice model, struct lx_json body)
{
    struct lx_json thinking = LX_GET(LX_GET(body, "thinking"), "type");
    struct lx_json effort = LX_GET(body, "reasoning_effort");
    if (lx_json_is(effort, LX_JSON_OBJECT))
        effort = LX_GET(effort, "effort");
    if (lx_json_given(effort))
        return !lx_json_eq(effort, LX_S("none"));
    if (lx_json_given(thinking))
        return !lx_json_eq(thinking, LX_S("disabled"));
    return !lx_slice_starts(model, LX_S("gpt-5.4")) &&
           lx_provider_has_host(d->provider, d->base_url);
}

/* In any client's words. */
static bool wants_search(struct lx_json body)
{
    struct lx_json tools = LX_GET(body, "tools");
    if (lx_json_given(LX_GET(body, "web_search_options")))
        return true;
    if (lx_json_is(tools, LX_JSON_ARRAY))
        for (struct lx_json_iter it = lx_json_iter(tools); lx_json_next(&it);)
            if (lx_slice_starts(lx_json_text(LX_GET(it.value, "type")).s, LX_S("web_search")) ||
                lx_json_given(LX_GET(it.value, "googleSearch")))
                return true;
    return false;
}

static bool searches(const struct lx_deployment *d, struct lx_slice model, struct lx_json body)
{
    return wants_search(body) &&
           lx_glob_match(lx_slice_z(d->provider->search_by_responses), model) &&
           lx_provider_has_host(d->provider, d->base_url);
}

struct lx_slice lx_attempt_model(const struct lx_deployment *d, const struct lx_dialect *front,
                                 struct lx_slice model, const struct lx_json_doc *body,
                                 struct lx_arena *a)
{
    const char *models = d->provider->functions_by_responses;
    struct lx_json root = lx_json_root(body);
    bool by_chat = d->by_chat || lx_json_bool(LX_GET(root, "use_chat_completions_api"), false);
    bool always = d->always_by_responses && front->operation == LX_OPERATION_CHAT &&
                  front != &lx_dialect_openai_completions;
    if (front == &lx_dialect_openai_responses ? !by_chat : always)
        return lx_deployment_by_responses(d, model, a);
    if (!searches(d, model, root) &&
        (!models || !has_function(root) || !lx_glob_match(lx_slice_z(models), model) ||
         !reasons(d, model, root)))
        return model;
    return lx_arena_printf(a, "responses/%.*s", LX_F(model));
}
