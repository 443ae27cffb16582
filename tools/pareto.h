/* SPDX-License-Identifier: Apache-2.0 */
/** calibrate --pareto: the error of every scheme against its work, on frames that were held back.
 */
#ifndef TOOLS_PARETO_H
#define TOOLS_PARETO_H

#include "reprise/calibrate.h"

#include "args.h"

/**
 * Measures and writes -o: CSV if its name ends in .csv, else JSON. c: what calibration found with
 * these options. Returns an exit code.
 */
int pareto_write(const cli_options *o, const rpr_model *m, const rpr_sample *sample,
                 const rpr_calibrate_options *opt, const rpr_calibration *c);

#endif
