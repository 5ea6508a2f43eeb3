/*
 * merge.c - byte pair encoding as it is defined, of many short pieces side by side.
 *
 * Called by bpe.c for all pieces but the long ones. What merging one piece costs is waiting for
 * memory, because each merge depends on the one before, and branches that no processor foresees. So
 * pieces go in groups, in step: a vector has a place of each. In a round each piece does its lowest
 * merge, all places behind move up by one, and two pairs are looked up that were not there before,
 * while the others do the same. A round has no branch but that to its end.
 *
 * A piece begins with what its characters come to by themselves (vocab.h), so that few merges are
 * left to be done where characters have several bytes. Pieces of a group have about as many parts
 * each, so that they end about together.
 */
#include "tokens/merge.h"

#include "wire/json_simd.h"

/* Of a vector, as processors have them. */
#ifdef __SSE2__
#define VECTOR_BYTES 32
#else
#define VECTOR_BYTES 16
#endif

enum {
    WIDTH = VECTOR_BYTES / 4, /* pieces of a group */
    GROUPS = 64 / WIDTH,      /* that take turns, so that memory has time to answer */
    PARTS = 30, /* of a piece, in places from 1 on; what is before and behind them is none */
    BATCH = 256,
};

#define NO_MERGE      INT32_MAX
#define ALWAYS_INLINE __attribute__((always_inline))
#define VECTOR        __attribute__((vector_size(VECTOR_BYTES))) int32_t

/* By place, and then by piece: the part there, and what it makes with the next; before that is
 * known, where in the table it is told. */
struct group {
    VECTOR parts[PARTS + 3];
    VECTOR made[PARTS + 3];
    VECTOR at; /* the places of the parts that the last round made */
    int n;     /* no piece has more parts; 0: nothing is left to be done */
};

/* What is `a` where it is so, and else `b`. */
#define SELECT(is, a, b) (((a) & (is)) | ((b) & ~(is)))

static inline int32_t ask(const struct lx_vocab *v, int32_t left, int32_t right)
{
    const uint64_t *place = lx_table_at(&v->pairs, lx_pair_key((uint32_t)left, (uint32_t)right));

    __builtin_prefetch(place);
    return (int32_t)(place - v->pairs.entries);
}

static inline int32_t answer(const struct lx_vocab *v, int32_t left, int32_t right, int32_t place)
{
    uint64_t entry = v->pairs.entries[place];

    return entry >> 20 == lx_pair_key((uint32_t)left, (uint32_t)right) ? (int32_t)(entry & 0xfffff)
                                                                       : NO_MERGE;
}

static inline bool is_ascii_at(const struct lx_piece *piece, uint32_t i)
{
    return i < piece->n && piece->p[i] < 0x80;
}

/* The tokens a piece begins as; 0 when they are too many. */
static uint32_t take_apart(const struct lx_vocab *v, const struct lx_piece *piece)
{
    uint32_t *parts = piece->tokens, n = 0, size;

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
            parts[n++] = lx_vocab_byte(v, c);
            i++;
        }
    }
    return n;
}

static void ask_first(const struct lx_vocab *v, struct group *g, struct lx_piece *const *pieces,
                      int count)
{
    g->n = (int)pieces[count - 1]->count;
    for (int k = 0; k < g->n + 3; k++) {
        g->parts[k] = (VECTOR){0} + (int32_t)LX_TOKEN_MAX;
        g->made[k] = (VECTOR){0} + NO_MERGE;
    }
    for (int i = 0; i < count; i++) {
        const int32_t *parts = (const int32_t *)pieces[i]->tokens;

        g->parts[1][i] = parts[0];
        for (int k = 1; k < (int)pieces[i]->count; k++) {
            g->parts[k + 1][i] = parts[k];
            g->made[k][i] = ask(v, parts[k - 1], parts[k]);
        }
    }
}

static void look_first(const struct lx_vocab *v, struct group *g, struct lx_piece *const *pieces,
                       int count)
{
    for (int i = 0; i < count; i++)
        for (int k = 1; k < (int)pieces[i]->count; k++)
            g->made[k][i] = answer(v, g->parts[k][i], g->parts[k + 1][i], g->made[k][i]);
}

static inline void look(const struct lx_vocab *v, struct group *g)
{
    for (int i = 0; i < WIDTH; i++) {
        int k = g->at[i];
        int32_t part = g->parts[k][i];

        g->made[k - 1][i] = answer(v, g->parts[k - 1][i], part, g->made[k - 1][i]);
        g->made[k][i] = answer(v, part, g->parts[k + 1][i], g->made[k][i]);
    }
}

