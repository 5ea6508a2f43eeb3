/*
 * memo.h - what short pieces of text came to lately: a table in which a piece has a place that its
 * bytes choose, and for what was there before a few more next to it; nothing is searched.
 *
 * One thread's, of all vocabularies it counts by. Counting asks of every piece, so the first look
 * is written here, to be part of the loop that asks.
 */
#ifndef LX_TOKENS_MEMO_H
#define LX_TOKENS_MEMO_H

#include "tokens/merge.h"

#define LX_SHORT_MAX     14 /* bytes of a piece that is remembered in 16 bytes */
#define LX_SHORT_BITS    17
#define LX_SHORT_TOKENS  7
#define LX_MIDDLE_MAX    30 /* and in 32 */
#define LX_MIDDLE_BITS   16
#define LX_MIDDLE_TOKENS 15
#define LX_OWNERS_MAX    7

/* Pieces: the text, zeros (of longer ones some of it twice), then a byte that says whose vocabulary
 * and how long, and one for how many tokens. Nothing is remembered at a place of zeros. */
struct lx_short_key {
    uint64_t a, b;
};
struct lx_middle_key {
    uint64_t v[4];
};

/* By the length of a short piece: which bits of 16 bytes are its, and the mark. */
struct lx_short_form {
    struct lx_short_key mask;
    uint64_t ending;
};
struct lx_short_forms {
    struct lx_short_form of[LX_SHORT_MAX + 1];
};

struct lx_memo {
    void *memory; /* that the keys lie in; NULL: nothing is remembered yet */
    struct lx_short_key *shorts;
    struct lx_middle_key *middles;
    /* Of each key what its tokens are, once ids were asked for; so that counting, which touches all
     * of what it remembers, needs little memory. */
    uint32_t (*short_tokens)[LX_SHORT_TOKENS];
    uint32_t (*middle_tokens)[LX_MIDDLE_TOKENS];
    uint64_t owners[LX_OWNERS_MAX]; /* prints of the vocabularies that are remembered of */
    size_t owner_count;
    size_t seen;                 /* bytes of text */
    struct lx_short_forms forms; /* of the owner that was asked for last */
    unsigned formed;             /* which that is; 0: none was */
};

/* How many tokens a piece has, and when ids are wanted, which; n is 0 where it is not known. They
 * stay where they are until something is noted. */
struct lx_told {
    const uint32_t *tokens;
    unsigned n;
};

/* All zeros is a memo of nothing. */
void lx_memo_clear(struct lx_memo *m);
/* n bytes of text are to be counted, or encoded, by this vocabulary. *owner is its mark in what is
 * remembered; 0: what it takes would not come back, so nothing is. 0 or LX_ENOMEM. */
int lx_memo_begin(struct lx_memo *m, const struct lx_vocab *v, size_t n, bool ids, unsigned *owner);
/* Has the place of a longer piece fetched; and what is told there. */
void lx_memo_fetch_middle(const struct lx_memo *m, unsigned owner, const uint8_t *p, size_t n);
struct lx_told lx_memo_middle(const struct lx_memo *m, unsigned owner, const uint8_t *p, size_t n,
                              bool ids);
/* What is told of a short one at any of its places. */
struct lx_told lx_memo_short(const struct lx_memo *m, const struct lx_short_key *first,
                             struct lx_short_key k, bool ids);
/* The count at another place than the first, 0 where there is none; what is found comes first from
 * then on. In English a fourth of all words would else be found where none expects them. */
unsigned lx_memo_short_later(struct lx_memo *m, const struct lx_short_key *first,
                             struct lx_short_key k);

/* Notes what a piece came to. */
void lx_memo_note_short(struct lx_memo *m, const struct lx_short_key *first, struct lx_short_key k,
                        const struct lx_piece *piece);
void lx_memo_note_middle(struct lx_memo *m, unsigned owner, const struct lx_piece *piece);

/* ---- Short pieces, in the loop ---- */

#define LX_MEMO_KNOWN 0x80 /* in a count: the tokens are there, too */

/* The last word of a key: its last two bytes, the mark and the count; and turned, so that the count
 * is its lowest byte. */
static inline uint64_t lx_key_ending(unsigned mark)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? (uint64_t)mark << 48 : mark << 8;
}
static inline uint64_t lx_key_turned(uint64_t last)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? last << 8 | last >> 56 : last;
}

/* Sixteen bytes can be read from p on. */
static inline struct lx_short_key lx_short_key_within(const struct lx_short_forms *f,
                                                      const uint8_t *p, size_t n)
{
    const struct lx_short_form *form = &f->of[n];
    struct lx_short_key k;

    memcpy(&k, p, sizeof(k));
    k.a &= form->mask.a;
    k.b = (k.b & form->mask.b) | form->ending;
    return k;
}

static inline struct lx_short_key lx_short_key(const uint8_t *p, size_t n, unsigned owner)
{
    struct lx_short_key k = {0, 0};

    memcpy(&k, p, n);
    k.b |= lx_key_ending(owner << 4 | (unsigned)n);
    return k;
}

/* How many bytes its piece has. */
static inline size_t lx_short_length(struct lx_short_key k)
{
    return k.b >> (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? 48 : 8) & 0x0f;
}

/* The first of the places. There are LX_SHORT_PLACES: that of number i after it is by its index,
 * with i XORed in, so that all are on one line of the processor's cache. */
#define LX_SHORT_PLACES 4
static inline const struct lx_short_key *lx_short_first(const struct lx_short_key *shorts,
                                                        struct lx_short_key k)
{
    uint64_t hash = (k.a ^ (k.b << 29 | k.b >> 35)) * LX_HASH_A;

    return &shorts[hash >> (64 - LX_SHORT_BITS) & ~(uint64_t)1];
}

/* The count of what is remembered at the place; more than a byte where it is another piece. */
static inline uint64_t lx_short_count(const struct lx_short_key *at, struct lx_short_key k)
{
    return at->a == k.a ? lx_key_turned(at->b ^ k.b) : UINT64_MAX;
}

#endif
