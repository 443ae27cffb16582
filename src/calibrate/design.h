/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of many things are more and which less in every trial, so that the trials tell all their
 * effects at once. R. L. Plackett, J. P. Burman, "The design of optimum multifactorial
 * experiments", Biometrika 33 (1946), with the matrices of R. Paley: every thing is more in half of
 * the trials, and over these and over the others each of the rest is more in half of them. So the
 * difference of the two means is the thing's own, and has the noise of all trials' mean, where
 * trials of one thing after the other would have that of two trials.
 */
#ifndef RPR_CALIBRATE_DESIGN_H
#define RPR_CALIBRATE_DESIGN_H

#include <stdbool.h>
#include <stddef.h>

/** Trials for so many things: a prime that is 3 over a multiple of 4, and one. */
size_t rpr_design_trials(size_t things);

/** Whether a thing is more in one of so many trials. */
bool rpr_design_more(size_t trials, size_t trial, size_t thing);

/** What the logarithm (or whatever is given, one value a trial) moves by when a thing is more
 * rather than at the mean; `mirrored`: of the trials with more and less in each other's place. */
double rpr_design_effect(const double *value, size_t trials, size_t thing, bool mirrored);

#endif
