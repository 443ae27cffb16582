/* SPDX-License-Identifier: Apache-2.0 */
/* From operators to their rules, and what the rules share. */
#include "slide/rules.h"

#include <string.h>

#include "graph/table.h"

#define MS "com.microsoft"
#define OWN RPR_OWN_DOMAIN

/* Ordered by rule. An operator that is in no list is computed on the whole window. */
static const struct rpr_rule {
    const char *domain, *op;
    rpr_rule_fn fn;
} rules[] = {
    {"", "Abs", rpr_rule_same},
    {"", "Atan", rpr_rule_same},
    {"", "Cast", rpr_rule_same},
    {"", "Ceil", rpr_rule_same},
    {"", "Elu", rpr_rule_same},
    {"", "Erf", rpr_rule_same},
    {"", "Exp", rpr_rule_same},
    {"", "Floor", rpr_rule_same},
    {"", "HardSigmoid", rpr_rule_same},
    {"", "HardSwish", rpr_rule_same},
    {"", "Identity", rpr_rule_same},
    {"", "LeakyRelu", rpr_rule_same},
    {"", "Log", rpr_rule_same},
    {"", "Neg", rpr_rule_same},
    {"", "Not", rpr_rule_same},
    {"", "Reciprocal", rpr_rule_same},
    {"", "Relu", rpr_rule_same},
    {"", "Round", rpr_rule_same},
    {"", "Sigmoid", rpr_rule_same},
    {"", "Softplus", rpr_rule_same},
    {"", "Sqrt", rpr_rule_same},
    {"", "Tanh", rpr_rule_same},
    {OWN, "Table", rpr_rule_same},
    {MS, "QLinearLeakyRelu", rpr_rule_same},
    {MS, "QLinearSigmoid", rpr_rule_same},
    {"", "Add", rpr_rule_broadcast},
    {"", "And", rpr_rule_broadcast},
    {"", "Clip", rpr_rule_broadcast},
    {"", "Div", rpr_rule_broadcast},
    {"", "Equal", rpr_rule_broadcast},
    {"", "Greater", rpr_rule_broadcast},
    {"", "GreaterOrEqual", rpr_rule_broadcast},
    {"", "Less", rpr_rule_broadcast},
    {"", "LessOrEqual", rpr_rule_broadcast},
    {"", "Max", rpr_rule_broadcast},
    {"", "Mean", rpr_rule_broadcast},
    {"", "Min", rpr_rule_broadcast},
    {"", "Mul", rpr_rule_broadcast},
    {"", "Or", rpr_rule_broadcast},
    {"", "PRelu", rpr_rule_broadcast},
    {"", "Pow", rpr_rule_broadcast},
    {"", "Sub", rpr_rule_broadcast},
    {"", "Sum", rpr_rule_broadcast},
    {"", "Where", rpr_rule_broadcast},
    {"", "Xor", rpr_rule_broadcast},
    {MS, "QLinearAdd", rpr_rule_broadcast},
    {MS, "QLinearMul", rpr_rule_broadcast},
    {"", "QuantizeLinear", rpr_rule_quantise},
    {"", "DequantizeLinear", rpr_rule_quantise},
    {"", "BatchNormalization", rpr_rule_batch_norm},
    {"", "InstanceNormalization", rpr_rule_instance_norm},
    {"", "LayerNormalization", rpr_rule_layer_norm},
    {"", "Softmax", rpr_rule_softmax},
    {MS, "QLinearSoftmax", rpr_rule_softmax},
    {"", "ReduceL1", rpr_rule_reduce},
    {"", "ReduceL2", rpr_rule_reduce},
    {"", "ReduceLogSum", rpr_rule_reduce},
    {"", "ReduceLogSumExp", rpr_rule_reduce},
    {"", "ReduceMax", rpr_rule_reduce},
    {"", "ReduceMean", rpr_rule_reduce},
    {"", "ReduceMin", rpr_rule_reduce},
    {"", "ReduceProd", rpr_rule_reduce},
    {"", "ReduceSum", rpr_rule_reduce},
    {"", "ReduceSumSquare", rpr_rule_reduce},
    {"", "ArgMax", rpr_rule_arg_max},
    {"", "GlobalAveragePool", rpr_rule_global_pool},
    {"", "GlobalLpPool", rpr_rule_global_pool},
    {"", "GlobalMaxPool", rpr_rule_global_pool},
    {MS, "QLinearGlobalAveragePool", rpr_rule_global_pool},
    {"", "Conv", rpr_rule_conv},
    {"", "ConvInteger", rpr_rule_conv},
    {"", "ConvTranspose", rpr_rule_conv},
    {"", "QLinearConv", rpr_rule_qconv},
    {OWN, "QLinearConv", rpr_rule_qconv},
    {OWN, "QLinearConvTranspose", rpr_rule_qconv},
    {"", "AveragePool", rpr_rule_pool},
    {"", "LpPool", rpr_rule_pool},
    {"", "MaxPool", rpr_rule_pool},
    {MS, "QLinearAveragePool", rpr_rule_pool},
    {"", "Pad", rpr_rule_pad},
    {"", "MatMul", rpr_rule_matmul},
    {"", "MatMulInteger", rpr_rule_matmul},
    {"", "QLinearMatMul", rpr_rule_qmatmul},
    {OWN, "QLinearMatMul", rpr_rule_qmatmul},
    {"", "Gemm", rpr_rule_gemm},
    {MS, "QGemm", rpr_rule_qgemm},
    {OWN, "QGemm", rpr_rule_qgemm},
    {"", "Transpose", rpr_rule_transpose},
    {"", "Reshape", rpr_rule_reshape},
    {"", "Flatten", rpr_rule_reshape},
    {"", "Squeeze", rpr_rule_reshape},
    {"", "Unsqueeze", rpr_rule_reshape},
    {"", "Concat", rpr_rule_concat},
    {MS, "QLinearConcat", rpr_rule_qconcat},
    {"", "Split", rpr_rule_split},
    {"", "Slice", rpr_rule_slice},
    {"", "Gather", rpr_rule_gather},
    {"", "Expand", rpr_rule_expand},
    {"", "Tile", rpr_rule_tile},
    {"", "DepthToSpace", rpr_rule_blocks},
    {"", "SpaceToDepth", rpr_rule_blocks},
    {"", "Resize", rpr_rule_resize},
    {OWN, "QLinearResize", rpr_rule_resize},
    {"", "Upsample", rpr_rule_resize},
    {"", "GRU", rpr_rule_recurrent},
    {"", "LSTM", rpr_rule_recurrent},
    {"", "RNN", rpr_rule_recurrent},
};

