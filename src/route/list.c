/*
 * list.c - see list.h.
 */
#include "route/list.h"

#include "catalog/info.h"
#include "catalog/row.h"

static struct lx_model row_of(const struct lx_deployment *d)
{
    return d->price ? d->price->model : (struct lx_model){0};
}

/* ---- Deployments ---------------------------------------------------------------------------- */

/* The user's model_info with the prices that stood in litellm_params. */
static struct lx_slice own_info(const struct lx_deployment *d, struct lx_buf *b)
{
    struct lx_out o = lx_out(b);
    lx_buf_reset(b);
    lx_out_object(&o, NULL);
    lx_out_str(&o, "id", d->id);
    lx_out_bool(&o, "db_model", false);
    for (struct lx_row r = lx_row(d->own_prices); lx_row_next(&r);) {
        lx_out_name(&o, (struct lx_text){r.name, true});
        lx_out_raw(&o, NULL, r.value);
    }
    for (struct lx_row r = lx_row(d->model_info); lx_row_next(&r);) {
        if (lx_row_get(d->own_prices, r.name).p || lx_slice_eq(r.name, LX_S("id")))
            continue;
        lx_out_name(&o, (struct lx_text){r.name, true});
        lx_out_raw(&o, NULL, r.value);
    }
    lx_out_object_end(&o);
    return lx_buf_slice(b);
}

static void write_deployment(struct lx_out *o, struct lx_slice group, const struct lx_deployment *d,
                             struct lx_buf *scratch)
{
    lx_out_object(o, NULL);
    lx_out_str(o, "model_name", group);
    lx_out_object(o, "litellm_params");
    lx_out_string_open(o, "model");
    lx_out_string_part(o, lx_text(lx_slice_z(d->provider->id)));
    lx_out_string_part(o, lx_text(LX_S("/")));
    lx_out_string_part(o, lx_text(d->model));
    lx_out_string_close(o);
    lx_out_str(o, "custom_llm_provider", lx_slice_z(d->provider->id));
    lx_out_str(o, "api_base", d->base_url);
    if (d->rpm)
        lx_out_int(o, "rpm", d->rpm);
    if (d->tpm)
        lx_out_int(o, "tpm", d->tpm);
    lx_out_object_end(o);
    lx_out_object(o, "model_info");
    lx_model_info_write(o, row_of(d), own_info(d, scratch));
    lx_out_object_end(o);
    lx_out_object_end(o);
}

size_t lx_route_list_deployments(const struct lx_route_table *t, struct lx_slice id,
                                 struct lx_buf *out)
{
    struct lx_buf scratch;
    size_t found = 0;
    lx_buf_init(&scratch, 1u << 20);
    struct lx_out o = lx_out(out);
    lx_out_object(&o, NULL);
    lx_out_array(&o, "data");
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; !t->groups[i]->hidden && k < t->groups[i]->count; k++) {
            const struct lx_deployment *d = t->groups[i]->deployments[k];
            if (id.p && !lx_slice_eq(id, d->id))
                continue;
            write_deployment(&o, t->groups[i]->name, d, &scratch);
            found++;
        }
    lx_out_array_end(&o);
    lx_out_object_end(&o);
    if (scratch.failed && !out->failed)
        out->failed = scratch.failed;
    lx_buf_clear(&scratch);
    return found;
}

/* ---- Groups --------------------------------------------------------------------------------- */

/* A member of a deployment: the user's own, else the catalog's. */
static struct lx_slice fact(const struct lx_deployment *d, const char *name)
{
    struct lx_slice v = lx_row_get(d->own_prices, lx_slice_z(name));
    if (!v.p)
        v = lx_row_get(d->model_info, lx_slice_z(name));
    return v.p ? v : lx_row_get(row_of(d).json, lx_slice_z(name));
}

/* The largest number that a deployment of the group has there; null. */
static void write_largest(struct lx_out *o, const struct lx_model_group *g, const char *name)
{
    struct lx_slice best = {0};
    struct lx_money most = {0}, m;
    for (size_t i = 0; i < g->count; i++) {
        struct lx_slice v = lx_row_unquoted(fact(g->deployments[i], name));
        if (lx_money_read(v, &m) == 0 && (!best.p || lx_money_less(most, m))) {
            best = v;
            most = m;
        }
    }
    lx_out_raw(o, name, best);
}

static void write_any(struct lx_out *o, const struct lx_model_group *g, const char *name)
{
    bool any = false;
    for (size_t i = 0; i < g->count; i++)
        any |= lx_slice_eq(fact(g->deployments[i], name), LX_S("true"));
    lx_out_bool(o, name, any);
}

static void write_providers(struct lx_out *o, const struct lx_model_group *g)
{
    lx_out_array(o, "providers");
    for (size_t i = 0; i < g->count; i++) {
        bool again = false;
        for (size_t k = 0; k < i; k++)
            again |= g->deployments[k]->provider == g->deployments[i]->provider;
        if (!again)
            lx_out_str(o, NULL, lx_slice_z(g->deployments[i]->provider->id));
    }
    lx_out_array_end(o);
}

static void write_sum(struct lx_out *o, const char *name, int64_t sum)
{
    if (sum)
        lx_out_int(o, name, sum);
    else
        lx_out_null(o, name);
}

static void write_group(struct lx_out *o, const struct lx_model_group *g)
{
    static const char *const numbers[] = {"max_input_tokens", "max_output_tokens",
                                          "input_cost_per_token", "output_cost_per_token"};
    static const char *const abilities[] = {"supports_parallel_function_calling",
                                            "supports_vision",
                                            "supports_web_search",
                                            "supports_url_context",
                                            "supports_reasoning",
                                            "supports_function_calling"};
    int64_t rpm = 0, tpm = 0;
    lx_out_object(o, NULL);
    lx_out_str(o, "model_group", g->name);
    write_providers(o, g);
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        write_largest(o, g, numbers[i]);
    lx_out_raw(o, "mode", fact(g->deployments[0], "mode"));
    for (size_t i = 0; i < g->count; i++) {
        rpm += g->deployments[i]->rpm;
        tpm += g->deployments[i]->tpm;
    }
    write_sum(o, "tpm", tpm);
    write_sum(o, "rpm", rpm);
    for (size_t i = 0; i < sizeof(abilities) / sizeof(abilities[0]); i++)
        write_any(o, g, abilities[i]);
    lx_out_bool(o, "is_public_model_group", false);
    lx_out_object_end(o);
}

size_t lx_route_list_groups(const struct lx_route_table *t, struct lx_slice name,
                            struct lx_buf *out)
{
    size_t found = 0;
    struct lx_out o = lx_out(out);
    lx_out_object(&o, NULL);
    lx_out_array(&o, "data");
    for (size_t i = 0; i < t->count; i++)
        if (!t->groups[i]->hidden && t->groups[i]->count &&
            (!name.p || lx_slice_eq(name, t->groups[i]->name))) {
            write_group(&o, t->groups[i]);
            found++;
        }
    lx_out_array_end(&o);
    lx_out_object_end(&o);
    return found;
}
