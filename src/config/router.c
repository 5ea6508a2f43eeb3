/*
 * router.c - the parts of router_settings that are more than a value: the strategy by name,
 * policies by kind of failure, settings by group and by provider.
 *
 * Runs after the models, since some of it is about their groups.
 */
#include "catalog/row.h"
#include "config/load.h"
#include "route/choose.h"

#define ROUTER "router_settings"

static struct lx_slice path_of(struct lx_load *l, const char *key)
{
    return lx_arena_printf(&l->set.arena, ROUTER ".%s", key);
}

static const struct lx_yaml *mapping(struct lx_load *l, const char *key)
{
    const struct lx_yaml *v = lx_load_setting(l, ROUTER, key);
    if (!v || v->kind == LX_YAML_MAP)
        return v;
    lx_diag_add(l->diags, LX_DIAG_ERROR, v, path_of(l, key), "expected a mapping");
    return NULL;
}

static void read_strategy(struct lx_load *l)
{
    const struct lx_yaml *v = lx_load_setting(l, ROUTER, "routing_strategy");
    const struct lx_strategy *s = v && v->kind == LX_YAML_SCALAR ? lx_strategy_find(v->text) : NULL;
    if (s)
        l->config->routes.settings.policy.strategy = s;
    else if (v)
        lx_diag_add(l->diags, LX_DIAG_ERROR, v, path_of(l, "routing_strategy"),
                    "expected simple-shuffle, adaptive, or another strategy of LiteLLM's");
}

/* ---- Policies by kind of failure ----------------------------------------------------------------
 */

static bool is_failure(struct lx_slice key, enum lx_failure f, const char *suffix)
{
    struct lx_slice name = lx_slice_z(lx_failure_name(f));
    return lx_slice_starts(key, name) &&
           lx_slice_eq(lx_slice_from(key, name.n), lx_slice_z(suffix));
}

/* The names have been looked at already, or are. */
static void read_policy(struct lx_load *l, const struct lx_yaml *map, struct lx_slice path,
                        const char *suffix, struct lx_failure_policy *out)
{
    for (size_t i = 0; map && i < map->n; i++) {
        const struct lx_yaml *v = map->pairs[i].value;
        int64_t n;
        for (size_t f = 0; f < LX_FAILURE_COUNT; f++) {
            if (!is_failure(map->pairs[i].key->text, (enum lx_failure)f, suffix) ||
                lx_yaml_type(v) == LX_YAML_NULL)
                continue;
            if (lx_yaml_type(v) == LX_YAML_INT && lx_yaml_decimal(v->text, 0, &n) == 0 && n >= 0)
                out->of[f] = n;
            else
                lx_diag_add(l->diags, LX_DIAG_ERROR, v, path, "expected a whole number, 0 or more");
        }
    }
}

static void read_group_policies(struct lx_load *l)
{
    static const char key[] = "model_group_retry_policy";
    const struct lx_yaml *map = mapping(l, key);
    for (size_t i = 0; map && i < map->n; i++) {
        const struct lx_yaml_pair *pair = &map->pairs[i];
        struct lx_model_group *g = lx_map_get(&l->config->routes.by_name, pair->key->text);
        struct lx_failure_policy *p = lx_arena_new(&l->config->arena, struct lx_failure_policy);
        if (!p)
            return;
        lx_failure_policy_init(p);
        lx_section_read(l, ROUTER ".retry_policy", pair->value, NULL, NULL);
        if (pair->value->kind == LX_YAML_MAP)
            read_policy(l, pair->value, path_of(l, key), "Retries", p);
        if (g)
            g->retry_policy = p;
        else
            lx_diag_add(l->diags, LX_DIAG_WARNING, pair->key, path_of(l, key),
                        "no model of that name is served");
    }
}

static void read_policies(struct lx_load *l)
{
    struct lx_route_policy *p = &l->config->routes.settings.policy;
    const struct lx_yaml *retry = mapping(l, "retry_policy");
    const struct lx_yaml *fails = mapping(l, "allowed_fails_policy");
    lx_section_read(l, ROUTER ".retry_policy", retry, NULL, NULL);
    lx_section_read(l, ROUTER ".allowed_fails_policy", fails, NULL, NULL);
    read_policy(l, retry, path_of(l, "retry_policy"), "Retries", &p->retry_policy);
    read_policy(l, fails, path_of(l, "allowed_fails_policy"), "AllowedFails",
                &p->allowed_fails_policy);
    read_group_policies(l);
}

