/*
 * price.c - reads the prices of a row, and of a user's own laid over it.
 *
 * LiteLLM's schema makes names out of parts, "input_cost_per_token" + "_above_200k_tokens" +
 * "_priority". So does this: a name is taken apart, and any threshold a user writes works.
 */
#include "catalog/price.h"

#include "base/text.h"
#include "catalog/row.h"
#include "wire/date.h"

enum side { OWN, IN, OUT };
enum unit { OTHER, TOKEN, VARIANT };

static const struct {
    struct lx_slice member;
    enum side side;
    enum unit unit;
} kinds[] = {
#define LX_RATE(name, member, side, unit) [LX_RATE_##name] = {LX_S_INIT(member), side, unit},
#include "catalog/rates.def"
#undef LX_RATE
};

static const struct {
    struct lx_slice suffix;
    enum lx_tier tier;
} tiers[] = {
    {LX_S_INIT("_batches"), LX_TIER_BATCHES},     {LX_S_INIT("_flex"), LX_TIER_FLEX},
    {LX_S_INIT("_priority"), LX_TIER_PRIORITY},   {LX_S_INIT("_balanced"), LX_TIER_BALANCED},
    {LX_S_INIT("_ultrafast"), LX_TIER_ULTRAFAST}, {LX_S_INIT("_decisions"), LX_TIER_DECISIONS},
};
enum { TIER_COUNT = sizeof(tiers) / sizeof(tiers[0]) };

enum lx_tier lx_tier_of(struct lx_slice name)
{
    if (lx_slice_eq_nocase(name, LX_S("fast")))
        return LX_TIER_PRIORITY;
    for (size_t i = 0; i < TIER_COUNT; i++)
        if (tiers[i].tier != LX_TIER_BATCHES &&
            lx_slice_eq_nocase(name, lx_slice_from(tiers[i].suffix, 1)))
            return tiers[i].tier;
    return LX_TIER_STANDARD;
}

/* ---- Names ---------------------------------------------------------------------------------- */

static void cut_tier(struct lx_slice *name, struct lx_rate *out)
{
    for (size_t i = 0; i < TIER_COUNT; i++)
        if (lx_slice_ends(*name, tiers[i].suffix)) {
            name->n -= tiers[i].suffix.n;
            out->tier = tiers[i].tier;
            return;
        }
}

/* "..._above_200k_tokens" */
static void cut_threshold(struct lx_slice *name, struct lx_rate *out)
{
    struct lx_slice s = *name, above = LX_S("_above_"), number;
    if (!lx_slice_ends(s, LX_S("_tokens")))
        return;
    s.n -= sizeof("_tokens") - 1;
    bool thousands = s.n && s.p[s.n - 1] == 'k';
    s.n -= thousands;
    number = lx_slice(s.p + s.n, 0);
    while (s.n && s.p[s.n - 1] >= '0' && s.p[s.n - 1] <= '9') {
        s.n--;
        number = lx_slice(number.p - 1, number.n + 1);
    }
    int64_t n;
    if (!lx_slice_ends(s, above) || lx_slice_int(number, &n) < 0 || n > INT64_MAX / 1000)
        return;
    out->above = thousands ? n * 1000 : n;
    *name = lx_slice_to(s, s.n - above.n);
}

bool lx_rate_of_member(struct lx_slice name, struct lx_rate *out)
{
    *out = (struct lx_rate){0};
    if (lx_slice_find(name, LX_S("cost")) < 0 && lx_slice_find(name, LX_S("uplift")) < 0)
        return false;
    cut_tier(&name, out);
    cut_threshold(&name, out);
    if (out->tier == LX_TIER_STANDARD)
        cut_tier(&name, out); /* "..._priority_above_200k_tokens" */
    for (int i = 0; i < LX_RATE_COUNT; i++) {
        struct lx_slice member = kinds[i].member;
        out->kind = (enum lx_rate_kind)i;
        if (lx_slice_eq(name, member)) /* kinds with VARIANT stand behind those they begin */
            return true;
        if (kinds[i].unit == VARIANT && lx_slice_starts(name, member) && name.p[member.n] == '_' &&
            !lx_slice_starts(lx_slice_from(name, member.n), LX_S("_above_"))) {
            out->variant = lx_slice_from(name, member.n + 1);
            break;
        }
    }
    return out->variant.n != 0;
}

