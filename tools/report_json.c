/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "json_file.h"

static json_t *times(lane *l)
{
    return json_pack("{s:o,s:o,s:o,s:o}", "p50", json_number(samples_percentile(&l->ms, 0.5)),
                     "p95", json_number(samples_percentile(&l->ms, 0.95)), "p99",
                     json_number(samples_percentile(&l->ms, 0.99)), "mean",
                     json_number(samples_mean(&l->ms)));
}

static json_t *share(int64_t part, int64_t whole)
{
    return whole > 0 ? json_number(1 - (double)part / (double)whole) : json_null();
}

static json_t *layers(const report *r)
{
    json_t *list = json_array();
    const lane *l = r->reuse;
    for (size_t i = 0; i < l->n_layers; i++) {
        rpr_layer_info info;
        const layer_sum *sum = &l->layer[i];
        if (rpr_model_layer(r->session->model, i, &info) != RPR_OK)
            continue;
        json_t *choice =
            json_pack("{s:I,s:I,s:I}", "skip", (json_int_t)sum->choice[RPR_CHOICE_SKIP], "correct",
                      (json_int_t)sum->choice[RPR_CHOICE_CORRECT], "dense",
                      (json_int_t)sum->choice[RPR_CHOICE_DENSE]);
        json_array_append_new(
            list,
            json_pack("{s:s,s:s,s:I,s:o,s:o,s:o,s:o}", "name", info.name, "op", info.op, "macs",
                      (json_int_t)info.macs, "similarity", share(sum->changed, sum->inputs),
                      "reuse", share(sum->macs_executed, sum->macs_dense), "ms",
                      json_number(l->sum.frames ? sum->ms / (double)l->sum.frames : 0), "choice",
                      choice));
    }
    return list;
}

static json_t *errors(const report *r)
{
    if (!r->error)
        return json_null();
    int has_boxes = r->session->opt->decode != DECODE_NONE && r->agreement;
    return json_pack("{s:o,s:o,s:o,s:o}", "rel_l2", json_number(error_rel_l2(r->error)), "max_abs",
                     json_number(error_max_abs(r->error)), "max_abs_of_range",
                     json_number(error_max_range(r->error)), "f1",
                     has_boxes ? json_number(agreement_f1(r->agreement)) : json_null());
}

static json_t *outputs(const report *r)
{
    json_t *list = json_array();
    for (size_t i = 0; i < r->error->n; i++) {
        const output_error *o = &r->error->output[i];
        json_array_append_new(
            list,
            json_pack("{s:s,s:o,s:o,s:o}", "name", r->session->out_info[i].name, "rel_l2",
                      json_number(output_rel_l2(o)), "max_abs", json_number(o->max_abs), "range",
                      json_pack("[o,o]", json_number(o->low), json_number(o->high))));
    }
    return list;
}

static json_t *rival(const report *r)
{
    const skipping_one *one = skipping_rival(r->skipping, report_mac_share(r));
    int has_boxes = r->session->opt->decode != DECODE_NONE;
    return json_pack("{s:i,s:o,s:o,s:o}", "every", one->every, "mac_share",
                     json_number(1.0 / one->every), "rel_l2",
                     json_number(error_rel_l2(&one->error)), "f1",
                     has_boxes ? json_number(agreement_f1(&one->agreement)) : json_null());
}

static json_t *counts(const agreement *a)
{
    return json_pack("{s:I,s:I,s:I,s:I,s:o,s:o}", "dense", (json_int_t)a->reference, "dense_found",
                     (json_int_t)a->reference_found, "reuse", (json_int_t)a->got, "reuse_confirmed",
                     (json_int_t)a->got_confirmed, "recall", json_number(agreement_recall(a)),
                     "precision", json_number(agreement_precision(a)));
}

static json_t *audit(const auditing *a, int every)
{
    const rpr_audit_stats *st = &a->st;
    const double frames = (double)(st->frames ? st->frames : 1);
    json_t *events = json_array();
    for (size_t i = 0; i < a->n_event; i++)
        json_array_append_new(events,
                              json_pack("{s:I,s:o,s:o}", "frame", (json_int_t)a->event[i].frame,
                                        "error", json_number(a->event[i].error), "scale",
                                        json_number(a->event[i].scale)));
    return json_pack("{s:i,s:s,s:I,s:o,s:o,s:o,s:I,s:I,s:o,s:o,s:o,s:o}", "every", every, "metric",
                     metric_name(a->metric.kind), "audits", (json_int_t)st->audits, "error",
                     json_number(st->mean), "worst", json_number(st->worst), "budget",
                     a->budget >= 0 ? json_number(a->budget) : json_null(), "breaches",
                     (json_int_t)st->breaches, "loosened", (json_int_t)st->loosened, "scale",
                     json_number(st->scale), "ms", json_number(st->ms / frames), "dense_share",
                     json_number(a->shares / frames), "events", events);
}

