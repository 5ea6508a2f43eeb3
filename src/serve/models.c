/*
 * models.c - GET /v1/models and /v1/models/{id}: the groups of the configuration, OpenAI's shape
 * (or Anthropic's, for a client that sends anthropic-version).
 */
#include "serve/endpoint.h"

/* No group has a birthday; LiteLLM gives this constant, and clients keep sorting by it. */
#define CREATED 1677610602

static void write_model(struct lx_out *o, struct lx_slice id)
{
    lx_out_object(o, NULL);
    lx_out_str(o, "id", id);
    lx_out_lit(o, "object", "model");
    lx_out_int(o, "created", CREATED);
    lx_out_lit(o, "owned_by", "openai");
    lx_out_object_end(o);
}

/* A wildcard is no model one can ask for by that name. */
static bool is_listed(const struct lx_model_group *g)
{
    return !g->wildcard && !g->hidden;
}

void lx_endpoint_models(struct lx_exchange *x)
{
    const struct lx_route_table *t = &x->config->routes;
    struct lx_buf body;
    struct lx_out o;

    lx_buf_init(&body, 64u << 20);
    o = lx_out(&body);
    lx_out_object(&o, NULL);
    lx_out_array(&o, "data");
    for (size_t i = 0; i < t->count; i++)
        if (is_listed(t->groups[i]))
            write_model(&o, t->groups[i]->name);
    for (size_t i = 0; i < t->auto_count; i++)
        write_model(&o, t->autos[i]->name);
    lx_out_array_end(&o);
    lx_out_lit(&o, "object", "list");
    lx_out_object_end(&o);
    lx_exchange_send_json(x, 200, &body);
}

void lx_endpoint_model(struct lx_exchange *x)
{
    struct lx_slice star;
    const struct lx_model_group *g = lx_route_find(&x->config->routes, x->path_value, &star);
    struct lx_buf body;
    struct lx_out o;

    if (!g && !lx_auto_find(&x->config->routes, x->path_value)) {
        struct lx_fault f = {
            .kind = LX_FAULT_NOT_FOUND,
            .message = lx_arena_printf(&x->arena,
                                       "The model '%.*s' does not exist. GET /v1/models "
                                       "lists those that do.",
                                       LX_F(x->path_value)),
            .code = LX_S("model_not_found"),
            .param = LX_S("model"),
            .retry_after_ms = -1,
        };

        lx_exchange_refuse(x, 404, &f);
        return;
    }
    lx_buf_init(&body, 1u << 20);
    o = lx_out(&body);
    write_model(&o, x->path_value);
    lx_exchange_send_json(x, 200, &body);
}
