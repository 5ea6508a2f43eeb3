/*
 * arena.c - a list of chunks, handed out from the front.
 *
 * Readers allocate what they return from the arena of the request, connection or process they
 * work for. Nothing is freed alone.
 *
 *   chunks -> [ current: used | at ... end ] -> [ own chunk ] -> [ older, full ] -> NULL
 *
 * Chunks double from 4 KB to 64 KB. A request for more than half of the next chunk gets a chunk
 * of its own, linked behind the current one, which goes on being filled.
 */
#include "base/arena.h"

#include "base/error.h"

#include <stdalign.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { ALIGN = 16, MIN_CHUNK = 4096, MAX_CHUNK = 65536 };

struct lx_arena_chunk {
    struct lx_arena_chunk *next;
    size_t size; /* of data */
    alignas(ALIGN) char data[];
};

void lx_arena_init(struct lx_arena *a, size_t max_bytes)
{
    *a = (struct lx_arena){.max = max_bytes};
}

static void free_chunks(struct lx_arena_chunk *c)
{
    while (c) {
        struct lx_arena_chunk *next = c->next;
        free(c);
        c = next;
    }
}

void lx_arena_clear(struct lx_arena *a)
{
    free_chunks(a->chunks);
    lx_arena_init(a, a->max);
}

void lx_arena_reset(struct lx_arena *a)
{
    struct lx_arena_chunk *keep = a->chunks;

    /* One huge request must not pin its memory to an idle connection. */
    if (!keep || keep->size > MAX_CHUNK) {
        lx_arena_clear(a);
        return;
    }
    free_chunks(keep->next);
    keep->next = NULL;
    lx_arena_init(a, a->max);
    a->chunks = keep;
    a->at = keep->data;
    a->end = keep->data + keep->size;
}

static void *fail(struct lx_arena *a, int code)
{
    a->failed = code;
    return NULL;
}

static struct lx_arena_chunk *new_chunk(size_t size)
{
    struct lx_arena_chunk *c = malloc(sizeof(*c) + size);
    if (c)
        c->size = size;
    return c;
}

static size_t next_chunk_size(const struct lx_arena *a)
{
    size_t size = a->chunks ? (a->chunks->size + sizeof(struct lx_arena_chunk)) * 2 : MIN_CHUNK;
    if (size > MAX_CHUNK)
        size = MAX_CHUNK;
    return size - sizeof(struct lx_arena_chunk);
}

/* A chunk for n bytes and nothing else. Without a current chunk it becomes a full current one. */
static char *take_own_chunk(struct lx_arena *a, size_t n)
{
    if (n > SIZE_MAX - sizeof(struct lx_arena_chunk))
        return fail(a, LX_ENOMEM);
    struct lx_arena_chunk *c = new_chunk(n);
    if (!c)
        return fail(a, LX_ENOMEM);
    struct lx_arena_chunk **link = a->chunks ? &a->chunks->next : &a->chunks;
    c->next = *link;
    *link = c;
    a->used += n;
    return c->data;
}

static char *take_from_new_chunk(struct lx_arena *a, size_t n)
{
    size_t size = next_chunk_size(a);

    if (n > a->max - a->used)
        return fail(a, LX_ELIMIT);
    if (n > size / 2)
        return take_own_chunk(a, n);
    struct lx_arena_chunk *c = new_chunk(size);
    if (!c)
        return fail(a, LX_ENOMEM);
    c->next = a->chunks;
    a->chunks = c;
    a->at = c->data + n;
    a->end = c->data + size;
    a->used += n;
    return c->data;
}

static char *take(struct lx_arena *a, size_t n, size_t align)
{
    size_t pad = -(uintptr_t)a->at & (align - 1);
    size_t room = (size_t)(a->end - a->at);

    if (a->failed)
        return NULL;
    if (!a->at || pad > room || n > room - pad)
        return take_from_new_chunk(a, n);
    if (pad + n > a->max - a->used)
        return fail(a, LX_ELIMIT);
    char *p = a->at + pad;
    a->at = p + n;
    a->used += pad + n;
    return p;
}

void *lx_arena_alloc(struct lx_arena *a, size_t n)
{
    char *p = take(a, n, ALIGN);
    return p ? memset(p, 0, n) : NULL;
}

char *lx_arena_bytes(struct lx_arena *a, size_t n)
{
    return take(a, n, 1);
}

struct lx_slice lx_arena_copy(struct lx_arena *a, struct lx_slice s)
{
    char *p = s.p ? lx_arena_bytes(a, s.n) : NULL;
    if (!p)
        return lx_slice(NULL, 0);
    memcpy(p, s.p, s.n);
    return lx_slice(p, s.n);
}

char *lx_arena_copy_z(struct lx_arena *a, struct lx_slice s)
{
    char *p = s.n < SIZE_MAX ? lx_arena_bytes(a, s.n + 1) : fail(a, LX_ELIMIT);
    if (!p)
        return NULL;
    if (s.n)
        memcpy(p, s.p, s.n);
    p[s.n] = '\0';
    return p;
}

struct lx_slice lx_arena_printf(struct lx_arena *a, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *p = n >= 0 ? lx_arena_bytes(a, (size_t)n + 1) : fail(a, LX_ENOMEM);
    if (!p)
        return lx_slice(NULL, 0);
    va_start(args, format);
    vsnprintf(p, (size_t)n + 1, format, args);
    va_end(args);
    return lx_slice(p, (size_t)n);
}