rpr_rule_fn rpr_rule_find(const rpr_node *n)
{
    const char *domain = strcmp(n->domain, "ai.onnx") == 0 ? "" : n->domain;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].op, n->op) == 0 && strcmp(rules[i].domain, domain) == 0)
            return rules[i].fn;
    return NULL;
}

const rpr_value *rpr_rule_value(const rpr_slider *s, const rpr_node *n, int i)
{
    return i < n->n_in && n->in[i] != RPR_NONE ? &s->g->value[n->in[i]] : NULL;
}

int rpr_rule_axis(const rpr_slider *s, const rpr_node *n, int i)
{
    const rpr_columns *c = rpr_input_columns(s, n, i);
    return c ? c->axis : RPR_NONE;
}

bool rpr_rule_only(const rpr_slider *s, const rpr_node *n, int first, int count, rpr_reason *why)
{
    for (int i = 0; i < n->n_in; i++)
        if ((i < first || i >= first + count) && rpr_input_columns(s, n, i))
            return rpr_refuse(why, "its input %d depends on the window", i);
    return true;
}

bool rpr_rule_one_output(const rpr_node *n, rpr_reason *why)
{
    for (int i = 1; i < n->n_out; i++)
        if (n->out[i] != RPR_NONE)
            return rpr_refuse(why, "its output %d is used", i);
    return true;
}

/** True if a constant has the same elements wherever one looks along an axis. */
static bool is_even(const rpr_value *v, int axis)
{
    size_t outer = 1, inner = rpr_dtype_size(v->dtype);
    const size_t n = (size_t)v->shape.dim[axis];
    for (int d = 0; d < v->shape.rank; d++)
        *(d < axis ? &outer : &inner) *= d == axis ? 1 : (size_t)v->shape.dim[d];
    for (size_t o = 0; o < outer; o++)
        for (size_t k = 1; k < n; k++) {
            const char *first = (const char *)v->data + o * n * inner;
            if (memcmp(first, first + k * inner, inner) != 0)
                return false;
        }
    return true;
}

bool rpr_rule_constant(const rpr_slider *s, const rpr_node *n, int i, rpr_motion *m,
                       rpr_reason *why)
{
    const rpr_value *v = rpr_rule_value(s, n, i);
    const int own = m->axis + v->shape.rank - s->g->value[n->out[0]].shape.rank;
    if (own < 0 || v->shape.dim[own] == 1)
        return true;
    if (!is_even(v, own))
        return rpr_refuse(why, "the constant '%.100s' varies along the axis", v->name);
    m->edit = RPR_EDIT_EVEN;
    return true;
}