static json_t *sound_blocks_json(const sound *s, const cli_options *o)
{
    return json_pack("{s:i,s:i,s:i,s:o}", "rate", s->info.rate, "hop", s->hop, "context",
                     s->context, "features", o->features ? json_string(o->features) : json_null());
}

static json_t *window_json(const report *r)
{
    const window *w = &r->session->window;
    const lane_sum *l = &r->reuse->sum;
    const double calls = (double)(l->frames ? l->frames : 1);
    return json_pack("{s:s,s:i,s:I,s:I,s:I,s:I,s:o,s:o,s:o,s:I}", "input", w->full.name, "axis",
                     w->axis, "length", (json_int_t)w->info.length, "hop", (json_int_t)w->info.hop,
                     "lead", (json_int_t)w->info.lead, "filling", (json_int_t)(w->info.calls - 1),
                     "macs", json_number(report_dense_macs(r) / calls), "macs_hop",
                     json_number((double)l->macs_dense / calls), "macs_executed",
                     json_number((double)l->macs_executed / calls), "state_bytes",
                     (json_int_t)w->info.state_bytes);
}

/* What only some commands measure. */
static void add_extras(json_t *root, const report *r)
{
    const cli_options *o = r->session->opt;
    if (r->session->kind == SOURCE_SOUND)
        json_object_set_new(root, "sound", sound_blocks_json(&r->session->sound, o));
    if (r->session->window.on)
        json_object_set_new(root, "window", window_json(r));
    if (r->error)
        json_object_set_new(root, "outputs", outputs(r));
    if (r->agreement && o->decode != DECODE_NONE)
        json_object_set_new(root, "boxes", counts(r->agreement));
    if (r->skipping)
        json_object_set_new(root, "skipping", rival(r));
    if (r->auditing)
        json_object_set_new(root, "audit", audit(r->auditing, o->audit));
    if (r->oracle)
        json_object_set_new(root, "oracle",
                            json_pack("{s:I,s:o,s:o,s:b}", "frames", (json_int_t)r->oracle->frames,
                                      "worst", json_number(r->oracle->worst), "max_rel",
                                      json_number(r->oracle->max_rel), "holds",
                                      r->oracle->worst <= 1));
}

int report_json(const report *r)
{
    const session *s = r->session;
    lane *l = r->reuse;
    json_t *root = json_pack("{s:i,s:s,s:s,s:s,s:s,s:i,s:I,s:I}", "schema", 1, "command",
                             s->opt->command == CMD_RUN     ? "run"
                             : s->opt->command == CMD_BENCH ? "bench"
                                                            : "verify",
                             "model", s->opt->model, "input", s->opt->input, "gate",
                             s->opt->gate_text, "threads", s->opt->threads, "frames",
                             (json_int_t)s->frames, "frames_counted", (json_int_t)l->sum.frames);
    if (!root) /* a name that is not UTF-8 */
        return cli_fail(CLI_BAD_INPUT, "%s: names that are not UTF-8 do not fit JSON",
                        s->opt->json);
    if (s->opt->plan)
        json_object_set_new(root, "plan", json_string(s->opt->plan));
    json_object_set_new(root, "similarity", share(l->sum.changed, l->sum.inputs));
    json_object_set_new(root, "reuse",
                        report_dense_macs(r) > 0 ? json_number(1 - report_mac_share(r))
                                                 : json_null());
    json_object_set_new(root, "bypassed", json_integer((json_int_t)l->sum.bypassed));
    json_object_set_new(root, "cuts", json_integer((json_int_t)l->sum.cuts));
    json_object_set_new(root, "refreshed", json_integer((json_int_t)l->sum.refreshed));
    json_object_set_new(root, "ms", times(l));
    json_object_set_new(root, "dense_ms", r->dense ? times(r->dense) : json_null());
    json_object_set_new(root, "speedup", r->dense ? json_number(report_speedup(r)) : json_null());
    json_object_set_new(root, "error", errors(r));
    json_object_set_new(root, "state_bytes", json_integer((json_int_t)l->state_bytes));
    json_object_set_new(root, "isa", json_string(rpr_isa()));
    add_extras(root, r);
    json_object_set_new(root, "layers", layers(r));
    return json_file_write(root, s->opt->json);
}
