/* SPDX-License-Identifier: Apache-2.0 */
/* The library's own operators (graph/table.h): Table, and products with a table behind them. */
#include "graph/table.h"

#include "ops/defs.h"
#include "ops/quant.h"

static int need_table(const rpr_graph *g, const rpr_node *n, unsigned types, const rpr_value **t,
                      rpr_error *err)
{
    int i = rpr_table_input(n);
    RPR_TRY(rpr_need(g, n, i, types, t, err));
    if ((*t)->shape.rank != 1 || (*t)->shape.dim[0] != RPR_TABLE_SIZE)
        return rpr_node_fail(err, RPR_ERR_SHAPE, n, "the table (input %d) has not %d entries", i,
                             RPR_TABLE_SIZE);
    return RPR_OK;
}

/* Both have elements of one byte. */
static void look_up(const rpr_view *x, const rpr_view *table, const rpr_view *out)
{
    const uint8_t *from = x->data, *t = table->data;
    uint8_t *to = out->data;
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, x)); it.more; rpr_iter_next(&it))
        to[it.at[0]] = t[from[it.at[1]] * table->stride[0]];
}

int rpr_infer_table(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x, *t;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPES_QUANT, &x, err));
    RPR_TRY(need_table(g, n, RPR_TYPES_QUANT, &t, err));
    return rpr_set_output(g, n, 0, t->dtype, x->shape.rank, x->shape.dim, err);
}

int rpr_eval_table(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)n;
    (void)err;
    look_up(&in[0], &in[1], out);
    return RPR_OK;
}

static int infer_behind(rpr_graph *g, rpr_node *n, rpr_infer_fn infer, rpr_error *err)
{
    const rpr_value *t;
    RPR_TRY(infer(g, n, err));
    return need_table(g, n, RPR_TYPE(g->value[n->out[0]].dtype), &t, err);
}

static int eval_behind(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_eval_fn eval,
                       rpr_error *err)
{
    RPR_TRY(eval(n, in, out, err));
    look_up(out, &in[rpr_table_input(n)], out);
    return RPR_OK;
}

#define BEHIND(name)                                                                               \
    int rpr_infer_##name##_table(rpr_graph *g, rpr_node *n, rpr_error *err)                        \
    {                                                                                              \
        return infer_behind(g, n, rpr_infer_##name, err);                                          \
    }                                                                                              \
    int rpr_eval_##name##_table(const rpr_node *n, const rpr_view *in, const rpr_view *out,        \
                                rpr_error *err)                                                    \
    {                                                                                              \
        return eval_behind(n, in, out, rpr_eval_##name, err);                                      \
    }

BEHIND(qlinear_conv)
BEHIND(qlinear_matmul)
BEHIND(qgemm)

/* No other domain has this one: its table may be absent. */
int rpr_infer_qlinear_conv_transpose_table(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    if (!rpr_node_has(n, rpr_table_input(n)))
        return rpr_infer_qlinear_conv_transpose(g, n, err);
    return infer_behind(g, n, rpr_infer_qlinear_conv_transpose, err);
}

int rpr_eval_qlinear_conv_transpose_table(const rpr_node *n, const rpr_view *in,
                                          const rpr_view *out, rpr_error *err)
{
    if (!rpr_node_has(n, rpr_table_input(n)))
        return rpr_eval_qlinear_conv_transpose(n, in, out, err);
    return eval_behind(n, in, out, rpr_eval_qlinear_conv_transpose, err);
}
