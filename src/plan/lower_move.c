/* SPDX-License-Identifier: Apache-2.0 */
/* Operators that only move elements: Pad, Slice, DepthToSpace and SpaceToDepth. */
#include "plan/lower_bytes.h"

#include "core/alloc.h"
#include "ops/node.h"
#include "ops/pixel_bytes.h"
#include "ops/slice.h"

/** Where each output index of the map axes n, h, w and c comes from; NULL: from itself. */
typedef struct index_tables {
    int32_t *of[4]; /* owned */
} index_tables;

static void free_tables(index_tables *t)
{
    for (int i = 0; i < 4; i++)
        rpr_free(t->of[i]);
}

/** Input index of output index o along logical axis `axis`. */
typedef int64_t (*source_fn)(const void *spec, int axis, int64_t dim, int64_t o);

static int fill_tables(const rpr_plan *p, const rpr_node *n, int chan_axis, source_fn source,
                       const void *spec, index_tables *t, rpr_error *err)
{
    const rpr_shape *in = &p->graph->value[n->in[0]].shape;
    const rpr_shape *out = &p->graph->value[n->out[0]].shape;
    for (int a = 0; a < out->rank; a++) {
        rpr_axis m = rpr_lower_map_axis(out->rank, chan_axis, a);
        t->of[m] = rpr_alloc_array((size_t)out->dim[a], sizeof *t->of[m]);
        if (!t->of[m])
            return rpr_node_nomem(err, n);
        for (int64_t o = 0; o < out->dim[a]; o++)
            t->of[m][o] = (int32_t)source(spec, a, in->dim[a], o);
    }
    return RPR_OK;
}

int rpr_lower_moved_operand(rpr_plan *p, int value, int rank, int axis)
{
    int in = rpr_lower_operand(p, value, rank, axis);
    return in == RPR_NONE ? rpr_lower_word_operand(p, value, rank, axis) : in;
}

rpr_pixel_op *rpr_lower_gather_bytes(const rpr_plan *p, const rpr_node *n, int in,
                                     const rpr_map *to, int axis, const int32_t *const index[4],
                                     float value, bool *made)
{
    const rpr_map from = rpr_lower_shape(p, in);
    const int32_t channels = (int32_t)p->graph->value[n->out[0]].shape.dim[axis];
    *made = value >= 0.0f && value <= UINT8_MAX &&
            rpr_pixel_bytes_gather_fits(&from, p->tensor[in].channels, to, channels, index);
    return *made ? rpr_pixel_bytes_gather_new(p->tensor[in].channels, to, channels, index,
                                              (uint8_t)value)
                 : NULL;
}

static rpr_pixel_op *gather_op(const rpr_plan *p, const rpr_node *n, int in, int axis,
                               const int32_t *const index[4], float value, bool *made)
{
    const rpr_map from = rpr_lower_shape(p, in), to = rpr_lower_value_shape(p, n->out[0], axis);
    if (p->tensor[in].words)
        return rpr_lower_gather_bytes(p, n, in, &to, axis, index, value, made);
    *made = rpr_pixel_gather_fits(&from, &to, index);
    return *made ? rpr_pixel_gather_new(&to, index, value, &n->act) : NULL;
}

static int lower_gather(rpr_plan *p, const rpr_node *n, const int *preferred, source_fn source,
                        const void *spec, float value, bool *made, rpr_error *err)
{
    int axis = rpr_lower_axis(p, n, preferred);
    int rank = p->graph->value[n->out[0]].shape.rank;
    int in = rank > 4 ? RPR_NONE : rpr_lower_moved_operand(p, n->in[0], rank, axis);
    if (in == RPR_NONE)
        return RPR_OK;
    index_tables t = {{NULL}};
    int status = fill_tables(p, n, axis, source, spec, &t, err);
    const int32_t *const index[4] = {t.of[0], t.of[1], t.of[2], t.of[3]};
    rpr_pixel_op *op = status == RPR_OK ? gather_op(p, n, in, axis, index, value, made) : NULL;
    if (*made)
        status = rpr_lower_add(p, n, op, &in, 1, axis, err);
    free_tables(&t);
    return status;
}

