/*
 * access.c - see access.h. The rules are LiteLLM's (can_key_call_model, 1.106.2).
 *
 * Nothing is kept: who is in a group stands in the deployments' model_info, which is walked where
 * it lies.
 */
#include "route/access.h"

#include <stdio.h>

#include "catalog/row.h"
#include "route/auto.h"

static bool has(const struct lx_slice *names, size_t n, struct lx_slice name)
{
    for (size_t i = 0; i < n; i++)
        if (lx_slice_eq(names[i], name))
            return true;
    return false;
}

static struct lx_row groups_of(struct lx_slice model_info)
{
    return lx_row(lx_row_get(model_info, LX_S("access_groups")));
}

/* One of its access groups is among the names. */
static bool is_in_one(const struct lx_slice *names, size_t n, struct lx_slice model_info)
{
    for (struct lx_row r = groups_of(model_info); lx_row_next(&r);)
        if (has(names, n, lx_row_unquoted(r.value)))
            return true;
    return false;
}

/* What is asked when the model is: never a deployment's id, which is a name of its own. */
static const struct lx_model_group *group_of(const struct lx_route_table *t, struct lx_slice model)
{
    struct lx_slice star;
    const struct lx_model_group *g = lx_map_get(&t->by_name, model);
    return g || lx_map_get(&t->by_id, model) ? g : lx_route_find(t, model, &star);
}

static bool by_group(const struct lx_route_table *t, const struct lx_slice *names, size_t n,
                     struct lx_slice model)
{
    const struct lx_auto *router = lx_auto_find(t, model);
    const struct lx_model_group *g = group_of(t, model);
    if (router)
        return is_in_one(names, n, router->model_info);
    for (size_t i = 0; g && !g->joined && i < g->count; i++)
        if (is_in_one(names, n, g->deployments[i]->model_info))
            return true;
    return false;
}

static bool by_pattern(struct lx_slice pattern, struct lx_slice model)
{
    return lx_slice_find_byte(pattern, '*') >= 0 && lx_star_match(pattern, model, NULL);
}

/* "openai/gpt-4o" of "gpt-4o". A name with a prefix that is no provider's has none: what its rest
 * looks like does not count. */
static struct lx_slice with_provider(const struct lx_route_table *t, struct lx_slice model,
                                     char *to, size_t size)
{
    const struct lx_slice none = {NULL, 0};
    struct lx_resolved r;
    struct lx_error err;
    if (lx_provider_resolve(model, none, none, t->custom, t->custom_count, &r, &err) < 0 ||
        (lx_slice_find_byte(model, '/') >= 0 && lx_slice_eq(r.model, model)))
        return none;
    int len = snprintf(to, size, "%s/%.*s", r.provider->id, LX_F(r.model));
    return len > 0 && (size_t)len < size ? lx_slice(to, (size_t)len) : none;
}

/* By itself: as it is named, or by a pattern. */
static bool by_name(const struct lx_route_table *t, const struct lx_slice *names, size_t n,
                    struct lx_slice model)
{
    char text[512];
    bool patterns = false;
    if (has(names, n, model) || has(names, n, LX_S("all-proxy-models")))
        return true;
    for (size_t i = 0; i < n; i++) {
        patterns |= lx_slice_find_byte(names[i], '*') >= 0;
        if (by_pattern(names[i], model))
            return true;
    }
    struct lx_slice whole =
        patterns ? with_provider(t, model, text, sizeof(text)) : lx_slice(NULL, 0);
    for (size_t i = 0; whole.n && i < n; i++)
        if (by_pattern(names[i], whole))
            return true;
    return false;
}

bool lx_access_permits(const struct lx_route_table *t, const struct lx_slice *names, size_t n,
                       struct lx_slice model)
{
    const struct lx_model_group *g = lx_map_get(&t->by_name, model);
    return !n || by_name(t, names, n, model) || by_group(t, names, n, model) ||
           (g && g->alias_of.n && by_name(t, names, n, g->alias_of));
}

bool lx_access_permits_deployment(const struct lx_route_table *t, const struct lx_slice *names,
                                  size_t n, struct lx_slice model, const struct lx_deployment *d)
{
    const struct lx_model_group *g = lx_map_get(&t->by_name, model);
    return !n || by_name(t, names, n, model) || is_in_one(names, n, d->model_info) ||
           (g && g->alias_of.n && by_name(t, names, n, g->alias_of));
}

/* ---- What there is ----------------------------------------------------------------------------
 */

struct list {
    struct lx_access_group *v;
    size_t count;
    struct lx_arena *arena;
};

/* Room for one more in an array that is full at every power of two; NULL without memory. */
static void *room(struct lx_arena *a, void *v, size_t count, size_t size)
{
    if (count & (count - 1))
        return v;
    void *grown = lx_arena_alloc(a, (count ? 2 * count : 1) * size);
    if (grown && count)
        memcpy(grown, v, count * size);
    return grown;
}

static struct lx_access_group *find_or_add(struct list *l, struct lx_slice name)
{
    for (size_t i = 0; i < l->count; i++)
        if (lx_slice_eq(l->v[i].name, name))
            return &l->v[i];
    struct lx_access_group *grown = room(l->arena, l->v, l->count, sizeof(*grown));
    if (!grown)
        return NULL;
    l->v = grown;
    l->v[l->count] = (struct lx_access_group){.name = name};
    return &l->v[l->count++];
}

/* counts: it is a deployment, not one more name of it. */
static void add(struct list *l, struct lx_slice model, struct lx_slice model_info, bool counts)
{
    for (struct lx_row r = groups_of(model_info); lx_row_next(&r);) {
        struct lx_slice name = lx_row_unquoted(r.value);
        struct lx_access_group *g = name.n ? find_or_add(l, name) : NULL;
        if (!g)
            continue;
        g->deployments += counts;
        if (has(g->models, g->model_count, model))
            continue;
        struct lx_slice *grown = room(l->arena, g->models, g->model_count, sizeof(*grown));
        if (!grown)
            continue;
        g->models = grown;
        g->models[g->model_count++] = model;
    }
}

struct lx_access_group *lx_access_groups(const struct lx_route_table *t, struct lx_arena *a,
                                         size_t *count)
{
    struct list l = {.arena = a};
    for (size_t i = 0; i < t->count; i++) {
        const struct lx_model_group *g = t->groups[i];
        if (g->joined || g->hidden)
            continue;
        for (size_t k = 0; k < g->count; k++)
            add(&l, g->name, g->deployments[k]->model_info, !g->alias_of.n);
    }
    for (size_t i = 0; i < t->auto_count; i++)
        add(&l, t->autos[i]->name, t->autos[i]->model_info, true);
    *count = l.count;
    return l.v;
}
