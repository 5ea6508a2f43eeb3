/*
 * fallbacks.c - /fallback/{model} in LiteLLM's shapes: who is asked when a model has failed, as the
 * configuration says. Changing it wants a database, as in LiteLLM.
 */
#include "route/targets.h"
#include "serve/endpoint.h"

static const struct lx_slice types[LX_FALLBACK_KINDS] = {
    [LX_FALLBACK_GENERAL] = LX_S_INIT("general"),
    [LX_FALLBACK_CONTEXT_WINDOW] = LX_S_INIT("context_window"),
    [LX_FALLBACK_CONTENT_POLICY] = LX_S_INIT("content_policy"),
};

bool lx_endpoint_fallback_type(struct lx_exchange *x, enum lx_fallback_kind *out)
{
    struct lx_slice type = lx_exchange_query(x, LX_S("fallback_type"));
    *out = LX_FALLBACK_GENERAL;
    if (!type.p)
        return true;
    for (size_t i = 0; i < LX_FALLBACK_KINDS; i++)
        if (lx_slice_eq(types[i], type)) {
            *out = (enum lx_fallback_kind)i;
            return true;
        }
    lx_exchange_refuse_text(
        x, LX_S("fallback_type: expected general, context_window or content_policy"),
        LX_S("fallback_type"));
    return false;
}

struct lx_slice lx_endpoint_fallback_targets(struct lx_exchange *x, enum lx_fallback_kind kind,
                                             struct lx_slice model)
{
    const struct lx_route_policy *p = &x->config->routes.settings.policy;
    return lx_targets_of(p->fallbacks[kind], model, &x->arena);
}

void lx_endpoint_fallback(struct lx_exchange *x)
{
    enum lx_fallback_kind kind;
    struct lx_buf body;
    if (!lx_endpoint_fallback_type(x, &kind))
        return;
    struct lx_slice targets = lx_endpoint_fallback_targets(x, kind, x->path_value);
    if (!targets.n) {
        const struct lx_fault f = {
            .kind = LX_FAULT_NOT_FOUND,
            .message = lx_arena_printf(&x->arena, "the model %.*s has no %.*s fallbacks",
                                       LX_F(lx_slice_to(x->path_value, 100)), LX_F(types[kind])),
            .param = LX_S("model"),
            .retry_after_ms = -1};
        lx_exchange_refuse(x, 404, &f);
        return;
    }
    lx_buf_init(&body, 64u << 20);
    struct lx_out o = lx_out(&body);
    lx_out_object(&o, NULL);
    lx_out_str(&o, "model", x->path_value);
    lx_out_raw(&o, "fallback_models", targets);
    lx_out_str(&o, "fallback_type", types[kind]);
    lx_out_object_end(&o);
    lx_exchange_send_json(x, 200, &body);
}

void lx_endpoint_fallback_change(struct lx_exchange *x)
{
    lx_exchange_refuse_text(x,
                            LX_S("there is no database that could keep fallbacks: they are set in "
                                 "the configuration (router_settings.fallbacks, "
                                 "context_window_fallbacks, content_policy_fallbacks)"),
                            LX_S(""));
}
