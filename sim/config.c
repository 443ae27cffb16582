/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the machine's parameters from INI text (inih), with the line of every error. */
#include "sim/config.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "core/status.h"
#include "sim/builtin.h"

#define LONGEST_LINE 197 /* what inih's buffer holds */

/** One text being read, line by line; inih itself does not tell its handler the line. */
typedef struct reading {
    sim_config *c;
    const char *name; /* of the file, for messages */
    FILE *file;       /* or */
    const char *text; /* the rest of it */
    int line;
    int tables_line; /* that named the tables, or 0 */
    int status;
    rpr_error *err;
} reading;

static char *next_line(char *room, int size, void *user)
{
    reading *r = user;
    if (r->status != RPR_OK)
        return NULL;
    if (r->file) {
        if (!fgets(room, size, r->file))
            return NULL;
    } else {
        size_t n = strcspn(r->text, "\n");
        n += r->text[n] == '\n';
        if (n == 0)
            return NULL;
        n = n < (size_t)size ? n : (size_t)size - 1;
        memcpy(room, r->text, n);
        room[n] = '\0';
        r->text += n;
    }
    r->line++;
    if (strlen(room) > LONGEST_LINE) {
        r->status = rpr_fail(r->err, RPR_ERR_FORMAT, "%s: line %d: longer than %d characters",
                             r->name, r->line, LONGEST_LINE);
        return NULL;
    }
    return room;
}

static void set_value(sim_config *c, const sim_key *k, int64_t v, int line)
{
    memcpy((char *)c + k->offset, &v, sizeof v);
    c->line[k - sim_key_at(0)] = line;
}

/** A relative folder of tables is meant from the folder of the file that names it. */
static int set_tables(reading *r, const char *value)
{
    const char *slash = strrchr(r->name, '/');
    int n;
    if (strcmp(value, "builtin") == 0 || value[0] == '/' || !slash || !r->file)
        n = snprintf(r->c->tables, sizeof r->c->tables, "%s", value);
    else
        n = snprintf(r->c->tables, sizeof r->c->tables, "%.*s/%s", (int)(slash - r->name), r->name,
                     value);
    if (value[0] == '\0' || n < 0 || (size_t)n >= sizeof r->c->tables)
        return rpr_fail(r->err, RPR_ERR_FORMAT, "%s: line %d: tables should be builtin or a folder",
                        r->name, r->line);
    r->tables_line = r->line;
    return RPR_OK;
}

static int take(void *user, const char *section, const char *name, const char *value)
{
    reading *r = user;
    char why[256];
    int64_t v;
    if (r->status != RPR_OK)
        return 1;
    const sim_key *k = sim_key_find(section, name);
    bool tables = strcmp(section, "energy") == 0 && strcmp(name, "tables") == 0;
    int before = tables ? r->tables_line : k ? r->c->line[k - sim_key_at(0)] : 0;
    if (before)
        r->status = rpr_fail(r->err, RPR_ERR_FORMAT, "%s: line %d: %s was set before, in line %d",
                             r->name, r->line, name, before);
    else if (tables)
        r->status = set_tables(r, value);
    else if (!k)
        r->status = rpr_fail(r->err, RPR_ERR_FORMAT, "%s: line %d: there is no key %s in [%s]",
                             r->name, r->line, name, section);
    else if (sim_key_parse(k, value, &v, why, sizeof why) != RPR_OK)
        r->status = rpr_fail(r->err, RPR_ERR_FORMAT, "%s: line %d: %s = %s %s", r->name, r->line,
                             name, value, why);
    else
        set_value(r->c, k, v, r->line);
    return 1;
}

static int read_all(reading *r)
{
    snprintf(r->c->file, sizeof r->c->file, "%s", r->name);
    int bad = ini_parse_stream(next_line, r, take, r);
    if (bad > 0) /* reading stops at any other mistake, so this one comes first */
        return rpr_fail(r->err, RPR_ERR_FORMAT,
                        "%s: line %d: should be [section], key = value or a ; comment", r->name,
                        bad);
    if (bad < 0)
        return rpr_fail(r->err, RPR_ERR_NOMEM, "out of memory");
    return r->status;
}

const char *sim_config_builtin_text(void)
{
    return sim_builtin_find("isca2018.ini");
}

