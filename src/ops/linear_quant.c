/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QLinearConv, QLinearMatMul and QGemm with constant weights: layers of words. Their formulas are
 * those of quant_product.c with the sums regrouped: the input's zero point goes into the bias,
 *   sum of (x - zx) w + b = sum of x w + (b - zx * sum of w),
 * which is exact as long as everything fits in 32 bits; that is checked here.
 */
#include <string.h>

#include "core/alloc.h"
#include "graph/table.h"
#include "kernels/pack_i8.h"
#include "ops/linear_conv.h"
#include "ops/linear_quant.h"
#include "ops/node.h"

/** A constant input of a type, or NULL. */
static const rpr_value *constant(const rpr_graph *g, const rpr_node *n, int i, rpr_dtype t)
{
    if (i == RPR_NONE || !rpr_node_has(n, i))
        return NULL;
    const rpr_value *v = &g->value[n->in[i]];
    return v->is_const && v->dtype == t ? v : NULL;
}

/** One value of an input; false if there are more, or they are not known. */
static bool one_float(const rpr_graph *g, const rpr_node *n, int i, float *x)
{
    const rpr_value *v = constant(g, n, i, RPR_F32);
    if (!v || rpr_shape_count(&v->shape) != 1)
        return false;
    *x = *(const float *)v->data;
    return true;
}

static bool one_byte(const rpr_graph *g, const rpr_node *n, int i, uint8_t *x)
{
    const rpr_value *v = constant(g, n, i, RPR_U8);
    if (!v || rpr_shape_count(&v->shape) != 1)
        return false;
    *x = *(const uint8_t *)v->data;
    return true;
}

bool rpr_quant_find(const rpr_graph *g, const rpr_node *n, const rpr_quant_places *p,
                    rpr_quant_product *q)
{
    const rpr_value *scale = constant(g, n, 4, RPR_F32);
    const rpr_value *bias = constant(g, n, p->bias, RPR_I32);
    const rpr_value *table = constant(g, n, p->table, RPR_U8);
    if (!scale || !one_float(g, n, 1, &q->x_scale) || !one_byte(g, n, 2, &q->x_zero) ||
        !one_float(g, n, p->out_scale, &q->y_scale) || !one_byte(g, n, p->out_zero, &q->y_zero))
        return false;
    if ((p->bias != RPR_NONE && rpr_node_has(n, p->bias) && !bias) ||
        (bias && rpr_shape_count(&bias->shape) != q->outputs) ||
        (table && rpr_shape_count(&table->shape) != RPR_TABLE_SIZE))
        return false;
    q->w_scale = scale->data;
    q->w_scales = rpr_shape_count(&scale->shape);
    q->bias = bias ? bias->data : NULL;
    q->table = table ? table->data : NULL;
    return q->w_scales == 1 || q->w_scales == q->outputs;
}

static int integer(const rpr_value *v, int64_t i)
{
    return v->dtype == RPR_I8 ? ((const int8_t *)v->data)[i] : ((const uint8_t *)v->data)[i];
}

bool rpr_quant_take(const rpr_graph *g, const rpr_node *n, rpr_quant_strides s,
                    rpr_quant_product *q)
{
    const rpr_value *w = &g->value[n->in[3]];
    const rpr_value *zero = rpr_node_has(n, 5) ? &g->value[n->in[5]] : NULL;
    const int64_t zeros = zero ? rpr_shape_count(&zero->shape) : 0;
    if (zero && (!zero->is_const || (zeros != 1 && zeros != q->outputs)))
        return false;
    q->w = rpr_alloc_array((size_t)q->outputs * (size_t)q->depth, sizeof *q->w);
    bool fits = q->w != NULL;
    for (int64_t o = 0; o < q->outputs && fits; o++) {
        const int z = zero ? integer(zero, zeros == 1 ? 0 : o) : 0;
        for (int64_t k = 0; k < q->depth; k++) {
            const int v = integer(w, o * s.so + k / s.run * s.sk + k % s.run) - z;
            fits &= v >= INT8_MIN && v <= INT8_MAX;
            q->w[o * q->depth + k] = (int8_t)v;
        }
    }
    return fits;
}

/** The bias that holds the zero point; widens the range to hold the output's sums. */
static int32_t whole_bias(const rpr_quant_product *q, int64_t o, rpr_sum_range *sums)
{
    int64_t up = 0, down = 0;
    for (int64_t k = 0; k < q->depth; k++) {
        const int64_t w = q->w[o * q->depth + k];
        *(w < 0 ? &down : &up) += w;
    }
    const int64_t b = (q->bias ? q->bias[o % q->outputs] : 0) - q->x_zero * (up + down);
    const int64_t least = b + down * UINT8_MAX, most = b + up * UINT8_MAX;
    const int64_t magnitude = (b < 0 ? -b : b) + (up - down) * UINT8_MAX;
    sums->least = least < sums->least ? least : sums->least;
    sums->most = most > sums->most ? most : sums->most;
    sums->magnitude = magnitude > sums->magnitude ? magnitude : sums->magnitude;
    return (int32_t)b;
}

