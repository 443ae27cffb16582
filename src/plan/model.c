/* SPDX-License-Identifier: Apache-2.0 */
/* The public face of a plan: rpr_model. */
#include "plan/model.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "core/alloc.h"
#include "graph/passes.h"
#include "onnx/onnx_load.h"
#include "ops/ops.h"
#include "plan/expand_recurrent.h"
#include "plan/expand_volume.h"
#include "plan/feeds.h"
#include "plan/slid.h"

void rpr_model_options_init(rpr_model_options *o)
{
    *o = (rpr_model_options){.struct_size = sizeof *o};
}

/** Measures the kernels of this machine and says so. */
static int fit_costs(rpr_model *m, const rpr_model_options *opt, rpr_error *err)
{
    const rpr_kernels *k = rpr_kernels_best();
    rpr_cost *c = &m->cost;
    char line[256];
    if (!rpr_cost_fit(k, c))
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    (void)snprintf(line, sizeof line,
                   "costs fitted (%s): change %.2f + %.2f, far %.2f, crowd %.2f, far %.2f, "
                   "visit %.1f, output %.2f, gate %.2f, list %.2f; dense %.2f",
                   k->isa, c->change_block, c->change_vector, c->change_far_vector, c->crowd_vector,
                   c->crowd_far_vector, c->visit_block, c->output_value, c->gate_value,
                   c->gate_change, c->dense_vector);
    if (opt->log)
        opt->log(opt->log_user, RPR_LOG_INFO, line);
    return RPR_OK;
}

/** Steps of recurrent nodes become nodes of their own. */
static int expand(rpr_graph *g, rpr_error *err)
{
    bool changed;
    RPR_TRY(rpr_expand_recurrent(g, &changed, err));
    if (!changed)
        return RPR_OK;
    RPR_TRY(rpr_graph_resolve_from(g, 0, err));
    return rpr_graph_fold(g, err);
}

int rpr_model_from_graph(rpr_graph *g, const rpr_model_options *opt, rpr_model **out,
                         rpr_error *err)
{
    int status = rpr_graph_resolve(g, rpr_ops_find, opt->log, opt->log_user, err);
    if (status == RPR_OK && opt->window)
        status = rpr_slide_fix(g, opt->window, err);
    if (status == RPR_OK)
        status = rpr_graph_fix_inputs(g, opt->shapes, opt->n_shapes, err);
    if (status == RPR_OK)
        status = rpr_feeds_settle(g, opt, err);
    if (status == RPR_OK)
        status = rpr_graph_fold_quantised(g, err);
    if (status == RPR_OK)
        status = rpr_graph_qdq(g, rpr_ops_find_own, err);
    if (status == RPR_OK)
        status = expand(g, err);
    if (status == RPR_OK)
        status = rpr_graph_fuse(g, err);
    rpr_slide *slide = NULL;
    if (status == RPR_OK && opt->window)
        status = rpr_slide_in(g, opt->window, &slide, err);
    bool changed; /* what follows is for any case */
    if (status == RPR_OK)
        status = rpr_expand_volumes(g, slide != NULL, &changed, err);
    /* These make nodes and constants of their own. */
    if (status == RPR_OK)
        status = rpr_graph_resolve(g, rpr_ops_find_own, opt->log, opt->log_user, err);
    if (status == RPR_OK)
        status = rpr_graph_fold(g, err);
    if (status == RPR_OK)
        status = rpr_feeds_check(g, opt, err);
    rpr_model *m = status == RPR_OK ? rpr_alloc(sizeof *m) : NULL;
    if (!m) {
        rpr_graph_free(g);
        rpr_slide_free(slide);
        return status == RPR_OK ? rpr_fail(err, RPR_ERR_NOMEM, "out of memory") : status;
    }
    status = rpr_plan_build(g, slide, opt, &m->plan, err);
    m->cost = rpr_cost_named(rpr_kernels_best()->isa);
    m->words_cost = rpr_cost_named_i8(rpr_kernels_best()->isa);
    if (status == RPR_OK && opt->fit)
        status = fit_costs(m, opt, err);
    if (status == RPR_OK)
        *out = m;
    else
        rpr_model_destroy(m);
    return status;
}

/** Takes the options over; callers of earlier versions know nothing of the last ones. */
static int take_options(rpr_model_options *own, const rpr_model_options *opt, rpr_error *err)
{
    rpr_model_options_init(own);
    if (!opt)
        return RPR_OK;
    if (opt->struct_size != sizeof *opt && opt->struct_size != offsetof(rpr_model_options, fit) &&
        opt->struct_size != offsetof(rpr_model_options, fixed) &&
        opt->struct_size != offsetof(rpr_model_options, window))
        return rpr_fail(err, RPR_ERR_ARGUMENT,
                        "rpr_model_options was not set by rpr_model_options_init");
    memcpy(own, opt, opt->struct_size);
    own->struct_size = sizeof *own;
    return RPR_OK;
}

