/*
 * models_catalog.c - the list of known models that `llmux models` prints, and how it is narrowed.
 */
#include "cmd/catalog.h"
#include "cmd/command.h"
#include "config/config.h"

/* Short words for LiteLLM's long ones. */
static const struct {
    const char *word, *capability;
} words[] = {{"tools", "function_calling"}, {"json", "response_schema"}, {"audio", "audio_input"},
             {"pdf", "pdf_input"},          {"video", "video_input"},    {"search", "web_search"},
             {"caching", "prompt_caching"}, {"thinking", "reasoning"}};

/* ---- The catalog ---------------------------------------------------------------------------- */

bool lx_cmd_catalog(const char *command, const char *path, struct lx_catalog **out)
{
    struct lx_arena a;
    struct lx_slice place = lx_slice_z(path);
    struct lx_error err = {0};
    *out = NULL;
    lx_arena_init(&a, 1 << 20);
    int code = path ? lx_cost_map_read(path, &lx_process_env, NULL, false, out, &err)
                    : lx_cost_map_configured(lx_slice(NULL, 0), &lx_process_env, NULL, out, &a,
                                             &place, &err);
    if (code < 0)
        lx_cmd_fail(command, LX_EXIT_FAILED, "%.*s: %s%s", LX_F(place), err.text,
                    path ? "" : "; the built-in models are used");
    lx_arena_clear(&a);
    return code == 0 || !path;
}

/* ---- Choosing ------------------------------------------------------------------------------- */

static struct lx_slice capability(struct lx_slice word)
{
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (lx_slice_eq(word, lx_slice_z(words[i].word)))
            return lx_slice_z(words[i].capability);
    return word;
}

static bool supports_all(const struct lx_catalog *c, struct lx_model m, const char *list)
{
    struct lx_slice rest = lx_slice_z(list), word;
    while (rest.n) {
        lx_slice_cut(rest, ',', &word, &rest);
        if (!lx_model_supports(c, m, capability(lx_slice_trim(word))))
            return false;
    }
    return true;
}

/* Dollars a million tokens of that member; false when it has no such price. */
static bool per_million(struct lx_model m, const char *member, struct lx_money *out)
{
    if (lx_money_read(lx_model_member(m, lx_slice_z(member)), out) < 0)
        return false;
    *out = lx_money_times(*out, 1000000);
    return true;
}

static bool fits(const struct lx_catalog *c, struct lx_model m, const struct lx_models_filter *f,
                 const struct lx_money *max)
{
    struct lx_money price;
    for (int i = 0; i < f->word_count; i++)
        if (lx_slice_find(m.name, lx_slice_z(f->words[i])) < 0)
            return false;
    return (!f->provider || lx_slice_eq(lx_model_provider(m), lx_slice_z(f->provider))) &&
           (!f->supports || supports_all(c, m, f->supports)) &&
           (!max ||
            (per_million(m, "input_cost_per_token", &price) && !lx_money_less(*max, price)));
}

/* ---- Printing ------------------------------------------------------------------------------- */

static void add_price(struct lx_model m, const char *member, struct lx_buf *out)
{
    struct lx_money price;
    size_t before = out->n;
    if (per_million(m, member, &price))
        lx_money_write(price, out);
    else
        lx_buf_add_byte(out, '-');
    if (out->n - before < 10)
        lx_buf_addf(out, "%*s", (int)(10 - (out->n - before)), "");
}

static void add_line(struct lx_model m, struct lx_buf *out)
{
    struct lx_slice window = lx_model_member(m, LX_S("max_input_tokens"));
    lx_buf_addf(out, "%-52.*s %-18.*s %9.*s  ", LX_F(m.name), LX_F(lx_model_provider(m)),
                window.n ? (int)window.n : 1, window.n ? window.p : "-");
    add_price(m, "input_cost_per_token", out);
    add_price(m, "output_cost_per_token", out);
    while (out->n && out->p[out->n - 1] == ' ')
        out->n--;
    lx_buf_add_byte(out, '\n');
}

static void add_json(struct lx_model m, struct lx_out *o)
{
    lx_out_name(o, (struct lx_text){m.name, true});
    lx_out_raw(o, NULL, m.json);
}

/* o: as JSON; else a line of text. */
static void add(struct lx_model m, struct lx_out *o, struct lx_buf *out)
{
    if (o)
        add_json(m, o);
    else
        add_line(m, out);
}

int lx_models_print(const struct lx_catalog *c, const struct lx_models_filter *f, bool json)
{
    struct lx_money max;
    struct lx_model m;
    struct lx_buf out;
    size_t count = 0;
    if (f->max_price && lx_money_read(lx_slice_z(f->max_price), &max) < 0)
        return lx_cmd_fail("models", LX_EXIT_USAGE,
                           "--max-price: expected dollars a million tokens, found \"%s\"",
                           f->max_price);
    lx_buf_init(&out, 256u << 20);
    struct lx_out o = lx_out(&out);
    if (json)
        lx_out_object(&o, NULL);
    else
        lx_buf_addf(&out, "%-52s %-18s %9s  %-9s %s\n", "MODEL", "PROVIDER", "INPUT", "IN $/M",
                    "OUT $/M");
    for (size_t at = 0; lx_catalog_next(c, &at, &m);) {
        if (!fits(c, m, f, f->max_price ? &max : NULL))
            continue;
        count++;
        add(m, json ? &o : NULL, &out);
    }
    struct lx_arena a; /* a name without a row may tell something all the same */
    lx_arena_init(&a, 1 << 20);
    if (!count && f->word_count == 1 &&
        lx_catalog_describe(c, lx_slice_z(f->provider), lx_slice_z(f->words[0]), &a, &m) &&
        fits(c, m, f, f->max_price ? &max : NULL)) {
        count++;
        add(m, json ? &o : NULL, &out);
    }
    if (json) {
        lx_out_object_end(&o);
        lx_buf_add_byte(&out, '\n');
    }
    lx_arena_clear(&a);
    int status = out.failed ? LX_EXIT_FAILED : lx_cmd_print(lx_buf_slice(&out));
    lx_buf_clear(&out);
    if (!count && status == LX_EXIT_OK)
        return lx_cmd_fail("models", LX_EXIT_FAILED, "no model is like that");
    return status;
}
