/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of comma-separated values (RFC 4180 quoting), for the energy tables. */
#ifndef SIM_CSV_H
#define SIM_CSV_H

#include <stddef.h>

/**
 * Splits one line in place into fields; quotes are taken off. Returns the number of fields, or -1
 * if a quote is not closed, stands inside a field, or there are more than `max` fields.
 */
int sim_csv_split(char *line, char **field, int max);

#endif
