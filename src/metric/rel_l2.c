/* SPDX-License-Identifier: Apache-2.0 */
#include "metric/rel_l2.h"

#include <math.h>
#include <string.h>

#include "core/alloc.h"

bool rpr_rel_l2_init(rel_l2 *e, const rpr_model *m)
{
    *e = (rel_l2){.model = m, .n = rpr_model_n_outputs(m)};
    e->difference = rpr_alloc_array(e->n, sizeof *e->difference);
    e->reference = rpr_alloc_array(e->n, sizeof *e->reference);
    return e->difference && e->reference;
}

void rpr_rel_l2_free(rel_l2 *e)
{
    rpr_free(e->difference);
    rpr_free(e->reference);
}

static void begin(void *user)
{
    rel_l2 *e = user;
    memset(e->difference, 0, e->n * sizeof *e->difference);
    memset(e->reference, 0, e->n * sizeof *e->reference);
}

static bool same_infinity(float a, float b)
{
    return isinf(a) && isinf(b) && signbit(a) == signbit(b);
}

/** NaN beside NaN is no error, NaN beside a number an infinite one. */
static void add_careful(const float *a, const float *b, size_t count, double *difference,
                        double *reference)
{
    for (size_t k = 0; k < count; k++) {
        const double d = (double)b[k] - (double)a[k];
        const bool same = (isnan(a[k]) && isnan(b[k])) || same_infinity(a[k], b[k]);
        *difference += same ? 0.0 : isnan(d) ? INFINITY : d * d;
        *reference += isfinite(a[k]) ? (double)a[k] * (double)a[k] : 0.0;
    }
}

/** Outputs of other types are not looked at. */
static int add(void *user, const rpr_output *dense, const rpr_output *reuse, size_t n_out)
{
    rel_l2 *e = user;
    for (size_t i = 0; i < n_out; i++) {
        rpr_tensor_info info;
        (void)rpr_model_output(e->model, i, &info);
        const float *a = dense[i].data, *b = reuse[i].data;
        const size_t count = info.dtype == RPR_F32 ? info.bytes / sizeof *a : 0;
        double difference = 0.0, reference = 0.0;
        for (size_t k = 0; k < count; k++) {
            const double d = (double)b[k] - (double)a[k];
            difference += d * d;
            reference += (double)a[k] * (double)a[k];
        }
        if (isnan(difference)) {
            difference = reference = 0.0;
            add_careful(a, b, count, &difference, &reference);
        }
        e->difference[i] += difference;
        e->reference[i] += reference;
    }
    return 0;
}

static double error(void *user)
{
    const rel_l2 *e = user;
    double worst = 0.0;
    for (size_t i = 0; i < e->n; i++)
        if (e->difference[i] > 0.0)
            worst = fmax(worst, e->reference[i] > 0.0 ? sqrt(e->difference[i] / e->reference[i])
                                                      : INFINITY);
    return worst;
}

rpr_metric rpr_rel_l2_metric(rel_l2 *e)
{
    return (rpr_metric){.user = e, .begin = begin, .add = add, .error = error};
}
