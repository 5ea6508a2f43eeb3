/*
 * cost.c - the catalog for users of the library: what models are, what replies cost.
 */
#include "catalog/info.h"
#include "catalog/query.h"
#include "catalog/row.h"
#include "client/client.h"

enum { MAX_ARENA_BYTES = 16 << 20, MAX_INFO_BYTES = 1 << 20 };

static const struct lx_catalog *catalog_of(const llmux_client *c)
{
    return c->setup->config->catalog;
}

static int unknown(llmux_error **err, struct lx_slice model)
{
    struct lx_error why;

    lx_error_set(&why, LX_ENOTFOUND,
                 "no model is known as %.*s; llmux_client_register_models() adds "
                 "some",
                 LX_F(lx_slice_to(model, 100)));
    return lx_client_fail(err, LX_ENOTFOUND, &why);
}

/* ---- What a model is ------------------------------------------------------------------------ */

static bool find_row(const llmux_client *c, struct lx_slice model, struct lx_arena *a,
                     struct lx_model *out, struct lx_slice *own)
{
    const struct lx_deployment *d = lx_client_configured(c, model);
    const struct lx_slice none = {0};

    *own = d ? d->model_info : lx_slice(NULL, 0);
    if (d && d->price && d->price->model.name.n) {
        *out = d->price->model;
        return true;
    }
    return lx_catalog_find(catalog_of(c), none, model, out) ||
           lx_catalog_describe(catalog_of(c), none, model, a, out);
}

const char *llmux_client_model_info(llmux_client *c, const char *model, llmux_error **err)
{
    struct lx_slice own;
    struct lx_model m;
    struct lx_buf b;
    struct lx_out o;
    const char *z;

    if (!find_row(c, lx_slice_z(model), &c->arena, &m, &own)) {
        unknown(err, lx_slice_z(model));
        return NULL;
    }
    lx_buf_init(&b, MAX_INFO_BYTES);
    o = lx_out(&b);
    lx_out_object(&o, NULL);
    lx_model_info_write(&o, m, own);
    lx_out_object_end(&o);
    z = b.failed ? NULL : lx_arena_copy_z(&c->arena, lx_buf_slice(&b));
    lx_buf_clear(&b);
    if (!z)
        lx_client_fail(err, LX_ENOMEM, NULL);
    return z;
}

/* The user's own word in model_info counts, whatever the catalog says. */
int llmux_client_supports(llmux_client *c, const char *model, const char *what)
{
    struct lx_slice own, name;
    struct lx_model m;
    struct lx_arena a;
    int prefixed = strncmp(what, "supports_", 9) == 0;
    bool supports = false;

    lx_arena_init(&a, MAX_ARENA_BYTES);
    if (find_row(c, lx_slice_z(model), &a, &m, &own)) {
        name = lx_arena_printf(&a, "%s%s", prefixed ? "" : "supports_", what);
        supports = lx_model_supports(catalog_of(c),
                                     lx_row_get(own, name).p ? (struct lx_model){.json = own} : m,
                                     lx_slice_z(what));
    }
    lx_arena_clear(&a);
    return supports;
}

static int add_models(struct lx_config *config, struct lx_slice json, struct lx_error *why)
{
    if (!config->catalog)
        config->catalog = lx_catalog_new();
    return config->catalog ? lx_catalog_add(config->catalog, json, why) : LX_ENOMEM;
}

int lx_client_register_again(const llmux_client *c, struct lx_config *config)
{
    struct lx_error why;
    int code = 0;

    for (const struct lx_registered *r = c->registered; r && code >= 0; r = r->next)
        code = add_models(config, r->json, &why);
    return code < 0 ? code : 0;
}

int llmux_client_register_models(llmux_client *c, const char *json, llmux_error **err)
{
    struct lx_registered *r = lx_arena_new(&c->arena, struct lx_registered);
    struct lx_slice text = lx_arena_copy(&c->arena, lx_slice_z(json));
    struct lx_error why = {0};
    int code = r && text.p ? add_models(c->setup->config, text, &why) : LX_ENOMEM;

    if (code < 0)
        return lx_client_fail(err, code, why.code ? &why : NULL);
    r->json = text;
    *c->last_registered = r;
    c->last_registered = &r->next;
    return 0;
}

/* ---- What it costs -------------------------------------------------------------------------- */

static int run(llmux_client *c, struct lx_cost_query *q, struct lx_arena *a, struct lx_cost *cost,
               llmux_error **err)
{
    const struct lx_cost_settings *settings = &c->setup->config->routes.settings.cost;
    const struct lx_deployment *d = lx_client_configured(c, q->model);
    struct lx_price price;
    struct lx_error why;
    int code;

    if (d) {
        q->model = d->model;
        q->provider = lx_slice_z(d->provider->id);
        q->base_model = d->base_model;
    }
    code = lx_cost_query_run(catalog_of(c), q, d ? d->own_prices : lx_slice(NULL, 0), a, &price,
                             cost, &why);
    if (code < 0)
        return lx_client_fail(err, code, &why);
    lx_cost_adjust(cost, q->provider.n ? q->provider : price.provider, settings->discounts,
                   settings->margins);
    return 0;
}

static const char *answer(llmux_client *c, const struct lx_cost *cost)
{
    struct lx_buf b = {.p = c->cost, .cap = sizeof(c->cost) - 1, .max = sizeof(c->cost) - 1};

    lx_money_write(cost->total, &b);
    c->cost[b.n] = '\0';
    return c->cost;
}

const char *llmux_client_completion_cost(llmux_client *c, const char *model, const char *json,
                                         size_t n, llmux_error **err)
{
    struct lx_cost_query q = {0};
    struct lx_json_doc doc;
    struct lx_arena a;
    struct lx_cost cost;
    struct lx_error why = {0};
    int code;

    lx_arena_init(&a, MAX_ARENA_BYTES);
    lx_json_doc_init(&doc);
    code = lx_json_read(&doc, lx_slice(json, n), NULL, &why);
    if (code == 0)
        code = lx_cost_query_read(lx_json_root(&doc), &a, &q, &why);
    if (code < 0) {
        lx_client_fail(err, code, &why);
    } else {
        if (model)
            q.model = lx_slice_z(model);
        code = run(c, &q, &a, &cost, err);
    }
    lx_json_doc_clear(&doc);
    lx_arena_clear(&a);
    return code == 0 ? answer(c, &cost) : NULL;
}

const char *llmux_client_cost_per_token(llmux_client *c, const char *model, int64_t prompt_tokens,
                                        int64_t completion_tokens, llmux_error **err)
{
    struct lx_cost_query q = {
        .model = lx_slice_z(model),
        .usage = {.known = true,
                  .prompt_tokens = prompt_tokens,
                  .completion_tokens = completion_tokens},
    };
    struct lx_arena a;
    struct lx_cost cost;
    int code;

    lx_arena_init(&a, MAX_ARENA_BYTES);
    code = run(c, &q, &a, &cost, err);
    lx_arena_clear(&a);
    return code == 0 ? answer(c, &cost) : NULL;
}
