/* SPDX-License-Identifier: Apache-2.0 */
#include "denoise_args.h"

#include <stdio.h>
#include <string.h>

#include "option.h"

static const char usage[] =
    "usage: denoise MODEL1 MODEL2 SOUND OUT [options]\n"
    "\n"
    "Takes the noise out of speech. MODEL1 and MODEL2 are DTLN's two networks; SOUND a file, -\n"
    "(wav on stdin), or rawaudio:RATE[xCHANNELS]:FORMAT:FILE; OUT a wav file, or - for stdout: "
    "one\n"
    "channel, 16 bits, 16 kHz, as long as SOUND.\n"
    "\n"
    "  --gate GATE       off (default), exact or deadzone:T: what counts as a change\n";

static int fail(const char *what, const char *wants)
{
    fprintf(stderr, "denoise: %s: %s\n", what, wants);
    return -1;
}

int denoise_args_read(int argc, char **argv, denoise_args *a)
{
    *a = (denoise_args){.gate.kind = RPR_GATE_OFF};
    const char **const name[] = {&a->model[0], &a->model[1], &a->sound, &a->out};
    size_t names = 0;
    for (int i = 1; i < argc; i++) {
        const char *arg = argv[i];
        if (strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0) {
            fputs(usage, stdout);
            return 0;
        }
        if (arg[0] != '-' || !arg[1]) {
            if (names == sizeof name / sizeof *name)
                return fail(arg, "one name too many; see: denoise --help");
            *name[names++] = arg;
        } else if (strcmp(arg, "--gate") != 0) {
            return fail(arg, "there is no such option; see: denoise --help");
        } else if (++i == argc) {
            return fail(arg, "needs a value; see: denoise --help");
        } else if (!option_gate(argv[i], &a->gate)) {
            return fail(arg, "should be off, exact or deadzone:T");
        }
    }
    return a->out
               ? 1
               : fail("arguments", "MODEL1, MODEL2, SOUND and OUT are needed; see: denoise --help");
}