void lx_load_own_fails(struct lx_load *l, const struct lx_yaml *model_info, struct lx_deployment *d)
{
    const struct lx_yaml *fails = lx_yaml_get(model_info, LX_S("allowed_fails"));
    const struct lx_yaml *time = lx_yaml_get(model_info, LX_S("cooldown_time"));
    const struct lx_yaml *map = lx_yaml_get(model_info, LX_S("allowed_fails_policy"));
    int64_t n;
    if (fails && lx_yaml_type(fails) == LX_YAML_INT && lx_yaml_decimal(fails->text, 0, &n) == 0 &&
        n >= 0)
        d->allowed_fails = n;
    if (time && time->kind == LX_YAML_SCALAR && lx_yaml_decimal(time->text, 3, &n) == 0 && n >= 0)
        d->cooldown_ms = n;
    if (!map || map->kind != LX_YAML_MAP)
        return;
    struct lx_failure_policy *p = lx_arena_new(&l->config->arena, struct lx_failure_policy);
    if (!p)
        return;
    lx_failure_policy_init(p);
    read_policy(l, map, LX_S("model_list[].model_info.allowed_fails_policy"), "AllowedFails", p);
    d->allowed_fails_policy = p;
}

static struct lx_slice json_of(struct lx_load *l, const struct lx_yaml *v, enum lx_yaml_kind kind,
                               struct lx_slice path, const char *expected)
{
    if (!v || lx_yaml_type(v) == LX_YAML_NULL)
        return (struct lx_slice){0};
    if (v->kind == kind)
        return lx_load_json(l, v);
    lx_diag_add(l->diags, LX_DIAG_ERROR, v, path, "expected %s", expected);
    return (struct lx_slice){0};
}

void lx_load_own_retries(struct lx_load *l, const struct lx_config_entry *e,
                         struct lx_deployment *d)
{
    static const char params[] = "model_list[].litellm_params";
    struct lx_slice path = lx_arena_printf(&l->set.arena, "%s.retry_policy", params);
    d->fallbacks = json_of(l, e->fallbacks, LX_YAML_LIST,
                           lx_arena_printf(&l->set.arena, "%s.fallbacks", params), "a list");
    d->context_fallbacks = json_of(
        l, e->context_fallbacks, LX_YAML_MAP,
        lx_arena_printf(&l->set.arena, "%s.context_window_fallback_dict", params), "a mapping");
    if (!e->retry_policy || lx_yaml_type(e->retry_policy) == LX_YAML_NULL)
        return;
    struct lx_failure_policy *p = lx_arena_new(&l->config->arena, struct lx_failure_policy);
    if (!p)
        return;
    lx_failure_policy_init(p);
    lx_section_read(l, ROUTER ".retry_policy", e->retry_policy, NULL, NULL);
    if (e->retry_policy->kind == LX_YAML_MAP)
        read_policy(l, e->retry_policy, path, "Retries", p);
    d->retry_policy = p;
}

/* ---- Affinity -----------------------------------------------------------------------------------
 */

/* What may stand in optional_pre_call_checks. */
static const struct {
    struct lx_slice name;
    unsigned affinity; /* 0: no affinity */
    bool enforce, known;
} checks[] = {
    {LX_S_INIT("enforce_model_rate_limits"), 0, true, false},
    {LX_S_INIT("router_budget_limiting"), 0, false, false},
    {LX_S_INIT("prompt_caching"), LX_AFFINITY_PROMPT, false, false},
    {LX_S_INIT("session_affinity"), LX_AFFINITY_SESSION, false, false},
    {LX_S_INIT("deployment_affinity"), LX_AFFINITY_KEY, false, false},
    {LX_S_INIT("responses_api_deployment_check"), LX_AFFINITY_RESPONSE, false, false},
    {LX_S_INIT("forward_client_headers_by_model_group"), 0, false, true},
    {LX_S_INIT("encrypted_content_affinity"), LX_AFFINITY_ENCRYPTED, false, false},
};

static void read_check(struct lx_load *l, const struct lx_yaml *v, struct lx_slice path,
                       unsigned *affinity)
{
    for (size_t i = 0; i < sizeof checks / sizeof *checks; i++) {
        if (v->kind != LX_YAML_SCALAR || !lx_slice_eq(v->text, checks[i].name))
            continue;
        *affinity |= checks[i].affinity;
        if (checks[i].enforce)
            l->config->routes.settings.policy.enforce_limits = true;
        if (checks[i].known)
            lx_diag_add(l->diags, LX_DIAG_NOT_BUILT, v, path,
                        "%.*s is known, but not built yet: it has no effect", LX_F(v->text));
        return;
    }
    lx_diag_add(l->diags, LX_DIAG_UNKNOWN, v, path, "no such check");
}

