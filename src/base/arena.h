/*
 * arena.h - memory with one lifetime: allocate, never free one by one, drop all at once.
 *
 * There are three lifetimes (process, connection, request) and one arena for each. The failure is
 * sticky: after the first failed allocation every further one returns NULL and `failed` says why,
 * so a reader may check once at its end (it must still not follow a NULL).
 */
#ifndef LX_BASE_ARENA_H
#define LX_BASE_ARENA_H

#include "base/slice.h"

struct lx_arena_chunk;

struct lx_arena {
    struct lx_arena_chunk *chunks; /* newest first */
    char *at, *end;                /* free part of the newest chunk */
    size_t used;                   /* bytes handed out, rounding included */
    size_t max;                    /* ceiling for `used` */
    int failed;                    /* 0, LX_ENOMEM or LX_ELIMIT */
};

void lx_arena_init(struct lx_arena *a, size_t max_bytes);
/* Frees everything; the arena may be used again. */
void lx_arena_clear(struct lx_arena *a);
/* Forgets everything but keeps one chunk, so that a busy connection does not malloc. */
void lx_arena_reset(struct lx_arena *a);

/* Zeroed, aligned for any type; NULL on failure. */
void *lx_arena_alloc(struct lx_arena *a, size_t n);
#define lx_arena_new(a, type) ((type *)lx_arena_alloc((a), sizeof(type)))
/* Not zeroed, not aligned: for bytes. */
char *lx_arena_bytes(struct lx_arena *a, size_t n);
/* A copy of s; absent on failure. */
struct lx_slice lx_arena_copy(struct lx_arena *a, struct lx_slice s);
/* A NUL-terminated copy of s; NULL on failure. */
char *lx_arena_copy_z(struct lx_arena *a, struct lx_slice s);
/* printf into the arena; absent on failure. */
struct lx_slice lx_arena_printf(struct lx_arena *a, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
