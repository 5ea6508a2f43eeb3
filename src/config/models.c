/*
 * models.c - model_list made into deployments and groups: who is asked, with which key, under which
 * names. What else an entry says is entry.c's, other names are alias.c's.
 *
 * An entry that cannot work (its provider is not built, its address is missing) is left out with a
 * warning, as LiteLLM does: one model must not keep the others from being served. An entry that is
 * wrong is an error.
 */
#include "config/load.h"

#define ENTRY  "model_list[]"
#define PARAMS "model_list[].litellm_params"

/* ---- One deployment ----------------------------------------------------------------------- */

static void left_out(struct lx_load *l, const struct lx_config_entry *e, const char *key,
                     const char *why)
{
    const struct lx_yaml *at = lx_yaml_get(e->params, lx_slice_z(key));
    lx_diag_add(l->diags, LX_DIAG_WARNING, at ? at : e->params,
                lx_arena_printf(&l->set.arena, PARAMS ".%s", key), "%s; the deployment is left out",
                why);
}

/* Models that are no chats and no embeddings, of a provider that has such. */
static bool is_left_out(struct lx_load *l, const struct lx_config_entry *e,
                        const struct lx_resolved *r)
{
    struct lx_slice name =
        lx_arena_printf(&l->set.arena, "%s/%.*s", r->provider->id, LX_F(r->model));
    const char *why = lx_provider_left_out(name);
    if (why)
        lx_diag_add(l->diags, LX_DIAG_NOT_BUILT, lx_yaml_get(e->params, LX_S("model")),
                    LX_S(PARAMS ".model"), "%.*s and its like are left out: %s",
                    LX_F(lx_slice_to(name, 100)), why);
    return why != NULL;
}

/* Whose model it is. False: the entry is left out, which has been said. */
static bool resolve(struct lx_load *l, const struct lx_config_entry *e, struct lx_resolved *out)
{
    const struct lx_route_table *t = &l->config->routes;
    struct lx_error err;
    if (lx_provider_resolve(e->model, e->provider, e->api_base, t->custom, t->custom_count, out,
                            &err) == 0) {
        const struct lx_dialect *d = lx_dialect_find(lx_slice_z(out->provider->language));
        if (d && d->back)
            return !is_left_out(l, e, out);
    }
    if (e->d.mock_response.p) { /* never sent anywhere */
        *out = (struct lx_resolved){lx_provider_find(LX_S("openai")), e->model};
        return out->provider != NULL;
    }
    const char *key = e->provider.n ? "custom_llm_provider" : "model";
    struct lx_slice name = e->provider, rest;
    if (!name.n)
        lx_slice_cut(e->model, '/', &name, &rest);
    const char *why = lx_provider_left_out(name);
    if (why)
        lx_diag_add(l->diags, LX_DIAG_NOT_BUILT, lx_yaml_get(e->params, LX_S("model")),
                    LX_S(PARAMS ".model"), "the provider %.*s is left out, and its models: %s",
                    LX_F(name), why);
    else
        left_out(l, e, key,
                 lx_yaml_is_variable(lx_yaml_get(e->params, lx_slice_z(key)))
                     ? "no provider is known by what the variable holds"
                     : err.text);
    return false;
}

static bool has_address(struct lx_load *l, struct lx_config_entry *e, bool quiet)
{
    struct lx_error err;
    int code = lx_deployment_set_address(&e->d, e->api_base, &l->env, &l->config->arena, &err);
    if (code == 0 || code == LX_ENOMEM || e->d.mock_response.p)
        return true;
    if (code == LX_ECONFIG && e->api_base.n) {
        const char *name = lx_yaml_get(e->params, LX_S("api_base")) ? "api_base" : "base_url";
        lx_diag_add(l->diags, LX_DIAG_ERROR, lx_yaml_get(e->params, lx_slice_z(name)),
                    lx_arena_printf(&l->set.arena, PARAMS ".%s", name), "%s", err.text);
    } else if (!quiet) {
        left_out(l, e, "api_base", err.text);
    }
    return false;
}

