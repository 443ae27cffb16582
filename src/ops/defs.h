/* SPDX-License-Identifier: Apache-2.0 */
/* Every operator's two functions, one per file or family, as registry.c lists them. */
#ifndef RPR_OPS_DEFS_H
#define RPR_OPS_DEFS_H

#include "core/checked.h"
#include "ops/node.h"

#define RPR_DEFINE_OP(name)                                                                        \
    int rpr_infer_##name(rpr_graph *g, rpr_node *n, rpr_error *err);                               \
    int rpr_eval_##name(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)

RPR_DEFINE_OP(conv);
RPR_DEFINE_OP(conv_transpose);
RPR_DEFINE_OP(gemm);
RPR_DEFINE_OP(matmul);

RPR_DEFINE_OP(binary);   /* Add Sub Mul Div */
RPR_DEFINE_OP(variadic); /* Max Min Sum Mean */
RPR_DEFINE_OP(compare);  /* Equal Greater Less GreaterOrEqual LessOrEqual And Or Xor */
RPR_DEFINE_OP(pow);
RPR_DEFINE_OP(prelu);
RPR_DEFINE_OP(where);
RPR_DEFINE_OP(logical_not);
RPR_DEFINE_OP(unary); /* Sqrt Exp Log Neg Abs ... and activations without range parameters */
RPR_DEFINE_OP(clip);
RPR_DEFINE_OP(cast);

RPR_DEFINE_OP(lp_pool);
RPR_DEFINE_OP(global_lp_pool);
RPR_DEFINE_OP(max_pool);
RPR_DEFINE_OP(average_pool);
RPR_DEFINE_OP(global_pool); /* GlobalAveragePool GlobalMaxPool */
RPR_DEFINE_OP(reduce);      /* ReduceMean ReduceSum ReduceMax ... */
RPR_DEFINE_OP(arg_max);
RPR_DEFINE_OP(softmax);
RPR_DEFINE_OP(batch_normalization);
RPR_DEFINE_OP(instance_normalization);
RPR_DEFINE_OP(layer_normalization);

RPR_DEFINE_OP(pad);
RPR_DEFINE_OP(concat);
RPR_DEFINE_OP(split);
RPR_DEFINE_OP(slice);
RPR_DEFINE_OP(gather);
RPR_DEFINE_OP(transpose);
RPR_DEFINE_OP(expand);
RPR_DEFINE_OP(tile);
RPR_DEFINE_OP(resize); /* Resize Upsample */
RPR_DEFINE_OP(depth_to_space);
RPR_DEFINE_OP(space_to_depth);

RPR_DEFINE_OP(quantize_linear);
RPR_DEFINE_OP(dequantize_linear);
RPR_DEFINE_OP(dynamic_quantize_linear);
RPR_DEFINE_OP(qlinear_conv);
RPR_DEFINE_OP(qlinear_conv_transpose);
RPR_DEFINE_OP(qlinear_matmul);
RPR_DEFINE_OP(conv_integer);
RPR_DEFINE_OP(matmul_integer);
RPR_DEFINE_OP(qlinear_binary); /* com.microsoft: QLinearAdd QLinearMul */
RPR_DEFINE_OP(qlinear_unary);  /* QLinearSigmoid QLinearLeakyRelu */
RPR_DEFINE_OP(qlinear_concat);
RPR_DEFINE_OP(qlinear_average_pool);
RPR_DEFINE_OP(qlinear_global_average_pool);
RPR_DEFINE_OP(qlinear_softmax);
RPR_DEFINE_OP(qgemm);

RPR_DEFINE_OP(delay); /* graph/table.h */
RPR_DEFINE_OP(table); /* the same */
RPR_DEFINE_OP(qlinear_conv_table);
RPR_DEFINE_OP(qlinear_conv_transpose_table);
RPR_DEFINE_OP(qlinear_matmul_table);
RPR_DEFINE_OP(qlinear_resize);
RPR_DEFINE_OP(qgemm_table);

int rpr_infer_identity(rpr_graph *g, rpr_node *n, rpr_error *err);
int rpr_infer_reshape(rpr_graph *g, rpr_node *n, rpr_error *err);
int rpr_infer_flatten(rpr_graph *g, rpr_node *n, rpr_error *err);
int rpr_infer_squeeze(rpr_graph *g, rpr_node *n, rpr_error *err);
int rpr_infer_unsqueeze(rpr_graph *g, rpr_node *n, rpr_error *err);
int rpr_eval_same_elements(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                           rpr_error *err); /* of all five */

RPR_DEFINE_OP(recurrent); /* LSTM GRU RNN */
RPR_DEFINE_OP(branch);    /* If; taken in before it comes to either */
RPR_DEFINE_OP(shape);
RPR_DEFINE_OP(size);
RPR_DEFINE_OP(constant_of_shape);
RPR_DEFINE_OP(range);

#endif
