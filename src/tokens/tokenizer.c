/*
 * tokenizer.c - text to tokens: mends, normalizes, finds special tokens, cuts, and looks up.
 *
 * The public functions of encoding, counting and decoding. Words repeat, so what a short piece came
 * to is remembered in a small table, where the place is chosen by a hash and nothing is searched.
 */
#include <stdlib.h>

#include "tokens/bpe.h"
#include "tokens/encoding.h"
#include "tokens/normalize.h"
#include "tokens/scan.h"
#include "tokens/unicode.h"
#include "wire/json_utf8.h"

enum {
    SHORT_MAX = 15, /* bytes of a piece that is remembered in 32 bytes, with its tokens */
    SHORT_BITS = 17,
    INLINE_MAX = 3,
    MIDDLE_MAX = 31, /* and in 64 */
    MIDDLE_BITS = 15,
    MIDDLE_INLINE = 7,
    LINE = 64, /* bytes that the processor fetches at once: no entry lies across two */
    OWNERS_MAX = 7,
    BATCH = 128,
    MISSED_MAX = 64,
    MISSED_BYTES = 1 << 16,
};

/* A piece in 16 bytes: its text, zeros, and in the last one whose vocabulary, and the length. */
struct key {
    uint64_t a, b;
};

struct remembered {
    struct key key;
    uint32_t n; /* tokens; more than INLINE_MAX are only counted */
    uint32_t tokens[INLINE_MAX];
};

struct remembered_middle {
    uint64_t key[4]; /* the text, zeros, and whose and how long in the last byte */
    uint32_t n;
    uint32_t tokens[MIDDLE_INLINE];
};

struct lx_tokenizer {
    struct lx_bpe bpe;
    void *memory; /* that the caches lie in */
    struct remembered *cache;
    struct remembered_middle *middle;
    uint64_t owners[OWNERS_MAX]; /* prints of the vocabularies that the cache knows */
    size_t owner_count;
    struct lx_buf mended, normal;
};

/* One call's work. */
struct job {
    struct lx_tokenizer *t;
    const struct lx_encoding *e;
    struct lx_buf *out; /* ids; NULL: only count */
    size_t count, limit;
    unsigned owner;
    bool special;
};

struct lx_tokenizer *lx_tokenizer_new(void)
{
    struct lx_tokenizer *t = calloc(1, sizeof(*t));

    if (!t)
        return NULL;
    lx_buf_init(&t->mended, SIZE_MAX / 2);
    lx_buf_init(&t->normal, SIZE_MAX / 2);
    return t;
}

void lx_tokenizer_free(struct lx_tokenizer *t)
{
    if (!t)
        return;
    lx_bpe_clear(&t->bpe);
    lx_buf_clear(&t->mended);
    lx_buf_clear(&t->normal);
    free(t->memory);
    free(t);
}

static bool make_caches(struct lx_tokenizer *t)
{
    size_t n = (sizeof(*t->cache) << SHORT_BITS) + (sizeof(*t->middle) << MIDDLE_BITS);
    char *at = t->memory = calloc(1, n + LINE);

    if (!at)
        return false;
    at += LINE - (uintptr_t)at % LINE;
    t->cache = (struct remembered *)(void *)at;
    t->middle = (struct remembered_middle *)(void *)(at + (sizeof(*t->cache) << SHORT_BITS));
    return true;
}

/* The vocabulary's mark in the caches. */
static int find_owner(struct lx_tokenizer *t, const struct lx_vocab *v, unsigned *owner)
{
    size_t i = 0;

    if (!t->memory && !make_caches(t))
        return LX_ENOMEM;
    while (i < t->owner_count && t->owners[i] != v->print)
        i++;
    if (i == OWNERS_MAX) {
        memset(t->cache, 0, sizeof(*t->cache) << SHORT_BITS);
        memset(t->middle, 0, sizeof(*t->middle) << MIDDLE_BITS);
        i = t->owner_count = 0;
    }
    if (i == t->owner_count)
        t->owners[t->owner_count++] = v->print;
    *owner = (unsigned)i + 1;
    return 0;
}

