/*
 * memo.c - remembers what short pieces came to.
 *
 * Called by pieces.c. Of the places that a piece may be at, the first has what was noted last, and
 * what is asked for again moves there. With four places instead of two there are a fifth fewer
 * pieces to encode in a text of 2 MB, because hardly any is pushed out.
 */
#include "tokens/memo.h"

#include <stdlib.h>

enum {
    LINE = 64, /* bytes that the processor fetches at once: no two neighbours lie across two */
    REMEMBER_FROM = 1 << 16, /* bytes of text: for less, what it takes would not come back */
};

void lx_memo_clear(struct lx_memo *m)
{
    free(m->memory);
    free(m->short_tokens);
    free(m->middle_tokens);
    *m = (struct lx_memo){0};
}

/* What is remembered begins as zeros, and is written so: pages that were only read would have to be
 * made once more, at the first word on each. */
static bool make_memory(struct lx_memo *m)
{
    size_t shorts = sizeof(*m->shorts) << LX_SHORT_BITS;
    size_t middles = sizeof(*m->middles) << LX_MIDDLE_BITS;
    char *at = m->memory = malloc(shorts + middles + LINE);

    if (!at)
        return false;
    at += LINE - (uintptr_t)at % LINE;
    memset(at, 0, shorts + middles);
    m->shorts = (struct lx_short_key *)(void *)at;
    m->middles = (struct lx_middle_key *)(void *)(at + shorts);
    return true;
}

static bool make_tokens(struct lx_memo *m)
{
    if (!m->short_tokens)
        m->short_tokens = calloc((size_t)1 << LX_SHORT_BITS, sizeof(*m->short_tokens));
    if (!m->middle_tokens)
        m->middle_tokens = calloc((size_t)1 << LX_MIDDLE_BITS, sizeof(*m->middle_tokens));
    return m->short_tokens && m->middle_tokens;
}

static unsigned find_owner(struct lx_memo *m, const struct lx_vocab *v)
{
    size_t i = 0;

    while (i < m->owner_count && m->owners[i] != v->print)
        i++;
    if (i == LX_OWNERS_MAX) {
        memset(m->shorts, 0, sizeof(*m->shorts) << LX_SHORT_BITS);
        memset(m->middles, 0, sizeof(*m->middles) << LX_MIDDLE_BITS);
        i = m->owner_count = 0;
    }
    if (i == m->owner_count)
        m->owners[m->owner_count++] = v->print;
    return (unsigned)i + 1;
}

static void make_forms(struct lx_memo *m, unsigned owner)
{
    static const uint8_t ones[LX_SHORT_MAX] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                               0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    if (m->formed == owner)
        return;
    m->formed = owner;
    for (unsigned n = 0; n <= LX_SHORT_MAX; n++) {
        struct lx_short_form form = {{0, 0}, lx_key_ending(owner << 4 | n)};

        memcpy(&form.mask, ones, n);
        m->forms.of[n] = form;
    }
}

int lx_memo_begin(struct lx_memo *m, const struct lx_vocab *v, size_t n, bool ids, unsigned *owner)
{
    m->seen += n;
    *owner = 0;
    if (m->seen < REMEMBER_FROM)
        return 0;
    if ((!m->memory && !make_memory(m)) || (ids && !make_tokens(m)))
        return LX_ENOMEM;
    *owner = find_owner(m, v);
    make_forms(m, *owner);
    return 0;
}

static inline uint64_t counted(uint64_t last, unsigned count)
{
    return last | (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? (uint64_t)count << 56 : count);
}

