/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/slice.h"

#include "ops/defs.h"

static int64_t clamp(int64_t x, int64_t lo, int64_t hi)
{
    return x < lo ? lo : x > hi ? hi : x;
}

/* ONNX's rules for one axis of extent dim: negative positions count from the end, then clamp. */
static void slice_axis(rpr_slice_spec *s, int d, int64_t dim, int64_t start, int64_t end,
                       int64_t step)
{
    start += start < 0 ? dim : 0;
    end += end < 0 ? dim : 0;
    int64_t count = 0;
    if (step > 0) {
        start = clamp(start, 0, dim);
        end = clamp(end, 0, dim);
        if (end > start)
            count = (end - start - 1) / step + 1;
    } else {
        start = clamp(start, -1, dim - 1);
        end = clamp(end, -1, dim - 1);
        step = step < -INT64_MAX ? -INT64_MAX : step;
        if (start > end)
            count = (start - end - 1) / -step + 1;
    }
    s->start[d] = count > 0 ? start : 0;
    s->step[d] = count > 1 ? step : 1;
    s->out[d] = count;
}

int rpr_slice_parse(const rpr_node *n, const rpr_view *in, rpr_slice_spec *s, rpr_error *err)
{
    rpr_list starts, ends, axes, steps;
    bool named[RPR_MAX_RANK];
    *s = (rpr_slice_spec){.rank = in[0].rank};
    bool inputs = n->opset >= 10;
    RPR_TRY(rpr_node_list(n, in, inputs ? 1 : RPR_NONE, inputs ? NULL : "starts", &starts, err));
    RPR_TRY(rpr_node_list(n, in, inputs ? 2 : RPR_NONE, inputs ? NULL : "ends", &ends, err));
    RPR_TRY(rpr_node_list(n, in, inputs ? 3 : RPR_NONE, inputs ? NULL : "axes", &axes, err));
    RPR_TRY(rpr_node_list(n, in, inputs ? 4 : RPR_NONE, NULL, &steps, err));
    if (!starts.given || !ends.given || starts.n != ends.n || (axes.given && axes.n != starts.n) ||
        (steps.given && steps.n != starts.n))
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "starts, ends, axes and steps do not match");
    if (!axes.given)
        for (axes.n = 0; axes.n < starts.n; axes.n++)
            axes.v[axes.n] = axes.n;
    RPR_TRY(rpr_list_axes(n, &axes, s->rank, named, err));
    for (int d = 0; d < s->rank; d++)
        slice_axis(s, d, in[0].dim[d], 0, in[0].dim[d], 1);
    for (int k = 0; k < starts.n; k++) {
        int d = 0;
        RPR_TRY(rpr_node_axis(n, axes.v[k], s->rank, &d, err));
        int64_t step = steps.given ? steps.v[k] : 1;
        if (step == 0)
            return rpr_node_fail(err, RPR_ERR_FORMAT, n, "a step is 0");
        slice_axis(s, d, in[0].dim[d], starts.v[k], ends.v[k], step);
    }
    return RPR_OK;
}

int rpr_infer_slice(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    rpr_view in[RPR_PARAMS];
    rpr_slice_spec s;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, &x, err));
    rpr_param_views(g, n, in);
    RPR_TRY(rpr_slice_parse(n, in, &s, err));
    return rpr_set_output(g, n, 0, x->dtype, s.rank, s.out, err);
}

int rpr_eval_slice(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    rpr_slice_spec s;
    RPR_TRY(rpr_slice_parse(n, in, &s, err));
    rpr_view part = in[0];
    for (int d = 0; d < s.rank; d++) {
        part = rpr_view_part(part, d, s.start[d], s.out[d]);
        part.stride[d] *= s.step[d];
    }
    rpr_view_copy(&part, out);
    return RPR_OK;
}
