/* SPDX-License-Identifier: Apache-2.0 */
/* The files that are part of the program: sim/arch/ and energy/. Made by scripts/embed.py. */
#ifndef SIM_BUILTIN_H
#define SIM_BUILTIN_H

typedef struct sim_builtin_file {
    const char *name, *text;
} sim_builtin_file;

/** Ends with a NULL name. */
extern const sim_builtin_file sim_builtin_files[];

/** Text of a builtin file; NULL if there is none of that name. */
const char *sim_builtin_find(const char *name);

#endif
