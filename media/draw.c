/* SPDX-License-Identifier: Apache-2.0 */
#include "draw.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "font.h"

media_color media_class_color(int k)
{
    static const media_color colors[] = {
        {64, 255, 96},  {255, 96, 64},  {64, 160, 255},  {255, 220, 64},  {255, 96, 255},
        {64, 255, 255}, {255, 160, 96}, {160, 128, 255}, {192, 255, 128}, {255, 160, 192},
    };
    unsigned n = sizeof colors / sizeof colors[0];
    return colors[(unsigned)k % n];
}

media_color media_text_color(media_color c)
{
    int light = 3 * c.r + 6 * c.g + c.b > 1280;
    return light ? (media_color){0, 0, 0} : (media_color){255, 255, 255};
}

static uint8_t blend(uint8_t under, uint8_t over, int alpha)
{
    return (uint8_t)((under * (256 - alpha) + over * alpha + 128) >> 8);
}

static int clamp(int v, int low, int high)
{
    return v < low ? low : v > high ? high : v;
}

void media_fill(media_picture *p, int x0, int y0, int x1, int y1, media_color c, int alpha)
{
    x0 = clamp(x0, 0, p->width);
    x1 = clamp(x1, 0, p->width);
    y0 = clamp(y0, 0, p->height);
    y1 = clamp(y1, 0, p->height);
    for (int y = y0; y < y1; y++) {
        uint8_t *d = p->rgb + ((size_t)y * (size_t)p->width + (size_t)x0) * 3;
        for (int x = x0; x < x1; x++, d += 3) {
            d[0] = blend(d[0], c.r, alpha);
            d[1] = blend(d[1], c.g, alpha);
            d[2] = blend(d[2], c.b, alpha);
        }
    }
}

void media_draw_box(media_picture *p, int x0, int y0, int x1, int y1, int line, media_color c)
{
    media_fill(p, x0, y0, x1 + 1, y0 + line, c, 256);
    media_fill(p, x0, y1 + 1 - line, x1 + 1, y1 + 1, c, 256);
    media_fill(p, x0, y0, x0 + line, y1 + 1, c, 256);
    media_fill(p, x1 + 1 - line, y0, x1 + 1, y1 + 1, c, 256);
}

int media_text_width(const char *text, int scale)
{
    int n = (int)strlen(text);
    return n ? (n * FONT_ADVANCE - (FONT_ADVANCE - FONT_WIDTH)) * scale : 0;
}

int media_text_height(int scale)
{
    return FONT_HEIGHT * scale;
}

void media_draw_text(media_picture *p, int x, int y, int scale, const char *text, media_color c)
{
    for (; *text && x < p->width; text++, x += FONT_ADVANCE * scale)
        for (int v = 0; v < FONT_HEIGHT; v++)
            for (int u = 0; u < FONT_WIDTH; u++)
                if (font_dot(*text, u, v))
                    media_fill(p, x + u * scale, y + v * scale, x + (u + 1) * scale,
                               y + (v + 1) * scale, c, 256);
}

/* Where the middle of pixel i of `size` lies among the middles of n cells: between two of them. */
typedef struct between {
    int first, second;
    float share; /* of the second */
} between;

static between find_between(int i, int size, int n)
{
    float at = ((float)i + 0.5f) * (float)n / (float)size - 0.5f;
    float whole = floorf(at);
    return (between){.first = clamp((int)whole, 0, n - 1),
                     .second = clamp((int)whole + 1, 0, n - 1),
                     .share = at - whole};
}

static float cell_value(const float *cells, int row, int w, int column)
{
    float v = cells[(size_t)row * (size_t)w + (size_t)column];
    return v > 0 ? fminf(v, 1) : 0; /* NaN too */
}

static void tint(uint8_t *d, float v)
{
    int alpha = (int)(104 * fminf(1.5f * v, 1)); /* what is below stays visible */
    d[0] = blend(d[0], 255, alpha);
    d[1] = blend(d[1], (uint8_t)(224 * (1 - v)), alpha);
    d[2] = blend(d[2], 0, alpha);
}

void media_draw_heat(media_picture *p, const float *cells, int w, int h)
{
    uint8_t *d = p->rgb;
    for (int y = 0; y < p->height; y++) {
        between b = find_between(y, p->height, h);
        float left = 0, right = 0; /* values in this row in the middles of two cells */
        between last = {-1, -1, 0};
        for (int x = 0; x < p->width; x++, d += 3) {
            between a = find_between(x, p->width, w);
            if (a.first != last.first || a.second != last.second) {
                last = a;
                left = cell_value(cells, b.first, w, a.first) * (1 - b.share) +
                       cell_value(cells, b.second, w, a.first) * b.share;
                right = cell_value(cells, b.first, w, a.second) * (1 - b.share) +
                        cell_value(cells, b.second, w, a.second) * b.share;
            }
            float v = left * (1 - a.share) + right * a.share;
            if (v > 0)
                tint(d, v);
        }
    }
}
