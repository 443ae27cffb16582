/* SPDX-License-Identifier: Apache-2.0 */
/* Activation nodes as the kernels compute them. */
#ifndef RPR_OPS_UNARY_H
#define RPR_OPS_UNARY_H

#include "graph/graph.h"

/**
 * Relu, LeakyRelu, Clip with constant limits, Sigmoid, HardSigmoid, HardSwish and Tanh on f32:
 * fills *out and returns true. Everything else: false.
 */
bool rpr_act_from_node(const rpr_node *n, const rpr_graph *g, rpr_act *out);

#endif
