/*
 * catalog.c - the packed built-in rows, and a user's own rows over them.
 *
 * The packed form is described in tools/data/pack_models.py, which writes it when the program is
 * built; a lookup hashes the name and compares once or twice.
 */
#include "catalog/catalog.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "catalog/price.h"
#include "catalog/row.h"
#include "catalog/rules.h"

extern const unsigned char lx_catalog_table[];

enum {
    MAX_CATALOG_BYTES = 256 << 20,
    MAX_GUESS_BYTES = 1 << 20,
    MAX_NAME = 512, /* a longer name is no model's */
};
#define RULES "fallback_generalizations"

struct lx_catalog {
    atomic_int refs;
    struct lx_arena arena;
    struct lx_map by_name, by_lower; /* -> struct lx_model */
    struct lx_model **rows;
    size_t count, cap;
    struct lx_rules builtin; /* rules */
    struct lx_rules rules;   /* the map's own; v NULL: it has none */
    size_t rules_left_out;
    bool alone; /* the built-in rows, and rules, are not asked */
};

/* ---- Built in ------------------------------------------------------------------------------- */

static uint32_t word(size_t at)
{
    const unsigned char *p = lx_catalog_table + at;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static uint32_t builtin_count(void)
{
    return word(0);
}

static struct lx_slice bytes(size_t at)
{
    return lx_slice((const char *)lx_catalog_table + word(at), word(at + 4));
}

static struct lx_model builtin_at(uint32_t i)
{
    size_t row = word(12) + (size_t)16 * i;
    return (struct lx_model){bytes(row), bytes(row + 8)};
}

static uint32_t hash_lower(struct lx_slice name)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < name.n; i++)
        h = (h ^ (unsigned char)lx_ascii_lower(name.p[i])) * 16777619u;
    return h;
}

static bool builtin_get(struct lx_slice name, struct lx_model *out)
{
    uint32_t mask = word(4) - 1, row;
    bool found = false;
    for (uint32_t i = hash_lower(name) & mask; (row = word(word(8) + 4 * (size_t)i)) != 0;
         i = (i + 1) & mask) {
        struct lx_model m = builtin_at(row - 1);
        bool same = lx_slice_eq(m.name, name);
        if (same || (!found && lx_slice_eq_nocase(m.name, name))) {
            *out = m;
            found = true;
        }
        if (same)
            break;
    }
    return found;
}

static struct lx_rules builtin_rules(struct lx_rule *v)
{
    struct lx_rules rules = {v, word(16)};
    for (size_t i = 0; i < rules.n; i++) {
        size_t at = word(20) + 24 * i;
        v[i] = (struct lx_rule){bytes(at), bytes(at + 8), bytes(at + 16), NULL};
    }
    return rules;
}

/* ---- A user's own --------------------------------------------------------------------------- */

struct lx_catalog *lx_catalog_new(void)
{
    static const uint64_t seed[2] = {0}; /* the keys are the user's own */
    struct lx_catalog *c = calloc(1, sizeof(*c));
    if (!c)
        return NULL;
    atomic_init(&c->refs, 1);
    lx_arena_init(&c->arena, MAX_CATALOG_BYTES);
    lx_map_init(&c->by_name, &c->arena, seed);
    lx_map_init(&c->by_lower, &c->arena, seed);
    struct lx_rule *v = lx_arena_alloc(&c->arena, LX_RULES_MAX * sizeof(*v));
    if (v)
        c->builtin = builtin_rules(v);
    if (v && lx_rules_compile(&c->builtin) == 0)
        return c;
    lx_catalog_free(c);
    return NULL;
}

void lx_catalog_free(struct lx_catalog *c)
{
    if (!c || atomic_fetch_sub(&c->refs, 1) > 1)
        return;
    lx_rules_clear(&c->builtin);
    lx_rules_clear(&c->rules);
    lx_arena_clear(&c->arena);
    free(c);
}

struct lx_catalog *lx_catalog_ref(struct lx_catalog *c)
{
    atomic_fetch_add_explicit(&c->refs, 1, memory_order_relaxed);
    return c;
}

