/* SPDX-License-Identifier: Apache-2.0 */
/** Detected boxes, and how far two detectors' boxes agree. */
#ifndef TOOLS_BOXES_H
#define TOOLS_BOXES_H

#include <stddef.h>
#include <stdint.h>

typedef struct box {
    float x0, y0, x1, y1; /**< corners, in pixels of the model's input */
    float score;          /**< 0 to 1 */
    int label;            /**< class number */
} box;

/** A growing list; zero it before the first use. */
typedef struct boxes {
    box *item;
    size_t n, room;
} boxes;

/** 0 if memory ran out. */
int boxes_add(boxes *b, box one);
int boxes_copy(boxes *to, const boxes *from);
void boxes_free(boxes *b);

/** Whether its score, above 0.4, is enough to be counted, compared and drawn. */
int box_counts(const box *b);

/** Intersection over union. */
float box_iou(const box *a, const box *b);

/**
 * Sorts by falling score (equal ones keep their order) and drops every box that overlaps a better
 * one of its class by more than iou.
 */
void boxes_suppress(boxes *b, float iou);

/** Boxes of each side that the other side has too, summed over frames. */
typedef struct agreement {
    int64_t reference, reference_found; /**< boxes of the reference; of them found */
    int64_t got, got_confirmed;         /**< boxes of the other side; of them confirmed */
} agreement;

/**
 * Adds one frame. A box counts from score 0.4 and is matched by a box of the same class with
 * IoU above 0.75 and a score above 0.35, so that a score that wavers around one threshold does not
 * count as a disagreement.
 */
void agreement_add(agreement *a, const boxes *reference, const boxes *got);

/** Shares found and confirmed; 1 where there was nothing to find or confirm. */
double agreement_recall(const agreement *a);
double agreement_precision(const agreement *a);

/** 2RP / (R + P); 1 by definition when neither side has boxes. */
double agreement_f1(const agreement *a);

/** Whether neither side ever had a box, so that an F1 of 1 says nothing. */
int agreement_empty(const agreement *a);

#endif
