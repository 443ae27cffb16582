/* SPDX-License-Identifier: Apache-2.0 */
/* Sets of elements: bit e of an array of 64-bit words stands for element e. */
#ifndef SIM_BITS_H
#define SIM_BITS_H

#include <stdint.h>

static inline int64_t sim_bits_words(int64_t elements)
{
    return (elements + 63) / 64;
}

/** Bits [at, at + n), n from 1 to 64, as a word. */
static inline uint64_t sim_bits_get(const uint64_t *bits, int64_t at, int32_t n)
{
    int64_t word = at >> 6;
    int shift = (int)(at & 63);
    uint64_t v = bits[word] >> shift;
    if (shift && shift + n > 64)
        v |= bits[word + 1] << (64 - shift);
    return n == 64 ? v : v & ((UINT64_C(1) << n) - 1);
}

static inline void sim_bits_set(uint64_t *bits, int64_t at)
{
    bits[at >> 6] |= UINT64_C(1) << (at & 63);
}

/** How many of the first `elements` are in the set. */
static inline int64_t sim_bits_count(const uint64_t *bits, int64_t elements)
{
    int64_t n = 0, words = elements >> 6;
    for (int64_t i = 0; i < words; i++)
        n += __builtin_popcountll(bits[i]);
    if (elements & 63)
        n += __builtin_popcountll(sim_bits_get(bits, words << 6, (int32_t)(elements & 63)));
    return n;
}

#endif
