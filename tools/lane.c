/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "session.h"

int lane_open(lane *l, const session *s, rpr_gate gate)
{
    const cli_options *o = s->opt;
    rpr_stream_options opt;
    rpr_error err = {""};
    *l = (lane){.n_layers = rpr_model_n_layers(s->model)};
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
    l->out = outputs_new(s);
    l->layer = calloc(l->n_layers ? l->n_layers : 1, sizeof *l->layer);
    if (!l->out || !l->layer)
        return cli_no_memory();
    int status = rpr_stream_create(s->model, &opt, &l->stream, &err);
    if (status != RPR_OK)
        return cli_fail(cli_exit_of_status(status), "%s: %s", o->model,
                        err.message[0] ? err.message : rpr_strerror(status));
    rpr_stream_time_layers(l->stream, o->json != NULL); /* only the report shows them */
    return CLI_DONE;
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
    if (l->stats.frame == 1)
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

int lane_run(lane *l, const session *s)
{
    double start = clock_ms();
    int status = rpr_stream_run_masked(
        l->stream, &s->in, 1, s->kind == SOURCE_PICTURES ? &s->mask : NULL, l->out, s->n_out);
    double ms = clock_ms() - start;
    if (status == RPR_ERR_NONFINITE)
        return cli_fail(CLI_BAD_INPUT, "%s: frame %lld holds NaN or infinity", s->opt->input,
                        (long long)s->frame.index);
    if (status != RPR_OK)
        return cli_fail(cli_exit_of_status(status), "%s: frame %lld: %s", s->opt->input,
                        (long long)s->frame.index, rpr_stream_error(l->stream));
    int code = add_frame(l, ms);
    return code == CLI_DONE ? decode(l, s) : code;
}

double lane_similarity(const lane *l)
{
    return l->sum.inputs ? 1 - (double)l->sum.changed / (double)l->sum.inputs : 0;
}

double lane_mac_share(const lane *l)
{
    return l->sum.macs_dense ? (double)l->sum.macs_executed / (double)l->sum.macs_dense : 1;
}
