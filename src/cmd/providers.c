/*
 * providers.c - `llmux providers`: the table of providers, all about one of them, and what a model
 * lacks or takes here and now. Also doc/providers.md, which is the same table on paper.
 */
#include "cmd/providers.h"

#include "call/call.h"
#include "cmd/command.h"
#include "config/config.h"

enum { JSON, CONFIG, CHECK, PARAMS, EMBEDDINGS };

/* The rows of the configuration, and after them the table's. */
struct rows {
    const struct lx_provider *custom;
    size_t custom_count;
};

static const struct lx_provider *row(const struct rows *rows, size_t i)
{
    if (i < rows->custom_count)
        return &rows->custom[i];
    i -= rows->custom_count;
    return i < lx_provider_count ? &lx_providers[i] : NULL;
}

static const struct lx_provider *find(const struct rows *rows, struct lx_slice name)
{
    for (size_t i = 0; i < rows->custom_count; i++)
        if (lx_slice_eq(lx_slice_z(rows->custom[i].id), name))
            return &rows->custom[i];
    return lx_provider_find(name);
}

/* ---- What a row says ---- */

static const char *find_set(const char *const *names)
{
    for (size_t i = 0; i < LX_PROVIDER_NAMES && names[i]; i++) {
        const char *value = lx_process_env.get(NULL, names[i]);
        if (value && *value)
            return names[i];
    }
    return NULL;
}

/* A model of it can be asked now. */
static bool is_configured(const struct lx_provider *p)
{
    bool key = find_set(p->key_env) || p->default_key || p->key_optional ||
               p->auth == LX_AUTH_NONE || lx_provider_is_trusted(p, &lx_process_env);
    return key && (p->base_url || find_set(p->base_url_env));
}

static const struct {
    const char *name, *what;
} ops[] = {
    [LX_QUIRK_REFUSE] = {"refuse", "refused"},
    [LX_QUIRK_DROP] = {"drop", "left out"},
    [LX_QUIRK_RENAME] = {"rename", "renamed to"},
    [LX_QUIRK_DEFAULT] = {"default", "when absent"},
    [LX_QUIRK_REPLACE] = {"replace", "replaced,"},
    [LX_QUIRK_FLATTEN] = {"flatten", "lists of text parts become one string"},
    [LX_QUIRK_CLAMP] = {"clamp", "kept within"},
    [LX_QUIRK_SWITCH] = {"switch", "becomes"},
    [LX_QUIRK_BESIDE] = {"beside", "gets beside it"},
    [LX_QUIRK_ASK] = {"ask", "becomes what the user says last,"},
    [LX_QUIRK_FILL] = {"fill", "where calls lack it,"},
    [LX_QUIRK_ROLE] = {"role", "roles,"},
    [LX_QUIRK_EFFORT] = {"effort", "becomes reasoning_effort"},
    [LX_QUIRK_WORD] = {"word", "when a word, renamed to"},
    [LX_QUIRK_PURPOSE] = {"purpose", "says what inputs are for,"},
    [LX_QUIRK_TOOL] = {"tool", "becomes a tool of the provider's,"},
    [LX_QUIRK_MARKS] = {"marks", "cache marks go to the last part"},
    [LX_QUIRK_KEEP] = {"keep", "members besides content that stay,"},
    [LX_QUIRK_PART] = {"part", "parts of messages become"},
    [LX_QUIRK_THOUGHT] = {"thought", "reasoning_content becomes a part before the text"},
    [LX_QUIRK_PAIR] = {"pair", "results stand right behind their calls"},
    [LX_QUIRK_BUDGET] = {"budget", "becomes a budget,"},
    [LX_QUIRK_LEVELS] = {"levels", "becomes the nearest of"},
};

static void add_names(struct lx_buf *out, const char *const *names, const char *quote)
{
    for (size_t i = 0; i < LX_PROVIDER_NAMES && names[i]; i++)
        lx_buf_addf(out, "%s%s%s%s", i ? ", " : "", quote, names[i], quote);
}

