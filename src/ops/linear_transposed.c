/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ConvTranspose: output position o and tap k meet at input i where o + pad - k*d = i*s. Outputs
 * with the same residue modulo the stride see the same taps and step through the input by one: each
 * residue is an ordinary convolution of stride 1.
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
} transposed;

/** Gathers the taps of one phase as [co][taps][ci], then packs them. */
static void pack_phase(const transposed *c, const residue *y, const residue *x, int32_t group,
                       float *gathered, float *packed)
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
    rpr_pack_weights(packed, gathered, c->co, taps, c->ci, (int64_t)taps * c->ci, c->ci, 1);
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
                       .ci0 = group * c->ci,
                       .ci = c->ci,
                       .co0 = group * c->co,
                       .co = c->co};
}

static void fill(const transposed *c, rpr_linear *l, float *gathered, float *bias)
{
    float *w = l->weights;
    rpr_phase *p = l->phase;
    for (int32_t i = 0; i < c->group; i++, bias += rpr_round_lane(c->co)) {
        if (c->bias)
            memcpy(bias, c->bias + i * c->co, (size_t)c->co * sizeof *bias);
        for (int32_t ry = 0; ry < c->axis[0].s; ry++)
            for (int32_t rx = 0; rx < c->axis[1].s; rx++, p++) {
                residue y = find_residue(&c->axis[0], ry), x = find_residue(&c->axis[1], rx);
                *p = make_phase(c, &y, &x, i);
                pack_phase(c, &y, &x, i, gathered, w);
                p->w = w;
                p->bias = bias;
                w += rpr_packed_floats((int64_t)y.taps * x.taps * c->ci, c->co);
            }
    }
}

static rpr_linear *make(const transposed *c)
{
    /* Every tap belongs to exactly one residue, so the phases' weights add up to the whole. */
    int64_t taps = (int64_t)c->axis[0].k * c->axis[1].k;
    int64_t floats = c->group * rpr_packed_floats(taps * c->ci, c->co);
    float *gathered = rpr_alloc_array((size_t)(taps * c->ci * c->co), sizeof *gathered);
    rpr_linear *l = rpr_linear_new(c->group * c->axis[0].s * c->axis[1].s, floats,
                                   (int64_t)c->group * rpr_round_lane(c->co));
    if (!gathered || !l) {
        rpr_free(gathered);
        rpr_linear_free(l);
        return NULL;
    }
    l->geometry = (rpr_linear_geometry){
        .axis = {c->axis[0], c->axis[1]}, .groups = c->group, .transposed = true};
    l->n = c->batch;
    l->in_h = c->axis[0].in;
    l->in_w = c->axis[1].in;
    l->in_c = c->group * c->ci;
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
    rpr_window w;
    RPR_TRY(rpr_conv_transpose_parse(n, x->shape.rank - 2, x->shape.dim + 2, ws->dim + 2, &w, err));
    if (!rpr_linear_axes(&x->shape, os, &w, &c.batch, c.axis) || c.axis[0].s > 16 ||
        c.axis[1].s > 16 || w.group > 4096)
        return RPR_OK;
    c.group = (int32_t)w.group;
    c.ci = (int32_t)(ws->dim[0] / w.group);
    c.co = (int32_t)ws->dim[1];
    *out = make(&c);
    return *out ? RPR_OK : rpr_node_nomem(err, n);
}