static bool read_price(struct lx_slice value, struct lx_money *out)
{
    return lx_money_read(lx_row_unquoted(value), out) == 0;
}

/* ---- Checks --------------------------------------------------------------------------------- */

static int check_value(struct lx_slice name, const struct lx_rate *rate, struct lx_slice value,
                       struct lx_error *err)
{
    struct lx_money price, most;
    bool token = kinds[rate->kind].unit == TOKEN;
    lx_money_read(token ? LX_S("1") : LX_S("1000000"), &most);
    if (lx_slice_eq(value, LX_S("null")))
        return 0;
    if (!read_price(value, &price))
        return lx_error_set(err, LX_EINVAL, "%.*s: expected a price in dollars, got %.*s",
                            LX_F(lx_slice_to(name, 80)), LX_F(lx_slice_to(value, 40)));
    if (lx_money_less(price, (struct lx_money){0}))
        return lx_error_set(err, LX_EINVAL, "%.*s: a price cannot be below 0",
                            LX_F(lx_slice_to(name, 80)));
    if (lx_money_less(most, price))
        return lx_error_set(err, LX_EINVAL, "%.*s: %.*s dollars cannot be meant%s",
                            LX_F(lx_slice_to(name, 80)), LX_F(lx_slice_to(value, 40)),
                            token ? ": the price is of one token, not of a million" : "");
    return 0;
}

int lx_price_check(struct lx_slice row, struct lx_error *err)
{
    struct lx_rate rate;
    if (!row.n || *row.p != '{')
        return lx_error_set(err, LX_EINVAL, "expected an object");
    for (struct lx_row r = lx_row(row); lx_row_next(&r);) {
        int code = 0;
        bool nested = lx_slice_ends(r.name, LX_S("_pricing"));
        if (nested && *r.value.p == '{')
            code = lx_price_check(r.value, err);
        else if (!nested && *r.value.p != '{' && lx_rate_of_member(r.name, &rate))
            code = check_value(r.name, &rate, r.value, err);
        else if (nested)
            for (struct lx_row e = lx_row(r.value); code == 0 && lx_row_next(&e);)
                code = lx_price_check(e.value, err);
        if (code < 0)
            return code;
    }
    return 0;
}

/* ---- Lists ---------------------------------------------------------------------------------- */

struct list {
    struct lx_rate *v;
    size_t n, cap;
    struct lx_arena *arena;
    bool own_input, own_output; /* what the first source gave itself */
};

static void push(struct list *l, const struct lx_rate *rate)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? 2 * l->cap : 16;
        struct lx_rate *v = lx_arena_alloc(l->arena, cap * sizeof(*v));
        if (!v)
            return;
        if (l->n)
            memcpy(v, l->v, l->n * sizeof(*v));
        l->v = v;
        l->cap = cap;
    }
    l->v[l->n++] = *rate;
}

static bool is_given(const struct list *l, const struct lx_rate *rate)
{
    enum side side = kinds[rate->kind].side;
    if ((side == IN && l->own_input) || (side == OUT && l->own_output))
        return true;
    for (size_t i = 0; i < l->n; i++)
        if (l->v[i].kind == rate->kind && l->v[i].tier == rate->tier &&
            l->v[i].above == rate->above && lx_slice_eq(l->v[i].variant, rate->variant))
            return true;
    return false;
}

/* "search_context_size_medium": 0.01 -> a rate with the variant "medium" */
static void add_sizes(struct list *l, const struct lx_rate *of, struct lx_slice json)
{
    struct lx_slice prefix = LX_S("search_context_size_");
    struct lx_rate rate = *of;
    for (struct lx_row r = lx_row(json); lx_row_next(&r);) {
        if (!lx_slice_starts(r.name, prefix) || !read_price(r.value, &rate.price))
            continue;
        rate.variant = lx_slice_from(r.name, prefix.n);
        if (!is_given(l, &rate))
            push(l, &rate);
    }
}

