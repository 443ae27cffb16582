/* SPDX-License-Identifier: Apache-2.0 */
/* The operators that the library knows. */
#ifndef RPR_OPS_OPS_H
#define RPR_OPS_OPS_H

#include "graph/opdef.h"

/** The definition of an operator at an opset, or NULL. The domain "ai.onnx" is "". */
const rpr_opdef *rpr_ops_find(const char *domain, const char *op, int opset);

/** The same with those that only passes may use (graph/table.h). */
const rpr_opdef *rpr_ops_find_own(const char *domain, const char *op, int opset);

/** All definitions, by domain, operator and opset; an operator may have several. */
size_t rpr_ops_count(void);
const rpr_opdef *rpr_ops_at(size_t i); /* i < rpr_ops_count() */

#endif
