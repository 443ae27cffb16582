/* SPDX-License-Identifier: Apache-2.0 */
/**
 * Noise suppression by DTLN (Westhausen and Meyer, Interspeech 2020): two small LSTM networks, one
 * after the other, on 32 ms of sound every 8 ms at 16 kHz. The first one masks the spectrum, the
 * second one refines the samples; what they give for blocks that overlap is added up. Both states
 * are the streams' own.
 */
#ifndef EXAMPLES_DTLN_H
#define EXAMPLES_DTLN_H

#include "reprise/reprise.h"

#include "tally.h"

enum {
    DTLN_RATE = 16000,
    DTLN_HOP = 128,                     /**< new samples of a block */
    DTLN_BLOCK = 512,                   /**< and with those before them */
    DTLN_DELAY = DTLN_BLOCK - DTLN_HOP, /**< what is given is so many samples old */
};

typedef struct dtln dtln;

/** Loads both networks; both streams get the gate. NULL with one line in err. */
dtln *dtln_new(const char *const model[2], const rpr_gate *gate, rpr_error *err);
/** NULL is allowed. */
void dtln_free(dtln *d);

/**
 * block: DTLN_BLOCK finite samples of -1 to 1, the last DTLN_HOP of them new. out: DTLN_HOP samples
 * without noise, those that came DTLN_DELAY before the new ones. Allocates nothing. RPR_OK, or an
 * error with one line in err. One thread at a time.
 */
int dtln_run(dtln *d, const float *block, float *out, rpr_error *err);

/** What network 0 or 1 took so far. */
const tally *dtln_tally(const dtln *d, int network);

#endif
