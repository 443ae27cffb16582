/* SPDX-License-Identifier: Apache-2.0 */
/* One layer, given to us and to other libraries; see kernelbench.c. A failure ends the program. */
#ifndef RPR_BENCH_KERNELS_BENCH_H
#define RPR_BENCH_KERNELS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/kernels.h"
#include "ops/linear.h"

/* ---- layers */

typedef enum layer_kind { LAYER_CONV, LAYER_DEPTHWISE, LAYER_TRANSPOSED } layer_kind;

/** Square kernel and stride, one picture. Transposed: k == s, no padding. */
typedef struct layer {
    layer_kind kind;
    int32_t in_h, in_w, ci, co, k, s, pad;
    int32_t out_h, out_w;
    float *x;    /* in_h * in_w * ci, channels last */
    float *w;    /* [co][k][k][ci]; depthwise [co][k][k] */
    float *bias; /* co */
} layer;

/** The i-th shape with random input, weights and bias; false past the end. */
bool layer_make(int i, layer *l);
void layer_free(layer *l);
void layer_name(const layer *l, char *text, size_t size);
int64_t layer_outputs(const layer *l);

/** Aligned and zeroed, with room behind that may be read. Freed with free. */
void *bench_alloc(size_t bytes);
float *bench_floats(int64_t n);
/** In [0, 1). */
float bench_random(void);
void bench_fail(const char *what);
/** The largest difference over the largest value of b. */
double bench_error(const float *a, const float *b, int64_t n);

/* ---- time */

enum { BENCH_MOST_REPS = 101 };

typedef struct timing {
    double median, low, high; /* seconds; 5 and 95 % */
} timing;

typedef struct job {
    void (*run)(void *data);
    void *data;
    timing time; /* the result */
} job;

/** Ratios of several layers, for their geometric mean. */
typedef struct total {
    double logs;
    int n, reached; /* of those with a bar: how many are not below it */
} total;

/** Sorts the values. */
timing bench_timing(double *seconds, int n);
/** Runs all jobs once for nothing, then in turns, beginning with another one each time. */
void bench_measure(job *jobs, int n);

/* ---- libraries */

typedef struct contestant {
    const char *name;
    const char *package;
    /**
     * Version and what else is worth saying; NULL if the library is not built in. The first call:
     * holds the library to our instruction set, where it has a way to.
     */
    const char *(*version)(const char *isa);
    /** NULL if it cannot do the layer. Writes its output to `out`, gap-free. */
    void *(*make)(const layer *l, float *out);
    void (*run)(void *p);
    /** What it chose for the layer; may be "". */
    const char *(*choice)(const void *p);
    void (*destroy)(void *p);
} contestant;

extern const contestant contestant_onednn, contestant_xnnpack;

/* ---- ours */

rpr_linear *ours_linear(const layer *l);
/** A map of the layer's input with the halo of zeros that it needs; free(map.memory). */
typedef struct ours_map {
    rpr_map map;
    float *memory;
} ours_map;
ours_map ours_input(const rpr_linear *l, const float *x);
rpr_map ours_output(const rpr_linear *l, float *out);

/* ---- changes */

typedef struct change_pattern {
    const char *name;
    double pixels, channels; /* share of pixels, in cells of 8 x 8, and of channels there */
} change_pattern;

enum { BENCH_PATTERNS = 4, BENCH_WEIGHTS = 2 /* f32, half */ };
extern const change_pattern bench_patterns[BENCH_PATTERNS];

/** Measures corrections of a layer against its dense evaluation; prints rows of the table. */
void bench_changes(const layer *l, const rpr_kernels *k, total sums[BENCH_PATTERNS][BENCH_WEIGHTS]);

#endif
