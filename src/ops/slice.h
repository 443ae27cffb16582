/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RPR_OPS_SLICE_H
#define RPR_OPS_SLICE_H

#include "graph/graph.h"

/** Output index o of axis d is input index start[d] + o * step[d], inside the input for every o. */
typedef struct rpr_slice_spec {
    int rank;
    int64_t start[RPR_MAX_RANK];
    int64_t step[RPR_MAX_RANK]; /* never 0; 1 where the output has at most one index */
    int64_t out[RPR_MAX_RANK];
} rpr_slice_spec;

/** From views of the inputs: in[0] gives the shape, the others (if connected) hold lists. */
int rpr_slice_parse(const rpr_node *n, const rpr_view *in, rpr_slice_spec *s, rpr_error *err);

#endif
