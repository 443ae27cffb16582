/* SPDX-License-Identifier: Apache-2.0 */
/* Every key of the INI file: add a row here, a field in sim_config and a line in sim/arch/. */
#include "sim/config.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const sim_unit bytes[] = {{"B", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {NULL, 0}};
static const sim_unit hertz[] = {{"MHz", 1000}, {"GHz", 1000 * 1000}, {"kHz", 1}, {NULL, 0}};
static const sim_unit cycles[] = {{"cycles", 1}, {"cycle", 1}, {NULL, 0}};
static const sim_unit times[] = {{"ns", 1000}, {"us", 1000 * 1000}, {"ps", 1}, {NULL, 0}};
static const sim_unit nanometres[] = {{"nm", 1}, {NULL, 0}};
static const sim_unit per_cycle[] = {{"B/cycle", 1}, {NULL, 0}};

static const char *const skips[] = {"lookahead", "in_order", NULL};
static const char *const conv[] = {"maps", "positions", NULL};
static const char *const gates[] = {"one_by_one", "together", NULL};

#define KEY(section, name, field) section, name, offsetof(sim_config, field)
#define MIB (INT64_C(1) << 20)

static const sim_key keys[] = {
    {KEY("machine", "process", process_nm), nanometres, NULL, 1, 1000},
    {KEY("machine", "frequency", frequency), hertz, NULL, 1000, 10000000},
    {KEY("machine", "tiles", tiles), NULL, NULL, 1, 1024},
    {KEY("machine", "lanes", lanes), NULL, NULL, 1, 4096},
    {KEY("pipeline", "stages", stages), cycles, NULL, 1, 1000},
    {KEY("pipeline", "reuse_stages", reuse_stages), cycles, NULL, 0, 1000},
    {KEY("pipeline", "skips", skips), NULL, skips, 0, 0},
    {KEY("pipeline", "queue", queue), NULL, NULL, 1, 4096},
    {KEY("pipeline", "compares", compares), NULL, NULL, 1, 1024},
    {KEY("pipeline", "conv", conv), NULL, conv, 0, 0},
    {KEY("pipeline", "gates", gates), NULL, gates, 0, 0},
    {KEY("weights", "size", weights_size), bytes, NULL, 1024, 4096 * MIB},
    {KEY("weights", "line", weights_line), bytes, NULL, 4, 4096},
    {KEY("weights", "banks", weights_banks), NULL, NULL, 1, 1024},
    {KEY("io", "size", io_size), bytes, NULL, 1024, 1024 * MIB},
    {KEY("io", "size_reuse", io_size_reuse), bytes, NULL, 1024, 1024 * MIB},
    {KEY("io", "line", io_line), bytes, NULL, 4, 4096},
    {KEY("io", "banks", io_banks), NULL, NULL, 1, 1024},
    {KEY("centroids", "size", centroids_size), bytes, NULL, 8, MIB},
    {KEY("ring", "link", ring_link), per_cycle, NULL, 1, 4096},
    {KEY("ring", "hop", ring_hop), cycles, NULL, 1, 1000},
    {KEY("dram", "channels", dram_channels), NULL, NULL, 1, 64},
    {KEY("dram", "clock", dram_clock), hertz, NULL, 1000, 10000000},
    {KEY("dram", "banks", dram_banks), NULL, NULL, 1, 64},
    {KEY("dram", "row", dram_row), bytes, NULL, 64, 65536},
    {KEY("dram", "burst", dram_burst), bytes, NULL, 4, 256},
    {KEY("dram", "trcd", dram_trcd), times, NULL, 0, 1000000},
    {KEY("dram", "trp", dram_trp), times, NULL, 0, 1000000},
    {KEY("dram", "tras", dram_tras), times, NULL, 0, 1000000},
    {KEY("dram", "trfc", dram_trfc), times, NULL, 0, 10000000},
    {KEY("dram", "trefi", dram_trefi), times, NULL, 1000, 1000000000},
    {KEY("dram", "turnaround", dram_turn), times, NULL, 0, 1000000},
    {KEY("dram", "power_down_after", dram_power_down), times, NULL, 0, INT64_C(1000000000000)},
    {KEY("dram", "self_refresh_after", dram_self_refresh), times, NULL, 0, INT64_C(1000000000000)},
};

