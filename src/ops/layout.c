/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that move elements: Transpose Gather Expand Tile DepthToSpace SpaceToDepth. */
#include "ops/defs.h"

/* perm, or the reverse order of axes; a permutation. */
static int parse_perm(const rpr_node *n, int rank, int *perm, rpr_error *err)
{
    rpr_list l;
    bool seen[RPR_MAX_RANK];
    RPR_TRY(rpr_node_list(n, NULL, RPR_NONE, "perm", &l, err));
    if (l.given && l.n != rank)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "perm has %d entries for %d dimensions", l.n,
                             rank);
    RPR_TRY(rpr_list_axes(n, &l, rank, seen, err));
    for (int d = 0; d < rank; d++) {
        perm[d] = rank - 1 - d;
        if (l.given)
            RPR_TRY(rpr_node_axis(n, l.v[d], rank, &perm[d], err));
    }
    return RPR_OK;
}

int rpr_infer_transpose(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    int perm[RPR_MAX_RANK];
    int64_t dim[RPR_MAX_RANK];
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, &x, err));
    RPR_TRY(parse_perm(n, x->shape.rank, perm, err));
    for (int d = 0; d < x->shape.rank; d++)
        dim[d] = x->shape.dim[perm[d]];
    return rpr_set_output(g, n, 0, x->dtype, x->shape.rank, dim, err);
}

int rpr_eval_transpose(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    int perm[RPR_MAX_RANK];
    rpr_view v = in[0];
    RPR_TRY(parse_perm(n, in->rank, perm, err));
    for (int d = 0; d < v.rank; d++) {
        v.dim[d] = in->dim[perm[d]];
        v.stride[d] = in->stride[perm[d]];
    }
    rpr_view_copy(&v, out);
    return RPR_OK;
}

int rpr_infer_gather(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x, *index;
    int axis, rank = 0;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, &x, err));
    RPR_TRY(rpr_need(g, n, 1, RPR_TYPES_INDEX, &index, err));
    RPR_TRY(rpr_node_axis(n, rpr_node_int(n, "axis", 0), x->shape.rank, &axis, err));
    int64_t dim[2 * RPR_MAX_RANK];
    for (int d = 0; d < axis; d++)
        dim[rank++] = x->shape.dim[d];
    for (int d = 0; d < index->shape.rank; d++)
        dim[rank++] = index->shape.dim[d];
    for (int d = axis + 1; d < x->shape.rank; d++)
        dim[rank++] = x->shape.dim[d];
    return rpr_set_output(g, n, 0, x->dtype, rank, dim, err);
}

int rpr_eval_gather(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    int axis;
    RPR_TRY(rpr_node_axis(n, rpr_node_int(n, "axis", 0), in->rank, &axis, err));
    const rpr_view *index = &in[1];
    /* Where the index walks in the output, and the rest of the output as one slice of the input. */
    rpr_view walk = *index, slice = *out;
    for (int d = 0; d < index->rank; d++)
        walk.stride[d] = out->stride[axis + d];
    slice.rank = in->rank;
    slice.dim[axis] = 1;
    slice.stride[axis] = 0;
    for (int d = axis + 1; d < in->rank; d++) {
        slice.dim[d] = out->dim[d - 1 + index->rank];
        slice.stride[d] = out->stride[d - 1 + index->rank];
    }
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(index, &walk)); it.more; rpr_iter_next(&it)) {
        int64_t i = rpr_load_i64(index, it.at[0]), dim = in->dim[axis];
        if (i < -dim || i >= dim)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "index %lld is outside a dimension of %lld",
                                 (long long)i, (long long)dim);
        rpr_view from = rpr_view_part(*in, axis, i < 0 ? i + dim : i, 1);
        rpr_view to = rpr_view_move(slice, it.at[1]);
        rpr_view_copy(&from, &to);
    }
    return RPR_OK;
}

int rpr_infer_expand(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    rpr_view in[RPR_PARAMS];
    rpr_list l;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, &x, err));
    rpr_param_views(g, n, in);
    RPR_TRY(rpr_node_list(n, in, 1, NULL, &l, err));
    rpr_shape s = x->shape, to = {.rank = l.n};
    if (l.n > RPR_MAX_RANK)
        return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "%d dimensions", l.n);
    for (int d = 0; d < l.n; d++)
        to.dim[d] = l.v[d];
    RPR_TRY(rpr_broadcast_with(n, &s, &to, err));
    return rpr_set_output(g, n, 0, x->dtype, s.rank, s.dim, err);
}

int rpr_eval_expand(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)n, (void)err;
    rpr_view v = rpr_view_broadcast(in, out->rank, out->dim);
    rpr_view_copy(&v, out);
    return RPR_OK;
}

