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
    SHORT_MAX = 14, /* bytes of a piece that is remembered in 16 bytes */
    SHORT_BITS = 17,
    SHORT_TOKENS = 3,
    MIDDLE_MAX = 30, /* and in 32 */
    MIDDLE_BITS = 16,
    MIDDLE_TOKENS = 7,
    KNOWN = 0x80, /* in a count: the tokens are there, too */
    LINE = 64,    /* bytes that the processor fetches at once: no two neighbours lie across two */
    OWNERS_MAX = 7,
    REMEMBER_FROM = 1 << 16, /* bytes of text: for less, what it takes would not come back */
    BATCH = 128,
    MISSED_MAX = 128,
    MISSED_BYTES = 1 << 16,
};

/* Pieces: the text, zeros, then a byte that says whose vocabulary and how long, and one for how
 * many tokens. Nothing is remembered at a place of zeros. */
struct short_key {
    uint64_t a, b;
};

struct middle_key {
    uint64_t v[4];
};

struct lx_tokenizer {
    struct lx_bpe bpe;
    void *memory; /* that the keys lie in; NULL: nothing is remembered yet */
    struct short_key *shorts;
    struct middle_key *middles;
    /* Of each key what its tokens are, once ids were asked for; so that counting, which touches all
     * of what it remembers, needs little memory. */
    uint32_t (*short_tokens)[SHORT_TOKENS];
    uint32_t (*middle_tokens)[MIDDLE_TOKENS];
    uint64_t owners[OWNERS_MAX]; /* prints of the vocabularies that are remembered of */
    size_t owner_count;
    size_t seen; /* bytes of text */
    struct lx_buf mended, normal;
};

/* One call's work. */
struct job {
    struct lx_tokenizer *t;
    const struct lx_encoding *e;
    struct lx_buf *out; /* ids; NULL: only count */
    size_t count, limit;
    unsigned owner;
    size_t short_max, middle_max; /* longer pieces are not remembered */
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
    free(t->short_tokens);
    free(t->middle_tokens);
    free(t);
}

/* What is remembered begins as zeros, and is written so: pages that were only read would have to be
 * made once more, at the first word on each. */
static bool make_memory(struct lx_tokenizer *t)
{
    size_t shorts = sizeof(*t->shorts) << SHORT_BITS, middles = sizeof(*t->middles) << MIDDLE_BITS;
    char *at = t->memory = malloc(shorts + middles + LINE);

    if (!at)
        return false;
    at += LINE - (uintptr_t)at % LINE;
    memset(at, 0, shorts + middles);
    t->shorts = (struct short_key *)(void *)at;
    t->middles = (struct middle_key *)(void *)(at + shorts);
    return true;
}

static bool make_tokens(struct lx_tokenizer *t)
{
    if (!t->short_tokens)
        t->short_tokens = calloc((size_t)1 << SHORT_BITS, sizeof(*t->short_tokens));
    if (!t->middle_tokens)
        t->middle_tokens = calloc((size_t)1 << MIDDLE_BITS, sizeof(*t->middle_tokens));
    return t->short_tokens && t->middle_tokens;
}

/* The vocabulary's mark in what is remembered. */
static unsigned find_owner(struct lx_tokenizer *t, const struct lx_vocab *v)
{
    size_t i = 0;

    while (i < t->owner_count && t->owners[i] != v->print)
        i++;
    if (i == OWNERS_MAX) {
        memset(t->shorts, 0, sizeof(*t->shorts) << SHORT_BITS);
        memset(t->middles, 0, sizeof(*t->middles) << MIDDLE_BITS);
        i = t->owner_count = 0;
    }
    if (i == t->owner_count)
        t->owners[t->owner_count++] = v->print;
    return (unsigned)i + 1;
}

