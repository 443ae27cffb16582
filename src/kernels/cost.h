/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the kernels cost, in cycles of a core that does 16 multiply-adds in one: all that matters is
 * the ratio. Choices between ways to the same result are made from these numbers and from counts.
 */
#ifndef RPR_KERNELS_COST_H
#define RPR_KERNELS_COST_H

#include "kernels/kernels.h"

/** A vector is RPR_LANE output channels, a block RPR_BLOCK, whatever the instruction set. */
typedef struct rpr_cost {
    double dense_vector;      /* one input value and one vector of weights in a dense tile */
    double change_block;      /* a change: its index and its difference, ... */
    double change_vector;     /* ... and each vector of weights, near in the caches ... */
    double change_far_vector; /* ... or, of large layers, far */
    double crowd_vector;      /* the same two where most of a window changed: neighbours then */
    double crowd_far_vector;  /* share the weights on their way to the registers */
    double visit_block;       /* loading, storing and activating the sums of an output pixel */
    double output_value;      /* an output value that is written at all */
    double gate_value;        /* comparing a value, ... */
    double gate_change;       /* ... and listing it */
} rpr_cost;

/** The numbers for an instruction set as kernels.h names it: the same on every machine. */
rpr_cost rpr_cost_named(const char *isa);

/** The same for the integer kernels (int8.h), whose values are words: one input value is four
 *  channels, a change one word, a gate's value a word. The unit is that of rpr_cost_named. */
rpr_cost rpr_cost_named_i8(const char *isa);

/**
 * The numbers for this machine, by timing the kernels of a table; takes some tens of milliseconds.
 * Each lies within RPR_COST_CLAMP times and parts of the named one. False if memory ran out.
 */
#define RPR_COST_CLAMP 4.0
bool rpr_cost_fit(const rpr_kernels *k, rpr_cost *cost);

#endif
