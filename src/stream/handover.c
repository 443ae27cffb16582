/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames that begin with reuse and end without it. Between two steps a frame knows what it has cost
 * so far, what the next steps can cost at most, and what all that follow cost without reuse. Where
 * that could come to more than the limit the rest is handed over: it is run by the stream that runs
 * bypassed frames (bypass.c), which reads what was computed so far where it lies. What the steps
 * behind know of earlier frames is of no use then; on the next frames they are computed from
 * nothing, as many as the limit allows, until reuse has all of the network again. By counts alone.
 */
#include <string.h>

#include "change/gate.h"
#include "stream/stream.h"

/** Dense frames that a frame may cost: 1.3 are promised. */
#define LIMIT 1.25       /* while reuse begins anew, ... */
#define WHOLE_LIMIT 1.28 /* ... and of a frame that may turn out cheaper than it looks */

#define DEAR_PART 0.1 /* of a dense frame: if what is reused costs so much more it does not pay */

#define NO_POINT (-1.0)
#define COPIED 0.8 /* a value that is handed over and does not lie as it is read */

/* ----------------------------------------------------------------- points */

/** True if a tensor is written before a step and read by it or later ones. */
static bool is_live(const rpr_stream *s, int tensor, int step)
{
    const rpr_tensor *t = &s->plan->tensor[tensor];
    const rpr_life *life = &s->life[tensor];
    return t->parent == RPR_NONE && !t->constant && !t->is_input && life->first < step &&
           step <= life->last;
}

static int root_of(const rpr_stream *s, int tensor)
{
    return tensor == RPR_NONE ? RPR_NONE : rpr_plan_root(s->plan, tensor);
}

/** True if some step before `end` has left z in a tensor that others read activated. */
static bool is_deferred(const rpr_stream *s, int tensor, int end)
{
    for (int i = 0; i < end; i++)
        if (s->plan->step[i].deferred && root_of(s, s->plan->step[i].out[0]) == tensor)
            return true;
    return false;
}

/** True if a tensor of which touched pixels only are there can be had from gates all the same. */
static bool is_gated(const rpr_stream *s, int tensor, int from)
{
    for (int i = from; i < s->plan->n_step; i++) {
        const rpr_step *step = &s->plan->step[i];
        for (int k = 0; k < step->n_in; k++)
            if (root_of(s, step->in[k]) == tensor &&
                (step->kind != RPR_STEP_LINEAR || s->gate[step->gate].open))
                return false;
    }
    return true;
}

/** What it costs to hand over before a step, or that it cannot be. */
static double price_of(const rpr_stream *s, int step)
{
    double price = 0.0;
    for (int i = 0; i < s->plan->n_tensor; i++) {
        const rpr_tensor *t = &s->plan->tensor[i];
        if (!is_live(s, i, step))
            continue;
        if (s->life[i].transient && !is_gated(s, i, step))
            return NO_POINT;
        if (s->life[i].transient || is_deferred(s, i, step))
            price += COPIED * (double)t->n * t->h * t->w * t->c;
    }
    return price;
}

void rpr_stream_find_handovers(rpr_stream *s)
{
    for (int i = 0; s->bypass.plain && i < s->plan->n_step; i++)
        s->bypass.price[i] = i > 0 ? price_of(s, i) : NO_POINT;
}

bool rpr_stream_may_hand_over(const rpr_stream *s, int step)
{
    return s->bypass.plain && s->bypass.price[step] >= 0.0;
}

bool rpr_stream_is_handed(const rpr_stream *s, int tensor)
{
    const int held = s->bypass.held;
    return held > 0 && held < s->plan->n_step && is_live(s, tensor, held);
}

/* --------------------------------------------------------------- decision */

/** True if the frame could become too dear with the steps up to the next point. */
static bool overspends(const rpr_stream *s, int step)
{
    const rpr_bypass *b = &s->bypass;
    const int n = s->plan->n_step;
    if (rpr_stream_is_first(s) || !rpr_stream_may_hand_over(s, step) || s->cost <= s->passed)
        return false;
    double cost = s->cost, passed = s->passed;
    int i = step;
    do {
        cost += rpr_stream_most_cost(s, &s->plan->step[i], i, i == step);
        passed += rpr_stream_dense_cost(s, &s->plan->step[i]);
    } while (++i < n && !rpr_stream_may_hand_over(s, i));
    cost += i < n ? b->price[i] : 0.0;
    const double limit = !s->anew && b->before == n ? WHOLE_LIMIT : LIMIT;
    return cost + (s->dense_cost - passed) > limit * s->dense_cost;
}

/* -------------------------------------------------------------- hand over */

static void copy_map(const rpr_map *from, const rpr_map *to)
{
    const size_t bytes = (size_t)from->c * sizeof(float);
    for (int32_t n = 0; n < from->n; n++)
        for (int32_t y = 0; y < from->h; y++)
            for (int32_t x = 0; x < from->w; x++)
                memcpy(rpr_map_at(to, n, y, x), rpr_map_at(from, n, y, x), bytes);
}

