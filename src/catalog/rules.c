/*
 * rules.c - reads rules about names, and makes a row of those that match one.
 *
 * As LiteLLM does it (litellm_core_utils/fallback_generalizations.py and _get_model_info_helper in
 * utils.py, 1.106.2): of members with one name the last rule's counts.
 */
#include "catalog/rules.h"

#include "base/error.h"
#include "base/regex.h"
#include "catalog/price.h"
#include "catalog/row.h"

enum { MAX_NAME = 256 }; /* no longer name is looked at */

/* ---- Reading -------------------------------------------------------------------------------- */

/* A rule of routing names a provider and nothing else. */
static bool only_routes(struct lx_json info)
{
    return lx_json_count(info) == 1 && lx_json_given(LX_GET(info, "litellm_provider"));
}

/* The rule's members, and those it lacks of the rule that it extends, as LiteLLM's maps had it for
 * a while. */
static struct lx_slice info_of(struct lx_json list, struct lx_json rule, struct lx_arena *a)
{
    struct lx_slice own = lx_json_raw(LX_GET(rule, "model_info")), all;
    struct lx_slice name = lx_json_str(LX_GET(rule, "extends"), a);
    struct lx_json base = {0};
    struct lx_buf b;
    for (struct lx_json_iter it = lx_json_iter(list); name.n && lx_json_next(&it);)
        if (lx_json_eq(LX_GET(it.value, "name"), name))
            base = LX_GET(it.value, "model_info");
    if (!lx_json_is(base, LX_JSON_OBJECT))
        return lx_arena_copy(a, own);
    lx_buf_init(&b, own.n + lx_json_raw(base).n + 16);
    struct lx_out o = lx_out(&b);
    lx_out_object(&o, NULL);
    for (struct lx_row r = lx_row(own); lx_row_next(&r);)
        lx_row_write(&r, &o);
    for (struct lx_row r = lx_row(lx_json_raw(base)); lx_row_next(&r);)
        if (!lx_row_get(own, r.name).p)
            lx_row_write(&r, &o);
    lx_out_object_end(&o);
    all = b.failed ? lx_slice(NULL, 0) : lx_arena_copy(a, lx_buf_slice(&b));
    lx_buf_clear(&b);
    return all;
}

static bool read_rule(struct lx_json list, struct lx_json v, struct lx_arena *a,
                      struct lx_rule *out)
{
    struct lx_json info = LX_GET(v, "model_info"), pattern = LX_GET(v, "pattern"),
                   providers = LX_GET(v, "fill_missing_for_providers");
    if (!lx_json_is(info, LX_JSON_OBJECT) || !lx_json_is(pattern, LX_JSON_STRING) ||
        (lx_json_given(providers) && !lx_json_is(providers, LX_JSON_ARRAY)))
        return false;
    *out = (struct lx_rule){.pattern = lx_json_str(pattern, a), .info = info_of(list, v, a)};
    if (lx_json_given(providers))
        out->providers = lx_arena_copy(a, lx_json_raw(providers));
    return out->pattern.p && out->info.p && lx_regex_search(out->pattern, LX_S(""), true) >= 0 &&
           lx_price_check(out->info, NULL) == 0;
}

int lx_rules_read(struct lx_json block, struct lx_arena *a, struct lx_rules *out, size_t *left_out)
{
    struct lx_json list = LX_GET(block, "rules");
    struct lx_rule *v = lx_arena_alloc(a, LX_RULES_MAX * sizeof(*v));
    *out = (struct lx_rules){v, 0};
    *left_out = 0;
    for (struct lx_json_iter it = lx_json_iter(list); v && lx_json_next(&it);) {
        if (only_routes(LX_GET(it.value, "model_info")) &&
            !lx_json_given(LX_GET(it.value, "extends")))
            continue;
        if (out->n < LX_RULES_MAX && read_rule(list, it.value, a, &v[out->n]))
            out->n++;
        else
            ++*left_out;
    }
    return a->failed;
}