/** Biases and scales of a phase's outputs o0, o0 + 1, ... */
static void fill_outputs(const rpr_quant_product *q, rpr_phase *p, int64_t o0, int32_t *bias,
                         float *scale, rpr_sum_range *sums)
{
    for (int32_t o = 0; o < p->co; o++) {
        bias[o] = whole_bias(q, o0 + o, sums);
        scale[o] =
            q->x_scale * q->w_scale[q->w_scales == 1 ? 0 : (o0 + o) % q->outputs] / q->y_scale;
    }
    p->bias = (const float *)bias;
    p->scale = scale;
}

rpr_linear *rpr_quant_settle(rpr_linear *l, const rpr_sum_range *sums)
{
    const int64_t end = INT64_C(1) << 23;
    if (sums->magnitude >= INT32_MAX) {
        rpr_linear_free(l);
        return NULL;
    }
    l->z24 = !l->depthwise && sums->least >= -end && sums->most < end;
    rpr_linear_measure(l);
    return l;
}

rpr_linear *rpr_quant_new(const rpr_quant_product *q, int32_t n_phase, int64_t words,
                          int64_t biases)
{
    rpr_linear *l = rpr_linear_new(n_phase, words, biases);
    if (!l)
        return NULL;
    const size_t kept = 2 * (size_t)biases + RPR_TABLE_SIZE / sizeof *l->requant;
    l->requant = rpr_alloc_array(kept, sizeof *l->requant);
    if (!l->requant) {
        rpr_linear_free(l);
        return NULL;
    }
    l->requant_bytes = kept * sizeof *l->requant;
    l->words = true;
    l->zero = q->x_zero;
    l->zero_out = q->y_zero;
    if (q->table) {
        l->table = memcpy(l->requant + 2 * biases, q->table, RPR_TABLE_SIZE);
    }
    return l;
}

rpr_quant_arrays rpr_quant_arrays_of(rpr_linear *l, int64_t words, int64_t biases, int64_t first)
{
    return (rpr_quant_arrays){.bias = (int32_t *)(l->weights + words) + first,
                              .scale = l->requant + first,
                              .sum128 = (int32_t *)(l->requant + biases) + first};
}

static void fill_depthwise(const rpr_quant_product *q, const rpr_conv_sizes *c, rpr_linear *l,
                           const rpr_quant_arrays *to, rpr_sum_range *sums)
{
    rpr_phase *p = &l->phase[0];
    const int32_t kh = c->axis[0].k, kw = c->axis[1].k;
    int8_t *w = (int8_t *)l->weights;
    *p = rpr_conv_phase(c, 0);
    p->ci = p->co = c->group;
    p->w = l->weights;
    p->sum128 = to->sum128;
    rpr_pack_depthwise_i8(w, q->w, kh, kw, p->co, q->depth, 1);
    rpr_depthwise_sum128_i8(to->sum128, w, kh, kw, p->co);
    fill_outputs(q, p, 0, to->bias, to->scale, sums);
}

void rpr_quant_fill(const rpr_quant_product *q, rpr_phase *p, float *w, int64_t o0,
                    const rpr_quant_arrays *to, rpr_sum_range *sums)
{
    const int32_t taps = p->kh * p->kw;
    const int64_t rows = (int64_t)taps * p->ci;
    const int32_t ci = taps ? (int32_t)(q->depth / taps) : 0;
    p->w = w;
    p->sum128 = to->sum128;
    rpr_pack_i8((int8_t *)w, q->w + o0 * q->depth, p->co, taps, ci, q->depth, 1, taps);
    rpr_sum128_i8(to->sum128, (const int8_t *)w, rows, p->co);
    fill_outputs(q, p, o0, to->bias, to->scale, sums);
}

/** *out stays NULL if a sum may overflow. */
static int make_conv(const rpr_node *n, const rpr_quant_product *q, const rpr_conv_sizes *c,
                     rpr_linear **out, rpr_error *err)
{
    const int32_t words_in = rpr_words(c->ci);
    const int64_t taps = rpr_conv_taps(c), packed = rpr_packed_floats(taps * words_in, c->co);
    const int64_t words =
        c->depthwise ? rpr_depthwise_bytes_i8(c->axis[0].k, c->axis[1].k, c->group) / RPR_WORD
                     : c->group * packed;
    const int64_t lanes = rpr_round_lane(c->depthwise ? c->group : c->co);
    const int64_t biases = c->depthwise ? lanes : c->group * lanes;
    rpr_linear *l = rpr_quant_new(q, c->depthwise ? 1 : c->group, words, biases);
    if (!l)
        return rpr_node_nomem(err, n);
    rpr_conv_describe(c, q->bias != NULL, l);
    l->in_c = rpr_words(l->in_c);
    rpr_sum_range sums = {0};
    for (int32_t i = 0; i < l->n_phase; i++) {
        const rpr_quant_arrays to = rpr_quant_arrays_of(l, words, biases, i * lanes);
        if (c->depthwise) {
            fill_depthwise(q, c, l, &to, &sums);
            break;
        }
        rpr_phase *p = &l->phase[i];
        *p = rpr_conv_phase(c, i);
        p->ci = words_in;
        p->ci0 = i * words_in;
        rpr_quant_fill(q, p, l->weights + i * packed, (int64_t)i * c->co, &to, &sums);
    }
    *out = rpr_quant_settle(l, &sums);
    return RPR_OK;
}

