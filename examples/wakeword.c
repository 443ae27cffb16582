/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who calls: openWakeWord's networks on a file or a live pipe. Each of the three reads overlapping
 * windows of what the one before gives out, and computes only what is new of them.
 */
#include <stdio.h>

#include "audio/chunks.h"
#include "media/audio.h"

#include "sound.h"
#include "wake.h"
#include "wakeword_args.h"

enum { BAD_USAGE = 2, BAD_INPUT = 3 };

typedef struct listener {
    const wakeword_args *args;
    wake *wake;
    media_audio *audio;
    audio_chunks *chunks;
    int64_t now;               /* samples of the blocks that were run */
    int64_t quiet[WAKE_HEADS]; /* until then a word is not reported again */
} listener;

static int fail(const char *text)
{
    fflush(stdout);
    fprintf(stderr, "wakeword: %s\n", text);
    return BAD_INPUT;
}

static int listener_open(listener *l, const wakeword_args *a)
{
    const media_audio_options o = {.rate = WAKE_RATE};
    rpr_error why = {""};
    media_error err;
    *l = (listener){.args = a};
    l->wake = wake_new(&a->wake, &why);
    if (!l->wake)
        return fail(why.message);
    l->chunks = audio_chunks_new(1, WAKE_HOP, WAKE_CONTEXT, AUDIO_EDGE_ZERO);
    if (!l->chunks)
        return fail("memory ran out");
    return media_audio_open(a->sound, &o, &l->audio, &err) == MEDIA_OK ? 0 : fail(err.message);
}

static void listener_close(listener *l)
{
    wake_free(l->wake);
    audio_chunks_free(l->chunks);
    media_audio_close(l->audio);
}

static double seconds(const listener *l)
{
    return (double)l->now / WAKE_RATE;
}

static void print_scores(const listener *l, const float *score)
{
    printf("%9.3f", seconds(l));
    for (int i = 0; i < l->args->wake.heads; i++)
        printf(" %.6f", (double)score[i]);
    putchar('\n');
}

static int run_block(void *user)
{
    listener *l = user;
    float score[WAKE_HEADS];
    rpr_error err = {""};
    if (wake_run(l->wake, audio_chunks_block(l->chunks), score, &err) != RPR_OK)
        return fail(err.message);
    l->now += WAKE_HOP;
    if (l->args->scores) {
        print_scores(l, score);
        return 0;
    }
    for (int i = 0; i < l->args->wake.heads; i++)
        if ((double)score[i] >= l->args->threshold && l->now > l->quiet[i]) {
            l->quiet[i] = l->now + l->args->rest;
            printf("%9.3f  %s  %.3f\n", seconds(l), wake_word(l->wake, i), (double)score[i]);
            fflush(stdout); /* who reads a pipe wants it now */
        }
    return 0;
}

static int listener_run(listener *l)
{
    int64_t samples = 0;
    int code = 0;
    media_error err;
    const sound_end end = sound_read(l->audio, l->chunks, run_block, l, &samples, &code, &err);
    if (end != SOUND_STOPPED && audio_chunks_end(l->chunks))
        code = run_block(l); /* the rest, with silence behind it */
    return end == SOUND_ERROR ? fail(err.message) : code;
}

int main(int argc, char **argv)
{
    wakeword_args args;
    listener l;
    const int status = wakeword_args_read(argc, argv, &args);
    if (status <= 0)
        return status < 0 ? BAD_USAGE : 0;
    int code = listener_open(&l, &args);
    if (code == 0) {
        code = listener_run(&l);
        wake_report(l.wake);
    }
    listener_close(&l);
    return code;
}
