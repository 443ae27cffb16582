/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_modes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json_file.h"
#include "progress.h"
#include "sim_report.h"

enum { MAX_POINTS = 64 };

typedef struct point {
    char value[128];
    sim_config config;
    const sim_workload *workload;
    sim_outcome outcome;
    int status;
    rpr_error err;
} point;

static void run_point(void *user, int i)
{
    point *p = (point *)user + i;
    p->status = sim_experiment_run(&p->config, p->workload, &p->outcome, &p->err);
}

/* SECTION.KEY=A,B,C: one point per value; their number, or 0 with *code set. */
static int make_points(const sim_options *o, const sim_config *c, point *p, int *code)
{
    char key[128];
    rpr_error err;
    size_t n = strcspn(o->sweep, "=");
    snprintf(key, sizeof key, "%.*s", (int)n, o->sweep);
    int points = 0;
    for (const char *v = o->sweep + n + 1; *v; points++) {
        size_t len = strcspn(v, ",");
        if (points == MAX_POINTS || len >= sizeof p->value) {
            *code =
                cli_fail(CLI_USAGE, "--sweep: more than %d values, or one is too long", MAX_POINTS);
            return 0;
        }
        snprintf(p[points].value, sizeof p->value, "%.*s", (int)len, v);
        p[points].config = *c;
        p[points].workload = &o->workload;
        int status = sim_config_set(&p[points].config, key, p[points].value, &err);
        if (status != RPR_OK) {
            *code = sim_fail(status, &err);
            return 0;
        }
        v += len + (v[len] == ',');
    }
    return points;
}

static void print_points(const char *sweep, const point *p, int n)
{
    printf("%-24.*s %14s %14s %9s %14s %14s %30s\n", (int)strcspn(sweep, "="), sweep, "ms without",
           "ms with", "speed-up", "uJ without", "uJ with", "energy saved (low, high rows)");
    for (int i = 0; i < n; i++) {
        const sim_outcome *o = &p[i].outcome;
        sim_band saved = sim_outcome_saving(o);
        printf("%-24s %14.4f %14.4f %8.2fx %14.2f %14.2f %10.1f %% (%.1f, %.1f)\n", p[i].value,
               sim_ms(&o->config, o->mean[SIM_BASE].n[SIM_CYCLES]),
               sim_ms(&o->config, o->mean[SIM_REUSE].n[SIM_CYCLES]), sim_outcome_speedup(o),
               1e-6 * o->mean[SIM_BASE].total.nominal, 1e-6 * o->mean[SIM_REUSE].total.nominal,
               100 * saved.nominal, 100 * saved.low, 100 * saved.high);
    }
}

static int write_points(const sim_options *o, const point *p, int n)
{
    json_t *list = json_array();
    for (int i = 0; i < n; i++) {
        json_t *one = sim_json(&p[i].outcome, sim_arch_name(o));
        json_object_set_new(one, "value", json_string(p[i].value));
        json_array_append_new(list, one);
    }
    return json_file_write(json_pack("{s:i,s:s,s:s,s:o}", "schema", 1, "kind", "sweep", "sweep",
                                     o->sweep, "points", list),
                           o->json);
}

int sim_show_sweep(const sim_options *o, const sim_config *c)
{
    int code = CLI_DONE;
    point *p = calloc(MAX_POINTS, sizeof *p);
    if (!p)
        return cli_no_memory();
    int n = make_points(o, c, p, &code);
    progress bar;
    progress_start(&bar, n);
    bar.what = "values";
    sim_parallel(n, run_point, p, &(sim_tick){.fn = sim_progress, .user = &bar});
    progress_end(&bar);
    for (int i = 0; code == CLI_DONE && i < n; i++)
        if (p[i].status != RPR_OK)
            code = cli_fail(CLI_USAGE, "sim: %s at %s: %s", o->sweep, p[i].value, p[i].err.message);
    if (code == CLI_DONE && !(o->json && strcmp(o->json, "-") == 0))
        print_points(o->sweep, p, n);
    if (code == CLI_DONE && o->json)
        code = write_points(o, p, n);
    for (int i = 0; i < n; i++)
        sim_outcome_free(&p[i].outcome);
    free(p);
    return code;
}

int sim_show_tables(const sim_config *c)
{
    rpr_error err;
    sim_tables t;
    sim_costs costs;
    int status = sim_tables_load(&t, c->tables, &err);
    if (status != RPR_OK)
        return sim_fail(status, &err);
    status = sim_costs_find(&t, c, &costs, &err);
    for (int i = 0; status == RPR_OK && i < SIM_N_COSTS; i++) {
        const sim_found *f = &costs.of[i];
        printf("%-28s %10.4g %-7s (%.4g to %.4g)  %s, %s line %d%s\n    %s\n",
               sim_cost_name((sim_cost)i), f->value.nominal, f->row->unit, f->value.low,
               f->value.high, f->row->kind, f->row->file, f->row->line,
               f->other ? " and the next size, interpolated" : "", f->row->source);
    }
    sim_tables_free(&t);
    return status == RPR_OK ? CLI_DONE : sim_fail(status, &err);
}
