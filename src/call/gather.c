/*
 * gather.c - replies to parts of one request for embeddings become one reply.
 *
 * The relay adds to it. Usage adds up; where one reply does not tell it, the sum is not known.
 */
#include "call/gather.h"

#include <stdlib.h>

struct lx_gather *lx_gather_new(size_t max_bytes)
{
    struct lx_gather *g = calloc(1, sizeof(*g));
    if (g)
        lx_arena_init(&g->arena, max_bytes);
    return g;
}

void lx_gather_free(struct lx_gather *g)
{
    if (g)
        lx_arena_clear(&g->arena);
    free(g);
}

static struct lx_text keep(struct lx_text t, struct lx_arena *a)
{
    return (struct lx_text){lx_arena_copy(a, t.s), t.escaped};
}

static int grow(struct lx_gather *g, size_t more)
{
    size_t n = g->vectors.count + more;
    if (n <= g->cap)
        return 0;
    size_t cap = n > 2 * g->cap ? n : 2 * g->cap;
    struct lx_vector *v = lx_arena_alloc(&g->arena, cap * sizeof(*v));
    if (!v)
        return g->arena.failed;
    if (g->vectors.count)
        memcpy(v, g->vectors.vectors, g->vectors.count * sizeof(*v));
    g->vectors.vectors = v;
    g->cap = cap;
    return 0;
}

static void begin(struct lx_gather *g, const struct lx_reply *reply)
{
    g->whole = (struct lx_reply){
        .language = reply->language, /* static */
        .id = keep(reply->id, &g->arena),
        .model = keep(reply->model, &g->arena),
        .created_s = reply->created_s,
        .usage = reply->usage,
        .embed = &g->vectors,
    };
    g->whole.usage.raw = lx_slice(NULL, 0);
    g->whole.usage.service_tier = lx_arena_copy(&g->arena, reply->usage.service_tier);
}

int lx_gather_add(struct lx_gather *g, const struct lx_reply *reply, size_t inputs,
                  struct lx_error *err)
{
    const struct lx_embed_reply *e = reply->embed;
    if (e->count != inputs)
        return lx_error_set(err, LX_EPROTO, "the provider gave %zu vectors for %zu inputs",
                            e->count, inputs);
    if (grow(g, e->count) < 0)
        return g->arena.failed;
    if (g->vectors.count)
        lx_usage_add(&g->whole.usage, &reply->usage);
    else
        begin(g, reply);
    for (size_t i = 0; i < e->count; i++) {
        struct lx_vector v = e->vectors[i];
        v.s = lx_arena_copy(&g->arena, v.s);
        v.type = v.type.n ? lx_arena_copy(&g->arena, v.type) : lx_slice(NULL, 0);
        g->vectors.vectors[g->vectors.count + i] = v;
    }
    if (g->arena.failed)
        return g->arena.failed;
    g->vectors.count += e->count;
    return 0;
}
