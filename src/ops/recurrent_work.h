/* SPDX-License-Identifier: Apache-2.0 */
/* One call of a recurrent layer under way: what recurrent_run.c and recurrent_product.c share. */
#ifndef RPR_OPS_RECURRENT_WORK_H
#define RPR_OPS_RECURRENT_WORK_H

#include "ops/recurrent_layer.h"

/**
 * Steps whose products on the input are made together: enough for a weight to be used many times
 * once it is there, and few enough for their inputs, lists and sums to stay in the second cache.
 */
#define RPR_STEPS_AT_ONCE 64

/** Head of a layer's state; then heads and vectors of the products. */
typedef struct rpr_recurrent_head {
    float lo, hi; /* of the inputs, on the first call */
    int32_t known, unused;
} rpr_recurrent_head;

typedef struct rpr_recurrent_work {
    const rpr_recurrent_layer *l;
    const rpr_kernels *k;
    const rpr_recurrent_gate *gate; /* NULL: dense */
    char *state;
    rpr_view x, h0, c0, y, yh, yc; /* in layout 0; data NULL where absent */
    /* Of some steps, in the order in which they are taken: inputs, then what the gate made of them;
       and the products with them. */
    float *row, *all_z;
    float *h, *c, *sum, *mix;
    int32_t *idx; /* change lists, one behind the other */
    float *delta;
    rpr_delta_visit *visit;
    uint8_t *dense;               /* by step: computed anew */
    rpr_recurrent_record *record; /* or NULL */
    int64_t step;                 /* row of the record, counted through all directions */
    rpr_recurrent_counts counts;
} rpr_recurrent_work;

/** Bytes of what the products of one sequence remember. */
size_t rpr_recurrent_sequence_bytes(const rpr_recurrent_layer *l);

/** Bytes up to a cache line. */
static inline size_t rpr_recurrent_round(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static inline size_t rpr_recurrent_floats(int64_t n)
{
    return rpr_recurrent_round((size_t)n * sizeof(float));
}

/**
 * w * x + bias of sequence (d, b) for one vector x, as far as the gate lets it be one. The result
 * is in `room`, or the state's own.
 */
const float *rpr_recurrent_product(rpr_recurrent_work *r, int d, int64_t b, int which,
                                   const float *x, float *room);

/** The same of the input, for the n steps in r->row, the first of them r->step, into r->all_z. */
void rpr_recurrent_products(rpr_recurrent_work *r, int d, int64_t b, int32_t n);

/** The record's row takes n values that changed, idx NULL: the first n; the input's come first. */
void rpr_recurrent_note(rpr_recurrent_work *r, int which, const int32_t *idx, int32_t n);

/** Closes the record of a direction; before: the counts when it began. */
void rpr_recurrent_note_direction(rpr_recurrent_work *r, int d, const rpr_recurrent_counts *before);

#endif
