/* SPDX-License-Identifier: Apache-2.0 */
#include "case.h"

#include <stdio.h>

#include "core/alloc.h"
#include "graph/passes.h"
#include "onnx/internal.h"
#include "onnx/onnx_load.h"
#include "ops/ops.h"
#include "ops/walk.h"

/* What ONNX's own test runner allows. */
#define RTOL 1e-3
#define ATOL 1e-7

#define MAX_TENSORS 64

typedef struct tensor {
    rpr_dtype dtype;
    rpr_shape shape;
    void *data;
} tensor;

/* Reads DIR/test_data_set_0/KIND_I.pb. */
static int read_tensor(const char *dir, const char *kind, int i, tensor *t, rpr_error *err)
{
    char path[1024];
    void *bytes = NULL;
    size_t size = 0;
    (void)snprintf(path, sizeof path, "%s/test_data_set_0/%s_%d.pb", dir, kind, i);
    RPR_TRY(rpr_onnx_read_file(path, RPR_ONNX_MAX_BYTES, &bytes, &size, err));
    Onnx__TensorProto *p = onnx__tensor_proto__unpack(NULL, size, bytes);
    rpr_free(bytes);
    if (!p)
        return rpr_fail(err, RPR_ERR_UNSUPPORTED, "%s is not a tensor", path);
    int status = rpr_onnx_tensor(p, path, &(rpr_onnx_source){.dir = NULL}, &t->shape, &t->dtype,
                                 &t->data, err);
    onnx__tensor_proto__free_unpacked(p, NULL);
    return status;
}

/* A view of a value over fresh memory; `odd` gives the axes in reverse order, with gaps. */
static rpr_view fresh_view(const rpr_value *v, bool odd)
{
    rpr_view w = rpr_view_dense(v->dtype, v->shape.rank, v->shape.dim, NULL);
    int64_t stride = odd ? 2 : 1;
    for (int d = 0; odd && d < w.rank; d++) {
        w.stride[d] = stride;
        stride *= w.dim[d] > 0 ? w.dim[d] : 1;
    }
    size_t count = (size_t)rpr_view_count(&w);
    w.data = rpr_alloc((odd ? 2 * count + 2 : count) * rpr_dtype_size(v->dtype));
    return w;
}

/* Which inputs are given as constants: inference may need them. */
typedef enum constants { NO_INPUTS, LATER_INPUTS, ALL_INPUTS } constants;

typedef struct runner {
    const char *dir;
    rpr_graph *g;
    tensor input[MAX_TENSORS];
    int n_input;
    rpr_view *value; /* by value index; data NULL until computed */
    case_result *result;
    rpr_error err;
} runner;

static int load(runner *r, constants which)
{
    char path[1024];
    (void)snprintf(path, sizeof path, "%s/model.onnx", r->dir);
    RPR_TRY(rpr_onnx_load_file(path, &r->g, &r->err));
    r->n_input = (int)r->g->n_input;
    if (r->n_input > MAX_TENSORS)
        return rpr_fail(&r->err, RPR_ERR_UNSUPPORTED, "more than %d inputs", MAX_TENSORS);
    for (int i = 0; i < r->n_input; i++) {
        tensor *t = &r->input[i];
        RPR_TRY(read_tensor(r->dir, "input", i, t, &r->err));
        rpr_value *v = &r->g->value[r->g->input[i]];
        v->shape = t->shape;
        if (which == ALL_INPUTS || (which == LATER_INPUTS && i > 0)) {
            rpr_graph_set_const(r->g, r->g->input[i], t->dtype, &t->shape, t->data);
            t->data = NULL;
        }
    }
    return RPR_OK;
}

static void unload(runner *r)
{
    for (int i = 0; i < r->n_input; i++)
        rpr_free(r->input[i].data);
    for (size_t i = 0; r->value && i < r->g->n_value; i++)
        if (!r->g->value[i].is_const)
            rpr_free(r->value[i].data);
    rpr_free(r->value);
    rpr_graph_free(r->g);
    r->g = NULL;
    r->value = NULL;
    r->n_input = 0;
    memset(r->input, 0, sizeof r->input);
}

/* Notes the operator types; true if all are known. */
static bool note_operators(const rpr_graph *g, case_result *c)
{
    bool all = true;
    c->n_op = 0;
    for (size_t i = 0; i < g->n_node; i++) {
        const rpr_node *n = &g->node[i];
        int k = 0;
        while (k < c->n_op && strcmp(c->op[k], n->op) != 0)
            k++;
        if (k == CASE_MAX_OPS)
            continue;
        (void)snprintf(c->op[k], sizeof c->op[k], "%s", n->op);
        c->known[k] = rpr_ops_find(n->domain, n->op, n->opset) != NULL;
        all = all && c->known[k];
        c->n_op += k == c->n_op;
    }
    return all;
}

/* Notes the element types of the nodes' inputs. Before folding, which drops nodes. */
static void note_types(const rpr_graph *g, case_result *c)
{
    for (size_t i = 0; i < g->n_node; i++)
        for (int k = 0; k < c->n_op; k++)
            for (int j = 0; j < g->node[i].n_in && !strcmp(c->op[k], g->node[i].op); j++)
                if (g->node[i].in[j] != RPR_NONE)
                    c->types[k] |= 1u << g->value[g->node[i].in[j]].dtype;
}

