/* SPDX-License-Identifier: Apache-2.0 */
#ifndef RPR_GRAPH_DROPOUT_H
#define RPR_GRAPH_DROPOUT_H

#include "graph/graph.h"

/** Turns every Dropout that is not in training into Identity, so that no evaluator is needed. */
int rpr_graph_settle_dropout(rpr_graph *g, rpr_error *err);

#endif
