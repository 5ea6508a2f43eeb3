/*
 * scan_block.c - cuts 64 characters at once, by arithmetic on bit masks.
 *
 * Called by tokenizer.c where a piece starts. Each character is given a kind, each kind a mask of
 * where in the block it is; then all of a rule's alternatives come down to where one kind ends and
 * another begins, and a few exceptions, each of which is a line here. What cannot be told from
 * these characters alone (at the end, near apostrophes, lines that end in blanks, marks that belong
 * to letters) is left to scan.c, which says the same and is what the tests compare this with.
 *
 * In the names below a run is of neighbours of one kind, bit 0 is the first character, and a shift
 * to the left asks for the one before.
 */
#include "tokens/scan.h"

#include "tokens/unicode.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum kind {
    SIGN,
    UPPER,
    LOWER,
    CASELESS, /* letters that are neither */
    DIGIT,
    SPACE, /* the one of ASCII */
    BLANK, /* other white space, without line breaks */
    LINE,
    SLASH,
    QUOTE,
    UNKNOWN, /* ask scan.c */
    KINDS,
};

/* Where in the block what is. */
struct masks {
    uint64_t of[KINDS];
    uint64_t letter;
};

static inline uint64_t bit(unsigned i)
{
    return (uint64_t)1 << i;
}

