/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ConvTranspose: output position o and tap k meet at input i where o + pad - k*d = i*s. Outputs
 * with the same residue modulo the stride see the same taps and step through the input by one: each
 * residue is an ordinary convolution of stride 1. Where all residues along x see the same input
 * pixels, as with a kernel as wide as the stride, they are one convolution with more channels: one
 * output channel alone would leave most of a vector empty.
 */
#include "ops/linear_transposed.h"

#include <string.h>

#include "core/alloc.h"
#include "kernels/pack.h"
#include "ops/node.h"
#include "ops/window.h"

/** The taps of one residue along one axis, in the order of ascending input position. */
typedef struct residue {
    int32_t taps, first, step; /* tap m is kernel index first - m * step */
    int32_t in0, dilation;     /* output index j reads input j + in0 + m * dilation */
    int32_t out0, count;       /* outputs out0 + j * stride, j < count */
} residue;

static int32_t gcd(int32_t a, int32_t b)
{
    return b ? gcd(b, a % b) : a;
}

static residue find_residue(const rpr_linear_axis *a, int32_t r)
{
    residue q = {.out0 = r, .count = a->out > r ? (a->out - r + a->s - 1) / a->s : 0};
    int32_t g = gcd(a->s, a->d), lowest = -1;
    q.step = a->s / g;
    q.dilation = a->d / g;
    for (int32_t k = 0; k < a->k; k++)
        if ((r + a->pad - k * a->d) % a->s == 0) {
            lowest = lowest < 0 ? k : lowest;
            q.first = k;
            q.taps++;
        }
    /* Ascending input position is descending kernel index. */
    q.in0 = (r + a->pad - q.first * a->d) / a->s;
    return q;
}

/** True if all residues along an axis see the same input positions. */
static bool residues_agree(const rpr_linear_axis *a)
{
    const residue first = find_residue(a, 0);
    bool same = first.taps > 0;
    for (int32_t r = 1; r < a->s && same; r++) {
        const residue q = find_residue(a, r);
        same = q.taps == first.taps && q.in0 == first.in0 && q.count == first.count;
    }
    return same;
}

/** The residues of a phase: along y, and along x the f-th of those that are folded. */
static residue residue_y(const rpr_transposed_sizes *c, int32_t index)
{
    return find_residue(&c->axis[0], index / (c->axis[1].s / c->fold));
}

static residue residue_x(const rpr_transposed_sizes *c, int32_t index, int32_t f)
{
    return find_residue(&c->axis[1], index % (c->axis[1].s / c->fold) * c->fold + f);
}

rpr_phase rpr_transposed_phase(const rpr_transposed_sizes *c, int32_t group, int32_t index)
{
    const residue y = residue_y(c, index), x = residue_x(c, index, 0);
    return (rpr_phase){.kh = y.taps,
                       .kw = x.taps,
                       .sh = 1,
                       .sw = 1,
                       .dh = y.dilation,
                       .dw = x.dilation,
                       .in_y0 = y.in0,
                       .in_x0 = x.in0,
                       .out_y0 = y.out0,
                       .out_x0 = x.out0,
                       .out_sy = c->axis[0].s,
                       .out_sx = c->axis[1].s,
                       .rows = y.count,
                       .cols = x.count,
                       .out_n = c->fold,
                       .ci0 = group * c->ci,
                       .ci = c->ci,
                       .co0 = group * c->co,
                       .co = c->fold * c->co};
}

int32_t rpr_transposed_tap(const rpr_transposed_sizes *c, int32_t index, int32_t f, int32_t t)
{
    const residue y = residue_y(c, index), x = residue_x(c, index, f);
    return (y.first - t / x.taps * y.step) * c->axis[1].k + x.first - t % x.taps * x.step;
}

void rpr_transposed_describe(const rpr_transposed_sizes *c, bool biased, rpr_linear *l)
{
    l->geometry = (rpr_linear_geometry){
        .axis = {c->axis[0], c->axis[1]}, .groups = c->group, .transposed = true};
    l->folded = c->fold > 1;
    l->n = c->batch;
    l->in_h = c->axis[0].in;
    l->in_w = c->axis[1].in;
    l->in_c = c->group * c->ci;
    l->group_in = c->ci;
    l->out_h = c->axis[0].out;
    l->out_w = c->axis[1].out;
    l->out_c = c->group * c->co;
    l->parameters = (int64_t)rpr_transposed_taps(c) * c->ci * l->out_c + (biased ? l->out_c : 0);
}

