/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs ONNX's own test data (Debian: libonnx-testdata) through shape inference and evaluation.
 *     onnx-conformance [--data DIR] [--only PREFIX] [--table FILE]
 * A case counts if every operator in it is claimed; one that then fails makes the exit status 1.
 * --table writes what passed as a table in Markdown. Without the data: exit status 77.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "case.h"
#include "ops/ops.h"

#define MAX_ROWS 512

typedef struct row {
    char op[64];
    int passed, failed, refused, not_claimed;
    unsigned types;
} row;

typedef struct tally {
    row row[MAX_ROWS];
    int n_row;
    int total, passed, failed, refused, not_claimed, unread;
    double worst;
    char refusals[4096];
} tally;

static row *row_of(tally *t, const char *op)
{
    for (int i = 0; i < t->n_row; i++)
        if (!strcmp(t->row[i].op, op))
            return &t->row[i];
    if (t->n_row == MAX_ROWS)
        return &t->row[MAX_ROWS - 1];
    row *r = &t->row[t->n_row++];
    (void)snprintf(r->op, sizeof r->op, "%s", op);
    return r;
}

static void count(tally *t, const char *name, const case_result *c)
{
    t->total++;
    t->passed += c->status == CASE_PASSED;
    t->failed += c->status == CASE_FAILED;
    t->refused += c->status == CASE_REFUSED;
    t->not_claimed += c->status == CASE_NOT_CLAIMED;
    t->unread += c->status == CASE_NOT_CLAIMED && c->n_op == 0;
    for (int i = 0; i < c->n_op; i++) {
        row *r = row_of(t, c->op[i]);
        r->passed += c->status == CASE_PASSED;
        r->failed += c->status == CASE_FAILED;
        r->refused += c->status == CASE_REFUSED;
        r->not_claimed += c->status == CASE_NOT_CLAIMED && !c->known[i];
        if (c->status == CASE_PASSED)
            r->types |= c->types[i];
    }
    if (c->status == CASE_PASSED && c->worst > t->worst)
        t->worst = c->worst;
    if (c->status == CASE_FAILED)
        printf("FAILED  %s: %s\n", name, c->reason);
    if (c->status == CASE_REFUSED) {
        size_t at = strlen(t->refusals);
        (void)snprintf(t->refusals + at, sizeof t->refusals - at, "* `%s`: %s\n", name, c->reason);
        printf("refused %s: %s\n", name, c->reason);
    }
}

static const char *type_name(int t)
{
    static const char *const names[] = {
        [RPR_F32] = "float",   [RPR_U8] = "uint8",   [RPR_I8] = "int8",    [RPR_U16] = "uint16",
        [RPR_I16] = "int16",   [RPR_I32] = "int32",  [RPR_I64] = "int64",  [RPR_BOOL] = "bool",
        [RPR_F16] = "float16", [RPR_F64] = "double", [RPR_U32] = "uint32", [RPR_U64] = "uint64"};
    return t > 0 && t < (int)(sizeof names / sizeof *names) ? names[t] : NULL;
}

static void print_types(FILE *f, unsigned types)
{
    const char *comma = "";
    for (int t = 0; t < 32; t++) {
        if (!(types >> t & 1u) || !type_name(t))
            continue;
        fprintf(f, "%s%s", comma, type_name(t));
        comma = ", ";
    }
}

