/*
 * merge.c - byte pair encoding as it is defined, of many short pieces side by side.
 *
 * Called by bpe.c for all pieces but the long ones. What merging one piece costs is waiting: each
 * merge depends on the one before, and the pairs it makes are looked up in a table that no cache
 * holds. So pieces take turns: in a round each gets the answers it asked for in the round before,
 * does its lowest merge, and asks for the two pairs that come of it. Nothing is moved: parts stay
 * at the places where they began, and a mask says which are left. The lowest merge is found in a
 * vector, into which answers are put while it is read: what is written to memory in parts can only
 * be read as a whole once it has arrived there. A merge is a hundred instructions, without a branch
 * but that to the end.
 *
 * A piece begins with what its characters come to by themselves (vocab.h), so that few merges are
 * left to be done where characters have several bytes.
 */
#include "tokens/merge.h"

#include "wire/json_simd.h"

enum {
    PARTS = 30, /* of a piece, at places from 1 on; what is before and behind them is none */
    HALF = 16,  /* places that are searched at once */
    PLACES = 2 * HALF + 2,
    PLACE_BITS = 5,
    LISTED = 512, /* pieces to be done that are listed at once */
    FEW = 8,      /* bytes */
    TURNS = 32,   /* pieces that take turns, so that memory has time to answer */
};

#define NO_MERGE      (LX_TOKEN_MAX << PLACE_BITS) /* or more */
#define ALWAYS_INLINE __attribute__((always_inline))

/* A pair that was asked for: its key, where an entry has it, and where in the table it is if it is
 * there. */
struct asked {
    uint64_t key;
    const uint64_t *place;
};

/* A piece at its turn. */
struct turn {
    int32_t made[PLACES]; /* what the part at this place makes with the next, above the place; so
                             that of two alike the first is lower */
    uint32_t parts[PLACES];
    uint64_t left;         /* where parts are left, and the one behind them */
    size_t at, before;     /* what the last merge made, and the part before it */
    size_t gone;           /* where what it was made of ended, and now nothing is */
    struct asked asked[2]; /* what these two make with the next */
    struct lx_piece *piece;
    bool is_long; /* more than HALF parts */
};

static inline bool is_ascii_at(const struct lx_piece *piece, uint32_t i)
{
    return i < piece->n && piece->p[i] < 0x80;
}

/* The tokens a piece begins as; 0 when they are too many. */
static uint32_t take_apart(const struct lx_vocab *v, const struct lx_piece *piece, uint32_t *parts)
{
    uint32_t n = 0, size;

    for (uint32_t i = 0; i < piece->n;) {
        uint8_t c = piece->p[i];

        if (n > PARTS - 3)
            return 0;
        size = c < 0xe0 ? 2 : 3;
        if (c >= 0xc0 && c < 0xf0 && !is_ascii_at(piece, i - 1) && !is_ascii_at(piece, i + size)) {
            uint64_t entry = v->chars[lx_char_place(piece->p + i)];

            parts[n] = lx_char_part(entry, 0);
            parts[n + 1] = lx_char_part(entry, 1);
            parts[n + 2] = lx_char_part(entry, 2);
            n += lx_char_parts(entry);
            i += size;
        } else {
            parts[n++] = v->bytes[c];
            i++;
        }
    }
    return n;
}

static inline struct asked ask(const struct lx_table *pairs, uint32_t left, uint32_t right)
{
    uint64_t key = lx_pair_key(left, right);
    struct asked asked = {key << 20, lx_table_at(pairs, key)};

    __builtin_prefetch(asked.place);
    return asked;
}

/* Of an entry of this key only the token is left; any other leaves more. Without a branch, which no
 * processor would foresee. */
static inline int32_t answer(struct asked asked, size_t at)
{
    uint64_t token = *asked.place ^ asked.key;

    token = token < LX_TOKEN_MAX ? token : LX_TOKEN_MAX;
    return (int32_t)((uint32_t)token << PLACE_BITS | (uint32_t)at);
}

static inline size_t place_before(uint64_t left, size_t at)
{
    return 63 - (size_t)__builtin_clzll(left & (((uint64_t)1 << at) - 1));
}

static inline void make_nothing(struct turn *t)
{
    for (size_t k = 0; k < PLACES; k++)
        t->made[k] = NO_MERGE;
}

