/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How far all thresholds may go together. An error that counts (boxes that agree or not) moves in
 * jumps and by chance, so a trial that keeps the budget may have been lucky; the deviation under it
 * moves smoothly. What error a deviation stands for is learnt from all trials near the budget; it
 * leads the search and chooses among the rounds. In the end the budget must be kept by the count as
 * well, and by what is expected in every part of the frames: frames that were not seen will differ
 * from those that were as parts of them do from others.
 */
#include <math.h>
#include <string.h>

#include "calibrate/search.h"

#define NEAR 3.0          /* times the budget, and a part: errors from which others are predicted */
#define MOST_POWER 3.0    /* of the deviation in the error */
#define FEWEST_IN_FOLD 24 /* frames */
#define LEAST_NARROWING 0.97 /* of the scale, in a step that goes down; ... */
#define MOST_NARROWING 0.5
#define NEAR_ENOUGH 0.02 /* a deviation's logarithm to that which is aimed at */
#define ENOUGH 4.0       /* trials near the budget, to go by what they make one expect */
enum { NARROWINGS = 6, MOST_STEPS = 64, REFINEMENTS = 3 };

/** error ~ factor * deviation^power; factor 0: not known. */
typedef struct relation {
    double factor, power;
    double trials; /* that it was found from */
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
        return (relation){0.0, 1.0, 0.0};
    const double spread = n * xx - x * x;
    double power = spread > 1e-9 ? (n * xy - x * y) / spread : 1.0;
    power = fmin(MOST_POWER, fmax(1.0, power));
    return (relation){exp((y - power * x) / n), power, n};
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

/** The larger of what was counted and what is to be expected. */
static double worst_error(const search *s, const replay_result *r)
{
    const relation known = find_relation(s);
    return fmax(r->error, predict(&known, r->deviation));
}

/** Whether the deviation is another thing than the error, in which chance plays no part. */
static bool has_deviation(const search *s)
{
    bool other = false;
    for (size_t i = 0; i < s->n_trial; i++)
        other |= s->trial[i].result.error < s->trial[i].result.deviation ||
                 s->trial[i].result.error > s->trial[i].result.deviation;
    return other;
}

/** What a trial's error would be without good or bad luck; what it was, if that is not known. */
static double expected_error(const search *s, const replay_result *r)
{
    const relation known = find_relation(s);
    return known.trials >= ENOUGH && has_deviation(s) ? predict(&known, r->deviation)
                                                      : worst_error(s, r);
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
        rpr_search_set(s, t.scale);
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
    rpr_search_set(s, t->scale);
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

/** The trial of a round whose deviation is nearest to one, from below or from above. */
static const search_trial *nearest(const search *s, int round, double deviation, bool above)
{
    const search_trial *found = NULL;
    for (size_t i = 0; i < s->n_trial; i++) {
        const search_trial *t = &s->trial[i];
        const double d = t->result.deviation;
        if (t->round != round || !(d > 0.0) || !isfinite(d) || (d > deviation) != above)
            continue;
        if (!found || (d < found->result.deviation) == above)
            found = t;
    }
    return found;
}

/** What stands for the budget. */
static double deviation_for(const search *s, const relation *known)
{
    return pow(s->budget / known->factor, 1.0 / known->power);
}

/** How far a deviation is from one trial's to another's, in logarithms. */
static double part_of(double deviation, const search_trial *a, const search_trial *b)
{
    return log(deviation / a->result.deviation) / log(b->result.deviation / a->result.deviation);
}

/** The work of a round at a deviation: between two trials, or of the one that there is. */
static double work_at(const search *s, int round, double deviation)
{
    const search_trial *a = nearest(s, round, deviation, false),
                       *b = nearest(s, round, deviation, true);
    if (!a || !b)
        return a ? a->result.work : b ? b->result.work : (double)INFINITY;
    const double part = part_of(deviation, a, b);
    return exp((1.0 - part) * log(fmax(a->result.work, 1e-9)) +
               part * log(fmax(b->result.work, 1e-9)));
}

/**
 * The round whose weights and kinds need the least work at the deviation that stands for the
 * budget: a trial with less may have been lucky. -1: not known.
 */
static int best_round(const search *s)
{
    const relation known = find_relation(s);
    int best = -1;
    double least = (double)INFINITY;
    for (int r = 0; known.factor > 0.0 && r < SEARCH_ROUNDS; r++) {
        const double work = work_at(s, r, deviation_for(s, &known));
        if (work < least) {
            least = work;
            best = r;
        }
    }
    return best;
}

/** The trial with the least work within the budget by some measure; of any round: -1. */
static const search_trial *best_trial(const search *s, int round,
                                      double (*measure)(const search *, const replay_result *))
{
    const search_trial *best = NULL;
    for (size_t i = 0; i < s->n_trial; i++) {
        const search_trial *t = &s->trial[i];
        if ((round < 0 || t->round == round) && measure(s, &t->result) <= s->budget &&
            is_better(&t->result, best ? &best->result : &s->result))
            best = t;
    }
    return best;
}

int rpr_search_refine(search *s)
{
    for (int i = 0; i < REFINEMENTS && has_deviation(s) && s->n_trial < SEARCH_TRIALS; i++) {
        const relation known = find_relation(s);
        const int round = best_round(s);
        if (s->stopped || known.trials < ENOUGH || round < 0)
            break;
        const double aim = deviation_for(s, &known);
        const search_trial *a = nearest(s, round, aim, false), *b = nearest(s, round, aim, true);
        if (!a || !b || log(aim / a->result.deviation) < NEAR_ENOUGH)
            break;
        const double part = part_of(aim, a, b);
        search_trial t = {.round = round,
                          .scale = exp((1.0 - part) * log(a->scale) + part * log(b->scale))};
        set_trial(s, &t);
        RPR_TRY(rpr_search_try(s, (replay_frames){0, s->seen}, &t.result));
        s->trial[s->n_trial++] = t;
    }
    return RPR_OK;
}

void rpr_search_choose(search *s)
{
    const search_trial *best = NULL;
    if (s->stopped) /* nothing is tried any more, so that the count must be right, too */
        best = best_trial(s, -1, worst_error);
    else if (has_deviation(s))
        best = best_trial(s, best_round(s), expected_error);
    if (!best && !s->stopped)
        best = best_trial(s, -1, expected_error);
    if (!best) { /* exact gates stay */
        s->scale = 0.0;
        return;
    }
    set_trial(s, best);
    if (best->result.error <= s->budget)
        keep_best(s, &best->result);
    s->tried = best->result;
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

/** If no narrower gates kept the budget: those that did by the count and what is expected. */
static void fall_back(search *s)
{
    const search_trial *best = best_trial(s, -1, worst_error);
    if (!best)
        return;
    set_trial(s, best);
    keep_best(s, &best->result);
}

int rpr_search_narrow(search *s)
{
    const size_t n = folds_of(s);
    replay_result fold[SEARCH_FOLDS], whole = s->tried;
    bool kept = whole.error <= s->budget;
    for (int i = 0; s->scale > 0.0 && i < NARROWINGS && !s->stopped; i++) {
        rpr_search_set(s, s->scale);
        if (n > 0)
            RPR_TRY(rpr_replay_folds(s->r, s->seen, s->layer, s->n_layer, fold, n));
        const double worst = worst_fold(s, fold, n);
        if (fmax(worst, whole.error) <= s->budget)
            return RPR_OK;
        /* An error that is only counted was bad luck: a step on it is another one. */
        const double by = pow(s->budget / fmax(worst, 1e-30), 1.0 / find_relation(s).power);
        narrow(s, fmin(LEAST_NARROWING, fmax(MOST_NARROWING, by)));
        rpr_search_set(s, s->scale);
        RPR_TRY(rpr_search_try(s, (replay_frames){0, s->seen}, &whole));
        if (!s->stopped && whole.error <= s->budget) {
            keep_best(s, &whole);
            kept = true;
        }
    }
    if (!kept)
        fall_back(s);
    return RPR_OK;
}
