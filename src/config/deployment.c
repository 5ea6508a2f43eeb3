/*
 * deployment.c - what makes a deployment usable besides what its entry says: address and key
 * from the provider's row and the environment, and an id.
 */
#include "config/load.h"

#include <openssl/evp.h>

#include "base/text.h"
#include "wire/url.h"

static const char *get(const struct lx_env *env, const char *name)
{
    const char *value = env && env->get ? env->get(env->arg, name) : NULL;
    return value && *value ? value : NULL;
}

static struct lx_slice first_of(const struct lx_env *env, const char *const names[])
{
    for (size_t i = 0; i < LX_PROVIDER_NAMES && names[i]; i++)
        if (get(env, names[i]))
            return lx_slice_z(get(env, names[i]));
    return (struct lx_slice){0};
}

/* "us-west-2": two letters, a direction, a number. */
static bool is_region(struct lx_slice s)
{
    return s.n >= 9 && s.n <= 20 && s.p[s.n - 1] >= '1' && s.p[s.n - 1] <= '9' &&
           s.p[s.n - 2] == '-' && lx_slice_find_byte(s, '-') >= 2 &&
           lx_slice_find_byte(s, '.') < 0 && lx_slice_find_byte(s, ':') < 0;
}

/* The region that a model's name gives: "us-west-2/NAME", which loses it, or the fourth part of an
 * ARN. */
static struct lx_slice take_region(struct lx_slice *model)
{
    struct lx_slice head, rest = *model, part = {0};
    if (lx_slice_cut(*model, '/', &head, &rest) && is_region(head)) {
        *model = rest;
        return head;
    }
    rest = *model;
    if (lx_slice_starts(rest, LX_S("arn:")))
        for (int i = 0; i < 4; i++)
            lx_slice_cut(rest, ':', &part, &rest);
    return is_region(part) ? part : (struct lx_slice){0};
}

static void set_region(struct lx_deployment *d, const struct lx_env *env, struct lx_arena *a)
{
    const struct lx_provider *p = d->provider;
    if (!p->region)
        return;
    d->known_as = d->model;
    d->model = lx_provider_model(p, d->model, a);
    struct lx_slice profile = d->profile, named = take_region(&d->model);
    if (!d->region.n)
        d->region = take_region(&profile);
    if (!d->region.n)
        d->region = named;
    if (!d->region.n)
        d->region = lx_slice_trim(first_of(env, p->region_env));
    if (!d->region.n && p->region_models[0] &&
        lx_glob_match(lx_slice_z(p->region_models[0]), d->model))
        d->region = lx_slice_z(p->region_models[1]);
    d->region = lx_arena_copy(a, d->region.n ? d->region : lx_slice_z(p->region));
}

/* The provider's own address in a region, with it or the project in it. */
static struct lx_slice own_address(const struct lx_deployment *d, struct lx_slice region,
                                   struct lx_arena *a)
{
    char room[256];
    struct lx_buf url = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
    const struct lx_place names = {.region = region, .project = d->project};
    struct lx_slice pattern = lx_slice_z(lx_provider_base_url(d->provider, region));
    if (lx_slice_find(pattern, LX_S("{project}")) >= 0 && !d->project.n)
        return lx_slice(NULL, 0);
    lx_place_write(pattern, &names, &url);
    return lx_arena_copy(a, lx_buf_slice(&url));
}

int lx_deployment_set_address(struct lx_deployment *d, struct lx_slice api_base,
                              const struct lx_env *env, struct lx_arena *a, struct lx_error *err)
{
    struct lx_url url;
    struct lx_slice base = lx_slice_trim(api_base);
    if (!base.n)
        base = lx_slice_trim(first_of(env, d->provider->base_url_env));
    set_region(d, env, a);
    if (!d->project.n)
        d->project = lx_arena_copy(a, lx_slice_trim(first_of(env, d->provider->project_env)));
    if (!d->project.n)
        d->project = lx_slice_z(d->provider->project);
    if (!d->space.n)
        d->space = lx_arena_copy(a, lx_slice_trim(first_of(env, d->provider->space_env)));
    if (!base.n && d->count_region.n)
        d->count_base_url = own_address(d, d->count_region, a);
    if (!base.n)
        base = own_address(d, d->region, a);
    while (base.n && base.p[base.n - 1] == '/')
        base.n--;
    if (!base.n) {
        const char *name = d->provider->base_url_env[0];
        return lx_error_set(err, LX_ENOTFOUND, "%s has no address of its own: give api_base%s%s",
                            d->provider->title, name ? " or set " : "", name ? name : "");
    }
    if (lx_url_read(base, &url, NULL) != 0)
        return lx_error_set(err, LX_ECONFIG, "expected the URL of an API, http:// or https://%s",
                            lx_slice_find_byte(base, '<') >= 0
                                ? "; there is still a placeholder in it: <...>"
                                : "");
    d->base_url = lx_arena_copy(a, base);
    const char *version = d->provider->api_version_env;
    if (version && !d->api_version.n && get(env, version))
        d->api_version = lx_arena_copy(a, lx_slice_z(get(env, version)));
    return a->failed;
}

