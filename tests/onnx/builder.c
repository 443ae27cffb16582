/* SPDX-License-Identifier: Apache-2.0 */
#include "builder.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "onnx/onnx_load.h"

static void *take(model *m, size_t size)
{
    void *p = calloc(1, size ? size : 1);
    void **wide = realloc(m->block, (m->n_block + 1) * sizeof *wide);
    assert(p && wide);
    m->block = wide;
    m->block[m->n_block++] = p;
    return p;
}

static void *copy(model *m, const void *from, size_t size)
{
    void *p = take(m, size);
    return size ? memcpy(p, from, size) : p;
}

static char *text(model *m, const char *s)
{
    return copy(m, s, strlen(s) + 1);
}

/** Appends a pointer to a repeated field. */
#define APPEND(m, list, count, item)                                                               \
    do {                                                                                           \
        void **wide_ = take((m), ((count) + 1) * sizeof(void *));                                  \
        if (count)                                                                                 \
            memcpy(wide_, (list), (count) * sizeof(void *));                                       \
        wide_[(count)++] = (item);                                                                 \
        (list) = (void *)wide_;                                                                    \
    } while (0)

model *model_new(void)
{
    model *m = calloc(1, sizeof *m);
    assert(m);
    onnx__model_proto__init(&m->proto);
    onnx__graph_proto__init(&m->graph);
    m->proto.graph = &m->graph;
    m->proto.has_ir_version = 1;
    m->proto.ir_version = 8;
    model_opset(m, "", 13);
    return m;
}

void model_free(model *m)
{
    for (size_t i = 0; i < m->n_block; i++)
        free(m->block[i]);
    free(m->block);
    free(m);
}

void model_opset(model *m, const char *domain, int64_t version)
{
    Onnx__OperatorSetIdProto *p = take(m, sizeof *p);
    onnx__operator_set_id_proto__init(p);
    p->domain = text(m, domain);
    p->has_version = 1;
    p->version = version;
    APPEND(m, m->proto.opset_import, m->proto.n_opset_import, p);
}

static Onnx__TensorShapeProto *shape_of(model *m, int rank, const int64_t *dims)
{
    Onnx__TensorShapeProto *s = take(m, sizeof *s);
    onnx__tensor_shape_proto__init(s);
    for (int i = 0; i < rank; i++) {
        Onnx__TensorShapeProto__Dimension *d = take(m, sizeof *d);
        onnx__tensor_shape_proto__dimension__init(d);
        if (dims[i] == -1) {
            d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
            d->dim_param = text(m, "N");
        } else {
            d->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
            d->dim_value = dims[i];
        }
        APPEND(m, s->dim, s->n_dim, d);
    }
    return s;
}

Onnx__ValueInfoProto *model_input(model *m, const char *name, int dtype, int rank,
                                  const int64_t *dims)
{
    Onnx__ValueInfoProto *v = take(m, sizeof *v);
    onnx__value_info_proto__init(v);
    v->name = text(m, name);
    v->type = take(m, sizeof *v->type);
    onnx__type_proto__init(v->type);
    v->type->value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    Onnx__TypeProto__Tensor *t = v->type->tensor_type = take(m, sizeof *t);
    onnx__type_proto__tensor__init(t);
    t->has_elem_type = 1;
    t->elem_type = dtype;
    if (rank >= 0)
        t->shape = shape_of(m, rank, dims);
    APPEND(m, m->graph.input, m->graph.n_input, v);
    return v;
}

void model_output(model *m, const char *name)
{
    Onnx__ValueInfoProto *v = take(m, sizeof *v);
    onnx__value_info_proto__init(v);
    v->name = text(m, name);
    APPEND(m, m->graph.output, m->graph.n_output, v);
}

static void split(model *m, const char *names, char ***list, size_t *count)
{
    while (names) {
        size_t n = strcspn(names, ",");
        char *name = take(m, n + 1);
        memcpy(name, names, n);
        APPEND(m, *list, *count, name);
        names = names[n] ? names + n + 1 : NULL;
    }
}

Onnx__NodeProto *model_node(model *m, const char *op, const char *name, const char *inputs,
                            const char *outputs)
{
    Onnx__NodeProto *n = take(m, sizeof *n);
    onnx__node_proto__init(n);
    n->op_type = text(m, op);
    n->name = text(m, name);
    if (inputs)
        split(m, inputs, &n->input, &n->n_input);
    if (outputs)
        split(m, outputs, &n->output, &n->n_output);
    APPEND(m, m->graph.node, m->graph.n_node, n);
    return n;
}

