/*
 * resolve.c - which row is meant when a provider is called with a model's name.
 *
 * The order is LiteLLM's (get_potential_model_names and _first_registered_match in its utils.py,
 * 1.106.2), so that its users find the rows they know. Names are put together on the stack and only
 * looked up; nothing is remembered.
 */
#include "base/text.h"
#include "catalog/catalog.h"

struct search {
    const struct lx_catalog *c;
    struct lx_slice provider;
    struct lx_model *out;
};

static bool starts(struct lx_slice s, const char *prefix)
{
    return lx_slice_starts(s, lx_slice_z(prefix));
}

static bool one_of(struct lx_slice s, const char *const *list)
{
    while (*list && !lx_slice_eq(s, lx_slice_z(*list)))
        list++;
    return *list != NULL;
}

/* ---- Whose row ------------------------------------------------------------------------------ */

/* Providers whose rows go by several names: all that begin with it. */
static const char *const families[] = {"vertex_ai", "fireworks_ai", "bedrock", "cohere", NULL};
/* Providers that resell under their own name what others' rows describe. */
static const char *const resellers[] = {"litellm_proxy", "github", "nadir", NULL};

static bool is_own(struct lx_slice row, struct lx_slice provider)
{
    if (!row.n || !provider.n || lx_slice_eq(row, provider) || one_of(provider, resellers))
        return true;
    for (const char *const *f = families; *f; f++)
        if (starts(provider, *f) && starts(row, *f))
            return true;
    if (starts(row, "text-completion-"))
        return lx_slice_eq(lx_slice_from(row, 16), provider);
    /* Azure's foundry serves these too, at their prices */
    return lx_slice_eq(provider, LX_S("azure_ai")) &&
           (lx_slice_eq(row, LX_S("azure")) || lx_slice_eq(row, LX_S("openai")));
}

static bool look(const struct search *s, struct lx_slice name)
{
    struct lx_model m;
    if (!lx_catalog_get(s->c, name, &m) || !is_own(lx_model_provider(m), s->provider))
        return false;
    *s->out = m;
    return true;
}

/* "a/b", or "ab" where the separator is 0. */
static bool look_joined(const struct search *s, struct lx_slice a, char separator,
                        struct lx_slice b)
{
    char name[512];
    size_t n = a.n + b.n + (separator != 0);
    if (n > sizeof(name))
        return false;
    memcpy(name, a.p ? a.p : "", a.n);
    if (separator)
        name[a.n] = separator;
    memcpy(name + n - b.n, b.p ? b.p : "", b.n);
    return look(s, lx_slice(name, n));
}

static bool look_with_provider(const struct search *s, struct lx_slice model)
{
    return look_joined(s, s->provider, '/', model);
}

/* ---- What stands before and behind a name --------------------------------------------------- */

static size_t digits_at_end(struct lx_slice s)
{
    size_t n = 0;
    while (n < s.n && s.p[s.n - 1 - n] >= '0' && s.p[s.n - 1 - n] <= '9')
        n++;
    return n;
}

/* Takes "<separator><digits>" off the end; digits: how many, 0 for any number. */
static bool drop_number(struct lx_slice *s, char separator, size_t digits)
{
    size_t n = digits_at_end(*s);
    if (n == 0 || (digits && n != digits) || n >= s->n || s->p[s->n - 1 - n] != separator)
        return false;
    s->n -= n + 1;
    return true;
}

static struct lx_slice without_date(struct lx_slice model)
{
    static const size_t digits[] = {2, 2, 4}; /* day, month, year */
    struct lx_slice s = model;
    for (size_t i = 0; i < sizeof(digits) / sizeof(digits[0]); i++)
        if (!drop_number(&s, '-', digits[i]))
            return model;
    return s;
}

/* "claude-sonnet-4-20250514", "gpt-x-latest" */
static struct lx_slice without_stamp(struct lx_slice model)
{
    struct lx_slice latest = LX_S("-latest"), s = model;
    if (lx_slice_ends(s, latest))
        return lx_slice_to(s, s.n - latest.n);
    drop_number(&s, '-', 8);
    return s;
}

