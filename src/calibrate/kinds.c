/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gates for which another rule than a dead-zone pays: levels, whose centroids are nearer to values
 * that come in clusters than the last used ones are, and none at all, where comparing costs more
 * than it saves or a little work takes away much error. One gate at a time is tried with both. Work
 * and deviation both change then; what counts is what they come to at one deviation, for the scale
 * can be moved afterwards.
 */
#include <math.h>

#include "calibrate/search.h"

#define MOST_FRAMES 48
#define FEW_FRAMES 16        /* that most trials end after, because ... */
#define HOPELESS (-0.1)      /* ... the gain on them is below this */
#define LEAST_GAIN 0.004     /* of the work, below which a dead-zone stays */
#define CERTAIN 3.0          /* times what chance does to one trial: the same */
#define LEAST_DEVIATION 1e-3 /* of the present one: a share that scaling can still bring back */
#define FLATTEST                                                                                   \
    (-0.1) /* slopes of work over deviation, both as logarithms: what is measured ... */
#define STEEPEST (-2.0) /* ... is taken within these */

static replay_frames frames_of(const search *s, size_t most)
{
    return (replay_frames){0, s->seen < most ? s->seen : most};
}

double rpr_search_trying_kinds(const search *s)
{
    return (double)frames_of(s, MOST_FRAMES).end +
           (double)frames_of(s, FEW_FRAMES).end * (1.0 + 2.0 * (double)s->n_gate);
}

/** What is saved, as a share of the work at the deviation of `base`; below 0: it costs more. */
static double gain_of(const replay_result *r, const replay_result *base, double slope)
{
    if (!(base->deviation > 0.0) || !isfinite(r->deviation))
        return r->work < base->work && r->deviation <= base->deviation ? 1.0 : -1.0;
    const double deviation = fmax(r->deviation / base->deviation, LEAST_DEVIATION);
    return -log(fmax(r->work, 1e-9) / fmax(base->work, 1e-9)) + slope * log(deviation);
}

/** The dead-zones as they are, on few frames and on more. */
typedef struct bases {
    replay_result few, more;
    double slope;
    double least; /* gain that counts */
} bases;

/** What a kind gains; on few frames only, if it is hopeless. */
static int try_kind(search *s, size_t gate, rpr_gate_kind kind, const bases *b, double *gain)
{
    replay_result r;
    rpr_search_set_kind(s, s->scale, gate, kind);
    RPR_TRY(rpr_search_try(s, frames_of(s, FEW_FRAMES), &r));
    *gain = gain_of(&r, &b->few, b->slope);
    if (*gain < HOPELESS || s->stopped || s->seen <= FEW_FRAMES)
        return RPR_OK;
    RPR_TRY(rpr_search_try(s, frames_of(s, MOST_FRAMES), &r));
    *gain = gain_of(&r, &b->more, b->slope);
    return RPR_OK;
}

static int try_kinds(search *s, const bases *b, size_t gate, rpr_gate_kind *best)
{
    static const rpr_gate_kind kinds[] = {RPR_GATE_LEVELS, RPR_GATE_OFF};
    double most = b->least;
    *best = RPR_GATE_DEADZONE;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && !s->stopped; i++) {
        double gain;
        RPR_TRY(try_kind(s, gate, kinds[i], b, &gain));
        if (gain > most) {
            most = gain;
            *best = kinds[i];
        }
    }
    return RPR_OK;
}

int rpr_search_kinds(search *s, bool *moved)
{
    bases b = {.slope = fmax(STEEPEST, fmin(FLATTEST, rpr_search_slope(s)))};
    b.least = fmax(LEAST_GAIN, CERTAIN * fabs(b.slope) * s->noise);
    *moved = false;
    rpr_search_set(s, s->scale);
    RPR_TRY(rpr_search_try(s, frames_of(s, FEW_FRAMES), &b.few));
    RPR_TRY(rpr_search_try(s, frames_of(s, MOST_FRAMES), &b.more));
    for (size_t g = 0; g < s->n_gate && !s->stopped; g++)
        RPR_TRY(try_kinds(s, &b, g, &s->gate[g].better));
    for (size_t g = 0; g < s->n_gate && !s->stopped; g++) {
        s->gate[g].kind = s->gate[g].better;
        *moved |= s->gate[g].kind != RPR_GATE_DEADZONE;
    }
    return RPR_OK;
}
