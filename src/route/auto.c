/*
 * auto.c - see auto.h: the table of kinds, their settings, and how complexity and quality routers
 * choose.
 *
 * Settings are LiteLLM's (complexity_router_config, quality_router_config, adaptive_router_config,
 * 1.106.2), read once when the configuration is. A model that nobody serves is left out, so that
 * whatever is chosen can be asked.
 */
#include "route/auto.h"

#include "catalog/row.h"
#include "route/bandit.h"

enum { MAX_ROUTERS = 1024, PPM = 1000000 };

#define PREFIX "auto_router/"

/* ---- Models of the settings -------------------------------------------------------------------
 */

bool lx_auto_is_served(struct lx_auto_reading *r, struct lx_slice name)
{
    struct lx_slice star;
    if (lx_route_find(r->table, name, &star))
        return true;
    if (name.n)
        r->unserved = name;
    return false;
}

static struct lx_slice *read_strings(struct lx_json list, bool lower, struct lx_arena *a, size_t *n)
{
    size_t count = lx_json_is(list, LX_JSON_ARRAY) ? lx_json_count(list) : 0;
    struct lx_slice *v = lx_arena_alloc(a, (count ? count : 1) * sizeof(*v));
    *n = 0;
    if (!v || !count)
        return v;
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);) {
        struct lx_slice s = lx_arena_copy(a, lx_json_str(it.value, a));
        if (s.n)
            v[(*n)++] = lower ? lx_lower_case(s, a) : s;
    }
    return v;
}

/* {"model_name": NAME, "litellm_params": {...}}: the parameters, for the body. */
static struct lx_slice members_of(struct lx_json entry, struct lx_arena *a)
{
    struct lx_json params = LX_GET(entry, "litellm_params");
    return lx_json_count(params) ? lx_arena_copy(a, lx_json_raw(params)) : lx_slice(NULL, 0);
}

static struct lx_slice name_of(struct lx_json entry, struct lx_arena *a)
{
    struct lx_json own = LX_GET(entry, "model_name");
    return lx_arena_copy(a, lx_json_str(lx_json_given(own) ? own : entry, a));
}

static void add_model(struct lx_auto_reading *r, struct lx_json entry, struct lx_auto_model *list,
                      size_t *count)
{
    struct lx_slice name = name_of(entry, r->arena);
    if (!lx_auto_is_served(r, name))
        return;
    list[(*count)++] = (struct lx_auto_model){.name = name,
                                              .members = members_of(entry, r->arena),
                                              .order = INT64_MAX,
                                              .price = INT64_MAX};
}

/* A name, an object, or a list of either. */
static void read_models(struct lx_auto_reading *r, struct lx_json v, struct lx_auto_model **list,
                        size_t *count)
{
    bool many = lx_json_is(v, LX_JSON_ARRAY);
    *count = 0;
    *list = lx_arena_alloc(r->arena, (many ? lx_json_count(v) + 1 : 1) * sizeof(**list));
    if (!*list || !lx_json_given(v))
        return;
    if (!many) {
        add_model(r, v, *list, count);
        return;
    }
    for (struct lx_json_iter it = lx_json_iter(v); lx_json_next(&it);)
        add_model(r, it.value, *list, count);
}

/* ---- Complexity -------------------------------------------------------------------------------
 */

static int read_scorer(struct lx_auto_reading *r, struct lx_json config, struct lx_error *err)
{
    struct lx_slice wrong;
    r->to->scorer = lx_complexity_new(config, r->arena, &wrong);
    if (r->to->scorer)
        return 0;
    if (wrong.n)
        return lx_error_set(err, LX_ECONFIG, "%.*s: expected a number", LX_F(wrong));
    return lx_error_set(err, LX_ENOMEM, "out of memory");
}

