/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which gate compares an input that may come as an 8-bit picture. If it is the only one that reads
 * the picture, itself or moved and scaled by constants, its rule can be applied to the bytes.
 */
#include "plan/build.h"

#include <math.h>
#include <string.h>

#include "ops/pixel_bytes_picture.h"

static bool same_memory(const rpr_plan *p, int a, int b)
{
    return a != RPR_NONE && rpr_plan_root(p, a) == rpr_plan_root(p, b);
}

static bool reads(const rpr_plan *p, const rpr_step *s, int tensor)
{
    bool found = false;
    for (int k = 0; k < s->n_in; k++)
        found |= same_memory(p, s->in[k], tensor);
    return found;
}

static bool is_output(const rpr_plan *p, int tensor)
{
    bool found = false;
    for (int i = 0; i < p->n_output; i++)
        found |= same_memory(p, p->output[i], tensor);
    return found;
}

/** True if all pixels and channels of a tensor's memory are read as its own. */
static bool is_whole(const rpr_plan *p, int tensor)
{
    const rpr_tensor *t = &p->tensor[tensor], *root = &p->tensor[rpr_plan_root(p, tensor)];
    return t->n == root->n && t->h == root->h && t->w == root->w && t->c == root->c;
}

/** The gate of all of a tensor's readers, if they are weighted layers behind one; RPR_NONE if not.
 */
static int common_gate(const rpr_plan *p, int tensor)
{
    int gate = RPR_NONE;
    for (int i = 0; i < p->n_step; i++) {
        const rpr_step *s = &p->step[i];
        if (!reads(p, s, tensor))
            continue;
        if (s->kind != RPR_STEP_LINEAR || (gate != RPR_NONE && gate != s->gate))
            return RPR_NONE;
        gate = s->gate;
    }
    return gate != RPR_NONE && is_whole(p, p->gate[gate].tensor) ? gate : RPR_NONE;
}

static const rpr_step *only_reader(const rpr_plan *p, int tensor)
{
    const rpr_step *found = NULL;
    for (int i = 0; i < p->n_step; i++) {
        if (!reads(p, &p->step[i], tensor))
            continue;
        if (found)
            return NULL;
        found = &p->step[i];
    }
    return found;
}

/** The constant of a step that adds or multiplies one, pixel by pixel; else NULL. */
static const rpr_tensor *constant_of(const rpr_plan *p, const rpr_step *s)
{
    if (!s || s->kind != RPR_STEP_PIXEL || !s->node || s->n_in != 2 || s->n_out != 1 ||
        !rpr_act_is_none(&s->pixel->act))
        return NULL;
    const bool first = p->tensor[s->in[0]].constant != NULL;
    const rpr_tensor *t = &p->tensor[s->in[first ? 0 : 1]];
    const rpr_tensor *x = &p->tensor[s->in[first ? 1 : 0]], *y = &p->tensor[s->out[0]];
    bool same = y->n == x->n && y->h == x->h && y->w == x->w && y->c == x->c;
    bool divided = first && strcmp(s->op, "Div") == 0;
    return t->constant && t->dtype == RPR_F32 && same && !divided ? t : NULL;
}

/** Steps of a quantised tensor that a difference of 1 makes, if `s` quantises; else 0. */
static double steps_of(const rpr_plan *p, const rpr_step *s)
{
    if (!s || !s->node || s->kind != RPR_STEP_PIXEL || strcmp(s->op, "QuantizeLinear") != 0)
        return 0.0;
    const rpr_value *scale = &p->graph->value[s->node->in[1]];
    return 1.0 /
           (double)*(const float *)scale->data; /* of the whole tensor, or it had no such step */
}

/** What a step with a constant does to differences; false if it is not known. */
static bool stretch(const rpr_plan *p, const rpr_step *s, rpr_picture_plan *found)
{
    const double steps = steps_of(p, s);
    if (steps > 0.0) {
        found->least *= steps;
        found->most *= steps;
        return steps < INFINITY;
    }
    const rpr_tensor *t = constant_of(p, s);
    if (!t)
        return false;
    if (strcmp(s->op, "Add") == 0 || strcmp(s->op, "Sub") == 0)
        return true;
    const bool divides = strcmp(s->op, "Div") == 0;
    if (!divides && strcmp(s->op, "Mul") != 0)
        return false;
    double least = INFINITY, most = 0.0;
    const float *v = t->constant;
    for (int64_t i = 0; i < (int64_t)t->n * t->h * t->w * t->c; i++) {
        double by = fabs(divides ? 1.0 / (double)v[i] : (double)v[i]);
        if (!(by > 0.0 && by < INFINITY))
            return false;
        least = by < least ? by : least;
        most = by > most ? by : most;
    }
    found->least *= least;
    found->most *= most;
    return most > 0.0;
}

static rpr_picture_plan find(const rpr_plan *p, int input)
{
    const rpr_picture_plan none = {.gate = RPR_NONE};
    rpr_picture_plan found = {.gate = RPR_NONE, .direct = true, .least = 1.0, .most = 1.0};
    for (int tensor = input; !is_output(p, tensor);) {
        found.gate = common_gate(p, tensor);
        if (found.gate != RPR_NONE)
            return found;
        const rpr_step *s = only_reader(p, tensor);
        found.direct = false;
        if (!stretch(p, s, &found))
            return none;
        tensor = s->out[0];
    }
    return none;
}

/** A step that can read the bytes themselves. */
static int quantiser_of(const rpr_plan *p, int input)
{
    const rpr_step *s = only_reader(p, input);
    if (!s || s->kind != RPR_STEP_PIXEL || s->in[0] != input || is_output(p, input) ||
        !rpr_pixel_bytes_quantises(s->pixel))
        return RPR_NONE;
    const rpr_tensor *x = &p->tensor[input], *y = &p->tensor[s->out[0]];
    const bool same = y->n == x->n && y->h == x->h && y->w == x->w;
    return same ? (int)(s - p->step) : RPR_NONE;
}

void rpr_plan_find_pictures(rpr_plan *p)
{
    for (int i = 0; i < p->n_input; i++) {
        const rpr_tensor *t = &p->tensor[p->input[i]];
        bool may_be = t->dtype == RPR_F32 && t->n == 1 && t->c <= 4;
        p->picture[i] = may_be ? find(p, p->input[i]) : (rpr_picture_plan){.gate = RPR_NONE};
        p->picture[i].quantiser = may_be ? quantiser_of(p, p->input[i]) : RPR_NONE;
    }
}
