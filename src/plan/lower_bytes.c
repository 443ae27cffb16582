/* SPDX-License-Identifier: Apache-2.0 */
/* Operators on u8: to and from f32, tables, arithmetic, averages, and those that join or move. */
#include "plan/lower_bytes.h"

#include <string.h>

#include "graph/table.h"
#include "ops/node.h"
#include "ops/pixel_bytes.h"

bool rpr_lower_scale(const rpr_plan *p, const rpr_node *n, int scale, int zero, rpr_byte_scale *out)
{
    const rpr_graph *g = p->graph;
    const rpr_value *s = rpr_node_has(n, scale) ? &g->value[n->in[scale]] : NULL;
    const rpr_value *z = rpr_node_has(n, zero) ? &g->value[n->in[zero]] : NULL;
    if (!s || !s->is_const || s->dtype != RPR_F32 || rpr_shape_count(&s->shape) != 1 ||
        (z && (!z->is_const || z->dtype != RPR_U8 || rpr_shape_count(&z->shape) != 1)))
        return false;
    *out = (rpr_byte_scale){.scale = *(const float *)s->data,
                            .zero = z ? *(const uint8_t *)z->data : 0};
    return true;
}

int rpr_lower_word_operand(rpr_plan *p, int value, int rank, int axis)
{
    const rpr_value *v = &p->graph->value[value];
    if (v->dtype != RPR_U8 || (!v->is_const && v->shape.rank != rank))
        return RPR_NONE;
    int t =
        v->is_const ? rpr_plan_constant(p, value, rank, axis) : rpr_plan_on_axis(p, value, axis);
    return t == RPR_NONE ? t : rpr_plan_in_words(p, t);
}

/** Channels of a value with them on an axis. */
static int32_t channels_of(const rpr_plan *p, int value, int axis)
{
    return (int32_t)p->graph->value[value].shape.dim[axis];
}

static int rank_of(const rpr_plan *p, int value)
{
    return p->graph->value[value].shape.rank;
}

static int lower_quantise(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                          rpr_error *err)
{
    rpr_byte_scale to;
    int axis = rpr_lower_axis(p, n, preferred);
    if (!rpr_lower_is(n, "QuantizeLinear") || p->graph->value[n->out[0]].dtype != RPR_U8 ||
        !rpr_lower_scale(p, n, 1, 2, &to))
        return RPR_OK;
    int in = rpr_lower_operand(p, n->in[0], rank_of(p, n->in[0]), axis);
    if (in == RPR_NONE || p->tensor[in].constant)
        return RPR_OK;
    *made = true;
    return rpr_lower_add(p, n, rpr_pixel_bytes_quantise_new(&to), &in, 1, axis, err);
}

static int lower_dequantise(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                            rpr_error *err)
{
    rpr_byte_scale from;
    int axis = rpr_lower_axis(p, n, preferred);
    if (!rpr_lower_is(n, "DequantizeLinear") || !rpr_lower_scale(p, n, 1, 2, &from))
        return RPR_OK;
    int in = rpr_lower_word_operand(p, n->in[0], rank_of(p, n->in[0]), axis);
    if (in == RPR_NONE)
        return RPR_OK;
    *made = true;
    return rpr_lower_add(p, n, rpr_pixel_bytes_dequantise_new(&from), &in, 1, axis, err);
}

/** Table, and what can be looked up in one. */
static int lower_table(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                       rpr_error *err)
{
    const rpr_value *t = rpr_node_has(n, 1) ? &p->graph->value[n->in[1]] : NULL;
    int axis = rpr_lower_axis(p, n, preferred);
    if (!rpr_lower_is(n, "Table") || !t || !t->is_const || t->dtype != RPR_U8 ||
        rpr_shape_count(&t->shape) != RPR_TABLE_SIZE)
        return RPR_OK;
    int in = rpr_lower_word_operand(p, n->in[0], rank_of(p, n->in[0]), axis);
    if (in == RPR_NONE)
        return RPR_OK;
    *made = true;
    return rpr_lower_add(p, n, rpr_pixel_bytes_table_new(t->data), &in, 1, axis, err);
}

