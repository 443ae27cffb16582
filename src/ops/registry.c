/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>

#include "graph/table.h"
#include "ops/defs.h"
#include "ops/ops.h"

/*
 * operator, first and last opset, inputs, outputs. The first opset is that of the version that is
 * in force at opset 7; a later row takes over where the inputs change.
 */
#define ROW_OF(domain, op, since, until, min_in, max_in, max_out, infer, eval)                     \
    {                                                                                              \
        domain, op, since, until, min_in, max_in, max_out, rpr_infer_##infer, rpr_eval_##eval      \
    }
#define ROW(op, since, until, min_in, max_in, max_out, infer, eval)                                \
    ROW_OF("", op, since, until, min_in, max_in, max_out, infer, eval)
#define SAME(op, since, until, min_in, max_in, max_out, name)                                      \
    ROW(op, since, until, min_in, max_in, max_out, name, name)

/* What ONNX Runtime's quantiser writes; that domain has one version only. */
#define MS(op, min_in, max_in, name)                                                               \
    ROW_OF("com.microsoft", op, 1, 1, min_in, max_in, 1, name, name)
#define OWN(op, min_in, max_in, name)                                                              \
    ROW_OF(RPR_OWN_DOMAIN, op, 1, 1, min_in, max_in, 1, name, name)