/* Without a line end: "`stop`: refused, for `o1*` - why". */
static void add_quirk(struct lx_buf *out, const struct lx_quirk *q, const char *quote)
{
    struct lx_slice members = lx_slice_z(q->member), one;
    for (bool more = true, first = true; more; first = false) {
        more = lx_slice_cut(members, '|', &one, &members);
        lx_buf_addf(out, "%s%s%.*s%s", first ? "" : ", ", quote, LX_F(one), quote);
    }
    lx_buf_addf(out, ": %s", ops[q->op].what);
    if (q->arg)
        lx_buf_addf(out, "%s %s%s%s", q->op == LX_QUIRK_REFUSE ? " but" : "", quote, q->arg, quote);
    if (q->models)
        lx_buf_addf(out, ", for %s%s%s", quote, q->models, quote);
    if (q->why)
        lx_buf_addf(out, " - %s", q->why);
}

/* What clients of text completions are served in, where the row knows two languages. */
static void add_text(struct lx_buf *out, const struct lx_provider *p, const char *quote)
{
    for (const struct lx_offer *o = p->text; o && o->language; o++) {
        lx_buf_addf(out, ", and %s to clients of text completions", o->language);
        if (o->models)
            lx_buf_addf(out, " who ask for %s%s%s", quote, o->models, quote);
    }
}

/* How embeddings are served: by what is said of them, or as the row's language has it. */
static struct lx_offer embeds_of(const struct lx_provider *p)
{
    return lx_provider_offer(p, &lx_dialect_openai_embed, lx_slice(NULL, 0));
}

/* Whether clients of that language are served by it. */
static bool answers(const struct lx_provider *p, const struct lx_dialect *d)
{
    return d->front && lx_provider_offer(p, d, lx_slice(NULL, 0)).language;
}

/* "openai_embed, at most 10 inputs a request, encodings float". */
static void add_offer(struct lx_buf *out, const struct lx_offer *o, const char *quote)
{
    lx_buf_addf(out, "%s", o->language);
    if (o->models)
        lx_buf_addf(out, " for %s%s%s", quote, o->models, quote);
    if (o->path && !o->path[0])
        lx_buf_add_lit(out, " at the whole address");
    else if (o->path)
        lx_buf_addf(out, " at %s%s%s", quote, o->path, quote);
    if (o->max_inputs)
        lx_buf_addf(out, ", at most %zu inputs a request", o->max_inputs);
    if (o->encodings && strcmp(o->encodings, "!*") == 0)
        lx_buf_add_lit(out, ", no encoding_format");
    else if (o->encodings)
        lx_buf_addf(out, ", encoding_format %s%s%s only", quote, o->encodings, quote);
}

static void add_variant(struct lx_buf *out, const struct lx_provider *v, const char *quote)
{
    const struct {
        const char *what, *glob;
    } conditions[] = {
        {"models", v->models}, {"addresses", v->bases}, {"api-versions", v->versions}};
    for (size_t i = 0, n = 0; i < 3; i++)
        if (conditions[i].glob)
            lx_buf_addf(out, "%s%s %s%s%s", n++ ? ", " : "", conditions[i].what, quote,
                        conditions[i].glob, quote);
    lx_buf_addf(out, ": speaks %s", v->language);
    if (v->path)
        lx_buf_addf(out, " at %s%s%s", quote, v->path, quote);
    add_text(out, v, quote);
}

/* Variants that a request chooses, not its model. */
static void add_detours(struct lx_buf *out, const struct lx_provider *p, const char *before,
                        const char *quote)
{
    const char *const models[] = {p->functions_by_responses, p->search_by_responses, p->responses};
    static const char *const when[] = {"with functions, unless they are not to reason",
                                       "to search the web", "for clients of the Responses API"};
    for (size_t i = 0; i < sizeof(when) / sizeof(when[0]); i++)
        if (models[i])
            lx_buf_addf(out, "%smodels %s%s%s %s: as %sresponses/MODEL%s\n", before, quote,
                        models[i], quote, when[i], quote, quote);
}

