/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fft.h"
#include "front_end.h"

typedef struct key {
    const char *name;
    enum { WHOLE, REAL, MILLISECONDS, WINDOW } type;
    size_t at; /* of its field */
} key;

#define FIELD(name) offsetof(audio_feature_options, name)
static const key keys[] = {
    {"length", MILLISECONDS, FIELD(length)},
    {"hop", MILLISECONDS, FIELD(hop)},
    {"fft", WHOLE, FIELD(fft)},
    {"window", WINDOW, FIELD(window)},
    {"gain", REAL, FIELD(gain)},
    {"preemphasis", REAL, FIELD(preemphasis)},
    {"low", REAL, FIELD(low)},
    {"high", REAL, FIELD(high)},
    {"mels", WHOLE, FIELD(mels)},
    {"lifter", REAL, FIELD(lifter)},
    {"energy", WHOLE, FIELD(energy)},
    {"deltas", WHOLE, FIELD(deltas)},
    {"delta-window", WHOLE, FIELD(delta_window)},
    {"cmvn", WHOLE, FIELD(cmvn)},
    {"cmvn-variance", WHOLE, FIELD(cmvn_variance)},
    {"left", WHOLE, FIELD(left)},
    {"right", WHOLE, FIELD(right)},
};

/* The name is the n characters at text; -1 if there is no such window. */
static int find_window(const char *text, size_t n)
{
    static const char *const names[] = {"rectangular", "hann", "hamming", "povey"};
    for (int i = 0; i < 4; i++)
        if (strlen(names[i]) == n && strncmp(text, names[i], n) == 0)
            return i;
    return -1;
}

/* Reads the number at text, which must end where the value does. */
static int read_number(const char *text, size_t n, double *v)
{
    char *end = NULL;
    *v = strtod(text, &end);
    return n > 0 && end == text + n && isfinite(*v) && fabs(*v) < 1e9;
}

static int set(audio_feature_options *o, const key *k, const char *text, size_t n)
{
    char *field = (char *)o + k->at;
    double v = 0;
    if (k->type == WINDOW) {
        const int kind = find_window(text, n);
        if (kind >= 0)
            o->window = (audio_window)kind;
        return kind >= 0;
    }
    if (!read_number(text, n, &v) || (k->type == WHOLE && v != floor(v)))
        return 0;
    if (k->type == REAL) {
        memcpy(field, &v, sizeof v);
        return 1;
    }
    const double whole = k->type == MILLISECONDS ? floor(v * o->rate / 1000 + 0.5) : v;
    if (fabs(whole) > 1e9)
        return 0;
    const int i = (int)whole;
    memcpy(field, &i, sizeof i);
    return 1;
}

static int set_manner(audio_feature_options *o, const char *name, size_t n, int count, int rate)
{
    static const struct {
        const char *name;
        void (*fill)(audio_feature_options *o, int rate, int count);
    } manner[] = {{"kaldi-fbank", audio_options_kaldi_fbank},
                  {"kaldi-mfcc", audio_options_kaldi_mfcc},
                  {"logmel", audio_options_logmel},
                  {"mfcc", audio_options_mfcc}};
    for (size_t i = 0; i < sizeof manner / sizeof manner[0]; i++)
        if (strlen(manner[i].name) == n && strncmp(name, manner[i].name, n) == 0) {
            manner[i].fill(o, rate, count);
            return 1;
        }
    return 0;
}

/* Takes "NAME:VALUE" up to the next comma or the end; returns what follows, NULL if it is wrong. */
static const char *take_key(audio_feature_options *o, const char *text)
{
    const size_t name = strcspn(text, ":,");
    if (text[name] != ':')
        return NULL;
    const char *at = text + name + 1;
    const size_t value = strcspn(at, ",");
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++)
        if (strlen(keys[i].name) == name && strncmp(keys[i].name, text, name) == 0)
            return set(o, &keys[i], at, value) ? at + value : NULL;
    return NULL;
}

int audio_options_parse(audio_feature_options *o, const char *text, int rate)
{
    const size_t name = strcspn(text, ":,");
    double count;
    if (text[name] != ':')
        return 0;
    const char *at = text + name + 1;
    const size_t value = strcspn(at, ",");
    if (!read_number(at, value, &count) || count != floor(count) || count < 1 ||
        !set_manner(o, text, name, (int)count, rate))
        return 0;
    const int fft = o->fft;
    at += value;
    while (at && *at == ',')
        at = take_key(o, at + 1);
    if (!at)
        return 0;
    if (o->fft == fft) /* not given: it follows a longer frame */
        while (o->fft < o->length && o->fft < AUDIO_FFT_MAX)
            o->fft *= 2;
    return 1;
}
