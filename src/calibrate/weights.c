/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the thresholds of the gates should stand to each other. While errors are small, those of the
 * gates add up as independent ones, so that the square of the deviation is a sum over gates, as the
 * work is. The least work at a given deviation is where every gate has the threshold that is best
 * for work + price * square of deviation, at one price for all (Lagrange). Both are measured gate
 * by gate around the present thresholds with all other gates as they are, because a gate's effect
 * depends on theirs: what the ones before it hold back it never meets.
 *
 * The first round looks far: a layer does all of its work until its threshold is wide enough for
 * corrections to pay, so that the best point may lie beyond points that save nothing. The next
 * rounds look near, where curves are straight, and move a gate by how much it saves per square of
 * deviation against the mean of all.
 */
#include <math.h>

#include "calibrate/search.h"

#define FEWEST_FRAMES 32 /* that are run to measure a gate, or all that there are */
#define SPREAD 1.6       /* near: the threshold times and divided by this */
#define EXPONENT 0.4     /* of the step: 1 / (sum of the slopes of work and deviation), about */
#define WIDEST_STEP 20.0 /* times the mean, and a part of it */
#define WIDEST 64.0      /* a weight, and its inverse */
#define LEAST_DEVIATION 0.003 /* share of the squared deviation, below which it is noise */
#define LEAST_WORK 1e-6
enum { HALVINGS = 40 };
static const double factors[SEARCH_FACTORS] = {1.0 / 6.0, 0.5, 1.0, 2.0, 4.0, 10.0};

static replay_frames frames_of(const search *s)
{
    return (replay_frames){0, s->seen < FEWEST_FRAMES ? s->seen : FEWEST_FRAMES};
}

double rpr_search_weighing(const search *s)
{
    const double runs = SEARCH_FACTORS - 1 + 2.0 * (SEARCH_ROUNDS - 2);
    return (double)frames_of(s).end * (SEARCH_ROUNDS - 1 + runs * (double)s->n_gate);
}

static double square(double v)
{
    return isfinite(v) ? fmin(v * v, 1e30) : 1e30;
}

/** Work and squared deviation with one gate's threshold times `by`. */
static int measure(search *s, size_t gate, double by, search_point *p)
{
    replay_result r;
    rpr_search_set(s, s->scale, gate, by);
    RPR_TRY(rpr_search_try(s, frames_of(s), &r));
    *p = (search_point){.work = r.work, .deviation2 = square(r.deviation)};
    return RPR_OK;
}

/** Moves all weights so that their geometric mean is 1, which the scale makes up for. */
static void level(search *s)
{
    double mean = 0.0;
    for (size_t g = 0; g < s->n_gate; g++) {
        s->gate[g].weight = fmin(WIDEST, fmax(1.0 / WIDEST, s->gate[g].weight));
        mean += log(s->gate[g].weight) / (double)s->n_gate;
    }
    for (size_t g = 0; g < s->n_gate; g++)
        s->gate[g].weight *= exp(-mean);
    s->scale *= exp(mean);
}

/* ---------------------------------------------------------------------- far */

/** The best factor of a gate at a price. */
static int best_factor(const search_gate *g, double price)
{
    int best = 0;
    for (int k = 1; k < SEARCH_FACTORS; k++)
        if (g->point[k].work + price * g->point[k].deviation2 <
            g->point[best].work + price * g->point[best].deviation2)
            best = k;
    return best;
}

/** What all gates' best factors at a price add to the squared deviation. */
static double added(const search *s, double price, double base)
{
    double sum = 0.0;
    for (size_t g = 0; g < s->n_gate; g++)
        sum += s->gate[g].point[best_factor(&s->gate[g], price)].deviation2 - base;
    return sum;
}

static int look_far(search *s, const search_point *base)
{
    for (size_t g = 0; g < s->n_gate && !s->stopped; g++)
        for (int k = 0; k < SEARCH_FACTORS && !s->stopped; k++) {
            s->gate[g].point[k] = *base;
            if (factors[k] < 1.0 || factors[k] > 1.0)
                RPR_TRY(measure(s, g, factors[k], &s->gate[g].point[k]));
        }
    if (s->stopped)
        return RPR_OK;
    /* The lowest price at which the deviation stays what it is. */
    double low = -23.0, high = 46.0;
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = (low + high) / 2.0;
        if (added(s, exp(middle) / base->deviation2, base->deviation2) > 0.0)
            low = middle;
        else
            high = middle;
    }
    const double price = exp(high) / base->deviation2;
    for (size_t g = 0; g < s->n_gate; g++)
        s->gate[g].weight *= factors[best_factor(&s->gate[g], price)];
    level(s);
    return RPR_OK;
}

/* --------------------------------------------------------------------- near */

/** Logarithm of the work that a gate saves per square of deviation. */
static int gain_of(search *s, size_t gate, double base, double *gain)
{
    search_point narrow, wide;
    RPR_TRY(measure(s, gate, 1.0 / SPREAD, &narrow));
    RPR_TRY(measure(s, gate, SPREAD, &wide));
    *gain = log(fmax(narrow.work - wide.work, LEAST_WORK)) -
            log(fmax(wide.deviation2 - narrow.deviation2, fmax(LEAST_DEVIATION * base, 1e-30)));
    return RPR_OK;
}

static int look_near(search *s, const search_point *base)
{
    const double most = log(WIDEST_STEP);
    double mean = 0.0;
    for (size_t g = 0; g < s->n_gate && !s->stopped; g++) {
        RPR_TRY(gain_of(s, g, base->deviation2, &s->gate[g].gain));
        mean += s->gate[g].gain / (double)s->n_gate;
    }
    for (size_t g = 0; g < s->n_gate && !s->stopped; g++)
        s->gate[g].weight *= exp(EXPONENT * fmin(most, fmax(-most, s->gate[g].gain - mean)));
    level(s);
    return RPR_OK;
}

int rpr_search_weigh(search *s)
{
    search_point base;
    RPR_TRY(measure(s, SEARCH_NO_GATE, 1.0, &base));
    if (s->stopped || !(base.deviation2 > 0.0)) /* nothing shows what matters */
        return RPR_OK;
    return s->round == 0 ? look_far(s, &base) : look_near(s, &base);
}