static const rpr_opdef operators[] = {
    SAME("Abs", 6, 17, 1, 1, 1, unary),
    SAME("Add", 7, 17, 2, 2, 1, binary),
    SAME("And", 7, 17, 2, 2, 1, compare),
    SAME("ArgMax", 1, 17, 1, 1, 1, arg_max),
    SAME("Atan", 7, 17, 1, 1, 1, unary),
    SAME("AveragePool", 7, 17, 1, 1, 1, average_pool),
    SAME("BatchNormalization", 7, 17, 5, 5, 5, batch_normalization),
    SAME("Cast", 6, 17, 1, 1, 1, cast),
    SAME("Ceil", 6, 17, 1, 1, 1, unary),
    SAME("Clip", 6, 10, 1, 1, 1, clip),
    SAME("Clip", 11, 17, 1, 3, 1, clip),
    SAME("Concat", 4, 17, 1, INT_MAX, 1, concat),
    SAME("ConstantOfShape", 9, 17, 1, 1, 1, constant_of_shape),
    SAME("Conv", 1, 17, 2, 3, 1, conv),
    SAME("ConvInteger", 10, 17, 2, 4, 1, conv_integer),
    SAME("ConvTranspose", 1, 17, 2, 3, 1, conv_transpose),
    SAME("DepthToSpace", 1, 17, 1, 1, 1, depth_to_space),
    SAME("DequantizeLinear", 10, 17, 2, 3, 1, dequantize_linear),
    SAME("Div", 7, 17, 2, 2, 1, binary),
    SAME("DynamicQuantizeLinear", 11, 17, 1, 1, 3, dynamic_quantize_linear),
    SAME("Elu", 6, 17, 1, 1, 1, unary),
    SAME("Equal", 7, 17, 2, 2, 1, compare),
    SAME("Erf", 9, 17, 1, 1, 1, unary),
    SAME("Exp", 6, 17, 1, 1, 1, unary),
    SAME("Expand", 8, 17, 2, 2, 1, expand),
    ROW("Flatten", 1, 17, 1, 1, 1, flatten, same_elements),
    SAME("Floor", 6, 17, 1, 1, 1, unary),
    SAME("GRU", 7, 17, 3, 6, 2, recurrent),
    SAME("Gather", 1, 17, 2, 2, 1, gather),
    SAME("Gemm", 7, 17, 2, 3, 1, gemm),
    SAME("GlobalAveragePool", 1, 17, 1, 1, 1, global_pool),
    SAME("GlobalLpPool", 2, 17, 1, 1, 1, global_lp_pool),
    SAME("GlobalMaxPool", 1, 17, 1, 1, 1, global_pool),
    SAME("Greater", 7, 17, 2, 2, 1, compare),
    SAME("GreaterOrEqual", 12, 17, 2, 2, 1, compare),
    SAME("HardSigmoid", 6, 17, 1, 1, 1, unary),
    SAME("HardSwish", 1, 17, 1, 1, 1, unary), /* of opset 14; earlier ones where a pass made it */
    ROW("Identity", 1, 17, 1, 1, 1, identity, same_elements),
    ROW("If", 1, 17, 1, INT_MAX, INT_MAX, branch, branch),
    SAME("InstanceNormalization", 6, 17, 3, 3, 1, instance_normalization),
    SAME("LSTM", 7, 17, 3, 8, 3, recurrent),
    SAME("LayerNormalization", 17, 17, 2, 3, 3, layer_normalization),
    SAME("LeakyRelu", 6, 17, 1, 1, 1, unary),
    SAME("Less", 7, 17, 2, 2, 1, compare),
    SAME("LessOrEqual", 12, 17, 2, 2, 1, compare),
    SAME("Log", 6, 17, 1, 1, 1, unary),
    SAME("LpPool", 2, 17, 1, 1, 1, lp_pool),
    SAME("MatMul", 1, 17, 2, 2, 1, matmul),
    SAME("MatMulInteger", 10, 17, 2, 4, 1, matmul_integer),
    SAME("Max", 6, 17, 1, INT_MAX, 1, variadic),
    SAME("MaxPool", 1, 17, 1, 1, 2, max_pool),
    SAME("Mean", 6, 17, 1, INT_MAX, 1, variadic),
    SAME("Min", 6, 17, 1, INT_MAX, 1, variadic),
    SAME("Mul", 7, 17, 2, 2, 1, binary),
    SAME("Neg", 6, 17, 1, 1, 1, unary),
    SAME("Not", 1, 17, 1, 1, 1, logical_not),
    SAME("Or", 7, 17, 2, 2, 1, compare),
    SAME("PRelu", 7, 17, 2, 2, 1, prelu),
    SAME("Pad", 2, 10, 1, 1, 1, pad),
    SAME("Pad", 11, 17, 2, 3, 1, pad),
    SAME("Pow", 7, 17, 2, 2, 1, pow),
    SAME("QLinearConv", 10, 17, 8, 9, 1, qlinear_conv),
    SAME("QLinearMatMul", 10, 17, 8, 8, 1, qlinear_matmul),
    SAME("QuantizeLinear", 10, 17, 2, 3, 1, quantize_linear),
    SAME("RNN", 7, 17, 3, 6, 2, recurrent),
    SAME("Range", 11, 17, 3, 3, 1, range),
    SAME("Reciprocal", 6, 17, 1, 1, 1, unary),
    SAME("ReduceL1", 1, 17, 1, 1, 1, reduce),
    SAME("ReduceL2", 1, 17, 1, 1, 1, reduce),
    SAME("ReduceLogSum", 1, 17, 1, 1, 1, reduce),
    SAME("ReduceLogSumExp", 1, 17, 1, 1, 1, reduce),
    SAME("ReduceMax", 1, 17, 1, 1, 1, reduce),
    SAME("ReduceMean", 1, 17, 1, 1, 1, reduce),
    SAME("ReduceMin", 1, 17, 1, 1, 1, reduce),
    SAME("ReduceProd", 1, 17, 1, 1, 1, reduce),
    SAME("ReduceSum", 1, 12, 1, 1, 1, reduce),
    SAME("ReduceSum", 13, 17, 1, 2, 1, reduce),
    SAME("ReduceSumSquare", 1, 17, 1, 1, 1, reduce),
    SAME("Relu", 6, 17, 1, 1, 1, unary),
    ROW("Reshape", 5, 17, 2, 2, 1, reshape, same_elements),
    SAME("Resize", 10, 10, 2, 2, 1, resize),
    SAME("Resize", 11, 17, 1, 4, 1, resize),
    SAME("Round", 11, 17, 1, 1, 1, unary),
    SAME("Shape", 1, 17, 1, 1, 1, shape),
    SAME("Sigmoid", 6, 17, 1, 1, 1, unary),
    SAME("Size", 1, 17, 1, 1, 1, size),
    SAME("Slice", 1, 9, 1, 1, 1, slice),
    SAME("Slice", 10, 17, 3, 5, 1, slice),
    SAME("Softmax", 1, 17, 1, 1, 1, softmax),
    SAME("Softplus", 1, 17, 1, 1, 1, unary),
    SAME("SpaceToDepth", 1, 17, 1, 1, 1, space_to_depth),
    SAME("Split", 2, 12, 1, 1, INT_MAX, split),
    SAME("Split", 13, 17, 1, 2, INT_MAX, split),
    SAME("Sqrt", 6, 17, 1, 1, 1, unary),
    ROW("Squeeze", 1, 12, 1, 1, 1, squeeze, same_elements),
    ROW("Squeeze", 13, 17, 1, 2, 1, squeeze, same_elements),
    SAME("Sub", 7, 17, 2, 2, 1, binary),
    SAME("Sum", 6, 17, 1, INT_MAX, 1, variadic),
    SAME("Tanh", 6, 17, 1, 1, 1, unary),
    SAME("Tile", 6, 17, 2, 2, 1, tile),
    SAME("Transpose", 1, 17, 1, 1, 1, transpose),
    ROW("Unsqueeze", 1, 12, 1, 1, 1, unsqueeze, same_elements),
    ROW("Unsqueeze", 13, 17, 2, 2, 1, unsqueeze, same_elements),
    SAME("Upsample", 7, 8, 1, 1, 1, resize),
    SAME("Upsample", 9, 9, 2, 2, 1, resize),
    SAME("Where", 9, 17, 3, 3, 1, where),
    SAME("Xor", 7, 17, 2, 2, 1, compare),
    MS("QGemm", 6, 9, qgemm),
    MS("QLinearAdd", 7, 8, qlinear_binary),
    MS("QLinearAveragePool", 4, 5, qlinear_average_pool),
    MS("QLinearConcat", 5, INT_MAX, qlinear_concat),
    MS("QLinearGlobalAveragePool", 5, 5, qlinear_global_average_pool),
    MS("QLinearLeakyRelu", 4, 5, qlinear_unary),
    MS("QLinearMul", 7, 8, qlinear_binary),
    MS("QLinearSigmoid", 4, 5, qlinear_unary),
    MS("QLinearSoftmax", 4, 5, qlinear_softmax),
};

