/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resize that interpolates within planes, between DequantizeLinear and QuantizeLinear, becomes a
 * QLinearResize. Nearest Resize only moves elements (qdq_mover.c).
 */
#include <string.h>

#include "graph/qdq.h"

static bool is_one(float x)
{
    return !(x < 1.0f || x > 1.0f);
}

/** An axis that is copied: also where scales are given, of which the shape does not say it. */
static bool keeps_axis(const rpr_qdq *q, const rpr_node *n, int axis)
{
    int64_t count = 0;
    const float *scale = rpr_fuse_has(n, 2) ? rpr_fuse_floats(&q->f, n->in[2], &count) : NULL;
    return rpr_fuse_shape(&q->f, n->in[0])->dim[axis] ==
               rpr_fuse_shape(&q->f, n->out[0])->dim[axis] &&
           (axis >= count || is_one(scale[axis]));
}

static bool is_constant(const rpr_qdq *q, const rpr_node *n, int i)
{
    return !rpr_fuse_has(n, i) || q->f.g->value[n->in[i]].is_const;
}

static bool has_form(const rpr_qdq *q, const rpr_node *n)
{
    const char *mode = rpr_node_string(n, "mode", "nearest");
    const char *where = rpr_node_string(n, "coordinate_transformation_mode", "half_pixel");
    return rpr_fuse_is(n, "Resize") && n->opset >= 11 && rpr_act_is_none(&n->act) &&
           (strcmp(mode, "linear") == 0 || strcmp(mode, "cubic") == 0) &&
           strcmp(where, "tf_crop_and_resize") != 0 && is_constant(q, n, 2) &&
           is_constant(q, n, 3) && rpr_fuse_shape(&q->f, n->in[0])->rank == 4 &&
           keeps_axis(q, n, 0) && keeps_axis(q, n, 1);
}

static int convert(rpr_qdq *q, int node, int store, int x, const rpr_quant_params *from,
                   const rpr_quant_params *to)
{
    rpr_node *n = &q->f.g->node[node];
    int x_zero, y_zero;
    RPR_TRY(rpr_qdq_zero(q, from, &x_zero));
    RPR_TRY(rpr_qdq_zero(q, to, &y_zero));
    const int in[] = {x,
                      RPR_NONE,
                      rpr_fuse_has(n, 2) ? n->in[2] : RPR_NONE,
                      rpr_fuse_has(n, 3) ? n->in[3] : RPR_NONE,
                      from->scale,
                      x_zero,
                      to->scale,
                      y_zero};
    RPR_TRY(rpr_qdq_retype(q, n, RPR_OWN_DOMAIN, "QLinearResize", n->opset));
    RPR_TRY(rpr_qdq_set_inputs(q, n, in, 8));
    return rpr_qdq_take_over(q, node, store);
}

int rpr_qdq_resizes(rpr_qdq *q)
{
    rpr_graph *g = q->f.g;
    for (size_t i = 0; i < q->n_old; i++) {
        rpr_quant_params from, to;
        const rpr_node *store = &g->node[i];
        if (!rpr_fuse_is(store, "QuantizeLinear") || !rpr_qdq_params(q, store, &to))
            continue;
        const rpr_node *n = rpr_qdq_stored(q, store);
        const int x = n && has_form(q, n) ? rpr_qdq_source(q, n->in[0], &from) : RPR_NONE;
        if (x != RPR_NONE)
            RPR_TRY(convert(q, (int)(n - g->node), (int)i, x, &from, &to));
    }
    return RPR_OK;
}
