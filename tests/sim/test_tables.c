/* SPDX-License-Identifier: Apache-2.0 */
/* The reader of the energy tables: what it refuses, quotes, and what it finds between two rows. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "rig.h"
#include "sim/csv.h"
#include "sim/tables.h"

#define HEAD                                                                                       \
    "component,node_nm,organisation,op,size_bytes,width_bytes,unit,nominal,low,high,source,kind\n"

static const char *const files[] = {"edram.csv", "sram.csv", "logic.csv", "ring.csv", "dram.csv"};
static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/sim-tables-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static void path_of(int file, char path[96])
{
    snprintf(path, 96, "%s/%s", folder, files[file]);
}

/** Writes all five files, empty but for the header, except for the one given. */
static void write_files(int which, const char *text)
{
    for (int i = 0; i < 5; i++) {
        char path[96];
        path_of(i, path);
        FILE *f = fopen(path, "w");
        assert_non_null(f);
        assert_true(fputs(i == which ? text : HEAD, f) >= 0);
        assert_int_equal(fclose(f), 0);
    }
}

static void remove_files(void)
{
    for (int i = 0; i < 5; i++) {
        char path[96];
        path_of(i, path);
        unlink(path);
    }
}

static void load(const char *text, sim_tables *t)
{
    rpr_error err = {{0}};
    write_files(1, text);
    if (sim_tables_load(t, folder, &err) != RPR_OK)
        fail_msg("%s", err.message);
    remove_files();
}

/** The text must be refused in this line, in whichever file it stands. */
static void refused(const char *text, int line)
{
    for (int i = 0; i < 5; i++) {
        sim_tables t;
        rpr_error err = {{0}};
        char where[96];
        write_files(i, text);
        if (sim_tables_load(&t, folder, &err) == RPR_OK)
            fail_msg("accepted: %s", text);
        remove_files();
        snprintf(where, sizeof where, "%s: line %d: ", files[i], line);
        if (!strstr(err.message, where))
            fail_msg("\"%s\" should have \"%s\"", err.message, where);
    }
}

static void test_refused(void **state)
{
    (void)state;
    refused("component,node_nm\n", 1);
    refused("# a comment\nsram,32,flat,read,1024,4,pJ,2,1,3,us,assumed\n" HEAD, 2);
    refused(HEAD "sram,32,flat,read,1024,4,pJ,2,1,3,us\n", 2);              /* 11 fields */
    refused(HEAD "sram,32,flat,read,1024,4,pJ,2,1,3,us,assumed,more\n", 2); /* 13 */
    refused(HEAD "# fine\n\nsram,32,flat,read,1024,4,pJ,x,1,3,us,assumed", 4);
    refused(HEAD "sram,32,flat,read,1024,4,pJ,,1,3,us,assumed\n", 2);
    refused(HEAD "sram,32,flat,read,1024,4,pJ,2 pJ,1,3,us,assumed\n", 2);
    refused(HEAD "sram,32,flat,read,1024,4,pJ,nan,1,3,us,assumed\n", 2);
    refused(HEAD "sram,32,flat,read,1024,4,pJ,2,1,1e999,us,assumed\n", 2);
    refused(HEAD "sram,32,flat,read,1024,4,pJ,-2,-3,-1,us,assumed\n", 2);
    refused(HEAD "sram,32nm,flat,read,1024,4,pJ,2,1,3,us,assumed\n", 2);
    refused(HEAD "sram,32,flat,read,1 KiB,4,pJ,2,1,3,us,assumed\n", 2);
    refused(HEAD "sram,32,flat,read,-1024,4,pJ,2,1,3,us,assumed\n", 2);
    refused(HEAD "sram,32,flat,read,1024,4.5,pJ,2,1,3,us,assumed\n", 2);
    refused(HEAD "sram,32,flat,read,1024,4,pJ,2,2.5,3,us,assumed\n", 2); /* low > nominal */
    refused(HEAD "sram,32,flat,read,1024,4,pJ,4,1,3,us,assumed\n", 2);   /* nominal > high */
    refused(HEAD "sram,32,flat,read,1024,4,pJ,2,1,3,us,guessed\n", 2);
    refused(HEAD "sram,32,flat,read,1024,4,pJ,2,1,3,us,\n", 2);
    refused(HEAD "sram,32,flat,read,1024,4,pJ,2,1,3,,assumed\n", 2); /* no source */
    refused(HEAD "sram,32,flat,read,1024,4,pJ,2,1,3,\"us,assumed\n", 2);
    refused(HEAD "sram,32,flat,read,1024,4,pJ,2,1,3,\"us\"er,assumed\n", 2);
    refused(HEAD "sram,32,flat,read,1024,4,pJ,2,1,3,u\"s\",assumed\n", 2);
}

