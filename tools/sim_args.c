/* SPDX-License-Identifier: Apache-2.0 */
#include "sim_args.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli.h"
#include "options.h"

static int set_arch(void *target, const char *v)
{
    ((sim_options *)target)->arch = v;
    return *v != 0;
}

static int set_trace(void *target, const char *v)
{
    ((sim_options *)target)->workload.trace = v;
    return *v != 0;
}

static int set_net(void *target, const char *v)
{
    ((sim_options *)target)->workload.preset = v;
    for (int i = 0; sim_preset_name(i); i++)
        if (strcasecmp(sim_preset_name(i), v) == 0)
            return 1;
    return 0;
}

/* One number, or one per layer with commas between. */
static int set_similarity(void *target, const char *v)
{
    sim_workload *w = &((sim_options *)target)->workload;
    char one[64];
    for (w->n_similarity = 0;; v++) {
        size_t n = strcspn(v, ",");
        if (n == 0 || n >= sizeof one || w->n_similarity == SIM_MAX_SIMILARITIES)
            return 0;
        memcpy(one, v, n);
        one[n] = 0;
        double *s = &w->similarity[w->n_similarity++];
        if (!option_number(one, s) || *s < 0 || *s > 1)
            return 0;
        v += n;
        if (*v == 0)
            return 1;
    }
}

static int set_pattern(void *target, const char *v)
{
    sim_workload *w = &((sim_options *)target)->workload;
    w->clustered = strncmp(v, "clustered", 9) == 0;
    if (!w->clustered)
        return strcmp(v, "uniform") == 0;
    if (v[9] == 0)
        return 1;
    return v[9] == ':' && option_number(v + 10, &w->run) && w->run >= 1;
}

static int set_seed(void *target, const char *v)
{
    int64_t n;
    if (!option_int(v, 0, INT64_MAX, &n))
        return 0;
    ((sim_options *)target)->workload.seed = (uint64_t)n;
    return 1;
}

static int set_executions(void *target, const char *v)
{
    return option_int(v, 1, 1000000, &((sim_options *)target)->workload.executions);
}

static int set_sequence(void *target, const char *v)
{
    return option_int(v, 1, 1000000000, &((sim_options *)target)->workload.sequence);
}

static int set_off(void *target, const char *v)
{
    ((sim_options *)target)->workload.off = v;
    return *v != 0;
}

static int set_setting(void *target, const char *v)
{
    sim_options *o = target;
    if (o->n_settings == SIM_MAX_SETTINGS || !strchr(v, '='))
        return 0;
    o->setting[o->n_settings++] = v;
    return 1;
}

static int set_sweep(void *target, const char *v)
{
    ((sim_options *)target)->sweep = v;
    return strchr(v, '=') != NULL && strchr(v, '=')[1] != 0;
}

static int set_json(void *target, const char *v)
{
    ((sim_options *)target)->json = v;
    return *v != 0;
}

static int set_csv(void *target, const char *v)
{
    ((sim_options *)target)->csv = v;
    return *v != 0;
}

#define FLAG(field)                                                                                \
    static int set_##field(void *target, const char *v)                                            \
    {                                                                                              \
        (void)v;                                                                                   \
        return ((sim_options *)target)->field = 1;                                                 \
    }

FLAG(brief)
FLAG(paper)
FLAG(sensitivity)
FLAG(compare)
FLAG(print_arch)
FLAG(print_tables)

static int take_file(void *target, const char *name)
{
    sim_options *o = target;
    if (o->n_files == 2)
        return 0;
    o->file[o->n_files++] = name;
    return 1;
}

