/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RPR_GRAPH_BRANCH_H
#define RPR_GRAPH_BRANCH_H

#include "graph/graph.h"

typedef enum rpr_branches { RPR_BRANCH_ELSE, RPR_BRANCH_THEN, RPR_BRANCH_BOTH } rpr_branches;

bool rpr_node_is_if(const rpr_node *n);

/** That an If has two branches which give as many outputs as it has. */
int rpr_branch_check(rpr_node *n, rpr_error *err);

/**
 * Moves the nodes of one branch of node `node`, a checked If, to the end of the graph, and what its
 * outputs are called behind them; of both, what the condition chooses between. The node is dead
 * then. The graph is no longer sorted; the new nodes have no definitions yet.
 */
int rpr_branch_inline(rpr_graph *g, int node, rpr_branches which, rpr_error *err);

#endif