/* How the key is sent: "Authorization: Bearer KEY". */
static void add_auth(struct lx_buf *out, const struct lx_provider *p)
{
    if (p->auth == LX_AUTH_NONE)
        lx_buf_add_lit(out, "no key");
    else if (p->auth == LX_AUTH_BEARER)
        lx_buf_add_lit(out, "authorization: Bearer KEY");
    else if (p->auth == LX_AUTH_AWS)
        lx_buf_addf(out, "AWS Signature Version 4 for %s", p->aws_service);
    else
        lx_buf_addf(out, "%s: %sKEY", p->auth_header, p->auth_prefix ? p->auth_prefix : "");
}

/* ---- As text ---- */

static void add_table(struct lx_buf *out, const struct rows *rows)
{
    const struct lx_provider *p;
    lx_buf_addf(out, "%-24s %-18s %-58s %-4s %s\n", "PROVIDER", "LANGUAGE", "BASE URL", "KEY",
                "VARIABLES");
    for (size_t i = 0; (p = row(rows, i)); i++) {
        lx_buf_addf(out, "%-24s %-18s %-58s %-4s ", p->id, p->language,
                    p->base_url ? p->base_url : "(api_base)", find_set(p->key_env) ? "yes" : "-");
        add_names(out, p->key_env, "");
        lx_buf_add_byte(out, '\n');
    }
}

static void add_line(struct lx_buf *out, const char *name, const char *value)
{
    if (value)
        lx_buf_addf(out, "  %-12s %s\n", name, value);
}

static void add_place(struct lx_buf *out, const char *name, const char *const *variables)
{
    if (!variables[0])
        return;
    lx_buf_addf(out, "\n  %-12s ", name);
    add_names(out, variables, "");
}

/* "aws, from AWS_PROFILE, ...": what a key is made of where none is given. */
static void add_credential(struct lx_buf *out, const struct lx_provider *p)
{
    const struct lx_credential_kind *kind =
        p->credential ? lx_credential_kind_find(lx_slice_z(p->credential)) : NULL;
    const char *sep = ", from ";
    if (!kind)
        return;
    lx_buf_addf(out, "  %-12s %s", "credentials", kind->id);
    for (const struct lx_credential_setting *s = kind->settings; s->name; s++)
        for (struct lx_slice rest = lx_slice_z(s->env), one; rest.n; sep = ", ") {
            lx_slice_cut(rest, '|', &one, &rest);
            lx_buf_addf(out, "%s%.*s", sep, LX_F(one));
        }
    lx_buf_add_byte(out, '\n');
}

static void add_quirks(struct lx_buf *out, const char *name, const struct lx_quirk *quirks)
{
    for (const struct lx_quirk *q = quirks; q && q->op != LX_QUIRK_END; q++) {
        lx_buf_addf(out, "  %-12s ", name);
        add_quirk(out, q, "");
        lx_buf_add_byte(out, '\n');
    }
}

static void add_detail(struct lx_buf *out, const struct lx_provider *p)
{
    lx_buf_addf(out, "%s: %s\n", p->id, p->title);
    add_line(out, "configured", is_configured(p) ? "yes" : "no");
    add_line(out, "language", p->language);
    add_line(out, "base URL", p->base_url ? p->base_url : "none: give api_base");
    lx_buf_addf(out, "  %-12s ", "... from");
    add_names(out, p->base_url_env, "");
    add_place(out, "region from", p->region_env);
    add_place(out, "project from", p->project_env);
    lx_buf_addf(out, "\n  %-12s ", "key from");
    add_names(out, p->key_env, "");
    lx_buf_addf(out, "\n  %-12s ", "sent as");
    add_auth(out, p);
    lx_buf_add_byte(out, '\n');
    add_credential(out, p);
    add_line(out, "path", p->path);
    add_line(out, "to prompts", p->text ? p->text->language : NULL);
    add_line(out, "api-version", p->api_version_env);
    add_line(out, "also called", p->aliases);
    add_line(out, "bare names", p->bare_models);
    lx_buf_addf(out, "  %-12s", "answers");
    for (size_t i = 0, n = 0; lx_dialects[i]; i++)
        if (answers(p, lx_dialects[i]))
            lx_buf_addf(out, "%s %s", n++ ? "," : "", lx_dialects[i]->title);
    lx_buf_add_byte(out, '\n');
    add_line(out, "source", p->docs);
    for (const struct lx_provider *v = p->variants; v && v->id; v++) {
        lx_buf_addf(out, "  %-12s ", "for some");
        add_variant(out, v, "");
        lx_buf_add_byte(out, '\n');
    }
    add_detours(out, p, "  for some     ", "");
    add_quirks(out, "quirk", p->quirks);
    for (const struct lx_offer *o = p->embed; o && o->language; o++) {
        lx_buf_addf(out, "  %-12s ", "embeddings");
        add_offer(out, o, "");
        lx_buf_add_byte(out, '\n');
        add_quirks(out, "... quirk", o->quirks);
    }
}

