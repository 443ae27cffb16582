/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "sim_report.h"

static void quoted(FILE *f, const char *text)
{
    fputc('"', f);
    for (; *text; text++) {
        if (*text == '"')
            fputc('"', f);
        fputc(*text, f);
    }
    fputc('"', f);
}

static void head(FILE *f)
{
    fputs("layer,op,machine,similarity,reuse", f);
    for (int i = 0; i < SIM_N_COUNTS; i++)
        fprintf(f, ",%s", sim_count_name((sim_count)i));
    for (int i = 0; i < SIM_N_PARTS; i++)
        fprintf(f, ",%s pJ", sim_part_name((sim_part)i));
    fputs(",total pJ,total low pJ,total high pJ\n", f);
}

static void line(FILE *f, const sim_outcome *o, int32_t layer, int variant)
{
    sim_mean m;
    sim_outcome_layer(o, layer, variant, &m);
    quoted(f, o->net.layer[layer].name);
    fprintf(f, ",%s,%s,%.6f,%.6f", o->net.layer[layer].op,
            variant == SIM_REUSE ? "with reuse" : "without reuse", sim_outcome_similarity(o, layer),
            variant == SIM_REUSE ? sim_outcome_reuse(o, layer) : 0);
    for (int i = 0; i < SIM_N_COUNTS; i++)
        fprintf(f, ",%.10g", m.n[i]);
    for (int i = 0; i < SIM_N_PARTS; i++)
        fprintf(f, ",%.10g", m.energy.part[i].nominal);
    fprintf(f, ",%.10g,%.10g,%.10g\n", m.total.nominal, m.total.low, m.total.high);
}

int sim_csv(const sim_outcome *o, const char *path)
{
    int to_stdout = strcmp(path, "-") == 0;
    errno = 0;
    FILE *f = to_stdout ? stdout : fopen(path, "w");
    if (!f)
        return cli_fail(CLI_BAD_INPUT, "%s: cannot be written (%s)", path, strerror(errno));
    head(f);
    for (int32_t i = 0; i < o->net.n_layer; i++)
        for (int v = 0; v < SIM_N_VARIANTS; v++)
            line(f, o, i, v);
    int bad = ferror(f) != 0;
    bad |= (to_stdout ? fflush(f) : fclose(f)) != 0;
    return bad ? cli_fail(CLI_BAD_INPUT, "%s: cannot be written", path) : CLI_DONE;
}
