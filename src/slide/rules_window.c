/* SPDX-License-Identifier: Apache-2.0 */
/* Convolutions, pools and padding: columns at the edges see what is not there. */
#include <string.h>

#include "ops/node.h"
#include "ops/pad.h"
#include "ops/window.h"
#include "slide/rules.h"

/** A window over the spatial axes; another axis is that of examples. */
static bool through(const rpr_node *n, const rpr_shape *x, const int64_t *kernel, rpr_motion *m,
                    rpr_reason *why)
{
    rpr_window_spec w;
    const int d = m->axis - 2;
    if (m->axis == 0)
        return true;
    if (rpr_window_parse(n, x->rank - 2, x->dim + 2, kernel, &w, NULL) != RPR_OK)
        return rpr_refuse(why, "its window is not understood");
    m->stride = w.stride[d];
    m->reach = (w.kernel[d] - 1) * w.dilation[d] + 1;
    m->pad = w.pad_begin[d];
    m->edit = RPR_EDIT_PADS;
    return true;
}

static bool convolution(const rpr_slider *s, const rpr_node *n, int weights, rpr_motion *m,
                        rpr_reason *why)
{
    const rpr_shape *x = &rpr_rule_value(s, n, 0)->shape;
    m->axis = rpr_rule_axis(s, n, 0);
    if (!rpr_rule_only(s, n, 0, 1, why))
        return false;
    if (m->axis == 1)
        return rpr_refuse(why, "the axis is that of the channels");
    if (m->axis > 1 && strstr(n->op, "ConvTranspose"))
        return rpr_refuse(why, "it makes columns between columns");
    return through(n, x, rpr_rule_value(s, n, weights)->shape.dim + 2, m, why);
}

bool rpr_rule_conv(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    return convolution(s, n, 1, m, why);
}

bool rpr_rule_qconv(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    return convolution(s, n, 3, m, why);
}

bool rpr_rule_pool(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    const rpr_shape *x = &rpr_rule_value(s, n, 0)->shape;
    int64_t kernel[RPR_MAX_SPATIAL];
    m->axis = rpr_rule_axis(s, n, 0);
    if (!rpr_rule_only(s, n, 0, 1, why))
        return false;
    if (n->n_out > 1 && n->out[1] != RPR_NONE)
        return rpr_refuse(why, "its indices depend on where a column stands");
    if (m->axis == 1) /* planes stand for themselves */
        return true;
    if (rpr_window_kernel(n, x->rank - 2, kernel, NULL) != RPR_OK)
        return rpr_refuse(why, "its window is not understood");
    return through(n, x, kernel, m, why);
}

bool rpr_rule_pad(const rpr_slider *s, const rpr_node *n, rpr_motion *m, rpr_reason *why)
{
    rpr_view in[RPR_PARAMS];
    rpr_pad_spec p;
    m->axis = rpr_rule_axis(s, n, 0);
    if (!rpr_rule_only(s, n, 0, 1, why))
        return false;
    rpr_param_views(s->g, n, in);
    if (rpr_pad_parse(n, in, &p, NULL) != RPR_OK)
        return rpr_refuse(why, "its pads are not understood");
    if (p.begin[m->axis] == 0 && p.out[m->axis] == in[0].dim[m->axis])
        return true;
    if (p.mode != RPR_PAD_CONSTANT)
        return rpr_refuse(why, "it repeats columns at the window's edges");
    m->pad = p.begin[m->axis];
    m->edit = RPR_EDIT_PAD;
    return true;
}