static inline struct key key_of(const uint8_t *p, size_t n, const uint8_t *end, unsigned owner)
{
    static const uint8_t masks[32] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    };
    struct key k = {0, 0}, mask;
    uint64_t last = owner << 4 | n;

    if (end - p >= 16) {
        memcpy(&k, p, 16);
        memcpy(&mask, masks + 16 - n, 16);
        k.a &= mask.a;
        k.b &= mask.b;
    } else {
        memcpy(&k, p, n);
    }
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    k.b |= last << 56;
#else
    k.b |= last;
#endif
    return k;
}

/* The first of two neighbours, one of which it may be in. */
static inline struct remembered *place_of(const struct lx_tokenizer *t, struct key k)
{
    uint64_t hash = (k.a ^ (k.b << 29 | k.b >> 35)) * 0x9e3779b97f4a7c15u;

    hash ^= k.b * 0xc2b2ae3d27d4eb4fu;
    return &t->cache[(hash ^ hash >> 32) >> 3 & ((1u << SHORT_BITS) - 2)];
}

static inline bool is_at(const struct remembered *r, struct key k)
{
    return ((r->key.a ^ k.a) | (r->key.b ^ k.b)) == 0;
}

/* The last byte of a key, at the end of its last word. */
static inline uint64_t mark(unsigned owner, size_t n)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    return (uint64_t)(owner << 5 | n) << 56;
#else
    return owner << 5 | n;
#endif
}

/* The first of two neighbours for a piece of 16 bytes or more, and its key. */
static inline struct remembered_middle *middle_of(const struct job *j, const uint8_t *p, size_t n,
                                                  uint64_t key[4])
{
    uint64_t hash;

    memcpy(key, p, 16);
    key[2] = key[3] = 0;
    memcpy((char *)key + 16, p + 16, n - 16);
    key[3] |= mark(j->owner, n);
    hash = (key[0] ^ (key[1] << 23 | key[1] >> 41)) * 0x9e3779b97f4a7c15u;
    hash ^= (key[2] ^ (key[3] << 37 | key[3] >> 27)) * 0xc2b2ae3d27d4eb4fu;
    return &j->t->middle[(hash ^ hash >> 32) >> 3 & ((1u << MIDDLE_BITS) - 2)];
}

/* The tokens of a piece, and how many. */
struct found {
    const uint32_t *tokens;
    uint32_t n;
};

static inline struct found find_middle(const struct job *j, const uint8_t *p, size_t n)
{
    uint64_t key[4];
    const struct remembered_middle *r = middle_of(j, p, n, key);

    r += memcmp(r->key, key, sizeof(key)) != 0;
    if (memcmp(r->key, key, sizeof(key)) != 0 || (j->out && r->n > MIDDLE_INLINE))
        return (struct found){NULL, 0};
    return (struct found){r->tokens, r->n};
}

/* Pieces that are to be looked up; where they may be found is being fetched. */
struct batch {
    unsigned count;
    struct waiting {
        struct key key;
        struct remembered *place; /* of short ones; others: NULL */
        const uint8_t *p;
        size_t n;
    } v[BATCH];
};

static inline void fetch_piece(struct job *j, struct batch *b, const uint8_t *p, size_t n,
                               const uint8_t *end)
{
    struct waiting *w = &b->v[b->count++];
    uint64_t key[4];

    w->p = p;
    w->n = n;
    w->place = NULL;
    if (n <= SHORT_MAX) {
        w->key = key_of(p, n, end, j->owner);
        w->place = place_of(j->t, w->key);
        __builtin_prefetch(w->place);
    } else if (n <= MIDDLE_MAX) {
        __builtin_prefetch(middle_of(j, p, n, key));
    }
}

