/* SPDX-License-Identifier: Apache-2.0 */
/* A layer as the engine has it, without a network around it. */
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "kernels/pack.h"
#include "ops/linear_make.h"

static void fill_conv(const layer *l, rpr_linear *o)
{
    rpr_phase *p = &o->phase[0];
    int32_t taps = l->k * l->k;
    *p = (rpr_phase){.kh = l->k,
                     .kw = l->k,
                     .sh = l->s,
                     .sw = l->s,
                     .dh = 1,
                     .dw = 1,
                     .in_y0 = -l->pad,
                     .in_x0 = -l->pad,
                     .out_sy = 1,
                     .out_sx = 1,
                     .out_n = 1,
                     .rows = l->out_h,
                     .cols = l->out_w,
                     .ci = l->ci,
                     .co = l->co,
                     .w = o->weights};
    if (l->kind == LAYER_CONV)
        rpr_pack_weights(o->weights, l->w, l->co, taps, l->ci, (int64_t)taps * l->ci, l->ci, 1);
    for (int32_t c = 0; l->kind == LAYER_DEPTHWISE && c < l->co; c++)
        for (int32_t t = 0; t < taps; t++)
            o->weights[t * l->co + c] = l->w[c * taps + t];
}

/*
 * Kernel as wide as the stride: every row of taps is a phase that reads one pixel and writes as
 * many as it has taps (ops/linear_transposed.c).
 */
static void fill_transposed(const layer *l, rpr_linear *o)
{
    float *w = o->weights, *taps = bench_floats((int64_t)l->k * l->co * l->ci);
    for (int32_t ky = 0; ky < l->k; ky++) {
        o->phase[ky] = (rpr_phase){.kh = 1,
                                   .kw = 1,
                                   .sh = 1,
                                   .sw = 1,
                                   .dh = 1,
                                   .dw = 1,
                                   .out_y0 = ky,
                                   .out_sy = l->s,
                                   .out_sx = l->s,
                                   .out_n = l->k,
                                   .rows = l->in_h,
                                   .cols = l->in_w,
                                   .ci = l->ci,
                                   .co = l->k * l->co,
                                   .w = w};
        for (int32_t kx = 0; kx < l->k; kx++)
            for (int32_t c = 0; c < l->co; c++)
                memcpy(taps + (kx * l->co + c) * l->ci,
                       l->w + ((c * l->k + ky) * l->k + kx) * l->ci, (size_t)l->ci * sizeof *taps);
        rpr_pack_weights(w, taps, l->k * l->co, 1, l->ci, l->ci, 0, 1);
        w += rpr_packed_floats(l->ci, l->k * l->co);
    }
    o->folded = true;
    free(taps);
}

rpr_linear *ours_linear(const layer *l)
{
    const bool depthwise = l->kind == LAYER_DEPTHWISE;
    const int32_t fold = l->kind == LAYER_TRANSPOSED ? l->k : 1;
    const int64_t rows = (int64_t)l->k * l->k * l->ci / fold;
    int64_t floats =
        depthwise ? (int64_t)l->k * l->k * l->co : rpr_packed_floats(rows, fold * l->co);
    rpr_linear *o = rpr_linear_new(fold, floats, rpr_round_lane(fold * l->co));
    if (!o)
        bench_fail("out of memory");
    o->depthwise = depthwise;
    o->act = rpr_act_none();
    o->n = 1;
    o->in_h = l->in_h;
    o->in_w = l->in_w;
    o->in_c = l->ci;
    o->out_h = l->out_h;
    o->out_w = l->out_w;
    o->out_c = l->co;
    if (l->kind == LAYER_TRANSPOSED)
        fill_transposed(l, o);
    else
        fill_conv(l, o);
    for (int32_t f = 0; f < fold; f++)
        memcpy(o->weights + floats + f * l->co, l->bias, (size_t)l->co * sizeof *l->bias);
    for (int32_t i = 0; i < o->n_phase; i++)
        o->phase[i].bias = o->weights + floats;
    rpr_linear_measure(o);
    if (!rpr_linear_make_half(o))
        bench_fail("out of memory");
    return o;
}

ours_map ours_input(const rpr_linear *l, const float *x)
{
    int64_t h = l->halo_t + l->in_h + l->halo_b, w = l->halo_l + l->in_w + l->halo_r;
    int64_t c = l->in_c;
    ours_map m = {.memory = bench_floats(h * w * c)};
    m.map = (rpr_map){.data = m.memory + (l->halo_t * w + l->halo_l) * c,
                      .n = 1,
                      .h = l->in_h,
                      .w = l->in_w,
                      .c = l->in_c,
                      .img = h * w * c,
                      .row = w * c,
                      .pix = c};
    for (int32_t y = 0; y < l->in_h; y++)
        memcpy(rpr_map_at(&m.map, 0, y, 0), x + y * l->in_w * c, (size_t)(l->in_w * c) * sizeof *x);
    return m;
}

rpr_map ours_output(const rpr_linear *l, float *out)
{
    int64_t row = (int64_t)l->out_w * l->out_c;
    return (rpr_map){.data = out,
                     .n = 1,
                     .h = l->out_h,
                     .w = l->out_w,
                     .c = l->out_c,
                     .img = row * l->out_h,
                     .row = row,
                     .pix = l->out_c};
}
