/* SPDX-License-Identifier: Apache-2.0 */
/* Delays and Slices between volumes (plan/expand_volume.h): they go along on the slices. */
#ifndef RPR_PLAN_EXPAND_COLUMNS_H
#define RPR_PLAN_EXPAND_COLUMNS_H

#include "plan/expand.h"

typedef struct rpr_volumes {
    rpr_graph *g;
    int *slices; /* value [1, C, D, H, W] -> value [D, C, H, W], or RPR_NONE */
    size_t n;    /* values that there were at first */
    bool crops;  /* of a graph with a window */
    bool changed;
} rpr_volumes;

/** The slices of a volume, made if there are none. */
int rpr_volume_slices(rpr_volumes *v, rpr_expansion *e, int value);

/** Makes the node's output from slices; nobody may read it, then it goes with the next sweep. */
void rpr_volume_give(rpr_volumes *v, rpr_expansion *e, const rpr_node *n, int slices);

/** A Delay or a Slice of slices that there are, or a Delay of which some are going to be wanted:
 *  `becomes` says of a node that it goes on slices. False if it is no such node. */
bool rpr_volume_expand_columns(rpr_volumes *v, rpr_expansion *e, const rpr_node *n,
                               bool (*becomes)(const rpr_graph *g, const rpr_node *n));

#endif
