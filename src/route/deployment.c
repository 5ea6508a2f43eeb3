/*
 * deployment.c - which group a model name means, and what is known of its deployments.
 *
 * Built once by the host from its configuration; then only read, by every call on every thread.
 */
#include "catalog/row.h"
#include "llm/effort.h"
#include "provider/near.h"
#include "route/choose.h"

void lx_route_settings_default(struct lx_route_settings *s)
{
    *s = (struct lx_route_settings){
        .num_retries = 2,
        .request_timeout_ms = 600000,
        .connect_timeout_ms = 10000,
        .between_bytes_ms = 600000,
        .max_repeats = 100,
        .backoff_base_ms = 500,
        .backoff_max_ms = 8000,
        .max_response_bytes = (size_t)64 << 20,
        .max_event_bytes = (size_t)16 << 20,
        .max_arena_bytes = (size_t)64 << 20,
        .checks_urls = true,
        .max_media_bytes = INT64_C(50) << 20,
    };
    lx_route_policy_default(&s->policy);
}

/* ---- Building ----------------------------------------------------------------------------- */

void lx_route_table_init(struct lx_route_table *t, struct lx_arena *a, const uint64_t seed[2])
{
    *t = (struct lx_route_table){.count = 0};
    lx_map_init(&t->by_name, a, seed);
    lx_map_init(&t->by_id, a, seed);
    lx_map_init(&t->auto_by_name, a, seed);
    lx_route_settings_default(&t->settings);
}

/* Room for one more in an array that is full at every power of two; NULL without memory. */
static void *room(void *array, size_t count, struct lx_arena *a)
{
    if (count & (count - 1))
        return array;
    void **grown = lx_arena_alloc(a, (count ? 2 * count : 1) * sizeof(void *));
    if (grown && count)
        memcpy(grown, array, count * sizeof(void *));
    return grown;
}

static size_t fixed_bytes(struct lx_slice pattern)
{
    size_t n = 0;
    for (size_t i = 0; i < pattern.n; i++)
        n += pattern.p[i] != '*';
    return n;
}

/* Keeps the list in order: more fixed bytes first, then as configured. */
static bool add_wildcard(struct lx_route_table *t, struct lx_model_group *g, struct lx_arena *a)
{
    struct lx_model_group **list = room(t->wildcards, t->wildcard_count, a);
    if (!list)
        return false;
    t->wildcards = list;
    size_t i = t->wildcard_count++;
    for (; i > 0 && fixed_bytes(list[i - 1]->name) < fixed_bytes(g->name); i--)
        list[i] = list[i - 1];
    list[i] = g;
    return true;
}

static struct lx_model_group *new_group(struct lx_route_table *t, struct lx_slice name,
                                        struct lx_arena *a)
{
    struct lx_model_group *g = lx_arena_new(a, struct lx_model_group);
    struct lx_model_group **groups = room(t->groups, t->count, a);
    if (!g || !groups)
        return NULL;
    g->name = name;
    g->affinity = -1;
    g->wildcard = lx_slice_find_byte(name, '*') >= 0;
    t->groups = groups;
    t->groups[t->count++] = g;
    if (lx_map_put(&t->by_name, name, g) < 0 || (g->wildcard && !add_wildcard(t, g, a)))
        return NULL;
    return g;
}

static bool join(struct lx_model_group *g, struct lx_deployment *d, struct lx_arena *a)
{
    if (g->count == LX_GROUP_MAX)
        return false;
    struct lx_deployment **list = room(g->deployments, g->count, a);
    if (!list)
        return false;
    g->deployments = list;
    g->deployments[g->count++] = d;
    return true;
}

int lx_route_table_add(struct lx_route_table *t, struct lx_deployment *d)
{
    struct lx_arena *a = t->by_name.arena;
    struct lx_model_group *g = lx_map_get(&t->by_name, d->group);
    struct lx_model_group *alone = lx_arena_new(a, struct lx_model_group);
    if (!g)
        g = new_group(t, d->group, a);
    if (!g || !alone || !join(g, d, a) || !join(alone, d, a))
        return a->failed ? a->failed : g && g->count == LX_GROUP_MAX ? LX_ELIMIT : LX_ENOMEM;
    alone->name = d->group;
    alone->affinity = -1;
    alone->by_id = true;
    return d->id.n ? lx_map_put(&t->by_id, d->id, alone) : 0;
}

/* ---- A group's own ways ------------------------------------------------------------------- */

const struct lx_strategy *lx_group_strategy(const struct lx_model_group *g,
                                            const struct lx_route_policy *p)
{
    return g && g->strategy ? g->strategy : p->strategy;
}

const struct lx_latency_args *lx_group_latency(const struct lx_model_group *g,
                                               const struct lx_route_policy *p)
{
    return g && g->latency ? g->latency : &p->latency;
}

