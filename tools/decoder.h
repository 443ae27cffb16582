/* SPDX-License-Identifier: Apache-2.0 */
/** From a detector's output tensors to boxes. */
#ifndef TOOLS_DECODER_H
#define TOOLS_DECODER_H

#include "reprise/reprise.h"

#include "boxes.h"

typedef enum decoder_kind { DECODE_NONE = 0, DECODE_NANODET = 1, DECODE_SSD = 2 } decoder_kind;

enum { DECODER_MAX_LEVELS = 3 };

/** One resolution of a detector's output. */
typedef struct decoder_level {
    size_t scores, boxes; /**< numbers of the model's outputs */
    int stride;           /**< pixels of the input per cell */
    int grid_w, grid_h;   /**< cells */
    int per_cell;         /**< anchors in a cell */
} decoder_level;

typedef struct decoder {
    decoder_kind kind;
    int width, height; /**< of the model's input */
    int classes;
    int n_levels;
    decoder_level level[DECODER_MAX_LEVELS];
} decoder;

/**
 * Finds out by their shapes which output is what. 0 if they are not those of this kind of detector;
 * decoder_wants then says what was expected.
 */
int decoder_match(decoder *d, decoder_kind kind, const rpr_tensor_info *out, size_t n_out,
                  int width, int height);
const char *decoder_wants(decoder_kind kind);

/** Decodes one frame into b, best box first. 0 if memory ran out. */
int decoder_run(const decoder *d, const rpr_output *out, boxes *b);

/**
 * Adds up, over the cells where the dense best score is above 0.1, squares of how far the two sides
 * are apart: in scores, with 0.1 as 1, and in places, with an IoU of 0.75 as 1, and 1 at the most.
 * *cells counts the cells.
 */
void decoder_deviation(const decoder *d, const rpr_output *dense, const rpr_output *got,
                       double *difference2, double *cells);

/** The name of a class. */
const char *decoder_label(const decoder *d, int label);

/* What decoder.c chooses from. */
int nanodet_match(decoder *d, const rpr_tensor_info *out, size_t n_out);
int nanodet_decode(const decoder *d, const rpr_output *out, boxes *b);
const char *nanodet_label(int label);
/* The best score of a cell (with anchors: of one of them), whose scores begin at `scores`. */
float nanodet_best(const decoder *d, const float *scores, int *label);
int ssd_match(decoder *d, const rpr_tensor_info *out, size_t n_out);
int ssd_decode(const decoder *d, const rpr_output *out, boxes *b);
float ssd_score(float logit);
/* Sets the corners of a level's i-th box, of all cells and anchors. */
void nanodet_place(const decoder_level *l, int64_t i, const float *maps, box *b);
void ssd_place(const decoder_level *l, int64_t i, const float *rows, box *b);

#endif
