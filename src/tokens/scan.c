/*
 * scan.c - the rules that cut text, one function each.
 *
 * The rules are regular expressions by origin; what is written here is what those do, alternative
 * by alternative, with their backtracking worked out. tiktoken's (tiktoken_ext/openai_public.py
 * 0.14):
 *
 * r50k    '(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s
 * cl100k  '(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+
 *         |\s++$|\s*[\r\n]|\s+(?!\S)|\s
 * o200k   [^\r\n\p{L}\p{N}]?[U]*[L]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
 *         |[^\r\n\p{L}\p{N}]?[U]+[L]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
 *         |\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+
 *         where U is \p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M} and L is \p{Ll}\p{Lm}\p{Lo}\p{M}
 *
 * Hugging Face's files: llama-3 is cl100k but for white space, which goes as in o200k; qwen has
 * single digits; command-r cuts single digits out and what remains by r50k; deepseek cuts digits by
 * three, then runs of Chinese and kana, then as scan_deepseek() tells. (?i:'s) takes U+017F, too.
 */
#include "tokens/scan.h"

#include "tokens/unicode.h"

#define BIT(c)  (1u << (c))
#define LETTERS (BIT(LX_CHAR_UPPER) | BIT(LX_CHAR_LOWER) | BIT(LX_CHAR_LETTER))
#define NUMBERS BIT(LX_CHAR_NUMBER)
#define BLANKS  (BIT(LX_CHAR_SPACE) | BIT(LX_CHAR_NEWLINE))
#define MARKS   BIT(LX_CHAR_MARK)
#define UPPERS  (BIT(LX_CHAR_UPPER) | BIT(LX_CHAR_LETTER) | MARKS)
#define LOWERS  (BIT(LX_CHAR_LOWER) | BIT(LX_CHAR_LETTER) | MARKS)
#define SIGNS   (BIT(LX_CHAR_PUNCT) | BIT(LX_CHAR_SYMBOL))
/* Neither white space, letter nor number. */
#define REST (SIGNS | MARKS | BIT(LX_CHAR_OTHER))

/* The class at p as a bit; 0 at the end, which is in no set. */
static inline unsigned class_at(const uint8_t *p, const uint8_t *end, const uint8_t **next)
{
    if (p == end) {
        *next = p;
        return 0;
    }
    return BIT(lx_char_bits(lx_char_read(p, next)) & LX_CHAR_CLASS);
}

/* The end of the run of characters of these classes. */
static inline const uint8_t *run(const uint8_t *p, const uint8_t *end, unsigned set)
{
    const uint8_t *next;

    while (class_at(p, end, &next) & set)
        p = next;
    return p;
}

static inline const uint8_t *newlines(const uint8_t *p, const uint8_t *end, bool slash)
{
    while (p < end && (*p == '\r' || *p == '\n' || (slash && *p == '/')))
        p++;
    return p;
}

static inline const uint8_t *numbers(const uint8_t *p, const uint8_t *end, int max)
{
    const uint8_t *next;

    for (int i = 0; i < max && (class_at(p, end, &next) & NUMBERS); i++)
        p = next;
    return p;
}

/* How white space goes. */
enum blanks {
    PLAIN, /* \s++$|\s+(?!\S)|\s */
    LINES, /* \s*[\r\n]+|\s+(?!\S)|\s+ */
    TAIL,  /* \s++$|\s*[\r\n]|\s+(?!\S)|\s */
};

/* White space starts at p. Before something else its last character stays behind for that, unless
 * it is alone; where lines count, the last line break ends the piece. */
static inline const uint8_t *blanks(const uint8_t *p, const uint8_t *end, enum blanks how)
{
    const uint8_t *at = p, *last = p, *line = NULL, *next;
    unsigned class;

    while ((class = class_at(at, end, &next)) & BLANKS) {
        if (class == BIT(LX_CHAR_NEWLINE))
            line = next;
        last = at;
        at = next;
    }
    if (how == TAIL && at == end)
        return at;
    if (how != PLAIN && line)
        return line;
    return at == end || last == p ? at : last;
}

/* " ?[^\s\p{L}\p{N}]+" starts at p, or does not: then p. */
static inline const uint8_t *rest(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *from = *p == ' ' ? p + 1 : p, *to = run(from, end, REST);

    return to > from ? to : p;
}

static inline const uint8_t *scan_r50k(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *to = lx_scan_contraction(p, end, false), *from = p + (*p == ' '), *next;
    unsigned class = class_at(from, end, &next);

    if (to > p)
        return to;
    if (class & LETTERS)
        return run(next, end, LETTERS);
    if (class & NUMBERS)
        return run(next, end, NUMBERS);
    if (class & REST)
        return run(next, end, REST);
    return blanks(p, end, PLAIN);
}

/* cl100k and what Hugging Face's files made of it. */
static inline const uint8_t *scan_cl100k(const uint8_t *p, const uint8_t *end, int digits,
                                         enum blanks how)
{
    const uint8_t *to = lx_scan_contraction(p, end, true), *next, *after;
    unsigned class = class_at(p, end, &next);