#define MANAGED_IDENTITY "enable_azure_ad_token_refresh"

/* The entry's parameters, as credentials ask for them. */
struct params {
    struct lx_load *l;
    const struct lx_yaml *map;
};

static const char *get_param(void *arg, const char *name)
{
    const struct params *p = arg;
    const struct lx_yaml *v = lx_yaml_get(p->map, lx_slice_z(name));
    struct lx_slice text = {0};
    if (!v && strcmp(name, MANAGED_IDENTITY) == 0) /* the one that is for all models */
        v = lx_yaml_get(lx_yaml_get(p->l->root, LX_S("litellm_settings")), LX_S(MANAGED_IDENTITY));
    if (v && lx_yaml_type(v) != LX_YAML_NULL)
        text = v->kind == LX_YAML_SCALAR ? lx_load_peek(p->l, v) : lx_load_json(p->l, v);
    return text.p ? lx_arena_copy_z(&p->l->set.arena, text) : NULL;
}

static void find_credential(struct lx_load *l, struct lx_config_entry *e, bool led_only, bool quiet)
{
    struct params params = {l, e->params};
    const struct lx_env of_entry = {get_param, &params};
    struct lx_credential_finding found;
    if (lx_deployment_set_credential(&e->d, led_only, &of_entry, &l->env, &l->config->arena,
                                     &found) != 0)
        l->config->arena.failed = LX_ENOMEM;
    if (e->d.credential && !e->d.credential->next && l->config->credentials != e->d.credential) {
        e->d.credential->next = l->config->credentials;
        l->config->credentials = e->d.credential;
    }
    if (quiet || e->d.mock_response.p)
        return;
    if (found.wrong.n)
        lx_diag_add(l->diags, LX_DIAG_WARNING, e->params, LX_S(PARAMS), "%.*s", LX_F(found.wrong));
    if (found.guess)
        lx_diag_add(l->diags, LX_DIAG_NOTE, e->params, LX_S(PARAMS),
                    "no key for %s is configured: the metadata service of the machine will be "
                    "asked for one",
                    e->d.provider->title);
}

/* litellm_settings.api_key, for whoever is asked with one key and has none of its own. */
static void take_common_key(struct lx_load *l, struct lx_config_entry *e)
{
    const struct lx_provider *p = e->d.provider;
    const struct lx_yaml *key = lx_load_setting(l, "litellm_settings", "api_key");
    bool takes = p->key_env[0] && (!p->credential || strcmp(p->credential, "azure") == 0);
    if (!key || !takes || lx_secret_is_set(&e->d.key))
        return;
    struct lx_slice text = lx_load_text(l, key, LX_S("litellm_settings.api_key"));
    if (text.n && lx_secret_init(&e->d.key, text) != 0)
        l->config->arena.failed = LX_ENOMEM;
}

/* A tenant, say, that its addresses name, and that no credential will bring. */
static void find_project(struct lx_load *l, const struct lx_config_entry *e)
{
    const struct lx_provider *p = e->d.provider;
    if (!e->d.project.n && !e->d.credential && p->project_env[0] && p->path &&
        lx_slice_find(lx_slice_z(p->path), LX_S("{project}")) >= 0)
        lx_diag_add(l->diags, LX_DIAG_NOTE, e->params, LX_S(PARAMS),
                    "no project, account or tenant for %s: set %s", p->title, p->project_env[0]);
}

/* The entry's own key; what it asks for by its own parameters; the environment's key; and what the
 * environment has to be exchanged for one. */
