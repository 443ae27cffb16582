/* SPDX-License-Identifier: Apache-2.0 */
/* The search for thresholds. */
#ifndef RPR_CALIBRATE_SEARCH_H
#define RPR_CALIBRATE_SEARCH_H

#include "calibrate/replay.h"

/** One gate that compares, with all layers that read through it. */
typedef struct search_gate {
    int gate;           /* as rpr_layer_info counts them */
    double macs;        /* of its layers */
    double sensitivity; /* deviation with a dead-zone here alone */
    double lo, hi;      /* range of its input over the sample */
    double weight;      /* threshold of the layer / common scale */
} search_gate;

enum { SEARCH_EXPONENTS = 4, SEARCH_HALVINGS = 8 };

/** Gates that were tried, by the numbers they come from. */
typedef struct search_trial {
    double exponent, scale;
    replay_result result;
} search_trial;

typedef struct search {
    replay *r;
    double budget;
    int (*progress)(void *user, double done);
    void *progress_user;
    size_t seen; /* frames of the sample that may be used */
    search_gate *gate;
    size_t n_gate;
    rpr_layer_gate *layer; /* the thresholds of the last trial: all layers of all gates */
    int *gate_of_layer;    /* index in `gate` for every entry of `layer` */
    size_t n_layer;
    search_trial trial[SEARCH_EXPONENTS * SEARCH_HALVINGS];
    size_t n_trial;
    double *lo, *hi;      /* of every layer of the model */
    rpr_layer_gate *best; /* n_layer, the best so far */
    replay_result result; /* of the best */
    double done, all;     /* frames run so far and expected */
    bool stopped;
} search;

int rpr_search_open(search *s, replay *r, const rpr_calibrate_options *o, size_t seen,
                    rpr_error *err);
void rpr_search_close(search *s);

/** Leaves the best gates in `best`; exact ones at the least. */
int rpr_search_run(search *s);

#endif
