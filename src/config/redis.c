/*
 * redis.c - the Redis in which nodes share what their routers know: where it is, and whether one is
 * asked for at all.
 *
 * As LiteLLM: router_settings name it (a redis_url, or redis_host and redis_port); else a cache of
 * the type redis does, whose missing parts come from REDIS_URL, REDIS_HOST and so on. Variables
 * alone ask for nothing.
 */
#include "base/text.h"
#include "config/load.h"

#define CACHE "litellm_settings.cache_params"

static bool is_given(const struct lx_config_redis *r)
{
    return lx_secret_is_set(&r->url) || r->host.n;
}

static void set_secret(struct lx_load *l, struct lx_secret *s, struct lx_slice text)
{
    if (lx_secret_is_set(s) || !text.n)
        return;
    if (lx_secret_init(s, text) != 0)
        l->config->arena.failed = LX_ENOMEM;
}

static struct lx_slice variable(struct lx_load *l, const char *name)
{
    const char *value = l->env.get(l->env.arg, name);
    return lx_slice_z(value ? value : "");
}

static void read_number(struct lx_slice text, int64_t *out)
{
    int64_t n;
    if (!*out && lx_slice_int(text, &n) == 0 && n > 0)
        *out = n;
}

/* What the cache's own settings leave open. */
static void read_variables(struct lx_load *l, struct lx_config_redis *r)
{
    struct lx_arena *a = &l->config->arena;
    if (!is_given(r))
        set_secret(l, &r->url, variable(l, "REDIS_URL"));
    if (lx_secret_is_set(&r->url))
        return;
    if (!r->host.n)
        r->host = lx_arena_copy(a, variable(l, "REDIS_HOST"));
    if (!r->user.n)
        r->user = lx_arena_copy(a, variable(l, "REDIS_USERNAME"));
    set_secret(l, &r->password, variable(l, "REDIS_PASSWORD"));
    read_number(variable(l, "REDIS_PORT"), &r->port);
    read_number(variable(l, "REDIS_DB"), &r->db);
    r->ssl |= lx_slice_eq_nocase(variable(l, "REDIS_SSL"), LX_S("true"));
}

/* A part of an address, percent-decoded, in the arena. */
static struct lx_slice plain(struct lx_arena *a, struct lx_slice s)
{
    struct lx_buf b;
    lx_buf_init(&b, s.n + 1);
    struct lx_slice found = lx_arena_copy(a, s);
    if (lx_percent_read(s, &b) == 0)
        found = lx_arena_copy(a, lx_buf_slice(&b));
    if (b.p)
        lx_wipe(b.p, b.n);
    lx_buf_clear(&b);
    return found;
}

static void read_login(struct lx_load *l, struct lx_slice login, struct lx_config_redis *r)
{
    struct lx_slice user, password;
    lx_slice_cut(login, ':', &user, &password);
    r->user = plain(&l->config->arena, user);
    password = plain(&l->set.arena, password);
    lx_secret_clear(&r->password);
    set_secret(l, &r->password, password);
    if (password.n)
        lx_wipe((void *)(uintptr_t)password.p, password.n);
}

/* Python's names for how strict TLS is. */
static void read_strictness(struct lx_slice name, struct lx_slice value, struct lx_config_redis *r)
{
    if (lx_slice_eq(name, LX_S("ssl_cert_reqs")))
        r->no_verify = lx_slice_eq_nocase(value, LX_S("none"));
    else if (lx_slice_eq(name, LX_S("ssl_check_hostname")))
        r->any_host = lx_slice_eq_nocase(value, LX_S("false"));
}

static void read_query(struct lx_load *l, struct lx_slice query, struct lx_config_redis *r)
{
    struct lx_slice one, name, value;
    while (query.n) {
        lx_slice_cut(query, '&', &one, &query);
        lx_slice_cut(one, '=', &name, &value);
        read_strictness(name, value, r);
        if (lx_slice_eq(name, LX_S("ssl_ca_certs")))
            r->ca_file = lx_arena_copy_z(&l->config->arena, plain(&l->set.arena, value));
    }
}

/* redis://[[user]:password@]host[:port][/db]; false: it is none. */
static bool read_url(struct lx_load *l, struct lx_config_redis *r)
{
    static const struct lx_slice open = LX_S_INIT("redis://"), tls = LX_S_INIT("rediss://");
    struct lx_slice url = lx_secret_bytes(&r->url), query, db, port;
    r->ssl |= lx_slice_starts(url, tls);
    if (!lx_slice_starts(url, open) && !lx_slice_starts(url, tls))
        return false;
    url = lx_slice_from(url, r->ssl && lx_slice_starts(url, tls) ? tls.n : open.n);
    lx_slice_cut(url, '?', &url, &query);
    read_query(l, query, r);
    lx_slice_cut(url, '/', &url, &db);
    for (size_t i = url.n; i > 0; i--)
        if (url.p[i - 1] == '@') {
            read_login(l, lx_slice_to(url, i - 1), r);
            url = lx_slice_from(url, i);
            break;
        }
    if (url.n && url.p[0] == '[') { /* an address of IPv6 */
        lx_slice_cut(lx_slice_from(url, 1), ']', &url, &port);
        port = lx_slice_from(port, port.n ? 1 : 0);
    } else {
        lx_slice_cut(url, ':', &url, &port);
    }
    r->host = lx_arena_copy(&l->config->arena, url);
    r->port = 0;
    read_number(port, &r->port);
    read_number(db, &r->db);
    return r->host.n && (!port.n || r->port) && r->port < 65536;
}

