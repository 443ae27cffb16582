/* SPDX-License-Identifier: Apache-2.0 */
/* Conv: one phase per group; one phase of the depthwise kernel if every channel is its own group.
 */
#include "ops/linear_conv.h"

#include <string.h>

#include "kernels/pack.h"
#include "ops/node.h"
#include "ops/window.h"

typedef struct conv {
    rpr_conv_sizes s;
    const float *w, *bias;
} conv;

rpr_phase rpr_conv_phase(const rpr_conv_sizes *c, int32_t group)
{
    const rpr_linear_axis *y = &c->axis[0], *x = &c->axis[1];
    return (rpr_phase){.kh = y->k,
                       .kw = x->k,
                       .sh = y->s,
                       .sw = x->s,
                       .dh = y->d,
                       .dw = x->d,
                       .in_y0 = -y->pad,
                       .in_x0 = -x->pad,
                       .out_sy = 1,
                       .out_sx = 1,
                       .out_n = 1,
                       .rows = y->out,
                       .cols = x->out,
                       .ci0 = group * c->ci,
                       .ci = c->ci,
                       .co0 = group * c->co,
                       .co = c->co};
}

static void fill_depthwise(const conv *c, rpr_linear *l, float *bias)
{
    int32_t taps = rpr_conv_taps(&c->s), channels = c->s.group;
    rpr_phase *p = &l->phase[0];
    *p = rpr_conv_phase(&c->s, 0);
    p->ci = p->co = channels;
    for (int32_t k = 0; k < channels; k++)
        for (int32_t t = 0; t < taps; t++)
            l->weights[(int64_t)t * channels + k] = c->w[(int64_t)k * taps + t];
    if (c->bias)
        memcpy(bias, c->bias, (size_t)channels * sizeof *bias);
    p->w = l->weights;
    p->bias = bias;
}

static void fill_groups(const conv *c, rpr_linear *l, float *bias)
{
    const int32_t taps = rpr_conv_taps(&c->s), ci = c->s.ci, co = c->s.co;
    int64_t packed = rpr_packed_floats((int64_t)taps * ci, co);
    for (int32_t i = 0; i < c->s.group; i++) {
        rpr_phase *p = &l->phase[i];
        float *w = l->weights + i * packed;
        *p = rpr_conv_phase(&c->s, i);
        rpr_pack_weights(w, c->w + (int64_t)i * co * ci * taps, co, taps, ci, (int64_t)ci * taps, 1,
                         taps);
        if (c->bias)
            memcpy(bias, c->bias + i * co, (size_t)co * sizeof *bias);
        p->w = w;
        p->bias = bias;
        bias += rpr_round_lane(co);
    }
}

void rpr_conv_describe(const rpr_conv_sizes *c, bool biased, rpr_linear *l)
{
    l->geometry = (rpr_linear_geometry){.axis = {c->axis[0], c->axis[1]}, .groups = c->group};
    l->depthwise = c->depthwise;
    l->n = c->batch;
    l->in_h = c->axis[0].in;
    l->in_w = c->axis[1].in;
    l->in_c = c->group * c->ci;
    l->out_h = c->axis[0].out;
    l->out_w = c->axis[1].out;
    l->out_c = c->group * c->co;
    l->group_in = c->ci;
    l->parameters = (int64_t)rpr_conv_taps(c) * c->ci * l->out_c + (biased ? l->out_c : 0);
}

static rpr_linear *make(const conv *c)
{
    const rpr_conv_sizes *s = &c->s;
    int64_t taps = rpr_conv_taps(s);
    int64_t floats =
        s->depthwise ? taps * s->group : s->group * rpr_packed_floats(taps * s->ci, s->co);
    int64_t biases =
        s->depthwise ? rpr_round_lane(s->group) : (int64_t)s->group * rpr_round_lane(s->co);
    rpr_linear *l = rpr_linear_new(s->depthwise ? 1 : s->group, floats, biases);
    if (!l)
        return NULL;
    rpr_conv_describe(s, c->bias != NULL, l);
    if (s->depthwise)
        fill_depthwise(c, l, l->weights + floats);
    else
        fill_groups(c, l, l->weights + floats);
    rpr_linear_measure(l);
    return l;
}

int rpr_conv_measure(const rpr_graph *g, const rpr_node *n, int weights, rpr_conv_sizes *c,
                     bool *fits, rpr_error *err)
{
    const rpr_value *x = &g->value[n->in[0]];
    const rpr_shape *ws = &g->value[n->in[weights]].shape, *os = &g->value[n->out[0]].shape;
    rpr_window_spec w;
    *c = (rpr_conv_sizes){0};
    RPR_TRY(rpr_window_parse(n, x->shape.rank - 2, x->shape.dim + 2, ws->dim + 2, &w, err));
    *fits = rpr_linear_axes(&x->shape, os, &w, &c->batch, c->axis) && w.group <= INT16_MAX;
    c->group = (int32_t)w.group;
    c->ci = (int32_t)ws->dim[1];
    c->co = (int32_t)(ws->dim[0] / w.group);
    c->depthwise = c->group > 1 && c->ci == 1 && c->co == 1;
    return RPR_OK;
}

int rpr_linear_from_conv(const rpr_graph *g, const rpr_node *n, rpr_linear **out, rpr_error *err)
{
    conv c = {.w = rpr_linear_constant(g, n, 1), .bias = rpr_linear_constant(g, n, 2)};
    const rpr_value *x = &g->value[n->in[0]];
    bool fits;
    *out = NULL;
    if (!c.w || x->dtype != RPR_F32 || x->is_const || (rpr_node_has(n, 2) && !c.bias))
        return RPR_OK;
    RPR_TRY(rpr_conv_measure(g, n, 1, &c.s, &fits, err));
    if (!fits)
        return RPR_OK;
    *out = make(&c);
    return *out ? RPR_OK : rpr_node_nomem(err, n);
}
