/* SPDX-License-Identifier: Apache-2.0 */
/** The options of `reprise sim`. */
#ifndef TOOLS_SIM_ARGS_H
#define TOOLS_SIM_ARGS_H

#include "sim/experiment.h"

enum { SIM_MAX_SETTINGS = 32 };

typedef struct sim_options {
    const char *arch; /**< NULL: the builtin one */
    sim_workload workload;
    const char *setting[SIM_MAX_SETTINGS]; /**< SECTION.KEY=VALUE, one after the other */
    int n_settings;
    const char *sweep; /**< SECTION.KEY=VALUE,VALUE,... */
    const char *json, *csv;
    int paper, sensitivity, compare, print_arch, print_tables, brief;
    const char *file[2]; /**< of --compare */
    int n_files;
} sim_options;

/** Reads the arguments after `sim`; an exit code. */
int sim_args_parse(int argc, char **argv, sim_options *o, int *help);

#endif
