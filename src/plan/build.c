/* SPDX-License-Identifier: Apache-2.0 */
#include "plan/build.h"

#include <string.h>

#include "core/alloc.h"
#include "plan/feeds.h"

static void free_step(rpr_step *s)
{
    rpr_free(s->in); /* in and out are one array */
    rpr_linear_free(s->linear);
    rpr_pixel_op_free(s->pixel);
    rpr_recurrent_layer_free(s->recurrent);
    rpr_free(s->pixel_map);
    rpr_free(s->delay);
}

void rpr_plan_free(rpr_plan *p)
{
    if (!p)
        return;
    for (int i = 0; i < p->n_step; i++)
        free_step(&p->step[i]);
    for (int i = 0; i < p->n_owned; i++)
        rpr_free(p->owned[i]);
    rpr_free(p->owned);
    rpr_free(p->step);
    rpr_free(p->tensor);
    rpr_free(p->tensor_of);
    rpr_free(p->gate);
    rpr_free(p->input);
    rpr_free(p->picture);
    rpr_free(p->carry);
    rpr_free(p->most_steps);
    rpr_graph_free(p->graph);
    rpr_slide_free(p->slide);
    rpr_free(p);
}

static int add_inputs(rpr_plan *p, const int *preferred, rpr_error *err)
{
    for (int i = 0; i < p->n_input; i++) {
        int v = p->graph->input[i], t = rpr_plan_new_tensor(p, v, preferred[v]);
        if (t == RPR_NONE)
            return rpr_fail(err, RPR_ERR_SHAPE, "input '%s': too large", p->graph->value[v].name);
        p->tensor[t].is_input = true;
        p->input[i] = t;
    }
    return RPR_OK;
}

static int lower(rpr_plan *p, const rpr_node *n, const int *preferred, rpr_error *err)
{
    bool made = false;
    RPR_TRY(rpr_lower_delay(p, n, preferred, &made, err));
    if (!made)
        RPR_TRY(rpr_lower_view(p, n, preferred, &made, err));
    if (!made)
        RPR_TRY(rpr_lower_linear(p, n, &made, err));
    if (!made)
        RPR_TRY(rpr_lower_pixel(p, n, preferred, &made, err));
    return made ? RPR_OK : rpr_lower_generic(p, n, preferred, err);
}

/** An output may be a constant, or a graph input handed through. */
static int add_outputs(rpr_plan *p, rpr_error *err)
{
    for (int i = 0; i < p->n_output; i++) {
        int v = p->graph->output[i];
        const rpr_value *value = &p->graph->value[v];
        p->output[i] =
            value->is_const ? rpr_plan_constant(p, v, value->shape.rank, -1) : p->tensor_of[v];
        if (p->output[i] == RPR_NONE)
            return rpr_fail(err, RPR_ERR_SHAPE, "output '%s': too large", value->name);
    }
    return RPR_OK;
}

/** Gates take over the halos of the layers that read them. */
static void measure_gates(rpr_plan *p)
{
    for (int i = 0; i < p->n_gate; i++)
        p->gate[i].cheap = true;
    for (int i = 0; i < p->n_step; i++) {
        const rpr_linear *l = p->step[i].linear;
        if (!l)
            continue;
        rpr_gate_plan *g = &p->gate[p->step[i].gate];
        g->halo_t = g->halo_t > l->halo_t ? g->halo_t : l->halo_t;
        g->halo_b = g->halo_b > l->halo_b ? g->halo_b : l->halo_b;
        g->halo_l = g->halo_l > l->halo_l ? g->halo_l : l->halo_l;
        g->halo_r = g->halo_r > l->halo_r ? g->halo_r : l->halo_r;
        g->needs_list |= !l->by_pixel;
        g->cheap &= l->cheap;
        g->zero = rpr_linear_has_halo(l) || g->first == i ? l->zero : g->zero;
        p->constant_bytes += l->weight_bytes + l->requant_bytes + l->half_bytes;
    }
}

