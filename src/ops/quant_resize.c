/* SPDX-License-Identifier: Apache-2.0 */
/* QLinearResize of the library's own: Resize between DequantizeLinear and QuantizeLinear, in f32.
 */
#include "core/alloc.h"
#include "ops/defs.h"
#include "ops/quant.h"
#include "ops/resize.h"

int rpr_infer_qlinear_resize(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    const rpr_value *x;
    rpr_view in[RPR_PARAMS];
    rpr_resize_spec r;
    RPR_TRY(rpr_need(g, n, 0, RPR_TYPE(RPR_U8), &x, err));
    RPR_TRY(rpr_quant_check(g, n, 4, 5, x->dtype, RPR_PER_TENSOR, err));
    RPR_TRY(rpr_quant_check(g, n, 6, 7, x->dtype, RPR_PER_TENSOR, err));
    rpr_param_views(g, n, in);
    RPR_TRY(rpr_resize_parse(n, in, &r, err));
    return rpr_set_output(g, n, 0, RPR_U8, r.rank, r.out, err);
}

/** The weighted sum of one element: the plane is plane `p` of x, all axes before the last two
 *  counted as one. Taps of weight 0 are left out, as ops/pixel_ops.h says. */
static float sum_of(const rpr_view *x, int64_t p, const rpr_resize_table t[2], const int64_t at[2],
                    const rpr_quant *from)
{
    const int64_t w = x->dim[x->rank - 1], h = x->dim[x->rank - 2];
    float sum = 0.0f;
    bool any = false;
    for (int i = 0; i < t[0].taps; i++) {
        for (int j = 0; j < t[1].taps; j++) {
            const int64_t y = at[0] * t[0].taps + i, k = at[1] * t[1].taps + j;
            const float wy = t[0].weight[y], wx = t[1].weight[k];
            if (!(wy < 0.0f || wy > 0.0f) || !(wx < 0.0f || wx > 0.0f))
                continue;
            const int64_t e = (p * h + t[0].index[y]) * w + t[1].index[k];
            const float product = wy * wx * rpr_quant_load(x, e, from->scale, from->zero);
            sum = any ? sum + product : product;
            any = true;
        }
    }
    return sum;
}

int rpr_eval_qlinear_resize(const rpr_node *n, const rpr_view *in, const rpr_view *out,
                            rpr_error *err)
{
    const rpr_quant from = rpr_quant_of(n, in, 4, 5), to = rpr_quant_of(n, in, 6, 7);
    rpr_view x = rpr_quant_scratch(RPR_U8, in);
    rpr_resize_spec r;
    rpr_resize_table t[2] = {{0}, {0}};
    int status = x.data ? rpr_resize_parse(n, in, &r, err) : rpr_node_nomem(err, n);
    if (status == RPR_OK && !rpr_resize_plane_tables(&r, t))
        status = rpr_node_nomem(err, n);
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(&x, in)); status == RPR_OK && it.more;
         rpr_iter_next(&it))
        rpr_store_i64(&x, it.at[0], rpr_load_i64(in, it.at[1]));
    int64_t i = 0;
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out)); status == RPR_OK && it.more;
         rpr_iter_next(&it), i++) {
        const int64_t h = out->dim[out->rank - 2], w = out->dim[out->rank - 1];
        const float y = sum_of(&x, i / w / h, t, (const int64_t[]){i / w % h, i % w}, &from);
        rpr_store_i64(out, it.at[0], rpr_quant_store(y / to.scale, to.zero, RPR_U8));
    }
    rpr_resize_free_planes(t);
    rpr_free(x.data);
    return status;
}
