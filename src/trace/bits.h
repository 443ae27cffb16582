/* SPDX-License-Identifier: Apache-2.0 */
/* Strings of bits in memory, the lowest bit of a byte first. */
#ifndef RPR_TRACE_BITS_H
#define RPR_TRACE_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trace/bytes.h"

/** Bits that can be written or read at a time. */
#define RPR_BITS_MAX 56
/** Bytes behind a string of bits that writing touches and reading looks at. */
#define RPR_BITS_SLACK 8

/** Bits that hold 0 to v. */
static inline int rpr_bits_for(uint32_t v)
{
    return v ? 32 - __builtin_clz(v) : 0;
}

typedef struct rpr_bit_writer {
    uint8_t *at;
    uint64_t held; /* bits that do not fill a byte yet */
    int n;         /* of them, 0 to 7 */
} rpr_bit_writer;

/** Appends the n lowest bits of v; the others are 0. n is at most RPR_BITS_MAX. */
static inline void rpr_bits_put(rpr_bit_writer *b, uint64_t v, int n)
{
    b->held |= v << b->n;
    b->n += n;
    (void)rpr_put_u64(b->at, b->held);
    b->at += b->n >> 3;
    b->held >>= b->n & ~7;
    b->n &= 7;
}

/** Fills the last byte with zeros; returns the end. */
static inline uint8_t *rpr_bits_close(rpr_bit_writer *b)
{
    if (b->n > 0)
        rpr_bits_put(b, 0, 8 - b->n);
    return b->at;
}

typedef struct rpr_bit_reader {
    const uint8_t *base;
    uint64_t at, end; /* bits */
} rpr_bit_reader;

/** The next RPR_BITS_MAX bits, with what lies behind the end for those that are missing. */
static inline uint64_t rpr_bits_peek(const rpr_bit_reader *b)
{
    return rpr_get_u64(b->base + (b->at >> 3)) >> (b->at & 7);
}

/** Takes n bits, at most RPR_BITS_MAX; false if fewer are left. */
static inline bool rpr_bits_get(rpr_bit_reader *b, int n, uint64_t *v)
{
    if (b->end - b->at < (uint64_t)n)
        return false;
    *v = rpr_bits_peek(b) & ((UINT64_C(1) << n) - 1);
    b->at += (uint64_t)n;
    return true;
}

#endif
