/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Scene cuts, found from the change lists before the work is done. The first gates that compare are
 * the witnesses. If each finds that much of its input changed, and far more than lately, the scene
 * is another one and nothing of the last frame is of use: the gates behind take their input without
 * comparing, all layers run densely, and no gate leaves an error. A flicker of exposure changes the
 * picture as a whole, but not what the witnesses behind it see; and what changes as much on every
 * frame is no cut. By counts alone.
 */
#include "stream/stream.h"

#include <math.h>
#include <string.h>

#define TOUCHED 0.5f /* of the inputs; by less there is no cut */
#define PICTURE 0.8f /* of the values of a witness that reads an input, ... */
#define MUCH 0.25f   /* ... or of any other, ... */
#define RISE 2.0f    /* ... and so many times its average */
#define WEIGHT 0.33f /* of the last frame in the average */

#define UNKNOWN 1.0f /* an average that no share is far above */

/** A vector changes as a whole too easily to bear witness. */
void rpr_stream_name_witnesses(rpr_stream *s)
{
    const bool none = s->opt.all_gates || !s->reuse;
    rpr_cut *c = &s->cut;
    for (int i = 0; !none && i < s->plan->n_gate && c->n < RPR_WITNESSES; i++) {
        const rpr_gate_state *g = &s->gate[i];
        if (!g->open && g->rule.kind != RPR_GATE_OFF && g->xhat.h * g->xhat.w > 1)
            c->gate[c->n++] = i;
    }
}

void rpr_stream_reset_cut(rpr_stream *s)
{
    for (int i = 0; i < RPR_WITNESSES; i++)
        s->cut.average[i] = UNKNOWN;
}

float rpr_stream_touched_share(const rpr_stream *s)
{
    int64_t touched = 0, all = 0;
    for (int i = 0; i < s->plan->n_input; i++) {
        const rpr_touch t = rpr_stream_touch(s, s->plan->input[i]);
        touched += rpr_touch_count(&t);
        all += rpr_touch_pixels(&t);
    }
    return all > 0 ? (float)((double)touched / (double)all) : 0.0f;
}

void rpr_stream_begin_cut(rpr_stream *s)
{
    rpr_cut *c = &s->cut;
    c->found = false;
    c->agreed = 0;
    memset(c->share, 0, sizeof c->share);
    c->suspected = !s->anew && c->n > 0 && rpr_stream_touched_share(s) >= TOUCHED;
}

/** True if this witness says that the scene is another one. */
static bool testifies(const rpr_stream *s, int witness, float share)
{
    const rpr_cut *c = &s->cut;
    const bool picture = s->plan->tensor[s->plan->gate[c->gate[witness]].tensor].is_input;
    const double rise = RISE / s->gate[c->gate[witness]].narrow; /* it sees more than lately then */
    return share >= (picture ? PICTURE : MUCH) &&
           (double)share >= rise * (double)c->average[witness];
}

/** The frame goes on as if it were the first, but with the ranges and counters that there are. */
static void find(rpr_stream *s)
{
    s->cut.found = s->anew = true;
    s->stats.cut = 1;
    for (int i = 0; i < s->cut.n; i++) /* the next frame is no cut if as much changes again */
        s->cut.average[i] = fmaxf(s->cut.average[i], s->cut.share[i]);
    rpr_stream_drop_sweep(s);
}

bool rpr_stream_hears(rpr_stream *s, int gate)
{
    rpr_cut *c = &s->cut;
    const rpr_gate_state *g = &s->gate[gate];
    int witness = 0;
    while (witness < c->n && c->gate[witness] != gate)
        witness++;
    if (witness == c->n) /* a vector between two witnesses */
        return c->suspected && c->agreed > 0 && g->compared;
    const bool last = witness == c->n - 1;
    if (!g->compared && !g->taken) {
        /* What passes anyway says nothing; what was not touched does. */
        c->suspected &= g->loose || g->refreshed;
        if (!g->loose && !g->refreshed && c->average[witness] >= UNKNOWN)
            c->average[witness] = 0.0f;
    } else {
        const float share = (float)((double)g->n_changed / (double)rpr_gate_elements(g));
        c->suspected &= testifies(s, witness, share);
        c->agreed += c->suspected;
        float *average = &c->average[witness];
        c->share[witness] = share;
        if (g->narrow >= 1.0)
            *average = *average >= UNKNOWN ? share : *average + WEIGHT * (share - *average);
    }
    if (c->suspected && last && c->agreed >= (c->n < 2 ? 1 : 2))
        find(s);
    return c->suspected && (g->compared || g->taken);
}
