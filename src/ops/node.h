/* SPDX-License-Identifier: Apache-2.0 */
/* What shape inference asks of a node: inputs, parameters, outputs, each check naming the node. */
#ifndef RPR_OPS_NODE_H
#define RPR_OPS_NODE_H

#include "graph/opdef.h"
#include "ops/walk.h"

/** Sets of element types, for rpr_need. */
#define RPR_TYPE(t) (1u << (t))
#define RPR_TYPES_FLOAT (RPR_TYPE(RPR_F32) | RPR_TYPE(RPR_F16) | RPR_TYPE(RPR_F64))
#define RPR_TYPES_SIGNED                                                                           \
    (RPR_TYPE(RPR_I8) | RPR_TYPE(RPR_I16) | RPR_TYPE(RPR_I32) | RPR_TYPE(RPR_I64))
#define RPR_TYPES_UNSIGNED                                                                         \
    (RPR_TYPE(RPR_U8) | RPR_TYPE(RPR_U16) | RPR_TYPE(RPR_U32) | RPR_TYPE(RPR_U64))
#define RPR_TYPES_INT (RPR_TYPES_SIGNED | RPR_TYPES_UNSIGNED)
#define RPR_TYPES_NUMBER (RPR_TYPES_FLOAT | RPR_TYPES_INT)
#define RPR_TYPES_ALL (RPR_TYPES_NUMBER | RPR_TYPE(RPR_BOOL))
#define RPR_TYPES_INDEX (RPR_TYPE(RPR_I32) | RPR_TYPE(RPR_I64))

/** rpr_fail with "node 'name' (Op): " in front. */
int rpr_node_fail(rpr_error *err, int status, const rpr_node *n, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
int rpr_node_nomem(rpr_error *err, const rpr_node *n);

/** True if input i is connected. */
bool rpr_node_has(const rpr_node *n, int i);

/** Required input i with its type checked against a set; dims are known and not negative. */
int rpr_need(const rpr_graph *g, const rpr_node *n, int i, unsigned types, const rpr_value **v,
             rpr_error *err);

/** Sets type and shape of output i, if it is connected. Checks rank, dims and the byte count. */
int rpr_set_output(rpr_graph *g, const rpr_node *n, int i, rpr_dtype t, int rank,
                   const int64_t *dim, rpr_error *err);

/** Output 0 gets the type and shape of input 0, whose type is in the set. */
int rpr_infer_like(rpr_graph *g, const rpr_node *n, unsigned types, rpr_error *err);

/** *acc becomes the broadcast of *acc and s by numpy's rules. */
int rpr_broadcast_with(const rpr_node *n, rpr_shape *acc, const rpr_shape *s, rpr_error *err);

/** Inputs [first, first + count) broadcast to *out and have one type, which is in the set. */
int rpr_infer_broadcast(const rpr_graph *g, const rpr_node *n, int first, int count, unsigned types,
                        rpr_dtype *t, rpr_shape *out, rpr_error *err);

/** Axis in [-rank, rank) to [0, rank). */
int rpr_node_axis(const rpr_node *n, int64_t axis, int rank, int *out, rpr_error *err);

/**
 * The first RPR_PARAMS inputs as views; data is NULL unless the input is a constant. Parsers take
 * these from inference and the real views from evaluation, so that both read the same code.
 */
#define RPR_PARAMS 5
void rpr_param_views(const rpr_graph *g, const rpr_node *n, rpr_view *in);

/** A short list of integers from an input or an attribute. */
#define RPR_LIST_MAX (2 * RPR_MAX_RANK)
typedef struct rpr_list {
    bool given;
    int n;
    int64_t v[RPR_LIST_MAX];
} rpr_list;

/** From input i if it is connected (i may be RPR_NONE), else from the attribute (may be NULL). */
int rpr_node_list(const rpr_node *n, const rpr_view *in, int i, const char *attr, rpr_list *l,
                  rpr_error *err);

/** The same list as axes of a tensor: in range and without repetition, as flags. */
int rpr_list_axes(const rpr_node *n, const rpr_list *l, int rank, bool *axis, rpr_error *err);

#endif
