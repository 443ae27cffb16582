/* SPDX-License-Identifier: Apache-2.0 */
/* The energy tables: rows of the folder energy/, found by what they are about. */
#ifndef SIM_TABLES_H
#define SIM_TABLES_H

#include <stdint.h>

#include "sim/config.h"

/** A figure as one knows it. */
typedef struct sim_band {
    double low, nominal, high;
} sim_band;

typedef struct sim_row {
    const char *component, *organisation, *op, *unit, *source, *kind;
    const char *file;
    int line;
    int64_t node, size, width; /* nm, bytes, bytes; -1 where it does not apply */
    sim_band value;
} sim_row;

typedef struct sim_tables {
    sim_row *row;
    int n;
    char **text; /* what the rows point into; owned */
    int n_text;
} sim_tables;

/** Reads all tables of a folder, or the builtin ones. Errors name file and line. */
int sim_tables_load(sim_tables *t, const char *where, rpr_error *err);
void sim_tables_free(sim_tables *t);

/** What is looked for. size and width are -1 where they do not matter. */
typedef struct sim_want {
    const char *component, *op, *unit;
    int64_t node, size, width;
} sim_want;

/** What was found: a row, or two between whose sizes was interpolated (geometrically). */
typedef struct sim_found {
    sim_band value;
    const sim_row *row, *other; /* other is NULL if the row is exactly what was wanted */
} sim_found;

/** RPR_ERR_ARGUMENT if there is no row, and none on either side of it; err says what there is. */
int sim_tables_find(const sim_tables *t, const sim_want *want, sim_found *found, rpr_error *err);

#endif