/* Each piece does its lowest merge, and asks for the two pairs that come of it. */
static inline ALWAYS_INLINE void step(const struct lx_vocab *v, struct group *g)
{
    VECTOR low = g->made[1], at = (VECTOR){0} + 1, active;
    bool any = false;
    int n = g->n--;

    for (int k = 2; k < n; k++) {
        VECTOR is = g->made[k] < low;

        low = SELECT(is, g->made[k], low);
        at = SELECT(is, (VECTOR){0} + k, at);
    }
    active = low != NO_MERGE;
    for (int i = 0; i < WIDTH; i++)
        any |= active[i] != 0;
    if (!any)
        g->n = 0;
    g->at = at = SELECT(active, at, (VECTOR){0} + (n + 1)); /* where it does no harm */
    for (int k = 1; k <= n; k++) {
        VECTOR past = at < k, here = at == k, part = SELECT(past, g->parts[k + 1], g->parts[k]);

        g->parts[k] = SELECT(here, low, part);
        g->made[k] = SELECT(past, g->made[k + 1], g->made[k]);
    }
    for (int i = 0; i < WIDTH; i++) {
        int k = at[i];
        int32_t part = g->parts[k][i];

        g->made[k - 1][i] = ask(v, g->parts[k - 1][i], part);
        g->made[k][i] = ask(v, part, g->parts[k + 1][i]);
    }
}

static inline ALWAYS_INLINE void go(const struct lx_vocab *v, struct group *groups, int count)
{
    for (int i = 0; i < count; i++)
        step(v, &groups[i]);
    for (bool any = true; any;) {
        any = false;
        for (int i = 0; i < count; i++)
            if (groups[i].n > 1) {
                look(v, &groups[i]);
                step(v, &groups[i]);
                any = true;
            }
    }
}

static void go_portable(const struct lx_vocab *v, struct group *groups, int count)
{
    go(v, groups, count);
}

#ifdef __SSE2__
LX_AVX2 static void go_avx2(const struct lx_vocab *v, struct group *groups, int count)
{
    go(v, groups, count);
}
#endif

static void finish(const struct group *g, struct lx_piece *const *pieces, int count)
{
    for (int i = 0; i < count; i++) {
        struct lx_piece *piece = pieces[i];
        uint32_t parts = piece->count, left = 0;

        for (uint32_t k = 1; k <= parts; k++) {
            piece->tokens[left] = (uint32_t)g->parts[k][i];
            left += piece->tokens[left] != LX_TOKEN_MAX;
        }
        piece->count = left;
    }
}

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Merges pieces in order of their parts. */
static void merge_ordered(const struct lx_vocab *v, struct lx_piece *const *pieces, int count,
                          bool portable)
{
    struct group groups[GROUPS];
    int n = (count + WIDTH - 1) / WIDTH;

    for (int i = 0; i < n; i++)
        ask_first(v, &groups[i], pieces + i * WIDTH, least(WIDTH, count - i * WIDTH));
    for (int i = 0; i < n; i++)
        look_first(v, &groups[i], pieces + i * WIDTH, least(WIDTH, count - i * WIDTH));
#ifdef __SSE2__
    portable |= !has_avx2();
    if (!portable)
        go_avx2(v, groups, n);
#else
    portable = true;
#endif
    if (portable)
        go_portable(v, groups, n);
    for (int i = 0; i < n; i++)
        finish(&groups[i], pieces + i * WIDTH, least(WIDTH, count - i * WIDTH));
}

static void merge_batch(const struct lx_vocab *v, struct lx_piece *pieces, size_t count,
                        bool portable)
{
    struct lx_piece *order[BATCH];
    uint32_t parts[BATCH], starts[PARTS + 2] = {0};
    int n = 0;

    for (size_t i = 0; i < count; i++) {
        parts[i] = pieces[i].count ? 0 : take_apart(v, &pieces[i]);
        starts[parts[i] + 1] += parts[i] > 0;
    }
    for (int k = 1; k <= PARTS + 1; k++)
        starts[k] += starts[k - 1];
    n = (int)starts[PARTS + 1];
    for (size_t i = 0; i < count; i++)
        if (parts[i]) {
            order[starts[parts[i]]++] = &pieces[i];
            pieces[i].count = parts[i];
        }
    for (int i = 0; i < n; i += WIDTH * GROUPS)
        merge_ordered(v, order + i, least(WIDTH * GROUPS, n - i), portable);
}

static void merge(const struct lx_vocab *v, struct lx_piece *pieces, size_t count, bool portable)
{
    for (size_t i = 0; i < count; i += BATCH)
        merge_batch(v, pieces + i, count - i < BATCH ? count - i : BATCH, portable);
}

void lx_merge(const struct lx_vocab *v, struct lx_piece *pieces, size_t count)
{
    merge(v, pieces, count, false);
}

void lx_merge_portable(const struct lx_vocab *v, struct lx_piece *pieces, size_t count)
{
    merge(v, pieces, count, true);
}
