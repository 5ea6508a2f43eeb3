/*
 * setup.c - the configuration that a client goes by: read from a file, changed while it runs.
 *
 * It is replaced whole or stays as it is, as the gateway's is on SIGHUP: a new configuration is
 * read, its deployments are bound to the router's records (those that stay find theirs again), and
 * it takes the old one's place. A call holds the one that it began with.
 */
#include <stdlib.h>

#include "client/client.h"

#define DIAGS_MAX (64u << 20)

struct lx_setup *lx_setup_hold(struct lx_setup *s)
{
    s->holders++;
    return s;
}

void lx_setup_drop(struct lx_setup *s)
{
    if (!s || --s->holders)
        return;
    for (struct lx_named_model *m = s->named; m; m = m->next) {
        lx_secret_clear(&m->key);
        lx_credential_source_clear(m->credential);
    }
    lx_config_unref(s->config);
    free(s);
}

/* Takes the configuration (NULL: there was no memory for one), or frees it. */
static int use(llmux_client *c, struct lx_config *config, struct lx_route_state *router)
{
    struct lx_setup *s = config ? calloc(1, sizeof(*s)) : NULL;
    int code = s ? lx_client_register_again(c, config) : LX_ENOMEM;

    if (code == 0)
        code = lx_route_state_bind(router, &config->routes);
    if (code != 0) {
        lx_config_unref(config);
        free(s);
        return code;
    }
    *s = (struct lx_setup){1, config, config->routes.settings.policy.strategy, NULL};
    lx_client_use_strategy(c, s);
    if (c->drop_params >= 0)
        config->routes.settings.drop_params = c->drop_params;
    lx_setup_drop(c->setup);
    c->setup = s;
    return 0;
}

bool lx_client_begin(llmux_client *c)
{
    struct lx_config *config = lx_config_new();

    if (config)
        config->routes.settings.max_response_bytes = LX_REPLY_MAX;
    return use(c, config, c->router) == 0;
}

const struct lx_deployment *lx_client_configured(const llmux_client *c, struct lx_slice model)
{
    struct lx_slice star;
    const struct lx_model_group *g = lx_route_find(&c->setup->config->routes, model, &star);
    const struct lx_deployment *d = g && g->count && !star.p ? g->deployments[0] : NULL;

    for (const struct lx_named_model *m = c->setup->named; m; m = m->next)
        if (d == &m->d)
            return NULL;
    return d;
}

/* The first of a kind; file: only of that one, or NULL. NULL: there is none. */
static const struct lx_diag *find_diag(const struct lx_diags *diags, enum lx_diag_kind kind,
                                       const char *file)
{
    for (size_t i = 0; i < diags->n; i++)
        if (diags->v[i].kind == kind && (!file || lx_slice_eq(diags->v[i].file, lx_slice_z(file))))
            return &diags->v[i];
    return NULL;
}

static int refuse(const struct lx_diag *d, llmux_error **err)
{
    struct lx_error why = {0};

    if (d && d->line)
        lx_error_set(&why, LX_ECONFIG, "%.*s:%d: %.*s%s%.*s", LX_F(d->file), d->line, LX_F(d->path),
                     d->path.n ? ": " : "", LX_F(d->text));
    else if (d)
        lx_error_set(&why, LX_ECONFIG, "%.*s: %.*s", LX_F(d->file), LX_F(d->text));
    return lx_client_fail(err, LX_ECONFIG, d ? &why : NULL);
}

/* path: a file takes the configuration's place; NULL: changes are made to it. */
static int replace(llmux_client *c, const char *path, struct lx_slice changes, llmux_error **err)
{
    const struct lx_config *before = c->setup->config;
    struct lx_arena arena;
    struct lx_diags diags = {.arena = &arena};
    const struct lx_diag *unknown;
    struct lx_config *config;
    int code;

    lx_arena_init(&arena, DIAGS_MAX);
    config = path ? lx_config_open(path, lx_client_env(), before, &diags)
                  : lx_config_change(before, changes, lx_client_env(), &diags);
    unknown = path ? NULL : find_diag(&diags, LX_DIAG_UNKNOWN, LX_CONFIG_CHANGES);
    if (!config || unknown) { /* who changes something means it: nobody reads warnings here */
        lx_config_unref(config);
        code = refuse(config ? unknown : find_diag(&diags, LX_DIAG_ERROR, NULL), err);
    } else {
        code = use(c, config, c->router);
        if (code != 0)
            lx_client_fail(err, code, NULL);
    }
    lx_arena_clear(&arena);
    return code;
}

int llmux_client_load_config(llmux_client *c, const char *path, llmux_error **err)
{
    return replace(c, path, lx_slice(NULL, 0), err);
}

int llmux_client_change_config(llmux_client *c, const char *changes, llmux_error **err)
{
    return replace(c, NULL, lx_slice_z(changes), err);
}

/* The records are what the old configuration is bound to, and stay with it: so it is read anew. */
int llmux_client_reset_router(llmux_client *c, llmux_error **err)
{
    const struct lx_config *before = c->setup->config;
    struct lx_route_state *router = lx_route_state_new();
    struct lx_arena arena;
    struct lx_diags diags = {.arena = &arena};
    struct lx_config *config;
    int code = LX_ENOMEM;

    lx_arena_init(&arena, DIAGS_MAX);
    config = before->source ? lx_config_change(before, LX_S("{}"), lx_client_env(), &diags)
                            : lx_config_new();
    if (router && config)
        code = use(c, config, router);
    else
        lx_config_unref(config);
    if (code == 0) {
        lx_route_state_unref(c->router);
        c->router = router;
    } else {
        lx_route_state_unref(router);
        if (diags.errors)
            code = refuse(find_diag(&diags, LX_DIAG_ERROR, NULL), err);
        else
            lx_client_fail(err, code, NULL);
    }
    lx_arena_clear(&arena);
    return code;
}