static int write_table(tally *t, const char *path)
{
    FILE *f = fopen(path, "w");
    if (!f)
        return 1;
    fprintf(
        f,
        "# Supported ONNX operators\n\n"
        "Written by `onnx-conformance --table` from ONNX's own test data (Debian's\n"
        "`libonnx-testdata`, ONNX 1.12, opset 17): %d cases, of which %d use supported\n"
        "operators only and pass (rtol 1e-3, atol 1e-7, the tolerance of ONNX's runner; integers\n"
        "exactly), %d fail, %d are forms that are refused with a clear error, and %d use\n"
        "operators or element types that are not supported.\n\n"
        "Each case is run twice: on dense tensors and on strided ones. A case with several\n"
        "operators counts for each of them. An operator without cases has no test in that data.\n"
        "`Constant` is read by the loader. %d of the cases that are not supported hold strings,\n"
        "sequences, optionals or bfloat16, which the loader refuses, some of them for operators "
        "below.\n\n"
        "Resize with `align_corners` and scales that do not give a whole extent follows this data\n"
        "(the resized length is the extent times the scale, unrounded); ONNX Runtime rounds it.\n\n"
        "LSTM, GRU and RNN: sequence lengths are 1 to the number of steps, anything else is an "
        "error of\n"
        "the call; clip bounds what the gates' activations are given, not the cell, as in ONNX "
        "Runtime.\n"
        "An If whose condition is a constant, if need be after folding, becomes the branch that "
        "is\n"
        "taken; else both branches are computed and the outputs chosen on every call, which takes "
        "outputs\n"
        "of the same types and shapes. What is in a branch that is never taken need not be "
        "supported.\n"
        "Branches nest to a depth of 12; sequences and optionals are refused.\n\n"
        "Quantised operators: x is stored as round(x / scale) + zero point, halves to even, "
        "saturated,\n"
        "computed in f32. On u8 activations, with constant parameters, they run with reuse: "
        "QLinearConv,\n"
        "QLinearMatMul and QGemm of constant weights as weighted layers, QuantizeLinear, "
        "DequantizeLinear,\n"
        "QLinearAdd, QLinearMul, QLinearConcat and average pools pixel by pixel, QLinearSigmoid "
        "and\n"
        "QLinearLeakyRelu as tables; QDQ graphs become such operators, with ConvTranspose of one "
        "group and\n"
        "BatchNormalization, which have no such form in files (`doc/numerics.md`). ConvInteger,\n"
        "MatMulInteger, DynamicQuantizeLinear, QLinearSoftmax and all others run by their "
        "definition, in\n"
        "full. Sums of products are exact; integer outputs wrap as i32 does, which takes more than "
        "33025\n"
        "terms. Scales per axis: QuantizeLinear and DequantizeLinear from opset 13; weights by "
        "output\n"
        "channel; MatMul's operands by row and column, as vectors. Constant scales that are not "
        "finite and\n"
        "above 0, zero points of another type than the data, wrong axes and lengths are refused by "
        "name;\n"
        "what is computed while running is taken as it comes, and NaN is stored as the zero "
        "point.\n"
        "DynamicQuantizeLinear of nothing but zeros gives the scale 1. The operators of "
        "com.microsoft\n"
        "have no cases here: `tests/ops/test_quant.c` and `scripts/compare_int8.py` check them.\n\n"
        "| operator | opsets | passed | failed | refused | input types in passed cases |\n"
        "|---|---|---|---|---|---|\n",
        t->total, t->passed, t->failed, t->refused, t->not_claimed, t->unread);
    for (size_t i = 0; i < rpr_ops_count(); i++) {
        const rpr_opdef *d = rpr_ops_at(i);
        if (i > 0 && !strcmp(rpr_ops_at(i - 1)->op, d->op))
            continue;
        size_t last = i;
        while (last + 1 < rpr_ops_count() && !strcmp(rpr_ops_at(last + 1)->op, d->op))
            last++;
        row *r = row_of(t, d->op);
        fprintf(f, "| %s%s%s | %d-%d | %d | %d | %d | ", d->domain, *d->domain ? ":" : "", d->op,
                d->since, rpr_ops_at(last)->until, r->passed, r->failed, r->refused);
        print_types(f, r->types);
        fprintf(f, " |\n");
    }
    if (*t->refusals)
        fprintf(f, "\n## Refused forms\n\n%s", t->refusals);
    return fclose(f) != 0;
}

static void summarise(tally *t)
{
    printf("not claimed, by operator:");
    for (int i = 0; i < t->n_row; i++)
        if (t->row[i].not_claimed)
            printf(" %s %d", t->row[i].op, t->row[i].not_claimed);
    printf("\n%d cases: %d passed, %d failed, %d refused, %d not claimed (%d of them not read)\n",
           t->total, t->passed, t->failed, t->refused, t->not_claimed, t->unread);
    printf("largest deviation in passed cases: %.3g of the tolerance\n", t->worst);
}

static int is_case(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

static int run_all(tally *t, const char *data, const char *only)
{
    struct dirent **entry;
    int n = scandir(data, &entry, is_case, alphasort);
    if (n < 0)
        return -1;
    for (int i = 0; i < n; i++) {
        char dir[1024];
        case_result result;
        (void)snprintf(dir, sizeof dir, "%s/%s", data, entry[i]->d_name);
        if (!strncmp(entry[i]->d_name, only, strlen(only))) {
            case_run(dir, &result);
            count(t, entry[i]->d_name, &result);
        }
        free(entry[i]);
    }
    free(entry);
    return n;
}

int main(int argc, char **argv)
{
    const char *data = "/usr/share/libonnx-testdata/data/node", *only = "", *table = NULL;
    for (int i = 1; i < argc; i += 2) {
        const char **option = !strcmp(argv[i], "--data")    ? &data
                              : !strcmp(argv[i], "--only")  ? &only
                              : !strcmp(argv[i], "--table") ? &table
                                                            : NULL;
        if (!option || i + 1 == argc) {
            fprintf(stderr, "usage: %s [--data DIR] [--only PREFIX] [--table FILE]\n", argv[0]);
            return 2;
        }
        *option = argv[i + 1];
    }
    static tally t;
    if (run_all(&t, data, only) < 0) {
        printf("SKIP: libonnx-testdata is not installed\n");
        return 77;
    }
    summarise(&t);
    if (table && write_table(&t, table)) {
        fprintf(stderr, "%s cannot be written\n", table);
        return 1;
    }
    return t.failed > 0 || t.passed == 0;
}
