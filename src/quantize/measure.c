/* SPDX-License-Identifier: Apache-2.0 */
#include "quantize/measure.h"

#include <math.h>

#include "core/alloc.h"
#include "metric/rel_l2.h"

/** One of the two models. */
typedef struct lane {
    const rpr_model *model;
    rpr_stream *stream;
    rpr_output *out;
    size_t n_out;
} lane;

typedef struct measuring {
    const qt_held *h;
    lane exact, rough;
    rpr_model *made;
    rpr_input *in;
    size_t n_in;
    rel_l2 own;
    rpr_error *err;
} measuring;

static int no_memory(const measuring *m)
{
    return rpr_fail(m->err, RPR_ERR_NOMEM, "out of memory");
}

static int open_lane(measuring *m, lane *l)
{
    rpr_stream_options o;
    rpr_stream_options_init(&o);
    o.gate.kind = RPR_GATE_OFF;
    o.threads = m->h->opt->threads;
    RPR_TRY(rpr_stream_create(l->model, &o, &l->stream, m->err));
    l->n_out = rpr_model_n_outputs(l->model);
    l->out = rpr_alloc_array(l->n_out, sizeof *l->out);
    if (!l->out)
        return no_memory(m);
    for (size_t i = 0; i < l->n_out; i++) {
        rpr_tensor_info info;
        RPR_TRY(rpr_model_output(l->model, i, &info));
        l->out[i].bytes = info.bytes;
        l->out[i].data = rpr_alloc(info.bytes);
        if (!l->out[i].data)
            return no_memory(m);
    }
    return RPR_OK;
}

static void close_lane(lane *l)
{
    for (size_t i = 0; l->out && i < l->n_out; i++)
        rpr_free(l->out[i].data);
    rpr_free(l->out);
    rpr_stream_destroy(l->stream);
}

static int open_models(measuring *m, const rpr_quantization *q)
{
    m->exact.model = m->h->model;
    RPR_TRY(rpr_model_load_memory(q->bytes, q->size, NULL, &m->made, m->err));
    m->rough.model = m->made;
    RPR_TRY(open_lane(m, &m->exact));
    RPR_TRY(open_lane(m, &m->rough));
    m->n_in = rpr_model_n_inputs(m->exact.model);
    m->in = rpr_alloc_array(m->n_in, sizeof *m->in);
    return m->in && rpr_rel_l2_init(&m->own, m->exact.model) ? RPR_OK : no_memory(m);
}

static int run(measuring *m, lane *l, size_t frame)
{
    int status = rpr_stream_run(l->stream, m->in, m->n_in, l->out, l->n_out);
    return status == RPR_OK ? RPR_OK
                            : rpr_fail(m->err, status, "sample: frame %zu: %s", frame,
                                       rpr_stream_error(l->stream));
}

static int add_frame(measuring *m, const rpr_metric *own, size_t frame)
{
    const rpr_metric *metric = m->h->opt->metric;
    if (m->h->sample->frame(m->h->sample->user, frame, m->in) != 0)
        return rpr_fail(m->err, RPR_ERR_ARGUMENT, "sample: frame %zu could not be read", frame);
    RPR_TRY(run(m, &m->exact, frame));
    RPR_TRY(run(m, &m->rough, frame));
    (void)own->add(own->user, m->exact.out, m->rough.out, m->exact.n_out);
    if (metric && metric->add(metric->user, m->exact.out, m->rough.out, m->exact.n_out) != 0)
        return rpr_fail(m->err, RPR_ERR_ARGUMENT, "metric: frame %zu was not taken", frame);
    return RPR_OK;
}

static int measure(measuring *m, rpr_quantization *q)
{
    RPR_TRY(open_models(m, q));
    const rpr_metric own = rpr_rel_l2_metric(&m->own), *metric = m->h->opt->metric;
    own.begin(own.user);
    if (metric)
        metric->begin(metric->user);
    for (size_t f = m->h->first; f < m->h->sample->n; f++)
        RPR_TRY(add_frame(m, &own, f));
    q->held_frames = m->h->sample->n - m->h->first;
    q->held_error = own.error(own.user);
    q->held_metric = metric ? metric->error(metric->user) : (double)NAN;
    return RPR_OK;
}

int qt_measure(const qt_held *h, rpr_quantization *q, rpr_error *err)
{
    measuring m = {.h = h, .err = err};
    int status = measure(&m, q);
    close_lane(&m.exact);
    close_lane(&m.rough);
    rpr_model_destroy(m.made);
    rpr_rel_l2_free(&m.own);
    rpr_free(m.in);
    return status;
}