/** Two operands, broadcast as far as n, h, w and c can say it. */
static int lower_binary(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                        rpr_error *err)
{
    const rpr_byte_op op = rpr_lower_is(n, "QLinearAdd") ? RPR_BYTE_ADD : RPR_BYTE_MUL;
    rpr_byte_scale scales[3];
    if ((op == RPR_BYTE_MUL && !rpr_lower_is(n, "QLinearMul")) ||
        !rpr_lower_scale(p, n, 1, 2, &scales[0]) || !rpr_lower_scale(p, n, 4, 5, &scales[1]) ||
        !rpr_lower_scale(p, n, 6, 7, &scales[2]))
        return RPR_OK;
    const int operand[2] = {n->in[0], n->in[3]};
    int axis = rpr_lower_axis(p, n, preferred), in[2];
    rpr_map shape[2], out = rpr_lower_value_shape(p, n->out[0], axis);
    int32_t channels[3] = {0, 0, channels_of(p, n->out[0], axis)};
    for (int i = 0; i < 2; i++) {
        in[i] = rpr_lower_word_operand(p, operand[i], rank_of(p, n->out[0]), axis);
        if (in[i] == RPR_NONE)
            return RPR_OK;
        shape[i] = rpr_lower_shape(p, in[i]);
        channels[i] = p->tensor[in[i]].channels;
    }
    if (!rpr_pixel_bytes_binary_fits(shape, &out, channels))
        return RPR_OK;
    *made = true;
    return rpr_lower_add(p, n, rpr_pixel_bytes_binary_new(op, scales, channels), in, 2, axis, err);
}

/** Parts of a Concat, or of a QLinearConcat through tables. */
typedef struct parts {
    int n, in[RPR_PIXEL_MAX_IN];
    rpr_map shape[RPR_PIXEL_MAX_IN];
    int32_t channels[RPR_PIXEL_MAX_IN];
    uint8_t table[RPR_PIXEL_MAX_IN][RPR_TABLE_SIZE];
    const uint8_t *tables[RPR_PIXEL_MAX_IN];
} parts;

static bool same_scale(const rpr_byte_scale *a, const rpr_byte_scale *b)
{
    return memcmp(&a->scale, &b->scale, sizeof a->scale) == 0 && a->zero == b->zero;
}

/** From one scale to another, as QLinearConcat's definition does it. */
static const uint8_t *fill_table(const rpr_byte_scale *from, const rpr_byte_scale *to,
                                 uint8_t *table)
{
    const rpr_kernels *scalar = rpr_kernels_named("scalar");
    uint8_t all[RPR_TABLE_SIZE];
    float x[RPR_TABLE_SIZE];
    if (same_scale(from, to))
        return NULL;
    for (int i = 0; i < RPR_TABLE_SIZE; i++)
        all[i] = (uint8_t)i;
    scalar->bytes->dequantise(from, all, x, RPR_TABLE_SIZE);
    scalar->bytes->quantise(to, x, table, RPR_TABLE_SIZE);
    return table;
}

/** False if a part is no operand, or its scale not known. */
static bool find_part(rpr_plan *p, const rpr_node *n, int input, int axis, bool linear,
                      const rpr_byte_scale *to, parts *of)
{
    const int i = of->n;
    rpr_byte_scale from;
    if (i >= RPR_PIXEL_MAX_IN || (linear && !rpr_lower_scale(p, n, input + 1, input + 2, &from)))
        return false;
    of->in[i] = rpr_lower_word_operand(p, n->in[input], rank_of(p, n->out[0]), axis);
    if (of->in[i] == RPR_NONE)
        return false;
    of->shape[i] = rpr_lower_shape(p, of->in[i]);
    of->channels[i] = p->tensor[of->in[i]].channels;
    of->tables[i] = linear ? fill_table(&from, to, of->table[i]) : NULL;
    of->n++;
    return true;
}

static int first_operand_axis(rpr_plan *p, const rpr_node *n, bool linear, const int *preferred)
{
    const int v = linear ? n->in[2] : n->in[0];
    const int t = v == RPR_NONE ? RPR_NONE : p->tensor_of[v];
    return t != RPR_NONE && p->tensor[t].rank == rank_of(p, n->out[0])
               ? p->tensor[t].chan_axis
               : rpr_lower_axis(p, n, preferred);
}

