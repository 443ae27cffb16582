/* SPDX-License-Identifier: Apache-2.0 */
/* A similarity trace of a stream: its plan as a description, and its gates' lists frame by frame.
 */
#include "stream/stream.h"

#include "core/alloc.h"
#include "stream/trace_steps.h"
#include "trace/net.h"
#include "trace/write.h"

struct rpr_trace {
    const rpr_stream *stream;
    rpr_trace_writer *writer;
    int *step, *direction; /* per layer */
    int n_layer;
    rpr_trace_change *change;
    rpr_trace_layer_frame *layer;
    uint64_t runs; /* of the stream, when the last frame was written or the trace was made */
    int status;    /* of the first failure; a trace does not go on after one */
    bool ended;
    rpr_error error;
};

/* ------------------------------------------------------------- description */

static rpr_trace_axis trace_axis(const rpr_linear_axis *a)
{
    return (rpr_trace_axis){.in = a->in,
                            .out = a->out,
                            .kernel = a->k,
                            .stride = a->s,
                            .dilation = a->d,
                            .pad = a->pad};
}

static bool describe_layer(const rpr_stream *s, const rpr_step *step, rpr_trace_layer *out)
{
    const rpr_linear *l = step->linear;
    const rpr_linear_geometry *g = &l->geometry;
    *out = (rpr_trace_layer){
        .name = rpr_strdup(step->name),
        .op = rpr_strdup(step->op),
        .input = step->gate,
        .transposed = g->transposed,
        .by_pixel = rpr_linear_recomputes(l, &s->gate[step->gate]),
        .n = l->n,
        .ci = l->in_c,
        .co = l->out_c,
        .groups = g->groups,
        .axis = {{1, 1, 1, 1, 1, 0}, trace_axis(&g->axis[0]), trace_axis(&g->axis[1])},
        .macs = l->macs,
        .parameters = l->parameters};
    return out->name && out->op;
}

static bool describe_input(const rpr_stream *s, int gate, rpr_trace_input *out)
{
    const rpr_tensor *t = &s->plan->tensor[s->plan->gate[gate].tensor];
    *out = (rpr_trace_input){.name = rpr_strdup(t->name),
                             .n = t->n,
                             .d = 1,
                             .h = t->h,
                             .w = t->w,
                             .c = t->c,
                             .gate = s->gate[gate].open ? (rpr_gate){.kind = RPR_GATE_OFF}
                                                        : s->gate[gate].rule};
    return out->name != NULL;
}

/** Directions of recurrent layers have inputs of their own, which follow those of gates. */
static bool describe_step(rpr_trace *t, rpr_trace_net *net, int step)
{
    const rpr_step *from = &t->stream->plan->step[step];
    bool ok = true;
    for (int d = 0; d < rpr_trace_directions(from) && ok; d++) {
        rpr_trace_layer *layer = &net->layer[net->n_layer];
        t->step[net->n_layer] = step;
        t->direction[net->n_layer++] = d;
        ok = rpr_trace_describe_steps(t->stream, step, d, &net->input[net->n_input], layer);
        layer->input = net->n_input++;
    }
    if (from->linear) {
        t->step[net->n_layer] = step;
        ok = describe_layer(t->stream, from, &net->layer[net->n_layer++]);
    }
    return ok;
}

/** The layers are numbered as their steps come; t->step must have room for all. */
static bool describe(rpr_trace *t, rpr_trace_net *net, size_t n_input, size_t n_layer)
{
    const rpr_plan *p = t->stream->plan;
    net->input = rpr_alloc_array(n_input, sizeof *net->input);
    net->layer = rpr_alloc_array(n_layer, sizeof *net->layer);
    if (!net->input || !net->layer)
        return false;
    bool ok = true;
    for (; net->n_input < p->n_gate && ok; net->n_input++)
        ok = describe_input(t->stream, net->n_input, &net->input[net->n_input]);
    for (int i = 0; i < p->n_step && ok; i++)
        ok = describe_step(t, net, i);
    t->n_layer = net->n_layer;
    return ok;
}

static int open_trace(rpr_trace *t, rpr_write_fn write, void *user, rpr_error *err)
{
    const rpr_plan *p = t->stream->plan;
    rpr_trace_net net = {0};
    size_t inputs = (size_t)p->n_gate, layers = (size_t)p->n_step;
    for (int i = 0; i < p->n_step; i++) {
        inputs += (size_t)rpr_trace_directions(&p->step[i]);
        layers += (size_t)rpr_trace_directions(&p->step[i]);
    }
    t->step = rpr_alloc_array(layers, sizeof *t->step);
    t->direction = rpr_alloc_array(layers, sizeof *t->direction);
    t->change = rpr_alloc_array(inputs, sizeof *t->change);
    t->layer = rpr_alloc_array(layers, sizeof *t->layer);
    int status =
        t->step && t->direction && t->change && t->layer && describe(t, &net, inputs, layers)
            ? rpr_trace_writer_create(&net, write, user, &t->writer, err)
            : rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    rpr_trace_net_free(&net);
    return status;
}

