/* SPDX-License-Identifier: Apache-2.0 */
/* Small quantised models, and what the passes make of them. */
#ifndef RPR_TESTS_ONNX_QNET_H
#define RPR_TESTS_ONNX_QNET_H

#include "builder.h"

#define MS "com.microsoft"

/** Opset 13 and com.microsoft 1; an f32 input "f" that is stored as "x" with scale 0.03. */
model *qnet_new(rpr_dtype type, int rank, const int64_t *dims);

/** y = QuantizeLinear(x), z = DequantizeLinear(y); parameters of whole tensors. */
void qnet_store(model *m, const char *x, const char *y, float scale, int zero, rpr_dtype type);
void qnet_load(model *m, const char *y, const char *z, float scale, int zero, rpr_dtype type);
/** Both: z is x as it is stored. */
void qnet_pass(model *m, const char *x, const char *y, const char *z, float scale, int zero,
               rpr_dtype type);
/** The f32 output "out" of a value that is stored once more. */
void qnet_end(model *m, const char *x, float scale, int zero, rpr_dtype type);

/** An 8-bit or i32 constant with values in [-limit, limit], always the same ones. */
void qnet_bytes(model *m, const char *name, rpr_dtype type, int rank, const int64_t *dims,
                int limit);
/** "W": i8 weights by channels of an axis, dequantised to "w". */
void qnet_weights(model *m, int rank, const int64_t *dims, int axis);
/** "B": the i32 bias of those weights, dequantised to "b". */
void qnet_bias(model *m, int64_t channels);
/** "p_s", "p_z": a scale and a zero point of that type. */
void qnet_pair(model *m, const char *p, float scale, int zero, rpr_dtype type);

Onnx__NodeProto *qnet_node(model *m, const char *domain, const char *op, const char *name,
                           const char *inputs, const char *outputs);

/** What is left after the passes: operators, those of the library's own with a star. */
rpr_graph *qnet_graph(model *m);
/**
 * The operators left are these, in this order, and for random inputs every output is within `step`
 * of what the definitions give without the passes.
 * Frees the model.
 */
void qnet_check(model *m, const char *operators, double step);
/** Loading fails with that status; the message names the node and holds `part`. Frees the model. */
void qnet_refused(model *m, int status, const char *node, const char *part);

#endif
