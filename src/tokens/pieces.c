/*
 * pieces.c - cuts a text into pieces, and finds out what each comes to.
 *
 * Called by tokenizer.c. Words repeat: nineteen of twenty pieces are in the memo, so that cutting
 * and asking there is what counting costs; a piece has some fifty instructions. Pieces go by
 * batches: one is cut, and the places its pieces may be at are fetched, while the memory answers
 * for the batch before. Those that nobody remembers are encoded together (bpe.c), many at once.
 */
#include "tokens/pieces.h"

#include "tokens/scan.h"
#include "wire/json_simd.h"

enum {
    BATCH = 192,
    BATCH_MORE = 64, /* pieces that a block, or a sentence, adds at most */
    MISSED_MAX = 128,
    MISSED_BYTES = 1 << 16,
    PLACES_MAX = 512,
    MISSED_HASH_BITS = 8,
    LINE = 64, /* bytes that the places of a short piece are in */
};

#define ALWAYS_INLINE __attribute__((always_inline))

/* A piece that is to be looked up: a short one by its key; of others the key is UNKEYED, which is
 * none, and the length. */
struct waiting {
    struct lx_short_key key;
    const struct lx_short_key *first;
    const uint8_t *p;
};

#define UNKEYED UINT64_MAX

/* Where pieces without a key are looked for. */
static const struct lx_short_key nowhere;

struct batch {
    struct waiting *end;
    struct waiting v[BATCH];
};

/* ---- Cutting ---- */

static inline struct waiting *fetch_short(const struct lx_short_key *shorts, struct lx_short_key k,
                                          const uint8_t *p, struct waiting *next)
{
    const struct lx_short_key *first = lx_short_first(shorts, k);

    __builtin_prefetch(first);
    *next = (struct waiting){k, first, p};
    return next + 1;
}

static struct waiting *fetch_part(const struct lx_job *j, const uint8_t *p, size_t n,
                                  struct waiting *next)
{
    if (j->owner && n <= LX_SHORT_MAX)
        return fetch_short(j->t->memo.shorts, lx_short_key(p, n, j->owner), p, next);
    if (j->owner && n <= LX_MIDDLE_MAX)
        lx_memo_fetch_middle(&j->t->memo, j->owner, p, n);
    *next = (struct waiting){{n, UNKEYED}, &nowhere, p};
    return next + 1;
}

/* A piece too long to be remembered well, of characters of three bytes, is looked up in parts. */
static struct waiting *fetch_long(const struct lx_job *j, const uint8_t *p, size_t n,
                                  struct waiting *next)
{
    const struct lx_vocab *v = &j->e->vocab;
    uint8_t places[LX_CUT_MAX];
    unsigned count = 0;
    size_t from = 0;

    if (n > LX_SHORT_MAX && n <= LX_CUT_MAX && (p[n - 3] & 0xf0) == 0xe0 && !v->alone)
        count = lx_bpe_cut(v, p, n, places);
    for (size_t i = 0; i < count; i++) {
        next = fetch_part(j, p + from, places[i] - from, next);
        from = places[i];
    }
    return fetch_part(j, p + from, n - from, next);
}

/* The pieces of a block that starts at p. What stays as it is has names of its own, which no store
 * can change as far as the compiler sees. `within`: there is text enough behind all of them for a
 * key. */
static inline ALWAYS_INLINE struct waiting *fetch_block(const struct lx_job *j,
                                                        const struct lx_short_forms *forms,
                                                        const uint8_t *p, uint64_t ends,
                                                        bool within, struct waiting *next)
{
    const struct lx_short_key *shorts = j->t->memo.shorts;
    unsigned owner = j->owner;
    size_t short_max = owner ? LX_SHORT_MAX : 0;
    const uint8_t *at = p, *to;

    for (; ends; ends &= ends - 1, at = to) {
        size_t n = (size_t)((to = p + __builtin_ctzll(ends)) - at);

        if (n > short_max)
            next = fetch_long(j, at, n, next);
        else if (within)
            next = fetch_short(shorts, lx_short_key_within(forms, at, n), at, next);
        else
            next = fetch_short(shorts, lx_short_key(at, n, owner), at, next);
    }
    return next;
}

/* The next pieces, about to be looked up. */
static inline ALWAYS_INLINE void fill(const struct lx_job *j, const struct lx_short_forms *forms,
                                      struct lx_scan *s, struct batch *b)
{
    struct waiting *next = b->v;
    const uint8_t *at = s->at, *end = s->end;

