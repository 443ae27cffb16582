/* SPDX-License-Identifier: Apache-2.0 */
#include "session.h"

#include <stdlib.h>

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

static int open_arrays(session *s)
{
    int code = arrays_open(&s->arrays, s->model, s->opt);
    s->video.frames = s->arrays.frames;
    return code;
}

static int open_frames(session *s)
{
    media_error err;
    media_source_options opt = {.width = s->feed.width,
                                .height = s->feed.height,
                                .channels = s->feed.channels,
                                .skip = s->opt->skip,
                                .frames = s->opt->frames};
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

int session_open(session *s, const cli_options *o)
{
    *s = (session){.opt = o, .promise.budget = -1};
    int code = model_open(o, &s->model, NULL);
    if (code == CLI_DONE)
        code = arrays_are(o->input) ? open_arrays(s) : feed_open(&s->feed, s->model, o);
    if (code == CLI_DONE)
        code = read_outputs(s);
    if (code == CLI_DONE && !decoder_match(&s->decoder, o->decode, s->out_info, s->n_out,
                                           s->feed.width, s->feed.height))
        code = cli_fail(CLI_USAGE, "%s: its outputs do not fit this --decode, which wants %s",
                        o->model, decoder_wants(o->decode));
    if (code == CLI_DONE && o->plan)
        code = plan_file_read(o->plan, s->model, &s->plan, &s->n_plan, &s->promise);
    if (code == CLI_DONE && !arrays_are(o->input))
        code = open_frames(s);
    if (code == CLI_DONE)
        code = place_ignored(s);
    if (code == CLI_DONE)
        progress_start(&s->progress, s->video.frames);
    return code;
}

void session_close(session *s)
{
    media_source_close(s->source);
    arrays_close(&s->arrays);
    feed_close(&s->feed);
    free(s->out_info);
    free(s->plan);
    rpr_model_destroy(s->model);
}

int session_next(session *s, int *code)
{
    media_error err;
    progress_step(&s->progress, s->frames);
    int status = s->source ? media_source_next(s->source, &s->frame, &err)
                           : arrays_next(&s->arrays, &s->frame.index, &s->in, &err);
    if (status == MEDIA_ERROR) {
        progress_end(&s->progress);
        *code = cli_fail(CLI_BAD_INPUT, "%s", err.message);
    }
    if (status != MEDIA_OK)
        return 0;
    if (s->source)
        feed_frame(&s->feed, &s->frame, &s->in);
    s->frames++;
    return 1;
}

int session_end(session *s, int code)
{
    progress_end(&s->progress);
    int64_t bad = s->source ? media_source_undecodable(s->source) : 0;
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
