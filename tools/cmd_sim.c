/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "help.h"
#include "json_file.h"
#include "progress.h"
#include "sim_args.h"
#include "sim_modes.h"
#include "sim_report.h"

int sim_fail(int status, const rpr_error *err)
{
    return cli_fail(status == RPR_ERR_INTERNAL ? CLI_CHECK_FAILED : cli_exit_of_status(status),
                    "sim: %s", err->message);
}

/* What cannot be simulated is wrong usage if options ask for it, else the fault of a file. */
int sim_fail_run(const sim_options *o, int status, const rpr_error *err)
{
    const char *file = o->arch ? o->arch : o->workload.trace;
    if (status != RPR_ERR_ARGUMENT || !file || o->n_settings > 0 || o->sweep)
        return sim_fail(status, err);
    return cli_fail(CLI_BAD_INPUT, "sim: %s: %s", file, err->message);
}

static int read_config(const sim_options *o, sim_config *c)
{
    rpr_error err;
    int status = o->arch ? sim_config_read(c, o->arch, &err) : sim_config_builtin(c, &err);
    for (int i = 0; status == RPR_OK && i < o->n_settings; i++) {
        char name[128];
        size_t n = strcspn(o->setting[i], "=");
        snprintf(name, sizeof name, "%.*s", (int)n, o->setting[i]);
        status = sim_config_set(c, name, o->setting[i] + n + 1, &err);
    }
    if (status == RPR_OK)
        status = sim_config_check(c, &err);
    return status == RPR_OK ? CLI_DONE : sim_fail(status, &err);
}

void sim_progress(void *user, int64_t done)
{
    progress_step(user, done);
}

static int run_one(const sim_options *o, const sim_config *c)
{
    rpr_error err;
    progress bar;
    sim_workload w = o->workload;
    sim_outcome *out = calloc(1, sizeof *out);
    if (!out)
        return cli_no_memory();
    progress_start(&bar, w.executions ? w.executions + 1 : -1);
    bar.what = "executions";
    w.tick = (sim_tick){.fn = sim_progress, .user = &bar};
    int status = sim_experiment_run(c, &w, out, &err), code = CLI_DONE;
    progress_end(&bar);
    if (status != RPR_OK)
        code = sim_fail_run(o, status, &err);
    bool quiet = (o->json && strcmp(o->json, "-") == 0) || (o->csv && strcmp(o->csv, "-") == 0);
    if (code == CLI_DONE && !quiet)
        sim_text(out, sim_arch_name(o), o->brief);
    if (code == CLI_DONE && o->json)
        code = json_file_write(sim_json(out, sim_arch_name(o)), o->json);
    if (code == CLI_DONE && o->csv)
        code = sim_csv(out, o->csv);
    sim_outcome_free(out);
    free(out);
    return code;
}

const char *sim_arch_name(const sim_options *o)
{
    return o->arch ? o->arch : "isca2018 (builtin)";
}

int cmd_sim(int argc, char **argv)
{
    sim_options o;
    sim_config c;
    int help, code = sim_args_parse(argc, argv, &o, &help);
    if (code != CLI_DONE)
        return code;
    if (help) {
        help_page(CMD_SIM);
        return CLI_DONE;
    }
    if (o.print_arch) {
        fputs(sim_config_builtin_text(), stdout);
        return CLI_DONE;
    }
    if (o.compare)
        return sim_compare(o.file[0], o.file[1]);
    code = read_config(&o, &c);
    if (code != CLI_DONE)
        return code;
    if (o.print_tables)
        return sim_show_tables(&c);
    if (o.paper)
        return sim_show_paper(&o, &c);
    if (o.sensitivity)
        return sim_show_sensitivity(&o, &c);
    if (o.sweep)
        return sim_show_sweep(&o, &c);
    return run_one(&o, &c);
}
