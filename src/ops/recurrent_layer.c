/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/recurrent_layer.h"

#include <string.h>

#include "core/alloc.h"
#include "kernels/pack.h"
#include "ops/node.h"

void rpr_recurrent_layer_free(rpr_recurrent_layer *l)
{
    if (l) {
        rpr_free(l->weights);
        rpr_free(l->halves);
    }
    rpr_free(l);
}

static bool is_constant(const rpr_graph *g, const rpr_node *n, int i)
{
    const rpr_value *v = rpr_node_has(n, i) ? &g->value[n->in[i]] : NULL;
    return !v || (v->is_const && v->dtype == RPR_F32);
}

static bool fits(const rpr_graph *g, const rpr_node *n, const rpr_recurrent_spec *s)
{
    return g->value[n->in[RPR_REC_X]].dtype == RPR_F32 && is_constant(g, n, RPR_REC_W) &&
           is_constant(g, n, RPR_REC_R) && is_constant(g, n, RPR_REC_B) && s->plain_acts &&
           isinf(s->clip) && !s->input_forget && !rpr_node_has(n, RPR_REC_LENS) &&
           is_constant(g, n, RPR_REC_P) && s->steps > 0 && s->batch > 0 && s->inputs > 0 &&
           s->inputs <= INT32_MAX / 64 && s->hidden <= INT32_MAX / 64 && s->steps <= INT32_MAX / 64;
}

/** Sizes only; w and bias follow. */
static void size_products(rpr_recurrent_layer *l)
{
    const rpr_recurrent_spec *s = &l->s;
    const int32_t hidden = (int32_t)s->hidden, rows = s->gates * hidden;
    const bool reset = s->cell == RPR_CELL_GRU && !s->linear_before_reset;
    for (int d = 0; d < s->directions; d++) {
        l->product[d][RPR_ON_INPUT] = (rpr_product){.ci = (int32_t)s->inputs, .co = rows};
        l->product[d][RPR_ON_STATE] = (rpr_product){.ci = hidden, .co = reset ? 2 * hidden : rows};
        l->product[d][RPR_ON_RESET] = (rpr_product){.ci = reset ? hidden : 0, .co = hidden};
    }
}

static int64_t floats_of(const rpr_product *p)
{
    return p->ci ? rpr_packed_floats(p->ci, p->co) + rpr_round_lane(p->co) : 0;
}

/** Packs rows [first, first + co) of w [rows][ci]; the bias stays zero. */
static float *fill(rpr_product *p, float *at, const float *w, int64_t first)
{
    float *bias = at + rpr_packed_floats(p->ci, p->co);
    rpr_pack_weights(at, w + first * p->ci, p->co, 1, p->ci, p->ci, 0, 1);
    p->w = at;
    p->bias = bias;
    return bias;
}

/** b: of the input's product, then of the state's. */
static void fill_bias(const rpr_recurrent_spec *s, const float *b, float *in, float *rec)
{
    const int64_t rows = s->gates * s->hidden;
    const bool apart = s->cell == RPR_CELL_GRU && s->linear_before_reset;
    for (int64_t i = 0; i < rows; i++) {
        const bool own = apart && i >= 2 * s->hidden; /* the reset gate is applied to it, too */
        in[i] = own ? b[i] : b[i] + b[rows + i];
        if (own)
            rec[i] = b[rows + i];
    }
}

