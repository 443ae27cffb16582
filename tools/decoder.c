/* SPDX-License-Identifier: Apache-2.0 */
#include "decoder.h"

int decoder_match(decoder *d, decoder_kind kind, const rpr_tensor_info *out, size_t n_out,
                  int width, int height)
{
    *d = (decoder){.kind = kind, .width = width, .height = height};
    switch (kind) {
    case DECODE_NANODET:
        return nanodet_match(d, out, n_out);
    case DECODE_SSD:
        return ssd_match(d, out, n_out);
    case DECODE_NONE:
        break;
    }
    return 1;
}

const char *decoder_wants(decoder_kind kind)
{
    switch (kind) {
    case DECODE_NANODET:
        return "for strides 8, 16 and 32 a class map [1, cells, classes] and a box map "
               "[1, cells, 44]";
    case DECODE_SSD:
        return "scores [1, 512, 1] and [1, 384, 1] and boxes [1, 512, 16] and [1, 384, 16] "
               "for a 128x128 or 256x256 input";
    case DECODE_NONE:
        break;
    }
    return "anything";
}

int decoder_run(const decoder *d, const rpr_output *out, boxes *b)
{
    b->n = 0;
    switch (d->kind) {
    case DECODE_NANODET:
        return nanodet_decode(d, out, b);
    case DECODE_SSD:
        return ssd_decode(d, out, b);
    case DECODE_NONE:
        break;
    }
    return 1;
}

const char *decoder_label(const decoder *d, int label)
{
    return d->kind == DECODE_NANODET && d->classes == 80 ? nanodet_label(label)
           : d->kind == DECODE_SSD                       ? "face"
                                                         : "object";
}