static int read_rules(struct lx_json list, struct lx_auto_reading *r, struct lx_error *err)
{
    struct lx_auto *to = r->to;
    size_t n = lx_json_is(list, LX_JSON_ARRAY) ? lx_json_count(list) : 0;
    to->rules = lx_arena_alloc(r->arena, (n ? n : 1) * sizeof(*to->rules));
    for (size_t i = 0; to->rules && i < n; i++) {
        struct lx_json rule = lx_json_at(list, i);
        struct lx_slice tier = lx_json_str(LX_GET(rule, "tier"), r->arena);
        struct lx_auto_rule *out = &to->rules[to->rule_count++];
        out->tier = lx_complexity_find(tier);
        out->keywords = read_strings(LX_GET(rule, "keywords"), true, r->arena, &out->count);
        if (out->tier == LX_COMPLEXITY_TIERS)
            return lx_error_set(err, LX_ECONFIG,
                                "keyword_tier_rules: expected SIMPLE, MEDIUM, COMPLEX or REASONING "
                                "as the tier, not %.*s",
                                LX_F(lx_slice_to(tier, 100)));
    }
    return r->arena->failed;
}

/* LiteLLM's, where none are given. */
static const char *const usual_models[LX_COMPLEXITY_TIERS] = {
    "gpt-4o-mini", "gpt-4o", "claude-sonnet-4-20250514", "claude-sonnet-4-20250514"};

static void read_tiers(struct lx_json tiers, struct lx_auto_reading *r)
{
    struct lx_auto *to = r->to;
    struct lx_slice unserved = r->unserved;
    for (size_t i = 0; i < LX_COMPLEXITY_TIERS; i++) {
        read_models(r, lx_json_get(tiers, lx_complexity_names[i]), &to->models[i], &to->counts[i]);
        struct lx_slice usual = lx_slice_z(usual_models[i]);
        if (!lx_json_given(tiers) && to->models[i] && lx_auto_is_served(r, usual))
            to->models[i][to->counts[i]++] = (struct lx_auto_model){.name = usual};
    }
    if (!lx_json_given(tiers))
        r->unserved = unserved; /* nobody asked for those */
}

static const struct lx_auto_model *default_of_tiers(const struct lx_auto *r)
{
    static const enum lx_complexity_tier order[] = {LX_MEDIUM, LX_SIMPLE};
    for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
        if (r->counts[order[i]])
            return r->models[order[i]];
    return NULL;
}

static int read_complexity(struct lx_auto_reading *r, struct lx_json config, struct lx_error *err)
{
    struct lx_auto *out = r->to;
    struct lx_json escalations = LX_GET(config, "escalation_keywords");
    int code = read_scorer(r, config, err);
    if (code == 0)
        code = read_rules(LX_GET(config, "keyword_tier_rules"), r, err);
    if (code < 0)
        return code;
    read_tiers(LX_GET(config, "tiers"), r);
    out->escalations = read_strings(escalations, false, r->arena, &out->escalation_count);
    if (!lx_json_given(escalations) && out->escalations)
        out->escalations[out->escalation_count++] = LX_S("LITELLM ESCALATE");
    const struct lx_auto_model *usual = default_of_tiers(out);
    if (!out->otherwise.name.n && usual)
        out->otherwise = *usual;
    return r->arena->failed;
}

static bool has_any(struct lx_slice text, struct lx_slice *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (lx_keyword_is_in(text, words[i]))
            return true;
    return false;
}

/* The hardest tier whose words are there; LX_COMPLEXITY_TIERS: none. */
static enum lx_complexity_tier tier_by_rule(const struct lx_auto *r, struct lx_slice lower)
{
    int best = -1;
    for (size_t i = 0; i < r->rule_count; i++)
        if ((int)r->rules[i].tier > best && has_any(lower, r->rules[i].keywords, r->rules[i].count))
            best = (int)r->rules[i].tier;
    return best < 0 ? LX_COMPLEXITY_TIERS : (enum lx_complexity_tier)best;
}

/* As the user has it written: not "how do I escalate this". */
static bool wants_more(const struct lx_auto *r, struct lx_slice text)
{
    for (size_t i = 0; i < r->escalation_count; i++)
        if (lx_slice_find(text, r->escalations[i]) >= 0)
            return true;
    return false;
}

static enum lx_complexity_tier next_tier(const struct lx_auto *r, enum lx_complexity_tier tier)
{
    for (int i = (int)tier + 1; i < LX_COMPLEXITY_TIERS; i++)
        if (r->counts[i])
            return (enum lx_complexity_tier)i;
    return tier;
}

