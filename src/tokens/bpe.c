/*
 * bpe.c - the tokens of pieces: short ones by merging, long ones without.
 *
 * A long piece is taken from the left, each time the longest token there is. Where it and the token
 * before are no possible neighbours (vocab.h), a shorter one is tried; where none is left, the
 * token before is taken back, and its place is remembered as one where no token can end. So every
 * place is given up once at most, and the whole is linear, whatever the text. That what results is
 * what merging gives is shown in github.com/github/rust-gems, crates/bpe/README.md.
 */
#include "tokens/bpe.h"

#include <assert.h>
#include <stdlib.h>

#include "tokens/pairs.h"

enum { FIRST_CAP = 4096, WORDS_MAX = 64, WORD_LENGTH = 16 };

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
    closed = realloc(b->closed, cap / 64 * sizeof(*closed));
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
            lx_vocab_pair(v, left, right) < limit)
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
    uint64_t *known = &b->known[key * LX_HASH_A >> (64 - LX_BPE_KNOWN_BITS)];

    if (*known >> 1 != key >> 1)
        *known = key | are_neighbours(v, left, right, border);
    return *known & 1;
}

static inline bool is_closed(const struct lx_bpe *b, size_t at)
{
    return b->closed[at / 64] >> (at % 64) & 1;
}

/* What was is tried again first: a line of a million dashes is one token over and over, but not the
 * longest there is. In which order tokens are tried is all the same for what comes out. Returns
 * where the last one ends. */
static size_t repeat(struct lx_bpe *b, const struct lx_vocab *v, const struct lx_piece *piece,
                     size_t at, size_t *count)
{
    const uint8_t *p = piece->p;
    uint32_t token = piece->tokens[*count - 1];
    size_t length = lx_vocab_length(v, token);

    if (length > piece->n - at || memcmp(p + at, p + at - length, length) != 0 ||
        !are_known_neighbours(b, v, token, token, p + at))
        return at;
    for (; length <= piece->n - at && !is_closed(b, at + length) &&
           memcmp(p + at, p + at - length, length) == 0;
         at += length)
        piece->tokens[(*count)++] = token;
    return at;
}

static size_t encode_long(struct lx_bpe *b, const struct lx_vocab *v, const struct lx_piece *piece)
{
    const uint8_t *p = piece->p;
    uint32_t *tokens = piece->tokens;
    size_t n = piece->n, length = 0, at = 0, count = 0;
    uint32_t token = lx_trie_longest(v->trie, p, n, &length);

    memset(b->closed, 0, (n / 64 + 1) * sizeof(*b->closed));
    for (;;) {
        uint32_t before = count ? tokens[count - 1] : LX_TOKEN_NONE;

        while (is_closed(b, at + length) ||
               (before != LX_TOKEN_NONE && !are_known_neighbours(b, v, before, token, p + at))) {
            token = v->tokens[token].prefix;
            if (token == LX_TOKEN_NONE)
                break;
            length = token >> 20;
            token &= LX_TOKEN_MAX;
        }
        if (token != LX_TOKEN_NONE) {
            tokens[count++] = token;
            at = repeat(b, v, piece, at + length, &count);
            if (at == n)
                return count;
            token = lx_trie_longest(v->trie, p + at, n - at, &length);
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
            if (count > 0 && tokens[count - 1] == before)
                token = lx_trie_longest(v->trie, p + at, n - at, &length);
        }
    }
}

/* A place is written wherever one may be, and stays if it is one: there is no branch that no
 * processor foresees. */
unsigned lx_bpe_cut(const struct lx_vocab *v, const uint8_t *p, size_t n,
                    uint8_t places[LX_CUT_MAX])
{
    uint32_t last = LX_TOKEN_NONE; /* of the character before, if it is in `chars` */
    unsigned count = 0;

    for (size_t i = 0; i < n;) {
        if ((p[i] & 0xf0) == 0xe0 && (i == 0 || p[i - 1] >= 0x80) &&
            (i + 3 == n || p[i + 3] >= 0x80)) {
            uint64_t entry = v->chars[lx_char_place(p + i)];

            places[count] = (uint8_t)i;
            count += (last != LX_TOKEN_NONE) & !lx_vocab_may_join(v, last, lx_char_part(entry, 0));
            last = lx_char_part(entry, lx_char_parts(entry) - 1);
            i += 3;
        } else {
            last = LX_TOKEN_NONE;
            i++;
        }
    }
    return count;
}

