/*
 * models.c - model_list made into deployments, groups and aliases.
 *
 * An entry that cannot work (its provider is not built, its address is missing) is left out with a
 * warning, as LiteLLM does: one model must not keep the others from being served. An entry that is
 * wrong is an error.
 */
#include "config/load.h"

#include "base/regex.h"

#define ENTRY  "model_list[]"
#define PARAMS "model_list[].litellm_params"

static struct lx_slice text_of(const struct lx_yaml *v)
{
    return v && v->kind == LX_YAML_SCALAR ? v->text : (struct lx_slice){0};
}

/* A member of litellm_settings that counts for every deployment without one of its own; or NULL. */
static const struct lx_yaml *setting(struct lx_load *l, const char *name)
{
    const struct lx_yaml *v =
        lx_yaml_get(lx_yaml_get(l->root, LX_S("litellm_settings")), lx_slice_z(name));
    return v && lx_yaml_type(v) != LX_YAML_NULL ? v : NULL;
}

/* What a variable holds may be a secret, whatever the key it was given for: it is never shown. */
static bool is_variable(const struct lx_yaml *v)
{
    return lx_slice_starts(text_of(v), LX_S("os.environ/"));
}

/* ---- Headers and JSON --------------------------------------------------------------------- */

/* Whether a header's value must be masked where a request is shown. */
static bool is_secret(struct lx_slice name, const struct lx_yaml *value)
{
    return is_variable(value) ||
           lx_glob_match(LX_S("*auth*|*key*|*token*|*secret*|*cookie*|*Auth*|*Key*|*Token*|"
                              "*Secret*|*Cookie*|*AUTH*|*KEY*|*TOKEN*|*SECRET*"),
                         name);
}

static void add_header(struct lx_load *l, const struct lx_yaml_pair *pair, struct lx_slice path,
                       struct lx_header_list *to)
{
    struct lx_arena *a = &l->config->arena;
    struct lx_slice name = pair->key->text, value = {0};
    if (lx_yaml_type(pair->value) == LX_YAML_NULL)
        return;
    if (pair->value->kind == LX_YAML_SCALAR) {
        value = lx_load_text(l, pair->value, path);
        if (!value.p)
            return;
    }
    if (!value.p || !lx_header_is_valid(name, value)) {
        lx_diag_add(l->diags, LX_DIAG_ERROR, pair->value, path,
                    "expected the name and value of an HTTP header");
        return;
    }
    name = lx_arena_copy(a, name);
    value = lx_arena_copy(a, value);
    if (!name.p || !value.p)
        return;
    if (is_secret(name, pair->value))
        lx_header_list_set_secret(to, name, value);
    else
        lx_header_list_set(to, name, value);
}

static void add_headers(struct lx_load *l, const struct lx_yaml *map, const char *path,
                        struct lx_header_list *to)
{
    if (!map)
        return;
    if (map->kind != LX_YAML_MAP) {
        lx_diag_add(l->diags, LX_DIAG_ERROR, map, lx_slice_z(path),
                    "expected a mapping of header names to values");
        return;
    }
    for (size_t i = 0; i < map->n; i++)
        add_header(l, &map->pairs[i], lx_slice_z(path), to);
}

static struct lx_slice take_object(struct lx_load *l, const struct lx_yaml *map, const char *path)
{
    if (!map)
        return (struct lx_slice){0};
    if (map->kind == LX_YAML_MAP)
        return lx_load_json(l, map);
    lx_diag_add(l->diags, LX_DIAG_ERROR, map, lx_slice_z(path), "expected a mapping");
    return (struct lx_slice){0};
}

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
                 is_variable(lx_yaml_get(e->params, lx_slice_z(key)))
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

/* The entry's own key; what it asks for by its own parameters; the environment's key; and what the
 * environment has to be exchanged for one. */
