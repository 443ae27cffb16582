/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the thresholds of the gates should stand to each other. While errors are small, those of the
 * gates add up as independent ones, so that the square of the deviation is a sum over gates, as the
 * work is. The least work at a given deviation is where a little more threshold saves the same work
 * per square of deviation at every gate (Lagrange). Both are measured around the present thresholds
 * with all other gates as they are, because a gate's effect depends on theirs: what the ones before
 * it hold back it never meets. Gates that save more than the mean move up, the others down.
 */
#include <math.h>

#include "calibrate/search.h"

#define SPREAD 1.8       /* a gate is measured at its threshold times and divided by this */
#define MOST_FRAMES 80   /* that are run to measure it: few are a poor guide */
#define EXPONENT 0.45    /* of the step: 1 / (sum of the slopes of work and deviation), about */
#define WIDEST_STEP 20.0 /* times the mean, and a part of it */
#define WIDEST 20.0      /* a weight, and its inverse */
#define LEAST_DEVIATION 0.003 /* share of the squared deviation, below which it is noise */
#define LEAST_WORK 1e-6

static replay_frames frames_of(const search *s)
{
    return (replay_frames){0, s->seen < MOST_FRAMES ? s->seen : MOST_FRAMES};
}

double rpr_search_weighing(const search *s)
{
    return (double)frames_of(s).end * (1.0 + 2.0 * (double)s->n_gate);
}

static double square(double v)
{
    return isfinite(v) ? fmin(v * v, 1e30) : 1e30;
}

/** Runs with a gate's threshold times `by`; what is known already, if that is the same gate. */
static int try_threshold(search *s, size_t gate, double by, const replay_result *base,
                         replay_result *result)
{
    *result = *base;
    if (rpr_search_same_rule(s, gate, s->scale, s->scale * by))
        return RPR_OK;
    rpr_search_set(s, s->scale, gate, by);
    return rpr_search_try(s, frames_of(s), result);
}

/** Logarithm of the work that a gate saves per square of deviation. */
static int measure(search *s, size_t gate, const replay_result *base, double *gain)
{
    replay_result narrow, wide;
    RPR_TRY(try_threshold(s, gate, 1.0 / SPREAD, base, &narrow));
    RPR_TRY(try_threshold(s, gate, SPREAD, base, &wide));
    const double least = fmax(LEAST_DEVIATION * square(base->deviation), 1e-30);
    const double saved = narrow.work - wide.work;
    const double spoilt = square(wide.deviation) - square(narrow.deviation);
    *gain = log(fmax(saved, LEAST_WORK)) - log(fmax(spoilt, least));
    return RPR_OK;
}

/** Takes the mean of all steps out and moves the weights. */
static void move(search *s)
{
    double mean = 0.0, level = 0.0;
    const double most = log(WIDEST_STEP);
    for (size_t g = 0; g < s->n_gate; g++)
        mean += s->gate[g].step / (double)s->n_gate;
    for (size_t g = 0; g < s->n_gate; g++) {
        search_gate *t = &s->gate[g];
        t->step = EXPONENT * fmin(most, fmax(-most, t->step - mean));
        t->weight = fmin(WIDEST, fmax(1.0 / WIDEST, t->weight * exp(t->step)));
        level += log(t->weight) / (double)s->n_gate;
    }
    for (size_t g = 0; g < s->n_gate; g++)
        s->gate[g].weight *= exp(-level);
}

int rpr_search_weigh(search *s)
{
    replay_result base;
    rpr_search_set(s, s->scale, SEARCH_NO_GATE, 1.0);
    RPR_TRY(rpr_search_try(s, frames_of(s), &base));
    for (size_t g = 0; g < s->n_gate && !s->stopped; g++)
        RPR_TRY(measure(s, g, &base, &s->gate[g].step));
    if (!s->stopped)
        move(s);
    return RPR_OK;
}
