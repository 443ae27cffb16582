/* SPDX-License-Identifier: Apache-2.0 */
/* Mathematical functions of one element, in f32. */
#include <math.h>
#include <string.h>

#include "ops/pixel_ops.h"
#include "ops/pixel_walk.h"

typedef void (*row_fn)(const float *x, float *o, int32_t n);

#define ROW_OF(name, expression)                                                                   \
    static void row_##name(const float *x, float *o, int32_t n)                                    \
    {                                                                                              \
        for (int32_t i = 0; i < n; i++)                                                            \
            o[i] = expression;                                                                     \
    }

ROW_OF(sqrt, sqrtf(x[i]))
ROW_OF(exp, expf(x[i]))
ROW_OF(log, logf(x[i]))
ROW_OF(neg, -x[i])
ROW_OF(abs, fabsf(x[i]))
ROW_OF(reciprocal, 1.0f / x[i])
ROW_OF(floor, floorf(x[i]))
ROW_OF(ceil, ceilf(x[i]))
ROW_OF(round, rintf(x[i])) /* halves to even */
ROW_OF(erf, erff(x[i]))

static const struct {
    const char *op;
    row_fn row;
} functions[] = {
    {"Sqrt", row_sqrt},   {"Exp", row_exp},   {"Log", row_log},
    {"Neg", row_neg},     {"Abs", row_abs},   {"Reciprocal", row_reciprocal},
    {"Floor", row_floor}, {"Ceil", row_ceil}, {"Round", row_round},
    {"Erf", row_erf},
};

static void run(const rpr_pixel_op *op, const rpr_kernels *k, const rpr_map *in, const rpr_map *out,
                rpr_rows rows)
{
    const row_fn row = functions[*(const size_t *)op->params].row;
    rpr_walk w = rpr_walk_start(out, rows);
    while (rpr_walk_next(&w)) {
        const rpr_span x = rpr_span_at(in, w.n, w.y, w.x0), o = rpr_span_at(out, w.n, w.y, w.x0);
        const int32_t n = w.x1 - w.x0;
        if (x.step == out->c && o.step == out->c)
            row(x.p, o.p, n * out->c);
        else
            for (int32_t i = 0; i < n; i++)
                row(x.p + i * x.step, o.p + i * o.step, out->c);
        rpr_walk_act(&w, k, &op->act);
    }
}

static size_t find(const char *name)
{
    size_t i = 0;
    while (i < sizeof functions / sizeof *functions && strcmp(functions[i].op, name) != 0)
        i++;
    return i;
}

bool rpr_pixel_function_fits(const char *name)
{
    return find(name) < sizeof functions / sizeof *functions;
}

rpr_pixel_op *rpr_pixel_function_new(const char *name, const rpr_act *act)
{
    const size_t which = find(name);
    rpr_pixel_op *op = rpr_pixel_op_alloc(1, act, sizeof which, 0);
    if (op) {
        *(size_t *)op->params = which;
        op->touch = rpr_pixel_touch_same;
        op->run = run;
    }
    return op;
}
