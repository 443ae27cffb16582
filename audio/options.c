/* SPDX-License-Identifier: Apache-2.0 */
/* The manners of Kaldi and librosa, as options. */
#include <float.h>
#include <stdint.h>

#include "front_end.h"

static int power_of_two_from(int n)
{
    int p = 1;
    while (p < n && p < 1 << 20)
        p *= 2;
    return p;
}

/* 25 ms every 10 ms; Kaldi cuts what does not come out even. */
static void set_frames(audio_feature_options *o, int rate)
{
    o->rate = rate;
    o->length = (int)((int64_t)rate * 25 / 1000);
    o->hop = (int)((int64_t)rate * 10 / 1000);
    o->fft = power_of_two_from(o->length);
    o->power = 2;
    o->delta_window = 2;
}

void audio_options_kaldi_fbank(audio_feature_options *o, int rate, int mels)
{
    *o = (audio_feature_options){.gain = 32768,
                                 .remove_mean = 1,
                                 .preemphasis = 0.97,
                                 .window = AUDIO_WINDOW_POVEY,
                                 .kind = AUDIO_MEL,
                                 .mels = mels,
                                 .low = 20,
                                 .scale = AUDIO_MEL_HTK,
                                 .straight_in_mel = 1,
                                 .log = AUDIO_LOG_NATURAL,
                                 .floor = (double)FLT_EPSILON};
    set_frames(o, rate);
}

void audio_options_kaldi_mfcc(audio_feature_options *o, int rate, int cepstra)
{
    audio_options_kaldi_fbank(o, rate, cepstra > 23 ? cepstra : 23);
    o->kind = AUDIO_CEPSTRA;
    o->cepstra = cepstra;
    o->lifter = 22;
    o->energy = AUDIO_ENERGY_RAW;
}

void audio_options_logmel(audio_feature_options *o, int rate, int mels)
{
    *o = (audio_feature_options){.centre = 1,
                                 .gain = 1,
                                 .window = AUDIO_WINDOW_HANN,
                                 .periodic = 1,
                                 .kind = AUDIO_MEL,
                                 .mels = mels,
                                 .scale = AUDIO_MEL_SLANEY,
                                 .unit_area = 1,
                                 .log = AUDIO_LOG_DB,
                                 .floor = 1e-10};
    set_frames(o, rate);
}

void audio_options_mfcc(audio_feature_options *o, int rate, int cepstra)
{
    audio_options_logmel(o, rate, cepstra > 40 ? cepstra : 40);
    o->kind = AUDIO_CEPSTRA;
    o->cepstra = cepstra;
}
