/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/tables.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/status.h"
#include "sim/builtin.h"
#include "sim/csv.h"

static const char *const files[] = {"edram.csv", "sram.csv", "logic.csv", "ring.csv", "dram.csv"};
enum { N_FILES = sizeof files / sizeof files[0], MAX_FILE = 1 << 22 };

static const char header[] =
    "component,node_nm,organisation,op,size_bytes,width_bytes,unit,nominal,low,high,source,kind";
enum {
    COMPONENT,
    NODE,
    ORGANISATION,
    OP,
    SIZE,
    WIDTH,
    UNIT,
    NOMINAL,
    LOW,
    HIGH,
    SOURCE,
    KIND,
    N_FIELDS
};

#define LARGEST 1e9 /* of any figure in its unit; refuses infinity, too */

/* ------------------------------------------------------------------ reading */

static bool whole_number(const char *text, int64_t *v)
{
    char *end;
    *v = -1;
    if (*text == '\0')
        return true;
    errno = 0;
    *v = strtoll(text, &end, 10);
    return *end == '\0' && errno == 0 && *v > 0;
}

static bool number(const char *text, double *v)
{
    char *end;
    *v = strtod(text, &end);
    return end != text && *end == '\0' && *v >= 0.0 && *v <= LARGEST;
}

static bool one_of(const char *text, const char *const *list)
{
    for (; *list; list++)
        if (strcmp(*list, text) == 0)
            return true;
    return false;
}

static int take_row(char **f, const char *name, int line, sim_row *row, rpr_error *err)
{
    static const char *const kinds[] = {"published", "computed", "scaled", "assumed", NULL};
    *row = (sim_row){.component = f[COMPONENT],
                     .organisation = f[ORGANISATION],
                     .op = f[OP],
                     .unit = f[UNIT],
                     .source = f[SOURCE],
                     .kind = f[KIND],
                     .file = name,
                     .line = line};
    bool numbers = whole_number(f[NODE], &row->node) && whole_number(f[SIZE], &row->size) &&
                   whole_number(f[WIDTH], &row->width) && number(f[NOMINAL], &row->value.nominal) &&
                   number(f[LOW], &row->value.low) && number(f[HIGH], &row->value.high);
    if (!numbers)
        return rpr_fail(err, RPR_ERR_FORMAT, "%s: line %d: a number is missing or malformed", name,
                        line);
    if (row->value.low > row->value.nominal || row->value.nominal > row->value.high)
        return rpr_fail(err, RPR_ERR_FORMAT, "%s: line %d: nominal is not between low and high",
                        name, line);
    if (!one_of(row->kind, kinds))
        return rpr_fail(err, RPR_ERR_FORMAT,
                        "%s: line %d: kind should be published, computed, scaled or assumed", name,
                        line);
    if (row->source[0] == '\0')
        return rpr_fail(err, RPR_ERR_FORMAT, "%s: line %d: a row needs a source", name, line);
    return RPR_OK;
}

static int add_row(sim_tables *t, const sim_row *row, rpr_error *err)
{
    if (t->n % 256 == 0) {
        sim_row *more = rpr_alloc_array((size_t)t->n + 256, sizeof *more);
        if (!more)
            return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
        if (t->n)
            memcpy(more, t->row, (size_t)t->n * sizeof *more);
        rpr_free(t->row);
        t->row = more;
    }
    t->row[t->n++] = *row;
    return RPR_OK;
}

/** Takes all rows of a text, which stays behind them. */
static int read_text(sim_tables *t, char *text, const char *name, const char *file, rpr_error *err)
{
    bool headed = false;
    int line = 0;
    for (char *next = text; *next;) {
        char *field[N_FIELDS], *here = next, *end = next + strcspn(next, "\n");
        next = *end ? end + 1 : end;
        *end = '\0';
        if (end > here && end[-1] == '\r')
            end[-1] = '\0';
        line++;
        if (*here == '#' || *here == '\0')
            continue;
        if (!headed && strcmp(here, header) != 0)
            return rpr_fail(err, RPR_ERR_FORMAT, "%s: line %d: the header should be %s", name, line,
                            header);
        if (!headed) {
            headed = true;
            continue;
        }
        sim_row row;
        if (sim_csv_split(here, field, N_FIELDS) != N_FIELDS)
            return rpr_fail(err, RPR_ERR_FORMAT, "%s: line %d: should have %d fields", name, line,
                            N_FIELDS);
        RPR_TRY(take_row(field, name, line, &row, err));
        row.file = file;
        RPR_TRY(add_row(t, &row, err));
    }
    return RPR_OK;
}

