/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Models for the tests of fusing, which say what it leaves of a graph, and that it means the same:
 * every model is evaluated with and without it.
 */
#ifndef RPR_TESTS_ONNX_FUSED_H
#define RPR_TESTS_ONNX_FUSED_H

#include "builder.h"
#include "graph/graph.h"

/** Numbers in [-4, 4), always the same ones. */
void fused_fill(float *x, int64_t n, uint32_t seed);

/** Fuses a model, compares the results and counts the nodes left. The model is freed. */
rpr_graph *fused(model *m, size_t nodes);

/** The same, where the graph is not looked at. */
void fused_check(model *m, size_t nodes);

/** Opset 13; an input "x" and nothing else. */
model *fused_start(int rank, const int64_t *dims);

/** A constant of at most 4096 numbers. */
void fused_weights(model *m, const char *name, int rank, const int64_t *dims);

/** x: 1 x 2 x 6 x 5 -> "c": 1 x 3 x 4 x 3 */
model *fused_conv(void);

/** A BatchNormalization of so many channels. */
void fused_norm(model *m, const char *name, const char *in, const char *out, int64_t channels);

/** A node of two inputs. */
void fused_binary(model *m, const char *op, const char *name, const char *a, const char *b);

#endif