static int check_options(const rpr_model_options *opt, rpr_error *err)
{
    if (opt->fit != 0 && opt->fit != 1)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "fit: %d, not 0 or 1", opt->fit);
    for (size_t i = 0; i < opt->n_shapes; i++)
        if (opt->shapes[i].rank < 0 || opt->shapes[i].rank > RPR_MAX_RANK)
            return rpr_fail(err, RPR_ERR_ARGUMENT, "shape of input '%s': rank %d",
                            opt->shapes[i].name ? opt->shapes[i].name : "(first)",
                            opt->shapes[i].rank);
    return rpr_feeds_check_options(opt, err);
}

static int load(const char *path, const void *bytes, size_t size, const rpr_model_options *opt,
                rpr_model **out, rpr_error *err)
{
    rpr_model_options own;
    rpr_graph *g = NULL;
    if (err)
        err->message[0] = '\0';
    if (!out)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "no place for the model was given");
    *out = NULL;
    if (!path && !bytes)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "no model was given");
    RPR_TRY(take_options(&own, opt, err));
    RPR_TRY(check_options(&own, err));
    if (path)
        RPR_TRY(rpr_onnx_load_file(path, &g, err));
    else
        RPR_TRY(rpr_onnx_load_memory(bytes, size, "(memory)", &g, err));
    return rpr_model_from_graph(g, &own, out, err);
}

int rpr_model_load(const char *path, const rpr_model_options *opt, rpr_model **out, rpr_error *err)
{
    return load(path, NULL, 0, opt, out, err);
}

int rpr_model_load_memory(const void *bytes, size_t size, const rpr_model_options *opt,
                          rpr_model **out, rpr_error *err)
{
    return load(NULL, bytes, size, opt, out, err);
}

void rpr_model_destroy(rpr_model *m)
{
    if (!m)
        return;
    rpr_plan_free(m->plan);
    rpr_free(m);
}

rpr_tensor_info rpr_plan_tensor_info(const rpr_plan *p, int tensor)
{
    const rpr_tensor *t = &p->tensor[tensor];
    rpr_tensor_info info = {.name = t->name, .dtype = t->dtype, .rank = t->rank};
    info.bytes = rpr_dtype_size(t->dtype);
    for (int a = 0; a < t->rank; a++) {
        info.dim[a] = t->dim[a];
        info.bytes *= (size_t)t->dim[a];
    }
    return info;
}

size_t rpr_model_n_inputs(const rpr_model *m)
{
    return (size_t)m->plan->n_given;
}

size_t rpr_model_n_outputs(const rpr_model *m)
{
    return (size_t)m->plan->n_output;
}

int rpr_model_input(const rpr_model *m, size_t i, rpr_tensor_info *info)
{
    if (i >= rpr_model_n_inputs(m))
        return RPR_ERR_ARGUMENT;
    *info = rpr_plan_tensor_info(m->plan, m->plan->input[i]);
    return RPR_OK;
}

int rpr_model_output(const rpr_model *m, size_t i, rpr_tensor_info *info)
{
    if (i >= rpr_model_n_outputs(m))
        return RPR_ERR_ARGUMENT;
    *info = rpr_plan_tensor_info(m->plan, m->plan->output[i]);
    return RPR_OK;
}

size_t rpr_model_n_layers(const rpr_model *m)
{
    return (size_t)m->plan->n_step;
}

int rpr_model_layer(const rpr_model *m, size_t i, rpr_layer_info *info)
{
    if (i >= rpr_model_n_layers(m))
        return RPR_ERR_ARGUMENT;
    const rpr_step *s = &m->plan->step[i];
    *info = (rpr_layer_info){
        .name = s->name, .op = s->op, .sparse = s->kind != RPR_STEP_GENERIC, .gate = -1};
    if (s->n_out > 0 && s->out[0] != RPR_NONE)
        info->quantised = m->plan->tensor[s->out[0]].words;
    if (s->recurrent) {
        info->macs = s->recurrent->macs;
        info->parameters = s->recurrent->parameters;
        info->sparse = info->recurrent = 1;
    }
    if (s->linear) {
        const rpr_tensor *t = &m->plan->tensor[s->in[0]];
        info->gate = s->gate;
        info->gated = (int64_t)t->n * t->h * t->w * t->c;
        info->compares = !m->plan->gate[s->gate].cheap;
        info->weighted = 1;
        info->macs = rpr_linear_macs(s->linear, s->linear->macs_nominal);
        info->parameters = s->linear->parameters;
    }
    return RPR_OK;
}

uint64_t rpr_model_fingerprint(const rpr_model *m)
{
    return m->plan->fingerprint;
}

size_t rpr_model_bytes(const rpr_model *m)
{
    return m->plan->constant_bytes;
}
