/* SPDX-License-Identifier: Apache-2.0 */
#include "front_end.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cmvn.h"
#include "context.h"
#include "spectral.h"

enum {
    MAX_LENGTH = AUDIO_FFT_MAX,
    MAX_BINS = 4096,
    MAX_DELTAS = 4,
    MAX_DELTA_WINDOW = 16,
    MAX_SPLICE = 1000,
    MAX_CMVN = 1000000
};

struct audio_features {
    audio_spectral spectral;
    float *frame;            /* the samples of the next frame, as far as they are here */
    int have;                /* of them */
    int64_t leave_out;       /* samples until it begins, where frames do not touch */
    int64_t samples, frames; /* taken; made, before any context */
    float *base;             /* its features, normalised */
    audio_cmvn *cmvn;
    audio_context deltas, splice;
    float *scale, *with_deltas;
    int width;
};

/* ----------------------------------------------------------------- options */

static const char *check_frames(const audio_feature_options *o)
{
    if (o->rate < 100)
        return "rate: should be 100 or more";
    if (o->length < 1 || o->length > MAX_LENGTH || o->hop < 1)
        return "length and hop: should be 1 or more, and length at most 65536";
    if (o->fft < o->length || !audio_fft_can(o->fft))
        return "fft: should be from length to 65536, without prime factors above 97";
    if (!isfinite(o->gain) || o->gain == 0)
        return "gain: should be a number other than 0";
    if (!(o->preemphasis >= 0 && o->preemphasis <= 1))
        return "preemphasis: should be from 0 to 1";
    if (o->window < AUDIO_WINDOW_RECTANGULAR || o->window > AUDIO_WINDOW_POVEY)
        return "window: there is no such one";
    return NULL;
}

static const char *check_features(const audio_feature_options *o)
{
    const double top = o->rate / 2.0, high = o->high > 0 ? o->high : top + o->high;
    if (o->kind < AUDIO_SPECTRUM || o->kind > AUDIO_CEPSTRA)
        return "kind: there is no such one";
    if (o->power != 1 && o->power != 2)
        return "power: should be 1 or 2";
    if (o->log < AUDIO_LOG_NONE || o->log > AUDIO_LOG_DB || o->energy < AUDIO_ENERGY_NONE ||
        o->energy > AUDIO_ENERGY_WINDOWED)
        return "log or energy: there is no such one";
    if (o->log != AUDIO_LOG_NONE && !(o->floor > 0 && isfinite(o->floor)))
        return "floor: should be above 0";
    if (o->kind == AUDIO_SPECTRUM)
        return NULL;
    if (o->mels < 1 || o->mels > MAX_BINS)
        return "mels: should be from 1 to 4096";
    if (!(o->low >= 0 && o->low < high && high <= top))
        return "low and high: should be 0 <= low < high <= rate / 2";
    if (o->scale != AUDIO_MEL_HTK && o->scale != AUDIO_MEL_SLANEY)
        return "scale: there is no such one";
    if (o->kind == AUDIO_CEPSTRA && (o->cepstra < 1 || o->cepstra > o->mels))
        return "cepstra: should be from 1 to mels";
    if (!(o->lifter >= 0 && isfinite(o->lifter)))
        return "lifter: should be 0 or more";
    return NULL;
}

static const char *check_context(const audio_feature_options *o)
{
    if (o->cmvn < 0 || o->cmvn > MAX_CMVN)
        return "cmvn: should be from 0 to 1000000 frames";
    if (o->deltas < 0 || o->deltas > MAX_DELTAS)
        return "deltas: should be an order from 0 to 4";
    if (o->deltas > 0 && (o->delta_window < 1 || o->delta_window > MAX_DELTA_WINDOW))
        return "delta_window: should be from 1 to 16";
    if (o->left < 0 || o->left > MAX_SPLICE || o->right < 0 || o->right > MAX_SPLICE)
        return "left and right: should be from 0 to 1000";
    return NULL;
}

/* ---------------------------------------------------------------- creation */

static int allocate(audio_features *f, const audio_feature_options *o)
{
    if (!audio_spectral_init(&f->spectral, o))
        return 0;
    const int base = f->spectral.width, full = base * (o->deltas + 1);
    const int reach = o->deltas * o->delta_window;
    f->width = full * (o->left + 1 + o->right);
    f->frame = malloc((size_t)o->length * sizeof *f->frame);
    f->base = malloc((size_t)base * sizeof *f->base);
    f->with_deltas = malloc((size_t)full * sizeof *f->with_deltas);
    f->scale =
        malloc((size_t)audio_delta_scale_count(o->deltas, o->delta_window) * sizeof *f->scale);
    if (!f->frame || !f->base || !f->with_deltas || !f->scale ||
        !audio_context_init(&f->deltas, base, reach, reach) ||
        !audio_context_init(&f->splice, full, o->left, o->right))
        return 0;
    audio_delta_scales(o->deltas, o->delta_window, f->scale);
    if (o->cmvn)
        f->cmvn = audio_cmvn_new(base, o->cmvn, o->cmvn_variance);
    return !o->cmvn || f->cmvn;
}

