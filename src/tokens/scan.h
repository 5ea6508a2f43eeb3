/*
 * scan.h - cuts text into the pieces that are encoded each for itself.
 *
 * Hand-written for each rule; the regular expressions they stand for are in scan.c, and PCRE2 is
 * asked the same questions by test/unit/tokens/scan_test.c.
 */
#ifndef LX_TOKENS_SCAN_H
#define LX_TOKENS_SCAN_H

#include "tokens/tokens.h"

struct lx_scan {
    const uint8_t *at, *end; /* valid UTF-8; nothing before `at` is looked at */
    const uint8_t *part_end; /* some rules cut twice: the end of the first cut; starts as `at` */
    enum lx_scheme scheme;
};

static inline struct lx_scan lx_scan(enum lx_scheme scheme, struct lx_slice text)
{
    const uint8_t *p = (const uint8_t *)text.p;

    return (struct lx_scan){p, p + text.n, p, scheme};
}

/* The end of the piece that starts at s->at < s->end; the caller moves s->at there. */
const uint8_t *lx_scan_piece(struct lx_scan *s);

/* The pieces that start at p < end, as many as can be told from the characters that begin in the
 * next 64 bytes without asking what is behind them: bit i where one ends i bytes from p. 0: ask
 * lx_scan_piece(), of rules that cut twice always. */
uint64_t lx_scan_block(enum lx_scheme scheme, const uint8_t *p, const uint8_t *end);
/* The same as on a processor that has no more than it must. */
uint64_t lx_scan_block_portable(enum lx_scheme scheme, const uint8_t *p, const uint8_t *end);

/* The end of an apostrophe's s, t, m, d, ll, ve, re at p; p when there is none. */
static inline const uint8_t *lx_scan_contraction(const uint8_t *p, const uint8_t *end,
                                                 bool any_case)
{
    uint8_t fold = any_case ? 0x20 : 0, a, b;

    if (end - p < 2 || p[0] != '\'')
        return p;
    a = p[1] | fold;
    if (a == 's' || a == 't' || a == 'm' || a == 'd')
        return p + 2;
    if (end - p < 3)
        return p;
    if (any_case && p[1] == 0xc5 && p[2] == 0xbf) /* U+017F is an s */
        return p + 3;
    b = p[2] | fold;
    if ((a == 'l' && b == 'l') || (b == 'e' && (a == 'v' || a == 'r')))
        return p + 3;
    return p;
}

#endif