static struct lx_slice lowered(struct lx_slice name, char *buf)
{
    for (size_t i = 0; i < name.n; i++)
        buf[i] = lx_ascii_lower(name.p[i]);
    return lx_slice(buf, name.n);
}

static struct lx_model *own_get(const struct lx_catalog *c, struct lx_slice name)
{
    char buf[MAX_NAME];
    if (!c || name.n > MAX_NAME)
        return NULL;
    struct lx_model *row = lx_map_get(&c->by_name, name);
    return row ? row : lx_map_get(&c->by_lower, lowered(name, buf));
}

bool lx_catalog_get(const struct lx_catalog *c, struct lx_slice name, struct lx_model *out)
{
    const struct lx_model *row = own_get(c, name);
    if (row)
        *out = *row;
    return row || (!(c && c->alone) && name.n && name.n <= MAX_NAME && builtin_get(name, out));
}

size_t lx_catalog_count(const struct lx_catalog *c)
{
    struct lx_model m;
    size_t n = 0;
    for (size_t at = 0; lx_catalog_next(c, &at, &m);)
        n++;
    return n;
}

bool lx_catalog_next(const struct lx_catalog *c, size_t *at, struct lx_model *out)
{
    size_t builtin = c && c->alone ? 0 : builtin_count();
    while (*at < builtin) {
        *out = builtin_at((uint32_t)(*at)++);
        if (!c || !lx_map_get(&c->by_name, out->name))
            return true;
    }
    if (!c || *at - builtin >= c->count)
        return false;
    *out = *c->rows[(*at)++ - builtin];
    return true;
}

/* Those that hold; v: room for the built-in ones. */
static struct lx_rules rules_of(const struct lx_catalog *c, struct lx_rule *v)
{
    if (!c)
        return builtin_rules(v);
    return c->rules.v || c->alone ? c->rules : c->builtin;
}

bool lx_catalog_describe(const struct lx_catalog *c, struct lx_slice provider,
                         struct lx_slice model, struct lx_arena *a, struct lx_model *out)
{
    struct lx_rule room[LX_RULES_MAX];
    struct lx_slice name = model;
    struct lx_model m;
    struct lx_buf json;
    if (model.n > MAX_NAME)
        return false;
    if (provider.n)
        name = lx_arena_printf(a, "%.*s/%.*s", LX_F(provider), LX_F(model));
    else if (lx_slice_find_byte(name, '/') >= 0)
        lx_slice_cut(name, '/', &provider, &model);
    if (lx_catalog_get(c, name, &m) || lx_catalog_get(c, model, &m))
        return false; /* known, as somebody else's */
    const struct lx_rules rules = rules_of(c, room);
    lx_buf_init(&json, MAX_GUESS_BYTES);
    bool found = lx_rules_apply(&rules, name, provider, &json);
    if (!found && provider.n)
        found = lx_rules_apply(&rules, name = model, provider, &json);
    m = (struct lx_model){lx_arena_copy(a, name), lx_slice(NULL, 0)};
    if (found && !json.failed)
        m.json = lx_arena_copy(a, lx_buf_slice(&json));
    lx_buf_clear(&json);
    if (!m.name.p || !m.json.p)
        return false;
    *out = m;
    return true;
}

size_t lx_catalog_rules_left_out(const struct lx_catalog *c)
{
    return c ? c->rules_left_out : 0;
}

static bool is_model(struct lx_slice name)
{
    return name.n && *name.p != '_' && !lx_slice_eq(name, LX_S("sample_spec")) &&
           !lx_slice_eq(name, LX_S(RULES));
}

/* A map is looked at whole before any of it is taken. */
static int check(struct lx_json root, size_t *count, struct lx_error *err)
{
    struct lx_error why;
    if (!lx_json_is(root, LX_JSON_OBJECT))
        return lx_error_set(err, LX_EINVAL, "a model map must be a JSON object");
    for (struct lx_json_iter it = lx_json_iter(root); lx_json_next(&it);) {
        struct lx_slice name = lx_json_text(it.name).s;
        if (!is_model(name))
            continue;
        if (name.n > MAX_NAME)
            return lx_error_set(err, LX_EINVAL, "a model's name of %zu bytes is too long", name.n);
        int code = lx_price_check(lx_json_raw(it.value), &why);
        if (code < 0)
            return lx_error_set(err, code, "the model %.*s: %s", LX_F(lx_slice_to(name, 80)),
                                why.text);
        ++*count;
    }
    return 0;
}

