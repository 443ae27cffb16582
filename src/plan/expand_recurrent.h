/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RPR_PLAN_EXPAND_RECURRENT_H
#define RPR_PLAN_EXPAND_RECURRENT_H

#include "graph/graph.h"

/**
 * Turns every LSTM, GRU and RNN that makes one step a call into products, activations and sums, so
 * that both its products are weighted layers behind gates. Shapes are known. *changed: the graph
 * wants definitions and shapes anew.
 */
int rpr_expand_recurrent(rpr_graph *g, bool *changed, rpr_error *err);

#endif
