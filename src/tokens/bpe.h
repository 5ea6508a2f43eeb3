/*
 * bpe.h - the tokens of pieces of text.
 */
#ifndef LX_TOKENS_BPE_H
#define LX_TOKENS_BPE_H

#include "tokens/merge.h"

#define LX_BPE_KNOWN_BITS 12

/* Scratch of one thread: the tokens of pieces, and where in a long one none can end. */
struct lx_bpe {
    uint32_t *tokens;
    uint64_t *closed; /* bit i: it is known that no token ends i bytes into the piece */
    size_t cap;       /* bytes of all pieces that there is room for */
    /* Of pairs of tokens of the vocabulary with this print, whether they may stand side by side:
     * both numbers, and one, and the answer as the lowest bit. */
    uint64_t known_of;
    uint64_t known[1 << LX_BPE_KNOWN_BITS];
};

/* Frees the scratch. */
void lx_bpe_clear(struct lx_bpe *b);

/* Where a piece of n bytes, at most LX_CUT_MAX, may be cut so that what is between comes to the
 * same tokens as in the whole: writes the places, in order, and returns how many there are. Chinese
 * and Japanese fall into words so, which come again where sentences do not. */
#define LX_CUT_MAX 192
unsigned lx_bpe_cut(const struct lx_vocab *v, const uint8_t *p, size_t n,
                    uint8_t places[LX_CUT_MAX]);

/* Finds the pieces' tokens, which stay where they are until the next call. Time and memory are
 * linear in what the pieces have together; and the more there are, the less each costs. 0 or
 * LX_ENOMEM. */
int lx_bpe_encode(struct lx_bpe *b, const struct lx_vocab *v, struct lx_piece *pieces,
                  size_t count);

#endif
