/* SPDX-License-Identifier: Apache-2.0 */
/* The order of work: with and without equalisation, the better one refined, written, measured. */
#include "reprise/quantize.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "core/alloc.h"
#include "onnx/onnx_save.h"
#include "quantize/measure.h"
#include "quantize/state.h"

#define FEWEST_FRAMES 2

void rpr_quantize_options_init(rpr_quantize_options *o)
{
    *o = (rpr_quantize_options){.struct_size = sizeof *o,
                                .percentile = 99.999,
                                .keep = RPR_KEEP_AUTO,
                                .equalise = 1,
                                .correct_bias = 1,
                                .held_back = 0.2,
                                .threads = 1};
}

static int check_options(const rpr_quantize_options *o, rpr_error *err)
{
    if (o->struct_size != sizeof *o)
        return rpr_fail(err, RPR_ERR_ARGUMENT,
                        "rpr_quantize_options was not set by rpr_quantize_options_init");
    if ((unsigned)o->ranges > RPR_RANGES_PERCENTILE)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "ranges: unknown value %d", (int)o->ranges);
    if (!(o->percentile > 50.0 && o->percentile <= 100.0))
        return rpr_fail(err, RPR_ERR_ARGUMENT, "percentile: %g, not above 50 and up to 100",
                        o->percentile);
    if (o->keep < RPR_KEEP_AUTO)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "keep: %d, not a number of layers", o->keep);
    if (!(o->error >= 0.0 && o->error < 1.0))
        return rpr_fail(err, RPR_ERR_ARGUMENT, "error: %g, not from 0 to below 1", o->error);
    if (o->equalise != 0 && o->equalise != 1)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "equalise: %d, not 0 or 1", o->equalise);
    if (o->correct_bias != 0 && o->correct_bias != 1)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "correct_bias: %d, not 0 or 1", o->correct_bias);
    if (!(o->held_back >= 0.0 && o->held_back < 1.0))
        return rpr_fail(err, RPR_ERR_ARGUMENT, "held_back: %g, not 0 to 1", o->held_back);
    if (o->threads < 1 || o->threads > 64)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "threads: %d, not 1 to 64", o->threads);
    return RPR_OK;
}

static int check(const char *path, const rpr_sample *sample, const rpr_quantize_options *o,
                 rpr_error *err)
{
    if (!path || !sample || !sample->frame || !o)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "no %s was given",
                        !path ? "model"
                        : !o  ? "options"
                              : "sample");
    RPR_TRY(check_options(o, err));
    if (sample->n < FEWEST_FRAMES)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "sample: %zu frames, not %d or more", sample->n,
                        FEWEST_FRAMES);
    return RPR_OK;
}

/** What every part of the work is given. */
typedef struct job {
    const char *path;
    const rpr_model_options *options;
    rpr_model *model;
    const rpr_sample *sample;
    const rpr_quantize_options *opt;
    size_t seen; /* frames; the others are held back */
    rpr_error *err;
} job;

static size_t held_back(const job *j)
{
    const size_t n = (size_t)(j->opt->held_back * (double)j->sample->n);
    return n < 1 ? 1 : n >= j->sample->n ? j->sample->n - 1 : n;
}

/** Progress: this part of the work begins at `base` and is `span` of all. */
static void begin_part(qt_state *s, double base, double span)
{
    s->base = base;
    s->span = span;
}

static int open_state(const job *j, qt_state *s)
{
    *s = (qt_state){.model = j->model,
                    .opt = j->opt,
                    .sample = j->sample,
                    .ranges = j->opt->ranges,
                    .correct_bias = j->opt->correct_bias != 0};
    RPR_TRY(qt_open(s, j->path, j->options, j->err));
    return qt_choose_frames(s, j->seen);
}

/** Sweeps with every way to find ranges that may be used; *error is that of the best. */
static int choose_ranges(const job *j, qt_state *s, double *error)
{
    static const rpr_ranges list[] = {RPR_RANGES_MINMAX, RPR_RANGES_MSE, RPR_RANGES_PERCENTILE};
    rpr_ranges best = j->opt->ranges;
    *error = (double)INFINITY;
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        if (j->opt->ranges != RPR_RANGES_AUTO && j->opt->ranges != list[i])
            continue;
        begin_part(s, 0.1 * (double)i, 0.1);
        s->ranges = list[i];
        RPR_TRY(qt_sweep(s));
        if (qt_error(s) < *error || best == RPR_RANGES_AUTO) {
            *error = qt_error(s);
            best = list[i];
        }
    }
    s->ranges = best;
    return RPR_OK;
}

/** Equalises, and stays with that if it lowers the error. */
static int choose_equalised(const job *j, qt_state *s, double *error)
{
    qt_state other;
    int status = open_state(j, &other);
    other.ranges = s->ranges;
    begin_part(&other, 0.3, 0.1);
    if (status == RPR_OK)
        status = qt_equalise(&other);
    begin_part(&other, 0.4, 0.1);
    if (status == RPR_OK && other.equalised > 0)
        status = qt_sweep(&other);
    if (status == RPR_OK && other.equalised > 0 && qt_error(&other) < *error) {
        const qt_state plain = *s;
        *error = qt_error(&other);
        *s = other;
        other = plain;
    }
    qt_close(&other);
    return status;
}

