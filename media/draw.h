/* SPDX-License-Identifier: Apache-2.0 */
/** Boxes, text and heat drawn into an RGB picture. Everything is clipped at the borders. */
#ifndef MEDIA_DRAW_H
#define MEDIA_DRAW_H

#include <stdint.h>

/** 8-bit RGB, rows of width * 3 bytes one after the other. Does not own its pixels. */
typedef struct media_picture {
    uint8_t *rgb;
    int width, height;
} media_picture;

typedef struct media_color {
    uint8_t r, g, b;
} media_color;

/** A colour for class k; the same number always gets the same colour. */
media_color media_class_color(int k);

/** Black or white, whichever is read better on c. */
media_color media_text_color(media_color c);

/** Outline of the rectangle with corners (x0, y0) and (x1, y1), line pixels wide, growing inwards.
 */
void media_draw_box(media_picture *p, int x0, int y0, int x1, int y1, int line, media_color c);

/** Blends a filled rectangle, alpha 0 (nothing) to 256 (opaque); x1 and y1 are not included. */
void media_fill(media_picture *p, int x0, int y0, int x1, int y1, media_color c, int alpha);

/**
 * One line of printable ASCII in the built-in 5x7 font, each of its dots scale x scale pixels, with
 * (x, y) at the top left. Characters outside the font become '?'.
 */
void media_draw_text(media_picture *p, int x, int y, int scale, const char *text, media_color c);

/** Pixels that a text takes, without the gap after its last character. */
int media_text_width(const char *text, int scale);
int media_text_height(int scale);

/**
 * Lays a grid of w x h cells with values 0..1 over the picture, interpolated between the middles of
 * cells: nothing is drawn for 0, and the tint grows from yellow to red with the value. Values
 * outside 0..1 count as the nearer end, NaN as 0.
 */
void media_draw_heat(media_picture *p, const float *cells, int w, int h);

#endif
