/*
 * map.c - SipHash-1-3 and an open-addressing table with linear probing.
 *
 * Used wherever names from outside are looked up: models, keys, header sets. Entries are never
 * removed, so that probing needs no tombstones; a table outgrown stays in the arena, which costs
 * at most what the live one does.
 */
#include "base/map.h"

#include "base/error.h"

enum { FIRST_CAP = 16 };

static uint64_t rotl(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

static uint64_t load_le(const char *p, size_t n)
{
    uint64_t x = 0;
    for (size_t i = 0; i < n; i++)
        x |= (uint64_t)(unsigned char)p[i] << (8 * i);
    return x;
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[0] = rotl(v[0], 32);
    v[2] += v[3];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

uint64_t lx_hash(struct lx_slice s, const uint64_t seed[2])
{
    uint64_t v[4] = {
        seed[0] ^ 0x736f6d6570736575,
        seed[1] ^ 0x646f72616e646f6d,
        seed[0] ^ 0x6c7967656e657261,
        seed[1] ^ 0x7465646279746573,
    };
    size_t whole = s.n / 8 * 8;

    for (size_t i = 0; i < whole; i += 8)
        sip_word(v, load_le(s.p + i, 8));
    struct lx_slice rest = lx_slice_from(s, whole);
    sip_word(v, (uint64_t)s.n << 56 | load_le(rest.p, rest.n));
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void lx_map_init(struct lx_map *m, struct lx_arena *a, const uint64_t seed[2])
{
    *m = (struct lx_map){.arena = a, .seed = {seed[0], seed[1]}};
}

/* The entry that holds key, or the free one where it belongs. There is always a free one. */
static struct lx_map_entry *slot_of(struct lx_map_entry *entries, size_t cap, struct lx_slice key,
                                    uint64_t hash)
{
    for (size_t i = hash & (cap - 1);; i = (i + 1) & (cap - 1)) {
        struct lx_map_entry *e = &entries[i];
        if (!e->key.p || (e->hash == hash && lx_slice_eq(e->key, key)))
            return e;
    }
}

static int grow(struct lx_map *m)
{
    size_t cap = m->cap ? m->cap * 2 : FIRST_CAP;
    struct lx_map_entry *entries = lx_arena_alloc(m->arena, cap * sizeof(*entries));

    if (!entries)
        return m->arena->failed;
    for (size_t i = 0; i < m->cap; i++) {
        const struct lx_map_entry *e = &m->entries[i];
        if (e->key.p)
            *slot_of(entries, cap, e->key, e->hash) = *e;
    }
    m->entries = entries;
    m->cap = cap;
    return 0;
}

int lx_map_put(struct lx_map *m, struct lx_slice key, void *value)
{
    uint64_t hash = lx_hash(key, m->seed);

    if (m->count >= m->cap / 4 * 3) {
        int rc = grow(m);
        if (rc)
            return rc;
    }
    struct lx_map_entry *e = slot_of(m->entries, m->cap, key, hash);
    if (e->key.p) {
        e->value = value;
        return 0;
    }
    *e = (struct lx_map_entry){.key = key, .value = value, .hash = hash};
    m->count++;
    return 0;
}

void *lx_map_get(const struct lx_map *m, struct lx_slice key)
{
    if (m->count == 0)
        return NULL;
    return slot_of(m->entries, m->cap, key, lx_hash(key, m->seed))->value;
}
