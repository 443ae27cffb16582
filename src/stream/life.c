/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which tensors are transient, wanted for a part of each frame only: those share memory with
 * tensors that are wanted at another time (memory.c). Without reuse that is every tensor. With it
 * most are kept, since later frames read pixels that they do not write. But a gate reads touched
 * pixels, which this frame has written, and so do a pointwise layer behind an open gate and an
 * operator on single pixels of one tensor; what only those read is transient, unless its layer
 * corrects z in its place. A loose gate reads all pixels, and so does a layer that is going to run
 * densely: then all are written.
 */
#include "stream/stream.h"

/** Tensors that lie in one piece of memory are wanted as long as one of them is. */
static void extend(rpr_stream *s, int tensor, int moment)
{
    if (tensor == RPR_NONE || s->plan->tensor[tensor].constant)
        return;
    rpr_life *life = &s->life[rpr_plan_root(s->plan, tensor)];
    life->first = moment < life->first ? moment : life->first;
    life->last = moment > life->last ? moment : life->last;
}

static void keep(rpr_stream *s, int tensor)
{
    if (tensor != RPR_NONE)
        s->life[rpr_plan_root(s->plan, tensor)].transient = false;
}

/** True if later frames add to what a layer has left in its output. */
static bool corrects_in_place(const rpr_stream *s, const rpr_step *step)
{
    const rpr_linear *l = step->linear;
    return !l->words && !rpr_linear_recomputes(l, &s->gate[step->gate]) &&
           (step->deferred || rpr_act_is_none(&l->act));
}

/** True if what a layer behind an open gate computes at a pixel reads just that one. */
static bool is_pointwise(const rpr_linear *l)
{
    return l->phase[0].kh == 1 && l->phase[0].kw == 1 && !rpr_linear_has_halo(l);
}

static int variables(const rpr_plan *p, const rpr_step *step)
{
    int n = 0;
    for (int i = 0; i < step->n_in; i++)
        n += !p->tensor[step->in[i]].constant;
    return n;
}

int rpr_stream_same_pixels(const rpr_plan *p, const rpr_step *step)
{
    if (step->kind != RPR_STEP_PIXEL || !rpr_pixel_op_is_pointwise(step->pixel) ||
        variables(p, step) != 1)
        return RPR_NONE;
    int i = 0;
    while (p->tensor[step->in[i]].constant)
        i++;
    const rpr_map *in = &step->pixel_map[i], *out = &step->pixel_map[step->n_in];
    return in->n == out->n && in->h == out->h && in->w == out->w ? step->in[i] : RPR_NONE;
}

/** True if a step reads pixels that this frame has not written. */
static bool reads_around(const rpr_stream *s, const rpr_step *step)
{
    if (step->kind == RPR_STEP_LINEAR)
        return s->gate[step->gate].open && !is_pointwise(step->linear);
    return step->kind != RPR_STEP_JOIN && rpr_stream_same_pixels(s->plan, step) == RPR_NONE;
}

/** Several steps write the output of a join: none of them knows what the others touch. */
static void keep_ends(rpr_stream *s, const rpr_step *step)
{
    bool linear = step->kind == RPR_STEP_LINEAR, reads = reads_around(s, step);
    bool writes = linear ? corrects_in_place(s, step) : step->kind != RPR_STEP_PIXEL;
    for (int i = 0; reads && i < step->n_in; i++)
        keep(s, step->in[i]);
    for (int i = 0; writes && i < step->n_out; i++)
        keep(s, step->out[i]);
}

/** With reuse. */
static void find_kept(rpr_stream *s)
{
    const rpr_plan *p = s->plan;
    for (int i = 0; i < p->n_input; i++)
        keep(s, p->input[i]);
    for (int i = 0; i < p->n_output; i++)
        keep(s, p->output[i]);
    for (int i = 0; i < p->n_step; i++)
        keep_ends(s, &p->step[i]);
}

void rpr_stream_find_lives(rpr_stream *s)
{
    const rpr_plan *p = s->plan;
    for (int i = 0; i < p->n_tensor; i++)
        s->life[i] = (rpr_life){.first = p->n_step, .last = -1, .transient = true};
    if (s->reuse)
        find_kept(s);
    for (int i = 0; i < p->n_step; i++) /* the one thing that remembers without reuse, too */
        if (p->step[i].kind == RPR_STEP_DELAY)
            keep(s, p->step[i].out[0]);
    for (int i = 0; i < p->n_tensor; i++)
        s->life[i].shared = s->life[i].transient && !s->opt.oracle;
    for (int i = 0; i < p->n_input; i++)
        extend(s, p->input[i], -1);
    for (int i = 0; i < p->n_step; i++)
        for (int k = 0; k < p->step[i].n_in + p->step[i].n_out; k++)
            extend(s, p->step[i].in[k], i); /* the outputs follow */
    for (int i = 0; i < p->n_output; i++)
        extend(s, p->output[i], p->n_step);
}

