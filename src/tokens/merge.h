/*
 * merge.h - byte pair encoding of many short pieces at once.
 */
#ifndef LX_TOKENS_MERGE_H
#define LX_TOKENS_MERGE_H

#include "tokens/vocab.h"

/* A piece, and what it comes to. */
struct lx_piece {
    const uint8_t *p; /* valid UTF-8 */
    uint32_t n;       /* bytes; not 0 */
    uint32_t count;   /* tokens; 0: not done, because it is longer than what goes here */
    uint32_t *tokens; /* room for n */
};

/* Does those of the pieces that have no count yet and are short enough. */
void lx_merge(const struct lx_vocab *v, struct lx_piece *pieces, size_t count);
/* The same as on a processor that has no more than it must. */
void lx_merge_portable(const struct lx_vocab *v, struct lx_piece *pieces, size_t count);

#endif