static bool is_redis(const struct lx_yaml *type)
{
    return !type || lx_yaml_type(type) == LX_YAML_NULL ||
           (type->kind == LX_YAML_SCALAR && lx_slice_starts(type->text, LX_S("redis")));
}

/* The Redis is all that is used of it. */
static void tell_cache(struct lx_load *l, const struct lx_yaml *settings)
{
    for (size_t i = 0; settings && settings->kind == LX_YAML_MAP && i < settings->n; i++) {
        const struct lx_yaml *key = settings->pairs[i].key;
        if (lx_slice_eq(key->text, LX_S("cache")) || lx_slice_eq(key->text, LX_S("cache_params")))
            lx_diag_add(l->diags, LX_DIAG_NOT_BUILT, key,
                        lx_arena_printf(&l->set.arena, "litellm_settings.%.*s", LX_F(key->text)),
                        "known, but not built yet: replies are not cached");
    }
}

static void read_cache_tls(const struct lx_yaml *params, struct lx_config_redis *r)
{
    static const char *const names[] = {"ssl_cert_reqs", "ssl_check_hostname"};
    for (size_t i = 0; i < 2; i++) {
        const struct lx_yaml *v = lx_yaml_get(params, lx_slice_z(names[i]));
        if (v && v->kind == LX_YAML_SCALAR)
            read_strictness(lx_slice_z(names[i]), v->text, r);
    }
}

/* One server is all that is spoken to. */
static void tell_of_many(struct lx_load *l, const struct lx_yaml *params)
{
    static const char *const names[] = {"redis_startup_nodes", "startup_nodes", "sentinel_nodes"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct lx_yaml *v = lx_yaml_get(params, lx_slice_z(names[i]));
        if (v && lx_yaml_type(v) != LX_YAML_NULL)
            lx_diag_add(l->diags, LX_DIAG_WARNING, v,
                        lx_arena_printf(&l->set.arena, CACHE ".%s", names[i]),
                        "clusters and sentinels are not supported: give the host and port of one "
                        "server, or router state is not shared with other nodes");
    }
}

/* The cache's, where there is a cache of that type. */
static const struct lx_yaml *read_cache(struct lx_load *l, struct lx_config_redis *r)
{
    const struct lx_yaml *settings = lx_yaml_get(l->root, LX_S("litellm_settings"));
    const struct lx_yaml *on = lx_yaml_get(settings, LX_S("cache"));
    const struct lx_yaml *params = lx_yaml_get(settings, LX_S("cache_params"));
    struct lx_config_redis found = {.port = 0};
    if (params && params->kind == LX_YAML_MAP) {
        lx_section_read(l, CACHE, params, &found, NULL);
        read_cache_tls(params, &found);
    }
    tell_cache(l, settings);
    bool is_on = on && on->kind == LX_YAML_SCALAR && lx_slice_eq_nocase(on->text, LX_S("true"));
    bool takes = is_on && !is_given(r) && is_redis(lx_yaml_get(params, LX_S("type")));
    if (!takes) {
        lx_secret_clear(&found.url);
        lx_secret_clear(&found.password);
        return NULL;
    }
    lx_secret_clear(&r->url);
    lx_secret_clear(&r->password);
    *r = found;
    tell_of_many(l, params);
    read_variables(l, r);
    return on;
}

void lx_load_redis(struct lx_load *l)
{
    enum { PORT = 6379 };
    struct lx_config_redis *r = &l->config->redis;
    const struct lx_yaml *router = lx_yaml_get(l->root, LX_S("router_settings"));
    const struct lx_yaml *at = lx_yaml_get(router, LX_S("redis_url"));
    at = at ? at : lx_yaml_get(router, LX_S("redis_host"));
    const struct lx_yaml *cache = read_cache(l, r);
    at = cache ? cache : at;
    if (!is_given(r))
        return;
    if (lx_secret_is_set(&r->url) && !read_url(l, r)) {
        lx_diag_add(l->diags, LX_DIAG_ERROR, at, LX_S("router_settings.redis_url"),
                    "expected redis://[user:password@]host[:port][/db], or rediss:// with TLS");
        return;
    }
    lx_secret_clear(&r->url);
    r->port = r->port ? r->port : PORT;
    r->wanted = true;
}