Onnx__AttributeProto *node_attr(model *m, Onnx__NodeProto *n, const char *name, int type)
{
    Onnx__AttributeProto *a = take(m, sizeof *a);
    onnx__attribute_proto__init(a);
    a->name = text(m, name);
    a->has_type = 1;
    a->type = (Onnx__AttributeProto__AttributeType)type;
    APPEND(m, n->attribute, n->n_attribute, a);
    return a;
}

void node_int(model *m, Onnx__NodeProto *n, const char *name, int64_t v)
{
    Onnx__AttributeProto *a = node_attr(m, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT);
    a->has_i = 1;
    a->i = v;
}

void node_float(model *m, Onnx__NodeProto *n, const char *name, float v)
{
    Onnx__AttributeProto *a = node_attr(m, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT);
    a->has_f = 1;
    a->f = v;
}

void node_string(model *m, Onnx__NodeProto *n, const char *name, const char *v)
{
    Onnx__AttributeProto *a = node_attr(m, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING);
    a->has_s = 1;
    a->s.len = strlen(v);
    a->s.data = copy(m, v, a->s.len);
}

void node_ints(model *m, Onnx__NodeProto *n, const char *name, size_t count, const int64_t *v)
{
    Onnx__AttributeProto *a = node_attr(m, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS);
    a->n_ints = count;
    a->ints = copy(m, v, count * sizeof *v);
}

void node_floats(model *m, Onnx__NodeProto *n, const char *name, size_t count, const float *v)
{
    Onnx__AttributeProto *a = node_attr(m, n, name, ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS);
    a->n_floats = count;
    a->floats = copy(m, v, count * sizeof *v);
}

Onnx__TensorProto *model_tensor(model *m, const char *name, int dtype, int rank,
                                const int64_t *dims)
{
    Onnx__TensorProto *t = take(m, sizeof *t);
    onnx__tensor_proto__init(t);
    t->name = text(m, name);
    t->has_data_type = 1;
    t->data_type = dtype;
    t->n_dims = (size_t)rank;
    t->dims = copy(m, dims, (size_t)rank * sizeof *dims);
    return t;
}

Onnx__TensorProto *model_init(model *m, const char *name, int dtype, int rank, const int64_t *dims)
{
    Onnx__TensorProto *t = model_tensor(m, name, dtype, rank, dims);
    APPEND(m, m->graph.initializer, m->graph.n_initializer, t);
    return t;
}

void tensor_raw(model *m, Onnx__TensorProto *t, const void *data, size_t size)
{
    t->has_raw_data = 1;
    t->raw_data.len = size;
    t->raw_data.data = copy(m, data, size);
}

void tensor_external(model *m, Onnx__TensorProto *t, const char *key, const char *value)
{
    Onnx__StringStringEntryProto *e = take(m, sizeof *e);
    onnx__string_string_entry_proto__init(e);
    e->key = text(m, key);
    e->value = text(m, value);
    t->has_data_location = 1;
    t->data_location = ONNX__TENSOR_PROTO__DATA_LOCATION__EXTERNAL;
    APPEND(m, t->external_data, t->n_external_data, e);
}

void model_floats(model *m, const char *name, int rank, const int64_t *dims, const float *v)
{
    size_t count = 1;
    for (int i = 0; i < rank; i++)
        count *= (size_t)dims[i];
    tensor_raw(m, model_init(m, name, RPR_F32, rank, dims), v, count * sizeof *v);
}

void model_scalar(model *m, const char *name, float v)
{
    model_floats(m, name, 0, NULL, &v);
}

void model_ints(model *m, const char *name, size_t count, const int64_t *v)
{
    tensor_raw(m, model_init(m, name, RPR_I64, 1, DIMS((int64_t)count)), v, count * sizeof *v);
}

uint8_t *model_pack(model *m, size_t *size)
{
    uint8_t *bytes = take(m, onnx__model_proto__get_packed_size(&m->proto));
    *size = onnx__model_proto__pack(&m->proto, bytes);
    return bytes;
}

int model_load(model *m, rpr_graph **g, rpr_error *err)
{
    size_t size;
    const uint8_t *bytes = model_pack(m, &size);
    return rpr_onnx_load_memory(bytes, size, "test.onnx", g, err);
}

int find_value(const rpr_graph *g, const char *name)
{
    for (size_t i = 0; i < g->n_value; i++)
        if (strcmp(g->value[i].name, name) == 0)
            return (int)i;
    return RPR_NONE;
}

const rpr_node *find_node(const rpr_graph *g, const char *name)
{
    for (size_t i = 0; i < g->n_node; i++)
        if (strcmp(g->node[i].name, name) == 0)
            return &g->node[i];
    return NULL;
}
