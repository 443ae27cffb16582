/* SPDX-License-Identifier: Apache-2.0 */
/* QLinearSoftmax of com.microsoft: Softmax between DequantizeLinear and QuantizeLinear, in f32. */
#include "core/alloc.h"
#include "ops/defs.h"
#include "ops/quant.h"
#include "ops/reduce.h"

/* The same node, read as Softmax of the opset that its attribute names. */
static rpr_node as_softmax(const rpr_node *n)
{
    rpr_node plain = *n;
    plain.opset = rpr_node_int(n, "opset", 0) >= 13 ? 13 : 1;
    return plain;
}

int rpr_infer_qlinear_softmax(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    const rpr_node plain = as_softmax(n);
    bool axes[RPR_MAX_RANK];
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_QUANT, &x, err));
    RPR_TRY(rpr_quant_check(g, n, 1, 2, x->dtype, RPR_PER_TENSOR, err));
    RPR_TRY(rpr_quant_check(g, n, 3, 4, x->dtype, RPR_PER_TENSOR, err));
    RPR_TRY(rpr_softmax_parse(&plain, x->shape.rank, axes, err));
    return rpr_set_output(g, n, 0, x->dtype, x->shape.rank, x->shape.dim, err);
}

static rpr_view zeros(const rpr_node *n, const rpr_view *in, int i, const rpr_view *like)
{
    rpr_view zero = rpr_quant_input(n, in, i);
    return rpr_quant_spread(&zero, RPR_NONE, like);
}

int rpr_eval_qlinear_softmax(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                             rpr_error *err)
{
    const rpr_node plain = as_softmax(n);
    const rpr_view from = rpr_quant_spread(&in[1], RPR_NONE, in), from_zero = zeros(n, in, 2, in);
    const rpr_view to = rpr_quant_spread(&in[3], RPR_NONE, out), to_zero = zeros(n, in, 4, out);
    rpr_view x = rpr_quant_scratch(RPR_F32, in), y = rpr_quant_scratch(RPR_F32, out);
    int status = x.data && y.data ? RPR_OK : rpr_node_nomem(err, n);
    if (status == RPR_OK) {
        rpr_dequantise(in, &from, &from_zero, &x);
        status = rpr_eval_softmax(&plain, &x, &y, err);
    }
    if (status == RPR_OK)
        rpr_quantise(&y, &to, &to_zero, out);
    rpr_free(x.data);
    rpr_free(y.data);
    return status;
}
