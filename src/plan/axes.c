/* SPDX-License-Identifier: Apache-2.0 */
/* Where the channels of a value should lie, asked of those who read it. */
#include "plan/build.h"

#include <string.h>

#include "core/alloc.h"

static bool is_one_of(const char *op, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(op, *list) == 0)
            return true;
    return false;
}

static const char *const SPATIAL[] = {"Conv",
                                      "QLinearConv",
                                      "ConvTranspose",
                                      "QLinearConvTranspose",
                                      "MaxPool",
                                      "AveragePool",
                                      "GlobalAveragePool",
                                      "GlobalMaxPool",
                                      "Resize",
                                      "QLinearResize",
                                      "Upsample",
                                      "BatchNormalization",
                                      "InstanceNormalization",
                                      "DepthToSpace",
                                      "SpaceToDepth",
                                      NULL};
static const char *const ROWS[] = {"MatMul", "Gemm", "QLinearMatMul", "QGemm", "Softmax",
                                   "LSTM",   "GRU",  "RNN",           NULL};
static const char *const SHAPE_CHANGING[] = {"Reshape", "Flatten", "Squeeze", "Unsqueeze", "Gather",
                                             "Shape",   "Size",    "Expand",  "Tile",      NULL};

/** QLinearConcat's first inputs are the output's scale and zero point. */
static int first_operand(const rpr_node *n)
{
    return strcmp(n->op, "QLinearConcat") == 0 ? 2 : 0;
}

/** The axis that node `n` wants of its input, or -1. *strong if it computes fastest that way. */
static int wanted_axis(const rpr_graph *g, const rpr_node *n, const int *preferred, bool *strong)
{
    const rpr_value *in = &g->value[n->in[first_operand(n)]], *out = &g->value[n->out[0]];
    *strong = false;
    if (is_one_of(n->op, SPATIAL) && in->shape.rank > 1) {
        *strong = true;
        return 1;
    }
    if (is_one_of(n->op, ROWS))
        return in->shape.rank - 1;
    if (strcmp(n->op, "Transpose") == 0) {
        size_t count;
        const int64_t *perm = rpr_node_ints(n, "perm", &count);
        int axis = preferred[n->out[0]];
        return perm && axis >= 0 && (size_t)axis < count ? (int)perm[axis] : -1;
    }
    if (is_one_of(n->op, SHAPE_CHANGING) || in->shape.rank != out->shape.rank)
        return -1;
    return preferred[n->out[0]];
}

int *rpr_preferred_axes(const rpr_graph *g)
{
    int *axis = rpr_alloc_array(g->n_value + 1, sizeof *axis);
    bool *fixed = rpr_alloc_array(g->n_value + 1, sizeof *fixed);
    for (size_t v = 0; axis && v < g->n_value; v++)
        axis[v] = -1;
    for (size_t i = g->n_node; axis && fixed && i-- > 0;) {
        const rpr_node *n = &g->node[i];
        if (n->n_in <= first_operand(n) || n->n_out == 0 || n->in[first_operand(n)] == RPR_NONE ||
            n->out[0] == RPR_NONE)
            continue;
        bool strong;
        int wanted = wanted_axis(g, n, axis, &strong);
        int rank = g->value[n->in[first_operand(n)]].shape.rank;
        for (int k = 0; k < n->n_in; k++) {
            int v = n->in[k];
            if (v == RPR_NONE || (k > 0 && g->value[v].shape.rank != rank))
                continue;
            if (wanted < 0 || wanted >= rank || fixed[v] || (k > 0 && strong))
                continue;
            axis[v] = wanted;
            fixed[v] = strong;
        }
    }
    if (!fixed) {
        rpr_free(axis);
        axis = NULL;
    }
    rpr_free(fixed);
    return axis;
}
