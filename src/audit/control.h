/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the errors of audits to the scale of the gates. An error over several frames is a power mean
 * of theirs, so that what follows is about e = error^power.
 *
 * Errors of single frames scatter, those that count boxes most of all: one box in eight is worth
 * more than a whole budget. So the mean m over the audits since the last decision is taken with its
 * standard error d. Gates are tightened when even m - 1.5 d is over the budget (with a full window,
 * when m is), and loosened when m + d is far below. Small errors grow in proportion to the
 * thresholds; tightening aims at 0.8 of the budget and loosening begins below 0.6, in steps of at
 * most 1.15, so that neither leads to the other. Where it does all the same, loosening takes twice
 * as many audits each time.
 */
#ifndef RPR_AUDIT_CONTROL_H
#define RPR_AUDIT_CONTROL_H

#include <stdbool.h>

#include "reprise/audit.h"

typedef struct rpr_control {
    double budget; /* negative: none */
    double power;
    int window;
    double error[RPR_AUDIT_MAX_WINDOW]; /* of the last n audits, to the power, in a ring */
    int n, at;
    int since;     /* audits since the last decision, ... */
    bool loosened; /* ... which was this */
    int patience;  /* audits before the next such */
} rpr_control;

typedef enum rpr_verdict { RPR_KEEP, RPR_DOUBT, RPR_TIGHTEN, RPR_LOOSEN } rpr_verdict;

void rpr_control_begin(rpr_control *c, double budget, double power, int window);

/**
 * Adds the error of an audit (0 or more, perhaps infinite) that was made with the gates at *scale;
 * sets *scale to what it is to be from now on, 0 to 1. DOUBT: nothing changes, but the next audit
 * should not be long in coming. TIGHTEN at scale 0: there is nothing left to tighten.
 */
rpr_verdict rpr_control_add(rpr_control *c, double error, double *scale);

/** Forgets the audits since the last decision: they were of other gates. */
void rpr_control_forget(rpr_control *c);

/** Mean error since the last decision; 0 without audits. */
double rpr_control_mean(const rpr_control *c);

#endif
