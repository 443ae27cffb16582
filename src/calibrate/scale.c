/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far all thresholds may go together. An error that counts (boxes that agree or not) moves in
 * jumps and by chance, so a trial that keeps the budget may have been lucky; the deviation under it
 * moves smoothly. What error a deviation stands for is learnt from all trials near the budget, and
 * a trial must keep the budget by both. In the end it must keep it in every part of the frames as
 * well: frames that were not seen will differ from those that were as parts of them do from others.
 */
#include <math.h>
#include <string.h>

#include "calibrate/search.h"

#define NEAR 3.0          /* times the budget, and a part: errors from which others are predicted */
#define MOST_POWER 3.0    /* of the deviation in the error */
#define FEWEST_IN_FOLD 24 /* frames */
#define LEAST_NARROWING 0.9 /* of the scale, in a step that goes down; ... */
#define MOST_NARROWING 0.5
enum { NARROWINGS = 4, MOST_STEPS = 64 };

/** error ~ factor * deviation^power; factor 0: not known. */
typedef struct relation {
    double factor, power;
} relation;

/** A straight line through the logarithms of the trials near the budget. */
static relation find_relation(const search *s)
{
    double n = 0.0, x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
    for (size_t i = 0; i < s->n_trial; i++) {
        const replay_result *r = &s->trial[i].result;
        if (r->error < s->budget / NEAR || r->error > s->budget * NEAR || !isfinite(r->deviation) ||
            !(r->deviation > 0.0))
            continue;
        const double a = log(r->deviation), b = log(r->error);
        n += 1.0;
        x += a;
        y += b;
        xx += a * a;
        xy += a * b;
    }
    if (n < 1.0)
        return (relation){0.0, 1.0};
    const double spread = n * xx - x * x;
    double power = spread > 1e-9 ? (n * xy - x * y) / spread : 1.0;
    power = fmin(MOST_POWER, fmax(1.0, power));
    return (relation){exp((y - power * x) / n), power};
}

double rpr_search_slope(const search *s)
{
    double n = 0.0, x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
    for (size_t i = 0; i < s->n_trial; i++) {
        const replay_result *r = &s->trial[i].result;
        if (s->trial[i].round != s->round || !isfinite(r->deviation) || !(r->deviation > 0.0) ||
            !(r->work > 0.0))
            continue;
        const double a = log(r->deviation), b = log(r->work);
        n += 1.0;
        x += a;
        y += b;
        xx += a * a;
        xy += a * b;
    }
    const double spread = n * xx - x * x;
    return spread > 1e-9 ? (n * xy - x * y) / spread : 0.0;
}

static double predict(const relation *r, double deviation)
{
    return r->factor * pow(deviation, r->power);
}

static double expected_error(const search *s, const replay_result *r)
{
    const relation known = find_relation(s);
    return fmax(r->error, predict(&known, r->deviation));
}

int rpr_search_scale(search *s, double low, double high, int halvings)
{
    double from = log(low), to = log(high);
    bool known_from = false, known_to = false; /* tried, not only given */
    for (int i = 0; i < halvings && !s->stopped && s->n_trial < SEARCH_TRIALS; i++) {
        search_trial t = {.round = s->round, .scale = exp((from + to) / 2.0)};
        const bool is_from = known_from && rpr_search_same(s, t.scale, exp(from));
        if (is_from || (known_to && rpr_search_same(s, t.scale, exp(to)))) {
            *(is_from ? &from : &to) = log(t.scale);
            continue;
        }
        rpr_search_set(s, t.scale, SEARCH_NO_GATE, 1.0);
        RPR_TRY(rpr_search_try(s, (replay_frames){0, s->seen}, &t.result));
        s->trial[s->n_trial++] = t;
        const bool fits = expected_error(s, &t.result) <= s->budget;
        *(fits ? &from : &to) = log(t.scale);
        *(fits ? &known_from : &known_to) = true;
    }
    s->scale = exp(from);
    return RPR_OK;
}

static void set_trial(search *s, const search_trial *t)
{
    for (size_t g = 0; g < s->n_gate; g++)
        s->gate[g].weight = s->weights[(size_t)t->round * s->n_gate + g];
    for (size_t g = 0; g < s->n_gate; g++)
        s->gate[g].kind = s->kinds[(size_t)t->round * s->n_gate + g];
    s->round = t->round;
    s->scale = t->scale;
    rpr_search_set(s, t->scale, SEARCH_NO_GATE, 1.0);
}

static void keep_best(search *s, const replay_result *r)
{
    s->result = *r;
    memcpy(s->best, s->layer, s->n_layer * sizeof *s->best);
}

/** Less work, or less deviation for it. */
static bool is_better(const replay_result *a, const replay_result *b)
{
    return a->work < b->work || (a->work <= b->work && a->deviation < b->deviation);
}

void rpr_search_choose(search *s)
{
    const search_trial *best = NULL;
    for (size_t i = 0; i < s->n_trial; i++) {
        const search_trial *t = &s->trial[i];
        if (expected_error(s, &t->result) <= s->budget &&
            is_better(&t->result, best ? &best->result : &s->result))
            best = t;
    }
    if (!best) { /* exact gates stay */
        s->scale = 0.0;
        return;
    }
    set_trial(s, best);
    keep_best(s, &best->result);
}

static size_t folds_of(const search *s)
{
    size_t n = s->seen / FEWEST_IN_FOLD;
    return n < 2 ? 0 : n < SEARCH_FOLDS ? n : SEARCH_FOLDS;
}

/** The expected error of the worst part of the frames. */
static double worst_fold(const search *s, const replay_result *fold, size_t n)
{
    double worst = 0.0;
    const relation known = find_relation(s);
    for (size_t i = 0; i < n; i++) /* by deviation if it can: few frames count badly */
        worst =
            fmax(worst, known.factor > 0.0 ? predict(&known, fold[i].deviation) : fold[i].error);
    return worst;
}

/** A smaller scale that sets other gates. */
static void narrow(search *s, double by)
{
    const double before = s->scale;
    s->scale *= by;
    for (int i = 0; i < MOST_STEPS && rpr_search_same(s, before, s->scale); i++)
        s->scale *= LEAST_NARROWING;
}

int rpr_search_narrow(search *s)
{
    const size_t n = folds_of(s);
    replay_result fold[SEARCH_FOLDS], whole;
    for (int i = 0; n > 0 && s->scale > 0.0 && i < NARROWINGS && !s->stopped; i++) {
        rpr_search_set(s, s->scale, SEARCH_NO_GATE, 1.0);
        RPR_TRY(rpr_replay_folds(s->r, s->seen, s->layer, s->n_layer, fold, n));
        const double worst = worst_fold(s, fold, n);
        if (worst <= s->budget)
            break;
        narrow(s, fmin(LEAST_NARROWING, fmax(MOST_NARROWING, s->budget / worst)));
        rpr_search_set(s, s->scale, SEARCH_NO_GATE, 1.0);
        RPR_TRY(rpr_search_try(s, (replay_frames){0, s->seen}, &whole));
        if (!s->stopped && whole.error <= s->budget)
            keep_best(s, &whole);
    }
    return RPR_OK;
}
