/* SPDX-License-Identifier: Apache-2.0 */
#include "wakeword_args.h"

#include <stdio.h>
#include <string.h>

#include "option.h"

static const char usage[] =
    "usage: wakeword MEL EMBEDDING HEAD... SOUND [options]\n"
    "\n"
    "Prints when a word is said: a line with the time in seconds, the file of the word and its\n"
    "score, as soon as it is heard. MEL, EMBEDDING and HEAD (one or more) are openWakeWord's\n"
    "networks; SOUND a file, - (wav on stdin), or rawaudio:RATE[xCHANNELS]:FORMAT:FILE.\n"
    "\n"
    "  --threshold P  a word is heard at this score (0.5)\n"
    "  --rest MS      then not again for so long (2000)\n"
    "  --gate GATE    off, exact (default) or deadzone:T: what counts as a change\n"
    "  --quiet N      blocks of 110 ms whose samples are all within N steps of 16 bits are taken\n"
    "                 as silence (0)\n"
    "  --all-gates    compare every value, correct what changed, even where it takes longer\n"
    "  --full         run every window whole, not what is new of it\n"
    "  --scores       print the scores of all words every 80 ms instead\n";

static int fail(const char *what, const char *wants)
{
    fprintf(stderr, "wakeword: %s: %s\n", what, wants);
    return -1;
}

static int set(wakeword_args *a, const char *name, const char *value)
{
    double v;
    if (strcmp(name, "--threshold") == 0)
        return option_number(value, 0.01, 1, &a->threshold)
                   ? 1
                   : fail(name, "should be a score from 0.01 to 1");
    if (strcmp(name, "--rest") == 0) {
        if (!option_number(value, 0, 1e6, &v))
            return fail(name, "should be milliseconds, 0 or more");
        a->rest = (int64_t)(v * WAKE_RATE / 1000);
        return 1;
    }
    if (strcmp(name, "--gate") == 0)
        return option_gate(value, &a->wake.gate) ? 1
                                                 : fail(name, "should be off, exact or deadzone:T");
    if (strcmp(name, "--quiet") == 0)
        return option_number(value, 0, 32767, &a->wake.quiet)
                   ? 1
                   : fail(name, "should be steps from 0 to 32767");
    return fail(name, "there is no such option; see: wakeword --help");
}

/* All names in the order given; the last one is the sound. */
static int set_names(wakeword_args *a, const char *const *name, int n)
{
    if (n < 4)
        return fail("arguments",
                    "MEL, EMBEDDING, a HEAD and SOUND are needed; see: wakeword --help");
    a->wake.mel = name[0];
    a->wake.embedding = name[1];
    a->wake.heads = n - 3;
    for (int i = 0; i < a->wake.heads; i++)
        a->wake.head[i] = name[i + 2];
    a->sound = name[n - 1];
    return 1;
}

int wakeword_args_read(int argc, char **argv, wakeword_args *a)
{
    const char *name[WAKE_HEADS + 3];
    int names = 0;
    *a = (wakeword_args){.threshold = 0.5, .rest = 2 * WAKE_RATE};
    a->wake.gate.kind = RPR_GATE_EXACT;
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
            fputs(usage, stdout);
            return 0;
        }
        if (strcmp(arg, "--full") == 0) {
            a->wake.full = 1;
        } else if (strcmp(arg, "--all-gates") == 0) {
            a->wake.all_gates = 1;
        } else if (strcmp(arg, "--scores") == 0) {
            a->scores = 1;
        } else if (arg[0] == '-' && arg[1]) {
            if (i + 1 == argc)
                return fail(arg, "needs a value; see: wakeword --help");
            if (set(a, arg, argv[++i]) < 0)
                return -1;
        } else if (names == WAKE_HEADS + 3) {
            return fail(arg, "one name too many; see: wakeword --help");
        } else {
            name[names++] = arg;
        }
    }
    return set_names(a, name, names);
}
