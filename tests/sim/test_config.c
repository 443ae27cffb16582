/* SPDX-License-Identifier: Apache-2.0 */
/* The INI reader: every complaint names file and line; what is written can be read again. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rig.h"
#include "sim/paper.h"

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/sim-config-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

/** Reads a text as a file; its name in *path. */
static int read_text(const char *text, char path[96], sim_config *c, rpr_error *err)
{
    snprintf(path, 96, "%s/a.ini", folder);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    assert_int_equal(fwrite(text, 1, strlen(text), f), strlen(text));
    assert_int_equal(fclose(f), 0);
    *err = (rpr_error){{0}};
    int status = sim_config_read(c, path, err);
    unlink(path);
    return status;
}

/** The text must be refused, with the line and every one of the words. */
static void refused(const char *text, int line, const char *word, const char *another)
{
    sim_config c;
    rpr_error err;
    char path[96], where[128];
    if (read_text(text, path, &c, &err) == RPR_OK && sim_config_check(&c, &err) == RPR_OK)
        fail_msg("accepted: %s", text);
    snprintf(where, sizeof where, "%s: line %d: ", path, line);
    if (strncmp(err.message, where, strlen(where)) != 0 || !strstr(err.message, word) ||
        !strstr(err.message, another))
        fail_msg("\"%s\" should begin with \"%s\" and have \"%s\" and \"%s\"", err.message, where,
                 word, another);
}

static void accepted(const char *text, sim_config *c)
{
    rpr_error err;
    char path[96];
    if (read_text(text, path, c, &err) != RPR_OK || sim_config_check(c, &err) != RPR_OK)
        fail_msg("%s", err.message);
}

static void test_unknown(void **state)
{
    (void)state;
    refused("[machine]\ntiles = 4\nwheels = 4\n", 3, "wheels", "machine");
    refused("; a comment\n\n[engine]\ntiles = 4\n", 4, "tiles", "engine");
    refused("tiles = 4\n", 1, "tiles", "");                       /* in no section */
    refused("[weights]\nclock = 1 GHz\n", 2, "clock", "weights"); /* of another one */
    refused("[Machine]\ntiles = 4\n", 2, "tiles", "Machine");
}

static void test_twice(void **state)
{
    (void)state;
    refused("[machine]\ntiles = 4\nlanes = 8\ntiles = 2\n", 4, "tiles", "line 2");
    refused("[energy]\ntables = builtin\ntables = builtin\n", 3, "tables", "line 2");
}

static void test_units(void **state)
{
    (void)state;
    refused("[machine]\nfrequency = 500\n", 2, "frequency", "MHz");
    refused("[machine]\nfrequency = 500 ns\n", 2, "frequency", "MHz");
    refused("[machine]\ntiles = 4 B\n", 2, "tiles", "without a unit");
    refused("[weights]\nsize = 9 MB\n", 2, "size", "MiB");
    refused("[weights]\nsize = 9 mib\n", 2, "size", "MiB");
    refused("[weights]\nsize = MiB\n", 2, "size", "number");
    refused("[weights]\nsize =\n", 2, "size", "number");
    refused("[ring]\nlink = 32 B\n", 2, "link", "B/cycle");
    refused("[dram]\ntrcd = 18 cycles\n", 2, "trcd", "ns");
    refused("[dram]\nchannels = two\n", 2, "channels", "number");
    refused("[dram]\nchannels = 2 3\n", 2, "channels", "number");
    refused("[dram]\nchannels = nan\n", 2, "channels", "number");
    refused("[dram]\nclock = inf MHz\n", 2, "clock", "number");
    refused("[pipeline]\nskips = sometimes\n", 2, "lookahead", "in_order");
    refused("[pipeline]\nconv = 1\n", 2, "maps", "positions");
}

