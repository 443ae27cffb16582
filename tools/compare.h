/* SPDX-License-Identifier: Apache-2.0 */
/** How far a run's outputs are from the dense run's. */
#ifndef TOOLS_COMPARE_H
#define TOOLS_COMPARE_H

#include "reprise/reprise.h"

/** Sums over all frames and elements of one output. */
typedef struct output_error {
    double difference2, reference2; /**< sums of squares */
    double max_abs;                 /**< largest difference of one element */
    double low, high;               /**< range of the reference */
} output_error;

typedef struct error_sum {
    output_error *output;
    size_t n;
} error_sum;

/** 0 if memory ran out. */
int error_sum_init(error_sum *e, size_t n_outputs);
void error_sum_free(error_sum *e);
/** Begins again. */
void error_sum_clear(error_sum *e);

/** Adds a frame. NaN beside NaN is no error, NaN beside a number an infinite one. */
void error_sum_add(error_sum *e, const rpr_tensor_info *info, const rpr_output *reference,
                   const rpr_output *got);

/** sqrt(sum (got - reference)^2 / sum reference^2) over all frames. */
double output_rel_l2(const output_error *o);
/** max_abs as a share of the reference's range. */
double output_max_range(const output_error *o);

/** The worst output's. */
double error_rel_l2(const error_sum *e);
double error_max_abs(const error_sum *e);
double error_max_range(const error_sum *e);

#endif
