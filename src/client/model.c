/*
 * model.c - what the library says of a model before it is asked: what it lacks, what it takes; and
 * of all of them, what their router knows.
 */
#include "base/random.h"
#include "client/client.h"
#include "route/choose.h"
#include "route/list.h"
#include "route/show.h"

/* The first deployment that serves the name; NULL with *err. */
static const struct lx_deployment *find(llmux_client *c, const char *model,
                                        struct lx_slice *upstream, llmux_error **err)
{
    struct lx_slice star, name = lx_slice_z(model);
    const struct lx_deployment *d;

    if (lx_client_add_model(c, name, err) != 0)
        return NULL;
    d = lx_route_find(&c->setup->config->routes, name, &star)->deployments[0];
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

static const char *shown(llmux_client *c, llmux_error **err)
{
    lx_buf_add_byte(&c->shown, '\0');
    if (!c->shown.failed)
        return c->shown.p;
    lx_client_fail(err, c->shown.failed, NULL);
    return NULL;
}

const char *llmux_client_router_state(llmux_client *c, llmux_error **err)
{
    struct lx_route_note notes[LX_TRAIL_SIZE];
    struct lx_out out = lx_out(&c->shown);
    const struct lx_route_view view = {
        .table = &c->setup->config->routes,
        .now_ms = c->epoch_ms + lx_loop_now_ms(c->loop),
        .notes = notes,
        .note_count = lx_route_trail_read(c->trail, notes, LX_TRAIL_SIZE),
    };

    lx_buf_reset(&c->shown);
    lx_out_object(&out, NULL);
    lx_route_show_json(&view, &out);
    lx_out_object_end(&out);
    return shown(c, err);
}

/* name: NULL: all. */
static const char *list(llmux_client *c, const char *name, const char *kind,
                        size_t (*write)(const struct lx_route_table *, struct lx_slice,
                                        struct lx_buf *),
                        llmux_error **err)
{
    struct lx_error why;
    struct lx_slice only = name ? lx_slice_z(name) : lx_slice(NULL, 0);

    lx_buf_reset(&c->shown);
    if (write(&c->setup->config->routes, only, &c->shown) || !name || c->shown.failed)
        return shown(c, err);
    lx_error_set(&why, LX_ENOTFOUND, "there is no %s %.*s", kind, LX_F(lx_slice_to(only, 100)));
    lx_client_fail(err, LX_ENOTFOUND, &why);
    return NULL;
}

const char *llmux_client_deployments(llmux_client *c, const char *id, llmux_error **err)
{
    return list(c, id, "deployment with the id", lx_route_list_deployments, err);
}

const char *llmux_client_model_groups(llmux_client *c, const char *name, llmux_error **err)
{
    return list(c, name, "model group", lx_route_list_groups, err);
}

const char *llmux_client_available_deployment(llmux_client *c, const char *model, llmux_error **err)
{
    const struct lx_route_table *t = &c->setup->config->routes;
    struct lx_route_request r = {.settings = &t->settings, .prompt_tokens = -1};

    if (lx_client_add_model(c, lx_slice_z(model), err) != 0)
        return NULL;
    r.group = lx_route_find(t, lx_slice_z(model), &r.star);
    r.now_ms = c->epoch_ms + lx_loop_now_ms(c->loop);
    lx_random_bytes(&r.random, sizeof(r.random));
    const struct lx_route_verdict v = lx_route_choose(&r);
    lx_buf_reset(&c->shown);
    if (v.kind == LX_ROUTE_USE) {
        lx_buf_add(&c->shown, v.deployment->id);
        return shown(c, err);
    }
    lx_route_explain(&r, &c->shown);
    const struct lx_fault f = {
        .kind = v.why, .message = lx_buf_slice(&c->shown), .retry_after_ms = -1};
    lx_client_fault(err, LX_ENOTFOUND, &f);
    return NULL;
}
