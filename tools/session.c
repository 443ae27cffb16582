/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "model_open.h"
#include "plan_file.h"

static int read_outputs(session *s)
{
    s->n_out = rpr_model_n_outputs(s->model);
    s->out_info = calloc(s->n_out ? s->n_out : 1, sizeof *s->out_info);
    if (!s->out_info)
        return cli_no_memory();
    for (size_t i = 0; i < s->n_out; i++) {
        int status = rpr_model_output(s->model, i, &s->out_info[i]);
        if (status != RPR_OK)
            return cli_fail(cli_exit_of_status(status), "%s: output %zu: %s", s->opt->model, i,
                            rpr_strerror(status));
    }
    return CLI_DONE;
}

/* The model as it is without its window, of which the input may be of open length. */
static int open_full(session *s)
{
    cli_options o = *s->opt;
    const rpr_tensor_info *t = &s->window.full;
    size_t at = 0;
    o.have_axis = 0;
    while (at < o.n_shapes && o.shapes[at].name && strcmp(o.shapes[at].name, t->name) != 0)
        at++;
    if (at == CLI_MAX_SHAPES)
        return cli_fail(CLI_USAGE, "--shape is there too often for a window");
    o.shapes[at] = (rpr_input_shape){.name = t->name, .rank = t->rank};
    memcpy(o.shapes[at].dim, t->dim, sizeof t->dim);
    o.n_shapes = at == o.n_shapes ? at + 1 : o.n_shapes;
    return model_open(&o, &s->full, NULL);
}

/* With something to compare with, full windows are kept, and what runs them is loaded. */
static int open_window(session *s)
{
    const int compared = (s->opt->command & (CMD_BENCH | CMD_VERIFY)) != 0;
    int code = window_open(&s->window, s->model, &s->input, s->opt, compared);
    return code == CLI_DONE && s->window.on && compared ? open_full(s) : code;
}

static int read_input(session *s)
{
    const char *name = s->opt->model;
    const size_t n = rpr_model_n_inputs(s->model);
    if (n != 1)
        return cli_fail(CLI_UNSUPPORTED,
                        "%s: has %zu inputs; frames can feed only one, --set or --carry the others",
                        name, n);
    int status = rpr_model_input(s->model, 0, &s->input);
    return status == RPR_OK
               ? CLI_DONE
               : cli_fail(cli_exit_of_status(status), "%s: %s", name, rpr_strerror(status));
}

/* A model of fewer than four axes reads no pictures; what an array holds is the user's affair. */
static source_kind find_kind(const session *s)
{
    if (arrays_are(s->opt->input))
        return SOURCE_ARRAYS;
    return s->opt->sound || s->input.rank < 4 ? SOURCE_SOUND : SOURCE_PICTURES;
}

static int open_frames(session *s)
{
    media_error err;
    const window *w = &s->window;
    media_source_options opt = {.width = s->feed.width,
                                .height = s->feed.height,
                                .channels = s->feed.channels,
                                .skip = s->opt->skip,
                                .frames = s->opt->frames};
    if (w->on) {
        opt.skip = opt.skip > INT64_MAX / 2 / w->info.hop ? INT64_MAX / 2 : opt.skip * w->info.hop;
        opt.frames = opt.frames ? window_span(w, opt.frames) : 0;
    }
    if (media_source_open(s->opt->input, &opt, &s->source, &err) != MEDIA_OK)
        return cli_fail(CLI_BAD_INPUT, "%s", err.message);
    media_source_get_info(s->source, &s->video);
    return CLI_DONE;
}

/*
 * A length of the input's picture in the model's, which it is scaled to. What is scaled mixes with
 * its neighbours: a pixel more on either side.
 */
static void scale_range(int32_t *at, int32_t *size, int from, int to)
{
    int64_t first = (int64_t)*at * to / from, end = (((int64_t)*at + *size) * to + from - 1) / from;
    int64_t more = from != to;
    first = first > more ? first - more : 0;
    end = end + more < to ? end + more : to;
    *at = (int32_t)first;
    *size = (int32_t)(end - first);
}

static int place_ignored(session *s)
{
    const cli_options *o = s->opt;
    for (size_t i = 0; i < o->n_ignore; i++) {
        rpr_rect r = o->ignore[i];
        if (r.x >= s->video.width || r.y >= s->video.height)
            return cli_fail(CLI_USAGE, "--ignore %d,%d,%d,%d lies outside of %s, which is %d x %d",
                            r.x, r.y, r.w, r.h, o->input, s->video.width, s->video.height);
        scale_range(&r.x, &r.w, s->video.width, s->feed.width);
        scale_range(&r.y, &r.h, s->video.height, s->feed.height);
        s->ignored[i] = r;
    }
    s->mask = (rpr_mask){.ignore = s->ignored, .n_ignore = o->n_ignore};
    return CLI_DONE;
}

/* What can be said before pictures or sound, which may be a pipe, are opened. */
static int fit_input(session *s)
{
    s->kind = find_kind(s);
    if (s->kind == SOURCE_ARRAYS)
        return arrays_open(&s->arrays, &s->input, &s->window, s->opt);
    if (s->kind == SOURCE_PICTURES && s->window.on)
        return clip_open(&s->clip, &s->feed, &s->window, s->opt);
    return s->kind == SOURCE_PICTURES ? feed_open(&s->feed, &s->input, s->opt) : CLI_DONE;
}

