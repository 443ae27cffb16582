/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Speech without its noise, from a file or a live pipe to a file or a pipe. What is written is in
 * step with the sound: the delay of the networks is taken off at the start and made up at the end.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "audio/chunks.h"
#include "media/audio.h"

#include "denoise_args.h"
#include "dtln.h"
#include "sound.h"
#include "wav.h"

enum { BAD_USAGE = 2, BAD_FILE = 3 };

typedef struct denoise {
    const denoise_args *args;
    dtln *net;
    media_audio *audio;
    audio_chunks *chunks;
    wav out;
    int64_t heard;  /* samples of the sound */
    int64_t blocks; /* DTLN_HOP samples of each, DTLN_DELAY late */
} denoise;

static int fail(int code, const char *text)
{
    fprintf(stderr, "denoise: %s\n", text);
    return code;
}

static int fail_output(const denoise *d, int error)
{
    fprintf(stderr, "denoise: %s: %s\n", d->args->out, strerror(error));
    return BAD_FILE;
}

/* ----------------------------------------------------------------- opening */

/* Opening the output would empty the input. */
static int is_same_file(const char *a, const char *b)
{
    struct stat x, y;
    return stat(a, &x) == 0 && stat(b, &y) == 0 && S_ISREG(x.st_mode) && x.st_dev == y.st_dev &&
           x.st_ino == y.st_ino;
}

static int denoise_open(denoise *d, const denoise_args *a)
{
    const media_audio_options o = {.rate = DTLN_RATE};
    rpr_error why = {""};
    media_error err;
    *d = (denoise){.args = a};
    d->net = dtln_new(a->model, &a->gate, &why);
    if (!d->net)
        return fail(BAD_FILE, why.message);
    d->chunks = audio_chunks_new(1, DTLN_HOP, DTLN_DELAY, AUDIO_EDGE_ZERO);
    if (!d->chunks)
        return fail(BAD_FILE, "memory ran out");
    if (media_audio_open(a->sound, &o, &d->audio, &err) != MEDIA_OK)
        return fail(BAD_FILE, err.message);
    const char *file =
        strncmp(a->sound, "rawaudio:", 9) == 0 ? strrchr(a->sound, ':') + 1 : a->sound;
    if (is_same_file(file, a->out))
        return fail(BAD_USAGE, "SOUND and OUT are the same file");
    return wav_create(&d->out, a->out, DTLN_RATE) == 0 ? 0 : fail_output(d, errno);
}

static int denoise_close(denoise *d, int code)
{
    if (wav_close(&d->out) != 0 && code == 0)
        code = fail_output(d, errno);
    dtln_free(d->net);
    audio_chunks_free(d->chunks);
    media_audio_close(d->audio);
    return code;
}

/* ----------------------------------------------------------------- running */

/* The block that is ready. Of what comes out, that before the sound's start and after its end is
 * left out. */
static int run_block(void *user)
{
    denoise *d = user;
    float y[DTLN_HOP];
    rpr_error err = {""};
    if (dtln_run(d->net, audio_chunks_block(d->chunks), y, &err) != RPR_OK)
        return fail(BAD_FILE, err.message);
    const int64_t at = DTLN_HOP * d->blocks++ - DTLN_DELAY; /* in the sound */
    if (at < 0)
        return 0;
    const int64_t n = d->heard - at < DTLN_HOP ? d->heard - at : DTLN_HOP;
    return wav_write(&d->out, y, (size_t)n) == 0 ? 0 : fail_output(d, errno);
}

/* Silence, until the last sample has come out. */
static int run_rest(denoise *d)
{
    static const float zero[DTLN_HOP];
    int code = 0;
    while (code == 0 && d->out.samples < d->heard)
        code = sound_push(d->chunks, zero, DTLN_HOP, run_block, d);
    return code;
}

static int denoise_run(denoise *d)
{
    int code = 0;
    media_error err;
    const sound_end end = sound_read(d->audio, d->chunks, run_block, d, &d->heard, &code, &err);
    if (end == SOUND_STOPPED)
        return code;
    code = run_rest(d);
    return end == SOUND_ERROR ? fail(BAD_FILE, err.message) : code;
}

int main(int argc, char **argv)
{
    static const char *const title[2] = {"spectrum: ", "samples: "};
    denoise_args args;
    denoise d;
    signal(SIGPIPE, SIG_IGN); /* a reader that goes away is an error of writing */
    const int status = denoise_args_read(argc, argv, &args);
    if (status <= 0)
        return status < 0 ? BAD_USAGE : 0;
    int code = denoise_open(&d, &args);
    if (code == 0) {
        code = denoise_run(&d);
        for (int i = 0; i < 2; i++)
            tally_report(dtln_tally(d.net, i), title[i], 1000.0 * DTLN_HOP / DTLN_RATE);
    }
    return denoise_close(&d, code);
}
