/*
 * price.c - what deployments cost: the user's model map, own prices, discounts and margins.
 *
 * Prices are read once, with the configuration. A map or a price that cannot be is no reason not to
 * serve: it is left out, and a warning says so.
 */
#include "config/load.h"

#include "catalog/price.h"
#include "catalog/row.h"
#include "route/state.h"

#define PARAMS "model_list[].litellm_params"

/* ---- The map -------------------------------------------------------------------------------- */

#define SETTINGS "litellm_settings"

/* A map that cannot be had now is no reason to forget the one that is there. */
static void keep_map(struct lx_load *l, const char *why)
{
    struct lx_config_map *m = &l->config->map;
    struct lx_catalog *before = l->before ? l->before->map.catalog : NULL;
    m->stale = true;
    if (before)
        m->catalog = lx_catalog_ref(before);
    lx_diag_add(l->diags, LX_DIAG_WARNING, NULL, LX_S("LITELLM_MODEL_COST_MAP_URL"),
                "%.*s: %s; the %s models and prices are used", LX_F(m->place), why,
                before ? "former" : "built-in");
}

static void load_map(struct lx_load *l)
{
    struct lx_config_map *m = &l->config->map;
    const struct lx_yaml *given = lx_load_setting(l, SETTINGS, "model_cost_map_url");
    struct lx_slice place = {0};
    struct lx_error err = {0};
    if (given && given->kind == LX_YAML_SCALAR)
        place = lx_load_text(l, given, LX_S(SETTINGS ".model_cost_map_url"));
    if (lx_cost_map_configured(place, &l->env, &l->config->net, &m->catalog, &l->config->arena,
                               &m->place, &err) < 0)
        keep_map(l, err.text);
    if (!m->stale && lx_catalog_rules_left_out(m->catalog))
        lx_diag_add(l->diags, LX_DIAG_WARNING, NULL, LX_S("LITELLM_MODEL_COST_MAP_URL"),
                    "%.*s: %zu rules of its fallback_generalizations are not used: they are wrong, "
                    "or their patterns need what is not known here",
                    LX_F(m->place), lx_catalog_rules_left_out(m->catalog));
}

/* The map with the configuration's own rows over it. */
static void load_catalog(struct lx_load *l)
{
    struct lx_config *c = l->config;
    const struct lx_yaml *rows = lx_load_setting(l, SETTINGS, "model_cost");
    struct lx_error err = {0};
    load_map(l);
    if (c->map.catalog && !rows)
        c->catalog = lx_catalog_ref(c->map.catalog);
    else /* without rows too: it has read the rules about names */
        c->catalog = lx_catalog_copy(c->map.catalog);
    if (!c->catalog)
        c->arena.failed = LX_ENOMEM;
    else if (rows && lx_catalog_add(c->catalog, lx_load_json(l, rows), &err) < 0)
        lx_diag_add(l->diags, LX_DIAG_ERROR, rows, LX_S(SETTINGS ".model_cost"), "%s", err.text);
}

/* ---- Own prices ----------------------------------------------------------------------------- */

static bool is_price(struct lx_slice name)
{
    static const char others[] = "tiered_pricing|off_peak_pricing|dated_pricing|"
                                 "provider_specific_entry|web_search_billing_unit|"
                                 "search_free_requests";
    struct lx_rate rate;
    return lx_rate_of_member(name, &rate) || lx_glob_match(lx_slice_z(others), name);
}

/* YAML makes a string of 2e-3; here it is a number whatever YAML says. */
static void write_price(struct lx_load *l, const struct lx_yaml *v, struct lx_out *o)
{
    struct lx_money m;
    if (v->kind == LX_YAML_SCALAR && lx_money_read(v->text, &m) == 0) {
        lx_money_write(m, o->buf);
        o->comma = true;
    } else {
        lx_load_write_json(l, v, o);
    }
}

/* Prices may stand in both places; those in litellm_params come first, so that they win. */
void lx_load_own_prices(struct lx_load *l, const struct lx_yaml *params, struct lx_deployment *d)
{
    const struct lx_yaml *base = lx_yaml_get(params, LX_S("base_model"));
    struct lx_error err;
    struct lx_buf b;
    lx_buf_init(&b, 1 << 20);
    struct lx_out o = lx_out(&b);
    lx_out_object(&o, NULL);
    for (size_t i = 0; params && i < params->n; i++)
        if (is_price(params->pairs[i].key->text)) {
            lx_out_name(&o, lx_text(params->pairs[i].key->text));
            write_price(l, params->pairs[i].value, &o);
        }
    for (struct lx_row r = lx_row(d->model_info); lx_row_next(&r);)
        if (is_price(r.name)) {
            lx_row_write(&r, &o);
        }
    lx_out_object_end(&o);
    if (b.failed)
        l->config->arena.failed = b.failed;
    else if (b.n > 2 && lx_price_check(lx_buf_slice(&b), &err) < 0)
        lx_diag_add(l->diags, LX_DIAG_WARNING, params, LX_S(PARAMS),
                    "%s; the deployment's own prices are left out", err.text);
    else if (b.n > 2) /* more than {} */
        d->own_prices = lx_arena_copy(&l->config->arena, lx_buf_slice(&b));
    lx_buf_clear(&b);
    d->base_model = lx_row_unquoted(lx_row_get(d->model_info, LX_S("base_model")));
    if (base && base->kind == LX_YAML_SCALAR)
        d->base_model = lx_arena_copy(&l->config->arena, base->text);
}