/* By the book, for vocabularies whose merges are in no order. */
static ssize_t merge_long(const struct lx_vocab *v, const struct lx_piece *piece)
{
    for (size_t i = 0; i < piece->n; i++)
        piece->tokens[i] = v->bytes[piece->p[i]];
    return lx_pairs_merge_all(v, piece->tokens, piece->n);
}

/* Are n bytes the same? Of few ones some are looked at twice. */
static inline bool are_same(const uint8_t *p, const uint8_t *q, size_t n)
{
    uint64_t a[2], b[2];
    uint32_t c[2], d[2];

    if (n > sizeof(a))
        return memcmp(p, q, n) == 0;
    if (n >= 8) {
        memcpy(a, p, 8);
        memcpy(b, q, 8);
        memcpy(a + 1, p + n - 8, 8);
        memcpy(b + 1, q + n - 8, 8);
        return ((a[0] ^ b[0]) | (a[1] ^ b[1])) == 0;
    }
    if (n >= 4) {
        memcpy(c, p, 4);
        memcpy(d, q, 4);
        memcpy(c + 1, p + n - 4, 4);
        memcpy(d + 1, q + n - 4, 4);
        return ((c[0] ^ d[0]) | (c[1] ^ d[1])) == 0;
    }
    return p[0] == q[0] && p[n / 2] == q[n / 2] && p[n - 1] == q[n - 1];
}

/* Finds the pieces, at most WORDS_MAX, that are one token. The questions are asked of memory for
 * all of them before the first answer is looked at, three times. Hardly any long piece is one
 * token; so these are only asked for where merging would not find them. */
static void find_words(const struct lx_vocab *v, struct lx_piece *pieces, size_t count)
{
    const uint64_t *places[WORDS_MAX];
    uint64_t keys[WORDS_MAX];
    uint32_t words[WORDS_MAX], n = 0, some = 0;
    struct lx_piece *maybe[WORDS_MAX];

    for (size_t i = 0; i < count; i++) {
        maybe[some] = &pieces[i];
        if ((pieces[i].n > WORD_LENGTH || pieces[i].p[0] >= 0xe0) && !v->alone)
            continue;
        keys[some] = lx_word_key(pieces[i].p, pieces[i].n, v->word_seed);
        places[some] = lx_table_at(&v->words, keys[some]);
        __builtin_prefetch(places[some++]);
    }
    for (uint32_t i = 0; i < some; i++) {
        maybe[n] = maybe[i];
        words[n] = (uint32_t)*places[i] & 0xfffff;
        if (*places[i] >> 20 == keys[i])
            __builtin_prefetch(&v->starts[words[n++]]);
    }
    for (uint32_t i = 0; i < n; i++)
        __builtin_prefetch(v->text + v->starts[words[i]]);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t start = v->starts[words[i]], length = v->starts[words[i] + 1] - start;

        if (length == maybe[i]->n && are_same(v->text + start, maybe[i]->p, length)) {
            maybe[i]->tokens[0] = words[i];
            maybe[i]->count = 1;
        }
    }
}

int lx_bpe_encode(struct lx_bpe *b, const struct lx_vocab *v, struct lx_piece *pieces, size_t count)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++)
        bytes += pieces[i].n;
    if (!room(b, bytes + 1))
        return LX_ENOMEM;
    if (b->known_of != v->print) {
        memset(b->known, 0, sizeof(b->known));
        b->known_of = v->print;
    }
    bytes = 0;
    for (size_t i = 0; i < count; i++) {
        pieces[i].count = 0;
        pieces[i].tokens = b->tokens + bytes;
        bytes += pieces[i].n;
    }
    for (size_t i = 0; i < count; i += WORDS_MAX)
        find_words(v, pieces + i, count - i < WORDS_MAX ? count - i : WORDS_MAX);
    lx_merge(v, pieces, count);
    for (struct lx_piece *piece = pieces; piece < pieces + count; piece++) {
        ssize_t n = piece->count;

        if (n == 0)
            n = v->tangled ? merge_long(v, piece) : (ssize_t)encode_long(b, v, piece);
        if (n < 0)
            return (int)n;
        piece->count = (uint32_t)n;
    }
    return 0;
}
