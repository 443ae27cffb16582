/* SPDX-License-Identifier: Apache-2.0 */
/**
 * From samples to frames of features, as they come: log mel energies or cepstra, in the manner of
 * Kaldi or of librosa, normalised, with deltas and spliced if wanted.
 *
 *     audio_feature_options o;
 *     audio_options_kaldi_fbank(&o, 16000, 40);
 *     audio_features *f = audio_features_new(&o, &why);
 *     while (n > 0) {                                          // any number of samples
 *         int got = audio_features_push(f, x, n, &used, frame);
 *         x += used, n -= used;
 *         if (got == AUDIO_FRAME)
 *             use(frame);                                      // audio_features_width(f) values
 *     }
 *     while (audio_features_end(f, frame))                     // what still hung in there
 *         use(frame);
 *
 * Frames do not depend on the pieces in which samples come, in no bit. Nothing is allocated after
 * audio_features_new. One thread at a time.
 */
#ifndef AUDIO_FRONT_END_H
#define AUDIO_FRONT_END_H

#include <stddef.h>

#include "mel.h"
#include "window.h"

typedef enum audio_kind {
    AUDIO_SPECTRUM = 0, /**< fft / 2 + 1 bins */
    AUDIO_MEL = 1,      /**< sums under mel triangles */
    AUDIO_CEPSTRA = 2   /**< DCT of those: MFCC, if `log` is not NONE */
} audio_kind;

typedef enum audio_log {
    AUDIO_LOG_NONE = 0,
    AUDIO_LOG_NATURAL = 1, /**< ln */
    AUDIO_LOG_10 = 2,
    AUDIO_LOG_DB = 3 /**< 10 log10 */
} audio_log;

typedef enum audio_energy {
    AUDIO_ENERGY_NONE = 0,
    AUDIO_ENERGY_RAW = 1,     /**< of a frame before pre-emphasis and window */
    AUDIO_ENERGY_WINDOWED = 2 /**< after them */
} audio_energy;

typedef struct audio_feature_options {
    int rate;        /**< samples a second, 100 or more */
    int length, hop; /**< samples of a frame, and from frame to frame */
    int fft;         /**< length of the transform, not below `length`: zeros are added */
    int centre;      /**< 0: frames lie wholly inside the sound (Kaldi's snip_edges). 1: frame i is
                          centred at sample i * hop, with zeros before the start and after the end
                          (librosa's center=True, pad_mode="constant") */
    double gain;     /**< samples are multiplied by it first; Kaldi is used to -32768..32767 */

    /* in this order, on every frame by itself */
    int remove_mean;
    double preemphasis; /**< x[t] - p x[t - 1], the first value being its own predecessor; 0: off */
    audio_window window;
    int periodic; /**< as in audio_window_fill */

    audio_kind kind;
    int power; /**< 2: squared magnitudes, 1: magnitudes */
    int mels;
    double low, high; /**< Hz; high <= 0: so much below rate / 2 */
    audio_mel_scale scale;
    int straight_in_mel, unit_area; /**< as in mel.h */
    audio_log log;
    double floor;  /**< the smallest value whose log is taken, above 0 */
    int cepstra;   /**< from 1 to mels */
    double lifter; /**< as in dct.h; 0: off */
    audio_energy
        energy; /**< ln of it comes before the others or, of cepstra, in place of the first */

    /* in this order, over frames */
    int cmvn;          /**< frames of the window of cmvn.h, the first step; 0: off */
    int cmvn_variance; /**< as there */
    int deltas;        /**< order: 0 off, 1 deltas, 2 and those of them ... 4 at most */
    int delta_window;  /**< frames to either side, 1 to 16 */
    int left, right;   /**< frames spliced before and after, at most 1000 each */
} audio_feature_options;

/**
 * kaldi-native-fbank's defaults (frames of 25 ms every 10 ms, Povey window, pre-emphasis 0.97, mels
 * from 20 Hz) with dither 0, since it is noise. Log mel energies.
 */
void audio_options_kaldi_fbank(audio_feature_options *o, int rate, int mels);
/** ... and its MFCC: 23 mels, lifter 22, the first value is the raw energy. */
void audio_options_kaldi_mfcc(audio_feature_options *o, int rate, int cepstra);
/**
 * librosa.feature.melspectrogram's manner with win_length of 25 ms, hop_length of 10 ms and n_fft
 * the next power of two (Hann, Slaney mels, unit area), then librosa.power_to_db(top_db=None).
 */
void audio_options_logmel(audio_feature_options *o, int rate, int mels);
/** ... and its MFCC of 40 such mels, or `cepstra` if that is more. */
void audio_options_mfcc(audio_feature_options *o, int rate, int cepstra);

/**
 * The same from text: MANNER:N, then any of ",KEY:VALUE". MANNER is kaldi-fbank, kaldi-mfcc, logmel
 * or mfcc, N mels or cepstra. Keys: length, hop (in milliseconds), fft (samples), window
 * (rectangular, hann, hamming, povey), gain, preemphasis, low, high (Hz), mels, lifter, energy
 * (0 none, 1 raw, 2 windowed), deltas (order), delta-window, cmvn (frames), cmvn-variance (0 or 1),
 * left, right (frames). 0 if that cannot be read; whether values fit is for audio_features_new.
 */
int audio_options_parse(audio_feature_options *o, const char *text, int rate);

typedef struct audio_features audio_features;

/** NULL if an option is out of its range or memory ran out: *why then says so in one line. */
audio_features *audio_features_new(const audio_feature_options *o, const char **why);
/** NULL is allowed. */
void audio_features_free(audio_features *f);
/** Begins again, as if new. */
void audio_features_reset(audio_features *f);

/** Values of a frame. */
int audio_features_width(const audio_features *f);
/** Mel triangles that no bin falls into; 0 is good. */
int audio_features_empty_mels(const audio_features *f);

enum { AUDIO_MORE = 0, AUDIO_FRAME = 1, AUDIO_NONFINITE = -1 };

/**
 * Takes samples until a frame is there: AUDIO_FRAME, written to frame. AUDIO_MORE if all n were
 * taken without one. AUDIO_NONFINITE in front of a sample that is NaN or infinite: x[*used], which
 * is not taken. *used is how many samples were.
 */
int audio_features_push(audio_features *f, const float *x, size_t n, size_t *used, float *frame);

/** After the last sample: 1 with one more frame, 0 if there is none. Push nothing in between. */
int audio_features_end(audio_features *f, float *frame);

#endif
