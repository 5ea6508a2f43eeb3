/*
 * pairs.c - tables of pairs, and merging by them.
 *
 * Called by vocab_maker.c and tokenizer_json.c, and by bpe.c for odd vocabularies.
 *
 * A vocabulary's pairs are placed once and looked up for ever, so that each has a place of its own
 * (hash and displace): pairs fall into groups, and group by group, the largest first, a move is
 * looked for with which all of its pairs come to lie where nothing is yet.
 */
#include "tokens/pairs.h"

#include <assert.h>
#include <stdlib.h>

enum { FIRST_BITS = 10, PLACE_TRIES = 4 };

void lx_pairs_clear(struct lx_pairs *p)
{
    free(p->v);
    *p = (struct lx_pairs){0};
}

static uint32_t slot_of(const struct lx_pairs *p, uint64_t key)
{
    return (uint32_t)(key * LX_HASH_A >> (64 - p->bits));
}

static void put_entry(struct lx_pairs *p, uint64_t entry)
{
    uint32_t i = slot_of(p, entry >> 20);

    while (p->v[i])
        i = (i + 1) & ((1u << p->bits) - 1);
    p->v[i] = entry;
}

int lx_pairs_put(struct lx_pairs *p, uint32_t left, uint32_t right, uint32_t value)
{
    if (!p->v || p->count >= (1u << p->bits) / 2) {
        struct lx_pairs more = {.bits = p->v ? p->bits + 1 : FIRST_BITS, .count = p->count};

        more.v = calloc((size_t)1 << more.bits, sizeof(*more.v));
        if (!more.v)
            return LX_ENOMEM;
        for (uint32_t i = 0; p->v && i < 1u << p->bits; i++)
            if (p->v[i])
                put_entry(&more, p->v[i]);
        free(p->v);
        *p = more;
    }
    put_entry(p, lx_pair_key(left, right) << 20 | (value + 1));
    p->count++;
    return 0;
}

uint32_t lx_pairs_get(const struct lx_pairs *p, uint32_t left, uint32_t right)
{
    uint64_t key = lx_pair_key(left, right);

    if (!p->v)
        return LX_TOKEN_NONE;
    for (uint32_t i = slot_of(p, key); p->v[i]; i = (i + 1) & ((1u << p->bits) - 1))
        if (p->v[i] >> 20 == key)
            return (uint32_t)(p->v[i] & 0xfffff) - 1;
    return LX_TOKEN_NONE;
}

/* ---- A place for each ---- */

/* Pairs by their groups: those of group i are entries[starts[i]..starts[i + 1]). */
struct groups {
    uint64_t *entries;
    uint32_t *starts, *order; /* the groups, the largest first */
    uint32_t count;
};

static int group_pairs(const struct lx_pairs *p, struct groups *g, uint32_t move_bits)
{
    uint32_t *at, sizes[256] = {0};

    g->count = 1u << move_bits;
    g->entries = malloc((p->count + 1) * sizeof(*g->entries));
    g->starts = calloc(g->count + 2, sizeof(*g->starts));
    g->order = malloc(g->count * sizeof(*g->order));
    if (!g->entries || !g->starts || !g->order)
        return LX_ENOMEM;
    at = g->starts + 1; /* while they are filled: where group i is filled next */
    for (uint32_t i = 0; i < 1u << p->bits; i++)
        if (p->v[i])
            at[lx_table_group(p->v[i] >> 20, 64 - move_bits) + 1]++;
    for (uint32_t i = 0; i < g->count; i++) {
        sizes[at[i + 1] < 255 ? 255 - at[i + 1] : 0]++;
        at[i + 1] += at[i];
    }
    for (uint32_t i = 0; i < 1u << p->bits; i++)
        if (p->v[i])
            g->entries[at[lx_table_group(p->v[i] >> 20, 64 - move_bits)]++] = p->v[i];
    for (uint32_t i = 0, sum = 0; i < 256; i++) {
        uint32_t n = sizes[i];

        sizes[i] = sum;
        sum += n;
    }
    for (uint32_t i = 0; i < g->count; i++) {
        uint32_t n = g->starts[i + 1] - g->starts[i];

        g->order[sizes[n < 255 ? 255 - n : 0]++] = i;
    }
    return 0;
}

/* Puts the group's pairs where this move takes them; false, and none, when one is in the way. */
static bool put_group(struct lx_placed *out, const uint64_t *entries, uint32_t n, uint32_t move)
{
    for (uint32_t i = 0; i < n; i++) {
        uint64_t *at = &out->entries[lx_table_slot(entries[i] >> 20, move, 64 - out->entry_bits)];

        if (*at != LX_ENTRY_NONE) {
            while (i-- > 0)
                out->entries[lx_table_slot(entries[i] >> 20, move, 64 - out->entry_bits)] =
                    LX_ENTRY_NONE;
            return false;
        }
        *at = entries[i] - 1; /* the value, no more and one */
    }
    return true;
}

static bool put_groups(const struct groups *g, struct lx_placed *out)
{
    memset(out->entries, 0xff, sizeof(*out->entries) << out->entry_bits);
    for (uint32_t i = 0; i < g->count; i++) {
        uint32_t group = g->order[i], from = g->starts[group], n = g->starts[group + 1] - from;
        uint32_t move = 0;

        while (!put_group(out, g->entries + from, n, move))
            if (++move > UINT16_MAX)
                return false;
        out->moves[group] = (uint16_t)move;
    }
    return true;
}