/* "ft:gpt-4o:org:suffix:id" -> "ft:gpt-4o" */
static struct lx_slice without_tuning(struct lx_slice model)
{
    struct lx_slice s = model;
    for (int i = 0; i < 3; i++) {
        while (s.n && s.p[s.n - 1] != ':')
            s.n--;
        if (!s.n)
            return model;
        s.n--;
    }
    return s;
}

/* "us-east-1" */
static bool is_region(struct lx_slice s)
{
    struct lx_slice head = s;
    if (!drop_number(&head, '-', 1))
        return false;
    for (size_t i = 0; i < head.n; i++)
        if (head.p[i] != '-' && (head.p[i] < 'a' || head.p[i] > 'z'))
            return false;
    return lx_slice_find_byte(head, '-') >= 2;
}

static struct lx_slice without_route(struct lx_slice model)
{
    static const char *const routes[] = {"bedrock/", "chat_completions/", "converse/",
                                         "invoke/",  "responses/",        "openai/",
                                         "mantle/",  "nova-2/",           "nova/"};
    for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
        if (starts(model, routes[i]))
            model = lx_slice_from(model, strlen(routes[i]));
    return model;
}

/* "converse/us.anthropic.claude-v1:0:51k" -> "anthropic.claude-v1:0" */
static struct lx_slice bedrock_base(struct lx_slice model)
{
    static const char *const geos[] = {"global", "us", "eu", "apac", "jp", "au", "us-gov", NULL};
    struct lx_slice s = model, head, tail;
    if (starts(s, "converse/"))
        s = lx_slice_from(s, 9);
    if (starts(s, "nova-2/"))
        return LX_S("amazon.nova-2-custom");
    if (starts(s, "nova/"))
        return LX_S("amazon.nova-custom");
    s = without_route(model);
    if (lx_slice_find(s, LX_S("arn:")) >= 0)
        while (lx_slice_cut(s, '/', &head, &tail))
            s = tail;
    head = s; /* ":51k", a throughput */
    if (head.n && head.p[head.n - 1] == 'k' && (head.n--, drop_number(&head, ':', 0)))
        s = head;
    if (lx_slice_cut(s, '.', &head, &tail) && one_of(head, geos))
        return tail;
    return lx_slice_cut(s, '/', &head, &tail) && is_region(head) ? tail : s;
}

static struct lx_slice stripped(const struct search *s, struct lx_slice model)
{
    static const char *const numbered[] = {"vertex_ai", "gemini", "databricks", NULL};
    if (starts(s->provider, "bedrock"))
        return bedrock_base(model);
    if (one_of(s->provider, numbered)) {
        drop_number(&model, '-', 0);
        return model;
    }
    return lx_slice_find(model, LX_S("ft:")) >= 0 ? without_tuning(model) : without_date(model);
}

/* ---- Prices by size ------------------------------------------------------------------------- */

/* The number before the last-but-first 'b' of "70b", "8x7b"; 0: none. */
static int64_t billions(struct lx_slice model, bool *experts)
{
    *experts = false;
    for (size_t i = 1; i < model.n; i++) {
        struct lx_slice head = lx_slice_to(model, i), left = head;
        size_t n = digits_at_end(head);
        int64_t b, a;
        if (lx_ascii_lower(model.p[i]) != 'b' || n == 0 || n > 6)
            continue;
        lx_slice_int(lx_slice(head.p + head.n - n, n), &b);
        left.n -= n;
        if (left.n && lx_ascii_lower(left.p[left.n - 1]) == 'x') {
            left.n--;
            n = digits_at_end(left);
            *experts = n > 0 && n <= 6;
            if (*experts && lx_slice_int(lx_slice(left.p + left.n - n, n), &a) == 0)
                return a * b;
        }
        return b;
    }
    return 0;
}