/* What the piece's parts make, where all are bytes of ASCII; false where one is not. */
static inline ALWAYS_INLINE bool begin_ascii(const struct lx_vocab *v, struct turn *t)
{
    const uint8_t *p = t->piece->p;
    uint8_t before = p[0], c;

    t->parts[1] = v->bytes[before];
    for (uint32_t k = 1; k < t->piece->n; k++, before = c) {
        c = p[k];
        if (c >= 0x80)
            return false;
        t->parts[k + 1] = v->bytes[c];
        t->made[k] = (int32_t)(lx_vocab_first(v, before, c) << PLACE_BITS | k);
    }
    return true;
}

static inline ALWAYS_INLINE void begin_other(const struct lx_vocab *v, struct turn *t, uint32_t n)
{
    struct asked asked[PARTS];

    for (size_t k = 1; k < n; k++)
        asked[k] = ask(&v->pairs, t->parts[k], t->parts[k + 1]);
    for (size_t k = 1; k < n; k++)
        t->made[k] = answer(asked[k], k);
}

/* False when the piece has too many parts. */
static inline ALWAYS_INLINE bool begin(const struct lx_vocab *v, struct turn *t,
                                       struct lx_piece *piece)
{
    uint32_t n = piece->n;

    t->piece = piece;
    make_nothing(t);
    if (n > PARTS - 3 || ((piece->p[0] | piece->p[n - 1]) & 0x80) || !begin_ascii(v, t)) {
        n = take_apart(v, piece, t->parts + 1);
        make_nothing(t);
        begin_other(v, t, n);
    }
    t->is_long = n > HALF;
    t->left = ((uint64_t)4 << n) - 1;
    t->at = t->before = t->gone = 0;
    t->asked[0] = t->asked[1] = (struct asked){0, v->pairs.entries};
    t->parts[0] = t->parts[n + 1] = LX_TOKEN_MAX;
    return n > 0;
}

#ifdef __SSE2__
/* What eight places from `first` on make, with the answers `a` and `b`, and without what is gone:
 * no merge is as high as the bits that are set there. */
LX_AVX2 static inline __m256i eight_avx2(struct turn *t, size_t first, __m256i places, __m256i at,
                                         __m256i before, __m256i gone, __m256i a, __m256i b)
{
    __m256i *where = (__m256i *)(void *)&t->made[first], v = _mm256_loadu_si256(where);

    v = _mm256_blendv_epi8(v, a, _mm256_cmpeq_epi32(places, at));
    v = _mm256_blendv_epi8(v, b, _mm256_cmpeq_epi32(places, before));
    v = _mm256_or_si256(v, _mm256_srli_epi32(_mm256_cmpeq_epi32(places, gone), 7));
    _mm256_storeu_si256(where, v);
    return v;
}

LX_AVX2 static int32_t lowest_avx2(struct turn *t)
{
    __m256i places = _mm256_setr_epi32(1, 2, 3, 4, 5, 6, 7, 8), more = _mm256_set1_epi32(8);
    __m256i at = _mm256_set1_epi32((int)t->at), before = _mm256_set1_epi32((int)t->before);
    __m256i gone = _mm256_set1_epi32((int)t->gone);
    __m256i a = _mm256_set1_epi32(answer(t->asked[0], t->at));
    __m256i b = _mm256_set1_epi32(answer(t->asked[1], t->before));
    __m256i low = eight_avx2(t, 1, places, at, before, gone, a, b);
    __m128i half;

    places = _mm256_add_epi32(places, more);
    low = _mm256_min_epi32(low, eight_avx2(t, 9, places, at, before, gone, a, b));
    if (t->is_long) {
        places = _mm256_add_epi32(places, more);
        low = _mm256_min_epi32(low, eight_avx2(t, 17, places, at, before, gone, a, b));
        places = _mm256_add_epi32(places, more);
        low = _mm256_min_epi32(low, eight_avx2(t, 25, places, at, before, gone, a, b));
    }
    half = _mm_min_epi32(_mm256_castsi256_si128(low), _mm256_extracti128_si256(low, 1));
    half = _mm_min_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    half = _mm_min_epi32(half, _mm_shuffle_epi32(half, 0xb1));
    return _mm_cvtsi128_si32(half);
}
#endif