audio_features *audio_features_new(const audio_feature_options *o, const char **why)
{
    const char *text = check_frames(o);
    if (!text)
        text = check_features(o);
    if (!text)
        text = check_context(o);
    audio_features *f = text ? NULL : calloc(1, sizeof *f);
    if (!text && (!f || !allocate(f, o))) {
        text = "memory ran out";
        audio_features_free(f);
        f = NULL;
    }
    if (why)
        *why = text;
    if (f)
        audio_features_reset(f);
    return f;
}

void audio_features_free(audio_features *f)
{
    if (!f)
        return;
    audio_spectral_free(&f->spectral);
    audio_cmvn_free(f->cmvn);
    audio_context_free(&f->deltas);
    audio_context_free(&f->splice);
    free(f->frame);
    free(f->base);
    free(f->scale);
    free(f->with_deltas);
    free(f);
}

void audio_features_reset(audio_features *f)
{
    const audio_feature_options *o = &f->spectral.opt;
    f->have = 0;
    f->leave_out = f->samples = f->frames = 0;
    if (o->centre) { /* the transform is centred, and the frame in it */
        f->have = o->fft / 2 - (o->fft - o->length) / 2;
        memset(f->frame, 0, (size_t)f->have * sizeof *f->frame);
    }
    if (f->cmvn)
        audio_cmvn_reset(f->cmvn);
    audio_context_reset(&f->deltas);
    audio_context_reset(&f->splice);
}

int audio_features_width(const audio_features *f)
{
    return f->width;
}

int audio_features_empty_mels(const audio_features *f)
{
    return f->spectral.mel ? audio_mel_empty(f->spectral.mel) : 0;
}

/* ----------------------------------------------------------------- running */

/* A frame with its deltas, if one has all its neighbours, goes on to be spliced. */
static void pass_deltas(audio_features *f)
{
    const audio_feature_options *o = &f->spectral.opt;
    if (!audio_context_ready(&f->deltas))
        return;
    audio_context_deltas(&f->deltas, o->deltas, o->delta_window, f->scale, f->with_deltas);
    audio_context_take(&f->deltas);
    audio_context_push(&f->splice, f->with_deltas);
}

/* The same of a frame that is spliced: the result. */
static int take_out(audio_features *f, float *frame)
{
    if (!audio_context_ready(&f->splice))
        return 0;
    audio_context_splice(&f->splice, frame);
    audio_context_take(&f->splice);
    return 1;
}

/* One more sample; 1 if it completed a frame, which is then in the first context. */
static int take_sample(audio_features *f, float x)
{
    const audio_feature_options *o = &f->spectral.opt;
    if (f->leave_out > 0) {
        f->leave_out--;
        return 0;
    }
    f->frame[f->have++] = x;
    if (f->have < o->length)
        return 0;
    audio_spectral_run(&f->spectral, f->frame, f->base);
    if (f->cmvn)
        audio_cmvn_run(f->cmvn, f->base);
    audio_context_push(&f->deltas, f->base);
    f->frames++;
    f->have = o->hop < o->length ? o->length - o->hop : 0;
    f->leave_out = o->hop > o->length ? o->hop - o->length : 0;
    memmove(f->frame, f->frame + (o->length - f->have), (size_t)f->have * sizeof *f->frame);
    return 1;
}

int audio_features_push(audio_features *f, const float *x, size_t n, size_t *used, float *frame)
{
    for (*used = 0; *used < n;) {
        const float v = x[*used];
        if (!isfinite(v))
            return AUDIO_NONFINITE;
        ++*used;
        f->samples++;
        if (!take_sample(f, v))
            continue;
        pass_deltas(f);
        if (take_out(f, frame))
            return AUDIO_FRAME;
    }
    return AUDIO_MORE;
}

/* Whether centred frames reach over the end, which zeros then fill up. */
static int reaches_over(const audio_features *f)
{
    const audio_feature_options *o = &f->spectral.opt;
    return o->centre && f->samples > 0 && f->frames < 1 + f->samples / o->hop;
}

int audio_features_end(audio_features *f, float *frame)
{
    while (reaches_over(f)) {
        if (!take_sample(f, 0))
            continue;
        pass_deltas(f);
        if (take_out(f, frame))
            return 1;
    }
    f->deltas.ended = 1;
    while (audio_context_ready(&f->deltas)) {
        pass_deltas(f);
        if (take_out(f, frame))
            return 1;
    }
    f->splice.ended = 1;
    return take_out(f, frame);
}
