/*
 * pairs.h - a growing table of pairs of tokens, and byte pair encoding as it is defined: the first
 * of the lowest merges is done, until none is left.
 *
 * What vocabularies are made with; and how text is encoded by those whose merges are in no order
 * that vocab.h's facts need. Quadratic for a few bytes, else with a heap.
 */
#ifndef LX_TOKENS_PAIRS_H
#define LX_TOKENS_PAIRS_H

#include "tokens/vocab.h"

struct lx_pairs {
    uint64_t *v; /* as struct lx_vocab's */
    uint32_t bits, count;
};

/* The table needs lx_pairs_clear(), also when it was never put into. */
void lx_pairs_clear(struct lx_pairs *p);
/* The pair must not be there yet. 0 or LX_ENOMEM. */
int lx_pairs_put(struct lx_pairs *p, uint32_t left, uint32_t right, uint32_t value);
static inline uint32_t lx_pairs_get(const struct lx_pairs *p, uint32_t left, uint32_t right)
{
    struct lx_vocab v = {
        .pairs = p->v, .pair_shift = 64 - p->bits, .pair_mask = (1u << p->bits) - 1};

    return p->v ? lx_vocab_pair(&v, left, right) : LX_TOKEN_NONE;
}

/* Merges n parts, at most LX_TOKEN_LENGTH, in place until `few` are left or nothing merges; how
 * many there are then. The lower value merges first, and makes results[value] (NULL: value). */
size_t lx_pairs_merge(const struct lx_pairs *p, const uint32_t *results, uint32_t *parts, size_t n,
                      size_t few);
/* The same for any number of parts, all the way. How many are left, or LX_ENOMEM. */
ssize_t lx_pairs_merge_all(const struct lx_pairs *p, uint32_t *parts, size_t n);

#endif