static int evaluate(runner *r, bool odd)
{
    rpr_graph *g = r->g;
    r->value = rpr_alloc_array(g->n_value, sizeof *r->value);
    for (size_t i = 0; i < g->n_value; i++)
        if (g->value[i].is_const)
            r->value[i] = rpr_value_view(&g->value[i], g->value[i].data);
    for (int i = 0; i < r->n_input; i++) {
        const rpr_value *v = &g->value[g->input[i]];
        if (!r->input[i].data) /* given as a constant */
            continue;
        rpr_view dense = rpr_value_view(v, r->input[i].data);
        r->value[g->input[i]] = fresh_view(v, odd);
        rpr_view_copy(&dense, &r->value[g->input[i]]);
    }
    for (size_t i = 0; i < g->n_node; i++) {
        rpr_node *n = &g->node[i];
        rpr_view in[MAX_TENSORS] = {{0}}, out[MAX_TENSORS] = {{0}};
        if (n->n_in > MAX_TENSORS || n->n_out > MAX_TENSORS)
            return rpr_fail(&r->err, RPR_ERR_UNSUPPORTED, "a node has too many inputs");
        for (int k = 0; k < n->n_in; k++)
            if (n->in[k] != RPR_NONE)
                in[k] = r->value[n->in[k]];
        for (int k = 0; k < n->n_out; k++)
            if (n->out[k] != RPR_NONE)
                out[k] = r->value[n->out[k]] = fresh_view(&g->value[n->out[k]], odd);
        RPR_TRY(n->def->eval(n, in, out, &r->err));
    }
    return RPR_OK;
}

/* |got - expected| in units of what is allowed; infinite where they differ in kind. */
static double deviation(double got, double expected)
{
    if (isnan(expected) || isnan(got))
        return isnan(expected) && isnan(got) ? 0 : (double)INFINITY;
    if (isinf(expected) || isinf(got))
        return got >= expected && got <= expected ? 0 : (double)INFINITY;
    return fabs(got - expected) / (ATOL + RTOL * fabs(expected));
}

static int compare(runner *r, int i, const rpr_view *got, const tensor *want)
{
    bool same = got->dtype == want->dtype && got->rank == want->shape.rank;
    for (int d = 0; d < got->rank && same; d++)
        same = got->dim[d] == want->shape.dim[d];
    if (!same)
        return rpr_fail(&r->err, RPR_ERR_INTERNAL, "output %d has another type or shape", i);
    rpr_view w = rpr_view_dense(want->dtype, want->shape.rank, want->shape.dim, want->data);
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(got, &w)); it.more; rpr_iter_next(&it)) {
        double a = rpr_load_f64(got, it.at[0]), b = rpr_load_f64(&w, it.at[1]), off;
        if (rpr_dtype_is_float(got->dtype))
            off = deviation(a, b);
        else
            off = rpr_load_i64(got, it.at[0]) == rpr_load_i64(&w, it.at[1]) ? 0 : (double)INFINITY;
        if (off > r->result->worst)
            r->result->worst = off;
        if (off > 1)
            return rpr_fail(&r->err, RPR_ERR_INTERNAL, "output %d is %.9g where it should be %.9g",
                            i, a, b);
    }
    return RPR_OK;
}

static int compare_all(runner *r)
{
    for (size_t i = 0; i < r->g->n_output; i++) {
        tensor want = {.data = NULL};
        RPR_TRY(read_tensor(r->dir, "output", (int)i, &want, &r->err));
        int status = compare(r, (int)i, &r->value[r->g->output[i]], &want);
        rpr_free(want.data);
        RPR_TRY(status);
    }
    return RPR_OK;
}

/* One load, inference and evaluation. *inferred tells how far it came. */
static int attempt(runner *r, constants which, bool odd, bool *inferred)
{
    *inferred = false;
    RPR_TRY(load(r, which));
    if (!note_operators(r->g, r->result)) {
        r->result->status = CASE_NOT_CLAIMED;
        return rpr_fail(&r->err, RPR_ERR_UNSUPPORTED, "an operator is not known");
    }
    RPR_TRY(rpr_graph_fix_inputs(r->g, NULL, 0, &r->err));
    RPR_TRY(rpr_graph_resolve(r->g, rpr_ops_find, NULL, NULL, &r->err));
    note_types(r->g, r->result);
    RPR_TRY(rpr_graph_fold(r->g, &r->err));
    *inferred = true;
    RPR_TRY(evaluate(r, odd));
    return compare_all(r);
}

void case_run(const char *dir, case_result *result)
{
    runner r = {.dir = dir, .result = result};
    memset(result, 0, sizeof *result);
    result->status = CASE_REFUSED;
    bool done = false;
    int status = RPR_OK;
    for (int which = NO_INPUTS; which <= ALL_INPUTS && !done; which++) {
        /* Twice: the second time no view is dense. */
        for (int odd = 0; odd < 2; odd++) {
            status = attempt(&r, (constants)which, odd != 0, &done);
            if (!r.g)
                result->status = CASE_NOT_CLAIMED; /* not even read */
            unload(&r);
            if (status != RPR_OK)
                break;
        }
        if (result->status == CASE_NOT_CLAIMED)
            break;
    }
    if (status == RPR_OK)
        result->status = CASE_PASSED;
    else if (done || status != RPR_ERR_UNSUPPORTED)
        result->status = CASE_FAILED;
    (void)snprintf(result->reason, sizeof result->reason, "%s",
                   status == RPR_OK ? "" : r.err.message);
}