/* ---- As JSON ---- */

static void write_names(struct lx_out *o, const char *member, const char *const *names)
{
    lx_out_array(o, member);
    for (size_t i = 0; i < LX_PROVIDER_NAMES && names[i]; i++)
        lx_out_str(o, NULL, lx_slice_z(names[i]));
    lx_out_array_end(o);
}

static void write_text(struct lx_out *o, const char *member, const char *value)
{
    if (value)
        lx_out_str(o, member, lx_slice_z(value));
    else
        lx_out_null(o, member);
}

static void write_quirk(struct lx_out *o, const struct lx_quirk *q)
{
    lx_out_object(o, NULL);
    lx_out_str(o, "op", lx_slice_z(ops[q->op].name));
    lx_out_str(o, "member", lx_slice_z(q->member));
    write_text(o, "arg", q->arg);
    write_text(o, "models", q->models);
    write_text(o, "why", q->why);
    lx_out_object_end(o);
}

static void write_variant(struct lx_out *o, const struct lx_provider *v)
{
    lx_out_object(o, NULL);
    write_text(o, "models", v->models);
    write_text(o, "base_urls", v->bases);
    write_text(o, "api_versions", v->versions);
    lx_out_str(o, "language", lx_slice_z(v->language));
    write_text(o, "path", v->path);
    write_text(o, "text_language", v->text ? v->text->language : NULL);
    lx_out_object_end(o);
}

static void write_provider(struct lx_out *o, const struct lx_provider *p)
{
    char room[256];
    struct lx_buf auth = {.p = room, .cap = sizeof(room), .max = sizeof(room)};
    add_auth(&auth, p);
    lx_out_object(o, NULL);
    lx_out_str(o, "id", lx_slice_z(p->id));
    lx_out_str(o, "title", lx_slice_z(p->title));
    lx_out_str(o, "language", lx_slice_z(p->language));
    write_text(o, "base_url", p->base_url);
    write_names(o, "base_url_variables", p->base_url_env);
    write_names(o, "region_variables", p->region_env);
    write_names(o, "project_variables", p->project_env);
    write_names(o, "key_variables", p->key_env);
    lx_out_str(o, "auth", lx_buf_slice(&auth));
    write_text(o, "credential", p->credential);
    write_text(o, "path", p->path);
    write_text(o, "text_language", p->text ? p->text->language : NULL);
    write_text(o, "embed_language", embeds_of(p).language);
    write_text(o, "api_version_variable", p->api_version_env);
    write_text(o, "aliases", p->aliases);
    write_text(o, "bare_models", p->bare_models);
    lx_out_bool(o, "configured", is_configured(p));
    lx_out_array(o, "answers");
    for (size_t i = 0; lx_dialects[i]; i++)
        if (answers(p, lx_dialects[i]))
            lx_out_str(o, NULL, lx_slice_z(lx_dialects[i]->name));
    lx_out_array_end(o);
    lx_out_array(o, "variants");
    for (const struct lx_provider *v = p->variants; v && v->id; v++)
        write_variant(o, v);
    lx_out_array_end(o);
    write_text(o, "functions_by_responses", p->functions_by_responses);
    write_text(o, "search_by_responses", p->search_by_responses);
    write_text(o, "responses", p->responses);
    lx_out_array(o, "quirks");
    for (const struct lx_quirk *q = p->quirks; q && q->op != LX_QUIRK_END; q++)
        write_quirk(o, q);
    lx_out_array_end(o);
    write_text(o, "source", p->docs);
    lx_out_object_end(o);
}

