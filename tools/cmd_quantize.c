/* SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include "commands.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "reprise/quantize.h"

#include "cli.h"
#include "json_file.h"
#include "metrics.h"
#include "sample.h"
#include "session.h"

enum { MOST_NAMED = 5 }; /* layers of the summary's table */

/* The only thing that a signal may touch. */
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

/* -------------------------------------------------------------------- file */

/* The model under a name of its own until it is complete. */
typedef struct model_file {
    const char *path;
    char *part;
    FILE *file;
} model_file;

static int cannot_write(const model_file *f)
{
    return cli_fail(CLI_BAD_INPUT, "%s: cannot be written (%s)", f->path, strerror(errno));
}

static int file_open(model_file *f, const cli_options *o)
{
    struct stat model, output;
    *f = (model_file){.path = o->output};
    if (stat(o->output, &output) == 0) {
        if (!S_ISREG(output.st_mode))
            return cli_fail(CLI_BAD_INPUT, "%s: is not a regular file", o->output);
        if (stat(o->model, &model) == 0 && model.st_dev == output.st_dev &&
            model.st_ino == output.st_ino)
            return cli_fail(CLI_USAGE, "-o %s: is the model itself", o->output);
    }
    const size_t room = strlen(o->output) + sizeof ".part";
    f->part = malloc(room);
    if (!f->part)
        return cli_no_memory();
    (void)snprintf(f->part, room, "%s.part", o->output);
    f->file = fopen(f->part, "wb");
    return f->file ? CLI_DONE : cannot_write(f);
}

static int file_write(model_file *f, const rpr_quantization *q)
{
    errno = 0;
    int bad = fwrite(q->bytes, 1, q->size, f->file) != q->size;
    bad |= fclose(f->file) != 0;
    f->file = NULL;
    bad = bad || rename(f->part, f->path) != 0;
    int code = bad ? cannot_write(f) : CLI_DONE;
    if (bad)
        remove(f->part);
    return code;
}

static void file_close(model_file *f)
{
    if (f->file) {
        fclose(f->file);
        remove(f->part);
    }
    free(f->part);
}

/* ----------------------------------------------------------------- summary */

static const char *ranges_name(const rpr_quantization *q)
{
    static const char *const name[] = {"auto", "mse", "minmax", "percentile"};
    return name[q->ranges];
}

static size_t count(const rpr_quantization *q, int quantised)
{
    size_t n = 0;
    for (size_t i = 0; i < q->n_layers; i++)
        n += q->layer[i].quantised == quantised;
    return n;
}

/* Share of the multiply-accumulates of layers that could be quantised. */
static double quantised_share(const rpr_quantization *q)
{
    double all = 0, in8 = 0;
    for (size_t i = 0; i < q->n_layers; i++) {
        all += (double)q->layer[i].macs;
        in8 += q->layer[i].quantised ? (double)q->layer[i].macs : 0;
    }
    return all > 0 ? in8 / all : 0;
}

/* The layer with the largest sensitivity below `limit`, or those at it from `from` on. */
static size_t next_sensitive(const rpr_quantization *q, const char *told)
{
    size_t best = q->n_layers;
    for (size_t i = 0; i < q->n_layers; i++)
        if (!told[i] && !isnan(q->layer[i].sensitivity) &&
            (best == q->n_layers || q->layer[i].sensitivity > q->layer[best].sensitivity))
            best = i;
    return best;
}

static void tell_layers(const rpr_quantization *q)
{
    char *told = calloc(q->n_layers + 1, 1);
    puts("\n  most sensitive (error with this layer alone in 8 bits)");
    for (int k = 0; told && k < MOST_NAMED; k++) {
        const size_t i = next_sensitive(q, told);
        if (i == q->n_layers)
            break;
        told[i] = 1;
        printf("  %9.3g  %-8s %s%s\n", q->layer[i].sensitivity, q->layer[i].op, q->layer[i].name,
               q->layer[i].quantised ? "" : "  (stays f32)");
    }
    free(told);
}

static void tell(const cli_options *o, const rpr_quantization *q)
{
    printf("%s: %.2f MB, opset %d\n", o->output, (double)q->size / 1e6, q->opset);
    printf("  layers     %zu in 8 bits (%.1f %% of the MACs), %zu in f32\n", count(q, 1),
           100 * quantised_share(q), count(q, 0));
    printf("  ranges     by %s, %zu frames; weights by output channel\n", ranges_name(q),
           q->seen_frames);
    printf("  equalised  %d pairs of layers; biases %scorrected\n", q->equalised,
           q->bias_corrected ? "" : "not ");
    printf(
        "  error      seen %.4g (emulated); held back %.4g (%zu frames), relative L2 of the worst "
        "output\n",
        q->seen_error, q->held_error, q->held_frames);
    if (!isnan(q->held_metric))
        printf("  boxes      F1 %.4f against the f32 model's, on the frames held back\n",
               1 - q->held_metric);
    tell_layers(q);
}