/** The best of all ways that the options allow; ends with a sweep that way. */
static int choose(const job *j, qt_state *s)
{
    double error;
    RPR_TRY(open_state(j, s));
    RPR_TRY(choose_ranges(j, s, &error));
    if (j->opt->equalise)
        RPR_TRY(choose_equalised(j, s, &error));
    if (j->opt->correct_bias) {
        s->correct_bias = false;
        begin_part(s, 0.5, 0.05);
        RPR_TRY(qt_sweep(s));
        if (qt_error(s) < error)
            return RPR_OK;
        s->correct_bias = true;
    }
    begin_part(s, 0.55, 0.05);
    return qt_sweep(s);
}

static int refine(qt_state *s)
{
    double *cost = rpr_alloc_array(s->g->n_node * s->n_out + 1, sizeof *cost);
    double *difference = rpr_alloc_array(2 * s->n_out, sizeof *difference);
    int status = cost && difference ? RPR_OK : qt_no_memory(s);
    begin_part(s, 0.6, 0.2);
    for (size_t i = 0; status == RPR_OK && i < s->n_out; i++) {
        difference[i] = s->difference[i];
        difference[s->n_out + i] = s->reference[i];
    }
    if (status == RPR_OK)
        status = qt_alone(s, cost);
    for (size_t i = 0; status == RPR_OK && i < s->n_out; i++) {
        s->difference[i] = difference[i];
        s->reference[i] = difference[s->n_out + i];
    }
    begin_part(s, 0.8, 0.15);
    if (status == RPR_OK)
        status = qt_keep(s, cost);
    rpr_free(cost);
    rpr_free(difference);
    return status;
}

/* ------------------------------------------------------------------ result */

static bool is_candidate(const rpr_graph *g, const rpr_node *n)
{
    return !strcmp(n->op, "Conv") || !strcmp(n->op, "Gemm") || !strcmp(n->op, "ConvTranspose") ||
           (!strcmp(n->op, "MatMul") && g->value[n->in[1]].is_const);
}

static int tell_layers(const qt_state *s, rpr_quantization *q)
{
    q->layer = rpr_alloc_array(s->g->n_node, sizeof *q->layer);
    if (!q->layer)
        return qt_no_memory(s);
    for (size_t i = 0; i < s->g->n_node; i++) {
        const rpr_node *n = &s->g->node[i];
        const qt_node *own = &s->node[i];
        if (!own->weighted && !is_candidate(s->g, n))
            continue;
        rpr_quantized_layer *l = &q->layer[q->n_layers++];
        *l = (rpr_quantized_layer){.name = rpr_strdup(n->name),
                                   .op = rpr_strdup(n->op),
                                   .macs = own->macs,
                                   .quantised = own->rounded,
                                   .possible = own->weighted,
                                   .sensitivity = own->weighted ? own->alone : (double)NAN};
        if (!l->name || !l->op)
            return qt_no_memory(s);
    }
    return RPR_OK;
}

static int finish(const job *j, qt_state *s, rpr_quantization *q)
{
    q->opset = s->opset;
    q->equalised = s->equalised;
    q->ranges = s->ranges;
    q->bias_corrected = s->correct_bias;
    q->seen_frames = s->n_frame;
    q->seen_error = qt_error(s);
    RPR_TRY(tell_layers(s, q));
    RPR_TRY(qt_emit(s));
    RPR_TRY(rpr_onnx_save_memory(s->g, s->opset, &q->bytes, &q->size, j->err));
    return RPR_OK;
}

static int quantise(const job *j, rpr_quantization *q)
{
    qt_state s;
    int status = choose(j, &s);
    if (status == RPR_OK)
        status = refine(&s);
    if (status == RPR_OK)
        status = finish(j, &s, q);
    qt_close(&s);
    if (status != RPR_OK)
        return status;
    const qt_held held = {.model = j->model, .sample = j->sample, .opt = j->opt, .first = j->seen};
    return qt_measure(&held, q, j->err);
}

int rpr_quantize(const char *path, const rpr_model_options *model, const rpr_sample *sample,
                 const rpr_quantize_options *opt, rpr_quantization **out, rpr_error *err)
{
    if (err)
        err->message[0] = '\0';
    if (!out)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "no place for it was given");
    *out = NULL;
    RPR_TRY(check(path, sample, opt, err));
    job j = {.path = path, .options = model, .sample = sample, .opt = opt, .err = err};
    j.seen = sample->n - held_back(&j);
    rpr_quantization *q = rpr_alloc(sizeof *q);
    if (!q)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    int status = rpr_model_load(path, model, &j.model, err);
    if (status == RPR_OK)
        status = quantise(&j, q);
    rpr_model_destroy(j.model);
    if (status == RPR_OK)
        *out = q;
    else
        rpr_quantization_destroy(q);
    return status;
}

void rpr_quantization_destroy(rpr_quantization *q)
{
    if (!q)
        return;
    for (size_t i = 0; i < q->n_layers; i++) {
        rpr_free((void *)(uintptr_t)q->layer[i].name);
        rpr_free((void *)(uintptr_t)q->layer[i].op);
    }
    rpr_free(q->layer);
    rpr_free(q->bytes);
    rpr_free(q);
}
