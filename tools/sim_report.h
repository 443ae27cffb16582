/* SPDX-License-Identifier: Apache-2.0 */
/** What a simulation found out: for people, for scripts, for spreadsheets. */
#ifndef TOOLS_SIM_REPORT_H
#define TOOLS_SIM_REPORT_H

#include <jansson.h>

#include "sim/experiment.h"

/** On stdout; brief: the sums only. `arch` names the configuration. */
void sim_text(const sim_outcome *o, const char *arch, int brief);

/** The same as a JSON object; NULL if memory ran out. */
json_t *sim_json(const sim_outcome *o, const char *arch);

/** Every count of every layer, one line per layer and machine; an exit code. */
int sim_csv(const sim_outcome *o, const char *path);

/** Compares two files that sim_json's object was written to; an exit code. */
int sim_compare(const char *a, const char *b);

/** Milliseconds of so many cycles. */
double sim_ms(const sim_config *c, double cycles);

#endif
