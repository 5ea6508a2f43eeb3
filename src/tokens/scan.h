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

/* Of LX_SCAN_BLOCK bytes at p, where a piece starts: bit i is set where another does, as far as can
 * be told; what is before the last bit set is pieces, ended. 0: ask lx_scan_piece(). Only for
 * LX_SCHEME_O200K, LX_SCHEME_CL100K, and LX_SCHEME_LLAMA3. */
#define LX_SCAN_BLOCK 64
uint64_t lx_scan_ascii(enum lx_scheme scheme, const uint8_t *p);

#endif