unsigned lx_group_affinity(const struct lx_model_group *g, const struct lx_route_policy *p)
{
    return g->affinity >= 0 ? (unsigned)g->affinity : p->affinity;
}

bool lx_group_has_limits(const struct lx_model_group *g, const struct lx_route_policy *p)
{
    return p->enforce_limits || p->pre_call_checks || lx_group_strategy(g, p)->limits;
}

/* ---- Finding ------------------------------------------------------------------------------ */

const struct lx_model_group *lx_route_find(const struct lx_route_table *t, struct lx_slice name,
                                           struct lx_slice *star)
{
    *star = lx_slice(NULL, 0);
    if (!name.n)
        return NULL;
    const struct lx_model_group *g = lx_map_get(&t->by_name, name);
    if (!g)
        g = lx_map_get(&t->by_id, name);
    for (size_t i = 0; !g && i < t->wildcard_count; i++)
        if (lx_star_match(t->wildcards[i]->name, name, star))
            g = t->wildcards[i];
    return g;
}

void lx_route_near(const struct lx_route_table *t, struct lx_slice name, char *out, size_t n)
{
    struct lx_near near;
    lx_near_init(&near, name);
    for (size_t i = 0; i < t->count; i++)
        lx_near_add(&near, t->groups[i]->name);
    lx_near_write(&near, out, n);
}

struct lx_slice lx_deployment_model(const struct lx_deployment *d, struct lx_slice star,
                                    struct lx_arena *a)
{
    struct lx_slice model = lx_star_fill(d->model, d->group, star, a);
    return model.p ? lx_provider_model(d->provider, model, a) : model;
}

/* ---- Learning ----------------------------------------------------------------------------- */

static const struct {
    struct lx_slice member;
    enum lx_need need;
} needs[] = {
    {LX_S_INIT("supports_vision"), LX_NEED_VISION},
    {LX_S_INIT("supports_function_calling"), LX_NEED_TOOLS},
    {LX_S_INIT("supports_response_schema"), LX_NEED_JSON_SCHEMA},
    {LX_S_INIT("supports_audio_input"), LX_NEED_AUDIO},
    {LX_S_INIT("supports_pdf_input"), LX_NEED_PDF},
};

/* The user's own word, else the catalog's. */
static struct lx_slice fact(const struct lx_deployment *d, struct lx_model m, struct lx_slice name)
{
    struct lx_slice own = lx_row_unquoted(lx_row_get(d->model_info, name));
    return own.n ? own : m.json.n ? lx_model_member(m, name) : own;
}

/* Nano-dollars for a million tokens. */
static int64_t price_of(const struct lx_price *p, enum lx_rate_kind kind)
{
    static const int64_t unknown = 5000000000000000;
    for (size_t i = 0; p && i < p->rates.n; i++) {
        const struct lx_rate *rate = &p->rates.v[i];
        if (rate->kind == kind && rate->tier == LX_TIER_STANDARD && !rate->above)
            return rate->price.units / 1000000000 < unknown
                       ? (int64_t)(rate->price.units / 1000000000)
                       : unknown;
    }
    return unknown;
}

/* As for LiteLLM (cost_calculator.py, llms/perplexity/cost_calculator.py,
 * llms/openrouter/chat/transformation.py, 1.106.2). */
bool lx_deployment_states_cost(const struct lx_deployment *d)
{
    static const char *const stating[] = {"edenai", "openrouter", "perplexity"};
    for (size_t i = 0; !d->own_prices.n && i < sizeof(stating) / sizeof(stating[0]); i++)
        if (strcmp(d->provider->id, stating[i]) == 0)
            return true;
    return false;
}

const struct lx_provider *lx_deployment_row(const struct lx_deployment *d, struct lx_slice model)
{
    const struct lx_target *known = lx_deployment_known(d, model);
    return known ? known->row
                 : lx_provider_variant(d->provider, model, d->base_url, d->api_version);
}

const struct lx_target *lx_deployment_known(const struct lx_deployment *d, struct lx_slice model)
{
    if (d->target.row && lx_slice_eq(d->target.asked, model))
        return &d->target;
    return d->by_responses.row && lx_slice_eq(d->by_responses.asked, model) ? &d->by_responses
                                                                            : NULL;
}

struct lx_slice lx_deployment_by_responses(const struct lx_deployment *d, struct lx_slice model,
                                           struct lx_arena *a)
{
    if (lx_deployment_known(d, model))
        return d->by_responses.row ? d->by_responses.asked : model;
    const char *models = d->provider->responses;
    return models && lx_glob_match(lx_slice_z(models), model)
               ? lx_provider_by_responses(d->provider, model, d->base_url, d->api_version, a)
               : model;
}