static void test_missing_file(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++) {
        sim_tables t;
        rpr_error err = {{0}};
        char path[96];
        write_files(-1, "");
        path_of(i, path);
        unlink(path);
        assert_int_equal(sim_tables_load(&t, folder, &err), RPR_ERR_IO);
        assert_non_null(strstr(err.message, path));
        remove_files();
    }
}

static void test_rows(void **state)
{
    (void)state;
    sim_tables t;
    load("# where it is from\n" HEAD
         "sram,32,\"1 bank, \"\"flat\"\"\",read,1024,4,pJ,2,1,3,\"a, b\",computed\n\n"
         "adder,45,,add,,,pJ,0.9,0.9,0.9,\"\"\"quoted\"\"\",published",
         &t);
    assert_int_equal(t.n, 2);
    const sim_row *r = t.row;
    assert_string_equal(r->organisation, "1 bank, \"flat\"");
    assert_string_equal(r->source, "a, b");
    assert_string_equal(r->kind, "computed");
    assert_string_equal(r->file, "sram.csv");
    assert_int_equal(r->line, 3);
    assert_int_equal(r->node, 32);
    assert_int_equal(r->size, 1024);
    assert_int_equal(r->width, 4);
    assert_true(r->value.low == 1.0 && r->value.nominal == 2.0 && r->value.high == 3.0);
    assert_string_equal(r[1].source, "\"quoted\"");
    assert_int_equal(r[1].line, 5);
    assert_int_equal(r[1].size, -1);
    assert_int_equal(r[1].width, -1);
    sim_tables_free(&t);
}

/* ------------------------------------------------------------------ finding */

static const char sizes[] = HEAD "sram,32,flat,read,1024,4,pJ,2,1,3,us,assumed\n"
                                 "sram,32,flat,read,65536,4,pJ,100,50,400,us,assumed\n"
                                 "sram,32,flat,read,4096,4,pJ,8,4,48,us,assumed\n"
                                 "sram,45,flat,read,2048,4,pJ,77,77,77,us,assumed\n"
                                 "sram,32,flat,read,2048,128,pJ,78,78,78,us,assumed\n"
                                 "sram,32,flat,write,2048,4,pJ,79,79,79,us,assumed\n"
                                 "sram,32,flat,read,2048,4,mW,80,80,80,us,assumed\n"
                                 "edram,32,flat,read,2048,4,pJ,81,81,81,us,assumed\n"
                                 "hop,,,move,,,pJ,0.5,0.25,1,us,assumed\n";

static sim_want want_of(int64_t size)
{
    return (sim_want){
        .component = "sram", .op = "read", .unit = "pJ", .node = 32, .size = size, .width = 4};
}

static void near(double a, double b)
{
    if (fabs(a - b) > 1e-9 * fabs(b))
        fail_msg("%.12g should be %.12g", a, b);
}

/* a (b / a)^s, where s is how far the size has come from one to the other by its logarithm. */
static void check_between(const sim_tables *t, int64_t size, int64_t s0, sim_band a, int64_t s1,
                          sim_band b)
{
    sim_found f;
    sim_want w = want_of(size);
    rpr_error err = {{0}};
    if (sim_tables_find(t, &w, &f, &err) != RPR_OK)
        fail_msg("%s", err.message);
    double s = log((double)size / (double)s0) / log((double)s1 / (double)s0);
    near(f.value.low, a.low * pow(b.low / a.low, s));
    near(f.value.nominal, a.nominal * pow(b.nominal / a.nominal, s));
    near(f.value.high, a.high * pow(b.high / a.high, s));
    assert_int_equal(f.row->size, s0);
    assert_non_null(f.other);
    assert_int_equal(f.other->size, s1);
}

