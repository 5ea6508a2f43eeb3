/*
 * pool.c - free lists of what calls allocate, each with a limit on what it keeps.
 *
 * One request that was huge must not pin its memory, nor a burst of requests theirs.
 */
#include "call/pool.h"

#include <stdlib.h>

#include "call/prompts.h"
#include "tokens/tokens.h"

enum {
    MAX_MEMORIES = 256,
    MAX_BLOCKS = 1024,
    MAX_VECTORS = 32,
    MAX_KEPT_BYTES = 1 << 16,
    MAX_SAID_BYTES = 64 << 20, /* of all open streams' answers; beyond it they are measured only */
};

struct vectors {
    uint64_t identity;
    size_t dimensions;
    float *v;
};

struct block {
    struct block *next;
};

struct lx_call_pool {
    struct lx_relay_scratch scratch;
    struct lx_said_budget said;
    struct lx_tokenizer *tokenizer; /* or NULL */
    struct lx_prompts *prompts;     /* or NULL */
    struct lx_line line;
    struct vectors vectors[MAX_VECTORS];
    size_t vectors_put;
    struct lx_call_memory *memories;
    struct block *blocks;
    size_t memory_count, block_count;
    size_t max_arena_bytes, max_body_bytes, max_response_bytes;
};

struct lx_call_pool *lx_call_pool_new(const struct lx_route_settings *settings)
{
    struct lx_call_pool *p = calloc(1, sizeof(*p));
    if (!p)
        return NULL;
    p->max_arena_bytes = settings->max_arena_bytes;
    p->max_body_bytes = SIZE_MAX / 4; /* bounded by the client's body, which the host bounds */
    p->said.most = MAX_SAID_BYTES;
    p->max_response_bytes = settings->max_response_bytes;
    lx_relay_scratch_init(&p->scratch, settings->max_arena_bytes);
    return p;
}

static void free_memory(struct lx_call_memory *m)
{
    lx_arena_clear(&m->arena);
    lx_json_doc_clear(&m->doc);
    lx_buf_clear(&m->body);
    lx_buf_clear(&m->whole);
    free(m);
}

void lx_call_pool_trim(struct lx_call_pool *p)
{
    for (struct lx_call_memory *m; (m = p->memories); free_memory(m))
        p->memories = m->next;
    for (struct block *b; (b = p->blocks); free(b))
        p->blocks = b->next;
    p->memory_count = p->block_count = 0;
    lx_tokenizer_free(p->tokenizer);
    p->tokenizer = NULL;
}

void lx_call_pool_free(struct lx_call_pool *p)
{
    if (!p)
        return;
    lx_call_pool_trim(p);
    lx_prompts_free(p->prompts);
    for (size_t i = 0; i < MAX_VECTORS; i++)
        free(p->vectors[i].v);
    lx_relay_scratch_clear(&p->scratch);
    free(p);
}

const float *lx_call_pool_vectors(const struct lx_call_pool *p, uint64_t identity,
                                  size_t *dimensions)
{
    for (size_t i = 0; i < MAX_VECTORS; i++)
        if (p->vectors[i].v && p->vectors[i].identity == identity) {
            *dimensions = p->vectors[i].dimensions;
            return p->vectors[i].v;
        }
    return NULL;
}

void lx_call_pool_put_vectors(struct lx_call_pool *p, uint64_t identity, const float *v,
                              size_t count, size_t dimensions)
{
    size_t unused;
    float *copy = lx_call_pool_vectors(p, identity, &unused)
                      ? NULL
                      : malloc(count * dimensions * sizeof(*copy) + 1);
    if (!copy)
        return;
    memcpy(copy, v, count * dimensions * sizeof(*copy));
    struct vectors *to = &p->vectors[p->vectors_put++ % MAX_VECTORS];
    free(to->v);
    *to = (struct vectors){identity, dimensions, copy};
}

static void trim_doc(struct lx_json_doc *doc)
{
    if (doc->cap > MAX_KEPT_BYTES / sizeof(struct lx_json_node))
        lx_json_doc_clear(doc);
}

static void trim_buf(struct lx_buf *b)
{
    if (b->cap > MAX_KEPT_BYTES)
        lx_buf_clear(b);
    lx_buf_reset(b);
}

struct lx_call_memory *lx_call_memory_take(struct lx_call_pool *p)
{
    struct lx_call_memory *m = p->memories;
    if (m) {
        m->place.waiting = false;
        p->memories = m->next;
        p->memory_count--;
        return m;
    }
    m = malloc(sizeof(*m));
    if (!m)
        return NULL;
    m->place.waiting = false;
    lx_arena_init(&m->arena, p->max_arena_bytes);
    lx_json_doc_init(&m->doc);
    lx_buf_init(&m->body, p->max_body_bytes);
    lx_buf_init(&m->whole, p->max_response_bytes);
    return m;
}

void lx_call_memory_give(struct lx_call_pool *p, struct lx_call_memory *m)
{
    if (!m)
        return;
    lx_line_leave(&p->line, &m->place);
    trim_doc(&p->scratch.doc);
    lx_arena_reset(&p->scratch.arena);
    if (p->memory_count >= MAX_MEMORIES) {
        free_memory(m);
        return;
    }
    lx_arena_reset(&m->arena);
    trim_doc(&m->doc);
    trim_buf(&m->body);
    trim_buf(&m->whole);
    m->next = p->memories;
    p->memories = m;
    p->memory_count++;
}

void *lx_call_block_take(struct lx_call_pool *p, size_t size)
{
    struct block *b = p->blocks;
    if (!b)
        return malloc(size);
    p->blocks = b->next;
    p->block_count--;
    return b;
}

void lx_call_block_give(struct lx_call_pool *p, void *block)
{
    struct block *b = block;
    if (p->block_count >= MAX_BLOCKS) {
        free(b);
        return;
    }
    b->next = p->blocks;
    p->blocks = b;
    p->block_count++;
}

struct lx_line *lx_call_pool_line(struct lx_call_pool *p)
{
    return &p->line;
}

struct lx_relay_scratch *lx_call_pool_scratch(struct lx_call_pool *p)
{
    return &p->scratch;
}

struct lx_said_budget *lx_call_pool_said(struct lx_call_pool *p)
{
    return &p->said;
}

struct lx_tokenizer *lx_call_pool_tokenizer(struct lx_call_pool *p)
{
    if (!p->tokenizer)
        p->tokenizer = lx_tokenizer_new();
    return p->tokenizer;
}

struct lx_prompts *lx_call_pool_prompts(struct lx_call_pool *p)
{
    if (!p->prompts)
        p->prompts = lx_prompts_new();
    return p->prompts;
}
