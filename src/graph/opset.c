/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Old operators in the words of opset 13: what were attributes then are inputs now, Upsample is
 * Resize, and Softmax has one axis. What changed between opsets is from ONNX's changelog of
 * operators.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "graph/passes.h"

#define TARGET 13 /* the first whose DequantizeLinear has scales by channel */
#define OLDEST 7  /* the first with today's broadcasting */

typedef struct modern {
    rpr_graph *g;
    int opset;
    int added; /* constants, for their names */
    rpr_error *err;
} modern;

static int no_memory(const modern *m)
{
    return rpr_fail(m->err, RPR_ERR_NOMEM, "out of memory while operators are rewritten");
}

static int refuse(const modern *m, const rpr_node *n, const char *what)
{
    return rpr_fail(m->err, RPR_ERR_UNSUPPORTED,
                    "node '%s' (%s, opset %d): %s cannot be written in opset %d", n->name, n->op,
                    n->opset, what, m->opset);
}

static void drop(rpr_node *n, const char *name)
{
    for (size_t i = 0; i < n->n_attr; i++)
        if (strcmp(n->attr[i].name, name) == 0) {
            rpr_attr_clear(&n->attr[i]);
            n->attr[i] = n->attr[--n->n_attr];
            return;
        }
}

/** Makes input i of a node the constant `data` (copied), of rank 0 or 1. */
static int set_input(modern *m, rpr_node *n, int i, rpr_dtype t, int rank, const void *data,
                     size_t count)
{
    char name[64];
    (void)snprintf(name, sizeof name, "reprise_constant_%d", m->added++);
    const rpr_shape shape = {.rank = rank, .dim = {(int64_t)count}};
    const size_t size = rpr_dtype_size(t);
    void *copy = rpr_alloc_array(count, size);
    int v = copy ? rpr_graph_add_value(m->g, name, t, &shape) : RPR_NONE;
    int *in = v == RPR_NONE ? NULL : rpr_alloc_array((size_t)(n->n_in > i ? n->n_in : i + 1), 4);
    if (!in) {
        rpr_free(copy);
        return no_memory(m);
    }
    if (count)
        memcpy(copy, data, count * size);
    rpr_graph_set_const(m->g, v, t, &shape, copy);
    for (int k = 0; k < n->n_in || k <= i; k++)
        in[k] = k < n->n_in ? n->in[k] : RPR_NONE;
    in[i] = v;
    n->n_in = n->n_in > i ? n->n_in : i + 1;
    rpr_free(n->in);
    n->in = in;
    return RPR_OK;
}

/** An attribute of integers becomes input i. */
static int ints_to_input(modern *m, rpr_node *n, const char *name, int i)
{
    size_t count;
    const int64_t *v = rpr_node_ints(n, name, &count);
    if (!v)
        return RPR_OK;
    RPR_TRY(set_input(m, n, i, RPR_I64, 1, v, count));
    drop(n, name);
    return RPR_OK;
}

static int clip(modern *m, rpr_node *n)
{
    if (n->opset >= 11)
        return RPR_OK;
    const float lo = rpr_node_float(n, "min", -FLT_MAX), hi = rpr_node_float(n, "max", FLT_MAX);
    RPR_TRY(set_input(m, n, 1, RPR_F32, 0, &lo, 1));
    RPR_TRY(set_input(m, n, 2, RPR_F32, 0, &hi, 1));
    drop(n, "min");
    drop(n, "max");
    return RPR_OK;
}

static int pad(modern *m, rpr_node *n)
{
    if (n->opset >= 11)
        return RPR_OK;
    const float value = rpr_node_float(n, "value", 0.0f);
    RPR_TRY(ints_to_input(m, n, "pads", 1));
    RPR_TRY(set_input(m, n, 2, RPR_F32, 0, &value, 1));
    drop(n, "value");
    return RPR_OK;
}

static int slice(modern *m, rpr_node *n)
{
    if (n->opset >= 10)
        return RPR_OK;
    RPR_TRY(ints_to_input(m, n, "starts", 1));
    RPR_TRY(ints_to_input(m, n, "ends", 2));
    return ints_to_input(m, n, "axes", 3);
}