static struct lx_slice score_text(struct lx_slice name, int64_t score_ppm, struct lx_arena *a)
{
    return lx_arena_printf(a, "%.*s, score %.2f", LX_F(name), (double)score_ppm / PPM);
}

static void choose_complexity(const struct lx_auto *r, const struct lx_auto_question *q,
                              struct lx_arena *a, struct lx_auto_choice *out)
{
    int64_t score;
    enum lx_complexity_tier tier = tier_by_rule(r, lx_lower_case(q->said->user, a));
    out->by = "keyword";
    if (tier == LX_COMPLEXITY_TIERS) {
        tier = lx_complexity_of(r->scorer, q->said->user, a, &score);
        out->why = score_text(lx_complexity_names[tier], score, a);
        out->by = "tier";
    } else {
        out->why = lx_complexity_names[tier];
    }
    if (wants_more(r, q->said->user)) {
        tier = next_tier(r, tier);
        out->by = "escalation";
        out->why = lx_complexity_names[tier];
    }
    if (r->counts[tier])
        out->model = &r->models[tier][q->random % r->counts[tier]];
}

/* ---- Quality ----------------------------------------------------------------------------------
 */

static const struct lx_deployment *first_of(const struct lx_route_table *t, struct lx_slice name)
{
    struct lx_slice star;
    const struct lx_model_group *g = lx_route_find(t, name, &star);
    return g && g->count ? g->deployments[0] : NULL;
}

/* What the first deployment of the model says of itself; false: nothing. */
static bool read_preferences(struct lx_auto_reading *r, struct lx_auto_model *m,
                             struct lx_slice member)
{
    static const int64_t unknown = 5000000000000000; /* struct lx_deployment_facts */
    const struct lx_deployment *d = first_of(r->table, m->name);
    struct lx_json_doc doc;
    int64_t n;
    lx_json_doc_init(&doc);
    if (d && d->facts.input_price < unknown)
        m->price = d->facts.input_price;
    bool found = d && d->model_info.n && lx_json_read(&doc, d->model_info, NULL, NULL) == 0;
    struct lx_json v = found ? lx_json_get(lx_json_root(&doc), member) : (struct lx_json){NULL, 0};
    found = lx_json_int(LX_GET(v, "quality_tier"), &m->tier) == 0;
    if (lx_json_int(LX_GET(v, "order"), &n) == 0)
        m->order = n;
    m->keywords = read_strings(LX_GET(v, "keywords"), true, r->arena, &m->keyword_count);
    struct lx_json strengths = LX_GET(v, "strengths");
    if (lx_json_is(strengths, LX_JSON_ARRAY))
        for (struct lx_json_iter it = lx_json_iter(strengths); lx_json_next(&it);) {
            enum lx_request_type t = lx_request_type_find(lx_json_str(it.value, r->arena));
            m->strengths |= t < LX_REQUEST_TYPE_COUNT ? 1u << t : 0;
        }
    lx_json_doc_clear(&doc);
    return found;
}

/* The better one first; of equals the lower order, the cheaper one, the name. */
static bool goes_before(const struct lx_auto_model *a, const struct lx_auto_model *b)
{
    if (a->tier != b->tier)
        return a->tier > b->tier;
    if (a->order != b->order)
        return a->order < b->order;
    return a->price != b->price ? a->price < b->price : lx_slice_cmp(a->name, b->name) < 0;
}

static void sort(struct lx_auto_model *v, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const struct lx_auto_model m = v[i];
        size_t to = i;
        for (; to && goes_before(&m, &v[to - 1]); to--)
            v[to] = v[to - 1];
        v[to] = m;
    }
}