int lx_rules_copy(const struct lx_rules *rules, struct lx_arena *a, struct lx_rules *out)
{
    struct lx_rule *v = rules->v ? lx_arena_alloc(a, LX_RULES_MAX * sizeof(*v)) : NULL;
    *out = (struct lx_rules){v, v ? rules->n : 0};
    for (size_t i = 0; v && i < rules->n; i++)
        v[i] = (struct lx_rule){
            .pattern = lx_arena_copy(a, rules->v[i].pattern),
            .providers = lx_arena_copy(a, rules->v[i].providers),
            .info = lx_arena_copy(a, rules->v[i].info),
        };
    return a->failed;
}

int lx_rules_compile(struct lx_rules *rules)
{
    int code = 0; /* of wrong patterns there are none left */
    for (size_t i = 0; i < rules->n && code != LX_ENOMEM; i++)
        rules->v[i].regex = lx_regex_new(rules->v[i].pattern, true, &code);
    return code == LX_ENOMEM ? code : 0;
}

void lx_rules_clear(struct lx_rules *rules)
{
    for (size_t i = 0; i < rules->n; i++) {
        lx_regex_free(rules->v[i].regex);
        rules->v[i].regex = NULL;
    }
}

/* ---- Applying ------------------------------------------------------------------------------- */

static bool is_provider(struct lx_slice name)
{
    return lx_slice_eq(name, LX_S("litellm_provider"));
}

static bool is_said_later(const struct lx_rules *rules, uint64_t which, size_t i,
                          struct lx_slice name)
{
    while (++i < rules->n)
        if ((which >> i & 1) && lx_row_get(rules->v[i].info, name).p)
            return true;
    return false;
}

static void write_members(const struct lx_rules *rules, uint64_t which, struct lx_slice row,
                          bool provider_known, struct lx_out *o)
{
    for (size_t i = 0; i < rules->n; i++)
        for (struct lx_row r = lx_row(rules->v[i].info); (which >> i & 1) && lx_row_next(&r);) {
            if (is_said_later(rules, which, i, r.name) || lx_row_get(row, r.name).p ||
                (provider_known && is_provider(r.name)))
                continue;
            lx_row_write(&r, o);
        }
}

static bool matches(const struct lx_rule *rule, struct lx_slice name)
{
    if (name.n > MAX_NAME)
        return false;
    return (rule->regex ? lx_regex_match(rule->regex, name)
                        : lx_regex_search(rule->pattern, name, true)) == 1;
}

bool lx_rules_apply(const struct lx_rules *rules, struct lx_slice name, struct lx_slice provider,
                    struct lx_buf *out)
{
    uint64_t which = 0;
    for (size_t i = 0; i < rules->n; i++)
        which |= (uint64_t)matches(&rules->v[i], name) << i;
    if (!which)
        return false;
    struct lx_out o = lx_out(out);
    lx_out_object(&o, NULL);
    if (provider.n)
        lx_out_str(&o, "litellm_provider", provider);
    write_members(rules, which, lx_slice(NULL, 0), provider.n > 0, &o);
    lx_out_object_end(&o);
    return true;
}

static bool names(struct lx_slice providers, struct lx_slice provider)
{
    for (struct lx_row r = lx_row(providers); lx_row_next(&r);)
        if (lx_slice_eq(lx_row_unquoted(r.value), provider))
            return true;
    return false;
}

bool lx_rules_fill(const struct lx_rules *rules, struct lx_slice name, struct lx_slice row,
                   struct lx_buf *out)
{
    struct lx_slice mode = lx_row_unquoted(lx_row_get(row, LX_S("mode")));
    struct lx_slice provider = lx_row_unquoted(lx_row_get(row, LX_S("litellm_provider")));
    uint64_t which = 0;
    if (mode.n && !lx_slice_eq(mode, LX_S("chat")) && !lx_slice_eq(mode, LX_S("responses")))
        return false;
    for (size_t i = 0; i < rules->n; i++)
        if (names(rules->v[i].providers, provider))
            which |= (uint64_t)matches(&rules->v[i], name) << i;
    if (!which)
        return false;
    struct lx_out o = lx_out(out);
    lx_out_object(&o, NULL);
    write_members(rules, which, row, true, &o);
    lx_out_object_end(&o);
    return true;
}
