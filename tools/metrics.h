/* SPDX-License-Identifier: Apache-2.0 */
/** The metrics of calibrate, for rpr_calibrate. */
#ifndef TOOLS_METRICS_H
#define TOOLS_METRICS_H

#include "reprise/calibrate.h"

#include "boxes.h"
#include "compare.h"
#include "decoder.h"

typedef enum metric_kind { METRIC_REL_L2 = 0, METRIC_MAX_ABS = 1, METRIC_F1 = 2 } metric_kind;

typedef struct metric {
    metric_kind kind;
    const rpr_tensor_info *info; /**< of the outputs */
    const decoder *decoder;
    error_sum error;
    agreement agreement;
    boxes dense, reuse;
    double difference2, cells; /**< of sure cells' scores and places */
} metric;

/** 0 if memory ran out. info and d must stay. Free it in any case. */
int metric_init(metric *m, metric_kind kind, const rpr_tensor_info *info, size_t n_out,
                const decoder *d);
void metric_free(metric *m);

/** m must stay where it is. */
rpr_metric metric_callbacks(metric *m);

/** "rel_l2" and so on. */
const char *metric_name(metric_kind kind);

#endif
