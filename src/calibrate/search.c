/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How thresholds are found. With theta_l = s * w_l * range_l and small errors that add up as
 * independent ones, err^2 = sum of (sensitivity_l * theta_l)^2. A layer's MACs fall with its
 * threshold more slowly than in inverse proportion; for MACs ~ theta^-a the least MACs at a given
 * error are at w_l ~ (MACs_l / sensitivity_l^2)^(1 / (2 + a)). The exponent is tried out, the
 * common scale s is halved in on the metric itself.
 */
#include "calibrate/search.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

#define PROBE (4.0 / 255.0) /* dead-zone of one layer alone, share of its range */
#define PROBE_FRAMES 12
#define RANGE_FRAMES 8
#define WIDEST 8.0 /* a weight, and its inverse */
#define LEAST_SCALE (0.125 / 255.0)
#define MOST_SCALE (64.0 / 255.0)
#define MOST_THRESHOLD 0.9
#define NEAR 3.0 /* times the budget, and a part: errors from which others are predicted */
static const double exponents[SEARCH_EXPONENTS] = {0.0, 0.2, 0.33, 0.5};

static int index_of(const search *s, int gate)
{
    for (size_t i = 0; i < s->n_gate; i++)
        if (s->gate[i].gate == gate)
            return (int)i;
    return -1;
}

/** All gates that compare, and their layers. */
static void list_gates(search *s)
{
    for (size_t i = 0; i < rpr_model_n_layers(s->r->model); i++) {
        rpr_layer_info info;
        (void)rpr_model_layer(s->r->model, i, &info);
        if (!info.weighted || !info.compares)
            continue;
        int at = index_of(s, info.gate);
        if (at < 0) {
            at = (int)s->n_gate++;
            s->gate[at] = (search_gate){.gate = info.gate, .lo = INFINITY, .hi = -INFINITY};
        }
        s->gate[at].macs += (double)info.macs;
        s->gate_of_layer[s->n_layer] = at;
        s->layer[s->n_layer++].layer = i;
    }
}

int rpr_search_open(search *s, replay *r, const rpr_calibrate_options *o, size_t seen,
                    rpr_error *err)
{
    const size_t layers = rpr_model_n_layers(r->model) + 1;
    *s = (search){.r = r,
                  .budget = o->budget,
                  .progress = o->progress,
                  .progress_user = o->progress_user,
                  .seen = seen};
    s->gate = rpr_alloc_array(layers, sizeof *s->gate);
    s->layer = rpr_alloc_array(layers, sizeof *s->layer);
    s->best = rpr_alloc_array(layers, sizeof *s->best);
    s->gate_of_layer = rpr_alloc_array(layers, sizeof *s->gate_of_layer);
    s->lo = rpr_alloc_array(layers, sizeof *s->lo);
    s->hi = rpr_alloc_array(layers, sizeof *s->hi);
    if (!s->gate || !s->layer || !s->best || !s->gate_of_layer || !s->lo || !s->hi)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    list_gates(s);
    return RPR_OK;
}

void rpr_search_close(search *s)
{
    rpr_free(s->gate);
    rpr_free(s->layer);
    rpr_free(s->best);
    rpr_free(s->gate_of_layer);
    rpr_free(s->lo);
    rpr_free(s->hi);
}

/** Counts work and asks whether to go on; true if the search is to stop. */
static bool advance(search *s, size_t frames)
{
    s->done += (double)frames;
    double share = s->all > 0.0 && s->done < s->all ? s->done / s->all : 1.0;
    if (!s->stopped && s->progress && s->progress(s->progress_user, share) != 0)
        s->stopped = true;
    return s->stopped;
}

static int find_ranges(search *s)
{
    for (size_t i = 0; i < rpr_model_n_layers(s->r->model); i++) {
        s->lo[i] = INFINITY;
        s->hi[i] = -INFINITY;
    }
    const size_t step = (s->seen + RANGE_FRAMES - 1) / RANGE_FRAMES;
    for (size_t f = 0; f < s->seen; f += step) {
        RPR_TRY(rpr_replay_ranges(s->r, f, s->lo, s->hi));
        if (advance(s, 1))
            break;
    }
    for (size_t i = 0; i < s->n_layer; i++) {
        search_gate *g = &s->gate[s->gate_of_layer[i]];
        g->lo = s->lo[s->layer[i].layer];
        g->hi = s->hi[s->layer[i].layer];
    }
    return RPR_OK;
}

/** The rule of a gate with a threshold; exact if its input has no range. */
static rpr_gate rule_of(const search_gate *g, double threshold)
{
    if (!(g->lo < g->hi) || !(threshold > 0.0))
        return (rpr_gate){.kind = RPR_GATE_EXACT};
    return (rpr_gate){.kind = RPR_GATE_DEADZONE,
                      .threshold = fmin(threshold, MOST_THRESHOLD),
                      .lo = g->lo,
                      .hi = g->hi};
}