/* Says what of this text is remembered. */
static int begin_to_remember(struct job *j, size_t n)
{
    struct lx_tokenizer *t = j->t;

    t->seen += n;
    if (t->seen < REMEMBER_FROM)
        return 0;
    if ((!t->memory && !make_memory(t)) || (j->out && !make_tokens(t)))
        return LX_ENOMEM;
    j->owner = find_owner(t, &j->e->vocab);
    j->short_max = SHORT_MAX;
    j->middle_max = MIDDLE_MAX;
    return 0;
}

/* The last word of a key: its last two bytes, the count, and all but that. */
static inline uint64_t ending(unsigned mark)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? (uint64_t)mark << 48 : mark << 8;
}
static inline unsigned count_in(uint64_t last)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? (unsigned)(last >> 56) : last & 0xff;
}
static inline uint64_t counted(uint64_t last, unsigned count)
{
    return last | (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? (uint64_t)count << 56 : count);
}
static inline uint64_t uncounted(uint64_t last)
{
    return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? last << 8 : last >> 8;
}

static const _Alignas(LINE) uint8_t masks[64] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

static inline struct short_key short_key(const uint8_t *p, size_t n, const uint8_t *end,
                                         unsigned owner)
{
    struct short_key k = {0, 0}, mask;

    if (end - p >= (ptrdiff_t)sizeof(k)) {
        memcpy(&k, p, sizeof(k));
        memcpy(&mask, masks + 32 - n, sizeof(mask));
        k.a &= mask.a;
        k.b &= mask.b;
    } else {
        memcpy(&k, p, n);
    }
    k.b |= ending(owner << 4 | (unsigned)n);
    return k;
}

/* The first of two neighbours, one of which it may be in. */
static inline struct short_key *short_place(struct short_key *shorts, struct short_key k)
{
    uint64_t hash = (k.a ^ (k.b << 29 | k.b >> 35)) * LX_HASH_A;

    return &shorts[hash >> (64 - SHORT_BITS) & ~(uint64_t)1];
}

static inline bool is_short_at(const struct short_key *at, struct short_key k)
{
    return ((at->a ^ k.a) | uncounted(at->b ^ k.b)) == 0;
}

static inline struct middle_key middle_key(const uint8_t *p, size_t n, const uint8_t *end,
                                           unsigned owner)
{
    struct middle_key k = {{0}}, mask;

    if (end - p >= (ptrdiff_t)sizeof(k)) {
        memcpy(&k, p, sizeof(k));
        memcpy(&mask, masks + 32 - n, sizeof(mask));
        for (int i = 0; i < 4; i++)
            k.v[i] &= mask.v[i];
    } else {
        memcpy(&k, p, n);
    }
    k.v[3] |= ending(owner << 5 | (unsigned)n);
    return k;
}

static inline struct middle_key *middle_place(const struct lx_tokenizer *t,
                                              const struct middle_key *k)
{
    uint64_t hash = (k->v[0] ^ (k->v[1] << 23 | k->v[1] >> 41)) * LX_HASH_A;

    hash = (hash ^ k->v[2] ^ (k->v[3] << 37 | k->v[3] >> 27)) * LX_HASH_B;
    return &t->middles[hash >> (64 - MIDDLE_BITS) & ~(uint64_t)1];
}

static inline bool is_middle_at(const struct middle_key *at, const struct middle_key *k)
{
    return ((at->v[0] ^ k->v[0]) | (at->v[1] ^ k->v[1]) | (at->v[2] ^ k->v[2]) |
            uncounted(at->v[3] ^ k->v[3])) == 0;
}

/* How many tokens a piece has, and when ids are wanted, which; n is 0 where it is not known. */
struct found {
    const uint32_t *tokens;
    unsigned n;
};

/* Pieces that are to be looked up; where they may be found is being fetched. */
struct batch {
    unsigned count;
    struct waiting {
        struct short_key key;
        struct short_key *place; /* of short ones; others: NULL */
        const uint8_t *p;
        size_t n;
    } v[BATCH];
};

