/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a frame cost with reuse and what it would have cost without, by counts: in the unit of
 * kernels/cost.h.
 */
#include "ops/linear_cost.h"
#include "stream/stream.h"

/*
 * Chosen so that the ratio falls on the side of 0.9 (bypass.c) where the measured one is of 1, on
 * one machine (AVX-512, Zen 4; BlazeFace, selfie, movenet on five streams behind three gates): it
 * does in all but selfie on a street and a cup behind 8/255 (0.8 for 1.1), on a cube behind 2/255
 * (0.6 for 1.1), and two of movenet that are within 0.04 of it. Depthwise products have become
 * cheaper since, but so have those that are computed pixel by pixel.
 */
#define DEPTHWISE_PRODUCT 0.16 /* of a depthwise layer; the others are priced in linear_cost.c */
#define DEPTHWISE_WORDS_PRODUCT 0.08
#define PIXEL_VALUE 0.35 /* a value of an operator without weights, ... */
#define SCATTERED 3.0    /* ... or of any, pixel by pixel */
#define OWN_MEMORY 0.45  /* writing a value that is kept, and not where the last one lay */
#define COLD_GATE 3.0    /* x and xhat come from far: shares of gate_value */
#define LISTED 2.0       /* a change is handled once more when it is used: of gate_change */
#define MARK 2.0         /* finding out whether a pixel is reached */

static double values_of(const rpr_tensor *t)
{
    return (double)t->n * t->h * t->w * t->c;
}

static double dense_of(const rpr_stream *s, const rpr_linear *l)
{
    const double product = l->words ? DEPTHWISE_WORDS_PRODUCT : DEPTHWISE_PRODUCT;
    return l->depthwise ? product * (double)l->macs
                        : rpr_linear_dense_cost(l, rpr_model_cost(s->model, l->words));
}

double rpr_stream_dense_cost(const rpr_stream *s, const rpr_step *step)
{
    switch (step->kind) {
    case RPR_STEP_LINEAR:
        return dense_of(s, step->linear);
    case RPR_STEP_PIXEL:
        return PIXEL_VALUE * values_of(&s->plan->tensor[step->out[0]]);
    case RPR_STEP_GENERIC:
        return step->recurrent ? rpr_recurrent_dense_cost(step->recurrent, &s->model->cost) : 0.0;
    case RPR_STEP_DELAY:
        return PIXEL_VALUE * values_of(&s->plan->tensor[step->out[0]]);
    case RPR_STEP_JOIN:
        break;
    }
    return 0.0;
}

double rpr_stream_anew_cost(const rpr_stream *s, const rpr_step *step)
{
    return rpr_stream_dense_cost(s, step) + OWN_MEMORY * values_of(&s->plan->tensor[step->out[0]]);
}

/** To compare a gate's input costs what taking it costs. */
rpr_woken rpr_stream_woken_cost(const rpr_stream *s, const rpr_step *step, int index)
{
    if (step->recurrent || step->kind == RPR_STEP_DELAY)
        return (rpr_woken){.fixed = rpr_stream_dense_cost(s, step)};
    if (step->kind != RPR_STEP_LINEAR && step->kind != RPR_STEP_PIXEL)
        return (rpr_woken){0};
    if (step->kind == RPR_STEP_PIXEL || s->gate[step->gate].open)
        return (rpr_woken){.fixed = rpr_stream_anew_cost(s, step)};
    const double first = s->plan->gate[step->gate].first == index ? 1.0 : 0.0;
    return (rpr_woken){.fixed = first * COLD_GATE *
                                rpr_model_cost(s->model, step->linear->words)->gate_value *
                                (double)rpr_gate_elements(&s->gate[step->gate]),
                       .gated = rpr_stream_dense_cost(s, step)};
}

static double gate_cost(const rpr_stream *s, const rpr_gate_state *g, const rpr_touch *x)
{
    const rpr_cost *c = rpr_model_cost(s->model, g->words);
    if (g->taken) /* the picture's bytes were compared: all, and a quarter of the memory */
        return COLD_GATE / 4.0 * c->gate_value * (double)rpr_gate_elements(g) +
               LISTED * c->gate_change * (double)g->n_changed;
    if (g->open || (!g->compared && g->n_changed == 0))
        return 0.0;
    if (!g->compared)
        return c->gate_value * (double)rpr_gate_elements(g) *
               (g->loose ? 1.0 / RPR_GATE_SAMPLE_ROWS : COLD_GATE);
    return COLD_GATE * c->gate_value * (double)rpr_touch_count(x) * g->xhat.c +
           LISTED * c->gate_change * (double)g->n_changed;
}

static double linear_cost(const rpr_stream *s, const rpr_step *step, const rpr_step_state *state,
                          double dense)
{
    const rpr_linear *l = step->linear;
    const rpr_gate_state *g = &s->gate[step->gate];
    const double out = values_of(&s->plan->tensor[step->out[0]]);
    const double marks = MARK * out / l->out_c;
    if (state->choice == RPR_CHOICE_SKIP)
        return 0.0;
    if (state->choice == RPR_CHOICE_DENSE)
        return dense + OWN_MEMORY * out;
    if (rpr_linear_recomputes(l, g))
        return marks + SCATTERED * dense * (double)state->macs / (double)l->macs;
    return marks + state->list_cost;
}

