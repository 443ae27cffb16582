/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ConvTranspose: output position o and tap k meet at input i where o + pad - k*d = i*s. Outputs
 * with the same residue modulo the stride see the same taps and step through the input by one: each
 * residue is an ordinary convolution of stride 1. Where all residues along x see the same input
 * pixels, as with a kernel as wide as the stride, they are one convolution with more channels: one
 * output channel alone would leave most of a vector empty.
 */
#include "ops/linear_make.h"

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

typedef struct transposed {
    const float *w, *bias;
    int32_t batch, group, ci, co; /* channels per group */
    rpr_linear_axis axis[2];
    int32_t fold; /* residues along x that are one phase */
} transposed;

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

/** Gathers the taps of one residue as [co][taps][ci]. */
static void gather(const transposed *c, const residue *y, const residue *x, int32_t group,
                   float *gathered)
{
    int32_t all = c->axis[0].k * c->axis[1].k, taps = y->taps * x->taps;
    const float *w = c->w + (int64_t)group * c->ci * c->co * all;
    for (int32_t o = 0; o < c->co; o++)
        for (int32_t t = 0; t < taps; t++)
            for (int32_t i = 0; i < c->ci; i++) {
                int32_t ky = y->first - t / x->taps * y->step;
                int32_t kx = x->first - t % x->taps * x->step;
                gathered[((int64_t)o * taps + t) * c->ci + i] =
                    w[((int64_t)i * c->co + o) * all + ky * c->axis[1].k + kx];
            }
}

static rpr_phase make_phase(const transposed *c, const residue *y, const residue *x, int32_t group)
{
    return (rpr_phase){.kh = y->taps,
                       .kw = x->taps,
                       .sh = 1,
                       .sw = 1,
                       .dh = y->dilation,
                       .dw = x->dilation,
                       .in_y0 = y->in0,
                       .in_x0 = x->in0,
                       .out_y0 = y->out0,
                       .out_x0 = x->out0,
                       .out_sy = c->axis[0].s,
                       .out_sx = c->axis[1].s,
                       .rows = y->count,
                       .cols = x->count,
                       .out_n = c->fold,
                       .ci0 = group * c->ci,
                       .ci = c->ci,
                       .co0 = group * c->co,
                       .co = c->fold * c->co};
}

/** The phase of residues ry and rx, ... rx + fold - 1, with its weights at w; returns their end. */
static float *fill_phase(const transposed *c, rpr_phase *p, int32_t group, int32_t ry, int32_t rx,
                         float *gathered, float *w)
{
    const residue y = find_residue(&c->axis[0], ry), x = find_residue(&c->axis[1], rx);
    const int32_t taps = y.taps * x.taps;
    const int64_t rows = (int64_t)taps * c->ci;
    for (int32_t f = 0; f < c->fold; f++) {
        const residue q = find_residue(&c->axis[1], rx + f);
        gather(c, &y, &q, group, gathered + f * rows * c->co);
    }
    *p = make_phase(c, &y, &x, group);
    p->w = w;
    rpr_pack_weights(w, gathered, p->co, taps, c->ci, rows, c->ci, 1);
    return w + rpr_packed_floats(rows, p->co);
}

static void fill(const transposed *c, rpr_linear *l, float *gathered, float *bias)
{
    float *w = l->weights;
    rpr_phase *p = l->phase;
    for (int32_t i = 0; i < c->group; i++, bias += rpr_round_lane(c->fold * c->co)) {
        for (int32_t f = 0; c->bias && f < c->fold; f++)
            memcpy(bias + f * c->co, c->bias + i * c->co, (size_t)c->co * sizeof *bias);
        for (int32_t ry = 0; ry < c->axis[0].s; ry++)
            for (int32_t rx = 0; rx < c->axis[1].s; rx += c->fold, p++) {
                w = fill_phase(c, p, i, ry, rx, gathered, w);
                p->bias = bias;
            }
    }
}

static rpr_linear *make(const transposed *c)
{
    /* Every tap belongs to exactly one residue, so the phases' weights add up to the whole. */
    const int64_t taps = (int64_t)c->axis[0].k * c->axis[1].k;
    const int64_t floats = c->group * rpr_packed_floats(taps / c->fold * c->ci, c->fold * c->co);
    float *gathered = rpr_alloc_array((size_t)(taps * c->ci * c->co), sizeof *gathered);
    rpr_linear *l = rpr_linear_new(c->group * c->axis[0].s * (c->axis[1].s / c->fold), floats,
                                   (int64_t)c->group * rpr_round_lane(c->fold * c->co));
    if (!gathered || !l) {
        rpr_free(gathered);
        rpr_linear_free(l);
        return NULL;
    }
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
    l->parameters = taps * c->ci * l->out_c + (c->bias ? l->out_c : 0);
    fill(c, l, gathered, l->weights + floats);
    rpr_free(gathered);
    rpr_linear_measure(l);
    return l;
}

int rpr_linear_from_conv_transpose(const rpr_graph *g, const rpr_node *n, rpr_linear **out,
                                   rpr_error *err)
{
    transposed c = {.w = rpr_linear_constant(g, n, 1), .bias = rpr_linear_constant(g, n, 2)};
    const rpr_value *x = &g->value[n->in[0]];
    *out = NULL;
    if (!c.w || x->dtype != RPR_F32 || x->is_const || (rpr_node_has(n, 2) && !c.bias))
        return RPR_OK;
    const rpr_shape *ws = &g->value[n->in[1]].shape, *os = &g->value[n->out[0]].shape;
    rpr_window_spec w;
    RPR_TRY(rpr_conv_transpose_parse(n, x->shape.rank - 2, x->shape.dim + 2, ws->dim + 2, &w, err));
    if (!rpr_linear_axes(&x->shape, os, &w, &c.batch, c.axis) || c.axis[0].s > 16 ||
        c.axis[1].s > 16 || w.group > 4096)
        return RPR_OK;
    c.group = (int32_t)w.group;
    c.ci = (int32_t)(ws->dim[0] / w.group);
    c.co = (int32_t)ws->dim[1];
    c.fold = c.group == 1 && residues_agree(&c.axis[1]) ? c.axis[1].s : 1;
    *out = make(&c);
    return *out ? RPR_OK : rpr_node_nomem(err, n);
}
