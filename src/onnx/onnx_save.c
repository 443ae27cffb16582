/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx/onnx_save.h"

#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "onnx/internal.h"
#include "reprise/version.h"

/** The version of the file format that came with an opset, but none older than opset 15's. */
static int64_t ir_version(int opset)
{
    return opset <= 18 ? 8 : opset <= 20 ? 9 : 10;
}

/** Everything that the messages point to and that the graph does not own. */
typedef struct writer {
    const rpr_graph *g;
    void **block;
    size_t n_block, cap_block;
    rpr_error *err;
} writer;

/** Zeroed memory that lives as long as the writer; NULL when memory ran out. */
static void *take(writer *w, size_t n, size_t size)
{
    if (w->n_block == w->cap_block) {
        size_t cap = 2 * w->cap_block + 64;
        void **wide = rpr_alloc_array(cap, sizeof *wide);
        if (!wide)
            return NULL;
        if (w->n_block)
            memcpy(wide, w->block, w->n_block * sizeof *wide);
        rpr_free(w->block);
        w->block = wide;
        w->cap_block = cap;
    }
    void *p = rpr_alloc_array(n, size);
    if (p)
        w->block[w->n_block++] = p;
    return p;
}

static int no_memory(const writer *w)
{
    return rpr_fail(w->err, RPR_ERR_NOMEM, "out of memory while the model is written");
}

/** protobuf-c's structures have no const; packing only reads them. */
static char *text(const char *s)
{
    return (char *)(uintptr_t)s;
}

static int set_tensor(writer *w, Onnx__TensorProto *t, const rpr_value *v, const char *name)
{
    const int64_t count = rpr_shape_count(&v->shape);
    onnx__tensor_proto__init(t);
    if (count < 0 || !v->is_const)
        return rpr_fail(w->err, RPR_ERR_INTERNAL, "tensor '%s' has no data", name);
    t->name = text(name);
    t->has_data_type = 1;
    t->data_type = (int32_t)v->dtype;
    t->n_dims = (size_t)v->shape.rank;
    t->dims = (int64_t *)(uintptr_t)v->shape.dim;
    t->has_raw_data = 1;
    t->raw_data.len = (size_t)count * rpr_dtype_size(v->dtype);
    t->raw_data.data = v->data;
    return RPR_OK;
}

/* -------------------------------------------------------------- attributes */

static int set_attribute(writer *w, Onnx__AttributeProto *p, const rpr_node *n, const rpr_attr *a)
{
    onnx__attribute_proto__init(p);
    p->name = a->name;
    p->has_type = 1;
    switch (a->kind) {
    case RPR_ATTR_INT:
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
        p->has_i = 1;
        p->i = a->i;
        return RPR_OK;
    case RPR_ATTR_FLOAT:
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
        p->has_f = 1;
        p->f = a->f;
        return RPR_OK;
    case RPR_ATTR_STRING:
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
        p->has_s = 1;
        p->s.len = strlen(a->s);
        p->s.data = (uint8_t *)a->s;
        return RPR_OK;
    case RPR_ATTR_INTS:
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
        p->n_ints = a->n;
        p->ints = a->ints;
        return RPR_OK;
    case RPR_ATTR_FLOATS:
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
        p->n_floats = a->n;
        p->floats = a->floats;
        return RPR_OK;
    case RPR_ATTR_TENSOR:
        p->type = ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
        p->t = take(w, 1, sizeof *p->t);
        return p->t ? set_tensor(w, p->t, a->tensor, "") : no_memory(w);
    case RPR_ATTR_STRINGS:
    case RPR_ATTR_GRAPH:
    case RPR_ATTR_OTHER:
        break;
    }
    return rpr_fail(w->err, RPR_ERR_UNSUPPORTED, "node '%s' (%s): attribute '%s' cannot be written",
                    n->name, n->op, a->name);
}

