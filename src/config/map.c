/*
 * map.c - the model map of the user's own that takes the built-in one's place: a file, or what an
 * address answers with.
 *
 * Read when the configuration is, and by the commands that list models and their prices. A fetch
 * runs on a loop of its own and ends by its deadline, so that a gateway whose map's server is gone
 * starts all the same, with the built-in models and a warning. Never retried: the next reload asks
 * again.
 */
#include "config/config.h"

#include <strings.h>

#include "io/file.h"
#include "net/fetch.h"
#include "wire/url.h"

enum {
    MAX_MAP_BYTES = 64 << 20,
    FETCH_MS = 5000,   /* all of it; LiteLLM's own limit (get_model_cost_map.py, 1.106.2) */
    CONNECT_MS = 2000, /* an address that nobody answers at */
};

/* ---- Over the network ----------------------------------------------------------------------- */

static int fetch(const char *url, const struct lx_net_options *o, struct lx_buf *out,
                 struct lx_error *err)
{
    struct lx_header accept = {LX_S("accept"), LX_S("application/json, text/plain, */*"), false};
    const struct lx_net_request request = {
        .method = LX_S("GET"),
        .url = lx_slice_z(url),
        .headers = {&accept, 1},
        .connect_ms = CONNECT_MS,
        .total_ms = FETCH_MS,
    };
    int status = 0, code = lx_net_fetch(&request, o, &status, out, err);
    if (code == 0 && status != 200)
        code = lx_error_set(err, LX_EIO, "its server answered with the status %d", status);
    return code;
}

static const char *either(const struct lx_env *env, const char *name, const char *other)
{
    const char *value = env->get(env->arg, name);
    return value ? value : env->get(env->arg, other);
}

struct lx_net_options lx_net_options_of(const struct lx_env *env)
{
    return (struct lx_net_options){
        .http_proxy =
            env->get(env->arg, "http_proxy"), /* in capitals it is unsafe in CGI programs */
        .https_proxy = either(env, "https_proxy", "HTTPS_PROXY"),
        .no_proxy = either(env, "no_proxy", "NO_PROXY"),
        .tls.ca_file = env->get(env->arg, "SSL_CERT_FILE"),
    };
}

/* ---- Any map -------------------------------------------------------------------------------- */

static bool is_file(const char *place)
{
    return !strstr(place, "://") || strncmp(place, "file://", 7) == 0;
}

/* As it may be shown: a URL without who asks and with what key. */
static struct lx_slice shown(const char *place, struct lx_arena *a)
{
    struct lx_url u;
    struct lx_slice path, query;
    if (is_file(place))
        return lx_arena_copy(a, lx_slice_z(place));
    if (lx_url_read(lx_slice_z(place), &u, NULL) < 0)
        return LX_S("(no http or https URL)");
    lx_slice_cut(u.path, '?', &path, &query);
    return lx_arena_printf(a, "%.*s://%s%.*s%s:%d%.*s", LX_F(u.scheme), u.ipv6 ? "[" : "",
                           LX_F(u.host), u.ipv6 ? "]" : "", u.port, LX_F(path));
}

static int read_map(const char *place, const struct lx_env *env, const struct lx_net_options *net,
                    struct lx_buf *out, struct lx_error *err)
{
    const struct lx_net_options plain = lx_net_options_of(env);
    if (!is_file(place))
        return fetch(place, net ? net : &plain, out, err);
    int code = lx_file_read(strstr(place, "://") ? place + 7 : place, out);
    return code < 0 ? lx_error_set(err, code, "it cannot be read: %s", lx_code_text(code)) : 0;
}

int lx_cost_map_read(const char *place, const struct lx_env *env, const struct lx_net_options *net,
                     bool whole, struct lx_catalog **out, struct lx_error *err)
{
    struct lx_buf text;
    lx_buf_init(&text, MAX_MAP_BYTES);
    struct lx_catalog *c = lx_catalog_new();
    int code =
        c ? read_map(place, env, net, &text, err) : lx_error_set(err, LX_ENOMEM, "out of memory");
    if (code == 0)
        code = whole ? lx_catalog_replace(c, lx_buf_slice(&text), err)
                     : lx_catalog_add(c, lx_buf_slice(&text), err);
    lx_buf_clear(&text);
    if (code == 0)
        *out = c;
    else
        lx_catalog_free(c);
    return code;
}

int lx_cost_map_configured(struct lx_slice given, const struct lx_env *env,
                           const struct lx_net_options *net, struct lx_catalog **out,
                           struct lx_arena *a, struct lx_slice *place, struct lx_error *err)
{
    const char *named =
        given.n ? lx_arena_copy_z(a, given) : env->get(env->arg, "LITELLM_MODEL_COST_MAP_URL");
    const char *local = env->get(env->arg, "LITELLM_LOCAL_MODEL_COST_MAP");
    *place = lx_slice(NULL, 0);
    if (!named || !*named || (local && strcasecmp(local, "true") == 0))
        return 0;
    *place = shown(named, a);
    return lx_cost_map_read(named, env, net, true, out, err);
}