    while (at < end && next <= b->v + BATCH - BATCH_MORE) {
        uint64_t ends = lx_scan_block(s->scheme, at, end);

        if (ends == 0) {
            const uint8_t *from = s->at = at;

            at = lx_scan_piece(s);
            next = fetch_long(j, from, (size_t)(at - from), next);
            continue;
        }
        if (end - at >= 64 + (ptrdiff_t)sizeof(struct lx_short_key))
            next = fetch_block(j, forms, at, ends, true, next);
        else
            next = fetch_block(j, forms, at, ends, false, next);
        at += 63 - __builtin_clzll(ends);
    }
    s->at = at;
    b->end = next;
}

/* ---- Pieces that are not remembered: what they come to, together ---- */

struct missed {
    size_t count, bytes;
    size_t places; /* in the text, that these are at; each is a token or more */
    struct lx_piece v[MISSED_MAX + BATCH];
    struct waiting w[MISSED_MAX + BATCH]; /* the same */
    uint32_t times[MISSED_MAX + BATCH];   /* that each is there */
    uint16_t
        numbers[1 << MISSED_HASH_BITS]; /* of those with a key, by where they were looked for */
};

static void miss(struct missed *m, const struct waiting *w)
{
    size_t n = w->key.b == UNKEYED ? w->key.a : lx_short_length(w->key);

    m->v[m->count] = (struct lx_piece){.p = w->p, .n = (uint32_t)n};
    m->w[m->count] = *w;
    m->times[m->count++] = 1;
    m->places++;
    m->bytes += n;
}

/* The same, once for all that are alike: a new word comes again soon, a fifth of them before they
 * are encoded. */
static void miss_once(struct missed *m, const struct waiting *w)
{
    uint16_t *number = &m->numbers[(uintptr_t)w->first / LINE % (1 << MISSED_HASH_BITS)];
    const struct lx_short_key *key = &m->w[*number].key;

    if (*number < m->count && key->b != UNKEYED && key->a == w->key.a && key->b == w->key.b) {
        m->times[*number]++;
        m->places++;
        return;
    }
    *number = (uint16_t)m->count;
    miss(m, w);
}

static int encode_missed(struct lx_job *j, struct missed *m)
{
    int code = lx_bpe_encode(&j->t->bpe, &j->e->vocab, m->v, m->count);

    for (size_t i = 0; i < m->count && code == 0; i++)
        j->count += (size_t)m->v[i].count * m->times[i];
    return code;
}

static void remember_missed(struct lx_job *j, struct missed *m)
{
    for (size_t i = 0; i < m->count && j->owner; i++)
        if (m->w[i].key.b != UNKEYED)
            lx_memo_note_short(&j->t->memo, m->w[i].first, m->w[i].key, &m->v[i]);
        else if (m->v[i].n <= LX_MIDDLE_MAX)
            lx_memo_note_middle(&j->t->memo, j->owner, &m->v[i]);
    m->count = m->bytes = m->places = 0;
}

static int count_missed(struct lx_job *j, struct missed *m)
{
    int code = m->count ? encode_missed(j, m) : 0;

    if (code == 0)
        remember_missed(j, m);
    return code;
}

/* ---- Looking up ---- */

/* What is not found at the first place: the count, or 0. */
static unsigned count_elsewhere(struct lx_job *j, const struct waiting *w)
{
    if (w->key.b != UNKEYED)
        return lx_memo_short_later(&j->t->memo, w->first, w->key);
    if (!j->owner || w->key.a > LX_MIDDLE_MAX)
        return 0;
    return lx_memo_middle(&j->t->memo, j->owner, w->p, w->key.a, false).n;
}

/* Only to be counted, pieces that are not remembered may wait until they are many. */
static int count_batch(struct lx_job *j, const struct batch *b, struct missed *m)
{
    const struct waiting *end = b->end;
    size_t count = 0;

    for (const struct waiting *w = b->v; w < end; w++) {
        uint64_t n = lx_short_count(w->first, w->key);

        if (n > 0xff) {
            n = count_elsewhere(j, w);
            if (n == 0)
                miss_once(m, w);
        }
        count += n & (LX_MEMO_KNOWN - 1);
    }
    j->count += count;
    if (m->count >= MISSED_MAX || m->places >= PLACES_MAX || m->bytes > MISSED_BYTES)
        return count_missed(j, m);
    return 0;
}

