/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "session.h"

/* What the command line says of streams. */
static rpr_stream_options stream_options(const session *s, rpr_gate gate)
{
    const cli_options *o = s->opt;
    rpr_stream_options opt;
    rpr_stream_options_init(&opt);
    opt.gate = gate;
    opt.threads = o->threads;
    opt.trace = o->trace != NULL;
    opt.all_gates = o->all_gates;
    opt.oracle = o->command == CMD_VERIFY && o->oracle_every > 0;
    opt.weights = o->weights;
    opt.noise = gate.kind == RPR_GATE_OFF ? 0 : o->noise;
    opt.layer_gates = s->plan;
    opt.n_layer_gates = s->n_plan;
    opt.settle = o->settle >= 0 ? o->settle : s->promise.settle;
    if (o->refresh >= 0)
        opt.refresh = o->refresh;
    return opt;
}

static int open_lane(lane *l, const session *s, const rpr_model *m, const rpr_stream_options *opt)
{
    const cli_options *o = s->opt;
    rpr_error err = {""};
    *l = (lane){.model = m, .full = m != s->model, .n_layers = rpr_model_n_layers(m)};
    l->out = outputs_new(s);
    l->layer = calloc(l->n_layers ? l->n_layers : 1, sizeof *l->layer);
    if (!l->out || !l->layer)
        return cli_no_memory();
    int status = rpr_stream_create(m, opt, &l->stream, &err);
    if (status != RPR_OK)
        return cli_fail(cli_exit_of_status(status), "%s: %s", o->model,
                        err.message[0] ? err.message : rpr_strerror(status));
    rpr_stream_time_layers(l->stream, o->json != NULL); /* only the report shows them */
    return CLI_DONE;
}

int lane_open(lane *l, const session *s, rpr_gate gate)
{
    const rpr_stream_options opt = stream_options(s, gate);
    return open_lane(l, s, s->model, &opt);
}

int lane_open_dense(lane *l, const session *s)
{
    rpr_stream_options opt = stream_options(s, (rpr_gate){.kind = RPR_GATE_OFF});
    if (!s->full)
        return open_lane(l, s, s->model, &opt);
    opt.layer_gates = NULL; /* they count the layers of the other model */
    opt.n_layer_gates = 0;
    return open_lane(l, s, s->full, &opt);
}

void lane_close(lane *l, const session *s)
{
    rpr_stream_destroy(l->stream);
    outputs_free(l->out, s->n_out);
    boxes_free(&l->boxes);
    samples_free(&l->ms);
    free(l->layer);
}

static void add_layers(lane *l)
{
    for (size_t i = 0; i < l->n_layers; i++) {
        rpr_layer_stats st;
        layer_sum *sum = &l->layer[i];
        if (rpr_stream_layer_stats(l->stream, i, &st) != RPR_OK)
            continue;
        sum->inputs += st.inputs;
        sum->changed += st.changed;
        sum->macs_dense += st.macs_dense;
        sum->macs_executed += st.macs_executed;
        sum->ms += st.ms;
        if ((unsigned)st.choice < 3)
            sum->choice[st.choice]++;
    }
}

/* Forgets the first, dense frame when the second one comes. */
static void forget_first(lane *l)
{
    l->ms.n = 0;
    l->sum = (lane_sum){0};
    memset(l->layer, 0, l->n_layers * sizeof *l->layer);
}

static int add_frame(lane *l, double ms)
{
    int status = rpr_stream_frame_stats(l->stream, &l->stats);
    if (status != RPR_OK)
        return cli_fail(cli_exit_of_status(status), "statistics: %s", rpr_strerror(status));
    if (l->runs++ == 1)
        forget_first(l);
    l->sum.frames++;
    l->sum.inputs += l->stats.inputs;
    l->sum.changed += l->stats.changed;
    l->sum.macs_dense += l->stats.macs_dense;
    l->sum.macs_executed += l->stats.macs_executed;
    l->sum.bypassed += l->stats.bypassed;
    l->sum.cuts += l->stats.cut;
    l->sum.refreshed += l->stats.refreshed;
    l->state_bytes = rpr_stream_state_bytes(l->stream);
    add_layers(l);
    return samples_add(&l->ms, ms) ? CLI_DONE : cli_no_memory();
}

static int decode(lane *l, const session *s)
{
    if (!decoder_run(&s->decoder, l->out, &l->boxes))
        return cli_no_memory();
    for (size_t i = 0; i < l->boxes.n; i++)
        l->n_boxes += box_counts(&l->boxes.item[i]);
    return CLI_DONE;
}

static int run_failed(const lane *l, const session *s, int status)
{
    if (status == RPR_ERR_NONFINITE)
        return cli_fail(CLI_BAD_INPUT, "%s: frame %lld holds NaN or infinity", s->opt->input,
                        (long long)s->frame.index);
    return cli_fail(cli_exit_of_status(status), "%s: frame %lld: %s", s->opt->input,
                    (long long)s->frame.index, rpr_stream_error(l->stream));
}

int lane_fill(lane *l, session *s)
{
    int code = CLI_DONE;
    for (; rpr_stream_window_missing(l->stream) > 1 && session_fill(s, &code); s->filling++) {
        int status = rpr_stream_run(l->stream, &s->in, 1, NULL, 0);
        if (status != RPR_OK)
            return run_failed(l, s, status);
    }
    return code;
}

int lane_run(lane *l, const session *s)
{
    const rpr_mask *mask = s->kind == SOURCE_PICTURES && !s->window.on ? &s->mask : NULL;
    const rpr_input full = {.data = s->window.whole, .bytes = s->window.full.bytes};
    double start = clock_ms();
    int status =
        rpr_stream_run_masked(l->stream, l->full ? &full : &s->in, 1, mask, l->out, s->n_out);
    double ms = clock_ms() - start;
    if (status != RPR_OK)
        return run_failed(l, s, status);
    int code = add_frame(l, ms);
    return code == CLI_DONE ? decode(l, s) : code;
}

double lane_similarity(const lane *l)
{
    return l->sum.inputs ? 1 - (double)l->sum.changed / (double)l->sum.inputs : 0;
}