static void add_rates(struct list *l, struct lx_slice json)
{
    size_t before = l->n;
    struct lx_rate rate;
    for (struct lx_row r = lx_row(json); lx_row_next(&r);) {
        if (!lx_rate_of_member(r.name, &rate))
            continue;
        if (*r.value.p == '{')
            add_sizes(l, &rate, r.value);
        else if (read_price(r.value, &rate.price) && !is_given(l, &rate))
            push(l, &rate);
    }
    for (size_t i = before; i < l->n; i++) {
        l->own_input |= l->v[i].kind == LX_RATE_INPUT_TOKEN;
        l->own_output |= l->v[i].kind == LX_RATE_OUTPUT_TOKEN;
    }
}

static struct lx_rates rates_of(struct lx_slice json, struct lx_arena *a)
{
    struct list l = {.arena = a};
    add_rates(&l, json);
    return (struct lx_rates){l.v, l.n};
}

static size_t count(struct lx_slice json)
{
    size_t n = 0;
    for (struct lx_row r = lx_row(json); lx_row_next(&r);)
        n++;
    return n;
}

/* A whole number that may be written as 256000.0. */
static int64_t whole(struct lx_slice value)
{
    struct lx_money m;
    struct lx_slice head, tail;
    int64_t n = 0;
    if (lx_slice_int(value, &n) == 0)
        return n;
    lx_slice_cut(value, '.', &head, &tail);
    if (lx_money_read(value, &m) == 0 && lx_slice_find_byte(tail, 'e') < 0)
        lx_slice_int(head, &n);
    return n;
}

static void read_ranges(struct lx_slice json, struct lx_arena *a, struct lx_price *out)
{
    size_t n = count(json);
    struct lx_price_range *v = n ? lx_arena_alloc(a, n * sizeof(*v)) : NULL;
    out->range_count = 0;
    for (struct lx_row r = lx_row(json); v && lx_row_next(&r);) {
        struct lx_slice range = lx_row_get(r.value, LX_S("range"));
        if (!range.p)
            range = lx_row_get(r.value, LX_S("max_results_range"));
        struct lx_row ends = lx_row(range);
        struct lx_price_range *p = &v[out->range_count];
        if (!lx_row_next(&ends))
            continue;
        p->from = whole(ends.value);
        if (!lx_row_next(&ends))
            continue;
        p->to = whole(ends.value);
        p->rates = rates_of(r.value, a);
        out->range_count++;
    }
    out->ranges = v;
}

/* "2026-09-01" in seconds; 0: no date. */
static int64_t day_of(struct lx_slice s)
{
    int64_t y, m, d;
    if (s.n != 10 || lx_slice_int(lx_slice_to(s, 4), &y) < 0 ||
        lx_slice_int(lx_slice(s.p + 5, 2), &m) < 0 || lx_slice_int(lx_slice(s.p + 8, 2), &d) < 0)
        return 0;
    return lx_date_days(y, m, d) * 86400;
}

static void read_dates(struct lx_slice json, struct lx_arena *a, struct lx_price *out)
{
    size_t n = count(json);
    struct lx_price_date *v = n ? lx_arena_alloc(a, n * sizeof(*v)) : NULL;
    out->date_count = 0;
    for (struct lx_row r = lx_row(json); v && lx_row_next(&r);) {
        v[out->date_count].from_s =
            day_of(lx_row_unquoted(lx_row_get(r.value, LX_S("start_date"))));
        v[out->date_count++].rates = rates_of(r.value, a);
    }
    out->dates = v;
}

/* ---- A price -------------------------------------------------------------------------------- */

