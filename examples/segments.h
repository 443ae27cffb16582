/* SPDX-License-Identifier: Apache-2.0 */
/**
 * From the probability that a window holds speech to segments of speech, as they end: the procedure
 * of get_speech_timestamps in Silero VAD's utilities, without its maximum duration.
 */
#ifndef EXAMPLES_SEGMENTS_H
#define EXAMPLES_SEGMENTS_H

#include <stdint.h>

typedef struct segments_options {
    double threshold;    /**< speech begins at this probability */
    double release;      /**< and may end below this one, at most threshold */
    int64_t min_speech;  /**< samples; segments that are not longer are dropped */
    int64_t min_silence; /**< samples below `release` until a segment ends */
    int64_t pad;         /**< samples added at either end, less where segments would meet */
} segments_options;

/** Silero's defaults: 0.5, 0.35, 250 ms, 100 ms, 30 ms. */
void segments_defaults(segments_options *o, int rate);

/** Samples [start, end) from the beginning. */
typedef struct segment {
    int64_t start, end;
} segment;

typedef struct segments {
    segments_options opt;
    int64_t now;    /**< samples seen */
    int speaking;   /**< a segment is open, */
    int64_t start;  /**< from here on */
    int64_t quiet;  /**< since when it is below `release`; -1: it is not */
    int waiting;    /**< a segment is closed, but the next one may be near: */
    segment closed; /**< that one; start with, end without padding */
} segments;

void segments_init(segments *s, const segments_options *o);

/** The next window of `samples` samples. 1 if a segment is now complete: *out. */
int segments_push(segments *s, double probability, int64_t samples, segment *out);

/** After the last window: 1 with another segment, 0 if there is none. */
int segments_end(segments *s, segment *out);

#endif
