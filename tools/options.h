/* SPDX-License-Identifier: Apache-2.0 */
/** Reading the options of a subcommand by a table. */
#ifndef TOOLS_OPTIONS_H
#define TOOLS_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

typedef struct option {
    const char *name;
    int commands;                                /**< bits of the commands that have it */
    int (*set)(void *target, const char *value); /**< 0: the value is wrong */
    const char *wants; /**< what the value should be; NULL: a flag without value */
} option;

typedef struct option_table {
    const option *option;
    size_t n;
    int command;                                 /**< bit of the present one */
    const char *name;                            /**< of it, for messages */
    int (*take)(void *target, const char *name); /**< an argument that is no option; 0: too many */
    uint64_t *given; /**< bit i: option i was there; may be NULL, else at most 64 options */
} option_table;

/**
 * Reads the arguments after the subcommand into target. Returns an exit code, after a message if it
 * is not 0. *help is set, and nothing else is read, if --help is among them.
 */
int options_read(const option_table *t, int argc, char **argv, void *target, int *help);

/** A whole number from low to high; 0 if text is none. */
int option_int(const char *text, int64_t low, int64_t high, int64_t *value);

/** A finite number, or a fraction such as 2/255; 0 if text is none. */
int option_number(const char *text, double *value);

#endif