static inline uint64_t eight(const uint8_t *p)
{
    uint64_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

/* More than LX_SHORT_MAX bytes, as the first 16 (15) and the last 14: all, and some twice, so that
 * nothing is read that is not the piece's. */
static inline struct lx_middle_key middle_key(const uint8_t *p, size_t n, unsigned owner)
{
    uint64_t last = eight(p + n - 8);

    last = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? last >> 16 : last << 16;
    last |= lx_key_ending(owner << 5 | (unsigned)n);
    return (struct lx_middle_key){{eight(p), eight(p + (n < 16 ? 7 : 8)), eight(p + n - 14), last}};
}

static struct lx_middle_key *middle_places(const struct lx_memo *m, const struct lx_middle_key *k)
{
    uint64_t hash = (k->v[0] ^ (k->v[1] << 23 | k->v[1] >> 41)) * LX_HASH_A;

    hash = (hash ^ k->v[2] ^ (k->v[3] << 37 | k->v[3] >> 27)) * LX_HASH_B;
    return &m->middles[hash >> (64 - LX_MIDDLE_BITS) & ~(uint64_t)1];
}

static uint64_t middle_count(const struct lx_middle_key *at, const struct lx_middle_key *k)
{
    bool same = ((at->v[0] ^ k->v[0]) | (at->v[1] ^ k->v[1]) | (at->v[2] ^ k->v[2])) == 0;

    return same ? lx_key_turned(at->v[3] ^ k->v[3]) : UINT64_MAX;
}

void lx_memo_fetch_middle(const struct lx_memo *m, unsigned owner, const uint8_t *p, size_t n)
{
    struct lx_middle_key k = middle_key(p, n, owner);

    __builtin_prefetch(middle_places(m, &k));
}

/* What a count says that was found at a place, whose tokens are there. */
static struct lx_told told(uint64_t count, const uint32_t *tokens, bool ids)
{
    if (count > 0xff || (ids && !(count & LX_MEMO_KNOWN)))
        return (struct lx_told){NULL, 0};
    return (struct lx_told){tokens, (unsigned)count & (LX_MEMO_KNOWN - 1)};
}

struct lx_told lx_memo_middle(const struct lx_memo *m, unsigned owner, const uint8_t *p, size_t n,
                              bool ids)
{
    struct lx_middle_key k = middle_key(p, n, owner);
    const struct lx_middle_key *at = middle_places(m, &k);

    at += middle_count(at, &k) > 0xff;
    return told(middle_count(at, &k), ids ? m->middle_tokens[at - m->middles] : NULL, ids);
}

/* The place that it is at, or none. Without a branch for each, which no processor would foresee. */
static inline size_t find_short(const struct lx_memo *m, size_t first, size_t from,
                                struct lx_short_key k)
{
    size_t found = SIZE_MAX;

    for (size_t i = LX_SHORT_PLACES; i-- > from;) {
        const struct lx_short_key *at = &m->shorts[first ^ i];
        bool is_here = (at->a == k.a) & (lx_key_turned(at->b ^ k.b) <= 0xff);

        found = is_here ? first ^ i : found;
    }
    return found;
}

struct lx_told lx_memo_short(const struct lx_memo *m, const struct lx_short_key *first,
                             struct lx_short_key k, bool ids)
{
    size_t at = (size_t)(first - m->shorts);

    if (lx_short_count(first, k) > 0xff)
        at = find_short(m, at, 1, k);
    if (at == SIZE_MAX)
        return (struct lx_told){NULL, 0};
    return told(lx_short_count(&m->shorts[at], k), ids ? m->short_tokens[at] : NULL, ids);
}

static void move_short(struct lx_memo *m, size_t to, size_t from)
{
    m->shorts[to] = m->shorts[from];
    if (m->short_tokens)
        memcpy(m->short_tokens[to], m->short_tokens[from], sizeof(*m->short_tokens));
}

unsigned lx_memo_short_later(struct lx_memo *m, const struct lx_short_key *first,
                             struct lx_short_key k)
{
    size_t to = (size_t)(first - m->shorts), at = find_short(m, to, 1, k);
    uint32_t tokens[LX_SHORT_TOKENS];
    struct lx_short_key key;

    if (at == SIZE_MAX)
        return 0;
    key = m->shorts[at];
    if (m->short_tokens)
        memcpy(tokens, m->short_tokens[at], sizeof(tokens));
    move_short(m, at, to);
    m->shorts[to] = key;
    if (m->short_tokens)
        memcpy(m->short_tokens[to], tokens, sizeof(tokens));
    return (unsigned)lx_short_count(&key, k) & (LX_MEMO_KNOWN - 1);
}

/* The count of a piece, as it is remembered; and its tokens, where there is room for them. */
static unsigned note(const struct lx_piece *piece, uint32_t *tokens, size_t max)
{
    if (!tokens || piece->count > max)
        return piece->count;
    memcpy(tokens, piece->tokens, piece->count * sizeof(*tokens));
    return piece->count | LX_MEMO_KNOWN;
}

/* What was remembered at the place moves one on, unless it is the piece itself. */
void lx_memo_note_short(struct lx_memo *m, const struct lx_short_key *where, struct lx_short_key k,
                        const struct lx_piece *piece)
{
    size_t first = (size_t)(where - m->shorts), at = find_short(m, first, 0, k);

    if (at == SIZE_MAX) {
        at = first;
        move_short(m, first ^ 3, first ^ 1); /* the third is the first of others */
        move_short(m, first ^ 1, first);
    }
    k.b = counted(k.b, note(piece, m->short_tokens ? m->short_tokens[at] : NULL, LX_SHORT_TOKENS));
    m->shorts[at] = k;
}

/* As with short ones, but with one place more, not three. */
void lx_memo_note_middle(struct lx_memo *m, unsigned owner, const struct lx_piece *piece)
{
    struct lx_middle_key k = middle_key(piece->p, piece->n, owner);
    struct lx_middle_key *at = middle_places(m, &k);
    size_t place = (size_t)(at - m->middles), way = middle_count(at + 1, &k) <= 0xff;

    if (way == 0 && middle_count(at, &k) > 0xff) {
        at[1] = at[0];
        if (m->middle_tokens)
            memcpy(m->middle_tokens[place + 1], m->middle_tokens[place], sizeof(*m->middle_tokens));
    }
    k.v[3] = counted(k.v[3], note(piece, m->middle_tokens ? m->middle_tokens[place + way] : NULL,
                                  LX_MIDDLE_TOKENS));
    at[way] = k;
}
