/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers from a seed, the same on every machine. */
#ifndef RPR_TESTS_STREAM_RNG_H
#define RPR_TESTS_STREAM_RNG_H

#include <stdint.h>

typedef struct rng {
    uint64_t state;
} rng;

/** splitmix64 */
static inline uint64_t rng_next(rng *r)
{
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

/** In [0, n). */
static inline int rng_below(rng *r, int n)
{
    return (int)((rng_next(r) >> 33) % (uint64_t)n);
}

/** In [lo, hi). */
static inline int rng_between(rng *r, int lo, int hi)
{
    return lo + rng_below(r, hi - lo);
}

/** In [0, 1), with 24 bits. */
static inline float rng_unit(rng *r)
{
    return (float)(rng_next(r) >> 40) * 0x1p-24f;
}

/** In [-1, 1). */
static inline float rng_signed(rng *r)
{
    return 2.0f * rng_unit(r) - 1.0f;
}

#endif