/* ---- A model, here and now ---- */

static void write_missing(struct lx_out *o, const struct lx_deployment *d)
{
    const char *const *lacks[LX_LACKS_MAX];
    lx_out_array(o, "missing");
    for (size_t i = 0, n = lx_deployment_lacks(d, lacks); i < n; i++)
        write_names(o, NULL, lacks[i]);
    lx_out_array_end(o);
}

static void say_check(struct lx_buf *out, const struct lx_deployment *d, struct lx_slice missing,
                      bool json)
{
    struct lx_out o = lx_out(out);
    if (!json) {
        lx_buf_addf(out, missing.n ? "%s: missing %.*s\n" : "%s: nothing is missing%.*s\n",
                    d->provider->id, LX_F(missing));
        return;
    }
    lx_out_object(&o, NULL);
    lx_out_str(&o, "provider", lx_slice_z(d->provider->id));
    lx_out_str(&o, "model", d->model);
    lx_out_bool(&o, "ok", !missing.n);
    write_missing(&o, d);
    lx_out_object_end(&o);
    lx_buf_add_byte(out, '\n');
}

static int say_params(struct lx_buf *out, const struct lx_deployment *d, struct lx_arena *a,
                      enum lx_operation operation, bool json)
{
    struct lx_buf names;
    struct lx_out o = lx_out(out);
    lx_buf_init(&names, 1 << 16);
    int code = lx_params_taken(d, lx_deployment_model(d, lx_slice(NULL, 0), a), operation, &names);
    struct lx_slice rest = lx_buf_slice(&names), one;
    if (json)
        lx_out_array(&o, NULL);
    for (bool more = rest.n; more;) {
        more = lx_slice_cut(rest, ' ', &one, &rest);
        if (json)
            lx_out_str(&o, NULL, one);
        else
            lx_buf_addf(out, "%.*s\n", LX_F(one));
    }
    if (json) {
        lx_out_array_end(&o);
        lx_buf_add_byte(out, '\n');
    }
    lx_buf_clear(&names);
    return code;
}

static int run_model(const struct rows *rows, const char *const *values, struct lx_buf *out)
{
    struct lx_arena arena;
    struct lx_deployment d;
    struct lx_error err = {0};
    const char *name = values[CHECK] ? values[CHECK] : values[PARAMS];
    int status = LX_EXIT_OK;
    lx_arena_init(&arena, 1 << 20);
    int code = lx_deployment_of_name(lx_slice_z(name), rows->custom, rows->custom_count,
                                     &lx_process_env, &arena, &d, &err);
    if (code == 0 && values[CHECK]) {
        struct lx_slice missing = lx_deployment_missing(&d, &arena);
        say_check(out, &d, missing, values[JSON] != NULL);
        status = missing.n ? LX_EXIT_FAILED : LX_EXIT_OK;
    }
    if (code == 0 && values[PARAMS])
        code =
            say_params(out, &d, &arena, values[EMBEDDINGS] ? LX_OPERATION_EMBED : LX_OPERATION_CHAT,
                       values[JSON] != NULL);
    if (code != 0)
        status = lx_cmd_fail("providers", LX_EXIT_FAILED, "%s",
                             err.code ? err.text : lx_code_text(code));
    else {
        lx_secret_clear(&d.key);
        lx_credential_source_clear(d.credential);
    }
    lx_arena_clear(&arena);
    return status;
}

/* ---- The command ---- */

