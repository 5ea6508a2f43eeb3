/*
 * tokens_index.c - makes, with every build, the images that tokenizers search of the packed data in
 * share/tokens: tokens_index (vocab|unicode) PACKED IMAGE.
 *
 * The formats it reads are told in tools/data/tokens.py; what it writes in src/tokens/vocab.h and
 * src/tokens/unicode.h, for a machine of the same byte order.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "tokens/unicode.h"
#include "tokens/vocab.h"

static void fail(const char *what)
{
    fprintf(stderr, "tokens_index: %s\n", what);
    exit(1);
}

static struct lx_slice unpack(const char *path)
{
    FILE *f = fopen(path, "rb");
    char *packed = malloc(4 << 20), *out;
    size_t packed_n = f && packed ? fread(packed, 1, 4 << 20, f) : 0;
    unsigned long long n = ZSTD_getFrameContentSize(packed, packed_n);

    if (n > 64 << 20)
        fail("the input cannot be read");
    out = malloc((size_t)n + 1);
    if (!out || ZSTD_decompress(out, (size_t)n, packed, packed_n) != n)
        fail("the input cannot be unpacked");
    out[n] = '\0';
    fclose(f);
    free(packed);
    return lx_slice(out, (size_t)n);
}

static void write_file(const char *path, const void *p, size_t n)
{
    FILE *f = fopen(path, "wb");

    if (!f || fwrite(p, 1, n, f) != n || fclose(f) != 0)
        fail("the output cannot be written");
}

static void make_vocab(struct lx_slice in, const char *path)
{
    struct lx_vocab_maker *m = lx_vocab_maker_new();
    uint32_t rank = 0;
    void *out = NULL;
    size_t n = 0;

    while (m && in.n >= 2) {
        size_t length = (uint8_t)in.p[0] | (size_t)(uint8_t)in.p[1] << 8;

        if (in.n < 2 + length)
            fail("the input ends within a token");
        if (lx_vocab_maker_add(m, lx_slice(in.p + 2, length), rank++, LX_ADD_RANKED, 0, 0) != 0)
            fail("a token cannot be added");
        in = lx_slice_from(in, 2 + length);
    }
    if (!m || lx_vocab_maker_finish(m, true, &out, &n) != 0)
        fail("the image cannot be made");
    write_file(path, out, n);
    free(out);
    lx_vocab_maker_free(m);
}

/* ---- Characters: first in plain arrays, then in pages of which no two are alike ---- */

static uint8_t class_of[0x110000];
static struct lx_char_norm norm_of[0x110000];
static struct lx_unicode image;

static uint32_t number(char **at)
{
    char *end;
    unsigned long v = strtoul(*at, &end, 16);

    if (end == *at || v > 0x10ffff)
        fail("a number was expected");
    *at = end;
    return (uint32_t)v;
}

static unsigned class_of_category(const char *category)
{
    switch (category[0]) {
    case 'L':
        return category[1] == 'l'   ? LX_CHAR_LOWER
               : category[1] == 'u' ? LX_CHAR_UPPER
               : category[1] == 't' ? LX_CHAR_UPPER
                                    : LX_CHAR_LETTER;
    case 'M':
        return LX_CHAR_MARK;
    case 'N':
        return LX_CHAR_NUMBER;
    case 'P':
        return LX_CHAR_PUNCT;
    default:
        return LX_CHAR_SYMBOL;
    }
}

static void read_parts(char *at, uint32_t *used, bool canonical)
{
    uint32_t c = number(&at), head = *used;

    while (*at == ' ') {
        if (*used + 2 > sizeof(image.parts) / sizeof(image.parts[0]))
            fail("too many decompositions");
        image.parts[++*used] = number(&at);
    }
    image.parts[head] = *used - head;
    ++*used;
    if (canonical) {
        norm_of[c].canonical = (uint16_t)head;
        class_of[c] |= LX_CHAR_NFC_ASK;
    }
    norm_of[c].compatible = (uint16_t)head;
    class_of[c] |= LX_CHAR_NFKC_ASK;
}

