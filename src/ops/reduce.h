/* SPDX-License-Identifier: Apache-2.0 */
/* Which axes a Reduce... node folds. */
#ifndef RPR_OPS_REDUCE_H
#define RPR_OPS_REDUCE_H

#include "graph/graph.h"

typedef struct rpr_reduce_spec {
    int rank;                   /* of the input */
    bool reduced[RPR_MAX_RANK]; /* by input axis */
    bool any;                   /* false: the node copies its input */
    bool keepdims;
    int out_rank;
    int64_t out[RPR_MAX_RANK];
} rpr_reduce_spec;

/** From views of the inputs: in[0] gives the shape, in[1] (if connected) holds the axes. */
int rpr_reduce_parse(const rpr_node *n, const rpr_view *in, rpr_reduce_spec *r, rpr_error *err);

/** Softmax: the axes that are normalised together; before opset 13 all from `axis` on. */
int rpr_softmax_parse(const rpr_node *n, int rank, bool *axes, rpr_error *err);

#endif
