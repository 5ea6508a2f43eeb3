/*
 * access_groups.c - /access_group/... in LiteLLM's shapes: the access groups that deployments of
 * the configuration name in their model_info. Changing them, and budgets for them, want a database,
 * as in LiteLLM.
 */
#include "route/access.h"
#include "serve/endpoint.h"

static void write_group(struct lx_out *o, const struct lx_access_group *g)
{
    lx_out_object(o, NULL);
    lx_out_str(o, "access_group", g->name);
    lx_out_array(o, "model_names");
    for (size_t i = 0; i < g->model_count; i++)
        lx_out_str(o, NULL, g->models[i]);
    lx_out_array_end(o);
    lx_out_int(o, "deployment_count", (int64_t)g->deployments);
    lx_out_null(o, "spend");
    lx_out_null(o, "budget");
    lx_out_object_end(o);
}

/* By name, as LiteLLM has them. */
static void sort(struct lx_access_group *v, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const struct lx_access_group g = v[i];
        size_t to = i;
        for (; to && lx_slice_cmp(g.name, v[to - 1].name) < 0; to--)
            v[to] = v[to - 1];
        v[to] = g;
    }
}

void lx_endpoint_access_groups(struct lx_exchange *x)
{
    size_t n;
    struct lx_access_group *v = lx_access_groups(&x->config->routes, &x->arena, &n);
    struct lx_buf body;
    lx_buf_init(&body, 64u << 20);
    struct lx_out o = lx_out(&body);
    sort(v, n);
    lx_out_object(&o, NULL);
    lx_out_array(&o, "access_groups");
    for (size_t i = 0; i < n; i++)
        write_group(&o, &v[i]);
    lx_out_array_end(&o);
    lx_out_object_end(&o);
    lx_exchange_send_json(x, 200, &body);
}

void lx_endpoint_access_group(struct lx_exchange *x)
{
    size_t n, i = 0;
    const struct lx_access_group *v = lx_access_groups(&x->config->routes, &x->arena, &n);
    struct lx_buf body;
    while (i < n && !lx_slice_eq(v[i].name, x->path_value))
        i++;
    if (i == n) {
        const struct lx_fault f = {.kind = LX_FAULT_NOT_FOUND,
                                   .message =
                                       lx_arena_printf(&x->arena, "there is no access group %.*s",
                                                       LX_F(lx_slice_to(x->path_value, 100))),
                                   .retry_after_ms = -1};
        lx_exchange_refuse(x, 404, &f);
        return;
    }
    lx_buf_init(&body, 64u << 20);
    struct lx_out o = lx_out(&body);
    write_group(&o, &v[i]);
    lx_exchange_send_json(x, 200, &body);
}

/* 500, as LiteLLM answers without one. */
void lx_endpoint_access_group_change(struct lx_exchange *x)
{
    const struct lx_fault f = {
        .kind = LX_FAULT_INTERNAL,
        .message = LX_S("there is no database that could keep access groups: they are set in the "
                        "configuration (model_list[].model_info.access_groups)"),
        .retry_after_ms = -1};
    lx_exchange_refuse(x, 500, &f);
}
