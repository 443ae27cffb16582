/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of onnx/ share. Inner errors name the node or tensor; onnx_load.c adds the file.
 */
#ifndef RPR_ONNX_INTERNAL_H
#define RPR_ONNX_INTERNAL_H

#include "graph/graph.h"
#include "graph/names.h"
#include "onnx.pb-c.h"

/** protobuf's own limit on a message. */
#define RPR_ONNX_MAX_BYTES INT32_MAX

/** Where external data may be read from. */
typedef struct rpr_onnx_source {
    const char *dir; /* the model's directory; NULL: external data cannot be resolved */
} rpr_onnx_source;

/** Reads a regular file of at most `max` bytes; *data is owned by the caller. */
int rpr_onnx_read_file(const char *path, int64_t max, void **data, size_t *size, rpr_error *err);

/** Reads `size` bytes at `offset` of a regular file; *data is owned by the caller. */
int rpr_onnx_read_part(const char *path, int64_t offset, size_t size, void **data, rpr_error *err);

/**
 * Walks the bytes of a message before protobuf-c does, which recurses without bound and merges
 * sub-messages that are given twice: nesting, number of messages and repetition are limited here.
 */
int rpr_onnx_scan(const uint8_t *data, size_t size, const ProtobufCMessageDescriptor *type,
                  rpr_error *err);

/** Element type for ONNX's number; `what` and `name` say whose it is in the error. */
int rpr_onnx_dtype(int32_t number, const char *what, const char *name, rpr_dtype *dtype,
                   rpr_error *err);

/** Reads a tensor into *shape, *dtype and *data (owned by the caller). */
int rpr_onnx_tensor(const Onnx__TensorProto *t, const char *name, const rpr_onnx_source *src,
                    rpr_shape *shape, rpr_dtype *dtype, void **data, rpr_error *err);

/** Reads an external tensor's bytes; *data is owned by the caller. */
int rpr_onnx_external(const Onnx__TensorProto *t, const char *name, const rpr_onnx_source *src,
                      size_t size, void **data, rpr_error *err);

/** Copies the attributes of a node, but for graphs. */
int rpr_onnx_attributes(const Onnx__NodeProto *from, rpr_node *to, const rpr_onnx_source *src,
                        rpr_error *err);

/** The graph of an attribute that is a branch: it has no inputs of its own. NULL if it is none. */
const Onnx__GraphProto *rpr_onnx_branch(const Onnx__AttributeProto *a);

/** Turns value `v` into the constant that a Constant node holds. */
int rpr_onnx_constant(const Onnx__NodeProto *from, const char *name, rpr_graph *g, int v,
                      const rpr_onnx_source *src, rpr_error *err);

/** Builds the graph of a model. */
int rpr_onnx_build(const Onnx__ModelProto *m, const rpr_onnx_source *src, rpr_graph *g,
                   rpr_error *err);

/** protobuf-c leaves absent strings NULL. */
static inline const char *rpr_onnx_text(const char *s)
{
    return s ? s : "";
}

#endif
