/*
 * map.h - an insert-only hash map from bytes to a pointer, in an arena.
 *
 * Keys are borrowed and must outlive the map. SipHash-1-3 under a caller's seed, so that a client
 * who chooses keys cannot choose collisions. Lookup does not allocate.
 */
#ifndef LX_BASE_MAP_H
#define LX_BASE_MAP_H

#include "base/arena.h"

struct lx_map_entry {
    struct lx_slice key;
    void *value;
    uint64_t hash;
};

struct lx_map {
    struct lx_arena *arena;
    struct lx_map_entry *entries; /* open addressing; key.p == NULL marks a free slot */
    size_t cap, count;
    uint64_t seed[2];
};

/* SipHash of the bytes: without the seed nobody can choose keys that collide. */
uint64_t lx_hash(struct lx_slice s, const uint64_t seed[2]);

void lx_map_init(struct lx_map *m, struct lx_arena *a, const uint64_t seed[2]);
/* Inserts or replaces; 0, LX_ENOMEM or LX_ELIMIT (of the arena). An absent key (p == NULL) is not
 * allowed. */
int lx_map_put(struct lx_map *m, struct lx_slice key, void *value);
void *lx_map_get(const struct lx_map *m, struct lx_slice key);

#endif
