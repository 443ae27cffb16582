/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/window.h"

#include <string.h>

#include "core/checked.h"
#include "ops/node.h"

/* Kernel, stride and dilation above this are not windows but attacks on the arithmetic below. */
#define LIMIT ((int64_t)1 << 31)

static int ints_of(const rpr_node *n, const char *name, int count, int64_t otherwise, int64_t least,
                   int64_t *out, rpr_error *err)
{
    rpr_list l;
    RPR_TRY(rpr_node_list(n, NULL, RPR_NONE, name, &l, err));
    if (l.given && l.n != count)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "%s has %d entries, not %d", name, l.n, count);
    for (int d = 0; d < count; d++) {
        out[d] = l.given ? l.v[d] : otherwise;
        if (out[d] < least || out[d] > LIMIT)
            return rpr_node_fail(err, RPR_ERR_FORMAT, n, "%s holds %lld", name, (long long)out[d]);
    }
    return RPR_OK;
}

int rpr_window_kernel(const rpr_node *n, int spatial, int64_t *kernel, rpr_error *err)
{
    if (!rpr_node_attr(n, "kernel_shape"))
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "kernel_shape is missing");
    return ints_of(n, "kernel_shape", spatial, 1, 1, kernel, err);
}

typedef enum auto_pad { NOTSET, VALID, SAME_UPPER, SAME_LOWER } auto_pad;

static int auto_pad_of(const rpr_node *n, auto_pad *mode, rpr_error *err)
{
    const char *s = rpr_node_string(n, "auto_pad", "NOTSET");
    if (!strcmp(s, "NOTSET") || !*s)
        *mode = NOTSET;
    else if (!strcmp(s, "VALID"))
        *mode = VALID;
    else if (!strcmp(s, "SAME_UPPER"))
        *mode = SAME_UPPER;
    else if (!strcmp(s, "SAME_LOWER"))
        *mode = SAME_LOWER;
    else
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "unknown auto_pad %s", s);
    return RPR_OK;
}

/* What Conv, pools and ConvTranspose have in common. */
static int common(const rpr_node *n, int spatial, const int64_t *in_dims, const int64_t *kernel,
                  rpr_window_spec *w, auto_pad *mode, rpr_error *err)
{
    memset(w, 0, sizeof *w);
    if (spatial < 1 || spatial > RPR_MAX_SPATIAL)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "%d spatial axes are not supported", spatial);
    w->spatial = spatial;
    w->group = rpr_node_int(n, "group", 1);
    w->ceil_mode = rpr_node_int(n, "ceil_mode", 0) != 0;
    if (w->group < 1)
        return rpr_node_fail(err, RPR_ERR_FORMAT, n, "group is %lld", (long long)w->group);
    RPR_TRY(ints_of(n, "strides", spatial, 1, 1, w->stride, err));
    RPR_TRY(ints_of(n, "dilations", spatial, 1, 1, w->dilation, err));
    RPR_TRY(auto_pad_of(n, mode, err));
    int64_t pads[2 * RPR_MAX_SPATIAL] = {0};
    if (*mode == NOTSET)
        RPR_TRY(ints_of(n, "pads", 2 * spatial, 0, 0, pads, err));
    for (int d = 0; d < spatial; d++) {
        if (kernel[d] < 1 || kernel[d] > LIMIT)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the kernel is %lld wide",
                                 (long long)kernel[d]);
        if (in_dims[d] < 0 || in_dims[d] > LIMIT)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the input is %lld wide",
                                 (long long)in_dims[d]);
        w->kernel[d] = kernel[d];
        w->pad_begin[d] = pads[d];
        w->pad_end[d] = pads[spatial + d];
    }
    return RPR_OK;
}

/* Extent of the dilated kernel; at most 2^62 by LIMIT. */
static int64_t reach(const rpr_window_spec *w, int d)
{
    return (w->kernel[d] - 1) * w->dilation[d] + 1;
}

static void halve(int64_t total, bool more_at_end, int64_t *begin, int64_t *end)
{
    *begin = more_at_end ? total / 2 : total - total / 2;
    *end = total - *begin;
}

static int axis_extent(const rpr_node *n, rpr_window_spec *w, int d, int64_t in, auto_pad mode,
                       rpr_error *err)
{
    int64_t stride = w->stride[d];
    if (mode == SAME_UPPER || mode == SAME_LOWER) {
        w->out[d] = (in + stride - 1) / stride;
        int64_t total = w->out[d] > 0 ? (w->out[d] - 1) * stride + reach(w, d) - in : 0;
        halve(total > 0 ? total : 0, mode == SAME_UPPER, &w->pad_begin[d], &w->pad_end[d]);
        return RPR_OK;
    }
    int64_t room = in + w->pad_begin[d] + w->pad_end[d] - reach(w, d);
    if (room < 0)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "a window of %lld does not fit into %lld",
                             (long long)reach(w, d),
                             (long long)(in + w->pad_begin[d] + w->pad_end[d]));
    w->out[d] = room / stride + 1;
    /* A window that would start behind the input and its front padding is left out. */
    if (w->ceil_mode && room % stride != 0 && w->out[d] * stride < in + w->pad_begin[d])
        w->out[d]++;
    return RPR_OK;
}

