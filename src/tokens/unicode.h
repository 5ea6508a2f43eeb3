/*
 * unicode.h - what tokenizers ask of characters: their class, and how they compose.
 *
 * The table is one read-only image, made with the build by tools/data/tokens_index.c of
 * share/tokens/unicode.txt.zst. Its version is Unicode 16.0, the one that tiktoken's regular
 * expressions know; of characters that came later each tokenizer's own idea would differ anyway.
 */
#ifndef LX_TOKENS_UNICODE_H
#define LX_TOKENS_UNICODE_H

#include <stddef.h>
#include <stdint.h>

enum lx_char_class {
    LX_CHAR_OTHER,   /* controls, unassigned, separators that are no white space */
    LX_CHAR_UPPER,   /* Lu, Lt */
    LX_CHAR_LOWER,   /* Ll */
    LX_CHAR_LETTER,  /* Lm, Lo */
    LX_CHAR_MARK,    /* M */
    LX_CHAR_NUMBER,  /* N */
    LX_CHAR_SPACE,   /* White_Space, but for the next */
    LX_CHAR_NEWLINE, /* CR, LF */
    LX_CHAR_PUNCT,   /* P */
    LX_CHAR_SYMBOL,  /* S */
};
#define LX_CHAR_CLASS    0x0f
#define LX_CHAR_NFC_ASK  0x10 /* may change under NFC, by itself or by what stands before it */
#define LX_CHAR_NFKC_ASK 0x20 /* the same of NFKC */

#define LX_CHAR_PAGE  128
#define LX_CHAR_PAGES (0x110000 / LX_CHAR_PAGE)

/* How a character comes apart, fully: offsets into `parts`, where a length comes first; 0: not. */
struct lx_char_norm {
    uint16_t canonical, compatible;
    uint32_t combining; /* canonical combining class */
};

struct lx_char_pair {
    uint32_t a, b, both;
};

struct lx_unicode {
    uint16_t class_page[LX_CHAR_PAGES];
    uint16_t norm_page[LX_CHAR_PAGES];
    uint8_t class_of[512][LX_CHAR_PAGE];
    struct lx_char_norm norm_of[256][LX_CHAR_PAGE];
    uint32_t parts[24576];
    uint32_t pair_count;
    struct lx_char_pair pairs[1024]; /* by a, then b */
};

extern const struct lx_unicode lx_unicode;

/* LX_CHAR_CLASS with the bits above. c <= 0x10ffff. */
static inline unsigned lx_char_bits(uint32_t c)
{
    return lx_unicode.class_of[lx_unicode.class_page[c / LX_CHAR_PAGE]][c % LX_CHAR_PAGE];
}

/* The character at p, valid UTF-8, and where the next one is. */
static inline uint32_t lx_char_read(const uint8_t *p, const uint8_t **next)
{
    if (p[0] < 0x80) {
        *next = p + 1;
        return p[0];
    }
    if (p[0] < 0xe0) {
        *next = p + 2;
        return (p[0] & 0x1fu) << 6 | (p[1] & 0x3fu);
    }
    if (p[0] < 0xf0) {
        *next = p + 3;
        return (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    }
    *next = p + 4;
    return (p[0] & 0x07u) << 18 | (p[1] & 0x3fu) << 12 | (p[2] & 0x3fu) << 6 | (p[3] & 0x3fu);
}

static inline const struct lx_char_norm *lx_char_norm(uint32_t c)
{
    return &lx_unicode.norm_of[lx_unicode.norm_page[c / LX_CHAR_PAGE]][c % LX_CHAR_PAGE];
}

#endif
