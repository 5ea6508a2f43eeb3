/*
 * provider.c - the user's own providers: llmux_settings.providers made into rows like those
 * of the table.
 */
#include "config/load.h"
#include "wire/url.h"

#define PATH "llmux_settings.providers[]"

static void wrong(struct lx_load *l, const struct lx_yaml *at, const char *path,
                  const char *expected)
{
    lx_diag_add(l->diags, LX_DIAG_ERROR, at, lx_slice_z(path), "expected %s", expected);
}

static void *config_alloc(struct lx_load *l, size_t n, size_t size)
{
    return lx_arena_alloc(&l->config->arena, n * size);
}

static const char *config_z(struct lx_load *l, struct lx_slice s)
{
    return s.p ? lx_arena_copy_z(&l->config->arena, s) : NULL;
}

static void take_names(struct lx_load *l, const struct lx_yaml *at, const struct lx_strings *from,
                       const char *to[LX_PROVIDER_NAMES], const char *path)
{
    if (from->n > LX_PROVIDER_NAMES)
        wrong(l, at, path, "at most four names");
    for (size_t i = 0; i < from->n && i < LX_PROVIDER_NAMES; i++)
        to[i] = config_z(l, from->v[i]);
}

static void take_headers(struct lx_load *l, const struct lx_yaml *map, struct lx_provider *p)
{
    const size_t most = sizeof p->headers / sizeof *p->headers;
    if (!map)
        return;
    if (map->kind != LX_YAML_MAP || map->n > most) {
        wrong(l, map, PATH ".headers", "a mapping of at most four headers");
        return;
    }
    for (size_t i = 0; i < map->n; i++) {
        const struct lx_yaml_pair *pair = &map->pairs[i];
        struct lx_slice value = {0};
        if (pair->value->kind == LX_YAML_SCALAR)
            value = lx_load_text(l, pair->value, LX_S(PATH ".headers"));
        if (!value.p || !lx_header_is_valid(pair->key->text, value)) {
            wrong(l, pair->value, PATH ".headers", "the name and value of an HTTP header");
            continue;
        }
        p->headers[i][0] = config_z(l, pair->key->text);
        p->headers[i][1] = config_z(l, value);
    }
}

static void take_auth(struct lx_load *l, const struct lx_yaml *at,
                      const struct lx_config_provider *c, struct lx_provider *p)
{
    static const struct {
        const char *name;
        enum lx_auth auth;
    } ways[] = {{"none", LX_AUTH_NONE},
                {"bearer", LX_AUTH_BEARER},
                {"header", LX_AUTH_HEADER},
                {"aws", LX_AUTH_AWS}};
    const size_t count = sizeof ways / sizeof *ways;
    bool anthropic = lx_slice_eq(lx_slice_z(p->language), LX_S("anthropic"));
    p->auth = LX_AUTH_BEARER;
    if (!c->auth.n && anthropic) { /* as the vendor's own */
        p->auth = LX_AUTH_HEADER;
        if (!p->auth_header)
            p->auth_header = "x-api-key";
    }
    size_t i = 0;
    while (c->auth.n && i < count && !lx_slice_eq(c->auth, lx_slice_z(ways[i].name)))
        i++;
    if (i == count)
        wrong(l, at, PATH ".auth", "bearer, header, aws or none");
    else if (c->auth.n)
        p->auth = ways[i].auth;
    if (p->auth == LX_AUTH_AWS) {
        if (!p->aws_service)
            p->aws_service = "bedrock";
        if (!p->region)
            p->region = "us-east-1";
        if (!p->credential)
            p->credential = "aws";
    }
    if (p->auth == LX_AUTH_HEADER &&
        (!p->auth_header || !lx_header_is_valid(lx_slice_z(p->auth_header), LX_S(""))))
        wrong(l, at, PATH ".auth_header", "the name of the header that carries the key");
}

/* ---- Quirks ---- */

static const struct {
    const char *name;
    enum lx_quirk_op op;
    bool member, arg;
} ops[] = {
    {"refuse", LX_QUIRK_REFUSE, true, false},    {"drop", LX_QUIRK_DROP, true, false},
    {"rename", LX_QUIRK_RENAME, true, true},     {"default", LX_QUIRK_DEFAULT, true, true},
    {"replace", LX_QUIRK_REPLACE, true, true},   {"flatten", LX_QUIRK_FLATTEN, false, false},
    {"clamp", LX_QUIRK_CLAMP, true, true},       {"switch", LX_QUIRK_SWITCH, true, true},
    {"fill", LX_QUIRK_FILL, true, true},         {"role", LX_QUIRK_ROLE, false, true},
    {"effort", LX_QUIRK_EFFORT, true, false},    {"beside", LX_QUIRK_BESIDE, true, true},
    {"ask", LX_QUIRK_ASK, true, true},           {"budget", LX_QUIRK_BUDGET, true, true},
    {"pair", LX_QUIRK_PAIR, false, false},       {"marks", LX_QUIRK_MARKS, false, false},
    {"tool", LX_QUIRK_TOOL, true, true},         {"keep", LX_QUIRK_KEEP, false, true},
    {"word", LX_QUIRK_WORD, true, true},         {"levels", LX_QUIRK_LEVELS, true, true},
    {"part", LX_QUIRK_PART, true, true},         {"purpose", LX_QUIRK_PURPOSE, true, true},
    {"thought", LX_QUIRK_THOUGHT, false, false},
};