static void fill_direction(rpr_recurrent_layer *l, const rpr_graph *g, const rpr_node *n, int d,
                           float *at)
{
    const rpr_recurrent_spec *s = &l->s;
    const int64_t rows = s->gates * s->hidden;
    const float *w = g->value[n->in[RPR_REC_W]].data, *r = g->value[n->in[RPR_REC_R]].data;
    const float *b = rpr_node_has(n, RPR_REC_B) ? g->value[n->in[RPR_REC_B]].data : NULL;
    rpr_product *p = l->product[d];
    w += d * rows * s->inputs;
    r += d * rows * s->hidden;
    float *in = fill(&p[RPR_ON_INPUT], at, w, 0);
    at += floats_of(&p[RPR_ON_INPUT]);
    float *rec = fill(&p[RPR_ON_STATE], at, r, 0);
    at += floats_of(&p[RPR_ON_STATE]);
    if (p[RPR_ON_RESET].ci)
        (void)fill(&p[RPR_ON_RESET], at, r, 2 * s->hidden);
    if (b)
        fill_bias(s, b + d * 2 * rows, in, rec);
}

/** Behind the products of all directions. */
static void fill_peepholes(rpr_recurrent_layer *l, const rpr_graph *g, const rpr_node *n, float *at)
{
    const int64_t each = 3 * l->s.hidden;
    const float *p = g->value[n->in[RPR_REC_P]].data;
    memcpy(at, p, (size_t)(each * l->s.directions) * sizeof *at);
    for (int d = 0; d < l->s.directions; d++)
        l->peep[d] = at + d * each;
}

static int64_t words_of(const rpr_product *p)
{
    return p->ci && p->co > RPR_LANE ? rpr_half_packed_words(p->ci, p->co) : 0;
}

/** Where there are enough outputs to gain, and no weight is beyond bf16's range. */
static bool fill_halves(rpr_recurrent_layer *l)
{
    int64_t words = 0;
    for (int i = 0; i < RPR_PRODUCTS; i++)
        words += words_of(&l->product[0][i]) * l->s.directions;
    if (words == 0)
        return true;
    l->halves = rpr_alloc_array((size_t)words, sizeof *l->halves);
    if (!l->halves)
        return false;
    float *at = l->halves;
    for (int d = 0; d < l->s.directions; d++)
        for (int i = 0; i < RPR_PRODUCTS; i++) {
            rpr_product *p = &l->product[d][i];
            if (words_of(p) > 0 && rpr_pack_half(at, p->w, p->ci, p->co))
                p->half = at;
            at += words_of(p);
        }
    l->half_bytes = (size_t)words * sizeof *l->halves;
    return true;
}

int rpr_recurrent_layer_new(const rpr_graph *g, const rpr_node *n, rpr_recurrent_layer **out,
                            rpr_error *err)
{
    rpr_recurrent_spec s;
    *out = NULL;
    RPR_TRY(rpr_recurrent_parse(g, n, &s, err));
    if (!fits(g, n, &s))
        return RPR_OK;
    rpr_recurrent_layer *l = rpr_alloc(sizeof *l);
    if (!l)
        return rpr_node_nomem(err, n);
    l->s = s;
    size_products(l);
    int64_t each = 0, macs = 0;
    for (int i = 0; i < RPR_PRODUCTS; i++) {
        each += floats_of(&l->product[0][i]);
        macs += (int64_t)l->product[0][i].ci * l->product[0][i].co;
    }
    const int64_t peepholes = rpr_node_has(n, RPR_REC_P) ? 3 * s.hidden : 0;
    l->weight_bytes = (size_t)((each + peepholes) * s.directions) * sizeof(float);
    l->weights = rpr_alloc(l->weight_bytes);
    if (!l->weights) {
        rpr_recurrent_layer_free(l);
        return rpr_node_nomem(err, n);
    }
    for (int d = 0; d < s.directions; d++)
        fill_direction(l, g, n, d, l->weights + d * each);
    if (peepholes)
        fill_peepholes(l, g, n, l->weights + s.directions * each);
    if (!fill_halves(l)) {
        rpr_recurrent_layer_free(l);
        return rpr_node_nomem(err, n);
    }
    l->macs = macs * s.directions * s.steps * s.batch;
    l->parameters = (macs + (rpr_node_has(n, RPR_REC_B) ? 2 * s.gates * s.hidden : 0) + peepholes) *
                    s.directions;
    *out = l;
    return RPR_OK;
}
