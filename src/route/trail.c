/*
 * trail.c - the ring of a thread's last decisions (see trail.h).
 *
 * Written by lx_route_take() and lx_route_end(), read by what shows the router's state.
 */
#include "route/trail.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { WORDS = sizeof(struct lx_route_note) / sizeof(uint64_t), NOBODY_EVERY_MS = 1000 };
_Static_assert(WORDS * sizeof(uint64_t) == sizeof(struct lx_route_note), "whole words");

struct entry {
    _Atomic uint64_t sequence; /* odd: is being written; 0: never was */
    _Atomic uint64_t words[WORDS];
};

struct lx_route_trail {
    struct entry entries[LX_TRAIL_SIZE];
    _Atomic uint64_t count; /* entries written so far */
    struct lx_route_note last;
};

uint64_t lx_note_hash(struct lx_slice name)
{
    static const uint64_t seed[2] = {0x6e6f7465, 0x68617368};
    uint64_t h = lx_hash(name, seed);
    return h ? h : 1;
}

struct lx_route_trail *lx_route_trail_new(void)
{
    return calloc(1, sizeof(struct lx_route_trail));
}

void lx_route_trail_free(struct lx_route_trail *t)
{
    free(t);
}

static bool repeats(const struct lx_route_note *last, const struct lx_route_note *note)
{
    return note->end == LX_NOTE_NOBODY && last->end == LX_NOTE_NOBODY &&
           note->group == last->group && note->at_ms - last->at_ms < NOBODY_EVERY_MS;
}

void lx_route_trail_add(struct lx_route_trail *t, const struct lx_route_note *note)
{
    uint64_t words[WORDS], n = atomic_load_explicit(&t->count, memory_order_relaxed);
    struct entry *e = &t->entries[n % LX_TRAIL_SIZE];
    if (repeats(&t->last, note))
        return;
    t->last = *note;
    memcpy(words, note, sizeof(words));
    uint64_t sequence = atomic_load_explicit(&e->sequence, memory_order_relaxed);
    atomic_store_explicit(&e->sequence, sequence + 1, memory_order_relaxed);
    /* A reader that sees one of the words sees the odd number, too. */
    for (size_t i = 0; i < WORDS; i++)
        atomic_store_explicit(&e->words[i], words[i], memory_order_release);
    atomic_store_explicit(&e->sequence, sequence + 2, memory_order_release);
    atomic_store_explicit(&t->count, n + 1, memory_order_release);
}

static bool read_entry(const struct entry *e, struct lx_route_note *out)
{
    uint64_t words[WORDS], before = atomic_load_explicit(&e->sequence, memory_order_acquire);
    if (!before || before & 1)
        return false;
    for (size_t i = 0; i < WORDS; i++)
        words[i] = atomic_load_explicit(&e->words[i], memory_order_acquire);
    if (atomic_load_explicit(&e->sequence, memory_order_relaxed) != before)
        return false;
    memcpy(out, words, sizeof(words));
    return true;
}

size_t lx_route_trail_read(const struct lx_route_trail *t, struct lx_route_note *out, size_t max)
{
    uint64_t count = atomic_load_explicit(&t->count, memory_order_acquire);
    size_t n = 0;
    for (uint64_t i = 0; i < LX_TRAIL_SIZE && i < count && n < max; i++)
        n += read_entry(&t->entries[(count - 1 - i) % LX_TRAIL_SIZE], &out[n]);
    return n;
}
