/*
 * resolve.c - which provider a model name means.
 *
 * The configuration asks it for every deployment, the CLI and the library for names on their own.
 * The order is that of LiteLLM's get_llm_provider (features.md, a7), for the providers there are:
 *
 *   a provider named explicitly > "prefix/model" > the host of api_base > rules for bare names
 *
 * A user's own rows are asked before the table, so that they may replace one of it.
 */
#include "dialect/prompt.h"
#include "provider/near.h"
#include "provider/provider.h"
#include "wire/url.h"

static const struct lx_provider *find(struct lx_slice id, const struct lx_provider *rows, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (lx_slice_eq(lx_slice_z(rows[i].id), id))
            return &rows[i];
    for (size_t i = 0; i < n; i++)
        if (rows[i].aliases && lx_glob_match(lx_slice_z(rows[i].aliases), id))
            return &rows[i];
    return NULL;
}

const struct lx_provider *lx_provider_find(struct lx_slice id)
{
    return find(id, lx_providers, lx_provider_count);
}

static bool holds(const char *condition, struct lx_slice value)
{
    return !condition || lx_glob_match(lx_slice_z(condition), value);
}

const struct lx_provider *lx_provider_variant(const struct lx_provider *p, struct lx_slice model,
                                              struct lx_slice base_url, struct lx_slice api_version)
{
    for (const struct lx_provider *v = p->variants; v && v->id; v++)
        if (holds(v->models, model) && holds(v->bases, base_url) && holds(v->versions, api_version))
            return v;
    return p;
}

/* The first of a list that is for the model; NULL: none. */
static const struct lx_offer *pick_offer(const struct lx_offer *o, struct lx_slice model)
{
    for (; o && o->language; o++)
        if (holds(o->models, model))
            return o;
    return NULL;
}

/* Where OpenAI has the endpoint, unless the row says which it has. */
static struct lx_offer offer_of_probe(const struct lx_provider *p, const struct lx_dialect *own,
                                      const struct lx_dialect *front)
{
    const struct lx_offer *o = p->probe;
    for (; o && o->language; o++)
        if (strcmp(o->language, front->name) == 0)
            return *o;
    bool like_openai = (own == &lx_dialect_openai_chat || own == &lx_dialect_openai_embed) &&
                       front != &lx_dialect_probe_ocr; /* OpenAI has no such endpoint */
    return (struct lx_offer){.language = !p->probe && like_openai ? front->name : NULL};
}

struct lx_offer lx_provider_offer(const struct lx_provider *p, const struct lx_dialect *front,
                                  struct lx_slice model)
{
    static const struct lx_offer none = {.language = NULL}, openai = {.language = "openai_embed"};
    const struct lx_dialect *own = lx_dialect_find(lx_slice_z(p->language));
    const struct lx_offer *other = NULL;
    if (front->operation == LX_OPERATION_COUNT)
        return (struct lx_offer){.language = p->count, .path = p->count_path};
    if (front->operation == LX_OPERATION_PROBE)
        return offer_of_probe(p, own, front);
    if (strcmp(front->name, "openai_completions") == 0)
        other = pick_offer(p->text, model);
    if (front->operation == LX_OPERATION_EMBED)
        other = pick_offer(p->embed, model);
    if (!other && (own ? own->operation : LX_OPERATION_CHAT) == front->operation)
        return (struct lx_offer){.language = p->language, .path = p->path, .quirks = p->quirks};
    if (other)
        return *other;
    bool like_openai =
        front->operation == LX_OPERATION_EMBED && !p->embed && own == &lx_dialect_openai_chat;
    return like_openai ? openai : none;
}

struct search {
    const struct lx_provider *custom;
    size_t custom_count;
};

static const struct lx_provider *find_any(const struct search *s, struct lx_slice id)
{
    const struct lx_provider *p = find(id, s->custom, s->custom_count);
    return p ? p : lx_provider_find(id);
}

/* Row i of the user's, then of the table; NULL after the last. */
static const struct lx_provider *row(const struct search *s, size_t i)
{
    if (i < s->custom_count)
        return &s->custom[i];
    i -= s->custom_count;
    return i < lx_provider_count ? &lx_providers[i] : NULL;
}

static bool is_host(const struct lx_provider *p, struct lx_slice host)
{
    struct lx_url own;
    if (p->hosts && lx_glob_match(lx_slice_z(p->hosts), host))
        return true;
    return p->base_url && !p->default_key &&
           lx_url_read(lx_slice_z(p->base_url), &own, NULL) == 0 && own.tls &&
           lx_slice_eq_nocase(own.host, host);
}

bool lx_provider_has_host(const struct lx_provider *p, struct lx_slice base_url)
{
    struct lx_url url;
    return base_url.n && lx_url_read(base_url, &url, NULL) == 0 && is_host(p, url.host);
}

static const struct lx_provider *find_by_host(const struct search *s, struct lx_slice api_base)
{
    struct lx_url url;
    const struct lx_provider *p;
    if (!api_base.n || lx_url_read(api_base, &url, NULL) < 0)
        return NULL;
    for (size_t i = 0; (p = row(s, i)); i++)
        if (is_host(p, url.host))
            return p;
    return NULL;
}

