/*
 * tokenizer.c - text to tokens: mends, normalizes, and finds special tokens; what lies between goes
 * to pieces.c.
 *
 * The public functions of encoding, counting and decoding.
 */
#include <stdlib.h>

#include "tokens/encoding.h"
#include "tokens/normalize.h"
#include "tokens/pieces.h"
#include "tokens/unicode.h"
#include "wire/json_utf8.h"

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
    lx_memo_clear(&t->memo);
    lx_buf_clear(&t->mended);
    lx_buf_clear(&t->normal);
    free(t);
}

static int put_id(struct lx_job *j, uint32_t id)
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

static int put_normal(struct lx_job *j, struct lx_slice text);

/* Looks for special tokens, first in the text as it came, then in what lies between, normalized. */
static int put_specials(struct lx_job *j, struct lx_slice text, bool normalized)
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
        code = normalized ? lx_pieces_put(j, text) : put_normal(j, text);
        if (code == 0)
            code = put_id(j, id);
        from = p = last;
    }
    if (code != 0 || from >= end)
        return code;
    text = lx_slice(from, (size_t)(end - from));
    return normalized ? lx_pieces_put(j, text) : put_normal(j, text);
}

static int put_normal(struct lx_job *j, struct lx_slice text)
{
    struct lx_buf *normal = &j->t->normal;

    if (!lx_norm_is(j->e->norm, text)) {
        lx_buf_reset(normal);
        if (lx_norm_write(j->e->norm, text, normal) != 0)
            return normal->failed;
        text = lx_buf_slice(normal);
    }
    return j->special ? put_specials(j, text, true) : lx_pieces_put(j, text);
}

/* ---- The public functions ---- */

static int run(struct lx_job *j, struct lx_slice text, unsigned flags)
{
    int code = text.n > INT32_MAX
                   ? LX_ELIMIT
                   : lx_memo_begin(&j->t->memo, &j->e->vocab, text.n, j->out != NULL, &j->owner);

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
    struct lx_job j = {.t = t, .e = e, .limit = limit};
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
    struct lx_job j = {.t = t, .e = e, .out = out, .limit = SIZE_MAX};

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
