/*
 * client.c - the client object: settings, keys, and the deployments made from model names.
 *
 * A model that no configuration names is resolved the first time it is asked for, and becomes a
 * group of one deployment: from then on it is found like any other.
 */
#include "client/client.h"
#include "tokens/tokens.h"

#include <stdlib.h>
#include <time.h>

#define CLIENT_MAX (1u << 30) /* bytes of models and overrides */
#define TURN_MS    100

static const char *get_env(void *arg, const char *name)
{
    (void)arg;
    return getenv(name);
}

static const struct lx_env process_env = {.get = get_env};

const struct lx_env *lx_client_env(void)
{
    return &process_env;
}

const char *llmux_version(void)
{
    return LX_VERSION;
}

static void on_mirror_end(struct lx_asides *all, const struct lx_aside *a, bool gone)
{
    (void)all;
    (void)gone;
    lx_setup_drop(lx_aside_get(a)->hold);
}

llmux_client *llmux_client_new(void)
{
    llmux_client *c = calloc(1, sizeof(*c));
    const struct lx_net_options net = lx_net_options_of(&process_env);

    if (!c)
        return NULL;
    lx_buf_init(&c->tokens, SIZE_MAX / 4);
    lx_buf_init(&c->text, SIZE_MAX / 4);
    lx_buf_init(&c->shown, SIZE_MAX / 4);
    lx_arena_init(&c->arena, CLIENT_MAX);
    c->last_registered = &c->registered;
    c->max_retries = c->drop_params = -1;
    c->epoch_ms = lx_clock_wall_ms() - lx_clock_mono_ms();
    c->router = lx_route_state_new();
    c->trail = lx_route_trail_new();
    c->loop = c->router ? lx_loop_new() : NULL;
    c->net = c->loop ? lx_net_new(c->loop, &net, NULL) : NULL;
    c->keys = lx_keys_new();
    c->mirrors = (struct lx_asides){
        .loop = c->loop, .net = c->net, .epoch_ms = c->epoch_ms, .on_end = on_mirror_end};
    if (c->net && c->keys && c->trail && lx_client_begin(c))
        return c;
    llmux_client_free(c);
    return NULL;
}

void llmux_client_free(llmux_client *c)
{
    if (!c)
        return;
    lx_asides_clear(&c->mirrors);
    lx_net_free(c->net);
    if (c->loop)
        lx_loop_turn(c->loop, 0); /* frees what closed just now */
    lx_loop_free(c->loop);
    for (struct lx_override *o = c->overrides; o; o = o->next)
        lx_secret_clear(&o->key);
    lx_call_pool_free(c->calls);
    lx_keys_free(c->keys);
    lx_route_trail_free(c->trail);
    lx_buf_clear(&c->shown);
    lx_setup_drop(c->setup);
    lx_route_state_unref(c->router);
    lx_tokenizer_free(c->tokenizer);
    lx_buf_clear(&c->tokens);
    lx_buf_clear(&c->text);
    lx_arena_clear(&c->arena);
    free(c);
}

static struct lx_override *find_override(const llmux_client *c, struct lx_slice provider)
{
    struct lx_override *o = c->overrides;

    while (o && !lx_slice_eq(o->provider, provider))
        o = o->next;
    return o;
}

/* The key stays whose it is: a deployment only borrows it. */
static void apply_overrides(llmux_client *c, struct lx_named_model *m)
{
    const struct lx_override *o = find_override(c, lx_slice_z(m->d.provider->id));
    bool own = !o || !lx_secret_is_set(&o->key);
    m->d.key = own ? m->key : o->key;
    m->d.credential = own ? m->credential : NULL;
    m->d.base_url = o && o->base_url.n ? o->base_url : m->base_url;
}

static void apply_to_all(llmux_client *c)
{
    for (struct lx_named_model *m = c->setup->named; m; m = m->next)
        apply_overrides(c, m);
}

static struct lx_override *override_of(llmux_client *c, const char *provider)
{
    struct lx_slice name = lx_slice_z(provider);
    struct lx_override *o = find_override(c, name);

