/* SPDX-License-Identifier: Apache-2.0 */
#include "pareto.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json_file.h"

/* Each scheme, with its parameter from careful to bold. */
static const double scales[] = {0.25, 0.5, 0.7, 1.0, 1.4, 2.0, 4.0}; /* of the plan's thresholds */
static const double zones[] = {0.125, 0.25, 0.5, 1, 2, 3, 4, 6, 8, 16}; /* 255ths of the range */
static const double clusters[] = {512, 256, 128, 64, 32, 16, 8};
static const double strides[] = {2, 3, 4, 6, 8, 12, 16, 24, 32};

#define COUNT(list) (sizeof(list) / sizeof *(list))
enum { WAYS = COUNT(scales) + 2 * COUNT(zones) + COUNT(clusters) + COUNT(strides) };

typedef struct entry {
    const char *scheme;
    double parameter;
} entry;

typedef struct table {
    entry entry[WAYS];
    rpr_way way[WAYS];
    rpr_calibration_result result[WAYS];
    rpr_layer_gate *scaled; /* the plan, for every scale */
    size_t n;
} table;

static rpr_way *add(table *t, const char *scheme, double parameter)
{
    t->entry[t->n] = (entry){scheme, parameter};
    return &t->way[t->n++];
}

static void add_plan(table *t, const rpr_calibration *c, size_t k)
{
    rpr_layer_gate *gates = t->scaled + k * c->n;
    for (size_t i = 0; i < c->n; i++) {
        gates[i] = c->gate[i];
        if (gates[i].gate.kind == RPR_GATE_DEADZONE)
            gates[i].gate.threshold = fmin(0.9, gates[i].gate.threshold * scales[k]);
    }
    *add(t, "plan", scales[k]) = (rpr_way){.gate = {.kind = RPR_GATE_EXACT},
                                           .layer_gates = gates,
                                           .n_layer_gates = c->n,
                                           .settle = c->settle};
}

static void list_ways(table *t, const rpr_calibration *c, size_t frames)
{
    for (size_t i = 0; i < COUNT(scales); i++)
        add_plan(t, c, i);
    for (size_t i = 0; i < COUNT(zones); i++)
        add(t, "deadzone", zones[i])->gate =
            (rpr_gate){.kind = RPR_GATE_DEADZONE, .threshold = zones[i] / 255};
    for (size_t i = 0; i < COUNT(zones); i++) {
        rpr_way *w = add(t, "whole pixels", zones[i]);
        w->gate = (rpr_gate){.kind = RPR_GATE_DEADZONE, .threshold = zones[i] / 255};
        w->whole_pixels = 1;
    }
    for (size_t i = 0; i < COUNT(clusters); i++)
        add(t, "levels", clusters[i])->gate =
            (rpr_gate){.kind = RPR_GATE_LEVELS, .levels = (int)clusters[i]};
    for (size_t i = 0; i < COUNT(strides) && strides[i] * 4 <= (double)frames; i++)
        add(t, "skipping", strides[i])->every = (int)strides[i];
}

/* ----------------------------------------------------------------- writing */

static int write_csv(const table *t, const char *path)
{
    errno = 0;
    FILE *f = fopen(path, "w");
    int bad = !f || fputs("scheme,parameter,frames,error,mac_share,cost_share\n", f) < 0;
    for (size_t i = 0; !bad && i < t->n; i++) {
        const rpr_calibration_result *r = &t->result[i];
        bad = fprintf(f, "%s,%g,%zu,%.6g,%.6g,", t->entry[i].scheme, t->entry[i].parameter,
                      r->frames, r->error, r->mac_share) < 0;
        if (!bad) /* nothing was run by whole pixels */
            bad = (isfinite(r->cost_share) ? fprintf(f, "%.6g\n", r->cost_share) : fputs("\n", f)) <
                  0;
    }
    if (f)
        bad |= fclose(f) != 0;
    return bad ? cli_fail(CLI_BAD_INPUT, "%s: cannot be written (%s)", path, strerror(errno))
               : CLI_DONE;
}

static int write_json(const table *t, const cli_options *o, const rpr_calibration *c)
{
    json_t *points = json_array();
    for (size_t i = 0; i < t->n; i++) {
        const rpr_calibration_result *r = &t->result[i];
        json_array_append_new(
            points, json_pack("{s:s, s:o, s:I, s:o, s:o, s:o}", "scheme", t->entry[i].scheme,
                              "parameter", json_number(t->entry[i].parameter), "frames",
                              (json_int_t)r->frames, "error", json_number(r->error), "mac_share",
                              json_number(r->mac_share), "cost_share", json_number(r->cost_share)));
    }
    json_t *root = json_pack("{s:i, s:s, s:s, s:s, s:o, s:o, s:o}", "schema", 1, "kind",
                             "reprise pareto", "metric", metric_name(o->metric), "objective",
                             o->objective == RPR_OBJECTIVE_TIME ? "time" : "macs", "budget",
                             json_number(o->budget), "seen_error", json_number(c->seen.error),
                             "points", points);
    return root ? json_file_write(root, o->output) : cli_no_memory();
}

static int write_table(const table *t, const cli_options *o, const rpr_calibration *c)
{
    const size_t n = strlen(o->output);
    return n > 4 && strcmp(o->output + n - 4, ".csv") == 0 ? write_csv(t, o->output)
                                                           : write_json(t, o, c);
}

int pareto_write(const cli_options *o, const rpr_model *m, const rpr_sample *sample,
                 const rpr_calibrate_options *opt, const rpr_calibration *c)
{
    rpr_error err = {""};
    table t = {.scaled = calloc(c->n * COUNT(scales) + 1, sizeof *t.scaled)};
    if (!t.scaled)
        return cli_no_memory();
    list_ways(&t, c, c->held_back.frames);
    const size_t first = c->seen.frames + 1; /* of the frames that were held back */
    int status = rpr_measure(m, sample, first, opt, t.way, t.n, t.result, &err);
    int code = status == RPR_OK          ? write_table(&t, o, c)
               : status == RPR_ERR_STATE ? cli_fail(CLI_CHECK_FAILED, "stopped: nothing is written")
                                         : cli_fail(CLI_BAD_INPUT, "%s: %s", o->input, err.message);
    free(t.scaled);
    return code;
}