static void read_pair(char *at)
{
    struct lx_char_pair *p = &image.pairs[image.pair_count];

    if (image.pair_count == sizeof(image.pairs) / sizeof(image.pairs[0]))
        fail("too many compositions");
    p->a = number(&at);
    p->b = number(&at);
    p->both = number(&at);
    image.pair_count++;
    class_of[p->b] |= LX_CHAR_NFC_ASK | LX_CHAR_NFKC_ASK;
}

static void read_line(char *line, uint32_t *used)
{
    char *at = line + 1;
    uint32_t c;

    switch (line[0]) {
    case 'C':
        c = number(&at);
        for (uint32_t last = number(&at); c <= last; c++)
            class_of[c] = (uint8_t)class_of_category(at + 1);
        break;
    case 'S':
        c = number(&at);
        class_of[c] = c == '\r' || c == '\n' ? LX_CHAR_NEWLINE : LX_CHAR_SPACE;
        break;
    case 'K':
        c = number(&at);
        norm_of[c].combining = number(&at);
        class_of[c] |= LX_CHAR_NFC_ASK | LX_CHAR_NFKC_ASK;
        break;
    case 'D':
    case 'Q':
        read_parts(at, used, line[0] == 'D');
        break;
    case 'X':
        read_pair(at);
        break;
    default:
        fail("a line of another kind");
    }
}

/* What needs no asking: a character that NFC leaves as it is, though it can be taken apart. */
static void calm_composed(void)
{
    for (uint32_t i = 0; i < image.pair_count; i++) {
        uint32_t c = image.pairs[i].both;

        if (norm_of[c].combining == 0)
            class_of[c] &= (uint8_t)~LX_CHAR_NFC_ASK;
        if (norm_of[c].combining == 0 && norm_of[c].compatible == norm_of[c].canonical)
            class_of[c] &= (uint8_t)~LX_CHAR_NFKC_ASK;
    }
    for (uint32_t i = 0; i < image.pair_count; i++)
        class_of[image.pairs[i].b] |= LX_CHAR_NFC_ASK | LX_CHAR_NFKC_ASK;
    for (uint32_t c = 0x1161; c <= 0x11c2; c++) /* Hangul vowels and finals join what is before */
        class_of[c] |= LX_CHAR_NFC_ASK | LX_CHAR_NFKC_ASK;
}

static uint16_t page_of(void *pages, size_t max, size_t *used, const void *page, size_t n)
{
    size_t i = 0;

    while (i < *used && memcmp((char *)pages + i * n, page, n) != 0)
        i++;
    if (i == max)
        fail("too many pages");
    if (i == *used)
        memcpy((char *)pages + (*used)++ * n, page, n);
    return (uint16_t)i;
}

static int compare_pairs(const void *x, const void *y)
{
    const struct lx_char_pair *a = x, *b = y;

    return a->a != b->a ? (a->a < b->a ? -1 : 1) : a->b < b->b ? -1 : a->b > b->b;
}

static void make_unicode(struct lx_slice in, const char *path)
{
    uint32_t used = 1; /* offset 0 means that nothing comes apart */
    size_t classes = 0, norms = 0;

    for (char *line = strtok((char *)in.p, "\n"); line; line = strtok(NULL, "\n"))
        read_line(line, &used);
    qsort(image.pairs, image.pair_count, sizeof(image.pairs[0]), compare_pairs);
    calm_composed();
    for (uint32_t i = 0; i < LX_CHAR_PAGES; i++) {
        image.class_page[i] =
            page_of(image.class_of, 512, &classes, class_of + i * LX_CHAR_PAGE, LX_CHAR_PAGE);
        image.norm_page[i] = page_of(image.norm_of, 256, &norms, norm_of + i * LX_CHAR_PAGE,
                                     sizeof(image.norm_of[0]));
    }
    write_file(path, &image, sizeof(image));
}

int main(int argc, char **argv)
{
    struct lx_slice in;

    if (argc != 4)
        fail("usage: tokens_index (vocab|unicode) PACKED IMAGE");
    in = unpack(argv[2]);
    if (strcmp(argv[1], "vocab") == 0)
        make_vocab(in, argv[3]);
    else
        make_unicode(in, argv[3]);
    free((char *)in.p);
    return 0;
}