/* What stays as it is while a batch is filled: here, where no store can change it as far as the
 * compiler sees. And what is filled next. */
struct filling {
    const struct job *j;
    struct short_key *shorts;
    size_t short_max;
    unsigned owner;
    struct waiting *next;
};

static inline void fetch_piece(struct filling *f, const uint8_t *p, size_t n, const uint8_t *end)
{
    struct waiting *w = f->next++;

    w->p = p;
    w->n = n;
    w->place = NULL;
    if (n <= f->short_max) {
        struct short_key k = short_key(p, n, end, f->owner);

        w->key = k;
        w->place = short_place(f->shorts, k);
        __builtin_prefetch(w->place);
    } else if (n <= f->j->middle_max) {
        struct middle_key k = middle_key(p, n, end, f->owner);

        __builtin_prefetch(middle_place(f->j->t, &k));
    }
}

static inline struct found find_short(const struct lx_tokenizer *t, const struct waiting *w,
                                      bool ids)
{
    const struct short_key *at = w->place + is_short_at(w->place + 1, w->key);
    unsigned count = count_in(at->b);

    if (!is_short_at(at, w->key) || (ids && !(count & KNOWN)))
        return (struct found){NULL, 0};
    return (struct found){ids ? t->short_tokens[at - t->shorts] : NULL, count & (KNOWN - 1)};
}

static struct found find_middle(const struct job *j, const struct waiting *w, const uint8_t *end,
                                bool ids)
{
    const struct lx_tokenizer *t = j->t;
    struct middle_key k = middle_key(w->p, w->n, end, j->owner);
    const struct middle_key *at = middle_place(t, &k);
    unsigned count;

    at += is_middle_at(at + 1, &k);
    count = count_in(at->v[3]);
    if (!is_middle_at(at, &k) || (ids && !(count & KNOWN)))
        return (struct found){NULL, 0};
    return (struct found){ids ? t->middle_tokens[at - t->middles] : NULL, count & (KNOWN - 1)};
}

static inline struct found find_piece(const struct job *j, const struct waiting *w,
                                      const uint8_t *end, bool ids)
{
    if (w->place)
        return find_short(j->t, w, ids);
    return w->n <= j->middle_max ? find_middle(j, w, end, ids) : (struct found){NULL, 0};
}

/* The count of a piece, as it is remembered; and its tokens, where there is room for them. */
static unsigned note(const struct lx_piece *piece, uint32_t *tokens, size_t max)
{
    if (!tokens || piece->count > max)
        return piece->count;
    memcpy(tokens, piece->tokens, piece->count * sizeof(*tokens));
    return piece->count | KNOWN;
}

/* What was remembered at the place moves one on, unless it is the piece itself. */
static void remember_short(const struct job *j, const struct lx_piece *piece, const uint8_t *end)
{
    struct lx_tokenizer *t = j->t;
    struct short_key k = short_key(piece->p, piece->n, end, j->owner),
                     *at = short_place(t->shorts, k);
    size_t place = (size_t)(at - t->shorts), way = is_short_at(at + 1, k);

    if (!is_short_at(at + way, k)) {
        at[1] = at[0];
        if (t->short_tokens)
            memcpy(t->short_tokens[place + 1], t->short_tokens[place], sizeof(*t->short_tokens));
        way = 0;
    }
    k.b = counted(k.b,
                  note(piece, t->short_tokens ? t->short_tokens[place + way] : NULL, SHORT_TOKENS));
    at[way] = k;
}

