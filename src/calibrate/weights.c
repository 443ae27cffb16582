/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the thresholds of the gates should stand to each other. While errors are small, those of the
 * gates add up as independent ones, so that the square of the deviation is a sum over gates, as the
 * work is. The least work at a given deviation is where a little more threshold saves the same work
 * per square of deviation at every gate (Lagrange). Both are measured around the present
 * thresholds, because a gate's effect depends on those of the others: what the ones before it hold
 * back it never meets. Gates that save more than the mean move up, the others down.
 *
 * One gate of many moves the deviation by less than chance does (which value is taken in when). So
 * all gates are moved in every trial, each up or down, by a design in which the trials tell every
 * gate's effect apart.
 */
#include <math.h>

#include "calibrate/design.h"
#include "calibrate/search.h"

#define SPREAD 1.6        /* thresholds are times this and divided by it */
#define MOST_FRAMES 80    /* that are run to measure: few are a poor guide */
#define EXPONENT 0.45     /* of the step: 1 / (sum of the slopes of work and deviation), about */
#define WIDEST_STEP 20.0  /* times the mean, and a part of it */
#define WIDEST 20.0       /* a weight, and its inverse */
#define LEAST_EFFECT 1e-3 /* on a logarithm; below it is noise, as ... */
#define CERTAIN 0.3       /* ... what is below so many standard errors */
enum { FEW_GATES = 16, FULL_STEPS = 2 };

/* Few gates act on each other, which trials and mirrored ones together do not take for effects of
 * single gates. Of many every other round is mirrored. */
static size_t halves_of(size_t gates)
{
    return gates <= FEW_GATES ? 2 : 1;
}

size_t rpr_search_weighings(size_t gates)
{
    return halves_of(1) * rpr_design_trials(gates);
}

/** Of the first round, which is far from the end, half of what the others are. */
static replay_frames frames_of(const search *s, int round)
{
    const size_t most = round == 0 ? MOST_FRAMES / 2 : MOST_FRAMES;
    return (replay_frames){0, s->seen < most ? s->seen : most};
}

double rpr_search_weighing(const search *s, int round)
{
    return (double)(frames_of(s, round).end * halves_of(s->n_gate) * rpr_design_trials(s->n_gate));
}

static double square(double v)
{
    return isfinite(v) ? fmin(v * v, 1e30) : 1e30;
}

/** Those gates take part that have another rule when wide. */
static size_t find_moving(search *s)
{
    size_t n = 0;
    for (size_t g = 0; g < s->n_gate; g++) {
        s->gate[g].moves = !rpr_search_same_rule(s, g, s->scale / SPREAD, s->scale * SPREAD);
        n += s->gate[g].moves;
    }
    return n;
}

/** Up and down in a trial, or as they are. */
static void turn(search *s, size_t trials, size_t trial, bool mirrored)
{
    size_t thing = 0;
    for (size_t g = 0; g < s->n_gate; g++)
        if (s->gate[g].moves)
            s->gate[g].by =
                rpr_design_more(trials, trial, thing++) != mirrored ? SPREAD : 1.0 / SPREAD;
    rpr_search_set(s, s->scale);
    for (size_t g = 0; g < s->n_gate; g++)
        s->gate[g].by = 1.0;
}

/** Effects on a logarithm: of every trial in `value`, halves one after the other. */
typedef struct effects {
    const double *value;
    size_t trials, halves;
    bool mirrored; /* the first half */
    double error;  /* standard error of an effect */
} effects;

static double effect_of(const effects *e, size_t thing)
{
    double sum = 0.0;
    for (size_t h = 0; h < e->halves; h++)
        sum +=
            rpr_design_effect(e->value + h * e->trials, e->trials, thing, e->mirrored != (h == 1)) /
            (double)e->halves;
    return sum;
}