static void test_ranges(void **state)
{
    (void)state;
    refused("[machine]\n\n\ntiles = 0\n", 4, "tiles", "from 1 to");
    refused("[machine]\ntiles = -4\n", 2, "tiles", "from");
    refused("[machine]\ntiles = 1e30\n", 2, "tiles", "from");
    refused("[machine]\nlanes = 3.5\n", 2, "lanes", "from");
    refused("[weights]\nsize = 0.3 B\n", 2, "size", "from");
    refused("[dram]\nbanks = 65\n", 2, "banks", "64");
    refused("[machine]\nfrequency = 100 GHz\n", 2, "frequency", "10 GHz");
}

static void test_not_ini(void **state)
{
    (void)state;
    refused("[machine]\ntiles = 4\nsome text\n", 3, "key = value", "");
    char text[400] = "[machine]\ntiles = 4 ; ";
    memset(text + strlen(text), 'x', 250);
    refused(text, 2, "longer", "");
}

/* Of several mistakes the first one is told, not what follows from it. */
static void test_first_mistake(void **state)
{
    (void)state;
    refused("[machine]\nwheels = 4\nsome text\n", 2, "wheels", "");
    refused("[machine]\nsome text\nwheels = 4\n", 2, "key = value", "");
    refused("[machine\ntiles = 4\n", 1, "[section]", "");
}

/* Each value is possible, all together are not: the line is that of the key that does not fit. */
static void test_together(void **state)
{
    (void)state;
    refused("[weights]\nline = 6 B\nsize = 6 KiB\n", 2, "[weights] line", "4 B");
    refused("[weights]\nline = 96 B\nsize = 1 MiB\n", 3, "[weights] size", "line");
    refused("[io]\n\nline = 6 B\n", 3, "[io] line", "4 B");
    refused("[io]\nsize = 1000 KiB\nline = 48 B\nsize_reuse = 1200 KiB\n", 2, "[io] size", "line");
    refused("[io]\nsize = 48 KiB\nline = 48 B\nsize_reuse = 50 KiB\n", 4, "size_reuse", "line");
    refused("[io]\nsize = 64 KiB\nsize_reuse = 32 KiB\n", 3, "size_reuse", "size");
    refused("[dram]\nrow = 2000 B\n", 2, "[dram] row", "burst");
    refused("[dram]\nburst = 6 B\nrow = 6 KiB\n", 2, "[dram] burst", "4 B");
    refused("[dram]\ntrefi = 3 us\ntrfc = 3 us\n", 3, "[dram] trfc", "trefi");
}

/* What a file does not set keeps its builtin value. */
static void test_accepted(void **state)
{
    (void)state;
    sim_config c, builtin;
    rpr_error err;
    assert_int_equal(sim_config_builtin(&builtin, &err), RPR_OK);
    accepted("", &c);
    assert_int_equal(c.tiles, builtin.tiles);
    accepted("# comment\n[machine]\ntiles=8 ;comment", &c);
    assert_int_equal(c.tiles, 8);
}

static void test_values(void **state)
{
    (void)state;
    sim_config c, builtin;
    rpr_error err;
    assert_int_equal(sim_config_builtin(&builtin, &err), RPR_OK);
    accepted("; comment\n[machine]\n  tiles  =  8 ; more\n[weights]\nsize = 1.5 MiB\n"
             "[dram]\nclock = 1.6 GHz\ntrcd = 18.5 ns\n[pipeline]\nskips = in_order\n"
             "[machine]\nlanes = 64\n",
             &c);
    assert_int_equal(c.tiles, 8);
    assert_int_equal(c.weights_size, 1536 * 1024);
    assert_int_equal(c.dram_clock, 1600000);
    assert_int_equal(c.dram_trcd, 18500);
    assert_int_equal(c.skips, SIM_SKIPS_IN_ORDER);
    assert_int_equal(c.lanes, 64);
    assert_int_equal(c.io_size, builtin.io_size);
    assert_string_equal(c.tables, "builtin");
}