size_t sim_n_keys(void)
{
    return sizeof keys / sizeof keys[0];
}

const sim_key *sim_key_at(size_t i)
{
    return &keys[i];
}

const sim_key *sim_key_find(const char *section, const char *name)
{
    for (size_t i = 0; i < sim_n_keys(); i++)
        if (strcmp(keys[i].section, section) == 0 && strcmp(keys[i].name, name) == 0)
            return &keys[i];
    return NULL;
}

/* ------------------------------------------------------------------ values */

static void append(char *text, size_t room, const char *more)
{
    size_t n = strlen(text);
    if (n < room)
        snprintf(text + n, room - n, "%s", more);
}

/** "a, b or c" of the choices or the units. */
static void list_names(const sim_key *k, char *text, size_t room)
{
    text[0] = '\0';
    for (int i = 0; k->choices ? k->choices[i] != NULL : k->units[i].name != NULL; i++) {
        const char *next = k->choices ? k->choices[i + 1] : k->units[i + 1].name;
        if (i > 0)
            append(text, room, next ? ", " : " or ");
        append(text, room, k->choices ? k->choices[i] : k->units[i].name);
    }
}

static int parse_choice(const sim_key *k, const char *text, int64_t *value, char *why, size_t room)
{
    for (int i = 0; k->choices[i]; i++)
        if (strcmp(k->choices[i], text) == 0) {
            *value = i;
            return RPR_OK;
        }
    char names[200];
    list_names(k, names, sizeof names);
    snprintf(why, room, "should be %s", names);
    return RPR_ERR_ARGUMENT;
}

static const sim_unit *find_unit(const sim_key *k, const char *name)
{
    for (const sim_unit *u = k->units; u && u->name; u++)
        if (strcmp(u->name, name) == 0)
            return u;
    return NULL;
}

/** In the largest unit that leaves a whole number. */
static void format_value(const sim_key *k, int64_t v, char *text, size_t room)
{
    if (k->choices) {
        snprintf(text, room, "%s", k->choices[v]);
        return;
    }
    if (!k->units) {
        snprintf(text, room, "%lld", (long long)v);
        return;
    }
    const sim_unit *best = NULL;
    for (const sim_unit *u = k->units; u->name; u++)
        if (v % u->times == 0 && (!best || u->times > best->times))
            best = u;
    if (best)
        snprintf(text, room, "%lld %s", (long long)(v / best->times), best->name);
    else
        snprintf(text, room, "%g %s", (double)v / (double)k->units[0].times, k->units[0].name);
}

int sim_key_parse(const sim_key *k, const char *text, int64_t *value, char *why, size_t room)
{
    if (k->choices)
        return parse_choice(k, text, value, why, room);
    char *end = NULL, names[200] = "", low[64], high[64];
    errno = 0;
    double v = strtod(text, &end);
    bool number = end != text && errno == 0 && isfinite(v);
    while (*end == ' ')
        end++;
    const sim_unit *u = find_unit(k, end);
    if (k->units)
        list_names(k, names, sizeof names);
    if (!number || (k->units ? !u : *end != '\0')) {
        if (k->units)
            snprintf(why, room, "should be a number and a unit: %s", names);
        else
            snprintf(why, room, "should be a number without a unit");
        return RPR_ERR_ARGUMENT;
    }
    v *= u ? (double)u->times : 1.0;
    if (v != rint(v)) {
        format_value(k, k->low, low, sizeof low);
        format_value(k, k->high, high, sizeof high);
        snprintf(why, room, "is not possible: should be whole%s, from %s to %s",
                 u ? " in the smallest unit" : "", low, high);
        return RPR_ERR_ARGUMENT;
    }
    if (v < (double)k->low || v > (double)k->high) {
        format_value(k, k->low, low, sizeof low);
        format_value(k, k->high, high, sizeof high);
        snprintf(why, room, "is not possible: should be from %s to %s", low, high);
        return RPR_ERR_ARGUMENT;
    }
    *value = (int64_t)v;
    return RPR_OK;
}

void sim_key_format(const sim_key *k, const sim_config *c, char *text, size_t room)
{
    int64_t v;
    memcpy(&v, (const char *)c + k->offset, sizeof v);
    format_value(k, v, text, room);
}
