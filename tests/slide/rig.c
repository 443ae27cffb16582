/* SPDX-License-Identifier: Apache-2.0 */
#include "rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../activate.h"
#include "graph/table.h"
#include "ops/ops.h"

static void ok(int status, const rpr_error *err)
{
    if (status != RPR_OK)
        fail_msg("%s", err->message);
}

/* -------------------------------------------------------------- preparing */

static bool is_delay(const rpr_node *n)
{
    return strcmp(n->op, "Delay") == 0 && strcmp(n->domain, RPR_OWN_DOMAIN) == 0;
}

static int infer_delay(rpr_graph *g, rpr_node *n, rpr_error *err)
{
    (void)err;
    rpr_value *y = &g->value[n->out[0]];
    const rpr_value *x = &g->value[n->in[0]];
    y->dtype = x->dtype;
    y->shape = x->shape;
    y->shape.dim[rpr_node_int(n, "axis", -1)] = rpr_node_int(n, "length", -1);
    return RPR_OK;
}

static int eval_delay(const rpr_node *n, const rpr_view *in, const rpr_view *out, rpr_error *err)
{
    (void)n, (void)in, (void)out, (void)err;
    return RPR_ERR_INTERNAL;
}

/** The library's own operators; Delay is evaluated here in any case. */
static const rpr_opdef *find(const char *domain, const char *op, int opset)
{
    static const rpr_opdef delay = {RPR_OWN_DOMAIN, "Delay",   1, 1, 1, 2, 1,
                                    infer_delay,    eval_delay};
    if (strcmp(op, "Delay") == 0 && strcmp(domain, RPR_OWN_DOMAIN) == 0)
        return &delay;
    return rpr_ops_find_own(domain, op, opset);
}

void rig_prepare(rpr_graph *g)
{
    rpr_error err = {{0}};
    ok(rpr_graph_sort(g, &err), &err);
    ok(rpr_graph_resolve(g, rpr_ops_find, NULL, NULL, &err), &err);
    ok(rpr_graph_fix_inputs(g, NULL, 0, &err), &err);
    ok(rpr_graph_fold_quantised(g, &err), &err);
    ok(rpr_graph_qdq(g, rpr_ops_find_own, &err), &err);
    ok(rpr_graph_fuse(g, &err), &err);
    ok(rpr_graph_resolve(g, rpr_ops_find_own, NULL, NULL, &err), &err);
    ok(rpr_graph_fold(g, &err), &err);
}

/** Every node reads what comes before it, and every value says who makes it. */
static void check_order(const rpr_graph *g)
{
    for (size_t i = 0; i < g->n_node; i++) {
        const rpr_node *n = &g->node[i];
        for (int k = 0; k < n->n_in; k++)
            if (n->in[k] != RPR_NONE && g->value[n->in[k]].producer >= (int)i)
                fail_msg("node '%s' runs before what it reads", n->name);
        for (int k = 0; k < n->n_out; k++)
            if (n->out[k] != RPR_NONE && g->value[n->out[k]].producer != (int)i)
                fail_msg("'%s' has another producer", g->value[n->out[k]].name);
    }
}

static void check_delay(const rpr_graph *g, const rpr_node *n)
{
    const int64_t axis = rpr_node_int(n, "axis", -1), length = rpr_node_int(n, "length", -1);
    int64_t computed = 0;
    for (int i = 0; i < n->n_in; i++)
        computed += g->value[n->in[i]].shape.dim[axis];
    assert_true(rpr_node_int(n, "period", 0) >= 1);
    assert_true(rpr_node_int(n, "shift", 0) >= 1);
    assert_true(g->value[n->in[0]].shape.dim[axis] >= rpr_node_int(n, "shift", 0));
    assert_true(computed <= length);
}