/* An access key of AWS is of use with its secret only. */
#define AWS_ID     "AWS_ACCESS_KEY_ID"
#define AWS_SECRET "AWS_SECRET_ACCESS_KEY"

/* "A or B": variables of which any will do. */
static struct lx_slice name_variables(const char *const names[], struct lx_slice first,
                                      struct lx_arena *a)
{
    struct lx_slice all = first.n ? lx_arena_copy(a, first) : first;
    for (size_t i = 0; i < LX_PROVIDER_NAMES && names[i]; i++) {
        if (lx_slice_eq(first, lx_slice_z(names[i])))
            continue;
        bool aws = strcmp(names[i], AWS_ID) == 0;
        all = lx_arena_printf(a, "%.*s%s%s%s", LX_F(all), all.n ? " or " : "", names[i],
                              aws ? " and " AWS_SECRET : "");
    }
    return all;
}

int lx_deployment_set_key(struct lx_deployment *d, struct lx_slice wanted, const struct lx_env *env,
                          struct lx_arena *a)
{
    if (lx_secret_is_set(&d->key))
        return 0;
    for (size_t i = 0; i < LX_PROVIDER_NAMES && d->provider->key_env[i]; i++) {
        const char *name = d->provider->key_env[i];
        struct lx_slice key = lx_slice_trim(lx_slice_z(get(env, name)));
        if (key.n && strcmp(name, AWS_ID) != 0) /* which credentials look after */
            return lx_secret_init(&d->key, key);
    }
    d->missing_key = name_variables(d->provider->key_env, wanted, a);
    return 0;
}

/* Where an address lacks its project only, that is enough. */
size_t lx_deployment_lacks(const struct lx_deployment *d,
                           const char *const *out[static LX_LACKS_MAX])
{
    const struct lx_provider *p = d->provider;
    bool no_project = p->project_env[0] && !d->project.n && !d->space.n;
    size_t n = 0;
    if (!d->base_url.n && p->base_url_env[0] && !(no_project && p->base_url))
        out[n++] = p->base_url_env;
    if (no_project)
        out[n++] = p->project_env;
    if (d->missing_key.n && !lx_signer_has_key(p, &d->key))
        out[n++] = p->key_env;
    return n;
}

struct lx_slice lx_deployment_missing(const struct lx_deployment *d, struct lx_arena *a)
{
    const char *const *lacks[LX_LACKS_MAX];
    struct lx_slice all = {0};
    for (size_t i = 0, n = lx_deployment_lacks(d, lacks); i < n; i++) {
        struct lx_slice one = lacks[i] == d->provider->key_env
                                  ? d->missing_key
                                  : name_variables(lacks[i], (struct lx_slice){0}, a);
        all = lx_arena_printf(a, "%.*s%s%.*s", LX_F(all), i ? ", " : "", LX_F(one));
    }
    return all;
}

