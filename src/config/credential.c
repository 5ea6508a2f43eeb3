/*
 * credential.c - what a deployment's key is exchanged for: its settings, from the parameters and
 * the environment; and whether it can work.
 *
 * The question is put to the credential itself: its run is begun, the files it asks for are read,
 * and it ends at the first exchange. So `llmux check` finds a file that is missing or a key that is
 * none in the way a request would, and a key that needs no exchange at all is there from the start.
 */
#include <time.h>

#include "config/load.h"
#include "io/file.h"

static struct lx_slice get(const struct lx_env *env, const char *name)
{
    const char *value = env && env->get && *name ? env->get(env->arg, name) : NULL;
    return lx_slice_trim(lx_slice_z(value));
}

/* The first that is set of "A|B". */
static struct lx_slice first_of(const struct lx_env *env, const char *names, struct lx_arena *a)
{
    struct lx_slice rest = lx_slice_z(names), name, value = {0};
    while (rest.n && !value.n) {
        lx_slice_cut(rest, '|', &name, &rest);
        const char *z = lx_arena_copy_z(a, name);
        if (z)
            value = get(env, z);
    }
    return value;
}

/* LiteLLM's names for tokens of other identities: what the environment says is answered here, a
 * file is left to the run, which reads it each time. */
static struct lx_slice oidc(struct lx_slice value, const struct lx_env *env, struct lx_arena *a)
{
    static const struct {
        const char *prefix, *variable; /* NULL: the rest is its name */
        bool is_path;
    } ways[] = {
        {"oidc/env/", NULL, false},
        {"oidc/env_path/", NULL, true},
        {"oidc/azure/", "AZURE_FEDERATED_TOKEN_FILE", true},
        {"oidc/circleci/", "CIRCLE_OIDC_TOKEN", false},
        {"oidc/circleci_v2/", "CIRCLE_OIDC_TOKEN_V2", false},
    };
    for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
        struct lx_slice prefix = lx_slice_z(ways[i].prefix);
        if (!lx_slice_starts(value, prefix))
            continue;
        const char *name = ways[i].variable ? ways[i].variable
                                            : lx_arena_copy_z(a, lx_slice_from(value, prefix.n));
        struct lx_slice found = name ? get(env, name) : (struct lx_slice){0};
        return found.n ? lx_arena_printf(a, "oidc/%s/%.*s", ways[i].is_path ? "file" : "token",
                                         LX_F(found))
                       : value;
    }
    return value;
}

/* True when the parameters themselves ask for it. */
static bool gather(const struct lx_credential_kind *kind, const struct lx_env *params,
                   const struct lx_env *env, struct lx_arena *a,
                   struct lx_slice values[LX_CREDENTIAL_SETTINGS])
{
    bool leads = false;
    for (size_t i = 0; kind->settings[i].name; i++) {
        const struct lx_credential_setting *s = &kind->settings[i];
        values[i] = get(params, s->name);
        leads |= s->leads && values[i].n;
        values[i] = oidc(values[i], env, a);
        if (!values[i].n && s->env)
            values[i] = first_of(env, s->env, a);
        if (!values[i].n)
            values[i] = lx_slice_z(s->otherwise);
    }
    return leads;
}

static void answer_file(struct lx_credential_run *r)
{
    struct lx_buf text;
    lx_buf_init(&text, LX_CREDENTIAL_MAX_BYTES);
    int code = lx_file_read(r->path, &text);
    lx_credential_run_feed_file(r, code, lx_buf_slice(&text));
    if (text.p)
        lx_wipe(text.p, text.n);
    lx_buf_clear(&text);
}

/* As far as it goes without asking anybody. */
static int try(struct lx_deployment *d, struct lx_credential_source *s, struct lx_arena *a,
               struct lx_credential_finding *out)
{
    struct lx_credential_run r;
    enum lx_credential_step step;
    int code = 0;
    lx_credential_run_init(&r, s, time(NULL), 0);
    while ((step = lx_credential_run_next(&r)) == LX_CREDENTIAL_READ)
        answer_file(&r);
    if (!d->project.n && r.project.n)
        d->project = lx_arena_copy(a, r.project);
    out->guess = step == LX_CREDENTIAL_SEND && r.guess;
    if (step == LX_CREDENTIAL_FAILED && r.fault.kind == LX_FAULT_INTERNAL)
        code = LX_ENOMEM;
    else if (step == LX_CREDENTIAL_FAILED && !r.nothing)
        out->wrong = lx_arena_copy(a, r.fault.message);
    if (step == LX_CREDENTIAL_DONE && r.expires_s == INT64_MAX)
        code = lx_secret_init(&d->key, lx_secret_bytes(&r.key));
    else if (!(step == LX_CREDENTIAL_FAILED && r.nothing))
        d->credential = s;
    lx_credential_run_clear(&r);
    return code;
}

int lx_deployment_set_credential(struct lx_deployment *d, bool led_only,
                                 const struct lx_env *params, const struct lx_env *env,
                                 struct lx_arena *a, struct lx_credential_finding *out)
{
    struct lx_slice values[LX_CREDENTIAL_SETTINGS] = {{0}};
    const struct lx_credential_kind *kind =
        lx_credential_kind_find(lx_slice_z(d->provider->credential));
    *out = (struct lx_credential_finding){.wrong = {0}};
    bool has_key = lx_secret_is_set(&d->key);
    bool is_made = has_key && lx_slice_find_byte(lx_secret_bytes(&d->key), '\n') >= 0 &&
                   !lx_slice_starts(lx_secret_bytes(&d->key), LX_S("{")); /* JSON may have lines */
    if (!kind || d->credential || is_made || (has_key && !kind->takes_key))
        return 0;
    bool leads = gather(kind, params, env, a, values);
    if (led_only && !leads && !(kind->takes_key && lx_secret_is_set(&d->key)))
        return 0;
    struct lx_secret given = d->key; /* which is not to be sent */
    d->key = (struct lx_secret){0};
    for (size_t i = 0; kind->settings[i].name && lx_secret_is_set(&given); i++)
        if (strcmp(kind->settings[i].name, "api_key") == 0)
            values[i] = lx_secret_bytes(&given);
    struct lx_credential_source *s = lx_arena_new(a, struct lx_credential_source);
    if (!s)
        return LX_ENOMEM;
    int code = lx_credential_source_init(s, kind, values, d->base_url, d->region,
                                         lx_arena_copy(a, get(env, "HOME")));
    if (!led_only) /* else it is the entry's, which clears it */
        lx_secret_clear(&given);
    if (code == 0)
        code = try(d, s, a, out);
    if (!out->guess && (d->credential || lx_secret_is_set(&d->key)))
        d->missing_key = (struct lx_slice){0};
    if (!d->credential)
        lx_credential_source_clear(s);
    return code;
}

bool lx_provider_is_trusted(const struct lx_provider *p, const struct lx_env *env)
{
    struct lx_arena a;
    struct lx_credential_finding found;
    struct lx_deployment d = {.provider = p, .base_url = lx_slice_z(p->base_url)};
    lx_arena_init(&a, 1 << 22);
    bool yes = lx_deployment_set_credential(&d, false, NULL, env, &a, &found) == 0 &&
               !found.guess && !found.wrong.n && (d.credential || lx_secret_is_set(&d.key));
    lx_secret_clear(&d.key);
    lx_credential_source_clear(d.credential);
    lx_arena_clear(&a);
    return yes;
}
