/* SPDX-License-Identifier: Apache-2.0 */
/* Resize and Upsample: one table of source indices and weights per axis. */
#ifndef RPR_OPS_RESIZE_H
#define RPR_OPS_RESIZE_H

#include "graph/graph.h"

typedef enum rpr_resize_mode {
    RPR_RESIZE_NEAREST,
    RPR_RESIZE_LINEAR,
    RPR_RESIZE_CUBIC
} rpr_resize_mode;

typedef enum rpr_resize_coordinates {
    RPR_COORD_HALF_PIXEL,
    RPR_COORD_PYTORCH_HALF_PIXEL,
    RPR_COORD_ALIGN_CORNERS,
    RPR_COORD_ASYMMETRIC,
    RPR_COORD_TF_HALF_PIXEL_FOR_NN,
    RPR_COORD_TF_CROP_AND_RESIZE
} rpr_resize_coordinates;

typedef enum rpr_resize_nearest {
    RPR_NEAREST_ROUND_PREFER_FLOOR,
    RPR_NEAREST_ROUND_PREFER_CEIL,
    RPR_NEAREST_FLOOR,
    RPR_NEAREST_CEIL
} rpr_resize_nearest;

typedef struct rpr_resize_spec {
    int rank;
    rpr_resize_mode mode;
    rpr_resize_coordinates coordinates;
    rpr_resize_nearest nearest;
    bool nearest_simple; /* before opset 11: floor, but ceil where the axis shrinks */
    bool exclude_outside;
    float cubic_a;
    float extrapolation; /* TF_CROP_AND_RESIZE: value of outputs whose source is outside */
    float scale[RPR_MAX_RANK];
    float length[RPR_MAX_RANK]; /* ALIGN_CORNERS: in * scale where scales are given, else out */
    float roi_start[RPR_MAX_RANK], roi_end[RPR_MAX_RANK];
    int64_t in[RPR_MAX_RANK], out[RPR_MAX_RANK];
} rpr_resize_spec;

/** From views of the inputs: in[0] gives the shape, the others (if connected) roi, scales, sizes.
 */
int rpr_resize_parse(const rpr_node *n, const rpr_view *in, rpr_resize_spec *r, rpr_error *err);

/**
 * Output index o of the axis is the sum over t of weight[o * taps + t] times the input at
 * index[o * taps + t]; indices are inside the input.
 */
typedef struct rpr_resize_table {
    int32_t taps;   /* 1, 2 or 4 */
    int32_t *index; /* owned */
    float *weight;  /* owned */
    bool *outside;  /* owned; NULL, or where the extrapolation value stands instead */
} rpr_resize_table;

/** True if the axis is copied as it is, whatever the mode. */
bool rpr_resize_is_identity(const rpr_resize_spec *r, int axis);

/** RPR_ERR_NOMEM, or RPR_ERR_UNSUPPORTED for an axis beyond 2^31 entries. */
int rpr_resize_make_table(const rpr_resize_spec *r, int axis, rpr_resize_table *t);
void rpr_resize_free_table(rpr_resize_table *t);

/**
 * The tables of the last two axes. False, and there are none to be freed, if another axis is
 * resized, a value is extrapolated, an axis is too long, or memory ran out.
 */
bool rpr_resize_plane_tables(const rpr_resize_spec *r, rpr_resize_table t[2]);
void rpr_resize_free_planes(rpr_resize_table t[2]);

#endif
