/* SPDX-License-Identifier: Apache-2.0 */
/* A strided window on a tensor, in ONNX's axis order whatever the memory layout is. */
#ifndef RPR_GRAPH_VIEW_H
#define RPR_GRAPH_VIEW_H

#include <stdint.h>

#include "reprise/reprise.h"

typedef struct rpr_view {
    rpr_dtype dtype;
    int rank;
    int64_t dim[RPR_MAX_RANK];
    int64_t stride[RPR_MAX_RANK]; /* in elements */
    void *data;                   /* element (0, ..., 0); not owned; NULL for an absent input */
} rpr_view;

#endif