static const struct lx_provider *find_by_bare_name(const struct search *s, struct lx_slice name)
{
    const struct lx_provider *p;
    for (size_t i = 0; (p = row(s, i)); i++)
        if (p->bare_models && lx_glob_match(lx_slice_z(p->bare_models), name))
            return p;
    return NULL;
}

static int fail_unknown(const struct search *s, struct lx_slice id, const char *what,
                        struct lx_error *err)
{
    char near[128];
    const char *why = lx_provider_left_out(id);
    if (why)
        return lx_error_set(err, LX_EPROVIDER, "%s '%.*s', which is left out: %s", what, LX_F(id),
                            why);
    lx_provider_near(id, s->custom, s->custom_count, near, sizeof(near));
    const char *sep = near[0] ? "; did you mean " : "";
    return lx_error_set(err, LX_EPROVIDER, "%s '%.*s'%s%s%s", what, LX_F(lx_slice_to(id, 80)), sep,
                        near, near[0] ? "?" : "");
}

/* A prefix of the model's name may mean another row. */
static struct lx_resolved resolved(const struct search *s, const struct lx_provider *p,
                                   struct lx_slice model)
{
    for (size_t i = 0; i < sizeof(p->routes) / sizeof(p->routes[0]) && p->routes[i][0]; i++) {
        struct lx_slice prefix = lx_slice_z(p->routes[i][0]);
        const struct lx_provider *other =
            lx_slice_starts(model, prefix) ? find_any(s, lx_slice_z(p->routes[i][1])) : NULL;
        if (other)
            return (struct lx_resolved){other, lx_slice_from(model, prefix.n)};
    }
    return (struct lx_resolved){p, model};
}

int lx_provider_resolve(struct lx_slice name, struct lx_slice explicit_provider,
                        struct lx_slice api_base, const struct lx_provider *custom,
                        size_t custom_count, struct lx_resolved *out, struct lx_error *err)
{
    const struct search s = {custom, custom_count};
    struct lx_slice prefix, rest;
    bool has_prefix = lx_slice_cut(name, '/', &prefix, &rest);
    const struct lx_provider *p = NULL;

    if (explicit_provider.n) {
        p = find_any(&s, explicit_provider);
        if (!p)
            return fail_unknown(&s, explicit_provider, "unknown provider", err);
        bool repeats = has_prefix && rest.n && lx_slice_eq(prefix, explicit_provider);
        *out = resolved(&s, p, repeats ? rest : name);
        return 0;
    }
    if (has_prefix && rest.n && (p = find_any(&s, prefix))) {
        *out = resolved(&s, p, rest);
        return 0;
    }
    p = find_by_host(&s, api_base);
    if (!p)
        p = lx_slice_eq(name, LX_S("*")) ? find_any(&s, LX_S("openai"))
                                         : find_by_bare_name(&s, name);
    if (p) {
        *out = (struct lx_resolved){p, name};
        return 0;
    }
    if (has_prefix)
        return fail_unknown(&s, prefix,
                            "the model name begins with no provider that is known:", err);
    return lx_error_set(err, LX_EPROVIDER,
                        "no provider given for model '%.*s': put one in front, as in openai/%.*s",
                        LX_F(lx_slice_to(name, 80)), LX_F(lx_slice_to(name, 80)));
}

const char *lx_provider_left_out(struct lx_slice id)
{
    for (size_t i = 0; i < lx_left_out_count; i++)
        if (lx_glob_match(lx_slice_z(lx_providers_left_out[i].names), id))
            return lx_providers_left_out[i].why;
    return NULL;
}

void lx_provider_near(struct lx_slice name, const struct lx_provider *custom, size_t custom_count,
                      char *out, size_t n)
{
    const struct search s = {custom, custom_count};
    const struct lx_provider *p;
    struct lx_near near;
    lx_near_init(&near, name);
    for (size_t i = 0; (p = row(&s, i)); i++)
        lx_near_add(&near, lx_slice_z(p->id));
    lx_near_write(&near, out, n);
}

/* The form with the name's parts put in; the name itself when it has too few. */
static struct lx_slice fill_form(const char *form, struct lx_slice model, struct lx_arena *a)
{
    struct lx_slice rest = lx_slice_z(form), name = model, out = {0};
    for (;;) {
        ssize_t at = lx_slice_find(rest, LX_S("{}"));
        if (at < 0)
            return lx_arena_printf(a, "%.*s%.*s", LX_F(out), LX_F(rest));
        struct lx_slice before = lx_slice_to(rest, (size_t)at), part = name;
        rest = lx_slice_from(rest, (size_t)at + 2);
        if (lx_slice_find(rest, LX_S("{}")) >= 0 && !lx_slice_cut(name, '.', &part, &name))
            return model;
        out = lx_arena_printf(a, "%.*s%.*s%.*s", LX_F(out), LX_F(before), LX_F(part));
    }
}

