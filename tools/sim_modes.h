/* SPDX-License-Identifier: Apache-2.0 */
/** What `reprise sim` does besides one run. Each returns an exit code after a message. */
#ifndef TOOLS_SIM_MODES_H
#define TOOLS_SIM_MODES_H

#include "sim/paper.h"
#include "sim_args.h"

/** The four networks beside the paper's figures. */
int sim_show_paper(const sim_options *o, const sim_config *c);

/** What each assumption is worth. */
int sim_show_sensitivity(const sim_options *o, const sim_config *c);

/** One key at several values, on all cores. */
int sim_show_sweep(const sim_options *o, const sim_config *c);

/** Every figure that the configuration uses, with its source. */
int sim_show_tables(const sim_config *c);

/* Shared by them. */

/** Moves a progress bar: the user of a sim_tick is a struct progress. */
void sim_progress(void *user, int64_t done);

/** Says what went wrong; the exit code for it. */
int sim_fail(int status, const rpr_error *err);
/** The same for a simulation, which may fail for what a file asks for. */
int sim_fail_run(const sim_options *o, int status, const rpr_error *err);
const char *sim_arch_name(const sim_options *o);

#endif
