/* SPDX-License-Identifier: Apache-2.0 */
#include "commands.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "metrics.h"
#include "plan_file.h"
#include "session.h"

/* The only thing that a signal may touch: Ctrl-C ends the search, and the best so far is kept. */
static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
    (void)sig;
    interrupted = 1;
}

/* The frames of the sample, as the model's input wants them. */
typedef struct sample {
    rpr_input *in; /* of every frame; its data are copies */
    size_t n, room;
} sample;

static int sample_add(sample *a, const rpr_input *in)
{
    if (a->n == a->room) {
        size_t room = a->room ? 2 * a->room : 64;
        rpr_input *wider = realloc(a->in, room * sizeof *wider);
        if (!wider)
            return 0;
        a->in = wider;
        a->room = room;
    }
    void *copy = malloc(in->bytes);
    if (!copy)
        return 0;
    memcpy(copy, in->data, in->bytes);
    a->in[a->n] = *in;
    a->in[a->n++].data = copy;
    return 1;
}

static void sample_free(sample *a)
{
    for (size_t i = 0; i < a->n; i++)
        free((void *)(uintptr_t)a->in[i].data);
    free(a->in);
}

static int read_sample(session *s, sample *a)
{
    int code = CLI_DONE;
    while (code == CLI_DONE && session_next(s, &code)) {
        if (!sample_add(a, &s->in))
            code = cli_no_memory();
    }
    return session_end(s, code);
}

static int sample_frame(void *user, size_t i, rpr_input *in)
{
    const sample *a = user;
    *in = a->in[i];
    return 0;
}

static int on_progress(void *user, double done)
{
    progress_step(user, (int64_t)(done * 100));
    return interrupted;
}

static void tell(const cli_options *o, const rpr_calibration *c)
{
    printf("%s%s: error by %s, budget %.4g\n", o->output, c->stopped ? " (search was stopped)" : "",
           metric_name(o->metric), o->budget);
    printf("  seen       %4zu frames, error %.4g, MACs executed %.1f %%\n", c->seen.frames,
           c->seen.error, 100 * c->seen.mac_share);
    printf("  held back  %4zu frames, error %.4g, MACs executed %.1f %%\n", c->held_back.frames,
           c->held_back.error, 100 * c->held_back.mac_share);
    if (c->held_back.error > o->budget)
        puts(
            "  The budget was not kept on the frames that were held back: a longer sample, or one\n"
            "  more like the stream, would help.");
}

static int search(session *s, const sample *a, const rpr_metric *callbacks)
{
    const cli_options *o = s->opt;
    rpr_calibrate_options opt;
    rpr_calibration *c;
    rpr_error err = {""};
    const rpr_sample frames = {.user = (void *)(uintptr_t)a, .n = a->n, .frame = sample_frame};
    progress bar;
    rpr_calibrate_options_init(&opt);
    opt.budget = o->budget;
    opt.metric = callbacks;
    opt.threads = o->threads;
    opt.progress = on_progress;
    opt.progress_user = &bar;
    progress_start(&bar, 100);
    bar.what = "% of the search";
    int status = rpr_calibrate(s->model, &frames, &opt, &c, &err);
    progress_end(&bar);
    if (status != RPR_OK)
        return cli_fail(status == RPR_ERR_ARGUMENT ? CLI_BAD_INPUT : cli_exit_of_status(status),
                        "%s: %s", o->input, err.message);
    const plan_origin from = {.model = o->model, .metric = o->metric, .budget = o->budget};
    int code = plan_file_write(o->output, s->model, &from, c);
    if (code == CLI_DONE)
        tell(o, c);
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
        code = read_sample(&s, &a);
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
