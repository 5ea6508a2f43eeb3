/*
 * encoding.c - the encodings that are built in, and special tokens in text.
 *
 * Vocabularies are images in the program's read-only data (image.S): the kernel reads a page of
 * them when it is first searched, so that a program that counts nothing pays nothing, and there is
 * no file to be found, to be another version, or to be missing.
 */
#include "tokens/encoding.h"

#include <stdlib.h>

struct image {
    const char *start, *end;
};

#define IMAGE(name) extern const char lx_vocab_##name[], lx_vocab_##name##_end[]
IMAGE(o200k);
IMAGE(cl100k);
IMAGE(p50k);
IMAGE(r50k);
IMAGE(claude);
#define AT(name)                               \
    {                                          \
        lx_vocab_##name, lx_vocab_##name##_end \
    }

#define SPECIAL(text, id)      \
    {                          \
        LX_S_INIT(text), id, 0 \
    }

/* Each in the order of its bytes. */
static const struct lx_special end_of_text[] = {SPECIAL("<|endoftext|>", 50256)};
static const struct lx_special p50k_edit[] = {
    SPECIAL("<|endoftext|>", 50256),
    SPECIAL("<|fim_middle|>", 50282),
    SPECIAL("<|fim_prefix|>", 50281),
    SPECIAL("<|fim_suffix|>", 50283),
};
static const struct lx_special cl100k[] = {
    SPECIAL("<|endofprompt|>", 100276), SPECIAL("<|endoftext|>", 100257),
    SPECIAL("<|fim_middle|>", 100259),  SPECIAL("<|fim_prefix|>", 100258),
    SPECIAL("<|fim_suffix|>", 100260),
};
static const struct lx_special o200k[] = {
    SPECIAL("<|endofprompt|>", 200018),
    SPECIAL("<|endoftext|>", 199999),
};
/* And <|reserved_ID|>, by rule; as in tiktoken, 200018 has two names. */
static const struct lx_special harmony[] = {
    SPECIAL("<|call|>", 200012),        SPECIAL("<|channel|>", 200005),
    SPECIAL("<|constrain|>", 200003),   SPECIAL("<|endofprompt|>", 200018),
    SPECIAL("<|endoftext|>", 199999),   SPECIAL("<|end|>", 200007),
    SPECIAL("<|message|>", 200008),     SPECIAL("<|return|>", 200002),
    SPECIAL("<|startoftext|>", 199998), SPECIAL("<|start|>", 200006),
};
static const struct lx_special claude[] = {
    SPECIAL("<EOT>", 0),        SPECIAL("<META>", 1), SPECIAL("<META_END>", 3),
    SPECIAL("<META_START>", 2), SPECIAL("<SOS>", 4),
};
#define SPECIALS(v) .specials = v, .special_count = sizeof(v) / sizeof((v)[0])

static const struct {
    struct image image;
    struct lx_encoding is;
} rows[] = {
    {AT(o200k), {.name = "o200k_base", .scheme = LX_SCHEME_O200K, SPECIALS(o200k)}},
    {AT(o200k),
     {.name = "o200k_harmony",
      .scheme = LX_SCHEME_O200K,
      .reserved_first = 200000,
      .reserved_end = 201088,
      SPECIALS(harmony)}},
    {AT(cl100k), {.name = "cl100k_base", .scheme = LX_SCHEME_CL100K, SPECIALS(cl100k)}},
    {AT(p50k), {.name = "p50k_base", .scheme = LX_SCHEME_R50K, SPECIALS(end_of_text)}},
    {AT(p50k), {.name = "p50k_edit", .scheme = LX_SCHEME_R50K, SPECIALS(p50k_edit)}},
    {AT(r50k), {.name = "r50k_base", .scheme = LX_SCHEME_R50K, SPECIALS(end_of_text)}},
    {AT(r50k), {.name = "gpt2", .scheme = LX_SCHEME_R50K, SPECIALS(end_of_text)}},
    {AT(claude),
     {.name = "claude",
      .scheme = LX_SCHEME_R50K,
      .norm = LX_NORM_NFKC,
      .always_special = true,
      SPECIALS(claude)}},
};

