/* SPDX-License-Identifier: Apache-2.0 */
/* Constant nodes become constant values: they need no evaluator then. */
#include <string.h>

#include "core/alloc.h"
#include "onnx/internal.h"

static int set_copy(rpr_graph *g, int v, rpr_dtype dtype, int rank, const void *from, size_t n,
                    rpr_error *err)
{
    size_t size = rpr_dtype_size(dtype);
    rpr_shape shape = {.rank = rank, .dim = {(int64_t)n}};
    void *data = rpr_alloc_array(n, size);
    if (!data)
        return rpr_fail(err, RPR_ERR_NOMEM, "constant '%s': out of memory", g->value[v].name);
    if (n)
        memcpy(data, from, n * size);
    rpr_graph_set_const(g, v, dtype, &shape, data);
    return RPR_OK;
}

static int set_tensor(rpr_graph *g, int v, const Onnx__TensorProto *t, const rpr_onnx_source *src,
                      rpr_error *err)
{
    rpr_shape shape;
    rpr_dtype dtype;
    void *data;
    RPR_TRY(rpr_onnx_tensor(t, g->value[v].name, src, &shape, &dtype, &data, err));
    rpr_graph_set_const(g, v, dtype, &shape, data);
    return RPR_OK;
}

int rpr_onnx_constant(const Onnx__NodeProto *from, const char *name, rpr_graph *g, int v,
                      const rpr_onnx_source *src, rpr_error *err)
{
    if (from->n_input != 0 || from->n_attribute != 1)
        return rpr_fail(err, RPR_ERR_FORMAT,
                        "node '%s' (Constant) has %zu inputs and %zu attributes, not 0 and 1", name,
                        from->n_input, from->n_attribute);
    const Onnx__AttributeProto *a = from->attribute[0];
    const char *kind = rpr_onnx_text(a->name);
    if (strcmp(kind, "value") == 0 && a->t)
        return set_tensor(g, v, a->t, src, err);
    if (strcmp(kind, "value_float") == 0 && a->has_f)
        return set_copy(g, v, RPR_F32, 0, &a->f, 1, err);
    if (strcmp(kind, "value_int") == 0 && a->has_i)
        return set_copy(g, v, RPR_I64, 0, &a->i, 1, err);
    if (strcmp(kind, "value_floats") == 0)
        return set_copy(g, v, RPR_F32, 1, a->floats, a->n_floats, err);
    if (strcmp(kind, "value_ints") == 0)
        return set_copy(g, v, RPR_I64, 1, a->ints, a->n_ints, err);
    if (strcmp(kind, "sparse_value") == 0 || strcmp(kind, "value_string") == 0 ||
        strcmp(kind, "value_strings") == 0)
        return rpr_fail(err, RPR_ERR_UNSUPPORTED, "node '%s' (Constant): %s is not supported", name,
                        kind);
    return rpr_fail(err, RPR_ERR_FORMAT, "node '%s' (Constant): attribute '%s' holds no value",
                    name, kind);
}