static int run_rows(const struct rows *rows, const char *name, bool json, struct lx_buf *out)
{
    const struct lx_provider *one = name ? find(rows, lx_slice_z(name)) : NULL, *p;
    struct lx_out o = lx_out(out);
    const char *why = name && !one ? lx_provider_left_out(lx_slice_z(name)) : NULL;
    char near[128];
    if (why)
        return lx_cmd_fail("providers", LX_EXIT_FAILED, "%s is left out: %s", name, why);
    if (name && !one) {
        lx_provider_near(lx_slice_z(name), rows->custom, rows->custom_count, near, sizeof(near));
        return lx_cmd_fail("providers", LX_EXIT_FAILED, "there is no provider \"%s\"%s%s", name,
                           near[0] ? "; near it: " : "", near);
    }
    if (!json && !one) {
        add_table(out, rows);
    } else if (!json) {
        add_detail(out, one);
    } else if (one) {
        write_provider(&o, one);
        lx_buf_add_byte(out, '\n');
    } else {
        lx_out_array(&o, NULL);
        for (size_t i = 0; (p = row(rows, i)); i++)
            write_provider(&o, p);
        lx_out_array_end(&o);
        lx_buf_add_byte(out, '\n');
    }
    return LX_EXIT_OK;
}

static struct lx_config *load(const char *path)
{
    struct lx_arena arena;
    struct lx_diags diags = {.arena = &arena};
    lx_arena_init(&arena, 256u << 20);
    struct lx_config *config = lx_config_load(path, &lx_process_env, NULL, &diags);
    if (!config)
        lx_cmd_fail("providers", LX_EXIT_FAILED, "%s cannot be used; `llmux check` tells why",
                    path);
    lx_arena_clear(&arena);
    return config;
}

static int run(const char *const *values, char *const *words, int word_count)
{
    struct lx_config *config = values[CONFIG] ? load(values[CONFIG]) : NULL;
    struct rows rows = {NULL, 0};
    struct lx_buf out;
    int status;

    if (values[CONFIG] && !config)
        return LX_EXIT_FAILED;
    if (config)
        rows = (struct rows){config->routes.custom, config->routes.custom_count};
    lx_buf_init(&out, 16u << 20);
    if (values[CHECK] || values[PARAMS])
        status = run_model(&rows, values, &out);
    else
        status = run_rows(&rows, word_count ? words[0] : NULL, values[JSON] != NULL, &out);
    if (lx_cmd_print(lx_buf_slice(&out)) != LX_EXIT_OK || out.failed)
        status = LX_EXIT_FAILED;
    lx_buf_clear(&out);
    lx_config_unref(config);
    return status;
}

/* ---- doc/providers.md ---- */

static const char intro[] =
    "# Providers\n"
    "\n"
    "Printed by `llmux docs providers` from the table the program uses. A model is called\n"
    "`provider/model`; names in the last column need no prefix. The first variable that is set counts.\n"
    "What a provider takes differently from OpenAI, and what is done about it, stands below the table\n"
    "with its source; those that speak OpenAI's chat have OpenAI's embeddings at the same address where\n"
    "nothing else is said of them. `llmux providers --params MODEL` lists the parameters that a model takes, and\n"
    "`llmux providers --check MODEL` what is missing to ask it.\n"
    "\n"
    "| provider | | base URL | its variables | key variables | bare names |\n"
    "| --- | --- | --- | --- | --- | --- |\n";

static const char outro[] = "\n"
                            "## What is left out\n"
                            "\n"
                            "Of LiteLLM's providers (1.106.2), and why:\n"
                            "\n";

/* A cell holds no '|' of its own. */
static void add_cell(struct lx_buf *out, const char *text, const char *quote)
{
    struct lx_slice rest = lx_slice_z(text), one;
    for (bool more = rest.n, first = true; more; first = false) {
        more = lx_slice_cut(rest, '|', &one, &rest);
        lx_buf_addf(out, "%s%s%.*s%s", first ? "" : ", ", quote, LX_F(one), quote);
    }
}

