/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Channels that only meet weights of zero: a MatMul whose weights have rows of zeros, as the one of
 * a mel filter bank has for frequencies above and below its bands, behind convolutions that compute
 * these channels. They are cut from the convolutions, from all that lies between, and from the
 * weights. Nothing else changes but the order of sums, as long as no unread value overflows.
 */
#include <string.h>

#include "core/alloc.h"
#include "graph/fuse.h"

enum { MAX_DEPTH = 16 };

typedef struct rpr_kept {
    int64_t n;    /* channels there are, */
    int64_t left; /* and those that are read */
    bool *keep;
} rpr_kept;

/** What a node does with its inputs, channel by channel. */
static bool is_pointwise(const rpr_node *n)
{
    static const char *const op[] = {"Add",  "Sub",  "Mul",       "Abs",    "Neg",
                                     "Relu", "Tanh", "LeakyRelu", "Sigmoid"};
    for (size_t i = 0; i < sizeof op / sizeof *op; i++)
        if (rpr_fuse_is(n, op[i]))
            return true;
    return false;
}

/** The axis of the input that becomes `axis` of the output, or RPR_NONE. */
static int axis_before(const rpr_fuse *f, const rpr_node *n, int axis)
{
    const rpr_shape *in = rpr_fuse_shape(f, n->in[0]), *out = rpr_fuse_shape(f, n->out[0]);
    if (rpr_fuse_is(n, "Transpose")) {
        size_t count;
        const int64_t *perm = rpr_node_ints(n, "perm", &count);
        return perm ? (int)perm[axis] : in->rank - 1 - axis;
    }
    if (!rpr_fuse_is(n, "Unsqueeze") && !rpr_fuse_is(n, "Squeeze"))
        return RPR_NONE;
    int other = 0, at = 0; /* axes that are not 1 keep their order */
    for (int i = 0; i < axis; i++)
        other += out->dim[i] != 1;
    while (at < in->rank && (in->dim[at] == 1 || other-- > 0))
        at++;
    return at < in->rank ? at : RPR_NONE;
}

static bool is_plain_conv(const rpr_fuse *f, const rpr_node *n, int axis)
{
    int64_t count;
    return rpr_fuse_is(n, "Conv") && axis == 1 && rpr_node_int(n, "group", 1) == 1 &&
           rpr_fuse_has(n, 0) && rpr_fuse_has(n, 1) && rpr_fuse_floats(f, n->in[1], &count) &&
           (!rpr_fuse_has(n, 2) || rpr_fuse_floats(f, n->in[2], &count));
}

/** The inputs of a pointwise node that have channels: not a number. False if one is otherwise. */
static bool operands(const rpr_fuse *f, const rpr_node *n, int *in, int *count)
{
    float number;
    *count = 0;
    if (n->n_in < 1 || n->n_in > 2)
        return false;
    for (int i = 0; i < n->n_in; i++) {
        if (n->in[i] == RPR_NONE)
            return false;
        if (rpr_fuse_scalar(f, n->in[i], &number))
            continue;
        if (!rpr_shape_equal(rpr_fuse_shape(f, n->in[i]), rpr_fuse_shape(f, n->out[0])))
            return false;
        if (*count == 0 || in[0] != n->in[i]) /* x * x is one */
            in[(*count)++] = n->in[i];
    }
    return *count > 0;
}

static int reads(const rpr_node *n, int value)
{
    int count = 0;
    for (int i = 0; i < n->n_in; i++)
        count += n->in[i] == value;
    return count;
}