int rpr_transposed_measure(const rpr_graph *g, const rpr_node *n, int weights,
                           rpr_transposed_sizes *c, bool *fits, rpr_error *err)
{
    const rpr_shape *xs = &g->value[n->in[0]].shape, *os = &g->value[n->out[0]].shape;
    const rpr_shape *ws = &g->value[n->in[weights]].shape;
    rpr_window_spec w;
    *c = (rpr_transposed_sizes){.fold = 1};
    RPR_TRY(rpr_conv_transpose_parse(n, xs->rank - 2, xs->dim + 2, ws->dim + 2, &w, err));
    *fits = rpr_linear_axes(xs, os, &w, &c->batch, c->axis) && c->axis[0].s <= 16 &&
            c->axis[1].s <= 16 && w.group <= 4096;
    if (!*fits)
        return RPR_OK;
    c->group = (int32_t)w.group;
    c->ci = (int32_t)(ws->dim[0] / w.group);
    c->co = (int32_t)ws->dim[1];
    c->fold = c->group == 1 && residues_agree(&c->axis[1]) ? c->axis[1].s : 1;
    return RPR_OK;
}

/* ---------------------------------------------------------------------- f32 */

typedef struct transposed {
    rpr_transposed_sizes s;
    const float *w, *bias;
} transposed;

/** Gathers the taps of a phase as [fold][co][taps][ci]. */
static void gather(const transposed *v, const rpr_phase *p, int32_t group, int32_t index,
                   float *gathered)
{
    const rpr_transposed_sizes *c = &v->s;
    const int32_t all = rpr_transposed_taps(c), taps = p->kh * p->kw;
    const float *w = v->w + (int64_t)group * c->ci * c->co * all;
    for (int32_t f = 0; f < c->fold; f++)
        for (int32_t t = 0; t < taps; t++) {
            const int32_t at = rpr_transposed_tap(c, index, f, t);
            for (int32_t o = 0; o < c->co; o++)
                for (int32_t i = 0; i < c->ci; i++)
                    gathered[(((int64_t)f * c->co + o) * taps + t) * c->ci + i] =
                        w[((int64_t)i * c->co + o) * all + at];
        }
}

/** A phase with its weights at w; returns their end. */
static float *fill_phase(const transposed *v, rpr_phase *p, int32_t group, int32_t index,
                         float *gathered, float *w)
{
    *p = rpr_transposed_phase(&v->s, group, index);
    const int32_t taps = p->kh * p->kw;
    const int64_t rows = (int64_t)taps * p->ci;
    gather(v, p, group, index, gathered);
    p->w = w;
    rpr_pack_weights(w, gathered, p->co, taps, p->ci, rows, p->ci, 1);
    return w + rpr_packed_floats(rows, p->co);
}

static void fill(const transposed *v, rpr_linear *l, float *gathered, float *bias)
{
    const rpr_transposed_sizes *c = &v->s;
    float *w = l->weights;
    rpr_phase *p = l->phase;
    for (int32_t i = 0; i < c->group; i++, bias += rpr_round_lane(c->fold * c->co)) {
        for (int32_t f = 0; v->bias && f < c->fold; f++)
            memcpy(bias + f * c->co, v->bias + i * c->co, (size_t)c->co * sizeof *bias);
        for (int32_t index = 0; index < rpr_transposed_phases(c); index++, p++) {
            w = fill_phase(v, p, i, index, gathered, w);
            p->bias = bias;
        }
    }
}

static rpr_linear *make(const transposed *v)
{
    const rpr_transposed_sizes *c = &v->s;
    /* Every tap belongs to exactly one residue, so the phases' weights add up to the whole. */
    const int64_t taps = rpr_transposed_taps(c);
    const int64_t floats = c->group * rpr_packed_floats(taps / c->fold * c->ci, c->fold * c->co);
    float *gathered = rpr_alloc_array((size_t)(taps * c->ci * c->co), sizeof *gathered);
    rpr_linear *l = rpr_linear_new(c->group * rpr_transposed_phases(c), floats,
                                   (int64_t)c->group * rpr_round_lane(c->fold * c->co));
    if (!gathered || !l) {
        rpr_free(gathered);
        rpr_linear_free(l);
        return NULL;
    }
    rpr_transposed_describe(c, v->bias != NULL, l);
    fill(v, l, gathered, l->weights + floats);
    rpr_free(gathered);
    rpr_linear_measure(l);
    return l;
}

int rpr_linear_from_conv_transpose(const rpr_graph *g, const rpr_node *n, rpr_linear **out,
                                   rpr_error *err)
{
    transposed v = {.w = rpr_linear_constant(g, n, 1), .bias = rpr_linear_constant(g, n, 2)};
    const rpr_value *x = &g->value[n->in[0]];
    bool fits;
    *out = NULL;
    if (!v.w || x->dtype != RPR_F32 || x->is_const || (rpr_node_has(n, 2) && !v.bias))
        return RPR_OK;
    RPR_TRY(rpr_transposed_measure(g, n, 1, &v.s, &fits, err));
    if (!fits)
        return RPR_OK;
    *out = make(&v);
    return *out ? RPR_OK : rpr_node_nomem(err, n);
}
