/*
 * bpe.h - the tokens of one piece of text.
 */
#ifndef LX_TOKENS_BPE_H
#define LX_TOKENS_BPE_H

#include "tokens/vocab.h"

#define LX_BPE_KNOWN_BITS 12

/* Scratch of one thread: the tokens of a piece, and where in it none can end. */
struct lx_bpe {
    uint32_t *tokens;
    uint64_t *closed; /* bit i: it is known that no token ends i bytes into the piece */
    size_t cap;       /* bytes of the longest piece there is room for */
    /* Of pairs of tokens of the vocabulary with this print, whether they may stand side by side:
     * both numbers, and one, and the answer as the lowest bit. */
    uint64_t known_of;
    uint64_t known[1 << LX_BPE_KNOWN_BITS];
};

/* Frees the scratch. */
void lx_bpe_clear(struct lx_bpe *b);

/* Writes the numbers of the piece's tokens to b->tokens, and returns how many there are: at least
 * one. The piece is not empty. Time and memory are linear in its length. LX_ENOMEM. */
ssize_t lx_bpe_encode(struct lx_bpe *b, const struct lx_vocab *v, const uint8_t *p, size_t n);

#endif
