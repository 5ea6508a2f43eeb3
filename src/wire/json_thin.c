/*
 * json_thin.c - JSON without its arrays of numbers, for whoever looks for something else in it.
 *
 * A reply of embeddings is a megabyte of numbers and a line that says what was used. The relay
 * asks for that line: brackets are found by memchr, what is between them is looked at sixteen bytes
 * at once where the compiler can, and nothing is indexed.
 */
#include "wire/json.h"

enum { BLOCK = 64 };

/* Nothing but numbers and what may stand between them. Without a branch a byte; what is something
 * else is seen within a block. */
static bool are_numbers(const char *p, size_t n)
{
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t end = n - at < BLOCK ? n : at + BLOCK;
        unsigned char bad = 0;
        for (size_t i = at; i < end; i++) {
            unsigned char c = (unsigned char)p[i];
            /* '+' ',' '-' '.' '/' '0' ... '9' stand in a row */
            bad |= !((unsigned char)(c - '+') <= '9' - '+' || c == ' ' || c == '\n' || c == '\r' ||
                     c == '\t' || c == 'e' || c == 'E');
        }
        if (bad)
            return false;
    }
    return true;
}

void lx_json_thin(struct lx_slice json, struct lx_buf *out)
{
    const char *p = json.p, *end = json.p + json.n, *close = NULL, *open;
    while (p < end && (open = memchr(p, '[', (size_t)(end - p)))) {
        lx_buf_add(out, lx_slice(p, (size_t)(open + 1 - p)));
        p = open + 1;
        if (!close || close < p) /* of several brackets that open, one closes first */
            close = memchr(p, ']', (size_t)(end - p));
        if (!close)
            break;
        if (are_numbers(p, (size_t)(close - p)))
            p = close;
    }
    if (p < end)
        lx_buf_add(out, lx_slice(p, (size_t)(end - p)));
}
