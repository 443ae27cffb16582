/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "sim_report.h"

static json_t *load(const char *path)
{
    json_error_t err;
    json_t *j = json_load_file(path, JSON_REJECT_DUPLICATES, &err);
    const char *kind = json_string_value(json_object_get(j, "kind"));
    int whole = json_is_string(json_object_get(j, "network")) &&
                json_is_object(json_object_get(j, "base")) &&
                json_is_object(json_object_get(j, "with_reuse"));
    if (!j && err.line > 0)
        cli_fail(CLI_BAD_INPUT, "%s: line %d: %s", path, err.line, err.text);
    else if (!j)
        cli_fail(CLI_BAD_INPUT, "%s: %s", path, err.text);
    else if (kind && strcmp(kind, "simulation") != 0)
        cli_fail(CLI_BAD_INPUT, "%s: holds a %s; only single simulations can be compared", path,
                 kind);
    else if (!kind || !whole || json_integer_value(json_object_get(j, "schema")) != 1)
        cli_fail(CLI_BAD_INPUT, "%s: was not written by reprise sim --json", path);
    else
        return j;
    json_decref(j);
    return NULL;
}

/* The number at a path such as "base/total_pj/nominal"; 0 if there is none. */
static double number_at(const json_t *j, const char *path)
{
    char name[64];
    while (*path) {
        size_t n = strcspn(path, "/");
        snprintf(name, sizeof name, "%.*s", (int)n, path);
        j = json_object_get(j, name);
        path += n + (path[n] == '/');
    }
    return json_number_value(j);
}

static void row(const json_t *a, const json_t *b, const char *name, const char *path, double times)
{
    double x = times * number_at(a, path), y = times * number_at(b, path);
    printf("  %-32s %14.4f %14.4f %+14.4f", name, x, y, y - x);
    if (x != 0)
        printf("  %7.3fx", y / x);
    putchar('\n');
}

/* What differs of an object: the configuration, or the workload. */
static void different_rows(const json_t *a, const json_t *b, const char *object)
{
    const char *key;
    json_t *value;
    json_object_foreach(json_object_get(a, object), key, value)
    {
        const json_t *other = json_object_get(json_object_get(b, object), key);
        char *x = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6));
        char *y = other ? json_dumps(other, JSON_ENCODE_ANY | JSON_COMPACT | JSON_REAL_PRECISION(6))
                        : NULL;
        if (x && y && strcmp(x, y) != 0)
            printf("  %-32s %14s %14s\n", key, x, y);
        free(x);
        free(y);
    }
}

static void machine_rows(const json_t *a, const json_t *b, const char *machine, const char *title)
{
    static const struct {
        const char *name, *path;
        double times;
    } rows[] = {{"ms", "ms", 1},
                {"energy, uJ", "total_pj/nominal", 1e-6},
                {"MACs, M", "counts/macs", 1e-6},
                {"cycles, thousands", "counts/cycles", 1e-3},
                {"waiting for DRAM, thousands", "counts/stall_dram", 1e-3},
                {"waiting for changes, thousands", "counts/stall_scan", 1e-3},
                {"weights read, thousand lines", "counts/weights_read", 1e-3},
                {"DRAM read, MB", "counts/dram_read", 1e-6},
                {"DRAM written, MB", "counts/dram_write", 1e-6},
                {"I/O buffer in use, KiB", "footprint/io_bytes", 1.0 / 1024},
                {"DRAM in use, MB", "footprint/dram_bytes", 1e-6},
                {"area, mm2", "area_mm2/total/nominal", 1}};
    puts(title);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", machine, rows[i].path);
        row(a, b, rows[i].name, path, rows[i].times);
    }
}

int sim_compare(const char *first, const char *second)
{
    json_t *a = load(first), *b = a ? load(second) : NULL;
    if (a && b) {
        printf("%-34s %14s %14s %14s  %8s\n", "", "first", "second", "difference", "ratio");
        printf("network %26s %14s %14s\n", "", json_string_value(json_object_get(a, "network")),
               json_string_value(json_object_get(b, "network")));
        different_rows(a, b, "config");
        different_rows(a, b, "workload");
        row(a, b, "similarity", "similarity", 1);
        row(a, b, "reuse", "reuse", 1);
        row(a, b, "speed-up", "speedup", 1);
        row(a, b, "energy saved", "energy_saved/nominal", 1);
        machine_rows(a, b, "base", "without reuse, per execution");
        machine_rows(a, b, "with_reuse", "with reuse, per execution");
    }
    int code = a && b ? CLI_DONE : CLI_BAD_INPUT;
    json_decref(a);
    json_decref(b);
    return code;
}