/* What is remembered of a piece, if it is enough for what is wanted; else its tokens are NULL. */
static inline struct found find_piece(const struct job *j, const struct waiting *w)
{
    if (w->place) {
        const struct remembered *r = w->place + is_at(w->place + 1, w->key);

        if (is_at(r, w->key) && (!j->out || r->n <= INLINE_MAX))
            return (struct found){r->tokens, r->n};
    } else if (w->n <= MIDDLE_MAX) {
        return find_middle(j, w->p, w->n);
    }
    return (struct found){NULL, 0};
}

static void remember(struct job *j, const struct lx_piece *piece, const uint8_t *end)
{
    const uint32_t *tokens = piece->tokens;

    if (piece->n <= SHORT_MAX) {
        struct key k = key_of(piece->p, piece->n, end, j->owner);
        struct remembered *r = place_of(j->t, k);

        if (is_at(r, k) || is_at(r + 1, k)) /* the same piece twice in one go */
            return;
        r[1] = r[0];
        r->key = k;
        r->n = piece->count;
        memcpy(r->tokens, tokens,
               (piece->count < INLINE_MAX ? piece->count : INLINE_MAX) * sizeof(*tokens));
    } else if (piece->n <= MIDDLE_MAX) {
        uint64_t key[4];
        struct remembered_middle *r = middle_of(j, piece->p, piece->n, key);

        if (memcmp(r[0].key, key, sizeof(key)) == 0 || memcmp(r[1].key, key, sizeof(key)) == 0)
            return;
        r[1] = r[0];
        memcpy(r->key, key, sizeof(key));
        r->n = piece->count;
        memcpy(r->tokens, tokens,
               (piece->count < MIDDLE_INLINE ? piece->count : MIDDLE_INLINE) * sizeof(*tokens));
    }
}

static int put_ids(struct job *j, const uint32_t *tokens, size_t n)
{
    const struct lx_vocab *v = &j->e->vocab;
    char *to = lx_buf_reserve(j->out, n * sizeof(uint32_t));

    if (!to)
        return j->out->failed;
    for (size_t i = 0; i < n; i++) {
        uint32_t id = lx_vocab_id(v, tokens[i]);

        memcpy(to + i * sizeof(id), &id, sizeof(id));
    }
    lx_buf_commit(j->out, n * sizeof(uint32_t));
    return 0;
}

/* Pieces that are not remembered: what they come to, together. */
struct missed {
    size_t count, bytes;
    struct lx_piece v[MISSED_MAX + BATCH];
};

static inline void miss(struct missed *m, const struct waiting *w)
{
    m->v[m->count++] = (struct lx_piece){.p = w->p, .n = (uint32_t)w->n};
    m->bytes += w->n;
}

static int encode_missed(struct job *j, struct missed *m)
{
    int code = lx_bpe_encode(&j->t->bpe, &j->e->vocab, m->v, m->count);

    for (size_t i = 0; i < m->count && code == 0; i++)
        j->count += m->v[i].count;
    return code;
}

static void remember_missed(struct job *j, struct missed *m, const uint8_t *end)
{
    for (size_t i = 0; i < m->count; i++)
        remember(j, &m->v[i], end);
    m->count = m->bytes = 0;
}

static int count_missed(struct job *j, struct missed *m, const uint8_t *end)
{
    int code = m->count ? encode_missed(j, m) : 0;

    if (code == 0)
        remember_missed(j, m, end);
    return code;
}

/* Only to be counted, pieces that are not remembered may wait until they are many. */
static int count_batch(struct job *j, const struct batch *b, struct missed *m, const uint8_t *end)
{
    for (unsigned i = 0; i < b->count; i++) {
        struct found f = find_piece(j, &b->v[i]);

        j->count += f.n;
        if (!f.tokens)
            miss(m, &b->v[i]);
    }
    return m->count >= MISSED_MAX || m->bytes > MISSED_BYTES ? count_missed(j, m, end) : 0;
}