static void add_left_out(struct lx_buf *out)
{
    lx_buf_add(out, lx_slice_z(outro));
    for (size_t i = 0; i < lx_left_out_count; i++) {
        lx_buf_add_lit(out, "- ");
        add_cell(out, lx_providers_left_out[i].names, "`");
        lx_buf_addf(out, ": %s\n", lx_providers_left_out[i].why);
    }
}

static void add_doc_row(struct lx_buf *out, const struct lx_provider *p)
{
    lx_buf_addf(out, "| `%s` | %s | ", p->id, p->title);
    add_cell(out, p->base_url, "");
    lx_buf_add_lit(out, " | ");
    add_names(out, p->base_url_env, "`");
    lx_buf_add_lit(out, " | ");
    add_names(out, p->key_env, "`");
    lx_buf_add_lit(out, " | ");
    add_cell(out, p->bare_models, "`");
    lx_buf_add_lit(out, " |\n");
}

static void add_doc_quirks(struct lx_buf *out, const struct lx_quirk *quirks)
{
    for (const struct lx_quirk *q = quirks; q && q->op != LX_QUIRK_END; q++) {
        lx_buf_add_lit(out, "- ");
        add_quirk(out, q, "`");
        lx_buf_add_byte(out, '\n');
    }
}

static void add_doc_section(struct lx_buf *out, const struct lx_provider *p)
{
    lx_buf_addf(out, "\n### `%s`\n\nSpeaks %s", p->id, p->language);
    if (p->path)
        lx_buf_addf(out, " at `%s`", p->path);
    add_text(out, p, "`");
    lx_buf_add_lit(out, "; `");
    add_auth(out, p);
    lx_buf_addf(out, "`. Source: %s.", p->docs);
    if (p->aliases) {
        lx_buf_add_lit(out, " Also called ");
        add_cell(out, p->aliases, "`");
        lx_buf_add_byte(out, '.');
    }
    lx_buf_add_lit(out, "\n");
    if (p->quirks || p->variants)
        lx_buf_add_byte(out, '\n');
    for (const struct lx_provider *v = p->variants; v && v->id; v++) {
        lx_buf_add_lit(out, "- ");
        add_variant(out, v, "`");
        lx_buf_add_byte(out, '\n');
    }
    add_detours(out, p, "- ", "`");
    add_doc_quirks(out, p->quirks);
    for (const struct lx_offer *o = p->embed; o && o->language; o++) {
        lx_buf_add(out, o == p->embed ? LX_S("\nEmbeddings: ") : LX_S("; "));
        add_offer(out, o, "`");
    }
    if (p->embed)
        lx_buf_add_lit(out, ".\n");
    for (const struct lx_offer *o = p->embed; o && o->language; o++) {
        if (o->quirks)
            lx_buf_add_byte(out, '\n');
        add_doc_quirks(out, o->quirks);
    }
}

void lx_cmd_write_providers(struct lx_buf *out)
{
    lx_buf_add(out, lx_slice_z(intro));
    for (size_t i = 0; i < lx_provider_count; i++)
        add_doc_row(out, &lx_providers[i]);
    lx_buf_add_lit(out, "\n## Each of them\n");
    for (size_t i = 0; i < lx_provider_count; i++)
        add_doc_section(out, &lx_providers[i]);
    add_left_out(out);
    lx_cmd_write_recorded(out);
}

static const struct lx_option options[] = {
    {"json", 0, NULL, "as JSON"},
    {"config", 'c', "FILE", "with the providers of a configuration"},
    {"check", 0, "MODEL", "which variables are missing to ask a model; exit status 1 when any is"},
    {"params", 0, "MODEL", "which of OpenAI's parameters a model takes"},
    {"embeddings", 0, NULL, "with --params: those of OpenAI's embeddings"},
    {0},
};

const struct lx_command lx_command_providers = {
    .name = "providers",
    .synopsis = "[--json] [--config FILE] [--check MODEL | --params MODEL [--embeddings] | NAME]",
    .summary = "Lists the providers, tells all about one, or what a model lacks or takes",
    .options = options,
    .max_words = 1,
    .run = run,
};
