/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RPR_PLAN_EXPAND_VOLUME_H
#define RPR_PLAN_EXPAND_VOLUME_H

#include "graph/graph.h"

/**
 * Conv and MaxPool with three spatial axes, of one volume: its slices become a batch of pictures. A
 * convolution is the sum of one in two dimensions for each tap in depth, all behind one gate; a
 * pool is the largest of some slices that were pooled. Delays between them, and Slices, go along.
 * After fusing. `crops`, of graphs with a window: convolutions of which a tap reads few of the
 * slices have a gate for each tap, on those. *changed: the graph wants definitions and shapes anew.
 */
int rpr_expand_volumes(rpr_graph *g, bool crops, bool *changed, rpr_error *err);

#endif
