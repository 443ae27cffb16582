/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Refresh: a gate takes its input as it is and its layers are computed from nothing, which ends the
 * gate's error and the rounding of corrections alike. Gates have their turns front to back, so that
 * a sweep leaves only what the gates let pass since. A periodic sweep is spread by cost: a gate's
 * turn comes when the frames of the period that are over, as a share of it, reach the share of the
 * work that stands before it. A sweep that was asked for takes as much into each frame as the limit
 * allows. Exact gates have nothing to end but rounding, which would wake everything behind them:
 * there a sweep is one frame.
 */
#include "stream/stream.h"

/** Dense frames that a frame may cost: 1.3 are promised, and the model is off by up to 0.25. */
#define LIMIT 1.05

#define LEAST 0.125 /* of all turns' cost is taken all the same, so that a sweep ends */

#define WOKEN                                                                                      \
    0.25 /* of a dense run: what layers cost more when those before them are refreshed             \
          */

static void add(rpr_woken *to, rpr_woken w, double sign)
{
    to->fixed += sign * w.fixed;
    to->gated += sign * w.gated;
}

void rpr_stream_price_turns(rpr_stream *s)
{
    const rpr_plan *p = s->plan;
    rpr_refresh *r = &s->refresh;
    double total = 0.0, before = 0.0;
    for (int i = 0; i < p->n_step; i++) {
        const double dense = rpr_stream_dense_cost(s, &p->step[i]);
        r->limit += LIMIT * dense;
        add(&r->all, rpr_stream_woken_cost(s, &p->step[i], i), 1.0);
        if (!p->step[i].linear || s->gate[p->step[i].gate].open)
            continue;
        rpr_turn *turn = &r->turn[p->step[i].gate];
        turn->dense += dense;
        turn->cost += rpr_stream_anew_cost(s, &p->step[i]);
        total += rpr_stream_anew_cost(s, &p->step[i]);
    }
    r->least = LEAST * total;
    for (int i = 0; i < p->n_gate; i++) {
        r->turn[i].before = total > 0.0 ? before / total : 0.0;
        r->turn[i].share = s->has_exact ? 0.0 : r->turn[i].before;
        before += r->turn[i].cost;
    }
}

void rpr_stream_reset_refresh(rpr_stream *s)
{
    rpr_refresh *r = &s->refresh;
    r->next = r->to = s->plan->n_gate;
    r->sweep = 0;
    r->asked = r->again = false;
    r->taken = 0;
    r->busy = 0.0;
}

int rpr_stream_refresh(rpr_stream *s)
{
    rpr_refresh *r = &s->refresh;
    if (!s->reuse)
        return RPR_OK;
    s->calm = 0;
    if (r->asked && r->next > 0) {
        r->again = true;
    } else {
        r->asked = true;
        r->next = 0;
    }
    return RPR_OK;
}

/** The gate before which the frames of this period, with this one, have reached. */
static int32_t reached(const rpr_stream *s)
{
    const uint64_t every = (uint64_t)s->opt.refresh, at = s->frame % every;
    int32_t i = s->refresh.next;
    while (i < s->plan->n_gate && (uint64_t)(s->refresh.turn[i].share * (double)every) <= at)
        i++;
    return i;
}

void rpr_stream_drop_sweep(rpr_stream *s)
{
    rpr_refresh *r = &s->refresh;
    r->next = r->to = s->plan->n_gate;
    r->asked = r->again = false;
    r->sweep = s->opt.refresh ? s->frame / (uint64_t)s->opt.refresh : 0;
}

void rpr_stream_begin_refresh(rpr_stream *s)
{
    rpr_refresh *r = &s->refresh;
    const int32_t all = s->plan->n_gate;
    const uint64_t every = (uint64_t)s->opt.refresh, period = every ? s->frame / every : 0;
    r->taken = 0;
    r->took = 0.0;
    r->left = r->all;
    r->seen = (rpr_woken){0};
    r->spent = 0.0;
    if (s->anew) {
        rpr_stream_drop_sweep(s);
    } else if (r->asked) {
        r->to = all;
    } else if (every > 0) {
        if (r->next == all && r->sweep < period) {
            r->next = 0;
            r->sweep = period;
        }
        r->to = r->sweep < period ? all : reached(s); /* an old one ends before a new one begins */
    }
}

uint64_t rpr_stream_next_refresh(const rpr_stream *s)
{
    const rpr_refresh *r = &s->refresh;
    const uint64_t every = (uint64_t)s->opt.refresh, soon = s->frame + 1;
    if (r->asked || (every > 0 && r->sweep < s->frame / every))
        return soon;
    if (every == 0)
        return UINT64_MAX;
    const bool over = r->next == s->plan->n_gate;
    const uint64_t at = over ? every : (uint64_t)(r->turn[r->next].share * (double)every);
    return r->sweep * every + at > soon ? r->sweep * every + at : soon;
}

void rpr_stream_end_refresh(rpr_stream *s)
{
    rpr_refresh *r = &s->refresh;
    if (!s->anew && r->seen.gated > 0.0)
        r->busy = r->spent / r->seen.gated;
    r->next = r->to;
    if (!r->asked || r->next < s->plan->n_gate)
        return;
    r->asked = r->again;
    r->again = false;
    r->sweep = s->opt.refresh ? s->frame / (uint64_t)s->opt.refresh : 0;
    if (r->asked)
        r->next = 0;
}

bool rpr_stream_is_due(const rpr_stream *s, int gate)
{
    return gate >= s->refresh.next && gate < s->refresh.to && !s->gate[gate].open;
}

void rpr_stream_pass_step(rpr_stream *s, const rpr_step *step, int index, double cost)
{
    rpr_refresh *r = &s->refresh;
    const rpr_woken w = rpr_stream_woken_cost(s, step, index);
    add(&r->left, w, -1.0);
    if (step->kind != RPR_STEP_LINEAR || s->gate[step->gate].open || s->step[index].refreshed)
        return;
    add(&r->seen, w, 1.0);
    r->spent += cost;
}

/** True if the frame stays within the limit though this turn is taken, by what layers cost lately.
 */
static bool fits(const rpr_stream *s, int gate)
{
    const rpr_refresh *r = &s->refresh;
    const double woken = r->busy + WOKEN < 1.0 ? r->busy + WOKEN : 1.0;
    const double more = r->turn[gate].cost - woken * r->turn[gate].dense;
    return s->has_exact || r->taken == 0 || r->took + r->turn[gate].cost <= r->least ||
           s->cost + more + r->left.fixed + woken * r->left.gated <= r->limit;
}

bool rpr_stream_takes_turn(rpr_stream *s, int gate, bool touched)
{
    rpr_refresh *r = &s->refresh;
    /* What passes as it is, and what was not touched since, has no error. */
    if (!rpr_stream_is_due(s, gate) || (touched ? s->gate[gate].loose : r->turn[gate].clean))
        return false;
    if (!fits(s, gate)) {
        r->to = gate;
        return false;
    }
    r->taken++;
    r->took += r->turn[gate].cost;
    return true;
}
