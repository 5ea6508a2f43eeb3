/*
 * models.c - GET /v1/models and /v1/models/{id}: the groups of the configuration, OpenAI's shape
 * (or Anthropic's, for a client that sends anthropic-version).
 */
#include "config/tree.h"
#include "route/access.h"
#include "serve/endpoint.h"

/* No group has a birthday; LiteLLM gives this constant, and clients keep sorting by it. */
#define CREATED 1677610602

/* What a request for the list wants in it. */
struct wishes {
    bool groups, only_groups; /* access groups, too; nothing but them */
    bool wildcards;
    bool metadata;
    enum lx_fallback_kind fallbacks; /* with metadata */
};

static void write_metadata(struct lx_exchange *x, struct lx_out *o, struct lx_slice id,
                           enum lx_fallback_kind kind)
{
    struct lx_slice targets = lx_endpoint_fallback_targets(x, kind, id);
    lx_out_object(o, "metadata");
    lx_out_raw(o, "fallbacks", targets.n ? targets : LX_S("[]"));
    lx_out_object_end(o);
}

static void write_model(struct lx_exchange *x, struct lx_out *o, struct lx_slice id,
                        const struct wishes *w)
{
    lx_out_object(o, NULL);
    lx_out_str(o, "id", id);
    lx_out_lit(o, "object", "model");
    lx_out_int(o, "created", CREATED);
    lx_out_lit(o, "owned_by", "openai");
    if (w->metadata)
        write_metadata(x, o, id, w->fallbacks);
    lx_out_object_end(o);
}

/* "true", and what else clients write for it. */
static bool is_wanted(struct lx_exchange *x, struct lx_slice name)
{
    struct lx_slice v = lx_exchange_query(x, name);
    bool on = lx_slice_eq(v, LX_S("1"));
    (void)lx_yaml_bool(v, &on);
    return on;
}

static bool read_wishes(struct lx_exchange *x, struct wishes *out)
{
    *out = (struct wishes){
        .groups = is_wanted(x, LX_S("include_model_access_groups")),
        .only_groups = is_wanted(x, LX_S("only_model_access_groups")),
        .wildcards = is_wanted(x, LX_S("return_wildcard_routes")),
        .metadata = is_wanted(x, LX_S("include_metadata")),
    };
    return !out->metadata || lx_endpoint_fallback_type(x, &out->fallbacks);
}

/* A wildcard is no model one can ask for by that name. */
static bool is_listed(const struct lx_model_group *g, const struct wishes *w)
{
    return (!g->wildcard || w->wildcards) && !g->hidden;
}

static void write_models(struct lx_exchange *x, struct lx_out *o, const struct wishes *w)
{
    const struct lx_route_table *t = &x->config->routes;
    for (size_t i = 0; i < t->count; i++)
        if (is_listed(t->groups[i], w))
            write_model(x, o, t->groups[i]->name, w);
    for (size_t i = 0; i < t->auto_count; i++)
        write_model(x, o, t->autos[i]->name, w);
}

static void write_access_groups(struct lx_exchange *x, struct lx_out *o, const struct wishes *w)
{
    size_t n;
    const struct lx_access_group *v = lx_access_groups(&x->config->routes, &x->arena, &n);
    for (size_t i = 0; i < n; i++)
        write_model(x, o, v[i].name, w);
}

void lx_endpoint_models(struct lx_exchange *x)
{
    struct wishes w;
    struct lx_buf body;
    struct lx_out o;

    if (!read_wishes(x, &w))
        return;
    lx_buf_init(&body, 64u << 20);
    o = lx_out(&body);
    lx_out_object(&o, NULL);
    lx_out_array(&o, "data");
    if (!w.only_groups)
        write_models(x, &o, &w);
    if (w.groups || w.only_groups)
        write_access_groups(x, &o, &w);
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
    write_model(x, &o, x->path_value, &(struct wishes){.metadata = false});
    lx_exchange_send_json(x, 200, &body);
}
