/*
 * scan_block.c - cuts 64 bytes at once, by arithmetic on bit masks.
 *
 * Called by pieces.c where a piece starts. Each character is given a kind, each kind a mask of
 * where in the block it is; then all of a rule's alternatives come down to where one kind ends and
 * another begins, and a few exceptions, each of which is a line here. What cannot be told from
 * these characters alone (at the end, near apostrophes, lines that end in blanks, marks that belong
 * to letters) is left to scan.c, which says the same and is what the tests compare this with.
 *
 * Kinds are found byte by byte, ASCII's in vectors where there are any, and those of all other
 * characters in a table. Masks have a bit for each character, so that neighbours are side by side:
 * bytes that continue a character are taken out of them, and put back in at the end.
 *
 * In the names below a run is of neighbours of one kind, bit 0 is the first character, and a shift
 * to the left asks for the one before.
 */
#include "tokens/scan.h"

#include "tokens/unicode.h"
#include "wire/json_simd.h"

#define BLOCK 64 /* bytes, or characters: a bit each */

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

/* From these bits of `in` on, upwards to the ends of its runs: where a bit is added to a run, all
 * above it in the run go, into the one behind. */
static inline uint64_t fill(uint64_t from, uint64_t in)
{
    return from | (in & ~(in + from));
}

/* The bits of `in` that are in a run that ends with one of these. */
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

/* At which byte the character with this number is. */
static inline unsigned byte_of(uint64_t chars, unsigned number)
{
    while (number-- > 0)
        chars &= chars - 1;
    return (unsigned)__builtin_ctzll(chars);
}

/* Apostrophes before a letter: o200k ends a piece with what stands there, others begin one. `chars`
 * says at which bytes characters are. */
