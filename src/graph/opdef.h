/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the graph needs to know of an operator. The definitions live in ops/, one operator per file;
 * the passes of graph/ reach them through this type only, so that graph/ does not depend on ops/.
 */
#ifndef RPR_GRAPH_OPDEF_H
#define RPR_GRAPH_OPDEF_H

#include "graph/graph.h"

/**
 * Sets dtype and shape of every output of node `n` from the inputs' dtypes and shapes (all known)
 * and, where the operator reads its shape from a tensor, from constant inputs.
 * Errors name the node.
 */
typedef int (*rpr_infer_fn)(rpr_graph *g, rpr_node *n, rpr_error *err);

/**
 * Evaluates node `n` densely: the definition of the operator. in[i].data is NULL where absent.
 * Views may have any strides; out views are given with the inferred shapes. Allocates only through
 * rpr_alloc and frees all of it. The fused activation n->act is NOT applied here.
 */
typedef int (*rpr_eval_fn)(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                           rpr_error *err);

typedef struct rpr_opdef {
    const char *domain; /* "" for ONNX's own */
    const char *op;
    int since, until; /* opset versions, inclusive; the newest that was checked */
    int min_in, max_in;
    int max_out;
    rpr_infer_fn infer;
    rpr_eval_fn eval;
} rpr_opdef;

/** Finds the definition of an operator at an opset; NULL if there is none. */
typedef const rpr_opdef *(*rpr_find_op_fn)(const char *domain, const char *op, int opset);

#endif