bool rpr_quant_is_layer(const rpr_graph *g, const rpr_node *n)
{
    const rpr_value *x = &g->value[n->in[0]], *w = &g->value[n->in[3]];
    return x->dtype == RPR_U8 && !x->is_const && w->is_const &&
           (w->dtype == RPR_I8 || w->dtype == RPR_U8) && g->value[n->out[0]].dtype == RPR_U8;
}

/** Groups whose channels do not share words with those of others. */
static bool in_words(const rpr_conv_sizes *c)
{
    return c->group == 1 || c->depthwise || (c->ci % RPR_WORD == 0 && c->co % RPR_WORD == 0);
}

int rpr_linear_from_quant_conv(const rpr_graph *g, const rpr_node *n, rpr_linear **out,
                               rpr_error *err)
{
    const rpr_quant_places p = {.bias = 8, .out_scale = 6, .out_zero = 7, .table = 9};
    rpr_conv_sizes c;
    bool fits;
    *out = NULL;
    if (!rpr_quant_is_layer(g, n))
        return RPR_OK;
    RPR_TRY(rpr_conv_measure(g, n, 3, &c, &fits, err));
    rpr_quant_product q = {.outputs = c.group * c.co, .depth = (int64_t)c.ci * rpr_conv_taps(&c)};
    if (!fits || !in_words(&c) || !rpr_quant_find(g, n, &p, &q))
        return RPR_OK;
    int status = RPR_OK;
    if (rpr_quant_take(g, n, (rpr_quant_strides){.so = q.depth, .run = q.depth}, &q))
        status = make_conv(n, &q, &c, out, err);
    else if (!q.w)
        status = rpr_node_nomem(err, n);
    rpr_free(q.w);
    return status;
}

/* ---------------------------------------------------------------- matrices */

static int make_matrix(const rpr_node *n, const rpr_quant_product *q, const rpr_shape *x,
                       rpr_linear **out, rpr_error *err)
{
    const int32_t depth = (int32_t)q->depth;
    const int64_t words = rpr_packed_floats(rpr_words(depth), q->outputs);
    const int64_t biases = rpr_round_lane(q->outputs);
    rpr_linear *l = rpr_quant_new(q, 1, words, biases);
    if (!l)
        return rpr_node_nomem(err, n);
    const rpr_quant_arrays to = rpr_quant_arrays_of(l, words, biases, 0);
    rpr_matrix_describe(l, depth, q->outputs, x);
    l->in_c = l->phase[0].ci = rpr_words(depth);
    l->parameters = q->depth * q->outputs + (q->bias ? q->outputs : 0);
    rpr_sum_range sums = {0};
    rpr_quant_fill(q, &l->phase[0], l->weights, 0, &to, &sums);
    *out = rpr_quant_settle(l, &sums);
    return RPR_OK;
}

int rpr_linear_from_quant_matrix(const rpr_graph *g, const rpr_node *n, rpr_linear **out,
                                 rpr_error *err)
{
    const bool gemm = strcmp(n->op, "QGemm") == 0;
    const rpr_quant_places p =
        gemm ? (rpr_quant_places){.bias = 6, .out_scale = 7, .out_zero = 8, .table = 9}
             : (rpr_quant_places){.bias = RPR_NONE, .out_scale = 6, .out_zero = 7, .table = 8};
    const rpr_shape *x = &g->value[n->in[0]].shape, *w = &g->value[n->in[3]].shape;
    const bool transposed = gemm && rpr_node_int(n, "transB", 0) != 0;
    *out = NULL;
    if (!rpr_quant_is_layer(g, n) || w->rank != 2 || x->rank < 2 || rpr_shape_count(x) == 0 ||
        rpr_node_int(n, "transA", 0) != 0 || rpr_node_attr(n, "alpha"))
        return RPR_OK;
    const int64_t depth = w->dim[transposed], columns = w->dim[!transposed];
    if (depth < 1 || columns < 1 || depth > INT32_MAX / 64 || columns > INT32_MAX / 64)
        return RPR_OK;
    rpr_quant_product q = {.outputs = (int32_t)columns, .depth = depth};
    if (!rpr_quant_find(g, n, &p, &q))
        return RPR_OK;
    const rpr_quant_strides s = transposed ? (rpr_quant_strides){.so = depth, .run = depth}
                                           : (rpr_quant_strides){.so = 1, .sk = columns, .run = 1};
    int status = RPR_OK;
    if (rpr_quant_take(g, n, s, &q))
        status = make_matrix(n, &q, x, out, err);
    else if (!q.w)
        status = rpr_node_nomem(err, n);
    rpr_free(q.w);
    return status;
}
