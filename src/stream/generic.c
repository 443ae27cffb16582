/* SPDX-License-Identifier: Apache-2.0 */
/* Steps without a sparse form: run densely, then compared with what was there. */
#include "stream/stream.h"

#include <math.h>
#include <string.h>

#include "graph/opdef.h"
#include "ops/walk.h"

static bool any_touched(const rpr_stream *s, const rpr_step *step)
{
    if (!s->reuse || s->anew)
        return true;
    for (int i = 0; i < step->n_in; i++) {
        int t = step->in[i];
        if (t != RPR_NONE && !s->plan->tensor[t].constant && rpr_stream_touch(s, t).any)
            return true;
    }
    return false;
}

/** Copies the pixels of `fresh` (gap-free) that differ into the tensor and marks them. */
static void merge(rpr_stream *s, int tensor, const char *fresh)
{
    const rpr_tensor *t = &s->plan->tensor[tensor];
    rpr_touch *touched = &s->touch[tensor];
    size_t size = rpr_tensor_unit(t), bytes = (size_t)t->c * size;
    char *base = s->data[tensor];
    for (int32_t n = 0; n < t->n; n++)
        for (int32_t y = 0; y < t->h; y++) {
            uint8_t *mark = rpr_touch_row(touched, n, y);
            for (int32_t x = 0; x < t->w; x++, fresh += bytes) {
                char *at = base + (size_t)(n * t->img + y * t->row + x * t->pix) * size;
                if (!s->anew && s->reuse && memcmp(at, fresh, bytes) == 0)
                    continue;
                memcpy(at, fresh, bytes);
                mark[x] = 1;
                touched->any = true;
            }
        }
}

/** Views of the inputs where they lie and of the outputs in scratch, in the tensors' layouts. */
static void make_views(rpr_stream *s, const rpr_step *step, rpr_view *in, rpr_view *out)
{
    char *at = s->scratch;
    for (int i = 0; i < step->n_in; i++)
        in[i] = step->in[i] == RPR_NONE
                    ? (rpr_view){0}
                    : rpr_tensor_view(&s->plan->tensor[step->in[i]], s->data[step->in[i]]);
    for (int i = 0; i < step->n_out; i++) {
        out[i] = (rpr_view){0};
        if (step->out[i] == RPR_NONE)
            continue;
        rpr_tensor t = s->plan->tensor[step->out[i]];
        rpr_tensor_gap_free(&t);
        out[i] = rpr_tensor_view(&t, at);
        size_t bytes = (size_t)t.n * (size_t)t.img * rpr_tensor_unit(&t);
        if (t.words) /* what fills words up */
            memset(at, 0, bytes);
        at += (bytes + 63) / 64 * 64;
    }
}

void rpr_stream_forget_recurrent(rpr_stream *s)
{
    for (int i = 0; i < s->plan->n_step; i++)
        if (s->recurrent[i])
            rpr_recurrent_forget(s->plan->step[i].recurrent, s->recurrent[i]);
}

/** True if a sweep that was asked for reaches a recurrent layer: it runs without its gates. */
static bool is_due(const rpr_stream *s, const rpr_step *step)
{
    return step->recurrent && s->reuse && s->refresh.asked;
}

static double favour(rpr_policy policy)
{
    return policy == RPR_POLICY_CORRECT ? (double)INFINITY : policy == RPR_POLICY_DENSE ? 0.0 : 1.0;
}

static void run_recurrent(rpr_stream *s, const rpr_step *step, const rpr_view *in,
                          const rpr_view *out)
{
    const int index = (int)(step - s->plan->step);
    rpr_recurrent_record *record = s->record ? &s->record[index] : NULL;
    const rpr_recurrent_gate gate = {
        .rule = s->own_rule[index],
        .scale = s->scale,
        .cost = &s->model->cost,
        .favour = favour(s->opt.policy),
        .refresh = s->opt.refresh,
        .half = rpr_stream_corrects_with_half(s, &s->own_rule[index], s->scale),
        .record = record && record->idx ? record : NULL};
    const bool gated = s->reuse && gate.rule.kind != RPR_GATE_OFF && !is_due(s, step);
    if (s->reuse && !gated)
        rpr_recurrent_renew(step->recurrent, s->recurrent[index]);
    const rpr_recurrent_counts c =
        rpr_recurrent_run(step->recurrent, s->k, step->node, gated ? &gate : NULL,
                          s->recurrent[index], s->recurrent_scratch, in, out);
    s->step[index].macs = c.macs;
    s->step[index].weight_bytes = c.weight_bytes;
    s->step[index].whole = !gated;
    s->step[index].refreshed = is_due(s, step);
    s->step[index].list_cost =
        gated ? c.cost : rpr_recurrent_dense_cost(step->recurrent, &s->model->cost);
    s->step[index].choice = c.macs == 0                      ? RPR_CHOICE_SKIP
                            : c.macs < step->recurrent->macs ? RPR_CHOICE_CORRECT
                                                             : RPR_CHOICE_DENSE;
    s->step[index].values = c.inputs;
    s->step[index].changed = c.changed;
}

/** By its definition, or by what is made for it. */
static int evaluate(rpr_stream *s, const rpr_step *step, const rpr_view *in, const rpr_view *out)
{
    if (step->recurrent)
        run_recurrent(s, step, in, out);
    else if (step->node)
        return step->node->def->eval(step->node, in, out, &s->error);
    else
        rpr_view_copy(&in[0], &out[0]);
    return RPR_OK;
}

/** Of a recurrent layer, for the frame's numbers. */
static void count(rpr_stream *s, const rpr_step *step)
{
    const rpr_step_state *state = &s->step[step - s->plan->step];
    s->stats.macs_dense += step->recurrent->macs;
    s->stats.macs_executed += state->macs;
    s->stats.inputs += state->values;
    s->stats.changed += state->changed;
}

static int run_touched(rpr_stream *s, const rpr_step *step)
{
    rpr_view *in = s->views, *out = s->views + step->n_in;
    make_views(s, step, in, out);
    RPR_TRY(evaluate(s, step, in, out));
    if (step->node && !rpr_act_is_none(&step->node->act)) {
        const rpr_tensor *t = &s->plan->tensor[step->out[0]];
        s->k->act(&step->node->act, out[0].data, out[0].data, (int64_t)t->n * t->h * t->w * t->c);
    }
    for (int i = 0; i < step->n_out; i++)
        if (step->out[i] != RPR_NONE)
            merge(s, step->out[i], out[i].data);
    return RPR_OK;
}

int rpr_stream_run_generic(rpr_stream *s, const rpr_step *step)
{
    rpr_step_state *state = &s->step[step - s->plan->step];
    for (int i = 0; i < step->n_out; i++)
        if (step->out[i] != RPR_NONE)
            rpr_touch_fill(&s->touch[step->out[i]], false);
    state->macs = state->changed = state->weight_bytes = 0;
    state->list_cost = 0.0;
    state->refreshed = false;
    state->choice = RPR_CHOICE_SKIP;
    const bool run = any_touched(s, step) || is_due(s, step);
    int status = run ? run_touched(s, step) : RPR_OK;
    if (step->recurrent)
        count(s, step);
    return status;
}
