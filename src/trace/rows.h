/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The changed elements of one row, as few bits as a simple code allows. doc/trace-format.md defines
 * the bits. A row is nothing, or one *set* of its elements, or a set of its pixels and a set of the
 * elements of those pixels alone. A set is everything, a plain bitmap, or Rice-coded gaps between
 * its members or between the others, whatever is shortest.
 */
#ifndef RPR_TRACE_ROWS_H
#define RPR_TRACE_ROWS_H

#include "trace/bits.h"

enum { RPR_ROW_NONE = 0, RPR_ROW_FLAT = 1, RPR_ROW_PIXELS = 2 };
enum { RPR_SET_MEMBERS = 0, RPR_SET_OTHERS = 1, RPR_SET_BITMAP = 2, RPR_SET_ALL = 3 };

#define RPR_ROW_FORM_BITS 2
#define RPR_SET_FORM_BITS 2
#define RPR_SET_K_BITS 5

/** A row takes no more bits than it has elements, and these. */
#define RPR_ROW_OVERHEAD (RPR_ROW_FORM_BITS + RPR_SET_FORM_BITS)

/** From so many zeros on a gap is written plainly, so that no code is longer than a word. */
#define RPR_RICE_ESCAPE 24

/** Scratch for coding rows of up to `pixels` pixels and `elements` elements. */
typedef struct rpr_row_encoder {
    int32_t *pixel;                              /* changed pixels */
    int32_t *packed;                             /* elements, counted over changed pixels only */
    int32_t *gap_flat, *gap_packed, *gap_pixels; /* of the shorter side of each set */
} rpr_row_encoder;

/** False if memory ran out. Free it in any case. */
bool rpr_row_encoder_init(rpr_row_encoder *e, int32_t pixels, int32_t elements);
void rpr_row_encoder_free(rpr_row_encoder *e);

/** Appends a row of w pixels of c channels: n elements changed, idx = x * c + channel, ascending.
 */
void rpr_row_encode(rpr_row_encoder *e, rpr_bit_writer *b, const int32_t *idx, int32_t n, int32_t w,
                    int32_t c);

/** Scratch: bits of one set each. */
typedef struct rpr_row_decoder {
    uint64_t *pixels, *elements;
} rpr_row_decoder;

bool rpr_row_decoder_init(rpr_row_decoder *d, int32_t pixels, int32_t elements);
void rpr_row_decoder_free(rpr_row_decoder *d);

/**
 * Reads a row and sets its bits in bits[], which are 0, from bit `at` on; *n is how many. NULL, or
 * what is wrong with it, near b->at. The bytes behind b's end must be readable (RPR_BITS_SLACK).
 */
const char *rpr_row_decode(rpr_row_decoder *d, rpr_bit_reader *b, int32_t w, int32_t c,
                           uint64_t *bits, int64_t at, int32_t *n);

#endif
