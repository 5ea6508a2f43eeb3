/*
 * model.c - what the library says of a model before it is asked: what it lacks, what it takes; and
 * of all of them, what their router knows.
 */
#include "client/client.h"
#include "route/show.h"

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

static const char *params_taken(llmux_client *c, const char *model, enum lx_operation operation,
                                llmux_error **err)
{
    struct lx_slice upstream;
    const struct lx_deployment *d = find(c, model, &upstream, err);
    struct lx_buf names;
    const char *z = NULL;
    int code;

    if (!d)
        return NULL;
    lx_buf_init(&names, 1 << 16);
    code = lx_params_taken(d, upstream, operation, &names);
    if (code == 0)
        z = lx_arena_copy_z(&c->arena, lx_buf_slice(&names));
    lx_buf_clear(&names);
    if (!z)
        lx_client_fail(err, code ? code : LX_ENOMEM, NULL);
    return z;
}

const char *llmux_client_supported_params(llmux_client *c, const char *model, llmux_error **err)
{
    return params_taken(c, model, LX_OPERATION_CHAT, err);
}

const char *llmux_client_supported_embedding_params(llmux_client *c, const char *model,
                                                    llmux_error **err)
{
    return params_taken(c, model, LX_OPERATION_EMBED, err);
}

/* All groups in one list: those asked for by their names, and the configuration's. */
static bool list_groups(const llmux_client *c, struct lx_arena *a, struct lx_route_table *out)
{
    size_t more = c->config ? c->config->routes.count : 0;

    *out = c->routes;
    out->groups = lx_arena_alloc(a, (c->routes.count + more + 1) * sizeof(*out->groups));
    if (!out->groups)
        return false;
    if (c->routes.count)
        memcpy(out->groups, c->routes.groups, c->routes.count * sizeof(*out->groups));
    if (more)
        memcpy(out->groups + c->routes.count, c->config->routes.groups,
               more * sizeof(*out->groups));
    out->count += more;
    return true;
}

const char *llmux_client_router_state(llmux_client *c, llmux_error **err)
{
    struct lx_route_note notes[LX_TRAIL_SIZE];
    struct lx_arena scratch;
    struct lx_route_table all;
    struct lx_out out = lx_out(&c->shown);

    lx_buf_reset(&c->shown);
    lx_arena_init(&scratch, 64u << 20);
    if (list_groups(c, &scratch, &all)) {
        const struct lx_route_view view = {
            .table = &all,
            .now_ms = c->epoch_ms + lx_loop_now_ms(c->loop),
            .notes = notes,
            .note_count = lx_route_trail_read(c->trail, notes, LX_TRAIL_SIZE),
        };
        lx_out_object(&out, NULL);
        lx_route_show_json(&view, &out);
        lx_out_object_end(&out);
    }
    int code = scratch.failed;
    lx_arena_clear(&scratch);
    lx_buf_add_byte(&c->shown, '\0');
    if (!code)
        code = c->shown.failed;
    if (!code)
        return c->shown.p;
    lx_client_fail(err, code, NULL);
    return NULL;
}
