/* SPDX-License-Identifier: Apache-2.0 */
/* Attributes of nodes: looked up by name with a default, replaced by passes. */
#include <string.h>

#include "core/alloc.h"
#include "graph/graph.h"

void rpr_attr_clear(rpr_attr *a)
{
    rpr_free(a->name);
    rpr_free(a->s);
    rpr_free(a->ints);
    rpr_free(a->floats);
    if (a->tensor)
        rpr_value_clear(a->tensor);
    rpr_free(a->tensor);
    rpr_graph_free(a->graph);
    *a = (rpr_attr){.kind = RPR_ATTR_OTHER};
}

const rpr_attr *rpr_node_attr(const rpr_node *n, const char *name)
{
    for (size_t i = 0; i < n->n_attr; i++)
        if (strcmp(n->attr[i].name, name) == 0)
            return &n->attr[i];
    return NULL;
}

static const rpr_attr *attr_of_kind(const rpr_node *n, const char *name, rpr_attr_kind kind)
{
    const rpr_attr *a = rpr_node_attr(n, name);
    return a && a->kind == kind ? a : NULL;
}

int64_t rpr_node_int(const rpr_node *n, const char *name, int64_t otherwise)
{
    const rpr_attr *a = attr_of_kind(n, name, RPR_ATTR_INT);
    return a ? a->i : otherwise;
}

float rpr_node_float(const rpr_node *n, const char *name, float otherwise)
{
    const rpr_attr *a = attr_of_kind(n, name, RPR_ATTR_FLOAT);
    return a ? a->f : otherwise;
}

const char *rpr_node_string(const rpr_node *n, const char *name, const char *otherwise)
{
    const rpr_attr *a = attr_of_kind(n, name, RPR_ATTR_STRING);
    return a ? a->s : otherwise;
}

const int64_t *rpr_node_ints(const rpr_node *n, const char *name, size_t *count)
{
    const rpr_attr *a = attr_of_kind(n, name, RPR_ATTR_INTS);
    *count = a ? a->n : 0;
    return a ? a->ints : NULL;
}

int rpr_node_set_attr(rpr_node *n, const char *name, rpr_attr a)
{
    a.name = rpr_strdup(name);
    rpr_attr *old = (rpr_attr *)rpr_node_attr(n, name);
    rpr_attr *wide = old ? NULL : rpr_alloc_array(n->n_attr + 1, sizeof *wide);
    if (!a.name || (!old && !wide)) {
        rpr_attr_clear(&a);
        rpr_free(wide);
        return RPR_ERR_NOMEM;
    }
    if (old) {
        rpr_attr_clear(old);
        *old = a;
        return RPR_OK;
    }
    if (n->n_attr)
        memcpy(wide, n->attr, n->n_attr * sizeof *wide);
    wide[n->n_attr++] = a;
    rpr_free(n->attr);
    n->attr = wide;
    return RPR_OK;
}

int rpr_node_set_int(rpr_node *n, const char *name, int64_t i)
{
    return rpr_node_set_attr(n, name, (rpr_attr){.kind = RPR_ATTR_INT, .i = i});
}

int rpr_node_set_float(rpr_node *n, const char *name, float f)
{
    return rpr_node_set_attr(n, name, (rpr_attr){.kind = RPR_ATTR_FLOAT, .f = f});
}

int rpr_node_set_string(rpr_node *n, const char *name, const char *s)
{
    char *copy = rpr_strdup(s);
    if (!copy)
        return RPR_ERR_NOMEM;
    return rpr_node_set_attr(n, name, (rpr_attr){.kind = RPR_ATTR_STRING, .s = copy});
}

int rpr_node_set_ints(rpr_node *n, const char *name, const int64_t *v, size_t count)
{
    int64_t *copy = rpr_alloc_array(count, sizeof *copy);
    if (!copy)
        return RPR_ERR_NOMEM;
    if (count)
        memcpy(copy, v, count * sizeof *copy);
    return rpr_node_set_attr(n, name, (rpr_attr){.kind = RPR_ATTR_INTS, .ints = copy, .n = count});
}
