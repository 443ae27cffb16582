/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moving elements and dequantising them commute: move(scale * (q - zero)) = scale * (move(q) -
 * zero), exactly. So does the largest of some elements, the scale being above zero. Movers between
 * DequantizeLinear and a QuantizeLinear further on therefore run on 8 bits.
 */
#include <string.h>

#include "core/alloc.h"
#include "graph/qdq.h"

static bool is_nearest(const rpr_node *n)
{
    return strcmp(rpr_node_string(n, "mode", "nearest"), "nearest") == 0 &&
           strcmp(rpr_node_string(n, "coordinate_transformation_mode", "half_pixel"),
                  "tf_crop_and_resize") != 0;
}

int rpr_qdq_moves(const rpr_qdq *q, const rpr_node *n)
{
    static const char *const movers[] = {
        "DepthToSpace", "Expand", "Flatten", "Gather", "Identity", "Reshape",   "Slice",
        "SpaceToDepth", "Split",  "Squeeze", "Tile",   "Pad",      "Transpose", "Unsqueeze"};
    (void)q;
    for (size_t i = 0; i < sizeof movers / sizeof *movers; i++)
        if (rpr_fuse_is(n, movers[i]))
            return 1;
    if (rpr_fuse_is(n, "Concat"))
        return n->n_in;
    if (rpr_fuse_is(n, "Resize") || rpr_fuse_is(n, "Upsample"))
        return is_nearest(n);
    return rpr_fuse_is(n, "MaxPool") && rpr_fuse_one_output(n);
}

/** For every f32 value: whether what is computed from it is quantised again. */
static bool *find_stored(const rpr_qdq *q)
{
    const rpr_graph *g = q->f.g;
    bool *stored = rpr_alloc_array(g->n_value, sizeof *stored);
    for (size_t i = g->n_node; stored && i-- > 0;) {
        const rpr_node *n = &g->node[i];
        bool wanted = rpr_fuse_is(n, "QuantizeLinear");
        for (int k = 0; k < n->n_out; k++)
            wanted |= n->out[k] != RPR_NONE && stored[n->out[k]];
        for (int k = 0; wanted && k < n->n_in; k++)
            if (n->in[k] != RPR_NONE && g->value[n->in[k]].dtype == RPR_F32)
                stored[n->in[k]] = true;
    }
    return stored;
}

/** The u8 tensor that data input i was dequantised from, which may be a constant. */
static int source(const rpr_qdq *q, int value, rpr_quant_params *p)
{
    const rpr_node *n = rpr_fuse_producer(&q->f, value);
    bool fits = n && rpr_fuse_is(n, "DequantizeLinear") && rpr_qdq_params(q, n, p);
    return fits ? n->in[0] : RPR_NONE;
}

/** All data inputs were dequantised alike, and not all are constants. */
static bool read_sources(const rpr_qdq *q, const rpr_node *n, int count, rpr_quant_params *p)
{
    bool any = false;
    for (int i = 0; i < count; i++) {
        rpr_quant_params other;
        int x = rpr_fuse_has(n, i) ? source(q, n->in[i], i ? &other : p) : RPR_NONE;
        if (x == RPR_NONE || (i && !rpr_qdq_equal(p, &other)))
            return false;
        any |= !q->f.g->value[x].is_const;
    }
    return any;
}

/** What a Pad of constants puts in; false if no 8-bit number stands for exactly that. */
static bool read_padding(const rpr_qdq *q, const rpr_node *n, const rpr_quant_params *p,
                         uint8_t *whole)
{
    float x = rpr_node_float(n, "value", 0.0f);
    if (rpr_fuse_has(n, 2) && !rpr_fuse_scalar(&q->f, n->in[2], &x))
        return false;
    *whole = rpr_qdq_store(p, x);
    float back = (float)((int64_t)*whole - p->zero_value) * p->scale_value;
    return !(back < x || back > x) && back == back;
}

static int set_padding(rpr_qdq *q, rpr_node *n, uint8_t whole)
{
    if (n->opset < 11)
        return rpr_node_set_float(n, "value", (float)whole) == RPR_OK ? RPR_OK
                                                                      : rpr_fuse_nomem(&q->f);
    uint8_t *data = rpr_alloc(1);
    if (data)
        *data = whole;
    int v = rpr_qdq_new_const(q, n->name, "value", RPR_U8, 0, 0, data);
    return v == RPR_NONE ? rpr_fuse_nomem(&q->f) : rpr_fuse_set_input(&q->f, n, 2, v);
}

static bool is_constant_pad(const rpr_node *n)
{
    return rpr_fuse_is(n, "Pad") && strcmp(rpr_node_string(n, "mode", "constant"), "constant") == 0;
}

/** Output k gives u8, and a new DequantizeLinear what it gave before. */
static int dequantise_behind(rpr_qdq *q, int node, int k, const rpr_node *kind,
                             const rpr_quant_params *p)
{
    rpr_graph *g = q->f.g;
    int real = g->node[node].out[k];
    int whole = rpr_qdq_new_value(q, real, "moved", RPR_U8);
    if (whole == RPR_NONE)
        return rpr_fuse_nomem(&q->f);
    g->node[node].out[k] = whole;
    g->value[whole].producer = node;
    const int in[] = {whole, p->scale, p->zero};
    return rpr_qdq_add_node(q, node, g->value[real].name, kind, in, p->zero == RPR_NONE ? 2 : 3,
                            real);
}

static int move(rpr_qdq *q, int node, int count, const rpr_quant_params *p)
{
    rpr_node *n = &q->f.g->node[node];
    uint8_t whole;
    if (is_constant_pad(n)) {
        if (!read_padding(q, n, p, &whole))
            return RPR_OK;
        RPR_TRY(set_padding(q, n, whole));
    }
    if (rpr_fuse_is(n, "MaxPool") && n->opset < 12) /* the same but for 8-bit types */
        RPR_TRY(rpr_qdq_retype(q, n, "", "MaxPool", 12));
    rpr_node kind = *rpr_fuse_producer(&q->f, n->in[0]);
    for (int i = 0; i < count; i++) {
        rpr_quant_params same;
        RPR_TRY(rpr_fuse_set_input(&q->f, n, i, source(q, n->in[i], &same)));
    }
    for (int k = 0; k < q->f.g->node[node].n_out; k++)
        if (q->f.g->node[node].out[k] != RPR_NONE)
            RPR_TRY(dequantise_behind(q, node, k, &kind, p));
    return RPR_OK;
}

int rpr_qdq_move(rpr_qdq *q)
{
    size_t count = q->n_old;
    bool *stored = find_stored(q);
    int status = stored ? RPR_OK : rpr_fuse_nomem(&q->f);
    for (size_t i = 0; i < count && status == RPR_OK; i++) {
        const rpr_node *n = &q->f.g->node[i];
        int moved = n->dead ? 0 : rpr_qdq_moves(q, n);
        bool wanted = false;
        rpr_quant_params p;
        for (int k = 0; k < n->n_out && moved; k++)
            wanted |= n->out[k] != RPR_NONE && stored[n->out[k]];
        if (wanted && read_sources(q, n, moved, &p))
            status = move(q, (int)i, moved, &p);
    }
    rpr_free(stored);
    return status;
}