/* Made by passes only. */
static const rpr_opdef own[] = {
    OWN("Delay", 1, 2, delay),
    OWN("QGemm", 6, 10, qgemm_table),
    OWN("QLinearConv", 8, 10, qlinear_conv_table),
    OWN("QLinearConvTranspose", 8, 10, qlinear_conv_transpose_table),
    OWN("QLinearMatMul", 9, 9, qlinear_matmul_table),
    ROW_OF(RPR_OWN_DOMAIN, "QLinearResize", 11, 17, 1, 8, 1, qlinear_resize, qlinear_resize),
    OWN("Table", 2, 2, table),
};

static const rpr_opdef *find(const rpr_opdef *list, size_t count, const char *domain,
                             const char *op, int opset)
{
    for (const rpr_opdef *d = list; d < list + count; d++)
        if (!strcmp(d->op, op) && !strcmp(d->domain, domain) && opset >= d->since &&
            opset <= d->until)
            return d;
    return NULL;
}

const rpr_opdef *rpr_ops_find(const char *domain, const char *op, int opset)
{
    if (strcmp(domain, "ai.onnx") == 0)
        domain = "";
    return find(operators, rpr_ops_count(), domain, op, opset);
}

const rpr_opdef *rpr_ops_find_own(const char *domain, const char *op, int opset)
{
    const rpr_opdef *d = find(own, sizeof own / sizeof *own, domain, op, opset);
    return d ? d : rpr_ops_find(domain, op, opset);
}

size_t rpr_ops_count(void)
{
    return sizeof operators / sizeof *operators;
}

const rpr_opdef *rpr_ops_at(size_t i)
{
    return &operators[i];
}
