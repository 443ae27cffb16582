/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/walk.h"

#include "core/alloc.h"

rpr_iter rpr_iter_begin(const rpr_view *const *views, int n)
{
    rpr_iter it = {.more = true, .rank = views[0]->rank, .n = n};
    for (int d = 0; d < it.rank; d++) {
        it.dim[d] = views[0]->dim[d];
        if (it.dim[d] <= 0)
            it.more = false;
        for (int k = 0; k < n; k++)
            it.stride[k][d] = views[k]->stride[d];
    }
    return it;
}

rpr_iter rpr_iter_axes(const bool *pick, bool which, const rpr_view *const *views, int n)
{
    rpr_iter it = rpr_iter_begin(views, n);
    it.more = true;
    for (int d = 0; d < it.rank; d++) {
        if (pick[d] != which)
            it.dim[d] = 1;
        else if (it.dim[d] <= 0)
            it.more = false;
    }
    return it;
}

int64_t rpr_view_count(const rpr_view *v)
{
    int64_t n = 1;
    for (int d = 0; d < v->rank; d++)
        n *= v->dim[d];
    return n;
}

rpr_view rpr_view_move(rpr_view v, int64_t offset)
{
    v.data = (char *)v.data + offset * (int64_t)rpr_dtype_size(v.dtype);
    return v;
}

rpr_view rpr_view_part(rpr_view v, int axis, int64_t start, int64_t count)
{
    v.dim[axis] = count;
    return count > 0 ? rpr_view_move(v, start * v.stride[axis]) : v;
}

rpr_view rpr_view_insert(rpr_view v, int axis)
{
    for (int d = v.rank; d > axis; d--) {
        v.dim[d] = v.dim[d - 1];
        v.stride[d] = v.stride[d - 1];
    }
    v.dim[axis] = 1;
    v.stride[axis] = 0;
    v.rank++;
    return v;
}

rpr_view rpr_view_broadcast(const rpr_view *v, int rank, const int64_t *dim)
{
    rpr_view r = {.dtype = v->dtype, .rank = rank, .data = v->data};
    for (int d = 0; d < rank; d++) {
        int s = d - (rank - v->rank);
        r.dim[d] = dim[d];
        r.stride[d] = s >= 0 && v->dim[s] != 1 ? v->stride[s] : 0;
    }
    return r;
}

rpr_view rpr_view_dense(rpr_dtype t, int rank, const int64_t *dim, void *data)
{
    rpr_view v = {.dtype = t, .rank = rank, .data = data};
    int64_t stride = 1;
    for (int d = rank - 1; d >= 0; d--) {
        v.dim[d] = dim[d];
        v.stride[d] = stride;
        stride *= dim[d];
    }
    return v;
}

static bool is_dense(const rpr_view *v)
{
    int64_t stride = 1;
    for (int d = v->rank - 1; d >= 0; d--) {
        if (v->dim[d] != 1 && v->stride[d] != stride)
            return false;
        stride *= v->dim[d];
    }
    return true;
}

static void copy_element(const char *src, char *dst, size_t size)
{
    switch (size) {
    case 1:
        *dst = *src;
        return;
    case 4:
        memcpy(dst, src, 4);
        return;
    case 8:
        memcpy(dst, src, 8);
        return;
    default:
        memcpy(dst, src, size);
        return;
    }
}

void rpr_view_copy(const rpr_view *src, const rpr_view *dst)
{
    size_t size = rpr_dtype_size(dst->dtype);
    int64_t step = (int64_t)size;
    rpr_view rows = *dst;
    int64_t n = 1, s = 0, d = 0; /* of the last axis, which is copied as a row */
    if (rows.rank > 0) {
        int last = --rows.rank;
        n = dst->dim[last];
        s = src->stride[last];
        d = dst->stride[last];
    }
    if (n <= 0)
        return;
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(&rows, src)); it.more; rpr_iter_next(&it)) {
        char *to = (char *)dst->data + it.at[0] * step;
        const char *from = (const char *)src->data + it.at[1] * step;
        if (n == 1 || (s == 1 && d == 1)) {
            memcpy(to, from, (size_t)n * size);
            continue;
        }
        for (int64_t i = 0; i < n; i++)
            copy_element(from + i * s * step, to + i * d * step, size);
    }
}

void rpr_view_reshape_copy(const rpr_view *src, const rpr_view *dst)
{
    size_t size = rpr_dtype_size(dst->dtype);
    int64_t step = (int64_t)size;
    if (is_dense(src) && is_dense(dst)) {
        size_t bytes = (size_t)rpr_view_count(dst) * size;
        if (bytes > 0)
            memcpy(dst->data, src->data, bytes);
        return;
    }
    rpr_iter to = rpr_iter_begin(RPR_VIEWS(dst));
    rpr_iter from = rpr_iter_begin(RPR_VIEWS(src));
    for (; to.more && from.more; rpr_iter_next(&to), rpr_iter_next(&from))
        copy_element((const char *)src->data + from.at[0] * step,
                     (char *)dst->data + to.at[0] * step, size);
}

double *rpr_dense_f64(const rpr_view *v)
{
    double *x = rpr_alloc_array((size_t)rpr_view_count(v), sizeof *x);
    int64_t i = 0;
    if (!x)
        return NULL;
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(v)); it.more; rpr_iter_next(&it))
        x[i++] = rpr_load_f64(v, it.at[0]);
    return x;
}

int64_t *rpr_dense_i64(const rpr_view *v)
{
    int64_t *x = rpr_alloc_array((size_t)rpr_view_count(v), sizeof *x);
    int64_t i = 0;
    if (!x)
        return NULL;
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(v)); it.more; rpr_iter_next(&it))
        x[i++] = rpr_load_i64(v, it.at[0]);
    return x;
}

void rpr_put_f64(const rpr_view *v, const double *x)
{
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(v)); it.more; rpr_iter_next(&it))
        rpr_store_f64(v, it.at[0], *x++);
}

void rpr_put_i64(const rpr_view *v, const int64_t *x)
{
    for (rpr_iter it = rpr_iter_begin(RPR_VIEWS(v)); it.more; rpr_iter_next(&it))
        rpr_store_i64(v, it.at[0], *x++);
}