/* Nothing is remembered before all is written: what was found lies where something else would. */
static int put_batch(struct job *j, const struct batch *b, struct missed *m, const uint8_t *end)
{
    struct found found[BATCH];
    const struct lx_piece *missed = m->v;
    int code;

    for (unsigned i = 0; i < b->count; i++) {
        found[i] = find_piece(j, &b->v[i]);
        if (!found[i].tokens)
            miss(m, &b->v[i]);
        j->count += found[i].n;
    }
    code = encode_missed(j, m);
    for (unsigned i = 0; i < b->count && code == 0; i++) {
        if (!found[i].tokens) {
            found[i] = (struct found){missed->tokens, missed->count};
            missed++;
        }
        code = put_ids(j, found[i].tokens, found[i].n);
    }
    if (code == 0)
        remember_missed(j, m, end);
    return code;
}

/* The next pieces, about to be looked up. */
static void fill(struct job *j, struct lx_scan *s, struct batch *b)
{
    b->count = 0;
    while (s->at < s->end && b->count <= BATCH - LX_SCAN_BLOCK) {
        uint8_t ends[LX_SCAN_BLOCK];
        unsigned count = lx_scan_block(s->scheme, s->at, s->end, ends);
        const uint8_t *from = s->at;

        for (unsigned i = 0; i < count; i++) {
            fetch_piece(j, b, s->at, (size_t)(from + ends[i] - s->at), s->end);
            s->at = from + ends[i];
        }
        if (count == 0) {
            s->at = lx_scan_piece(s);
            fetch_piece(j, b, from, (size_t)(s->at - from), s->end);
        }
    }
}

/* Cuts and fetches a batch, then looks up the one before, so that the memory's answers come while
 * there is something else to do. */
static int put_text(struct job *j, struct lx_slice text)
{
    struct lx_scan s = lx_scan(j->e->scheme, text);
    struct batch two[2], *now = &two[0], *before = &two[1], *old;
    struct missed missed;
    int code = 0;

    now->count = 0;
    missed.count = missed.bytes = 0;
    do {
        old = before;
        before = now;
        now = old;
        fill(j, &s, now);
        code =
            j->out ? put_batch(j, before, &missed, s.end) : count_batch(j, before, &missed, s.end);
    } while (code == 0 && now->count && j->count <= j->limit);
    return code == 0 ? count_missed(j, &missed, s.end) : code;
}

static int put_id(struct job *j, uint32_t id)
{
    j->count++;
    if (j->out)
        lx_buf_add(j->out, lx_slice((const char *)&id, sizeof(id)));
    return j->out ? j->out->failed : 0;
}

/* ---- Special tokens in a text ---- */

static unsigned class_at(const char *p)
{
    const uint8_t *u = (const uint8_t *)p;
    uint32_t c = u[0];

    if (c >= 0xf0)
        c = (c & 7) << 18 | (u[1] & 0x3fu) << 12 | (u[2] & 0x3fu) << 6 | (u[3] & 0x3fu);
    else if (c >= 0xe0)
        c = (c & 15) << 12 | (u[1] & 0x3fu) << 6 | (u[2] & 0x3fu);
    else if (c >= 0x80)
        c = (c & 31) << 6 | (u[1] & 0x3fu);
    return lx_char_bits(c) & LX_CHAR_CLASS;
}

static const char *before(const char *p)
{
    do
        p--;
    while (((uint8_t)*p & 0xc0) == 0x80);
    return p;
}

static const char *after(const char *p, const char *end)
{
    do
        p++;
    while (p < end && ((uint8_t)*p & 0xc0) == 0x80);
    return p;
}

static bool is_blank(const char *p)
{
    unsigned class = class_at(p);

    return class == LX_CHAR_SPACE || class == LX_CHAR_NEWLINE;
}

static bool is_word(const char *p)
{
    unsigned class = class_at(p);

    return *p == '_' || (class >= LX_CHAR_UPPER && class <= LX_CHAR_NUMBER);
}

static int put_normal(struct job *j, struct lx_slice text);

