/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/expand_volume.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "graph/table.h"
#include "ops/node.h"
#include "ops/window.h"
#include "plan/expand_columns.h"

/** The other order of the first two axes. */
static int swap_axes(rpr_expansion *e, int x, const char *what)
{
    static const int64_t perm[] = {1, 0, 2, 3};
    int out = rpr_expand_node(e, "Transpose", what, RPR_NONE, &x, 1);
    if (e->status == RPR_OK)
        e->status = rpr_node_set_ints(rpr_expand_last(e), "perm", perm, 4);
    return out;
}

int rpr_volume_slices(rpr_volumes *v, rpr_expansion *e, int value)
{
    if ((size_t)value < v->n && v->slices[value] != RPR_NONE)
        return v->slices[value];
    const rpr_shape s = v->g->value[value].shape;
    int x = rpr_expand_reshape(e, value, "planes", RPR_NONE, 4, s.dim + 1);
    x = swap_axes(e, x, "slices");
    if ((size_t)value < v->n)
        v->slices[value] = x;
    return x;
}

void rpr_volume_give(rpr_volumes *v, rpr_expansion *e, const rpr_node *n, int slices)
{
    const rpr_shape s = v->g->value[n->out[0]].shape;
    v->slices[n->out[0]] = slices;
    (void)rpr_expand_reshape(e, swap_axes(e, slices, "volume"), "output", n->out[0], 5, s.dim);
}

/** Attributes of the two-dimensional node: those of the axes behind the first. */
static void set_window(rpr_expansion *e, const rpr_window_spec *w)
{
    const int64_t pads[] = {w->pad_begin[1], w->pad_begin[2], w->pad_end[1], w->pad_end[2]};
    if (e->status != RPR_OK)
        return;
    rpr_node *n = rpr_expand_last(e);
    if (rpr_node_set_ints(n, "kernel_shape", w->kernel + 1, 2) != RPR_OK ||
        rpr_node_set_ints(n, "strides", w->stride + 1, 2) != RPR_OK ||
        rpr_node_set_ints(n, "dilations", w->dilation + 1, 2) != RPR_OK ||
        rpr_node_set_ints(n, "pads", pads, 4) != RPR_OK)
        e->status = RPR_ERR_NOMEM;
}

/* ------------------------------------------------------------ convolutions */

typedef struct convolution {
    const rpr_node *n;
    rpr_window_spec w;
    rpr_shape x, k; /* of the volume and of the weights */
    const float *weights;
    int x4, bias; /* slices; the bias or RPR_NONE */
    bool crops;
} convolution;

/** The weights of one tap in depth as a constant. */
static int tap_weights(rpr_expansion *e, const convolution *c, int64_t tap)
{
    const int64_t pairs = c->k.dim[0] * c->k.dim[1], plane = c->k.dim[3] * c->k.dim[4];
    const rpr_shape s = {.rank = 4, .dim = {c->k.dim[0], c->k.dim[1], c->k.dim[3], c->k.dim[4]}};
    const int v = rpr_expand_constant(e, "weights", RPR_F32, s, NULL);
    for (int64_t i = 0; v != RPR_NONE && i < pairs; i++)
        memcpy((float *)e->g->value[v].data + i * plane,
               c->weights + (i * c->k.dim[2] + tap) * plane, (size_t)plane * sizeof(float));
    return v;
}

/** Slices before the first that output slice 0 reads through a tap; negative: so many are passed.
 */
static int64_t lead_of(const convolution *c, int64_t tap)
{
    return c->w.pad_begin[0] - tap * c->w.dilation[0];
}

/** Slices that lack behind the last, in the same sense. */
static int64_t tail_of(const convolution *c, int64_t tap)
{
    return c->w.out[0] - c->x.dim[2] - lead_of(c, tap);
}

/** False if the tap reads nothing but padding, for all outputs. */
static bool sees_input(const convolution *c, int64_t tap)
{
    return -lead_of(c, tap) < c->x.dim[2] && -tail_of(c, tap) < c->x.dim[2];
}

static int64_t above_zero(int64_t n)
{
    return n > 0 ? n : 0;
}

/** True if what a tap computes needs neither padding nor cropping. */
static bool is_central(const convolution *c, int64_t tap)
{
    const int64_t lead = lead_of(c, tap), tail = tail_of(c, tap);
    return c->crops ? lead <= 0 && tail <= 0 : lead == 0 && tail == 0;
}

/** Slices that the outputs read through a tap. */
static int64_t read_by(const convolution *c, int64_t tap)
{
    return c->x.dim[2] - above_zero(-lead_of(c, tap)) - above_zero(-tail_of(c, tap));
}