    if (!o && (o = lx_arena_new(&c->arena, struct lx_override))) {
        o->provider = lx_arena_copy(&c->arena, name);
        o->next = c->overrides;
        c->overrides = o;
    }
    return o;
}

int llmux_client_set_key(llmux_client *c, const char *provider, const char *key)
{
    struct lx_override *o = override_of(c, provider);
    int code;

    if (!o)
        return LX_ENOMEM;
    lx_secret_clear(&o->key);
    code = lx_secret_init(&o->key, lx_slice_z(key));
    apply_to_all(c);
    return code;
}

int llmux_client_set_base_url(llmux_client *c, const char *provider, const char *url)
{
    struct lx_override *o = override_of(c, provider);

    if (o)
        o->base_url = lx_arena_copy(&c->arena, lx_slice_z(url));
    apply_to_all(c);
    return o && o->base_url.p ? 0 : LX_ENOMEM;
}

int llmux_client_set_timeout_ms(llmux_client *c, int64_t ms)
{
    if (ms < 0)
        return LX_EINVAL;
    c->timeout_ms = ms;
    return 0;
}

int llmux_client_set_max_retries(llmux_client *c, int n)
{
    if (n < 0)
        return LX_EINVAL;
    c->max_retries = n;
    return 0;
}

int llmux_client_set_drop_params(llmux_client *c, int on)
{
    c->drop_params = c->setup->config->routes.settings.drop_params = on != 0;
    return 0;
}

static int add_deployment(llmux_client *c, struct lx_slice model, struct lx_error *why)
{
    struct lx_config *config = c->setup->config;
    struct lx_route_table *t = &config->routes;
    struct lx_named_model *m = lx_arena_new(&config->arena, struct lx_named_model);
    struct lx_slice name = lx_arena_copy(&config->arena, model);
    int code = m && name.p ? lx_deployment_of_name(name, t->custom, t->custom_count, &process_env,
                                                   &config->arena, &m->d, why)
                           : LX_ENOMEM;

    if (code != 0)
        return code;
    m->key = m->d.key;
    m->credential = m->d.credential;
    m->base_url = m->d.base_url;
    m->next = c->setup->named;
    c->setup->named = m;
    apply_overrides(c, m);
    m->d.group = name;
    lx_deployment_learn(&m->d, config->catalog, &config->arena);
    code = lx_route_table_add(t, &m->d);
    return code ? code : lx_route_state_bind(c->router, t);
}

int lx_client_add_model(llmux_client *c, struct lx_slice model, llmux_error **err)
{
    struct lx_slice star;
    struct lx_error why = {0};
    int code;

    if (lx_route_find(&c->setup->config->routes, model, &star))
        return 0;
    code = add_deployment(c, model, &why);
    return code ? lx_client_fail(err, code, why.code ? &why : NULL) : 0;
}

int lx_client_call(llmux_client *c, const struct lx_dialect *front, const llmux_request *request,
                   bool stream, bool is_driven, struct lx_buf *body, struct lx_call **out,
                   llmux_error **err)
{
    const struct lx_route_table *routes = &c->setup->config->routes;
    struct lx_call_input in = {
        .routes = routes,
        .front = front,
        .keys = c->keys,
        .trail = c->trail,
        .now_ms = c->epoch_ms + lx_loop_now_ms(c->loop),
        .timeout_ms = c->timeout_ms,
        .max_retries = c->max_retries,
        .keeps_body = true,
        .fetches_media = is_driven, /* else the user's sockets know nothing of public_only */
    };
    bool routed = lx_auto_find(routes, request->model) != NULL;
    int code = routed ? 0 : lx_client_add_model(c, request->model, err);

    if (code != 0)
        return code;
    code = lx_client_render(request, front->operation, stream, body);
    if (code != 0)
        return lx_client_fail(err, code, NULL);
    in.body = lx_buf_slice(body);
    lx_random_bytes(&in.random, sizeof(in.random));
    if (!c->calls)
        c->calls = lx_call_pool_new(&routes->settings);
    in.pool = c->calls;
    *out = lx_call_new(&in);
    return *out ? 0 : lx_client_fail(err, LX_ENOMEM, NULL);
}
