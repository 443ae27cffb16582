/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of every layer. */
#include <string.h>

#include "core/alloc.h"
#include "slide/state.h"

/** Which inputs of an operator are multiplied, one of them by constant weights. */
static bool factors_of(const rpr_node *n, int *a, int *b)
{
    static const struct {
        const char *op;
        int b;
    } list[] = {{"Conv", 1},
                {"ConvTranspose", 1},
                {"ConvInteger", 1},
                {"QLinearConv", 3},
                {"QLinearConvTranspose", 3},
                {"Gemm", 1},
                {"QGemm", 3},
                {"MatMul", 1},
                {"MatMulInteger", 1},
                {"QLinearMatMul", 3}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (strcmp(n->op, list[i].op) == 0) {
            *a = 0;
            *b = list[i].b;
            return true;
        }
    return false;
}

/** Multiply-accumulates of a dense evaluation, borders not counted. */
static int64_t macs_of(const rpr_graph *g, const rpr_node *n)
{
    int a, b;
    if (!factors_of(n, &a, &b))
        return 0;
    const rpr_value *x = &g->value[n->in[a]], *w = &g->value[n->in[b]];
    if (!w->is_const && !x->is_const)
        return 0;
    const int64_t out = rpr_shape_count(&g->value[n->out[0]].shape);
    if (strstr(n->op, "ConvTranspose")) /* every input element meets the taps of its group */
        return rpr_shape_count(&x->shape) * (rpr_shape_count(&w->shape) / w->shape.dim[0]);
    if (strstr(n->op, "Conv"))
        return out * (rpr_shape_count(&w->shape) / w->shape.dim[0]);
    return out * x->shape.dim[rpr_node_int(n, "transA", 0) ? 0 : x->shape.rank - 1];
}

static int describe(const rpr_slider *s, size_t i, rpr_slide_layer *l)
{
    const rpr_node *n = &s->g->node[i];
    const rpr_fate *f = &s->fate[i];
    *l = (rpr_slide_layer){.name = rpr_strdup(n->name),
                           .op = rpr_strdup(n->op),
                           .reason = rpr_strdup(f->why.text),
                           .verdict = f->verdict,
                           .columns = f->columns,
                           .computed = f->computed};
    l->macs = l->macs_hop = macs_of(s->g, n);
    if (f->verdict == RPR_WINDOW_SHIFTED || f->verdict == RPR_WINDOW_SUMMED)
        l->macs_hop = l->macs / f->columns * f->computed;
    return l->name && l->op && l->reason ? RPR_OK : RPR_ERR_NOMEM;
}

int rpr_slide_report(rpr_slider *s, rpr_slide *out)
{
    out->length = s->length;
    out->hop = s->hop;
    out->layer = rpr_alloc_array(s->n_node + 1, sizeof *out->layer);
    if (!out->layer)
        return rpr_fail(s->err, RPR_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < s->n_node; i++) {
        out->n_layer = i + 1;
        if (describe(s, i, &out->layer[i]) != RPR_OK)
            return rpr_fail(s->err, RPR_ERR_NOMEM, "out of memory");
    }
    return RPR_OK;
}