static int read_quality(struct lx_auto_reading *r, struct lx_json config, struct lx_error *err)
{
    struct lx_auto *out = r->to;
    struct lx_json qualities = LX_GET(config, "complexity_to_quality");
    int code = read_scorer(r, (struct lx_json){NULL, 0}, err);
    if (code < 0)
        return code;
    read_models(r, LX_GET(config, "available_models"), &out->models[0], &out->counts[0]);
    for (size_t i = 0; i < out->counts[0]; i++)
        if (!read_preferences(r, &out->models[0][i], LX_S("litellm_routing_preferences")))
            return lx_error_set(err, LX_ECONFIG,
                                "the model_info of %.*s has no litellm_routing_preferences with a "
                                "quality_tier",
                                LX_F(lx_slice_to(out->models[0][i].name, 100)));
    for (size_t i = 0; i < LX_COMPLEXITY_TIERS; i++) {
        out->quality_of[i] = lx_json_given(qualities) ? -1 : (int64_t)i + 1;
        (void)lx_json_int(lx_json_get(qualities, lx_complexity_names[i]), &out->quality_of[i]);
    }
    sort(out->models[0], out->counts[0]);
    return r->arena->failed;
}

/* Of that tier, else of the next better one, else of the best below it. They stand best first. */
static const struct lx_auto_model *of_quality(const struct lx_auto *r, int64_t tier)
{
    const struct lx_auto_model *found = NULL;
    for (size_t i = 0; i < r->counts[0]; i++) {
        const struct lx_auto_model *m = &r->models[0][i];
        if (m->tier < tier)
            return found ? found : m;
        if (!found || m->tier < found->tier)
            found = m;
    }
    return found;
}

static void choose_quality(const struct lx_auto *r, const struct lx_auto_question *q,
                           struct lx_arena *a, struct lx_auto_choice *out)
{
    struct lx_slice lower = lx_lower_case(q->said->user, a);
    int64_t score;
    for (size_t i = 0; i < r->counts[0]; i++) {
        const struct lx_auto_model *m = &r->models[0][i];
        for (size_t k = 0; k < m->keyword_count; k++)
            if (lx_slice_find(lower, m->keywords[k]) >= 0) {
                *out = (struct lx_auto_choice){m, "keyword",
                                               lx_arena_printf(a, "%.*s, quality %lld",
                                                               LX_F(m->keywords[k]),
                                                               (long long)m->tier)};
                return;
            }
    }
    enum lx_complexity_tier tier = lx_complexity_of(r->scorer, q->said->user, a, &score);
    *out = (struct lx_auto_choice){of_quality(r, r->quality_of[tier]), "quality",
                                   score_text(lx_complexity_names[tier], score, a)};
}

/* ---- Adaptive ---------------------------------------------------------------------------------
 */

static int read_weight(struct lx_json v, int64_t otherwise, int64_t *out, struct lx_error *err)
{
    *out = otherwise;
    if (!lx_json_given(v) || (lx_ppm_read(v, out) && *out >= 0 && *out <= PPM))
        return 0;
    return lx_error_set(err, LX_ECONFIG, "weights: expected numbers from 0 to 1");
}

static int read_adaptive(struct lx_auto_reading *r, struct lx_json config, struct lx_error *err)
{
    struct lx_auto *out = r->to;
    struct lx_json weights = LX_GET(config, "weights");
    int code = read_weight(LX_GET(weights, "quality"), 700000, &out->quality_ppm, err);
    if (code == 0)
        code = read_weight(LX_GET(weights, "cost"), 300000, &out->cost_ppm, err);
    if (code < 0)
        return code;
    read_models(r, LX_GET(config, "available_models"), &out->models[0], &out->counts[0]);
    if (!out->counts[0])
        return lx_error_set(err, LX_ECONFIG, "available_models: expected models that are served");
    if (out->counts[0] > LX_AUTO_MODELS)
        return lx_error_set(err, LX_ECONFIG, "available_models: at most %d", LX_AUTO_MODELS);
    for (size_t i = 0; i < out->counts[0]; i++)
        if (!read_preferences(r, &out->models[0][i], LX_S("adaptive_router_preferences")))
            out->models[0][i].tier = 2;
    return r->arena->failed;
}

/* ---- The table --------------------------------------------------------------------------------
 */

