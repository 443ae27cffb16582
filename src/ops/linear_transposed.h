/* SPDX-License-Identifier: Apache-2.0 */
/* The sizes and phases of ConvTranspose, whatever its element types. */
#ifndef RPR_OPS_LINEAR_TRANSPOSED_H
#define RPR_OPS_LINEAR_TRANSPOSED_H

#include "ops/linear_make.h"

typedef struct rpr_transposed_sizes {
    int32_t batch, group, ci, co; /* channels per group */
    rpr_linear_axis axis[2];
    int32_t fold; /* residues along x that are one phase, with their channels side by side */
} rpr_transposed_sizes;

/** From the shapes of input 0, of the weights, and of output 0; *fits: it can be a linear layer. */
int rpr_transposed_measure(const rpr_graph *g, const rpr_node *n, int weights,
                           rpr_transposed_sizes *c, bool *fits, rpr_error *err);

static inline int32_t rpr_transposed_taps(const rpr_transposed_sizes *c)
{
    return c->axis[0].k * c->axis[1].k;
}

/** Phases of a group. Every tap belongs to as many of them as are not folded: one. */
static inline int32_t rpr_transposed_phases(const rpr_transposed_sizes *c)
{
    return c->axis[0].s * (c->axis[1].s / c->fold);
}

/** A group's phase of that index, without weights. */
rpr_phase rpr_transposed_phase(const rpr_transposed_sizes *c, int32_t group, int32_t index);

/** Where tap t of a phase's folded residue f stands in the window: ky * k of x + kx. */
int32_t rpr_transposed_tap(const rpr_transposed_sizes *c, int32_t index, int32_t f, int32_t t);

/** Everything in a layer but its phases. */
void rpr_transposed_describe(const rpr_transposed_sizes *c, bool biased, rpr_linear *l);

#endif