static unsigned read_checks(struct lx_load *l, const struct lx_yaml *list, struct lx_slice path)
{
    unsigned affinity = 0;
    if (list->kind == LX_YAML_SCALAR)
        read_check(l, list, path, &affinity);
    for (size_t i = 0; list->kind == LX_YAML_LIST && i < list->n; i++)
        read_check(l, list->items[i], path, &affinity);
    return affinity;
}

static void read_affinity(struct lx_load *l)
{
    const struct lx_yaml *list = lx_load_setting(l, ROUTER, "optional_pre_call_checks");
    const struct lx_yaml *map = mapping(l, "model_group_affinity_config");
    struct lx_slice path = path_of(l, "model_group_affinity_config");
    const unsigned by_client = LX_AFFINITY_KEY | LX_AFFINITY_SESSION;
    struct lx_route_policy *p = &l->config->routes.settings.policy;
    if (list)
        p->affinity = read_checks(l, list, path_of(l, "optional_pre_call_checks"));
    p->wants_keys = (p->affinity & by_client) != 0;
    for (size_t i = 0; map && i < map->n; i++) {
        struct lx_model_group *g = lx_map_get(&l->config->routes.by_name, map->pairs[i].key->text);
        unsigned affinity = read_checks(l, map->pairs[i].value, path);
        p->wants_keys |= (affinity & by_client) != 0;
        if (g)
            g->affinity = (int)affinity;
        else
            lx_diag_add(l->diags, LX_DIAG_WARNING, map->pairs[i].key, path,
                        "no model of that name is served");
    }
}

/* ---- Health -------------------------------------------------------------------------------------
 */

static bool is_listed(const struct lx_yaml *list, struct lx_slice name)
{
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i]->kind == LX_YAML_SCALAR && lx_slice_eq(list->items[i]->text, name))
            return true;
    return false;
}

/* background_health_check_model_groups: the rest is not checked by itself. */
static void read_checked_groups(struct lx_load *l)
{
    static const char key[] = "background_health_check_model_groups";
    struct lx_route_table *t = &l->config->routes;
    const struct lx_yaml *list =
        lx_yaml_get(lx_yaml_get(l->root, LX_S("general_settings")), lx_slice_z(key));
    if (!list || lx_yaml_type(list) == LX_YAML_NULL)
        list = lx_load_setting(l, ROUTER, key);
    if (!list)
        return;
    if (list->kind != LX_YAML_LIST) {
        lx_diag_add(l->diags, LX_DIAG_ERROR, list,
                    LX_S("general_settings.background_health_check_"
                         "model_groups"),
                    "expected a list of models");
        return;
    }
    for (size_t i = 0; i < t->count; i++)
        t->groups[i]->unchecked = !is_listed(list, t->groups[i]->name);
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i]->kind != LX_YAML_SCALAR ||
            !lx_map_get(&t->by_name, list->items[i]->text))
            lx_diag_add(l->diags, LX_DIAG_WARNING, list->items[i],
                        LX_S("general_settings.background_health_check_model_groups"),
                        "no model of that name is served");
}

/* ---- Budgets ------------------------------------------------------------------------------------
 */

/* A mapping of names to budgets; *count of them. */
static struct lx_named_budget *read_budgets(struct lx_load *l, const struct lx_yaml *map,
                                            const char *section, size_t *count)
{
    if (!map)
        return NULL;
    struct lx_named_budget *list = lx_arena_alloc(&l->config->arena, (map->n + 1) * sizeof(*list));
    for (size_t i = 0; list && i < map->n; i++) {
        struct lx_named_budget *b = &list[*count];
        *b = (struct lx_named_budget){.budget.window_ms = 0};
        b->name = lx_arena_copy(&l->config->arena, map->pairs[i].key->text);
        lx_section_read(l, section, map->pairs[i].value, b, NULL);
        if (b->budget.window_ms > 0)
            ++*count;
        else
            lx_diag_add(l->diags, LX_DIAG_ERROR, map->pairs[i].value,
                        lx_slice_to(lx_slice_z(section), strlen(section) - 2),
                        "expected a budget_limit and its time_period");
    }
    return list;
}