static int64_t pad_source(const void *spec, int axis, int64_t dim, int64_t o)
{
    return rpr_pad_source(spec, axis, dim, o);
}

int rpr_lower_pad(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made, rpr_error *err)
{
    rpr_view views[RPR_PARAMS];
    rpr_pad_spec spec;
    if (!rpr_lower_is(n, "Pad"))
        return RPR_OK;
    rpr_param_views(p->graph, n, views);
    RPR_TRY(rpr_pad_parse(n, views, &spec, err));
    if (!spec.value_known)
        return RPR_OK;
    return lower_gather(p, n, preferred, pad_source, &spec, (float)spec.value, made, err);
}

static int64_t slice_source(const void *spec, int axis, int64_t dim, int64_t o)
{
    const rpr_slice_spec *s = spec;
    (void)dim;
    return s->start[axis] + o * s->step[axis];
}

int rpr_lower_slice(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                    rpr_error *err)
{
    rpr_view views[RPR_PARAMS];
    rpr_slice_spec spec;
    if (!rpr_lower_is(n, "Slice"))
        return RPR_OK;
    rpr_param_views(p->graph, n, views);
    RPR_TRY(rpr_slice_parse(n, views, &spec, err));
    return lower_gather(p, n, preferred, slice_source, &spec, 0.0f, made, err);
}

static rpr_block_order order_of(const rpr_node *n)
{
    return rpr_node_string(n, "mode", "DCR")[0] == 'C' ? RPR_BLOCK_CRD : RPR_BLOCK_DCR;
}

static int rearrange_bytes(rpr_plan *p, const rpr_node *n, int in, int32_t block, bool *made,
                           rpr_error *err)
{
    const rpr_map from = rpr_lower_shape(p, in), to = rpr_lower_value_shape(p, n->out[0], 1);
    const bool to_space = rpr_lower_is(n, "DepthToSpace");
    const int32_t shallow = (int32_t)p->graph->value[n->out[0]].shape.dim[1];
    const int32_t channels = to_space ? shallow : p->tensor[in].channels;
    if (!(to_space ? rpr_pixel_bytes_depth_to_space_fits
                   : rpr_pixel_bytes_space_to_depth_fits)(&from, &to, block, channels))
        return RPR_OK;
    *made = true;
    rpr_pixel_op *op = to_space ? rpr_pixel_bytes_depth_to_space_new(block, order_of(n), channels)
                                : rpr_pixel_bytes_space_to_depth_new(block, order_of(n), channels);
    return rpr_lower_add(p, n, op, &in, 1, 1, err);
}

int rpr_lower_rearrange(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                        rpr_error *err)
{
    bool to_space = rpr_lower_is(n, "DepthToSpace");
    (void)preferred;
    if (!to_space && !rpr_lower_is(n, "SpaceToDepth"))
        return RPR_OK;
    int in = rpr_lower_moved_operand(p, n->in[0], 4, 1);
    if (in == RPR_NONE)
        return RPR_OK;
    int32_t block = (int32_t)rpr_node_int(n, "blocksize", 1);
    if (p->tensor[in].words)
        return rearrange_bytes(p, n, in, block, made, err);
    rpr_map from = rpr_lower_shape(p, in), to = rpr_lower_value_shape(p, n->out[0], 1);
    if (!(to_space ? rpr_pixel_depth_to_space_fits : rpr_pixel_space_to_depth_fits)(&from, &to,
                                                                                    block))
        return RPR_OK;
    *made = true;
    rpr_block_order order = order_of(n);
    rpr_pixel_op *op = to_space ? rpr_pixel_depth_to_space_new(block, order, &n->act)
                                : rpr_pixel_space_to_depth_new(block, order, &n->act);
    return rpr_lower_add(p, n, op, &in, 1, 1, err);
}
