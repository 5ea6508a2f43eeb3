/*
 * pairs.c - tables of pairs, and merging by them.
 *
 * Called by vocab_maker.c and tokenizer_json.c, and by bpe.c for odd vocabularies.
 */
#include "tokens/pairs.h"

#include <stdlib.h>

enum { FIRST_BITS = 10 };

void lx_pairs_clear(struct lx_pairs *p)
{
    free(p->v);
    *p = (struct lx_pairs){0};
}

static void put_entry(struct lx_pairs *p, uint64_t entry)
{
    uint32_t i = lx_pair_slot(entry >> 20, 64 - p->bits);

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

size_t lx_pairs_merge(const struct lx_pairs *p, const uint32_t *results, uint32_t *parts, size_t n,
                      size_t few)
{
    uint32_t made[LX_TOKEN_LENGTH];

    for (size_t i = 0; i + 1 < n; i++)
        made[i] = lx_pairs_get(p, parts[i], parts[i + 1]);
    while (n > few) {
        size_t at = 0;

        for (size_t i = 1; i + 1 < n; i++)
            if (made[i] < made[at])
                at = i;
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

static void offer(struct heap *h, const struct lx_pairs *p, const uint32_t *parts, uint32_t left,
                  uint32_t right)
{
    uint32_t value = lx_pairs_get(p, parts[left], parts[right]);

    if (value != LX_TOKEN_NONE)
        push(h, (uint64_t)value << 32 | left);
}

ssize_t lx_pairs_merge_all(const struct lx_pairs *p, uint32_t *parts, size_t n)
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
        offer(&h, p, parts, i, i + 1);
    while (h.n) {
        uint64_t top = pop(&h);
        uint32_t left = (uint32_t)top, right = links[left].next, value = (uint32_t)(top >> 32);

        /* What was offered may be gone: then its parts are others by now. */
        if (parts[left] == LX_TOKEN_NONE || right == none ||
            lx_pairs_get(p, parts[left], parts[right]) != value)
            continue;
        parts[left] = value;
        parts[right] = LX_TOKEN_NONE;
        links[left].next = links[right].next;
        if (links[left].next != none) {
            links[links[left].next].prev = left;
            offer(&h, p, parts, left, links[left].next);
        }
        if (links[left].prev != none)
            offer(&h, p, parts, links[left].prev, left);
    }
    for (size_t i = 0; i < n; i++)
        if (parts[i] != LX_TOKEN_NONE)
            parts[count++] = parts[i];
    free(links);
    free(h.v);
    return (ssize_t)count;
}
