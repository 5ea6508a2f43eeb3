/*
 * near.h - the names that look most like one that was not found: for error texts.
 */
#ifndef LX_PROVIDER_NEAR_H
#define LX_PROVIDER_NEAR_H

#include "base/slice.h"

enum { LX_NEAR_NAMES = 3, LX_NEAR_BYTES = 64 };

/* Fill by lx_near_add() for each candidate; `best` then holds the nearest, nearest first. */
struct lx_near {
    struct lx_slice wanted;
    struct lx_slice best[LX_NEAR_NAMES];
    size_t distance[LX_NEAR_NAMES];
    size_t n;
};

/* Names longer than LX_NEAR_BYTES are near to nothing. */
void lx_near_init(struct lx_near *near, struct lx_slice wanted);
/* The candidate is borrowed. */
void lx_near_add(struct lx_near *near, struct lx_slice candidate);
/* "groq, xai", NUL-terminated, as many whole names as fit; "" when there are none. n > 0. */
void lx_near_write(const struct lx_near *near, char *out, size_t n);

#endif
