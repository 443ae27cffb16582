/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RPR_OPS_PAD_H
#define RPR_OPS_PAD_H

#include "graph/graph.h"

typedef enum rpr_pad_mode { RPR_PAD_CONSTANT, RPR_PAD_EDGE, RPR_PAD_REFLECT } rpr_pad_mode;

typedef struct rpr_pad_spec {
    int rank;
    rpr_pad_mode mode;
    int64_t begin[RPR_MAX_RANK]; /* negative: that many are cut off */
    int64_t out[RPR_MAX_RANK];
    double value;     /* CONSTANT; valid if value_known */
    bool value_known; /* false: the value is an input that is not a constant */
} rpr_pad_spec;

/** From views of the inputs: in[0] gives the shape, in[1] and in[2] pads and value if connected. */
int rpr_pad_parse(const rpr_node *n, const rpr_view *in, rpr_pad_spec *p, rpr_error *err);

/** Input index of output index o of an axis of extent dim; -1 where CONSTANT's value stands. */
int64_t rpr_pad_source(const rpr_pad_spec *p, int axis, int64_t dim, int64_t o);

#endif
