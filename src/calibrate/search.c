/* SPDX-License-Identifier: Apache-2.0 */
#include "calibrate/search.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

#define RANGE_FRAMES 8
#define LEAST_SCALE (0.125 / 255.0)
#define MOST_SCALE (64.0 / 255.0)
#define NEAR 2.5 /* a round's scale lies within so many times that of the round before */
#define MOST_THRESHOLD 0.9
#define MOST_LEVELS 65535.0
#define STEPS 255.0 /* that bytes hold: of their range, and the most levels less one */
#define SLACK 1e-6  /* of a step, by which the gate forgives the rounding of a threshold */
enum { FIRST_HALVINGS = 8, HALVINGS = 5, NARROWINGS = 6, WEIGHINGS = SEARCH_ROUNDS - 2 };

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
            s->gate[at] = (search_gate){.gate = info.gate,
                                        .lo = INFINITY,
                                        .hi = -INFINITY,
                                        .weight = 1.0,
                                        .by = 1.0,
                                        .kind = RPR_GATE_DEADZONE,
                                        .bytes = info.quantised};
        }
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
    s->weights = rpr_alloc_array(layers * SEARCH_ROUNDS, sizeof *s->weights);
    s->kinds = rpr_alloc_array(layers * SEARCH_ROUNDS, sizeof *s->kinds);
    s->trials = rpr_alloc_array(2 * rpr_search_weighings(layers), sizeof *s->trials);
    s->lo = rpr_alloc_array(layers, sizeof *s->lo);
    s->hi = rpr_alloc_array(layers, sizeof *s->hi);
    if (!s->gate || !s->layer || !s->best || !s->gate_of_layer || !s->weights || !s->kinds ||
        !s->trials || !s->lo || !s->hi)
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
    rpr_free(s->weights);
    rpr_free(s->kinds);
    rpr_free(s->trials);
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

int rpr_search_ranges(search *s, size_t n)
{
    for (size_t i = 0; i < rpr_model_n_layers(s->r->model); i++) {
        s->lo[i] = INFINITY;
        s->hi[i] = -INFINITY;
    }
    const size_t step = (s->seen + n - 1) / n;
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
    if (g->kind == RPR_GATE_OFF)
        return (rpr_gate){.kind = RPR_GATE_OFF};
    if (g->bytes && g->kind == RPR_GATE_DEADZONE)
        threshold = floor(threshold * STEPS + SLACK) / STEPS;
    if (!(g->lo < g->hi) || !(threshold > 0.0))
        return (rpr_gate){.kind = RPR_GATE_EXACT};
    if (g->kind == RPR_GATE_LEVELS) /* half a cell is as wide as the dead-zone */
        return (rpr_gate){
            .kind = RPR_GATE_LEVELS,
            .levels =
                (int)fmin(g->bytes ? STEPS : MOST_LEVELS, rint(fmax(1.0, 0.5 / threshold))) + 1,
            .lo = g->lo,
            .hi = g->hi};
    return (rpr_gate){.kind = RPR_GATE_DEADZONE,
                      .threshold = fmin(threshold, MOST_THRESHOLD),
                      .lo = g->lo,
                      .hi = g->hi};
}

void rpr_search_set(search *s, double scale)
{
    for (size_t i = 0; i < s->n_layer; i++) {
        const search_gate *g = &s->gate[s->gate_of_layer[i]];
        s->layer[i].gate = rule_of(g, scale * g->weight * g->by);
    }
}

bool rpr_search_same_rule(const search *s, size_t gate, double a, double b)
{
    const search_gate *g = &s->gate[gate];
    const rpr_gate x = rule_of(g, a * g->weight), y = rule_of(g, b * g->weight);
    return x.kind == y.kind && x.levels == y.levels && !(x.threshold < y.threshold) &&
           !(x.threshold > y.threshold);
}

bool rpr_search_same(const search *s, double a, double b)
{
    bool same = true;
    for (size_t g = 0; g < s->n_gate; g++)
        same &= rpr_search_same_rule(s, g, a, b);
    return same;
}

void rpr_search_set_kind(search *s, double scale, size_t other, rpr_gate_kind kind)
{
    const rpr_gate_kind own = s->gate[other].kind;
    s->gate[other].kind = kind;
    rpr_search_set(s, scale);
    s->gate[other].kind = own;
}

int rpr_search_try(search *s, replay_frames f, replay_result *result)
{
    RPR_TRY(rpr_replay_run(s->r, f, s->layer, s->n_layer, result));
    (void)advance(s, result->frames + 1);
    return RPR_OK;
}

static int try_all(search *s, rpr_gate_kind kind, replay_result *result)
{
    for (size_t i = 0; i < s->n_layer; i++)
        s->layer[i].gate = (rpr_gate){.kind = kind};
    return rpr_search_try(s, (replay_frames){0, s->seen}, result);
}

/** What there is without any search: exact gates, or none if comparing does not pay. */
static int begin(search *s)
{
    replay_result off;
    RPR_TRY(try_all(s, RPR_GATE_EXACT, &s->result));
    memcpy(s->best, s->layer, s->n_layer * sizeof *s->best);
    if (s->stopped || !(s->budget > 0.0) || !(s->result.work > 1.0))
        return RPR_OK;
    RPR_TRY(try_all(s, RPR_GATE_OFF, &off));
    if (off.work < s->result.work) {
        s->result = off;
        memcpy(s->best, s->layer, s->n_layer * sizeof *s->best);
    }
    return RPR_OK;
}

static void keep_weights(search *s)
{
    for (size_t g = 0; g < s->n_gate; g++)
        s->weights[(size_t)s->round * s->n_gate + g] = s->gate[g].weight;
    for (size_t g = 0; g < s->n_gate; g++)
        s->kinds[(size_t)s->round * s->n_gate + g] = s->gate[g].kind;
}

/** A round more with other weights, or kinds. */
static int next_round(search *s)
{
    s->round++;
    keep_weights(s);
    return rpr_search_scale(s, s->scale / NEAR, s->scale * NEAR, HALVINGS);
}

int rpr_search_run(search *s)
{
    bool moved = false;
    s->all = RANGE_FRAMES +
             (double)s->seen * (1 + FIRST_HALVINGS + (WEIGHINGS + 1) * HALVINGS + NARROWINGS) +
             rpr_search_trying_kinds(s);
    for (int i = 0; i < WEIGHINGS; i++)
        s->all += rpr_search_weighing(s, i);
    RPR_TRY(begin(s));
    if (s->stopped || s->n_gate == 0 || !(s->budget > 0.0))
        return RPR_OK;
    RPR_TRY(rpr_search_ranges(s, RANGE_FRAMES));
    keep_weights(s);
    RPR_TRY(rpr_search_scale(s, LEAST_SCALE, MOST_SCALE, FIRST_HALVINGS));
    for (int i = 0; i < WEIGHINGS && !s->stopped; i++) {
        RPR_TRY(rpr_search_weigh(s));
        if (!s->stopped)
            RPR_TRY(next_round(s));
    }
    if (!s->stopped)
        RPR_TRY(rpr_search_kinds(s, &moved));
    if (moved && !s->stopped)
        RPR_TRY(next_round(s));
    if (!s->stopped)
        RPR_TRY(rpr_search_refine(s));
    rpr_search_choose(s);
    return s->stopped ? RPR_OK : rpr_search_narrow(s);
}
