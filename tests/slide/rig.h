/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a graph call by call by the definition of its operators, Delay with its memory included. */
#ifndef RPR_TESTS_SLIDE_RIG_H
#define RPR_TESTS_SLIDE_RIG_H

#include "../stream/build.h"
#include "graph/passes.h"
#include "slide/slide.h"

/** What a model's passes make of a graph up to the place where windows are; ends on failure. */
void rig_prepare(rpr_graph *g);

/** Slides a prepared graph, and infers it anew: the shapes must be those that the pass gave. */
rpr_slide *rig_slide(rpr_graph *g, const rpr_window *w);

typedef struct rig_delay {
    float *past; /* `period` outputs, the oldest at `next` */
    int64_t size, next;
} rig_delay;

typedef struct rig {
    const rpr_graph *g;
    void **data;      /* by value */
    rig_delay *delay; /* by node */
} rig;

rig rig_new(const rpr_graph *g);
void rig_free(rig *r);
/** One call; `x` is the first input. The outputs are in r->data. */
void rig_run(rig *r, const float *x);
const float *rig_output(const rig *r, size_t i, int64_t *count);

/** A window's columns out of a stream of `total`: [from, from + n) along an axis. */
void rig_columns(const rpr_shape *stream, int axis, const float *data, int64_t from, int64_t n,
                 float *out);

typedef struct rig_checked {
    int64_t compared; /* outputs' elements, of all calls */
    double worst;     /* difference by the largest value of the output, or by 1 */
} rig_checked;

/**
 * Runs `whole` on full windows and `slid` on new columns, both of one stream, for `extra` calls
 * after those that fill a window. Ends the test where an output differs by more than 1e-4.
 */
rig_checked rig_compare(const rpr_graph *whole, const rpr_graph *slid, const rpr_window *w,
                        int extra, uint64_t seed, const char *what);

#endif
