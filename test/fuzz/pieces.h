/*
 * pieces.h - what the fuzz targets for incremental readers share.
 *
 * An input is cut into pieces of 1 to 16 bytes (seldom more), in a way that depends on nothing but
 * the input. Each piece is a heap block of its exact size, so that the sanitizer sees every look
 * past its end, and is freed when the next one is made, so that it sees what was kept too long.
 */
#ifndef TEST_FUZZ_PIECES_H
#define TEST_FUZZ_PIECES_H

#include <stdint.h>
#include <stdlib.h>

#include "base/buf.h"

#define CHECK(condition)  \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline char *boxed(struct lx_slice s)
{
    char *p = malloc(s.n ? s.n : 1);
    CHECK(p);
    if (s.n)
        memcpy(p, s.p, s.n);
    return p;
}

struct pieces {
    struct lx_slice rest;
    uint32_t seed; /* 0: all in one piece */
    char *box;
};

/* False at the end, when the last piece has been freed as well. */
static inline bool pieces_next(struct pieces *p, struct lx_slice *piece)
{
    size_t n = p->rest.n;

    free(p->box);
    p->box = NULL;
    if (n == 0)
        return false;
    if (p->seed) {
        p->seed = p->seed * 1664525u + 1013904223u;
        size_t want = 1 + (p->seed >> 28);
        if ((p->seed >> 20 & 31) == 0)
            want *= 50;
        n = want < n ? want : n;
    }
    p->box = boxed(lx_slice_to(p->rest, n));
    *piece = lx_slice(p->box, n);
    p->rest = lx_slice_from(p->rest, n);
    return true;
}

#endif