static void find_key(struct lx_load *l, struct lx_config_entry *e, bool quiet)
{
    struct lx_slice wanted = lx_yaml_text(lx_yaml_get(e->params, LX_S("api_key")));
    struct lx_slice prefix = LX_S("os.environ/");
    wanted =
        lx_slice_starts(wanted, prefix) ? lx_slice_from(wanted, prefix.n) : (struct lx_slice){0};
    find_credential(l, e, true, quiet);
    if (e->d.credential)
        return;
    take_common_key(l, e);
    if (lx_deployment_set_key(&e->d, wanted, &l->env, &l->config->arena) != 0)
        l->config->arena.failed = LX_ENOMEM;
    find_credential(l, e, false, quiet);
    if (quiet || wanted.n || e->d.mock_response.p || e->d.credential ||
        lx_signer_has_key(e->d.provider, &e->d.key))
        return;
    lx_diag_add(l->diags, LX_DIAG_NOTE, e->params, LX_S(PARAMS),
                "no key for %s: give api_key or set %.*s", e->d.provider->title,
                LX_F(e->d.missing_key));
}

static void own(struct lx_load *l, struct lx_deployment *d)
{
    struct lx_config *c = l->config;
    if (c->owned_count == c->owned_cap) {
        size_t cap = c->owned_cap ? 2 * c->owned_cap : 16;
        struct lx_deployment **v = lx_arena_alloc(&c->arena, cap * sizeof *v);
        if (!v) {
            lx_secret_clear(&d->key);
            return;
        }
        if (c->owned_count)
            memcpy(v, c->owned, c->owned_count * sizeof *v);
        c->owned = v;
        c->owned_cap = cap;
    }
    c->owned[c->owned_count++] = d;
}

struct lx_deployment *lx_load_add(struct lx_load *l, const struct lx_deployment *from, bool by_id)
{
    struct lx_deployment *d = lx_arena_new(&l->config->arena, struct lx_deployment);
    if (!d)
        return NULL;
    *d = *from;
    if (!by_id)
        d->id = (struct lx_slice){0};
    /* A failure sticks in the arena, and the whole load fails with it. */
    if (lx_route_table_add(&l->config->routes, d) == 0)
        d->id = from->id;
    return d;
}

/* model_info.mode: responses, where the provider has another language for that, is the same as
 * LiteLLM's "responses/" in front of the model. */
static struct lx_slice with_mode(struct lx_load *l, const struct lx_config_entry *e,
                                 struct lx_resolved r)
{
    struct lx_slice mode = lx_yaml_text(lx_yaml_get(e->model_info, LX_S("mode")));
    if (!lx_slice_eq(mode, LX_S("responses")))
        return r.model;
    return lx_provider_by_responses(r.provider, r.model, e->api_base, e->d.api_version,
                                    &l->config->arena);
}

/* The entry at one provider, under one group's name. */
static void add_at(struct lx_load *l, const struct lx_config_entry *entry, struct lx_slice group,
                   struct lx_resolved r, bool main)
{
    struct lx_config_entry e = *entry;
    e.d.group = group;
    e.d.provider = r.provider;
    e.d.model = with_mode(l, entry, r);
    e.d.always_by_responses =
        l->config->by_responses && lx_slice_eq(lx_slice_z(r.provider->id), LX_S("openai"));
    if (!has_address(l, &e, !main))
        return;
    find_key(l, &e, !main);
    if (main)
        find_project(l, &e);
    struct lx_deployment *d = lx_load_add(l, &e.d, main);
    bool shared = e.d.key.hidden == entry->d.key.hidden; /* what is made of a key is not it */
    if (!shared && d)
        own(l, d);
    else if (!shared)
        lx_secret_clear(&e.d.key);
    struct lx_model_group *g = lx_map_get(&l->config->routes.by_name, group);
    if (g && !main && g->count == 1)
        g->hidden = true;
}

/*
 * model_name "*" with model "*" means every provider there is: the name's own prefix decides, as in
 * lx_provider_resolve(). One group for each prefix and each pattern of bare names says the same
 * without asking anything per request; the rest goes to OpenAI.
 */
