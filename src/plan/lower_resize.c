/* SPDX-License-Identifier: Apache-2.0 */
/* Resize, of f32 and of u8. */
#include "plan/lower_bytes.h"

#include "ops/node.h"
#include "ops/pixel_bytes.h"
#include "ops/resize.h"

/** Bytes are repeated, but not mixed. */
static int repeat_bytes(rpr_plan *p, const rpr_node *n, int in, const rpr_resize_table t[2],
                        bool *made, rpr_error *err)
{
    const rpr_map to = rpr_lower_value_shape(p, n->out[0], 1);
    const int32_t *index[4] = {NULL};
    if (t[0].taps != 1 || t[1].taps != 1)
        return RPR_OK;
    index[RPR_AXIS_H] = t[0].index;
    index[RPR_AXIS_W] = t[1].index;
    rpr_pixel_op *op = rpr_lower_gather_bytes(p, n, in, &to, 1, index, 0.0f, made);
    return *made ? rpr_lower_add(p, n, op, &in, 1, 1, err) : RPR_OK;
}

/** Of f32, or with the scales of input and output of u8. */
static int interpolate(rpr_plan *p, const rpr_node *n, int in, const rpr_resize_table t[2],
                       const rpr_byte_scale *scales, bool *made, rpr_error *err)
{
    const rpr_resize_axis h = {t[0].taps, t[0].index, t[0].weight};
    const rpr_resize_axis w = {t[1].taps, t[1].index, t[1].weight};
    const rpr_map from = rpr_lower_shape(p, in), to = rpr_lower_value_shape(p, n->out[0], 1);
    if (!rpr_pixel_resize_fits(&from, &to, &h, &w))
        return RPR_OK;
    *made = true;
    return rpr_lower_add(p, n,
                         scales ? rpr_pixel_bytes_resize_new(&to, &h, &w, &scales[0], &scales[1])
                                : rpr_pixel_resize_new(&to, &h, &w, &n->act),
                         &in, 1, 1, err);
}

int rpr_lower_resize(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                     rpr_error *err)
{
    const bool mixes = rpr_lower_is(n, "QLinearResize");
    rpr_view views[RPR_PARAMS];
    rpr_resize_spec spec;
    rpr_resize_table t[2];
    rpr_byte_scale scales[2];
    (void)preferred;
    if ((!mixes && !rpr_lower_is(n, "Resize") && !rpr_lower_is(n, "Upsample")) ||
        p->graph->value[n->in[0]].shape.rank != 4 ||
        (mixes &&
         (!rpr_lower_scale(p, n, 4, 5, &scales[0]) || !rpr_lower_scale(p, n, 6, 7, &scales[1]))))
        return RPR_OK;
    rpr_param_views(p->graph, n, views);
    RPR_TRY(rpr_resize_parse(n, views, &spec, err));
    int in = mixes ? rpr_lower_word_operand(p, n->in[0], 4, 1)
                   : rpr_lower_moved_operand(p, n->in[0], 4, 1);
    if (in == RPR_NONE || !rpr_resize_plane_tables(&spec, t))
        return RPR_OK;
    int status = p->tensor[in].words && !mixes
                     ? repeat_bytes(p, n, in, t, made, err)
                     : interpolate(p, n, in, t, mixes ? scales : NULL, made, err);
    rpr_resize_free_planes(t);
    return status;
}
