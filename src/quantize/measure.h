/* SPDX-License-Identifier: Apache-2.0 */
/* The written model held against the one it came from, on the frames held back. */
#ifndef RPR_QUANTIZE_MEASURE_H
#define RPR_QUANTIZE_MEASURE_H

#include "core/status.h"
#include "reprise/quantize.h"

typedef struct qt_held {
    const rpr_model *model; /* the exact one */
    const rpr_sample *sample;
    const rpr_quantize_options *opt;
    size_t first; /* frame; all from here on */
} qt_held;

/** Fills held_frames, held_error and held_metric from q->bytes. */
int qt_measure(const qt_held *h, rpr_quantization *q, rpr_error *err);

#endif