/* A relative folder of tables is meant from the file's; an absolute one is taken as it is. */
static void test_tables_folder(void **state)
{
    (void)state;
    sim_config c;
    char want[128];
    accepted("[energy]\ntables = mine\n", &c);
    snprintf(want, sizeof want, "%s/mine", folder);
    assert_string_equal(c.tables, want);
    accepted("[energy]\ntables = /mine\n", &c);
    assert_string_equal(c.tables, "/mine");
    refused("[energy]\n\ntables =\n", 3, "tables", "folder");
}

static void test_no_file(void **state)
{
    (void)state;
    sim_config c;
    rpr_error err = {{0}};
    assert_int_equal(sim_config_read(&c, "/nowhere/at/all.ini", &err), RPR_ERR_IO);
    assert_non_null(strstr(err.message, "/nowhere/at/all.ini"));
}

/* ------------------------------------------------------------ builtin text */

/** Counts lines of the text with this key in this section; the comment of the last one in *note. */
static int occurrences(const char *section, const char *name, char *note, size_t room)
{
    char text[16384], *rest = text, here[64] = "";
    int n = 0;
    assert_true(strlen(sim_config_builtin_text()) < sizeof text);
    strcpy(text, sim_config_builtin_text());
    for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
        char key[64], *comment = strchr(line, ';');
        if (sscanf(line, "[%63[^]]]", here) == 1 || sscanf(line, "%63[a-z_] =", key) != 1 ||
            !strchr(line, '='))
            continue;
        if (strcmp(here, section) == 0 && strcmp(key, name) == 0) {
            snprintf(note, room, "%s", comment ? comment : "");
            n++;
        }
    }
    return n;
}

/* Every key of the table once, and where its value is from. */
static void test_builtin_text(void **state)
{
    (void)state;
    char note[256];
    for (size_t i = 0; i < sim_n_keys(); i++) {
        const sim_key *k = sim_key_at(i);
        if (occurrences(k->section, k->name, note, sizeof note) != 1)
            fail_msg("[%s] %s should be there once", k->section, k->name);
        if (!strstr(note, "assumed") && !strstr(note, "published") && !strstr(note, "LPDDR4") &&
            !strstr(note, "recalled") && !strstr(note, "talk"))
            fail_msg("[%s] %s does not say where it is from", k->section, k->name);
    }
    assert_int_equal(occurrences("energy", "tables", note, sizeof note), 1);
    assert_non_null(strstr(note, "builtin"));
}

/** The key is among those that the sensitivity table changes. */
static bool is_varied(const sim_key *k)
{
    char name[128];
    snprintf(name, sizeof name, "%s.%s", k->section, k->name);
    for (int i = 0; sim_paper_variation(i); i++)
        if (strcmp(sim_paper_variation(i), name) == 0)
            return true;
    return false;
}

/* What each assumption is worth can be seen, but for the process, of which there is only one. */
static void test_assumptions_vary(void **state)
{
    (void)state;
    char note[256];
    for (size_t i = 0; i < sim_n_keys(); i++) {
        const sim_key *k = sim_key_at(i);
        assert_int_equal(occurrences(k->section, k->name, note, sizeof note), 1);
        if (strstr(note, "assumed") && strcmp(k->name, "process") != 0 && !is_varied(k))
            fail_msg("[%s] %s is assumed, but not in the sensitivity table", k->section, k->name);
    }
}

/* And no other keys: every line of a value was taken by one of the table. */
static void test_builtin_lines(void **state)
{
    (void)state;
    sim_config c;
    rpr_error err;
    size_t lines = 0;
    assert_int_equal(sim_config_builtin(&c, &err), RPR_OK);
    assert_int_equal(sim_config_check(&c, &err), RPR_OK);
    for (const char *p = sim_config_builtin_text(); (p = strchr(p, '\n')) != NULL;)
        lines += (*++p >= 'a' && *p <= 'z');
    assert_int_equal(lines, sim_n_keys() + 1); /* and [energy] tables */
    for (size_t i = 0; i < sim_n_keys(); i++)
        assert_int_equal(c.line[i], 0); /* messages about a user's file must not name these */
}

