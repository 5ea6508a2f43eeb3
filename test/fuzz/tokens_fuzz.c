/*
 * tokens_fuzz.c - fuzz target for texts: whatever the bytes, in every encoding, the count is that
 * of the ids; the ids decode to the text (mended, and normalized where the encoding does); and a
 * limit is kept.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tokens/normalize.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "tokens_fuzz: %s\n", what);
    abort();
}

static void check(struct lx_tokenizer *t, const struct lx_encoding *e, struct lx_slice text,
                  unsigned flags, struct lx_slice want)
{
    struct lx_buf ids, back;
    size_t count, some, bytes;

    lx_buf_init(&ids, 64u << 20);
    lx_buf_init(&back, 64u << 20);
    require(lx_tokens_encode(t, e, text, flags, &ids) == 0, "it cannot be encoded");
    require(lx_tokens_count(t, e, text, flags, &count) == 0, "it cannot be counted");
    require(ids.n == count * sizeof(uint32_t), "the count is another");
    require(lx_tokens_decode(e, (const uint32_t *)(const void *)ids.p, count, &back) == 0,
            "it cannot be decoded");
    require(lx_slice_eq(lx_buf_slice(&back), want), "it decodes to another text");
    require(lx_tokens_count_until(t, e, text, flags, count / 2, &some) == 0 &&
                (some == count || some > count / 2),
            "the limit is passed too early");
    require(lx_tokens_fit(t, e, text, flags, count / 2, &some, &bytes) == 0 && some <= count / 2 &&
                bytes <= text.n && (bytes < text.n || some == count),
            "more than fits");
    lx_buf_clear(&ids);
    lx_buf_clear(&back);
}

/* One for all texts, so that what is remembered of the others is in their way; which begins when
 * enough was seen. */
static struct lx_tokenizer *tokenizer(void)
{
    static const char much[1 << 16];
    static struct lx_tokenizer *t;
    struct lx_encoding e;
    size_t count;

    if (t)
        return t;
    t = lx_tokenizer_new();
    require(t != NULL, "no memory");
    require(lx_encoding_find(&e, LX_S("r50k_base")) == 0 &&
                lx_tokens_count(t, &e, lx_slice(much, sizeof(much)), 0, &count) == 0,
            "zeros cannot be counted");
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct lx_tokenizer *t = tokenizer();
    struct lx_slice text = lx_slice((const char *)data, size);
    struct lx_buf mended, normal;

    /* Harmony's second name for <|endofprompt|>, which the id decodes to. */
    if (lx_slice_find(text, LX_S("<|reserved_200018|>")) >= 0)
        return 0;

    lx_buf_init(&mended, 64u << 20);
    lx_buf_init(&normal, 64u << 20);
    require(lx_utf8_mend(text, &mended) == 0, "it cannot be mended");
    require(lx_norm_write(LX_NORM_NFKC, lx_buf_slice(&mended), &normal) == 0, "no normal form");
    for (size_t i = 0; lx_encoding_name(i); i++) {
        struct lx_encoding e;

        require(lx_encoding_find(&e, lx_slice_z(lx_encoding_name(i))) == 0, "no such encoding");
        if (e.norm == LX_NORM_NONE)
            check(t, &e, text, i % 2 ? LX_TOKENS_SPECIAL : 0, lx_buf_slice(&mended));
        else if (lx_norm_is(e.norm, lx_buf_slice(&mended)))
            check(t, &e, text, 0, lx_buf_slice(&mended));
    }
    lx_buf_clear(&mended);
    lx_buf_clear(&normal);
    return 0;
}
