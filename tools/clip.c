/* SPDX-License-Identifier: Apache-2.0 */
#include "clip.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "model_open.h"

/* Of an input of four axes a column along one of the last two is a row of a picture. */
static int may_be_pictures(const window *w)
{
    return w->full.rank > 4 || w->axis < 2;
}

int clip_open(clip *c, feed *f, const window *w, const cli_options *o)
{
    const rpr_tensor_info column = window_column(w);
    char shape[128];
    *c = (clip){.bytes = (size_t)w->info.hop * window_column_bytes(w)};
    if (!may_be_pictures(w) || !feed_is_picture(&column))
        return cli_fail(CLI_UNSUPPORTED,
                        "%s: input %s (%s %s) is no window of pictures along axis %d, such as "
                        "1x3xTxHxW along axis 2",
                        o->model, w->full.name, dtype_name(w->full.dtype),
                        format_shape(shape, sizeof shape, &w->full), w->axis);
    int code = feed_open(f, &column, o);
    if (code != CLI_DONE)
        return code;
    c->column = malloc(window_column_bytes(w));
    c->block = malloc(c->bytes);
    return c->column && c->block ? CLI_DONE : cli_no_memory();
}

void clip_close(clip *c)
{
    free(c->column);
    free(c->block);
    *c = (clip){0};
}

int clip_next(clip *c, const feed *f, const window *w, media_source *source, media_frame *frame,
              rpr_input *in, media_error *err)
{
    const int64_t from = c->calls ? 0 : w->info.lead;
    if (from > 0)
        memset(c->block, 0, c->bytes);
    for (int64_t i = from; i < w->info.hop; i++) {
        int status = media_source_next(source, frame, err);
        if (status != MEDIA_OK)
            return status;
        feed_tensor(f, frame, c->column);
        window_put(w, c->block, i, c->column);
    }
    c->calls++;
    *in = (rpr_input){.data = c->block, .bytes = c->bytes, .format = RPR_FORMAT_TENSOR};
    return MEDIA_OK;
}