static uint64_t contract(enum lx_scheme scheme, const uint8_t *p, uint64_t chars,
                         const struct masks *m, uint64_t starts, uint64_t *known)
{
    bool suffix = scheme == LX_SCHEME_O200K;
    uint64_t quotes = starts & m->of[QUOTE] & m->letter >> 1 & *known;
    unsigned end = 0; /* of the last one: no word ends there that another could belong to */

    if (suffix)
        quotes &= m->letter << 1;
    for (; quotes; quotes &= quotes - 1) {
        unsigned at = (unsigned)__builtin_ctzll(quotes);
        const uint8_t *quote = p + byte_of(chars, at);
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
    last = caseless << 1 & upper ? fill_down(upper & ~(m->letter >> 1), upper) : 0;
    return ((small | fill(small << 1 & caseless, caseless)) << 1 & upper) | (caseless << 1 & last);
}

static inline __attribute__((always_inline)) uint64_t starts_of_r50k(const uint8_t *p,
                                                                     uint64_t chars,
                                                                     const struct masks *m)
{
    uint64_t letter = m->letter, digit = m->of[DIGIT], space = m->of[SPACE];
    uint64_t white = space | m->of[BLANK] | m->of[LINE], sign = ~(letter | digit | white);
    uint64_t last = white & ~(white >> 1), known = known_bits(m, white, 0), starts;

    starts = (letter & ~(letter << 1)) | (digit & ~(digit << 1)) | (sign & ~(sign << 1));
    starts &= ~(space << 1);
    starts |= (white & ~(white << 1)) | last;
    if (starts & m->of[QUOTE])
        starts = contract(LX_SCHEME_R50K, p, chars, m, starts, &known);
    return starts & known;
}

/* o200k, cl100k and their kin. */
static inline __attribute__((always_inline)) uint64_t starts_of_others(enum lx_scheme scheme,
                                                                       const uint8_t *p,
                                                                       uint64_t chars,
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
        starts = contract(scheme, p, chars, m, starts, &known);
    return starts & known;
}

static inline __attribute__((always_inline)) uint64_t starts_of(enum lx_scheme scheme,
                                                                const uint8_t *p, uint64_t chars,
                                                                const struct masks *m)
{
    uint64_t starts = scheme == LX_SCHEME_R50K ? starts_of_r50k(p, chars, m)
                                               : starts_of_others(scheme, p, chars, m);

    return starts & ~(uint64_t)1;
}

static inline bool cuts_twice(enum lx_scheme scheme)
{
    return scheme == LX_SCHEME_DEEPSEEK || scheme == LX_SCHEME_COMMAND_R;
}

/* ---- The kinds ---- */

static const uint8_t kinds_of_classes[16] = {
    [LX_CHAR_UPPER] = UPPER,  [LX_CHAR_LOWER] = LOWER, [LX_CHAR_LETTER] = CASELESS,
    [LX_CHAR_NUMBER] = DIGIT, [LX_CHAR_SPACE] = BLANK, [LX_CHAR_NEWLINE] = LINE,
    [LX_CHAR_MARK] = UNKNOWN, /* but see below */
};

static inline uint8_t kind_of(enum lx_scheme scheme, uint32_t c)
{
    unsigned class = lx_char_bits(c) & LX_CHAR_CLASS;

    if (c == 0x17f) /* an s to contractions */
        return UNKNOWN;
    if (class == LX_CHAR_MARK && scheme != LX_SCHEME_O200K)
        return SIGN;
    return kinds_of_classes[class];
}

static uint8_t kind_of_ascii(uint8_t c)
{
    return c == ' '    ? SPACE
           : c == '/'  ? SLASH
           : c == '\'' ? QUOTE
                       : kinds_of_classes[lx_char_bits(c) & LX_CHAR_CLASS];
}

uint64_t lx_scan_block_portable(enum lx_scheme scheme, const uint8_t *p, const uint8_t *end)
{
    struct masks m = {0};
    uint8_t where[BLOCK];
    const uint8_t *next = p;
    uint64_t chars = 0, ends = 0;
    unsigned n = 0;

    if (cuts_twice(scheme))
        return 0;
    for (; next < end && next - p < BLOCK; n++) {
        uint32_t c;

        where[n] = (uint8_t)(next - p);
        chars |= bit(where[n]);
        c = lx_char_read(next, &next);
        m.of[c < 0x80 ? kind_of_ascii((uint8_t)c) : kind_of(scheme, c)] |= bit(n);
    }
    m.of[UNKNOWN] |= n < 64 ? ~(uint64_t)0 << n : 0;
    m.letter = m.of[UPPER] | m.of[LOWER] | m.of[CASELESS];
    for (uint64_t starts = starts_of(scheme, p, chars, &m); starts; starts &= starts - 1)
        ends |= bit(where[__builtin_ctzll(starts)]);
    return ends;
}

#ifdef __SSE2__
LX_AVX2 static inline uint64_t bits(__m256i v)
{
    return (uint32_t)_mm256_movemask_epi8(v);
}

/* Bytes without signs. */
LX_AVX2 static inline __m256i within(__m256i v, uint8_t low, uint8_t high)
{
    __m256i above = _mm256_sub_epi8(v, _mm256_set1_epi8((char)low));

    return _mm256_cmpeq_epi8(_mm256_min_epu8(above, _mm256_set1_epi8((char)(high - low))), above);
}

LX_AVX2 static inline uint64_t both(uint64_t low, uint64_t high)
{
    return low | high << 32;
}

/* 64 bytes, and where in them what is. */
struct block {
    __m256i a, b;
};

LX_AVX2 static inline struct block load(const uint8_t *p)
{
    return (struct block){load_avx2((const char *)p), load_avx2((const char *)p + 32)};
}

LX_AVX2 static inline uint64_t is(struct block v, char c)
{
    return both(eq_avx2(v.a, c), eq_avx2(v.b, c));
}

LX_AVX2 static inline uint64_t is_within(struct block v, uint8_t low, uint8_t high)
{
    return both(bits(within(v.a, low, high)), bits(within(v.b, low, high)));
}

/* Of 64 bytes those of ASCII. Returns which are not. */
LX_AVX2 static inline uint64_t classify_ascii(struct block v, struct masks *m)
{
    __m256i fold = _mm256_set1_epi8(0x20);
    struct block folded = {_mm256_or_si256(v.a, fold), _mm256_or_si256(v.b, fold)};

    m->letter = is_within(folded, 'a', 'z');
    m->of[UPPER] = is_within(v, 'A', 'Z');
    m->of[LOWER] = m->letter & ~m->of[UPPER];
    m->of[CASELESS] = 0;
    m->of[DIGIT] = is_within(v, '0', '9');
    m->of[SPACE] = is(v, ' ');
    m->of[LINE] = is(v, '\n') | is(v, '\r');
    m->of[BLANK] = is_within(v, '\t', '\r') & ~m->of[LINE];
    m->of[SLASH] = is(v, '/');
    m->of[QUOTE] = is(v, '\'');
    m->of[UNKNOWN] = 0;
    return both(high_avx2(v.a), high_avx2(v.b));
}

/* Letters by the bytes they begin with, as ranges of each. */
struct letters {
    uint8_t kind, low[3], high[3];
};

static const struct letters cyrillic[] = {
    {UPPER, {0xd0, 0x80, 0}, {0xd0, 0xaf, 0xff}},
    {LOWER, {0xd0, 0xb0, 0}, {0xd0, 0xbf, 0xff}},
    {LOWER, {0xd1, 0x80, 0}, {0xd1, 0x9f, 0xff}},
};
static const struct letters asian[] = {
    {CASELESS, {0xe3, 0x81, 0x81}, {0xe3, 0x81, 0xbf}}, /* kana */
    {CASELESS, {0xe3, 0x82, 0xa1}, {0xe3, 0x82, 0xbf}},
    {CASELESS, {0xe3, 0x82, 0x80}, {0xe3, 0x82, 0x96}},
    {CASELESS, {0xe3, 0x83, 0x80}, {0xe3, 0x83, 0xba}},
    {CASELESS, {0xe4, 0xb8, 0}, {0xe4, 0xbf, 0xff}},
    {CASELESS, {0xe5, 0x80, 0}, {0xe9, 0xbf, 0xff}}, /* Chinese */
    {CASELESS, {0xeb, 0x80, 0}, {0xec, 0xbf, 0xff}}, /* Hangul */
};

LX_AVX2 static inline uint64_t find_letters(struct block v, const struct letters *l, size_t n,
                                            struct masks *m)
{
    uint64_t found = 0;

    for (size_t i = 0; i < n; i++) {
        uint64_t here =
            is_within(v, l[i].low[0], l[i].high[0]) & is_within(v, l[i].low[1], l[i].high[1]) >> 1;

        if (l[i].low[2])
            here &= is_within(v, l[i].low[2], l[i].high[2]) >> 2;
        m->of[l[i].kind] |= here;
        found |= here;
    }
    return found;
}

/* The same of the others, each where it begins; and then by characters. Returns where these are. */
LX_AVX2 static inline uint64_t classify_others(enum lx_scheme scheme, const uint8_t *p,
                                               struct block v, uint64_t others, struct masks *m)
{
    static const uint32_t payloads[4] = {0x1f3f0000, 0x1f3f0000, 0x0f3f3f00, 0x073f3f3f};
    uint64_t chars = ~is_within(v, 0x80, 0xbf), rest = chars & others;

    if (is_within(v, 0xd0, 0xd1))
        rest &= ~find_letters(v, cyrillic, sizeof(cyrillic) / sizeof(cyrillic[0]), m);
    if (is_within(v, 0xe3, 0xec))
        rest &= ~find_letters(v, asian, sizeof(asian) / sizeof(asian[0]), m);
    if (rest) {
        uint8_t kinds[64] = {0};

        for (; rest; rest &= rest - 1) {
            unsigned i = (unsigned)__builtin_ctzll(rest);
            uint32_t word;

            memcpy(&word, p + i, sizeof(word));
            kinds[i] = kind_of(scheme, _pext_u32(__builtin_bswap32(word), payloads[p[i] >> 4 & 3]));
        }
        v = load(kinds);
        m->of[UPPER] |= is(v, UPPER);
        m->of[LOWER] |= is(v, LOWER);
        m->of[CASELESS] |= is(v, CASELESS);
        m->of[DIGIT] |= is(v, DIGIT);
        m->of[BLANK] |= is(v, BLANK);
        m->of[UNKNOWN] |= is(v, UNKNOWN);
    }
    for (unsigned kind = UPPER; kind < KINDS; kind++)
        m->of[kind] = _pext_u64(m->of[kind], chars);
    m->of[UNKNOWN] |= ~_pext_u64(chars, chars);
    m->letter = m->of[UPPER] | m->of[LOWER] | m->of[CASELESS];
    return chars;
}

/* The same as lx_scan_block_portable(), where three bytes more can be read, but only n of the block
 * are text. */
LX_AVX2 static inline uint64_t cut_avx2(enum lx_scheme scheme, const uint8_t *p, unsigned n)
{
    struct block v = load(p);
    struct masks m;
    uint64_t others = classify_ascii(v, &m), chars;

    m.of[UNKNOWN] = n < BLOCK ? ~(bit(n) - 1) : 0;
    if (!others)
        return starts_of(scheme, p, ~(uint64_t)0, &m);
    chars = classify_others(scheme, p, v, others, &m);
    return _pdep_u64(starts_of(scheme, p, chars, &m), chars);
}

LX_AVX2 static uint64_t cut_block(enum lx_scheme scheme, const uint8_t *p)
{
    return cut_avx2(scheme, p, BLOCK);
}

/* The last bytes of a text, where there is room behind them. */
LX_AVX2 static uint64_t cut_last(enum lx_scheme scheme, const uint8_t *p, size_t n)
{
    uint8_t room[BLOCK + 3] = {0};

    memcpy(room, p, n);
    return cut_avx2(scheme, room, n < BLOCK ? (unsigned)n : BLOCK);
}
#endif

uint64_t lx_scan_block(enum lx_scheme scheme, const uint8_t *p, const uint8_t *end)
{
#ifdef __SSE2__
    size_t n = (size_t)(end - p);

    if (!cuts_twice(scheme) && has_avx2())
        return n < BLOCK + 3 ? cut_last(scheme, p, n) : cut_block(scheme, p);
#endif
    return lx_scan_block_portable(scheme, p, end);
}