static int add_concat(rpr_plan *p, const rpr_node *n, const parts *of, int axis, bool *made,
                      rpr_error *err)
{
    const int rank = rank_of(p, n->out[0]);
    const int64_t along = rpr_node_int(n, "axis", 1);
    const rpr_map out = rpr_lower_value_shape(p, n->out[0], axis);
    rpr_axis map_axis = rpr_lower_map_axis(rank, axis, (int)(along < 0 ? along + rank : along));
    bool plain = true;
    for (int i = 0; i < of->n; i++)
        plain &= !of->tables[i];
    if (!rpr_pixel_bytes_concat_fits(map_axis, of->n, of->shape, of->channels, &out,
                                     channels_of(p, n->out[0], axis)))
        return RPR_OK;
    *made = true;
    return rpr_lower_add(p, n,
                         rpr_pixel_bytes_concat_new(map_axis, of->n, of->shape, of->channels,
                                                    plain ? NULL : of->tables),
                         of->in, of->n, axis, err);
}

static int lower_concat(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                        rpr_error *err)
{
    const bool linear = rpr_lower_is(n, "QLinearConcat");
    rpr_byte_scale to;
    parts of = {0};
    if ((!linear && !rpr_lower_is(n, "Concat")) || rank_of(p, n->out[0]) > 4 ||
        (linear && !rpr_lower_scale(p, n, 0, 1, &to)))
        return RPR_OK;
    int axis = first_operand_axis(p, n, linear, preferred);
    for (int i = linear ? 2 : 0; i < n->n_in; i += linear ? 3 : 1)
        if (!find_part(p, n, i, axis, linear, &to, &of))
            return RPR_OK;
    return add_concat(p, n, &of, axis, made, err);
}

static int lower_pool(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                      rpr_error *err)
{
    const bool max = rpr_lower_is(n, "MaxPool");
    const rpr_map out = rpr_lower_value_shape(p, n->out[0], 1);
    rpr_byte_scale from, to;
    rpr_pool pool;
    bool fits = false;
    (void)preferred;
    if ((!max && !rpr_lower_is(n, "QLinearAveragePool")) ||
        (!max && (!rpr_lower_scale(p, n, 1, 2, &from) || !rpr_lower_scale(p, n, 3, 4, &to))))
        return RPR_OK;
    RPR_TRY(rpr_lower_pool_window(p, n, &pool, &fits, err));
    int in = fits ? rpr_lower_word_operand(p, n->in[0], rank_of(p, n->in[0]), 1) : RPR_NONE;
    if (in == RPR_NONE)
        return RPR_OK;
    const rpr_map shape = rpr_lower_shape(p, in);
    if (!rpr_pixel_bytes_pool_fits(&pool, &shape, &out))
        return RPR_OK;
    *made = true;
    return rpr_lower_add(
        p, n, max ? rpr_pixel_bytes_max_new(&pool) : rpr_pixel_bytes_average_new(&pool, &from, &to),
        &in, 1, 1, err);
}

static int lower_mean(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                      rpr_error *err)
{
    const int rank = rank_of(p, n->out[0]);
    rpr_byte_scale from, to;
    (void)preferred;
    if (!rpr_lower_is(n, "QLinearGlobalAveragePool") || rank < 3 || rank > 4 ||
        !rpr_lower_scale(p, n, 1, 2, &from) || !rpr_lower_scale(p, n, 3, 4, &to))
        return RPR_OK;
    int in = rpr_lower_word_operand(p, n->in[0], rank, 1);
    if (in == RPR_NONE)
        return RPR_OK;
    const rpr_map shape = rpr_lower_shape(p, in), out = rpr_lower_value_shape(p, n->out[0], 1);
    if (!rpr_pixel_bytes_mean_fits(&shape, &out))
        return RPR_OK;
    *made = true;
    return rpr_lower_add(p, n, rpr_pixel_bytes_mean_new(&shape, &from, &to), &in, 1, 1, err);
}

int rpr_lower_bytes(rpr_plan *p, const rpr_node *n, const int *preferred, bool *made,
                    rpr_error *err)
{
    static const rpr_lower_pixel_fn forms[] = {lower_quantise, lower_dequantise, lower_table,
                                               lower_binary,   lower_concat,     lower_pool,
                                               lower_mean};
    for (size_t i = 0; i < sizeof forms / sizeof *forms && !*made; i++)
        RPR_TRY(forms[i](p, n, preferred, made, err));
    return RPR_OK;
}
