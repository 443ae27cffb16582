/* SPDX-License-Identifier: Apache-2.0 */
#include "report.h"

#include <stdio.h>

#include "cli.h"
#include "model_open.h"

/* What a gate means, for those who do not know its name. */
static void print_gate(const cli_options *o)
{
    if (o->plan)
        printf("plan         %s\n", o->plan);
    printf("gate         %s%s: ", o->gate_text, o->plan ? ", where the plan says nothing" : "");
    switch (o->gate.kind) {
    case RPR_GATE_OFF:
        puts("no reuse, every frame is computed in full");
        break;
    case RPR_GATE_EXACT:
        puts("what differs at all is computed anew");
        break;
    case RPR_GATE_LEVELS:
        printf("what moved to another of %d levels is computed anew\n", o->gate.levels);
        break;
    case RPR_GATE_DEADZONE:
        printf("what moved by more than %.2g %% of a layer's range is computed anew\n",
               100 * o->gate.threshold);
        break;
    }
}

static void sound_line(const session *s)
{
    const sound *a = &s->sound;
    const int taken = a->hop * (a->features ? a->feature_options.hop : 1);
    printf("input        %s: %lld block%s of %d %s", s->opt->input, (long long)s->frames,
           s->frames == 1 ? "" : "s", a->hop, a->features ? s->opt->features : "samples");
    if (a->context)
        printf(" after %d of before", a->context);
    printf(", every %.4g ms\n", 1e3 * taken / a->info.rate);
}

static void input_line(const session *s)
{
    if (s->kind == SOURCE_SOUND) {
        sound_line(s);
        return;
    }
    printf("input        %s: %lld %s%s", s->opt->input, (long long)s->frames,
           s->window.on ? "window" : "frame", s->frames == 1 ? "" : "s");
    if (s->kind == SOURCE_PICTURES)
        printf(" of %dx%d", s->video.width, s->video.height);
    printf("\n");
}

static void window_line(const window *w)
{
    printf("window       %lld columns along axis %d of %s, %lld of them new in a call\n",
           (long long)w->info.length, w->axis, w->full.name, (long long)w->info.hop);
}

static void head(const report *r)
{
    const session *s = r->session;
    const cli_options *o = s->opt;
    char shape[128] = "";
    format_shape(shape, sizeof shape, s->window.on ? &s->window.full : &s->input);
    printf("model        %s (input %s)\n", o->model, shape);
    input_line(s);
    if (s->window.on)
        window_line(&s->window);
    print_gate(o);
    printf("processor    %d thread%s, %s instructions\n", o->threads, o->threads == 1 ? "" : "s",
           rpr_isa());
}

static double rate(double mean_ms)
{
    return mean_ms > 0 ? 1e3 / mean_ms : 0;
}

static void row(const report *r, const char *name, double dense, double reuse, const char *unit)
{
    printf("%-11s ", name);
    if (r->dense)
        printf(" %10.2f", dense);
    printf(" %10.2f  %s\n", reuse, unit);
}

/* What is executed, beside all that a dense run would do. */
static void work_rows(const report *r)
{
    const int windows = r->session->window.on;
    const double call = 1e6 * (double)(r->reuse->sum.frames ? r->reuse->sum.frames : 1);
    row(r, "work", 100, 100 * report_mac_share(r),
        windows ? "% of the full window's multiply-accumulates (MACs)"
                : "% of the multiply-accumulates (MACs)");
    if (windows)
        row(r, "", report_dense_macs(r) / call, (double)r->reuse->sum.macs_executed / call,
            "M MACs a call");
}

static void time_table(const report *r)
{
    static const struct {
        const char *name;
        double share;
        const char *unit, *tiny_unit;
    } rows[] = {{"median time", 0.5, "ms a frame", "us a frame"},
                {"95 % within", 0.95, "ms", "us"},
                {"99 % within", 0.99, "ms", "us"}};
    putchar('\n');
    if (r->dense)
        printf("%-12s%11s %10s\n", "", r->session->window.on ? "full window" : "dense", "reuse");
    double dense = r->dense ? samples_mean(&r->dense->ms) : 0, reuse = samples_mean(&r->reuse->ms);
    row(r, "speed", rate(dense), rate(reuse), "frames/s");
    const int tiny = reuse < 0.1; /* milliseconds would show no digits */
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const double scale = tiny ? 1e3 : 1;
        row(r, rows[i].name,
            r->dense ? scale * samples_percentile(&r->dense->ms, rows[i].share) : 0,
            scale * samples_percentile(&r->reuse->ms, rows[i].share),
            tiny ? rows[i].tiny_unit : rows[i].unit);
    }
    work_rows(r);
    row(r, "memory", r->dense ? (double)r->dense->state_bytes / 1e6 : 0,
        (double)r->reuse->state_bytes / 1e6, "MB of state, beside the weights");
}

static void events(const lane_sum *sum)
{
    const long long frames = sum->frames;
    if (sum->bypassed > 0)
        printf(
            "bypassed     %lld of %lld frames were computed in full: reuse would have cost more\n",
            (long long)sum->bypassed, frames);
    if (sum->cuts > 0)
        printf("scene cuts   %lld of %lld frames were taken for another scene's first\n",
               (long long)sum->cuts, frames);
    if (sum->refreshed > 0)
        printf("refreshed    %.2f layers a frame, so that no error lasts\n",
               (double)sum->refreshed / (double)frames);
}

