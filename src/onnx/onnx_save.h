/* SPDX-License-Identifier: Apache-2.0 */
/* Graph -> the bytes of an ONNX file. Knows graph/ only. */
#ifndef RPR_ONNX_ONNX_SAVE_H
#define RPR_ONNX_ONNX_SAVE_H

#include "graph/graph.h"

/**
 * Writes a sorted graph of ONNX's own domain as a model of that opset; all constants go inside.
 * Only values that are read are written. *bytes is owned by the caller (rpr_free). Nodes may not
 * have fused activations, attributes of kind RPR_ATTR_OTHER or another domain:
 * RPR_ERR_UNSUPPORTED, naming the node. The opset of single nodes is not looked at.
 */
int rpr_onnx_save_memory(const rpr_graph *g, int opset, void **bytes, size_t *size, rpr_error *err);

#endif
