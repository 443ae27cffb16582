/* SPDX-License-Identifier: Apache-2.0 */
/* The passes that turn a graph as read into one that can be planned, in the order they are run. */
#ifndef RPR_GRAPH_PASSES_H
#define RPR_GRAPH_PASSES_H

#include "graph/opdef.h"

/** Fixes the shapes of graph inputs; inputs left open are an RPR_ERR_SHAPE naming the dimension. */
int rpr_graph_fix_inputs(rpr_graph *g, const rpr_input_shape *shapes, size_t n, rpr_error *err);

/**
 * Gives every node its definition. Every unsupported node is logged (one RPR_LOG_ERROR line each,
 * with name, operator, opset); then RPR_ERR_UNSUPPORTED with a summary of all operator types.
 * Counts of inputs and outputs are checked. A Dropout that is not in training becomes Identity.
 */
int rpr_graph_resolve(rpr_graph *g, rpr_find_op_fn find, rpr_log_fn log, void *log_user,
                      rpr_error *err);

/** The same for the nodes from `first` on, of a graph that was resolved; without lines for a log.
 */
int rpr_graph_resolve_from(rpr_graph *g, size_t first, rpr_error *err);

/** Takes in the branches of If nodes. Infers all shapes and evaluates nodes whose inputs are all
 * constant, in one walk. */
int rpr_graph_fold(rpr_graph *g, rpr_error *err);

/**
 * Fuses Pad, BatchNormalization, bias, scale and activations into weighted nodes; drops Identity.
 * Shapes must be known. A node whose operator changes gets its definition from the function that
 * rpr_graph_resolve was given.
 */
int rpr_graph_fuse(rpr_graph *g, rpr_error *err);

#endif