/* The bits below the lowest one of x; all when there is none. */
static inline uint64_t below(uint64_t x)
{
    return x ? (x & (0 - x)) - 1 : ~(uint64_t)0;
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

/* The same downwards. */
static inline uint64_t fill_down(uint64_t from, uint64_t in)
{
    for (int n = 1; n < 64; n *= 2) {
        from |= in & from >> n;
        in &= in >> n;
    }
    return from;
}

/* The start of the run of `in` that bit i is in. */
static inline unsigned run_start(uint64_t in, unsigned i)
{
    uint64_t starts = in & ~(in << 1) & (bit(i) | (bit(i) - 1));

    return 63 - (unsigned)__builtin_clzll(starts);
}

/* Keeps that start, and nothing after it. */
static inline uint64_t until_run(uint64_t in, unsigned i)
{
    return ((uint64_t)2 << run_start(in, i)) - 1;
}

/* ---- The rules ---- */

/* Apostrophes before a letter: o200k ends a piece with what stands there, others begin one. `where`
 * says at which byte a character is; NULL: all are ASCII. */
static uint64_t contract(enum lx_scheme scheme, const uint8_t *p, const uint8_t *where,
                         const struct masks *m, uint64_t starts, uint64_t *known)
{
    bool suffix = scheme == LX_SCHEME_O200K;
    uint64_t quotes = starts & m->of[QUOTE] & m->letter >> 1 & *known;
    unsigned end = 0; /* of the last one: no word ends there that another could belong to */

    if (suffix)
        quotes &= m->letter << 1;
    for (; quotes; quotes &= quotes - 1) {
        unsigned at = (unsigned)__builtin_ctzll(quotes);
        const uint8_t *quote = p + (where ? where[at] : at);
        unsigned n =
            (unsigned)(lx_scan_contraction(quote, quote + 3, scheme != LX_SCHEME_R50K) - quote);

        if (n == 0 || (suffix && at == end))
            continue;
        if (suffix && (m->of[CASELESS] & bit(at + n))) {
            *known &= bit(at) - 1; /* where the word behind it ends depends on that it begins */
            break;
        }
        starts &= ~((bit(n) - 1) << at);
        if (!suffix)
            starts |= bit(at);
        end = at + n;
        starts |= bit(end);
    }
    return starts;
}

/* What is told by these characters, whatever comes behind them. */
static uint64_t known_bits(const struct masks *m, uint64_t white, uint64_t odd)
{
    uint64_t known = below(m->of[UNKNOWN]), quotes;

    /* Blanks before a line break are one piece with it, and with what is before. */
    if (odd)
        known &= until_run(white, (unsigned)__builtin_ctzll(odd));
    known &= known >> 1; /* so that there is a next character */
    if (known == 0)
        return 0;
    if (white & bit(63 - (unsigned)__builtin_clzll(known)))
        known &= until_run(white, 63 - (unsigned)__builtin_clzll(known));
    /* Apostrophes want to see three more. */
    quotes = m->of[QUOTE] & known & ~(known >> 3);
    return quotes ? known & below(quotes) : known;
}

/* o200k's words within a run of letters. A capital ends a word that has small letters, with or
 * without caseless ones behind them; and after caseless letters alone, when no small one follows.
 */
static uint64_t cased(const struct masks *m, uint64_t *known)
{
    uint64_t upper = m->of[UPPER], caseless = m->of[CASELESS], small = m->of[LOWER], last;
    unsigned end;

    if (!caseless)
        return small << 1 & upper;
    if (*known == 0)
        return 0;
    end = 63 - (unsigned)__builtin_clzll(*known);
    if (upper & bit(end))
        *known &= bit(run_start(upper, end)) - 1;
    last = fill_down(upper & ~(m->letter >> 1), upper);
    return (fill(small, caseless) << 1 & upper) | (caseless << 1 & last);
}

static uint64_t starts_of_r50k(const uint8_t *p, const uint8_t *where, const struct masks *m)
{
    uint64_t letter = m->letter, digit = m->of[DIGIT], space = m->of[SPACE];
    uint64_t white = space | m->of[BLANK] | m->of[LINE], sign = ~(letter | digit | white);
    uint64_t last = white & ~(white >> 1), known = known_bits(m, white, 0), starts;

    starts = (letter & ~(letter << 1)) | (digit & ~(digit << 1)) | (sign & ~(sign << 1));
    starts &= ~(space << 1);
    starts |= (white & ~(white << 1)) | last;
    if (starts & m->of[QUOTE])
        starts = contract(LX_SCHEME_R50K, p, where, m, starts, &known);
    return starts & known;
}

/* o200k, cl100k and their kin. */
static uint64_t starts_of_others(enum lx_scheme scheme, const uint8_t *p, const uint8_t *where,
                                 const struct masks *m)
{
    bool o200k = scheme == LX_SCHEME_O200K;
    uint64_t letter = m->letter, digit = m->of[DIGIT], space = m->of[SPACE], line = m->of[LINE];
    uint64_t white = space | m->of[BLANK] | line, sign = ~(letter | digit | white);
    uint64_t tail, plain, last, starts, known;

    /* Line breaks right after signs go with them, and so do o200k's slashes among these. */
    tail = fill(sign << 1 & line, o200k ? line | m->of[SLASH] : line);
    sign &= ~tail;
    white &= ~tail;
    line &= ~tail;
    plain = white & ~line;
    last = plain & ~(plain >> 1);
    known = known_bits(m, white, plain & line >> 1);
    starts = (letter & ~(letter << 1)) | (digit & ~(digit << 1)) | (sign & ~(sign << 1)) |
             (white & ~(white << 1));
    /* A blank stays with the word behind it, and a space with signs; so does a single sign with a
     * word, if it has no space before it. */
    starts &= ~(last << 1 & letter);
    starts &= ~((last & space) << 1 & sign);
    starts &= ~(letter & sign << 1 & ~(sign << 2) & ~(space << 2));
    starts |= (plain & ~(plain << 1)) | last;
    if (scheme == LX_SCHEME_QWEN)
        starts |= digit;
    for (uint64_t three = digit & ~(digit << 1); three;) { /* digits by threes */
        three = three << 3 & digit & digit << 1 & digit << 2;
        starts |= three;
    }
    if (o200k)
        starts |= cased(m, &known);
    if (starts & m->of[QUOTE])
        starts = contract(scheme, p, where, m, starts, &known);
    return starts & known;
}

static inline uint64_t starts_of(enum lx_scheme scheme, const uint8_t *p, const uint8_t *where,
                                 const struct masks *m)
{
    uint64_t starts = scheme == LX_SCHEME_R50K ? starts_of_r50k(p, where, m)
                                               : starts_of_others(scheme, p, where, m);

    return starts & ~(uint64_t)1;
}

/* ---- The kinds ---- */

#ifdef __SSE2__
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

/* Of 64 bytes; what is not ASCII is unknown. */
static inline void classify_ascii(const uint8_t *p, struct masks *m)
{
    for (int i = 0; i < 64; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(p + i));
        __m128i letter = within(_mm_or_si128(v, _mm_set1_epi8(0x20)), 'a', 'z');
        __m128i upper = _mm_and_si128(letter, _mm_cmplt_epi8(v, _mm_set1_epi8('a')));
        __m128i line = _mm_or_si128(is(v, '\n'), is(v, '\r'));

        m->letter |= bits(letter) << i;
        m->of[UPPER] |= bits(upper) << i;
        m->of[DIGIT] |= bits(within(v, '0', '9')) << i;
        m->of[SPACE] |= bits(is(v, ' ')) << i;
        m->of[BLANK] |= bits(_mm_andnot_si128(line, within(v, '\t', '\r'))) << i;
        m->of[LINE] |= bits(line) << i;
        m->of[SLASH] |= bits(is(v, '/')) << i;
        m->of[QUOTE] |= bits(is(v, '\'')) << i;
        m->of[UNKNOWN] |= bits(v) << i;
    }
    m->of[LOWER] = m->letter & ~m->of[UPPER];
}

