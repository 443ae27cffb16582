/* SPDX-License-Identifier: Apache-2.0 */
/* The procedure of the paper, for those who want to compare: no search. */
#include "calibrate/job.h"
#include "core/alloc.h"

static int check_clusters(const rpr_model *m, int clusters, const size_t *left_out, size_t n,
                          rpr_error *err)
{
    if (clusters < 2 || clusters > 65536)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "clusters: %d, not 2 to 65536", clusters);
    for (size_t i = 0; m && i < n; i++) {
        rpr_layer_info info;
        if (rpr_model_layer(m, left_out[i], &info) != RPR_OK || !(info.weighted || info.recurrent))
            return rpr_fail(err, RPR_ERR_ARGUMENT, "left_out: layer %zu is not a weighted layer",
                            left_out[i]);
    }
    return RPR_OK;
}

/** True if the layer is left out, or one of those reads through its gate. */
static bool is_left_out(const rpr_model *m, size_t layer, const size_t *left_out, size_t n)
{
    rpr_layer_info own, other;
    bool found = false;
    (void)rpr_model_layer(m, layer, &own);
    for (size_t i = 0; i < n; i++) {
        (void)rpr_model_layer(m, left_out[i], &other);
        found |= left_out[i] == layer || (own.weighted && other.gate == own.gate);
    }
    return found;
}

static int quantise(const search *s, int clusters, const size_t *left_out, size_t n,
                    rpr_calibration *c)
{
    const rpr_model *m = s->r->model;
    c->gate = rpr_alloc_array(rpr_model_n_layers(m) + 1, sizeof *c->gate);
    if (!c->gate)
        return rpr_fail(s->r->err, RPR_ERR_NOMEM, "out of memory");
    for (size_t i = 0; i < rpr_model_n_layers(m); i++) {
        rpr_layer_info info;
        (void)rpr_model_layer(m, i, &info);
        if (!info.weighted && !info.recurrent)
            continue;
        rpr_layer_gate *g = &c->gate[c->n++];
        *g = (rpr_layer_gate){.layer = i, .gate = {.kind = RPR_GATE_OFF}};
        if (is_left_out(m, i, left_out, n))
            continue;
        g->gate.kind = RPR_GATE_EXACT; /* what has no range has no clusters */
        if (s->lo[i] < s->hi[i])
            g->gate = (rpr_gate){
                .kind = RPR_GATE_LEVELS, .levels = clusters, .lo = s->lo[i], .hi = s->hi[i]};
    }
    return RPR_OK;
}

static int measure_paper(replay *r, size_t seen, rpr_calibration *c)
{
    const rpr_way way = {.gate = {.kind = RPR_GATE_EXACT},
                         .layer_gates = c->gate,
                         .n_layer_gates = c->n,
                         .all_gates = 1};
    replay_result a, b;
    RPR_TRY(rpr_replay_way(r, (replay_frames){0, seen}, &way, &a));
    RPR_TRY(rpr_replay_way(r, (replay_frames){seen, r->sample->n}, &way, &b));
    c->seen = rpr_result_of(&a);
    c->held_back = rpr_result_of(&b);
    return RPR_OK;
}

int rpr_calibrate_isca2018(const rpr_model *m, const rpr_sample *sample,
                           const rpr_calibrate_options *o, int clusters, const size_t *left_out,
                           size_t n_left_out, rpr_calibration **out, rpr_error *err)
{
    job j;
    RPR_TRY(rpr_job_begin(out, err));
    RPR_TRY(check_clusters(m, clusters, left_out, n_left_out, err));
    int status = rpr_job_open(&j, m, sample, o, err);
    if (status == RPR_OK)
        status = rpr_search_ranges(&j.s, j.s.seen);
    if (status == RPR_OK)
        status = quantise(&j.s, clusters, left_out, n_left_out, j.c);
    if (status == RPR_OK)
        status = measure_paper(&j.r, j.s.seen, j.c);
    if (status == RPR_OK)
        j.c->stopped = j.s.stopped;
    return rpr_job_close(&j, status, out);
}
