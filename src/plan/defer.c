/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deferred activations. Where only gates read a layer's output, a stream with reuse keeps z in its
 * place and the gates apply the activation as they compare: one tensor less to write and to read.
 */
#include "plan/build.h"

#include <string.h>

#include "core/alloc.h"

static bool same_act(const rpr_act *a, const rpr_act *b)
{
    return memcmp(a, b, sizeof *a) == 0;
}

/** A gate that may be open does not touch its input: its layers read the tensor itself. */
static bool is_gated(const rpr_plan *p, const rpr_step *s)
{
    return s->kind == RPR_STEP_LINEAR && !p->gate[s->gate].cheap;
}

/** True if every reader of a tensor is a gate, or a join if those are allowed. */
static bool only_gates_read(const rpr_plan *p, int tensor, bool or_joins)
{
    for (int i = 0; i < p->n_output; i++)
        if (p->output[i] == tensor)
            return false;
    for (int i = 0; i < p->n_step; i++)
        for (int k = 0; k < p->step[i].n_in; k++)
            if (p->step[i].in[k] == tensor && !is_gated(p, &p->step[i]) &&
                !(or_joins && p->step[i].kind == RPR_STEP_JOIN))
                return false;
    return true;
}

/** Children that are views; the inputs of a join are not. */
static bool has_views(const rpr_plan *p, int tensor, const int *made_by)
{
    for (int i = 0; i < p->n_tensor; i++)
        if (p->tensor[i].parent == tensor && made_by[i] == RPR_NONE)
            return true;
    return false;
}

static bool may_defer(const rpr_plan *p, const rpr_step *s, const int *made_by)
{
    return s->kind == RPR_STEP_LINEAR && !rpr_act_is_none(&s->linear->act) &&
           only_gates_read(p, s->out[0], true) && !has_views(p, s->out[0], made_by);
}

/** All inputs of a join are deferred with one activation, or none is. */
static bool join_agrees(const rpr_plan *p, const rpr_step *join, const int *made_by)
{
    const rpr_step *first = &p->step[made_by[join->in[0]]];
    bool good =
        only_gates_read(p, join->out[0], false) && p->tensor[join->out[0]].parent == RPR_NONE;
    for (int k = 0; k < p->n_tensor && good; k++)
        if (p->tensor[k].parent == join->out[0] && made_by[k] == RPR_NONE)
            good = false;
    for (int k = 0; k < join->n_in && good; k++) {
        const rpr_step *s = &p->step[made_by[join->in[k]]];
        good = s->deferred && same_act(&s->linear->act, &first->linear->act);
    }
    return good;
}

/** Takes joins that do not agree out until nothing changes any more. */
static void settle_joins(rpr_plan *p, const int *made_by)
{
    for (bool again = true; again;) {
        again = false;
        for (int i = 0; i < p->n_step; i++) {
            const rpr_step *join = &p->step[i];
            if (join->kind != RPR_STEP_JOIN || join_agrees(p, join, made_by))
                continue;
            for (int k = 0; k < join->n_in; k++) {
                rpr_step *s = &p->step[made_by[join->in[k]]];
                again |= s->deferred;
                s->deferred = false;
            }
        }
    }
}

/** The activation that a gate applies: its tensor's, or that of the inputs of its join. */
static rpr_act gate_act(const rpr_plan *p, int tensor, const int *made_by)
{
    int maker = made_by[tensor];
    if (maker != RPR_NONE && p->step[maker].kind == RPR_STEP_JOIN)
        maker = made_by[p->step[maker].in[0]];
    return maker != RPR_NONE && p->step[maker].deferred ? p->step[maker].linear->act
                                                        : rpr_act_none();
}

static bool is_joined(const rpr_plan *p, int tensor)
{
    for (int i = 0; i < p->n_step; i++)
        for (int k = 0; p->step[i].kind == RPR_STEP_JOIN && k < p->step[i].n_in; k++)
            if (p->step[i].in[k] == tensor)
                return true;
    return false;
}

/** The tensor that a view shows pixel by pixel and as a whole, or the tensor itself. */
static int shown(const rpr_plan *p, int tensor, const int *made_by)
{
    for (const rpr_tensor *t = &p->tensor[tensor]; made_by[tensor] == RPR_NONE;) {
        const rpr_tensor *up = t->parent == RPR_NONE ? NULL : &p->tensor[t->parent];
        if (!up || up->n != t->n || up->h != t->h || up->w != t->w || up->c != t->c)
            break;
        tensor = t->parent;
        t = up;
    }
    return tensor;
}

/** True if a step writes its output row by row, in one walk. */
static bool writes_rows(const rpr_step *s)
{
    const rpr_linear *l = s->linear;
    return s->n_out == 1 && (l ? l->n_phase == 1 && l->n == 1 : s->kind == RPR_STEP_PIXEL);
}

/** A gate may compare rows while they are in the cache, if one step writes all of its tensor. */
static void find_writers(rpr_plan *p, const int *made_by)
{
    for (int i = 0; i < p->n_step; i++)
        p->step[i].next = RPR_NONE;
    for (int i = 0; i < p->n_gate; i++) {
        const int tensor = shown(p, p->gate[i].tensor, made_by), step = made_by[tensor];
        const bool may =
            step != RPR_NONE && p->step[step].next == RPR_NONE && writes_rows(&p->step[step]);
        p->gate[i].writer = may ? step : RPR_NONE;
        if (may)
            p->step[step].next = i;
    }
}

int rpr_plan_defer(rpr_plan *p)
{
    int *made_by = rpr_alloc_array((size_t)p->n_tensor + 1, sizeof *made_by);
    if (!made_by)
        return RPR_ERR_NOMEM;
    for (int i = 0; i < p->n_tensor; i++)
        made_by[i] = RPR_NONE;
    for (int i = 0; i < p->n_step; i++)
        for (int k = 0; k < p->step[i].n_out; k++)
            if (p->step[i].out[k] != RPR_NONE)
                made_by[p->step[i].out[k]] = i;
    for (int i = 0; i < p->n_step; i++) {
        p->step[i].deferred = may_defer(p, &p->step[i], made_by);
        p->step[i].reader = RPR_NONE;
    }
    settle_joins(p, made_by);
    for (int i = 0; i < p->n_gate; i++) {
        int maker = made_by[p->gate[i].tensor];
        bool alone =
            maker != RPR_NONE && p->step[maker].deferred && !is_joined(p, p->gate[i].tensor);
        p->gate[i].act = gate_act(p, p->gate[i].tensor, made_by);
        p->gate[i].maker = alone ? maker : RPR_NONE;
        if (alone)
            p->step[maker].reader = i;
    }
    find_writers(p, made_by);
    rpr_free(made_by);
    return RPR_OK;
}
