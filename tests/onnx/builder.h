/* SPDX-License-Identifier: Apache-2.0 */
/* Models made in a test, packed to the bytes of an ONNX file and loaded from them. */
#ifndef RPR_TESTS_ONNX_BUILDER_H
#define RPR_TESTS_ONNX_BUILDER_H

#include "graph/graph.h"
#include "onnx.pb-c.h"

typedef struct model {
    Onnx__ModelProto proto;
    Onnx__GraphProto graph;
    void **block; /* everything that was allocated for it */
    size_t n_block;
} model;

/** An empty graph of opset 13; lists of names are separated by commas and may hold empty ones. */
model *model_new(void);
void model_free(model *m);

/** Rank -1: no shape. Dimension -1: open and named "N". */
Onnx__ValueInfoProto *model_input(model *m, const char *name, int dtype, int rank,
                                  const int64_t *dims);
void model_output(model *m, const char *name);
void model_opset(model *m, const char *domain, int64_t version);

Onnx__NodeProto *model_node(model *m, const char *op, const char *name, const char *inputs,
                            const char *outputs);
Onnx__AttributeProto *node_attr(model *m, Onnx__NodeProto *n, const char *name, int type);
void node_int(model *m, Onnx__NodeProto *n, const char *name, int64_t v);
void node_float(model *m, Onnx__NodeProto *n, const char *name, float v);
void node_string(model *m, Onnx__NodeProto *n, const char *name, const char *v);
void node_ints(model *m, Onnx__NodeProto *n, const char *name, size_t count, const int64_t *v);
void node_floats(model *m, Onnx__NodeProto *n, const char *name, size_t count, const float *v);

/** A tensor without data. */
Onnx__TensorProto *model_tensor(model *m, const char *name, int dtype, int rank,
                                const int64_t *dims);
/** An initialiser. */
Onnx__TensorProto *model_init(model *m, const char *name, int dtype, int rank, const int64_t *dims);
void tensor_raw(model *m, Onnx__TensorProto *t, const void *data, size_t size);
void tensor_external(model *m, Onnx__TensorProto *t, const char *key, const char *value);

/** Initialisers with data. */
void model_floats(model *m, const char *name, int rank, const int64_t *dims, const float *v);
void model_scalar(model *m, const char *name, float v);
void model_ints(model *m, const char *name, size_t count, const int64_t *v);

/** The packed bytes; freed with the model. */
uint8_t *model_pack(model *m, size_t *size);
int model_load(model *m, rpr_graph **g, rpr_error *err);

/** A value's index by its name. */
int find_value(const rpr_graph *g, const char *name);
const rpr_node *find_node(const rpr_graph *g, const char *name);

#define DIMS(...) ((const int64_t[]){__VA_ARGS__})
#define FLOATS(...) ((const float[]){__VA_ARGS__})

#endif
