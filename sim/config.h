/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parameters of the accelerator, read from an INI file. One table of keys (config_keys.c) says
 * for each its section, name, unit and range; reading, `--sweep`, and the sensitivity table use it.
 */
#ifndef SIM_CONFIG_H
#define SIM_CONFIG_H

#include <stddef.h>
#include <stdint.h>

#include "reprise/reprise.h"

enum { SIM_SKIPS_LOOKAHEAD, SIM_SKIPS_IN_ORDER };
enum { SIM_CONV_MAPS, SIM_CONV_POSITIONS };
enum { SIM_GATES_ONE_BY_ONE, SIM_GATES_TOGETHER };

#define SIM_PATH_MAX 1024
#define SIM_MAX_KEYS 64

/** Sizes in bytes, frequencies in kHz, times in picoseconds, everything else as named. */
typedef struct sim_config {
    /* machine */
    int64_t process_nm, frequency, tiles, lanes;
    /* pipeline */
    int64_t stages, reuse_stages; /* cycles to fill */
    int64_t skips, queue, compares;
    int64_t conv, gates;
    /* weights buffer (eDRAM) and I/O buffer (SRAM), per tile */
    int64_t weights_size, weights_line, weights_banks;
    int64_t io_size, io_size_reuse, io_line, io_banks;
    int64_t centroids_size;
    /* ring */
    int64_t ring_link, ring_hop;
    /* DRAM: channels of 16 bits */
    int64_t dram_channels, dram_clock, dram_banks, dram_row, dram_burst;
    int64_t dram_trcd, dram_trp, dram_tras, dram_trfc, dram_trefi, dram_turn;
    int64_t dram_power_down, dram_self_refresh; /* idle time before the state is entered */
    /* where the energy tables are: "builtin", or a folder */
    char tables[SIM_PATH_MAX];
    /* where each key was set last, for messages: line of file; 0: by sim_config_set */
    char file[SIM_PATH_MAX];
    int line[SIM_MAX_KEYS];
} sim_config;

/** The values of sim/arch/isca2018.ini, which is part of the program. */
int sim_config_builtin(sim_config *c, rpr_error *err);

/** The text of that file. */
const char *sim_config_builtin_text(void);

/**
 * Reads a file over the builtin values. Every error names file and line. A relative [energy] tables
 * is taken from the folder of the file.
 */
int sim_config_read(sim_config *c, const char *path, rpr_error *err);

/** Sets one value by its name, such as "dram.channels" to "4", or "weights.size" to "4 MiB". */
int sim_config_set(sim_config *c, const char *name, const char *value, rpr_error *err);

/** RPR_OK if the values fit each other; otherwise err says which do not, and in which line. */
int sim_config_check(const sim_config *c, rpr_error *err);

/* ------------------------------------------------------------------- keys */

typedef struct sim_unit {
    const char *name;
    int64_t times; /* what one of it is in the key's base unit */
} sim_unit;

typedef struct sim_key {
    const char *section, *name;
    size_t offset;              /* of an int64_t in sim_config */
    const sim_unit *units;      /* ends with a NULL name; NULL: a plain number */
    const char *const *choices; /* ends with NULL; instead of numbers */
    int64_t low, high;          /* in the base unit */
} sim_key;

size_t sim_n_keys(void);
const sim_key *sim_key_at(size_t i);

/** NULL if there is none. */
const sim_key *sim_key_find(const char *section, const char *name);

/** Parses a value with its unit; on failure *why tells what it should have been. */
int sim_key_parse(const sim_key *k, const char *text, int64_t *value, char *why, size_t room);

/** The value as one would write it. */
void sim_key_format(const sim_key *k, const sim_config *c, char *text, size_t room);

#endif
