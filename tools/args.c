/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "args_sound.h"
#include "cli.h"
#include "help.h"
#include "options.h"

enum {
    STREAMS = CMD_RUN | CMD_BENCH | CMD_VERIFY,
    FRAMES = STREAMS | CMD_CALIBRATE | CMD_QUANTIZE,
    AUDITED = CMD_RUN | CMD_BENCH
};

/* ------------------------------------------------------------------ values */

/* One number for all channels, or three with commas. */
static int parse_triple(const char *text, float value[3])
{
    char copy[128];
    if (strlen(text) >= sizeof copy)
        return 0;
    strcpy(copy, text);
    int n = 0;
    for (char *p = copy, *next; p; p = next) {
        double v;
        next = strchr(p, ',');
        if (next)
            *next++ = 0;
        if (n == 3 || !option_number(p, &v))
            return 0;
        value[n++] = (float)v;
    }
    if (n == 1)
        value[1] = value[2] = value[0];
    return n == 1 || n == 3;
}

/* ----------------------------------------------------------------- options */

/* Each returns 0 if the value is wrong; the table says what it should have been. */

static int set_gate(void *target, const char *v)
{
    cli_options *o = target;
    int64_t levels;
    o->gate_text = v;
    if (strcmp(v, "off") == 0) {
        o->gate.kind = RPR_GATE_OFF;
    } else if (strcmp(v, "exact") == 0) {
        o->gate.kind = RPR_GATE_EXACT;
    } else if (strncmp(v, "levels:", 7) == 0 && option_int(v + 7, 2, 65536, &levels)) {
        o->gate.kind = RPR_GATE_LEVELS;
        o->gate.levels = (int)levels;
    } else if (strncmp(v, "deadzone:", 9) == 0 && option_number(v + 9, &o->gate.threshold) &&
               o->gate.threshold >= 0 && o->gate.threshold < 1) {
        o->gate.kind = RPR_GATE_DEADZONE;
    } else {
        return 0;
    }
    return 1;
}

static int set_frames(void *target, const char *v)
{
    cli_options *o = target;
    return option_int(v, 1, INT64_MAX / 2, &o->frames);
}

static int set_skip(void *target, const char *v)
{
    cli_options *o = target;
    return option_int(v, 0, INT64_MAX / 2, &o->skip);
}

static int set_threads(void *target, const char *v)
{
    cli_options *o = target;
    int64_t n;
    if (!option_int(v, 1, 64, &n))
        return 0;
    o->threads = (int)n;
    return 1;
}

static int set_refresh(void *target, const char *v)
{
    cli_options *o = target;
    int64_t n;
    if (!option_int(v, 0, INT32_MAX, &n))
        return 0;
    o->refresh = (int)n;
    return 1;
}

static int set_settle(void *target, const char *v)
{
    cli_options *o = target;
    int64_t n;
    if (!option_int(v, 0, INT32_MAX, &n))
        return 0;
    o->settle = (int)n;
    return 1;
}

static int set_all_gates(void *target, const char *v)
{
    (void)v;
    ((cli_options *)target)->all_gates = 1;
    return 1;
}

static int set_fit(void *target, const char *v)
{
    (void)v;
    ((cli_options *)target)->fit = 1;
    return 1;
}

static int set_weights(void *target, const char *v)
{
    static const char *const names[] = {"auto", "f32", "bf16"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(v, names[i]) == 0) {
            ((cli_options *)target)->weights = (rpr_weights)i;
            return 1;
        }
    return 0;
}

static int set_noise(void *target, const char *v)
{
    cli_options *o = target;
    o->noise = strcmp(v, "auto") == 0 ? RPR_NOISE_AUTO : 0;
    return strcmp(v, "auto") == 0 || strcmp(v, "off") == 0 ||
           (option_number(v, &o->noise) && o->noise > 0 && o->noise <= 100);
}

/* X,Y,W,H */
static int set_ignore(void *target, const char *v)
{
    cli_options *o = target;
    int32_t value[4];
    for (int i = 0; i < 4; i++) {
        char *end = NULL;
        errno = 0;
        long long n = strtoll(v, &end, 10);
        if (end == v || errno || n < (i < 2 ? 0 : 1) || n > INT32_MAX || *end != (i < 3 ? ',' : 0))
            return 0;
        value[i] = (int32_t)n;
        v = end + 1;
    }
    if (o->n_ignore == CLI_MAX_RECTS)
        return 0;
    o->ignore[o->n_ignore++] = (rpr_rect){value[0], value[1], value[2], value[3]};
    return 1;
}

