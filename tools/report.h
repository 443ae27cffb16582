/* SPDX-License-Identifier: Apache-2.0 */
/** What a run found out, as text for people and as JSON for scripts. */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include "auditing.h"
#include "boxes.h"
#include "compare.h"
#include "session.h"
#include "skipping.h"

/** The oracle over all frames on which it was asked. */
typedef struct oracle_sum {
    int64_t frames;
    double worst; /**< at most 1 when the contract holds */
    double max_rel;
    size_t layer;  /**< of worst */
    int64_t frame; /**< of worst */
} oracle_sum;

/** Parts that a command did not measure are NULL. */
typedef struct report {
    const session *session;
    lane *reuse, *dense;
    const error_sum *error;
    const agreement *agreement;
    const skipping *skipping;
    const oracle_sum *oracle;
    const auditing *auditing;
} report;

/** Text on stdout, or JSON where --json says. Returns an exit code. */
int report_write(const report *r);

/* report_text.c and report_json.c */
void report_text(const report *r);
int report_json(const report *r);

/** Ratio of the medians, dense to reuse; 0 without a dense lane. */
double report_speedup(const report *r);

/** Multiply-accumulates of a dense run of the frames that count: with a window of all of it. */
double report_dense_macs(const report *r);
/** Executed ones / those. */
double report_mac_share(const report *r);

#endif