const char *lx_encoding_name(size_t i)
{
    return i < sizeof(rows) / sizeof(rows[0]) ? rows[i].is.name : NULL;
}

int lx_encoding_find(struct lx_encoding *e, struct lx_slice name)
{
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
        if (lx_slice_eq(name, lx_slice_z(rows[i].is.name))) {
            *e = rows[i].is;
            return lx_vocab_open(&e->vocab, rows[i].image.start,
                                 (size_t)(rows[i].image.end - rows[i].image.start));
        }
    return LX_ENOTFOUND;
}

/* ---- Special tokens ---- */

/* 200002 is <|return|> and nothing else; but 200018 kept its number's name beside its own. */
static bool has_a_name(const struct lx_encoding *e, uint32_t id)
{
    for (size_t i = 0; id < 200013 && i < e->special_count; i++)
        if (e->specials[i].id == id)
            return true;
    return false;
}

/* The length of a <|reserved_ID|> at the start of s that the encoding has; 0: none. */
static size_t reserved(const struct lx_encoding *e, struct lx_slice s, uint32_t *id)
{
    struct lx_slice name = LX_S("<|reserved_"), number = lx_slice_from(s, name.n), rest;
    int64_t v;

    if (e->reserved_end == 0 || !lx_slice_starts(s, name) || number.n < 8 ||
        !lx_slice_cut(lx_slice_to(number, 7), '|', &number, &rest) || rest.n != 0 ||
        number.p[6] != '|' || number.p[7] != '>' || lx_slice_int(number, &v) != 0 ||
        v < e->reserved_first || v >= e->reserved_end || has_a_name(e, (uint32_t)v))
        return 0;
    *id = (uint32_t)v;
    return name.n + 8;
}

/* Of the specials in [low, high), which agree in `depth` bytes, those whose next byte is c. */
static void narrow(const struct lx_encoding *e, size_t depth, uint8_t c, size_t *low, size_t *high)
{
    size_t bounds[2];

    for (int side = 0; side < 2; side++) {
        size_t from = *low, to = *high;

        while (from < to) {
            size_t middle = from + (to - from) / 2;
            struct lx_slice s = e->specials[middle].text;
            int at = s.n > depth ? (uint8_t)s.p[depth] : -1;

            if (at < c + side)
                from = middle + 1;
            else
                to = middle;
        }
        bounds[side] = from;
    }
    *low = bounds[0];
    *high = bounds[1];
}

size_t lx_special_at(const struct lx_encoding *e, struct lx_slice s, bool normalized,
                     const struct lx_special **found, uint32_t *id)
{
    size_t low = 0, high = e->special_count, length = 0;

    *found = NULL;
    for (size_t i = 0; i < s.n && low < high; i++) {
        narrow(e, i, (uint8_t)s.p[i], &low, &high);
        if (low < high && e->specials[low].text.n == i + 1 &&
            ((e->specials[low].flags & LX_SPECIAL_NORMALIZED) != 0) == normalized) {
            *found = &e->specials[low];
            *id = (*found)->id;
            length = i + 1;
        }
    }
    if (!normalized && length == 0)
        length = reserved(e, s, id);
    return length;
}

struct lx_slice lx_special_text(const struct lx_encoding *e, uint32_t id, char room[32])
{
    for (size_t i = 0; i < e->special_count; i++)
        if (e->specials[i].id == id)
            return e->specials[i].text;
    if (id >= e->reserved_first && id < e->reserved_end)
        return lx_slice(room, (size_t)snprintf(room, 32, "<|reserved_%u|>", id));
    return lx_slice(NULL, 0);
}