static const option options[] = {
    {"--arch", 1, set_arch, "an INI file"},
    {"--set", 1, set_setting, "SECTION.KEY=VALUE, such as dram.channels=4"},
    {"--trace", 1, set_trace, "a trace that reprise run --trace wrote"},
    {"--net", 1, set_net, "kaldi, eesen, c3d or autopilot"},
    {"--similarity", 1, set_similarity,
     "a number from 0 to 1, or one per layer with commas between"},
    {"--pattern", 1, set_pattern, "uniform, clustered or clustered:RUN (RUN 1 or more)"},
    {"--seed", 1, set_seed, "a whole number"},
    {"--executions", 1, set_executions, "a number of executions, 1 to 1000000"},
    {"--sequence", 1, set_sequence, "a number of executions, 1 or more"},
    {"--off", 1, set_off, "names of layers with commas between"},
    {"--sweep", 1, set_sweep, "SECTION.KEY=VALUE,VALUE,..."},
    {"--json", 1, set_json, "a file to write, or - for stdout"},
    {"--csv", 1, set_csv, "a file to write, or - for stdout"},
    {"--brief", 1, set_brief, NULL},
    {"--paper", 1, set_paper, NULL},
    {"--sensitivity", 1, set_sensitivity, NULL},
    {"--compare", 1, set_compare, NULL},
    {"--print-arch", 1, set_print_arch, NULL},
    {"--print-tables", 1, set_print_tables, NULL},
};

/* What goes with what stands first; anything else would be left out silently. */
static const struct {
    const char *mode, *with;
} modes[] = {
    {"--compare", ""},
    {"--print-arch", ""},
    {"--print-tables", "--arch --set "},
    {"--paper", "--arch --set --json --sequence "},
    {"--sensitivity", "--arch --set --json "},
    {"--trace", "--arch --set --json --csv --brief --sweep --off --sequence "},
    {"--net", "--arch --set --json --csv --brief --sweep --off --sequence --similarity --pattern "
              "--seed --executions "},
};

enum { N_OPTIONS = sizeof options / sizeof options[0], N_MODES = sizeof modes / sizeof modes[0] };

static int is_given(uint64_t given, const char *name)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (strcmp(options[i].name, name) == 0)
            return given >> i & 1;
    return 0;
}

/* True if the list, each name with a space behind it, has this one. */
static int is_listed(const char *list, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = list; (p = strstr(p, name)) != NULL; p += n)
        if (p[n] == ' ')
            return 1;
    return 0;
}

static int check_mode(uint64_t given, const char *mode, const char *with)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if ((given >> i & 1) && strcmp(options[i].name, mode) != 0 &&
            !is_listed(with, options[i].name))
            return cli_fail(CLI_USAGE, "sim: %s does not go with %s", options[i].name, mode);
    return CLI_DONE;
}

static int check(const sim_options *o, uint64_t given)
{
    size_t mode = 0;
    while (mode < N_MODES && !is_given(given, modes[mode].mode))
        mode++;
    if (o->n_files > 0 && !o->compare)
        return cli_fail(CLI_USAGE, "%s: one name too many; see: reprise help sim", o->file[0]);
    if (mode == N_MODES)
        return cli_fail(CLI_USAGE, "sim needs either --trace or --net; see: reprise help sim");
    int code = check_mode(given, modes[mode].mode, modes[mode].with);
    if (code != CLI_DONE)
        return code;
    if (o->compare && o->n_files != 2)
        return cli_fail(CLI_USAGE, "sim --compare needs two files that sim --json wrote");
    if (is_given(given, "--net") && !is_given(given, "--similarity"))
        return cli_fail(CLI_USAGE, "sim --net needs --similarity");
    if (o->sweep && (o->csv || o->brief))
        return cli_fail(CLI_USAGE, "sim: --csv and --brief are for one run, not for --sweep");
    if (o->json && o->csv && strcmp(o->json, "-") == 0 && strcmp(o->csv, "-") == 0)
        return cli_fail(CLI_USAGE, "sim: --json and --csv cannot both go to stdout");
    return CLI_DONE;
}

int sim_args_parse(int argc, char **argv, sim_options *o, int *help)
{
    uint64_t given = 0;
    const option_table table = {.option = options,
                                .n = N_OPTIONS,
                                .command = 1,
                                .name = "sim",
                                .take = take_file,
                                .given = &given};
    *o = (sim_options){.workload = {.run = 16, .seed = 1}};
    int code = options_read(&table, argc, argv, o, help);
    return code != CLI_DONE || *help ? code : check(o, given);
}
