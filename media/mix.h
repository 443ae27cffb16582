/* SPDX-License-Identifier: Apache-2.0 */
/** From a decoded frame of sound to one channel of floats: inside media/, behind audio.h. */
#ifndef MEDIA_MIX_H
#define MEDIA_MIX_H

#include <stdint.h>

#include <libavutil/frame.h>

/**
 * Writes the mean of all channels of every sample of the frame, integers scaled to -1..1. Returns
 * the frame's samples, or the index of the first that is NaN or infinite, up to which all is
 * written; -1 if the format of the samples is not known.
 */
int media_mix(const AVFrame *frame, float *mono);

#endif
