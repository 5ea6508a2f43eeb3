/*
 * secret.h - bytes that must not be printed, logged, or left behind.
 *
 * A distinct type, so that a secret cannot reach a format string or a JSON writer by accident:
 * only a signer asks for the bytes, with lx_secret_bytes().
 */
#ifndef LX_BASE_SECRET_H
#define LX_BASE_SECRET_H

#include "base/slice.h"

struct lx_secret {
    char *hidden;
    size_t n;
};

/* Copies the bytes to the heap; 0 or LX_ENOMEM. */
int lx_secret_init(struct lx_secret *s, struct lx_slice bytes);
/* Wipes and frees; NULL-safe, may be called twice. */
void lx_secret_clear(struct lx_secret *s);
static inline bool lx_secret_is_set(const struct lx_secret *s)
{
    return s->n != 0;
}
static inline struct lx_slice lx_secret_bytes(const struct lx_secret *s)
{
    return lx_slice(s->hidden, s->n);
}
/* Equality in time that depends on the candidate's length only. */
bool lx_secret_eq(const struct lx_secret *s, struct lx_slice candidate);
/* Overwrites memory in a way that the compiler keeps. */
void lx_wipe(void *p, size_t n);

#endif
