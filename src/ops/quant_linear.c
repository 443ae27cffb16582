/* SPDX-License-Identifier: Apache-2.0 */
/* QuantizeLinear, DequantizeLinear and DynamicQuantizeLinear. */
#include "ops/defs.h"
#include "ops/quant.h"

/* Scales per channel came with opset 13. A rank that the axis is outside of matters only there. */
static int channels_of(const rpr_graph *g, const rpr_node *n, const rpr_value *x, int *axis,
                       int64_t *channels, rpr_error *err)
{
    const rpr_value *scale;
    *axis = RPR_NONE;
    *channels = RPR_PER_TENSOR;
    RPR_TRY(rpr_need(g, n, 1, RPR_TYPE(RPR_F32), &scale, err));
    if (n->opset < 13 || scale->shape.rank != 1 || scale->shape.dim[0] == 1)
        return RPR_OK;
    RPR_TRY(rpr_node_axis(n, rpr_node_int(n, "axis", 1), x->shape.rank, axis, err));
    *channels = x->shape.dim[*axis];
    return RPR_OK;
}

static int infer(rpr_graph *g, rpr_node *n, const rpr_value *x, rpr_dtype stored, rpr_dtype to,
                 rpr_error *err)
{
    int axis;
    int64_t channels;
    RPR_TRY(channels_of(g, n, x, &axis, &channels, err));
    RPR_TRY(rpr_quant_check(g, n, 1, 2, stored, channels, err));
    return rpr_set_output(g, n, 0, to, x->shape.rank, x->shape.dim, err);
}

/* Scale and zero point in the shape of the data. */
static int spread(const rpr_node *n, const rpr_view *in, rpr_view *scale, rpr_view *zero,
                  rpr_error *err)
{
    int axis = RPR_NONE;
    if (in[1].rank == 1 && in[1].dim[0] != 1)
        RPR_TRY(rpr_node_axis(n, rpr_node_int(n, "axis", 1), in[0].rank, &axis, err));
    *zero = rpr_quant_input(n, in, 2);
    *zero = rpr_quant_spread(zero, axis, &in[0]);
    *scale = rpr_quant_spread(&in[1], axis, &in[0]);
    return RPR_OK;
}

int rpr_infer_quantize_linear(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x, *zero;
    rpr_dtype to = RPR_U8;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPE(RPR_F32) | RPR_TYPE(RPR_I32), &x, err));
    if (rpr_node_has(n, 2)) {
        RPR_TRY(rpr_need(g, n, 2, RPR_TYPES_QUANT, &zero, err));
        to = zero->dtype;
    }
    return infer(g, n, x, to, to, err);
}

int rpr_eval_quantize_linear(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                             rpr_error *err)
{
    rpr_view scale, zero;
    RPR_TRY(spread(n, in, &scale, &zero, err));
    rpr_quantise(&in[0], &scale, &zero, out);
    return RPR_OK;
}

int rpr_infer_dequantize_linear(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_QUANT | RPR_TYPE(RPR_I32), &x, err));
    return infer(g, n, x, x->dtype, RPR_F32, err);
}

int rpr_eval_dequantize_linear(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                               rpr_error *err)
{
    rpr_view scale, zero;
    RPR_TRY(spread(n, in, &scale, &zero, err));
    rpr_dequantise(&in[0], &scale, &zero, out);
    return RPR_OK;
}

int rpr_infer_dynamic_quantize_linear(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPE(RPR_F32), &x, err));
    RPR_TRY(rpr_set_output(g, n, 0, RPR_U8, x->shape.rank, x->shape.dim, err));
    RPR_TRY(rpr_set_output(g, n, 1, RPR_F32, 0, NULL, err));
    return rpr_set_output(g, n, 2, RPR_U8, 0, NULL, err);
}

/* The range holds 0; where it is nothing but 0, or too small for a scale, the scale is 1. */
int rpr_eval_dynamic_quantize_linear(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                                     rpr_error *err)
{
    (void)err;
    float lo = 0, hi = 0;
    uint8_t zero;
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(in)); it.more; rpr_iter_next(&it)) {
        float x = ((const float *)in->data)[it.at[0]];
        lo = x < lo ? x : lo;
        hi = x > hi ? x : hi;
    }
    float scale = (hi - lo) / 255.0f;
    if (!(scale > 0))
        scale = 1;
    zero = (uint8_t)rpr_quant_store(-lo / scale, 0, RPR_U8);
    rpr_view s = rpr_view_dense(RPR_F32, 0, NULL, &scale);
    rpr_view z = rpr_view_dense(RPR_U8, 0, NULL, &zero);
    const rpr_view all_s = rpr_quant_spread(&s, RPR_NONE, in);
    const rpr_view all_z = rpr_quant_spread(&z, RPR_NONE, in);
    if (n->out[0] != RPR_NONE)
        rpr_quantise(in, &all_s, &all_z, out);
    if (n->n_out > 1 && n->out[1] != RPR_NONE)
        rpr_view_copy(&s, &out[1]);
    if (n->n_out > 2 && n->out[2] != RPR_NONE)
        rpr_view_copy(&z, &out[2]);
    return RPR_OK;
}
