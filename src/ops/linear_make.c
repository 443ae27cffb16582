/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/linear_make.h"

#include "core/alloc.h"
#include "kernels/pack.h"
#include "ops/window.h"

const float *rpr_linear_constant(const rpr_graph *g, const rpr_node *n, int input)
{
    if (input >= n->n_in || n->in[input] == RPR_NONE)
        return NULL;
    const rpr_value *v = &g->value[n->in[input]];
    return v->is_const && v->dtype == RPR_F32 ? v->data : NULL;
}

rpr_linear *rpr_linear_new(int32_t n_phase, int64_t floats, int64_t biases)
{
    rpr_linear *l = rpr_alloc(sizeof *l);
    if (!l)
        return NULL;
    l->n_phase = n_phase;
    l->phase = rpr_alloc_array((size_t)n_phase, sizeof *l->phase);
    l->weights = rpr_alloc_array((size_t)(floats + biases), sizeof *l->weights);
    l->weight_bytes = (size_t)(floats + biases) * sizeof *l->weights;
    if (!l->phase || !l->weights) {
        rpr_linear_free(l);
        return NULL;
    }
    return l;
}

static int64_t weight_rows(const rpr_phase *p)
{
    return (int64_t)p->kh * p->kw * p->ci;
}

static void drop_half(rpr_linear *l)
{
    for (int32_t i = 0; i < l->n_phase; i++)
        l->phase[i].half = NULL;
    rpr_free(l->half);
    l->half = NULL;
    l->half_bytes = 0;
}

bool rpr_linear_make_half(rpr_linear *l)
{
    int64_t words = 0;
    bool fits = true;
    for (int32_t i = 0; i < l->n_phase; i++)
        words += rpr_half_packed_words(weight_rows(&l->phase[i]), l->phase[i].co);
    if (l->words || l->by_pixel || l->phase[0].co <= RPR_LANE || words == 0)
        return true;
    l->half = rpr_alloc_array((size_t)words, sizeof *l->half);
    if (!l->half)
        return false;
    float *at = l->half;
    for (int32_t i = 0; i < l->n_phase; i++) {
        rpr_phase *p = &l->phase[i];
        fits &= rpr_pack_half(at, p->w, weight_rows(p), p->co);
        p->half = at;
        at += rpr_half_packed_words(weight_rows(p), p->co);
    }
    l->half_bytes = (size_t)words * sizeof *l->half;
    if (!fits)
        drop_half(l);
    return true;
}

static bool fits(int64_t v, int64_t limit)
{
    return v >= 0 && v <= limit;
}

bool rpr_linear_axes(const rpr_shape *in, const rpr_shape *out, const rpr_window_spec *w,
                     int32_t *batch, rpr_linear_axis axis[2])
{
    if (w->spatial != 1 && w->spatial != 2)
        return false;
    for (int i = 0; i < w->spatial; i++) {
        rpr_linear_axis *a = &axis[2 - w->spatial + i];
        if (!fits(w->kernel[i], RPR_LINEAR_MAX_KERNEL) || !fits(w->stride[i], INT16_MAX) ||
            !fits(w->dilation[i], INT16_MAX) || !fits(w->pad_begin[i], INT16_MAX) ||
            !fits(w->pad_end[i], INT16_MAX))
            return false;
        *a = (rpr_linear_axis){.k = (int32_t)w->kernel[i],
                               .s = (int32_t)w->stride[i],
                               .d = (int32_t)w->dilation[i],
                               .pad = (int32_t)w->pad_begin[i],
                               .in = (int32_t)in->dim[2 + i],
                               .out = (int32_t)out->dim[2 + i]};
    }
    *batch = w->spatial == 2 ? (int32_t)in->dim[0] : 1;
    if (w->spatial == 1)
        axis[0] = (rpr_linear_axis){
            .k = 1, .s = 1, .d = 1, .in = (int32_t)in->dim[0], .out = (int32_t)in->dim[0]};
    return true;
}
