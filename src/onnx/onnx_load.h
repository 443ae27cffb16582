/* SPDX-License-Identifier: Apache-2.0 */
/* ONNX file -> graph. Knows graph/ only. */
#ifndef RPR_ONNX_ONNX_LOAD_H
#define RPR_ONNX_ONNX_LOAD_H

#include "graph/graph.h"

/** Reads a file, external data beside it included. Errors name the file and the node or tensor. */
int rpr_onnx_load_file(const char *path, rpr_graph **out, rpr_error *err);

/** Reads from memory; `name` stands for the file in messages. External data is an error. */
int rpr_onnx_load_memory(const void *bytes, size_t size, const char *name, rpr_graph **out,
                         rpr_error *err);

#endif