static void add_everywhere(struct lx_load *l, const struct lx_config_entry *e, struct lx_resolved r)
{
    struct lx_route_table *t = &l->config->routes;
    for (size_t i = 0; i < t->custom_count + lx_provider_count; i++) {
        bool custom = i < t->custom_count;
        const struct lx_provider *p = custom ? &t->custom[i] : &lx_providers[i - t->custom_count];
        const struct lx_dialect *d = lx_dialect_find(lx_slice_z(p->language));
        struct lx_slice rest = lx_slice_z(p->bare_models), pattern;
        if (!d || !d->back)
            continue;
        struct lx_slice prefix = lx_arena_printf(&l->config->arena, "%s/*", p->id);
        if (prefix.p && !lx_map_get(&t->by_name, prefix))
            add_at(l, e, prefix, (struct lx_resolved){p, LX_S("*")}, false);
        while (rest.n && p != r.provider) {
            lx_slice_cut(rest, '|', &pattern, &rest);
            if (pattern.n && pattern.p[0] != '!' && !lx_map_get(&t->by_name, pattern))
                add_at(l, e, pattern, (struct lx_resolved){p, pattern}, false);
        }
    }
    add_at(l, e, e->d.group, r, true);
}

/* ---- One entry ---------------------------------------------------------------------------- */

static bool is_complete(struct lx_load *l, const struct lx_config_entry *e,
                        const struct lx_yaml *at)
{
    if (!e->d.group.n)
        lx_diag_add(l->diags, LX_DIAG_ERROR, at, LX_S(ENTRY ".model_name"),
                    "expected the name clients use for this model");
    if (e->model.n)
        return e->d.group.n != 0;
    if (lx_yaml_is_variable(lx_yaml_get(e->params, LX_S("model"))))
        left_out(l, e, "model", "it has no value");
    else
        lx_diag_add(l->diags, LX_DIAG_ERROR, e->params, LX_S(PARAMS ".model"),
                    "expected the model to ask, \"provider/model\"");
    return false;
}

static void take_params(struct lx_load *l, struct lx_config_entry *e)
{
    struct lx_buf b;
    lx_buf_init(&b, 1 << 20);
    struct lx_out body = lx_out(&b);
    lx_out_object(&body, NULL);
    lx_section_read(l, PARAMS, e->params, e, &body);
    lx_out_object_end(&body);
    if (b.failed)
        lx_diag_add(l->diags, LX_DIAG_ERROR, e->params, LX_S(PARAMS), "%s",
                    b.failed == LX_ELIMIT ? "larger than 1 MiB as JSON" : "out of memory");
    else if (b.n > 2) /* more than {} */
        e->d.default_params = lx_arena_copy(&l->config->arena, lx_buf_slice(&b));
    lx_buf_clear(&b);
}

static bool is_overridden(const struct lx_yaml *defaults, struct lx_slice key)
{
    const struct lx_yaml *v = lx_yaml_get(defaults, key);
    return v && lx_yaml_type(v) != LX_YAML_NULL && !lx_slice_eq(key, LX_S("model"));
}

/* The entry's parameters with router_settings.default_litellm_params over them: LiteLLM puts those
 * into each request that does not have them, and a request's win. */
static const struct lx_yaml *with_defaults(struct lx_load *l, const struct lx_yaml *own)
{
    static const char path[] = "router_settings.default_litellm_params";
    const struct lx_yaml *all =
        lx_yaml_get(lx_yaml_get(l->root, LX_S("router_settings")), LX_S("default_litellm_params"));
    if (!all || lx_yaml_type(all) == LX_YAML_NULL)
        return own;
    if (all->kind != LX_YAML_MAP) {
        lx_diag_add(l->diags, LX_DIAG_ERROR, all, lx_slice_z(path), "expected a mapping");
        return own;
    }
    struct lx_yaml *both = lx_yaml_new(&l->set, LX_YAML_MAP, own);
    if (both)
        both->pairs = lx_arena_alloc(&l->set.arena, (own->n + all->n) * sizeof *both->pairs);
    if (!both || !both->pairs)
        return own; /* which sticks in the arena */
    for (size_t i = 0; i < own->n; i++)
        if (!is_overridden(all, own->pairs[i].key->text))
            both->pairs[both->n++] = own->pairs[i];
    for (size_t i = 0; i < all->n; i++)
        if (is_overridden(all, all->pairs[i].key->text))
            both->pairs[both->n++] = all->pairs[i];
    return both;
}

