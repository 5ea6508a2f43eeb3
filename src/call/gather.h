/*
 * gather.h - the vectors of several replies, put together: inside of call/ only.
 *
 * Where a client sends more inputs than a provider takes at once, a call makes one exchange after
 * another, and what each gives is kept here until the last.
 */
#ifndef LX_CALL_GATHER_H
#define LX_CALL_GATHER_H

#include "call/call.h"

struct lx_gather {
    struct lx_arena arena;
    struct lx_reply whole; /* of the first reply, with the vectors and the usage of all */
    struct lx_embed_reply vectors;
    size_t cap;
};

struct lx_gather *lx_gather_new(size_t max_bytes); /* NULL when out of memory */
void lx_gather_free(struct lx_gather *g);          /* NULL-safe */
/* Adds a reply to `inputs` inputs; everything is copied. 0, or LX_EPROTO when it has another number
 * of vectors, or the arena's failure. */
int lx_gather_add(struct lx_gather *g, const struct lx_reply *reply, size_t inputs,
                  struct lx_error *err);

#endif