static int try_rules(search *s, replay_frames f, replay_result *result)
{
    RPR_TRY(rpr_replay_run(s->r, f, s->layer, s->n_layer, result));
    (void)advance(s, result->frames + 1);
    return RPR_OK;
}

static replay_frames probe_frames(const search *s)
{
    const size_t step = s->seen / PROBE_FRAMES;
    return (replay_frames){.first = 0, .end = s->seen, .step = step ? step : 1};
}

static int find_sensitivities(search *s)
{
    for (size_t g = 0; g < s->n_gate && !s->stopped; g++) {
        replay_result result;
        for (size_t i = 0; i < s->n_layer; i++)
            s->layer[i].gate = rule_of(&s->gate[s->gate_of_layer[i]],
                                       (size_t)s->gate_of_layer[i] == g ? PROBE : 0.0);
        RPR_TRY(try_rules(s, probe_frames(s), &result));
        s->gate[g].sensitivity = result.deviation;
    }
    return RPR_OK;
}

/** Weights with geometric mean 1, for one exponent. */
static void set_weights(search *s, double exponent)
{
    double mean = 0.0, floor = 0.0;
    for (size_t g = 0; g < s->n_gate; g++)
        floor = fmax(floor, s->gate[g].sensitivity);
    floor = fmax(1e-3 * floor, 1e-30); /* what never showed has some influence, too */
    for (size_t g = 0; g < s->n_gate; g++) {
        search_gate *t = &s->gate[g];
        const double sensitivity = fmax(t->sensitivity, floor);
        t->weight = exponent * log(fmax(t->macs, 1.0) / (sensitivity * sensitivity));
        mean += t->weight / (double)s->n_gate;
    }
    for (size_t g = 0; g < s->n_gate; g++)
        s->gate[g].weight = fmin(WIDEST, fmax(1.0 / WIDEST, exp(s->gate[g].weight - mean)));
}

static void set_rules(search *s, double exponent, double scale)
{
    set_weights(s, exponent);
    for (size_t i = 0; i < s->n_layer; i++) {
        const search_gate *g = &s->gate[s->gate_of_layer[i]];
        s->layer[i].gate = rule_of(g, scale * g->weight);
    }
}

/** The largest scale within the budget, for one exponent. */
static int find_scale(search *s, double exponent)
{
    double low = log(LEAST_SCALE), high = log(MOST_SCALE);
    for (int i = 0; i < SEARCH_HALVINGS && !s->stopped; i++) {
        search_trial t = {.exponent = exponent, .scale = exp((low + high) / 2.0)};
        set_rules(s, t.exponent, t.scale);
        RPR_TRY(try_rules(s, (replay_frames){0, s->seen, 1}, &t.result));
        if (!s->stopped)
            s->trial[s->n_trial++] = t;
        if (t.result.error <= s->budget)
            low = log(t.scale);
        else
            high = log(t.scale);
    }
    return RPR_OK;
}

/** Error per deviation, by the trials near the budget; 0 if there are none. */
static double error_per_deviation(const search *s)
{
    double product = 0.0, square = 0.0;
    for (size_t i = 0; i < s->n_trial; i++) {
        const replay_result *r = &s->trial[i].result;
        if (r->error < s->budget / NEAR || r->error > s->budget * NEAR)
            continue;
        product += r->error * r->deviation;
        square += r->deviation * r->deviation;
    }
    return square > 0.0 ? product / square : 0.0;
}

/** The trial with the fewest MACs that keeps the budget; exact gates stay if none does. */
static void choose_best(search *s)
{
    const double slope = error_per_deviation(s);
    for (size_t i = 0; i < s->n_trial; i++) {
        const search_trial *t = &s->trial[i];
        const double error = fmax(t->result.error, slope * t->result.deviation);
        if (error > s->budget || t->result.mac_share >= s->result.mac_share)
            continue;
        s->result = t->result;
        set_rules(s, t->exponent, t->scale);
        memcpy(s->best, s->layer, s->n_layer * sizeof *s->best);
    }
}

/** What there is without any search: exact gates. */
static int begin_exact(search *s)
{
    for (size_t i = 0; i < s->n_layer; i++)
        s->layer[i].gate = (rpr_gate){.kind = RPR_GATE_EXACT};
    memcpy(s->best, s->layer, s->n_layer * sizeof *s->best);
    return try_rules(s, (replay_frames){0, s->seen, 1}, &s->result);
}

int rpr_search_run(search *s)
{
    const double whole = (double)s->seen;
    s->all = RANGE_FRAMES + whole + (double)s->n_gate * PROBE_FRAMES +
             whole * SEARCH_EXPONENTS * SEARCH_HALVINGS;
    RPR_TRY(begin_exact(s));
    if (s->stopped || s->n_gate == 0 || !(s->budget > 0.0))
        return RPR_OK;
    RPR_TRY(find_ranges(s));
    RPR_TRY(find_sensitivities(s));
    for (int e = 0; e < SEARCH_EXPONENTS && !s->stopped; e++)
        RPR_TRY(find_scale(s, exponents[e]));
    choose_best(s);
    return RPR_OK;
}