static int32_t lowest_portable(struct turn *t)
{
    int32_t low = NO_MERGE;

    t->made[t->gone] = NO_MERGE;
    t->made[t->at] = answer(t->asked[0], t->at);
    t->made[t->before] = answer(t->asked[1], t->before);
    for (uint32_t k = 1; k <= (t->is_long ? 2 * HALF : HALF); k++)
        low = t->made[k] < low ? t->made[k] : low;
    return low;
}

static inline void do_merge(const struct lx_table *pairs, struct turn *t, uint32_t low)
{
    size_t at = low & ((1u << PLACE_BITS) - 1), before = place_before(t->left, at), right, after;
    uint64_t behind = t->left & (~(uint64_t)1 << at);
    uint32_t part = low >> PLACE_BITS;

    right = (size_t)__builtin_ctzll(behind);
    behind &= behind - 1;
    after = (size_t)__builtin_ctzll(behind);
    t->left ^= (uint64_t)1 << right;
    t->gone = right;
    t->parts[at] = part;
    t->at = at;
    t->before = before;
    t->asked[0] = ask(pairs, part, t->parts[after]);
    t->asked[1] = ask(pairs, t->parts[before], part);
}

static inline ALWAYS_INLINE void finish(struct turn *t)
{
    struct lx_piece *piece = t->piece;
    uint32_t n = 0;

    for (uint64_t left = t->left >> 1 << 1; left & (left - 1); left &= left - 1)
        piece->tokens[n++] = t->parts[__builtin_ctzll(left)];
    piece->count = n;
}

/* The pieces that are still to be done. */
struct rest {
    struct lx_piece **next, **end;
};

/* Whose turn it is next; false when all had theirs. */
static inline ALWAYS_INLINE bool begin_next(const struct lx_vocab *v, struct turn *t,
                                            struct rest *rest)
{
    while (rest->next < rest->end)
        if (begin(v, t, *rest->next++))
            return true;
    return false;
}

static inline ALWAYS_INLINE void merge(const struct lx_vocab *v, struct rest *rest, bool avx2)
{
    struct turn turns[TURNS], *turn[TURNS];
    struct lx_table pairs = v->pairs;
    size_t n = 0;

    while (n < TURNS && begin_next(v, &turns[n], rest)) {
        turn[n] = &turns[n];
        n++;
    }
    while (n > 0) {
        for (size_t i = 0; i < n; i++) {
            struct turn *t = turn[i];
            int32_t low = avx2 ? lowest_avx2(t) : lowest_portable(t);

            if (low < (int32_t)NO_MERGE) {
                do_merge(&pairs, t, (uint32_t)low);
                continue;
            }
            finish(t);
            if (!begin_next(v, t, rest))
                turn[i--] = turn[--n];
        }
    }
}

static void merge_anywhere(const struct lx_vocab *v, struct rest *rest)
{
    merge(v, rest, false);
}

#ifdef __SSE2__
LX_AVX2 static void merge_avx2(const struct lx_vocab *v, struct rest *rest)
{
    merge(v, rest, true);
}
#endif

/* Lists what is to be done, without a branch that no processor foresees; those that have many
 * merges before them come first, so that none is left alone at the end. */
static void merge_listed(const struct lx_vocab *v, struct lx_piece *pieces, size_t count,
                         void (*how)(const struct lx_vocab *v, struct rest *rest))
{
    for (struct lx_piece *end = pieces + count; pieces < end;) {
        size_t n = (size_t)(end - pieces) < LISTED ? (size_t)(end - pieces) : LISTED;
        struct lx_piece *list[LISTED + 1], **next = list;
        struct rest rest;

        for (int many = 1; many >= 0; many--)
            for (size_t i = 0; i < n; i++) {
                *next = &pieces[i];
                next += (pieces[i].count == 0) & ((pieces[i].n > FEW) == many);
            }
        rest = (struct rest){list, next};
        how(v, &rest);
        pieces += n;
    }
}

void lx_merge_portable(const struct lx_vocab *v, struct lx_piece *pieces, size_t count)
{
    merge_listed(v, pieces, count, merge_anywhere);
}

void lx_merge(const struct lx_vocab *v, struct lx_piece *pieces, size_t count)
{
#ifdef __SSE2__
    if (has_avx2()) {
        merge_listed(v, pieces, count, merge_avx2);
        return;
    }
#endif
    lx_merge_portable(v, pieces, count);
}
