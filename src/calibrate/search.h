/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The search for thresholds. A gate's is scale * weight * range of its input: weights.c finds how
 * the gates should stand to each other, kinds.c which should be another rule, scale.c how far all
 * of them may go within the budget.
 */
#ifndef RPR_CALIBRATE_SEARCH_H
#define RPR_CALIBRATE_SEARCH_H

#include "calibrate/replay.h"

/** One gate that compares, with all layers that read through it. */
typedef struct search_gate {
    int gate;             /* as rpr_layer_info counts them */
    double lo, hi;        /* range of its input over the sample */
    double weight;        /* threshold / common scale, in the present round */
    rpr_gate_kind kind;   /* dead-zone; levels of its width; or off: always dense */
    double by;            /* the threshold is times it, in a trial of weights.c; else 1 */
    double step;          /* by which weights.c last moved the weight's logarithm */
    bool moves;           /* a little more or less threshold is another rule */
    rpr_gate_kind better; /* what kinds.c found */
    bool bytes;           /* compares bytes, whose thresholds are whole steps of 1/255 */
} search_gate;

enum { SEARCH_ROUNDS = 5, SEARCH_TRIALS = 64, SEARCH_FOLDS = 5 };

/** Gates that were tried on all frames that may be used, by what they come from. */
typedef struct search_trial {
    int round;
    double scale;
    replay_result result;
} search_trial;

typedef struct search {
    replay *r;
    double budget;
    int (*progress)(void *user, double done);
    void *progress_user;
    size_t seen;       /* frames of the sample that may be used */
    search_gate *gate; /* by number of first layer */
    size_t n_gate;
    rpr_layer_gate *layer; /* of the last trial: all layers of all gates */
    int *gate_of_layer;    /* index in `gate` for every entry of `layer` */
    size_t n_layer;
    double *weights;      /* n_gate of every round, ... */
    rpr_gate_kind *kinds; /* ... and the same */
    int round;
    double scale; /* the largest within the budget, in the present round */
    search_trial trial[SEARCH_TRIALS];
    size_t n_trial;
    double noise;         /* of the logarithm of a trial's deviation, as the last weighing saw it */
    double *trials;       /* room for the logarithms of a weighing's work, and of its deviations */
    double *lo, *hi;      /* of every layer of the model */
    rpr_layer_gate *best; /* n_layer, the best so far */
    replay_result result; /* of the best */
    replay_result tried;  /* of what is to be narrowed */
    double done, all;     /* frames run so far and expected */
    bool stopped;
} search;

int rpr_search_open(search *s, replay *r, const rpr_calibrate_options *o, size_t seen,
                    rpr_error *err);
void rpr_search_close(search *s);

/** Leaves the best gates in `best`; exact ones at the least. */
int rpr_search_run(search *s);

/** Sets lo and hi of all layers and gates from about n of the frames. */
int rpr_search_ranges(search *s, size_t n);

/** Runs frames with the gates in `layer`, and counts them as work that is done. */
int rpr_search_try(search *s, replay_frames f, replay_result *result);

/** Sets `layer` by the present weights, a scale and what the gates' thresholds are times now. */
void rpr_search_set(search *s, double scale);

/** Whether two scales give a gate the same rule: of bytes they do between two steps. */
bool rpr_search_same_rule(const search *s, size_t gate, double a, double b);

/** The same of all gates. */
bool rpr_search_same(const search *s, double a, double b);

/** Moves the weights by what every gate saves and spoils around the present scale. */
int rpr_search_weigh(search *s);

/** Sets `layer` as rpr_search_set does, but for a gate that has another kind. */
void rpr_search_set_kind(search *s, double scale, size_t other, rpr_gate_kind kind);

/**
 * Gives those gates another kind with which less work is done at the same deviation; *moved tells
 * whether there are any.
 */
int rpr_search_kinds(search *s, bool *moved);

/** What moves of the logarithm of work with that of deviation, with the present weights. */
double rpr_search_slope(const search *s);

/** Frames that those run, expected. */
double rpr_search_trying_kinds(const search *s);

/** Frames that weighing runs in a round, expected. */
double rpr_search_weighing(const search *s, int round);

/** Numbers of one trial of weighing, for so many gates. */
size_t rpr_search_weighings(size_t gates);

/** The largest scale within the budget between two; 2^-halvings of the way from it. */
int rpr_search_scale(search *s, double low, double high, int halvings);

/**
 * Some more trials of the round that needs the least work, where the deviation is that which stands
 * for the budget; of a metric with a deviation.
 */
int rpr_search_refine(search *s);

/** Makes the trial with the least work that is expected to keep the budget the best one. */
void rpr_search_choose(search *s);

/** Narrows the best until the budget is kept in every part of the frames, too. */
int rpr_search_narrow(search *s);

#endif
