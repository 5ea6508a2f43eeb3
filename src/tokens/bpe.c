/*
 * bpe.c - byte pair encoding without merging: the longest tokens, as long as neighbours agree.
 *
 * The text is taken from the left, each time the longest token there is. Where it and the token
 * before are no possible neighbours (vocab.h), a shorter one is tried; where none is left, the
 * token before is taken back, and its place is remembered as one where no token can end. So every
 * place is given up once at most, and the whole is linear, whatever the text. That what results is
 * what merging gives is shown in github.com/github/rust-gems, crates/bpe/README.md.
 */
#include "tokens/bpe.h"

#include <assert.h>
#include <stdlib.h>

#include "tokens/pairs.h"

enum { FIRST_CAP = 1024, MERGE_MAX = 128, LONG = 64 };

void lx_bpe_clear(struct lx_bpe *b)
{
    free(b->tokens);
    free(b->closed);
    b->tokens = NULL;
    b->closed = NULL;
    b->cap = 0;
}

static bool room(struct lx_bpe *b, size_t n)
{
    size_t cap = b->cap ? b->cap : FIRST_CAP;
    uint32_t *tokens;
    uint64_t *closed;

    if (n <= b->cap)
        return true;
    while (cap < n)
        cap *= 2;
    tokens = realloc(b->tokens, cap * sizeof(*tokens));
    if (!tokens)
        return false;
    b->tokens = tokens;
    closed = realloc(b->closed, (cap / 64 + 1) * sizeof(*closed));
    if (!closed)
        return false;
    b->closed = closed;
    b->cap = cap;
    return true;
}

/* May the two stand side by side, where in the text `border` is the first byte of the right one?
 * Takes apart whichever arose later (of two alike the right one, because the left arises first),
 * and asks at each step whether merging had joined the parts that meet at the border before it made
 * what was taken apart. When no part further down the edge merges with anything that has such a
 * byte at this border, all was asked: which is soon so where a character begins. */
static inline bool are_neighbours(const struct lx_vocab *v, uint32_t left, uint32_t right,
                                  const uint8_t *border)
{
    uint32_t limit = LX_TOKEN_NONE, last = lx_byte_kind(border[-1]), first = lx_byte_kind(*border);

    for (;;) {
        const struct lx_vocab_token *l = &v->tokens[left], *r = &v->tokens[right];

        if ((l->right_kinds & first) && (r->left_kinds & last) &&
            lx_vocab_pair_rare(v, left, right) < limit)
            return false;
        if (left > right) {
            if (!(l->right_below & first))
                return true;
            limit = left;
            left = l->right;
        } else {
            if (!(r->left_below & last))
                return true;
            limit = right + 1;
            right = r->left;
        }
    }
}

/* The same from memory, for what repeats: a line of dashes asks about few pairs, many times. */
static inline bool are_known_neighbours(struct lx_bpe *b, const struct lx_vocab *v, uint32_t left,
                                        uint32_t right, const uint8_t *border)
{
    uint64_t key = (lx_pair_key(left, right) + 1) << 1;
    uint64_t *known = &b->known[lx_pair_slot(key, 64 - LX_BPE_KNOWN_BITS)];

    if (*known >> 1 != key >> 1)
        *known = key | are_neighbours(v, left, right, border);
    return *known & 1;
}

static inline bool is_closed(const struct lx_bpe *b, size_t at)
{
    return b->closed[at / 64] >> (at % 64) & 1;
}

/* In long pieces what was is tried again first: a line of a million dashes is one token over and
 * over, but not the longest there is. In which order tokens are tried is all the same for what
 * comes out. Returns where the last one ends. */
static size_t repeat(struct lx_bpe *b, const struct lx_vocab *v, const uint8_t *p, size_t n,
                     size_t at, size_t *count)
{
    uint32_t token = b->tokens[*count - 1];
    size_t length = lx_vocab_length(v, token);

    if (length > n - at || memcmp(p + at, p + at - length, length) != 0 ||
        !are_known_neighbours(b, v, token, token, p + at))
        return at;
    for (; length <= n - at && !is_closed(b, at + length) &&
           memcmp(p + at, p + at - length, length) == 0;
         at += length)
        b->tokens[(*count)++] = token;
    return at;
}

/* By the book, for vocabularies whose merges are in no order. */
static ssize_t merge(struct lx_bpe *b, const struct lx_vocab *v, const uint8_t *p, size_t n)
{
    /* Only read: the table is the vocabulary's. */
    struct lx_pairs pairs = {.bits = 64 - v->pair_shift};
    size_t one;

    memcpy(&pairs.v, &v->pairs, sizeof(pairs.v));
    for (size_t i = 0; i < n; i++)
        b->tokens[i] = lx_vocab_longest(v, p + i, 1, &one);
    if (n <= MERGE_MAX)
        return (ssize_t)lx_pairs_merge(&pairs, NULL, b->tokens, n, 1);
    return lx_pairs_merge_all(&pairs, b->tokens, n);
}

ssize_t lx_bpe_encode(struct lx_bpe *b, const struct lx_vocab *v, const uint8_t *p, size_t n)
{
    bool is_long = n >= LONG;
    size_t length = 0, at = 0, count = 0;
    uint32_t token = lx_vocab_longest(v, p, n, &length);

    if (!room(b, n))
        return LX_ENOMEM;
    if (length == n) {
        b->tokens[0] = token;
        return 1;
    }
    if (v->whole_count) {
        uint32_t whole = lx_vocab_whole(v, lx_slice((const char *)p, n));

        if (whole != LX_TOKEN_NONE) {
            b->tokens[0] = whole;
            return 1;
        }
    }
    if (v->tangled)
        return merge(b, v, p, n);
    if (b->known_of != v->print) {
        memset(b->known, 0, sizeof(b->known));
        b->known_of = v->print;
    }
    memset(b->closed, 0, (n / 64 + 1) * sizeof(*b->closed));
    for (;;) {
        uint32_t before = count ? b->tokens[count - 1] : LX_TOKEN_NONE;

        while (is_closed(b, at + length) ||
               (before != LX_TOKEN_NONE &&
                !(is_long ? are_known_neighbours(b, v, before, token, p + at)
                          : are_neighbours(v, before, token, p + at)))) {
            token = v->tokens[token].prefix;
            if (token == LX_TOKEN_NONE)
                break;
            length = token >> 20;
            token &= LX_TOKEN_MAX;
        }
        if (token != LX_TOKEN_NONE) {
            b->tokens[count++] = token;
            at += length;
            if (is_long)
                at = repeat(b, v, p, n, at, &count);
            if (at == n)
                return (ssize_t)count;
            token = lx_vocab_longest(v, p + at, n - at, &length);
        } else {
            /* The first token has no neighbour, and single bytes end everywhere; so there is one
             * to take back. It ends in a closed place now, and the next shorter one is tried; of
             * one that was tried before its turn, all. */
            assert(count > 0);
            b->closed[at / 64] |= (uint64_t)1 << (at % 64);
            count--;
            token = before;
            length = lx_vocab_length(v, token);
            at -= length;
            if (is_long && count > 0 && b->tokens[count - 1] == before)
                token = lx_vocab_longest(v, p + at, n - at, &length);
        }
    }
}
