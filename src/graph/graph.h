/* SPDX-License-Identifier: Apache-2.0 */
/* The intermediate representation: values (tensors) and nodes in SSA form, as ONNX has them. */
#ifndef RPR_GRAPH_GRAPH_H
#define RPR_GRAPH_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/status.h"
#include "graph/view.h"
#include "kernels/act.h"

/** Index of "no value": an optional input or output that is absent. */
#define RPR_NONE (-1)

typedef struct rpr_shape {
    int rank;                  /* -1: unknown */
    int64_t dim[RPR_MAX_RANK]; /* -1: unknown */
} rpr_shape;

/** One value. Constants own dense row-major data. */
typedef struct rpr_value {
    char *name;
    rpr_dtype dtype; /* RPR_UNDEFINED until inferred */
    rpr_shape shape;
    void *data;     /* owned (rpr_alloc); NULL unless constant */
    bool is_const;  /* true also for constants with zero elements */
    int producer;   /* node index, RPR_NONE for inputs and constants */
    char *declared; /* of a graph input with open dimensions: its shape as the file has it */
} rpr_value;

typedef enum rpr_attr_kind {
    RPR_ATTR_INT,
    RPR_ATTR_FLOAT,
    RPR_ATTR_STRING,
    RPR_ATTR_INTS,
    RPR_ATTR_FLOATS,
    RPR_ATTR_STRINGS,
    RPR_ATTR_TENSOR, /* value holds dtype, shape, data */
    RPR_ATTR_GRAPH,  /* a sub-graph without inputs of its own */
    RPR_ATTR_OTHER   /* sparse tensors, bodies of loops: kept by name only */
} rpr_attr_kind;

typedef struct rpr_attr {
    char *name;
    rpr_attr_kind kind;
    int64_t i;
    float f;
    char *s; /* NUL-terminated copy; STRINGS: one behind the other, each with its NUL */
    int64_t *ints;
    float *floats;
    size_t n; /* elements of ints, floats or strings */
    rpr_value *tensor;
    struct rpr_graph *graph; /* what it reads from outside are its inputs; input k is ... */
    int first;               /* ... input first + k of the node that has the attribute */
} rpr_attr;

struct rpr_opdef;

typedef struct rpr_node {
    char *name;   /* the node's, or its first output's if it has none; never empty */
    char *op;     /* ONNX operator type */
    char *domain; /* "" for the default domain */
    int opset;    /* version in force for this node's domain */
    int n_in, n_out;
    int *in, *out; /* value indices, RPR_NONE where absent */
    size_t n_attr;
    rpr_attr *attr;
    rpr_act act;                 /* fused by a pass; applied to output 0 */
    bool dead;                   /* removed by a pass; swept by rpr_graph_sweep */
    const struct rpr_opdef *def; /* set by rpr_graph_resolve */
} rpr_node;

typedef struct rpr_graph {
    rpr_value *value;
    size_t n_value, cap_value;
    rpr_node *node; /* topologically sorted */
    size_t n_node, cap_node;
    int *input; /* graph inputs that are not initialisers */
    size_t n_input;
    int *output;
    size_t n_output;
    /* Set by rpr_graph_resolve, for passes that change a node's operator; NULL before. */
    const struct rpr_opdef *(*find)(const char *domain, const char *op, int opset);
} rpr_graph;

rpr_graph *rpr_graph_new(void);
void rpr_graph_free(rpr_graph *g);

/** Free what one of them owns, and empty it. */
void rpr_value_clear(rpr_value *v);
void rpr_node_clear(rpr_node *n);
void rpr_attr_clear(rpr_attr *a);

/** Appends a value or node; returns its index or RPR_NONE when memory ran out. Strings are copied.
 */
int rpr_graph_add_value(rpr_graph *g, const char *name, rpr_dtype dtype, const rpr_shape *shape);
int rpr_graph_add_node(rpr_graph *g, const char *name, const char *op, const char *domain,
                       int opset, const int *in, int n_in, const int *out, int n_out);

/** Makes a value a constant that owns `data` (rpr_alloc). */
void rpr_graph_set_const(rpr_graph *g, int value, rpr_dtype dtype, const rpr_shape *shape,
                         void *data);

/** Elements of a shape; -1 if unknown, negative or more than INT64_MAX / 16. */
int64_t rpr_shape_count(const rpr_shape *s);

bool rpr_shape_equal(const rpr_shape *a, const rpr_shape *b);

/** Dense row-major view of a value's shape over `data` (for a constant: its data). */
rpr_view rpr_value_view(const rpr_value *v, void *data);

const rpr_attr *rpr_node_attr(const rpr_node *n, const char *name); /* NULL if absent */
int64_t rpr_node_int(const rpr_node *n, const char *name, int64_t otherwise);
float rpr_node_float(const rpr_node *n, const char *name, float otherwise);
const char *rpr_node_string(const rpr_node *n, const char *name, const char *otherwise);
/** The ints of an attribute; NULL and *count = 0 if absent. */
const int64_t *rpr_node_ints(const rpr_node *n, const char *name, size_t *count);

/** Sets an attribute, replacing one of that name. What it points to is copied. */
int rpr_node_set_int(rpr_node *n, const char *name, int64_t i);
int rpr_node_set_float(rpr_node *n, const char *name, float f);
int rpr_node_set_string(rpr_node *n, const char *name, const char *s);
int rpr_node_set_ints(rpr_node *n, const char *name, const int64_t *v, size_t count);
/** The same for any kind: takes over what `a` owns, on failure too; a.name is ignored. */
int rpr_node_set_attr(rpr_node *n, const char *name, rpr_attr a);

/** How many node inputs and graph outputs read a value. */
int rpr_graph_uses(const rpr_graph *g, int value);

/**
 * Drops dead nodes, nodes whose outputs nobody reads and the data of constants that nobody reads;
 * keeps the order of the nodes and the indices of the values.
 */
void rpr_graph_sweep(rpr_graph *g);

/** Sorts nodes topologically; a cycle or a value without a source is RPR_ERR_FORMAT, named. */
int rpr_graph_sort(rpr_graph *g, rpr_error *err);

#endif