/* NAME=1,3,640,640 or, for the first input, 1,3,640,640. */
static int set_shape(void *target, const char *v)
{
    cli_options *o = target;
    if (o->n_shapes == CLI_MAX_SHAPES)
        return 0;
    rpr_input_shape *shape = &o->shapes[o->n_shapes];
    char *name = o->shape_names[o->n_shapes];
    const char *dims = strrchr(v, '=');
    if (dims) {
        size_t n = (size_t)(dims - v);
        if (n == 0 || n >= CLI_MAX_NAME)
            return 0;
        memcpy(name, v, n);
        name[n] = 0;
        shape->name = name;
        dims++;
    } else {
        dims = v;
    }
    char *end = NULL;
    for (shape->rank = 0;; dims = end + 1) {
        errno = 0;
        long long d = strtoll(dims, &end, 10);
        if (end == dims || errno || d < 1 || d > INT32_MAX || shape->rank == RPR_MAX_RANK ||
            (*end && *end != ',' && *end != 'x'))
            return 0;
        shape->dim[shape->rank++] = d;
        if (!*end)
            break;
    }
    o->n_shapes++;
    return 1;
}

/* Copies v up to `end`; 0 if that is nothing or too long. */
static int take_part(char *name, const char *v, const char *end)
{
    const size_t n = (size_t)(end - v);
    if (n == 0 || n >= CLI_MAX_NAME)
        return 0;
    memcpy(name, v, n);
    name[n] = 0;
    return 1;
}

/* NAME=16000 */
static int set_fixed(void *target, const char *v)
{
    cli_options *o = target;
    const char *mark = strrchr(v, '=');
    char *end = NULL;
    if (o->n_fixed == CLI_MAX_FEEDS || !mark || !take_part(o->fixed_names[o->n_fixed], v, mark))
        return 0;
    double *value = &o->fixed_values[o->n_fixed];
    *value = strtod(mark + 1, &end);
    if (end == mark + 1 || *end || !isfinite(*value))
        return 0;
    o->fixed[o->n_fixed] = (rpr_input_value){o->fixed_names[o->n_fixed], value, 1};
    o->n_fixed++;
    return 1;
}

/* INPUT=OUTPUT */
static int set_carry(void *target, const char *v)
{
    cli_options *o = target;
    const char *mark = strrchr(v, '=');
    if (o->n_carry == CLI_MAX_FEEDS || !mark ||
        !take_part(o->carry_names[o->n_carry][0], v, mark) ||
        !take_part(o->carry_names[o->n_carry][1], mark + 1, mark + 1 + strlen(mark + 1)))
        return 0;
    o->carry[o->n_carry] = (rpr_carry){.input = o->carry_names[o->n_carry][0],
                                       .output = o->carry_names[o->n_carry][1]};
    o->n_carry++;
    return 1;
}

static int set_decode(void *target, const char *v)
{
    cli_options *o = target;
    if (strcmp(v, "none") == 0)
        o->decode = DECODE_NONE;
    else if (strcmp(v, "nanodet") == 0)
        o->decode = DECODE_NANODET;
    else if (strcmp(v, "ssd") == 0)
        o->decode = DECODE_SSD;
    else
        return 0;
    return 1;
}

static int set_mean(void *target, const char *v)
{
    cli_options *o = target;
    o->have_mean = 1;
    return parse_triple(v, o->mean);
}

static int set_scale(void *target, const char *v)
{
    cli_options *o = target;
    o->have_mean = 1;
    return parse_triple(v, o->scale) && o->scale[0] != 0 && o->scale[1] != 0 && o->scale[2] != 0;
}

static int set_range(void *target, const char *v)
{
    cli_options *o = target;
    const char *dots = strstr(v, "..");
    char low[32];
    double a, b;
    if (!dots || dots == v || (size_t)(dots - v) >= sizeof low)
        return 0;
    memcpy(low, v, (size_t)(dots - v));
    low[dots - v] = 0;
    if (!option_number(low, &a) || !option_number(dots + 2, &b) || !(a < b))
        return 0;
    o->have_range = 1;
    o->low = (float)a;
    o->high = (float)b;
    return 1;
}

static int set_out(void *target, const char *v)
{
    cli_options *o = target;
    o->out_dir = v;
    return *v != 0;
}

