/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LSTM, GRU and RNN with constant f32 weights, many steps a call. Each step has a product on its
 * input and one on the state before, both behind gates of their own that go along the steps and on
 * from call to call: what did not change since the step before costs no weights. The cells are
 * always computed.
 */
#ifndef RPR_OPS_RECURRENT_LAYER_H
#define RPR_OPS_RECURRENT_LAYER_H

#include "kernels/cost.h"
#include "kernels/kernels.h"
#include "ops/recurrent.h"

/** z = w * x + bias for one vector; ci is 0 where there is none. */
typedef struct rpr_product {
    const float *w;    /* packed */
    const float *half; /* the same as half weights, for corrections, or NULL */
    const float *bias; /* rpr_round_lane(co) floats */
    int32_t ci, co;
} rpr_product;

enum {
    RPR_ON_INPUT, /* on the step's input, biases included */
    RPR_ON_STATE, /* on the state before */
    RPR_ON_RESET, /* GRU without linear_before_reset: the candidate's, on r * state */
    RPR_PRODUCTS
};

typedef struct rpr_recurrent_layer {
    rpr_recurrent_spec s;
    rpr_product product[2][RPR_PRODUCTS]; /* by direction */
    const float *peep[2]; /* LSTM: what i, o and f are given of the cell, or NULL: nothing */
    float *weights;       /* owned */
    float *halves;        /* owned, or NULL */
    size_t weight_bytes, half_bytes;
    int64_t macs, parameters; /* of a call */
} rpr_recurrent_layer;

/**
 * *out is NULL, without an error, if the node has no such form: weights that are not constant,
 * other types than f32, sequence lengths, clip, or other activations.
 */
int rpr_recurrent_layer_new(const rpr_graph *g, const rpr_node *n, rpr_recurrent_layer **out,
                            rpr_error *err);
void rpr_recurrent_layer_free(rpr_recurrent_layer *l);

/**
 * Which values changed in a call, by direction and row: row b * steps + i is step i, in the order
 * in which the direction takes them, of sequence b. Its values are the input's, then the state's.
 */
typedef struct rpr_recurrent_record {
    int32_t *row_n, *idx;        /* rpr_recurrent_record_rows, _list; not owned */
    int64_t changed[2], macs[2]; /* by direction */
} rpr_recurrent_record;

/** False of layers that have another product, on something else: of these there is no record. */
bool rpr_recurrent_records(const rpr_recurrent_layer *l);
size_t rpr_recurrent_record_bytes(const rpr_recurrent_layer *l);
void rpr_recurrent_record_open(rpr_recurrent_record *record, const rpr_recurrent_layer *l,
                               void *memory);

/** How many values of every row of a direction changed; and which, row after row. */
const int32_t *rpr_recurrent_record_rows(const rpr_recurrent_record *record,
                                         const rpr_recurrent_layer *l, int d);
const int32_t *rpr_recurrent_record_list(const rpr_recurrent_record *record,
                                         const rpr_recurrent_layer *l, int d);

/** What counts as changed on the way along the steps. */
typedef struct rpr_recurrent_gate {
    rpr_gate rule;
    double scale; /* of its threshold */
    const rpr_cost *cost;
    double favour;                /* of corrections: 1 by costs, 0 none, INFINITY always */
    int refresh;                  /* steps after which everything is taken as it is; 0: never */
    bool half;                    /* corrections use half weights, where there are any */
    rpr_recurrent_record *record; /* written, unless NULL */
} rpr_recurrent_gate;

/** Bytes that live from call to call, and bytes for the time of one. */
size_t rpr_recurrent_state_bytes(const rpr_recurrent_layer *l);
size_t rpr_recurrent_scratch_bytes(const rpr_recurrent_layer *l);

/** Forgets a state: zeros. */
void rpr_recurrent_forget(const rpr_recurrent_layer *l, void *state);

/** Of the inputs, by which dead-zones and levels go if the rule has none; zeros: not known yet. */
void rpr_recurrent_range(const void *state, float *lo, float *hi);

/** What counts as changed is taken as it is on the next step; the range stays. */
void rpr_recurrent_renew(const rpr_recurrent_layer *l, void *state);

typedef struct rpr_recurrent_counts {
    int64_t inputs, changed; /* values that met a gate */
    int64_t macs;            /* executed */
    int64_t weight_bytes;    /* that these read, each step's by itself */
    double cost;             /* of these, behind gates; in the unit of kernels/cost.h */
} rpr_recurrent_counts;

/** What `cost` is of a run without gates. */
double rpr_recurrent_dense_cost(const rpr_recurrent_layer *l, const rpr_cost *c);

/** Runs all steps. gate NULL: densely, and state is not used. in and out as the node has them. */
rpr_recurrent_counts rpr_recurrent_run(const rpr_recurrent_layer *l, const rpr_kernels *k,
                                       const rpr_node *n, const rpr_recurrent_gate *gate,
                                       void *state, void *scratch, const rpr_view *in,
                                       const rpr_view *out);

#endif
