/*
 * buf.c - the growing of a buffer, and appends that are not worth inlining.
 *
 * Every writer calls it. The capacity never passes the ceiling, which is why the inline append
 * compares with the capacity alone.
 */
#include "base/buf.h"

#include "base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { FIRST_BYTES = 256 };

void lx_buf_init(struct lx_buf *b, size_t max_bytes)
{
    *b = (struct lx_buf){.max = max_bytes};
}

void lx_buf_clear(struct lx_buf *b)
{
    free(b->p);
    lx_buf_init(b, b->max);
}

/* At least `need`, else the double of what there is; the last step ends at the ceiling exactly. */
static size_t next_cap(const struct lx_buf *b, size_t need)
{
    size_t cap = b->cap ? b->cap * 2 : FIRST_BYTES;
    if (cap < need)
        cap = need;
    return cap < b->max ? cap : b->max;
}

char *lx_buf_reserve_slow(struct lx_buf *b, size_t more)
{
    assert(b->n <= b->cap && b->cap <= b->max);
    if (b->failed)
        return NULL;
    if (more > b->max - b->n) {
        b->failed = LX_ELIMIT;
        return NULL;
    }
    size_t cap = next_cap(b, b->n + more);
    char *p = realloc(b->p, cap);
    if (!p) {
        b->failed = LX_ENOMEM;
        return NULL;
    }
    b->p = p;
    b->cap = cap;
    return p + b->n;
}

void lx_buf_add_int(struct lx_buf *b, int64_t v)
{
    char digits[20]; /* as long as INT64_MIN with its sign */
    char *at = digits + sizeof(digits);
    uint64_t left = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;

    do {
        *--at = (char)('0' + left % 10);
        left /= 10;
    } while (left);
    if (v < 0)
        *--at = '-';
    lx_buf_add(b, lx_slice(at, (size_t)(digits + sizeof(digits) - at)));
}

/* Formats beside the buffer: printf's NUL would not fit into one that ends at its ceiling. */
void lx_buf_addf(struct lx_buf *b, const char *format, ...)
{
    char small[256];
    char *text = small;
    va_list args;

    va_start(args, format);
    int n = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    if (n >= (int)sizeof(small)) {
        va_start(args, format);
        n = vasprintf(&text, format, args);
        va_end(args);
    }
    if (n >= 0)
        lx_buf_add(b, lx_slice(text, (size_t)n));
    else if (!b->failed)
        b->failed = LX_ENOMEM;
    if (n >= (int)sizeof(small))
        free(text);
}

void lx_buf_consume(struct lx_buf *b, size_t n)
{
    assert(n <= b->n);
    if (n && n < b->n)
        memmove(b->p, b->p + n, b->n - n);
    b->n -= n;
}

struct lx_slice lx_buf_take(struct lx_buf *b, struct lx_arena *a)
{
    struct lx_slice kept = {NULL, 0};
    if (!b->failed)
        kept = lx_arena_copy(a, lx_buf_slice(b));
    else if (!a->failed)
        a->failed = b->failed;
    lx_buf_clear(b);
    return kept;
}
