/*
 * secret.c - keeping, comparing and wiping bytes that must not leak.
 *
 * Config and the signers call it. It never prints, and leaves no copy behind.
 */
#include "base/secret.h"

#include "base/error.h"

#include <stdlib.h>

int lx_secret_init(struct lx_secret *s, struct lx_slice bytes)
{
    *s = (struct lx_secret){0};
    if (bytes.n == 0)
        return 0;
    s->hidden = malloc(bytes.n);
    if (!s->hidden)
        return LX_ENOMEM;
    memcpy(s->hidden, bytes.p, bytes.n);
    s->n = bytes.n;
    return 0;
}

void lx_secret_clear(struct lx_secret *s)
{
    if (!s)
        return;
    lx_wipe(s->hidden, s->n);
    free(s->hidden);
    *s = (struct lx_secret){0};
}

/* Always walks the whole candidate; past the secret's end it compares with its first byte, by a
 * mask and not a branch. An unset secret equals nothing: an empty password must not open a door. */
bool lx_secret_eq(const struct lx_secret *s, struct lx_slice candidate)
{
    if (s->n == 0)
        return false;
    volatile unsigned char differs = s->n != candidate.n;
    for (size_t i = 0; i < candidate.n; i++) {
        size_t inside = (size_t)0 - (size_t)(i < s->n);
        differs |= (unsigned char)(s->hidden[i & inside] ^ candidate.p[i]);
    }
    return differs == 0;
}

void lx_wipe(void *p, size_t n)
{
    if (n)
        explicit_bzero(p, n);
}