int sim_config_builtin(sim_config *c, rpr_error *err)
{
    *c = (sim_config){0};
    reading r = {.c = c, .name = "isca2018.ini", .text = sim_config_builtin_text(), .err = err};
    RPR_TRY(read_all(&r));
    memset(c->line, 0, sizeof c->line); /* nobody's file */
    return RPR_OK;
}

int sim_config_read(sim_config *c, const char *path, rpr_error *err)
{
    RPR_TRY(sim_config_builtin(c, err));
    reading r = {.c = c, .name = path, .file = fopen(path, "r"), .err = err};
    if (!r.file)
        return rpr_fail(err, RPR_ERR_IO, "%s: cannot be opened (%s)", path, strerror(errno));
    int status = read_all(&r);
    if (status == RPR_OK && ferror(r.file))
        status = rpr_fail(err, RPR_ERR_IO, "%s: cannot be read", path);
    fclose(r.file);
    return status;
}

int sim_config_set(sim_config *c, const char *name, const char *value, rpr_error *err)
{
    char section[64], why[256];
    const char *dot = strchr(name, '.');
    int64_t v;
    size_t n = dot ? (size_t)(dot - name) : 0;
    if (n == 0 || n >= sizeof section)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "%s: should be SECTION.KEY, such as dram.channels",
                        name);
    memcpy(section, name, n);
    section[n] = '\0';
    if (strcmp(name, "energy.tables") == 0) {
        reading r = {.c = c, .name = name, .err = err};
        return set_tables(&r, value);
    }
    const sim_key *k = sim_key_find(section, dot + 1);
    if (!k)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "there is no key %s", name);
    if (sim_key_parse(k, value, &v, why, sizeof why) != RPR_OK)
        return rpr_fail(err, RPR_ERR_ARGUMENT, "%s = %s %s", name, value, why);
    set_value(c, k, v, 0);
    return RPR_OK;
}

/** Fails with the line of a key, or of the one that it does not fit, or without one. */
static int impossible(const sim_config *c, const char *section, const char *name, const char *other,
                      rpr_error *err, const char *why)
{
    const sim_key *k = sim_key_find(section, name),
                  *o = other ? sim_key_find(section, other) : NULL;
    int line = k ? c->line[k - sim_key_at(0)] : 0;
    line = line == 0 && o ? c->line[o - sim_key_at(0)] : line;
    if (line)
        return rpr_fail(err, RPR_ERR_FORMAT, "%s: line %d: [%s] %s %s", c->file, line, section,
                        name, why);
    return rpr_fail(err, RPR_ERR_ARGUMENT, "%s.%s %s", section, name, why);
}

/** Clocks of the DRAM that cover a time in picoseconds. */
static int64_t dram_clocks(const sim_config *c, int64_t ps)
{
    return (ps * c->dram_clock + 999999999) / 1000000000;
}

int sim_config_check(const sim_config *c, rpr_error *err)
{
    if (c->weights_line % 4)
        return impossible(c, "weights", "line", NULL, err, "is no multiple of 4 B, one weight");
    if (c->weights_size % c->weights_line)
        return impossible(c, "weights", "size", "line", err, "is no multiple of the line");
    if (c->io_line % 4)
        return impossible(c, "io", "line", NULL, err, "is no multiple of 4 B, one value");
    if (c->io_size % c->io_line)
        return impossible(c, "io", "size", "line", err, "is no multiple of the line");
    if (c->io_size_reuse % c->io_line)
        return impossible(c, "io", "size_reuse", "line", err, "is no multiple of the line");
    if (c->io_size_reuse < c->io_size)
        return impossible(c, "io", "size_reuse", "size", err, "is smaller than size");
    if (c->dram_burst % 4)
        return impossible(c, "dram", "burst", NULL, err, "is no multiple of 4 B");
    if (c->dram_row % c->dram_burst)
        return impossible(c, "dram", "row", "burst", err, "is no multiple of the burst");
    if (dram_clocks(c, c->dram_trfc) + dram_clocks(c, c->dram_trp) >= dram_clocks(c, c->dram_trefi))
        return impossible(c, "dram", "trfc", "trefi", err, "is, with trp, not below trefi");
    if (c->dram_self_refresh < c->dram_power_down)
        return impossible(c, "dram", "self_refresh_after", "power_down_after", err,
                          "is below power_down_after");
    return RPR_OK;
}