/** True if that is so much less than all, over all taps, that one gate for all is the dearer. */
static bool reads_few(const convolution *c)
{
    int64_t reads = 0, all = 0;
    for (int64_t k = 0; k < c->k.dim[2]; k++) {
        reads += sees_input(c, k) ? read_by(c, k) : 0;
        all += sees_input(c, k) ? c->x.dim[2] : 0;
    }
    return 10 * reads < 9 * all;
}

/** Slices [from, from + n). */
static int some_slices(rpr_expansion *e, int x, int64_t from, int64_t n)
{
    const int64_t end = from + n, axis = 0;
    const int in[] = {x, rpr_expand_ints(e, "from", &from, 1), rpr_expand_ints(e, "to", &end, 1),
                      rpr_expand_ints(e, "axis", &axis, 1)};
    return rpr_expand_node(e, "Slice", "read", RPR_NONE, in, 4);
}

/** One tap: all slices, then those that the outputs read; or the other way round. */
static int tap_sum(rpr_expansion *e, const convolution *c, int64_t tap, bool biased)
{
    char name[32];
    (void)snprintf(name, sizeof name, "depth%d", (int)tap);
    const int64_t reads = read_by(c, tap), lead = lead_of(c, tap), tail = tail_of(c, tap);
    const int x =
        c->crops && reads < c->x.dim[2] ? some_slices(e, c->x4, above_zero(-lead), reads) : c->x4;
    const int in[] = {x, tap_weights(e, c, tap), c->bias};
    int out = rpr_expand_node(e, "Conv", name, RPR_NONE, in, biased ? 3 : 2);
    set_window(e, &c->w);
    if (e->status == RPR_OK)
        e->status = rpr_node_set_int(rpr_expand_last(e), "group", c->w.group);
    if (is_central(c, tap))
        return out;
    const int64_t pads[8] = {c->crops ? above_zero(lead) : lead, 0, 0, 0,
                             c->crops ? above_zero(tail) : tail, 0, 0, 0};
    const int by = rpr_expand_ints(e, "shift", pads, 8);
    return rpr_expand_node(e, "Pad", "shifted", RPR_NONE, (int[]){out, by}, 2);
}

static int add_bias(rpr_expansion *e, const convolution *c, int x)
{
    const rpr_shape s = {.rank = 4, .dim = {1, c->k.dim[0], 1, 1}};
    const int b = rpr_expand_constant(e, "bias", RPR_F32, s, e->g->value[c->bias].data);
    return rpr_expand_node(e, "Add", "biased", RPR_NONE, (int[]){x, b}, 2);
}

static void expand_conv(rpr_volumes *v, rpr_expansion *e, convolution *c)
{
    int sum = RPR_NONE;
    bool biased = c->bias == RPR_NONE;
    c->x4 = rpr_volume_slices(v, e, c->n->in[0]);
    c->crops = v->crops && reads_few(c);
    for (int64_t k = 0; k < c->k.dim[2]; k++) {
        if (!sees_input(c, k))
            continue;
        const bool takes = !biased && is_central(c, k);
        const int one = tap_sum(e, c, k, takes);
        biased |= takes;
        sum = sum == RPR_NONE ? one
                              : rpr_expand_node(e, "Add", "sum", RPR_NONE, (int[]){sum, one}, 2);
    }
    if (!biased)
        sum = add_bias(e, c, sum);
    if (e->status == RPR_OK)
        rpr_expand_last(e)->act = c->n->act;
    rpr_volume_give(v, e, c->n, sum);
}

static bool is_floats(const rpr_graph *g, int value)
{
    return g->value[value].is_const && g->value[value].dtype == RPR_F32;
}

/** One volume in f32 whose depth is not strided, and constant weights. */
static bool read_conv(const rpr_graph *g, const rpr_node *n, convolution *c)
{
    const rpr_value *x = &g->value[n->in[0]], *w = &g->value[n->in[1]];
    *c = (convolution){.n = n, .x = x->shape, .k = w->shape, .weights = w->data, .bias = RPR_NONE};
    if (strcmp(n->op, "Conv") != 0 || x->is_const || x->dtype != RPR_F32 || x->shape.rank != 5 ||
        x->shape.dim[0] != 1 || !is_floats(g, n->in[1]) ||
        (rpr_node_has(n, 2) && !is_floats(g, n->in[2])))
        return false;
    if (rpr_node_has(n, 2))
        c->bias = n->in[2];
    rpr_error ignored;
    if (rpr_window_parse(n, 3, x->shape.dim + 2, w->shape.dim + 2, &c->w, &ignored) != RPR_OK ||
        c->w.stride[0] != 1)
        return false;
    bool any = false;
    for (int64_t k = 0; k < c->k.dim[2]; k++)
        any |= sees_input(c, k);
    return any && rpr_shape_count(&x->shape) > 0 && rpr_shape_count(&g->value[n->out[0]].shape) > 0;
}

