/*
 * change.c - a configuration with changes: what a host adds, replaces and takes away while it runs.
 *
 * It works on the tree, before anything is read of it, so that a change means what the same text
 * would mean in the file, and what is wrong with it is found by the same checks. Nodes of the base
 * are copied: the configuration that they came from may go at any time.
 */
#include "config/load.h"

#define MODELS  LX_S("model_list")
#define DELETES LX_S("delete_deployments")

static bool is_null(const struct lx_yaml *v)
{
    return lx_yaml_type(v) == LX_YAML_NULL;
}

static struct lx_slice text_of(const struct lx_yaml *v)
{
    return v && v->kind == LX_YAML_SCALAR && !is_null(v) ? v->text : lx_slice(NULL, 0);
}

static const struct lx_yaml *list_of(struct lx_load *l, const struct lx_yaml *map,
                                     struct lx_slice name)
{
    const struct lx_yaml *list = lx_yaml_get(map, name);
    if (!list || is_null(list) || list->kind == LX_YAML_LIST)
        return list && list->kind == LX_YAML_LIST ? list : NULL;
    lx_diag_add(l->diags, LX_DIAG_ERROR, list, name, "expected a list");
    return NULL;
}

/* ---- Mappings ----------------------------------------------------------------------------- */

static struct lx_yaml *new_map(struct lx_load *l, const struct lx_yaml *at, size_t most)
{
    struct lx_yaml *map = lx_yaml_new(&l->set, LX_YAML_MAP, at);
    if (map)
        map->pairs = lx_arena_alloc(&l->set.arena, (most + 1) * sizeof *map->pairs);
    return map && map->pairs ? map : NULL;
}

/* base's members, and more's in the place of those with the same name; null: none. */
static struct lx_yaml *with_members(struct lx_load *l, const struct lx_yaml *base,
                                    const struct lx_yaml *more)
{
    struct lx_yaml *map = new_map(l, more, base->n + more->n);
    for (size_t i = 0; map && i < base->n; i++)
        if (!lx_yaml_get(more, base->pairs[i].key->text))
            map->pairs[map->n++] = base->pairs[i];
    for (size_t i = 0; map && i < more->n; i++)
        if (!is_null(more->pairs[i].value))
            map->pairs[map->n++] = more->pairs[i];
    return map;
}

/* ---- Deployments -------------------------------------------------------------------------- */

/* Its own, or its hash; absent when it is no entry. */
static struct lx_slice entry_id(struct lx_load *l, const struct lx_yaml *entry)
{
    const struct lx_yaml *name = lx_yaml_get(entry, LX_S("model_name"));
    const struct lx_yaml *params = lx_yaml_get(entry, LX_S("litellm_params"));
    struct lx_slice id = text_of(lx_yaml_get(lx_yaml_get(entry, LX_S("model_info")), LX_S("id")));
    bool hashed =
        !id.n && name && name->kind == LX_YAML_SCALAR && params && params->kind == LX_YAML_MAP;
    return hashed ? lx_deployment_hash(l, lx_load_peek(l, name), params) : id;
}

/* How many of the ids the pattern means, marked as gone. */
static size_t delete_all(const struct lx_slice *ids, size_t n, struct lx_slice pattern, bool *gone)
{
    size_t found = 0;
    for (size_t i = 0; i < n; i++)
        if (ids[i].n && lx_glob_match(pattern, ids[i])) {
            gone[i] = true;
            found++;
        }
    return found;
}

static void delete_some(struct lx_load *l, const struct lx_yaml *list, const struct lx_slice *ids,
                        size_t n, bool *gone)
{
    for (size_t i = 0; i < list->n; i++) {
        struct lx_slice id = text_of(list->items[i]);
        if (!id.n)
            lx_diag_add(l->diags, LX_DIAG_ERROR, list->items[i], DELETES,
                        "expected a deployment's id, or a pattern of ids");
        else if (!delete_all(ids, n, id, gone) && lx_slice_find_byte(id, '*') < 0)
            lx_diag_add(l->diags, LX_DIAG_ERROR, list->items[i], DELETES,
                        "there is no deployment with the id %.*s", LX_F(lx_slice_to(id, 100)));
    }
}

