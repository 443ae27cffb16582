/* SPDX-License-Identifier: Apache-2.0 */
#include "vad_args.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "option.h"

static const char usage[] =
    "usage: vad MODEL SOUND [options]\n"
    "\n"
    "Prints where somebody speaks: a line with start and end in seconds for every segment, as "
    "soon\n"
    "as it is over. MODEL is silero_vad v5 or v6; SOUND a file, - (wav on stdin), or\n"
    "rawaudio:RATE[xCHANNELS]:FORMAT:FILE.\n"
    "\n"
    "  --threshold P     speech begins at this probability (0.5); it may end 0.15 below\n"
    "  --min-speech MS   shorter segments are dropped (250)\n"
    "  --min-silence MS  shorter gaps are bridged (100)\n"
    "  --pad MS          added at either end (30)\n"
    "  --gate GATE       off (default), exact or deadzone:T: what counts as a change\n"
    "  --probabilities   print the probability of every block of 32 ms instead\n";

static int fail(const char *what, const char *wants)
{
    fprintf(stderr, "vad: %s: %s\n", what, wants);
    return -1;
}

static int milliseconds(const char *text, int64_t *samples)
{
    double v;
    if (!option_number(text, 0, 1e6, &v))
        return 0;
    *samples = (int64_t)(v * VAD_RATE / 1000);
    return 1;
}

static int set(vad_args *a, const char *name, const char *value)
{
    segments_options *s = &a->segments;
    if (strcmp(name, "--threshold") == 0) {
        if (!option_number(value, 0.01, 1, &s->threshold))
            return fail(name, "should be a probability from 0.01 to 1");
        s->release = fmax(s->threshold - 0.15, 0.01);
        return 1;
    }
    if (strcmp(name, "--gate") == 0)
        return option_gate(value, &a->gate) ? 1 : fail(name, "should be off, exact or deadzone:T");
    int64_t *time = strcmp(name, "--min-speech") == 0    ? &s->min_speech
                    : strcmp(name, "--min-silence") == 0 ? &s->min_silence
                    : strcmp(name, "--pad") == 0         ? &s->pad
                                                         : NULL;
    if (!time)
        return fail(name, "there is no such option; see: vad --help");
    return milliseconds(value, time) ? 1 : fail(name, "should be milliseconds, 0 or more");
}

int vad_args_read(int argc, char **argv, vad_args *a)
{
    *a = (vad_args){.gate.kind = RPR_GATE_OFF};
    segments_defaults(&a->segments, VAD_RATE);
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
            fputs(usage, stdout);
            return 0;
        }
        if (strcmp(arg, "--probabilities") == 0) {
            a->probabilities = 1;
        } else if (arg[0] == '-' && arg[1]) {
            if (i + 1 == argc)
                return fail(arg, "needs a value; see: vad --help");
            if (set(a, arg, argv[++i]) < 0)
                return -1;
        } else if (!a->model) {
            a->model = arg;
        } else if (!a->sound) {
            a->sound = arg;
        } else {
            return fail(arg, "one name too many; see: vad --help");
        }
    }
    return a->sound ? 1 : fail("arguments", "MODEL and SOUND are needed; see: vad --help");
}
