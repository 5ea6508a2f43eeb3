/*
 * scan_ascii.c - cuts 64 bytes of plain text at once, by arithmetic on bit masks.
 *
 * Called by tokenizer.c for the rules of o200k and cl100k, where a piece starts within ASCII: where
 * there is nothing but ASCII, all of a rule's alternatives come down to where one class of
 * characters ends and another begins, and a few exceptions, each of which is a line here. What
 * cannot be told from these bytes alone (at the end, near apostrophes, lines that end in blanks) is
 * left to scan.c, which says the same and is what the tests compare this with.
 *
 * In the names below a run is of neighbours of one class, bit 0 is the first byte, and a shift to
 * the left asks for the character before.
 */
#include "tokens/scan.h"

#ifdef __SSE2__
#include <emmintrin.h>

struct classes {
    uint64_t letter, upper, digit, space, blank, line, slash, quote, other;
};

static inline uint64_t bits(__m128i v)
{
    return (uint32_t)_mm_movemask_epi8(v);
}

static inline __m128i within(__m128i v, char low, char high)
{
    return _mm_and_si128(_mm_cmpgt_epi8(v, _mm_set1_epi8((char)(low - 1))),
                         _mm_cmplt_epi8(v, _mm_set1_epi8((char)(high + 1))));
}

static inline __m128i is(__m128i v, char c)
{
    return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

static inline struct classes classify(const uint8_t *p)
{
    struct classes c = {0};

    for (int i = 0; i < 64; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        __m128i letter = within(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z');
        __m128i line = _mm_or_si128(is(v, '\n'), is(v, '\r'));

        c.letter |= bits(letter) << i;
        c.upper |= bits(_mm_and_si128(letter, _mm_cmplt_epi8(v, _mm_set1_epi8('a')))) << i;
        c.digit |= bits(within(v, '0', '9')) << i;
        c.space |= bits(is(v, ' ')) << i;
        c.blank |= bits(within(v, '\t', '\r')) << i;
        c.line |= bits(line) << i;
        c.slash |= bits(is(v, '/')) << i;
        c.quote |= bits(is(v, '\'')) << i;
        c.other |= bits(v) << i; /* not ASCII */
    }
    return c;
}

/* From these bits on, upwards through the runs of `in`. */
static inline uint64_t fill(uint64_t from, uint64_t in)
{
    for (int n = 1; n < 64; n *= 2) {
        from |= in & from << n;
        in &= in << n;
    }
    return from;
}

/* The bits below the lowest one of x; all when there is none. */
static inline uint64_t below(uint64_t x)
{
    return x ? (x & (0 - x)) - 1 : ~(uint64_t)0;
}

/* The length of an apostrophe's s, t, m, d, ll, ve, re at p; 0 when there is none. */
static inline unsigned contraction(const uint8_t *p)
{
    uint8_t a = p[1] | 0x20, b = p[2] | 0x20;

    if (a == 's' || a == 't' || a == 'm' || a == 'd')
        return 2;
    return (a == 'l' && b == 'l') || (b == 'e' && (a == 'v' || a == 'r')) ? 3 : 0;
}

static inline uint64_t bit(unsigned i)
{
    return (uint64_t)1 << i;
}

/* Keeps the start of the run of `in` that bit i is in, and nothing after it. */
static inline uint64_t until_run(uint64_t in, unsigned i)
{
    uint64_t starts = in & ~(in << 1) & (bit(i) | (bit(i) - 1));

    return ((uint64_t)2 << (63 - __builtin_clzll(starts))) - 1;
}

/* Apostrophes before a letter: cl100k begins a piece with what stands there, o200k ends one. */
static uint64_t contract(const uint8_t *p, const struct classes *c, uint64_t starts, bool suffix)
{
    uint64_t quotes = starts & c->quote & c->letter >> 1;
    unsigned end = 0; /* of the last one: no word ends there that another could belong to */

    if (suffix)
        quotes &= c->letter << 1;
    for (; quotes; quotes &= quotes - 1) {
        unsigned at = (unsigned)__builtin_ctzll(quotes), n = at < 61 ? contraction(p + at) : 0;

        if (n == 0 || (suffix && at == end))
            continue;
        if (suffix)
            starts &= ~((bit(n) - 1) << at);
        end = at + n;
        starts |= bit(end);
    }
    return starts;
}

/* What is told by these bytes, whatever comes behind them. */
static uint64_t known_bits(const struct classes *c, uint64_t white, uint64_t plain)
{
    uint64_t known = below(c->other), odd = plain & c->line >> 1;
    unsigned last;

    /* Blanks before a line break are one piece with it, and with what is before. */
    if (odd)
        known &= until_run(white, (unsigned)__builtin_ctzll(odd));
    known &= ~(uint64_t)0 >> 1; /* so that there is a next character */
    if (known == 0)
        return 0;
    last = 63 - (unsigned)__builtin_clzll(known);
    if (white & bit(last))
        known &= until_run(white, last);
    /* Apostrophes want to see three more. */
    if (c->quote & known & ~(known >> 3))
        known &= below(c->quote & known & ~(known >> 3));
    return known;
}

uint64_t lx_scan_ascii(enum lx_scheme scheme, const uint8_t *p)
{
    bool o200k = scheme == LX_SCHEME_O200K;
    struct classes c = classify(p);
    uint64_t white = c.space | c.blank, sign = ~(c.letter | c.digit | white);
    uint64_t tail, plain, last, starts;

    /* Line breaks right after signs go with them, and so do o200k's slashes among these. */
    tail = fill(sign << 1 & c.line, o200k ? c.line | c.slash : c.line);
    sign &= ~tail;
    white &= ~tail;
    c.line &= ~tail;
    plain = white & ~c.line;
    last = plain & ~(plain >> 1);
    starts = (c.letter & ~(c.letter << 1)) | (c.digit & ~(c.digit << 1)) | (sign & ~(sign << 1)) |
             (white & ~(white << 1));
    /* A blank stays with the word behind it, and a space with signs; so does a single sign with a
     * word, if it has no space before it. */
    starts &= ~(last << 1 & c.letter);
    starts &= ~((last & c.space) << 1 & sign);
    starts &= ~(c.letter & sign << 1 & ~(sign << 2) & ~(c.space << 2));
    starts |= (plain & ~(plain << 1)) | last;
    for (uint64_t three = c.digit & ~(c.digit << 1); three;) { /* digits by threes */
        three = three << 3 & c.digit & c.digit << 1 & c.digit << 2;
        starts |= three;
    }
    if (o200k)
        starts |= (c.letter & ~c.upper) << 1 & c.upper;
    if (starts & c.quote)
        starts = contract(p, &c, starts, o200k);
    return starts & known_bits(&c, white, plain) & ~(uint64_t)1;
}
#else
uint64_t lx_scan_ascii(enum lx_scheme scheme, const uint8_t *p)
{
    (void)scheme;
    (void)p;
    return 0;
}
#endif