/** Layers that the format has no words for. */
static int check_layers(const rpr_plan *p, rpr_error *err)
{
    for (int i = 0; i < p->n_step; i++) {
        const rpr_step *step = &p->step[i];
        if (step->linear && step->linear->words)
            return rpr_fail(err, RPR_ERR_UNSUPPORTED,
                            "trace: layer '%s' is quantised, which traces cannot say yet",
                            step->name);
        if (step->recurrent && !rpr_recurrent_records(step->recurrent))
            return rpr_fail(err, RPR_ERR_UNSUPPORTED,
                            "trace: layer '%s' (%s) has a product on what its reset gate left, "
                            "which traces cannot say",
                            step->name, step->op);
    }
    return RPR_OK;
}

int rpr_trace_create(const rpr_stream *s, rpr_write_fn write, void *user, rpr_trace **out,
                     rpr_error *err)
{
    if (err)
        err->message[0] = '\0';
    if (out)
        *out = NULL;
    if (!s || !write || !out)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "trace: no stream, function or place was given");
    if (!s->reuse)
        return rpr_fail(err, RPR_ERR_ARGUMENT,
                        "trace: the stream has no gates, so that nothing is compared");
    if (!s->opt.trace)
        return rpr_fail(err, RPR_ERR_ARGUMENT,
                        "trace: the stream was created without the option `trace`");
    RPR_TRY(check_layers(s->plan, err));
    rpr_trace *t = rpr_alloc(sizeof *t);
    if (!t)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    t->stream = s;
    t->runs = s->runs;
    int status = open_trace(t, write, user, err);
    if (status != RPR_OK) {
        rpr_trace_destroy(t);
        return status;
    }
    *out = t;
    return RPR_OK;
}

void rpr_trace_destroy(rpr_trace *t)
{
    if (!t)
        return;
    rpr_trace_writer_free(t->writer);
    rpr_free(t->step);
    rpr_free(t->direction);
    rpr_free(t->change);
    rpr_free(t->layer);
    rpr_free(t);
}

const char *rpr_trace_error(const rpr_trace *t)
{
    return t->error.message;
}

/* ------------------------------------------------------------------ frames */

/** Refuses calls after a failure or the end. */
static int check_open(rpr_trace *t)
{
    if (t->ended)
        return rpr_fail(&t->error, RPR_ERR_ARGUMENT, "the trace has ended");
    return t->status; /* with its line */
}

static int check_turn(rpr_trace *t)
{
    const rpr_stream *s = t->stream;
    if (s->runs > t->runs + 1)
        return rpr_fail(&t->error, RPR_ERR_ARGUMENT, "the trace has missed a frame");
    if (s->runs == t->runs || !s->ran)
        return rpr_fail(&t->error, RPR_ERR_ARGUMENT,
                        "the stream has run no frame that is not in the trace yet");
    return RPR_OK;
}

static int finish(rpr_trace *t, int status)
{
    if (status == RPR_ERR_IO)
        (void)rpr_fail(&t->error, status, "the trace cannot be written");
    t->status = status;
    return status;
}

static void collect(rpr_trace *t)
{
    const rpr_stream *s = t->stream;
    for (int i = 0; i < s->plan->n_gate; i++) {
        const rpr_gate_state *g = &s->gate[i];
        t->change[i] = (rpr_trace_change){
            .n_changed = g->n_changed, .row_n = g->row_n, .idx = g->idx, .lo = g->lo, .hi = g->hi};
    }
    int input = s->plan->n_gate;
    for (int i = 0; i < t->n_layer; i++) {
        const rpr_step_state *state = &s->step[t->step[i]];
        if (s->plan->step[t->step[i]].recurrent) {
            rpr_trace_collect_steps(s, t->step[i], t->direction[i], &t->change[input++],
                                    &t->layer[i]);
            continue;
        }
        t->layer[i] = (rpr_trace_layer_frame){.choice = state->choice,
                                              .refreshed = state->refreshed,
                                              .mixed = state->mixed,
                                              .macs = state->macs};
    }
}

int rpr_trace_frame_write(rpr_trace *t)
{
    RPR_TRY(check_open(t));
    RPR_TRY(check_turn(t));
    collect(t);
    t->runs = t->stream->runs;
    const bool first = t->stream->stats.frame < t->stream->warm;
    return finish(t, rpr_trace_writer_frame(t->writer, first, t->change, t->layer));
}

int rpr_trace_end(rpr_trace *t)
{
    RPR_TRY(check_open(t));
    int status = finish(t, rpr_trace_writer_end(t->writer));
    t->ended = status == RPR_OK;
    return status;
}
