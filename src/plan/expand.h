/* SPDX-License-Identifier: Apache-2.0 */
/* Nodes that become many: what the files expand_*.c make them with. */
#ifndef RPR_PLAN_EXPAND_H
#define RPR_PLAN_EXPAND_H

#include "graph/graph.h"

#define RPR_EXPAND_OPSET 13 /* of the new nodes */

/** One node on its way into many. Once something failed the rest does nothing. */
typedef struct rpr_expansion {
    rpr_graph *g;
    const char *name; /* of the node: the new ones are called name/what */
    int status;
} rpr_expansion;

int rpr_expand_value(rpr_expansion *e, const char *what);

/** A constant over a copy of `data`; NULL: zeros. */
int rpr_expand_constant(rpr_expansion *e, const char *what, rpr_dtype t, rpr_shape shape,
                        const void *data);
int rpr_expand_ints(rpr_expansion *e, const char *what, const int64_t *v, int n);

/** A node with one output, `out` or a new value; returns which. Inputs may be RPR_NONE. */
int rpr_expand_node(rpr_expansion *e, const char *op, const char *what, int out, const int *in,
                    int n_in);

/** The same of the library's own operators (graph/table.h). */
int rpr_expand_own_node(rpr_expansion *e, const char *op, const char *what, const int *in,
                        int n_in);

/** The node that was added last, for its attributes. Only while nothing failed. */
rpr_node *rpr_expand_last(const rpr_expansion *e);

int rpr_expand_reshape(rpr_expansion *e, int x, const char *what, int out, int rank,
                       const int64_t *dim);

/** Ends it: node `index` is gone. */
void rpr_expand_bury(rpr_graph *g, int index);

/** After all of a graph's: sorts and sweeps. Definitions and shapes are wanted anew. */
int rpr_expand_settle(rpr_graph *g, rpr_error *err);

#endif