/* What the catalog knows of a model; false: nothing, or only what the look of its name tells. */
static bool find_row(const struct lx_deployment *d, struct lx_slice model,
                     const struct lx_catalog *catalog, struct lx_arena *a, struct lx_model *out)
{
    struct lx_slice provider = lx_slice_z(d->provider->id);
    if (d->base_model.n)
        model = d->base_model;
    if (lx_catalog_find(catalog, provider, model, out))
        return true;
    lx_catalog_describe(catalog, provider, model, a, out);
    return false;
}

/* The words for efforts that a model is not known to refuse. */
static unsigned efforts_of(const struct lx_deployment *d, struct lx_model m)
{
    static const struct {
        enum lx_effort effort;
        struct lx_slice member;
    } facts[] = {
        {LX_EFFORT_NONE, LX_S_INIT("supports_none_reasoning_effort")},
        {LX_EFFORT_MINIMAL, LX_S_INIT("supports_minimal_reasoning_effort")},
        {LX_EFFORT_LOW, LX_S_INIT("supports_low_reasoning_effort")},
        {LX_EFFORT_XHIGH, LX_S_INIT("supports_xhigh_reasoning_effort")},
        {LX_EFFORT_MAX, LX_S_INIT("supports_max_reasoning_effort")},
    };
    unsigned set = LX_EFFORTS_ALL;
    for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++)
        if (lx_slice_eq(fact(d, m, facts[i].member), LX_S("false")))
            set &= ~(1u << facts[i].effort);
    if (!(set & LX_EFFORT_BIT(XHIGH)) &&
        !lx_slice_eq(fact(d, m, LX_S("supports_max_reasoning_effort")), LX_S("true")))
        set &= ~LX_EFFORT_BIT(MAX);
    return set;
}

/* A model that the catalog does not know may be newer than it, and of one that it has from
 * genai-prices it knows prices only: nothing follows from that. */
void lx_deployment_target(const struct lx_deployment *d, struct lx_slice model,
                          const struct lx_catalog *catalog, struct lx_arena *a,
                          struct lx_target *out)
{
    struct lx_model m = {.json = {NULL, 0}};
    int64_t most;
    lx_target_init(out, d->provider, model, d->base_url, d->api_version, a);
    bool found = find_row(d, out->options.model, catalog, a, &m);
    if (lx_slice_int(fact(d, m, LX_S("max_output_tokens")), &most) == 0 && most > 0)
        out->options.default_max_tokens = most;
    if (lx_slice_int(fact(d, m, LX_S("prompt_cache_min_tokens")), &most) == 0 && most > 0)
        out->kept_min_tokens = most;
    struct lx_slice reasons = fact(d, m, LX_S("supports_reasoning"));
    if ((found && !lx_slice_eq(fact(d, m, LX_S("source")), LX_S("genai-prices"))) || reasons.n)
        out->reasons = lx_slice_eq(reasons, LX_S("true")) ? LX_YES : LX_NO;
    out->prefills = lx_slice_eq(fact(d, m, LX_S("supports_assistant_prefill")), LX_S("true"));
    out->efforts = efforts_of(d, m);
    out->options.known_as = d->base_model.n ? d->base_model : d->known_as;
}

void lx_deployment_learn(struct lx_deployment *d, const struct lx_catalog *catalog,
                         struct lx_arena *a)
{
    struct lx_model m = {.json = {NULL, 0}};
    struct lx_deployment_facts *f = &d->facts;
    int64_t n;
    *f = (struct lx_deployment_facts){.input_price = price_of(d->price, LX_RATE_INPUT_TOKEN),
                                      .output_price = price_of(d->price, LX_RATE_OUTPUT_TOKEN)};
    if (lx_slice_find_byte(d->model, '*') < 0) {
        find_row(d, d->model, catalog, a, &m);
        struct lx_slice model = lx_deployment_model(d, (struct lx_slice){NULL, 0}, a);
        d->target.row = d->by_responses.row = NULL; /* not known yet */
        struct lx_slice other = lx_deployment_by_responses(d, model, a);
        lx_deployment_target(d, model, catalog, a, &d->target);
        if (!lx_slice_eq(model, other))
            lx_deployment_target(d, other, catalog, a, &d->by_responses);
    }
    struct lx_slice most = fact(d, m, LX_S("max_input_tokens"));
    if (most.n && lx_slice_int(most, &n) == 0 && n > 0)
        f->max_input_tokens = n;
    for (size_t i = 0; i < sizeof(needs) / sizeof(needs[0]); i++) {
        struct lx_slice said = fact(d, m, needs[i].member);
        if (!said.n)
            continue;
        f->needs_known |= needs[i].need;
        if (lx_slice_eq(said, LX_S("true")))
            f->needs_met |= needs[i].need;
    }
}