int rpr_infer_tile(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    rpr_view in[RPR_PARAMS];
    rpr_list l;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, &x, err));
    rpr_param_views(g, n, in);
    RPR_TRY(rpr_node_list(n, in, 1, NULL, &l, err));
    rpr_shape s = x->shape;
    if (l.n != s.rank)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "%d repeats for %d dimensions", l.n, s.rank);
    for (int d = 0; d < s.rank; d++)
        if (l.v[d] < 0 || !rpr_mul_i64(s.dim[d], l.v[d], &s.dim[d]))
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "repeats hold %lld", (long long)l.v[d]);
    return rpr_set_output(g, n, 0, x->dtype, s.rank, s.dim, err);
}

int rpr_eval_tile(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)n, (void)err;
    if (rpr_view_count(out) == 0)
        return RPR_OK;
    rpr_view repeats = *out, tile = *out;
    for (int d = 0; d < out->rank; d++) {
        repeats.dim[d] = out->dim[d] / in->dim[d];
        repeats.stride[d] = out->stride[d] * in->dim[d];
        tile.dim[d] = in->dim[d];
    }
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(&repeats)); it.more; rpr_iter_next(&it)) {
        rpr_view to = rpr_view_move(tile, it.at[0]);
        rpr_view_copy(in, &to);
    }
    return RPR_OK;
}

static int check_blocks(const rpr_graph *g, const rpr_node *n, const rpr_value **x, int64_t *block,
                        rpr_error *err)
{
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, x, err));
    *block = rpr_node_int(n, "blocksize", 0);
    if ((*x)->shape.rank != 4)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the input has %d dimensions",
                             (*x)->shape.rank);
    if (*block < 1 || *block > INT32_MAX)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "blocksize is %lld", (long long)*block);
    return RPR_OK;
}

int rpr_infer_depth_to_space(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    int64_t b;
    RPR_TRY(check_blocks(g, n, &x, &b, err));
    const int64_t *d = x->shape.dim;
    if (d[1] % (b * b))
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "%lld channels for blocks of %lld",
                             (long long)d[1], (long long)b);
    int64_t dim[4] = {d[0], d[1] / (b * b)};
    if (!rpr_mul_i64(d[2], b, &dim[2]) || !rpr_mul_i64(d[3], b, &dim[3]))
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the output would be too large");
    return rpr_set_output(g, n, 0, x->dtype, 4, dim, err);
}

int rpr_infer_space_to_depth(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    int64_t b;
    RPR_TRY(check_blocks(g, n, &x, &b, err));
    const int64_t *d = x->shape.dim;
    if (d[2] % b || d[3] % b)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "%lld x %lld pixels for blocks of %lld",
                             (long long)d[2], (long long)d[3], (long long)b);
    int64_t dim[4] = {d[0], 0, d[2] / b, d[3] / b};
    if (!rpr_mul_i64(d[1], b * b, &dim[1]))
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the output would be too large");
    return rpr_set_output(g, n, 0, x->dtype, 4, dim, err);
}

/* A picture as [n, c, h, row in block, w, column in block]. */
static rpr_view space_view(const rpr_view *v, int64_t b)
{
    rpr_view r = {.dtype = v->dtype, .rank = 6, .data = v->data};
    const int64_t dim[6] = {v->dim[0], v->dim[1], v->dim[2] / b, b, v->dim[3] / b, b};
    const int64_t *s = v->stride;
    const int64_t stride[6] = {s[0], s[1], s[2] * b, s[2], s[3] * b, s[3]};
    memcpy(r.dim, dim, sizeof dim);
    memcpy(r.stride, stride, sizeof stride);
    return r;
}

/* The deep tensor in the same order. Its channels are (row, column, c), or (c, row, column). */
static rpr_view depth_view(const rpr_view *v, int64_t b, bool channel_first)
{
    rpr_view r = {.dtype = v->dtype, .rank = 6, .data = v->data};
    int64_t c = v->dim[1] / (b * b), s = v->stride[1];
    int64_t per_c = channel_first ? s * b * b : s, per_col = channel_first ? s : s * c;
    const int64_t dim[6] = {v->dim[0], c, v->dim[2], b, v->dim[3], b};
    const int64_t stride[6] = {v->stride[0], per_c,        v->stride[2],
                               per_col * b,  v->stride[3], per_col};
    memcpy(r.dim, dim, sizeof dim);
    memcpy(r.stride, stride, sizeof stride);
    return r;
}

int rpr_eval_depth_to_space(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                            rpr_error *err)
{
    const char *mode = rpr_node_string(n, "mode", "DCR");
    if (strcmp(mode, "DCR") != 0 && strcmp(mode, "CRD") != 0)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "mode %s", mode);
    int64_t b = rpr_node_int(n, "blocksize", 1);
    rpr_view space = space_view(out, b), depth = depth_view(in, b, !strcmp(mode, "CRD"));
    rpr_view_copy(&depth, &space);
    return RPR_OK;
}

int rpr_eval_space_to_depth(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                            rpr_error *err)
{
    (void)err;
    int64_t b = rpr_node_int(n, "blocksize", 1);
    rpr_view space = space_view(in, b), depth = depth_view(out, b, false);
    rpr_view_copy(&space, &depth);
    return RPR_OK;
}