static void remember_middle(const struct job *j, const struct lx_piece *piece, const uint8_t *end)
{
    struct lx_tokenizer *t = j->t;
    struct middle_key k = middle_key(piece->p, piece->n, end, j->owner), *at = middle_place(t, &k);
    size_t place = (size_t)(at - t->middles), way = is_middle_at(at + 1, &k);

    if (!is_middle_at(at + way, &k)) {
        at[1] = at[0];
        if (t->middle_tokens)
            memcpy(t->middle_tokens[place + 1], t->middle_tokens[place], sizeof(*t->middle_tokens));
        way = 0;
    }
    k.v[3] = counted(k.v[3], note(piece, t->middle_tokens ? t->middle_tokens[place + way] : NULL,
                                  MIDDLE_TOKENS));
    at[way] = k;
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
    for (const struct lx_piece *piece = m->v; piece < m->v + m->count; piece++)
        if (piece->n <= j->short_max)
            remember_short(j, piece, end);
        else if (piece->n <= j->middle_max)
            remember_middle(j, piece, end);
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
    size_t count = 0;

    for (const struct waiting *w = b->v; w < b->v + b->count; w++) {
        unsigned n = find_piece(j, w, end, false).n;

        count += n;
        if (n == 0)
            miss(m, w);
    }
    j->count += count;
    return m->count >= MISSED_MAX || m->bytes > MISSED_BYTES ? count_missed(j, m, end) : 0;
}

/* Nothing is remembered before all is written: what was found lies where something else would. */
static int put_batch(struct job *j, const struct batch *b, struct missed *m, const uint8_t *end)
{
    struct found found[BATCH];
    const struct lx_piece *missed = m->v;
    int code;

    for (unsigned i = 0; i < b->count; i++) {
        found[i] = find_piece(j, &b->v[i], end, true);
        if (found[i].n == 0)
            miss(m, &b->v[i]);
        j->count += found[i].n;
    }
    code = encode_missed(j, m);
    for (unsigned i = 0; i < b->count && code == 0; i++) {
        if (found[i].n == 0) {
            found[i] = (struct found){missed->tokens, missed->count};
            missed++;
        }
        code = put_ids(j, found[i].tokens, found[i].n);
    }
    if (code == 0)
        remember_missed(j, m, end);
    return code;
}

/* A piece too long to be remembered well, of characters of three bytes, is looked up in parts. */
static inline void fetch(struct filling *f, const uint8_t *p, size_t n, const uint8_t *end)
{
    const struct lx_vocab *v;
    uint8_t places[LX_CUT_MAX];
    unsigned count;
    size_t from = 0;

    if (n > SHORT_MAX && n <= LX_CUT_MAX && (p[n - 3] & 0xf0) == 0xe0) {
        v = &f->j->e->vocab;
        count = v->alone ? 0 : lx_bpe_cut(v, p, n, places);
        for (unsigned i = 0; i < count; i++) {
            fetch_piece(f, p + from, places[i] - from, end);
            from = places[i];
        }
    }
    fetch_piece(f, p + from, n - from, end);
}

/* The next pieces, about to be looked up. */
static void fill(const struct job *j, struct lx_scan *s, struct batch *b)
{
    struct filling f = {j, j->t->shorts, j->short_max, j->owner, b->v};
    const uint8_t *at = s->at, *end = s->end;

    while (at < end && f.next <= b->v + BATCH - LX_SCAN_BLOCK) {
        uint8_t ends[LX_SCAN_BLOCK];
        const uint8_t *from = at;
        unsigned count = lx_scan_block(s->scheme, at, end, ends);

        for (unsigned i = 0; i < count; i++) {
            const uint8_t *to = from + ends[i];

            fetch(&f, at, (size_t)(to - at), end);
            at = to;
        }
        if (count == 0) {
            s->at = at;
            at = lx_scan_piece(s);
            fetch(&f, from, (size_t)(at - from), end);
        }
    }
    s->at = at;
    b->count = (unsigned)(f.next - b->v);
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
    const uint8_t *next;

    return lx_char_bits(lx_char_read((const uint8_t *)p, &next)) & LX_CHAR_CLASS;
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
    int code = text.n > INT32_MAX ? LX_ELIMIT : begin_to_remember(j, text.n);

    j->special = j->e->always_special || (flags & LX_TOKENS_SPECIAL);
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