int lx_deployment_of_name(struct lx_slice name, const struct lx_provider *custom,
                          size_t custom_count, const struct lx_env *env, struct lx_arena *a,
                          struct lx_deployment *out, struct lx_error *err)
{
    struct lx_resolved r;
    struct lx_deployment d = {
        .max_retries = -1, .cooldown_ms = -1, .allowed_fails = -1, .keepalive_ms = -1};
    int code = lx_provider_resolve(name, (struct lx_slice){0}, (struct lx_slice){0}, custom,
                                   custom_count, &r, err);
    if (code != 0)
        return code;
    d.provider = r.provider;
    d.group = d.id = lx_arena_copy(a, name);
    d.model = lx_arena_copy(a, r.model);
    struct lx_credential_finding finding;
    code = lx_deployment_set_address(&d, (struct lx_slice){0}, env, a, err);
    if (code == 0 || code == LX_ENOTFOUND) /* an address may yet be given by hand */
        code = lx_deployment_set_key(&d, (struct lx_slice){0}, env, a);
    if (code == 0)
        code = lx_deployment_set_credential(&d, false, NULL, env, a, &finding);
    if (code == 0 && a->failed)
        code = a->failed;
    if (code != 0) {
        lx_secret_clear(&d.key);
        lx_credential_source_clear(d.credential);
        return code;
    }
    *out = d;
    return 0;
}

/* ---- Ids ---------------------------------------------------------------------------------- */

/*
 * LiteLLM's id is the SHA-256 of the group's name followed by every parameter's name and value in
 * the order of the file, values as Python's str() prints them and mappings as json.dumps() does
 * (litellm 1.106.2, Router.generate_model_id). The same here, so that dashboards keyed by
 * x-litellm-model-id stay what they were.
 */
struct words {
    const char *null, *yes, *no;
    char quote;
};
static const struct words json_words = {"null", "true", "false", '"'};
static const struct words python_words = {"None", "True", "False", '\''};

static void add_value(struct lx_load *l, const struct lx_yaml *v, const struct words *w,
                      bool quoted, struct lx_buf *out)
{
    bool yes = false;
    struct lx_slice text = v->text;
    switch (lx_yaml_type(v)) {
    case LX_YAML_NULL:
        text = lx_slice_z(w->null);
        quoted = false;
        break;
    case LX_YAML_BOOL:
        lx_yaml_bool(v->text, &yes);
        text = lx_slice_z(yes ? w->yes : w->no);
        quoted = false;
        break;
    case LX_YAML_INT:
    case LX_YAML_FLOAT:
        text = lx_yaml_number(v->text, &l->set.arena);
        quoted = false;
        break;
    default:
        text = lx_load_peek(l, v);
        if (!text.p) {
            text = lx_slice_z(w->null);
            quoted = false;
        }
        break;
    }
    if (quoted)
        lx_buf_add_byte(out, w->quote);
    lx_buf_add(out, text);
    if (quoted)
        lx_buf_add_byte(out, w->quote);
}

static void add_any(struct lx_load *l, const struct lx_yaml *v, const struct words *w, bool inner,
                    struct lx_buf *out)
{
    if (v->kind == LX_YAML_SCALAR) {
        add_value(l, v, w, inner, out);
        return;
    }
    bool map = v->kind == LX_YAML_MAP;
    lx_buf_add_byte(out, map ? '{' : '[');
    for (size_t i = 0; i < v->n && !out->failed; i++) {
        if (i)
            lx_buf_add_lit(out, ", ");
        if (map) {
            add_value(l, v->pairs[i].key, w, true, out);
            lx_buf_add_lit(out, ": ");
        }
        add_any(l, map ? v->pairs[i].value : v->items[i], w, true, out);
    }
    lx_buf_add_byte(out, map ? '}' : ']');
}

struct lx_slice lx_deployment_hash(struct lx_load *l, struct lx_slice group,
                                   const struct lx_yaml *params)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    struct lx_buf b, hex;
    lx_buf_init(&b, 1 << 20);
    lx_buf_init(&hex, 2 * sizeof digest);
    lx_buf_add(&b, group);
    for (size_t i = 0; i < params->n; i++) {
        const struct lx_yaml *v = params->pairs[i].value;
        lx_buf_add(&b, params->pairs[i].key->text);
        add_any(l, v, v->kind == LX_YAML_MAP ? &json_words : &python_words, false, &b);
    }
    if (!b.failed && EVP_Digest(b.p ? b.p : "", b.n, digest, &n, EVP_sha256(), NULL) == 1)
        lx_hex_write(&hex, lx_slice((const char *)digest, n));
    struct lx_slice id = lx_arena_copy(&l->config->arena, lx_buf_slice(&hex));
    if (!id.p && b.failed != LX_ELIMIT)
        l->config->arena.failed = LX_ENOMEM;
    if (b.p)
        lx_wipe(b.p, b.n);
    lx_buf_clear(&b);
    lx_buf_clear(&hex);
    return id;
}