static void read_all_budgets(struct lx_load *l)
{
    struct lx_route_policy *p = &l->config->routes.settings.policy;
    const struct lx_yaml *tags =
        lx_yaml_get(lx_yaml_get(l->root, LX_S("litellm_settings")), LX_S("tag_budget_config"));
    p->budgets = read_budgets(l, mapping(l, "provider_budget_config"),
                              ROUTER ".provider_budget_config.*", &p->budget_count);
    if (tags && tags->kind == LX_YAML_MAP)
        p->tag_budgets =
            read_budgets(l, tags, "litellm_settings.tag_budget_config.*", &p->tag_budget_count);
}

/* ---- Fallbacks ----------------------------------------------------------------------------------
 */

static const struct lx_yaml *fallback_setting(struct lx_load *l, const char *key)
{
    const struct lx_yaml *v = lx_load_setting(l, ROUTER, key);
    if (!v)
        v = lx_yaml_get(lx_yaml_get(l->root, LX_S("litellm_settings")), lx_slice_z(key));
    if (!v || lx_yaml_type(v) == LX_YAML_NULL || (v->kind == LX_YAML_LIST && !v->n))
        return NULL;
    if (v->kind == LX_YAML_LIST)
        return v;
    lx_diag_add(l->diags, LX_DIAG_ERROR, v, path_of(l, key), "expected a list");
    return NULL;
}

static void look_at_target(struct lx_load *l, const struct lx_yaml *v, const char *key)
{
    const struct lx_yaml *name = v->kind == LX_YAML_MAP ? lx_yaml_get(v, LX_S("model")) : v;
    struct lx_slice star;
    if (!name || name->kind != LX_YAML_SCALAR)
        lx_diag_add(l->diags, LX_DIAG_ERROR, v, path_of(l, key),
                    "expected a group's name, or {model: name, ...}");
    else if (!lx_route_find(&l->config->routes, name->text, &star))
        lx_diag_add(l->diags, LX_DIAG_WARNING, name, path_of(l, key),
                    "no model of the name %.*s is served: it is passed over",
                    LX_F(lx_slice_to(name->text, 100)));
}

static void look_at_targets(struct lx_load *l, const struct lx_yaml *list, const char *key)
{
    if (list->kind != LX_YAML_LIST)
        lx_diag_add(l->diags, LX_DIAG_ERROR, list, path_of(l, key), "expected a list of models");
    for (size_t i = 0; list->kind == LX_YAML_LIST && i < list->n; i++)
        look_at_target(l, list->items[i], key);
}

/* The lists are kept as JSON; here it is only seen to that they mean something. */
static struct lx_slice read_fallback_lists(struct lx_load *l, const char *key)
{
    const struct lx_yaml *list = fallback_setting(l, key);
    for (size_t i = 0; list && i < list->n; i++) {
        const struct lx_yaml *of = list->items[i];
        if (of->kind != LX_YAML_MAP)
            look_at_target(l, of, key);
        for (size_t k = 0; of->kind == LX_YAML_MAP && k < of->n; k++)
            look_at_targets(l, of->pairs[k].value, key);
    }
    return list ? lx_load_json(l, list) : (struct lx_slice){0};
}

static void read_fallbacks(struct lx_load *l)
{
    static const char *const keys[LX_FALLBACK_KINDS] = {
        [LX_FALLBACK_GENERAL] = "fallbacks",
        [LX_FALLBACK_CONTEXT_WINDOW] = "context_window_fallbacks",
        [LX_FALLBACK_CONTENT_POLICY] = "content_policy_fallbacks",
    };
    struct lx_slice *lists = l->config->routes.settings.policy.fallbacks;
    const struct lx_yaml *others = fallback_setting(l, "default_fallbacks");
    for (size_t i = 0; i < LX_FALLBACK_KINDS; i++)
        lists[i] = read_fallback_lists(l, keys[i]);
    if (!others)
        return;
    look_at_targets(l, others, "default_fallbacks");
    struct lx_slice json = lx_load_json(l, others), *general = &lists[LX_FALLBACK_GENERAL];
    size_t n = general->n ? general->n - 1 : 0; /* without its bracket */
    *general = lx_arena_printf(&l->config->arena, "%.*s%s{\"*\":%.*s}]",
                               LX_F(lx_slice_to(*general, n)), n ? "," : "[", LX_F(json));
}

void lx_load_router(struct lx_load *l)
{
    lx_section_read(l, ROUTER ".routing_strategy_args", mapping(l, "routing_strategy_args"),
                    &l->config->routes.settings.policy.latency, NULL);
    read_strategy(l);
    read_policies(l);
    read_affinity(l);
    read_checked_groups(l);
    read_all_budgets(l);
    read_fallbacks(l);
}