/* Two providers bill models that have no price of their own by their size. */
static const struct {
    const char *provider;
    bool experts;
    int64_t max;
    const char *name;
} sizes[] = {
    {"fireworks_ai", true, 56, "fireworks-ai-moe-up-to-56b"},
    {"fireworks_ai", true, 176, "fireworks-ai-56b-to-176b"},
    {"fireworks_ai", false, 4, "fireworks-ai-up-to-4b"},
    {"fireworks_ai", false, 16, "fireworks-ai-4.1b-to-16b"},
    {"fireworks_ai", false, INT64_MAX, "fireworks-ai-above-16b"},
    {"together_ai", false, 4, "together-ai-up-to-4b"},
    {"together_ai", false, 8, "together-ai-4.1b-8b"},
    {"together_ai", false, 21, "together-ai-8.1b-21b"},
    {"together_ai", false, 41, "together-ai-21.1b-41b"},
    {"together_ai", false, 80, "together-ai-41.1b-80b"},
    {"together_ai", false, 110, "together-ai-81.1b-110b"},
};

static bool look_by_size(const struct search *s, struct lx_slice model)
{
    bool experts;
    int64_t b = billions(model, &experts);
    for (size_t i = 0; b > 0 && i < sizeof(sizes) / sizeof(sizes[0]); i++)
        if (lx_slice_eq(s->provider, lx_slice_z(sizes[i].provider)) && b <= sizes[i].max &&
            (experts || !sizes[i].experts))
            return look(s, lx_slice_z(sizes[i].name));
    return false;
}

/* ---- The order ------------------------------------------------------------------------------ */

/* What a provider's users leave out of a name. */
static bool look_completed(const struct search *s, struct lx_slice model)
{
    if (!starts(s->provider, "vertex_ai"))
        return false;
    return look_joined(s, LX_S("vertex_ai/meta"), '/', model) ||
           look_joined(s, model, 0, LX_S("@latest")) || look_joined(s, LX_S("meta"), '/', model);
}

/* "vertex_ai/my-alias/claude-opus-5" -> "vertex_ai/claude-opus-5" */
static bool look_behind_aliases(const struct search *s, struct lx_slice model)
{
    struct lx_slice head;
    while (lx_slice_cut(model, '/', &head, &model))
        if (look_with_provider(s, model))
            return true;
    return false;
}

/* "responses/gpt-4.1" is gpt-4.1, asked by another API. */
static struct lx_slice without_api(struct lx_slice model)
{
    struct lx_slice api = LX_S("responses/");
    return lx_slice_starts(model, api) ? lx_slice_from(model, api.n) : model;
}

static bool find_of_provider(const struct search *s, struct lx_slice model)
{
    struct lx_slice given = model = without_api(model);
    while (model.n > s->provider.n && starts(model, "") && lx_slice_starts(model, s->provider) &&
           model.p[s->provider.n] == '/')
        model = without_api(lx_slice_from(model, s->provider.n + 1));
    struct lx_slice bare = starts(s->provider, "bedrock") ? without_route(model) : model;
    struct lx_slice base = stripped(s, model), undated = without_stamp(model);
    return look_with_provider(s, model) || look(s, given) || look(s, bare) ||
           look_with_provider(s, base) || look(s, base) || look_with_provider(s, given) ||
           look_completed(s, model) || look_with_provider(s, undated) || look(s, undated) ||
           look_behind_aliases(s, model) || look_by_size(s, model) ||
           look_with_provider(s, LX_S("*"));
}

bool lx_catalog_find(const struct lx_catalog *c, struct lx_slice provider, struct lx_slice model,
                     struct lx_model *out)
{
    struct search s = {c, provider, out};
    struct lx_slice rest;
    model = without_api(model);
    if (lx_slice_eq(provider, LX_S("vertex_ai_beta")))
        s.provider = LX_S("vertex_ai");
    if (s.provider.n)
        return find_of_provider(&s, model);
    if (look(&s, model) || look(&s, stripped(&s, model)))
        return true;
    return lx_slice_cut(model, '/', &s.provider, &rest) && s.provider.n &&
           find_of_provider(&s, rest);
}