/* ------------------------------------------------------------------- pools */

/** Slices tap, tap + stride, ... of as many as there are outputs. */
static int every(rpr_expansion *e, int x, const rpr_window_spec *w, int64_t tap)
{
    const int64_t end = tap + (w->out[0] - 1) * w->stride[0] + 1, axis = 0;
    const int in[] = {x, rpr_expand_ints(e, "from", &tap, 1), rpr_expand_ints(e, "to", &end, 1),
                      rpr_expand_ints(e, "axis", &axis, 1),
                      rpr_expand_ints(e, "step", w->stride, 1)};
    return rpr_expand_node(e, "Slice", "every", RPR_NONE, in, 5);
}

static void expand_pool(rpr_volumes *v, rpr_expansion *e, const rpr_node *n,
                        const rpr_window_spec *w)
{
    int x = rpr_volume_slices(v, e, n->in[0]);
    x = rpr_expand_node(e, "MaxPool", "pooled", RPR_NONE, &x, 1);
    set_window(e, w);
    if (e->status == RPR_OK)
        e->status = rpr_node_set_int(rpr_expand_last(e), "ceil_mode", w->ceil_mode);
    if (w->kernel[0] > 1 || w->stride[0] > 1) {
        int most = every(e, x, w, 0);
        for (int64_t k = 1; k < w->kernel[0]; k++)
            most = rpr_expand_node(e, "Max", "most", RPR_NONE, (int[]){most, every(e, x, w, k)}, 2);
        x = most;
    }
    rpr_volume_give(v, e, n, x);
}

/** One volume in f32, without padding or dilation in depth. */
static bool read_pool(const rpr_graph *g, const rpr_node *n, rpr_window_spec *w)
{
    const rpr_value *x = &g->value[n->in[0]];
    int64_t kernel[RPR_MAX_SPATIAL];
    rpr_error ignored;
    return !strcmp(n->op, "MaxPool") && !x->is_const && x->dtype == RPR_F32 && x->shape.rank == 5 &&
           x->shape.dim[0] == 1 && rpr_act_is_none(&n->act) &&
           (n->n_out == 1 || n->out[1] == RPR_NONE) &&
           rpr_window_kernel(n, 3, kernel, &ignored) == RPR_OK &&
           rpr_window_parse(n, 3, x->shape.dim + 2, kernel, w, &ignored) == RPR_OK &&
           w->pad_begin[0] == 0 && w->pad_end[0] == 0 && w->dilation[0] == 1 &&
           (w->out[0] - 1) * w->stride[0] + w->kernel[0] <= x->shape.dim[2] &&
           rpr_shape_count(&g->value[n->out[0]].shape) > 0;
}

/* --------------------------------------------------------------------- all */

/** True if a node is going to be one on slices. */
static bool is_spatial(const rpr_graph *g, const rpr_node *n)
{
    convolution c;
    rpr_window_spec w;
    return !*n->domain &&
           ((n->n_in > 1 && n->in[1] != RPR_NONE && read_conv(g, n, &c)) || read_pool(g, n, &w));
}

static int expand(rpr_volumes *v, int index, rpr_error *err)
{
    const rpr_node n = v->g->node[index]; /* adding nodes moves them */
    rpr_expansion e = {.g = v->g, .name = n.name};
    convolution c;
    rpr_window_spec w;
    if (n.dead || (*n.domain && !rpr_node_is_delay(&n)) || n.n_in < 1 || n.in[0] == RPR_NONE ||
        n.n_out < 1 || n.out[0] == RPR_NONE)
        return RPR_OK;
    if (n.n_in >= 2 && n.in[1] != RPR_NONE && read_conv(v->g, &n, &c))
        expand_conv(v, &e, &c);
    else if (read_pool(v->g, &n, &w))
        expand_pool(v, &e, &n, &w);
    else if (!rpr_volume_expand_columns(v, &e, &n, is_spatial))
        return RPR_OK;
    if (e.status != RPR_OK)
        return rpr_node_nomem(err, &n);
    rpr_expand_bury(v->g, index);
    v->changed = true;
    return RPR_OK;
}

int rpr_expand_volumes(rpr_graph *g, bool crops, bool *changed, rpr_error *err)
{
    const size_t count = g->n_node;
    rpr_volumes v = {.g = g, .n = g->n_value, .crops = crops};
    v.slices = rpr_alloc_array(v.n + 1, sizeof *v.slices);
    if (!v.slices)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < v.n; i++)
        v.slices[i] = RPR_NONE;
    int status = RPR_OK;
    for (size_t i = 0; i < count && status == RPR_OK; i++)
        status = expand(&v, (int)i, err);
    rpr_free(v.slices);
    *changed = v.changed;
    return status == RPR_OK && v.changed ? rpr_expand_settle(g, err) : status;
}