/* What else is looked for in a row, all of it in one walk. */
struct facts {
    struct lx_slice provider, mode, extras, unit, ranges, dates, off_peak, free_searches;
};
static const struct {
    struct lx_slice name;
    size_t at;
} members[] = {
    {LX_S_INIT("litellm_provider"), offsetof(struct facts, provider)},
    {LX_S_INIT("mode"), offsetof(struct facts, mode)},
    {LX_S_INIT("provider_specific_entry"), offsetof(struct facts, extras)},
    {LX_S_INIT("web_search_billing_unit"), offsetof(struct facts, unit)},
    {LX_S_INIT("tiered_pricing"), offsetof(struct facts, ranges)},
    {LX_S_INIT("dated_pricing"), offsetof(struct facts, dates)},
    {LX_S_INIT("off_peak_pricing"), offsetof(struct facts, off_peak)},
    {LX_S_INIT("search_free_requests"), offsetof(struct facts, free_searches)},
};

/* Those that are not there yet: who comes first wins. */
static void read_facts(struct lx_slice json, struct facts *f)
{
    for (struct lx_row r = lx_row(json); lx_row_next(&r);)
        for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
            struct lx_slice *to = (struct lx_slice *)(void *)((char *)f + members[i].at);
            if (!to->p && lx_slice_eq(r.name, members[i].name))
                *to = r.value;
        }
}

bool lx_price_read_free(struct lx_slice json, struct lx_price_free *out)
{
    struct lx_slice period = lx_row_unquoted(lx_row_get(json, LX_S("period")));
    *out = (struct lx_price_free){
        .monthly = lx_slice_eq(period, LX_S("month")),
        .group = lx_row_unquoted(lx_row_get(json, LX_S("shared_group"))),
    };
    if (out->group.n && (out->monthly || lx_slice_eq(period, LX_S("day"))))
        out->count = whole(lx_row_get(json, LX_S("count")));
    if (out->count < 0)
        out->count = 0;
    return out->count > 0;
}

int lx_price_read(struct lx_model m, struct lx_slice own, struct lx_arena *a, struct lx_price *out)
{
    struct list l = {.arena = a};
    struct facts f = {.mode = {0}};
    *out = (struct lx_price){.model = m};
    add_rates(&l, own);
    read_facts(own, &f);
    if (l.own_input ||
        l.own_output) { /* the row's other ways to a token's price do not fit these */
        struct lx_slice none = LX_S("[]");
        f.ranges = f.ranges.p ? f.ranges : none;
        f.dates = f.dates.p ? f.dates : none;
        f.off_peak = f.off_peak.p ? f.off_peak : none;
    }
    add_rates(&l, m.json);
    read_facts(m.json, &f);
    out->rates = (struct lx_rates){l.v, l.n};
    out->provider = lx_row_unquoted(f.provider);
    out->mode = lx_row_unquoted(f.mode);
    out->extras = f.extras;
    out->web_search_per_query = lx_slice_eq(lx_row_unquoted(f.unit), LX_S("per_query"));
    lx_price_read_free(f.free_searches, &out->free_searches);
    read_ranges(f.ranges, a, out);
    read_dates(f.dates, a, out);
    out->off_peak = rates_of(f.off_peak, a);
    out->off_peak_rules = f.off_peak;
    out->is_priced = out->rates.n || out->range_count || out->date_count;
    return a->failed;
}

/* What a provider bills for tools stands in rows of its own: "openai/container". */
static void add_tools(const struct lx_catalog *c, struct lx_slice provider, struct lx_arena *a,
                      struct lx_price *out)
{
    struct lx_slice name = lx_arena_printf(a, "%.*s/container", LX_F(provider));
    struct list l = {.arena = a};
    struct lx_model m;
    if (!name.p || !lx_catalog_get(c, name, &m))
        return;
    for (size_t i = 0; i < out->rates.n; i++)
        push(&l, &out->rates.v[i]);
    add_rates(&l, m.json);
    if (!a->failed)
        out->rates = (struct lx_rates){l.v, l.n};
}

static bool contains(struct lx_slice s, struct lx_slice word)
{
    for (size_t i = 0; i + word.n <= s.n; i++)
        if (lx_slice_eq_nocase(lx_slice(s.p + i, word.n), word))
            return true;
    return false;
}

