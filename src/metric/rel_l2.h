/* SPDX-License-Identifier: Apache-2.0 */
/* The metric of those who bring none: relative L2 error of the worst output, over all frames. */
#ifndef RPR_METRIC_REL_L2_H
#define RPR_METRIC_REL_L2_H

#include <stdbool.h>

#include "reprise/metric.h"

typedef struct rel_l2 {
    const rpr_model *model;
    double *difference, *reference; /* sums of squares, for every output */
    size_t n;
} rel_l2;

/** False if memory ran out. Free it in any case. */
bool rpr_rel_l2_init(rel_l2 *e, const rpr_model *m);
void rpr_rel_l2_free(rel_l2 *e);

/** The metric; e must stay. */
rpr_metric rpr_rel_l2_metric(rel_l2 *e);

#endif
