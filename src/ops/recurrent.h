/* SPDX-License-Identifier: Apache-2.0 */
/* What a node of LSTM, GRU or RNN says: sizes, directions, activations. */
#ifndef RPR_OPS_RECURRENT_H
#define RPR_OPS_RECURRENT_H

#include "graph/graph.h"

#define RPR_RECURRENT_ACTS 3

typedef enum rpr_cell { RPR_CELL_RNN, RPR_CELL_GRU, RPR_CELL_LSTM } rpr_cell;

/** Inputs in ONNX's order; those from INITIAL_C on are LSTM's. */
enum { RPR_REC_X, RPR_REC_W, RPR_REC_R, RPR_REC_B, RPR_REC_LENS, RPR_REC_H, RPR_REC_C, RPR_REC_P };

/** alpha and beta may be without use. */
typedef struct rpr_cell_act {
    double (*f)(double x, double alpha, double beta);
    double alpha, beta;
} rpr_cell_act;

typedef struct rpr_recurrent_spec {
    rpr_cell cell;
    int gates; /* products per step: 1, 3 (z r h) or 4 (i o f c) */
    int directions;
    bool backward[2]; /* per direction */
    int64_t steps, batch, inputs, hidden;
    bool batch_first; /* layout 1 */
    bool input_forget, linear_before_reset;
    double clip;                             /* of what activations are given; infinite: none */
    rpr_cell_act act[2][RPR_RECURRENT_ACTS]; /* by direction: f, g, h */
    bool plain_acts;                         /* they are those that the operator has by itself */
} rpr_recurrent_spec;

/** Checks attributes, types and shapes. */
int rpr_recurrent_parse(const rpr_graph *g, const rpr_node *n, rpr_recurrent_spec *s,
                        rpr_error *err);

/** Attributes only, sizes from views of the inputs: for evaluation, after inference. */
int rpr_recurrent_read(const rpr_node *n, const rpr_view *in, rpr_recurrent_spec *s,
                       rpr_error *err);

#endif