static int set_overlay(void *target, const char *v)
{
    cli_options *o = target;
    o->overlay = v;
    return *v != 0;
}

static int set_trace(void *target, const char *v)
{
    cli_options *o = target;
    o->trace = v;
    return *v != 0;
}

static int set_json(void *target, const char *v)
{
    cli_options *o = target;
    o->json = v ? v : "-";
    return *o->json != 0;
}

static int set_oracle_every(void *target, const char *v)
{
    cli_options *o = target;
    int64_t n;
    if (!option_int(v, 0, INT32_MAX, &n))
        return 0;
    o->oracle_every = (int)n;
    return 1;
}

static int set_max_rel_l2(void *target, const char *v)
{
    cli_options *o = target;
    return option_number(v, &o->max_rel_l2) && o->max_rel_l2 >= 0;
}

static int set_min_f1(void *target, const char *v)
{
    cli_options *o = target;
    return option_number(v, &o->min_f1) && o->min_f1 >= 0 && o->min_f1 <= 1;
}

static int set_plan(void *target, const char *v)
{
    ((cli_options *)target)->plan = v;
    return *v != 0;
}

static int set_output(void *target, const char *v)
{
    ((cli_options *)target)->output = v;
    return *v != 0;
}

static int set_budget(void *target, const char *v)
{
    cli_options *o = target;
    return option_number(v, &o->budget) && o->budget >= 0;
}

static int set_metric(void *target, const char *v)
{
    for (metric_kind k = METRIC_REL_L2; k <= METRIC_F1; k++)
        if (strcmp(v, metric_name(k)) == 0) {
            ((cli_options *)target)->metric = k;
            ((cli_options *)target)->have_metric = 1;
            return 1;
        }
    return 0;
}

static int set_audit(void *target, const char *v)
{
    cli_options *o = target;
    int64_t n;
    if (!option_int(v, 1, 1000000, &n))
        return 0;
    o->audit = (int)n;
    return 1;
}

static int set_objective(void *target, const char *v)
{
    cli_options *o = target;
    const int time = strcmp(v, "time") == 0;
    o->objective = time ? RPR_OBJECTIVE_TIME : RPR_OBJECTIVE_MACS;
    return time || strcmp(v, "macs") == 0;
}

static int set_preset(void *target, const char *v)
{
    ((cli_options *)target)->preset = v;
    return strcmp(v, "isca2018") == 0;
}

static int set_clusters(void *target, const char *v)
{
    int64_t n;
    if (!option_int(v, 2, 65536, &n))
        return 0;
    ((cli_options *)target)->clusters = (int)n;
    return 1;
}

static int set_leave_out(void *target, const char *v)
{
    ((cli_options *)target)->leave_out = v;
    return *v != 0;
}

static int set_pareto(void *target, const char *v)
{
    (void)v;
    ((cli_options *)target)->pareto = 1;
    return 1;
}

/* auto, mse, minmax, percentile or percentile:P */
static int set_ranges(void *target, const char *v)
{
    cli_options *o = target;
    o->percentile = 0;
    if (strcmp(v, "auto") == 0)
        o->ranges = RPR_RANGES_AUTO;
    else if (strcmp(v, "mse") == 0)
        o->ranges = RPR_RANGES_MSE;
    else if (strcmp(v, "minmax") == 0)
        o->ranges = RPR_RANGES_MINMAX;
    else if (strncmp(v, "percentile", 10) == 0 && (v[10] == 0 || v[10] == ':'))
        o->ranges = RPR_RANGES_PERCENTILE;
    else
        return 0;
    return o->ranges != RPR_RANGES_PERCENTILE || v[10] == 0 ||
           (option_number(v + 11, &o->percentile) && o->percentile > 50 && o->percentile <= 100);
}

static int set_keep(void *target, const char *v)
{
    cli_options *o = target;
    int64_t n = RPR_KEEP_AUTO;
    o->have_keep = 1;
    if (strcmp(v, "auto") != 0 && !option_int(v, 0, 1000000, &n))
        return 0;
    o->keep = (int)n;
    return 1;
}

static int set_error(void *target, const char *v)
{
    cli_options *o = target;
    return option_number(v, &o->max_error) && o->max_error > 0 && o->max_error < 1;
}

static int set_no_equalise(void *target, const char *v)
{
    (void)v;
    ((cli_options *)target)->no_equalise = 1;
    return 1;
}