int lx_pairs_place(const struct lx_pairs *p, struct lx_placed *out)
{
    struct groups g = {0};
    int code;

    /* A table that grew by halves is between a fourth and a half full: half of it will do. A group
     * has four to eight pairs, so that the moves are few enough for the processor's caches. */
    *out = (struct lx_placed){NULL, NULL, p->bits - 1, p->bits - 4};
    code = group_pairs(p, &g, out->move_bits);
    out->moves = code == 0 ? calloc((size_t)1 << out->move_bits, sizeof(*out->moves)) : NULL;
    if (!out->moves)
        code = LX_ENOMEM;
    for (int i = 0; code == 0; i++) {
        out->entries = malloc(sizeof(*out->entries) << out->entry_bits);
        if (!out->entries)
            code = LX_ENOMEM;
        else if (put_groups(&g, out))
            break;
        else if (i == PLACE_TRIES)
            code = LX_ELIMIT;
        free(out->entries);
        out->entries = NULL;
        out->entry_bits++;
    }
    if (code != 0) {
        free(out->moves);
        *out = (struct lx_placed){0};
    }
    free(g.entries);
    free(g.starts);
    free(g.order);
    return code;
}

/* ---- Merging ---- */

size_t lx_pairs_merge(const struct lx_pairs *p, const uint32_t *results, uint32_t *parts, size_t n,
                      size_t few)
{
    uint32_t made[LX_TOKEN_LENGTH];

    assert(few > 0 && n <= LX_TOKEN_LENGTH);
    for (size_t i = 0; i + 1 < n; i++)
        made[i] = lx_pairs_get(p, parts[i], parts[i + 1]);
    while (n > few) {
        size_t at = 0;

        for (size_t i = 1; i + 1 < n; i++)
            if (made[i] < made[at])
                at = i;
        /* There are n - 1 of them, moved as the parts are. NOLINTNEXTLINE(clang-analyzer-core.*) */
        if (made[at] == LX_TOKEN_NONE)
            break;
        parts[at] = results ? results[made[at]] : made[at];
        n--;
        memmove(parts + at + 1, parts + at + 2, (n - at - 1) * sizeof(*parts));
        memmove(made + at, made + at + 1, (n - at) * sizeof(*made));
        if (at + 1 < n)
            made[at] = lx_pairs_get(p, parts[at], parts[at + 1]);
        if (at > 0)
            made[at - 1] = lx_pairs_get(p, parts[at - 1], parts[at]);
    }
    return n;
}

/* ---- With a heap: merges that may be done, the lowest and then the leftmost on top ---- */

struct link {
    uint32_t prev, next; /* by index; n: none */
};

struct heap {
    uint64_t *v; /* value, then the index of the left part */
    size_t n;
};

static void push(struct heap *h, uint64_t x)
{
    size_t i = h->n++;

    for (; i > 0 && h->v[(i - 1) / 2] > x; i = (i - 1) / 2)
        h->v[i] = h->v[(i - 1) / 2];
    h->v[i] = x;
}

static uint64_t pop(struct heap *h)
{
    uint64_t top = h->v[0], x = h->v[--h->n];
    size_t i = 0;

    for (size_t child; (child = 2 * i + 1) < h->n; i = child) {
        if (child + 1 < h->n && h->v[child + 1] < h->v[child])
            child++;
        if (h->v[child] >= x)
            break;
        h->v[i] = h->v[child];
    }
    h->v[i] = x;
    return top;
}

static void offer(struct heap *h, const struct lx_vocab *v, const uint32_t *parts, uint32_t left,
                  uint32_t right)
{
    uint32_t value = lx_vocab_pair(v, parts[left], parts[right]);

    if (value != LX_TOKEN_NONE)
        push(h, (uint64_t)value << 32 | left);
}

ssize_t lx_pairs_merge_all(const struct lx_vocab *v, uint32_t *parts, size_t n)
{
    uint32_t none = (uint32_t)n;
    struct link *links = malloc(n * sizeof(*links));
    struct heap h = {malloc(3 * n * sizeof(*h.v)), 0}; /* n to begin with, two more a merge */
    size_t count = 0;

    if (!links || !h.v) {
        free(links);
        free(h.v);
        return LX_ENOMEM;
    }
    for (uint32_t i = 0; i < none; i++)
        links[i] = (struct link){i ? i - 1 : none, i + 1};
    for (uint32_t i = 0; i + 1 < none; i++)
        offer(&h, v, parts, i, i + 1);
    while (h.n) {
        uint64_t top = pop(&h);
        /* A part that was offered has its link. NOLINTNEXTLINE(clang-analyzer-core.*) */
        uint32_t left = (uint32_t)top, right = links[left].next, value = (uint32_t)(top >> 32);

        /* What was offered may be gone: then its parts are others by now. */
        if (parts[left] == LX_TOKEN_NONE || right == none ||
            lx_vocab_pair(v, parts[left], parts[right]) != value)
            continue;
        parts[left] = value;
        parts[right] = LX_TOKEN_NONE;
        links[left].next = links[right].next;
        if (links[left].next != none) {
            links[links[left].next].prev = left;
            offer(&h, v, parts, left, links[left].next);
        }
        if (links[left].prev != none)
            offer(&h, v, parts, links[left].prev, left);
    }
    for (size_t i = 0; i < n; i++)
        if (parts[i] != LX_TOKEN_NONE)
            parts[count++] = parts[i];
    free(links);
    free(h.v);
    return (ssize_t)count;
}