/* model_info.supported_environments: one configuration for several, of which LITELLM_ENVIRONMENT
 * says which this is. */
static bool is_for_this_environment(struct lx_load *l, const struct lx_config_entry *e)
{
    const struct lx_yaml *list = lx_yaml_get(e->model_info, LX_S("supported_environments"));
    const char *here = list ? l->env.get(l->env.arg, "LITELLM_ENVIRONMENT") : NULL;
    if (!list || lx_yaml_type(list) == LX_YAML_NULL)
        return true;
    for (size_t i = 0; here && list->kind == LX_YAML_LIST && i < list->n; i++)
        if (lx_slice_eq(lx_yaml_text(list->items[i]), lx_slice_z(here)))
            return true;
    lx_diag_add(l->diags, here && list->kind == LX_YAML_LIST ? LX_DIAG_NOTE : LX_DIAG_WARNING, list,
                LX_S(ENTRY ".model_info.supported_environments"),
                here ? "this is %s: the deployment is left out"
                     : "LITELLM_ENVIRONMENT does not say which one this is: the deployment is left "
                       "out%s",
                here ? here : "");
    return false;
}

static void take_entry(struct lx_load *l, const struct lx_yaml *at)
{
    struct lx_config_entry e = {
        .d = {.max_retries = -1, .cooldown_ms = -1, .allowed_fails = -1, .keepalive_ms = -1},
        .num_retries = -1};
    struct lx_resolved r;
    if (at->kind != LX_YAML_MAP) {
        lx_diag_add(l->diags, LX_DIAG_ERROR, at, LX_S(ENTRY),
                    "expected a mapping with model_name and litellm_params");
        return;
    }
    lx_section_read(l, ENTRY, at, &e, NULL);
    e.params = lx_yaml_get(at, LX_S("litellm_params"));
    if (!e.params || e.params->kind != LX_YAML_MAP) {
        lx_diag_add(l->diags, LX_DIAG_ERROR, e.params ? e.params : at, LX_S(PARAMS),
                    "expected a mapping with at least a model");
        return;
    }
    e.own_params = e.params;
    e.params = with_defaults(l, e.params);
    take_params(l, &e);
    const struct lx_yaml *alias =
        lx_yaml_get(lx_load_setting(l, "litellm_settings", "model_alias_map"), e.model);
    if (lx_yaml_text(alias).n)
        e.model = lx_arena_copy(&l->config->arena, lx_yaml_text(alias));
    if (!e.api_base.n && lx_load_setting(l, "litellm_settings", "api_base"))
        e.api_base = lx_load_text(l, lx_load_setting(l, "litellm_settings", "api_base"),
                                  LX_S("litellm_settings.api_base"));
    if (!e.organization.n && lx_slice_starts(e.model, LX_S("openai/")))
        e.organization =
            lx_arena_copy(&l->config->arena,
                          lx_yaml_text(lx_load_setting(l, "litellm_settings", "organization")));
    struct lx_deployment holder = {.key = e.d.key}; /* the one that wipes a key from the file */
    if (is_complete(l, &e, at) && !lx_slice_starts(e.model, LX_S("auto_router/")) &&
        is_for_this_environment(l, &e)) {
        lx_load_entry_rest(l, &e, at);
        if (resolve(l, &e, &r)) {
            bool all = lx_slice_eq(e.d.group, LX_S("*")) && lx_slice_eq(e.model, LX_S("*")) &&
                       !e.provider.n && !e.api_base.n && !e.d.mock_response.p;
            if (all)
                add_everywhere(l, &e, r);
            else
                add_at(l, &e, e.d.group, r, true);
        }
    }
    struct lx_deployment *kept = lx_arena_new(&l->config->arena, struct lx_deployment);
    if (!kept)
        lx_secret_clear(&holder.key);
    else if (lx_secret_is_set(&holder.key)) {
        *kept = holder;
        own(l, kept);
    }
}