rpr_slide *rig_slide(rpr_graph *g, const rpr_window *w)
{
    rpr_error err = {{0}};
    rpr_slide *s = NULL;
    ok(rpr_graph_slide(g, w, &s, &err), &err);
    assert_non_null(s);
    check_order(g);
    ok(rpr_graph_resolve(g, find, NULL, NULL, &err), &err);
    rpr_graph_sweep(g);
    rpr_shape *given = calloc(g->n_value + 1, sizeof *given);
    assert_non_null(given);
    for (size_t i = 0; i < g->n_value; i++)
        given[i] = g->value[i].shape;
    ok(rpr_graph_fold(g, &err), &err);
    for (size_t i = 0; i < g->n_node; i++) {
        const rpr_node *n = &g->node[i];
        for (int k = 0; k < n->n_out; k++)
            if (n->out[k] != RPR_NONE &&
                !rpr_shape_equal(&given[n->out[k]], &g->value[n->out[k]].shape))
                fail_msg("node '%s' (%s): '%s' has another shape than the pass gave it", n->name,
                         n->op, g->value[n->out[k]].name);
        if (is_delay(n))
            check_delay(g, n);
    }
    free(given);
    return s;
}

/* ---------------------------------------------------------------- running */

/** Copies columns of dense data: n of them, from one place along the axis to another. */
static void move(const rpr_shape *from, const void *src, int64_t at, const rpr_shape *to, void *dst,
                 int64_t place, int axis, int64_t n, size_t size)
{
    int64_t outer = 1, inner = (int64_t)size;
    for (int d = 0; d < axis; d++)
        outer *= from->dim[d];
    for (int d = axis + 1; d < from->rank; d++)
        inner *= from->dim[d];
    for (int64_t o = 0; o < outer; o++)
        memcpy((char *)dst + (o * to->dim[axis] + place) * inner,
               (const char *)src + (o * from->dim[axis] + at) * inner, (size_t)(n * inner));
}

/* The last columns are the tail's, the first the head's, the others old ones. */
static void run_delay(rig *r, size_t index)
{
    const rpr_node *n = &r->g->node[index];
    const rpr_value *y = &r->g->value[n->out[0]];
    rig_delay *d = &r->delay[index];
    const size_t size = rpr_dtype_size(y->dtype);
    const int axis = (int)rpr_node_int(n, "axis", -1);
    const int64_t bytes = rpr_shape_count(&y->shape) * (int64_t)size;
    const int64_t period = rpr_node_int(n, "period", 0), shift = rpr_node_int(n, "shift", 0);
    const int64_t length = y->shape.dim[axis];
    if (!d->past) {
        d->past = calloc((size_t)(period * bytes) + 1, 1);
        d->size = bytes;
    }
    char *past = (char *)d->past + d->next * bytes, *out = r->data[n->out[0]];
    move(&y->shape, past, shift, &y->shape, out, 0, axis, length - shift, size);
    const rpr_shape *tail = &r->g->value[n->in[0]].shape;
    move(tail, r->data[n->in[0]], 0, &y->shape, out, length - tail->dim[axis], axis,
         tail->dim[axis], size);
    if (n->n_in > 1) {
        const rpr_shape *head = &r->g->value[n->in[1]].shape;
        move(head, r->data[n->in[1]], 0, &y->shape, out, 0, axis, head->dim[axis], size);
    }
    memcpy(past, out, (size_t)bytes);
    d->next = (d->next + 1) % period;
}

static void run_node(rig *r, size_t index)
{
    const rpr_node *n = &r->g->node[index];
    rpr_view in[16] = {{.data = NULL}}, out[8] = {{.data = NULL}};
    rpr_error err = {{0}};
    if (is_delay(n)) {
        run_delay(r, index);
        return;
    }
    assert_true(n->n_in <= 16 && n->n_out <= 8);
    for (int i = 0; i < n->n_in; i++)
        if (n->in[i] != RPR_NONE)
            in[i] = rpr_value_view(&r->g->value[n->in[i]], r->data[n->in[i]]);
    for (int i = 0; i < n->n_out; i++)
        if (n->out[i] != RPR_NONE)
            out[i] = rpr_value_view(&r->g->value[n->out[i]], r->data[n->out[i]]);
    ok(n->def->eval(n, in, out, &err), &err);
    if (rpr_act_is_none(&n->act))
        return;
    float *y = out[0].data;
    for (int64_t i = 0; i < rpr_shape_count(&r->g->value[n->out[0]].shape); i++)
        y[i] = n->act.post_mul * test_activate(&n->act, y[i]) + n->act.post_add;
}