struct lx_slice lx_provider_model(const struct lx_provider *p, struct lx_slice model,
                                  struct lx_arena *a)
{
    struct lx_slice rest = lx_slice_z(p->model_cut), one;
    while (rest.n) {
        lx_slice_cut(rest, '|', &one, &rest);
        if (lx_slice_starts(model, one))
            model = lx_slice_from(model, one.n);
    }
    struct lx_slice who, name;
    if (p->model_route && lx_slice_cut(model, '/', &who, &name) &&
        lx_slice_find_byte(name, '/') >= 0)
        return lx_arena_printf(a, "%.*s%s%.*s", LX_F(name), p->model_route, LX_F(who));
    if (p->model_form)
        return fill_form(p->model_form, model, a);
    if (!p->model_prefix || lx_glob_match(lx_slice_z(p->model_prefix_unless), model))
        return model;
    return lx_arena_printf(a, "%s%.*s", p->model_prefix, LX_F(model));
}

const struct lx_prompt_template *lx_provider_template(struct lx_slice model)
{
    const struct lx_prompt_template *t = lx_prompt_templates;
    while (t->models && !lx_glob_match(lx_slice_z(t->models), model))
        t++;
    return t->models ? t : NULL;
}

static const struct lx_prompt_template *template_called(const char *name)
{
    for (size_t i = 0; i < lx_prompt_template_count; i++)
        if (strcmp(lx_prompt_templates[i].name, name) == 0)
            return &lx_prompt_templates[i];
    return NULL;
}

void lx_provider_options(const struct lx_provider *p, struct lx_slice model,
                         struct lx_write_options *out)
{
    ssize_t end = p->model_end ? lx_slice_find(model, lx_slice_z(p->model_end)) : -1;
    out->model = end > 0 ? lx_slice_to(model, (size_t)end) : model;
    if (p->model_tail && (end = lx_slice_find_byte(model, '/')) >= 0)
        out->model = lx_slice_from(model, (size_t)end + 1);
    out->native_json_schema = !p->json_schema || lx_glob_match(lx_slice_z(p->json_schema), model);
    out->json_object = p->json_object && lx_glob_match(lx_slice_z(p->json_object), model);
    out->adaptive_thinking = lx_glob_match(lx_slice_z(p->adaptive_thinking), model);
    out->no_sampling = lx_glob_match(lx_slice_z(p->no_sampling), model);
    out->one_sampler = lx_glob_match(lx_slice_z(p->one_sampler), model);
    out->cache_marks = p->takes & LX_TAKES_CACHE_MARKS;
    out->thinking_switch = p->takes & LX_TAKES_THINKING;
    out->model_outside = p->model_outside || p->model_member;
    out->no_call_ids = p->no_call_ids;
    out->data_only = p->data_only;
    out->file_urls = p->takes & LX_TAKES_FILE_URLS;
    out->prompt = p->template ? template_called(p->template) : lx_provider_template(model);
    out->thinking_member = lx_slice_z(p->thinking_member);
}

struct lx_slice lx_provider_by_responses(const struct lx_provider *p, struct lx_slice model,
                                         struct lx_slice base_url, struct lx_slice api_version,
                                         struct lx_arena *a)
{
    const struct lx_provider *v = lx_provider_variant(p, model, base_url, api_version);
    struct lx_slice language = LX_S("openai_responses");
    if (!p->variants || lx_slice_eq(lx_slice_z(v->language), language))
        return model;
    struct lx_slice named = lx_arena_printf(a, "responses/%.*s", LX_F(model));
    v = lx_provider_variant(p, named, base_url, api_version);
    return lx_slice_eq(lx_slice_z(v->language), language) ? named : model;
}

/* Takes the series off a model's name; empty when none is given. */
static struct lx_slice take_series(const struct lx_provider *row, struct lx_slice *model)
{
    for (const struct lx_series *s = row->series; s && s->prefix; s++)
        if (lx_slice_starts(*model, lx_slice_z(s->prefix))) {
            *model = lx_slice_from(*model, strlen(s->prefix));
            return lx_slice_z(s->as);
        }
    return lx_slice(NULL, 0);
}

void lx_target_init(struct lx_target *t, const struct lx_provider *p, struct lx_slice model,
                    struct lx_slice base_url, struct lx_slice api_version, struct lx_arena *a)
{
    *t = (struct lx_target){.asked = model,
                            .row = lx_provider_variant(p, model, base_url, api_version)};
    /* A variant may have a name of its own for the model. */
    t->model = t->row == p ? model : lx_provider_model(t->row, model, a);
    struct lx_slice series = take_series(t->row, &t->model);
    lx_provider_options(t->row, t->model, &t->options);
    t->quirks = lx_quirks_for(t->row->quirks, series.n ? series : t->options.model);
    t->is_home = lx_provider_has_host(p, base_url);
    if (!t->row->base_url || lx_slice_eq(base_url, lx_slice_z(t->row->base_url)))
        t->takes = t->row->takes;
    t->options.no_video = t->takes & LX_LACKS_VIDEO;
}
