/*
 * model.c - what the library says of a model before it is asked: what it lacks, what it takes.
 */
#include "client/client.h"

/* The first deployment that serves the name; NULL with *err. */
static const struct lx_deployment *find(llmux_client *c, const char *model,
                                        struct lx_slice *upstream, llmux_error **err)
{
    struct lx_slice star, name = lx_slice_z(model);
    const struct lx_deployment *d;

    if (lx_client_add_model(c, name, err) != 0)
        return NULL;
    d = lx_route_find(&c->routes, name, &star)->deployments[0];
    *upstream = lx_deployment_model(d, star, &c->arena);
    return d;
}

const char *llmux_client_missing_variables(llmux_client *c, const char *model, llmux_error **err)
{
    struct lx_slice upstream;
    const struct lx_deployment *d = find(c, model, &upstream, err);
    const char *z = d ? lx_arena_copy_z(&c->arena, lx_deployment_missing(d, &c->arena)) : NULL;

    if (d && !z)
        lx_client_fail(err, LX_ENOMEM, NULL);
    return z;
}

const char *llmux_client_supported_params(llmux_client *c, const char *model, llmux_error **err)
{
    struct lx_slice upstream;
    const struct lx_deployment *d = find(c, model, &upstream, err);
    struct lx_buf names;
    const char *z = NULL;
    int code;

    if (!d)
        return NULL;
    lx_buf_init(&names, 1 << 16);
    code = lx_params_taken(d, upstream, &names);
    if (code == 0)
        z = lx_arena_copy_z(&c->arena, lx_buf_slice(&names));
    lx_buf_clear(&names);
    if (!z)
        lx_client_fail(err, code ? code : LX_ENOMEM, NULL);
    return z;
}