static void test_between(void **state)
{
    (void)state;
    const sim_band a = {1, 2, 3}, b = {4, 8, 48}, c = {50, 100, 400};
    sim_tables t;
    sim_found f;
    rpr_error err;
    load(sizes, &t);
    sim_want half = want_of(2048);
    assert_int_equal(sim_tables_find(&t, &half, &f, &err), RPR_OK);
    near(f.value.nominal, 4.0); /* the geometric mean, half way between 1 and 4 KiB */
    near(f.value.high, 12.0);
    for (int64_t size = 1025; size < 4096; size += 73)
        check_between(&t, size, 1024, a, 4096, b);
    for (int64_t size = 4097; size < 65536; size += 997)
        check_between(&t, size, 4096, b, 65536, c);
    sim_tables_free(&t);
}

static void test_exact(void **state)
{
    (void)state;
    static const int64_t there[] = {1024, 4096, 65536};
    static const double value[] = {2, 8, 100};
    sim_tables t;
    rpr_error err;
    load(sizes, &t);
    for (int i = 0; i < 3; i++) {
        sim_found f;
        sim_want w = want_of(there[i]);
        assert_int_equal(sim_tables_find(&t, &w, &f, &err), RPR_OK);
        assert_true(f.value.nominal == value[i]);
        assert_int_equal(f.row->size, there[i]);
        assert_null(f.other);
    }
    sim_found hop;
    sim_want w = {"hop", "move", "pJ", 22, -1, -1}; /* a row without a node is for all of them */
    assert_int_equal(sim_tables_find(&t, &w, &hop, &err), RPR_OK);
    assert_true(hop.value.low == 0.25 && hop.value.high == 1.0);
    sim_tables_free(&t);
}

static void not_found(const sim_tables *t, const sim_want *w)
{
    sim_found f;
    rpr_error err = {{0}};
    assert_int_equal(sim_tables_find(t, w, &f, &err), RPR_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, w->component));
    assert_non_null(strstr(err.message, w->op));
}

/* Beyond the smallest and the largest row nothing is known. */
static void test_no_extrapolation(void **state)
{
    (void)state;
    sim_tables t;
    load(sizes, &t);
    static const int64_t beyond[] = {1, 1023, 65537, 1 << 30};
    for (int i = 0; i < 4; i++) {
        sim_want w = want_of(beyond[i]);
        not_found(&t, &w);
    }
    sim_want w = want_of(2048);
    w.node = 28;
    not_found(&t, &w);
    w = want_of(2048);
    w.width = 8;
    not_found(&t, &w);
    w = want_of(2048);
    w.unit = "nJ";
    not_found(&t, &w);
    w = want_of(2048);
    w.op = "erase";
    not_found(&t, &w);
    sim_tables_free(&t);
}

/* ---------------------------------------------------------------------- CSV */

static void check_split(const char *text, int max, int n, const char *first, const char *last)
{
    char line[64], *field[8];
    snprintf(line, sizeof line, "%s", text);
    assert_int_equal(sim_csv_split(line, field, max), n);
    if (n > 0) {
        assert_string_equal(field[0], first);
        assert_string_equal(field[n - 1], last);
    }
}

static void test_split(void **state)
{
    (void)state;
    check_split("a", 8, 1, "a", "a");
    check_split("", 8, 1, "", "");
    check_split(",", 8, 2, "", "");
    check_split("a,b,c", 3, 3, "a", "c");
    check_split("a,b,c", 2, -1, "", "");
    check_split("\"a,b\",c", 8, 2, "a,b", "c");
    check_split("c,\"\"", 8, 2, "c", "");
    check_split("\"\"\"\",x", 8, 2, "\"", "x");
    check_split("x,\"a\"\"b\"\"\"", 8, 2, "x", "a\"b\"");
    check_split("\"a", 8, -1, "", "");
    check_split("\"a\"\"", 8, -1, "", "");
    check_split("\"a\"b", 8, -1, "", "");
    check_split("a\"b\"", 8, -1, "", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused), cmocka_unit_test(test_missing_file),
        cmocka_unit_test(test_rows),    cmocka_unit_test(test_between),
        cmocka_unit_test(test_exact),   cmocka_unit_test(test_no_extrapolation),
        cmocka_unit_test(test_split),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
