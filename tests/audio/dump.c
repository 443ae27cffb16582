/* SPDX-License-Identifier: Apache-2.0 */
/* Features of the f32 samples on stdin, as f32 on stdout: for scripts/compare_features.py.
   usage: dump RATE FEATURES [SAMPLES A PUSH] */
#include <stdio.h>
#include <stdlib.h>

#include "audio/front_end.h"

static int put(const float *frame, int width)
{
    return fwrite(frame, sizeof *frame, (size_t)width, stdout) == (size_t)width;
}

int main(int argc, char **argv)
{
    audio_feature_options o;
    const char *why = "cannot be read";
    if (argc < 3 || !audio_options_parse(&o, argv[2], atoi(argv[1])))
        return fprintf(stderr, "dump: %s: %s\n", argc < 3 ? "features" : argv[2], why), 2;
    audio_features *f = audio_features_new(&o, &why);
    if (!f)
        return fprintf(stderr, "dump: %s\n", why), 2;
    const int width = audio_features_width(f);
    const size_t piece = argc > 3 ? (size_t)atoi(argv[3]) : 1000;
    float *frame = malloc((size_t)width * sizeof *frame), *x = malloc(piece * sizeof *x);
    size_t n;
    int ok = frame && x;
    while (ok && (n = fread(x, sizeof *x, piece, stdin)) > 0)
        for (size_t at = 0, used; ok && at < n; at += used) {
            const int got = audio_features_push(f, x + at, n - at, &used, frame);
            ok = got == AUDIO_MORE || (got == AUDIO_FRAME && put(frame, width));
        }
    while (ok && audio_features_end(f, frame))
        ok = put(frame, width);
    audio_features_free(f);
    free(frame);
    free(x);
    return !ok;
}
