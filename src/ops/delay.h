/* SPDX-License-Identifier: Apache-2.0 */
/* What a Delay node (graph/table.h) says, for its definition and for the plan. */
#ifndef RPR_OPS_DELAY_H
#define RPR_OPS_DELAY_H

#include "graph/graph.h"

typedef struct rpr_delay_spec {
    int axis;
    int64_t length, shift, period;
    int64_t head, tail; /* columns of the inputs; what is between them is kept from earlier calls */
} rpr_delay_spec;

/** Attributes and inputs checked against each other; shapes are known. Errors name the node. */
int rpr_delay_parse(const rpr_graph *g, const rpr_node *n, rpr_delay_spec *s, rpr_error *err);

#endif