static inline void gather(const uint8_t kinds[LX_SCAN_BLOCK], struct masks *m)
{
    for (int i = 0; i < 64; i += 16) {
        __m128i v = _mm_loadu_si128((const __m128i *)(const void *)(kinds + i));

        for (int kind = UPPER; kind < KINDS; kind++)
            m->of[kind] |= bits(is(v, (char)kind)) << i;
    }
}
#else
static inline void gather(const uint8_t kinds[LX_SCAN_BLOCK], struct masks *m)
{
    for (unsigned i = 0; i < LX_SCAN_BLOCK; i++)
        m->of[kinds[i]] |= bit(i);
}
#endif

static const uint8_t kinds_of_classes[16] = {
    [LX_CHAR_UPPER] = UPPER,  [LX_CHAR_LOWER] = LOWER, [LX_CHAR_LETTER] = CASELESS,
    [LX_CHAR_NUMBER] = DIGIT, [LX_CHAR_SPACE] = BLANK, [LX_CHAR_NEWLINE] = LINE,
    [LX_CHAR_MARK] = UNKNOWN, /* but see below */
};

static const uint8_t kinds_of_ascii[128] = {
    ['\t'] = BLANK, ['\n'] = LINE, ['\v'] = BLANK, ['\f'] = BLANK, ['\r'] = LINE, [' '] = SPACE,
    ['\''] = QUOTE, ['/'] = SLASH, ['0'] = DIGIT,  ['1'] = DIGIT,  ['2'] = DIGIT, ['3'] = DIGIT,
    ['4'] = DIGIT,  ['5'] = DIGIT, ['6'] = DIGIT,  ['7'] = DIGIT,  ['8'] = DIGIT, ['9'] = DIGIT,
    ['A'] = UPPER,  ['B'] = UPPER, ['C'] = UPPER,  ['D'] = UPPER,  ['E'] = UPPER, ['F'] = UPPER,
    ['G'] = UPPER,  ['H'] = UPPER, ['I'] = UPPER,  ['J'] = UPPER,  ['K'] = UPPER, ['L'] = UPPER,
    ['M'] = UPPER,  ['N'] = UPPER, ['O'] = UPPER,  ['P'] = UPPER,  ['Q'] = UPPER, ['R'] = UPPER,
    ['S'] = UPPER,  ['T'] = UPPER, ['U'] = UPPER,  ['V'] = UPPER,  ['W'] = UPPER, ['X'] = UPPER,
    ['Y'] = UPPER,  ['Z'] = UPPER, ['a'] = LOWER,  ['b'] = LOWER,  ['c'] = LOWER, ['d'] = LOWER,
    ['e'] = LOWER,  ['f'] = LOWER, ['g'] = LOWER,  ['h'] = LOWER,  ['i'] = LOWER, ['j'] = LOWER,
    ['k'] = LOWER,  ['l'] = LOWER, ['m'] = LOWER,  ['n'] = LOWER,  ['o'] = LOWER, ['p'] = LOWER,
    ['q'] = LOWER,  ['r'] = LOWER, ['s'] = LOWER,  ['t'] = LOWER,  ['u'] = LOWER, ['v'] = LOWER,
    ['w'] = LOWER,  ['x'] = LOWER, ['y'] = LOWER,  ['z'] = LOWER,
};

