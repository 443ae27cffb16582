/* SPDX-License-Identifier: Apache-2.0 */
/* One element of a view as a double or a 64-bit integer, whatever its type. */
#ifndef RPR_OPS_ELEMENT_H
#define RPR_OPS_ELEMENT_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "graph/view.h"

/** IEEE half precision; from double in one rounding, to nearest, ties to even. */
double rpr_f16_to_f64(uint16_t h);
uint16_t rpr_f64_to_f16(double x);

static inline bool rpr_dtype_is_float(rpr_dtype t)
{
    return t == RPR_F32 || t == RPR_F16 || t == RPR_F64;
}

/** Towards zero; out of range gives the nearest end of [lo, hi], NaN gives 0. */
static inline int64_t rpr_f64_to_i64(double x, int64_t lo, int64_t hi)
{
    if (isnan(x))
        return 0;
    if (x <= (double)lo)
        return lo;
    return x >= (double)hi ? hi : (int64_t)x;
}

static inline uint64_t rpr_f64_to_u64(double x)
{
    if (!(x > 0))
        return 0;
    return x >= 0x1p64 ? UINT64_MAX : (uint64_t)x;
}

/** Element `i` elements away from the view's first one. */
static inline double rpr_load_f64(const rpr_view *v, int64_t i)
{
    switch (v->dtype) {
    case RPR_F32:
        return ((const float *)v->data)[i];
    case RPR_F64:
        return ((const double *)v->data)[i];
    case RPR_F16:
        return rpr_f16_to_f64(((const uint16_t *)v->data)[i]);
    case RPR_U8:
    case RPR_BOOL:
        return ((const uint8_t *)v->data)[i];
    case RPR_I8:
        return ((const int8_t *)v->data)[i];
    case RPR_U16:
        return ((const uint16_t *)v->data)[i];
    case RPR_I16:
        return ((const int16_t *)v->data)[i];
    case RPR_I32:
        return ((const int32_t *)v->data)[i];
    case RPR_U32:
        return ((const uint32_t *)v->data)[i];
    case RPR_I64:
        return (double)((const int64_t *)v->data)[i];
    case RPR_U64:
        return (double)((const uint64_t *)v->data)[i];
    case RPR_UNDEFINED:
        break;
    }
    return 0;
}

/** The same as an integer; RPR_U64 keeps its bits, floating point goes towards zero. */
static inline int64_t rpr_load_i64(const rpr_view *v, int64_t i)
{
    switch (v->dtype) {
    case RPR_U8:
    case RPR_BOOL:
        return ((const uint8_t *)v->data)[i];
    case RPR_I8:
        return ((const int8_t *)v->data)[i];
    case RPR_U16:
        return ((const uint16_t *)v->data)[i];
    case RPR_I16:
        return ((const int16_t *)v->data)[i];
    case RPR_I32:
        return ((const int32_t *)v->data)[i];
    case RPR_U32:
        return ((const uint32_t *)v->data)[i];
    case RPR_I64:
        return ((const int64_t *)v->data)[i];
    case RPR_U64:
        return (int64_t)((const uint64_t *)v->data)[i];
    case RPR_F32:
    case RPR_F64:
    case RPR_F16:
        return rpr_f64_to_i64(rpr_load_f64(v, i), INT64_MIN, INT64_MAX);
    case RPR_UNDEFINED:
        break;
    }
    return 0;
}

/** Integers wrap; RPR_BOOL becomes 0 or 1. */
static inline void rpr_store_i64(const rpr_view *v, int64_t i, int64_t x)
{
    switch (v->dtype) {
    case RPR_U8:
    case RPR_I8:
        ((uint8_t *)v->data)[i] = (uint8_t)x;
        return;
    case RPR_BOOL:
        ((uint8_t *)v->data)[i] = x != 0;
        return;
    case RPR_U16:
    case RPR_I16:
        ((uint16_t *)v->data)[i] = (uint16_t)x;
        return;
    case RPR_I32:
    case RPR_U32:
        ((uint32_t *)v->data)[i] = (uint32_t)x;
        return;
    case RPR_I64:
    case RPR_U64:
        ((uint64_t *)v->data)[i] = (uint64_t)x;
        return;
    case RPR_F32:
        ((float *)v->data)[i] = (float)x;
        return;
    case RPR_F64:
        ((double *)v->data)[i] = (double)x;
        return;
    case RPR_F16:
        ((uint16_t *)v->data)[i] = rpr_f64_to_f16((double)x);
        return;
    case RPR_UNDEFINED:
        return;
    }
}

/** Floating point rounds to nearest, integers go towards zero and saturate. */
static inline void rpr_store_f64(const rpr_view *v, int64_t i, double x)
{
    switch (v->dtype) {
    case RPR_F32:
        ((float *)v->data)[i] = (float)x;
        return;
    case RPR_F64:
        ((double *)v->data)[i] = x;
        return;
    case RPR_F16:
        ((uint16_t *)v->data)[i] = rpr_f64_to_f16(x);
        return;
    case RPR_BOOL:
        ((uint8_t *)v->data)[i] = !(x >= 0 && x <= 0);
        return;
    case RPR_U8:
        rpr_store_i64(v, i, rpr_f64_to_i64(x, 0, UINT8_MAX));
        return;
    case RPR_I8:
        rpr_store_i64(v, i, rpr_f64_to_i64(x, INT8_MIN, INT8_MAX));
        return;
    case RPR_U16:
        rpr_store_i64(v, i, rpr_f64_to_i64(x, 0, UINT16_MAX));
        return;
    case RPR_I16:
        rpr_store_i64(v, i, rpr_f64_to_i64(x, INT16_MIN, INT16_MAX));
        return;
    case RPR_U32:
        rpr_store_i64(v, i, rpr_f64_to_i64(x, 0, UINT32_MAX));
        return;
    case RPR_I32:
        rpr_store_i64(v, i, rpr_f64_to_i64(x, INT32_MIN, INT32_MAX));
        return;
    case RPR_I64:
        rpr_store_i64(v, i, rpr_f64_to_i64(x, INT64_MIN, INT64_MAX));
        return;
    case RPR_U64:
        ((uint64_t *)v->data)[i] = rpr_f64_to_u64(x);
        return;
    case RPR_UNDEFINED:
        return;
    }
}

#endif
