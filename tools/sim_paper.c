/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_modes.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "json_file.h"
#include "progress.h"
#include "sim_report.h"

/* ------------------------------------------------------------------- paper */

static void nets_table(const sim_paper_grid *g, const double *at)
{
    printf("%-10s %10s %9s %9s %29s   %s\n", "network", "similarity", "reuse", "speed-up",
           "energy saved (low, high rows)", "the paper's");
    for (int i = 0; i < SIM_PAPER_NETS; i++)
        printf("%-10s %8.0f %% %7.1f %% %8.2fx %12.1f %% (%.1f, %.1f)   no reference value\n",
               sim_paper_nets[i].name, 100 * at[i], 100 * g->reuse[i][i], g->speedup[i][i],
               100 * g->saving[i][i].nominal, 100 * g->saving[i][i].low,
               100 * g->saving[i][i].high);
}

typedef struct ours {
    double value, low, high; /* low and high: over the 24 assignments; NAN: does not apply */
} ours;

static ours of_mean(const sim_paper_mean *m, double times)
{
    return (ours){times * m->assumed, times * m->lowest, times * m->highest};
}

static void nominal_saving(const sim_paper_grid *g, double value[SIM_PAPER_NETS][SIM_PAPER_NETS])
{
    for (int i = 0; i < SIM_PAPER_NETS; i++)
        for (int k = 0; k < SIM_PAPER_NETS; k++)
            value[i][k] = g->saving[i][k].nominal;
}

static void collect(const sim_paper_grid *g, const double *at, ours figure[SIM_PAPER_N_FIGURES])
{
    double saving[SIM_PAPER_NETS][SIM_PAPER_NETS], similarity = 0, low = INFINITY, high = 0;
    nominal_saving(g, saving);
    sim_paper_mean reuse = sim_paper_mean_of(g->reuse), saved = sim_paper_mean_of(saving);
    sim_paper_mean speedup = sim_paper_mean_of(g->speedup);
    for (int i = 0; i < SIM_PAPER_NETS; i++) {
        similarity += at[i] / SIM_PAPER_NETS;
        low = fmin(low, g->speedup[i][i]);
        high = fmax(high, g->speedup[i][i]);
    }
    const sim_outcome *o = &g->outcome[0];
    figure[SIM_PAPER_SIMILARITY] = (ours){100 * similarity, NAN, NAN};
    figure[SIM_PAPER_REUSE] = of_mean(&reuse, 100);
    figure[SIM_PAPER_SAVING] = of_mean(&saved, 100);
    figure[SIM_PAPER_SPEEDUP] = of_mean(&speedup, 1);
    figure[SIM_PAPER_SPEEDUP_LOWEST] = (ours){low, NAN, NAN};
    figure[SIM_PAPER_SPEEDUP_HIGHEST] = (ours){high, NAN, NAN};
    figure[SIM_PAPER_AREA] = (ours){o->area[SIM_BASE].total.nominal, NAN, NAN};
    figure[SIM_PAPER_AREA_REUSE] = (ours){o->area[SIM_REUSE].total.nominal, NAN, NAN};
    figure[SIM_PAPER_AREA_MORE] = (ours){100 * sim_outcome_extra_area(o).nominal, NAN, NAN};
}

static void figures_table(const ours *figure)
{
    printf("%-24s %9s %-10s %9s %10s   %s\n", "figure", "the paper's", "", "ours", "difference",
           "over all assignments");
    for (int i = 0; i < SIM_PAPER_N_FIGURES; i++) {
        const sim_paper_figure *f = &sim_paper_figures[i];
        printf("%-24s %7.1f %-3s %-10s %7.2f %-3s %+8.2f", f->name, f->value, f->unit, f->how,
               figure[i].value, f->unit, figure[i].value - f->value);
        if (isnan(figure[i].low))
            puts("");
        else
            printf("     %.2f to %.2f\n", figure[i].low, figure[i].high);
    }
    puts("energy by component          no reference value (said to be led by the weights buffer: "
         "recalled)\n"
         "similarity by layer          no reference value\n"
         "speed-up, energy by network  no reference value\n"
         "accuracy                     not simulated: see reprise verify for real networks");
}

/* The networks and the figures beside the paper's, at one set of similarities. */
static json_t *grid_json(const sim_paper_grid *g, const double *at, const ours *figure)
{
    json_t *nets = json_array(), *figures = json_array();
    for (int i = 0; i < SIM_PAPER_NETS; i++)
        json_array_append_new(
            nets, json_pack("{s:s,s:o,s:o,s:o,s:o}", "name", sim_paper_nets[i].name, "similarity",
                            json_number(at[i]), "reuse", json_number(g->reuse[i][i]), "speedup",
                            json_number(g->speedup[i][i]), "energy_saved",
                            json_number(g->saving[i][i].nominal)));
    for (int i = 0; i < SIM_PAPER_N_FIGURES; i++) {
        const sim_paper_figure *f = &sim_paper_figures[i];
        json_array_append_new(
            figures, json_pack("{s:s,s:s,s:s,s:o,s:o,s:o,s:o}", "figure", f->name, "unit", f->unit,
                               "how", f->how, "paper", json_number(f->value), "ours",
                               json_number(figure[i].value), "lowest", json_number(figure[i].low),
                               "highest", json_number(figure[i].high)));
    }
    return json_pack("{s:o,s:o}", "networks", nets, "figures", figures);
}