/* router_general_settings.pass_through_all_models: whatever is not named is asked of whom its name
 * tells. It is in no list, for nobody has named it. */
static void take_all_others(struct lx_load *l)
{
    static const char entry[] = "{model_name: '*', litellm_params: {model: '*'}}";
    const struct lx_yaml *settings =
        lx_yaml_get(lx_yaml_get(l->root, LX_S("router_settings")), LX_S("router_general_settings"));
    const struct lx_yaml *v = lx_yaml_get(settings, LX_S("pass_through_all_models"));
    struct lx_map *by_name = &l->config->routes.by_name;
    bool on = false;
    if (lx_yaml_bool(lx_yaml_text(v), &on) != 0 || !on || lx_map_get(by_name, LX_S("*")))
        return;
    struct lx_yaml *at = lx_yaml_read(&l->set, lx_slice_z(entry), v->file, l->diags);
    struct lx_yaml *params = lx_yaml_get(at, LX_S("litellm_params"));
    if (params) { /* what is said of it is said of the setting */
        at->line = params->line = v->line;
        at->column = params->column = v->column;
        take_entry(l, at);
    }
    struct lx_model_group *g = lx_map_get(by_name, LX_S("*"));
    if (g)
        g->hidden = true;
}

/* ---- All ---------------------------------------------------------------------------------------
 */

/* model_group_settings: groups, by name, to whose providers clients' headers go. */
static void take_group_settings(struct lx_load *l)
{
    struct lx_route_table *t = &l->config->routes;
    struct lx_strings forward = {0};
    const struct lx_yaml *map = lx_load_setting(l, "litellm_settings", "model_group_settings");
    if (!map || map->kind != LX_YAML_MAP)
        return;
    lx_section_read(l, "litellm_settings.model_group_settings", map, &forward, NULL);
    for (size_t i = 0; i < forward.n; i++)
        for (size_t k = 0; k < t->count; k++)
            for (size_t n = 0; n < t->groups[k]->count; n++)
                if (lx_glob_match(forward.v[i], t->groups[k]->name)) {
                    t->groups[k]->deployments[n]->forwards_headers = true;
                    l->config->forward_some = true;
                }
}

static void find_least_ping(struct lx_config *c)
{
    int64_t least = INT64_MAX;
    const int64_t ours[] = {c->ping_ms, c->anthropic_ping_ms};
    for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
        least = ours[i] > 0 && ours[i] < least ? ours[i] : least;
    for (size_t k = 0; k < c->routes.count; k++)
        for (size_t i = 0; i < c->routes.groups[k]->count; i++) {
            int64_t own = c->routes.groups[k]->deployments[i]->keepalive_ms;
            least = own > 0 && own < least ? own : least;
        }
    c->least_ping_ms = least == INT64_MAX ? 0 : least;
}

void lx_load_models(struct lx_load *l)
{
    const struct lx_yaml *list = lx_yaml_get(l->root, LX_S("model_list"));
    if (list && list->kind == LX_YAML_LIST) {
        for (size_t i = 0; i < list->n; i++)
            take_entry(l, list->items[i]);
    } else if (list && lx_yaml_type(list) != LX_YAML_NULL) {
        lx_diag_add(l->diags, LX_DIAG_ERROR, list, LX_S("model_list"), "expected a list of models");
    } else {
        lx_diag_add(l->diags, LX_DIAG_WARNING, l->root, LX_S("model_list"),
                    "not given: no model is served");
    }
    take_all_others(l);
    lx_load_aliases(l);
    take_group_settings(l);
    find_least_ping(l->config);
    if (lx_load_setting(l, "litellm_settings", "vertex_ai_safety_settings"))
        l->config->routes.settings.safety_settings =
            lx_load_json(l, lx_load_setting(l, "litellm_settings", "vertex_ai_safety_settings"));
    lx_load_routing_groups(l);
}
