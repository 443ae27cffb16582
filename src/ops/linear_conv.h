/* SPDX-License-Identifier: Apache-2.0 */
/* The sizes of Conv, whatever its element types. */
#ifndef RPR_OPS_LINEAR_CONV_H
#define RPR_OPS_LINEAR_CONV_H

#include "ops/linear_make.h"

typedef struct rpr_conv_sizes {
    int32_t batch, group, ci, co; /* channels per group */
    rpr_linear_axis axis[2];
    bool depthwise;
} rpr_conv_sizes;

/** From the shapes of input 0, of the weights, and of output 0; *fits: it can be a linear layer. */
int rpr_conv_measure(const rpr_graph *g, const rpr_node *n, int weights, rpr_conv_sizes *c,
                     bool *fits, rpr_error *err);

static inline int32_t rpr_conv_taps(const rpr_conv_sizes *c)
{
    return c->axis[0].k * c->axis[1].k;
}

/** Without weights. */
rpr_phase rpr_conv_phase(const rpr_conv_sizes *c, int32_t group);

/** Everything in a layer but its phases. */
void rpr_conv_describe(const rpr_conv_sizes *c, bool biased, rpr_linear *l);

#endif
