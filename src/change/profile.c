/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiling the range of a gate's input in one pass: all but few of its values lie between the
 * smallest and the largest ones kept so far, which two heaps hold, and need no more than that look.
 */
#include "change/gate.h"

#include <float.h>
#include <math.h>

/*
 * Share of the values at either end that the range leaves out. A wider range means wider dead-zones
 * and cells: less work and more error. Measured on nanodet (doc/contract.md).
 */
#define OUTLIERS 0.0001

#define TAIL_ROOM (RPR_PROFILE_ROOM / 2)
#define BLOCK 16 /* values that are looked at together */

/** The largest values so far, the least of them first: a heap. */
typedef struct tail {
    float *v;
    int32_t n, room;
} tail;

static void sift_down(tail *t, int32_t at)
{
    const float value = t->v[at];
    for (int32_t next = 2 * at + 1; next < t->n; next = 2 * at + 1) {
        if (next + 1 < t->n && t->v[next + 1] < t->v[next])
            next++;
        if (!(t->v[next] < value))
            break;
        t->v[at] = t->v[next];
        at = next;
    }
    t->v[at] = value;
}

static void sift_up(tail *t, int32_t at)
{
    const float value = t->v[at];
    for (; at > 0 && value < t->v[(at - 1) / 2]; at = (at - 1) / 2)
        t->v[at] = t->v[(at - 1) / 2];
    t->v[at] = value;
}

static void offer(tail *t, float value)
{
    if (t->n < t->room) {
        t->v[t->n++] = value;
        sift_up(t, t->n - 1);
    } else if (value > t->v[0]) {
        t->v[0] = value;
        sift_down(t, 0);
    }
}

/** What a value must exceed to be among the largest. */
static float bound_of(const tail *t)
{
    return t->n < t->room ? -FLT_MAX : t->v[0];
}

/** The value that is larger than all but `rank` others. */
static float take_rank(tail *t, int64_t rank)
{
    while (t->n > 1 && t->n - 1 > rank) {
        t->v[0] = t->v[--t->n];
        sift_down(t, 0);
    }
    return t->v[0];
}

/** The smallest are the largest of the negated ones. */
typedef struct ends {
    tail high, low;
    int64_t skipped; /* that are not finite */
} ends;

static void offer_block(ends *e, const float *v, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        if (!isfinite(v[i])) {
            e->skipped++;
            continue;
        }
        offer(&e->high, v[i]);
        offer(&e->low, -v[i]);
    }
}

static void look_at_row(ends *e, const float *v, int64_t n)
{
    int64_t i = 0;
    float high = bound_of(&e->high), low = -bound_of(&e->low);
    for (; i + BLOCK <= n; i += BLOCK) {
        int outside = e->high.n < e->high.room;
        for (int k = 0; k < BLOCK; k++)
            outside |= !(v[i + k] <= high) | !(v[i + k] >= low);
        if (!outside)
            continue;
        offer_block(e, v + i, BLOCK);
        high = bound_of(&e->high);
        low = -bound_of(&e->low);
    }
    offer_block(e, v + i, n - i);
}

void rpr_gate_profile(rpr_gate_state *g, const rpr_kernels *k, const rpr_map *x, float *scratch)
{
    const int64_t all = (int64_t)x->n * x->h * x->w * x->c;
    const int64_t most = (int64_t)(OUTLIERS * (double)all) + 1;
    const int32_t room = most < TAIL_ROOM ? (int32_t)most : TAIL_ROOM;
    ends e = {.high = {.v = scratch, .room = room},
              .low = {.v = scratch + TAIL_ROOM, .room = room}};
    for (int32_t n = 0; n < x->n; n++)
        for (int32_t y = 0; y < x->h; y++)
            look_at_row(&e, rpr_gate_values(g, k, rpr_map_at(x, n, y, 0), x->pix, x->w, 0),
                        (int64_t)x->w * x->c);
    g->lo = g->hi = 0.0f;
    if (e.skipped == all)
        return;
    const int64_t cut = (int64_t)(OUTLIERS * (double)(all - e.skipped));
    g->lo = -take_rank(&e.low, cut);
    g->hi = take_rank(&e.high, cut);
}
