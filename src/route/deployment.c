/*
 * deployment.c - which group a model name means, and which of its deployments is asked.
 *
 * Built once by the host from its configuration; then only read, by every call on every thread.
 */
#include "route/deployment.h"

#include "provider/near.h"

void lx_route_settings_default(struct lx_route_settings *s)
{
    *s = (struct lx_route_settings){
        .num_retries = 2,
        .request_timeout_ms = 600000,
        .connect_timeout_ms = 10000,
        .between_bytes_ms = 600000,
        .backoff_base_ms = 500,
        .backoff_max_ms = 8000,
        .max_response_bytes = (size_t)64 << 20,
        .max_event_bytes = (size_t)16 << 20,
        .max_arena_bytes = (size_t)64 << 20,
    };
}

/* ---- Building ----------------------------------------------------------------------------- */

void lx_route_table_init(struct lx_route_table *t, struct lx_arena *a, const uint64_t seed[2])
{
    *t = (struct lx_route_table){.count = 0};
    lx_map_init(&t->by_name, a, seed);
    lx_map_init(&t->by_id, a, seed);
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
    g->wildcard = lx_slice_find_byte(name, '*') >= 0;
    t->groups = groups;
    t->groups[t->count++] = g;
    if (lx_map_put(&t->by_name, name, g) < 0 || (g->wildcard && !add_wildcard(t, g, a)))
        return NULL;
    return g;
}

static bool join(struct lx_model_group *g, struct lx_deployment *d, struct lx_arena *a)
{
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
        return a->failed ? a->failed : LX_ENOMEM;
    alone->name = d->group;
    return d->id.n ? lx_map_put(&t->by_id, d->id, alone) : 0;
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
    ssize_t at = star.p ? lx_slice_find_byte(d->model, '*') : -1;
    struct lx_slice model = d->model;
    if (at >= 0) {
        struct lx_slice head = lx_slice_to(model, (size_t)at);
        struct lx_slice tail = lx_slice_from(model, (size_t)at + 1);
        model = head.n || tail.n
                    ? lx_arena_printf(a, "%.*s%.*s%.*s", LX_F(head), LX_F(star), LX_F(tail))
                    : star;
    }
    return model.p ? lx_provider_model(d->provider, model, a) : model;
}

/* ---- Picking ------------------------------------------------------------------------------ */

/* Deployments without an order come after those that have one. */
static int64_t order_of(const struct lx_deployment *d)
{
    return d->order > 0 ? d->order : INT64_MAX;
}

struct candidates {
    const struct lx_model_group *group;
    uint64_t tried;
    bool retake; /* all were tried: any will do */
    int64_t order;
};

static bool is_tried(uint64_t tried, size_t i)
{
    return i < 64 && (tried >> i & 1);
}

static bool may_pick(const struct candidates *c, size_t i)
{
    return (c->retake || !is_tried(c->tried, i)) && order_of(c->group->deployments[i]) == c->order;
}

static struct candidates candidates(const struct lx_model_group *g, uint64_t tried)
{
    struct candidates c = {g, tried, true, INT64_MAX};
    for (size_t i = 0; i < g->count; i++)
        if (!is_tried(tried, i))
            c.retake = false;
    for (size_t i = 0; i < g->count; i++)
        if ((c.retake || !is_tried(tried, i)) && order_of(g->deployments[i]) < c.order)
            c.order = order_of(g->deployments[i]);
    return c;
}

/* What a deployment weighs by one of the measures, in their order of precedence. */
static uint64_t by_weight(const struct lx_deployment *d)
{
    return d->weight > 0 ? (uint64_t)d->weight : 0;
}
static uint64_t by_rpm(const struct lx_deployment *d)
{
    return d->rpm > 0 ? (uint64_t)d->rpm : 0;
}
static uint64_t by_tpm(const struct lx_deployment *d)
{
    return d->tpm > 0 ? (uint64_t)d->tpm : 0;
}
static uint64_t evenly(const struct lx_deployment *d)
{
    (void)d;
    return 1;
}

static const struct {
    uint64_t (*of)(const struct lx_deployment *d);
} measures[] = {{by_weight}, {by_rpm}, {by_tpm}, {evenly}};

enum { MAX_MEASURE = 1 << 30 }; /* so that no sum overflows */

static uint64_t weigh(size_t measure, const struct lx_deployment *d)
{
    uint64_t w = measures[measure].of(d);
    return w < MAX_MEASURE ? w : MAX_MEASURE;
}

struct lx_deployment *lx_route_pick(const struct lx_model_group *g, uint64_t tried, uint64_t random,
                                    size_t *index)
{
    const struct candidates c = candidates(g, tried);
    uint64_t sum = 0;
    size_t measure = 0, last = 0;
    for (; measure < sizeof(measures) / sizeof(measures[0]) && !sum; measure++)
        for (size_t i = 0; i < g->count; i++)
            if (may_pick(&c, i))
                sum += weigh(measure, g->deployments[i]);
    if (!sum)
        return NULL;
    measure--;
    uint64_t at = random % sum; /* sums are far below 2^64: no bias to speak of */
    for (size_t i = 0; i < g->count; i++) {
        uint64_t w = may_pick(&c, i) ? weigh(measure, g->deployments[i]) : 0;
        last = w ? i : last;
        if (at < w)
            break;
        at -= w;
    }
    if (index)
        *index = last;
    return g->deployments[last];
}
