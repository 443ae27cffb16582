/* SPDX-License-Identifier: Apache-2.0 */
/*
 * QLinearConvTranspose with constant weights: a layer of words with the phases of ConvTranspose.
 * Each has biases of its own: the zero point is that of its taps.
 */
#include "core/alloc.h"
#include "kernels/pack_i8.h"
#include "ops/linear_quant.h"
#include "ops/linear_transposed.h"
#include "ops/node.h"

/** One phase: `room` holds its weights as [fold][output][input][tap], from [output][input][window].
 */
static void fill_residue(const rpr_quant_product *q, const rpr_transposed_sizes *c, int32_t index,
                         rpr_phase *p, int8_t *room, float *w, const rpr_quant_arrays *to,
                         rpr_sum_range *sums)
{
    const int32_t all = rpr_transposed_taps(c);
    *p = rpr_transposed_phase(c, 0, index);
    p->ci = rpr_words(c->ci);
    const int32_t taps = p->kh * p->kw;
    rpr_quant_product part = *q;
    part.w = room;
    part.depth = (int64_t)taps * c->ci;
    for (int32_t f = 0; f < c->fold; f++)
        for (int32_t t = 0; t < taps; t++) {
            const int32_t at = rpr_transposed_tap(c, index, f, t);
            for (int64_t k = 0; k < (int64_t)c->co * c->ci; k++)
                room[((int64_t)f * c->co * c->ci + k) * taps + t] = q->w[k * all + at];
        }
    rpr_quant_fill(&part, p, w, 0, to, sums);
}

static int make_transposed(const rpr_node *n, const rpr_quant_product *q,
                           const rpr_transposed_sizes *c, rpr_linear **out, rpr_error *err)
{
    const int32_t words_in = rpr_words(c->ci), co = c->fold * c->co;
    const int32_t phases = rpr_transposed_phases(c);
    const int64_t words = rpr_packed_floats(rpr_transposed_taps(c) / c->fold * words_in, co);
    const int64_t lanes = rpr_round_lane(co), biases = phases * lanes;
    int8_t *room = rpr_alloc_array((size_t)q->outputs, (size_t)q->depth);
    rpr_linear *l = room ? rpr_quant_new(q, phases, words, biases) : NULL;
    if (!l) {
        rpr_free(room);
        return rpr_node_nomem(err, n);
    }
    rpr_transposed_describe(c, q->bias != NULL, l);
    l->in_c = words_in;
    rpr_sum_range sums = {0};
    float *w = l->weights;
    for (int32_t i = 0; i < phases; i++) {
        rpr_phase *p = &l->phase[i];
        const rpr_quant_arrays to = rpr_quant_arrays_of(l, words, biases, i * lanes);
        fill_residue(q, c, i, p, room, w, &to, &sums);
        w += rpr_packed_floats((int64_t)p->kh * p->kw * p->ci, p->co);
    }
    rpr_free(room);
    *out = rpr_quant_settle(l, &sums);
    return RPR_OK;
}

int rpr_linear_from_quant_conv_transpose(const rpr_graph *g, const rpr_node *n, rpr_linear **out,
                                         rpr_error *err)
{
    const rpr_quant_places p = {.bias = 8, .out_scale = 6, .out_zero = 7, .table = 9};
    rpr_transposed_sizes c;
    bool fits;
    *out = NULL;
    if (!rpr_quant_is_layer(g, n))
        return RPR_OK;
    RPR_TRY(rpr_transposed_measure(g, n, 3, &c, &fits, err));
    const int64_t taps = rpr_transposed_taps(&c);
    rpr_quant_product q = {.outputs = c.co, .depth = c.ci * taps};
    if (!fits || c.group != 1 || q.depth == 0 || !rpr_quant_find(g, n, &p, &q))
        return RPR_OK;
    if (c.co % RPR_WORD != 0) /* pixels end with what fills up a word */
        c.fold = 1;
    int status = RPR_OK;
    if (rpr_quant_take(g, n, (rpr_quant_strides){.so = taps, .sk = taps * c.co, .run = taps}, &q))
        status = make_transposed(n, &q, &c, out, err);
    else if (!q.w)
        status = rpr_node_nomem(err, n);
    rpr_free(q.w);
    return status;
}
