/* SPDX-License-Identifier: Apache-2.0 */
#include "compare.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

int error_sum_init(error_sum *e, size_t n_outputs)
{
    e->n = n_outputs;
    e->output = calloc(n_outputs ? n_outputs : 1, sizeof *e->output);
    if (!e->output)
        return 0;
    error_sum_clear(e);
    return 1;
}

void error_sum_clear(error_sum *e)
{
    for (size_t i = 0; i < e->n; i++)
        e->output[i] = (output_error){.low = INFINITY, .high = -INFINITY};
}

void error_sum_free(error_sum *e)
{
    free(e->output);
    *e = (error_sum){0};
}

static void add_element(output_error *o, double r, double g)
{
    double d = fabs(r - g);
    if (r == g || (isnan(r) && isnan(g)))
        d = 0;
    else if (isnan(d))
        d = INFINITY;
    o->difference2 += d * d;
    o->max_abs = d > o->max_abs ? d : o->max_abs;
    if (isfinite(r)) {
        o->reference2 += r * r;
        o->low = r < o->low ? r : o->low;
        o->high = r > o->high ? r : o->high;
    }
}

/* ------------------------------------------------------------------ floats */

enum { LANES = 16, ROW = 256 }; /* sums that go on side by side; elements summed up as floats */

/* What add_element does, for a row; in lanes, so that the compiler can use vectors. */
typedef struct row_error {
    float difference2[LANES], reference2[LANES];
    float max_abs[LANES], low[LANES], high[LANES];
} row_error;

static void compare_row(row_error *restrict row, const float *restrict r, const float *restrict g)
{
    for (int i = 0; i < LANES; i++)
        row->low[i] = row->high[i] = r[i];
    for (int i = 0; i < ROW; i += LANES)
        for (int k = 0; k < LANES; k++) {
            float d = r[i + k] - g[i + k];
            float size = fabsf(d);
            row->difference2[k] += d * d;
            row->reference2[k] += r[i + k] * r[i + k];
            row->max_abs[k] = size > row->max_abs[k] ? size : row->max_abs[k];
            row->low[k] = r[i + k] < row->low[k] ? r[i + k] : row->low[k];
            row->high[k] = r[i + k] > row->high[k] ? r[i + k] : row->high[k];
        }
}

/* Whether a sum of squares neither overflowed nor lost small terms, and met no NaN. */
static int is_sound(double sum, float largest)
{
    return (sum == 0 && largest == 0) || (sum >= 1e-30 && sum <= (double)FLT_MAX);
}

/* Adds the row's sums; 0, and nothing is added, if floats were too narrow for them. */
static int add_row(output_error *o, const row_error *row)
{
    double difference2 = 0, reference2 = 0;
    float max_abs = 0, low = row->low[0], high = row->high[0];
    for (int k = 0; k < LANES; k++) {
        difference2 += (double)row->difference2[k];
        reference2 += (double)row->reference2[k];
        max_abs = row->max_abs[k] > max_abs ? row->max_abs[k] : max_abs;
        low = row->low[k] < low ? row->low[k] : low;
        high = row->high[k] > high ? row->high[k] : high;
    }
    if (!is_sound(difference2, max_abs) || !is_sound(reference2, fmaxf(fabsf(low), fabsf(high))))
        return 0;
    o->difference2 += difference2;
    o->reference2 += reference2;
    o->max_abs = (double)max_abs > o->max_abs ? (double)max_abs : o->max_abs;
    o->low = (double)low < o->low ? (double)low : o->low;
    o->high = (double)high > o->high ? (double)high : o->high;
    return 1;
}

static void add_floats(output_error *o, size_t n, const float *reference, const float *got)
{
    size_t i = 0;
    for (; n - i >= ROW; i += ROW) {
        row_error row = {0};
        compare_row(&row, reference + i, got + i);
        if (add_row(o, &row))
            continue;
        for (size_t k = i; k < i + ROW; k++)
            add_element(o, (double)reference[k], (double)got[k]);
    }
    for (; i < n; i++)
        add_element(o, (double)reference[i], (double)got[i]);
}

/* --------------------------------------------------------------- all types */

#define ADD_ALL(type)                                                                              \
    for (size_t i = 0; i < n; i++)                                                                 \
    add_element(o, (double)((const type *)reference)[i], (double)((const type *)got)[i])

static void add_output(output_error *o, rpr_dtype dtype, size_t n, const void *reference,
                       const void *got)
{
    switch (dtype) {
    case RPR_F32:
        add_floats(o, n, reference, got);
        break;
    case RPR_F64:
        ADD_ALL(double);
        break;
    case RPR_U8:
    case RPR_BOOL:
        ADD_ALL(uint8_t);
        break;
    case RPR_I8:
        ADD_ALL(int8_t);
        break;
    case RPR_U16:
    case RPR_F16: /* as bits: zero exactly when equal */
        ADD_ALL(uint16_t);
        break;
    case RPR_I16:
        ADD_ALL(int16_t);
        break;
    case RPR_I32:
        ADD_ALL(int32_t);
        break;
    case RPR_U32:
        ADD_ALL(uint32_t);
        break;
    case RPR_I64:
        ADD_ALL(int64_t);
        break;
    case RPR_U64:
        ADD_ALL(uint64_t);
        break;
    case RPR_UNDEFINED:
        break;
    }
}

void error_sum_add(error_sum *e, const rpr_tensor_info *info, const rpr_output *reference,
                   const rpr_output *got)
{
    for (size_t i = 0; i < e->n; i++) {
        size_t size = rpr_dtype_size(info[i].dtype);
        if (size)
            add_output(&e->output[i], info[i].dtype, info[i].bytes / size, reference[i].data,
                       got[i].data);
    }
}

static double ratio(double part, double whole)
{
    return part == 0 ? 0 : whole > 0 ? part / whole : INFINITY;
}

double output_rel_l2(const output_error *o)
{
    return sqrt(ratio(o->difference2, o->reference2));
}

double output_max_range(const output_error *o)
{
    return ratio(o->max_abs, o->high - o->low);
}

static double worst(const error_sum *e, double (*of)(const output_error *o))
{
    double w = 0;
    for (size_t i = 0; i < e->n; i++) {
        double v = of(&e->output[i]);
        w = v > w ? v : w;
    }
    return w;
}

static double output_max_abs(const output_error *o)
{
    return o->max_abs;
}

double error_rel_l2(const error_sum *e)
{
    return worst(e, output_rel_l2);
}

double error_max_abs(const error_sum *e)
{
    return worst(e, output_max_abs);
}

double error_max_range(const error_sum *e)
{
    return worst(e, output_max_range);
}