    if (to > p)
        return to;
    if (class & LETTERS)
        return run(next, end, LETTERS);
    if (class & NUMBERS)
        return numbers(next, end, digits - 1);
    if (class != BIT(LX_CHAR_NEWLINE) && (class_at(next, end, &after) & LETTERS))
        return run(after, end, LETTERS);
    to = rest(p, end);
    return to > p ? newlines(to, end, false) : blanks(p, end, how);
}

/* "[U]*[L]+" at p, then "[U]+[L]*" when that fails (`second`: the latter); p when neither is there.
 */
static inline const uint8_t *word(const uint8_t *p, const uint8_t *end, bool second)
{
    const uint8_t *at = p, *both = NULL, *next;
    unsigned class;

    while ((class = class_at(at, end, &next)) & UPPERS) {
        if (class & LOWERS)
            both = next;
        at = next;
    }
    if (second)
        return at;
    if (class & LOWERS)
        return run(next, end, LOWERS);
    return both ? both : p; /* [U]* gives back as much as [L]+ needs: one */
}

static inline const uint8_t *scan_o200k(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *next, *to;
    unsigned class = class_at(p, end, &next);

    if (class & NUMBERS)
        return numbers(next, end, 2);
    for (int second = 0; second < 2; second++) {
        if (!(class & (LETTERS | BIT(LX_CHAR_NEWLINE)))) {
            to = word(next, end, second);
            if (to > next)
                return lx_scan_contraction(to, end, true);
        }
        to = word(p, end, second);
        if (to > p)
            return lx_scan_contraction(to, end, true);
    }
    to = rest(p, end);
    return to > p ? newlines(to, end, true) : blanks(p, end, LINES);
}

static bool is_kanji_or_kana(uint32_t c)
{
    return (c >= 0x4e00 && c <= 0x9fa5) || (c >= 0x3040 && c <= 0x30ff);
}

/* The end of what the first cuts leave together: digits, Chinese and kana, or neither. */
static const uint8_t *part(const uint8_t *p, const uint8_t *end, bool kana)
{
    const uint8_t *next;
    uint32_t c = lx_char_read(p, &next);
    bool here = kana && is_kanji_or_kana(c);

    for (p = next; p < end; p = next) {
        c = lx_char_read(p, &next);
        if ((lx_char_bits(c) & LX_CHAR_CLASS) == LX_CHAR_NUMBER ||
            (kana && is_kanji_or_kana(c) != here))
            break;
    }
    return p;
}

static bool is_ascii_letter(uint8_t c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* One match of
 * [!-/:-@\[-`{-~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*
 * |\s*[\r\n]+|\s+(?!\S)|\s+   at p; p when there is none. */
static const uint8_t *match_deepseek(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *next, *after, *from;
    unsigned class = class_at(p, end, &next);

    if (*p > ' ' && *p < 0x7f && (class & SIGNS) && next < end && is_ascii_letter(*next)) {
        while (next < end && is_ascii_letter(*next))
            next++;
        return next;
    }
    if (!(class & (LETTERS | SIGNS | BIT(LX_CHAR_NEWLINE))) &&
        (class_at(next, end, &after) & (LETTERS | MARKS)))
        return run(after, end, LETTERS | MARKS);
    if (class & (LETTERS | MARKS))
        return run(next, end, LETTERS | MARKS);
    from = p + (*p == ' ');
    next = run(from, end, SIGNS);
    if (next > from)
        return newlines(next, end, false);
    return class & BLANKS ? blanks(p, end, LINES) : p;
}

static const uint8_t *scan_deepseek(struct lx_scan *s)
{
    const uint8_t *p = s->at, *to, *next;

    if (p >= s->part_end) {
        to = numbers(p, s->end, 3);
        if (to > p)
            return s->part_end = to;
        s->part_end = part(p, s->end, true);
    }
    to = match_deepseek(p, s->part_end);
    if (to > p)
        return to;
    do { /* what nothing matches stays together */
        lx_char_read(p, &next);
        p = next;
    } while (p < s->part_end && match_deepseek(p, s->part_end) == p);
    return p;
}

static const uint8_t *scan_command_r(struct lx_scan *s)
{
    if (s->at >= s->part_end) {
        const uint8_t *to = numbers(s->at, s->end, 1);

        if (to > s->at)
            return s->part_end = to;
        s->part_end = part(s->at, s->end, false);
    }
    return scan_r50k(s->at, s->part_end);
}

const uint8_t *lx_scan_piece(struct lx_scan *s)
{
    switch (s->scheme) {
    case LX_SCHEME_R50K:
        return scan_r50k(s->at, s->end);
    case LX_SCHEME_CL100K:
        return scan_cl100k(s->at, s->end, 3, TAIL);
    case LX_SCHEME_O200K:
        return scan_o200k(s->at, s->end);
    case LX_SCHEME_LLAMA3:
        return scan_cl100k(s->at, s->end, 3, LINES);
    case LX_SCHEME_QWEN:
        return scan_cl100k(s->at, s->end, 1, LINES);
    case LX_SCHEME_DEEPSEEK:
        return scan_deepseek(s);
    case LX_SCHEME_COMMAND_R:
        return scan_command_r(s);
    }
    return s->end;
}
