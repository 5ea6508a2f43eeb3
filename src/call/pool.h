/*
 * pool.h - the inside of struct lx_call_pool: memory that calls of one thread hand on.
 */
#ifndef LX_CALL_POOL_H
#define LX_CALL_POOL_H

#include "call/line.h"
#include "call/members.h"
#include "call/relay.h"
#include "route/choose.h"

struct lx_prompts;   /* call/prompts.h */
struct lx_tokenizer; /* tokens/tokens.h */

/* What a call needs until its reply has begun; a stream that runs has given it back. */
struct lx_call_memory {
    struct lx_arena arena;     /* everything about the attempt */
    struct lx_json_doc doc;    /* the index of the client's body */
    struct lx_buf body;        /* the body for the provider */
    struct lx_buf whole;       /* the provider's body, where it is held whole */
    struct lx_members members; /* of the client's body that are for us */
    struct lx_route_request facts;
    int64_t sent_ms;            /* when the attempt's first request went */
    int64_t polls;              /* how often its answer was sent for (follow.c) */
    int64_t polls_failed;       /* ... in vain, one after the other */
    struct lx_line_place place; /* while it waits for a deployment */
    struct lx_call_memory *next;
};

/* NULL when out of memory. */
struct lx_call_memory *lx_call_memory_take(struct lx_call_pool *p);
void lx_call_memory_give(struct lx_call_pool *p, struct lx_call_memory *m); /* NULL-safe */
/* Blocks of one size, for the calls themselves. Not zeroed. */
void *lx_call_block_take(struct lx_call_pool *p, size_t size);
void lx_call_block_give(struct lx_call_pool *p, void *block);
/* Where the calls of the pool wait for deployments. */
struct lx_line *lx_call_pool_line(struct lx_call_pool *p);
/* Scratch for the time of one feed; shared by all calls of the pool. */
struct lx_relay_scratch *lx_call_pool_scratch(struct lx_call_pool *p);
/* What the streams of the pool may keep of what was said, for counting it. */
struct lx_said_budget *lx_call_pool_said(struct lx_call_pool *p);
/* Vectors of utterances that auto routers choose by: kept, borrowed by identity and count; NULL:
 * they are not known. */
const float *lx_call_pool_vectors(const struct lx_call_pool *p, uint64_t identity,
                                  size_t *dimensions);
/* Keeps a copy, in an older one's place where there are many. */
void lx_call_pool_put_vectors(struct lx_call_pool *p, uint64_t identity, const float *v,
                              size_t count, size_t dimensions);
/* Made when it is first asked for; NULL when out of memory. */
struct lx_tokenizer *lx_call_pool_tokenizer(struct lx_call_pool *p);
struct lx_prompts *lx_call_pool_prompts(struct lx_call_pool *p); /* the same */

#endif
