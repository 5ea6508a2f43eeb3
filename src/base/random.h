/*
 * random.h - numbers that look random, from a seed: for spreading load and waits, not for secrets.
 */
#ifndef LX_BASE_RANDOM_H
#define LX_BASE_RANDOM_H

#include <stdint.h>

/* splitmix64 */
static inline uint64_t lx_random_next(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

#endif
