/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "metrics.h"
#include "pareto.h"
#include "plan_file.h"
#include "sample.h"
#include "session.h"

/* The only thing that a signal may touch: Ctrl-C ends the search, and the best so far is kept. */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
    (void)sig;
    interrupted = 1;
}

static int on_progress(void *user, double done)
{
    progress_step(user, (int64_t)(done * 1000));
    return interrupted;
}

static void tell_part(const char *name, const rpr_calibration_result *r)
{
    printf("  %-9s %5zu frames, error %.4g, MACs executed %.1f %%, modelled time %.1f %%\n", name,
           r->frames, r->error, 100 * r->mac_share, 100 * r->cost_share);
}

/* To stderr if the file itself goes to stdout. */
static void tell(const cli_options *o, const rpr_calibration *c)
{
    if (strcmp(o->output, "-") == 0)
        return;
    if (o->pareto)
        printf("%s: error by %s, of the plan for budget %.4g and of other schemes\n", o->output,
               metric_name(o->metric), o->budget);
    else if (o->preset)
        printf("%s: preset %s, %d clusters, error by %s\n", o->output, o->preset, o->clusters,
               metric_name(o->metric));
    else
        printf("%s%s: error by %s, budget %.4g\n", o->output,
               c->stopped ? " (search was stopped)" : "", metric_name(o->metric), o->budget);
    tell_part("seen", &c->seen);
    tell_part("held back", &c->held_back);
    if (!o->preset && c->held_back.error > o->budget)
        puts(
            "  The budget was not kept on the frames that were held back: a longer sample, or one\n"
            "  more like the stream, would help.");
}

/* ------------------------------------------------------------------ preset */

/* The weighted layer of that name; 0 if there is none. */
static int find_layer(const rpr_model *m, const char *name, size_t length, size_t *layer)
{
    for (size_t i = 0; i < rpr_model_n_layers(m); i++) {
        rpr_layer_info info;
        if (rpr_model_layer(m, i, &info) == RPR_OK && (info.weighted || info.recurrent) &&
            strlen(info.name) == length && strncmp(info.name, name, length) == 0) {
            *layer = i;
            return 1;
        }
    }
    return 0;
}

/* Indices of the layers named in --leave-out; *left_out is malloc'ed. Returns an exit code. */
static int find_left_out(const cli_options *o, const rpr_model *m, size_t **left_out, size_t *n)
{
    const char *at = o->leave_out ? o->leave_out : "";
    *n = 0;
    *left_out = calloc(strlen(at) + 1, sizeof **left_out);
    if (!*left_out)
        return cli_no_memory();
    while (*at) {
        size_t length = strcspn(at, ",");
        if (!find_layer(m, at, length, &(*left_out)[*n]))
            return cli_fail(CLI_USAGE, "--leave-out %.*s: no weighted layer of that name",
                            (int)length, at);
        ++*n;
        at += length;
        at += *at == ',';
    }
    return CLI_DONE;
}

/* ------------------------------------------------------------------ search */

static int find_gates(const session *s, const rpr_sample *frames, const rpr_calibrate_options *opt,
                      const size_t *left_out, size_t n, rpr_calibration **c)
{
    const cli_options *o = s->opt;
    rpr_error err = {""};
    int status =
        o->preset ? rpr_calibrate_isca2018(s->model, frames, opt, o->clusters, left_out, n, c, &err)
                  : rpr_calibrate(s->model, frames, opt, c, &err);
    if (status == RPR_OK)
        return CLI_DONE;
    return cli_fail(status == RPR_ERR_ARGUMENT ? CLI_BAD_INPUT : cli_exit_of_status(status),
                    "%s: %s", o->input, err.message);
}

static int write_result(const session *s, const rpr_sample *frames,
                        const rpr_calibrate_options *opt, const rpr_calibration *c)
{
    const cli_options *o = s->opt;
    const plan_origin from = {.model = o->model,
                              .metric = o->metric,
                              .preset = o->preset,
                              .clusters = o->clusters,
                              .budget = o->budget,
                              .objective = o->objective};
    return o->pareto ? pareto_write(o, s->model, frames, opt, c)
                     : plan_file_write(o->output, s->model, &from, c);
}

/* Of 1 - F1 most is boxes that stand still and are lost for long: measured on nanodet. */
enum { SETTLE_BOXES = 8 };

static int search(session *s, const sample *a, const rpr_metric *callbacks)
{
    const cli_options *o = s->opt;
    const rpr_sample frames = sample_frames(a);
    rpr_calibrate_options opt;
    rpr_calibration *c = NULL;
    size_t *left_out = NULL, n = 0;
    progress bar;
    rpr_calibrate_options_init(&opt);
    opt.budget = o->preset ? 0 : o->budget;
    opt.metric = callbacks;
    opt.threads = o->threads;
    opt.objective = o->objective;
    opt.settle = o->settle >= 0 ? o->settle : o->metric == METRIC_F1 ? SETTLE_BOXES : 0;
    opt.progress = on_progress;
    opt.progress_user = &bar;
    progress_start(&bar, 1000);
    bar.what = NULL;
    int code = find_left_out(o, s->model, &left_out, &n);
    if (code == CLI_DONE)
        code = find_gates(s, &frames, &opt, left_out, n, &c);
    progress_end(&bar);
    if (code == CLI_DONE)
        code = write_result(s, &frames, &opt, c);
    progress_end(&bar);
    if (code == CLI_DONE)
        tell(o, c);
    free(left_out);
    rpr_calibration_destroy(c);
    return code;
}

int cmd_calibrate(const cli_options *o)
{
    session s;
    metric m = {0};
    sample a = {0};
    int code = session_open(&s, o);
    if (code == CLI_DONE && !metric_init(&m, o->metric, s.out_info, s.n_out, &s.decoder))
        code = cli_no_memory();
    if (code == CLI_DONE)
        code = sample_read(&a, &s);
    if (code == CLI_DONE) {
        const rpr_metric callbacks = metric_callbacks(&m);
        void (*before)(int) = signal(SIGINT, on_interrupt);
        code = search(&s, &a, &callbacks);
        (void)signal(SIGINT, before);
    }
    sample_free(&a);
    metric_free(&m);
    session_close(&s);
    return code;
}