rig rig_new(const rpr_graph *g)
{
    rig r = {.g = g,
             .data = calloc(g->n_value + 1, sizeof *r.data),
             .delay = calloc(g->n_node + 1, sizeof *r.delay)};
    assert_true(r.data && r.delay);
    for (size_t i = 0; i < g->n_value; i++) {
        const rpr_value *v = &g->value[i];
        const int64_t n = rpr_shape_count(&v->shape);
        r.data[i] = v->is_const || n < 0 ? v->data : calloc((size_t)n + 1, 8);
    }
    return r;
}

void rig_free(rig *r)
{
    for (size_t i = 0; i < r->g->n_value; i++)
        if (!r->g->value[i].is_const)
            free(r->data[i]);
    for (size_t i = 0; i < r->g->n_node; i++)
        free(r->delay[i].past);
    free(r->data);
    free(r->delay);
}

void rig_run(rig *r, const float *x)
{
    const int input = r->g->input[0];
    memcpy(r->data[input], x, (size_t)rpr_shape_count(&r->g->value[input].shape) * sizeof *x);
    for (size_t i = 0; i < r->g->n_node; i++)
        run_node(r, i);
}

const float *rig_output(const rig *r, size_t i, int64_t *count)
{
    const rpr_value *v = &r->g->value[r->g->output[i]];
    assert_int_equal(v->dtype, RPR_F32);
    *count = rpr_shape_count(&v->shape);
    return r->data[r->g->output[i]];
}

/* -------------------------------------------------------------- comparing */

void rig_columns(const rpr_shape *stream, int axis, const float *data, int64_t from, int64_t n,
                 float *out)
{
    rpr_shape to = *stream;
    to.dim[axis] = n;
    move(stream, data, from, &to, out, 0, axis, n, sizeof *data);
}

static void compare_output(const rig *whole, const rig *slid, size_t i, int call, const char *what,
                           rig_checked *sum)
{
    int64_t n, m;
    const float *want = rig_output(whole, i, &n), *got = rig_output(slid, i, &m);
    double scale = 1;
    if (!rpr_shape_equal(&whole->g->value[whole->g->output[i]].shape,
                         &slid->g->value[slid->g->output[i]].shape) ||
        n != m)
        fail_msg("%s: output %zu has another shape", what, i);
    for (int64_t k = 0; k < n; k++) /* not fmax: gcc 12 for AArch64 fails in vectorising it */
        if (fabs((double)want[k]) > scale)
            scale = fabs((double)want[k]);
    for (int64_t k = 0; k < n; k++) {
        const double off = fabs((double)want[k] - (double)got[k]) / scale;
        if (!(off <= 1e-4))
            fail_msg("%s: call %d, output %zu[%lld]: %g, not %g", what, call, i, (long long)k,
                     (double)got[k], (double)want[k]);
        if (off > sum->worst)
            sum->worst = off;
    }
    sum->compared += n;
}

static float *random_stream(const rpr_shape *shape, uint64_t seed)
{
    rng r = {seed};
    const int64_t n = rpr_shape_count(shape);
    float *x = malloc((size_t)n * sizeof *x + 1);
    assert_non_null(x);
    for (int64_t i = 0; i < n; i++)
        x[i] = 2 * rng_signed(&r);
    return x;
}

rig_checked rig_compare(const rpr_graph *whole, const rpr_graph *slid, const rpr_window *w,
                        int extra, uint64_t seed, const char *what)
{
    rpr_shape stream = whole->value[whole->input[0]].shape;
    const int axis = w->axis < 0 ? w->axis + stream.rank : w->axis;
    const int64_t length = stream.dim[axis], fill = (length + w->hop - 1) / w->hop;
    const int64_t window = rpr_shape_count(&stream);
    rig a = rig_new(whole), b = rig_new(slid);
    rig_checked sum = {0, 0};
    stream.dim[axis] = (fill + extra) * w->hop;
    float *data = random_stream(&stream, seed), *x = malloc((size_t)window * sizeof *x + 1);
    assert_non_null(x);
    for (int call = 1; call <= fill + extra; call++) {
        rig_columns(&stream, axis, data, (call - 1) * w->hop, w->hop, x);
        rig_run(&b, x);
        if (call < fill)
            continue;
        rig_columns(&stream, axis, data, call * w->hop - length, length, x);
        rig_run(&a, x);
        for (size_t i = 0; i < whole->n_output; i++)
            compare_output(&a, &b, i, call, what, &sum);
    }
    free(x);
    free(data);
    rig_free(&a);
    rig_free(&b);
    return sum;
}
