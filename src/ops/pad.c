/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/pad.h"

#include "ops/defs.h"

static int parse_mode(const rpr_node *n, rpr_pad_mode *mode, rpr_error *err)
{
    const char *s = rpr_node_string(n, "mode", "constant");
    if (!strcmp(s, "constant"))
        *mode = RPR_PAD_CONSTANT;
    else if (!strcmp(s, "edge"))
        *mode = RPR_PAD_EDGE;
    else if (!strcmp(s, "reflect"))
        *mode = RPR_PAD_REFLECT;
    else
        return rpr_node_fail(err, RPR_ERR_UNSUPPORTED, n, "mode %s", s);
    return RPR_OK;
}

static int parse_value(const rpr_node *n, const rpr_view *in, rpr_pad_spec *p, rpr_error *err)
{
    p->value = (double)rpr_node_float(n, "value", 0.0f);
    p->value_known = true;
    if (!rpr_node_has(n, 2))
        return RPR_OK;
    if (rpr_view_count(&in[2]) != 1 || in[2].dtype != in[0].dtype)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "input 2 is not one value of input 0's type");
    p->value_known = in[2].data != NULL;
    if (p->value_known)
        p->value = rpr_load_f64(&in[2], 0);
    return RPR_OK;
}

int rpr_pad_parse(const rpr_node *n, const rpr_view *in, rpr_pad_spec *p, rpr_error *err)
{
    rpr_list pads;
    *p = (rpr_pad_spec){.rank = in[0].rank};
    RPR_TRY(parse_mode(n, &p->mode, err));
    RPR_TRY(rpr_node_list(n, in, 1, "pads", &pads, err));
    RPR_TRY(parse_value(n, in, p, err));
    if (pads.n != 2 * p->rank)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "%d pads for %d dimensions", pads.n, p->rank);
    for (int d = 0; d < p->rank; d++) {
        int64_t dim = in[0].dim[d], end = pads.v[p->rank + d];
        p->begin[d] = pads.v[d];
        if (p->begin[d] < -dim || end < -dim)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "pads cut off more than there is");
        if (!rpr_add_i64(dim, p->begin[d], &p->out[d]) || !rpr_add_i64(p->out[d], end, &p->out[d]))
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "pads are too large");
        if (p->mode != RPR_PAD_CONSTANT && dim == 0 && p->out[d] > 0)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "an empty axis has no edge");
    }
    return RPR_OK;
}

int64_t rpr_pad_source(const rpr_pad_spec *p, int axis, int64_t dim, int64_t o)
{
    int64_t i = o - p->begin[axis];
    if (i >= 0 && i < dim)
        return i;
    if (p->mode == RPR_PAD_CONSTANT)
        return -1;
    if (p->mode == RPR_PAD_EDGE || dim == 1)
        return i < 0 ? 0 : dim - 1;
    int64_t period = 2 * (dim - 1);
    i = i % period + (i % period < 0 ? period : 0);
    return i < dim ? i : period - i;
}

int rpr_infer_pad(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    rpr_view in[RPR_PARAMS];
    rpr_pad_spec p;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_ALL, &x, err));
    rpr_param_views(g, n, in);
    RPR_TRY(rpr_pad_parse(n, in, &p, err));
    return rpr_set_output(g, n, 0, x->dtype, p.rank, p.out, err);
}

int rpr_eval_pad(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    rpr_pad_spec p;
    RPR_TRY(rpr_pad_parse(n, in, &p, err));
    size_t size = rpr_dtype_size(out->dtype);
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out)); it.more; rpr_iter_next(&it)) {
        int64_t from = 0;
        bool inside = true;
        for (int d = 0; d < p.rank; d++) {
            int64_t i = rpr_pad_source(&p, d, in->dim[d], it.index[d]);
            inside = inside && i >= 0;
            from += i * in->stride[d];
        }
        if (inside)
            memcpy(rpr_view_move(*out, it.at[0]).data, rpr_view_move(*in, from).data, size);
        else if (rpr_node_has(n, 2))
            memcpy(rpr_view_move(*out, it.at[0]).data, in[2].data, size);
        else
            rpr_store_f64(out, it.at[0], p.value);
    }
    return RPR_OK;
}