/** Before opset 13 everything from the axis on was one axis. */
static int softmax(modern *m, rpr_node *n)
{
    const rpr_shape *s = &m->g->value[n->in[0]].shape;
    int64_t axis = rpr_node_int(n, "axis", 1), behind = 1;
    if (n->opset >= TARGET)
        return RPR_OK;
    axis += axis < 0 ? s->rank : 0;
    for (int64_t i = axis + 1; i < s->rank; i++)
        behind *= s->dim[i];
    if (behind != 1)
        return refuse(m, n, "a softmax over several axes");
    return rpr_node_set_int(n, "axis", axis) == RPR_OK ? RPR_OK : no_memory(m);
}

static int rename_op(modern *m, rpr_node *n, const char *op)
{
    char *copy = rpr_strdup(op);
    if (!copy)
        return no_memory(m);
    rpr_free(n->op);
    n->op = copy;
    return RPR_OK;
}

/** Upsample and the first Resize: scales alone, from the corner, rounded down. */
static int resize(modern *m, rpr_node *n)
{
    const rpr_attr *scales = rpr_node_attr(n, "scales");
    const char *mode = rpr_node_string(n, "mode", "nearest");
    if (n->opset >= 11) {
        const char *c = rpr_node_string(n, "coordinate_transformation_mode", "half_pixel");
        return strcmp(c, "tf_half_pixel_for_nn") == 0 && n->opset < TARGET ? refuse(m, n, c)
                                                                           : RPR_OK;
    }
    if (n->n_in > 1) {
        const rpr_value *v = &m->g->value[n->in[1]];
        if (!v->is_const || v->dtype != RPR_F32)
            return refuse(m, n, "scales that are not constant");
        RPR_TRY(set_input(m, n, 2, RPR_F32, 1, v->data, (size_t)rpr_shape_count(&v->shape)));
    } else if (scales && scales->kind == RPR_ATTR_FLOATS) {
        RPR_TRY(set_input(m, n, 2, RPR_F32, 1, scales->floats, scales->n));
        drop(n, "scales");
    }
    n->in[1] = RPR_NONE; /* the region of interest */
    if (rpr_node_set_string(n, "coordinate_transformation_mode", "asymmetric") != RPR_OK ||
        (strcmp(mode, "nearest") == 0 && rpr_node_set_string(n, "nearest_mode", "floor") != RPR_OK))
        return no_memory(m);
    return rename_op(m, n, "Resize");
}

/** ONNX's HardSwish has no attributes; a fused one has, which are these up to rounding. */
static int hard_swish(modern *m, rpr_node *n)
{
    const double alpha = (double)rpr_node_float(n, "alpha", 1.0f / 6.0f);
    const double beta = (double)rpr_node_float(n, "beta", 0.5f);
    if (fabs(alpha - 1.0 / 6.0) > 1e-6 || fabs(beta - 0.5) > 1e-6)
        return refuse(m, n, "another slope than 1/6");
    drop(n, "alpha");
    drop(n, "beta");
    return RPR_OK;
}

static int axes_to_input(modern *m, rpr_node *n)
{
    return n->opset >= TARGET ? RPR_OK : ints_to_input(m, n, "axes", 1);
}

static int split_to_input(modern *m, rpr_node *n)
{
    return n->opset >= TARGET ? RPR_OK : ints_to_input(m, n, "split", 1);
}

static int rewrite(modern *m, rpr_node *n)
{
    static const struct {
        const char *op;
        int (*rewrite)(modern *, rpr_node *);
    } list[] = {
        {"Clip", clip},
        {"Pad", pad},
        {"Slice", slice},
        {"Softmax", softmax},
        {"Resize", resize},
        {"Upsample", resize},
        {"Split", split_to_input},
        {"Squeeze", axes_to_input},
        {"Unsqueeze", axes_to_input},
        {"ReduceSum", axes_to_input},
        {"HardSwish", hard_swish},
    };
    if (*n->domain)
        return refuse(m, n, n->domain);
    if (n->opset < OLDEST)
        return refuse(m, n, "an operator this old");
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (strcmp(n->op, list[i].op) == 0)
            RPR_TRY(list[i].rewrite(m, n));
    n->opset = m->opset;
    return RPR_OK;
}

int rpr_graph_modernise(rpr_graph *g, int *opset, rpr_error *err)
{
    modern m = {.g = g, .opset = TARGET, .err = err};
    for (size_t i = 0; i < g->n_node; i++)
        m.opset = g->node[i].opset > m.opset ? g->node[i].opset : m.opset;
    for (size_t i = 0; i < g->n_node; i++)
        RPR_TRY(rewrite(&m, &g->node[i]));
    *opset = m.opset;
    return RPR_OK;
}
