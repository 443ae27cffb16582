/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <stdio.h>

#include "cli.h"
#include "model_open.h"

static void head(const report *r)
{
    const session *s = r->session;
    const cli_options *o = s->opt;
    rpr_tensor_info in;
    char shape[128] = "";
    if (rpr_model_input(s->model, 0, &in) == RPR_OK)
        format_shape(shape, sizeof shape, &in);
    printf("model       %s (input %s)\n", o->model, shape);
    printf("input       %s: %lld frames of %dx%d\n", o->input, (long long)s->frames, s->video.width,
           s->video.height);
    printf("gate        %s; %d thread%s, %s\n", o->gate_text, o->threads,
           o->threads == 1 ? "" : "s", rpr_isa());
}

static double rate(double mean_ms)
{
    return mean_ms > 0 ? 1e3 / mean_ms : 0;
}

static void time_row(const report *r, const char *name, double dense, double reuse,
                     const char *unit)
{
    if (r->dense)
        printf("%-11s %10.2f %10.2f  %s\n", name, dense, reuse, unit);
    else
        printf("%-11s %10.2f  %s\n", name, reuse, unit);
}

static void time_table(const report *r)
{
    static const struct {
        const char *name;
        double share;
    } rows[] = {{"median", 0.5}, {"95 %", 0.95}, {"99 %", 0.99}};
    if (r->dense)
        printf("\n%-11s %10s %10s\n", "", "dense", "reuse");
    else
        putchar('\n');
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        time_row(r, rows[i].name, r->dense ? samples_percentile(&r->dense->ms, rows[i].share) : 0,
                 samples_percentile(&r->reuse->ms, rows[i].share), "ms");
    double dense = r->dense ? samples_mean(&r->dense->ms) : 0, reuse = samples_mean(&r->reuse->ms);
    time_row(r, "mean", dense, reuse, "ms");
    time_row(r, "rate", rate(dense), rate(reuse), "frames/s");
    time_row(r, "MACs", 100, 100 * lane_mac_share(r->reuse), "%");
    time_row(r, "state", r->dense ? (double)r->dense->state_bytes / 1e6 : 0,
             (double)r->reuse->state_bytes / 1e6, "MB");
}

static void shares(const report *r)
{
    const lane *l = r->reuse;
    putchar('\n');
    if (r->dense)
        printf("speed-up    %.2fx (medians), %.2fx (means)\n", report_speedup(r),
               samples_mean(&r->reuse->ms) > 0
                   ? samples_mean(&r->dense->ms) / samples_mean(&r->reuse->ms)
                   : 0);
    printf("similarity  %.1f %% of the layer inputs did not change\n", 100 * lane_similarity(l));
    printf("reuse       %.1f %% of the MACs were not executed\n", 100 * (1 - lane_mac_share(l)));
    if (r->session->opt->decode != DECODE_NONE)
        printf("boxes       %.1f a frame\n", (double)l->n_boxes / (double)r->session->frames);
}

static void one_error(const report *r, const char *name, double macs, const error_sum *e,
                      const agreement *a)
{
    printf("%-20s %8.1f %10.2e %10.2e", name, 100 * macs, error_rel_l2(e), error_max_range(e));
    if (r->session->opt->decode != DECODE_NONE)
        printf(" %8.3f", agreement_f1(a));
    putchar('\n');
}

static void error_table(const report *r)
{
    int has_boxes = r->session->opt->decode != DECODE_NONE;
    printf("\n%-20s %8s %10s %10s%s\n", "against dense", "MACs %", "rel L2", "max/range",
           has_boxes ? "       F1" : "");
    one_error(r, "reuse", lane_mac_share(r->reuse), r->error, r->agreement);
    if (r->skipping) {
        char name[32];
        int k = skipping_factor(r->skipping, lane_mac_share(r->reuse));
        const skipping_one *one = &r->skipping->one[k - 1];
        snprintf(name, sizeof name, "1 frame in %d", k);
        one_error(r, name, 1.0 / k, &one->error, &one->agreement);
    }
    if (has_boxes && agreement_empty(r->agreement))
        puts("no boxes on either side: F1 is 1 by definition and says nothing");
}

static void output_rows(const report *r)
{
    puts("\noutput                    rel L2    max abs  range of the dense run");
    for (size_t i = 0; i < r->error->n; i++) {
        const output_error *o = &r->error->output[i];
        printf("%-20.40s %11.2e %10.2e  %.4g to %.4g\n", r->session->out_info[i].name,
               output_rel_l2(o), o->max_abs, o->low, o->high);
    }
}

void report_text(const report *r)
{
    head(r);
    time_table(r);
    shares(r);
    if (r->error)
        error_table(r);
    if (r->session->opt->command == CMD_VERIFY)
        output_rows(r);
    if (r->oracle)
        printf("\noracle      largest deviation %.3g of its bound: %s\n", r->oracle->worst,
               r->oracle->worst <= 1 ? "holds" : "BROKEN");
    if (r->reuse->sum.frames > 1 || r->session->frames > 1)
        puts("\nTimes and shares leave out the first frame, which is always dense.");
}
