/* SPDX-License-Identifier: Apache-2.0 */
/* Small networks as files, and samples for them. */
#ifndef RPR_TESTS_QUANTIZE_NETS_H
#define RPR_TESTS_QUANTIZE_NETS_H

#include "builder.h"
#include "reprise/quantize.h"

#define SIDE 16
#define FRAMES 10

/** A random number in [-1, 1), the same sequence every time. */
float next_random(uint32_t *state);

/** Random weights of this size. */
void net_weights(model *m, uint32_t *state, const char *name, int rank, const int64_t *dims);

/**
 * conv - relu - depthwise conv - leaky relu - conv, a branch with max pool and resize, concat, and
 * a convolution whose output is the graph's. Channels of the first layer differ by `spread` in
 * size; that is undone in the next one.
 */
model *net_branches(float spread);

/** Packs a model into a file with this name, and frees it. */
void net_write(model *m, const char *path);

/** FRAMES pictures of 3 x SIDE x SIDE floats. */
typedef struct film {
    float x[FRAMES][3 * SIDE * SIDE];
    int broken; /* frame that cannot be read, or -1 */
} film;

film *film_new(void);
rpr_sample film_sample(film *f);

#endif
