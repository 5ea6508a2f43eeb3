/*
 * routing_group.c - router_settings.routing_groups: models that share a strategy, and a name for
 * all of them.
 *
 * As in LiteLLM: a member's requests are routed by the group's strategy; who asks for the group's
 * name gets one of all members' deployments. With `priority` the members keep their own ways, and
 * the name asks them one after the other. Runs once all models and aliases are there.
 */
#include "config/load.h"
#include "route/choose.h"

#define PATH "router_settings.routing_groups"

static const char priority[] = "priority";

static void warn(struct lx_load *l, const struct lx_yaml *at, const char *what,
                 struct lx_slice name)
{
    lx_diag_add(l->diags, LX_DIAG_WARNING, at, LX_S(PATH), "%.*s: %s", LX_F(lx_slice_to(name, 100)),
                what);
}

/* The strategy, or NULL where the members keep theirs; *ok: it is one. */
static const struct lx_strategy *strategy_of(struct lx_load *l, const struct lx_yaml *at,
                                             const struct lx_config_group *g, bool *ok)
{
    const struct lx_strategy *s = lx_strategy_find(g->strategy);
    *ok = s || lx_slice_eq(g->strategy, lx_slice_z(priority));
    if (!*ok)
        lx_diag_add(l->diags, LX_DIAG_ERROR, at, LX_S(PATH "[].routing_strategy"),
                    "expected a strategy as in router_settings.routing_strategy, or priority");
    return s;
}

static const struct lx_latency_args *args_of(struct lx_load *l, const struct lx_config_group *g)
{
    struct lx_latency_args *args = lx_arena_new(&l->config->arena, struct lx_latency_args);
    struct lx_route_policy usual;
    lx_route_policy_default(&usual);
    if (!args)
        return NULL;
    *args = usual.latency;
    lx_section_read(l, "router_settings.routing_strategy_args", g->args, args, NULL);
    return args;
}

/* What `priority` says of a member; 0: nothing. */
static int64_t order_of(struct lx_load *l, const struct lx_config_group *g, struct lx_slice member)
{
    const struct lx_yaml *v = lx_yaml_get(g->priorities, member);
    int64_t n = 0;
    if (!v || lx_yaml_type(v) != LX_YAML_INT || lx_yaml_decimal(v->text, 0, &n) != 0 || n < 1)
        lx_diag_add(l->diags, LX_DIAG_ERROR, v ? v : g->priorities,
                    LX_S(PATH "[].model_priorities"),
                    "expected a number from 1 for each of the models");
    return n;
}

/* Under the group's name, as well as under their own. */
static void join(struct lx_load *l, const struct lx_config_group *g, struct lx_slice name,
                 const struct lx_model_group *member, int64_t order)
{
    for (size_t i = 0; i < member->count; i++) {
        struct lx_deployment d = *member->deployments[i];
        d.group = name;
        if (lx_slice_eq(g->strategy, lx_slice_z(priority)))
            d.order = order;
        lx_load_add(l, &d, false);
    }
}

static void add_members(struct lx_load *l, const struct lx_yaml *at,
                        const struct lx_config_group *g, const struct lx_strategy *strategy)
{
    struct lx_route_table *t = &l->config->routes;
    bool taken = lx_map_get(&t->by_name, g->name) != NULL;
    const struct lx_latency_args *args = strategy ? args_of(l, g) : NULL;
    struct lx_slice name = lx_arena_copy(&l->config->arena, g->name);
    if (taken)
        warn(l, at, "a model of that name is there, and is what the name means", name);
    for (size_t i = 0; i < g->models.n && name.p; i++) {
        struct lx_model_group *member = lx_map_get(&t->by_name, g->models.v[i]);
        int64_t order = strategy ? 0 : order_of(l, g, g->models.v[i]);
        if (!member) {
            warn(l, at, "no model of that name is served", g->models.v[i]);
            continue;
        }
        if (strategy && member->strategy)
            warn(l, at, "it is in another group already, whose strategy goes", g->models.v[i]);
        if (strategy) {
            member->strategy = strategy;
            member->latency = args;
        }
        if (!taken)
            join(l, g, name, member, order);
    }
    struct lx_model_group *own = taken ? NULL : lx_map_get(&t->by_name, name);
    if (own) {
        own->joined = true;
        own->strategy = strategy ? strategy : lx_strategy_find(LX_S("simple-shuffle"));
        own->latency = args;
    }
}

static void read_one(struct lx_load *l, const struct lx_yaml *at)
{
    struct lx_config_group g = {.args = NULL};
    bool ok;
    if (at->kind == LX_YAML_MAP)
        lx_section_read(l, PATH "[]", at, &g, NULL);
    if (!g.name.n || !g.models.n || lx_slice_eq(g.name, LX_S("default"))) {
        lx_diag_add(l->diags, LX_DIAG_ERROR, at, LX_S(PATH),
                    "expected a mapping with group_name (but not \"default\"), models and "
                    "routing_strategy");
        return;
    }
    const struct lx_strategy *strategy = strategy_of(l, at, &g, &ok);
    if (ok)
        add_members(l, at, &g, strategy);
}

void lx_load_routing_groups(struct lx_load *l)
{
    const struct lx_yaml *list =
        lx_yaml_get(lx_yaml_get(l->root, LX_S("router_settings")), LX_S("routing_groups"));
    if (!list || lx_yaml_type(list) == LX_YAML_NULL)
        return;
    if (list->kind != LX_YAML_LIST)
        lx_diag_add(l->diags, LX_DIAG_ERROR, list, LX_S(PATH), "expected a list");
    for (size_t i = 0; list->kind == LX_YAML_LIST && i < list->n; i++)
        read_one(l, list->items[i]);
}
