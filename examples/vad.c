/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who speaks when: Silero's voice activity detector on a file or a pipe. The network looks at 512
 * new samples at a time with 64 old ones before them, and keeps a state, which is declared to be
 * the stream's own.
 */
#include <stdio.h>

#include "audio/chunks.h"
#include "media/audio.h"
#include "reprise/reprise.h"

#include "network.h"
#include "segments.h"
#include "sound.h"
#include "vad_args.h"

enum { HOP = 512, CONTEXT = 64, BAD_USAGE = 2, BAD_INPUT = 3 };

typedef struct vad {
    const vad_args *args;
    network net;
    media_audio *audio;
    audio_chunks *chunks;
    segments segments;
} vad;

static int fail(int code, const char *text)
{
    fflush(stdout);
    fprintf(stderr, "vad: %s\n", text);
    return code;
}

/* ----------------------------------------------------------------- opening */

static int open_model(vad *v)
{
    const rpr_input_shape shapes[] = {{"input", 2, {1, CONTEXT + HOP}}, {"state", 3, {2, 1, 128}}};
    const network_form form = {"silero_vad v5 or v6", "output", CONTEXT + HOP, 1};
    const double rate = VAD_RATE;
    rpr_model_options o;
    rpr_stream_options so;
    rpr_error err = {""};
    rpr_model_options_init(&o);
    rpr_stream_options_init(&so);
    o.shapes = shapes;
    o.n_shapes = 2;
    o.fixed = &(rpr_input_value){"sr", &rate, 1};
    o.n_fixed = 1;
    o.carry = &(rpr_carry){.input = "state", .output = "stateN"};
    o.n_carry = 1;
    so.gate = v->args->gate;
    if (network_load(&v->net, v->args->model, &o, &form, &err) != RPR_OK ||
        network_start(&v->net, &so, &err) != RPR_OK)
        return fail(BAD_INPUT, err.message);
    return 0;
}

static int vad_open(vad *v, const vad_args *a)
{
    const media_audio_options o = {.rate = VAD_RATE};
    media_error err;
    *v = (vad){.args = a};
    segments_init(&v->segments, &a->segments);
    int code = open_model(v);
    if (code)
        return code;
    v->chunks = audio_chunks_new(1, HOP, CONTEXT, AUDIO_EDGE_ZERO);
    if (!v->chunks)
        return fail(BAD_INPUT, "memory ran out");
    return media_audio_open(a->sound, &o, &v->audio, &err) == MEDIA_OK
               ? 0
               : fail(BAD_INPUT, err.message);
}

static void vad_close(vad *v)
{
    network_close(&v->net);
    audio_chunks_free(v->chunks);
    media_audio_close(v->audio);
}

/* ----------------------------------------------------------------- running */

static void print_segment(const segment *s)
{
    printf("%9.3f %9.3f\n", (double)s->start / VAD_RATE, (double)s->end / VAD_RATE);
    fflush(stdout); /* who reads a pipe wants it now */
}

/* The block that is ready; `fresh` of its samples are sound, the rest fills up the last one. */
static int run_part(vad *v, int64_t fresh)
{
    float probability = 0;
    segment s;
    rpr_error err = {""};
    if (network_run(&v->net, audio_chunks_block(v->chunks), &probability, &err) != RPR_OK)
        return fail(BAD_INPUT, err.message);
    if (v->args->probabilities)
        printf("%9.3f %.6f\n", (double)v->segments.now / VAD_RATE, (double)probability);
    if (segments_push(&v->segments, (double)probability, fresh, &s) && !v->args->probabilities)
        print_segment(&s);
    return 0;
}

static int run_block(void *v)
{
    return run_part(v, HOP);
}

static int run_rest(vad *v, int64_t fresh)
{
    segment s;
    int code = audio_chunks_end(v->chunks) ? run_part(v, fresh) : 0;
    while (segments_end(&v->segments, &s))
        if (!v->args->probabilities)
            print_segment(&s);
    return code;
}

static int vad_run(vad *v)
{
    int64_t samples = 0;
    int code = 0;
    media_error err;
    const sound_end end = sound_read(v->audio, v->chunks, run_block, v, &samples, &code, &err);
    if (end == SOUND_STOPPED)
        return code;
    code = run_rest(v, samples % HOP);
    return end == SOUND_ERROR ? fail(BAD_INPUT, err.message) : code;
}

int main(int argc, char **argv)
{
    vad_args args;
    vad v;
    const int status = vad_args_read(argc, argv, &args);
    if (status <= 0)
        return status < 0 ? BAD_USAGE : 0;
    int code = vad_open(&v, &args);
    if (code == 0) {
        code = vad_run(&v);
        tally_report(&v.net.tally, "", HOP * 1000.0 / VAD_RATE);
    }
    vad_close(&v);
    return code;
}