static int set_attributes(writer *w, Onnx__NodeProto *p, const rpr_node *n)
{
    Onnx__AttributeProto *a = take(w, n->n_attr, sizeof *a);
    p->attribute = take(w, n->n_attr, sizeof(Onnx__AttributeProto *));
    if (!a || !p->attribute)
        return no_memory(w);
    p->n_attribute = n->n_attr;
    for (size_t i = 0; i < n->n_attr; i++) {
        p->attribute[i] = &a[i];
        RPR_TRY(set_attribute(w, &a[i], n, &n->attr[i]));
    }
    return RPR_OK;
}

/* ------------------------------------------------------------------- nodes */

static char **names_of(writer *w, const int *value, int n)
{
    char **name = take(w, (size_t)n, sizeof *name);
    for (int i = 0; name && i < n; i++)
        name[i] = value[i] == RPR_NONE ? text("") : w->g->value[value[i]].name;
    return name;
}

static int set_node(writer *w, Onnx__NodeProto *p, const rpr_node *n)
{
    onnx__node_proto__init(p);
    if (*n->domain || !rpr_act_is_none(&n->act))
        return rpr_fail(w->err, RPR_ERR_UNSUPPORTED, "node '%s' (%s%s%s) cannot be written",
                        n->name, n->domain, *n->domain ? ":" : "", n->op);
    p->name = n->name;
    p->op_type = n->op;
    p->input = names_of(w, n->in, n->n_in);
    p->output = names_of(w, n->out, n->n_out);
    if (!p->input || !p->output)
        return no_memory(w);
    p->n_input = (size_t)n->n_in;
    p->n_output = (size_t)n->n_out;
    return set_attributes(w, p, n);
}

static int add_nodes(writer *w, Onnx__GraphProto *p)
{
    const size_t n = w->g->n_node;
    Onnx__NodeProto *node = take(w, n, sizeof *node);
    p->node = take(w, n, sizeof(Onnx__NodeProto *));
    if (!node || !p->node)
        return no_memory(w);
    for (size_t i = 0; i < n; i++) {
        if (w->g->node[i].dead)
            continue;
        p->node[p->n_node++] = &node[i];
        RPR_TRY(set_node(w, &node[i], &w->g->node[i]));
    }
    return RPR_OK;
}

/* ------------------------------------------------------------------ values */

static int mark_read(writer *w, bool **read)
{
    *read = take(w, w->g->n_value, sizeof **read);
    if (!*read)
        return no_memory(w);
    for (size_t i = 0; i < w->g->n_node; i++)
        for (int k = 0; !w->g->node[i].dead && k < w->g->node[i].n_in; k++)
            if (w->g->node[i].in[k] != RPR_NONE)
                (*read)[w->g->node[i].in[k]] = true;
    for (size_t i = 0; i < w->g->n_output; i++)
        (*read)[w->g->output[i]] = true;
    return RPR_OK;
}

static int add_constants(writer *w, Onnx__GraphProto *p)
{
    const rpr_graph *g = w->g;
    bool *read;
    RPR_TRY(mark_read(w, &read));
    Onnx__TensorProto *t = take(w, g->n_value, sizeof *t);
    p->initializer = take(w, g->n_value, sizeof(Onnx__TensorProto *));
    if (!t || !p->initializer)
        return no_memory(w);
    for (size_t i = 0; i < g->n_value; i++) {
        if (!g->value[i].is_const || !read[i])
            continue;
        p->initializer[p->n_initializer++] = &t[i];
        RPR_TRY(set_tensor(w, &t[i], &g->value[i], g->value[i].name));
    }
    return RPR_OK;
}