static const struct lx_auto_kind kinds[] = {
    {.model = "complexity_router",
     .config = "complexity_router_config",
     .read = read_complexity,
     .choose = choose_complexity},
    {.model = "quality_router",
     .config = "quality_router_config",
     .read = read_quality,
     .choose = choose_quality},
    {.model = "adaptive_router",
     .config = "adaptive_router_config",
     .read = read_adaptive,
     .choose = lx_bandit_choose,
     .learns = true},
    {.model = "semantic",
     .any = true,
     .config = "auto_router_config",
     .read = lx_semantic_read,
     .choose = lx_semantic_choose},
};

const struct lx_auto_kind *lx_auto_kind_find(struct lx_slice model)
{
    const struct lx_slice prefix = LX_S(PREFIX);
    if (lx_slice_starts(model, prefix))
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
            if (kinds[i].any ||
                lx_slice_starts(lx_slice_from(model, prefix.n), lx_slice_z(kinds[i].model)))
                return &kinds[i];
    return NULL;
}

static int read(struct lx_auto_reading *r, const struct lx_auto_source *s, struct lx_error *err)
{
    struct lx_json_doc doc;
    lx_json_doc_init(&doc);
    int code = s->config.n ? lx_json_read(&doc, s->config, NULL, err) : 0;
    struct lx_json config = lx_json_root(&doc);
    struct lx_slice usual = s->default_model;
    if (code == 0 && !usual.n)
        usual = lx_arena_copy(r->arena, lx_json_str(LX_GET(config, "default_model"), r->arena));
    if (lx_auto_is_served(r, usual))
        r->to->otherwise = (struct lx_auto_model){.name = usual};
    if (code == 0)
        code = s->kind->read(r, config, err);
    lx_json_doc_clear(&doc);
    return code;
}

static struct lx_slice identity_of(const struct lx_auto *r, struct lx_arena *a)
{
    struct lx_slice all = {NULL, 0};
    for (size_t i = 0; i < r->counts[0]; i++)
        all = lx_arena_printf(a, "%.*s,%.*s", LX_F(all), LX_F(r->models[0][i].name));
    return all;
}

int lx_auto_add(struct lx_route_table *t, const struct lx_auto_source *s, struct lx_arena *a,
                struct lx_slice *unserved, struct lx_error *err)
{
    struct lx_auto *r = lx_arena_new(a, struct lx_auto);
    *unserved = lx_slice(NULL, 0);
    if (t->auto_count == MAX_ROUTERS)
        return lx_error_set(err, LX_ELIMIT, "at most %d auto routers", MAX_ROUTERS);
    if (!t->autos)
        t->autos = lx_arena_alloc(a, MAX_ROUTERS * sizeof(struct lx_auto *));
    if (!r || !t->autos)
        return lx_error_set(err, LX_ENOMEM, "out of memory");
    r->name = s->name;
    r->kind = s->kind;
    r->model_info = s->model_info;
    struct lx_auto_reading reading = {
        .table = t, .arena = a, .to = r, .embedder = s->embedder, .max_chars = s->max_chars};
    int code = read(&reading, s, err);
    *unserved = reading.unserved;
    if (code < 0)
        return code;
    bool any = r->otherwise.name.n > 0;
    for (size_t i = 0; i < LX_COMPLEXITY_TIERS; i++)
        any |= r->counts[i] > 0;
    if (!any)
        return lx_error_set(err, LX_ECONFIG, "none of its models is served");
    r->identity = identity_of(r, a);
    t->autos[t->auto_count++] = r;
    return lx_map_get(&t->auto_by_name, r->name) ? a->failed
                                                 : lx_map_put(&t->auto_by_name, r->name, r);
}

const struct lx_auto *lx_auto_find(const struct lx_route_table *t, struct lx_slice name)
{
    return t->auto_count ? lx_map_get(&t->auto_by_name, name) : NULL;
}

void lx_auto_choose(const struct lx_auto *r, const struct lx_auto_question *q, struct lx_arena *a,
                    struct lx_auto_choice *out)
{
    *out = (struct lx_auto_choice){.by = "default", .why = LX_S("nothing was asked")};
    if (q->said->user.n || r->kind->learns)
        r->kind->choose(r, q, a, out);
    if (!out->model && r->otherwise.name.n)
        *out = (struct lx_auto_choice){&r->otherwise, "default", out->why};
}