static int read_whole(const char *path, char **text, rpr_error *err)
{
    FILE *f = fopen(path, "r");
    *text = rpr_alloc(MAX_FILE);
    int status = RPR_OK;
    if (!f)
        status = rpr_fail(err, RPR_ERR_IO, "%s: cannot be opened (%s)", path, strerror(errno));
    else if (!*text)
        status = rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    else if (fread(*text, 1, MAX_FILE - 1, f) == MAX_FILE - 1 || ferror(f))
        status = rpr_fail(err, RPR_ERR_IO, "%s: cannot be read, or is too large", path);
    if (f)
        fclose(f);
    return status;
}

int sim_tables_load(sim_tables *t, const char *where, rpr_error *err)
{
    bool builtin = strcmp(where, "builtin") == 0;
    int status = RPR_OK;
    *t = (sim_tables){0};
    t->text = rpr_alloc_array(N_FILES, sizeof *t->text);
    if (!t->text)
        return rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
    for (int i = 0; status == RPR_OK && i < N_FILES; i++) {
        char path[SIM_PATH_MAX + 32];
        snprintf(path, sizeof path, "%s/%s", where, files[i]);
        if (builtin)
            t->text[i] = rpr_strdup(sim_builtin_find(files[i]));
        else
            status = read_whole(path, &t->text[i], err);
        t->n_text = i + 1;
        if (status == RPR_OK && !t->text[i])
            status = rpr_fail(err, RPR_ERR_NOMEM, "out of memory");
        if (status == RPR_OK)
            status = read_text(t, t->text[i], builtin ? files[i] : path, files[i], err);
    }
    if (status != RPR_OK)
        sim_tables_free(t);
    return status;
}

void sim_tables_free(sim_tables *t)
{
    for (int i = 0; i < t->n_text; i++)
        rpr_free(t->text[i]);
    rpr_free(t->text);
    rpr_free(t->row);
    *t = (sim_tables){0};
}

/* ------------------------------------------------------------------ finding */

static bool about(const sim_row *r, const sim_want *w)
{
    return strcmp(r->component, w->component) == 0 && strcmp(r->op, w->op) == 0 &&
           strcmp(r->unit, w->unit) == 0 && (r->node == w->node || r->node < 0) &&
           r->width == w->width;
}

static double between(double a, double b, double share)
{
    return a > 0.0 && b > 0.0 ? exp(log(a) + share * (log(b) - log(a))) : a + share * (b - a);
}

static int missing(const sim_want *w, rpr_error *err)
{
    char size[64] = "", width[64] = "";
    if (w->size > 0)
        snprintf(size, sizeof size, " of %lld bytes", (long long)w->size);
    if (w->width > 0)
        snprintf(width, sizeof width, " and %lld bytes wide", (long long)w->width);
    return rpr_fail(err, RPR_ERR_ARGUMENT,
                    "the energy tables have no row for %s %s (%s) at %lld nm%s%s", w->component,
                    w->op, w->unit, (long long)w->node, size, width);
}

int sim_tables_find(const sim_tables *t, const sim_want *want, sim_found *found, rpr_error *err)
{
    const sim_row *below = NULL, *above = NULL;
    for (int i = 0; i < t->n; i++) {
        const sim_row *r = &t->row[i];
        if (!about(r, want) || (r->size < 0) != (want->size < 0))
            continue;
        if (r->size <= want->size && (!below || r->size > below->size))
            below = r;
        if (r->size >= want->size && (!above || r->size < above->size))
            above = r;
    }
    if (!below || !above)
        return missing(want, err);
    *found = (sim_found){.value = below->value, .row = below};
    if (below == above)
        return RPR_OK;
    double share = log((double)want->size / (double)below->size) /
                   log((double)above->size / (double)below->size);
    found->other = above;
    found->value.low = between(below->value.low, above->value.low, share);
    found->value.nominal = between(below->value.nominal, above->value.nominal, share);
    found->value.high = between(below->value.high, above->value.high, share);
    return RPR_OK;
}