/* litellm_settings.api_key, for whoever is asked with one key and has none of its own. */
static void take_common_key(struct lx_load *l, struct lx_config_entry *e)
{
    const struct lx_provider *p = e->d.provider;
    const struct lx_yaml *key = setting(l, "api_key");
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

static void find_key(struct lx_load *l, struct lx_config_entry *e, bool quiet)
{
    struct lx_slice wanted = text_of(lx_yaml_get(e->params, LX_S("api_key")));
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
    struct lx_slice mode = text_of(lx_yaml_get(e->model_info, LX_S("mode")));
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

static void take_tag_regexes(struct lx_load *l, struct lx_config_entry *e)
{
    for (size_t i = 0; i < e->tag_regex.n; i++)
        if (lx_regex_search(e->tag_regex.v[i], LX_S(""), false) < 0)
            lx_diag_add(l->diags, LX_DIAG_ERROR, lx_yaml_get(e->params, LX_S("tag_regex")),
                        LX_S(PARAMS ".tag_regex"),
                        "expected regular expressions as Python has them, without looking back, "
                        "references and possessive repetitions: %.*s is none",
                        LX_F(lx_slice_to(e->tag_regex.v[i], 100)));
    e->d.tag_regexes = e->tag_regex.v;
    e->d.tag_regex_count = e->tag_regex.n;
    l->config->routes.settings.policy.wants_agents |= e->tag_regex.n > 0;
}

/* Databricks' partners say who they are in front of who asks (LiteLLM's _build_user_agent). */
static void take_user_agent(struct lx_load *l, const struct lx_config_entry *e,
                            struct lx_header_list *headers)
{
    struct lx_slice partner, version;
    lx_slice_cut(e->user_agent, '/', &partner, &version);
    partner = lx_slice_trim(partner);
    if (lx_header_is_valid(partner, LX_S("")))
        lx_header_list_set(headers, LX_S("user-agent"),
                           lx_arena_printf(&l->config->arena, "%.*s_llmux", LX_F(partner)));
    else
        lx_diag_add(l->diags, LX_DIAG_ERROR, lx_yaml_get(e->params, LX_S("user_agent")),
                    LX_S(PARAMS ".user_agent"), "expected a name, or name/version");
}

/* A header that signs a request, or frames it, is not for sessions. */
static bool is_taken(struct lx_slice header)
{
    struct lx_slice one,
        rest = LX_S(
            "api-key|authorization|connection|content-length|content-type|cookie|host|keep-alive|"
            "proxy-authenticate|proxy-authorization|proxy-connection|set-cookie|te|trailer|"
            "transfer-encoding|upgrade|www-authenticate|x-api-key|x-goog-api-key");
    while (rest.n) {
        lx_slice_cut(rest, '|', &one, &rest);
        if (lx_slice_eq_nocase(one, header))
            return true;
    }
    return false;
}

static void check_session_header(struct lx_load *l, struct lx_config_entry *e)
{
    struct lx_slice *name = &e->d.session_header;
    if (!name->n || (lx_header_is_valid(*name, LX_S("x")) && !is_taken(*name)))
        return;
    lx_diag_add(l->diags, LX_DIAG_ERROR, lx_yaml_get(e->params, LX_S("provider_affinity_header")),
                LX_S(PARAMS ".provider_affinity_header"),
                "expected the name of a header that neither signs nor frames a request");
    *name = lx_slice(NULL, 0);
}

static void take_rest(struct lx_load *l, struct lx_config_entry *e, const struct lx_yaml *at)
{
    struct lx_arena *a = &l->config->arena;
    struct lx_deployment *d = &e->d;
    struct lx_header_list headers;
    lx_header_list_init(&headers, a);
    add_headers(l, e->headers ? e->headers : setting(l, "headers"), PARAMS ".headers", &headers);
    add_headers(l, e->extra_headers, PARAMS ".extra_headers", &headers);
    if (e->organization.n) {
        if (lx_header_is_valid(LX_S("OpenAI-Organization"), e->organization))
            lx_header_list_set(&headers, LX_S("OpenAI-Organization"), e->organization);
        else
            lx_diag_add(l->diags, LX_DIAG_ERROR, e->params, LX_S(PARAMS ".organization"),
                        "expected an organization's id");
    }
    if (e->user_agent.n)
        take_user_agent(l, e, &headers);
    d->headers = headers.headers;
    d->tier_timeouts = take_object(l, e->tier_timeouts, PARAMS ".timeout_by_service_tier");
    d->tier_stream_timeouts =
        take_object(l, e->tier_stream_timeouts, PARAMS ".stream_timeout_by_service_tier");
    if (!d->timeout_ms)
        d->timeout_ms = e->request_timeout_ms;
    d->mock_calls = e->mock_calls ? lx_load_json(l, e->mock_calls) : d->mock_calls;
    d->extra_body = take_object(l, e->extra_body, PARAMS ".extra_body");
    d->model_info = take_object(l, e->model_info, ENTRY ".model_info");
    lx_load_template(l, e);
    lx_load_own_prices(l, e->params, d);
    d->drop_paths = e->drop_paths.v;
    d->drop_path_count = e->drop_paths.n;
    d->allowed_params = e->allowed_params.v;
    d->allowed_param_count = e->allowed_params.n;
    if (!lx_yaml_get(e->params, LX_S("max_budget")) || d->budget.window_ms <= 0) {
        if (d->budget.limit_nano_usd || d->budget.window_ms)
            lx_diag_add(l->diags, LX_DIAG_WARNING, e->params, LX_S(PARAMS),
                        "max_budget and budget_duration have an effect together only");
        d->budget.window_ms = 0;
    }
    d->silent_models = e->silent_model.v;
    d->silent_model_count = e->silent_model.n;
    d->tags = e->tags.v;
    d->tag_count = e->tags.n;
    lx_yaml_bool(text_of(lx_yaml_get(e->model_info, LX_S("blocked"))), &d->blocked);
    take_tag_regexes(l, e);
    check_session_header(l, e);
    lx_load_own_fails(l, e->model_info, d);
    lx_load_own_retries(l, e, d);
    if (e->num_retries >= 0)
        d->max_retries = e->num_retries;
    struct lx_slice id = text_of(lx_yaml_get(e->model_info, LX_S("id")));
    d->id = id.n ? lx_arena_copy(a, id) : lx_deployment_hash(l, d->group, e->own_params);
    d->where = lx_arena_printf(a, "%.*s:%d", LX_F(at->file->name), at->line);
}

static bool is_complete(struct lx_load *l, const struct lx_config_entry *e,
                        const struct lx_yaml *at)
{
    if (!e->d.group.n)
        lx_diag_add(l->diags, LX_DIAG_ERROR, at, LX_S(ENTRY ".model_name"),
                    "expected the name clients use for this model");
    if (e->model.n)
        return e->d.group.n != 0;
    if (is_variable(lx_yaml_get(e->params, LX_S("model"))))
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
        if (lx_slice_eq(text_of(list->items[i]), lx_slice_z(here)))
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
    const struct lx_yaml *alias = lx_yaml_get(setting(l, "model_alias_map"), e.model);
    if (text_of(alias).n)
        e.model = lx_arena_copy(&l->config->arena, text_of(alias));
    if (!e.api_base.n && setting(l, "api_base"))
        e.api_base = lx_load_text(l, setting(l, "api_base"), LX_S("litellm_settings.api_base"));
    if (!e.organization.n && lx_slice_starts(e.model, LX_S("openai/")))
        e.organization = lx_arena_copy(&l->config->arena, text_of(setting(l, "organization")));
    struct lx_deployment holder = {.key = e.d.key}; /* the one that wipes a key from the file */
    if (is_complete(l, &e, at) && !lx_slice_starts(e.model, LX_S("auto_router/")) &&
        is_for_this_environment(l, &e)) {
        take_rest(l, &e, at);
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
    if (lx_yaml_bool(text_of(v), &on) != 0 || !on || lx_map_get(by_name, LX_S("*")))
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

/* ---- Aliases ------------------------------------------------------------------------------ */

static void add_alias(struct lx_load *l, const struct lx_yaml_pair *pair)
{
    static const char path[] = "router_settings.model_group_alias";
    struct lx_route_table *t = &l->config->routes;
    const struct lx_yaml *v = pair->value;
    struct lx_slice name = pair->key->text, star;
    struct lx_slice target = text_of(v->kind == LX_YAML_MAP ? lx_yaml_get(v, LX_S("model")) : v);
    bool hidden = false;
    if (v->kind == LX_YAML_MAP)
        lx_yaml_bool(text_of(lx_yaml_get(v, LX_S("hidden"))), &hidden);
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
    const struct lx_yaml *map = setting(l, "model_alias_map");
    struct lx_slice star;
    for (size_t i = 0; map && map->kind == LX_YAML_MAP && i < map->n; i++)
        if (lx_route_find(&l->config->routes, text_of(map->pairs[i].value), &star) &&
            !lx_map_get(&l->config->routes.by_name, map->pairs[i].key->text))
            add_alias(l, &map->pairs[i]);
}

/* model_group_settings: groups, by name, to whose providers clients' headers go. */
static void take_group_settings(struct lx_load *l)
{
    struct lx_route_table *t = &l->config->routes;
    struct lx_strings forward = {0};
    const struct lx_yaml *map = setting(l, "model_group_settings");
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
    take_aliases(l);
    take_model_aliases(l);
    take_group_settings(l);
    find_least_ping(l->config);
    if (setting(l, "vertex_ai_safety_settings"))
        l->config->routes.settings.safety_settings =
            lx_load_json(l, setting(l, "vertex_ai_safety_settings"));
    lx_load_routing_groups(l);
}
