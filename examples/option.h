/* SPDX-License-Identifier: Apache-2.0 */
/** Values of options that several examples take. */
#ifndef EXAMPLES_OPTION_H
#define EXAMPLES_OPTION_H

#include "reprise/reprise.h"

/** A finite number from low to high, or a fraction such as 2/255: 1; else 0. */
int option_number(const char *text, double low, double high, double *v);

/** off, exact or deadzone:T with T from 0 to 0.999: 1; else 0. */
int option_gate(const char *text, rpr_gate *gate);

#endif
