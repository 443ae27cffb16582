/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel checks share: guarded memory, random data, comparisons, the count of checks. */
#ifndef CHECKKERN_H
#define CHECKKERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"

/* ---- guarded memory: freed all at once by guard_release, which also checks the canaries */

/** n bytes next to a page that traps: behind them, or before them if `left`. Filled with 0xA5. */
void *guard_alloc(size_t bytes, bool left);
/** The same for floats, on a random side. */
float *guard_floats(int64_t n);
/** A copy of floats behind which a page traps; 64-byte aligned if n is a multiple of 16. */
float *guard_copy(const float *src, int64_t n);
/** Frees everything; reports writes outside the allocations. */
void guard_release(void);

/* ---- random data */

uint32_t rnd(void);
/** In [lo, hi]. */
int32_t rnd_int(int32_t lo, int32_t hi);
/** In [-1, 1]. */
float rnd_float(void);
/** NaN, infinities, zeros of both signs, denormals, extremes. */
float rnd_special(void);
void fill_floats(float *p, int64_t n);
/** With `specials` one value in eight is special. */
void fill_mixed(float *p, int64_t n, bool specials);

/* ---- the verdict */

/** Names what is being checked, for messages and for the crash handler. */
void begin(const char *isa, const char *kernel);
/** Counts one check; prints the first failures. */
void expect(bool ok, const char *format, ...) __attribute__((format(printf, 2, 3)));
/** Same bits, or both NaN. */
bool same_float(float a, float b);
/** Index of the first difference by same_float; -1 if none. */
int64_t first_difference(const float *a, const float *b, int64_t n);

/* ---- the checks; ref is the scalar table, k may be the same one */

void check_conv_row(const rpr_kernels *k);
/** Packing half weights; has no kernel. */
void check_half(void);
void check_delta(const rpr_kernels *k);
void check_depthwise(const rpr_kernels *k);
void check_gates(const rpr_kernels *k, const rpr_kernels *ref);
void check_act(const rpr_kernels *k, const rpr_kernels *ref);
void check_elementwise(const rpr_kernels *k, const rpr_kernels *ref);
void check_bytes(const rpr_kernels *k, const rpr_kernels *ref);
void check_known_answers(const rpr_kernels *k);
/** All integer kernels. */
void check_int8(const rpr_kernels *k);

/** Times every kernel of every table over realistic shapes. tables[0] is the scalar one. */
void bench(const rpr_kernels *const *tables, int n);
/** The integer kernels beside those for floats, on the same shapes: lines with `word` in them. */
void bench_int8(const rpr_kernels *const *tables, int n, const char *word);
/** Prints the constants of rpr_cost_named_i8 as they are here. */
void bench_cost(const rpr_kernels *const *tables, int n);

#endif