/* Looks for special tokens, first in the text as it came, then in what lies between, normalized. */
static int put_specials(struct job *j, struct lx_slice text, bool normalized)
{
    const char *from = text.p, *end = text.p + text.n, *p = from;
    int code = 0;

    while (p < end && code == 0 && j->count <= j->limit) {
        const struct lx_special *s;
        uint32_t id;
        size_t n = lx_special_at(j->e, lx_slice(p, (size_t)(end - p)), normalized, &s, &id);
        const char *first = p, *last = p + n;

        if (n && s && (s->flags & LX_SPECIAL_WORD) &&
            ((p > text.p && is_word(before(p))) || (last < end && is_word(last))))
            n = 0;
        if (n == 0) {
            p++;
            continue;
        }
        while (s && (s->flags & LX_SPECIAL_LSTRIP) && first > from && is_blank(before(first)))
            first = before(first);
        while (s && (s->flags & LX_SPECIAL_RSTRIP) && last < end && is_blank(last))
            last = after(last, end);
        text = lx_slice(from, (size_t)(first - from));
        code = normalized ? put_text(j, text) : put_normal(j, text);
        if (code == 0)
            code = put_id(j, id);
        from = p = last;
    }
    if (code != 0 || from >= end)
        return code;
    text = lx_slice(from, (size_t)(end - from));
    return normalized ? put_text(j, text) : put_normal(j, text);
}

static int put_normal(struct job *j, struct lx_slice text)
{
    struct lx_buf *normal = &j->t->normal;

    if (!lx_norm_is(j->e->norm, text)) {
        lx_buf_reset(normal);
        if (lx_norm_write(j->e->norm, text, normal) != 0)
            return normal->failed;
        text = lx_buf_slice(normal);
    }
    return j->special ? put_specials(j, text, true) : put_text(j, text);
}

/* ---- The public functions ---- */

static int run(struct job *j, struct lx_slice text, unsigned flags)
{
    int code = find_owner(j->t, &j->e->vocab, &j->owner);

    j->special = j->e->always_special || (flags & LX_TOKENS_SPECIAL);
    if (code == 0 && text.n > INT32_MAX)
        code = LX_ELIMIT;
    if (code == 0 && lx_json_utf8_valid(text) != text.n) {
        lx_buf_reset(&j->t->mended);
        code = lx_utf8_mend(text, &j->t->mended);
        text = lx_buf_slice(&j->t->mended);
    }
    for (size_t i = 0; code == 0 && (flags & LX_TOKENS_FRAME) && i < j->e->before_count; i++)
        code = put_id(j, j->e->before[i]);
    if (code == 0)
        code = j->special ? put_specials(j, text, false) : put_normal(j, text);
    for (size_t i = 0; code == 0 && (flags & LX_TOKENS_FRAME) && i < j->e->after_count; i++)
        code = put_id(j, j->e->after[i]);
    return code;
}

int lx_tokens_count_until(struct lx_tokenizer *t, const struct lx_encoding *e, struct lx_slice text,
                          unsigned flags, size_t limit, size_t *count)
{
    struct job j = {.t = t, .e = e, .limit = limit};
    int code = run(&j, text, flags);

    if (code == 0)
        *count = j.count;
    return code;
}

int lx_tokens_count(struct lx_tokenizer *t, const struct lx_encoding *e, struct lx_slice text,
                    unsigned flags, size_t *count)
{
    return lx_tokens_count_until(t, e, text, flags, SIZE_MAX, count);
}

int lx_tokens_encode(struct lx_tokenizer *t, const struct lx_encoding *e, struct lx_slice text,
                     unsigned flags, struct lx_buf *out)
{
    struct job j = {.t = t, .e = e, .out = out, .limit = SIZE_MAX};

    return run(&j, text, flags);
}

int lx_tokens_decode(const struct lx_encoding *e, const uint32_t *ids, size_t n, struct lx_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        char room[32];
        struct lx_slice s = lx_vocab_of_id(&e->vocab, ids[i]);

        if (!s.p)
            s = lx_special_text(e, ids[i], room);
        if (!s.p)
            return LX_EINVAL;
        lx_buf_add(out, s);
        if (out->failed)
            return out->failed;
    }
    return 0;
}