static int open_input(session *s)
{
    if (s->kind == SOURCE_SOUND)
        return sound_open(&s->sound, &s->input, &s->window, s->opt);
    if (s->kind == SOURCE_ARRAYS)
        return CLI_DONE;
    int code = open_frames(s);
    return code == CLI_DONE ? place_ignored(s) : code;
}

static int64_t expected_frames(const session *s)
{
    switch (s->kind) {
    case SOURCE_SOUND:
        return sound_blocks(&s->sound, s->opt);
    case SOURCE_ARRAYS:
        return s->arrays.frames - (s->window.on ? s->window.info.calls - 1 : 0);
    default:
        return s->window.on ? window_count(&s->window, s->video.frames) : s->video.frames;
    }
}

int session_open(session *s, const cli_options *o)
{
    *s = (session){.opt = o, .promise.budget = -1};
    int code = model_open(o, &s->model, NULL);
    if (code == CLI_DONE)
        code = read_input(s);
    if (code == CLI_DONE)
        code = open_window(s);
    if (code == CLI_DONE)
        code = fit_input(s);
    if (code == CLI_DONE)
        code = read_outputs(s);
    if (code == CLI_DONE && !decoder_match(&s->decoder, o->decode, s->out_info, s->n_out,
                                           s->feed.width, s->feed.height))
        code = cli_fail(CLI_USAGE, "%s: its outputs do not fit this --decode, which wants %s",
                        o->model, decoder_wants(o->decode));
    if (code == CLI_DONE && o->plan)
        code = plan_file_read(o->plan, s->model, &s->plan, &s->n_plan, &s->promise);
    if (code == CLI_DONE)
        code = open_input(s);
    if (code == CLI_DONE)
        progress_start(&s->progress, expected_frames(s));
    return code;
}

void session_close(session *s)
{
    media_source_close(s->source);
    arrays_close(&s->arrays);
    feed_close(&s->feed);
    clip_close(&s->clip);
    sound_close(&s->sound);
    free(s->out_info);
    free(s->plan);
    window_close(&s->window);
    rpr_model_destroy(s->full);
    rpr_model_destroy(s->model);
}

static int next_block(session *s, int *code)
{
    if (!sound_next(&s->sound, s->opt, &s->in, code)) {
        if (*code != CLI_DONE)
            progress_end(&s->progress);
        return 0;
    }
    s->frame.index = s->sound.blocks - 1;
    return 1;
}

static int next_picture(session *s, media_error *err)
{
    if (s->window.on)
        return clip_next(&s->clip, &s->feed, &s->window, s->source, &s->frame, &s->in, err);
    int status = media_source_next(s->source, &s->frame, err);
    if (status == MEDIA_OK)
        feed_frame(&s->feed, &s->frame, &s->in);
    return status;
}

static int next_frame(session *s, int *code)
{
    media_error err;
    if (s->kind == SOURCE_SOUND)
        return next_block(s, code);
    int status = s->kind == SOURCE_PICTURES
                     ? next_picture(s, &err)
                     : arrays_next(&s->arrays, &s->frame.index, &s->in, &err);
    if (status == MEDIA_ERROR) {
        progress_end(&s->progress);
        *code = cli_fail(CLI_BAD_INPUT, "%s", err.message);
    }
    return status == MEDIA_OK;
}

int session_fill(session *s, int *code)
{
    if (s->ended || !next_frame(s, code)) {
        s->ended = 1;
        return 0;
    }
    if (s->window.on) {
        window_push(&s->window, s->in.data);
        s->frame.index = s->opt->skip + s->frames; /* windows are counted, not what they hold */
    }
    return 1;
}

int session_next(session *s, int *code)
{
    progress_step(&s->progress, s->frames);
    if (!session_fill(s, code))
        return 0;
    s->frames++;
    return 1;
}

static int64_t undecodable(const session *s)
{
    switch (s->kind) {
    case SOURCE_SOUND:
        return media_audio_undecodable(s->sound.audio);
    case SOURCE_ARRAYS:
        return 0;
    default:
        return media_source_undecodable(s->source);
    }
}

int session_end(session *s, int code)
{
    progress_end(&s->progress);
    int64_t bad = undecodable(s);
    if (code == CLI_DONE && s->frames > 0 && s->filling > 0)
        cli_say("%s: the first %lld call%s only filled the window and %s not counted",
                s->opt->input, (long long)s->filling, s->filling == 1 ? "" : "s",
                s->filling == 1 ? "is" : "are");
    if (code == CLI_DONE && s->window.on && s->frames == 0)
        code = cli_fail(CLI_BAD_INPUT, "%s: ends before a window of %lld columns is full",
                        s->opt->input, (long long)s->window.info.length);
    if (code == CLI_DONE && bad > 0)
        cli_warn("%s: %lld packets could not be decoded and were left out", s->opt->input,
                 (long long)bad);
    return code;
}

rpr_output *outputs_new(const session *s)
{
    rpr_output *out = calloc(s->n_out ? s->n_out : 1, sizeof *out);
    for (size_t i = 0; out && i < s->n_out; i++) {
        out[i].bytes = s->out_info[i].bytes;
        out[i].keep = 1;
        out[i].data = malloc(out[i].bytes ? out[i].bytes : 1);
        if (!out[i].data) {
            outputs_free(out, i);
            return NULL;
        }
    }
    return out;
}

void outputs_free(rpr_output *out, size_t n)
{
    for (size_t i = 0; out && i < n; i++)
        free(out[i].data);
    free(out);
}
