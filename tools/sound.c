/* SPDX-License-Identifier: Apache-2.0 */
#include "sound.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "model_open.h"

enum { DEFAULT_RATE = 16000 };

/* The axes of t that are not 1, up to three of them; returns how many there are. */
static int real_axes(const rpr_tensor_info *t, int64_t dim[3])
{
    int n = 0;
    for (int i = 0; i < t->rank; i++)
        if (t->dim[i] != 1) {
            if (n < 3)
                dim[n] = t->dim[i];
            n++;
        }
    return n;
}

/* ---------------------------------------------------------------- features */

/* "logmel" without a number takes it from the model's last axis. */
static int parse_features(sound *s, const rpr_tensor_info *t, const cli_options *o)
{
    char text[512];
    int64_t dim[3] = {1, 1, 1};
    const int axes = real_axes(t, dim);
    const size_t name = strcspn(o->features, ":,");
    int n = snprintf(text, sizeof text, "%s", o->features);
    if (o->features[name] != ':')
        n = snprintf(text, sizeof text, "%.*s:%lld%s", (int)name, o->features,
                     (long long)(axes > 0 && axes < 3 ? dim[axes - 1] : 1), o->features + name);
    const char *why = "should be kaldi-fbank:N, kaldi-mfcc:N, logmel:N or mfcc:N, then ,KEY:VALUE";
    if (n < 0 || (size_t)n >= sizeof text ||
        !audio_options_parse(&s->feature_options, text, s->info.rate))
        return cli_fail(CLI_USAGE, "--features %s: %s", o->features, why);
    s->features = audio_features_new(&s->feature_options, &why);
    if (!s->features)
        return cli_fail(CLI_USAGE, "--features %s: %s", text, why);
    const int empty = audio_features_empty_mels(s->features);
    if (empty)
        cli_warn("--features %s: %d mels are so narrow that they hold nothing", text, empty);
    s->width = audio_features_width(s->features);
    s->frame = malloc((size_t)s->width * sizeof *s->frame);
    return s->frame ? CLI_DONE : cli_no_memory();
}

static int place_features(sound *s, const rpr_tensor_info *t, const cli_options *o)
{
    int64_t dim[3] = {1, 1, 1};
    char shape[128];
    const int axes = real_axes(t, dim), w = s->width;
    const int64_t values = (int64_t)(t->bytes / sizeof(float));
    s->length = (int)(values / w);
    if (values == (int64_t)s->length * w && axes <= 2) {
        const int last = axes < 2 || dim[1] == w;
        s->across = !last && dim[0] == w;
        if (last || s->across)
            return CLI_DONE;
    }
    return cli_fail(CLI_USAGE, "%s: input %s (%s) does not hold frames of %d features", o->model,
                    t->name, format_shape(shape, sizeof shape, t), w);
}

static int place_samples(sound *s, const rpr_tensor_info *t, const cli_options *o)
{
    int64_t dim[3] = {1, 1, 1};
    char shape[128];
    const int axes = real_axes(t, dim);
    s->width = 1;
    s->length = (int)(t->bytes / sizeof(float));
    if (axes <= 1)
        return CLI_DONE;
    format_shape(shape, sizeof shape, t);
    if (axes == 2)
        return cli_fail(CLI_USAGE,
                        "%s: input %s (%s) is no row of samples; if it holds features, say which, "
                        "such as --features logmel:%lld",
                        o->model, t->name, shape, (long long)dim[1]);
    return cli_fail(CLI_UNSUPPORTED, "%s: input %s (%s) is neither a picture nor sound%s", o->model,
                    t->name, shape, o->hop && !o->have_axis ? "; a window needs --axis, too" : "");
}

/* ------------------------------------------------------------------ blocks */