int rpr_window_parse(const rpr_node *n, int spatial, const int64_t *in_dims, const int64_t *kernel,
                     rpr_window_spec *w, rpr_error *err)
{
    auto_pad mode;
    RPR_TRY(common(n, spatial, in_dims, kernel, w, &mode, err));
    for (int d = 0; d < spatial; d++)
        RPR_TRY(axis_extent(n, w, d, in_dims[d], mode, err));
    return RPR_OK;
}

int rpr_conv_transpose_parse(const rpr_node *n, int spatial, const int64_t *in_dims,
                             const int64_t *kernel, rpr_window_spec *w, rpr_error *err)
{
    auto_pad mode;
    int64_t extra[RPR_MAX_SPATIAL], wanted[RPR_MAX_SPATIAL];
    RPR_TRY(common(n, spatial, in_dims, kernel, w, &mode, err));
    RPR_TRY(ints_of(n, "output_padding", spatial, 0, 0, extra, err));
    RPR_TRY(ints_of(n, "output_shape", spatial, 0, 0, wanted, err));
    bool by_shape = rpr_node_attr(n, "output_shape") != NULL;
    for (int d = 0; d < spatial; d++) {
        int64_t full = in_dims[d] > 0 ? (in_dims[d] - 1) * w->stride[d] : 0, rest;
        if (!rpr_add_i64(full, reach(w, d), &full) || !rpr_add_i64(full, extra[d], &full))
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the output would be too large");
        bool same = mode == SAME_UPPER || mode == SAME_LOWER;
        if (by_shape || same) {
            w->out[d] = by_shape ? wanted[d] : in_dims[d] * w->stride[d];
            rest = full - w->out[d];
            halve(rest > 0 ? rest : 0, mode == SAME_UPPER, &w->pad_begin[d], &w->pad_end[d]);
        } else {
            w->out[d] = full - w->pad_begin[d] - w->pad_end[d];
        }
        if (w->out[d] < 0)
            return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the output would be %lld wide",
                                 (long long)w->out[d]);
    }
    return RPR_OK;
}

bool rpr_window_next(int spatial, const int64_t *extent, int64_t *index)
{
    for (int d = spatial - 1; d >= 0; d--) {
        if (++index[d] < extent[d])
            return true;
        index[d] = 0;
    }
    return false;
}

/* Coarse indices [lo, hi) of axis d whose fine index first + o * stride lies in [0, fine). */
static void valid_range(int64_t first, int64_t stride, int64_t coarse, int64_t fine, int64_t *lo,
                        int64_t *hi)
{
    *lo = first < 0 ? (-first + stride - 1) / stride : 0;
    *hi = fine > first ? (fine - first + stride - 1) / stride : 0;
    if (*hi > coarse)
        *hi = coarse;
}

void rpr_window_tap(const rpr_window_spec *w, const int64_t *tap, double weight, double *coarse,
                    const int64_t *coarse_dims, double *fine, const int64_t *fine_dims,
                    bool scatter)
{
    int last = w->spatial - 1;
    int64_t lo[RPR_MAX_SPATIAL], count[RPR_MAX_SPATIAL], first[RPR_MAX_SPATIAL];
    int64_t index[RPR_MAX_SPATIAL] = {0};
    for (int d = 0; d <= last; d++) {
        int64_t hi;
        first[d] = tap[d] * w->dilation[d] - w->pad_begin[d];
        valid_range(first[d], w->stride[d], coarse_dims[d], fine_dims[d], &lo[d], &hi);
        count[d] = hi - lo[d];
        if (count[d] <= 0)
            return;
    }
    int64_t row = count[last], step = w->stride[last];
    do {
        int64_t c = 0, f = 0;
        for (int d = 0; d <= last; d++) {
            int64_t o = lo[d] + (d < last ? index[d] : 0);
            c = c * coarse_dims[d] + o;
            f = f * fine_dims[d] + first[d] + o * w->stride[d];
        }
        double *pc = coarse + c, *pf = fine + f;
        if (scatter)
            for (int64_t i = 0; i < row; i++)
                pf[i * step] += weight * pc[i];
        else
            for (int64_t i = 0; i < row; i++)
                pc[i] += weight * pf[i * step];
    } while (rpr_window_next(last, count, index));
}