/** True if a layer behind an open gate may run densely though little was touched. */
static bool wants_whole(const rpr_stream *s, int index)
{
    const rpr_step *step = &s->plan->step[index];
    return s->opt.policy != RPR_POLICY_AUTO || rpr_stream_writes_whole(s, step) ||
           s->step[index].activated != rpr_stream_drops_z(s, step);
}

/** A gate whose turn comes takes all of its input, whether or not something is touched. */
static void want_turns(rpr_stream *s)
{
    for (int i = 0; i < s->plan->n_gate; i++) {
        rpr_life *life = &s->life[rpr_plan_root(s->plan, s->plan->gate[i].tensor)];
        const bool exact = s->gate[i].rule.kind == RPR_GATE_EXACT; /* has it already */
        if (!life->transient || s->anew || exact || !rpr_stream_is_due(s, i))
            continue;
        life->whole = true;
        life->forced |= !s->refresh.turn[i].clean;
    }
}

/** What bears witness of a cut takes all of its input if it is one. */
static void want_witnesses(rpr_stream *s)
{
    for (int i = 0; s->cut.suspected && i < s->cut.n; i++) {
        rpr_life *life = &s->life[rpr_plan_root(s->plan, s->plan->gate[s->cut.gate[i]].tensor)];
        life->whole |= life->transient;
    }
}

bool rpr_stream_is_whole(const rpr_stream *s, int gate)
{
    const int tensor = s->plan->gate[gate].tensor;
    const rpr_life *life = &s->life[rpr_plan_root(s->plan, tensor)];
    return !life->transient || life->whole || rpr_stream_touch(s, tensor).all;
}

/** Steps that know nothing of earlier frames read all of what those before them leave. */
static void want_handed(rpr_stream *s)
{
    for (int i = 0; i < s->plan->n_tensor; i++)
        if (s->life[i].transient && rpr_stream_is_handed(s, i))
            s->life[i].whole = s->life[i].forced = true;
}

static void want_input(rpr_stream *s, int index)
{
    const rpr_step *step = &s->plan->step[index];
    const rpr_gate_state *g = &s->gate[step->gate];
    rpr_life *life = &s->life[rpr_plan_root(s->plan, step->in[0])];
    life->whole |= life->transient && (g->open ? wants_whole(s, index) : g->loose);
    life->forced |= life->transient && (g->open || g->loose) && rpr_stream_is_forced(s, step);
}

static void want_same(rpr_stream *s, const rpr_step *step)
{
    const int in = rpr_stream_same_pixels(s->plan, step);
    if (in == RPR_NONE)
        return;
    rpr_life *life = &s->life[rpr_plan_root(s->plan, in)];
    life->whole |= life->transient && rpr_stream_writes_whole(s, step);
    life->forced |= life->transient && rpr_stream_is_forced(s, step);
}

/** Backwards: a step that must write its whole output reads its whole input. */
void rpr_stream_find_whole(rpr_stream *s)
{
    for (int i = 0; i < s->plan->n_tensor; i++)
        s->life[i].whole = s->life[i].forced = false;
    if (s->reuse) {
        want_turns(s);
        want_witnesses(s);
        want_handed(s);
    }
    for (int i = s->plan->n_step - 1; s->reuse && i >= 0; i--) {
        if (s->plan->step[i].kind == RPR_STEP_LINEAR)
            want_input(s, i);
        else
            want_same(s, &s->plan->step[i]);
    }
}

bool rpr_stream_is_forced(const rpr_stream *s, const rpr_step *step)
{
    return s->life[rpr_plan_root(s->plan, step->out[0])].forced;
}

bool rpr_stream_writes_whole(const rpr_stream *s, const rpr_step *step)
{
    return s->life[rpr_plan_root(s->plan, step->out[0])].whole;
}

/** What stands for zero around the pixels, where other tensors may have left theirs. */
static void clear_halo(const rpr_tensor *t, char *data)
{
    const size_t size = rpr_tensor_unit(t);
    const size_t row = (size_t)t->row * size, inner = (size_t)(t->w * t->pix) * size;
    const size_t left = (size_t)(t->halo_l * t->pix) * size;
    const size_t above = (size_t)t->halo_t * row, below = (size_t)t->halo_b * row;
    for (int32_t n = 0; n < t->n; n++) {
        char *at = data - t->offset + (size_t)(n * t->img) * size;
        memset(at, t->zero, above + left);
        at += above + left;
        for (int32_t y = 0; y < t->h;
             y++, at += row) /* the end of a row and the next one's start */
            memset(at + inner, t->zero, y + 1 < t->h ? row - inner : row - inner - left);
        memset(at - left, t->zero, below);
    }
}

void rpr_stream_begin(rpr_stream *s, int tensor, int moment)
{
    int root = tensor == RPR_NONE ? RPR_NONE : rpr_plan_root(s->plan, tensor);
    if (root == RPR_NONE || !s->life[root].shared || s->life[root].first != moment)
        return;
    if (s->reuse && !s->life[root].whole)
        return; /* a gate has a halo of its own */
    const rpr_tensor *t = &s->plan->tensor[root];
    if (rpr_tensor_has_halo(t))
        clear_halo(t, s->data[root]);
}