/** What the effects of n things do not explain, as a standard deviation of single trials. */
static double find_noise(effects *e, size_t n)
{
    const size_t all = e->halves * e->trials;
    double mean = 0.0, rest = 0.0;
    for (size_t i = 0; i < all; i++)
        mean += e->value[i] / (double)all;
    for (size_t i = 0; i < all; i++)
        rest += (e->value[i] - mean) * (e->value[i] - mean);
    for (size_t k = 0; k < n; k++)
        rest -= (double)all * effect_of(e, k) * effect_of(e, k);
    const double noise = n + 1 < all ? sqrt(fmax(0.0, rest) / (double)(all - 1 - n)) : 0.0;
    e->error = noise / sqrt((double)all);
    return noise;
}

static int run_trials(search *s, const effects *work)
{
    double *w = s->trials, *d = s->trials + work->halves * work->trials;
    for (size_t i = 0; i < work->halves * work->trials && !s->stopped; i++) {
        replay_result r;
        turn(s, work->trials, i % work->trials, work->mirrored != (i >= work->trials));
        RPR_TRY(rpr_search_try(s, frames_of(s, s->round), &r));
        w[i] = log(fmax(r.work, 1e-9));
        d[i] = log(fmax(square(r.deviation), 1e-30));
    }
    return RPR_OK;
}

/** What the gate spoils: as measured or, the less that is certain, as what it saves suggests. */
static double spoils(double lost, double expected, double error)
{
    const double sure = expected * expected, unsure = error * error;
    const double mean =
        sure + unsure > 0.0 ? (sure * lost + unsure * expected) / (sure + unsure) : lost;
    return fmax(mean, fmax(LEAST_EFFECT, CERTAIN * error));
}

/** Logarithm of the share of the work that each gate saves per share of the squared deviation. */
static void find_gains(search *s, const effects *work, const effects *spoilt, size_t n)
{
    double saved = 0.0, lost = 0.0;
    for (size_t k = 0; k < n; k++) {
        saved -= effect_of(work, k);
        lost += effect_of(spoilt, k);
    }
    const double rate = saved > 0.0 ? fmax(lost, 0.0) / saved : 0.0;
    for (size_t g = 0, k = 0; g < s->n_gate; g++) {
        if (!s->gate[g].moves)
            continue;
        const double own = fmax(-effect_of(work, k), fmax(LEAST_EFFECT, CERTAIN * work->error));
        s->gate[g].step = log(own / spoils(effect_of(spoilt, k), rate * own, spoilt->error));
        k++;
    }
}

/** Takes the mean of n steps out and moves the weights by a part of the rest. */
static void move(search *s, size_t n, double part)
{
    double mean = 0.0, level = 0.0;
    const double most = log(WIDEST_STEP);
    for (size_t g = 0; g < s->n_gate; g++)
        mean += s->gate[g].moves ? s->gate[g].step / (double)n : 0.0;
    for (size_t g = 0; g < s->n_gate; g++) {
        search_gate *t = &s->gate[g];
        t->step = t->moves ? part * EXPONENT * fmin(most, fmax(-most, t->step - mean)) : 0.0;
        t->weight = fmin(WIDEST, fmax(1.0 / WIDEST, t->weight * exp(t->step)));
        level += log(t->weight) / (double)s->n_gate;
    }
    for (size_t g = 0; g < s->n_gate; g++)
        s->gate[g].weight *= exp(-level);
}

int rpr_search_weigh(search *s)
{
    const size_t n = find_moving(s);
    effects work = {.value = s->trials,
                    .trials = rpr_design_trials(n),
                    .halves = halves_of(n),
                    .mirrored = s->round % 2 == 1};
    effects spoilt = work;
    spoilt.value += work.halves * work.trials;
    if (n < 2) /* one stands to no other */
        return RPR_OK;
    RPR_TRY(run_trials(s, &work));
    if (s->stopped)
        return RPR_OK;
    (void)find_noise(&work, n);
    s->noise = 0.5 * find_noise(&spoilt, n);
    find_gains(s, &work, &spoilt, n);
    /* Once near, half a step: the mean of what this round and the one before it found. */
    move(s, n, s->round < FULL_STEPS ? 1.0 : 0.5);
    return RPR_OK;
}
