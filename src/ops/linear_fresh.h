/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fresh outputs: those that a correction computes anew from xhat, because so much changed under
 * their windows that their part of the list would cost more. The rule looks at one row of outputs
 * and at the gate's counts only, so that it depends neither on threads nor on the order of work.
 *
 * Only outputs that see a change are ever written: any other keeps its bits. Had a whole row been
 * computed anew, the outputs between would change by their rounding: unmarked, they would belie
 * what touch.h promises and leave exact gates with an xhat that is not x; marked, they would pass
 * exact gates as changes of all elements and wake the layers below.
 */
#ifndef RPR_OPS_LINEAR_FRESH_H
#define RPR_OPS_LINEAR_FRESH_H

#include "ops/linear_cost.h"

/** Neighbouring outputs that fill tiles of the dense kernel: fewer are corrected. */
#define RPR_FRESH_RUN 8

/**
 * The rule for a phase: outputs are fresh in runs of at least RPR_FRESH_RUN neighbours that each
 * see more than `limit` changed elements, those of other groups included.
 */
typedef struct rpr_fresh_rule {
    const rpr_phase *p;
    const rpr_gate_state *g;
    int32_t limit; /* INT32_MAX: none ever is */
} rpr_fresh_rule;

/** cost NULL: none is ever fresh. */
rpr_fresh_rule rpr_fresh_rule_of(const rpr_phase *p, const rpr_gate_state *g, const rpr_cost *cost);

/**
 * Sets fresh[i] to 1 where output i of row j of image n is fresh, and leaves the others alone; true
 * if any is. Scratch: p->cols counts.
 */
bool rpr_fresh_row(const rpr_fresh_rule *r, int32_t n, int32_t j, int32_t *seen, uint8_t *fresh);

/** Computes the fresh outputs of row j into z; true products in the return value. */
int64_t rpr_fresh_compute(const rpr_fresh_rule *r, const rpr_linear *l, const rpr_kernels *k,
                          const rpr_map *z, int32_t n, int32_t j, const uint8_t *fresh);

/** Cost of a correction with fresh outputs: looks at every output. The list must be complete. */
double rpr_linear_mixed_cost(const rpr_linear *l, const rpr_gate_state *g, const rpr_cost *c,
                             const rpr_linear_scratch *scratch);

#endif
