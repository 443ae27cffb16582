/* SPDX-License-Identifier: Apache-2.0 */
#include "info_window.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *verdict_name(rpr_window_verdict v)
{
    static const char *const names[] = {"constant", "shifted", "summed", "whole"};
    return (unsigned)v < sizeof names / sizeof names[0] ? names[v] : "?";
}

/* The axis from 0, and the input's name. */
static int find_axis(const cli_options *o, const rpr_model *m, const char **name)
{
    rpr_tensor_info t = {.name = "?"};
    (void)rpr_model_input(m, 0, &t);
    *name = t.name;
    return o->axis < 0 ? o->axis + t.rank : o->axis;
}

/* ------------------------------------------------------------------ text */

enum { NAME = 32, WIDTH = 100 };

/* Of a long name the end says more than the beginning. */
static void print_name(const char *name)
{
    const size_t n = strlen(name);
    if (n <= NAME)
        printf("%-*s", NAME, name);
    else
        printf("..%s", name + n - (NAME - 2));
}

/* Indented, in lines of no more than 100 characters as far as words allow. */
static void print_reason(const char *text)
{
    size_t at = (size_t)printf("    whole:");
    while (*text) {
        const size_t n = strcspn(text, " ");
        if (at + 1 + n > WIDTH)
            at = (size_t)printf("\n          ") - 1;
        at += (size_t)printf(" %.*s", (int)n, text);
        text += n;
        text += *text == ' ';
    }
    putchar('\n');
}

static void print_layer(const rpr_window_layer *l)
{
    char columns[48] = "", macs[32] = "", hop[32] = ""; /* no numbers where there are none */
    if (l->columns > 0)
        snprintf(columns, sizeof columns, "%" PRId64 " of %" PRId64, l->computed, l->columns);
    if (l->macs > 0) {
        snprintf(macs, sizeof macs, "%.3f", (double)l->macs / 1e6);
        snprintf(hop, sizeof hop, "%.3f", (double)l->macs_hop / 1e6);
    }
    print_name(l->name);
    printf(" %-18.18s %-8s %14s %10s %10s\n", l->op, verdict_name(l->verdict), columns, macs, hop);
    if (l->reason && l->reason[0])
        print_reason(l->reason);
}

static void print_head(const cli_options *o, const rpr_model *m, const rpr_window_info *w)
{
    const char *name;
    const int axis = find_axis(o, m, &name);
    printf("\nwindow      %" PRId64 " columns along axis %d of %s, %" PRId64
           " of them new in a call\n",
           w->length, axis, name, w->hop);
    printf("            %" PRId64 " calls fill it", w->calls);
    if (w->lead > 0)
        printf(", the first with %" PRId64 " column%s of nothing before its own", w->lead,
               w->lead == 1 ? "" : "s");
    putchar('\n');
    printf("            %.3f M MACs a call, %.1f %% of %.3f M of the whole window; %.1f kB of "
           "state\n\n",
           (double)w->macs_hop / 1e6,
           w->macs > 0 ? 100 * (double)w->macs_hop / (double)w->macs : 100.0, (double)w->macs / 1e6,
           (double)w->state_bytes / 1e3);
}

void info_window_print(const cli_options *o, const rpr_model *m)
{
    rpr_window_info w;
    size_t count[4] = {0};
    if (rpr_model_window(m, &w) != RPR_OK)
        return;
    print_head(o, m, &w);
    printf("%-*s %-18s %-8s %14s %10s %10s\n", NAME, "node", "operator", "window", "columns",
           "M MACs", "in a call");
    for (size_t i = 0; i < w.n_layers; i++) {
        rpr_window_layer l;
        if (rpr_model_window_layer(m, i, &l) != RPR_OK)
            continue;
        print_layer(&l);
        if ((unsigned)l.verdict < 4)
            count[l.verdict]++;
    }
    printf("%-*s %-18s %-8s %14s %10.3f %10.3f\n", NAME, "all", "", "", "", (double)w.macs / 1e6,
           (double)w.macs_hop / 1e6);
    printf(
        "\n%zu shifted: compute new columns, and those that see the window's edges; %zu summed: "
        "add up\nwhat earlier calls found; %zu whole: compute all of the window; %zu constant: do "
        "not depend on it\n",
        count[RPR_WINDOW_SHIFTED], count[RPR_WINDOW_SUMMED], count[RPR_WINDOW_WHOLE],
        count[RPR_WINDOW_CONSTANT]);
}

/* ------------------------------------------------------------------ JSON */

static json_t *json_nodes(const rpr_model *m, size_t n)
{
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) {
        rpr_window_layer l;
        if (rpr_model_window_layer(m, i, &l) != RPR_OK)
            continue;
        json_array_append_new(
            list, json_pack("{s:s,s:s,s:s,s:s,s:I,s:I,s:I,s:I}", "name", l.name, "op", l.op,
                            "verdict", verdict_name(l.verdict), "reason", l.reason ? l.reason : "",
                            "columns", (json_int_t)l.columns, "computed", (json_int_t)l.computed,
                            "macs", (json_int_t)l.macs, "macs_hop", (json_int_t)l.macs_hop));
    }
    return list;
}

json_t *info_window_json(const cli_options *o, const rpr_model *m)
{
    rpr_window_info w;
    const char *name;
    const int axis = find_axis(o, m, &name);
    if (rpr_model_window(m, &w) != RPR_OK)
        return json_null();
    return json_pack("{s:s,s:i,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o}", "input", name, "axis", axis,
                     "length", (json_int_t)w.length, "hop", (json_int_t)w.hop, "calls",
                     (json_int_t)w.calls, "lead", (json_int_t)w.lead, "macs", (json_int_t)w.macs,
                     "macs_hop", (json_int_t)w.macs_hop, "state_bytes", (json_int_t)w.state_bytes,
                     "nodes", json_nodes(m, w.n_layers));
}
