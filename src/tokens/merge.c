/*
 * merge.c - byte pair encoding as it is defined, of many short pieces side by side.
 *
 * Called by bpe.c for all pieces but the long ones. Nearly all the time of encoding goes into
 * waiting: a vocabulary lies where an answer takes a hundred nanoseconds, and each merge depends on
 * the one before; and into branches that no processor foresees. So pieces go in lanes, in step: in
 * each round a lane looks at what it asked memory for, does its lowest merge, and asks for the two
 * pairs that come of it, while the others do the same. A round has no branch but that to its end.
 *
 * A lane begins with what characters come to by themselves (vocab.h), so that few merges are left
 * to be done where characters have several bytes.
 */
#include "tokens/merge.h"

enum {
    LANES = 24,
    PARTS = 62,
    BEFORE = 0, /* the place of what is none, before the parts, and behind them */
    BEHIND = PARTS + 1,
    PLACES = BEHIND + 1,
    STEP = 16, /* places are compared by so many */
    PLACE_BITS = 6,
};

#define NO_MERGE INT32_MAX

/* A pair that memory was asked for. */
struct asked {
    const uint64_t *place;
    uint64_t key;
};

struct lane {
    struct lx_piece *piece;
    uint64_t alive; /* the places that have parts; BEFORE and BEHIND among them */
    struct asked here, before;
    int32_t low;
    uint32_t at, at_before; /* where these pairs have their left parts */
    uint32_t count;         /* of parts in the beginning */
    uint32_t end;           /* behind the places of all parts: a multiple of STEP */
    uint32_t parts[PLACES];
    /* By place, what it makes with the next part, above the place. */
    _Alignas(16) int32_t made[PLACES];
};

static inline struct asked ask(const struct lx_vocab *v, uint32_t left, uint32_t right)
{
    struct asked a = {.key = lx_pair_key(left, right)};

    a.place = lx_table_at(&v->pairs, a.key);
    __builtin_prefetch(a.place);
    return a;
}

/* Without a branch. */
static inline int32_t answer(uint64_t entry, uint64_t key, uint32_t at)
{
    uint32_t none = (uint32_t)(entry >> 20 == key) - 1;

    return (int32_t)(((((uint32_t)entry & 0xfffff) << PLACE_BITS | at) | none) & NO_MERGE);
}

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
            parts[n++] = lx_vocab_byte(v, c);
            i++;
        }
    }
    return n;
}

/* Asks for all pairs of the piece: `made` says where they lie. False: the piece is too long. */
static bool begin(const struct lx_vocab *v, struct lane *l, struct lx_piece *piece)
{
    uint32_t n = take_apart(v, piece, l->parts + 1);

    if (n == 0)
        return false;
    l->piece = piece;
    l->alive = (((uint64_t)1 << n) - 1) << 1 | (uint64_t)1 << BEFORE | (uint64_t)1 << BEHIND;
    l->count = n;
    l->end = (n + STEP) / STEP * STEP;
    l->parts[BEFORE] = l->parts[BEHIND] = LX_TOKEN_MAX;
    for (uint32_t i = 1; i < n; i++)
        l->made[i] = (int32_t)(ask(v, l->parts[i], l->parts[i + 1]).place - v->pairs.entries);
    l->made[BEFORE] = NO_MERGE;
    for (uint32_t i = n; i < l->end; i++)
        l->made[i] = NO_MERGE;
    return true;
}

/* Looks at all these pairs. */
static void look_first(const struct lx_vocab *v, struct lane *l)
{
    for (uint32_t i = 1; i < l->count; i++)
        l->made[i] =
            answer(v->pairs.entries[l->made[i]], lx_pair_key(l->parts[i], l->parts[i + 1]), i);
}

/* Looks at what was asked for since. */
static inline void look(struct lane *l)
{
    l->made[l->at] = answer(*l->here.place, l->here.key, l->at);
    l->made[l->at_before] = answer(*l->before.place, l->before.key, l->at_before);
}