/** True if channels along `axis` of a value that only `reader` reads can be left out. */
static bool can_cut(const rpr_fuse *f, const rpr_node *reader, int value, int axis, int depth)
{
    const rpr_node *n = rpr_fuse_producer(f, value);
    int in[2], count;
    if (!n || depth == 0 || f->is_output[value] || f->uses[value] != reads(reader, value) ||
        !rpr_fuse_one_output(n) || f->g->value[value].dtype != RPR_F32)
        return false;
    if (is_plain_conv(f, n, axis))
        return true;
    if (!is_pointwise(n)) {
        const int before = rpr_fuse_has(n, 0) ? axis_before(f, n, axis) : RPR_NONE;
        return before != RPR_NONE && can_cut(f, n, n->in[0], before, depth - 1);
    }
    bool can = operands(f, n, in, &count);
    for (int i = 0; can && i < count; i++)
        can = can_cut(f, n, in[i], axis, depth - 1);
    return can;
}

/** Input i of a node, a constant, without the rows of its first axis that nobody reads. */
static int cut_rows(rpr_fuse *f, rpr_node *n, int i, const char *what, const rpr_kept *k)
{
    rpr_shape shape = *rpr_fuse_shape(f, n->in[i]);
    const float *from = f->g->value[n->in[i]].data;
    const int64_t row = rpr_shape_count(&shape) / k->n;
    shape.dim[0] = k->left;
    float *to = rpr_fuse_new_const(f, n, i, what, &shape);
    if (!to)
        return rpr_fuse_nomem(f);
    for (int64_t c = 0; c < k->n; c++)
        if (k->keep[c]) {
            memcpy(to, from + c * row, (size_t)row * sizeof *to);
            to += row;
        }
    return RPR_OK;
}

static int cut(rpr_fuse *f, int value, int axis, const rpr_kept *k)
{
    rpr_node *n = rpr_fuse_producer(f, value);
    if (is_plain_conv(f, n, axis)) {
        RPR_TRY(cut_rows(f, n, 1, "weights", k));
        if (rpr_fuse_has(n, 2))
            RPR_TRY(cut_rows(f, n, 2, "bias", k));
    } else if (is_pointwise(n)) {
        int in[2], count;
        (void)operands(f, n, in, &count);
        for (int i = 0; i < count; i++)
            RPR_TRY(cut(f, in[i], axis, k));
    } else
        RPR_TRY(cut(f, n->in[0], axis_before(f, n, axis), k));
    f->g->value[value].shape.dim[axis] = k->left;
    return RPR_OK;
}

/** Finds the rows that are not all zero. */
static void look(const float *w, int64_t columns, rpr_kept *k)
{
    k->left = 0;
    for (int64_t r = 0; r < k->n; r++) {
        k->keep[r] = false;
        for (int64_t c = 0; c < columns && !k->keep[r]; c++)
            k->keep[r] = !(w[r * columns + c] <= 0.0f && w[r * columns + c] >= 0.0f);
        k->left += k->keep[r];
    }
}

static int cut_before(rpr_fuse *f, rpr_node *n)
{
    int64_t count;
    const float *w =
        rpr_fuse_is(n, "MatMul") && n->n_in == 2 ? rpr_fuse_floats(f, n->in[1], &count) : NULL;
    if (!w || rpr_fuse_shape(f, n->in[1])->rank != 2)
        return RPR_OK;
    const int axis = rpr_fuse_shape(f, n->in[0])->rank - 1;
    rpr_kept k = {.n = rpr_fuse_shape(f, n->in[1])->dim[0]};
    if (axis < 1 || k.n < 2 || !can_cut(f, n, n->in[0], axis, MAX_DEPTH))
        return RPR_OK;
    k.keep = rpr_alloc_array((size_t)k.n, sizeof *k.keep);
    if (!k.keep)
        return rpr_fuse_nomem(f);
    look(w, count / k.n, &k);
    int status = RPR_OK;
    if (k.left > 0 && k.left < k.n) {
        status = cut(f, n->in[0], axis, &k);
        if (status == RPR_OK)
            status = cut_rows(f, n, 1, "weights", &k);
    }
    rpr_free(k.keep);
    return status;
}

int rpr_fuse_unread(rpr_fuse *f)
{
    for (size_t i = 0; i < f->g->n_node; i++)
        RPR_TRY(cut_before(f, &f->g->node[i]));
    return RPR_OK;
}
