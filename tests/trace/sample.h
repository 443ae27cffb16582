/* SPDX-License-Identifier: Apache-2.0 */
/* A small trace of everything that the format has, made in memory. */
#ifndef RPR_TESTS_TRACE_SAMPLE_H
#define RPR_TESTS_TRACE_SAMPLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../stream/rng.h"
#include "trace/trace.h"

enum { SAMPLE_INPUTS = 3, SAMPLE_LAYERS = 5, SAMPLE_FRAMES = 6 };

/** Bytes that a writer has written. */
typedef struct sample_bytes {
    uint8_t *bytes;
    size_t n, room;
    int calls_left; /* then writing fails; negative: never */
} sample_bytes;

int sample_write(void *sample, const void *bytes, size_t n);

/**
 * Inputs with two images, with depth, and of every gate; a convolution, one by pixels, a transposed
 * one, one over three axes and a matrix product. Points to constants; nothing is to be freed.
 */
rpr_trace_net sample_net(void);

/** Sets macs and parameters (with a bias) from the rest. */
void sample_measure(rpr_trace_layer *l);

/**
 * A frame with its own memory: the `index`-th of the sample. Frame 0 is a first one, frame 2
 * repeats the one before, frame 4 is a first one again.
 */
typedef struct sample_frame {
    bool first;
    uint64_t *changed[SAMPLE_INPUTS];
    int64_t n_changed[SAMPLE_INPUTS];
    rpr_trace_layer_frame layer[SAMPLE_LAYERS];
} sample_frame;

sample_frame sample_frame_new(const rpr_trace_net *net, int index);
void sample_frame_free(sample_frame *f);

/** The whole trace; free .bytes. */
sample_bytes sample_trace(void);

#endif