/* learn.microsoft.com/azure/ai-foundry/openai/concepts/model-router, 2026-08: billed are the tokens
 * of the model that was chosen, and a fee on the prompt. */
bool lx_price_is_routed(struct lx_slice provider, struct lx_slice model)
{
    struct lx_slice head, rest;
    if (!provider.n && lx_slice_cut(model, '/', &head, &rest))
        provider = head;
    return (lx_slice_eq(provider, LX_S("azure_ai")) || lx_slice_eq(provider, LX_S("azure"))) &&
           (contains(model, LX_S("model-router")) || contains(model, LX_S("model_router")));
}

bool lx_price_find(const struct lx_catalog *c, struct lx_slice provider, struct lx_slice model,
                   struct lx_slice base_model, struct lx_slice own, struct lx_arena *a,
                   struct lx_price *out)
{
    struct lx_model m = {0};
    bool routed = !base_model.n && !own.n && lx_price_is_routed(provider, model);
    if (routed && !lx_catalog_get(c, LX_S("azure_ai/model_router"), &m))
        routed = false;
    if (!routed && (!base_model.n || !lx_catalog_find(c, provider, base_model, &m)))
        if (!lx_catalog_find(c, provider, model, &m) &&
            !lx_catalog_describe(c, provider, model, a, &m))
            m = (struct lx_model){0};
    if (lx_price_read(m, own, a, out) < 0)
        out->is_priced = false;
    out->is_fee = routed;
    if (out->is_priced)
        add_tools(c, provider.n ? provider : out->provider, a, out);
    return out->is_priced;
}

bool lx_price_find_image(const struct lx_catalog *c, struct lx_slice provider,
                         struct lx_slice model, struct lx_slice quality, struct lx_slice size,
                         struct lx_slice own, struct lx_arena *a, struct lx_price *out)
{
    struct lx_slice w = size, h = {0}, names[8], short_name = model, head;
    struct lx_slice x = LX_S("-x-");
    ssize_t at = lx_slice_find(size, x);
    size_t n = 0;
    struct lx_model m;
    if (at >= 0) {
        w = lx_slice_to(size, (size_t)at);
        h = lx_slice_from(size, (size_t)at + x.n);
    } else if (!lx_slice_cut(size, 'x', &w, &h)) {
        w = h = LX_S("1024");
    }
    if (!quality.n)
        quality = LX_S("standard");
    if (lx_slice_starts(model, provider) && model.n > provider.n && model.p[provider.n] == '/')
        model = short_name = lx_slice_from(model, provider.n + 1);
    while (lx_slice_cut(short_name, '/', &head, &short_name))
        continue;
    short_name = head;
#define NAME(...) names[n++] = lx_arena_printf(a, __VA_ARGS__)
    NAME("%.*s/%.*s/%.*s-x-%.*s/%.*s", LX_F(provider), LX_F(quality), LX_F(w), LX_F(h),
         LX_F(model));
    NAME("%.*s/%.*s-x-%.*s/%.*s", LX_F(quality), LX_F(w), LX_F(h), LX_F(model));
    NAME("%.*s/%.*s-x-%.*s/%.*s", LX_F(provider), LX_F(w), LX_F(h), LX_F(model));
    NAME("%.*s-x-%.*s/%.*s", LX_F(w), LX_F(h), LX_F(model));
    NAME("high/%.*s-x-%.*s/%.*s", LX_F(w), LX_F(h), LX_F(model));
    NAME("%.*s/%.*s-x-%.*s/%.*s", LX_F(quality), LX_F(w), LX_F(h), LX_F(short_name));
    NAME("%.*s-x-%.*s/%.*s", LX_F(w), LX_F(h), LX_F(short_name));
#undef NAME
    for (size_t i = 0; i < n && !a->failed; i++)
        if (lx_catalog_get(c, names[i], &m))
            return lx_price_read(m, own, a, out) == 0 && out->is_priced;
    return lx_price_find(c, provider, model, lx_slice(NULL, 0), own, a, out);
}
