/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/linear_make.h"

#include "core/alloc.h"
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

static bool fits(int64_t v, int64_t limit)
{
    return v >= 0 && v <= limit;
}

bool rpr_linear_axes(const rpr_shape *in, const rpr_shape *out, const rpr_window *w, int32_t *batch,
                     rpr_linear_axis axis[2])
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