/* ---- Discounts and margins ------------------------------------------------------------------ */

static struct lx_slice adjustments(struct lx_load *l, const char *key)
{
    const struct lx_yaml *v = lx_load_setting(l, SETTINGS, key);
    struct lx_money m;
    if (!v)
        return lx_slice(NULL, 0);
    struct lx_slice json = v->kind == LX_YAML_MAP ? lx_load_json(l, v) : lx_slice(NULL, 0);
    bool good = json.p != NULL;
    for (struct lx_row r = lx_row(json); lx_row_next(&r);)
        if (*r.value.p == '{')
            for (struct lx_row e = lx_row(r.value); lx_row_next(&e);)
                good &= lx_money_read(e.value, &m) == 0;
        else
            good &= lx_money_read(r.value, &m) == 0;
    if (!good)
        lx_diag_add(l->diags, LX_DIAG_ERROR, v, lx_arena_printf(&l->set.arena, SETTINGS ".%s", key),
                    "expected a mapping of providers to numbers: openai: 0.05");
    return json;
}

/* ---- All together --------------------------------------------------------------------------- */

static void price(struct lx_load *l, struct lx_deployment *d)
{
    struct lx_arena *a = &l->config->arena;
    if (d->price || lx_slice_find_byte(d->model, '*') >= 0)
        return;
    struct lx_price *p = lx_arena_new(a, struct lx_price);
    if (p) {
        lx_price_find(l->config->catalog, lx_slice_z(d->provider->id), d->model, d->base_model,
                      d->own_prices, a, p);
        d->price = p;
    }
}

/* ---- Searches that are free ----------------------------------------------------------------- */

/* Room for all that there may be; none is listed twice. */
static void add_free(struct lx_load *l, const struct lx_provider *provider,
                     const struct lx_price_free *f)
{
    struct lx_cost_settings *s = &l->config->routes.settings.cost;
    int64_t window_ms = f->monthly ? LX_SPEND_MONTH : INT64_C(86400000);
    size_t n = s->free_search_count;
    if (f->count <= 0)
        return;
    for (size_t i = 0; i < n; i++)
        if (s->free_searches[i].provider == provider &&
            lx_slice_eq(s->free_searches[i].group, f->group))
            return;
    if (!(n & (n - 1))) {
        struct lx_search_allowance *v =
            lx_arena_alloc(&l->config->arena, (n ? 2 * n : 1) * sizeof(*v));
        if (!v)
            return;
        if (n)
            memcpy(v, s->free_searches, n * sizeof(*v));
        s->free_searches = v;
    }
    s->free_searches[s->free_search_count++] = (struct lx_search_allowance){
        .provider = provider,
        .group = lx_arena_copy(&l->config->arena, f->group),
        .window_ms = window_ms,
    };
}

/* A wildcard may come to be any model's name. */
static void add_any_free(struct lx_load *l, const struct lx_provider *provider)
{
    struct lx_model m;
    struct lx_price_free f;
    for (size_t at = 0; lx_catalog_next(l->config->catalog, &at, &m);)
        if (lx_price_read_free(lx_row_get(m.json, LX_S("search_free_requests")), &f))
            add_free(l, provider, &f);
}

void lx_load_prices(struct lx_load *l)
{
    struct lx_route_table *t = &l->config->routes;
    load_catalog(l);
    t->settings.cost.catalog = l->config->catalog;
    t->settings.cost.discounts = adjustments(l, "cost_discount_config");
    t->settings.cost.margins = adjustments(l, "cost_margin_config");
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; k < t->groups[i]->count; k++)
            price(l, t->groups[i]->deployments[k]);
    for (size_t i = 0; t->settings.cost.free_tier && i < t->count; i++)
        for (size_t k = 0; k < t->groups[i]->count; k++) {
            const struct lx_deployment *d = t->groups[i]->deployments[k];
            if (d->price)
                add_free(l, d->provider, &d->price->free_searches);
            else
                add_any_free(l, d->provider);
        }
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; k < t->groups[i]->count; k++)
            lx_deployment_learn(t->groups[i]->deployments[k], l->config->catalog,
                                &l->config->arena);
}