/* "refuse, drop, ..." */
static const char *op_names(struct lx_load *l)
{
    struct lx_slice all = {0};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        all = lx_arena_printf(&l->set.arena, "%.*s%s%s", LX_F(all), i ? ", " : "", ops[i].name);
    const char *z = lx_arena_copy_z(&l->set.arena, all);
    return z ? z : "";
}

/* DEFAULT, REFUSE, FILL and TOOL want JSON, the others the text. */
static const char *quirk_arg(struct lx_load *l, enum lx_quirk_op op, const struct lx_yaml *arg)
{
    if (!arg)
        return NULL;
    if (op == LX_QUIRK_DEFAULT || op == LX_QUIRK_REFUSE || op == LX_QUIRK_FILL ||
        op == LX_QUIRK_TOOL)
        return config_z(l, lx_load_json(l, arg));
    if (arg->kind != LX_YAML_SCALAR) {
        wrong(l, arg, PATH ".quirks[].arg", "text");
        return NULL;
    }
    return config_z(l, arg->text);
}

static void take_quirk(struct lx_load *l, const struct lx_yaml *at, struct lx_quirk *out)
{
    struct lx_config_quirk c = {0};
    lx_section_read(l, PATH ".quirks[]", at, &c, NULL);
    size_t i = 0, n = sizeof ops / sizeof *ops;
    while (i < n && !lx_slice_eq(c.op, lx_slice_z(ops[i].name)))
        i++;
    *out = c.q;
    if (i == n) {
        wrong(l, at, PATH ".quirks[].op", op_names(l));
        return;
    }
    out->op = ops[i].op;
    out->arg = quirk_arg(l, out->op, c.arg);
    if (ops[i].member && !out->member)
        wrong(l, at, PATH ".quirks[].member", "the member to mend");
    if (ops[i].arg && !out->arg)
        wrong(l, at, PATH ".quirks[].arg", "an argument for this op");
    if (!out->member)
        out->member = "messages";
}

static void take_quirks(struct lx_load *l, const struct lx_yaml *list, struct lx_provider *p)
{
    if (!list)
        return;
    if (list->kind != LX_YAML_LIST) {
        wrong(l, list, PATH ".quirks", "a list of mappings");
        return;
    }
    struct lx_quirk *quirks = config_alloc(l, list->n + 1, sizeof *quirks); /* zeroes end it */
    for (size_t i = 0; quirks && i < list->n; i++)
        take_quirk(l, list->items[i], &quirks[i]);
    p->quirks = quirks;
}

/* ---- Rows ---- */

static void take_provider(struct lx_load *l, const struct lx_yaml *at, struct lx_provider *out)
{
    struct lx_config_provider c = {0};
    lx_section_read(l, PATH, at, &c, NULL);
    struct lx_provider *p = &c.p;
    if (!p->id || !*p->id || strchr(p->id, '/') || strchr(p->id, '*'))
        wrong(l, at, PATH ".name", "a name without '/' and '*'");
    if (!p->language)
        p->language = "openai_chat";
    const struct lx_dialect *dialect = lx_dialect_find(lx_slice_z(p->language));
    if (!dialect || !dialect->back || dialect->operation == LX_OPERATION_COUNT)
        wrong(l, at, PATH ".language",
              "a language that `llmux docs providers` names: openai_chat, anthropic, gemini, ...");
    struct lx_url url;
    if (p->base_url && lx_url_read(lx_slice_z(p->base_url), &url, NULL) != 0)
        wrong(l, at, PATH ".base_url", "a URL, http:// or https://");
    p->title = p->id;
    take_names(l, at, &c.key_env, p->key_env, PATH ".api_key_env");
    take_names(l, at, &c.base_url_env, p->base_url_env, PATH ".base_url_env");
    take_auth(l, at, &c, p);
    if (p->credential && !lx_credential_kind_find(lx_slice_z(p->credential)))
        wrong(l, at, PATH ".credential", "a kind of credential: " LX_CREDENTIAL_NAMES);
    p->key_optional = !c.key_env.n; /* then a key can only come with a model, or there is none */
    take_headers(l, c.headers, p);
    take_quirks(l, c.quirks, p);
    *out = *p;
}

void lx_load_providers(struct lx_load *l)
{
    const struct lx_yaml *list =
        lx_yaml_get(lx_yaml_get(l->root, LX_S("llmux_settings")), LX_S("providers"));
    struct lx_route_table *routes = &l->config->routes;
    if (!list || lx_yaml_type(list) == LX_YAML_NULL)
        return;
    if (list->kind != LX_YAML_LIST) {
        wrong(l, list, "llmux_settings.providers", "a list of mappings");
        return;
    }
    struct lx_provider *rows = config_alloc(l, list->n + 1, sizeof *rows);
    if (!rows)
        return;
    for (size_t i = 0; i < list->n; i++)
        take_provider(l, list->items[i], &rows[i]);
    routes->custom = rows;
    routes->custom_count = list->n;
}