static bool has(struct lx_slice json, struct lx_slice name)
{
    return lx_row_get(json, name).p != NULL;
}

/* Whether a member of that name is among those that are left. */
static bool is_repeated(struct lx_slice rest, struct lx_slice name)
{
    for (struct lx_row r = {.rest = rest}; lx_row_next(&r);)
        if (r.name.p && lx_slice_eq(r.name, name))
            return true;
    return false;
}

/* The old row's members under the new one's. */
static struct lx_slice merged(struct lx_slice old, struct lx_slice new, struct lx_arena *a)
{
    struct lx_buf buf;
    lx_buf_init(&buf, MAX_CATALOG_BYTES);
    struct lx_out o = lx_out(&buf);
    lx_out_object(&o, NULL);
    for (struct lx_row r = lx_row(old); lx_row_next(&r);)
        if (!has(new, r.name))
            lx_row_write(&r, &o);
    for (struct lx_row r = lx_row(new); lx_row_next(&r);)
        if (!is_repeated(r.rest, r.name)) /* of members with one name the last counts */
            lx_row_write(&r, &o);
    lx_out_object_end(&o);
    struct lx_slice json = lx_slice(NULL, 0);
    if (!buf.failed)
        json = lx_arena_copy(a, lx_buf_slice(&buf));
    else if (!a->failed)
        a->failed = buf.failed;
    lx_buf_clear(&buf);
    return json;
}

static int keep(struct lx_catalog *c, struct lx_model *row)
{
    if (c->count == c->cap) {
        size_t cap = c->cap ? 2 * c->cap : 64;
        struct lx_model **rows = lx_arena_alloc(&c->arena, cap * sizeof(*rows));
        if (!rows)
            return c->arena.failed;
        if (c->count)
            memcpy(rows, c->rows, c->count * sizeof(*rows));
        c->rows = rows;
        c->cap = cap;
    }
    c->rows[c->count++] = row;
    return 0;
}

/* The row with what the rules say of all of its provider's models that look so. */
static struct lx_slice filled(const struct lx_rules *rules, struct lx_slice name,
                              struct lx_slice json, struct lx_arena *a)
{
    struct lx_buf more;
    lx_buf_init(&more, MAX_GUESS_BYTES);
    if (lx_rules_fill(rules, name, json, &more) && !more.failed)
        json = merged(lx_buf_slice(&more), json, a);
    lx_buf_clear(&more);
    return json;
}

static int put(struct lx_catalog *c, const struct lx_rules *rules, struct lx_slice name,
               struct lx_slice json)
{
    struct lx_arena *a = &c->arena;
    struct lx_model *row = lx_map_get(&c->by_name, name), old = {0};
    char *lower;
    lx_catalog_get(c, name, &old);
    json = filled(rules, name, merged(old.json, json, a), a);
    if (row) {
        row->json = json;
        return a->failed;
    }
    row = lx_arena_new(a, struct lx_model);
    name = lx_arena_copy(a, name);
    lower = lx_arena_bytes(a, name.n);
    if (!row || !name.p || !lower || keep(c, row) < 0)
        return a->failed;
    *row = (struct lx_model){name, json};
    lx_map_put(&c->by_name, name, row);
    lx_map_put(&c->by_lower, lowered(name, lower), row);
    return a->failed;
}

struct lx_catalog *lx_catalog_copy(const struct lx_catalog *c)
{
    static const struct lx_rules none = {0};
    struct lx_catalog *copy = lx_catalog_new();
    if (!copy || !c)
        return copy;
    copy->alone = c->alone;
    copy->rules_left_out = c->rules_left_out;
    bool good = lx_rules_copy(&c->rules, &copy->arena, &copy->rules) == 0 &&
                lx_rules_compile(&copy->rules) == 0;
    for (size_t i = 0; i < c->count && good; i++) /* filled up already */
        good = put(copy, &none, c->rows[i]->name, c->rows[i]->json) == 0;
    if (good)
        return copy;
    lx_catalog_free(copy);
    return NULL;
}

