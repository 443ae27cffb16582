/* SPDX-License-Identifier: Apache-2.0 */
/* Which rule each gate of a stream follows. */
#include "stream/stream.h"

#include <math.h>

#include "core/alloc.h"

int rpr_stream_check_gate(const rpr_gate *g, const char *what, rpr_error *err)
{
    if ((unsigned)g->kind > RPR_GATE_DEADZONE)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "%s: unknown kind %d", what, (int)g->kind);
    if (g->kind == RPR_GATE_LEVELS && (g->levels < 2 || g->levels > RPR_MAX_LEVELS))
        return rpr_fail(err, RPR_ERR_ARGUMENT, "%s: %d levels, not 2 to 65536", what, g->levels);
    if (g->kind == RPR_GATE_DEADZONE && !(g->threshold >= 0.0 && g->threshold < 1.0))
        return rpr_fail(err, RPR_ERR_ARGUMENT, "%s: threshold %g, not 0 to 1", what, g->threshold);
    bool known = !(fabs(g->lo) <= 0.0 && fabs(g->hi) <= 0.0);
    bool narrow = !(fabs(g->lo) <= 1e30 && fabs(g->hi) <= 1e30) || !(g->lo < g->hi);
    if (known && narrow)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "%s: no range from %g to %g", what, g->lo, g->hi);
    return RPR_OK;
}

static bool same_number(double a, double b)
{
    return !(a < b || a > b);
}

static bool same_rule(const rpr_gate *a, const rpr_gate *b)
{
    return a->kind == b->kind && a->levels == b->levels &&
           same_number(a->threshold, b->threshold) && same_number(a->lo, b->lo) &&
           same_number(a->hi, b->hi);
}

static bool takes_rule(const rpr_plan *p, size_t layer)
{
    return layer < (size_t)p->n_step && (p->step[layer].linear || p->step[layer].recurrent);
}

/** Both gates of a recurrent layer, which shares them with nobody. */
static int set_own_rule(rpr_stream *s, const rpr_layer_gate *from, rpr_error *err)
{
    RPR_TRY(rpr_stream_check_gate(&from->gate, s->plan->step[from->layer].name, err));
    s->own_rule[from->layer] = from->gate;
    return RPR_OK;
}

static int set_rule(rpr_stream *s, const rpr_layer_gate *from, int *given_by, rpr_error *err)
{
    const rpr_plan *p = s->plan;
    if (!takes_rule(p, from->layer))
        return rpr_fail(err, RPR_ERR_ARGUMENT, "layer_gates: layer %zu is not a weighted layer",
                        from->layer);
    const rpr_step *step = &p->step[from->layer];
    if (step->recurrent)
        return set_own_rule(s, from, err);
    rpr_gate_state *g = &s->gate[step->gate];
    RPR_TRY(rpr_stream_check_gate(&from->gate, step->name, err));
    if (given_by[step->gate] != RPR_NONE && !same_rule(&g->rule, &from->gate))
        return rpr_fail(err, RPR_ERR_ARGUMENT,
                        "layer_gates: '%s' and '%s' read the same tensor and must have one gate",
                        p->step[given_by[step->gate]].name, step->name);
    given_by[step->gate] = (int)from->layer;
    g->rule = from->gate;
    return RPR_OK;
}

int rpr_stream_set_rules(rpr_stream *s, const rpr_stream_options *o, rpr_error *err)
{
    int status = RPR_OK;
    int *given_by = rpr_alloc_array((size_t)s->plan->n_gate + 1, sizeof *given_by);
    if (!given_by)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    for (int i = 0; i < s->plan->n_gate; i++) {
        s->gate[i].rule = o->gate;
        s->gate[i].scale = s->gate[i].narrow = 1.0;
        given_by[i] = RPR_NONE;
    }
    for (int i = 0; i < s->plan->n_step; i++)
        s->own_rule[i] = o->gate;
    if (o->n_layer_gates > 0 && !o->layer_gates)
        status =
            rpr_fail(err, RPR_ERR_ARGUMENT, "layer_gates: NULL, but %zu of them", o->n_layer_gates);
    for (size_t i = 0; status == RPR_OK && i < o->n_layer_gates; i++)
        status = set_rule(s, &o->layer_gates[i], given_by, err);
    for (int i = 0; i < s->plan->n_gate; i++)
        s->has_exact |= s->gate[i].rule.kind == RPR_GATE_EXACT &&
                        !s->plan->tensor[s->plan->gate[i].tensor].is_input;
    rpr_free(given_by);
    return status;
}

/** Behind a gate that lets errors pass, rounded weights are far below them. */
bool rpr_stream_corrects_with_half(const rpr_stream *s, const rpr_gate *rule, double scale)
{
    const bool zone = rule->kind == RPR_GATE_DEADZONE && rule->threshold * scale > 0.0;
    const bool lossy = rule->kind == RPR_GATE_LEVELS || zone;
    return s->opt.weights == RPR_WEIGHTS_BF16 || (s->opt.weights == RPR_WEIGHTS_AUTO && lossy);
}

void rpr_stream_take_scale(rpr_stream *s, double scale)
{
    s->scale = scale;
    for (int i = 0; i < s->plan->n_gate; i++)
        s->gate[i].scale = scale;
}

/** Other centroids, and corrections with whole weights, come with a gate's turn. */
static void want_turns(rpr_stream *s)
{
    for (int i = 0; i < s->plan->n_gate; i++)
        s->refresh.turn[i].clean &= s->gate[i].rule.kind == RPR_GATE_EXACT;
}

int rpr_stream_scale_gates(rpr_stream *s, double scale)
{
    if (!(scale >= 0.0 && scale <= 1.0))
        return rpr_fail(&s->error, RPR_ERR_ARGUMENT, "scale of the gates: %g, not 0 to 1", scale);
    const bool tightens = scale < s->scale;
    rpr_stream_take_scale(s, scale);
    if (!tightens || s->frame == 0)
        return RPR_OK;
    want_turns(s);
    return rpr_stream_refresh(s);
}

double rpr_stream_gate_scale(const rpr_stream *s)
{
    return s->scale;
}
