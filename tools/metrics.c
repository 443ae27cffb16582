/* SPDX-License-Identifier: Apache-2.0 */
#include "metrics.h"

#include <math.h>

int metric_init(metric *m, metric_kind kind, const rpr_tensor_info *info, size_t n_out,
                const decoder *d)
{
    *m = (metric){.kind = kind, .info = info, .decoder = d};
    return error_sum_init(&m->error, n_out);
}

void metric_free(metric *m)
{
    error_sum_free(&m->error);
    boxes_free(&m->dense);
    boxes_free(&m->reuse);
}

static void begin(void *user)
{
    metric *m = user;
    error_sum_clear(&m->error);
    m->agreement = (agreement){0};
    m->difference2 = m->cells = 0;
}

static int add_boxes(metric *m, const rpr_output *dense, const rpr_output *reuse)
{
    if (!decoder_run(m->decoder, dense, &m->dense) || !decoder_run(m->decoder, reuse, &m->reuse))
        return -1;
    agreement_add(&m->agreement, &m->dense, &m->reuse);
    decoder_deviation(m->decoder, dense, reuse, &m->difference2, &m->cells);
    return 0;
}

static int add(void *user, const rpr_output *dense, const rpr_output *reuse, size_t n_out)
{
    metric *m = user;
    (void)n_out;
    if (m->kind == METRIC_F1)
        return add_boxes(m, dense, reuse);
    error_sum_add(&m->error, m->info, dense, reuse);
    return 0;
}

static double error(void *user)
{
    const metric *m = user;
    switch (m->kind) {
    case METRIC_REL_L2:
        return error_rel_l2(&m->error);
    case METRIC_MAX_ABS:
        return error_max_abs(&m->error);
    case METRIC_F1:
        break;
    }
    return 1 - agreement_f1(&m->agreement);
}

/*
 * Boxes agree or not: how near they came to not agreeing shows in the scores of the cells that they
 * come from. The largest difference of one element is a poor guide, too; the mean one is better.
 */
static double deviation(void *user)
{
    const metric *m = user;
    return m->kind == METRIC_F1 ? sqrt(m->difference2 / fmax(m->cells, 1))
                                : error_rel_l2(&m->error);
}

rpr_metric metric_callbacks(metric *m)
{
    return (rpr_metric){
        .user = m, .begin = begin, .add = add, .error = error, .deviation = deviation};
}

const char *metric_name(metric_kind kind)
{
    return kind == METRIC_F1 ? "f1" : kind == METRIC_MAX_ABS ? "max_abs" : "rel_l2";
}
