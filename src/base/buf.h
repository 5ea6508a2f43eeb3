/*
 * buf.h - a growing byte buffer with a mandatory ceiling and a sticky error.
 *
 * A writer appends without checking; once an append fails (no memory, or the ceiling would be
 * passed) the buffer keeps what it had, ignores further appends, and says so in `failed`.
 */
#ifndef LX_BASE_BUF_H
#define LX_BASE_BUF_H

#include "base/arena.h"

struct lx_buf {
    char *p;
    size_t n;   /* bytes used */
    size_t cap; /* bytes allocated */
    size_t max; /* ceiling */
    int failed; /* 0, LX_ENOMEM or LX_ELIMIT */
};

/* No allocation happens until the first append. */
void lx_buf_init(struct lx_buf *b, size_t max_bytes);
/* Frees the bytes; the buffer may be used again, with the same ceiling. */
void lx_buf_clear(struct lx_buf *b);
/* Forgets the bytes and the error, keeps the allocation. */
static inline void lx_buf_reset(struct lx_buf *b)
{
    b->n = 0;
    b->failed = 0;
}

/* Makes room for `more` bytes and returns where they go, or NULL. lx_buf_commit() counts them. */
char *lx_buf_reserve_slow(struct lx_buf *b, size_t more);
static inline char *lx_buf_reserve(struct lx_buf *b, size_t more)
{
    if (b->p && !b->failed && b->cap - b->n >= more)
        return b->p + b->n;
    return lx_buf_reserve_slow(b, more);
}
static inline void lx_buf_commit(struct lx_buf *b, size_t n)
{
    b->n += n;
}

static inline void lx_buf_add(struct lx_buf *b, struct lx_slice s)
{
    char *to = s.n ? lx_buf_reserve(b, s.n) : NULL;
    if (to) {
        memcpy(to, s.p, s.n);
        b->n += s.n;
    }
}
static inline void lx_buf_add_byte(struct lx_buf *b, char c)
{
    char *to = lx_buf_reserve(b, 1);
    if (to) {
        *to = c;
        b->n++;
    }
}
#define lx_buf_add_lit(b, lit) lx_buf_add((b), LX_S(lit))
/* Appends in decimal; appends what printf would print. */
void lx_buf_add_int(struct lx_buf *b, int64_t v);
void lx_buf_addf(struct lx_buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Drops the first n bytes. */
void lx_buf_consume(struct lx_buf *b, size_t n);

/* The bytes in the arena, and the buffer empty and freed. Absent where either has failed, and the
 * arena has then, too. */
struct lx_slice lx_buf_take(struct lx_buf *b, struct lx_arena *a);

static inline struct lx_slice lx_buf_slice(const struct lx_buf *b)
{
    return lx_slice(b->p, b->n);
}

#endif