/* How much of that the window's moving has spared, and how much its values' likeness. */
static void window_shares(const report *r)
{
    const lane_sum *l = &r->reuse->sum;
    const double full = report_dense_macs(r), fresh = (double)l->macs_dense;
    if (full <= 0 || fresh <= 0)
        return;
    printf("             new columns are %.1f %% of the full window's MACs; of those %.1f %% were "
           "not\n"
           "             executed\n",
           100 * fresh / full, 100 * (1 - (double)l->macs_executed / fresh));
}

static void shares(const report *r)
{
    const lane *l = r->reuse;
    double reuse_ms = samples_mean(&l->ms);
    putchar('\n');
    if (r->dense)
        printf("speed-up     %.2fx (median time), %.2fx (mean time)\n", report_speedup(r),
               reuse_ms > 0 ? samples_mean(&r->dense->ms) / reuse_ms : 0);
    printf("similarity   %.1f %% of what the layers read had not changed\n",
           100 * lane_similarity(l));
    printf("reuse        %.1f %% of the MACs were not executed\n", 100 * (1 - report_mac_share(r)));
    if (r->session->window.on)
        window_shares(r);
    events(&l->sum);
    if (r->session->opt->decode != DECODE_NONE)
        printf("boxes        %.1f a frame\n", (double)l->n_boxes / (double)r->session->frames);
}

static void one_error(const report *r, const char *name, double macs, const error_sum *e,
                      const agreement *a)
{
    printf("%-15s %6.1f %%", name, 100 * macs);
    if (r->session->opt->decode != DECODE_NONE)
        printf(" %10.3f", agreement_f1(a));
    printf(" %10.2e %10.2e\n", error_rel_l2(e), error_max_range(e));
}

static void error_table(const report *r)
{
    int has_boxes = r->session->opt->decode != DECODE_NONE;
    printf("\n%-15s %8s%s %10s %10s\n", r->session->window.on ? "against full" : "against dense",
           "work", has_boxes ? "   boxes F1" : "", "rel L2", "max");
    one_error(r, "reuse", report_mac_share(r), r->error, r->agreement);
    if (r->skipping) {
        char name[32];
        const skipping_one *one = skipping_rival(r->skipping, report_mac_share(r));
        snprintf(name, sizeof name, "1 frame in %d", one->every);
        one_error(r, name, 1.0 / one->every, &one->error, &one->agreement);
    }
    if (has_boxes && agreement_empty(r->agreement))
        puts("  No boxes on either side: F1 is 1 by definition and says nothing.");
    else if (has_boxes)
        puts("  F1: agreement of the boxes, from 0 to 1 (same class, overlap above 0.75)");
    puts("  rel L2: size of the error / size of the result; max: largest error / range of the\n"
         "  result; both of the worst output");
    if (r->skipping)
        puts("  1 frame in N: what skipping frames gives for no less work: a dense run on every\n"
             "  N-th frame, repeated until the next");
}

static void output_rows(const report *r)
{
    printf("\noutput                    rel L2    max abs  range of %s\n",
           r->session->window.on ? "full windows" : "the dense run");
    for (size_t i = 0; i < r->error->n; i++) {
        const output_error *o = &r->error->output[i];
        printf("%-20.40s %11.2e %10.2e  %.4g to %.4g\n", r->session->out_info[i].name,
               output_rel_l2(o), o->max_abs, o->low, o->high);
    }
}

static void print_oracle(const report *r)
{
    printf("\noracle       %s: every layer held against a dense evaluation of what it last used,\n"
           "             on %lld frame%s; largest deviation %.3g of what rounding explains\n",
           r->oracle->worst <= 1 ? "holds" : "BROKEN", (long long)r->oracle->frames,
           r->oracle->frames == 1 ? "" : "s", r->oracle->worst);
}

static void print_audit(const report *r)
{
    const auditing *a = r->auditing;
    const rpr_audit_stats *st = &a->st;
    const double frames = (double)(st->frames ? st->frames : 1), ms = samples_mean(&r->reuse->ms);
    printf(
        "\naudit        %lld audits, one in %d frames: error by %s %.4g on average, %.4g at worst",
        (long long)st->audits, r->session->opt->audit, metric_name(a->metric.kind), st->mean,
        st->worst);
    if (a->budget >= 0)
        printf("\n             budget %.4g: breached %lld times, loosened %lld times; gates are at "
               "%.3g "
               "of %s",
               a->budget, (long long)st->breaches, (long long)st->loosened, st->scale,
               r->session->opt->plan ? "the plan's" : "what was asked for");
    printf(
        "\n             cost %.2f ms a frame, %.1f %% of a frame's time; %.1f %% of a dense run\n",
        st->ms / frames, ms > 0 ? 100 * st->ms / frames / ms : 0, 100 * a->shares / frames);
}

void report_text(const report *r)
{
    head(r);
    time_table(r);
    shares(r);
    if (r->auditing)
        print_audit(r);
    if (r->error)
        error_table(r);
    if (r->session->opt->command == CMD_VERIFY)
        output_rows(r);
    if (r->oracle)
        print_oracle(r);
    if (r->reuse->sum.frames > 1 || r->session->frames > 1)
        puts("\nThe first frame is always dense; times, work and shares leave it out.");
}