/* The first of the new ones with the id, unless it stands somewhere already. */
static size_t find_new(const struct lx_slice *news, size_t n, struct lx_slice id,
                       const bool *placed)
{
    for (size_t k = 0; id.n && k < n; k++)
        if (lx_slice_eq(news[k], id))
            return placed[k] ? SIZE_MAX : k;
    return n;
}

/* The base's deployments but for those deleted, and the new ones; NULL: without memory. */
static struct lx_yaml *with_models(struct lx_load *l, const struct lx_yaml *base,
                                   const struct lx_yaml *deletes, const struct lx_yaml *more)
{
    struct lx_arena *a = &l->set.arena;
    size_t had = base ? base->n : 0, adds = more ? more->n : 0;
    struct lx_yaml *list = lx_yaml_new(&l->set, LX_YAML_LIST, more ? more : base);
    struct lx_yaml **items = lx_arena_alloc(a, (had + adds + 1) * sizeof(*items));
    struct lx_slice *ids = lx_arena_alloc(a, (had + adds + 1) * sizeof(*ids));
    bool *gone = lx_arena_alloc(a, had + adds + 1), *placed = gone ? gone + had : NULL;
    if (!list || !items || !ids || !gone)
        return NULL;
    list->items = items;
    for (size_t i = 0; i < had + adds; i++)
        ids[i] = entry_id(l, i < had ? base->items[i] : more->items[i - had]);
    if (deletes)
        delete_some(l, deletes, ids, had, gone);
    for (size_t i = 0; i < had; i++) {
        size_t k = find_new(ids + had, adds, ids[i], placed);
        if (gone[i] || k == SIZE_MAX)
            continue;
        items[list->n++] = k < adds ? more->items[k] : base->items[i];
        if (k < adds)
            placed[k] = true;
    }
    for (size_t k = 0; k < adds; k++)
        if (!placed[k])
            items[list->n++] = more->items[k];
    return list;
}

/* ---- All ---------------------------------------------------------------------------------- */

static bool put(struct lx_load *l, struct lx_yaml *map, struct lx_slice name, struct lx_yaml *v)
{
    struct lx_yaml *key = lx_yaml_new(&l->set, LX_YAML_SCALAR, v);
    if (!key)
        return false;
    key->plain = true;
    key->text = lx_arena_copy(&l->set.arena, name); /* it will be wiped */
    map->pairs[map->n++] = (struct lx_yaml_pair){key, v};
    return true;
}

struct lx_yaml *lx_load_change(struct lx_load *l, const struct lx_yaml *base,
                               const struct lx_yaml *changes)
{
    size_t errors = l->diags->errors;
    const struct lx_yaml *deletes = list_of(l, changes, DELETES);
    const struct lx_yaml *more = list_of(l, changes, MODELS);
    const struct lx_yaml *old = base ? lx_yaml_copy(&l->set, base) : new_map(l, changes, 0);
    struct lx_yaml *all = old ? new_map(l, old, old->n + changes->n + 1) : NULL;
    struct lx_yaml *models = old ? with_models(l, list_of(l, old, MODELS), deletes, more) : NULL;
    if (!all || !models || l->diags->errors > errors)
        return NULL;
    for (size_t i = 0; i < old->n; i++) {
        struct lx_slice name = old->pairs[i].key->text;
        if (!lx_slice_eq(name, MODELS) && !lx_slice_eq(name, LX_S("include")) &&
            !lx_yaml_get(changes, name))
            all->pairs[all->n++] = old->pairs[i];
    }
    for (size_t i = 0; i < changes->n; i++) {
        struct lx_yaml_pair pair = changes->pairs[i];
        struct lx_slice name = pair.key->text;
        const struct lx_yaml *was = lx_yaml_get(old, name);
        if (lx_slice_eq(name, MODELS) || lx_slice_eq(name, DELETES) || is_null(pair.value))
            continue;
        if (was && was->kind == LX_YAML_MAP && pair.value->kind == LX_YAML_MAP)
            pair.value = with_members(l, was, pair.value);
        if (!pair.value)
            return NULL;
        all->pairs[all->n++] = pair;
    }
    return put(l, all, MODELS, models) ? all : NULL;
}