/* hop + context make up the length: one of them, or both, follow from the model. */
static int place_blocks(sound *s, const cli_options *o)
{
    const char *item = s->features ? "feature frames" : "samples";
    s->hop = o->hop && !o->have_axis ? o->hop
             : o->context >= 0       ? s->length - o->context
                                     : s->length;
    s->context = o->context >= 0 ? o->context : s->length - s->hop;
    if (s->hop < 1 || s->context < 0 || s->hop + s->context != s->length)
        return cli_fail(CLI_USAGE,
                        "%s: takes %d %s in a call, which --hop and --context should add up to",
                        o->model, s->length, item);
    s->chunks = audio_chunks_new(s->width, s->hop, s->context,
                                 s->features ? AUDIO_EDGE_REPEAT : AUDIO_EDGE_ZERO);
    return s->chunks ? CLI_DONE : cli_no_memory();
}

/* The first window is to end with a call: what is missing of its first call is zeros. */
static int place_window(sound *s, const window *w, const cli_options *o)
{
    const size_t items = window_column_bytes(w) / sizeof(float) / (size_t)s->width;
    const int across = w->outer > 1; /* a column's values lie apart */
    if (items * (size_t)s->width * sizeof(float) != window_column_bytes(w) ||
        (across && (items > 1 || w->inner != sizeof(float))))
        return cli_fail(CLI_USAGE, "%s: a column of %s along axis %d is no frame of %d features",
                        o->model, w->full.name, w->axis, s->width);
    s->across = across;
    s->filling = w->info.calls - 1;
    s->lead = (size_t)w->info.lead * items;
    return CLI_DONE;
}

static int open_audio(sound *s, const cli_options *o)
{
    media_error err;
    const media_audio_options opt = {.rate = o->rate ? o->rate : DEFAULT_RATE};
    if (media_audio_open(o->input, &opt, &s->audio, &err) != MEDIA_OK)
        return cli_fail(CLI_BAD_INPUT, "%s", err.message);
    media_audio_get_info(s->audio, &s->info);
    return CLI_DONE;
}

static int check(const rpr_tensor_info *t, const cli_options *o)
{
    char shape[128];
    const char *picture = o->overlay      ? "--overlay"
                          : o->n_ignore   ? "--ignore"
                          : o->have_range ? "--range"
                          : o->have_mean  ? "--mean and --scale"
                          : o->decode     ? "--decode"
                                          : NULL;
    if (t->dtype != RPR_F32 || t->bytes == 0 || t->bytes > INT32_MAX)
        return cli_fail(CLI_UNSUPPORTED, "%s: input %s (%s %s) is neither a picture nor sound",
                        o->model, t->name, dtype_name(t->dtype),
                        format_shape(shape, sizeof shape, t));
    if (picture)
        return cli_fail(CLI_USAGE, "%s: %s is for pictures, and %s takes sound", o->model, picture,
                        t->name);
    if (o->features && o->gain != 1)
        return cli_fail(CLI_USAGE, "--gain is for samples; of features it is a key: --features "
                                   "KIND:N,gain:G");
    return CLI_DONE;
}

int sound_open(sound *s, const rpr_tensor_info *t, const window *w, const cli_options *o)
{
    *s = (sound){.gain = (float)o->gain};
    int code = check(t, o);
    if (code == CLI_DONE && o->features) {
        s->info.rate = o->rate ? o->rate : DEFAULT_RATE;
        code = parse_features(s, t, o);
        if (code == CLI_DONE)
            code = place_features(s, t, o);
    } else if (code == CLI_DONE) {
        code = place_samples(s, t, o);
    }
    if (code == CLI_DONE)
        code = place_blocks(s, o);
    if (code == CLI_DONE && w->on)
        code = place_window(s, w, o);
    if (code == CLI_DONE)
        code = open_audio(s, o);
    s->tensor_bytes = t->bytes;
    if (code == CLI_DONE)
        s->tensor = malloc(t->bytes);
    return code == CLI_DONE && !s->tensor ? cli_no_memory() : code;
}

void sound_close(sound *s)
{
    media_audio_close(s->audio);
    audio_features_free(s->features);
    audio_chunks_free(s->chunks);
    free(s->frame);
    free(s->tensor);
    *s = (sound){0};
}

