/* SPDX-License-Identifier: Apache-2.0 */
/* Builds graphs in memory. A mistake in a test's own graph ends the program. */
#ifndef RPR_TESTS_STREAM_BUILD_H
#define RPR_TESTS_STREAM_BUILD_H

#include "plan/model.h"
#include "rng.h"

typedef struct net {
    rpr_graph *g;
    rng r;
    int named;
} net;

#define NET_DIMS(...)                                                                              \
    (int)(sizeof((const int64_t[]){__VA_ARGS__}) / sizeof(int64_t)), (const int64_t[])             \
    {                                                                                              \
        __VA_ARGS__                                                                                \
    }

net net_new(uint64_t seed);

/** Runs the passes and plans; takes the graph over. */
rpr_model *net_finish(rpr_graph *g);

int net_input(net *b, int rank, const int64_t *dim);
void net_output(net *b, int value);

/** A constant of random values in [centre - spread, centre + spread). */
int net_floats(net *b, float centre, float spread, int rank, const int64_t *dim);
/** The same of integers in [lo, hi], of type u8 or i8. */
int net_bytes(net *b, rpr_dtype t, int lo, int hi, int rank, const int64_t *dim);
int net_ints(net *b, int n, const int64_t *v);

/** The shape of a value, inferred now. */
const rpr_shape *net_shape(net *b, int value);

/**
 * A node with one output, which is returned; the inputs follow `n_in`. op: `Relu`, `domain:Op`.
 * Attributes are separated by spaces: `name=1` an int, `name:1,2` ints, `name~0.5` a float,
 * `name@text` a string.
 */
int net_op(net *b, const char *op, const char *attr, int n_in, ...);

/** The same with n_out outputs. */
void net_op_many(net *b, const char *op, const char *attr, const int *in, int n_in, int *out,
                 int n_out);

/** Convolutions with random weights scaled so that activations keep their size, and a bias. */
int net_conv(net *b, int x, int co, int kh, int kw, int group, const char *attr);
int net_conv_transpose(net *b, int x, int co, int kh, int kw, int group, const char *attr);
int net_conv1d(net *b, int x, int co, int k, const char *attr);
int net_gemm(net *b, int x, int columns); /* transB */
int net_relu(net *b, int x);

#endif