static int set_no_bias_correction(void *target, const char *v)
{
    (void)v;
    ((cli_options *)target)->no_bias_correction = 1;
    return 1;
}

static const option options[] = {
    {"--gate", STREAMS, set_gate,
     "off, exact, levels:C (C from 2 to 65536) or deadzone:T (0 <= T < 1, such as 2/255)"},
    {"--frames", FRAMES, set_frames, "a number of frames, 1 or more"},
    {"--skip", FRAMES, set_skip, "a number of frames, 0 or more"},
    {"--threads", FRAMES, set_threads, "a number from 1 to 64"},
    {"--refresh", STREAMS, set_refresh, "a number of frames; 0 for never"},
    {"--settle", FRAMES, set_settle, "a number of frames; 0 for never"},
    {"--all-gates", STREAMS, set_all_gates, NULL},
    {"--fit", CMD_RUN | CMD_BENCH, set_fit, NULL},
    {"--weights", STREAMS, set_weights, "auto, f32 or bf16"},
    {"--noise", STREAMS, set_noise, "off, auto or a number of sigmas up to 100"},
    {"--ignore", STREAMS, set_ignore, "X,Y,W,H in pixels of the input, at most 16 times"},
    {"--shape", FRAMES | CMD_INFO, set_shape, "[NAME=]1,3,640,640"},
    {"--rate", FRAMES, set_rate, "samples a second, from 100 to 768000"},
    {"--hop", FRAMES, set_hop, "a number of samples or feature frames, 1 or more"},
    {"--context", FRAMES, set_context, "a number of samples or feature frames, 0 or more"},
    {"--gain", FRAMES, set_gain, "a number other than 0"},
    {"--features", FRAMES, set_features, "kaldi-fbank:N, kaldi-mfcc:N, logmel:N or mfcc:N"},
    {"--set", FRAMES | CMD_INFO, set_fixed, "INPUT=16000, at most 16 times"},
    {"--carry", FRAMES | CMD_INFO, set_carry, "INPUT=OUTPUT, at most 16 times"},
    {"--decode", FRAMES, set_decode, "nanodet, ssd or none"},
    {"--mean", FRAMES, set_mean, "one number, or three such as 123.7,116.3,103.5"},
    {"--scale", FRAMES, set_scale, "one number, or three, none of them 0"},
    {"--range", FRAMES, set_range, "two numbers such as 0..1, -1..1 or 0..255"},
    {"--plan", STREAMS, set_plan, "a file that reprise calibrate wrote"},
    {"--budget", CMD_CALIBRATE | AUDITED, set_budget, "a number, 0 or more"},
    {"--metric", CMD_CALIBRATE | AUDITED, set_metric, "rel_l2, max_abs or f1"},
    {"--audit", AUDITED, set_audit, "a number of frames, 1 to 1000000"},
    {"--objective", CMD_CALIBRATE, set_objective, "time or macs"},
    {"--preset", CMD_CALIBRATE, set_preset, "isca2018"},
    {"--clusters", CMD_CALIBRATE, set_clusters, "a number from 2 to 65536"},
    {"--leave-out", CMD_CALIBRATE, set_leave_out, "names of layers, with commas between them"},
    {"--pareto", CMD_CALIBRATE, set_pareto, NULL},
    {"-o", CMD_CALIBRATE | CMD_QUANTIZE, set_output, "a file to write"},
    {"--out", CMD_RUN, set_out, "a directory"},
    {"--overlay", CMD_RUN, set_overlay, "a video file to write"},
    {"--trace", CMD_RUN, set_trace, "a file to write"},
    {"--ranges", CMD_QUANTIZE, set_ranges,
     "auto, mse, minmax or percentile:P (P above 50 and up to 100, such as 99.99)"},
    {"--keep", CMD_QUANTIZE, set_keep, "auto or a number of layers, 0 or more"},
    {"--error", CMD_QUANTIZE, set_error, "a number between 0 and 1"},
    {"--no-equalise", CMD_QUANTIZE, set_no_equalise, NULL},
    {"--no-bias-correction", CMD_QUANTIZE, set_no_bias_correction, NULL},
    {"--json", STREAMS | CMD_QUANTIZE, set_json, "a file to write, or - for stdout"},
    {"--json", CMD_INFO, set_json, NULL},
    {"--oracle-every", CMD_VERIFY, set_oracle_every, "a number of frames; 0 for never"},
    {"--max-rel-l2", CMD_VERIFY, set_max_rel_l2, "a number, 0 or more"},
    {"--min-f1", CMD_VERIFY, set_min_f1, "a number from 0 to 1"},
};