/* -------------------------------------------------------------- by name */

static int64_t value_of(const sim_config *c, const sim_key *k)
{
    int64_t v;
    memcpy(&v, (const char *)c + k->offset, sizeof v);
    return v;
}

/** Sets a value, writes it, and sets that again. */
static void round_trip(const sim_key *k, int64_t v)
{
    sim_config c, again;
    rpr_error err = {{0}};
    char name[64], text[64];
    assert_int_equal(sim_config_builtin(&c, &err), RPR_OK);
    assert_int_equal(sim_config_builtin(&again, &err), RPR_OK);
    snprintf(name, sizeof name, "%s.%s", k->section, k->name);
    memcpy((char *)&c + k->offset, &v, sizeof v);
    sim_key_format(k, &c, text, sizeof text);
    if (sim_config_set(&again, name, text, &err) != RPR_OK)
        fail_msg("%s", err.message);
    if (value_of(&again, k) != v)
        fail_msg("%s = %s should be %lld", name, text, (long long)v);
}

static void test_round_trip(void **state)
{
    (void)state;
    sim_config c;
    rpr_error err;
    rng g = {21};
    assert_int_equal(sim_config_builtin(&c, &err), RPR_OK);
    for (size_t i = 0; i < sim_n_keys(); i++) {
        const sim_key *k = sim_key_at(i);
        assert_ptr_equal(sim_key_find(k->section, k->name), k);
        round_trip(k, value_of(&c, k));
        for (int64_t v = 0; k->choices && k->choices[v]; v++)
            round_trip(k, v);
        if (k->choices)
            continue;
        round_trip(k, k->low);
        round_trip(k, k->high);
        for (int n = 0; n < 50; n++)
            round_trip(k, k->low + (int64_t)(rng_next(&g) % (uint64_t)(k->high - k->low + 1)));
    }
}

static void set_refused(const char *name, const char *value, const char *word)
{
    sim_config c;
    rpr_error err = {{0}};
    assert_int_equal(sim_config_builtin(&c, &err), RPR_OK);
    assert_int_equal(sim_config_set(&c, name, value, &err), RPR_ERR_ARGUMENT);
    if (!strstr(err.message, word))
        fail_msg("\"%s\" should have %s", err.message, word);
}

static void test_set(void **state)
{
    (void)state;
    set_refused("channels", "4", "channels");
    set_refused(".channels", "4", "channels");
    set_refused("dram.", "4", "dram.");
    set_refused("dram.wheels", "4", "dram.wheels");
    set_refused("dram.channels", "4 B", "dram.channels");
    set_refused("dram.channels", "", "dram.channels");
    set_refused("dram.channels", "65", "64");
    set_refused("weights.size", "4", "MiB");
    set_refused("pipeline.gates", "both", "one_by_one");
}

/* Set by name there is no line: the message names the key instead. */
static void test_check_without_line(void **state)
{
    (void)state;
    sim_config c;
    rpr_error err = {{0}};
    assert_int_equal(sim_config_builtin(&c, &err), RPR_OK);
    assert_int_equal(sim_config_set(&c, "weights.line", "96 B", &err), RPR_OK);
    assert_int_equal(sim_config_set(&c, "weights.size", "1 MiB", &err), RPR_OK);
    assert_int_not_equal(sim_config_check(&c, &err), RPR_OK);
    assert_non_null(strstr(err.message, "weights.size"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_units),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_not_ini),
        cmocka_unit_test(test_together),
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_tables_folder),
        cmocka_unit_test(test_first_mistake),
        cmocka_unit_test(test_no_file),
        cmocka_unit_test(test_builtin_text),
        cmocka_unit_test(test_builtin_lines),
        cmocka_unit_test(test_assumptions_vary),
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_set),
        cmocka_unit_test(test_check_without_line),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
