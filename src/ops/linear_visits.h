/* SPDX-License-Identifier: Apache-2.0 */
/* The visits of a correction: which outputs of a band of rows a run of taps adds to, and what. */
#ifndef RPR_OPS_LINEAR_VISITS_H
#define RPR_OPS_LINEAR_VISITS_H

#include "ops/linear_fresh.h"

typedef struct rpr_band {
    const rpr_phase *p;
    const rpr_gate_state *g;
    const rpr_map *z, *a;
    const rpr_act *act;
    rpr_touch *touched;
    rpr_fresh_rule rule;
    rpr_delta_visit *visit; /* scratch: as many as the band has outputs, and one */
    int32_t *terms;         /* products added to each of the outputs */
    uint8_t *fresh;         /* of the band's outputs */
    int32_t n, j0, j1;      /* output rows [j0, j1) of image n */
    int32_t run;            /* taps along x that are handled together */
    int32_t visits;         /* present ones */
} rpr_band;

/** The visits of tap row ky, taps [kx, kx + run): row by row, column by column. Adds to `terms`. */
void rpr_band_visit(rpr_band *b, int32_t ky, int32_t kx);

/**
 * Marks in `touched` the outputs to which something was added. Returns the multiply-adds that it
 * took; *max_terms becomes the most products of one output if that is more.
 */
int64_t rpr_band_mark(const rpr_band *b, int32_t *max_terms);

#endif
