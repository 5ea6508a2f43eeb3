/*
 * gather.c - replies to parts of one request for embeddings become one reply.
 *
 * The relay adds to it. Usage adds up; where one reply does not tell it, the sum is not known.
 */
#include "call/gather.h"

void lx_gather_init(struct lx_gather *g, size_t max_bytes)
{
    *g = (struct lx_gather){.cap = 0};
    lx_arena_init(&g->arena, max_bytes);
}

void lx_gather_clear(struct lx_gather *g)
{
    lx_arena_clear(&g->arena);
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

static void add_usage(struct lx_usage *sum, const struct lx_usage *u)
{
    sum->known = sum->known && u->known;
    sum->prompt_tokens += u->prompt_tokens;
    sum->cached_tokens += u->cached_tokens;
    sum->prompt_text_tokens += u->prompt_text_tokens;
    sum->prompt_image_tokens += u->prompt_image_tokens;
    sum->prompt_audio_tokens += u->prompt_audio_tokens;
    sum->prompt_video_tokens += u->prompt_video_tokens;
    sum->completion_tokens += u->completion_tokens;
    sum->total_tokens += u->total_tokens;
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
        add_usage(&g->whole.usage, &reply->usage);
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
