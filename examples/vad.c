/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who speaks when: Silero's voice activity detector on a file or a pipe. The network looks at 512
 * new samples at a time with 64 old ones before them, and keeps a state, which is declared to be
 * the stream's own.
 */
#include <stdio.h>
#include <string.h>

#include "audio/chunks.h"
#include "media/audio.h"
#include "reprise/reprise.h"

#include "segments.h"
#include "tally.h"
#include "vad_args.h"

enum { HOP = 512, CONTEXT = 64, BAD_USAGE = 2, BAD_INPUT = 3 };

typedef struct vad {
    const vad_args *args;
    rpr_model *model;
    rpr_stream *stream;
    media_audio *audio;
    audio_chunks *chunks;
    segments segments;
    size_t probability; /* number of the model's output that is one */
    tally tally;
} vad;

static int fail(int code, const char *text)
{
    fflush(stdout);
    fprintf(stderr, "vad: %s\n", text);
    return code;
}

/* ----------------------------------------------------------------- opening */

/* Some messages name the file already. */
static int fail_model(const vad *v, const char *text)
{
    char line[1500];
    const char *name = v->args->model;
    const int named = strstr(text, name) != NULL;
    snprintf(line, sizeof line, "%.400s%s%s", named ? "" : name, named ? "" : ": ", text);
    return fail(BAD_INPUT, line);
}

static int open_model(vad *v)
{
    const rpr_input_shape shapes[] = {{"input", 2, {1, CONTEXT + HOP}}, {"state", 3, {2, 1, 128}}};
    const double rate = VAD_RATE;
    rpr_model_options o;
    rpr_stream_options so;
    rpr_tensor_info in, out;
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
    if (rpr_model_load(v->args->model, &o, &v->model, &err) != RPR_OK)
        return fail_model(v, err.message);
    while (v->probability < rpr_model_n_outputs(v->model) &&
           (rpr_model_output(v->model, v->probability, &out) != RPR_OK ||
            strcmp(out.name, "output") != 0))
        v->probability++;
    if (rpr_model_n_inputs(v->model) != 1 || rpr_model_input(v->model, 0, &in) != RPR_OK ||
        in.dtype != RPR_F32 || in.bytes != (CONTEXT + HOP) * sizeof(float) ||
        v->probability == rpr_model_n_outputs(v->model) || out.dtype != RPR_F32 ||
        out.bytes != sizeof(float) || rpr_model_n_outputs(v->model) > 2)
        return fail_model(v, "is no silero_vad v5 or v6");
    if (rpr_stream_create(v->model, &so, &v->stream, &err) != RPR_OK)
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
    rpr_stream_destroy(v->stream);
    rpr_model_destroy(v->model);
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
static int run_block(vad *v, int64_t fresh)
{
    float probability = 0;
    segment s;
    rpr_output out[2] = {{0}};
    out[v->probability] = (rpr_output){.data = &probability, .bytes = sizeof probability};
    const rpr_input in = {.data = audio_chunks_block(v->chunks),
                          .bytes = (CONTEXT + HOP) * sizeof(float)};
    const double start = tally_clock();
    if (rpr_stream_run(v->stream, &in, 1, out, rpr_model_n_outputs(v->model)) != RPR_OK)
        return fail(BAD_INPUT, rpr_stream_error(v->stream));
    tally_add(&v->tally, v->stream, tally_clock() - start);
    if (v->args->probabilities)
        printf("%9.3f %.6f\n", (double)v->segments.now / VAD_RATE, (double)probability);
    if (segments_push(&v->segments, (double)probability, fresh, &s) && !v->args->probabilities)
        print_segment(&s);
    return 0;
}

static int run_rest(vad *v, int64_t fresh)
{
    segment s;
    int code = audio_chunks_end(v->chunks) ? run_block(v, fresh) : 0;
    while (segments_end(&v->segments, &s))
        if (!v->args->probabilities)
            print_segment(&s);
    return code;
}

static int vad_run(vad *v)
{
    float x[HOP];
    size_t n, used;
    int64_t samples = 0;
    for (;;) {
        media_error err;
        const int status = media_audio_read(v->audio, x, HOP, &n, &err);
        if (status != MEDIA_OK) {
            const int code = run_rest(v, samples % HOP);
            return status == MEDIA_ERROR ? fail(BAD_INPUT, err.message) : code;
        }
        samples += (int64_t)n;
        for (size_t at = 0; at < n; at += used)
            if (audio_chunks_push(v->chunks, x + at, n - at, &used)) {
                const int code = run_block(v, HOP);
                if (code)
                    return code;
            }
    }
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
        tally_report(&v.tally, "", HOP * 1000.0 / VAD_RATE);
    }
    vad_close(&v);
    return code;
}