static void activate(const rpr_stream *s, const rpr_act *act, const rpr_map *m)
{
    for (int32_t n = 0; n < m->n; n++)
        for (int32_t y = 0; y < m->h; y++)
            for (int32_t x = 0; x < m->w; x++)
                s->k->act(act, rpr_map_at(m, n, y, x), rpr_map_at(m, n, y, x), m->c);
}

/** Takes into xhat what gates have not compared yet: the pieces of memory are about to be lost. */
static void rescue(rpr_stream *s, int from)
{
    for (int i = from; i < s->plan->n_step; i++) {
        const rpr_step *step = &s->plan->step[i];
        const int root = step->kind == RPR_STEP_LINEAR ? root_of(s, step->in[0]) : RPR_NONE;
        if (root == RPR_NONE || !is_live(s, root, from) || !s->life[root].transient)
            continue;
        const int tensor = s->plan->gate[step->gate].tensor;
        const rpr_map x = rpr_stream_map(s, tensor);
        const rpr_touch touched = rpr_stream_touch(s, tensor);
        const bool all = rpr_stream_is_whole(s, step->gate);
        rpr_gate_state *g = &s->gate[step->gate];
        if (s->gate_frame[step->gate] == s->frame + 1 && g->in.data == g->xhat.data)
            continue; /* it has compared, or copied */
        g->act = rpr_stream_gate_act(s, step->gate);
        rpr_gate_absorb(g, s->k, &x, all ? NULL : &touched);
    }
}

/** What was rescued goes where it is read. */
static void hand_rescued(rpr_stream *s, int from)
{
    rpr_stream *plain = s->bypass.plain;
    for (int i = from; i < s->plan->n_step; i++) {
        const rpr_step *step = &s->plan->step[i];
        const int root = step->kind == RPR_STEP_LINEAR ? root_of(s, step->in[0]) : RPR_NONE;
        if (root == RPR_NONE || !is_live(s, root, from) || !s->life[root].transient)
            continue;
        const rpr_map to = rpr_stream_map(plain, s->plan->gate[step->gate].tensor);
        copy_map(&s->gate[step->gate].xhat, &to);
    }
}

/** What steps have left in a tensor some of which is z goes there activated. */
static void hand_deferred(rpr_stream *s, int root, int from)
{
    for (int i = 0; i < from; i++) {
        const rpr_step *step = &s->plan->step[i];
        for (int k = 0; k < step->n_out && step->kind != RPR_STEP_JOIN; k++) {
            if (root_of(s, step->out[k]) != root)
                continue;
            const rpr_map z = rpr_stream_map(s, step->out[k]);
            const rpr_map to = rpr_stream_map(s->bypass.plain, step->out[k]);
            copy_map(&z, &to);
            if (step->deferred && !s->step[i].activated)
                activate(s, &step->linear->act, &to);
        }
    }
}

/** `plain` reads what lives at a step where it lies, or has it brought to where it expects it. */
static void hand_tensors(rpr_stream *s, int from)
{
    rpr_stream *plain = s->bypass.plain;
    rescue(s, from);
    rpr_stream_point_plain(s);
    for (int i = 0; i < s->plan->n_tensor; i++) {
        const int root = rpr_plan_root(s->plan, i);
        if (is_live(s, root, from) && !s->life[root].transient && !is_deferred(s, root, from))
            plain->data[i] = s->data[i];
    }
    for (int i = 0; i < s->plan->n_tensor; i++) {
        const bool live = is_live(s, i, from), deferred = live && is_deferred(s, i, from);
        if (!live || (!s->life[i].transient && !deferred))
            continue;
        rpr_stream_begin(plain, i, plain->life[i].first); /* its halo */
        if (!s->life[i].transient)
            hand_deferred(s, i, from);
    }
    hand_rescued(s, from);
}

/** Nothing that steps from there on know is of use. */
static void forget(rpr_stream *s, int from)
{
    for (int i = 0; i < s->plan->n_gate; i++)
        if (s->plan->gate[i].first >= from)
            rpr_gate_forget(&s->gate[i]);
    for (int i = from; i < s->plan->n_step; i++)
        s->step[i] = (rpr_step_state){0};
}

static int hand_over(rpr_stream *s, int from)
{
    rpr_bypass *b = &s->bypass;
    hand_tensors(s, from);
    b->held = from;
    forget(s, from);
    RPR_TRY(rpr_stream_run_past(s, from));
    rpr_stream_count_plain(s, from, true);
    s->cost += b->price[from] + (s->dense_cost - s->passed);
    return RPR_OK;
}

int rpr_stream_run_reuse(rpr_stream *s)
{
    rpr_bypass *b = &s->bypass;
    b->before = b->held;
    s->passed = 0.0;
    for (int i = 0; i < s->plan->n_step; i++) {
        if (i == b->before) {
            b->pays = s->cost - s->passed <= DEAR_PART * s->dense_cost;
            s->anew = true;
        }
        if (b->plain && overspends(s, i))
            return hand_over(s, i);
        RPR_TRY(rpr_stream_run_steps(s, i, i + 1));
    }
    b->held = s->plan->n_step;
    return RPR_OK;
}
