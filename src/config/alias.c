/*
 * alias.c - other names of groups and models: router_settings.model_group_alias, and
 * litellm_settings.model_alias_map. Called by models.c when all groups are there.
 */
#include "config/load.h"

static void add_alias(struct lx_load *l, const struct lx_yaml_pair *pair)
{
    static const char path[] = "router_settings.model_group_alias";
    struct lx_route_table *t = &l->config->routes;
    const struct lx_yaml *v = pair->value;
    struct lx_slice name = pair->key->text, star;
    struct lx_slice target =
        lx_yaml_text(v->kind == LX_YAML_MAP ? lx_yaml_get(v, LX_S("model")) : v);
    bool hidden = false;
    if (v->kind == LX_YAML_MAP)
        lx_yaml_bool(lx_yaml_text(lx_yaml_get(v, LX_S("hidden"))), &hidden);
    if (!name.n || !target.n) {
        lx_diag_add(l->diags, LX_DIAG_ERROR, v, lx_slice_z(path),
                    "expected a group's name, or {model: name, hidden: true}");
        return;
    }
    const struct lx_model_group *from = lx_route_find(t, target, &star);
    struct lx_model_group *g = lx_map_get(&t->by_name, name);
    if (!from || from == g) {
        if (!from)
            lx_diag_add(l->diags, LX_DIAG_WARNING, v, lx_slice_z(path),
                        "no model of that name is served: the alias %.*s is left out",
                        LX_F(lx_slice_to(name, 100)));
        return;
    }
    if (g) {
        lx_diag_add(l->diags, LX_DIAG_WARNING, pair->key, lx_slice_z(path),
                    "%.*s is a model of its own, too: the alias wins",
                    LX_F(lx_slice_to(name, 100)));
        g->count = 0;
    }
    name = lx_arena_copy(&l->config->arena, name);
    for (size_t i = 0; i < from->count && name.p; i++) {
        struct lx_deployment d = *from->deployments[i];
        struct lx_arena *a = &l->config->arena;
        d.model = lx_arena_copy(a, lx_star_fill(d.model, from->name, star, a));
        d.group = name;
        lx_load_add(l, &d, false);
    }
    g = lx_map_get(&t->by_name, name);
    if (g) {
        g->hidden = hidden;
        g->alias_of = lx_arena_copy(&l->config->arena, target);
    }
}

static void take_aliases(struct lx_load *l)
{
    const struct lx_yaml *map =
        lx_yaml_get(lx_yaml_get(l->root, LX_S("router_settings")), LX_S("model_group_alias"));
    if (!map || lx_yaml_type(map) == LX_YAML_NULL)
        return;
    if (map->kind != LX_YAML_MAP) {
        lx_diag_add(l->diags, LX_DIAG_ERROR, map, LX_S("router_settings.model_group_alias"),
                    "expected a mapping of names to groups");
        return;
    }
    for (size_t i = 0; i < map->n; i++)
        add_alias(l, &map->pairs[i]);
}

/* model_alias_map: a model's other name, for deployments (take_entry) and, where it is served, for
 * clients. */
static void take_model_aliases(struct lx_load *l)
{
    const struct lx_yaml *map = lx_load_setting(l, "litellm_settings", "model_alias_map");
    struct lx_slice star;
    for (size_t i = 0; map && map->kind == LX_YAML_MAP && i < map->n; i++)
        if (lx_route_find(&l->config->routes, lx_yaml_text(map->pairs[i].value), &star) &&
            !lx_map_get(&l->config->routes.by_name, map->pairs[i].key->text))
            add_alias(l, &map->pairs[i]);
}

void lx_load_aliases(struct lx_load *l)
{
    take_aliases(l);
    take_model_aliases(l);
}