/* In the place of those that were there. */
static int read_rules(struct lx_catalog *c, struct lx_json block)
{
    lx_rules_clear(&c->rules);
    int code = lx_rules_read(block, &c->arena, &c->rules, &c->rules_left_out);
    return code < 0 ? code : lx_rules_compile(&c->rules);
}

static int add(struct lx_catalog *c, struct lx_slice text, size_t least, struct lx_error *err)
{
    struct lx_json_doc doc;
    struct lx_rule room[LX_RULES_MAX];
    size_t count = 0;
    lx_json_doc_init(&doc);
    int code = lx_json_read(&doc, text, NULL, err);
    if (code == 0)
        code = check(lx_json_root(&doc), &count, err);
    if (code == 0 && count < least)
        code = lx_error_set(err, LX_EINVAL,
                            "the map has %zu models and the built-in one %u: it is not used, as it "
                            "is probably cut off",
                            count, (unsigned)builtin_count());
    if (code == 0 && least)
        c->alone = true;
    struct lx_json block = LX_GET(lx_json_root(&doc), RULES);
    if (code == 0 && lx_json_given(block))
        code = read_rules(c, block);
    const struct lx_rules rules = rules_of(c, room);
    for (struct lx_json_iter it = lx_json_iter(lx_json_root(&doc)); code == 0 && lx_json_next(&it);)
        if (is_model(lx_json_text(it.name).s)) {
            struct lx_slice name = lx_json_str(it.name, &c->arena);
            code = name.p ? put(c, &rules, name, lx_json_raw(it.value)) : c->arena.failed;
        }
    if (code == LX_ENOMEM || code == LX_ELIMIT)
        lx_error_set(err, code, "the model map does not fit into memory");
    lx_json_doc_clear(&doc);
    return code;
}

int lx_catalog_add(struct lx_catalog *c, struct lx_slice text, struct lx_error *err)
{
    return add(c, text, 0, err);
}

int lx_catalog_replace(struct lx_catalog *c, struct lx_slice text, struct lx_error *err)
{
    return add(c, text, (builtin_count() + 1) / 2, err);
}

/* ---- One row -------------------------------------------------------------------------------- */

struct lx_slice lx_model_member(struct lx_model m, struct lx_slice name)
{
    return lx_row_unquoted(lx_row_get(m.json, name));
}

struct lx_slice lx_model_provider(struct lx_model m)
{
    return lx_model_member(m, LX_S("litellm_provider"));
}

/* What all models of a provider can, whose rows need not say so (LiteLLM 1.106.2,
 * supports_response_schema() and the get_provider_info() of Fireworks and xAI). */
static const struct {
    const char *provider, *member;
} always[] = {
    {"databricks", "supports_response_schema"},  {"fireworks_ai", "supports_function_calling"},
    {"fireworks_ai", "supports_prompt_caching"}, {"fireworks_ai", "supports_response_schema"},
    {"lm_studio", "supports_response_schema"},   {"nebius", "supports_response_schema"},
    {"predibase", "supports_response_schema"},   {"xai", "supports_web_search"},
};

bool lx_model_supports(const struct lx_catalog *c, struct lx_model m, struct lx_slice what)
{
    static const struct lx_slice prefix = LX_S_INIT("supports_");
    char name[128];
    struct lx_slice head, rest;
    struct lx_model bare;
    if (lx_slice_starts(what, prefix))
        what = lx_slice_from(what, prefix.n);
    int n = snprintf(name, sizeof(name), "supports_%.*s", (int)(what.n < 100 ? what.n : 100),
                     what.p ? what.p : "");
    struct lx_slice member = lx_slice(name, (size_t)n), said = lx_model_member(m, member);
    if (!said.n && lx_slice_cut(m.name, '/', &head, &rest) && lx_catalog_get(c, rest, &bare))
        said = lx_model_member(bare, member);
    for (size_t i = 0; !said.n && i < sizeof(always) / sizeof(always[0]); i++)
        if (lx_slice_eq(lx_model_provider(m), lx_slice_z(always[i].provider)) &&
            lx_slice_eq(member, lx_slice_z(always[i].member)))
            return true;
    return lx_slice_eq(said, LX_S("true"));
}
