/* SPDX-License-Identifier: Apache-2.0 */
/* Which layers stay f32: those that cost most of the accuracy. */
#include <math.h>
#include <stdlib.h>

#include "core/alloc.h"
#include "quantize/state.h"

#define SHARE 0.25      /* of all layers' error: what automatic keeping takes for a lot */
#define MACS_SHARE 0.05 /* that it may spend */

static bool may_keep(const qt_state *s, size_t n)
{
    return s->node[n].weighted && !s->node[n].kept;
}

/** The layer with the largest alone error that is not kept yet; RPR_NONE. */
static int most_sensitive(const qt_state *s)
{
    int best = RPR_NONE;
    for (size_t n = 0; n < s->g->n_node; n++)
        if (may_keep(s, n) && (best == RPR_NONE || s->node[n].alone > s->node[best].alone))
            best = (int)n;
    return best;
}

/** The largest share that a layer has in the error of any output, among those not kept. */
static double share_of(const qt_state *s, const double *cost, size_t layer)
{
    double share = 0.0;
    for (size_t o = 0; o < s->n_out; o++) {
        double sum = 0.0;
        for (size_t n = 0; n < s->g->n_node; n++)
            sum += may_keep(s, n) ? cost[n * s->n_out + o] : 0.0;
        if (sum > 0.0)
            share = fmax(share, cost[layer * s->n_out + o] / sum);
    }
    return share;
}

static int keep_auto(qt_state *s, const double *cost)
{
    int64_t all = 0, kept = 0;
    int count = 0;
    for (size_t n = 0; n < s->g->n_node; n++)
        all += s->node[n].weighted ? s->node[n].macs : 0;
    for (;;) {
        int best = RPR_NONE;
        double share = SHARE;
        for (size_t n = 0; n < s->g->n_node; n++) {
            if (!may_keep(s, n) || (double)(kept + s->node[n].macs) > MACS_SHARE * (double)all)
                continue;
            const double own = share_of(s, cost, n);
            if (own >= share) {
                share = own;
                best = (int)n;
            }
        }
        if (best == RPR_NONE)
            return count;
        s->node[best].kept = true;
        kept += s->node[best].macs;
        count++;
    }
}

static int count_layers(const qt_state *s)
{
    int count = 0;
    for (size_t n = 0; n < s->g->n_node; n++)
        count += s->node[n].weighted;
    return count;
}

/** Keeps the `count` most sensitive layers and no other. */
static void keep_first(qt_state *s, int count)
{
    for (size_t n = 0; n < s->g->n_node; n++)
        s->node[n].kept = false;
    for (int i = 0; i < count; i++)
        s->node[most_sensitive(s)].kept = true;
}

/** The fewest layers with which a sweep's error is within the limit: doubled, then halved. */
static int keep_within(qt_state *s)
{
    const double limit = s->opt->error;
    const int all = count_layers(s);
    int low = 0, high = 1; /* low is not enough */
    if (qt_error(s) <= limit)
        return RPR_OK;
    for (;; low = high, high *= 2) {
        high = high < all ? high : all - 1;
        keep_first(s, high);
        RPR_TRY(qt_sweep(s));
        if (qt_error(s) <= limit)
            break;
        if (high == all - 1)
            return rpr_fail(s->err, RPR_ERR_ARGUMENT,
                            "error: %g cannot be reached: with one layer in 8 bits it is %.3g",
                            limit, qt_error(s));
    }
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        keep_first(s, middle);
        RPR_TRY(qt_sweep(s));
        *(qt_error(s) <= limit ? &high : &low) = middle;
    }
    keep_first(s, high);
    return qt_sweep(s);
}

int qt_keep(qt_state *s, const double *cost)
{
    if (s->opt->error > 0.0)
        return keep_within(s);
    if (s->opt->keep > 0 && s->opt->keep >= count_layers(s))
        return rpr_fail(s->err, RPR_ERR_ARGUMENT, "keep: %d, but the model has %d layers",
                        s->opt->keep, count_layers(s));
    if (s->opt->keep > 0)
        keep_first(s, s->opt->keep);
    else if (s->opt->keep == 0 || keep_auto(s, cost) == 0)
        return RPR_OK;
    return qt_sweep(s);
}