int64_t sound_blocks(const sound *s, const cli_options *o)
{
    if (s->info.samples < 0)
        return -1;
    int64_t items = s->info.samples;
    if (s->features)
        items /= s->feature_options.hop;
    items += (int64_t)s->lead;
    int64_t blocks = (items + s->hop - 1) / s->hop - o->skip - s->filling;
    blocks = blocks > 0 ? blocks : 0;
    return o->frames && o->frames < blocks ? o->frames : blocks;
}

/* ----------------------------------------------------------------- reading */

/* More samples into s->piece; at the end none, with s->drained set. */
static int read_piece(sound *s)
{
    media_error err;
    s->at = s->n = 0;
    int status = media_audio_read(s->audio, s->piece, SOUND_PIECE, &s->n, &err);
    if (status == MEDIA_ERROR)
        return cli_fail(CLI_BAD_INPUT, "%s", err.message);
    s->drained = status == MEDIA_END;
    for (size_t i = 0; !s->features && i < s->n; i++)
        s->piece[i] *= s->gain;
    return CLI_DONE;
}

/* Takes a step with what is there: 1 if a block is whole. */
static int step_samples(sound *s)
{
    size_t used = 0;
    const int whole = audio_chunks_push(s->chunks, s->piece + s->at, s->n - s->at, &used);
    s->at += used;
    return whole;
}

static int step_features(sound *s)
{
    size_t used = 0;
    int frame;
    if (s->drained) {
        frame = audio_features_end(s->features, s->frame);
        s->drained = frame ? 1 : 2;
    } else {
        frame = audio_features_push(s->features, s->piece + s->at, s->n - s->at, &used, s->frame) ==
                AUDIO_FRAME;
        s->at += used;
    }
    return frame && audio_chunks_push(s->chunks, s->frame, 1, &used);
}

/* 1 if there is another block in s->chunks. */
static int advance(sound *s, int *code)
{
    for (;;) {
        if (!s->drained && s->at == s->n) {
            *code = read_piece(s);
            if (*code != CLI_DONE)
                return 0;
        }
        const int ended = s->features ? s->drained == 2 : s->drained;
        if (ended)
            return audio_chunks_end(s->chunks);
        if (s->features ? step_features(s) : step_samples(s))
            return 1;
    }
}

/* Puts in front of the first block what is missing there; it is less than a block. */
static int lead_in(sound *s)
{
    float *zeros = calloc(s->lead ? s->lead : 1, (size_t)s->width * sizeof *zeros);
    size_t used = 0;
    if (!zeros)
        return cli_no_memory();
    if (s->lead)
        (void)audio_chunks_push(s->chunks, zeros, s->lead, &used);
    s->lead = 0;
    free(zeros);
    return CLI_DONE;
}

static void fill_tensor(sound *s)
{
    const float *block = audio_chunks_block(s->chunks);
    if (!s->across) {
        memcpy(s->tensor, block, s->tensor_bytes);
        return;
    }
    for (int t = 0; t < s->length; t++)
        for (int i = 0; i < s->width; i++)
            s->tensor[(size_t)i * (size_t)s->length + (size_t)t] =
                block[(size_t)t * (size_t)s->width + (size_t)i];
}

int sound_next(sound *s, const cli_options *o, rpr_input *in, int *code)
{
    do {
        if (o->frames && s->blocks >= o->skip + s->filling + o->frames)
            return 0;
        if (s->lead && s->blocks == o->skip && (*code = lead_in(s)) != CLI_DONE)
            return 0;
        if (!advance(s, code)) {
            if (*code == CLI_DONE && s->blocks <= o->skip)
                *code = cli_fail(CLI_BAD_INPUT,
                                 s->blocks ? "%s: has only %lld blocks, all of them skipped"
                                           : "%s: is too short for a frame of features",
                                 o->input, (long long)s->blocks);
            return 0;
        }
        s->blocks++;
    } while (s->blocks <= o->skip);
    fill_tensor(s);
    *in = (rpr_input){.data = s->tensor, .bytes = s->tensor_bytes, .format = RPR_FORMAT_TENSOR};
    return 1;
}
