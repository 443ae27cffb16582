/* SPDX-License-Identifier: Apache-2.0 */
/**
 * openWakeWord's networks in a row: every 80 ms of sound become 8 mel spectra, the last 76 spectra
 * an embedding, and the last embeddings the score of every word. Both windows slide: their networks
 * are given what is new only (rpr_window), or, with `full`, the whole window every time.
 */
#ifndef EXAMPLES_WAKE_H
#define EXAMPLES_WAKE_H

#include "reprise/reprise.h"

#include "network.h"

enum {
    WAKE_RATE = 16000,
    WAKE_HOP = 1280,    /* new samples of a block */
    WAKE_CONTEXT = 480, /* samples before them */
    WAKE_HEADS = 16     /* at most */
};

typedef struct wake wake;

typedef struct wake_options {
    const char *mel, *embedding;
    const char *head[WAKE_HEADS];
    int heads;
    rpr_gate gate; /**< of the embedding and the heads */
    double quiet;  /**< blocks whose samples are no larger, in steps of 16 bits, are silence */
    int full;
    int all_gates; /**< compare every value and correct what changed, also where that takes longer
                    */
} wake_options;

/** NULL and *err if a file is not what it should be, or memory ran out. */
wake *wake_new(const wake_options *o, rpr_error *err);
/** NULL is allowed. */
void wake_free(wake *w);

/**
 * The next block of WAKE_CONTEXT + WAKE_HOP samples (-1..1). score has room for every head: 0..1,
 * or -1 while its window is not full yet. Without a gate that lets errors pass nothing depends on
 * `full`, but for rounding.
 */
int wake_run(wake *w, const float *block, float *score, rpr_error *err);

/** The file's name without folders and ending: the word. */
const char *wake_word(const wake *w, int head);

/** What was taken so far, on stderr. */
void wake_report(const wake *w);

#endif
