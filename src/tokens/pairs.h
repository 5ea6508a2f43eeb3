/*
 * pairs.h - a growing table of pairs of tokens, and byte pair encoding as it is defined: the first
 * of the lowest merges is done, until none is left.
 *
 * What vocabularies are made with. Once they are made, their pairs lie where one look finds each
 * (lx_pairs_place()), and text is encoded by merge.c and bpe.c; with a heap, for long pieces of
 * vocabularies whose merges are in no order that vocab.h's facts need.
 */
#ifndef LX_TOKENS_PAIRS_H
#define LX_TOKENS_PAIRS_H

#include "tokens/vocab.h"

struct lx_pairs {
    uint64_t *v; /* open addressing: left, right and what they make, and one */
    uint32_t bits, count;
};

/* The table needs lx_pairs_clear(), also when it was never put into. */
void lx_pairs_clear(struct lx_pairs *p);
/* The pair must not be there yet. 0 or LX_ENOMEM. */
int lx_pairs_put(struct lx_pairs *p, uint32_t left, uint32_t right, uint32_t value);
/* The value, or LX_TOKEN_NONE. */
uint32_t lx_pairs_get(const struct lx_pairs *p, uint32_t left, uint32_t right);

/* All of it where lx_table_at() looks: 2^entry_bits entries, and the moves of 2^move_bits groups.
 * Both the caller's to free. */
struct lx_placed {
    uint64_t *entries;
    uint16_t *moves;
    uint32_t entry_bits, move_bits;
};
/* 0 or LX_ENOMEM; LX_ELIMIT: not found, which of a million pairs is not known to happen. */
int lx_pairs_place(const struct lx_pairs *p, struct lx_placed *out);

/* Merges n parts, at most LX_TOKEN_LENGTH, in place until `few` are left or nothing merges; how
 * many there are then. The lower value merges first, and makes results[value] (NULL: value). */
size_t lx_pairs_merge(const struct lx_pairs *p, const uint32_t *results, uint32_t *parts, size_t n,
                      size_t few);
/* The same of a vocabulary's pairs, for any number of parts, all the way. How many are left, or
 * LX_ENOMEM. */
ssize_t lx_pairs_merge_all(const struct lx_vocab *v, uint32_t *parts, size_t n);

#endif
