/* SPDX-License-Identifier: Apache-2.0 */
/* Walking over strided views: the index iterator, and views of views. */
#ifndef RPR_OPS_WALK_H
#define RPR_OPS_WALK_H

#include "ops/element.h"

#define RPR_ITER_MAX 4

/**
 * Visits every index of a shape in row-major order; at[k] is the offset of that element in view k.
 *     for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(out, a, b)); it.more; rpr_iter_next(&it))
 * The first view gives the shape; the others have at least its rank and extents.
 */
typedef struct rpr_iter {
    bool more;
    int rank, n;
    int64_t dim[RPR_MAX_RANK], index[RPR_MAX_RANK];
    int64_t stride[RPR_ITER_MAX][RPR_MAX_RANK];
    int64_t at[RPR_ITER_MAX];
} rpr_iter;

#define RPR_VIEWS(...)                                                                             \
    (const rpr_view *const[]){__VA_ARGS__},                                                        \
        (int)(sizeof((const rpr_view *const[]){__VA_ARGS__}) / sizeof(const rpr_view *))

rpr_iter rpr_iter_begin(const rpr_view *const *views, int n);

/** Visits only the axes with pick[axis] == which; the others stay at index 0. */
rpr_iter rpr_iter_axes(const bool *pick, bool which, const rpr_view *const *views, int n);

static inline void rpr_iter_next(rpr_iter *it)
{
    for (int d = it->rank - 1; d >= 0; d--) {
        if (++it->index[d] < it->dim[d]) {
            for (int k = 0; k < it->n; k++)
                it->at[k] += it->stride[k][d];
            return;
        }
        it->index[d] = 0;
        for (int k = 0; k < it->n; k++)
            it->at[k] -= it->stride[k][d] * (it->dim[d] - 1);
    }
    it->more = false;
}

/** Elements of a view. The shape was checked when it was inferred. */
int64_t rpr_view_count(const rpr_view *v);

/** The view without its first `offset` elements of memory. */
rpr_view rpr_view_move(rpr_view v, int64_t offset);

/** The part [start, start + count) of one axis. */
rpr_view rpr_view_part(rpr_view v, int axis, int64_t start, int64_t count);

/** With a new axis of extent 1 in front of `axis`. */
rpr_view rpr_view_insert(rpr_view v, int axis);

/** Repeated to a larger shape by numpy's rules: axes of extent 1 get stride 0. */
rpr_view rpr_view_broadcast(const rpr_view *v, int rank, const int64_t *dim);

/** Row-major view of the given shape over dense data. */
rpr_view rpr_view_dense(rpr_dtype t, int rank, const int64_t *dim, void *data);

/** Copies src to dst: same shape, same element type. */
void rpr_view_copy(const rpr_view *src, const rpr_view *dst);

/** The same for views of different shapes with as many elements, both in row-major order. */
void rpr_view_reshape_copy(const rpr_view *src, const rpr_view *dst);

/** All elements as a dense row-major array (rpr_alloc); NULL when memory ran out. */
double *rpr_dense_f64(const rpr_view *v);
int64_t *rpr_dense_i64(const rpr_view *v);

/** Stores a dense row-major array. */
void rpr_put_f64(const rpr_view *v, const double *x);
void rpr_put_i64(const rpr_view *v, const int64_t *x);

#endif