/* What a piece is remembered as; n is 0 where it is not. */
static struct lx_told find_elsewhere(const struct lx_job *j, const struct waiting *w)
{
    if (w->key.b != UNKEYED)
        return lx_memo_short(&j->t->memo, w->first, w->key, true);
    if (!j->owner || w->key.a > LX_MIDDLE_MAX)
        return (struct lx_told){NULL, 0};
    return lx_memo_middle(&j->t->memo, j->owner, w->p, w->key.a, true);
}

static inline ALWAYS_INLINE struct lx_told find_ids(const struct lx_job *j, const struct waiting *w)
{
    const struct lx_memo *m = &j->t->memo;
    uint64_t n = lx_short_count(w->first, w->key);

    if (n > 0xff || !(n & LX_MEMO_KNOWN))
        return find_elsewhere(j, w);
    return (struct lx_told){m->short_tokens[w->first - m->shorts],
                            (unsigned)n & (LX_MEMO_KNOWN - 1)};
}

/* Nearly all pieces are one token or two: that many are written before it is asked how many. */
enum { AT_ONCE = 2 };

static inline char *put_tokens(char *to, struct lx_told told, const uint32_t *ids)
{
    if (!ids)
        memcpy(to, told.tokens, AT_ONCE * sizeof(uint32_t));
    for (unsigned k = ids ? 0 : AT_ONCE; k < told.n; k++) {
        uint32_t id = ids ? ids[told.tokens[k]] : told.tokens[k];

        memcpy(to + k * sizeof(id), &id, sizeof(id));
    }
    return to + told.n * sizeof(uint32_t);
}

/* Writes what was found, n tokens in all; what was not, is the next of the missed. */
static int put_ids(struct lx_job *j, const struct lx_told *found, size_t count,
                   const struct lx_piece *missed, size_t n)
{
    char *to = lx_buf_reserve(j->out, (n + AT_ONCE) * sizeof(uint32_t));
    const uint32_t *ids = j->e->vocab.ids;

    if (!to)
        return j->out->failed;
    for (size_t i = 0; i < count; i++) {
        struct lx_told told = found[i];

        if (told.n == 0) {
            told = (struct lx_told){missed->tokens, missed->count};
            missed++;
        }
        to = put_tokens(to, told, ids);
    }
    lx_buf_commit(j->out, n * sizeof(uint32_t));
    return 0;
}

/* Nothing is remembered before all is written: what was found lies where something else would. */
static int put_batch(struct lx_job *j, const struct batch *b, struct missed *m)
{
    struct lx_told found[BATCH];
    size_t count = (size_t)(b->end - b->v), before = j->count;
    int code;

    for (size_t i = 0; i < count; i++) {
        found[i] = find_ids(j, &b->v[i]);
        if (found[i].n == 0)
            miss(m, &b->v[i]);
        else
            __builtin_prefetch(found[i].tokens); /* written soon */
        j->count += found[i].n;
    }
    code = encode_missed(j, m);
    if (code == 0 && count > 0)
        code = put_ids(j, found, count, m->v, j->count - before);
    if (code == 0)
        remember_missed(j, m);
    return code;
}

/* Cuts and fetches a batch, then looks up the one before, so that the memory's answers come while
 * there is something else to do. */
static inline ALWAYS_INLINE int put(struct lx_job *j, struct lx_slice text)
{
    struct lx_scan s = lx_scan(j->e->scheme, text);
    struct batch two[2], *now = &two[0], *before = &two[1], *old;
    struct missed missed;
    int code = 0;

    now->end = now->v;
    missed.count = missed.bytes = missed.places = 0;
    memset(missed.numbers, 0, sizeof(missed.numbers));
    do {
        old = before;
        before = now;
        now = old;
        fill(j, &j->t->memo.forms, &s, now);
        code = j->out ? put_batch(j, before, &missed) : count_batch(j, before, &missed);
    } while (code == 0 && now->end > now->v && j->count + missed.places <= j->limit);
    return code == 0 ? count_missed(j, &missed) : code;
}

#ifdef __SSE2__
LX_AVX2 static int put_avx2(struct lx_job *j, struct lx_slice text)
{
    return put(j, text);
}
#endif

int lx_pieces_put(struct lx_job *j, struct lx_slice text)
{
#ifdef __SSE2__
    if (has_avx2())
        return put_avx2(j, text);
#endif
    return put(j, text);
}