static json_t *layers_json(const rpr_quantization *q)
{
    json_t *list = json_array();
    for (size_t i = 0; i < q->n_layers; i++) {
        const rpr_quantized_layer *l = &q->layer[i];
        json_array_append_new(list, json_pack("{s:s, s:s, s:I, s:b, s:b, s:o}", "name", l->name,
                                              "op", l->op, "macs", (json_int_t)l->macs, "quantised",
                                              l->quantised, "possible", l->possible, "sensitivity",
                                              json_number(l->sensitivity)));
    }
    return list;
}

static int write_json(const cli_options *o, const rpr_quantization *q)
{
    json_t *root = json_pack(
        "{s:s, s:s, s:I, s:i, s:s, s:i, s:b, s:{s:I, s:o}, s:{s:I, s:o, s:o}, s:o}", "model",
        o->model, "output", o->output, "bytes", (json_int_t)q->size, "opset", q->opset, "ranges",
        ranges_name(q), "equalised", q->equalised, "bias_corrected", q->bias_corrected, "seen",
        "frames", (json_int_t)q->seen_frames, "rel_l2", json_number(q->seen_error), "held_back",
        "frames", (json_int_t)q->held_frames, "rel_l2", json_number(q->held_error), "f1",
        json_number(1 - q->held_metric), "layers", layers_json(q));
    return root ? json_file_write(root, o->json) : cli_no_memory();
}

/* -------------------------------------------------------------------- work */

static void set_options(const session *s, rpr_quantize_options *q)
{
    const cli_options *o = s->opt;
    rpr_quantize_options_init(q);
    q->ranges = o->ranges;
    q->percentile = o->percentile > 0 ? o->percentile : q->percentile;
    q->keep = o->keep;
    q->error = o->max_error > 0 ? o->max_error : 0;
    q->equalise = !o->no_equalise;
    q->correct_bias = !o->no_bias_correction;
    q->threads = o->threads;
}

static int work(session *s, const sample *a, const rpr_metric *second, model_file *f)
{
    const cli_options *o = s->opt;
    const rpr_sample frames = sample_frames(a);
    rpr_model_options model;
    rpr_quantize_options opt;
    rpr_quantization *q = NULL;
    rpr_error err = {""};
    progress bar;
    rpr_model_options_init(&model);
    model.shapes = o->n_shapes ? o->shapes : NULL;
    model.n_shapes = o->n_shapes;
    set_options(s, &opt);
    opt.metric = second;
    opt.progress = on_progress;
    opt.progress_user = &bar;
    progress_start(&bar, 1000);
    bar.what = NULL;
    int status = rpr_quantize(o->model, &model, &frames, &opt, &q, &err);
    progress_end(&bar);
    if (status != RPR_OK)
        return cli_fail(status == RPR_ERR_ARGUMENT ? CLI_BAD_INPUT : cli_exit_of_status(status),
                        "%s: %s", status == RPR_ERR_ARGUMENT ? o->input : o->model, err.message);
    int code = file_write(f, q);
    if (code == CLI_DONE && (!o->json || strcmp(o->json, "-") != 0))
        tell(o, q);
    if (code == CLI_DONE && o->json)
        code = write_json(o, q);
    rpr_quantization_destroy(q);
    return code;
}

int cmd_quantize(const cli_options *o)
{
    session s;
    metric m = {0};
    sample a = {0};
    model_file f = {0};
    int code = session_open(&s, o);
    if (code == CLI_DONE && !metric_init(&m, METRIC_F1, s.out_info, s.n_out, &s.decoder))
        code = cli_no_memory();
    if (code == CLI_DONE)
        code = file_open(&f, o);
    if (code == CLI_DONE)
        code = sample_read(&a, &s);
    if (code == CLI_DONE) {
        const rpr_metric callbacks = metric_callbacks(&m);
        void (*before)(int) = signal(SIGINT, on_interrupt);
        code = work(&s, &a, o->decode == DECODE_NONE ? NULL : &callbacks, &f);
        (void)signal(SIGINT, before);
    }
    file_close(&f);
    sample_free(&a);
    metric_free(&m);
    session_close(&s);
    return code;
}