/* ----------------------------------------------------------------- reading */

static int take_name(void *target, const char *name)
{
    cli_options *o = target;
    if (!o->model)
        o->model = name;
    else if (!o->input && o->command != CMD_INFO)
        o->input = name;
    else
        return 0;
    return 1;
}

static int check_calibrate(const cli_options *o)
{
    if ((o->budget < 0 && !o->preset) || !o->output)
        return cli_fail(CLI_USAGE, "calibrate needs %s; see: reprise help calibrate",
                        o->budget < 0 && !o->preset ? "--budget" : "-o FILE");
    if (o->budget > 1 && o->metric != METRIC_MAX_ABS)
        return cli_fail(CLI_USAGE, "--budget %g: an error by %s is 1 at most", o->budget,
                        metric_name(o->metric));
    if (o->preset && (o->budget >= 0 || o->pareto))
        return cli_fail(CLI_USAGE, "--preset cannot stand together with %s",
                        o->pareto ? "--pareto" : "--budget");
    if (!o->preset && (o->clusters || o->leave_out))
        return cli_fail(CLI_USAGE, "%s is of --preset", o->clusters ? "--clusters" : "--leave-out");
    return CLI_DONE;
}

static int check(const cli_options *o)
{
    const char *name = help_command_name(o->command);
    if (!o->model || (!o->input && o->command != CMD_INFO))
        return cli_fail(CLI_USAGE, "%s needs %s; see: reprise help %s", name,
                        o->command == CMD_INFO ? "MODEL" : "MODEL and INPUT", name);
    if (o->have_range && o->have_mean)
        return cli_fail(CLI_USAGE, "--range cannot stand together with --mean or --scale");
    if (o->min_f1 >= 0 && o->decode == DECODE_NONE)
        return cli_fail(CLI_USAGE, "--min-f1 needs --decode: it is about boxes");
    if (o->metric == METRIC_F1 && o->decode == DECODE_NONE)
        return cli_fail(CLI_USAGE, "--metric f1 needs --decode: it is about boxes");
    if (o->audit && o->gate.kind == RPR_GATE_OFF)
        return cli_fail(CLI_USAGE, "--audit needs a gate: with --gate off every frame is dense");
    if ((o->command & AUDITED) && !o->audit && (o->budget >= 0 || o->have_metric))
        return cli_fail(CLI_USAGE, "%s needs --audit N: nothing else looks at errors while running",
                        o->budget >= 0 ? "--budget" : "--metric");
    if (o->plan && o->gate.kind == RPR_GATE_OFF)
        return cli_fail(CLI_USAGE, "--plan cannot stand together with --gate off");
    if (o->trace && o->gate.kind == RPR_GATE_OFF)
        return cli_fail(CLI_USAGE, "--trace needs a gate: with --gate off nothing is compared, so "
                                   "there is nothing to write");
    if (o->command == CMD_QUANTIZE && !o->output)
        return cli_fail(CLI_USAGE, "quantize needs -o FILE; see: reprise help quantize");
    if (o->have_keep && o->max_error > 0)
        return cli_fail(CLI_USAGE, "--keep cannot stand together with --error");
    if (o->command == CMD_CALIBRATE)
        return check_calibrate(o);
    return CLI_DONE;
}

int cli_parse(cli_command command, int argc, char **argv, cli_options *o, int *help)
{
    *o = (cli_options){.command = command,
                       .gate = {.kind = RPR_GATE_EXACT},
                       .gate_text = "exact",
                       .threads = 1,
                       .refresh = -1,
                       .settle = -1,
                       .scale = {1, 1, 1},
                       .oracle_every = 1,
                       .max_rel_l2 = -1,
                       .min_f1 = -1,
                       .context = -1,
                       .gain = 1,
                       .budget = -1,
                       .keep = RPR_KEEP_AUTO};
    const option_table table = {.option = options,
                                .n = sizeof options / sizeof options[0],
                                .command = (int)command,
                                .name = help_command_name(command),
                                .take = take_name};
    int code = options_read(&table, argc, argv, o, help);
    if (code != CLI_DONE || *help)
        return code;
    code = check(o);
    if (o->preset && !o->clusters)
        o->clusters = 32; /* what the paper uses for networks on pictures */
    if (command == CMD_QUANTIZE && !o->frames)
        o->frames = 64;
    return code;
}
