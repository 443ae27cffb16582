/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RPR_OPS_SPLIT_H
#define RPR_OPS_SPLIT_H

#include "graph/graph.h"

/** How a Split node cuts one axis. Points into the node or its inputs; valid as long as they are.
 */
typedef struct rpr_split_spec {
    int axis;
    int64_t equal;       /* size of every part, if neither of the following is set */
    const int64_t *attr; /* NULL or the size of each part */
    rpr_view list;       /* the same as a view; data NULL if absent */
} rpr_split_spec;

/** From views of the inputs: in[0] gives the shape, in[1] the sizes if connected. Sizes add up. */
int rpr_split_parse(const rpr_node *n, const rpr_view *in, rpr_split_spec *s, rpr_error *err);

/** Size of part i, of output i. */
int64_t rpr_split_size(const rpr_split_spec *s, int i);

#endif
