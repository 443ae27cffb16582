/* SPDX-License-Identifier: Apache-2.0 */
/* Lays several arrays out in one block: first ask for all, then allocate, then take the pointers.
 */
#ifndef RPR_CORE_ARENA_H
#define RPR_CORE_ARENA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RPR_ARENA_ALIGN 64

typedef struct rpr_arena {
    char *base;   /* NULL while sizes are being added up */
    size_t bytes; /* asked for so far */
    bool overflow;
} rpr_arena;

/**
 * n elements of `size` bytes, aligned to 64. NULL while sizes are added up (base NULL), or when the
 * sum overflowed.
 */
static inline void *rpr_arena_take(rpr_arena *a, size_t n, size_t size)
{
    size_t bytes, end;
    size_t start = a->bytes;
    if (__builtin_mul_overflow(n, size, &bytes) || __builtin_add_overflow(start, bytes, &end) ||
        __builtin_add_overflow(end, (size_t)RPR_ARENA_ALIGN - 1, &end) ||
        end > (size_t)PTRDIFF_MAX) {
        a->overflow = true;
        return NULL;
    }
    a->bytes = end / RPR_ARENA_ALIGN * RPR_ARENA_ALIGN;
    return a->base ? a->base + start : NULL;
}

#endif