static int run_grid(const sim_options *o, const sim_config *c, int reuse, double *at,
                    sim_paper_grid *g, ours *figure)
{
    rpr_error err;
    for (int i = 0; i < SIM_PAPER_NETS; i++)
        at[i] = reuse ? sim_paper_nets[i].reuse : sim_paper_nets[i].similarity;
    int status = sim_paper_run(c, at, o->workload.sequence, g, &err);
    if (status != RPR_OK)
        return sim_fail_run(o, status, &err);
    collect(g, at, figure);
    return CLI_DONE;
}

int sim_show_paper(const sim_options *o, const sim_config *c)
{
    double at[SIM_PAPER_NETS], at_reuse[SIM_PAPER_NETS];
    ours figure[SIM_PAPER_N_FIGURES], figure_reuse[SIM_PAPER_N_FIGURES];
    sim_paper_grid *g = calloc(2, sizeof *g);
    if (!g)
        return cli_no_memory();
    int code = run_grid(o, c, 0, at, &g[0], figure);
    if (code == CLI_DONE)
        code = run_grid(o, c, 1, at_reuse, &g[1], figure_reuse);
    if (code == CLI_DONE && o->json)
        code =
            json_file_write(json_pack("{s:i,s:s,s:o,s:o}", "schema", 1, "kind", "paper",
                                      "at_similarities", grid_json(&g[0], at, figure),
                                      "at_macs_avoided", grid_json(&g[1], at_reuse, figure_reuse)),
                            o->json);
    if (code == CLI_DONE && !(o->json && strcmp(o->json, "-") == 0)) {
        printf("The paper's four networks on %s.\n"
               "The authors' talk gave four similarities and four shares of MACs avoided, but not\n"
               "whose they are: this assignment is assumed.\n\n",
               sim_arch_name(o));
        nets_table(&g[0], at);
        putchar('\n');
        figures_table(figure);
        printf("\nThe same with every layer at the MACs avoided that the talk showed:\n\n");
        nets_table(&g[1], at_reuse);
        printf("means: energy saved %.1f %%, speed-up %.2fx\n",
               figure_reuse[SIM_PAPER_SAVING].value, figure_reuse[SIM_PAPER_SPEEDUP].value);
    }
    for (int i = 0; i < 2; i++)
        sim_paper_free(&g[i]);
    free(g);
    return code;
}

/* ------------------------------------------------------------- sensitivity */

/* Effects below what the tables print. */
static int matters(const sim_paper_effect *e, const sim_paper_effect *plain)
{
    return isnan(e->saving) || fabs(e->saving - plain->saving) >= 5e-4 ||
           fabs(e->speedup - plain->speedup) >= 5e-3 ||
           fabs(e->area_more - plain->area_more) >= 5e-5;
}

static json_t *effects_json(const sim_paper_effects *e)
{
    json_t *list = json_array();
    for (int i = 0; i < e->n; i++)
        json_array_append_new(list, json_pack("{s:s,s:o,s:o,s:o}", "what", e->effect[i].what,
                                              "speedup", json_number(e->effect[i].speedup),
                                              "energy_saved", json_number(e->effect[i].saving),
                                              "area_added", json_number(e->effect[i].area_more)));
    return json_pack("{s:i,s:s,s:o}", "schema", 1, "kind", "sensitivity", "effects", list);
}

int sim_show_sensitivity(const sim_options *o, const sim_config *c)
{
    rpr_error err;
    sim_paper_effects e;
    progress bar;
    int hidden = 0, code = CLI_DONE;
    progress_start(&bar, sim_paper_trials());
    bar.what = "changes";
    const sim_tick tick = {.fn = sim_progress, .user = &bar};
    int status = sim_paper_sensitivity(c, &tick, &e, &err);
    progress_end(&bar);
    if (status != RPR_OK) {
        sim_paper_effects_free(&e);
        return sim_fail_run(o, status, &err);
    }
    if (o->json)
        code = json_file_write(effects_json(&e), o->json);
    if (!(o->json && strcmp(o->json, "-") == 0)) {
        const sim_paper_effect *plain = &e.effect[0];
        printf("Means of the paper's four networks on %s, one assumption changed at a time.\n\n"
               "%-52s %9s %14s %11s\n",
               sim_arch_name(o), "", "speed-up", "energy saved", "area added");
        for (int i = 0; i < e.n; i++) {
            if (i > 0 && !matters(&e.effect[i], plain)) {
                hidden++;
                continue;
            }
            if (isnan(e.effect[i].speedup)) {
                printf("%-52s not possible\n", e.effect[i].what);
                continue;
            }
            printf("%-52s %8.2fx %12.1f %% %9.2f %%\n", e.effect[i].what, e.effect[i].speedup,
                   100 * e.effect[i].saving, 100 * e.effect[i].area_more);
        }
        printf("\n%d further changes alter nothing of what is printed.\n", hidden);
    }
    sim_paper_effects_free(&e);
    return code;
}