/** An input or output with its type and shape. */
static Onnx__ValueInfoProto *describe(writer *w, const rpr_value *v)
{
    const size_t rank = v->shape.rank > 0 ? (size_t)v->shape.rank : 0;
    struct described {
        Onnx__ValueInfoProto info;
        Onnx__TypeProto type;
        Onnx__TypeProto__Tensor tensor;
        Onnx__TensorShapeProto shape;
        Onnx__TensorShapeProto__Dimension dim[RPR_MAX_RANK], *at[RPR_MAX_RANK];
    } *d = take(w, 1, sizeof *d);
    if (!d)
        return NULL;
    onnx__value_info_proto__init(&d->info);
    onnx__type_proto__init(&d->type);
    onnx__type_proto__tensor__init(&d->tensor);
    onnx__tensor_shape_proto__init(&d->shape);
    for (size_t i = 0; i < rank; i++) {
        onnx__tensor_shape_proto__dimension__init(&d->dim[i]);
        d->dim[i].value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        d->dim[i].dim_value = v->shape.dim[i];
        d->at[i] = &d->dim[i];
    }
    d->shape.n_dim = rank;
    d->shape.dim = d->at;
    d->tensor.has_elem_type = 1;
    d->tensor.elem_type = (int32_t)v->dtype;
    d->tensor.shape = &d->shape;
    d->type.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    d->type.tensor_type = &d->tensor;
    d->info.name = v->name;
    d->info.type = &d->type;
    return &d->info;
}

static int add_ends(writer *w, const int *value, size_t n, Onnx__ValueInfoProto ***list)
{
    *list = take(w, n, sizeof **list);
    if (!*list)
        return no_memory(w);
    for (size_t i = 0; i < n; i++)
        if (!((*list)[i] = describe(w, &w->g->value[value[i]])))
            return no_memory(w);
    return RPR_OK;
}

/* ------------------------------------------------------------------- model */

static int pack(const writer *w, const Onnx__ModelProto *m, void **bytes, size_t *size)
{
    *size = onnx__model_proto__get_packed_size(m);
    if (*size > RPR_ONNX_MAX_BYTES)
        return rpr_fail(w->err, RPR_ERR_UNSUPPORTED,
                        "the model has %zu bytes, more than protobuf allows", *size);
    *bytes = rpr_alloc(*size);
    if (!*bytes)
        return no_memory(w);
    (void)onnx__model_proto__pack(m, *bytes);
    return RPR_OK;
}

static int build(writer *w, int opset, void **bytes, size_t *size)
{
    const rpr_graph *g = w->g;
    char version[32];
    Onnx__ModelProto m;
    Onnx__GraphProto p;
    Onnx__OperatorSetIdProto set, *sets = &set;
    onnx__model_proto__init(&m);
    onnx__graph_proto__init(&p);
    onnx__operator_set_id_proto__init(&set);
    p.name = text("reprise");
    p.n_input = g->n_input;
    p.n_output = g->n_output;
    RPR_TRY(add_nodes(w, &p));
    RPR_TRY(add_constants(w, &p));
    RPR_TRY(add_ends(w, g->input, g->n_input, &p.input));
    RPR_TRY(add_ends(w, g->output, g->n_output, &p.output));
    (void)snprintf(version, sizeof version, "%d.%d.%d", RPR_VERSION_MAJOR, RPR_VERSION_MINOR,
                   RPR_VERSION_PATCH);
    set.domain = text("");
    set.has_version = 1;
    set.version = opset;
    m.has_ir_version = 1;
    m.ir_version = ir_version(opset);
    m.producer_name = text("reprise");
    m.producer_version = version;
    m.n_opset_import = 1;
    m.opset_import = &sets;
    m.graph = &p;
    return pack(w, &m, bytes, size);
}

int rpr_onnx_save_memory(const rpr_graph *g, int opset, void **bytes, size_t *size, rpr_error *err)
{
    writer w = {.g = g, .err = err};
    *bytes = NULL;
    *size = 0;
    int status = build(&w, opset, bytes, size);
    for (size_t i = 0; i < w.n_block; i++)
        rpr_free(w.block[i]);
    rpr_free(w.block);
    return status;
}
