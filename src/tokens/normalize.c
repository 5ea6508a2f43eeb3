/*
 * normalize.c - Unicode normalization (UAX #15), and UTF-8 mended.
 *
 * Called on whole texts before they are cut, and seldom: most text is in form as it comes, which a
 * look at the classes of its characters tells. Runs from one starter to the next are decomposed,
 * put in order and composed each for itself, in `out`, as code points first.
 */
#include "tokens/normalize.h"

#include "base/text.h"
#include "tokens/unicode.h"

/* A run of marks longer than this is cut by U+034F, as UAX #15's stream-safe format has it; text
 * that is written by people has some three. */
enum { RUN_MAX = 1024 };

enum {
    HANGUL = 0xac00,
    HANGUL_COUNT = 11172,
    LEADS = 0x1100,
    LEAD_COUNT = 19,
    VOWELS = 0x1161,
    VOWEL_COUNT = 21,
    TAILS = 0x11a7,
    TAIL_COUNT = 28,
};

struct piece {
    uint32_t c[RUN_MAX];
    uint8_t combining[RUN_MAX];
    size_t n;
};

bool lx_norm_is(enum lx_norm form, struct lx_slice text)
{
    const uint8_t *p = (const uint8_t *)text.p, *end = text.n ? p + text.n : p;
    unsigned ask = form == LX_NORM_NFC ? LX_CHAR_NFC_ASK : LX_CHAR_NFKC_ASK;

    if (form == LX_NORM_NONE)
        return true;
    while (p < end)
        if (*p < 0x80)
            p++;
        else if (lx_char_bits(lx_char_read(p, &p)) & ask)
            return false;
    return true;
}

static uint32_t compose(uint32_t a, uint32_t b)
{
    uint32_t low = 0, high = lx_unicode.pair_count;

    if (a - LEADS < LEAD_COUNT && b - VOWELS < VOWEL_COUNT)
        return HANGUL + ((a - LEADS) * VOWEL_COUNT + (b - VOWELS)) * TAIL_COUNT;
    if (a - HANGUL < HANGUL_COUNT && (a - HANGUL) % TAIL_COUNT == 0 &&
        b - TAILS - 1 < TAIL_COUNT - 1)
        return a + (b - TAILS);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const struct lx_char_pair *p = &lx_unicode.pairs[middle];

        if (p->a == a && p->b == b)
            return p->both;
        if (p->a < a || (p->a == a && p->b < b))
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

static void put(struct lx_buf *out, uint32_t c)
{
    char *to = lx_buf_reserve(out, 4);

    if (to)
        lx_buf_commit(out, lx_utf8_put(to, c));
}

/* Marks go behind their starter in the order of their classes; then what composes does. */
static void flush(struct piece *r, struct lx_buf *out)
{
    size_t starter = 0, n = 0;
    unsigned last = 0;

    for (size_t i = 1; i < r->n; i++)
        for (size_t k = i; k > 0 && r->combining[k] && r->combining[k - 1] > r->combining[k]; k--) {
            uint32_t c = r->c[k];
            uint8_t combining = r->combining[k];

            r->c[k] = r->c[k - 1];
            r->combining[k] = r->combining[k - 1];
            r->c[k - 1] = c;
            r->combining[k - 1] = combining;
        }
    for (size_t i = 0; i < r->n; i++) {
        uint32_t both = 0;

        /* Blocked is what has a mark of its own class, or a starter, between it and the starter. */
        if (i > 0 && r->combining[starter] == 0 && (n == starter + 1 || last < r->combining[i]))
            both = compose(r->c[starter], r->c[i]);
        if (both) {
            r->c[starter] = both;
            continue;
        }
        last = r->combining[i];
        r->c[n] = r->c[i];
        r->combining[n] = r->combining[i];
        if (last == 0)
            starter = n;
        n++;
    }
    for (size_t i = 0; i < n; i++)
        put(out, r->c[i]);
    r->n = 0;
}

/* A character that came apart fully. A starter that nothing before can take in begins a new run. */
static void add(struct piece *r, uint32_t c, struct lx_buf *out)
{
    uint8_t combining = (uint8_t)lx_char_norm(c)->combining;

    if (combining == 0 && r->n && !(lx_char_bits(c) & LX_CHAR_NFC_ASK))
        flush(r, out);
    if (r->n == RUN_MAX) {
        flush(r, out);
        if (combining)
            put(out, 0x034f);
    }
    r->c[r->n] = c;
    r->combining[r->n++] = combining;
}

static void take_apart(struct piece *r, enum lx_norm form, uint32_t c, struct lx_buf *out)
{
    const struct lx_char_norm *norm = lx_char_norm(c);
    uint32_t at = form == LX_NORM_NFC ? norm->canonical : norm->compatible;

    if (c - HANGUL < HANGUL_COUNT) {
        uint32_t s = c - HANGUL;

        add(r, LEADS + s / (VOWEL_COUNT * TAIL_COUNT), out);
        add(r, VOWELS + s / TAIL_COUNT % VOWEL_COUNT, out);
        if (s % TAIL_COUNT)
            add(r, TAILS + s % TAIL_COUNT, out);
        return;
    }
    if (at == 0) {
        add(r, c, out);
        return;
    }
    for (uint32_t i = 1; i <= lx_unicode.parts[at]; i++)
        add(r, lx_unicode.parts[at + i], out);
}

int lx_norm_write(enum lx_norm form, struct lx_slice text, struct lx_buf *out)
{
    const uint8_t *p = (const uint8_t *)text.p, *end = text.n ? p + text.n : p;
    struct piece r;

    r.n = 0;
    while (p < end)
        take_apart(&r, form, lx_char_read(p, &p), out);
    flush(&r, out);
    return out->failed;
}

/* The length of the maximal part of a character that is cut short or wrong at p; at least 1. */
static size_t wrong(const uint8_t *p, size_t n)
{
    uint8_t low = 0x80, high = 0xbf;
    size_t want, i;

    if (p[0] < 0xc2 || p[0] > 0xf4)
        return 1;
    want = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
    low = p[0] == 0xe0 ? 0xa0 : p[0] == 0xf0 ? 0x90 : low;
    high = p[0] == 0xed ? 0x9f : p[0] == 0xf4 ? 0x8f : high;
    for (i = 1; i < want && i < n && p[i] >= low && p[i] <= high; i++) {
        low = 0x80;
        high = 0xbf;
    }
    return i;
}

int lx_utf8_mend(struct lx_slice text, struct lx_buf *out)
{
    while (text.n) {
        size_t good = lx_utf8_valid(text);

        lx_buf_add(out, lx_slice_to(text, good));
        text = lx_slice_from(text, good);
        if (text.n) {
            lx_buf_add_lit(out, "\xef\xbf\xbd");
            text = lx_slice_from(text, wrong((const uint8_t *)text.p, text.n));
        }
    }
    return out->failed;
}