double rpr_stream_scattered_share(const rpr_stream *s, const rpr_step *step)
{
    const double dense = rpr_stream_dense_cost(s, step);
    const double share = rpr_stream_anew_cost(s, step) / (SCATTERED * dense);
    return share < RPR_BY_PIXEL_SHARE ? share : RPR_BY_PIXEL_SHARE;
}

double rpr_stream_plain_cost(const rpr_stream *s)
{
    double cost = 0.0;
    for (int i = 0; i < s->plan->n_step; i++)
        cost += rpr_stream_dense_cost(s, &s->plan->step[i]);
    return cost;
}

/** A layer itself, of whose input `share` was touched; `known`: and it can be read. */
static double most_layer(const rpr_stream *s, const rpr_step *step, double share, bool known)
{
    const rpr_linear *l = step->linear;
    const rpr_phase *p = &l->phase[0];
    const double dense = rpr_stream_dense_cost(s, step), whole = rpr_stream_anew_cost(s, step);
    double part;
    if (rpr_linear_recomputes(l, &s->gate[step->gate])) {
        const double reach = share * p->kh * p->kw / ((double)p->sh * p->sw);
        part = SCATTERED * dense * (reach < 1.0 ? reach : 1.0);
        const rpr_gate_state *g = &s->gate[step->gate];
        const bool compares = !g->open && !g->loose;
        if (!known || !(compares || rpr_stream_is_whole(s, step->gate)))
            return part > whole ? part : whole;
    } else {
        rpr_gate_state all = s->gate[step->gate]; /* as if all that was touched changed */
        all.n_changed = (int64_t)(share * (double)rpr_gate_elements(&all));
        all.n_pixels = all.n_changed / all.xhat.c;
        part = rpr_linear_list_cost(l, &all, rpr_model_cost(s->model, l->words));
    }
    return part < whole ? part : whole;
}

static double most_gate(const rpr_stream *s, const rpr_step *step, double share, const rpr_touch *x,
                        bool anew)
{
    const rpr_gate_state *g = &s->gate[step->gate];
    const rpr_cost *c = rpr_model_cost(s->model, g->words);
    const double values = (double)rpr_gate_elements(g);
    if (anew || g->loose)
        return COLD_GATE * c->gate_value * values;
    if (x && s->gate_frame[step->gate] == s->frame + 1)
        return gate_cost(s, g, x);
    return (COLD_GATE * c->gate_value + LISTED * c->gate_change) * values * share;
}

static double most_linear(const rpr_stream *s, const rpr_step *step, int index, const rpr_touch *x,
                          bool anew)
{
    const double share = x ? (double)rpr_touch_count(x) / (double)rpr_touch_pixels(x) : 1.0;
    const double marks = MARK * values_of(&s->plan->tensor[step->out[0]]) / step->linear->out_c;
    double cost = anew ? rpr_stream_anew_cost(s, step) : most_layer(s, step, share, x != NULL);
    if (s->plan->gate[step->gate].first == index && !s->gate[step->gate].open)
        cost += most_gate(s, step, share, x, anew);
    return cost + marks;
}

double rpr_stream_most_cost(const rpr_stream *s, const rpr_step *step, int index, bool known)
{
    const bool anew = s->anew || index >= s->bypass.before;
    const double dense = rpr_stream_dense_cost(s, step);
    if (step->kind == RPR_STEP_LINEAR) {
        const rpr_touch x = rpr_stream_touch(s, step->in[0]);
        return most_linear(s, step, index, known ? &x : NULL, anew);
    }
    if (step->recurrent)
        return 2.0 * dense;
    if (step->kind != RPR_STEP_PIXEL)
        return dense;
    const rpr_tensor *t = &s->plan->tensor[step->out[0]];
    const double whole = dense + OWN_MEMORY * values_of(t);
    const double scattered = SCATTERED * dense + MARK * values_of(t) / t->c;
    return anew || whole > scattered ? whole : scattered;
}

void rpr_stream_tally(rpr_stream *s, const rpr_step *step, int index)
{
    const double dense = rpr_stream_dense_cost(s, step), before = s->cost;
    s->passed += dense;
    if (step->kind == RPR_STEP_LINEAR) {
        const rpr_touch x = rpr_stream_touch(s, step->in[0]);
        s->cost += linear_cost(s, step, &s->step[index], dense);
        if (s->plan->gate[step->gate].first == index) /* others find it done */
            s->cost += gate_cost(s, &s->gate[step->gate], &x);
    } else if (step->recurrent) {
        const rpr_step_state *state = &s->step[index];
        s->cost += state->list_cost + s->model->cost.gate_value * (double)state->values +
                   s->model->cost.gate_change * (double)state->changed;
    } else if (step->kind == RPR_STEP_DELAY) {
        s->cost += dense; /* its columns move, or are compared, on every frame */
    } else if (step->kind == RPR_STEP_PIXEL) {
        const rpr_tensor *t = &s->plan->tensor[step->out[0]];
        const rpr_touch y = rpr_stream_touch(s, step->out[0]);
        const double pixels = values_of(t) / t->c;
        if (y.all)
            s->cost += dense + OWN_MEMORY * values_of(t);
        else if (y.any)
            s->cost += SCATTERED * dense * (double)rpr_touch_count(&y) / pixels + MARK * pixels;
    }
    rpr_stream_pass_step(s, step, index, s->cost - before);
}
