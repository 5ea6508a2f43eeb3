/*
 * semantic.c - auto routers that choose by meaning: the route whose utterances are nearest to what
 * the user said, by the vectors that an embedding model gives them.
 *
 * LiteLLM has this from the semantic-router package; its rules are: of all utterances the five
 * nearest by cosine count; the route with the best mean of those wins, if the nearest of them is
 * nearer than its threshold. A route's name is the model. Vectors are the caller's to get.
 */
#include <math.h>

#include "route/auto.h"

enum {
    MAX_CHARS = 2000,
    NEAREST = 5,
    MAX_UTTERANCES = 1024,
    THRESHOLD_PPM = 300000,
    PPM = 1000000
};

struct near {
    double cosine;
    size_t route;
};

/* ---- Settings ---------------------------------------------------------------------------------
 */

static bool add_utterances(struct lx_auto_reading *r, struct lx_json list, size_t route)
{
    struct lx_semantic *s = r->to->semantic;
    if (!lx_json_is(list, LX_JSON_ARRAY))
        return true;
    for (struct lx_json_iter it = lx_json_iter(list); lx_json_next(&it);) {
        struct lx_slice text = lx_arena_copy(r->arena, lx_json_str(it.value, r->arena));
        if (!text.n)
            continue;
        if (s->count == MAX_UTTERANCES)
            return false;
        s->routes[s->count] = route;
        s->utterances[s->count++] = text;
    }
    return true;
}

int lx_semantic_read(struct lx_auto_reading *r, struct lx_json config, struct lx_error *err)
{
    static const uint64_t seed[2] = {0x766563, 0x746f7273};
    struct lx_auto *to = r->to;
    struct lx_json routes = LX_GET(config, "routes");
    size_t n = lx_json_is(routes, LX_JSON_ARRAY) ? lx_json_count(routes) : 0;
    struct lx_semantic *s = to->semantic = lx_arena_new(r->arena, struct lx_semantic);
    to->models[0] = lx_arena_alloc(r->arena, (n + 1) * sizeof(*to->models[0]));
    if (!s || !to->models[0])
        return lx_error_set(err, LX_ENOMEM, "out of memory");
    s->utterances = lx_arena_alloc(r->arena, MAX_UTTERANCES * sizeof(*s->utterances));
    s->routes = lx_arena_alloc(r->arena, MAX_UTTERANCES * sizeof(*s->routes));
    s->thresholds_ppm = lx_arena_alloc(r->arena, (n + 1) * sizeof(*s->thresholds_ppm));
    for (size_t i = 0; i < n && !r->arena->failed; i++) {
        struct lx_json route = lx_json_at(routes, i);
        size_t at = to->counts[0];
        struct lx_slice name =
            lx_arena_copy(r->arena, lx_json_str(LX_GET(route, "name"), r->arena));
        if (!lx_auto_is_served(r, name))
            continue;
        to->models[0][to->counts[0]++] = (struct lx_auto_model){.name = name};
        s->thresholds_ppm[at] = THRESHOLD_PPM;
        (void)lx_ppm_read(LX_GET(route, "score_threshold"), &s->thresholds_ppm[at]);
        if (!add_utterances(r, LX_GET(route, "utterances"), at))
            return lx_error_set(err, LX_ELIMIT, "at most %d utterances", MAX_UTTERANCES);
    }
    s->identity = lx_hash(r->embedder, seed);
    for (size_t i = 0; i < s->count; i++)
        s->identity = lx_hash(s->utterances[i], (uint64_t[2]){s->identity, i});
    s->embedder = r->embedder;
    s->max_chars = r->max_chars > 0 ? r->max_chars : MAX_CHARS;
    if (!lx_auto_is_served(r, s->embedder))
        return lx_error_set(err, LX_ECONFIG,
                            "auto_router_embedding_model: expected a model that is served");
    return r->arena->failed;
}

/* ---- Choosing ---------------------------------------------------------------------------------
 */

static double cosine(const float *a, const float *b, size_t n)
{
    double dot = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        dot += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return aa > 0 && bb > 0 ? dot / sqrt(aa * bb) : 0;
}

/* The nearest few, the nearest first. How many. */
static size_t find_near(const struct lx_semantic *s, const struct lx_auto_question *q,
                        struct near *near)
{
    size_t n = 0;
    for (size_t i = 0; i < s->count; i++) {
        struct near one = {cosine(q->vector, q->utterances + i * q->dimensions, q->dimensions),
                           s->routes[i]};
        size_t at = n < NEAREST ? n++ : NEAREST;
        for (; at && near[at - 1].cosine < one.cosine; at--)
            if (at < NEAREST)
                near[at] = near[at - 1];
        if (at < NEAREST)
            near[at] = one;
    }
    return n;
}

static double mean_of(const struct near *near, size_t n, size_t route)
{
    double sum = 0, count = 0;
    for (size_t i = 0; i < n; i++)
        if (near[i].route == route) {
            sum += near[i].cosine;
            count++;
        }
    return sum / count;
}

void lx_semantic_choose(const struct lx_auto *r, const struct lx_auto_question *q,
                        struct lx_arena *a, struct lx_auto_choice *out)
{
    struct near near[NEAREST];
    size_t best = 0, n = q->dimensions ? find_near(r->semantic, q, near) : 0;
    out->why = q->dimensions ? LX_S("no route is near enough") : LX_S("no vector for the request");
    if (!n)
        return;
    for (size_t i = 1; i < n; i++)
        if (mean_of(near, n, near[i].route) > mean_of(near, n, near[best].route))
            best = i;
    for (size_t i = 0; i < best; i++)
        if (near[i].route == near[best].route)
            best = i; /* its nearest */
    if (near[best].cosine * PPM <= (double)r->semantic->thresholds_ppm[near[best].route])
        return;
    out->model = &r->models[0][near[best].route];
    out->by = "semantic";
    out->why = lx_arena_printf(a, "cosine %.2f", near[best].cosine);
}