static inline unsigned kind_of(enum lx_scheme scheme, uint32_t c)
{
    unsigned class = lx_char_bits(c) & LX_CHAR_CLASS;

    if (c == 0x17f) /* an s to contractions */
        return UNKNOWN;
    if (class == LX_CHAR_MARK && scheme != LX_SCHEME_O200K)
        return SIGN;
    return kinds_of_classes[class];
}

/* Of as many characters as there are, at most LX_SCAN_BLOCK, and at which byte each is. */
static void classify(enum lx_scheme scheme, const uint8_t *p, const uint8_t *end, struct masks *m,
                     uint8_t where[LX_SCAN_BLOCK])
{
    uint8_t kinds[LX_SCAN_BLOCK];
    const uint8_t *at = p;
    unsigned n = 0;

    for (; n < LX_SCAN_BLOCK && at < end; n++) {
        uint8_t b = *at;

        where[n] = (uint8_t)(at - p);
        if (b < 0x80) {
            kinds[n] = kinds_of_ascii[b];
            at++;
        } else if (b < 0xe0) {
            kinds[n] = (uint8_t)kind_of(scheme, (b & 0x1fu) << 6 | (at[1] & 0x3fu));
            at += 2;
        } else if (b < 0xf0) {
            kinds[n] = (uint8_t)kind_of(scheme,
                                        (b & 0x0fu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu));
            at += 3;
        } else {
            kinds[n] = (uint8_t)kind_of(scheme, (b & 0x07u) << 18 | (at[1] & 0x3fu) << 12 |
                                                    (at[2] & 0x3fu) << 6 | (at[3] & 0x3fu));
            at += 4;
        }
    }
    memset(kinds + n, UNKNOWN, LX_SCAN_BLOCK - n);
    gather(kinds, m);
    m->letter = m->of[UPPER] | m->of[LOWER] | m->of[CASELESS];
}

unsigned lx_scan_block(enum lx_scheme scheme, const uint8_t *p, const uint8_t *end,
                       uint8_t ends[LX_SCAN_BLOCK])
{
    struct masks m = {0};
    uint8_t where[LX_SCAN_BLOCK];
    uint64_t starts;
    unsigned n = 0;

    if (scheme == LX_SCHEME_DEEPSEEK || scheme == LX_SCHEME_COMMAND_R)
        return 0;
#ifdef __SSE2__
    if (end - p >= LX_SCAN_BLOCK) {
        classify_ascii(p, &m);
        if ((uint32_t)m.of[UNKNOWN] == 0) { /* half of it is something */
            for (starts = starts_of(scheme, p, NULL, &m); starts; starts &= starts - 1)
                ends[n++] = (uint8_t)__builtin_ctzll(starts);
            if (n)
                return n;
        }
        m = (struct masks){0};
    }
#endif
    classify(scheme, p, end, &m, where);
    for (starts = starts_of(scheme, p, where, &m); starts; starts &= starts - 1)
        ends[n++] = where[__builtin_ctzll(starts)];
    return n;
}
