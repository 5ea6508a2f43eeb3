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
    out->guess = step == LX_CREDENTIAL_SEND && r.guess;
    if (step == LX_CREDENTIAL_FAILED && !r.nothing)
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
    struct lx_slice values[LX_CREDENTIAL_SETTINGS];
    const struct lx_credential_kind *kind =
        lx_credential_kind_find(lx_slice_z(d->provider->credential));
    *out = (struct lx_credential_finding){.wrong = {0}};
    if (!kind || lx_secret_is_set(&d->key) || d->credential)
        return 0;
    bool leads = gather(kind, params, env, a, values);
    if (led_only && !leads)
        return 0;
    struct lx_credential_source *s = lx_arena_new(a, struct lx_credential_source);
    if (!s)
        return LX_ENOMEM;
    int code = lx_credential_source_init(s, kind, values, d->base_url, d->region,
                                         lx_arena_copy(a, get(env, "HOME")));
    if (code == 0)
        code = try(d, s, a, out);
    if (!d->credential)
        lx_credential_source_clear(s);
    return code;
}