/** FNV-1a, over 8-byte words where it can. */
static uint64_t mix(uint64_t hash, const void *data, size_t bytes)
{
    const uint8_t *at = data;
    for (; bytes >= 8; bytes -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, 8);
        hash = (hash ^ word) * 0x100000001b3u;
    }
    for (; bytes > 0; bytes--, at++)
        hash = (hash ^ *at) * 0x100000001b3u;
    return hash;
}

static uint64_t mix_linear(uint64_t h, const rpr_linear *l)
{
    h = mix(h, l->weights, l->weight_bytes);
    if (!l->words)
        return h;
    h = mix(h, &l->z24, sizeof l->z24);
    h = mix(h, &l->zero, sizeof l->zero);
    h = mix(h, &l->zero_out, sizeof l->zero_out);
    return mix(h, l->requant, l->requant_bytes);
}

static uint64_t mix_delay(uint64_t h, const rpr_delay *d)
{
    const int64_t numbers[] = {d->axis, d->columns, d->head, d->keep, d->shift, d->period};
    return mix(h, numbers, sizeof numbers);
}

static uint64_t fingerprint(const rpr_plan *p)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (int i = 0; i < p->n_tensor; i++)
        h = mix(h, &p->tensor[i].bytes, sizeof p->tensor[i].bytes);
    for (int i = 0; i < p->n_step; i++) {
        const rpr_step *s = &p->step[i];
        h = mix(h, s->op, strlen(s->op));
        if (s->linear)
            h = mix_linear(h, s->linear);
        if (s->delay)
            h = mix_delay(h, s->delay);
        if (s->recurrent)
            h = mix(h, s->recurrent->weights, s->recurrent->weight_bytes);
    }
    for (int i = p->n_given; i < p->n_input; i++)
        h = mix(h, &p->carry[i - p->n_given].output, sizeof p->carry->output);
    if (p->slide) {
        h = mix(h, &p->slide->length, sizeof p->slide->length);
        h = mix(h, &p->slide->hop, sizeof p->slide->hop);
    }
    return mix(h, &p->tensor_bytes, sizeof p->tensor_bytes);
}

static int build(rpr_plan *p, const rpr_model_options *opt, rpr_error *err)
{
    const rpr_graph *g = p->graph;
    p->n_input = (int)g->n_input;
    p->n_output = (int)g->n_output;
    p->tensor_of = rpr_alloc_array(g->n_value + 1, sizeof *p->tensor_of);
    p->input = rpr_alloc_array(g->n_input + g->n_output + 1, sizeof *p->input);
    p->picture = rpr_alloc_array(g->n_input + 1, sizeof *p->picture);
    int *preferred = rpr_preferred_axes(g);
    int status = RPR_ERR_NOMEM;
    if (p->tensor_of && p->input && p->picture && preferred) {
        p->output = p->input + p->n_input;
        for (size_t v = 0; v < g->n_value; v++)
            p->tensor_of[v] = RPR_NONE;
        status = add_inputs(p, preferred, err);
        for (size_t i = 0; i < g->n_node && status == RPR_OK; i++)
            status = lower(p, &g->node[i], preferred, err);
        if (status == RPR_OK)
            status = add_outputs(p, err);
    } else {
        (void)rpr_fail(err, status, "out of memory");
    }
    rpr_free(preferred);
    if (status != RPR_OK)
        return status;
    measure_gates(p);
    RPR_TRY(rpr_plan_place(p, err));
    rpr_plan_find_pictures(p);
    RPR_TRY(rpr_feeds_plan(p, opt, err));
    p->fingerprint = fingerprint(p);
    return RPR_OK;
}

int rpr_plan_build(rpr_graph *g, rpr_slide *slide, const rpr_model_options *opt, rpr_plan **out,
                   rpr_error *err)
{
    rpr_plan *p = rpr_alloc(sizeof *p);
    *out = NULL;
    if (!p) {
        rpr_graph_free(g);
        rpr_slide_free(slide);
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    }
    p->graph = g;
    p->slide = slide;
    int status = build(p, opt, err);
    if (status != RPR_OK) {
        rpr_plan_free(p);
        return status;
    }
    *out = p;
    return RPR_OK;
}
