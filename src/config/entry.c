/*
 * entry.c - what an entry of model_list says besides where its model is: headers, members of
 * bodies, tags, budgets, ids.
 *
 * Called by models.c, when the rows of the options have been read. It never drops an entry: what is
 * wrong is an error of the load.
 */
#include "config/load.h"

#include "base/regex.h"

#define ENTRY  "model_list[]"
#define PARAMS "model_list[].litellm_params"

/* ---- Headers and JSON --------------------------------------------------------------------- */

bool lx_load_is_secret(struct lx_slice name, const struct lx_yaml *value)
{
    return lx_yaml_is_variable(value) ||
           lx_glob_match(LX_S("*auth*|*key*|*token*|*secret*|*cookie*|*password*|*credential*|"
                              "*Auth*|*Key*|*Token*|*Secret*|*Cookie*|*Password*|*Credential*|"
                              "*AUTH*|*KEY*|*TOKEN*|*SECRET*|*PASSWORD*|*CREDENTIAL*"),
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
    if (lx_load_is_secret(name, pair->value))
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

/* ---- Tags, sessions and the rest ---------------------------------------------------------- */

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

void lx_load_entry_rest(struct lx_load *l, struct lx_config_entry *e, const struct lx_yaml *at)
{
    struct lx_arena *a = &l->config->arena;
    struct lx_deployment *d = &e->d;
    struct lx_header_list headers;
    lx_header_list_init(&headers, a);
    add_headers(l, e->headers ? e->headers : lx_load_setting(l, "litellm_settings", "headers"),
                PARAMS ".headers", &headers);
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
    lx_yaml_bool(lx_yaml_text(lx_yaml_get(e->model_info, LX_S("blocked"))), &d->blocked);
    take_tag_regexes(l, e);
    check_session_header(l, e);
    lx_load_own_fails(l, e->model_info, d);
    lx_load_own_retries(l, e, d);
    if (e->num_retries >= 0)
        d->max_retries = e->num_retries;
    struct lx_slice id = lx_yaml_text(lx_yaml_get(e->model_info, LX_S("id")));
    d->id = id.n ? lx_arena_copy(a, id) : lx_deployment_hash(l, d->group, e->own_params);
    d->where = lx_arena_printf(a, "%.*s:%d", LX_F(at->file->name), at->line);
}
