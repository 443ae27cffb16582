/* SPDX-License-Identifier: Apache-2.0 */
#include "overlay.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli.h"

enum { CELL = 8, LINE = 2, MARGIN = 2 }; /* pixels: of the model's input, then of the picture */

int overlay_open(overlay *v, const session *s, const char *path)
{
    media_error err;
    v->grid_w = (s->feed.width + CELL - 1) / CELL;
    v->grid_h = (s->feed.height + CELL - 1) / CELL;
    v->cells = calloc((size_t)v->grid_w * (size_t)v->grid_h, sizeof *v->cells);
    if (!v->cells)
        return cli_no_memory();
    if (media_sink_open(path, s->video.width, s->video.height, s->video.rate_num, s->video.rate_den,
                        &v->sink, &err) != MEDIA_OK)
        return cli_fail(CLI_BAD_INPUT, "%s", err.message);
    return CLI_DONE;
}

static int label_scale(const media_picture *p)
{
    int scale = p->height / 360;
    return scale < 1 ? 1 : scale;
}

/* As large as is pleasant, and not wider than the picture. */
static int title_scale(const media_picture *p, const char *text)
{
    int scale = p->height / 240;
    while (scale > 1 && media_text_width(text, scale) + 2 * MARGIN * scale > p->width)
        scale--;
    return scale < 1 ? 1 : scale;
}

/* Text on a bar of the given colour, with its top left corner at (x, y), moved left if need be. */
static void draw_text(media_picture *p, int x, int y, int scale, const char *text, media_color bar,
                      int alpha)
{
    int margin = MARGIN * scale;
    int width = media_text_width(text, scale) + 2 * margin;
    if (x + width > p->width)
        x = p->width > width ? p->width - width : 0;
    media_fill(p, x, y, x + width, y + media_text_height(scale) + 2 * margin, bar, alpha);
    media_draw_text(p, x + margin, y + margin, scale, text, media_text_color(bar));
}

static void draw_box(media_picture *p, const session *s, const box *b)
{
    float sx = (float)p->width / (float)s->feed.width,
          sy = (float)p->height / (float)s->feed.height;
    int x0 = (int)(b->x0 * sx), y0 = (int)(b->y0 * sy);
    int x1 = (int)(b->x1 * sx), y1 = (int)(b->y1 * sy);
    media_color color = media_class_color(b->label);
    char text[64];
    snprintf(text, sizeof text, "%s %.2f", decoder_label(&s->decoder, b->label), (double)b->score);
    media_draw_box(p, x0, y0, x1, y1, LINE, color);
    int scale = label_scale(p), height = media_text_height(scale) + 2 * MARGIN * scale;
    draw_text(p, x0, y0 >= height ? y0 - height : y0, scale, text, color, 256);
}

/*
 * Even where everything moves the share is well below 1, as deep layers keep most of their inputs;
 * and noise makes a little work everywhere. Stretches what lies between.
 */
static void stretch(float *cells, size_t n)
{
    const float low = 0.06f, high = 0.6f;
    for (size_t i = 0; i < n; i++)
        cells[i] = cells[i] > low ? (cells[i] - low) / (high - low) : 0;
}

static void draw_heat(overlay *v, media_picture *p, const lane *l)
{
    if (rpr_stream_heat(l->stream, v->grid_w, v->grid_h, v->cells) != RPR_OK)
        return;
    stretch(v->cells, (size_t)v->grid_w * (size_t)v->grid_h);
    media_draw_heat(p, v->cells, v->grid_w, v->grid_h);
}

/* No times here: the same run gives the same video. */
static void draw_title(media_picture *p, const session *s, const lane *l)
{
    char text[128];
    double executed =
        l->stats.macs_dense ? (double)l->stats.macs_executed / (double)l->stats.macs_dense : 0;
    snprintf(text, sizeof text, "frame %lld: %.1f %% computed, %.1f %% reused",
             (long long)s->frame.index, 100 * executed, 100 * (1 - executed));
    draw_text(p, 0, 0, title_scale(p, text), text, (media_color){0, 0, 0}, 176);
}

int overlay_frame(overlay *v, const session *s, const lane *l)
{
    media_error err;
    media_picture p;
    if (media_source_original(s->source, &p, &err) != MEDIA_OK)
        return cli_fail(CLI_BAD_INPUT, "%s", err.message);
    draw_heat(v, &p, l);
    for (size_t i = l->boxes.n; i-- > 0;) /* the best on top */
        if (box_counts(&l->boxes.item[i]))
            draw_box(&p, s, &l->boxes.item[i]);
    draw_title(&p, s, l);
    if (media_sink_write(v->sink, &p, &err) != MEDIA_OK)
        return cli_fail(CLI_BAD_INPUT, "%s", err.message);
    return CLI_DONE;
}

int overlay_close(overlay *v)
{
    media_error err;
    int status = media_sink_close(v->sink, &err);
    free(v->cells);
    return status == MEDIA_OK ? CLI_DONE : cli_fail(CLI_BAD_INPUT, "%s", err.message);
}
