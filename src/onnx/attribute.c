/* SPDX-License-Identifier: Apache-2.0 */
/* AttributeProto -> rpr_attr. */
#include <string.h>

#include "core/alloc.h"
#include "onnx/internal.h"

/* No operator has more than some 30; looking one up is linear. */
#define MAX_ATTRIBUTES 256

/** Files of the first IR versions do not say which field counts; then it is the one that is set. */
static Onnx__AttributeProto__AttributeType type_of(const Onnx__AttributeProto *a)
{
    if (a->ref_attr_name && *a->ref_attr_name)
        return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED;
    if (a->has_type && a->type != ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED)
        return a->type;
    if (a->has_f)
        return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT;
    if (a->has_i)
        return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT;
    if (a->has_s)
        return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING;
    if (a->t)
        return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR;
    if (a->g)
        return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH;
    if (a->n_floats)
        return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS;
    if (a->n_ints)
        return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS;
    return ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__UNDEFINED;
}

static void *copy_array(const void *from, size_t n, size_t size)
{
    void *p = rpr_alloc_array(n, size);
    if (p && n)
        memcpy(p, from, n * size);
    return p;
}

static int read_tensor(const Onnx__AttributeProto *from, rpr_attr *to, const rpr_onnx_source *src,
                       rpr_error *err)
{
    rpr_value *v = to->tensor = rpr_alloc(sizeof *v);
    if (!v || !(v->name = rpr_strdup(from->name)))
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    v->producer = RPR_NONE;
    v->is_const = true;
    return rpr_onnx_tensor(from->t, from->name, src, &v->shape, &v->dtype, &v->data, err);
}

/** A NUL in the middle of a string ends it. */
static bool copy_strings(const Onnx__AttributeProto *from, rpr_attr *to)
{
    size_t bytes = 1;
    for (size_t i = 0; i < from->n_strings; i++)
        bytes += from->strings[i].len + 1;
    char *at = to->s = rpr_alloc(bytes);
    if (!at)
        return false;
    to->n = from->n_strings;
    for (size_t i = 0; i < from->n_strings; i++) {
        const ProtobufCBinaryData *s = &from->strings[i];
        if (s->len)
            memcpy(at, s->data, s->len);
        at += strlen(at) + 1;
    }
    return true;
}

static int read_value(const Onnx__AttributeProto *from, rpr_attr *to, const rpr_onnx_source *src,
                      rpr_error *err)
{
    bool room = true;
    switch (type_of(from)) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
        to->kind = RPR_ATTR_FLOAT;
        to->f = from->f;
        break;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
        to->kind = RPR_ATTR_INT;
        to->i = from->i;
        break;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING:
        to->kind = RPR_ATTR_STRING;
        room = (to->s = rpr_alloc(from->s.len + 1)) != NULL;
        if (room && from->s.len)
            memcpy(to->s, from->s.data, from->s.len);
        break;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRINGS:
        to->kind = RPR_ATTR_STRINGS;
        room = copy_strings(from, to);
        break;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS:
        to->kind = RPR_ATTR_FLOATS;
        to->n = from->n_floats;
        room = (to->floats = copy_array(from->floats, to->n, sizeof *to->floats)) != NULL;
        break;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS:
        to->kind = RPR_ATTR_INTS;
        to->n = from->n_ints;
        room = (to->ints = copy_array(from->ints, to->n, sizeof *to->ints)) != NULL;
        break;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__TENSOR:
        if (!from->t)
            return rpr_fail(err, RPR_ERR_FORMAT, "no tensor in it");
        to->kind = RPR_ATTR_TENSOR;
        return read_tensor(from, to, src, err);
    default:
        to->kind = RPR_ATTR_OTHER;
    }
    return room ? RPR_OK : rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
}

/** A tensor of strings and the like matters only to an operator that is refused by name later. */
static int read_attribute(const Onnx__AttributeProto *from, rpr_node *to,
                          const rpr_onnx_source *src, rpr_error *err)
{
    rpr_error why = {{0}};
    rpr_attr a = {.kind = RPR_ATTR_OTHER};
    int status = read_value(from, &a, src, &why);
    if (status == RPR_ERR_UNSUPPORTED) {
        rpr_attr_clear(&a);
        status = RPR_OK;
    }
    if (status == RPR_OK)
        return rpr_node_set_attr(to, from->name, a);
    rpr_attr_clear(&a);
    return rpr_fail(err, status, "node '%s' (%s): attribute '%s': %s", to->name, to->op, from->name,
                    why.message);
}

const Onnx__GraphProto *rpr_onnx_branch(const Onnx__AttributeProto *a)
{
    bool graph = type_of(a) == ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__GRAPH;
    return graph && a->g && a->g->n_input == 0 && a->g->n_output > 0 ? a->g : NULL;
}

int rpr_onnx_attributes(const Onnx__NodeProto *from, rpr_node *to, const rpr_onnx_source *src,
                        rpr_error *err)
{
    if (from->n_attribute > MAX_ATTRIBUTES)
        return rpr_fail(err, RPR_ERR_FORMAT, "node '%s' (%s) has %zu attributes", to->name, to->op,
                        from->n_attribute);
    for (size_t i = 0; i < from->n_attribute; i++) {
        const char *name = from->attribute[i]->name;
        if (!name || !*name)
            return rpr_fail(err, RPR_ERR_FORMAT, "node '%s' (%s) has an attribute without a name",
                            to->name, to->op);
        if (rpr_node_attr(to, name))
            return rpr_fail(err, RPR_ERR_FORMAT, "node '%s' (%s): attribute '%s' is given twice",
                            to->name, to->op, name);
        RPR_TRY(read_attribute(from->attribute[i], to, src, err));
    }
    return RPR_OK;
}