#define VECTOR __attribute__((vector_size(16))) int32_t

static inline VECTOR lower(VECTOR a, VECTOR b)
{
    VECTOR is = a < b;

    return (a & is) | (b & ~is);
}

static inline int32_t lowest(const struct lane *l)
{
    const VECTOR *made = (const VECTOR *)(const void *)l->made;
    VECTOR low = lower(lower(made[0], made[1]), lower(made[2], made[3]));

    for (uint32_t i = 4; i < l->end / 4; i += 4)
        low = lower(low, lower(lower(made[i], made[i + 1]), lower(made[i + 2], made[i + 3])));
    low = lower(low, __builtin_shufflevector(low, low, 2, 3, 0, 1));
    low = lower(low, __builtin_shufflevector(low, low, 1, 0, 3, 2));
    return low[0];
}

/* One merge. False: there is none left. */
static inline bool step(const struct lx_vocab *v, struct lane *l)
{
    int32_t low = l->low;
    uint32_t at, next, after, before;
    uint64_t above, below;

    if (low == NO_MERGE)
        return false;
    at = (uint32_t)low & ((1u << PLACE_BITS) - 1);
    below = l->alive & (((uint64_t)1 << at) - 1);
    above = l->alive & ~(uint64_t)1 << at;
    next = (uint32_t)__builtin_ctzll(above);
    after = (uint32_t)__builtin_ctzll(above & (above - 1));
    before = 63 - (uint32_t)__builtin_clzll(below);
    l->alive &= ~((uint64_t)1 << next);
    l->parts[at] = (uint32_t)low >> PLACE_BITS;
    l->made[next] = NO_MERGE;
    l->at = at;
    l->at_before = before;
    l->here = ask(v, l->parts[at], l->parts[after]);
    l->before = ask(v, l->parts[before], l->parts[at]);
    return true;
}

static void finish(struct lane *l)
{
    uint32_t n = 0;

    for (uint64_t rest = l->alive & ~((uint64_t)1 << BEHIND) & ~(uint64_t)1; rest; rest &= rest - 1)
        l->piece->tokens[n++] = l->parts[__builtin_ctzll(rest)];
    l->piece->count = n;
}

struct lanes {
    struct lane v[LANES], *busy[LANES], *fresh[LANES];
    unsigned busy_n, fresh_n;
    struct lx_piece *next, *end;
};

/* Gives the lane the next piece that is to be done, if there is one. */
static void refill(const struct lx_vocab *v, struct lanes *a, struct lane *l)
{
    while (a->next < a->end) {
        struct lx_piece *piece = a->next++;

        if (piece->count == 0 && begin(v, l, piece)) {
            a->fresh[a->fresh_n++] = l;
            return;
        }
    }
}

static void go_round(const struct lx_vocab *v, struct lanes *a)
{
    unsigned busy = a->busy_n, fresh = a->fresh_n;

    for (unsigned i = 0; i < busy; i++)
        look(a->busy[i]);
    for (unsigned i = 0; i < fresh; i++) {
        look_first(v, a->fresh[i]);
        a->busy[busy++] = a->fresh[i];
    }
    for (unsigned i = 0; i < busy; i++)
        a->busy[i]->low = lowest(a->busy[i]);
    a->busy_n = a->fresh_n = 0;
    for (unsigned i = 0; i < busy; i++) {
        struct lane *l = a->busy[i];

        a->busy[a->busy_n] = l;
        if (step(v, l)) {
            a->busy_n++;
        } else {
            finish(l);
            refill(v, a, l);
        }
    }
}

void lx_merge(const struct lx_vocab *v, struct lx_piece *pieces, size_t count)
{
    struct lanes a;

    a.busy_n = a.fresh_n = 0;
    a.next = pieces;
    a.end = pieces + count;
    for (unsigned i = 0; i < LANES; i++)
        refill(v, &a, &a.v[i]);
    while (a.busy_n + a.fresh_n > 0)
        go_round(v, &a);
}
