/*
 * pieces.h - a text that is valid and normalized, piece by piece: how many tokens, and which.
 */
#ifndef LX_TOKENS_PIECES_H
#define LX_TOKENS_PIECES_H

#include "tokens/bpe.h"
#include "tokens/memo.h"
#include "tokens/tokens.h"

struct lx_tokenizer {
    struct lx_bpe bpe;
    struct lx_memo memo;
    struct lx_buf mended, normal; /* texts that are not used as they came */
};

/* One call's work. */
struct lx_job {
    struct lx_tokenizer *t;
    const struct lx_encoding *e;
    struct lx_buf *out; /* ids; NULL: only count */
    size_t count, limit;
    unsigned owner; /* in the memo; 0: nothing is remembered */
    bool special;   /* special tokens are looked for */
};

/* Adds the text's tokens to the count, and to out; stops soon after the count has passed the limit.
 * 0, LX_ENOMEM, or what out failed with. */
int lx_pieces_put(struct lx_job *j, struct lx_slice text);

#endif
